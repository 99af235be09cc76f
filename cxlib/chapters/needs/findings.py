"""What this chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
NEEDS = (
    Rule({"unanswered": "weightiest"}, _("“{title}” weighs most of all needs, and no action answers it."), "serious",
         _("Put an action for “{title}” into the register, with an owner and a day, at the next meeting.")),
    Rule({"unanswered": "confirmed"}, _("“{title}” is confirmed, but no action answers it."), "warning",
         _("Agree on an action for “{title}”, or tell those who named it why there is none.")),
    Rule({"against_itself": True}, _("On “{title}”, people contradict each other."), "warning",
         _("Ask again about “{title}”, and whom it holds for, before it is confirmed."),
         also=_("People contradict each other about it.")),
    Rule({"unheard": True}, _("“{title}” is on the list, but was heard from nobody."), "note",
         _("Ask about “{title}” in the next conversations, or take it off the list.")),
    Rule({"unasked": True}, _("“{title}” came up in conversation; no answer to the questionnaire names it."), "note",
         _("Add a question about “{title}” to the next questionnaire."),
         also=_("It came up in conversation only.")),
)
PAGE = (
    Rule({"case": "unheard"}, _("Nobody of “{title}” was heard."), "warning",
         _("Hold conversations with “{title}” before the list is confirmed.")),
    Rule({"case": "reached"}, _("The last conversations brought hardly any new need: more of the same would add little."), "good"),
    Rule({"case": "not reached"}, _("The last conversations still brought new needs: the list is not complete."), "warning",
         _("Hold further conversations until three in a row bring nothing new.")),
    Rule({"case": "too few"}, _("Too few conversations to say whether every need was heard."), "note",
         _("Hold at least seven conversations.")),
    Rule({"case": "unsorted"}, _("Some of what was said is not sorted to a need yet."), "note",
         _("Sort it, or add the needs that it names."), desk=True),
)
ALPHA = _("Krippendorff's alpha {alpha}, 95% interval {alpha_low} to {alpha_high}; {judged_twice} pieces judged by both")
CODERS = (
    Rule({"case": "reliable"}, _("Two coders sort what was said alike: the list can be relied on."), "good"),
    Rule({"case": "unreliable"}, _("Two coders sort what was said differently: the weights cannot be relied on."), "warning",
         _("Settle the disagreements between the coders, write down the rule, and code again.")),
    Rule({"case": "unclear"}, _("Two coders agree in part: small differences of weight say nothing."), "note",
         _("Settle the disagreements between the coders, and write down the rule.")),
    Rule({"partial": True}, _("Most of it was judged by one coder only."), next_step=_("Have the second coder judge the rest.")),
)
# fmt: on
