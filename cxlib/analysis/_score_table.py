"""Where is it good and where bad: one score by segment, touchpoint or period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib.analysis import _inputs, _intervals
from cxlib.analysis._difference import difference
from cxlib.analysis._inputs import OffScale
from cxlib.analysis._multiplicity import adjust
from cxlib.analysis._options import number
from cxlib.analysis._score import Score, estimate
from cxlib.analysis._survey_variance import Floats, Integers
from cxlib.analysis.design import SurveyDesign
from cxlib.analysis.metrics import Direction, Kind, Metric, Touchpoint, resolve
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

Question = str | Metric | Touchpoint
MEASURES = ("value", "low", "high", "standard_error", "n", "n_effective", "n_dropped")
COMPARED = ("difference", "difference_low", "difference_high", "p_value")


@dataclass(frozen=True, kw_only=True)
class ScoreTable:
    """One score, cell by cell.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a cell: ``touchpoint`` (several questions), then the `by` column under its own name
        (``period``, …) or ``segment, level`` (several `by` columns); ``value, low, high,
        standard_error`` in `unit`; ``n`` answers, ``n_effective`` (Kish), ``n_dropped`` (no answer;
        those who did not use a touchpoint are not among them),
        ``care`` (fewer than 30 answers). Against the complement also ``difference,
        difference_low, difference_high, p_value`` and ``p_adjusted`` (Benjamini-Hochberg over the
        table; NaN where a cell or its complement is below `minimum_base`).
    metric : str or tuple of str
        What was scored.
    by : tuple of str
        What makes a cell.
    kind, unit : str
        As in `Score`.
    minimum_base : int
        Cells below it are to be withheld.
    confidence : float
        Coverage of the intervals.
    n_used, n_dropped : int
        Rows with an answer in any cell, and the others.
    caveats : tuple of Caveat
        Reservations.
    """

    table: pd.DataFrame
    metric: str | tuple[str, ...]
    by: tuple[str, ...]
    kind: str
    unit: str
    minimum_base: int
    confidence: float
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One question's answers: NaN for none; rows it does not concern are not `asked`."""

    metric: Metric
    x: Floats
    asked: np.ndarray[tuple[int], np.dtype[np.bool_]]
    weights: Floats | None
    clusters: Integers | None
    confidence: float
    n_off: int

    def score(self, rows: Any) -> Score | None:
        """Score some rows; None where none has an answer."""
        rows = rows & self.asked
        used = rows & ~np.isnan(self.x)
        if not used.any():
            return None
        return estimate(
            self.x[used],
            self.metric,
            weights=None if self.weights is None else self.weights[used],
            clusters=None if self.clusters is None else self.clusters[used],
            n_dropped=int((rows & ~used).sum()),
            confidence=self.confidence,
        )


