"""What a column of an export most likely is: its name, its wording and its cells are weighed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from cxlib.data import values
from cxlib.data.answers import BLANKS
from cxlib.data.readers import Raw
from cxlib.data.vocabulary import (
    ANSWER_WORDS,
    COMMENT,
    HAN,
    NO_ANSWER,
    NOT_USED,
    NUMBERED,
    RECOMMEND,
    STEM,
    SUB_NAMES,
    YES_NO,
)

OWN = "choices"
"""What a question is called whose choices, as Typeform's, are columns named like their cells."""
_ENDS = (3, 4, 5, 7, 10)
"""Where rating scales end."""

_LONE = 0.05
"""Up to this share of the answers an 11 is a code; beyond, 0-10 may be stored as 1-11."""

_CODED = re.compile(r"AO?(\d{1,2})")
"""A code of LimeSurvey for the n-th answer."""

_MANY = 200
"""Among so many answers to a question of NPS a 0 is expected."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a source: its filled cells, and what a second row of names says of it."""

    name: str
    texts: pd.Series
    rows: int
    wording: str = ""

    @property
    def said(self) -> str:
        """Its name and the question's wording."""
        return f"{self.name} {self.wording}"

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called: whole, without a number before it, in each of two languages."""
        bare = NUMBERED.sub("", self.name, count=1)
        return self.name, bare, HAN.sub("", bare).strip(), "".join(HAN.findall(bare))

    def called(self, pattern: str | re.Pattern[str]) -> bool:
        """Tell whether one of its names matches a pattern as a whole."""
        named = re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern
        return any(name and named.fullmatch(name) for name in self.names)

    @property
    def distinct(self) -> int:
        """How many different cells it has."""
        return int(self.texts.nunique())


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A rating scale as guessed: no answers, texts as answers, what speaks for it, doubts.

    `codes` far off the scale, with how often they stand, are no answers as well.
    """

    low: int
    high: int
    missing: tuple[values.Code, ...] = ()
    not_applicable: tuple[values.Code, ...] = ()
    answers: Mapping[str, int] = field(default_factory=dict)
    why: str = ""
    asks: tuple[str, ...] = ()
    codes: Mapping[int, int] = field(default_factory=dict)

    @property
    def ends(self) -> tuple[int, int]:
        """Lowest and highest answer."""
        return self.low, self.high


def columns_of(raw: Raw) -> list[Column]:
    """Return the columns of a source, without cells in which its platform says "no answer"."""
    blanks = {str(code) for name in raw.platforms for code in BLANKS.get(name, ())}
    found = []
    for name in raw.columns:
        texts = raw.frame[name].str.strip()
        wording = raw.wording.get(name, "")
        texts = texts[(texts != "") & ~texts.isin(blanks)]
        wording = "" if wording.casefold() in SUB_NAMES else wording
        found.append(
            Column(
                name=name,
                texts=texts,
                rows=len(raw.frame),
                wording=wording if wording != name else "",
            )
        )
    return found


def numbers(texts: pd.Series) -> pd.Series:
    """Return the numbers of cells, NaN where there is none."""
    sign = values.decimal_of(texts, "")
    return values.by_value(texts, lambda text: values.number(text, sign), "float64")


def scale_of(column: Column) -> Scale | None:
    """Return the scale on which a column was answered, None if it was not answered on one."""
    counts = column.texts.value_counts()
    if column.texts.empty or len(counts) > 40:
        return None
    sign = values.decimal_of(column.texts, "")
    plain = {str(text): values.number(str(text), sign) for text in counts.index}
    open_ = [text for text, number in plain.items() if np.isnan(number)]
    held = max(
        (values.in_texts(open_, (0, high), {}) for high in (5, 7, 10, 11)), key=len
    )  # "4 stars", "10 - very likely": the least scale that reads most of them
    plain |= held
    absent = [text for text in open_ if text not in held and NOT_USED.fullmatch(values.plain(text))]
    none = [text for text in open_ if text not in held and NO_ANSWER.fullmatch(values.plain(text))]
    rest = [text for text in open_ if text not in (*held, *absent, *none)]
    words = {text: ANSWER_WORDS.get(_bare(text)) for text in rest}
    known = {text: value for text, value in words.items() if value}
    strange = [text for text in rest if text not in known]
    coded = {text: int(m[1]) for text in rest if (m := _CODED.fullmatch(text))}
    ends = (min(coded.values()), max(coded.values())) if len(coded) > 2 else (0, 0)
    whole = ends == (0, 10) or (ends[0] > 0 and ends[1] in _ENDS)
    if whole and len(coded) + len(none) == len(plain):
        return _of_codes(coded, none)
    if len(known) >= 3 and sum(counts[t] for t in strange) <= 0.1 * len(column.texts):
        return _of_words(known, strange, absent, none)
    tally: dict[float, int] = {}
    for text, number in plain.items():
        if not np.isnan(number):
            tally[number] = tally.get(number, 0) + int(counts[text])
    if sum(counts[t] for t in rest) > 0.1 * len(column.texts) or any(n % 1 for n in tally):
        return None
    found = _of_numbers({int(n): k for n, k in tally.items()}, column)
    if found is None:
        return None
    asks = found.asks
    if rest:
        asks += (f"what do the texts {_listed(rest)} mean? They count as no answer here",)
    told = found.why + (f"; the texts hold their number, as {next(iter(held))!r}" if held else "")
    return replace(
        found,
        asks=asks,
        why=told,
        missing=(*found.missing, *none, *rest),
        not_applicable=(*found.not_applicable, *absent),
    )


