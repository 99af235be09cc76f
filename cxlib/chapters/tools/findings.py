"""What this chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

EVIDENCE = _("First in {p_first} of the draws in which every weight moves by about a quarter")

# fmt: off
CHOICE = (
    Rule({"case": "firm"}, _("Choose “{best_option}”: it comes first, and stays first when the weights move."), "good",
         _("The project lead takes references and a price for “{best_option}” within two weeks.")),
    Rule({"case": "close"}, _("“{best_option}” comes first, but “{other_option}” is too close to call on the scores."), "warning",
         _("Try both with five users for two weeks before the project lead decides.")),
    Rule({"case": "differ"}, _("It depends on the method: “{best_option}” is nearest the best, “{other_option}” has the higher weighted score."), "warning",
         _("Try both with five users for two weeks before the project lead decides.")),
    Rule({"case": "one left"}, _("Only “{best_option}” is left: all others are out."), "warning",
         _("Check what put the others out, or look for a second option, before a price is agreed.")),
    Rule({"case": "none left"}, _("Every option is out: none meets all that it must."), "serious",
         _("Look for further options, or agree on which must can be dropped.")),
    Rule({"price": "dearer"}, _("It costs {extra_cost} more over {years} years than “{cheapest}”.")),
    Rule({"price": "cheapest"}, _("It also costs least over {years} years.")),
)
OUT = (
    Rule({}, _("“{title}” is out; it falls short on: {reasons}."), "note"),
)
SCORES = (
    Rule({"case": "talk"}, _("Assessors differ most on “{title}”, by {apart_by} points on average."), "warning",
         _("Let the assessors explain their scores on “{title}” to one another, then score again.")),
)
ASSESSORS = (
    Rule({"case": "decides"}, _("{title} gave {scores_given} of {scores_asked} scores, and the first place rests on them."), "serious",
         _("{title} completes the scores before anything is decided.")),
    Rule({"case": "incomplete"}, _("{title} gave {scores_given} of {scores_asked} scores; without them the same option leads."), "note",
         _("{title} completes the scores, or is left out.")),
)
COMPARISONS = (
    Rule({"case": "contradict"}, _("The comparisons of criteria contradict one another, most of all “{title}” with “{compared_with}”."), "warning",
         _("Compare “{title}” with “{compared_with}” once more before the weights are used.")),
)
ROLLOUT = (
    Rule({"state": "late"}, _("Rollout: “{title}” was due on {due_on} and is not done."), "warning",
         _("Ask what holds it up ({whose}), and agree on a new day.")),
    Rule({"state": "late", "whose": None}, next_step=_("Name an owner, and agree on a new day.")),
)
# fmt: on
