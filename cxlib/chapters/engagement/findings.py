"""What this chapter says, as data."""

from __future__ import annotations

from cxlib.analysis.obligations import DEEMED, LATE, REJECTED, REVIEW
from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
GLANCE = (
    Rule({"case": "all settled"}, _("All {agreed} deliverables are accepted."), "good"),
    Rule({"case": "late"}, _("{settled} of {agreed} deliverables are accepted, {late} are late."), "warning"),
    Rule({"case": "one late"}, _("{settled} of {agreed} deliverables are accepted, one is late."), "warning"),
    Rule({"case": "on time"}, _("{settled} of {agreed} deliverables are accepted, none is late."), "good"),
)
OBLIGATIONS = (
    Rule({"case": LATE}, _("“{title}” was due on {due_on} and is not delivered."), "serious",
         _("Agree on a new day for “{title}” this week, in writing.")),
    Rule({"case": REVIEW}, _("“{title}” is under review: without a reply by {review_ends} it is accepted."), "note",
         _("Reply before {review_ends}: accepted, or what is to be mended.")),
    Rule({"case": REJECTED}, _("“{title}” was rejected."), "serious",
         _("Agree on what is to be mended, and deliver it again.")),
    Rule({"case": DEEMED}, _("“{title}” is deemed accepted: no reply came by {review_ends}."), "note"),
    Rule({"case": "payment late"}, _("The payment “{title}” was due on {due_on} and is not made."), "warning",
         _("Pay “{title}”, or say what stands in the way.")),
    Rule({"case": "date late"}, _("“{title}” was to be in place by {due_on} and is not."), "warning",
         _("Find out what is missing for “{title}”, and set a new day.")),
    Rule({"case": "notice"}, _("“{title}” on {due_on}; notice must be given by {notice_by}."), "warning",
         _("Decide before {notice_by} whether the contract goes on.")),
)
# fmt: on
