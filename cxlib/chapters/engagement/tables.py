"""The rows of this chapter: the register of obligations as it stands at the end of the period."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from math import nan
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis import obligations
from cxlib.analysis.obligations import LATE, Status
from cxlib.chapters.rows import BLANK, joined, plain
from cxlib.errors import DataError
from cxlib.words import mark as _

SOON = 30
"""Days after the next period until its report is read: a notice due by then is told now."""


def status(engagement: Any) -> Status:
    """Return how the contract's obligations stand at the end of the period."""
    register = engagement.register("obligations")
    if engagement.last_day is None:
        raise DataError(
            f"{engagement.period} is a wave without a last day, so nothing can be said to be late; "
            "open a period such as 2026-09."
        )
    terms = register.contract
    found = obligations.status(
        register.frame("deliverables").sort_values("due", kind="stable"),
        as_of=engagement.last_day,
        country=engagement.client.calendar.country,
        review_days=terms.review_days,
        payments=register.frame("payments").assign(owed_by="client"),
        dates=_dates(register),
        late_fee=terms.late_fee,
        fee_cap=terms.fee_cap,
        fee_days=terms.fee_days,
    )
    unit = engagement.client.currency or "count"
    table, payments = (frame.assign(unit=unit) for frame in (found.table, found.payments))
    return replace(found, table=table, payments=payments)


def _dates(register: Any) -> pd.DataFrame:
    """Return milestones, the contract's end with its notice, and the ends of duties."""
    marks = register.frame("milestones").assign(sort=_("Milestone"), acts=True)
    duties = register.frame("duties").rename(columns={"until": "due"})
    duties = duties.assign(sort=_("End of a duty"), acts=False)
    terms = register.contract
    end = [
        {
            "id": "contract", "title": _("The contract ends"), "due": terms.end,
            "notice_days": terms.notice_days, "sort": _("Contract"), "acts": False,
        }
    ] if terms.end else []  # fmt: skip
    parts = [part for part in (marks, pd.DataFrame(end), duties) if len(part)]
    return plain(joined(parts or [pd.DataFrame(columns=["id", "title", "due"])]))


def at_a_glance(found: Status) -> pd.DataFrame:
    """Return the deliverables' state as one row."""
    table = found.table
    if table.empty:
        return pd.DataFrame()
    settled = int(table["state"].isin(obligations.SETTLED).sum())
    late = int((table["state"] == LATE).sum())
    case = "late" if late > 1 else "one late" if late else "on time"
    case = "all settled" if settled == len(table) else case
    row = {
        "subject": "deliverables",
        "counts": True,
        "case": case,
        "agreed": len(table),
        "settled": settled,
    }
    return pd.DataFrame([row | {"late": late}])


def told(engagement: Any, found: Status) -> pd.DataFrame:
    """Return every obligation with the case that a finding tells of it."""
    deliverables = found.table.assign(case=found.table["state"])
    payments = found.payments.assign(case="payment " + found.payments["state"].astype(str))
    dates = found.dates.assign(case="date " + found.dates["state"].astype(str))
    dates.loc[dates["id"].isin(notices(engagement, found)["id"]), "case"] = "notice"
    told = ("case", "owed_by", "due_on", "days_late", "review_ends", "fee", "notice_by")
    names = ["id", "title", *told]
    parts = [part.reindex(columns=names) for part in (deliverables, payments, dates) if len(part)]
    return plain(joined(parts))


def notices(engagement: Any, found: Status) -> pd.DataFrame:
    """Return the notices that can be given until this report's successor is read, by last day."""
    kind = periods.kind_of(engagement.period)
    ends = (periods.parse(engagement.period) + 1).end if kind else found.as_of
    read = ends + dt.timedelta(days=SOON)
    near = [by is not None and found.as_of <= by <= read for by in found.dates["notice_by"]]
    notices: pd.DataFrame = found.dates.loc[
        near, ["id", "sort", "title", "due_on", "state", "notice_by"]
    ]
    return notices


