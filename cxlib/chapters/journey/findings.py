"""What the journey chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
TOUCHPOINTS = (
    Rule({"role": "failing moment of truth"}, _("{kpi} is linked to the score more closely than most touchpoints, and feels clearly worse than the rest of the journey."), "serious", _("Within a month, walk through {kpi} as a customer, with whoever runs it, and agree on what to mend first.")),
    Rule({"role": "pain point"}, _("{kpi} feels clearly worse than the rest of the journey."), "warning", _("Walk through {kpi} as a customer, with whoever runs it, before the next period ends.")),
    Rule({"role": "moment of truth"}, _("{kpi} is linked to the score more closely than most touchpoints: it must not slip."), "note"),
    Rule({"role": "strength", "above": True}, _("{kpi} feels clearly better than the rest of the journey."), "good"),
)

STAGES = (
    Rule({"case": "lowest"}, _("Of the stages, customers feel worst at {stage}."), "note"),
)

DROPS = (
    Rule({"case": "most"}, _("More customers go no further after {stage} than after any other stage: {left_share}."), "warning", _("Ask ten of those who stopped after {stage} what kept them, within a month.")),
)

NONE = (
    Rule({"case": "no events"}, _("No log of customers’ steps is named, so it is not known where they drop out."), "note", _("Name the log of steps under `events:` in the client file."), desk=True),
    Rule({"case": "none"}, _("No touchpoint of the journey is rated in this period."), "note", _("Ask for a rating at each step of the journey, with “did not use it” as an answer.")),
    Rule({"case": "no importance"}, _("What each touchpoint weighs is not known yet: no moment of truth can be named."), "note", _("Run chapter 06, drivers, first."), desk=True),
    Rule({"case": "no voices"}, _("No comment stands for a pain point: there is none, or nobody who rated it low left one."), "note"),
    Rule({"case": "alike"}, _("At no touchpoint are two groups of customers clearly apart."), "note"),
)
# fmt: on
REACHED = _("95% interval {left_low} to {left_high}, reached {entered} times")
