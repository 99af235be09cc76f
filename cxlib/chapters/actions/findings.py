"""What this chapter says, as data."""

from __future__ import annotations

from cxlib.analysis.kpis import elsewhere
from cxlib.analysis.service import actions as acts
from cxlib.chapters.actions import tables
from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
ALONE = ("", elsewhere.DRIFT, elsewhere.FEW)
"""No group to compare with, or none that tells anything."""
PROGRESS = (
    Rule({"case": "all done"}, _("All {planned} actions are done."), "good"),
    Rule({"case": "late"}, _("{finished} of {planned} actions done, {overdue} overdue."), "warning",
         _("Go through the overdue ones with their owners before anything new is begun.")),
    Rule({"case": "one late"}, _("{finished} of {planned} actions done, one overdue."), "warning"),
    Rule({"case": "on time"}, _("{finished} of {planned} actions done, none overdue."), "good"),
)
ACTIONS = (
    Rule({"case": "overdue"}, _("“{title}” was due on {due_on} and is not done."), "warning",
         _("Ask what holds it up ({whose}), and agree on a new day.")),
    Rule({"case": "overdue", "whose": None}, next_step=_("Name an owner, and agree on a new day.")),
    Rule({"case": "not agreed"}, _("“{title}” is approved, but has no owner or no day."), "warning",
         _("Name who does it and by when, at the next meeting.")),
    Rule({"found": False}, _("“{title}” answers a finding that is no longer made."), "note",
         _("Decide whether it is still needed."), also=_("The finding that it answers is no longer made.")),
)
OUTCOMES = (
    Rule({"beside": elsewhere.AHEAD}, _("Where “{title}” was carried out, {kpi} did better than elsewhere."), "good",
         _("Decide at the next meeting whether the other groups follow ({whose}).")),
    Rule({"beside": elsewhere.BEHIND}, _("Where “{title}” was carried out, {kpi} did worse than elsewhere."), "warning",
         _("Decide whether it is changed or stopped ({whose}).")),
    Rule({"beside": elsewhere.SAME, "afterwards": tables.BETTER}, _("“{title}” is done and {kpi} is better, but not clearly more so where it was carried out than elsewhere."), "note",
         _("Ask what else changed everywhere before it is taken to other groups ({whose}).")),
    Rule({"beside": elsewhere.SAME, "afterwards": (tables.UNCLEAR, tables.WORSE)}, _("“{title}” is done; {kpi} has moved no differently where it was carried out than elsewhere, as far as the answers tell."), "note",
         _("Agree on what else would move it.")),
    Rule({"afterwards": tables.BETTER, "beside": ALONE}, _("“{title}” is done, and {kpi} is better than before it, like for like."), "good"),
    Rule({"afterwards": tables.WORSE, "beside": ALONE}, _("“{title}” is done, yet {kpi} is worse than before it, like for like."), "warning",
         _("Decide whether it is changed or stopped ({whose}).")),
    Rule({"afterwards": tables.UNCLEAR, "beside": ALONE}, _("“{title}” is done; {kpi} has not clearly moved since."), "note",
         _("Agree on what else would move it.")),
    Rule({"afterwards": acts.BETTER}, _("“{title}” is done, and {kpi} is better than usual."), "good"),
    Rule({"afterwards": acts.BEFORE}, _("“{title}” came only after {kpi} had improved.")),
    Rule({"afterwards": acts.UNMOVED}, _("“{title}” is done; {kpi} has not clearly moved since."), "note",
         _("Agree on what else would move it.")),
    Rule({"afterwards": acts.WORSE}, _("“{title}” is done, yet {kpi} is worse than usual."), "warning",
         _("Decide whether it is changed or stopped ({whose}).")),
    Rule({"beside": elsewhere.DRIFT}, _("Before it was begun, {kpi} had already taken another course there: the other groups tell nothing.")),
)
# fmt: on
