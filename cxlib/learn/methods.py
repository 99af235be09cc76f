"""Questions on drivers, scenarios and targets (lessons 6, 7 and 8)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.learn.replies import Key
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.learn.lesson import Lesson

# --- lesson 6: least squares by plain matrices ---------------------------------------------------

HARBOUR = "harbour-hotels"


def _fitted(lesson: Lesson) -> tuple[list[str], Any, float]:
    """Return touchpoints, their t values with all others held equal, and R²."""
    engagement = lesson.open(HARBOUR)
    rows = engagement.survey(period="history")
    keys = [point.key for point in engagement.touchpoints]
    rows = rows[rows["nps"].notna()]
    used = {key: rows[f"{key}_used"].fillna(True).astype(bool) for key in keys}
    rows = rows[~np.any([rows[key].isna() & used[key] for key in keys], axis=0)]
    partly = [key for key in keys if not used[key].all()]
    x = [rows[key].fillna(rows[key].mean()) for key in keys]
    x += [used[key][rows.index].astype(float) for key in partly]
    root = np.sqrt(rows["weight"].to_numpy(float))
    matrix = np.column_stack([np.ones(len(rows)), *x]).astype(float) * root[:, None]
    y = rows["nps"].to_numpy(float) * root
    beta, *_rest = np.linalg.lstsq(matrix, y, rcond=None)
    residual = y - matrix @ beta
    spread = residual @ residual / (len(y) - matrix.shape[1])
    errors = np.sqrt(spread * np.diag(np.linalg.inv(matrix.T @ matrix)))
    mean = (root @ y) / (root @ root)
    explained = 1 - residual @ residual / ((y - mean * root) ** 2).sum()
    return keys, (beta / errors)[1 : 1 + len(keys)], float(explained)


def _drivers(lesson: Lesson) -> set[str]:
    keys, t, _explained = _fitted(lesson)
    return {key for key, value in zip(keys, t, strict=True) if abs(value) > 3}


def _correlated(lesson: Lesson) -> Key:
    engagement = lesson.open(HARBOUR)
    rows = engagement.survey(period="history")
    found = []
    for point in engagement.touchpoints:
        pairs = rows[["nps", point.key]].dropna().to_numpy(float).T
        found.append(float(np.corrcoef(pairs)[0, 1]))
    return Key(
        right=sum(r > 0.2 for r in found),
        unit="count",
        within=0,
        praise=_("Yes, all of them. The ranking says nothing about any single one."),
        wrong={
            _("You have counted those above 0.3; the question says 0.2."): sum(
                r > 0.3 for r in found
            )
        },
    )


def _proven(lesson: Lesson) -> Key:
    every = {point.key for point in lesson.open(HARBOUR).touchpoints}
    right = _drivers(lesson)
    return Key(
        right=right,
        unit="word",
        praise=_("Yes: the three that were planted, and none besides."),
        wrong={
            _("They all correlate; which are left once the others are held equal?"): every,
            _("These are the ones that add nothing of their own."): every - right,
        },
    )


def _explained(lesson: Lesson) -> Key:
    explained = _fitted(lesson)[2]
    return Key(
        right=explained,
        unit="share",
        within=0.01,
        praise=_("Yes. The rest is what no questionnaire asked, and chance."),
        wrong={_("This is the multiple correlation; its square is explained."): explained**0.5},
    )


def _begin(lesson: Lesson) -> Key:
    rows = lesson.open(HARBOUR).survey()
    means = {key: float(rows[key].mean()) for key in _drivers(lesson)}
    ordered = sorted(means, key=means.__getitem__)
    return Key(
        right=ordered[0],
        unit="word",
        praise=_("Yes: it matters, and there is room above it."),
        wrong={
            _("It matters, but it is rated well: keep it up rather than mend it."): ordered[-1],
            _("It matters too, but another driver is rated lower."): ordered[1],
        },
    )


# --- lesson 7: the cut is worked out from what guests differ by ----------------------------------


def _level(rows: Any, key: str = "checkin") -> float:
    rows = rows[rows[key].notna()]
    return float(np.average(rows[key].to_numpy(float), weights=rows["weight"].to_numpy(float)))


def _fallen(lesson: Lesson) -> Key:
    engagement = lesson.open(HARBOUR)
    before, now = engagement.survey(period="2026Q1"), engagement.survey()
    return Key(
        right=_level(now) - _level(before),
        unit="number",
        within=0.01,
        praise=_("Yes: a whole point of five. That is how far a recovery can go."),
    )


def _gains(lesson: Lesson) -> tuple[float, float, float]:
    """Return what the recovery goes with, today's score and its target."""
    from cxlib.analysis import drivers

    engagement = lesson.open(HARBOUR)
    now, before = engagement.survey(), engagement.survey(period="2026Q1")
    found = drivers.scenario(
        now,
        outcome=engagement.metrics[0],
        drivers=engagement.touchpoints,
        changes={"checkin": _level(before) - _level(now)},
    )
    rows = now[now["nps"].notna()]
    sign = np.sign(np.digitize(rows["nps"], [6.5, 8.5]) - 1)
    value = 100 * float(np.average(sign, weights=rows["weight"].to_numpy(float)))
    (aim,) = (t.target for t in engagement.targets if t.metric == "nps")
    return float(found.change), value, float(aim)


