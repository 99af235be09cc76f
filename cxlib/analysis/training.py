"""Did the training teach: paired tests before and after, and the questions that tell it."""

from __future__ import annotations

from math import nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import ttest_rel
from statsmodels.stats.weightstats import CompareMeans

from cxlib.analysis import validate
from cxlib.analysis.metrics import number
from cxlib.analysis.results import Tabled, Tested, said
from cxlib.errors import Count, DataError
from cxlib.words import mark as _


class Evaluation(Tabled, Tested):
    """What participants gained, of those tested twice.

    ``value, low, high, statistic, df, p_value``: mean gain in the test's points, its paired t
    interval and test. ``effect_size`` with its bootstrap interval: gain over the standard deviation
    before (Glass); ``d_z``: over that of the gains (Hedges). ``before, after``: means of those
    tested twice. ``n, n_before_only, n_after_only, n_neither``: participants; ``lost_before,
    lost_after``: means of those tested once. ``table``: by group: ``group, n, before, after, value,
    low, high, p_value``.
    """

    effect_size: float
    effect_low: float
    effect_high: float
    d_z: float
    before: float
    after: float
    n: int
    n_before_only: int
    n_after_only: int
    n_neither: int
    lost_before: float
    lost_after: float


class Contrast(Tested):
    """What those who were trained gained more than those who were not.

    ``value, low, high, statistic, df, p_value``: difference of the mean gains in the test's points,
    its Welch interval and test. ``gain, gain_without, n, n_without``: mean gain with the training
    and without, and participants tested twice of either.
    """

    gain: float
    gain_without: float
    n: int
    n_without: int


class ItemAnalysis(Tabled):
    """How good each question of a test is.

    ``table``: one row a question: ``item, n, difficulty`` (share of the marks won, 0 to 1),
    ``discrimination`` (correlation with the rest of the test), ``upper_lower`` (difficulty of the
    best 27% less that of the weakest), ``reliability_without`` (Cronbach's alpha without it),
    ``advice`` ("", "too easy", "too hard", "does not tell", "points the wrong way").
    ``reliability``: Cronbach's alpha; of right/wrong questions Kuder-Richardson 20.
    ``standard_error``: of one participant's total, sd · √(1 − reliability), in marks. ``n,
    n_dropped``: participants who answered the test, and those without an answer to anything.
    """

    reliability: float
    standard_error: float
    n: int
    n_dropped: int


def evaluate(
    data: pd.DataFrame,
    *,
    before: str = "pre",
    after: str = "post",
    by: str | None = None,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 20240601,
) -> Evaluation:
    """Compare the same participants before and after a training.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a participant.
    before, after : str
        Columns of the two test scores.
    by : str, optional
        Column of groups, each evaluated as well; group against group says nothing of the training
        unless one of them had none.
    confidence : float
        Coverage of the intervals.
    draws, seed : int
        Bootstrap of the effect size.

    Raises
    ------
    DataError
        If a column is absent or holds text, or fewer than two were tested twice.

    Notes
    -----
    Without a group that had no training a gain is no proof of the training: a test is easier the
    second time, and who scored low by chance scores nearer the mean.
    """
    pre, post = _tests(data, before, after)
    first, second = ~np.isnan(pre), ~np.isnan(post)
    both, level = first & second, validate.check_confidence(confidence)
    if both.sum() < 2:
        raise DataError(f"{int(both.sum())} took both {before!r} and {after!r}: two are needed.")
    x, y = pre[both], post[both]
    whole = _row("", x, y, level)
    rows = [whole]
    if by is not None:
        groups = validate.column(data, by)[both]
        sides = [(g, groups.eq(g).to_numpy()) for g in validate.levels_of(groups)]
        rows = [_row(g, x[here], y[here], level) for g, here in sides if here.sum() > 1]
    n, lost, late = len(x), pre[first & ~second], post[second & ~first]
    means = [float(once.mean()) if len(once) else nan for once in (lost, late)]
    picks = validate.generator(seed).integers(0, n, (validate.count(draws, "draws"), n))
    message = _(
        "{n} {n:participant|participants} took only the first test; {n:the|their} mean there "
        "was {lost:.1f}, that of those who took both {stayed:.1f}."
    )
    notes = said(len(lost), message, n=len(lost), lost=means[0], stayed=float(x.mean()))
    notes += said(n < 15, _("Fewer than 15 took both tests: the interval is rough."), n=n)
    del whole["group"]
    return Evaluation(
        **whole,
        **_effect(x, y - x, level, picks),
        df=float(n - 1),
        n_before_only=len(lost),
        n_after_only=len(late),
        n_neither=int((~first & ~second).sum()),
        lost_before=means[0],
        lost_after=means[1],
        table=pd.DataFrame(rows, columns=_ROW),
        caveats=notes,
    )


