"""Is the field on course: answers against quotas, drop-off, speeders, straight-liners."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, nan, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxlib.analysis import validate
from cxlib.analysis.estimation import z_of
from cxlib.analysis.fieldwork.plan import SamplePlan
from cxlib.analysis.metrics import number
from cxlib.analysis.results import Tabled, counted
from cxlib.errors import DataError
from cxlib.words import mark as _

Counts = NDArray[np.int64]
SPEEDER = 1 / 3
"""Who takes less than this part of the median time cannot have read the questions."""


class Progress(Tabled):
    """How the field is doing.

    ``table``: a row a quota: ``segment, level, answers`` (finished), ``quota, missing, share,
    per_day`` (over the last seven days), ``met_on`` (day at that rate) and its 95% prediction
    interval ``met_from, met_until`` (NaT: no end in sight). ``days``: ``date, started, finished,
    answers`` (finished so far). ``ahead``: ``date, answers`` and its interval, from the last day on
    at the rate of the last seven. ``drop_off``: ``question, reached, left``: who saw it, and who
    answered nothing after the one before; who finished saw them all. Speeders took under a third of
    `median_seconds` (of finished interviews), straight-liners gave the battery one answer;
    ``flagged``: their rows. ``response_rate``: finished / invited (NaN if not told);
    ``completion``: finished / started.
    """

    days: pd.DataFrame
    ahead: pd.DataFrame
    drop_off: pd.DataFrame
    n_started: int
    n_finished: int
    n_speeders: int
    n_straight_liners: int
    response_rate: float
    completion: float
    median_seconds: float
    flagged: pd.Index


def progress(
    responses: pd.DataFrame,
    *,
    plan: SamplePlan | pd.DataFrame,
    invited: float | None = None,
    date: str = "date",
    finished: str | None = "finished",
    seconds: str | None = "seconds",
    battery: Sequence[str] = (),
    questions: Sequence[str] = (),
) -> Progress:
    """Compare what came back with the plan.

    Parameters
    ----------
    responses : pandas.DataFrame
        One row an interview that was started.
    plan : SamplePlan or pandas.DataFrame
        The plan, or its quotas: ``segment, level, answers``; an empty segment means all.
    invited : float, optional
        Invitations sent so far.
    date, finished, seconds : str
        Columns: day (or moment) of the interview, whether it was finished (true/false; all of them
        if there is no such column), and how long it took.
    battery : sequence of str
        Rating questions on one scale, to find straight-liners: those who answered at least four,
        all alike.
    questions : sequence of str
        All questions in their order, to find where people leave.

    Raises
    ------
    DataError
        If nothing came back, a column is absent or a date cannot be read.

    Notes
    -----
    The day a quota is met is missing / rate, the rate that of the last seven days. Its interval is
    that of a future count: with d days of mean λ and dispersion φ = max(1, variance / mean), the
    count of T days has mean λT and variance φ(λT + λT²/d); T solves λT ± t √(…) = missing, t with
    d − 1 degrees of freedom. It holds if the days ahead are like those days; fields slow down.
    """
    quotas = plan.quotas if isinstance(plan, SamplePlan) else plan
    if responses.empty:
        raise DataError("no interview was started yet: there is nothing to compare with the plan.")
    day = validate.dates_of(validate.column(responses, date)).dt.normalize()
    done = np.ones(len(responses), dtype=bool)
    if finished is not None and finished in responses:
        done = validate.flags(responses[finished]).fillna(value=False).to_numpy(bool)
    took = np.full(len(responses), nan)
    if seconds is not None and seconds in responses:
        took = validate.numbers(responses[seconds])
    timed = took[done & ~np.isnan(took)]
    median = float(np.median(timed)) if len(timed) else nan
    fast = done & (took < SPEEDER * median)
    flat = np.zeros(len(responses), dtype=bool)
    if len(battery) >= 4:
        given = {name: validate.numbers(validate.column(responses, name)) for name in battery}
        answers = pd.DataFrame(given)
        same = answers.max(axis=1) == answers.min(axis=1)
        flat = done & (same & (answers.count(axis=1) >= 4)).to_numpy()
    days = pd.DataFrame({"date": day, "finished": done.astype(int), "started": 1})
    days = days.groupby("date")[["started", "finished"]].sum()
    days = days.reindex(pd.date_range(days.index.min(), days.index.max()), fill_value=0)
    days = days.assign(answers=days["finished"].cumsum()).rename_axis("date").reset_index()
    weak, whole = int((fast | flat).sum()), int(done.sum())
    message = _(
        "{n} of {all} interviews {n:was|were} too fast or answered all alike: look at {n:it|them}."
    )
    return Progress(
        table=_against(quotas, responses, day, done),
        days=days,
        ahead=_ahead(days),
        drop_off=_drop_off(responses, questions, done),
        n_started=len(responses),
        n_finished=whole,
        n_speeders=int(fast.sum()),
        n_straight_liners=int(flat.sum()),
        response_rate=whole / number(invited, "invited") if invited else nan,
        completion=float(done.mean()),
        median_seconds=median,
        flagged=responses.index[fast | flat],
        caveats=counted((weak if weak > 0.1 * max(1, whole) else 0, message), all=whole),
    )


def _against(
    quotas: pd.DataFrame, responses: pd.DataFrame, day: pd.Series, done: validate.Flags
) -> pd.DataFrame:
    """Return each quota with what came back for it, and when it is met at this rate."""
    first, last = day.min(), day.max()
    recent = (day > last - pd.Timedelta(days=7)).to_numpy() & done
    span = min(7, (last - first).days + 1)
    rows = []
    for quota in quotas.to_dict("records"):
        inside = np.ones(len(responses), dtype=bool)
        if quota["segment"]:
            column = validate.column(responses, str(quota["segment"]))
            inside = column.astype("string").eq(str(quota["level"])).fillna(False).to_numpy(bool)
        have, wanted = int((inside & done).sum()), float(quota["answers"])
        missing, rate = max(0.0, wanted - have), float((inside & recent).sum()) / span
        row = {"segment": quota["segment"], "level": quota["level"], "answers": have}
        row |= {"quota": wanted, "missing": missing, "per_day": rate}
        row |= dict.fromkeys(("met_on", "met_from", "met_until"), pd.NaT)
        row |= {"share": have / wanted if wanted else 1.0}
        if missing == 0:
            reached = day[inside & done].sort_values()
            row["met_on"] = reached.iloc[ceil(wanted) - 1] if wanted else pd.NaT
        elif rate > 0:
            week = pd.date_range(last - pd.Timedelta(days=span - 1), last)
            counts = day[inside & recent].value_counts().reindex(week, fill_value=0).to_numpy()
            ends = [_days_until(missing, counts, side) for side in (1, 0, -1)]
            days_ = [last + pd.Timedelta(days=ceil(d)) if d < _NEVER else pd.NaT for d in ends]
            row |= dict(zip(("met_from", "met_on", "met_until"), days_, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


_NEVER = 3650.0
"""Days beyond which a field is not said to end."""


def _ahead(days: pd.DataFrame) -> pd.DataFrame:
    """Return the answers to come over the next quarter at the rate of the last seven days."""
    counts = days["finished"].to_numpy()[-7:]
    d, rate = len(counts), float(counts.mean())
    z, spread = _spread(counts)
    at = np.arange(93)
    more = rate * at
    half = np.where(at > 0, z * np.sqrt(spread * (more + rate * at**2 / d)), 0.0)
    so_far, last = float(days["answers"].iloc[-1]), days["date"].iloc[-1]
    ahead = pd.DataFrame({"date": last + pd.to_timedelta(at, unit="D"), "answers": so_far + more})
    low, high = so_far + np.maximum(more - half, 0.0), so_far + more + half
    return ahead.assign(answers_low=low, answers_high=high)


def _spread(counts: Counts) -> tuple[float, float]:
    """Return the t quantile and the dispersion of daily counts."""
    d, rate = len(counts), float(counts.mean())
    if d < 2 or rate == 0:
        return inf, 1.0
    return z_of(0.95, d - 1), max(1.0, float(counts.var(ddof=1)) / rate)


def _days_until(missing: float, counts: Counts, side: int) -> float:
    """Return the days until `missing` more came, at the rate of `counts`; early, or late."""
    d, rate = len(counts), float(counts.mean())
    z, spread = _spread(counts)
    if side == 0:
        return missing / rate
    if not np.isfinite(z):
        return 1.0 if side > 0 else inf
    # (rate T − missing)² = z² spread (rate T + rate T²/d), on the side of z
    a = rate**2 - z**2 * spread * rate / d
    b = 2 * missing * rate + z**2 * spread * rate
    if side < 0 and a <= 0:
        return inf
    early = 2 * missing**2 / (b + sqrt(b**2 - 4 * a * missing**2))
    return early if side > 0 else missing**2 / (a * early)


def _drop_off(
    responses: pd.DataFrame, questions: Sequence[str], done: validate.Flags
) -> pd.DataFrame:
    for name in questions:
        validate.column(responses, name)
    if not questions:
        return pd.DataFrame({"question": [], "reached": [], "left": []})
    given = responses[list(questions)].notna().to_numpy()
    last = np.where(given.any(axis=1), given.shape[1] - given[:, ::-1].argmax(axis=1), 0)
    last = np.where(done, len(questions), last)
    left = np.bincount(last, minlength=len(questions) + 1)
    reached = len(last) - np.cumsum(left) + left
    told = {"question": list(questions), "reached": reached[:-1], "left": left[:-1]}
    return pd.DataFrame(told)
