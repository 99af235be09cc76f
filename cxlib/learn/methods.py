"""Answers on targets, drivers, scenarios, waiting times and charts (5.1, 6 to 10)."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from cxlib.learn.lesson import Lesson, Told, answers
from cxlib.learn.scores import net, signs

HARBOUR = "harbour-hotels"

# --- lesson 6: least squares by plain matrices ---------------------------------------------------


@cache
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


@answers("6.1")
def _correlated(lesson: Lesson) -> Told:
    engagement = lesson.open(HARBOUR)
    rows = engagement.survey(period="history")
    pairs = [rows[["nps", point.key]].dropna() for point in engagement.touchpoints]
    found = np.array([np.corrcoef(pair.to_numpy(float).T)[0, 1] for pair in pairs])
    return {"right": int((found > 0.2).sum()), "higher": int((found > 0.3).sum())}


@answers("6.2")
def _proven(lesson: Lesson) -> Told:
    every = {point.key for point in lesson.open(HARBOUR).touchpoints}
    right = _drivers(lesson)
    return {"right": right, "all": every, "others": every - right}


@answers("6.3")
def _explained(lesson: Lesson) -> Told:
    explained = _fitted(lesson)[2]
    return {"right": explained, "root": explained**0.5}


@answers("6.4")
def _begin(lesson: Lesson) -> Told:
    rows = lesson.open(HARBOUR).survey()
    ordered = sorted(_drivers(lesson), key=lambda key: rows[key].mean())
    return {"right": ordered[0], "best": ordered[-1], "second": ordered[1]}


# --- lesson 7: the cut is worked out from what guests differ by ----------------------------------


def _fall_of_checkin(lesson: Lesson) -> float:
    parts = [lesson.open(HARBOUR).survey(period=period) for period in ("2026Q1", None)]
    was, now = (
        np.average(rows["checkin"].astype(float), weights=rows["weight"])
        for rows in (part[part["checkin"].notna()] for part in parts)
    )
    return float(now - was)


def _goal(lesson: Lesson) -> tuple[float, float]:
    """Return today's weighted score, and the target."""
    engagement = lesson.open(HARBOUR)
    rows = engagement.survey()
    rows = rows[rows["nps"].notna()]
    (aim,) = (t.target for t in engagement.targets if t.metric == "nps")
    return net(rows["nps"], rows["weight"]), float(aim)


@cache
def _gain(lesson: Lesson) -> float:
    """Return what the recovery goes with."""
    from cxlib.analysis import drivers

    engagement = lesson.open(HARBOUR)
    found = drivers.scenario(
        engagement.survey(),
        outcome=engagement.metrics[0],
        drivers=engagement.touchpoints,
        changes={"checkin": -_fall_of_checkin(lesson)},
    )
    return float(found.change)


@answers("5.1")
def _gap(lesson: Lesson) -> Told:
    value, aim = _goal(lesson)
    return {"right": aim - value, "share": 100 * (1 - value / aim)}


@answers("7.1")
def _fallen(lesson: Lesson) -> Told:
    return {"right": _fall_of_checkin(lesson)}


@answers("7.2")
def _counted(lesson: Lesson) -> Told:
    change = _gain(lesson)
    return {"right": change / 2, "whole": change}


@answers("7.3")
def _reached(lesson: Lesson) -> Told:
    change, (value, aim) = _gain(lesson), _goal(lesson)
    return {"right": value + change / 2, "whole": value + change, "target": aim - change / 2}


@answers("7.4")
def _share_needed(lesson: Lesson) -> Told:
    change, (value, aim) = _gain(lesson), _goal(lesson)
    return {"right": (aim - value) / change, "turned": change / (aim - value)}


# --- lesson 8 ------------------------------------------------------------------------------------

_TWO, _ONE, _POWER = 1.959964, 1.644854, 0.841621
"""Normal quantiles: two-sided and one-sided 5%, and 80% power."""
_A_WAVE = (_TWO + _POWER) ** 2 * 2 * 0.7 / 0.1**2


@answers("8.1")
def _answers_a_wave(_lesson: Lesson) -> Told:
    one = (_ONE + _POWER) ** 2 * 0.7 / 0.1**2
    return {"right": math.ceil(_A_WAVE), "one": math.ceil(one), "both": 2 * math.ceil(_A_WAVE)}


