"""What the service chapter says, as data: of each KPI one finding, then groups, backlog, calls."""

from __future__ import annotations

from dataclasses import replace

from cxlib.analysis.service import actions as acts
from cxlib.analysis.staffing import NOT_PLANNED
from cxlib.present import verdicts
from cxlib.present.findings import Rule
from cxlib.words import mark as _

ASK = _(
    "Ask what was changed in {since} (staff, opening hours, a campaign, a system), and agree on an action."
)

# fmt: off
KPIS = (
    # the target
    *(replace(rule, next_step="") if rule.severity == "good" else rule for rule in verdicts.ALL),
    Rule({"status": "missed", "course": "too close to call"}, next_step=verdicts.AGREE),
    # the months
    Rule({"variation": "concerning", "settled": True}, _("{kpi} has been worse than usual since {since}: {month_value} in {month}, usually {usual}."), "serious", ASK,
         _("It has been worse than usual since {since}.")),
    Rule({"variation": "concerning", "settled": False}, _("{kpi} has been worse since {since}: {month_value} in {month}, {usual} before."), "serious", ASK,
         _("It has been worse since {since}.")),
    Rule({"variation": "concerning", "kept": True, "status": (None, "met")}, severity="warning"),
    Rule({"variation": "improving", "settled": True}, _("{kpi} has been better than usual since {since}: {month_value} in {month}, usually {usual}."),
         also=_("It has been better than usual since {since}.")),
    Rule({"variation": "improving", "settled": False}, _("{kpi} has been better since {since}: {month_value} in {month}, {usual} before."),
         also=_("It has been better since {since}.")),
    Rule({"variation": "improving", "status": None}, severity="good", next_step=_("Find out what made it better in {since}, and keep it.")),
    # where it is lost
    Rule({"has_late": True}, _("{late_level} has {share_of_late} of the late tickets ({kpi})."), also=_("{late_level} has {share_of_late} of the late tickets."),
         next_step=_("Start with {late_level}: read its late tickets, name the three commonest causes, and who removes them by when.")),
    # what is being done
    Rule({"done_moved": acts.BETTER}, _("{kpi}: “{done_action}” is done, and the KPI is better than usual."), also=_("“{done_action}” was done before that."),
         next_step=_("Keep it up; that it came first does not prove that it is the cause.")),
    Rule({"done_moved": acts.BEFORE}, _("{kpi}: “{done_action}” came only after the improvement.")),
    Rule({"done_moved": acts.UNMOVED}, _("{kpi}: “{done_action}” is done, but the KPI has not clearly moved since."),
         also=_("“{done_action}” is done, but has not clearly moved it.")),
    Rule({"done_moved": acts.WORSE}, _("{kpi}: “{done_action}” is done, yet the KPI is worse than usual."),
         also=_("“{done_action}” is done, yet it is worse than usual.")),
    Rule({"done_moved": (acts.UNMOVED, acts.WORSE), "calls_for_action": True, "answer": "none left"},
         next_step=_("Agree on a further action: what is done, by whom, and by when.")),
    Rule({"calls_for_action": True, "answer": "running"},
         next_step=_("Ask the owner of “{action}” ({owner}, due {due_on}) whether it will be enough.")),
    Rule({"answer": "overdue", "calls_for_action": False}, _("{kpi}: “{action}” was due {due_on} and is not done."), "warning",
         also=_("“{action}” was due {due_on} and is not done.")),
    Rule({"answer": "overdue", "calls_for_action": True}, _("{kpi}: “{action}” was due {due_on} and is not done."),
         also=_("“{action}” was due {due_on} and is not done.")),
    Rule({"answer": "overdue"}, next_step=_("Agree on a new date with its owner ({owner}), or stop it.")),
)

OPEN = (
    Rule({"case": "reached"}, _("{share_open} of the period's tickets are still open. They count as running, so half are solved within {median}, not {closed_median}."),
         "warning", _("Quote no resolution time without its open tickets.")),
    Rule({"case": "not reached"}, _("{share_open} of the period's tickets are still open, so half of all are not solved yet; the closed ones alone ({closed_median}) mislead."),
         "warning", _("Quote no resolution time without its open tickets.")),
    Rule({"case": "only closed"}, _("The tickets tell when they were closed, not when they were resolved, so no resolution time is given."), "note",
         _("Name the column under tickets: columns: resolved, or say that the closing counts (tickets: resolution: closed).")),
    Rule({"case": "never resolved"}, _("Nothing tells when a ticket was resolved, so no resolution time is given."), "note",
         _("Name the column under tickets: columns: resolved in the client file.")),
    Rule({"case": "running"}, _("{period} is not over: the log ends on {ends}."), "note",
         _("Run the report again when the period is complete.")),
)

GROUPS = (
    Rule({"has_twin": False}, _("{level}: {kpi} {value}, against {others} for all other tickets."), "warning",
         _("Read a sample of these tickets and name the three commonest causes.")),
    Rule({"has_twin": True}, _("{level} (the same tickets as {twin}): {kpi} {value}, against {others} for all others."), "warning",
         _("Read a sample of these tickets and name the three commonest causes.")),
)

BACKLOG = (
    Rule({"case": "old"}, _("{old} of {open} open tickets are older than a month; the oldest has waited {age_oldest}."), "warning",
         _("Go through the old ones one by one: solve, close or merge them.")),
    Rule({"case": "young"}, _("{open} tickets are open at the end of {period}, half of them older than {age_median}.")),
    Rule({"case": ("old", "young"), "grows": True}, _("The backlog grew from {open_before} to {open} in {period}."), "warning",
         _("Plan the hours that bring it back before it ages."), also=_("It grew from {open_before} in {period}.")),
    Rule({"case": "no ends"}, _("Nothing in the tickets tells that one ended, so no resolution and no backlog is counted."), "note",
         _("Name the column of the state, or of the time of resolution or closing, in the client file (tickets: columns).")),
)

CALLS = (
    Rule({"case": "short"}, _("Only {answered_in_time} of calls were answered within {answer_seconds}; the aim is {service_level}."), "warning",
         _("Compare the roster with the {paid_hours} paid hours a week that the aim takes.")),
    Rule({"case": "kept"}, _("{answered_in_time} of calls were answered within {answer_seconds}; the aim is {service_level}."), "good"),
    Rule({"case": "unknown"}, _("To answer {service_level} of calls within {answer_seconds} takes {paid_hours} paid hours a week."), "note",
         _("Set the roster of the next period against it.")),
    *(Rule({"case": reason}, reason, "note", _("Add it to the export, or name the calls under chapters: service: calls.")) for reason in NOT_PLANNED),
)

COMPLAINTS = (
    Rule({"case": "late"}, _("Only {value} of complaints were settled in time."), "warning",
         _("Put one person in charge of complaints past half of their time.")),
    Rule({"case": "in time"}, _("{value} of complaints were settled in time."), "note"),
)
# fmt: on