def score_table(
    data: pd.DataFrame,
    *,
    metric: Question | Sequence[Question],
    by: str | Sequence[str] | None = None,
    kind: Kind | None = None,
    scale: tuple[int, int] | None = None,
    top: int | None = None,
    direction: Direction | None = None,
    cut_points: tuple[int, int] | None = None,
    weights: str | None = "weight",
    cluster: str | None = None,
    versus: Literal["complement"] | None = None,
    minimum_base: int = MINIMUM_BASE,
    off_scale: OffScale = "error",
    confidence: float = 0.95,
) -> ScoreTable:
    """Score a question by segment or period, or several touchpoints side by side.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response. Where it has ``<key>_used``, rows that did not use a touchpoint are no
        part of its base.
    metric : str, Metric, Touchpoint or a sequence of them
        What is scored. A plain column not called nps, csat or ces needs `kind`; touchpoints are
        means unless `kind` says otherwise.
    by : str or sequence of str, optional
        Column(s) whose levels make the rows, in natural order: a categorical's own, time for
        calendar periods, else sorted. Rows without a level are left out, and counted. Optional
        where `metric` is a sequence.
    kind, scale, top, direction, cut_points
        Override what the questions declare; see `metrics.Metric`.
    weights, cluster : str or None
        Columns; an absent ``weight`` column means unweighted.
    versus : {"complement"}, optional
        Compare each level with all other levels of the same question together.
    minimum_base : int
        Smaller cells are left out of the family of comparisons.
    off_scale, confidence
        As in `scores.nps`.

    Returns
    -------
    ScoreTable
        One row a cell, whatever its base.

    Raises
    ------
    DataError
        If a column is absent, a question has no kind, kinds are mixed, or the data hold something
        that is no rating.
    """
    _intervals.check_confidence(confidence)
    listed = (metric,) if isinstance(metric, (str, Metric, Touchpoint)) else _each(metric, "metric")
    several = not isinstance(metric, (str, Metric, Touchpoint))
    number(minimum_base, "minimum_base")
    questions = [
        resolve(m, kind=kind, scale=scale, top=top, direction=direction, cut_points=cut_points)
        for m in listed
    ]
    columns = () if by is None else (by,) if isinstance(by, str) else _each(by, "by")
    _check_request(questions, columns, several, versus)
    design = SurveyDesign(weights=weights, cluster=cluster, confidence=confidence)
    answers = [answers_of(data, question, design, off_scale) for question in questions]
    rows: list[dict[str, Any]] = []
    reached = np.zeros(len(data), dtype=bool)
    for question in answers:
        for labels, cell, rest in cells_of(data, columns, isinstance(by, str)):
            first = {"touchpoint": question.metric.key} if several else {}
            rows.append(first | labels | _row(question, cell, rest, versus))
            reached |= cell & question.asked & ~np.isnan(question.x)
    table = _frame(rows, several, columns, isinstance(by, str), versus)
    if versus is not None:
        family = table.pop("_complement").ge(minimum_base) & table["n"].ge(minimum_base)
        table["p_adjusted"] = adjust(table["p_value"].where(family))
    keys = tuple(question.key for question in questions)
    return ScoreTable(
        table=table,
        metric=keys if several else keys[0],
        by=columns,
        kind=questions[0].kind,
        unit=questions[0].unit,
        minimum_base=minimum_base,
        confidence=confidence,
        n_used=int(reached.sum()),
        n_dropped=int((~reached).sum()),
        caveats=_caveats(data, columns, answers, table, minimum_base),
    )


def _each(given: Any, what: str) -> tuple[Any, ...]:
    if not isinstance(given, Iterable):
        raise DataError(f"{what}= is {given!r}; name a column, or several.")
    return tuple(given)


def _check_request(
    questions: list[Metric], columns: tuple[str, ...], several: bool, versus: str | None
) -> None:
    if not questions:
        raise DataError("metric= names no column to score.")
    if not columns and not several:
        raise DataError("by= names no column: whose levels shall be the rows?")
    kinds = {question.kind for question in questions}
    if len(kinds) > 1:
        raise DataError(f"one table holds one kind of score, not {', '.join(sorted(kinds))}.")
    if versus not in (None, "complement"):
        raise DataError(f"versus is 'complement' or None, not {versus!r}.")
    if versus is not None and not columns:
        raise DataError("touchpoints have no complement: name a segment in by=.")
    for name, listed in (("metric", [q.key for q in questions]), ("by", list(columns))):
        twice = next((each for each in listed if listed.count(each) > 1), None)
        if twice is not None:
            raise DataError(f"{name}= names {twice!r} more than once.")
    taken = {*MEASURES, *COMPARED, "care", "p_adjusted"} | ({"touchpoint"} if several else set())
    reserved = taken & set(columns)
    if reserved:
        raise DataError(f"a segment cannot be called {min(reserved)!r}: the table uses that name.")


