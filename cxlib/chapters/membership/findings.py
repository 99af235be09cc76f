"""What the membership chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

BASE = _("95% interval {low} to {high}, {n} members")
COUNT = _("{n} members")

# fmt: off
STAY = (
    Rule({"turn": "worse", "what": "group"}, _("{level} members leave sooner: after a year {stay} are still there, {stay_others} of all others."), "serious",
         _("Find out what these members were promised, and stop bringing in more until that is mended.")),
    Rule({"turn": "worse", "what": "cohort"}, _("Members who joined in {period} leave sooner: after a year {stay} are still there, {stay_others} of all others."), "warning",
         _("Find out what was different about joining in {period}.")),
)
STEPS = (
    Rule({"outcome_key": "spend", "turn": "more", "step_key": "detractor to passive"}, _("Passives go on to spend {by_step_value} more than comparable detractors within {days} days."), "warning",
         _("Call detractors back first: name who does it, and within how many days.")),
    Rule({"outcome_key": "spend", "turn": "more", "step_key": "passive to promoter"}, _("Promoters go on to spend {by_step_value} more than comparable passives within {days} days."), "note"),
    Rule({"outcome_key": "spend", "turn": "less"}, _("The better answer goes with {by_step_value} less spend within {days} days."), "note"),
    Rule({"outcome_key": "spend", "turn": "unclear", "none_clear": "yes", "step_key": "detractor to passive"},
         _("What members spend after answering does not clearly depend on what they answered, at equal tier and past spend."), "note",
         _("Do not put a price on a point of the score.")),
    Rule({"outcome_key": "stay", "turn": "more", "step_key": "detractor to passive"}, _("Passives stay more often than comparable detractors: {by_step_value} within {days} days."), "warning",
         _("Call detractors back first: name who does it, and within how many days.")),
    Rule({"outcome_key": "stay", "turn": "more", "step_key": "passive to promoter"}, _("Promoters stay more often than comparable passives: {by_step_value} within {days} days."), "note"),
)
WORTH = (
    Rule({"case": "top"}, _("{level} members are {share_of_members} of all and {worth_share} of the value of the next {months} months."), "note"),
)
UNHAPPY = (
    Rule({"case": "said"}, _("{members} of the most valuable members are detractors; they complain most of {theme}."), "warning",
         _("Call each of them within a week: name who does it.")),
    Rule({"case": "named"}, _("{members} of the most valuable members are detractors; they rate {lowest} lowest."), "warning",
         _("Call each of them within a week: name who does it.")),
    Rule({"case": "unnamed"}, _("{members} of the most valuable members are detractors."), "warning",
         _("Call each of them within a week: name who does it.")),
)
JOINING = (
    Rule({"turn": "more"}, _("After joining, members' spend rises by {by_joined_more} in {days} days, against comparable customers who had not joined."), "good"),
    Rule({"turn": "less"}, _("After joining, members' spend falls by {by_joined_more} in {days} days, against comparable customers who had not joined."), "warning",
         _("Find out what members buy less of, before more of them are won.")),
    Rule({"turn": "unclear"}, _("Good customers join: members spend {by_joined_raw} more than others, but not clearly more than comparable ones."), "note",
         _("Do not count what members spend more as earned by the programme.")),
    Rule({"turn": "unclear, not ahead"}, _("Joining goes with no clear change: members spend no more than comparable customers, nor than others."), "note",
         _("Do not count what members spend more as earned by the programme.")),
    Rule({"turn": "no telling"}, _("Whether joining changes what members spend cannot be told: their spend already went another way before."), "note",
         _("Try it with a group of customers who are invited later.")),
)
TIERS = (
    Rule({"pays": "costs more"}, _("{level} benefits cost {by_net} a member and year more than they keep."), "serious",
         _("Change the benefits of {level} before the next tier year; the designs show what that saves.")),
    Rule({"pays": "pays"}, _("{level} pays: it keeps {by_net} a member and year beyond what its benefits cost."), "good"),
    Rule({"pays": "open"}, _("Whether {level} keeps what its benefits cost is too close to call."), "note"),
)
DESIGNS = (
    Rule({"better": "yes", "falls": "nobody"}, _("{design} would save {by_saving} a year, and nobody would fall to a lower tier."), "warning",
         _("Decide on it before the next tier year.")),
    Rule({"better": "yes", "falls": "some"}, _("{design} would save {by_saving} a year; {down} members would fall to a lower tier."), "warning",
         _("Decide on it before the next tier year.")),
)
ABSENT = (
    Rule({"case": "effects"}, _("What a tier keeps cannot be told here: that needs tiers with thresholds, and the benefits used."), "note",
         _("Provide the rules of the tiers and the record of benefits used.")),
    Rule({"case": "designs"}, _("No other designs of the tiers can be compared without the thresholds of today's."), "note"),
)
REFUSED = (
    Rule({"case": "worth"}, _("These purchases do not follow the model behind lifetime value, so none is given."), "note",
         _("Value members by the mean margin of their group instead.")),
    Rule({"case": "joining"}, _("Whether joining changes what members spend cannot be told from these purchases."), "note",
         _("Provide purchases of customers who are no members, and of members before they joined.")),
    Rule({"case": "experience"}, _("What experience is worth cannot be told yet."), "note",
         _("Ask members again once enough time has passed since their answers.")),
)
# fmt: on