def schedule(found: Status) -> pd.DataFrame:
    """Return deliverables and dates in one order of days."""
    names = ["sort", "title", "due_on", "state", "days_late", "owed_by", "clause", "notice_by"]
    parts = [part.reindex(columns=names) for part in (found.table, found.dates) if len(part)]
    return pd.concat(parts, ignore_index=True).sort_values("due_on", kind="stable")


def acceptance(engagement: Any, found: Status) -> pd.DataFrame:
    """Return the acceptance sheet: deliverables handed over, what proves them, room to sign."""
    handed = found.table[found.table["delivered"].notna()]
    comma = "、" if engagement.language == "zh" else "; "
    proof = [comma.join(evidence) or None for evidence in handed["evidence"]]
    leads = [
        next(filter(None, (_report(engagement, e) for e in es)), "") for es in handed["evidence"]
    ]
    return handed.assign(
        proof=pd.Series(proof, handed.index, dtype=object),
        remarks=BLANK,
        chapter=pd.Series(leads, handed.index, dtype=object),
    )


def _report(engagement: Any, evidence: str) -> str:
    """Return which report a piece of evidence is: a chapter of this period, or of another."""
    found = re.fullmatch(r"((?:\d\d-)?([a-z][a-z-]*)) (\S+)", evidence)
    if found is None or periods.kind_of(found[3]) is None:
        return ""
    return found[2] if found[3] == engagement.period else f"{found[1]} {found[3]}"


def criteria(engagement: Any) -> pd.DataFrame:
    """Return the outcome criteria: each target of the contract with its verdict, room to sign."""
    judged: pd.DataFrame = engagement.judged().table
    return judged.assign(remarks=BLANK, chapter="targets")


def payments(found: Status) -> pd.DataFrame:
    """Return the instalments; late fees show only where there is one."""
    table = found.payments
    return table.assign(fee=table["fee"].where(table["fee"] > 0))


def late(found: Status) -> pd.DataFrame:
    """Return deliverables that were or are late, with the working days and the fee."""
    table = found.table[found.table["days_late"] > 0]
    return table.assign(fee=table["fee"].where(table["fee"] > 0))


def training(engagement: Any, found: Status) -> pd.DataFrame:
    """Return the training arrangement, and what was held of it as chapter 13 saved it."""
    table = found.table[found.table["kind"] == "training"]
    names = {"deliverable": "id", "hours": "hours_held", "came": "came"}
    saved = engagement.result("training", "plan")
    if saved is None or saved.empty:
        return table.assign(hours_held=nan, came=nan)
    held = (
        saved.rename(columns=names)[list(names.values())]
        .groupby("id")
        .sum(min_count=1)
        .astype(float)
    )
    return table.join(held, on="id")


def log(engagement: Any, name: str) -> pd.DataFrame:
    """Return one list of the log: changes, meetings or questions, the latest first."""
    renamed = {"decision": "decision_made", "effect": "effect_note", "owner": "whose"}
    rows: pd.DataFrame = engagement.register("obligations").frame(name)
    if name == "changes":
        rows = rows.assign(state=rows["decision"].where(rows["decision"].notna(), _("open")))
    if name == "questions":
        answered = rows["answered"].notna()
        rows = rows.assign(state=answered.map({True: _("answered"), False: _("open")}))
    return rows.rename(columns=renamed).sort_values("date", ascending=False, kind="stable")


def open_items(found: Status) -> Any:
    """Return what is open of all of it, late first; the summary reads it."""
    table = found.open
    order = table.assign(rest=table["state"] != LATE).sort_values("rest", kind="stable")
    return order.drop(columns="rest").reset_index(drop=True)


def own(found: Status) -> Status:
    """Return the status as it is saved: without what only a page needs."""
    return replace(found, table=found.table.drop(columns=["evidence", "note"], errors="ignore"))
