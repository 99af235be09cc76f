"""What monitoring says, as data."""

from __future__ import annotations

from dataclasses import replace

from cxlib.analysis.kpis.verdicts import DECIDED
from cxlib.present import verdicts
from cxlib.present.findings import Rule
from cxlib.words import mark as _

STATUS = ("met", "missed", "too close to call")
CLEAR = ("like for like", "both")
OTHERS = _(
    "Find out why other customers answered; the fall alone is no reason to change the service."
)
MISSES = replace(verdicts.MISSES, also=_("It misses its target of {target}."))
OWN = {"held_back": ""}  # a signal that is the service's, not the mix's

# fmt: off
SIGNALS = (
    Rule({"signal": "worse", "began": "now", "direction": "higher", **OWN}, _("{kpi} fell to {value} in {since}; until then it was usually {was}.")),
    Rule({"signal": "worse", "began": "now", "direction": "lower", **OWN}, _("{kpi} rose to {value} in {since}; until then it was usually {was}.")),
    Rule({"signal": "worse", "began": "earlier", "direction": "higher", **OWN}, _("{kpi} has been lower since {since}: {value}, usually {was} until then.")),
    Rule({"signal": "worse", "began": "earlier", "direction": "lower", **OWN}, _("{kpi} has been higher since {since}: {value}, usually {was} until then.")),
    Rule({"signal": "better", "began": "now", "direction": "higher", **OWN}, _("{kpi} rose to {value} in {since}; until then it was usually {was}.")),
    Rule({"signal": "better", "began": "now", "direction": "lower", **OWN}, _("{kpi} fell to {value} in {since}; until then it was usually {was}.")),
    Rule({"signal": "better", "began": "earlier", "direction": "higher", **OWN}, _("{kpi} has been higher since {since}: {value}, usually {was} until then.")),
    Rule({"signal": "better", "began": "earlier", "direction": "lower", **OWN}, _("{kpi} has been lower since {since}: {value}, usually {was} until then.")),
    Rule({"signal": ("high", "low"), **OWN}, _("{kpi} has moved since {since}: {value}, usually {was} until then."), "note", _("Find out what changed in {since}.")),
    Rule({"signal": "worse", "gravity": "warning", **OWN}, severity="warning", next_step=_("Find out what changed in {since}, and name who answers for it."), stake="stake_moved", seeks=True),
    Rule({"signal": "worse", "gravity": "serious", **OWN}, severity="serious", next_step=_("Find out what changed in {since}, and name who answers for it."), stake="stake_moved", seeks=True),
    Rule({"signal": "better", "why": ("like for like", "both", "not split"), **OWN}, severity="good", next_step=_("Find out what made it better, and secure it.")),
)

CAUSES = (
    Rule({"signal": "worse", "with_part": "yes", **OWN}, _("Comparable customers judge it worse, and {fell_with} with it."), next_step=_("Begin with {fell_with}: name who answers for it."), seeks=True),
    Rule({"signal": "worse", "with_part": "no", "why": CLEAR, **OWN}, _("Comparable customers judge it worse.")),
    Rule({"signal": "worse", "why": "unclear", **OWN}, _("Whether comparable customers judge it worse is too close to call."), "warning", stake="stake_moved"),
    Rule({"signal": "better", "with_part": "yes", **OWN}, _("Comparable customers judge it better, and {fell_with} with it.")),
    Rule({"signal": "better", "with_part": "no", "why": CLEAR, **OWN}, _("Comparable customers judge it better.")),
    Rule({"signal": "better", "why": "unclear", **OWN}, _("Whether comparable customers judge it better is too close to call."), "note"),
    Rule({"signal": "worse", "held_back": "mix", "direction": "higher", "alike_since": "yes"}, _("{kpi} fell to {value} because other customers answered; comparable ones judge no worse."), "warning", OTHERS, stake="stake_moved"),
    Rule({"signal": "worse", "held_back": "mix", "direction": "higher", "alike_since": "open"}, _("{kpi} fell to {value} because other customers answered; whether comparable ones judge worse is open."), "warning", OTHERS, stake="stake_moved"),
    Rule({"signal": "worse", "held_back": "mix", "direction": "lower"}, _("{kpi} rose to {value} because other customers answered."), "warning", OTHERS, stake="stake_moved"),
    Rule({"signal": "better", "held_back": "mix"}, _("{kpi} moved to {value} because other customers answered; that is no improvement of the service."), "note"),
)

