"""The rows of this chapter: whom to ask, what the budget cannot show, how the field is doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from cxlib import periods
from cxlib.analysis.estimation import wilson
from cxlib.analysis.fieldwork import Progress, SamplePlan, progress, sample_plan
from cxlib.columns import Column
from cxlib.words import mark as _

MARGINS = {"points": 5.0, "percent": 5.0}
"""What is asked of a KPI whose aim the client file does not name: ± so many points …"""
OF_SCALE = 0.05
"""… or so much of its scale, where it is a mean."""
WITHIN = 2.0
"""So many times the margin is asked within a group."""
BACK = 4
"""Periods over which the response rate seen before is taken."""
WEAK = 0.1
"""Share of rushed and uniform interviews above which it is said at the top."""
ALL = _("all customers")

COLUMNS = {
    "customer_group": Column(_("Group"), "key"),
    "wanted": Column(_("Wanted, ±"), "unit", "Half-width of the interval, or change."),
    "answers_needed": Column(_("Answers needed"), "needed"),
    "invitations": Column(_("Invitations"), "needed", "At the response rate seen before."),
    "affordable": Column(_("The budget brings"), "int", "Answers of the invitations it pays for."),
    "shows": Column(_("Which shows, ±"), "unit", "As wanted, at those answers."),
    "enough": Column(_("Enough"), "mark"),
    "to_decide": Column(_("Answers to decide"), "needed", "80% power, one-sided, against it."),
    "quota": Column(_("Planned"), "int", "Answers."),
    "so_far": Column(_("Answers so far"), "int", "Finished interviews."),
    "per_day": Column(_("A day"), "points", "Over the last seven days."),
    "met_on": Column(_("Plan met about"), "date", "At that rate; reached: the day it was."),
    "in_wave": Column(_("Wave"), "period"),
    "last_day": Column(_("Last day"), "date", "Of the field, as planned."),
    "met_from": Column(_("At the earliest"), "date", "95% prediction interval."),
    "met_until": Column(_("At the latest"), "date", "95% prediction interval; empty: no end."),
    "reached_it": Column(_("Reached it"), "int", "Interviews."),
    "left_there": Column(_("Left there"), "int"),
    "share_left": Column(_("Of these"), "percent", "", ("share_left_low", "share_left_high")),
    "what": Column(_("What"), "word"),
    "interviews": Column(_("Interviews"), "int"),
    "of_finished": Column(_("Share"), "percent", "Of finished, or of begun interviews."),
    "number": Column(_("No."), "int"),
    "wording": Column(_("Question"), "text"),
    "may_answer": Column(_("Answer options"), "text"),
    "why_so": Column(_("Why so"), "text"),
    "rate_before": Column(_("Seen before"), "percent", "Answers of those invited."),
    "field_day": Column(_("Day of the field"), "int"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Field:
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
    invited = float(engagement.client.survey.invited.get(wave, nan)) if (
        engagement.client.survey) else nan  # fmt: skip
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
    rows = engagement.survey(period="history") if seen == engagement.period else (
        engagement.survey(period=seen))  # fmt: skip
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
        usual = MARGINS.get(row["unit"]) or OF_SCALE * _span(row["scale"])
        change = aim is not None and aim.change is not None
        size = aim.change if change else aim.margin if aim is not None else usual
        within = aim.within if aim is not None and aim.within is not None else WITHIN * size
        told: dict[str, Any] = {"kpi": key, "within": within}
        told |= {"change": size, "design": "two waves"} if change else {"margin": size}
        aims.append(told | _spread(row))
    return aims


def _span(scale: Any) -> float:
    low, high = (float(end) for end in str(scale).split("-"))
    return high - low


def _spread(row: Any) -> dict[str, float]:
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
        rows = engagement.survey(period=seen)
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
            rows += [{str(k): v for k, v in row.items()} for row in inside.to_dict("records")]
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


# --- whom to ask -------------------------------------------------------------------------------


def plan(found: Field) -> pd.DataFrame:
    """Return what each KPI and group needs, and what the budget brings instead."""
    tables = [p.table for p in (found.plan, found.groups) if p is not None]
    if not tables:
        return pd.DataFrame()
    rows = pd.concat([tables[0], *(t[t["segment"] != ""] for t in tables[1:])], ignore_index=True)
    units = found.estimates.set_index("kpi")["unit"]
    unknown = not isfinite(found.rate) and found.plan is not None and found.plan.response_rate == 1
    table = rows.rename(columns={"size": "wanted", "answers": "answers_needed"}).assign(
        customer_group=_group(rows),
        unit=["pp" if units[kpi] == "percent" else units[kpi] for kpi in rows["kpi"]],
        invitations=nan if unknown else rows["invitations"].astype(float),
        in_wave=found.wave,
    )
    table["subject"] = table["kpi"] + " in " + table["customer_group"]
    if "enough" not in table:
        return table.assign(case="", affordable=nan, shows=nan)
    far = table["size_affordable"].replace(inf, nan)
    whole = table["segment"] == ""
    case = np.select([table["enough"], whole], ["", "all"], default="group")
    return table.assign(case=case, affordable=np.floor(table["answers_affordable"]), shows=far)


def _group(rows: pd.DataFrame) -> list[str]:
    return [f"{s}={x}" if s else ALL for s, x in zip(rows["segment"], rows["level"], strict=True)]


def short(planned: pd.DataFrame) -> pd.DataFrame:
    """Return the needs for which the budget brings too few answers."""
    return planned[planned["case"] != ""] if len(planned) else planned


def limits(planned: pd.DataFrame) -> pd.DataFrame:
    """Return what the budget cannot show: a row a group, of the KPI that lacks most."""
    if planned.empty:
        return planned
    lacking = short(planned)
    gap = (lacking["affordable"] / lacking["answers_needed"]).sort_values(kind="stable")
    return lacking.loc[gap.index].drop_duplicates("customer_group").sort_index()


def coverage(planned: pd.DataFrame) -> pd.DataFrame:
    """Return, for each group, what part of the answers it needs the budget brings."""
    if planned.empty or planned["affordable"].isna().all():
        return pd.DataFrame()
    most = planned.sort_values("answers_needed", ascending=False, kind="stable")
    most = most.drop_duplicates("customer_group").sort_index()
    share = (most["affordable"] / most["answers_needed"]).clip(upper=1.0)
    return most.assign(share=share, low=nan, high=nan)


def targets(engagement: Any, found: Field) -> pd.DataFrame:
    """Return how many answers it takes to decide each target of the contract, as it stands now."""
    judged = engagement.judged().table
    judged = judged[judged["kpi"].isin(found.estimates["kpi"]) & (judged["gap"].abs() > 0)]
    if judged.empty or found.plan is None:
        return pd.DataFrame()
    given = engagement.client.fieldwork
    most = given.population or inf
    brings = nan
    if given.budget and isfinite(found.rate):
        brings = min(given.budget, most) * found.rate
    rows = []
    for row in judged.to_dict("records"):
        aim = {"kpi": row["kpi"], "change": abs(row["gap"]), "design": "fixed target"}
        needed = sample_plan(
            [aim | _spread(row)],
            design_effect=found.plan.design_effect,
            population=given.population,
        ).answers
        ceiling = brings if isfinite(brings) else most
        rows.append(
            {name: row[name] for name in ("kpi", "target", "unit", "due", "status")}
            | {"to_decide": float(needed) if needed < most else nan, "affordable": np.floor(brings)}
            | {
                "enough": bool(needed <= ceiling),
                "case": "" if needed <= ceiling else "undecidable",
            }
        )
    return pd.DataFrame(rows)


# --- the field ---------------------------------------------------------------------------------


def course(found: Field) -> pd.DataFrame:
    """Return how the field stands, as one row."""
    end = found.dated[1]
    row: dict[str, Any] = {"subject": "field", "in_wave": found.wave, "last_day": end}
    whole: dict[Any, Any] = {}
    if len(found.quotas):
        row["quota"] = int(found.quotas["answers"].iloc[0])
    if found.going is None:
        return pd.DataFrame([row | {"case": "not begun"}])
    going = found.going
    if len(going.table):
        whole = going.table.iloc[0].to_dict()
    last = going.days["date"].iloc[-1]
    row |= {"so_far": going.n_finished, "missing": int(whole.get("missing", 0))}
    row |= {name: whole.get(name, pd.NaT) for name in ("met_on", "met_from", "met_until")}
    row |= {"per_day": whole.get("per_day", nan), "interviews": going.n_started}
    row |= {"response_rate": going.response_rate, "completion": going.completion}
    over = isfinite(found.invited) and going.n_finished > found.invited
    row["case"] = "over" if over else _case(row, last, end) if whole else "unplanned"
    return pd.DataFrame([row])


def _case(row: Mapping[Any, Any], last: pd.Timestamp, end: pd.Timestamp | None) -> str:
    """Tell how a quota stands: met, closed, late, on course, or too close to call."""
    if row["missing"] == 0:
        return "met"
    if end is None:
        return "open"
    if last >= end:
        return "closed"
    if pd.isna(row["met_on"]) or (pd.notna(row["met_from"]) and row["met_from"] > end):
        return "late"
    return "on course" if pd.notna(row["met_until"]) and row["met_until"] <= end else "close"


def quotas(found: Field) -> pd.DataFrame:
    """Return each quota with what came back for it, and when it is met at this rate."""
    if found.going is None:
        return pd.DataFrame()
    end, going = found.dated[1], found.going
    last = going.days["date"].iloc[-1]
    table = going.table.rename(columns={"answers": "so_far"})
    table = table.assign(
        customer_group=_group(table), in_wave=found.wave, last_day=end,
        case=[_case(row, last, end) for row in table.to_dict("records")],
    )  # fmt: skip
    table["missing"] = table["missing"].astype(int)
    table["quota"] = table["quota"].astype(int)
    return table


def behind(table: pd.DataFrame) -> pd.DataFrame:
    """Return the groups alone, for what is said of them; the furthest from its quota first."""
    if table.empty:
        return table
    return table[table["segment"] != ""].sort_values("share", kind="stable")


def by_day(found: Field) -> pd.DataFrame:
    """Return the part of its quota that each group reached, by day of the field."""
    going, told = found.going, []
    if going is None:
        return pd.DataFrame()
    done = found.rows[found.rows["finished"].astype(bool)]
    first = found.dated[0] or going.days["date"].iloc[0]
    for row in behind(quotas(found)).sort_index().to_dict("records"):
        if not row["quota"]:
            continue
        mine = done[done[row["segment"]].astype("string") == str(row["level"])]
        days = mine["date"].dt.normalize().value_counts()
        count = days.reindex(going.days["date"], fill_value=0).cumsum().to_numpy()
        at = (going.days["date"] - first).dt.days + 1
        told.append(
            pd.DataFrame(
                {
                    "customer_group": row["customer_group"],
                    "field_day": at,
                    "share": count / row["quota"],
                }
            )
        )
    return pd.concat(told, ignore_index=True) if told else pd.DataFrame()


def ahead(found: Field) -> pd.DataFrame:
    """Return answers by day of the field: so far, then at this rate until its last day."""
    going = found.going
    if going is None or going.table.empty:
        return pd.DataFrame()
    first = found.dated[0] or going.days["date"].iloc[0]
    so_far = going.days.assign(
        answers_low=going.days["answers"], answers_high=going.days["answers"]
    )
    rest = going.ahead.iloc[1:]
    until = found.dated[1] or going.table.iloc[0]["met_on"]
    rest = rest[rest["date"] <= until] if pd.notna(until) else rest.head(28)
    table = pd.concat([so_far, rest], ignore_index=True)
    quota = float(going.table.iloc[0]["quota"])
    table = table.assign(
        field_day=(table["date"] - first).dt.days + 1,
        is_ahead=table["date"] > so_far["date"].iloc[-1],
        quota=quota, in_wave=found.wave,
    )  # fmt: skip
    days = (found.dated[1] - first).days + 1 if found.dated[1] is not None else nan
    told: pd.DataFrame = table.assign(planned=quota * table["field_day"] / days)
    return told


def drop_off(found: Field) -> pd.DataFrame:
    """Return where people leave, a row a question; "leaks": clearly more than elsewhere."""
    if found.going is None or found.going.drop_off.empty:
        return pd.DataFrame()
    told = found.going.drop_off
    table = pd.DataFrame(
        {
            "question": told["question"].str.removeprefix("asked "),
            "reached_it": told["reached"],
            "left_there": told["left"],
        }
    )
    table = table[table["reached_it"] > 0].reset_index(drop=True)
    left, seen = table["left_there"].to_numpy(), table["reached_it"].to_numpy()
    usual = (left.sum() - left) / np.maximum(seen.sum() - seen, 1)
    p = [
        binomtest(int(k), int(n), min(float(u), 1.0), alternative="greater").pvalue * len(table)
        for k, n, u in zip(left, seen, usual, strict=True)
    ]
    ends = [wilson(k / n, n, 0.95) for k, n in zip(left, seen, strict=True)]
    table = table.assign(share_left=left / seen, share_left_low=[a for a, _b in ends],
                         share_left_high=[b for _a, b in ends], n=seen)  # fmt: skip
    top = table["share_left"] == table["share_left"].max()
    case = np.where(top & (np.array(p) < 0.05), "leaks", "")
    return table.assign(case=case, subject="question " + table["question"], title=table["question"])


def quality(found: Field) -> pd.DataFrame:
    """Return how interviews went: finished, rushed through, answered all alike."""
    going = found.going
    if going is None:
        return pd.DataFrame()
    done = max(1, going.n_finished)
    rows = [
        {"what": _("broke off"), "interviews": going.n_started - going.n_finished,
         "of_finished": 1 - going.completion},
        {"what": _("rushed: under a third of the usual time"), "interviews": going.n_speeders,
         "of_finished": going.n_speeders / done},
        {"what": _("the same answer to every touchpoint"), "interviews": going.n_straight_liners,
         "of_finished": going.n_straight_liners / done},
    ]  # fmt: skip
    if not isfinite(going.median_seconds):
        rows[1] |= {"interviews": nan, "of_finished": nan}
    weak = len(going.flagged)
    told = pd.DataFrame(rows).assign(subject="quality", case="", weak=weak, finished=done, n=done)
    told.loc[0, "case"] = "weak" if weak > WEAK * done else ""
    return told


def response(found: Field) -> pd.DataFrame:
    """Return the response rate beside that seen before; "lower" once the field has closed so."""
    going = found.going
    if going is None or not isfinite(going.response_rate) or going.response_rate > 1:
        return pd.DataFrame()
    low, high = wilson(going.response_rate, found.invited, 0.95)
    stands = course(found)["case"].iloc[0]
    lower = stands == "closed" and isfinite(found.rate) and high < found.rate
    row = {"subject": "response", "in_wave": found.wave, "invited": int(found.invited)}
    row |= {
        "so_far": going.n_finished,
        "response_rate": going.response_rate,
        "rate_before": found.rate,
    }
    row |= {"low": low, "high": high, "n": int(found.invited), "case": "lower" if lower else ""}
    return pd.DataFrame([row])


def method(engagement: Any, found: Field) -> pd.DataFrame:
    """Return which words are true of this sample: quotas, or a random draw."""
    quota = bool(engagement.client.fieldwork.waves.get(found.wave))
    quota = quota and bool(engagement.client.fieldwork.waves[found.wave].quotas)
    return pd.DataFrame([{"subject": "sample", "case": "quota" if quota else "random"}])
