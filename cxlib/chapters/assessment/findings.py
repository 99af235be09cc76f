"""What the assessment says, as data."""

from __future__ import annotations

from cxlib.present import verdicts
from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
MOVES = (
    Rule({"turn": "worse", "cause": ("like for like", "both"), "fell_with": None},
         _("{kpi} got worse among comparable customers in {at}, by {by_like}."), "serious",
         _("Find out what broke in {at}, and who answers for it."), _("Among comparable customers it got worse in {at}."), "stake_moved", seeks=True),
    Rule({"turn": "worse", "told_with": "yes"},
         _("{kpi} got worse among comparable customers in {at}, when {fell_with} got worse."), "serious",
         _("Begin with {fell_with}: find out what changed there, and who answers for it."), _("Among comparable customers it got worse in {at}, when {fell_with} got worse."), "stake_moved", seeks=True),
    Rule({"turn": "worse", "cause": ("like for like", "both"), "status": ("met", "too close to call")}, severity="warning", stake="stake_moved"),
    Rule({"turn": "better", "cause": ("like for like", "both"), "status": None}, _("{kpi} got better among comparable customers in {at}, by {by_like}."), "good", stake="stake_moved"),
    Rule({"turn": "better", "cause": ("like for like", "both"), "status": ("met", "missed", "too close to call")},
         _("{kpi} got better among comparable customers in {at}, by {by_like}."), also=_("Among comparable customers it got better in {at}."), stake="stake_moved"),
    Rule({"turn": "worse", "cause": "not split"}, _("{kpi} got worse in {at}, by {by_change}."), "warning",
         _("Find out what broke in {at}, and who answers for it."), _("It got worse in {at}."), "stake_moved", seeks=True),
    Rule({"turn": "better", "cause": "not split"}, _("{kpi} got better in {at}, by {by_change}."), also=_("It got better in {at}."), stake="stake_moved"),
    Rule({"cause": "mix", "moved": "fell", "direction": "higher", "alike": "yes"}, _("{kpi} fell to {after} in {at} because other customers answered; comparable ones judge no worse."),
         also=_("It fell in {at} because other customers answered; comparable ones judge no worse."), stake="stake_moved"),
    Rule({"cause": "mix", "moved": "fell", "direction": "higher", "alike": "open"}, _("{kpi} fell to {after} in {at}: other customers answered; whether comparable ones judge lower is open."),
         also=_("It fell in {at}: other customers answered; whether comparable ones judge lower is open."), stake="stake_moved"),
    Rule({"cause": "mix", "moved": "rose", "direction": "higher"}, _("{kpi} rose to {after} in {at} because other customers answered; comparable ones judge not clearly better."),
         also=_("It rose in {at} because other customers answered; comparable ones judge not clearly better."), stake="stake_moved"),
    Rule({"cause": "mix", "direction": "lower"}, _("{kpi} moved to {after} in {at} because other customers answered."),
         also=_("It moved in {at} because other customers answered."), stake="stake_moved"),
    Rule({"cause": "mix", "status": "missed"}, next_step=_("Find out why other customers answered, and agree at which mix the target counts.")),
    Rule({"cause": "mix", "status": (None, "met")}, severity="warning", next_step=_("Find out why other customers answered; the fall alone is no reason to change the service.")),
)

LEVEL = Rule({"status": None, "turn": "unclear", "cause": ("unclear", "not split")}, _("{kpi} stands at {value}."), "note")
KPIS = (*verdicts.ALL, *MOVES, LEVEL)

TOUCHPOINTS = (
    *verdicts.ALL,
    Rule({"place": "weakest"}, _("{kpi} is the weakest touchpoint: {value}, others typically {typical}."), "warning",
         _("Ask those who used it what goes wrong, and agree with whoever runs it what changes."), _("It is the weakest touchpoint."), seeks=True),
    Rule({"turn": "worse", "cause": ("like for like", "both")}, _("{kpi} got worse among comparable customers in {at}, by {by_like}; it stands at {value}."), "serious",
         _("Find out what changed there in {at}, and who answers for it."), _("Among comparable customers it got worse in {at}, by {by_like}."), "stake_moved", seeks=True),
    Rule({"turn": "better", "cause": ("like for like", "both")}, _("{kpi} got better among comparable customers in {at}, by {by_like}; it stands at {value}."), "good",
         also=_("Among comparable customers it got better in {at}, by {by_like}."), stake="stake_moved"),
    Rule({"turn": "worse", "cause": "not split"}, _("{kpi} got worse in {at}, by {by_change}; it stands at {value}."), "serious",
         _("Find out what changed there in {at}, and who answers for it."), _("It got worse in {at}, by {by_change}."), "stake_moved", seeks=True),
    Rule({"turn": "better", "cause": "not split"}, _("{kpi} got better in {at}, by {by_change}; it stands at {value}."), "good",
         also=_("It got better in {at}, by {by_change}."), stake="stake_moved"),
    Rule({"cause": "mix", "moved": "fell", "alike": "yes"}, _("{kpi} fell to {after} in {at} only because other customers answered."),
         also=_("It fell in {at} only because other customers answered."), stake="stake_moved"),
    Rule({"cause": "mix", "moved": "fell", "alike": "open"}, _("{kpi} fell to {after} in {at} because other customers answered."),
         also=_("It fell in {at} because other customers answered."), stake="stake_moved"),
    Rule({"cause": "mix", "moved": "rose"}, _("{kpi} rose to {after} in {at} because other customers answered."),
         also=_("It rose in {at} because other customers answered."), stake="stake_moved"),
)

GROUPS = (
    Rule({"turn": "worse", "direction": "higher"}, _("{level} customers score {value}, {by_like} below comparable others."), "warning", _("Listen to these customers first.")),
    Rule({"turn": "worse", "direction": "lower"}, _("{level} customers judge worse than comparable others: {value}, {by_like} apart."), "warning", _("Listen to these customers first.")),
    Rule({"turn": "better", "mirrored": "no"}, _("{level} customers score {value}, {by_like} better than comparable others."), "note"),
    Rule({"grew": "yes"}, _("{level} customers are now {share_after} of the answers, {share_before} in {to}."), "warning",
         _("Find out whether there are more of them, or more of them answered."), _("They are now {share_after} of the answers, {share_before} in {to}."), "stake_moved"),
)

DATA = (
    Rule({"case": "straight lining"}, _("{share} of respondents gave every touchpoint the same rating; differences between touchpoints are understated."), "warning",
         _("Shorten the questionnaire or mix the order of its questions.")),
    Rule({"case": "no answer"}, _("{share} gave no answer to {question}; those who did may differ."), "warning",
         _("Ask it earlier, or of fewer people.")),
    Rule({"case": "skewed"}, _("The sample is not the customer base: {level} are {sample_share} of the answers and {known_share} of the customers."), "note",
         _("The scores of this report are weighted to the known shares.")),
)
# fmt: on
