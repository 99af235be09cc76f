"""What did whom say: every question by every segment, with the columns that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import inf, nan, sqrt
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from pandas.api import types

from cxlib.analysis import validate
from cxlib.analysis.compare import adjust
from cxlib.analysis.estimation import Score, even
from cxlib.analysis.metrics import (
    KINDS,
    Kind,
    Metric,
    Question,
    SurveyDesign,
    Touchpoint,
    number,
    one_of,
    resolve,
)
from cxlib.analysis.results import MINIMUM_BASE, Tabled
from cxlib.analysis.scores.table import (
    COMPARED,
    MEASURES,
    Answers,
    answers_of,
    cells_of,
    few_answers,
)  # fmt: skip
from cxlib.analysis.validate import OffScale
from cxlib.errors import DataError
from cxlib.words import mark as _

Asked = Kind | Literal["single", "multiple", "open"]
ASKED = (*KINDS, "single", "multiple", "open")
DETRACTOR, PASSIVE, PROMOTER = _("detractor"), _("passive"), _("promoter")
Nets = Mapping[str, Mapping[str, Sequence[Any]]]
_SHARE = (0, 1)
Place = dict[str, Any]
"""Where a column stands: its ``segment`` and ``level``; of a nested one, the outer levels too."""
Rows: TypeAlias = list[dict[str, Any]]
Role = Literal["score", "net", "answer", "several"]
"""What a row is: a score, a net, one of the answers of which each person gave one, or several."""
COUNTED = ("n_weighted", "n_not_asked", "deviation", "of_answers")
HIGHER, LOWER = _("higher"), _("lower")


class Crosstab(Tabled):
    """Questions by segments, a row a cell.

    ``table``: of each ``question`` (and ``choice``; ``net`` where several are told together) first
    everybody (``segment, level`` missing), then each level: ``column`` (its letter), ``unit, value,
    low, high, standard_error, n, n_effective, n_dropped, care``; ``n_weighted`` (the weights of
    those who answered, of mean 1 over all rows), ``n_not_asked``, the ``deviation`` of a mean, and
    ``of_answers``, the percent of all answers given to a multiple choice; against all other levels
    ``difference, difference_low, difference_high, p_value, p_adjusted, against_rest``; ``letters``.
    ``pairs``: the pairwise family: ``question, choice, segment, level, other, difference,
    standard_error, p_value, p_adjusted, least`` (the smaller base). ``alpha``: of the letters.
    """

    pairs: pd.DataFrame
    by: tuple[str, ...]
    minimum_base: int
    alpha: float
    confidence: float
    n_used: int


def crosstab(
    data: pd.DataFrame,
    *,
    rows: Question | Sequence[Question] | Mapping[str, Asked],
    by: str | Sequence[str | Sequence[str]],
    design: SurveyDesign | None = None,
    answers: bool = False,
    nets: Nets | None = None,
    minimum_base: int = MINIMUM_BASE,
    off_scale: OffScale = "error",
) -> Crosstab:
    """Tabulate questions by segments: percent or mean, bases, and which columns differ.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response.
    rows : str, Metric, Touchpoint, a sequence of them, or a mapping of str to a kind
        The questions. A rating gives one row, its score (net points, percent or mean); a single or
        multiple choice one a choice, the percent of those who answered (of several: who were shown
        it); an open question the percent of respondents who wrote something. A plain name is
        multiple where the data have columns ``name=choice``, a rating by its kind where it is
        called nps, csat or ces, a mean where it holds numbers, the percent of yes where it holds
        yes or no, else single; a mapping says it: ``{"why": "open"}``.
    by : str or sequence of str
        Segments, or multiple choices, whose columns may share respondents. A sequence among them
        is a nested banner: ``["age", ("region", "tier")]`` has every tier within every region,
        compared within its region; the table then has a column ``region``.
    design : SurveyDesign, optional
        Weights, customers and confidence.
    answers : bool
        Whether a rating's score is followed by the percent of each answer; of NPS, of each group.
    nets : mapping, optional
        Answers told together, by question and name: ``{"why": {"money": ["fees", "rates"]}}`` is
        the percent of those who gave any of them. Their rows have ``net``, before the answers.
    minimum_base : int
        Columns on fewer answers are in no family of comparisons.
    off_scale : {"error", "missing"}
        As in `scores.nps`.

    Raises
    ------
    DataError
        If a column is absent, a kind is unknown, or the data hold something that is no rating.

    Notes
    -----
    Two families of tests, each Benjamini-Hochberg adjusted over the whole table: every column
    against its complement, and every pair of columns of one segment. Columns of different people
    are compared as `compare.difference` does. Where two columns share respondents, or customers,
    the variance of their difference is Σ(u_a − u_b)² with u_i = w_i·1[i∈a](x_i − x̄_a)/Σ_a w, summed
    over each customer first; shares and nets use z (t where customers repeat), means t.

    References
    ----------
    .. [1] Kish, L. (1965). Survey Sampling, chapter 12.10 (comparisons of overlapping subclasses).
    .. [2] Benjamini, Y., Hochberg, Y. (1995). JRSS B 57, 289-300.
    """
    design = design or SurveyDesign()
    validate.check_confidence(design.confidence)
    number(minimum_base, "minimum_base")
    given_by = (by,) if isinstance(by, str) else tuple(by)
    banners = dict.fromkeys((one,) if isinstance(one, str) else tuple(one) for one in given_by)
    if not all(banners) or not banners:
        raise DataError("by= names no column: whose levels shall be the columns?")
    families = [family for banner in banners for family in columns_of(data, banner)]
    questions = list(rows_of(data, rows, design, off_scale, answers, nets or {}))
    if not questions:
        raise DataError("rows= names no question to tabulate.")
    told: Rows = []
    pairs: Rows = []
    for choice, role, given in questions:
        row = {"question": given.metric.key, "choice": choice, "net": role == "net"}
        row |= {"unit": given.metric.unit, "_several": role == "several"}
        everyone = np.ones(len(data), dtype=bool)
        whole, all_ = given.row(everyone)
        whole |= {"segment": None, "level": None} | _counted(given, everyone, all_)
        told.append(row | whole)
        for own in families:
            columns = []
            for place, cell, rest in own:
                found, score = given.against(cell, rest)
                columns.append((place, cell, score, found["n"]))
                told.append(row | place | found | _counted(given, cell, score))
            for (place, one, score, n), (place_b, two, score_b, m) in combinations(columns, 2):
                gap = given.gap((one, score), (two, score_b)) | {"least": min(n, m)}
                pairs.append(row | place | {"other": place_b["level"]} | gap)
    alpha = 1 - design.confidence
    outer = tuple(dict.fromkeys(name for banner in banners for name in banner[:-1]))
    table, compared = _frames(told, pairs, outer, minimum_base, alpha)
    return Crosstab(
        table=table,
        pairs=compared,
        by=tuple(dict.fromkeys(name for banner in banners for name in banner)),
        minimum_base=minimum_base,
        alpha=alpha,
        confidence=design.confidence,
        n_used=len(data),
        caveats=few_answers(table, minimum_base)
        + tuple(c for _choice, _role, given in questions for c in given.caveats),
    )


def _counted(given: Answers, rows: Any, score: Score | None) -> dict[str, Any]:
    """Return a cell's weighted base, who was not asked, and the spread of its answers."""
    w = np.ones(given.x.size) if given.weights is None else even(given.weights)
    spread = sqrt(score.variance) if score is not None and score.unit == "mean" else nan
    base = float(w[rows & given.asked & ~np.isnan(given.x)].sum())
    not_asked = int((rows & ~given.asked).sum())
    return {"n_weighted": base, "n_not_asked": not_asked, "deviation": spread}