@answers("8.2")
def _visible(_lesson: Lesson) -> Told:
    one = 100 * math.sqrt(0.7 / 600)
    both = math.sqrt(2) * one
    right = (_TWO + _POWER) * both
    return {"right": right, "interval": _TWO * both, "one": (_TWO + _POWER) * one}


@answers("8.3")
def _true_value(lesson: Lesson) -> Told:
    sign = signs(lesson.open("lakeside-bank").survey()["nps"].dropna())
    error = 100 * float(sign.std()) / math.sqrt(len(sign))
    distance = (_ONE + _POWER) * error
    return {"right": 12 + distance, "distance": distance, "half": 12 + _ONE * error}


@answers("8.4")
def _invited(_lesson: Lesson) -> Told:
    rate = 599 / 2750
    return {"right": _A_WAVE / rate, "times": _A_WAVE * rate, "answers": _A_WAVE}


# --- lesson 9: the curve is worked out ticket by ticket ------------------------------------------


def _mails(lesson: Lesson, days: float | None) -> tuple[Any, Any]:
    """Return hours and whether they ended in a solution, of e-mails of the last days or quarter."""
    log = lesson.open("lakeside-bank").tickets()
    now = max(log["created_at"].max(), log["resolved_at"].max())
    since = np.datetime64("2026-07-01")
    if days is not None:
        since = now - np.timedelta64(int(days * 24), "h")
    kept = (log["channel"] == "email") & (log["created_at"] >= since)
    rows = log[kept & ~log["state"].isin(["cancelled", "merged"])]
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


@answers("9.1")
def _mean_of_solved(lesson: Lesson) -> Told:
    hours, solved = _mails(lesson, 7)
    done = hours[solved]
    return {"right": float(done.mean()), "all": hours.mean(), "median": float(np.median(done))}


@answers("9.2")
def _still_open(lesson: Lesson) -> Told:
    solved = float(_mails(lesson, 7)[1].mean())
    return {"right": 1 - solved, "solved": solved}


@answers("9.3")
def _median_of_week(lesson: Lesson) -> Told:
    hours, solved = _mails(lesson, 7)
    return {"right": _median(hours, solved), "solved": float(np.median(hours[solved]))}


@answers("9.4")
def _median_of_quarter(lesson: Lesson) -> Told:
    hours, solved = _mails(lesson, None)
    return {"right": _median(hours, solved), "mean": hours[solved].mean()}


# --- lesson 10 -----------------------------------------------------------------------------------


def _monthly(lesson: Lesson) -> Any:
    survey = lesson.open("nova-mall").survey(period="history")
    months = survey[survey["nps"].notna()].groupby("period")
    return np.array([net(rows["nps"], rows["weight"]) for _month, rows in months])


@answers("10.1")
def _meetings(lesson: Lesson) -> Told:
    steps = np.diff(_monthly(lesson))
    cases = {"right": steps < -5, "rises": steps > 5, "falls": steps < 0}
    return {name: int(those.sum()) for name, those in cases.items()}


@answers("10.2")
def _flagged(lesson: Lesson) -> Told:
    values = _monthly(lesson)
    outside = np.abs(values - values.mean()) > 2.66 * np.abs(np.diff(values)).mean()
    return {"right": int(outside.sum()), "months": len(values)}


@answers("10.3")
def _wolf(_lesson: Lesson) -> Told:
    """Plain limits of three sigma and seven on one side, on many more series."""
    z = np.random.default_rng(20_261_001).normal(size=(4000, 24))
    centre = z.mean(axis=1, keepdims=True)
    out = (np.abs(z - centre) > 3).any(axis=1)
    above = np.lib.stride_tricks.sliding_window_view(z > centre, 7, axis=1).sum(axis=2)
    runs = ((above == 0) | (above == 7)).any(axis=1)
    return {"right": float((out | runs).mean()), "month": 0.003}


@answers("10.4")
def _breaks(lesson: Lesson) -> Told:
    survey = lesson.open(HARBOUR).survey(period="history")
    top = survey.groupby("period")["nps"].apply(lambda r: (r >= 9).mean() - (r <= 6).mean())
    at, periods = int(top.diff().argmin()), [str(period) for period in top.index]
    return {"right": periods[at], "latest": periods[-1], "before": periods[at - 1]}