def against(
    data: pd.DataFrame,
    *,
    trained: str = "trained",
    before: str = "pre",
    after: str = "post",
    confidence: float = 0.95,
) -> Contrast:
    """Compare the gain of those who were trained with that of those who were not (Welch).

    Only those who took both tests count, two of either at least. Only where it was drawn by lot who
    is trained is the difference the effect of the training.
    """
    pre, post = _tests(data, before, after)
    taught, gain = validate.flags(validate.column(data, trained)), post - pre
    with_it, without = (
        gain[taught.eq(side).fillna(value=False).to_numpy(bool) & ~np.isnan(gain)]
        for side in (True, False)
    )
    if min(len(with_it), len(without)) < 2:
        raise DataError(
            f"{len(with_it)} with and {len(without)} without the training took both: "
            "two of each are needed."
        )
    level = validate.check_confidence(confidence)
    low, high, statistic, df, p = (nan,) * 5
    if _varies(with_it) or _varies(without):
        pair = CompareMeans.from_data(with_it, without)
        low, high = pair.tconfint_diff(1 - level, usevar="unequal")
        statistic, p, df = pair.ttest_ind(usevar="unequal")
    had, lacked = float(with_it.mean()), float(without.mean())
    return Contrast(
        value=had - lacked, low=float(low), high=float(high), statistic=float(statistic),
        df=float(df), p_value=float(p), gain=had, gain_without=lacked, n=len(with_it),
        n_without=len(without),
    )  # fmt: skip


def items(
    responses: pd.DataFrame, *, marks: pd.Series | dict[str, float] | None = None
) -> ItemAnalysis:
    """Analyse the questions of a test: difficulty, discrimination, reliability.

    `responses`: a row a participant, a column a question: marks won, 0 for wrong. An answer left
    out counts as wrong; a participant without any answer is left out. `marks`: full marks by
    question; the most that anybody won, and at least 1, unless told. (Crocker, Algina 1986,
    Introduction to Classical and Modern Test Theory.)
    """
    responses = pd.DataFrame(responses)
    names = [str(name) for name in responses.columns]
    raw = np.column_stack([validate.numbers(responses[name]) for name in responses.columns])
    answered = np.asarray(~np.isnan(raw).all(axis=1))
    x = np.nan_to_num(raw[answered])
    n, k = x.shape
    if k < 2 or n < 3:
        raise DataError(
            f"{k} {Count(k):question|questions} and {n} participants: at least 2 and 3 are needed."
        )
    full = np.maximum(x.max(axis=0), 1.0)
    if marks is not None:
        told = dict(marks)
        full = np.array([number(told.get(name, nan), f"marks of {name!r}") for name in names])
    wrong = np.argwhere((x < 0) | (x > full))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{names[column]!r} holds {x[row, column]:g} (row "
            f"{validate.row_of(responses.index[answered], row)}); marks go from 0 to "
            f"{full[column]:g}."
        )
    total = x.sum(axis=1)
    third = max(1, round(0.27 * n))
    order = np.argsort(total, kind="stable")
    low, high = x[order[:third]].mean(axis=0) / full, x[order[-third:]].mean(axis=0) / full
    difficulty = x.mean(axis=0) / full
    rest = np.array([_correlation(x[:, item], total - x[:, item]) for item in range(k)])
    table = pd.DataFrame(
        {
            "item": names,
            "n": (~np.isnan(raw[answered])).sum(axis=0),
            "difficulty": difficulty,
            "discrimination": rest,
            "upper_lower": high - low,
            "reliability_without": [_alpha(np.delete(x, item, axis=1)) for item in range(k)],
        }
    )
    faults = {_("too easy"): difficulty > 0.95, _("too hard"): difficulty < 0.2}
    faults |= {_("points the wrong way"): rest < 0, _("does not tell"): ~(rest >= 0.2)}
    table["advice"] = np.select([*faults.values()], [*faults], "")
    reliability = _alpha(x)
    message = _(
        "{n} {n:participant|participants}: difficulty and discrimination are rough below 30."
    )
    return ItemAnalysis(
        table=table,
        reliability=reliability,
        standard_error=float(total.std(ddof=1) * np.sqrt(np.maximum(0.0, 1 - reliability))),
        n=n,
        n_dropped=int((~answered).sum()),
        caveats=said(n < 30, message, n=n),
    )