def _frames(
    told: Rows, pairs: Rows, outer: tuple[str, ...], minimum_base: int, alpha: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both families, each adjusted over the table, and the letters that follow."""
    head = ["question", "choice", *outer, "segment", "level"]
    names = [*head, "net", "unit", *MEASURES, *COUNTED, "care", *COMPARED, "n_others", "_several"]
    table = pd.DataFrame(told, columns=names)
    for name in (*outer, "segment", "level"):  # a level of whole numbers stays one beside None
        table[name] = pd.Series([row.get(name) for row in told], dtype=object)
    family_of = ["segment", *outer]
    table.insert(len(head), "column", _letters(table, family_of))
    table = table.astype(dict.fromkeys(("n", "n_dropped", "n_not_asked"), "int64") | {"care": bool})
    given = (table["value"] * table["n_weighted"]).where(table.pop("_several"))
    every = given.groupby([table[name] for name in head if name != "choice"], dropna=False)
    table["of_answers"] = 100 * given / every.transform("sum")
    family = (table["n"] >= minimum_base) & (table.pop("n_others") >= minimum_base)
    table["p_adjusted"] = adjust(table["p_value"].where(family))
    clear = table["p_adjusted"] < alpha
    turn = np.where(table["difference"] > 0, HIGHER, LOWER)
    table["against_rest"] = pd.Series(np.where(clear, turn, ""), dtype=object)
    columns = [*head, "other", "unit", "difference", "standard_error", "p_value", "least"]
    compared = pd.DataFrame(pairs, columns=columns)
    compared["p_adjusted"] = adjust(compared["p_value"].where(compared["least"] >= minimum_base))
    above: dict[tuple[Any, ...], list[str]] = {}
    for name in outer:
        compared[name] = compared[name].astype(object).where(compared[name].notna(), None)
    places = zip(*(table[name] for name in (*outer, "segment", "level")), strict=True)
    letter = dict(zip(places, table["column"], strict=True))
    for pair in compared[compared["p_adjusted"] < alpha].to_dict("records"):
        high, low = ("level", "other") if pair["difference"] > 0 else ("other", "level")
        place = *(pair[name] for name in outer), pair["segment"]
        key = (pair["question"], pair["choice"], *place, pair[high])
        above.setdefault(key, []).append(letter[*place, pair[low]])
    keys = zip(*(table[name] for name in head), strict=True)
    found = [sorted(above.get(key, ()), key=lambda letter: (len(letter), letter)) for key in keys]
    table["letters"] = pd.Series([" ".join(each) for each in found], dtype=object)
    return table, compared


def _letters(table: pd.DataFrame, family: list[str]) -> list[str | None]:
    """Return each row's column letter: A, B, … Z, AA, … within its family."""
    seen: dict[Any, list[Any]] = {}
    letters: list[str | None] = []
    for *of, level in table[[*family, "level"]].itertuples(index=False, name=None):
        if of[0] is None:
            letters.append(None)
            continue
        levels = seen.setdefault(tuple(of), [])
        if level not in levels:
            levels.append(level)
        at = levels.index(level)
        letters.append(("" if at < 26 else chr(64 + at // 26)) + chr(65 + at % 26))
    return letters


# --- what is asked, and of whom ------------------------------------------------------------------


def rows_of(
    data: pd.DataFrame, rows: Any, design: SurveyDesign, off_scale: OffScale, each: bool, nets: Nets
) -> Iterator[tuple[str, Role, Answers]]:
    """Yield each row of the cross table: its answer (empty for a score), what it is, and who.

    A question's nets stand before its answers.
    """
    alone = isinstance(rows, (str, Metric, Touchpoint))
    kinds = rows if isinstance(rows, Mapping) else {}
    for question in (rows,) if alone else rows:
        kind = kinds.get(question) if isinstance(question, str) else None
        if kind is not None:
            one_of(kind, ASKED, f"{kind!r} is no kind of question")
        known = not isinstance(question, str) or kind in KINDS
        kind = kind if known or kind else _kind_of(data, question)
        if not isinstance(question, str) or kind in KINDS:
            metric = resolve(question, kind=kind if kind in KINDS else None)
            given = answers_of(data, metric, design, off_scale)
            yield "", "score", given
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
        each_role: Role = "several" if kind == "multiple" else "answer"
        groups: tuple[tuple[Role, dict[str, pd.Series]], ...] = (("net", rated), (each_role, told))
        for role, group in groups:
            for answer, chosen in group.items():
                yield answer, role, answers_of(data, share, design, off_scale, ratings=chosen)


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
            one_of(answer, told, f"net {name!r}: {answer!r} is no answer to {question!r}")
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
