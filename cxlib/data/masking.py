"""What identifies or reaches a person, found in free text and replaced by a marker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

EMAIL, PHONE, ID_CARD, BANK_CARD, IBAN, NAME = (
    "[email]", "[phone]", "[id card]", "[bank card]", "[iban]", "[name]",
)  # fmt: skip

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full-width to plain, one for one
_PLAIN: dict[int, str | int] = {
    **_WIDE,
    **dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2009\u202f\u2007"), " "),
    **dict.fromkeys(map(ord, "‐‑‒–—−－"), "-"),
    **dict.fromkeys(map(ord, "·•．。"), "."),
}
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
"""Characters that no reader sees, and that would part a number in two."""
_SPARK = re.compile(r"[@＠\d)\]）］]")
"""Without any of these a text holds nothing that a rule finds."""
_WORTH_A_LOOK = re.compile(
    r"@|[(\[]at[)\]]|\d(?:[ .()-]{0,3}\d){6}|[A-Z]{2}\d\d ?[A-Z0-9]{4}", re.IGNORECASE
)
_AT = re.compile(r"@|[(\[]at[)\]]", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?:[A-Za-z0-9._%+-]+|[\u4e00-\u9fff]{1,4}[0-9._-]*)(?:@| ?[(\[](?i:at)[)\]] ?)"
    r"(?:[A-Za-z0-9\u4e00-\u9fff-]{1,63}(?:\.| ?[(\[](?i:dot)[)\]] ?))+"
    r"(?:[A-Za-z]{2,24}|中国|公司|网络|香港)"
)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)", re.IGNORECASE
)
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_#¥$€£])(?<!\d[.,:-])(?:\+ ?)?\(?\d(?:[ .()-]{0,2}\d){6,21}[Xx]?"
    r"(?![A-Za-z0-9_%])(?![,:]\d)"
)
_NOT_A_PERSON = re.compile(
    r"(?:单号|编号|订单|流水|票号|工单|金额|order|ticket|invoice|ref(?:erence)?|no|amount|total|id)"
    r"(?:为|是| is|[ .:：#号-])*$",
    re.IGNORECASE,
)
_MONEY = re.compile(r" ?(?:元(?!旦)|万|块|人民币|RMB|CNY|USD|EUR|GBP)")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_ID_18 = re.compile(
    r"[1-8]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
)
_ID_15 = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5])\d{6}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"
)
_CARD = re.compile(r"(?:4|5[1-5]|2[2-7]|3[4-7]|6|9)\d*")
_CARD_GROUPS = re.compile(
    r"\d{14,19}|\d{4}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?|\d{4}[ -]\d{6}[ -]\d{5}"
)
_PHONES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:\(?(?:\+ ?|00)?86\)?[ .-]?)?1[3-9]\d(?:[ .-]?\d){8}",  # Chinese mobile, in any groups
        r"(?:(?:\+ ?|00)86[ .-]?)?\(?0?[1-9]\d{1,2}\)[ .-]?\d{3,4}[ .-]?\d{4}",  # (010) 12345678
        r"0[1-9]\d{1,2}[ .-]?\d{3,4}[ .-]?\d{4}",  # 010-12345678, 090-1234-5678, 020 7946 0958
        r"0[1-9][ .-](?!19|20)\d{4}[ .-]\d{4}",  # 03-1234-5678
        r"\(?0\d{3,4}\)?[ .-]\d{3}[ .-]?\d{3,4}|0[1-9]\d{9}",  # British
        r"(?:\+ ?)?(?:1[ .-]?)?\(?[2-9]\d\d\)?[ .-]?[2-9]\d\d[ .-]?\d{4}",  # North American
        r"[48]00[ .-]\d{3,4}[ .-]?\d{3,4}",  # Chinese hot lines
        r"(?:\+ ?|00)[1-9]\d{0,2}(?:[ .-]?\(?\d{1,5}\)?){1,5}",  # international
    )
)
_FEWEST_INTERNATIONAL = 9
_LOOKED_AT = 200


def mask(comments: pd.Series, names: Sequence[str] = ()) -> tuple[pd.Series, dict[str, int]]:
    """Replace what identifies or reaches a person by a marker; return how many of each kind, too.

    Found are e-mail addresses, telephone numbers (Chinese, North American, British, Japanese,
    international), Chinese identity numbers (15 and 18 digits), bank cards (by issuer's digits and
    Luhn's check digit), IBANs (by their check digits), in plain and full-width writing, and the
    `names` given, which no rule finds. Amounts, dates, decimals and numbers called an order's or a
    ticket's stay.
    """
    import pandas as pd

    counts: Counter[str] = Counter()
    codes, unique = pd.factorize(comments)
    times = pd.Series(codes).value_counts()
    listed = names_pattern(names)
    masked: list[str | None] = []
    for code, text in enumerate(unique):
        spans = find(str(text), listed)
        masked.append(_replaced(str(text), spans))
        for _begin, _end, marker in spans:
            counts[marker] += int(times[code])
    values = pd.Series([*masked, None], dtype="str").array.take(codes)
    return pd.Series(values, index=comments.index, name=comments.name), dict(counts)


def are_people(cells: pd.Series) -> bool:
    """Tell whether most different cells are nothing but what reaches a person."""
    import pandas as pd

    head = pd.Series(cells.unique(), dtype="str").dropna().head(_LOOKED_AT)
    masked = mask(head)[0] if len(head) else head
    return bool(len(head)) and bool(masked.str.fullmatch(r"\s*\[[a-z ]+\]\s*").mean() > 0.5)


def mask_text(text: str, names: Sequence[str] = ()) -> str:
    """Return a message with what identifies a person in it replaced."""
    return _replaced(text, find(text, names_pattern(names)))


def names_pattern(names: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds listed names: whole words in Latin script, anywhere in Chinese."""
    if not names:
        return None
    parts = (
        rf"(?<!\w){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name)
        for name in sorted(names, key=len, reverse=True)
    )
    return re.compile("|".join(parts), re.IGNORECASE)


def seen(text: str) -> str:
    """Return a text without the characters that no reader sees."""
    return _UNSEEN.sub("", text)


def find(text: str, names: re.Pattern[str] | None = None) -> list[tuple[int, int, str]]:
    """Return what of a text identifies a person: begin, end and marker, in order, none twice."""
    if _UNSEEN.search(text):
        within = find(seen(text), names)
        at = [i for i, c in enumerate(text) if not _UNSEEN.match(c)] if within else []
        return [(at[begin], at[end - 1] + 1, marker) for begin, end, marker in within]
    bare = text.translate(_PLAIN) if _SPARK.search(text) else ""
    found: list[tuple[int, int, str]] = []
    if _WORTH_A_LOOK.search(bare):
        if _AT.search(bare):
            found += [(*match.span(), EMAIL) for match in _EMAIL.finditer(bare)]
        found += [(*match.span(), IBAN) for match in _IBAN.finditer(bare) if _is_iban(match[0])]
        found += _numbers(bare)
    if names is not None:
        found += [(*match.span(), NAME) for match in names.finditer(text)]
    kept: list[tuple[int, int, str]] = []
    for span in sorted(found):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _replaced(text: str, spans: list[tuple[int, int, str]]) -> str:
    for begin, end, marker in reversed(spans):
        text = f"{text[:begin]}{marker}{text[end:]}"
    return text


def _numbers(bare: str) -> Iterator[tuple[int, int, str]]:
    for match in _NUMBER.finditer(bare):
        begin, end = match.span()
        if _NOT_A_PERSON.search(bare[max(0, begin - 16) : begin]) or _MONEY.match(bare, end):
            continue
        while begin < end:  # a run may hold two numbers side by side: the longest that is one
            marker, length = _longest(bare[begin:end])
            if not marker:
                break
            yield begin, begin + length, marker
            begin += length
            begin += len(bare[begin:end]) - len(bare[begin:end].lstrip(" .-"))


def _longest(run: str) -> tuple[str, int]:
    for length in range(len(run), 6, -1):
        edge = length == len(run) or not run[length].isdigit()
        if edge and (run[length - 1].isdigit() or run[length - 1] in "Xx"):
            marker = _kind(run[:length])
            if marker:
                return marker, length
    return "", 0


def _kind(run: str) -> str:
    digits = re.sub(r"[^\dXx]", "", run)
    if _ID_18.fullmatch(digits) or (_ID_15.fullmatch(digits) and digits == run):
        return ID_CARD
    if _CARD_GROUPS.fullmatch(run) and _CARD.fullmatch(digits) and luhn(digits):
        return BANK_CARD
    plain = digits == run
    if (plain and _DATE.match(digits)) or digits[-1] in "Xx" or len(set(digits)) <= 2:
        return ""
    if "." in run and (" " in run or ("." in run and re.search(r"\.\d{1,2}(?!\d)", run))):
        return ""  # decimals, one after another
    if any(pattern.fullmatch(run) for pattern in _PHONES[:-1]):
        return PHONE
    enough = _FEWEST_INTERNATIONAL <= len(digits) <= 16
    return PHONE if enough and _PHONES[-1].fullmatch(run) else ""


def luhn(digits: str) -> bool:
    """Return whether the last digit checks the others, as on every bank card."""
    doubled = (int(d) * (2 if at % 2 else 1) for at, d in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


_IBAN_LENGTHS = dict(
    re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
        "FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21"
        "LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22"
        "RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30",
    )
)
"""Characters of an IBAN by its country (SWIFT's registry): a pseudonym is not taken for one."""


def _is_iban(text: str) -> bool:
    compact = text.replace(" ", "")
    turned = compact[4:] + compact[:4]
    told = _IBAN_LENGTHS.get(compact[:2].upper(), "0")
    return len(compact) == int(told) and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1