_ROW = ["group", "n", "before", "after", "value", "low", "high", "p_value"]


def _tests(data: pd.DataFrame, *names: str) -> list[np.ndarray]:
    return [validate.numbers(validate.column(data, name)) for name in names]


def _row(group: object, x: np.ndarray, y: np.ndarray, confidence: float) -> dict[str, Any]:
    """Return one group's gain with its paired t interval."""
    gain = y - x
    row = {"group": group, "n": len(x), "before": float(x.mean()), "after": float(y.mean())}
    row |= {"value": float(gain.mean()), "low": nan, "high": nan, "p_value": nan, "statistic": nan}
    if _varies(gain):
        test = ttest_rel(y, x)
        ends = test.confidence_interval(confidence)
        row |= {"low": float(ends.low), "high": float(ends.high)}
        row |= {"p_value": float(test.pvalue), "statistic": float(test.statistic)}
    return row


def _varies(gain: np.ndarray) -> bool:
    """Tell whether gains differ by more than rounding."""
    return bool(np.ptp(gain) > 1e-9 * max(1.0, np.abs(gain).max()))


def _effect(
    x: np.ndarray, gain: np.ndarray, confidence: float, picks: np.ndarray
) -> dict[str, Any]:
    """Return Glass's effect size with its bootstrap interval, and d_z (Hedges' correction)."""
    sd, df = x.std(ddof=1), len(x) - 1
    spread = x[picks].std(axis=1, ddof=1)
    sizes = gain[picks].mean(axis=1)[spread > 0] / spread[spread > 0]
    tail = (1 - confidence) / 2
    low, high = np.quantile(sizes, [tail, 1 - tail]) if len(sizes) else (nan, nan)
    of_gains = gain.std(ddof=1) if _varies(gain) else 0.0
    correction = np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / sqrt(df / 2) if df > 1 else 1.0
    return {
        "effect_size": float(gain.mean() / sd) if sd > 0 else nan,
        "effect_low": float(low),
        "effect_high": float(high),
        "d_z": float(gain.mean() / of_gains * correction) if of_gains > 0 else nan,
    }


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 0 and b.std() > 0 else nan


def _alpha(x: np.ndarray) -> float:
    """Return Cronbach's alpha (KR-20 for 0/1); variances over n, as KR-20 is defined."""
    k, whole = x.shape[1], x.sum(axis=1).var()
    return float(k / (k - 1) * (1 - x.var(axis=0).sum() / whole)) if k > 1 and whole > 0 else nan
