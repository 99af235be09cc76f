"""Text files: their encoding, tried strictly and judged; their rows, by separator or as HTML."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable
from html.parser import HTMLParser

from cxlib.errors import DataError, nearest

SEPARATORS = (",", ";", "\t", "|")
INVISIBLE = dict.fromkeys(map(ord, "\0\u200b\u2060\ufeff"))
"""Characters that no reader sees; joiners stay, since emoji and some scripts need them."""

_CONTROL = frozenset(range(1, 32)) - {9, 10, 11, 12, 13, 27}
NULS = "\0" * 8
"""So many on end are no stray ones of a database's texts: the file was not written to its end."""
_END_OF_FILE = b"\x1a"
"""What DOS programs write behind the last row."""
_KNOWN = ("utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk", "big5", "latin-1", "cp1252",
          "cp1251", "shift_jis", "euc_kr")  # fmt: skip
_SAMPLE = 65536
FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_SEP_LINE = re.compile(r'\s*"?sep=(?P<separator>[^\r\n"])"?(?=\r|\n)')


def decode(content: bytes, *, file: str, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a file and the encoding it was read in.

    Without a declared `encoding`: UTF-8, UTF-16 by its mark, or GB18030 if the result reads like
    Chinese. Latin-1, Big5 and Shift-JIS often decode as GB18030 too, so whatever does not read like
    Chinese is refused, with what it would read like in each encoding that makes sense.
    """
    if not content.strip():
        raise DataError(f"{file} is empty.")
    if encoding is not None:
        return _declared(content, file, encoding), encoding
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _declared(content, file, "utf-16"), "utf-16"
    content = content.removesuffix(_END_OF_FILE)
    _check_control(content, file)
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        utf8 = error
    if utf8.reason == "unexpected end of data" and any(b >= 0x80 for b in content[: utf8.start]):
        raise DataError(
            f"{file} is truncated: line {_line(content, utf8.start)}, its last, ends in the middle "
            "of a character."
        )
    before = content[: utf8.start].decode("utf-8-sig")
    if sum(ord(char) > 127 for char in before) > 1:
        raise DataError(
            f"{file} is UTF-8 but for line {_line(content, utf8.start)}, which holds the byte "
            f"0x{content[utf8.start]:02x}; correct that line, or save the file anew as UTF-8."
        )
    content = content.removeprefix(codecs.BOM_UTF8)
    return _judged(content, file), "gb18030"


def _declared(content: bytes, file: str, encoding: str) -> str:
    try:
        text = content.decode(codecs.lookup(encoding).name)
    except LookupError:
        raise DataError(
            f"{file}: there is no encoding {encoding!r}{nearest(encoding, _KNOWN)}"
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file} is not in {encoding}, which its client file declares: line "
            f"{_line(content, error.start)} cannot be read so."
        ) from None
    if not text.removeprefix("\ufeff").strip():
        raise DataError(f"{file} is empty.")
    return text.removeprefix("\ufeff")


def _check_control(content: bytes, file: str) -> None:
    at = content.find(b"\x00")
    stray = b"\n" in content[:at] and 100 * content.count(0) < len(content)
    if at < 0 or (stray and NULS.encode() not in content):
        at = next((i for i, byte in enumerate(content[:4096]) if byte in _CONTROL), -1)
    if at < 0:
        return
    if content[1:40:2].count(0) >= min(len(content) // 2, 20) - 1:
        raise DataError(
            f"{file} reads like UTF-16 without its mark; declare `encoding: utf-16-le` under "
            "`source:`, or save it as UTF-8."
        )
    if b"\n" not in content[:at]:
        raise DataError(f"{file} is not text, whatever its name says.")
    raise DataError(
        f"{file} is damaged or not text: line {_line(content, at)} holds the byte "
        f"0x{content[at]:02x}; save it anew, as text."
    )


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


# --- which encoding reads like a language ---------------------------------------------------------


def _lead(char: str, encoding: str) -> int:
    """Return the first byte of a two-byte character; 0 if the encoding lacks it."""
    coded = char.encode(encoding, "ignore")
    return coded[0] if len(coded) == 2 else 0


def _chinese(char: str) -> float:
    lead = _lead(char, "gb2312")
    if lead in (0xA1, 0xA3) or 0xB0 <= lead <= 0xD7:  # symbols, full-width, the 3,755 common ones
        return 1.0
    rare = 0.4 if lead >= 0xD8 else 0.0
    return max(rare, 0.7 if not lead and 0xA4 <= _lead(char, "big5") <= 0xC6 else 0.0)


_SIGNS = "€£§°«»¿¡–—‘’“”…"
_VOWELS = {"cp1251": "оеаияы", "cp1253": "αεηιουωάέήίόύώ"}
_LIKE: dict[str, Callable[[str], float]] = {
    "gb18030": _chinese,
    "big5": lambda char: 0xA1 <= _lead(char, "big5") <= 0xC6,
    "shift_jis": lambda char: (
        "\u3040" <= char <= "\u30ff" or 0x81 <= _lead(char, "shift_jis") <= 0x98
    ),
    "euc_kr": lambda char: "\uac00" <= char <= "\ud7a3",
    "euc_jp": lambda char: (
        "\u3040" <= char <= "\u30ff" or 0xB0 <= _lead(char, "euc_jp") <= 0xCF or char in "、。ー"
    ),
    "cp1251": lambda char: "\u0410" <= char <= "\u0451",
    "cp1253": lambda char: "\u0386" <= char <= "\u03ce",
    "cp1252": lambda char: char.lower() in "àáâãäåæçèéêëìíîïñòóôõöøùúûüßœ" or char in _SIGNS,
    "cp1250": lambda char: char.lower() in "áäąćčďéęěíłľńňóôöőřśšťúůűüýźżžß" or char in _SIGNS,
}
"""How much a character is of the language that an encoding is for, 0 to 1."""


def _judged(content: bytes, file: str) -> str:
    """Return the text in GB18030 if it reads like Chinese in it."""
    merits = {encoding: _merit(content, encoding) for encoding in _LIKE}
    merit = merits["gb18030"]
    others = max(
        value for name, value in merits.items() if name in ("big5", "shift_jis", "euc_kr", "euc_jp")
    )
    korean = _hangul(content, merits)
    if merit >= 0.7 and (merit >= others or merit >= 0.95) and not korean:
        return content.decode("gb18030")
    at = next(i for i, byte in enumerate(content) if byte >= 0x80)
    line, number = content.splitlines()[_line(content, at) - 1], _line(content, at)
    merits["euc_kr"] += korean
    likely = sorted((n for n in merits if merits[n] >= 0.6), key=lambda n: -merits[n])[:3]
    words = {_word(line.decode(name, "replace")): name for name in reversed(likely)}
    shown = [f"{word!r} as {name}" for word, name in reversed(words.items())]
    told = f": line {number} reads {', '.join(shown)}" if shown else f": line {number} is no UTF-8"
    best = likely[0] if likely else "…"
    raise DataError(
        f"the encoding of {file} cannot be told{told}; declare `encoding: {best}` or whichever is "
        "right under `source:`, or save the file as UTF-8."
    )


def _merit(content: bytes, encoding: str) -> float:
    """Return how much of a text outside ASCII reads like the language of an encoding, 0 to 1."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    counts = Counter(char for char in text if ord(char) > 127)
    like = _LIKE[encoding]
    merit = sum(n * like(char) for char, n in counts.items()) / (sum(counts.values()) or 1)
    if encoding in (
        "cp1252",
        "cp1250",
    ):  # accents stand between plain letters, not in rows of their own
        runs = re.findall(r"[\x80-\u024f]+", text)
        merit *= sum(len(run) <= 2 for run in runs) / (len(runs) or 1)
    if encoding in _VOWELS:  # Cyrillic and Greek words hold no plain letters, and vowels
        words = [word for word in re.findall(r"\w+", text) if not word.isascii()]
        pure = [word for word in words if not re.search("[A-Za-z]", word)]
        merit *= len(pure) / (len(words) or 1)
        sounds = sum(n for char, n in counts.items() if char.lower() in _VOWELS[encoding])
        merit *= min(1.0, 5 * sounds / (sum(counts.values()) or 1))
    return merit


def _hangul(content: bytes, merits: dict[str, float]) -> bool:
    """Tell Korean, whose syllables are all among the first of the common Chinese characters."""
    if merits["euc_kr"] < 0.95:
        return False
    chars = {c for c in content.decode("gb18030") if _lead(c, "gb2312") >= 0xB0}
    return len(chars) >= 10 and all(_lead(char, "gb2312") <= 0xC8 for char in chars)


def _word(line: str) -> str:
    """Return the first cell of a line that goes beyond ASCII."""
    cells = re.split(r'[,;\t|"]', line)
    return next((cell.strip()[:24] for cell in cells if not cell.isascii()), line[:24])


def sample(rows: Iterable[list[str]]) -> str:
    """Return the first cell that goes beyond ASCII: what tells a reader the encoding is right."""
    cells = (cell for row in rows for cell in row if not cell.isascii())
    return next(cells, "").strip()[:24]


_GARBLED = re.compile("[ÃÂ][\x80-¿Œœ‚„†‡ˆ‰Š‹Žš›žŸ]|â€|\ufffd")


def garbled(rows: Iterable[list[str]]) -> str:
    """Return the first cell that was decoded wrongly before it was saved: cafÃ©, or �."""
    cells = (cell for row in rows for cell in row if not cell.isascii())
    return next((cell.strip()[:24] for cell in cells if _GARBLED.search(cell)), "")


# --- rows -----------------------------------------------------------------------------------------


def delimited(
    text: str, file: str, separator: str | None, named: Callable[[list[str]], int]
) -> tuple[list[list[str]], str]:
    """Return the rows of separated text, and the separator.

    `named` tells how many of the columns that are looked for a row holds.
    """
    if any(chr(mark) in text for mark in INVISIBLE):
        text = text.translate(INVISIBLE)
    told = _SEP_LINE.match(text)
    if told:
        text = text[: told.start("separator")].count("\n") * "\n" + text[told.end() :]
        separator = separator or told["separator"]
    if not text.strip():
        raise DataError(f"{file} is empty.")
    separator = separator or _separator(text, named)
    rows = _records(text, separator)
    if text.count('"') % 2:
        _check_closed(text, separator, len(rows), file)
    _whole(rows, text, file)
    if '="' in text:
        rows = [[FORMULA.sub(r"\1", cell) for cell in row] for row in rows]
    return rows, separator


def _check_closed(text: str, separator: str, last: int, file: str) -> None:
    """Raise DataError if a quotation mark opens that never closes."""
    try:
        for _row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error as error:
        if "end of data" in str(error):
            raise DataError(
                f"{file}: row {last} opens a quotation mark that never closes; the file is "
                "truncated or its quotation marks are not doubled."
            ) from None


def _whole(rows: list[list[str]], text: str, file: str) -> None:
    """Raise DataError if the last row breaks off."""
    width = max(map(len, rows[:-1]), default=0)
    ragged = any(1 < len(row) < width for row in rows[1:-1])
    if rows[-1] and len(rows[-1]) < width and text[-1] not in "\r\n" and not ragged:
        raise DataError(
            f"{file} is truncated: its last row, {len(rows)}, has {len(rows[-1])} fields of "
            f"{width}."
        )


def _records(text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(2**31 - 1)
    spaced = is_spaced(text, separator)
    source = io.StringIO(text, newline="")
    try:
        return list(csv.reader(source, delimiter=separator, skipinitialspace=spaced))
    except csv.Error as error:
        raise DataError(f"the text cannot be read by its separators: {error}.") from None


def is_spaced(text: str, separator: str) -> bool:
    """Tell whether blanks stand between separators and quotation marks."""
    return re.search(rf'(^|\n|{re.escape(separator)}) +"', text[:_SAMPLE]) is not None


def _separator(text: str, named: Callable[[list[str]], int]) -> str:
    """Return the separator under which most named columns stand and rows agree best."""
    sample = text[:_SAMPLE]
    best, merit = ",", (0, 0.0, 1)
    for separator in SEPARATORS:
        rows = [row for row in _records(sample, separator) if any(cell.strip() for cell in row)]
        rows = rows[:-1] if len(sample) < len(text) and len(rows) > 1 else rows
        found = [named(row) for row in rows[:30]]
        if not rows or (not any(found) and len(rows[0]) < 2 and len(rows) < 3):
            continue
        usual = Counter(map(len, rows)).most_common(1)[0][0]
        at = found.index(max(found)) if any(found) else 0
        width = len(rows[at]) if any(found) or len(rows[0]) > 1 else usual
        agree = sum(len(row) == width for row in rows[at:]) / len(rows[at:])
        if width > 1 and (max(found, default=0), agree, width) > merit:
            best, merit = separator, (max(found, default=0), agree, width)
    return best


class _Tables(HTMLParser):
    """The tables of an HTML page or of an XML spreadsheet, as rows of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self.cell: list[str] | None = None
        self.span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name, told = tag.rpartition(":")[2], dict(attrs)
        if name == "table":
            self.tables.append([])
        elif name in ("tr", "row"):
            self.tables[-1:] = self.tables[-1:] or [[]]
            self.tables[-1].append([])
        elif name in ("td", "th", "cell") and self.tables and self.tables[-1]:
            place = told.get("ss:index") or ""
            row = self.tables[-1][-1]
            row += [""] * (int(place) - 1 - len(row) if place.isdigit() else 0)
            wide = told.get("colspan") or "1"
            self.cell, self.span = [], min(int(wide), 1000) if wide.isdigit() else 1
        elif name in ("br", "p") and self.cell is not None:
            self.cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag.rpartition(":")[2] in ("td", "th", "cell") and self.cell is not None:
            text = " ".join("".join(self.cell).split())
            self.tables[-1][-1] += [text, *[""] * (self.span - 1)]
            self.cell = None

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)


def html_tables(text: str) -> list[list[list[str]]]:
    """Return the tables of an HTML page, or of a spreadsheet saved as XML, that have rows."""
    reader = _Tables()
    reader.feed(text.translate(INVISIBLE))
    return [table for table in reader.tables if any(any(row) for row in table)]
