"""Analysis: the improvement measures of a service: what is late, what moved, what has none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis.contract import Review
from cxlib.analysis.results import MINIMUM_BASE
from cxlib.analysis.service_course import Course, course
from cxlib.analysis.service_review import Glance
from cxlib.analysis.service_terms import Terms, calendar_period
from cxlib.analysis.ticket_targets import TICKET_KPIS
from cxlib.words import mark as _

PLANNED, UNDER_WAY, DONE, STOPPED = _("planned"), _("under way"), _("done"), _("stopped")
STATES = (PLANNED, UNDER_WAY, DONE, STOPPED)
RUNNING = (PLANNED, UNDER_WAY)

BETTER, WORSE = _("better than usual"), _("worse than usual")
BEFORE = _("better, but already before")
UNMOVED = _("within its ordinary months")
EARLY = _("too early to tell")
NO_MEASURE = _("no action recorded yet")
NONE_LEFT = _("none left: all are done or stopped")


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One thing that is being done to improve a KPI.

    Parameters
    ----------
    measure : str
        What is done, in the reader's language.
    kpi : str
        A key of :data:`cxlib.analysis.ticket_targets.TICKET_KPIS`.
    owner : str
        Whose it is.
    due : str
        A period (its last day counts) or a day, ``2026-10-31``.
    state : {"planned", "under way", "done", "stopped"}
    finished : str
        When it was done, written as `due`; empty for one that is not.
    note : str
    """

    measure: str
    kpi: str
    owner: str
    due: str
    state: str
    finished: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """The measures as they stand; see `follow_up` for the columns.

    Attributes
    ----------
    table, kpis, unanswered : pandas.DataFrame
    as_of : datetime.date or None
        The day as of which a measure is overdue.
    n_used : int
        Tickets of the period.
    n_judged : int
        KPIs that have a target or a course of months.
    """

    table: pd.DataFrame
    kpis: pd.DataFrame
    unanswered: pd.DataFrame
    as_of: dt.date | None
    n_used: int
    n_judged: int


_TABLE = ("measure", "kpi", "owner", "due", "state", "overdue", "moved", "note")
_MORE = ("finished", "months")
_KPIS = ("kpi", "period", "value", "centre", "lower", "upper", "variation", "since", "n", "unit")


def last_day(when: str) -> dt.date:
    """Return the last day of a period, or the day itself."""
    if periods.kind_of(when):
        return periods.parse(when).end
    return dt.date.fromisoformat(when)


def answering(measures: Iterable[Measure], metric: str) -> Measure | None:
    """Return the measure that answers a KPI: the first due of those planned or under way.

    A measure on a wait or a time also answers its percentile and its share within the SLA.
    """
    running = [m for m in measures if m.state in RUNNING and _family(m.kpi) == _family(metric)]
    return min(running, key=lambda m: last_day(m.due), default=None)


