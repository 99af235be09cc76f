"""A wave brought together: its plan, and its field as far as it has come."""

from __future__ import annotations

from math import inf, isfinite, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.fieldwork import Progress, SamplePlan, progress, sample_plan
from cxlib.analysis.results import Result
from cxlib.columns import records

MARGINS = {"points": 5.0, "percent": 5.0}
"""What is asked of a KPI whose aim the client file does not name: ± so many points …"""
OF_SCALE = 0.05
"""… or so much of its scale, where it is a mean."""
WITHIN = 2.0
"""So many times the margin is asked within a group."""
BACK = 4
"""Periods over which the response rate seen before is taken."""


class Field(Result):
    """A wave: its plan, and its field as far as it has come.

    `wave` is the first one planned from the period on, `seen` the period that the plan rests on;
    `plan` is of the whole, `groups` of groups (None: none asked for); `rate` is the response rate
    seen before (NaN: unknown). `going` is None while nobody has answered; `quotas` the plan that it
    is held against, `dated` its first and last day.
    """

    wave: str
    seen: str
    estimates: pd.DataFrame
    plan: SamplePlan | None
    groups: SamplePlan | None
    rate: float
    rows: pd.DataFrame
    going: Progress | None
    quotas: pd.DataFrame
    invited: float
    dated: tuple[pd.Timestamp | None, pd.Timestamp | None]


def field(engagement: Any) -> Field:
    """Return the wave's plan and its field."""
    given = engagement.client.fieldwork
    wave = _wave(engagement.period, tuple(given.waves))
    of_wave = given.waves.get(wave)
    seen = engagement.period
    if wave == engagement.period and engagement.previous:
        seen = engagement.previous
    estimates = engagement.kpis().at(seen, source=("survey", "touchpoint")).table
    estimates = estimates[estimates["n"] >= engagement.minimum_base]
    rate = _rate(engagement, seen)
    plan, groups = _plans(engagement, estimates, seen, rate)
    start, end = (of_wave.start, of_wave.end) if of_wave else (None, None)
    dated = (start and pd.Timestamp(start), end and pd.Timestamp(end))
    rows = _rows(engagement, wave, dated)
    quotas = _quotas(of_wave, plan, groups)
    counted = engagement.client.survey.invited.get(wave)
    invited = float((of_wave.invited if of_wave else None) or counted or nan)
    going = None
    if len(rows):
        names = _asked(engagement, rows)
        going = progress(
            rows.assign(**{f"asked {key}": given_ for key, given_ in names.items()}),
            plan=quotas,
            invited=invited if isfinite(invited) else None,
            battery=_battery(engagement, rows),
            questions=[f"asked {key}" for key in names],
        )
    return Field(
        wave=wave, seen=seen, estimates=estimates, plan=plan, groups=groups, rate=rate, rows=rows,
        going=going, quotas=quotas, invited=invited, dated=dated,
    )  # fmt: skip


def _wave(period: str, planned: tuple[str, ...]) -> str:
    """Return the first wave planned from the period on; without a place in time, the last."""
    if period in planned or not planned:
        return period
    if periods.kind_of(period) is None:
        return planned[-1]
    later = [
        w for w in periods.order(planned) if periods.parse(w).start >= periods.parse(period).start
    ]
    return later[0] if later else period


def _rate(engagement: Any, seen: str) -> float:
    """Return the response rate of the periods up to `seen`; NaN where it is not known."""
    given = engagement.client.fieldwork.response_rate
    if given is not None and not isinstance(given, dict):
        return float(given)
    survey = engagement.client.survey
    known = [p for p in engagement.periods if p in survey.invited]
    known = [p for p in known if engagement.periods.index(p) <= engagement.periods.index(seen)]
    if not known:
        return nan
    when = "history" if seen == engagement.period else seen
    rows = engagement.survey(period=when, columns=())
    recent = [p for p in known[-BACK:] if p in set(rows["period"])]
    answers = int(rows["period"].isin(recent).sum())
    sent = sum(survey.invited[p] for p in recent)
    return answers / sent if sent and answers <= sent else nan