def answers_of(
    data: pd.DataFrame,
    metric: Metric,
    design: SurveyDesign,
    off_scale: OffScale,
    ratings: pd.Series | None = None,
) -> Answers:
    """Return who gave what: the metric's column, or other `ratings` of the same rows."""
    ratings = _inputs.column(data, metric.key) if ratings is None else ratings
    whole = metric.kind != "mean"
    x, n_off = _inputs.ratings_of(ratings, scale=metric.scale, whole=whole, off_scale=off_scale)
    return Answers(
        metric=metric,
        x=x,
        asked=_inputs.asked(data, metric.key) | ~np.isnan(x),
        weights=_inputs.weight_column(data, design.weights),
        clusters=_inputs.cluster_column(data, design.cluster),
        confidence=design.confidence,
        n_off=n_off,
    )


def cells_of(
    data: pd.DataFrame, columns: tuple[str, ...], single: bool
) -> list[tuple[dict[str, Any], Any, Any]]:
    """Return each cell's labels, its rows, and the rows of all other levels."""
    if not columns:
        return [({}, np.ones(len(data), dtype=bool), np.zeros(len(data), dtype=bool))]
    cells = []
    for name in columns:
        values = _inputs.column(data, name)
        known = values.notna().to_numpy()
        for level in _inputs.levels_of(values):
            cell = values.eq(level).fillna(False).to_numpy(dtype=bool)
            labels = {name: level} if single else {"segment": name, "level": level}
            cells.append((labels, cell, known & ~cell))
    return cells


def _row(answers: Answers, cell: Any, rest: Any, versus: str | None) -> dict[str, Any]:
    found = answers.score(cell)
    row: dict[str, Any] = dict.fromkeys(MEASURES, nan)
    if found is None:
        row |= {"n": 0, "n_effective": 0.0, "n_dropped": int((cell & answers.asked).sum())}
    else:
        row |= {name: getattr(found, name) for name in MEASURES}
    row["care"] = row["n"] < CARE_BASE
    if versus is None:
        return row
    other = answers.score(rest)
    row |= dict.fromkeys(COMPARED, nan) | {"_complement": 0 if other is None else other.n}
    if found is not None and other is not None:
        gap = difference(found, other)
        row |= zip(COMPARED, (gap.value, gap.low, gap.high, gap.p_value), strict=True)
    return row


def _frame(
    rows: list[dict[str, Any]],
    several: bool,
    columns: tuple[str, ...],
    single: bool,
    versus: str | None,
) -> pd.DataFrame:
    labels = ["touchpoint"] if several else []
    labels += [] if not columns else list(columns) if single else ["segment", "level"]
    compared = [] if versus is None else [*COMPARED, "_complement"]
    table = pd.DataFrame(rows, columns=[*labels, *MEASURES, "care", *compared])
    counts = ["n", "n_dropped", *(["_complement"] if compared else [])]
    floats = [name for name in (*MEASURES, *compared) if name not in counts]
    dtypes: dict[str, Any] = dict.fromkeys(counts, "int64") | dict.fromkeys(floats, "float64")
    return table.astype(dtypes | {"care": bool})


def _caveats(
    data: pd.DataFrame,
    columns: tuple[str, ...],
    answers: list[Answers],
    table: pd.DataFrame,
    minimum_base: int,
) -> tuple[Caveat, ...]:
    caveats = []
    small = int((table["n"] < minimum_base).sum())
    if small:
        message = _("{n} of {total} cells rest on fewer than {base} answers.")
        caveats.append(Caveat(message, n=small, total=len(table), base=minimum_base))
    for name in columns:
        unknown = int(data[name].isna().sum())
        if unknown:
            message = _("{n} rows have no {segment} and stand in none of its cells.")
            caveats.append(Caveat(message, n=unknown, segment=name))
    for question in answers:
        if question.n_off:
            message = _("{n} answers are off the scale of {metric} and count as missing.")
            caveats.append(Caveat(message, n=question.n_off, metric=question.metric.key))
    return tuple(caveats)
