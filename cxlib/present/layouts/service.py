"""Tables of the service."""

from __future__ import annotations

from cxlib.present.layout import Column, Layout
from cxlib.words import mark as _

VALUES = (
    _("planned"),
    _("under way"),
    _("done"),
    _("stopped"),
    _("calendar"),
    _("business"),
    _("share"),
    _("count"),
    _("median"),
    _("p80"),
    _("p90"),
    _("repeat"),
    _("survey"),
    _("reopened"),
    _("channel=phone"),
    _("channel=chat"),
    _("channel=email"),
    _("phone"),
    _("priority=high"),
    _("priority=normal"),
    _("priority=low"),
)
"""Words that results of this chapter use as values, and raw values that most logs share."""

_GROUP = (
    Column("segment", "key", _("Split")),
    Column("level", "level", _("Group")),
    Column("n", "int", _("Tickets")),
)

LAYOUTS = {
    "Glance.durations": Layout(
        (
            Column("metric", "key", _("KPI")),
            Column("clock", "word", _("Clock")),
            Column(
                "median",
                "unit",
                _("Median (95 % interval)"),
                low="median_low",
                high="median_high",
            ),
            Column("p80", "unit", _("80 % within")),
            Column("p90", "unit", _("90 % within")),
            Column("within", "percent", _("In SLA (95 %)"), low="within_low", high="within_high"),
            Column("n", "int", _("n")),
        )
    ),
    "Glance.rates": Layout(
        (
            Column("metric", "key", _("KPI")),
            Column("value", "unit", _("Value (95 % interval)"), low="low", high="high"),
            Column("previous", "unit", _("Previous period")),
            Column(
                "change",
                "signed",
                _("Change (95 % interval)"),
                low="change_low",
                high="change_high",
            ),
            Column("n", "int", _("n")),
        )
    ),
    "Glance.headline": Layout(
        (
            Column("metric", "key", _("KPI")),
            Column("value", "unit", _("Value (95 % interval)"), low="low", high="high"),
            Column("previous", "unit", _("Previous period")),
            Column(
                "change",
                "signed",
                _("Change (95 % interval)"),
                low="change_low",
                high="change_high",
            ),
            Column("n", "int", _("n")),
        )
    ),
    "Glance.first_contact": Layout(
        (
            Column("method", "word", _("First contact by")),
            Column("window_days", "int", _("Window, days")),
            Column("numerator", "int", _("Solved at once")),
            Column("denominator", "int", _("Of tickets")),
            Column("window_open", "int", _("Window still open")),
            Column("unknown", "int", _("Unknown")),
        )
    ),
    "Groups.speed": Layout(
        (
            *_GROUP,
            Column("first_response", "unit", _("First response, median")),
            Column("within", "percent", _("First response in SLA")),
            Column("resolution_p90", "unit", _("90 % solved within")),
            Column("resolved_within", "percent", _("Solved in SLA")),
        )
    ),
    "Groups.quality": Layout(
        (
            *_GROUP,
            Column("handle_time", "duration", _("Handle time, mean")),
            Column("fcr", "percent", _("Solved at first contact")),
            Column("reopen_rate", "percent", _("Reopened")),
            Column("reassign_rate", "percent", _("Reassigned")),
            Column("ticket_csat", "number", _("Rating, mean")),
        )
    ),
    "Backlog.table": Layout(
        (
            Column("period", "period", _("End of")),
            Column("opened", "int", _("Came")),
            Column("resolved", "int", _("Solved")),
            Column("open", "int", _("Open")),
            Column("age_median", "duration", _("Age, median")),
            Column("age_p90", "duration", _("Age, 90 % below")),
            Column("age_oldest", "duration", _("Oldest")),
        )
    ),
    "Staffing.week": Layout(
        (
            Column("day", "word", _("Day")),
            Column("calls", "points", _("Calls a day")),
            Column("peak_start", "text", _("Peak from")),
            Column("peak_agents", "int", _("Agents at the peak")),
            Column("agent_hours", "points", _("Hours at the telephone")),
            Column("position_hours", "points", _("Paid hours")),
            Column("n", "int", _("Calls counted")),
        )
    ),
    "Staffing.cost": Layout(
        (
            Column("plan", "word", _("Agents in each half hour")),
            Column("service_level", "percent", _("Answered in time")),
            Column("mean_wait", "duration", _("Mean wait")),
            Column("never_clears", "int", _("Half hours that never clear")),
            Column("n", "int", _("Calls counted")),
        )
    ),
    "Complaints.table": Layout(
        (
            Column("kpi", "key", _("Complaints")),
            Column("statistic", "word", _("Statistic")),
            Column("clock", "word", _("Clock")),
            Column("value", "unit", _("Value (95 % interval)"), low="low", high="high"),
            Column("n", "int", _("n")),
            Column("open", "int", _("Still running")),
        )
    ),
    "FollowUp.table": Layout(
        (
            Column("measure", "text", _("Measure")),
            Column("kpi", "key", _("KPI")),
            Column("owner", "text", _("Owner")),
            Column("due", "period", _("Due")),
            Column("state", "word", _("State")),
            Column("overdue", "mark", _("Overdue")),
            Column("moved", "word", _("Its KPI since then")),
            Column("note", "text", _("Remark")),
        )
    ),
    "FollowUp.unanswered": Layout(
        (
            Column("kpi", "key", _("KPI")),
            Column("measure", "word", _("Measure")),
            Column("n", "int", _("n")),
        )
    ),
    "SignOff.table": Layout(
        (
            Column("clause", "text", _("Clause")),
            Column("metric", "key", _("KPI")),
            Column("value", "unit", _("Measured")),
            Column("target", "unit", _("Target")),
            Column("status", "word", _("Verdict")),
            Column("decision", "text", _("Decision and measure")),
            Column("owner", "text", _("Owner, date")),
            Column("signature", "text", _("Signature")),
        )
    ),
}