MOVES = (  # what the charts do not show, but the comparison does
    Rule({"signal": "", "cause": "mix", "moved": "fell", "direction": "higher", "alike": "yes"}, _("{kpi} fell to {after} in {at} because other customers answered; comparable ones judge no worse."),
         also=_("It fell in {at} because other customers answered; comparable ones judge no worse.")),
    Rule({"signal": "", "cause": "mix", "moved": "fell", "direction": "higher", "alike": "open"}, _("{kpi} fell to {after} in {at} because other customers answered."),
         also=_("It fell in {at} because other customers answered.")),
    Rule({"signal": "", "cause": "mix", "moved": "rose", "direction": "higher"}, _("{kpi} rose to {after} in {at} because other customers answered."), also=_("It rose in {at} because other customers answered.")),
    Rule({"signal": "", "turn": "worse", "cause": CLEAR}, _("{kpi} got worse among comparable customers in {at}, by {by_like}; its chart does not signal yet."), "warning",
         _("Find out what changed in {at}, and watch the next period."), _("Among comparable customers it got worse in {at}, by {by_like}; its chart does not signal yet."), "stake_moved", seeks=True),
    Rule({"signal": "", "turn": "better", "cause": CLEAR}, _("{kpi} got better among comparable customers in {at}, by {by_like}; its chart does not signal yet."), "note",
         also=_("Among comparable customers it got better in {at}, by {by_like}; its chart does not signal yet.")),
)

TARGETS = (
    replace(verdicts.BEHIND_PATH, also=_("It is behind its path to {target}.")),
    Rule({"status": STATUS, "course": "behind", "assurance": "misses", "miss": "usual", "signal": ""}, _("As it runs now, fewer than 1 period in 100 reaches {target}."), next_step=_("Change how {kpi} comes about; more effort in the same process will not do.")),
    Rule({"status": "missed", "course": DECIDED, "assurance": "misses", "signal": ""}, _("{kpi} goes on missing its target of {target} unless something changes: it stays between {usual_low} and {usual_high}."), "serious", _("Change how {kpi} comes about; more effort in the same process will not do.")),
    replace(MISSES, when={**MISSES.when, "assurance": ("may or may not", None)}),
    Rule({"status": ("missed", "too close to call"), "cause": "mix", "moved": "fell", "direction": "higher"}, next_step=_("Find out why other customers answered, and agree at which mix the target counts.")),
    replace(MISSES, when={**MISSES.when, "assurance": "misses", "signal": ("better", "worse")}, next_step=""),
    Rule({"status": "met", "assurance": ("reaches", "may or may not"), "miss": "rare", "signal": ""}, _("{kpi} keeps its target of {target} while nothing changes: fewer than 1 period in 100 should miss it."), "good"),
    Rule({"status": "met", "assurance": ("reaches", "may or may not"), "miss": "some", "signal": ""}, _("{kpi} meets its target of {target}; as it runs now, its ups and downs alone should miss it in about {miss_chance} of periods."), "note"),
)

COMPETITORS = (
    Rule({"brand_turn": "worse"}, _("{kpi} is behind {rated_brand} by {by_brand_gap} at an equal mix of customers."), "warning", also=_("At an equal mix of customers, {rated_brand} is ahead by {by_brand_gap}.")),
    Rule({"brand_turn": "worse", "signal": ""}, next_step=_("Find out what {rated_brand} does differently there.")),
    Rule({"brand_turn": "better"}, _("{kpi} is ahead of {rated_brand} by {by_brand_gap} at an equal mix of customers."), also=_("At an equal mix of customers, it is ahead of {rated_brand} by {by_brand_gap}.")),
    Rule({"brand_turn": "better", "signal": "", "course": (None, "due", "no trajectory", "on course", "too close to call")}, severity="good"),
    Rule({"reference_turn": "worse"}, _("{kpi} stands at {value}, {reference} at {reference_value}; it was better in {periods_better} of {periods_both} periods."), "warning", _("Ask whether the whole market moved before changing your own service.")),
    Rule({"reference_turn": "better"}, _("{kpi} stands at {value}, {reference} at {reference_value}; it was better in {periods_better} of {periods_both} periods."), "good"),
)

KPIS = (*SIGNALS, *CAUSES, *TARGETS, *MOVES, *COMPETITORS)

PAGE = (
    Rule({"case": "empty"}, _("No indicator has a period with enough answers: nothing can be charted."), "note", _("Collect more answers a period, or report less often.")),
    Rule({"case": "single"}, _("There is only one period so far ({period}): no trend, no limits and no early warning."), "note", _("Ask the same questions again: twelve periods settle the limits.")),
    Rule({"case": "calm"}, _("No early warning: none of {charts} charts signals in {period}."), "good", _("Leave the process alone: explaining ups and downs is wasted effort.")),
    Rule({"case": "quiet"}, _("No early warning: none of {charts} charts signals clearly enough in {period}."), "note"),
)
# fmt: on
