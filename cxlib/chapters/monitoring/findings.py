"""What monitoring says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

DECIDED = ("due", "no trajectory")
OWN = {"held_back": ""}  # a signal that is the service's, not the mix's

# fmt: off
SIGNALS = (
    Rule({"signal": "worse", "began": "now", "direction": "higher", **OWN}, _("{kpi} fell to {value} in {since}; until then it was usually {was}.")),
    Rule({"signal": "worse", "began": "now", "direction": "lower", **OWN}, _("{kpi} rose to {value} in {since}; until then it was usually {was}.")),
    Rule({"signal": "worse", "began": "earlier", **OWN}, _("{kpi} has been worse since {since}: {value}, usually {was} until then.")),
    Rule({"signal": "worse", "gravity": "warning", **OWN}, severity="warning", next_step=_("Find out what changed in {since}, and name who answers for it."), stake="stake_moved"),
    Rule({"signal": "worse", "gravity": "serious", **OWN}, severity="serious", next_step=_("Find out what changed in {since}, and name who answers for it."), stake="stake_moved"),
    Rule({"signal": "better", "began": "now", "direction": "higher", **OWN}, _("{kpi} rose to {value} in {since}; until then it was usually {was}."), "good", _("Find out what made it better, and secure it.")),
    Rule({"signal": "better", "began": "now", "direction": "lower", **OWN}, _("{kpi} fell to {value} in {since}; until then it was usually {was}."), "good", _("Find out what made it better, and secure it.")),
    Rule({"signal": "better", "began": "earlier", **OWN}, _("{kpi} has been better since {since}: {value}, usually {was} until then."), "good", _("Find out what made it better, and secure it.")),
    Rule({"signal": ("high", "low"), **OWN}, _("{kpi} has moved since {since}: {value}, usually {was} until then."), "note", _("Find out what changed in {since}.")),
)

CAUSES = (
    Rule({"signal": "worse", "with_part": "yes", **OWN}, _("Comparable customers judge it worse, and {fell_with} with it."), next_step=_("Begin with {fell_with}: name who answers for it.")),
    Rule({"signal": "worse", "with_part": "no", "why": ("like for like", "both"), **OWN}, _("Comparable customers judge it worse.")),
    Rule({"signal": "worse", "why": "unclear", **OWN}, _("Whether comparable customers judge it worse is too close to call.")),
    Rule({"signal": "better", "with_part": "yes", **OWN}, _("Comparable customers judge it better, and {fell_with} with it.")),
    Rule({"signal": "better", "with_part": "no", "why": ("like for like", "both"), **OWN}, _("Comparable customers judge it better.")),
    Rule({"signal": "worse", "on_record": "yes", **OWN}, next_step=_("Recorded against it: {action}. Ask at the meeting whether it works.")),
    Rule({"signal": "worse", "held_back": "mix", "direction": "higher", "alike_since": "yes"}, _("{kpi} fell to {value} because other customers answered; comparable ones judge no worse."), "warning", _("Find out why other customers answered before changing the service."), stake="stake_moved"),
    Rule({"signal": "worse", "held_back": "mix", "direction": "higher", "alike_since": "open"}, _("{kpi} fell to {value} because other customers answered; whether comparable ones judge worse is open."), "warning", _("Find out why other customers answered before changing the service."), stake="stake_moved"),
    Rule({"signal": "worse", "held_back": "mix", "direction": "lower"}, _("{kpi} rose to {value} because other customers answered."), "warning", _("Find out why other customers answered before changing the service."), stake="stake_moved"),
    Rule({"signal": "better", "held_back": "mix"}, _("{kpi} moved to {value} because other customers answered; that is no improvement of the service."), "note"),
)

TARGETS = (
    Rule({"status": ("met", "missed", "too close to call"), "course": "behind"}, _("{kpi} is behind its path to {target}: {value}."), "serious", _("Agree what is done about it, by whom and by when."), _("It is behind its path to {target}.")),
    Rule({"status": "missed", "course": DECIDED, "assurance": "misses", "signal": ""}, _("{kpi} goes on missing its target of {target} unless something changes: it stays between {usual_low} and {usual_high}."), "serious", _("Change how {kpi} comes about; more effort in the same process will not do.")),
    Rule({"status": "missed", "course": DECIDED, "assurance": ("may or may not", None)}, _("{kpi} misses its target: {value} against {target}."), "serious", _("Agree what is done about it, by whom and by when."), _("It misses its target of {target}.")),
    Rule({"status": "missed", "course": DECIDED, "assurance": "misses", "signal": ("better", "worse")}, _("{kpi} misses its target: {value} against {target}."), "serious", also=_("It misses its target of {target}.")),
    Rule({"status": "met", "assurance": "reaches", "miss": "rare", "signal": ""}, _("{kpi} keeps its target of {target} while nothing changes: fewer than 1 period in 100 should miss it."), "good"),
    Rule({"status": "met", "assurance": "reaches", "miss": "some", "signal": ""}, _("{kpi} keeps its target of {target} while nothing changes: about {miss_chance} of periods should miss it."), "good"),
    Rule({"status": "met", "course": (*DECIDED, "on course"), "assurance": "may or may not", "miss": ("rare", "some"), "signal": ""}, _("{kpi} meets its target of {target}; as it runs now, its ups and downs alone miss it in about {miss_chance} of periods."), "note"),
)

COMPETITORS = (
    Rule({"rival_turn": "worse"}, _("{kpi} is behind {rival} by {by_rival_gap} at an equal mix of customers."), "warning", also=_("At an equal mix of customers, {rival} is ahead by {by_rival_gap}.")),
    Rule({"rival_turn": "worse", "signal": ""}, next_step=_("Find out what {rival} does differently there.")),
    Rule({"rival_turn": "better"}, _("{kpi} is ahead of {rival} by {by_rival_gap} at an equal mix of customers."), also=_("At an equal mix of customers, it is ahead of {rival} by {by_rival_gap}.")),
    Rule({"rival_turn": "better", "signal": "", "course": (None, "due", "no trajectory", "on course", "too close to call")}, severity="good"),
    Rule({"reference_turn": "worse"}, _("{kpi} stands at {value}, {reference} at {reference_value}; it was better in {periods_better} of {periods_both} periods."), "warning", _("Ask whether the whole market moved before changing your own service.")),
    Rule({"reference_turn": "better"}, _("{kpi} stands at {value}, {reference} at {reference_value}; it was better in {periods_better} of {periods_both} periods."), "good"),
)

KPIS = (*SIGNALS, *CAUSES, *TARGETS, *COMPETITORS)

PAGE = (
    Rule({"case": "empty"}, _("No indicator has a period with enough answers: nothing can be charted."), "note", _("Collect more answers a period, or report less often.")),
    Rule({"case": "single"}, _("There is only one period so far ({period}): no trend, no limits and no early warning."), "note", _("Ask the same questions again: twelve periods settle the limits.")),
    Rule({"case": "calm"}, _("No early warning: none of {charts} charts signals in {period}."), "good", _("Leave the process alone: explaining ups and downs is wasted effort.")),
    Rule({"case": "quiet"}, _("No early warning: none of {charts} charts signals clearly enough in {period}."), "note"),
)
# fmt: on
