"""Are the data fit for use: answers, bases, straight-lining, response, and whom they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chisquare

from cxlib import periods
from cxlib.analysis.estimation import kish, wilson
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint
from cxlib.analysis.results import CARE_BASE, MINIMUM_BASE, Caveat, Interval, Result, counted, said
from cxlib.analysis.validate import check_confidence, column, drawn, numbers, used
from cxlib.analysis.weights import Margin, Margins, read_margins
from cxlib.errors import Count, DataError
from cxlib.words import mark as _

STRAIGHT_LINE = 5
"""Touchpoints a respondent must have rated before equal answers are remarkable: with fewer, many
who are simply content give them by chance."""

EXPECTED_COUNT = 5
"""Below this expected count in a level the chi-square approximation is rough (Cochran 1954)."""

_BASES = ("period", "n", "n_effective", "below_minimum", "care", "invited", "response_rate")
_FIT = (
    *("segment", "level", "n", "sample_share", "known_share"),
    *("difference", "low", "high", "p_value"),
)
_KINDS = {"segment": "str", "level": "str", "n": "int64"}
NO_MARGINS = pd.DataFrame({name: pd.Series(dtype=_KINDS.get(name, "float64")) for name in _FIT})


class Share(Interval):
    """A share of respondents: ``value, low, high`` (0 to 1, Wilson), ``count`` of ``n``."""

    count: int
    n: int


class FitnessForUse(Result):
    """What the data can carry.

    ``questions``: ``question, kind`` ("metric" or "touchpoint"), ``n, answered, no_answer,
    not_used``, and the same as ``share_…`` of all rows. ``bases``, by period ("" without):
    ``period, n, n_effective, below_minimum, care, invited, response_rate``.
    ``representativeness``, by level of each known margin: ``segment, level, n, sample_share``
    (unweighted), ``known_share, difference, low, high`` (Wilson), ``p_value`` (chi-square of the
    margin). ``straight_lining``: who answers five or more touchpoints of one scale all the same.
    """

    questions: pd.DataFrame
    bases: pd.DataFrame
    representativeness: pd.DataFrame
    straight_lining: Share
    minimum_base: int
    confidence: float
    n_used: int
    n_dropped: int


def fitness(
    survey: pd.DataFrame,
    *,
    metrics: Sequence[str | Metric] = (),
    touchpoints: Sequence[str | Touchpoint] = (),
    minimum_base: int = MINIMUM_BASE,
    margins: Margins | None = None,
    invited: Mapping[Any, int] | None = None,
    design: SurveyDesign | None = None,
) -> FitnessForUse:
    """Take stock of a survey before anything is concluded from it.

    `survey` has one row a response; ``period`` and ``<touchpoint>_used`` are read where present.
    `margins` are known sizes of each segment's levels, as in `weights.rake`; `invited`: people
    asked in each period. DataError if the survey is empty, a column is absent, more people answered
    than were invited, or margins do not fit.
    """
    design = design or SurveyDesign()
    confidence = check_confidence(design.confidence)
    if len(survey) == 0:
        raise DataError("the survey has no rows.")
    keys = {_key(question): "metric" for question in metrics}
    keys |= {_key(question): "touchpoint" for question in touchpoints}
    if not keys:
        raise DataError("no metrics and no touchpoints are given to look at.")
    questions = pd.DataFrame([_question(survey, key, kind) for key, kind in keys.items()])
    known = () if not margins else read_margins(survey, margins)[0]
    tables = [_representativeness(margin, confidence) for margin in known]
    lining = _straight_lining(survey, touchpoints, confidence)
    any_answer = survey[list(keys)].notna().any(axis=1)
    return FitnessForUse(
        questions=questions,
        bases=_bases(survey, design, invited, minimum_base),
        representativeness=pd.concat(tables, ignore_index=True) if tables else NO_MARGINS.copy(),
        straight_lining=lining,
        minimum_base=minimum_base,
        confidence=confidence,
        n_used=int(any_answer.sum()),
        n_dropped=int((~any_answer).sum()),
        caveats=_caveats(survey, known, lining),
    )


def _key(question: str | Metric | Touchpoint) -> str:
    return question if isinstance(question, str) else question.key


def _question(survey: pd.DataFrame, key: str, kind: str) -> dict[str, Any]:
    answered = column(survey, key).notna().to_numpy()
    asked, n = used(survey, key), len(survey)
    parts = {"answered": answered, "no_answer": ~answered & asked, "not_used": ~answered & ~asked}
    counts = {name: int(rows.sum()) for name, rows in parts.items()}
    shares = {f"share_{name}": count / n for name, count in counts.items()}
    return {"question": key, "kind": kind, "n": n} | counts | shares


def _bases(
    survey: pd.DataFrame, design: SurveyDesign, invited: Mapping[Any, int] | None, minimum_base: int
) -> pd.DataFrame:
    w, _codes = drawn(survey, design)
    every = np.ones(len(survey)) if w is None else w
    asked = {str(label): count for label, count in (invited or {}).items()}
    label = pd.Series([""] * len(survey), dtype=object)
    if "period" in survey.columns:
        label = survey["period"].astype(object).map(str, na_action="ignore")
    rows = []
    for period in periods.order(list(dict.fromkeys([*label.dropna(), *asked]))):
        there = label.eq(period).to_numpy(dtype=bool)
        n, people = int(there.sum()), asked.get(period)
        if people is not None and (people < 1 or n > people):
            raise DataError(
                f"period {period!r}: {n} {Count(n):answer|answers} to {people} invitations."
            )
        effective = kish(every[there]) if n else 0.0
        rate = (nan, nan) if people is None else (float(people), n / people)
        rows.append((period, n, effective, n < minimum_base, n < CARE_BASE, *rate))
    return pd.DataFrame(rows, columns=list(_BASES))


def _straight_lining(
    survey: pd.DataFrame, touchpoints: Sequence[str | Touchpoint], confidence: float
) -> Share:
    """Look at the largest group of touchpoints on one scale: a 5 of 5 is not a 5 of 10."""
    groups: dict[tuple[int, int] | None, list[str]] = {}
    for question in touchpoints:
        scale = question.scale if isinstance(question, Touchpoint) else None
        groups.setdefault(scale, []).append(_key(question))
    keys = max(groups.values(), key=len, default=[])
    answers = pd.DataFrame({key: numbers(column(survey, key)) for key in keys})
    rated = answers[answers.notna().sum(axis=1) >= STRAIGHT_LINE]
    n = len(rated)
    if n == 0:
        return Share(value=nan, low=nan, high=nan, count=0, n=0)
    count = int((rated.max(axis=1) == rated.min(axis=1)).sum())
    low, high = wilson(count / n, n, confidence)
    return Share(value=count / n, low=low, high=high, count=count, n=n)


def _representativeness(margin: Margin, confidence: float) -> pd.DataFrame:
    counts = np.bincount(margin.codes[margin.codes >= 0], minlength=len(margin.levels))
    n = int(counts.sum())
    shares = counts / n
    ends = np.array([wilson(float(share), n, confidence) for share in shares])
    p_value = float(chisquare(counts, margin.known * n).pvalue) if counts.size > 1 else nan
    values = (margin.name, list(margin.levels), counts, shares, margin.known)
    gaps = (shares - margin.known, ends[:, 0] - margin.known, ends[:, 1] - margin.known, p_value)
    return pd.DataFrame(dict(zip(_FIT, (*values, *gaps), strict=True)))


def _caveats(survey: pd.DataFrame, known: tuple[Margin, ...], lining: Share) -> tuple[Caveat, ...]:
    undated = survey["period"].isna().sum() if "period" in survey.columns else 0
    unrated = _("Too few touchpoints were rated by anyone to speak of straight-lining.")
    caveats = counted(
        (undated, _("{n} {n:row has|rows have} no period and {n:stands|stand} in no base."))
    )
    caveats += said(lining.n == 0, unrated)
    message = _("{n} {n:row has|rows have} no {segment} and {n:is|are} left out of its comparison.")
    rare = _("{segment} has a level of which fewer than {n} were to be expected.")
    for margin in known:
        few = (margin.known * (margin.codes.size - margin.n_missing)).min() < EXPECTED_COUNT
        caveats += counted((margin.n_missing, message), segment=margin.name)
        caveats += said(few, rare, segment=margin.name, n=EXPECTED_COUNT)
    return caveats
