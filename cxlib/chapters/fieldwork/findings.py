"""What this chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

PLAN = _("{answers_needed} answers are needed, the budget brings {affordable}")
SO_FAR = _(
    "{so_far} of {interviews} interviews begun were finished; {per_day} a day in the last week"
)
QUOTA = _("{so_far} of {quota} planned answers, {per_day} a day in the last week")
LEFT = _("{left_there} of {reached_it}; 95% interval {share_left_low} to {share_left_high}")
RUSHED = _("{weak} of {finished} finished interviews")
RATE = _("95% interval {low} to {high}, {invited} invited")

# fmt: off
LIMITS = (
    Rule({"case": "all"}, _("This budget cannot show {kpi} to ±{wanted}: what it brings is enough for ±{shows}."), "warning",
         _("Before anybody is invited, the client decides: a wider interval, or the budget for more invitations.")),
    Rule({"case": "group"}, _("For {customer_group} by itself, {kpi} can be shown to ±{shows} at best, not to ±{wanted}."), "note",
         _("Report {customer_group} with this interval, or over two waves together.")),
)
COURSE = (
    Rule({"case": "not begun"}, _("Nobody has answered in {in_wave} yet."), "note",
         _("The fieldwork manager tries the questionnaire on ten people before the invitations go out.")),
    Rule({"case": "met"}, _("The plan of {in_wave} is met: {so_far} answers."), "good",
         _("The fieldwork manager sends no further invitations, and closes the field on its last day.")),
    Rule({"case": "on course"}, _("The field of {in_wave} is on course: the plan is met about {met_on}."), "good"),
    Rule({"case": "close"}, _("Whether {in_wave} reaches its plan by {last_day} is too close to call: about {met_on} at this rate."), "warning",
         _("The fieldwork manager sends one reminder this week to those who have not answered.")),
    Rule({"case": "late"}, _("At this rate {in_wave} is still short of its plan on {last_day}: {missing} answers are missing today."), "warning",
         _("The fieldwork manager sends one reminder this week, and asks the client whether the field may stay open longer.")),
    Rule({"case": "closed"}, _("The field of {in_wave} closed {missing} answers short of its plan."), "warning",
         _("State the interval that these answers give; do not reopen the field for a result.")),
    Rule({"case": "open"}, _("{in_wave} lacks {missing} answers, and the client file names no last day."), "note",
         _("Agree on the last day of the field with the client.")),
    Rule({"case": "over"}, _("{in_wave} has more answers than were invited: {so_far}."), "serious",
         _("The fieldwork manager finds out this week who answered uninvited, or corrects the number invited.")),
)
QUOTAS = (
    Rule({"case": ("late", "closed")}, _("{customer_group} falls behind: {so_far} of {quota} answers."), "warning",
         _("The fieldwork manager invites more of {customer_group}, at random from the list, before reminding the others.")),
    Rule({"case": "met"}, _("{customer_group} has reached its quota of {quota}."), "note",
         _("The fieldwork manager stops inviting {customer_group}.")),
)
DROP = (
    Rule({"case": "leaks"}, _("More people break off at “{question}” than anywhere else: {share_left} of those who get there."), "warning",
         _("Whoever owns the questionnaire tries that question on five people this week, and shortens or moves it.")),
)
QUALITY = (
    Rule({"case": "weak"}, _("More than one finished interview in ten was rushed or answered all alike."), "warning",
         _("The analyst runs the results with and without these interviews, and reports both if they differ.")),
)
RESPONSE = (
    Rule({"case": "lower"}, _("Only {response_rate} of those invited answered in {in_wave}, against {rate_before} before."), "warning",
         _("The analyst compares who answered with the known shares before any change is reported.")),
)
SAMPLE = (
    Rule({"case": "quota"}, _("Quotas fix how many of each group answer, not who: the intervals hold only as far as those who filled them are like a random draw."), "note"),
    Rule({"case": "random"}, _("The intervals hold for a random draw from all customers: whoever is easy to reach is not one."), "note"),
)
# fmt: on