def _counted(lesson: Lesson) -> Key:
    change, _value, _aim = _gains(lesson)
    return Key(
        right=change / 2,
        within=0.3,
        praise=_("Yes. Whoever promises the whole will explain the other half later."),
        wrong={_("This is all that the model says; half of it counts."): change},
    )


def _reached(lesson: Lesson) -> Key:
    change, value, aim = _gains(lesson)
    return Key(
        right=value + change / 2,
        within=0.3,
        praise=_("Yes: better by far, and still short of the target."),
        wrong={
            _("This counts the whole prediction."): value + change,
            _("Start from today's published score, not from the target."): aim - change / 2,
        },
    )


def _share_needed(lesson: Lesson) -> Key:
    change, value, aim = _gains(lesson)
    return Key(
        right=(aim - value) / change,
        unit="share",
        within=0.02,
        praise=_("Yes: more than by convention is counted. It takes a second action, or luck."),
        wrong={_("You have divided the other way round."): change / (aim - value)},
    )


# --- lesson 8 ------------------------------------------------------------------------------------

_TWO, _ONE, _POWER = 1.959964, 1.644854, 0.841621
"""Normal quantiles: two-sided and one-sided 5%, and 80% power."""


def _answers_a_wave(_lesson: Lesson) -> Key:
    n = (_TWO + _POWER) ** 2 * 2 * 0.7 / 0.1**2
    one = (_ONE + _POWER) ** 2 * 0.7 / 0.1**2
    return Key(
        right=math.ceil(n),
        unit="count",
        within=1,
        praise=_("Yes: eleven hundred a wave. Few clients have so many."),
        wrong={
            _("This is for one wave against a fixed target; two waves double the doubt."): (
                math.ceil(one)
            ),
            _("This is both waves together; give the answers of one."): 2 * math.ceil(n),
        },
    )


def _visible(_lesson: Lesson) -> Key:
    change = 100 * (_TWO + _POWER) * math.sqrt(2 * 0.7 / 600)
    return Key(
        right=change,
        praise=_("Yes. A rise of ten would as a rule go unseen; do not promise to show it."),
        wrong={
            _("This lies just outside the interval, and is found only every second time."): (
                100 * _TWO * math.sqrt(2 * 0.7 / 600)
            ),
            _("Both waves are samples; the doubt of both counts."): 100
            * (_TWO + _POWER)
            * math.sqrt(0.7 / 600),
        },
    )


def _true_value(lesson: Lesson) -> Key:
    ratings = lesson.open("lakeside-bank").survey()["nps"].dropna()
    sign = np.sign(np.digitize(ratings, [6.5, 8.5]) - 1)
    error = 100 * float(sign.std()) / math.sqrt(len(sign))
    return Key(
        right=12 + (_ONE + _POWER) * error,
        within=0.2,
        praise=_("Yes: to prove 12 the bank needs nearly 20. Say so before it signs."),
        wrong={
            _("So far above the target it must lie; give the score itself."): (_ONE + _POWER)
            * error,
            _("With this true score it would be called met only every second time."): 12
            + _ONE * error,
        },
    )


def _invited(_lesson: Lesson) -> Key:
    n = (_TWO + _POWER) ** 2 * 2 * 0.7 / 0.1**2
    return Key(
        right=n / (599 / 2750),
        unit="count",
        within=10,
        praise=_("Yes: nearly twice the customers it could ask this quarter."),
        wrong={
            _("Divide by the response rate; fewer answer than are invited."): n * 599 / 2750,
            _("Those are the answers; how many have to be invited to get them?"): n,
        },
    )


QUESTIONS = {
    "6.1": _correlated,
    "6.2": _proven,
    "6.3": _explained,
    "6.4": _begin,
    "7.1": _fallen,
    "7.2": _counted,
    "7.3": _reached,
    "7.4": _share_needed,
    "8.1": _answers_a_wave,
    "8.2": _visible,
    "8.3": _true_value,
    "8.4": _invited,
}