def _aims(engagement: Any, estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what each KPI is to show, of groups under `within`, and the spread of its answers."""
    given = engagement.client.fieldwork.aims
    rows = estimates.set_index("kpi")
    asked = [key for key in given if key in rows.index] or [m.key for m in engagement.metrics]
    aims = []
    for key in [k for k in asked if k in rows.index]:
        row, aim = rows.loc[key], given.get(key)
        if not varies(row):
            continue
        usual = MARGINS.get(row["unit"]) or OF_SCALE * _span(row["scale"])
        change = aim is not None and aim.change is not None
        size = aim.change if change else aim.margin if aim is not None else usual
        within = aim.within if aim is not None and aim.within is not None else WITHIN * size
        told: dict[str, Any] = {"kpi": key, "within": within}
        told |= {"change": size, "design": "two waves"} if change else {"margin": size}
        aims.append(told | spread(row))
    return aims


def _span(scale: Any) -> float:
    low, high = (float(end) for end in str(scale).split("-"))
    return high - low


def varies(row: Any) -> bool:
    """Tell whether the answers to a KPI differ: else nothing says how many more would be needed."""
    told = spread(row)
    return all(0 < x < (100 if name == "share" else inf) for name, x in told.items())


def spread(row: Any) -> dict[str, float]:
    """Return the spread of one answer to a KPI, as a sample plan takes it."""
    if row["kind"] == "nps":
        return {"variance": float(row["variance"]) / 100**2}
    if row["unit"] == "percent":
        return {"share": float(row["value"])}
    return {"sd": sqrt(float(row["variance"]))}


def _plans(
    engagement: Any, estimates: pd.DataFrame, seen: str, rate: float
) -> tuple[SamplePlan | None, SamplePlan | None]:
    given = engagement.client.fieldwork
    aims = _aims(engagement, estimates)
    if not aims:
        return None, None
    asked = estimates[estimates["kpi"].isin([aim["kpi"] for aim in aims])]
    effect = max(1.0, float((asked["n"].astype(float) / asked["n_star"]).max()))
    known = isfinite(rate) or isinstance(given.response_rate, dict)
    limits: dict[str, Any] = {"design_effect": effect, "population": given.population}
    limits |= {"budget": given.budget if known else None}
    whole = [{k: v for k, v in aim.items() if k != "within"} for aim in aims]
    overall: Any = rate if isfinite(rate) else 1.0
    by_level = given.response_rate if isinstance(given.response_rate, dict) else None
    shares = {key: _shares(engagement, key, seen) for key in given.segments or ()}
    shares = {key: found for key, found in shares.items() if found}
    if by_level:
        of = [key for key, found in shares.items() if set(found) <= set(by_level)]
        overall = sum(shares[of[0]][x] * by_level[x] for x in shares[of[0]]) if of else (
            sum(by_level.values()) / len(by_level))  # fmt: skip
    plan = sample_plan(whole, response_rate=overall, **limits)
    if not shares:
        return plan, None
    inside = [{k: aim["within"] if k in ("margin", "change") else v for k, v in aim.items()
               if k != "within"} for aim in aims]  # fmt: skip
    rates = overall
    if by_level:
        levels = [str(level) for found in shares.values() for level in found]
        rates = {level: by_level.get(level, overall) for level in levels}
    return plan, sample_plan(inside, segments=shares, response_rate=rates, **limits)


def _shares(engagement: Any, segment: str, seen: str) -> dict[str, float]:
    """Return each level's part of the customers: as known, else as it answered last."""
    margin = (engagement.margins or {}).get(segment)
    if margin is None:
        rows = engagement.survey(period=seen, columns=[segment])
        margin = rows.groupby(segment, observed=True)["weight"].sum().to_dict()
    total = sum(margin.values())
    return {str(level): known / total for level, known in margin.items() if known > 0}


def _rows(engagement: Any, wave: str, dated: tuple[Any, ...]) -> pd.DataFrame:
    """Return the wave's interviews: by its days, else by its period."""
    from cxlib.data.fieldwork import in_wave, section_of

    if section_of(engagement.client) is None:
        return pd.DataFrame()
    rows: pd.DataFrame = engagement.rows("fieldwork")
    if any(dated):
        return in_wave(rows, *dated).reset_index(drop=True)
    kind = periods.kind_of(wave)
    if kind is None or rows.empty:
        return rows
    return rows[periods.label_dates(rows["date"], kind) == wave].reset_index(drop=True)


def _quotas(wave: Any, plan: SamplePlan | None, groups: SamplePlan | None) -> pd.DataFrame:
    """Return the quotas of the client file; without any, the plan's."""
    rows: list[dict[str, Any]] = []
    if wave is not None and (wave.answers or wave.quotas):
        listed = [
            {"segment": key, "level": level, "answers": n}
            for key, quotas in wave.quotas.items()
            for level, n in quotas.items()
        ]
        sums = [sum(quotas.values()) for quotas in wave.quotas.values()]
        rows = [{"segment": "", "level": "", "answers": wave.answers or max(sums)}, *listed]
    elif plan is not None:
        rows = [{"segment": "", "level": "", "answers": plan.answers}]
        if groups is not None:
            inside = groups.quotas[groups.quotas["segment"] != ""]
            rows += [{str(k): v for k, v in row.items()} for row in records(inside)]
    return pd.DataFrame(rows, columns=["segment", "level", "answers"])


def _asked(engagement: Any, rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Return, in the client file's order, where each question was answered (else missing)."""
    survey = engagement.client.survey
    keys = [m.key for m in engagement.metrics] + [t.key for t in engagement.touchpoints]
    found: dict[str, pd.Series] = {}
    for key in (*keys, *survey.questions):
        mine = [c for c in rows if c in (key, f"{key}_used") or str(c).startswith(f"{key}=")]
        given = rows[mine].notna().any(axis=1)
        if given.any():
            found[key] = given.where(given, np.nan).astype(float)
    return found


def _battery(engagement: Any, rows: pd.DataFrame) -> list[str]:
    """Return the touchpoints on the commonest scale."""
    scales: dict[Any, list[str]] = {}
    for touchpoint in engagement.touchpoints:
        if touchpoint.key in rows:
            scales.setdefault((touchpoint.scale, touchpoint.direction), []).append(touchpoint.key)
    return max(scales.values(), key=len, default=[])
