"""What is being done to improve a service: what is late, and what moved since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.actions import FINISHED, STATES
from cxlib.analysis.results import MINIMUM_BASE, Result
from cxlib.analysis.service.course import Course
from cxlib.analysis.ticket_targets import TICKET_KPIS
from cxlib.words import mark as _

RUNNING = STATES[1:3]
FORMERLY = dict(zip(("planned", "under way"), RUNNING, strict=True))
"""What older client files call a state."""

BETTER, WORSE = _("better than usual"), _("worse than usual")
BEFORE = _("better, but already before")
UNMOVED = _("within its ordinary months")
EARLY = _("too early to tell")

_GIVEN = ("action", "kpi", "owner", "due", "state")
_TABLE = (*_GIVEN, "overdue", "moved", "note", "finished")
_NOW = ("period", "value", "lower", "upper", "since", "n", "unit")


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing that is being done to improve a KPI."""

    action: str  # what is done, in the reader's language
    kpi: str  # a key of TICKET_KPIS
    owner: str
    due: str  # a period (its last day counts) or a day, 2026-10-31
    state: str  # one of `cxlib.analysis.actions.STATES`, or as it was called before
    finished: str = ""  # when it was done, written as `due`; empty for one that is not
    note: str = ""

    def __post_init__(self) -> None:
        """Call its state what every chapter calls it."""
        object.__setattr__(self, "state", FORMERLY.get(self.state, self.state))


@dataclass(frozen=True, kw_only=True)
class FollowUp(Result):
    """The actions as they stand; see `follow_up` for the columns."""

    table: pd.DataFrame
    as_of: dt.date | None  # the day as of which an action is overdue


def last_day(when: str) -> dt.date:
    """Return the last day of a period, or the day itself."""
    return periods.parse(when).end if periods.kind_of(when) else dt.date.fromisoformat(when)


def answering(actions: Iterable[Action], kpi: str) -> Action | None:
    """Return the action that answers a KPI: of those agreed and not finished the first due.

    An action on a wait or a time also answers its percentile and its share within the SLA.
    """
    running = [a for a in actions if a.state in RUNNING and family(a.kpi) == family(kpi)]
    return min(running, key=lambda a: last_day(a.due), default=None)


def follow_up(
    actions: Sequence[Action],
    *,
    course: Course,
    end: dt.date | None,
    minimum_base: int = MINIMUM_BASE,
) -> FollowUp:
    """Say how the actions stand at the `end` of a period, by the `course` of their KPIs.

    Returns
    -------
    FollowUp
        ``table``, overdue ones first, then by due day: ``action, kpi, owner, due, state, overdue``
        (bool), ``moved`` (of those done by then: where their KPI stands, by the rules of its
        process chart, else None), ``note, finished, months`` (of figures that began after it was
        done), and the KPI's latest month: ``period, value, lower, upper, since, n, unit``.
    """
    usable = course.latest[course.latest["n"] >= minimum_base]
    latest = {row["kpi"]: row for row in usable.to_dict("records")}
    rows = []
    for one in actions:
        now = latest.get(one.kpi)
        done = str(periods.containing(last_day(one.finished or one.due), "month"))
        months = 0  # of figures that began after it was done
        if one.state in FINISHED and len(course.table):
            own = course.table[course.table["kpi"] == one.kpi]
            months = int(((own["period"] > done) & (own["n"] >= minimum_base)).sum())
        late = end is not None and one.state in RUNNING and last_day(one.due) <= end
        later = end is not None and one.finished != "" and last_day(one.finished) > end
        moved = None if later or one.state not in FINISHED else _moved(now, done, months)
        row: dict[str, Any] = {name: getattr(one, name) for name in _GIVEN}
        row |= {"overdue": late, "note": one.note or None, "moved": moved}
        row |= {"finished": one.finished, "months": months}
        rows.append(row | {name: None if now is None else now[name] for name in _NOW})
    table = pd.DataFrame(rows, columns=[*_TABLE, *_NOW, "months"]).astype({"overdue": bool})
    order = table.assign(later=~table["overdue"], day=table["due"].map(last_day))
    order = order.sort_values(["later", "day"], kind="stable")
    return FollowUp(table=table.loc[order.index].reset_index(drop=True), as_of=end)


def family(key: str) -> str:
    """Return what a KPI is about: a wait, its percentile and its SLA share are one."""
    return TICKET_KPIS[key].kpi.removesuffix("_sla")


def _moved(now: dict[Any, Any] | None, done: str, months: int) -> str | None:
    """Return where the KPI of a done action stands, by its chart; None where nothing can tell."""
    if now is None or now["variation"] is None:
        return None
    if not months:
        return EARLY
    if now["variation"] == "improving":
        return BETTER if now["since"] >= done else BEFORE
    return WORSE if now["variation"] == "concerning" else UNMOVED
