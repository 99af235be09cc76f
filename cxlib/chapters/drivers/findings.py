"""What the drivers chapter says, as data."""

from __future__ import annotations

from cxlib.analysis.drivers.planning import AGAINST
from cxlib.present.findings import Rule
from cxlib.words import mark as _

EXPLAINED = _("The ratings explain {explained} of the differences in {kpi}, {n} answers")

# fmt: off
MODEL = tuple(
    Rule({"case": reason}, reason, "warning", _("Join several periods, or ask more customers about fewer touchpoints."))
    for reason in AGAINST
)

LEADING = (
    Rule({"case": "several"}, _("{drivers} carry {relative} of all that the touchpoints explain of {kpi}."), "note",
         _("Of these, mend first what is rated low, and guard what is rated well.")),
    Rule({"case": "all"}, _("Every touchpoint is proven to matter for {kpi}; {first} has the largest part, {relative}."), "note",
         _("Choose between them by cost and by what can be done soon.")),
    Rule({"case": "one"}, _("{first} alone is proven to go with {kpi} beyond all other touchpoints."), "note",
         _("Mend it if it is rated low, and guard it if it is rated well.")),
    Rule({"case": "none"}, _("The touchpoints go with {kpi} together, but none is proven beyond the others."), "warning",
         _("Ask more customers before money is spent on any one of them.")),
    Rule({"case": "chance"}, _("What the touchpoints explain of {kpi} is no more than chance: their order says nothing."), "warning",
         _("Join several periods, or ask more customers about fewer touchpoints.")),
    Rule({"case": ("several", "all", "one", "none"), "little": "yes"}, _("Most of what moves {kpi} was not asked."), "warning",
         _("Look for the rest in comments: price, expectations, what was never asked."), _("Most of what moves it was not asked.")),
)

DRIVERS = (
    Rule({"quadrant": "fix first"}, _("Fix {driver} first: it matters, and is rated only {value}."), "serious",
         _("Find out with its customers and staff what goes wrong there, then repair it."), seeks=True),
    Rule({"quadrant": "fix first or keep up"}, _("On the line between fixing and protecting ({p_low} to {p_well}): {driver}."), "warning",
         _("It matters either way: guard it at the least, and improve it where that is cheap.")),
    Rule({"quadrant": "keep up"}, _("Keep up {driver}: it matters, and is rated well, {value}."), "good",
         _("Guard it: a fall here would cost most.")),
    Rule({"lost": "yes"}, _("{driver} got worse in {at}; back where it stood, {outcome} could rise by up to {regain}."), "serious",
         _("Begin here: this level was reached before, so it can be reached again."),
         _("It got worse in {at}; back where it stood, {outcome} could rise by up to {regain}."), seeks=True),
    Rule({"proven": True, "competitor_turn": "worse"}, _("{driver} matters, and {competitor} is rated higher there."), "serious",
         _("See how {competitor} does it: customers can compare."), _("{competitor} is rated higher there.")),
    Rule({"proven": True, "competitor_turn": "better"}, _("{driver} matters, and {competitor} is rated lower there."), also=_("{competitor} is rated lower there.")),
)

PLAN = (
    Rule({"case": "best group"}, _("Were {drivers} rated everywhere as by the best group, {kpi} could rise by up to {by_change}, to {after}."), "note",
         _("Weigh this plan against the targets, and allow for what never comes true of a plan.")),
    Rule({"case": "asked for"}, _("With the changes asked for ({drivers}), {kpi} could move by {change}, to {after}."), "note",
         _("Weigh this plan against the targets, and allow for what never comes true of a plan.")),
    Rule({"case": "no room"}, _("No group of customers clearly rates {drivers} higher than the others: there is no best group to aim for."), "note",
         _("Set the aim by what competitors or earlier periods reached.")),
    Rule({"case": "little room"}, _("No group of customers rates {drivers} much higher than the others: at the best group's level {kpi} would change by no more than {change}."), "note",
         _("Set the aim by what competitors or earlier periods reached.")),
    Rule({"case": "a tenth of a point"}, _("0.1 of a point more at {drivers} could bring {kpi} {by_change}."), "note",
         _("Set the aim by what competitors or earlier periods reached.")),
)

SEGMENTS = (
    Rule({"differs": "yes"}, _("What moves {outcome} differs by {segment}, most of all for {most}."), "warning",
         _("Plan for these groups apart.")),
)
# fmt: on
