"""What a cross table asks, and of whom: its rows and its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api import types

from cxlib.analysis import validate
from cxlib.analysis.metrics import KINDS, Kind, Metric, SurveyDesign, Touchpoint, resolve
from cxlib.analysis.scores.table import Answers, answers_of, cells_of
from cxlib.analysis.validate import OffScale
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Asked = Kind | Literal["single", "multiple", "open"]
ASKED = (*KINDS, "single", "multiple", "open")
DETRACTOR, PASSIVE, PROMOTER = _("detractor"), _("passive"), _("promoter")
Nets = Mapping[str, Mapping[str, Sequence[Any]]]


_SHARE = (0, 1)


def rows_of(
    data: pd.DataFrame, rows: Any, design: SurveyDesign, off_scale: OffScale, each: bool, nets: Nets
) -> Iterator[tuple[str, bool, Answers]]:
    """Yield each row of the cross table: its answer (empty for a score), whether a net, and who.

    A question's nets stand before its answers.
    """
    alone = isinstance(rows, (str, Metric, Touchpoint))
    kinds = rows if isinstance(rows, Mapping) else {}
    for question in (rows,) if alone else rows:
        kind = kinds.get(question) if isinstance(question, str) else None
        if kind is not None and kind not in ASKED:
            raise DataError(f"{kind!r} is no kind of question{nearest(str(kind), ASKED)}")
        known = not isinstance(question, str) or kind in KINDS
        kind = kind if known or kind else _kind_of(data, question)
        if not isinstance(question, str) or kind in KINDS:
            metric = resolve(question, kind=kind if kind in KINDS else None)
            given = answers_of(data, metric, design, off_scale)
            yield "", False, given
            told = {
                name: _hits(given.x, (given.x >= least) & (given.x <= most), data.index)
                for name, least, most in (_groups(metric) if each else ())
            }
            rated = {name: _hits(given.x, np.isin(given.x, of), data.index)
                     for name, of in _ratings(metric, nets.get(metric.key, {}))}  # fmt: skip
        else:
            told = dict(_choices(data, question, kind))
            rated = dict(_nets(question, told, nets.get(question, {})))
            metric = Metric(question, "csat")
        share = Metric(metric.key, "csat", scale=_SHARE, top=1)
        for net, group in ((True, rated), (False, told)):
            for answer, chosen in group.items():
                yield answer, net, answers_of(data, share, design, off_scale, ratings=chosen)


def _hits(x: Any, among: Any, index: pd.Index) -> pd.Series:
    return pd.Series(np.where(np.isnan(x), np.nan, among.astype(float)), index)


def _ratings(
    metric: Metric, nets: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, list[float]]]:
    """Yield each net of a scale with its ratings."""
    lowest, highest = metric.scale or (-inf, inf)
    for name, of in nets.items():
        for value in of:
            if not isinstance(value, (int, float)) or not lowest <= value <= highest:
                raise DataError(f"net {name!r}: {value!r} is no rating of {metric.key!r}.")
        yield name, [float(value) for value in of]


def _nets(
    question: str, told: Mapping[str, pd.Series], nets: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, pd.Series]]:
    """Yield each net with 1 for those who gave any of its answers; nobody counts twice."""
    for name, of in nets.items():
        if name in told:
            raise DataError(f"net {name!r} of {question!r} has the name of an answer.")
        for answer in map(str, of):
            if answer not in told:
                raise DataError(f"net {name!r}: {answer!r} is no answer to {question!r}"
                                f"{nearest(answer, told)}")  # fmt: skip
        yield name, pd.concat([told[str(answer)] for answer in of], axis=1).max(axis=1)


def _groups(metric: Metric) -> list[tuple[str, float, float]]:
    """Return the answers of a scale that are told apart: each with its lowest and highest."""
    if metric.cut_points is not None:
        low, high = metric.cut_points
        between = (low + 0.5, high - 0.5)
        return [(DETRACTOR, -inf, low), (PASSIVE, *between), (PROMOTER, high, inf)]
    lowest, highest = metric.scale or (1, 0)
    return [(str(rating), rating, rating) for rating in range(lowest, highest + 1)]


def _kind_of(data: pd.DataFrame, name: str) -> str:
    if any(str(column).startswith(f"{name}=") for column in data.columns):
        return "multiple"
    values = validate.column(data, name)
    if name in KINDS:
        return name
    numeric = types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)
    return "mean" if numeric else "single"


def _choices(data: pd.DataFrame, name: str, kind: str | None) -> Iterator[tuple[str, pd.Series]]:
    """Yield each choice with 1 for those who chose it, 0 for the others who were asked."""
    if kind == "multiple":
        found = [c for c in data.columns if str(c).startswith(f"{name}=")]
        if not found:
            raise DataError(f"there is no column '{name}=…': a choice each of {name!r}.")
        for column in found:
            yield str(column).removeprefix(f"{name}="), _flag(data, column)
        return
    values = validate.column(data, name)
    if kind == "open":
        written = values.astype("string").str.strip().fillna("").ne("")
        yield "", written.astype(float).rename(name)
    elif types.is_bool_dtype(values.dtype):
        yield "", _flag(data, name)
    else:
        for level in validate.levels_of(values):
            chosen = values.eq(level).fillna(False).astype(float)
            told = f"{level:g}" if isinstance(level, float) else str(level)
            yield told, chosen.where(values.notna()).rename(name)


def _flag(data: pd.DataFrame, name: Any) -> pd.Series:
    return validate.column(data, name).astype("boolean").astype("Float64").astype(float)


Place = dict[str, Any]
"""Where a column stands: its ``segment`` and ``level``; of a nested one, the outer levels too."""


def columns_of(data: pd.DataFrame, banner: tuple[str, ...]) -> list[list[tuple[Place, Any, Any]]]:
    """Return the columns of a banner with their rows and their complement's, family by family.

    Of a nested banner, the levels of the last segment within each of those outside it.
    """
    *outer, segment = banner
    families: list[tuple[Place, Any]] = [({}, np.ones(len(data), dtype=bool))]
    for name in outer:
        families = [
            (place | {name: level}, within & cell)
            for place, within in families
            for level, cell, _rest in _levels(data, name)
        ]
    return [
        [
            ({"segment": segment, "level": level} | place, within & cell, within & rest)
            for level, cell, rest in _levels(data, segment)
        ]
        for place, within in families
    ]


def _levels(data: pd.DataFrame, segment: str) -> list[tuple[Any, Any, Any]]:
    """Return each level with its rows and those of all other levels; choices may overlap."""
    found = [c for c in data.columns if str(c).startswith(f"{segment}=")]
    if segment in data.columns or not found:
        return [(next(iter(of.values())), *own) for of, *own in cells_of(data, (segment,), True)]
    flags = [_flag(data, column).to_numpy() for column in found]
    asked = np.logical_or.reduce([~np.isnan(flag) for flag in flags])
    names = [str(column).removeprefix(f"{segment}=") for column in found]
    return [(n, f == 1, asked & (f != 1)) for n, f in zip(names, flags, strict=True)]
