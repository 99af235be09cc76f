"""What the comments chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
THEMES = (
    Rule({"case": "most complained of"}, _("“{theme}” draws most complaints: {mentioned} of the comments name it, and most of those complain."), "warning", _("Read the quotes on “{theme}” with those who run it, and agree what changes."), _("It draws most complaints of all themes.")),
    Rule({"turn": "worse", "tone": ("complaint", "both")}, _("Those who name “{theme}” judge clearly worse than comparable others."), "warning", _("Read the quotes on “{theme}” with those who run it, and agree what changes."), _("Those who name it judge clearly worse than comparable others.")),
    Rule({"turn": "worse", "tone": "praise"}, _("Those who name “{theme}” judge clearly worse than comparable others, though their words about it are kind."), "note", also=_("Those who name it judge clearly worse than comparable others.")),
    Rule({"tone": "complaint", "case": "", "turn": ("unclear", "better")}, _("Most comments on “{theme}” complain."), "note"),
    Rule({"moved": "rose", "tone": ("complaint", "both")}, _("“{theme}” is named more often than before: {mentioned} of the comments, after {mentioned_before}."), "warning", _("Find out what changed about “{theme}”."), _("It is named more often than before: {mentioned} of the comments, after {mentioned_before}.")),
    Rule({"moved": "rose", "tone": ("complaint", "both"), "others_answered": True}, next_step=_("Other customers answered than before: see first whether they alone name “{theme}”, then what changed about it.")),
    Rule({"moved": "fell", "tone": "complaint"}, _("“{theme}” is named less often than before: {mentioned} of the comments, after {mentioned_before}."), "note", also=_("It is named less often than before: {mentioned} of the comments, after {mentioned_before}.")),
    Rule({"beyond": True}, _("What is said of “{theme}” goes with {outcome} beyond all rated touchpoints."), "warning", _("Ask for a rating of “{theme}” in the next survey."), _("It goes with {outcome} beyond all rated touchpoints: ask for a rating of it in the next survey.")),
    Rule({"turn": "better"}, _("Those who name “{theme}” judge clearly better than comparable others."), "good", also=_("Those who name it judge clearly better than comparable others.")),
    Rule({"tone": "praise", "turn": "unclear"}, _("Most comments on “{theme}” praise it."), "good"),
)

PAGE = (
    Rule({"case": "none"}, _("There are no comments in this period."), "note", _("Ask one open question in the survey: what is the most important reason for your score?")),
    Rule({"case": "alike"}, _("No word is clearly used more by detractors or by promoters."), "note"),
    Rule({"case": "raw"}, _("Nothing is known of who wrote: those who name a theme are compared with all others, not with comparable ones."), "note"),
    Rule({"case": "unrated"}, _("Too few rated comments to say what goes with a theme."), "note"),
    Rule({"case": "beside"}, _("Beside the ratings of the touchpoints, no theme that could be tested is proven to add to what explains {outcome}."), "note"),
    Rule({"case": "not beside"}, _("Too few rated the touchpoints and named a theme to say what a theme adds to the ratings."), "note"),
    Rule({"case": "not coded"}, _("Nobody has coded a sample by hand yet: how often the themes are right is not known."), "note", _("Have two people code a sample (`cx sample comments`), without talking to each other."), desk=True),
    Rule({"case": "unknown code"}, _("“{theme}” was coded by hand, but is no theme of the codebook."), "note", _("Put it into the client file's `themes:`, or draw the sample anew."), desk=True),
    Rule({"case": "not among them"}, _("{n} comments that were coded by hand are not among the comments any more."), "note", desk=True),
    Rule({"case": "no complaint"}, _("No theme draws clearly more complaint than praise: there is none to quote."), "note"),
    Rule({"case": "all coded"}, _("The comments without a theme share no words often enough to suggest one."), "note"),
    Rule({"case": "much uncoded"}, _("{uncoded} of the comments speak of no theme: the codebook misses much."), "note", _("Add what the last section of this chapter offers to the client file's `themes:`."), desk=True),
)
CODED = (
    Rule({"case": "finds too much"}, _("The codebook finds “{theme}” where people do not: {precision} of what it finds is right."), "warning", _("Read the hits of “{theme}” that people do not see, and take out the words that mislead."), desk=True),
    Rule({"case": "misses much"}, _("The codebook misses much of “{theme}”: it finds {recall} of what people find."), "warning", _("Read what was missed of “{theme}”, and add its words to the client file's `themes:`."), desk=True),
)
# fmt: on
CODES = _("{n} comments coded by hand")
EVIDENCE = _("{n} comments name it; {complaints} of them complain, {praises} praise")
