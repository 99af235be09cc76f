"""Questions on waiting times and charts (lessons 9 and 10)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.learn.replies import Key
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.learn.lesson import Lesson

# --- lesson 9: the curve is worked out ticket by ticket ------------------------------------------


def _mails(lesson: Lesson, days: float | None) -> tuple[Any, Any]:
    """Return hours and whether they ended in a solution, of e-mails of the last days or quarter."""
    log = lesson.open("lakeside-bank").tickets()
    now = max(log["created_at"].max(), log["resolved_at"].max())
    since = (
        np.datetime64("2026-07-01") if days is None else now - np.timedelta64(int(days * 24), "h")
    )
    kept = (log["channel"] == "email") & (log["created_at"] >= since)
    kept &= ~log["state"].isin(["cancelled", "merged"])
    rows = log[kept]
    hours = (rows["resolved_at"].fillna(now) - rows["created_at"]).dt.total_seconds() / 3600
    return hours.to_numpy(float), rows["resolved_at"].notna().to_numpy()


def _median(hours: Any, solved: Any) -> float:
    """Return Kaplan and Meier's median."""
    alive = 1.0
    for moment in np.unique(hours[solved]):
        alive *= 1 - (solved & (hours == moment)).sum() / (hours >= moment).sum()
        if alive <= 0.5:
            return float(moment)
    return math.nan


def _mean_of_solved(lesson: Lesson) -> Key:
    hours, solved = _mails(lesson, 7)
    return Key(
        right=float(hours[solved].mean()),
        unit="number",
        within=0.2,
        praise=_("Yes, and the number is right. What it says is not: look who is missing."),
        wrong={
            _("This is the mean with open tickets up to now; he left them out."): hours.mean(),
            _("This is the median; he reported the mean."): float(np.median(hours[solved])),
        },
    )


def _still_open(lesson: Lesson) -> Key:
    _hours, solved = _mails(lesson, 7)
    return Key(
        right=1 - float(solved.mean()),
        unit="share",
        within=0.006,
        praise=_("Yes: nearly one in four, and it is the slow ones."),
        wrong={_("This is the share that is solved."): float(solved.mean())},
    )


def _median_of_week(lesson: Lesson) -> Key:
    hours, solved = _mails(lesson, 7)
    return Key(
        right=_median(hours, solved),
        unit="number",
        within=0.2,
        praise=_("Yes. It hardly depends on how the slow ones end."),
        wrong={_("This is the median of the solved ones alone."): float(np.median(hours[solved]))},
    )


def _median_of_quarter(lesson: Lesson) -> Key:
    hours, solved = _mails(lesson, None)
    return Key(
        right=_median(hours, solved),
        unit="number",
        within=0.2,
        praise=_(
            "Yes: the week is no faster than the quarter. Only its slow ones were not yet in."
        ),
        wrong={
            _("This is the mean of the solved ones; the median is asked for."): hours[solved].mean()
        },
    )


# --- lesson 10 -----------------------------------------------------------------------------------


def _monthly(lesson: Lesson) -> Any:
    survey = lesson.open("nova-mall").survey(period="history")
    survey = survey[survey["nps"].notna()]
    sign = np.sign(np.digitize(survey["nps"], [6.5, 8.5]) - 1)
    survey = survey.assign(points=100 * sign * survey["weight"])
    sums = survey.groupby("period")[["points", "weight"]].sum()
    return (sums["points"] / sums["weight"]).to_numpy(float)


def _meetings(lesson: Lesson) -> Key:
    steps = np.diff(_monthly(lesson))
    return Key(
        right=int((steps < -5).sum()),
        unit="count",
        within=0,
        praise=_("Yes, and every single one about nothing."),
        wrong={
            _("You have counted rises; she meets on falls of more than 5."): int((steps > 5).sum()),
            _("Count only falls of more than 5 points."): int((steps < 0).sum()),
        },
    )


def _flagged(lesson: Lesson) -> Key:
    values = _monthly(lesson)
    spread = 2.66 * np.abs(np.diff(values)).mean()
    outside = int((np.abs(values - values.mean()) > spread).sum())
    return Key(
        right=outside,
        unit="count",
        within=0,
        praise=_("Yes: the chart holds its peace where nothing happened."),
        wrong={_("Those are all months; count those with a flag."): len(values)},
    )


def _wolf(_lesson: Lesson) -> Key:
    """Plain limits of three sigma and seven on one side, on many more series."""
    rng = np.random.default_rng(20_261_001)
    z = rng.normal(size=(4000, 24))
    centre = z.mean(axis=1, keepdims=True)
    out = (np.abs(z - centre) > 3).any(axis=1)
    above = np.lib.stride_tricks.sliding_window_view(z > centre, 7, axis=1).sum(axis=2)
    runs = ((above == 0) | (above == 7)).any(axis=1)
    return Key(
        right=float((out | runs).mean()),
        unit="share",
        within=0.09,
        praise=_(
            "Yes: about one stable chart in six. Twenty charts a page, and some cry every month."
        ),
        wrong={
            _("That is the chance of one month; here are 24, and rules on runs besides."): 0.003
        },
    )


def _breaks(lesson: Lesson) -> Key:
    survey = lesson.open("harbour-hotels").survey(period="history")
    top = survey.groupby("period")["nps"].apply(lambda r: (r >= 9).mean() - (r <= 6).mean())
    return Key(
        right=str(top.diff().idxmin()),
        unit="word",
        praise=_("Yes. From here on the usual level is a new one, once it has enough quarters."),
        wrong={
            _("This is the latest quarter; the break came before it."): str(top.index[-1]),
            _("This is the last quarter before the break."): str(
                top.index[list(top.index).index(top.diff().idxmin()) - 1]
            ),
        },
    )


QUESTIONS = {
    "9.1": _mean_of_solved,
    "9.2": _still_open,
    "9.3": _median_of_week,
    "9.4": _median_of_quarter,
    "10.1": _meetings,
    "10.2": _flagged,
    "10.3": _wolf,
    "10.4": _breaks,
}
