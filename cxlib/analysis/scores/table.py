"""Where is it good and where bad: one score by segment, touchpoint or period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from math import inf, nan, sqrt
from typing import Any, Literal, NamedTuple, Unpack

import numpy as np
import pandas as pd

from cxlib.analysis import metrics, validate
from cxlib.analysis.compare.difference import adjust, by_t, gap_test
from cxlib.analysis.estimation import Score, answers_to, contributions, estimate, even
from cxlib.analysis.metrics import Question
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Caveat, TableResult, counted
from cxlib.errors import DataError
from cxlib.words import mark as _

MEASURES = ("value", "low", "high", "standard_error", "n", "n_effective", "n_dropped")
COMPARED = ("difference", "difference_low", "difference_high", "p_value")


class ScoreTable(TableResult):
    """One score, cell by cell, in `unit`.

    ``table``: ``touchpoint`` (several questions), then the `by` column under its own name (crossed:
    all of them), or ``segment, level`` (several); ``value, low, high, standard_error, n,
    n_effective, n_dropped, care``; against the complement ``difference, difference_low,
    difference_high, p_value, p_adjusted`` (Benjamini-Hochberg over the table; NaN where a cell or
    its complement is below `minimum_base`). ``n_used``: rows with an answer in any cell.
    """

    metric: str | tuple[str, ...]
    by: tuple[str, ...]
    kind: str
    unit: str
    minimum_base: int
    confidence: float


def score_table(
    data: pd.DataFrame,
    *,
    metric: Question | Sequence[Question],
    by: str | Sequence[str] | None = None,
    cross: bool = False,
    weights: str | None = "weight",
    cluster: str | None = None,
    versus: Literal["complement"] | None = None,
    minimum_base: int = MINIMUM_BASE,
    off_scale: validate.OffScale = "error",
    confidence: float = 0.95,
    **declared: Unpack[metrics.Declared],
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
    cross : bool
        Cross the `by` columns, a row a combination that occurs, instead of one after the other.
    weights, cluster : str or None
        Columns, as in `SurveyDesign`.
    versus : {"complement"}, optional
        Compare each level with all other levels of the same question together.
    minimum_base : int
        Smaller cells are left out of the family of comparisons; the table holds cells of any base.
    off_scale, confidence
        As in `scores.nps`.
    **declared
        ``kind, scale, top, direction, cut_points``: override what the questions declare; see
        `metrics.Metric`.

    Raises
    ------
    DataError
        If a column is absent, a question has no kind, kinds are mixed, or the data hold something
        that is no rating.
    """
    validate.check_confidence(confidence)
    several = not isinstance(metric, (str, metrics.Metric, metrics.Touchpoint))
    listed = _each(metric, "metric") if several else (metric,)
    metrics.number(minimum_base, "minimum_base")
    questions = [metrics.resolve(m, **declared) for m in listed]
    single = isinstance(by, str) or cross
    columns = () if by is None else (by,) if isinstance(by, str) else _each(by, "by")
    _check_request(questions, columns, several, versus)
    design = metrics.SurveyDesign(weights=weights, cluster=cluster, confidence=confidence)
    answers = [answers_of(data, question, design, off_scale) for question in questions]
    cells = list(crossed(data, columns) if cross else cells_of(data, columns, single))
    named = ["touchpoint"] if several else []
    named += [] if not columns else list(columns) if single else ["segment", "level"]
    rows = [
        {"touchpoint": given.metric.key} | labels | given.against(cell, versus and rest)[0]
        for given in answers
        for labels, cell, rest in cells
    ]
    table = _framed(rows, named, minimum_base if versus else None)
    here = np.logical_or.reduce([cell for _labels, cell, _rest in cells])
    reached = here & np.logical_or.reduce([~np.isnan(given.x) for given in answers])
    keys = tuple(question.key for question in questions)
    caveats = few_answers(table, minimum_base)
    message = _("{n} {n:row has|rows have} no {segment} and {n:stands|stand} in none of its cells.")
    for name in columns:
        caveats += counted((data[name].isna().sum(), message), segment=name)
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
        caveats=caveats + tuple(caveat for given in answers for caveat in given.caveats),
    )