def _bare(text: str) -> str:
    """Return an answer in words without the code that LimeSurvey sets behind it."""
    return re.sub(r"\s*\[\w+\]$", "", values.plain(text)).casefold()


def _of_codes(coded: Mapping[str, int], none: list[str]) -> Scale:
    ordered = dict(sorted(coded.items(), key=lambda pair: -pair[1]))
    best, worst = list(ordered)[:: len(ordered) - 1]
    return Scale(
        low=min(1, ordered[worst]),
        high=ordered[best],
        answers=ordered,
        missing=tuple(none),
        why="answers in codes",
        asks=(
            f"is {best!r} the best answer and {worst!r} the worst? Codes do not tell; if they name "
            "groups, the column belongs under segments",
        ),
    )


def _of_words(
    known: Mapping[str, int], strange: list[str], absent: list[str], none: list[str]
) -> Scale:
    asks = ["are these texts in the right order, 5 the best?"] if len(known) < 5 else []
    if len(set(known.values())) < len(known):
        asks = ["two texts stand for one answer here; put `values:` right"]
    if strange:
        asks.append(f"what do the texts {_listed(strange)} mean? They count as no answer here")
    ordered = dict(sorted(known.items(), key=lambda pair: -pair[1]))
    return Scale(
        low=1,
        high=5,
        answers=ordered,
        missing=(*none, *strange),
        not_applicable=tuple(absent),
        asks=tuple(asks),
        why="answers in words",
    )


def _of_numbers(counts: dict[int, int], column: Column) -> Scale | None:  # noqa: PLR0912 - a case each
    n, asks = sum(counts.values()), []
    missing: list[int] = []
    unused: list[int] = []
    near = {v: k for v, k in counts.items() if 0 <= v <= 11}
    if len(near) < 2 or sum(near.values()) < 0.5 * n or len(counts) - len(near) > 4:
        return None
    codes = {value: counts[value] for value in sorted(set(counts) - set(near))}
    shown = f"cells {_runs(near)} in {n} answers"
    for end in (5, 7, 10):  # a value after a gap: 9 beside 1-5
        after = [v for v in near if v > end + 1]
        if (
            n >= 20
            and after
            and set(range(2, end + 1)) <= set(near)
            and len(after) <= 2
            and not any(v in near for v in range(end + 1, min(after)))
        ):
            for value in after:
                missing.append(value)
                asks.append(
                    f"what does {value} beside 1-{end} mean ({near.pop(value)}×)? It "
                    "counts as no answer here"
                )
            break
    high, low = max(near), min(near)
    shifted: dict[str, int] = {}
    nps = RECOMMEND.search(column.said) is not None
    if high == 11:
        k = near[11]
        if 0 not in near and k > _LONE * n:
            shifted = {str(v): v - 1 for v in range(1, 12)}
            asks.append(f"there is no 0, and 11 {k}×: is it 0-10 stored as 1-11? So it is read")
        else:
            missing.append(11)
            other = "" if 0 in near else " Or is it 0-10 stored as 1-11?"
            asks.append(
                f"what does 11 beside 0-10 mean ({k}×)? It counts as no answer here.{other}"
            )
        low, high = 0, 10
    elif high in (8, 9, 10):
        if high == 8 and not nps and set(range(2, 9)) <= set(near) and n >= 20:
            unused.append(8)
            asks.append(f"is 8 beside 1-7 'not applicable' ({near[8]}×)? So it is read")
            high = 7
        zero = near.get(0, 0)
        if zero and not nps and zero > sum(near.get(v, 0) for v in (1, 2, 3)) and high != 7:
            missing.append(0)
            asks.append(f"is 0 beside 1-10 'no answer' ({zero}×)? So it is read; else [0, 10]")
            low = 1
        low, high = (min(low, 1), 7) if high == 7 else (0 if low == 0 or nps else 1, 10)
        if nps and not zero and n >= _MANY:
            asks.append(
                f"nobody answered 0 among {n}: if it was asked on 1-10, it is no NPS; write "
                "`kind: mean, scale: [1, 10]`"
            )
    elif high == 6:
        unused.append(6)
        asks.append(
            f"is 6 beside 1-5 'not applicable' ({near[6]}×)? So it is read; if it is an "
            "answer, the scale is [1, 6] or more"
        )
        high = 5
    elif nps and low == 0 and high < 7 and n < 50:
        high = 10
    if high in (5, 7) and low == 0:
        missing.append(0)
        asks.append(
            f"what does 0 beside 1-{high} mean ({near[0]}×)? It counts as no answer "
            f"here; if it is an answer, the scale is [0, {high}]"
        )
    if high == 4 and n >= 20:
        asks.append("no answer is above 4: was it asked on 1-4, or on 1-5?")
    if high < 3 or high not in _ENDS:
        return None
    return Scale(
        low=0 if low == 0 and high == 10 else 1,
        high=high,
        missing=tuple(missing),
        not_applicable=tuple(unused),
        answers=shifted,
        codes=codes,
        why=shown,
        asks=tuple(asks),
    )