def follow_up(
    tickets: pd.DataFrame,
    *,
    measures: Sequence[Measure],
    terms: Terms,
    period: str | None,
    glance: Glance,
    course: Course,
    review: Review | None = None,
    minimum_base: int = MINIMUM_BASE,
) -> FollowUp:
    """Say how the measures stand at the end of a period, and what has none.

    Parameters
    ----------
    tickets : pandas.DataFrame
        The canonical table.
    measures : sequence of Measure
    terms : Terms
    period : str or None
        A measure that is not done by its last day is overdue; without a place in the calendar the
        moment of `terms` counts.
    glance : Glance
    course : Course
        KPIs that it does not chart are charted here.
    review : Review, optional
        The contract's verdicts.
    minimum_base : int
        A KPI on fewer tickets is not judged.

    Returns
    -------
    FollowUp
        ``table``, overdue ones first, then by due day: ``measure, kpi, owner, due, state,
        overdue`` (bool), ``moved`` (of those done by then: where their KPI stands, by the rules of
        its process chart, else None), ``note, finished, months`` (of figures that began after it
        was done). ``kpis``, a row a KPI that has a measure: ``kpi, period, value, centre,
        lower, upper, variation, since, n, unit`` of :func:`cxlib.analysis.service_course.course`.
        ``unanswered``, KPIs that miss their target or are worse than usual and that no measure
        answers: ``kpi, n, unit, measure`` (that none is recorded, or none is left).
    """
    end = _end(terms, period)
    charted = _charted(tickets, measures, terms, period, course)
    latest = pd.concat([each.latest for each in charted], ignore_index=True)
    months = pd.concat([each.table for each in charted], ignore_index=True)
    latest = latest.rename(columns={"metric": "kpi"}).drop_duplicates("kpi")
    rows = []
    for one in measures:
        known = latest[(latest["kpi"] == one.kpi) & (latest["n"] >= minimum_base)]
        now = None if known.empty else known.iloc[0]
        since = _since(one, months, minimum_base)
        late = end is not None and one.state in RUNNING and last_day(one.due) <= end
        row: dict[str, Any] = {name: getattr(one, name) for name in ("measure", "kpi", "owner")}
        row |= {"due": one.due, "state": one.state, "overdue": late, "note": one.note or None}
        row |= {"finished": one.finished, "months": since}
        later = end is not None and one.finished != "" and last_day(one.finished) > end
        rows.append(row | {"moved": None if later else _moved(one, now, since)})
    judged = set() if review is None else set(review.table["metric"])
    table = pd.DataFrame(rows, columns=[*_TABLE, *_MORE]).astype({"overdue": bool})
    day = table["due"].map(last_day)
    order = pd.DataFrame({"later": ~table["overdue"], "day": day}).sort_values(
        ["later", "day"], kind="stable"
    )
    return FollowUp(
        table=table.loc[order.index].reset_index(drop=True),
        kpis=latest.loc[latest["kpi"].isin(table["kpi"]), list(_KPIS)].reset_index(drop=True),
        unanswered=_unanswered(measures, course, review),
        as_of=end,
        n_used=glance.n_used,
        n_judged=len(judged | set(course.charts)),
    )


def _family(key: str) -> str:
    return TICKET_KPIS[key].kpi.removesuffix("_sla")


def _end(terms: Terms, period: str | None) -> dt.date | None:
    known = calendar_period(period)
    if known is not None:
        return periods.parse(known).end
    return None if terms.as_of is None else pd.Timestamp(terms.as_of).date()


def _charted(
    tickets: pd.DataFrame,
    measures: Sequence[Measure],
    terms: Terms,
    period: str | None,
    known: Course,
) -> list[Course]:
    """Return the courses that hold every measure's KPI, as far as the log allows them."""
    there = set(known.latest["metric"])
    missing = tuple(dict.fromkeys(m.kpi for m in measures if m.kpi not in there))
    if not missing:
        return [known]
    more = course(tickets, terms=terms, period=period, metrics=missing)
    return [each for each in (known, more) if len(each.latest)] or [known]


def _since(one: Measure, months: pd.DataFrame, minimum_base: int) -> int:
    """Return how many months of figures began after a measure was done."""
    if one.state != DONE:
        return 0
    month = str(periods.containing(last_day(one.finished or one.due), "month"))
    rows = months[(months["metric"] == one.kpi) & (months["n"] >= minimum_base)]
    return int((rows["period"] > month).sum())


def _moved(one: Measure, now: pd.Series | None, months: int) -> str | None:
    """Return where the KPI of a done measure stands, by its chart; None where nothing can tell."""
    if one.state != DONE or now is None or now["variation"] is None:
        return None
    if not months:
        return EARLY
    done = str(periods.containing(last_day(one.finished or one.due), "month"))
    if now["variation"] == "improving":
        return BETTER if now["since"] >= done else BEFORE
    return WORSE if now["variation"] == "concerning" else UNMOVED


def _unanswered(measures: Sequence[Measure], course: Course, review: Review | None) -> pd.DataFrame:
    columns = {"metric": "kpi", "n": "n", "unit": "unit"}
    latest = course.latest
    worse = latest[(latest["variation"] == "concerning") & (latest["since"] != "")]
    parts = [worse[list(columns)]]
    if review is not None and "value" in review.table:
        missed = review.table[review.table["status"] == "not met"]
        parts.insert(0, missed[list(columns)])
    wanting = [row for part in parts for row in part.rename(columns=columns).to_dict("records")]
    kept: dict[str, dict[Any, Any]] = {}
    recorded = {_family(one.kpi) for one in measures}
    for row in wanting:
        family = _family(str(row["kpi"]))
        if answering(measures, str(row["kpi"])) is None:
            word = NONE_LEFT if family in recorded else NO_MEASURE
            kept.setdefault(family, row | {"measure": word})
    return pd.DataFrame(list(kept.values()), columns=["kpi", "n", "unit", "measure"])