def _framed(rows: list[dict[str, Any]], named: list[str], minimum_base: int | None) -> pd.DataFrame:
    """Return rows as a frame; compared ones with p-values adjusted over bases large enough."""
    compared = [] if minimum_base is None else [*COMPARED, "n_others"]
    table = pd.DataFrame(rows, columns=[*named, *MEASURES, "care", *compared])
    dtypes: dict[str, Any] = dict.fromkeys((*MEASURES, *compared), "float64")
    dtypes |= dict.fromkeys(("n", "n_dropped", *compared[-1:]), "int64")
    table = table.astype(dtypes | {"care": bool})
    if minimum_base is not None:
        family = table.pop("n_others").ge(minimum_base) & table["n"].ge(minimum_base)
        table["p_adjusted"] = adjust(table["p_value"].where(family))
    return table


def _each(given: Any, what: str) -> tuple[Any, ...]:
    if not isinstance(given, Iterable):
        raise DataError(f"{what}= is {given!r}; name a column, or several.")
    return tuple(given)


def _check_request(
    questions: list[metrics.Metric], columns: tuple[str, ...], several: bool, versus: str | None
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
    for name, listed in (("metric", [q.key for q in questions]), ("by", columns)):
        validate.once(listed, f"{name}= names {{}} more than once.")
    taken = {*MEASURES, *COMPARED, "care", "p_adjusted", *(["touchpoint"] if several else [])}
    reserved = taken & set(columns)
    if reserved:
        raise DataError(f"a segment cannot be called {min(reserved)!r}: the table uses that name.")


class Answers(NamedTuple):
    """One question's answers: NaN for none; rows it does not concern are not `asked`."""

    metric: metrics.Metric
    x: validate.Floats
    asked: Any
    weights: Any
    clusters: Any
    confidence: float
    caveats: tuple[Caveat, ...]

    def score(self, rows: Any) -> Score | None:
        """Score some rows; None where none has an answer."""
        rows = rows & self.asked
        told = rows & ~np.isnan(self.x)
        if not told.any():
            return None
        weighed = validate.at(told, self.weights, self.clusters)
        n_dropped = int((rows & ~told).sum())
        return estimate(self.x[told], self.metric, *weighed, n_dropped, self.confidence)

    def row(self, rows: Any) -> tuple[dict[str, Any], Score | None]:
        """Return what a table says of some rows, and their score."""
        score = self.score(rows)
        if score is None:
            none = {"n": 0, "n_effective": 0.0, "n_dropped": int((rows & self.asked).sum())}
            return dict.fromkeys(MEASURES, nan) | none | {"care": True}, None
        few = min(score.n, score.units) < CARE_BASE
        return {name: getattr(score, name) for name in MEASURES} | {"care": few}, score

    def against(self, rows: Any, others: Any = None) -> tuple[dict[str, Any], Score | None]:
        """Return what a table says of some rows, and of their gap to `others`, and their score."""
        row, score = self.row(rows)
        if others is None:
            return row, score
        rest, other = self.row(others)
        gap = self.gap((rows, score), (others, other))
        return gap | row | {"n_others": rest["n"]}, score

    def gap(self, a: tuple[Any, Score | None], b: tuple[Any, Score | None]) -> dict[str, float]:
        """Return ``a - b`` of two sets of rows: interval, p and its error; NaN if one is empty."""
        (rows_a, score_a), (rows_b, score_b) = a, b
        names = (*COMPARED[1:], "standard_error")
        if score_a is None or score_b is None:
            return dict.fromkeys((COMPARED[0], *names), nan)
        gap, answered = score_a.value - score_b.value, self.asked & ~np.isnan(self.x)
        rows_a, rows_b = rows_a & answered, rows_b & answered
        found: Any = gap_test(score_a.as_row(), score_b.as_row(), self.confidence)
        if self._shared(rows_a, rows_b):
            who = np.arange(self.x.size) if self.clusters is None else self.clusters
            parts = self._influence(rows_a) - self._influence(rows_b)
            error = sqrt(float((np.bincount(who, parts) ** 2).sum()))
            if error > 0:
                df = min(score_a.df, score_b.df) if score_a.clustered or score_b.clustered else inf
                if score_a.unit == "mean" and df == inf:
                    df = float(np.union1d(who[rows_a], who[rows_b]).size - 1)
                found = by_t(gap, error, max(df, 1.0), self.confidence)
        told = (found[name] for name in ("low", "high", "p_value", "standard_error"))
        return {COMPARED[0]: gap} | dict(zip(names, told, strict=True))

    def _shared(self, rows_a: Any, rows_b: Any) -> bool:
        """Tell whether any respondent, or customer, stands in both of two sets of rows."""
        if self.clusters is None:
            return bool((rows_a & rows_b).any())
        seen = np.zeros(self.clusters.max() + 1, dtype=bool)
        seen[self.clusters[rows_a]] = True
        return bool(seen[self.clusters[rows_b]].any())

    def _influence(self, rows: Any) -> validate.Floats:
        """Return u_i = w_i (x_i − x̄)/Σw of some rows, 0 of the others."""
        x = contributions(self.x[rows], self.metric)
        w = np.ones_like(x) if self.weights is None else even(self.weights[rows])
        told = np.zeros(self.x.size)
        told[rows] = w * (x - w @ x / w.sum()) / w.sum()
        return told


def answers_of(
    data: pd.DataFrame,
    metric: metrics.Metric,
    design: metrics.SurveyDesign,
    off_scale: validate.OffScale = "error",
    ratings: pd.Series | None = None,
) -> Answers:
    """Return who gave what: the metric's column, or other `ratings` of the same rows."""
    ratings = validate.column(data, metric.key) if ratings is None else ratings
    x, off = answers_to(metric, ratings, off_scale)
    asked = validate.used(data, metric.key) | ~np.isnan(x)
    return Answers(metric, x, asked, *validate.drawn(data, design), design.confidence, off)


def cells_of(
    data: pd.DataFrame, columns: tuple[str, ...], single: bool
) -> Iterable[tuple[dict[str, Any], Any, Any]]:
    """Yield each cell's labels, its rows, and the rows of all other levels."""
    if not columns:
        yield {}, np.ones(len(data), dtype=bool), np.zeros(len(data), dtype=bool)
    for name in columns:
        values = validate.column(data, name)
        known = values.notna().to_numpy()
        for level in validate.levels_of(values):
            cell = validate.member_of(values, level)
            labels = {name: level} if single else {"segment": name, "level": level}
            yield labels, cell, known & ~cell


def crossed(
    data: pd.DataFrame, columns: tuple[str, ...]
) -> Iterable[tuple[dict[str, Any], Any, Any]]:
    """Yield the cells of all columns crossed that hold rows, each with the rows of all others."""
    values = [validate.column(data, name) for name in columns]
    known = np.logical_and.reduce([column.notna().to_numpy() for column in values])
    for levels in product(*map(validate.levels_of, values)):
        of = [validate.member_of(v, level) for v, level in zip(values, levels, strict=True)]
        if (cell := np.logical_and.reduce(of)).any():
            yield dict(zip(columns, levels, strict=True)), cell, known & ~cell


def few_answers(table: pd.DataFrame, minimum_base: int) -> tuple[Caveat, ...]:
    """Say how many cells of a table rest on few answers."""
    message = _("{n} of {total} cells {n:rests|rest} on fewer than {base} answers.")
    small = (table["n"] < minimum_base).sum()
    return counted((small, message), total=len(table), base=minimum_base)
