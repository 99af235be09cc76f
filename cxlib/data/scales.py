"""On which scale a question was answered: its ends, its codes for no answer, its doubts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cxlib.data import values
from cxlib.data.guess import Column, ask, pattern

ENDS = (3, 4, 5, 7, 10)
"""Where rating scales end."""
ANSWERS: Mapping[str, int] = values.LIKERT
"""Answers in words, 5 the best."""
ASSESSED = ("recommend", "satisfied", "effort", "ease", "rated")
"""The words of an assessment."""
_LONE = 0.05
"""Up to this share of the answers an 11 is a code; beyond, 0-10 may be stored as 1-11."""
_CODED = re.compile(r"AO?(\d{1,2})")
"""A code of LimeSurvey for the n-th answer."""
SLIDER = 100
"""Where the scale of a slider ends."""
_FEW = 20
"""Fewer answers do not tell whether a value stands beside a scale."""
_MANY = 200
"""Among so many answers to a question of NPS a 0 is expected."""


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


_ROWS = 8
"""So many numbers in order are no answers."""


def _is_numbered(column: Column) -> bool:
    """Tell whether the rows are numbered: 1, 2, 3 … in their order, up to the last."""
    return column.rows >= _ROWS and column.numbers.tolist() == [*range(1, column.rows + 1)]


def scale_of(column: Column) -> Scale | None:
    """Return the scale on which a column was answered, None if it was not answered on one."""
    if slider := _slider(column):
        return slider
    counts = column.texts.value_counts()
    if column.texts.empty or len(counts) > 40 or _is_numbered(column):
        return None
    sign = values.decimal_of(column.texts, "")
    plain = {str(text): values.number(str(text), sign) for text in counts.index}
    open_ = [text for text, number in plain.items() if np.isnan(number)]
    held = max(
        (values.in_texts(open_, (0, high), {}) for high in (5, 7, 10, 11)), key=len
    )  # "4 stars", "10 - very likely": the least scale that reads most of them
    plain |= held
    absent, none, rest = (
        [text for text in open_ if text not in held and kind == _kind_of(text)]
        for kind in ("not_used", "no_answer", "")
    )
    known = {text: value for text in rest if (value := ANSWERS.get(_bare(text)))}
    strange = [text for text in rest if text not in known]
    coded = {text: int(m[1]) for text in rest if (m := _CODED.fullmatch(text))}
    ends = (min(coded.values()), max(coded.values())) if len(coded) > 2 else (0, 0)
    whole = ends == (0, 10) or (ends[0] > 0 and ends[1] in ENDS)
    if whole and len(coded) + len(none) == len(plain):
        return _of_codes(_ordered(coded), none)
    if len(known) >= 3 and sum(counts[t] for t in strange) <= 0.1 * len(column.texts):
        twice = len(set(known.values())) < len(known)
        doubts = ["twice"] if twice else ["order"] if len(known) < 5 else []
        asks = (*map(ask, doubts), *_of_texts(strange))
        return Scale(low=1, high=5, answers=_ordered(known), missing=(*none, *strange),
                     not_applicable=tuple(absent), asks=asks, why="answers in words")  # fmt: skip
    tally: dict[float, int] = {}
    for text, number in plain.items():
        if not np.isnan(number):
            tally[number] = tally.get(number, 0) + int(counts[text])
    if sum(counts[t] for t in rest) > 0.1 * len(column.texts) or any(n % 1 for n in tally):
        return None
    near = {int(n) for n in tally if n <= 11}
    bare = not column.says(*ASSESSED)
    many = bare and len(column.texts) >= _MANY
    if many and near and (_numbered(near, tally) or len(near) < 0.7 * (max(near) - min(near) + 1)):
        return None
    scale = _of_numbers({int(n): k for n, k in tally.items()}, nps=column.says("recommend"))
    if scale is None:
        return None
    return replace(
        scale,
        asks=(*scale.asks, *_of_texts(rest)),
        why=scale.why + (f"; the texts hold their number, as {next(iter(held))!r}" if held else ""),
        missing=(*scale.missing, *none, *rest),
        not_applicable=(*scale.not_applicable, *absent),
    )


def _numbered(near: set[int], tally: Mapping[float, int]) -> bool:
    """Tell whether numbers run on beyond the longest scale, as those of groups do."""
    return {10, 11} <= near and any(12 <= n <= 20 for n in tally)


def _kind_of(text: str) -> str:
    plain = values.plain(text)
    return next((k for k in ("not_used", "no_answer") if pattern(k).fullmatch(plain)), "")


def _bare(text: str) -> str:
    """Return an answer in words without the code that LimeSurvey sets behind it."""
    return re.sub(r"\s*\[\w+\]$", "", values.plain(text)).casefold()


def _ordered(answers: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(answers.items(), key=lambda pair: -pair[1]))


def _of_texts(texts: list[str]) -> tuple[str, ...]:
    listed = ", ".join(map(repr, texts[:4])) + (" …" if len(texts) > 4 else "")
    return (ask("texts", texts=listed),) if texts else ()


def _of_codes(answers: dict[str, int], none: list[str]) -> Scale:
    best, worst = list(answers)[:: len(answers) - 1]
    return Scale(
        low=min(1, answers[worst]),
        high=answers[best],
        answers=answers,
        missing=tuple(none),
        asks=(ask("codes", best=best, worst=worst),),
        why="answers in codes",
    )


def _slider(column: Column) -> Scale | None:
    """Return the scale of a slider: named as an assessment, answered all over 0-100."""
    read = column.numbers.dropna()
    inside = read[read.between(0, SLIDER)]
    odd = {str(t) for t in column.texts[~column.numbers.between(0, SLIDER)].unique()}
    if (
        not column.says(*ASSESSED, "slider", r"\bscore\b")
        or len(inside) < max(0.9 * len(column.texts), 2)
        or inside[inside.between(12, 94)].nunique() < 3
        or inside.between(12, 94).mean() < 0.2  # 77, 88 and 99 beside 0-10 are codes
        or len(odd) > 4
    ):
        return None
    numbers = sorted(int(float(t)) for t in odd if re.fullmatch(r"-?\d+(\.0+)?", t))
    texts = sorted(t for t in odd if not re.fullmatch(r"-?\d+(\.0+)?", t))
    codes = {code: int((read == code).sum()) for code in numbers}
    return Scale(
        low=0,
        high=SLIDER,
        codes=codes,
        missing=tuple(texts),
        why=f"cells {column.range} in {len(column.texts)} answers",
        asks=(*([] if column.says("slider") else [ask("slider")]), *_of_texts(texts)),
    )


def _of_numbers(counts: dict[int, int], *, nps: bool) -> Scale | None:
    n = sum(counts.values())
    near = {v: k for v, k in counts.items() if 0 <= v <= 11}
    if len(near) < 2 or sum(near.values()) < 0.5 * n or len(counts) - len(near) > 4:
        return None
    why = f"cells {_runs(near)} in {n} answers"
    gap = _after_gap(near) if n >= _FEW else []
    asks = [ask("gap", code=v, end=end, n=near.pop(v)) for v, end in gap]
    low, high, missing, unused = min(near), max(near), [v for v, _end in gap], list[int]()
    shifted: dict[str, int] = {}
    zero = near.get(0, 0)
    if high == 11 and not zero and near[11] > _LONE * n:
        shifted = {str(v): v - 1 for v in range(1, 12)}
        asks.append(ask("shifted", n=near[11]))
    elif high == 11:
        missing.append(11)
        asks.append(ask("eleven" if zero else "eleven_or_shifted", n=near[11]))
    elif high == 6 or (high == 8 and not nps and {*range(2, 9)} <= {*near} and n >= _FEW):
        unused.append(high)
        asks.append(ask(f"one_more_{high}", n=near[high]))
        high -= 1
    elif high in (8, 9, 10):
        if zero and not nps and zero > sum(near.get(v, 0) for v in (1, 2, 3)):
            missing.append(0)
            asks.append(ask("zero_of_ten", n=zero))
            low = 1
        low, high = 0 if low == 0 or nps else 1, 10
        if nps and not zero and n >= _MANY:
            asks.append(ask("no_zero", n=n))
    elif nps and low == 0 and high < 7 and n < 50:
        high = 10
    low, high = (0, 10) if high == 11 else (low, high)
    if high in (5, 7) and low == 0:
        missing.append(0)
        asks.append(ask("zero", high=high, n=zero))
    if high == 4 and n >= _FEW:
        asks.append(ask("no_five"))
    if high not in ENDS:
        return None
    return Scale(
        low=0 if low == 0 and high == 10 else 1,
        high=high,
        missing=tuple(missing),
        not_applicable=tuple(unused),
        answers=shifted,
        codes={value: counts[value] for value in sorted(set(counts) - set(near) - set(missing))},
        why=why,
        asks=tuple(asks),
    )


def _after_gap(near: Iterable[int]) -> list[tuple[int, int]]:
    """Return one or two values after a gap, as 9 beside 1-5, with the end of the scale."""
    there = {*near}
    for end in (5, 7, 10):
        after = sorted(v for v in there if v > end + 1)
        whole = {*range(2, end + 1)} <= there
        if 0 < len(after) <= 2 and whole and not there & {*range(end + 1, after[0])}:
            return [(value, end) for value in after]
    return []


def _runs(values_: Iterable[int]) -> str:
    """Return numbers as ``1-5, 9``."""
    parts: list[list[int]] = []
    for value in sorted(values_):
        if parts and parts[-1][-1] == value - 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)


def harmonised(rated: list[tuple[Column, Scale]]) -> list[tuple[Column, Scale]]:
    """Return items whose scale the others of the questionnaire settle."""
    ends = [s.ends for c, s in rated if not c.says("recommend")]
    zero = ask("zero_of_ten", n="").partition("(")[0]
    settled = []
    for column, scale in rated:
        other = scale
        if scale.ends == (1, 10) and ends.count((0, 10)) > ends.count((1, 10)):
            missing = tuple(c for c in scale.missing if c != 0)
            asks = tuple(a for a in scale.asks if not a.startswith(zero))
            other = replace(scale, low=0, missing=missing, asks=asks)
        elif scale.ends == (1, 4) and (1, 5) in ends:
            other = replace(scale, high=5, asks=())
        if other is not scale:
            other = replace(other, why=f"{scale.why}; scale as of most other items")
        settled.append((column, other))
    return settled
