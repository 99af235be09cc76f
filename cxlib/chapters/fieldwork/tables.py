"""The rows of this chapter: whom to ask, what the budget cannot show, how the field is doing."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from cxlib.analysis.estimation import wilson
from cxlib.analysis.fieldwork import sample_plan
from cxlib.chapters.fieldwork.study import Field, spread, varies
from cxlib.chapters.rows import joined
from cxlib.columns import records
from cxlib.words import mark as _

WEAK = 0.1
"""Share of rushed and uniform interviews above which it is said at the top."""
ALL = _("all customers")

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
        invites=nan if unknown else rows["invitations"].astype(float),
        in_wave=found.wave,
    )
    table["subject"] = table["kpi"] + " in " + table["customer_group"]
    if "enough" not in table:
        return table.assign(case="", affordable=nan, shows=nan, enough=None)
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
    for row in filter(varies, records(judged)):
        aim = {"kpi": row["kpi"], "change": -row["gap"], "design": "fixed target"}
        needed = sample_plan(
            [aim | spread(row)], design_effect=found.plan.design_effect, population=given.population
        ).answers
        ceiling = brings if isfinite(brings) else most
        told = {name: row[name] for name in ("kpi", "target", "unit", "due", "status")}
        told |= {"to_decide": float(needed) if needed < most else nan}
        told |= {"affordable": np.floor(brings), "enough": bool(needed <= ceiling)}
        rows.append(told | {"case": "" if needed <= ceiling else "undecidable"})
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
        unknown = dict.fromkeys(("so_far", "interviews", "per_day"))
        return pd.DataFrame([row | unknown | {"case": "not begun"}])
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
    if found.going is None or found.going.table.empty:
        return pd.DataFrame()
    end, going = found.dated[1], found.going
    last = going.days["date"].iloc[-1]
    table = going.table.rename(columns={"answers": "so_far"})
    table = table.assign(
        customer_group=_group(table), in_wave=found.wave, last_day=end,
        case=[_case(row, last, end) for row in records(table)],
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
    for row in records(behind(quotas(found)).sort_index()):
        if not row["quota"]:
            continue
        mine = done[done[row["segment"]].astype("string") == str(row["level"])]
        days = mine["date"].dt.normalize().value_counts()
        count = days.reindex(going.days["date"], fill_value=0).cumsum().to_numpy()
        at = (going.days["date"] - first).dt.days + 1
        days = pd.DataFrame({"field_day": at, "share": count / row["quota"]})
        told.append(days.assign(customer_group=row["customer_group"]))
    return joined(told)


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
    names = {"reached": "reached_it", "left": "left_there"}
    table = found.going.drop_off[["question", *names]].rename(columns=names)
    table["question"] = table["question"].str.removeprefix("asked ")
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
    row |= {"so_far": going.n_finished, "response_rate": going.response_rate}
    row |= {"rate_before": found.rate, "low": low, "high": high, "n": int(found.invited)}
    row["case"] = "lower" if lower else ""
    return pd.DataFrame([row])


def method(engagement: Any, found: Field) -> pd.DataFrame:
    """Return which words are true of this sample: quotas, or a random draw."""
    quota = bool(engagement.client.fieldwork.waves.get(found.wave))
    quota = quota and bool(engagement.client.fieldwork.waves[found.wave].quotas)
    return pd.DataFrame([{"subject": "sample", "case": "quota" if quota else "random"}])
