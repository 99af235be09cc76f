"""What this chapter says of a KPI and its target: rules over the rows of `tables.told`.

The course comes before the verdict until a target is due; what would settle an open verdict,
whether the way is still passable and what a plan brings join it, so that a KPI makes one finding.
"""

from __future__ import annotations

from dataclasses import replace

from cxlib.present import verdicts
from cxlib.present.findings import Rule
from cxlib.words import mark as _

OPEN = "too close to call"
SHORT = ("missed", OPEN)
PASSABLE = ("seen before", "not known", "already there")
PLAN, RECOVERY, BEST = "the plan", "regaining lost ground", "the best group's ratings for all"

SLOW_ENOUGH = ("seen before", "not known")
"""Where the pace alone does not say that it will not get there."""

# fmt: off
RULES = (
    # where it stands
    verdicts.MEETS,
    verdicts.MISSES,
    verdicts.CLOSE,
    replace(verdicts.ALREADY, when={"course": ("on course", OPEN), "status": "met"}),
    verdicts.ON_PATH,
    verdicts.BEHIND_PATH,
    Rule({"course": OPEN, "status": "missed", "pace": "faster than ever"}, _("{kpi} stands at {value}, short of {target}, and has never moved as fast as it now must."), "serious",
         _("Agree on a later date or another target, or on more than is planned.")),
    replace(verdicts.SHORT_SO_FAR, when={"course": OPEN, "status": "missed", "pace": PASSABLE}),
    replace(verdicts.CLOSE_SO_FAR, when={"course": OPEN, "status": OPEN}),
    Rule({"course": "due", "status": "met"}, "", "", _("Put the verdict before the client for acceptance.")),
    Rule({"course": "due", "status": "missed"}, "", "", _("Agree on a remedy or a new date.")),
    # what it asks, and what would settle it
    Rule({"asks": "asks for nothing", "held": ""}, _("The target asks for nothing: it stood at {start} when it was set."), "",
         _("Agree on a target beyond today's level.")),
    Rule({"asks": "no", "status": OPEN}, _("The whole step it asks for is smaller than {n_next} answers can show.")),
    Rule({"status": OPEN, "settles": "more answers"}, "", "",
         _("{n_to_settle} answers in one period would settle it; else agree now whether {value} counts.")),
    Rule({"status": OPEN, "settles": ("no survey of this size", "no sample")}, "", "",
         _("The gap is too small to measure: agree now whether {value} counts.")),
    # the way left
    Rule({"pace": "faster than ever", "status": "missed", "course": ("behind", "on course", "no trajectory")}, _("It has never moved as fast as it now must."), "serious",
         _("Agree on a later date or another target, or on more than is planned.")),
    # what is planned
    Rule({"means": PLAN, "gets_there": "reaches", "status": SHORT}, _("The plan gets it there in time."), "",
         _("Hold the owners of the touchpoints to the planned ratings.")),
    Rule({"means": PLAN, "gets_there": "only in full", "status": "missed"}, _("The plan gets it there only if all of its predicted effect comes.")),
    Rule({"means": PLAN, "gets_there": "falls short", "status": "missed"}, _("All that the plan is predicted to bring does not get it there.")),
    Rule({"means": RECOVERY, "gets_there": "reaches", "status": SHORT}, _("Regaining the lost ground would get it there in time.")),
    Rule({"means": RECOVERY, "gets_there": "only in full", "status": "missed", "pace": SLOW_ENOUGH}, _("Regaining the lost ground would get it there only if all of the predicted effect came.")),
    Rule({"means": RECOVERY, "gets_there": "falls short", "status": "missed", "pace": SLOW_ENOUGH}, _("Regaining the lost ground would not get it there.")),
    Rule({"means": BEST, "gets_there": "reaches", "status": SHORT}, _("If all rated like the best group, it would get there in time.")),
    Rule({"means": BEST, "gets_there": "only in full", "status": "missed", "pace": SLOW_ENOUGH}, _("If all rated like the best group, only the full predicted effect would get it there.")),
    Rule({"means": BEST, "gets_there": "falls short", "status": "missed", "pace": SLOW_ENOUGH}, _("Even if all rated like the best group, it would not get there.")),
    # a target long left behind
    Rule({"status": "met", "held": "always"}, _("It has been past it in all {of_periods} periods so far."), "",
         _("Raise the target to the level that is held.")),
)
# fmt: on
