"""What this chapter says of a KPI and its target: rules over the rows of `tables.told`.

The course comes before the verdict until a target is due; what a plan brings, whether the way is
still passable, and what would settle an open verdict join it, so that a KPI makes one finding.
"""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

SHORT = ("missed", "too close to call")
AHEAD = ("on course", "too close to call", "no trajectory", "behind")

# fmt: off
RULES = (
    # where it stands
    Rule({"course": "due", "status": "met"}, _("{kpi} meets its target of {target}: {value}."), "good",
         _("Put the verdict before the client for acceptance.")),
    Rule({"course": "due", "status": "missed"}, _("{kpi} misses its target of {target}: {value}."), "serious",
         _("Agree on a remedy or a new date.")),
    Rule({"course": "due", "status": "too close to call"},
         _("{kpi} is too close to its target to call: {value} against {target}."), "warning",
         _("Agree now whether {value} counts.")),
    Rule({"course": AHEAD, "status": "met"}, _("{kpi} has already reached its target of {target}: {value}."), "good",
         _("Hold it until it is due.")),
    Rule({"course": "on course", "status": SHORT}, _("{kpi} is on course for {target}: {value}."), "good"),
    Rule({"course": "behind", "status": SHORT}, _("{kpi} is behind its path to {target}: {value}."), "serious",
         _("Agree on what is done about it, by whom, and by when.")),
    Rule({"course": "too close to call", "status": "missed"},
         _("{kpi} is still short of {target}: {value}; whether that is on course, too few answers say."), "warning",
         _("Agree on what is done about it, by whom, and by when.")),
    Rule({"course": ("too close to call", "no trajectory"), "status": "too close to call"},
         _("{kpi} is too close to its target to call: {value} against {target}."), "warning",
         _("Agree now whether {value} counts.")),
    Rule({"course": "no trajectory", "status": "missed"}, _("{kpi} is short of its target of {target}: {value}."), "serious",
         _("Agree on what is done about it, by whom, and by when.")),
    # what it asked
    Rule({"asks": "asks for nothing", "status": SHORT},
         _("The target asked for nothing: it stood at {start} when it was set."), "", _("Agree on a target beyond today's level.")),
    Rule({"asks": "no, less than chance shows", "status": "too close to call"},
         _("The whole step asked for is smaller than {n_next} answers can show.")),
    # what would settle it
    Rule({"status": "too close to call", "settles": "more answers"}, "", "",
         _("{n_to_settle} answers in one period would settle it; else agree now whether {value} counts.")),
    Rule({"status": "too close to call", "settles": ("no survey of this size", "no sample")}, "", "",
         _("The gap is too small to measure: agree now whether {value} counts.")),
    # the way left
    Rule({"pace": "faster than ever", "status": "missed"},
         _("It has never moved as fast as it now must: {by_pace_needed} per period."), "serious",
         _("Agree on a later date or another target, or on more than is planned.")),
    # what is planned
    Rule({"plan_case": "reaches", "status": SHORT}, _("With {plan} it would get there in time."), "",
         _("Hold the owners of the touchpoints to the planned ratings.")),
    Rule({"plan_case": "only in full", "status": "missed"},
         _("With {plan} it gets there only if all of the predicted effect comes.")),
    Rule({"plan_case": "falls short", "status": "missed"}, _("With {plan} it gets to {predicted}, not further.")),
    # a target long left behind
    Rule({"status": "met", "held": "always"}, _("It has been past it in all {of_periods} periods so far."), "",
         _("Raise the target to the level that is held.")),
)
# fmt: on
