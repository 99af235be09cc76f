"""What the visits chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

SCORE = _("95% interval {low} to {high}, {visits} visits")
CHANGE = _("95% interval {change_low} to {change_high}, {visits_before} and {visits} visits")
EFFECT = _("95% interval {difference_low} to {difference_high}, {visits} visits")
COUNT = _("{visits} visits")

# fmt: off
GLANCE = (
    Rule({"case": "none"}, _("Nothing was visited by the end of {period}."), "note", _("Agree with the client on the visits of the next round: who goes where, and when.")),
    Rule({"case": "earlier"}, _("No visit was made in {period}: what follows is the round {wave}."), "note"),
    Rule({"case": "alike"}, _("No location scores clearly below the others."), "note"),
    Rule({"case": "confounded"}, _("Visitors went to different places: strict visitors cannot be told from weak places."), "note", _("Send every visitor to every location in the next round.")),
)
CRITICAL = (
    Rule({"case": "often"}, _("At {location}, {failed} of {visits} visits failed “{standard}”, a critical standard."), "serious", _("The manager of {location} sees to “{standard}” this week, and a visitor checks it within a month.")),
    Rule({"case": "once"}, _("At {location}, one visit failed “{standard}”, a critical standard."), "serious", _("The manager of {location} finds out this week how “{standard}” could fail.")),
)
LOCATIONS = (
    Rule({"case": "below"}, _("{location} scores clearly below the other locations, at {value}."), "warning", _("The manager of {location} goes through the standards that fail there, and agrees on three to mend by the next round.")),
    Rule({"case": "once"}, _("{location} was visited once: one visit says nothing of the next."), "note", _("Plan at least four visits to {location} in the next round.")),
)
STANDARDS = (
    Rule({"case": "fails most"}, _("“{standard}” fails most often: at {failed} of {visits} visits."), "warning", _("Operations finds out before the next round why “{standard}” is not met.")),
    Rule({"case": "fails there"}, _("“{standard}” fails most often, at {failed} of {visits} visits; most of all at {most_at}."), "warning", _("Operations finds out before the next round why “{standard}” is not met, beginning at {most_at}.")),
)
VISITORS = (
    Rule({"case": "strict"}, _("Visitor {visitor} scores clearly lower than the others at the same places."), "warning", _("Before the next round, brief all visitors anew with the same examples, and send {visitor} out once beside another.")),
    Rule({"case": "lenient"}, _("Visitor {visitor} scores clearly higher than the others at the same places."), "warning", _("Before the next round, brief all visitors anew with the same examples, and send {visitor} out once beside another.")),
)
MOVED = (
    Rule({"about": "all", "case": "fell"}, _("Since {wave_before}, scores fell by {by_change} at the same locations."), "warning", _("Operations compares the standards of both rounds, and begins with the one that lost most.")),
    Rule({"about": "all", "case": "rose"}, _("Since {wave_before}, scores rose by {by_change} at the same locations."), "good"),
    Rule({"about": "all", "case": "unclear"}, _("Since {wave_before}, scores of all locations together did not clearly change."), "note"),
    Rule({"about": "one", "case": "fell"}, _("Since {wave_before}, {location} fell by {by_change}."), "warning", _("The manager of {location} says before the next round what is different since {wave_before}.")),
    Rule({"about": "one", "case": "rose"}, _("Since {wave_before}, {location} rose by {by_change}."), "good"),
)
BESIDE = (
    Rule({"case": "both"}, _("Visitors and customers agree: {location} is clearly below the others."), "serious"),
)
# fmt: on