def _runs(found: Iterable[int]) -> str:
    """Return numbers as ``1-5, 9``."""
    parts: list[list[int]] = []
    for value in sorted(found):
        if parts and parts[-1][-1] == value - 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)


def _listed(texts: list[str]) -> str:
    return ", ".join(map(repr, texts[:4])) + (" …" if len(texts) > 4 else "")


def blocks_of(columns: Sequence[Column]) -> dict[str, list[Column]]:
    """Return columns that hold the choices of one multiple-response question, by their stem."""
    groups: dict[str, list[Column]] = {}
    for column in columns:
        stem = STEM.fullmatch(column.name)
        if stem and not column.name.upper().endswith("_TEXT"):
            groups.setdefault(stem[1].strip(" _-:：.、"), []).append(column)
    own = [c for c in columns if c.distinct == 1 and set(c.texts) == {c.name}]
    if not any(column in block for block in groups.values() for column in own):
        groups[OWN] = own
    return {
        stem: block
        for stem, block in groups.items()
        if len(block) > 1 and all(map(_is_choice, block)) and any(c.distinct for c in block)
    }


def _is_choice(column: Column) -> bool:
    said = column.texts.str.replace(r"〖.*〗$", "", regex=True)  # what 问卷星 adds to "other"
    cells = {values.plain(text).casefold() for text in said.unique()}
    cells = {cell.removesuffix(".0") for cell in cells}
    return (len(cells) == 1 and len(column.texts) < column.rows) or (
        len(cells) <= 2 and cells <= YES_NO
    )


def separator_of(column: Column) -> str:
    """Return what parts several choices in the cells of a column, empty if nothing does."""
    if numbers(column.texts).notna().any() or column.texts.str.len().mean() > 80:
        return ""
    mark = values.separator_of(column.texts)
    if column.texts.str.contains("┋", regex=False).any():
        mark = "┋"
    several = column.texts.str.contains(mark, regex=False).sum() if mark else 0
    return mark if several >= max(2, 0.1 * len(column.texts)) else ""


def is_text(column: Column) -> bool:
    """Tell whether a column holds words of the respondents' own."""
    size = column.texts.str.len().mean() * (2 if HAN.search(str(column.texts.iloc[0])) else 1)
    varied = column.distinct > 0.3 * len(column.texts)
    named = COMMENT.search(column.said) is not None
    if numbers(column.texts).notna().mean() > 0.5 or separator_of(column):
        return False
    return (named and (varied or column.distinct > 20)) or (varied and size > 20)


def harmonised(rated: list[tuple[Column, Scale]]) -> list[tuple[Column, Scale]]:
    """Return items whose scale the others of the questionnaire settle."""
    ends = [s.ends for c, s in rated if not RECOMMEND.search(c.said)]
    found = []
    for column, scale in rated:
        settled = scale
        if scale.ends == (1, 10) and ends.count((0, 10)) > ends.count((1, 10)):
            settled = replace(
                scale,
                low=0,
                missing=tuple(c for c in scale.missing if c != 0),
                asks=tuple(a for a in scale.asks if not a.startswith("is 0 ")),
            )
        elif scale.ends == (1, 4) and (1, 5) in ends:
            settled = replace(scale, high=5, asks=())
        if settled is not scale:
            settled = replace(settled, why=f"{scale.why}; scale as of most other items")
        found.append((column, settled))
    return found
