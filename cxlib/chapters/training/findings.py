"""What this chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

EVIDENCE = _("95% interval {points_from} to {points_to} points, {people} participants")
REACTED = _("{people} sheets, 1 to 5")
ANSWERED = _("{people} participants")

# fmt: off
GLANCE = (
    Rule({"case": "all held"}, _("All {sessions_agreed} training sessions were held."), "good"),
    Rule({"case": "late"}, _("{sessions_held} of {sessions_agreed} training sessions were held; at least one is late."), "note"),
    Rule({"case": "on time"}, _("{sessions_held} of {sessions_agreed} training sessions were held, none is late."), "good"),
)
LATE = (
    Rule({"state": "not held"}, _("A session of “{title}” was due on {due_on} and was not held."), "warning",
         _("Agree on a new day for “{title}” this week; the trainer invites.")),
)
GAINS = (
    Rule({"moved": "rose"}, _("“{title}”: test results were {before} before the training and {after} after it."), "good"),
    Rule({"moved": "unclear"}, _("“{title}”: results before and after the training do not clearly differ."), "warning",
         _("Check with the trainer whether the test asks what was taught, before “{title}” is held again.")),
    Rule({"moved": "fell"}, _("“{title}”: test results were lower after the training, {after} against {before}."), "serious",
         _("Look through the course and its test with the trainer before “{title}” is held again.")),
)
LOST = (
    Rule({"case": "some"}, _("“{title}”: {took_one} of {tested} took only one of the two tests."), "warning",
         _("The trainer asks them to make up the missing test within two weeks.")),
    Rule({"case": "all"}, _("“{title}”: none of the {tested} tested took both tests, so no gain can be told."), "warning",
         _("The trainer asks them to make up the missing test within two weeks.")),
)
CONTRAST = (
    Rule({"case": "more"}, _("“{title}”: those trained gained {by_difference} more than colleagues without the training."), "good"),
    Rule({"case": "unclear"}, _("“{title}”: those trained did not clearly gain more than colleagues without the training."), "warning",
         _("Hold back the next round until course and test are looked through.")),
    Rule({"case": "less"}, _("“{title}”: those trained gained {by_difference} less than colleagues without the training."), "serious",
         _("Hold back the next round until course and test are looked through.")),
)
ITEMS = (
    Rule({"case": "rewrite"}, _("“{title}”: {rewrite} of {questions_asked} test questions need a second look."), "note",
         _("The trainer looks them through, and rewrites them, before the test of “{title}” is used again.")),
)
REACTIONS = (
    Rule({"case": "weak"}, _("“{title}”: participants rate {aspect} {rating_mean} out of 5."), "warning",
         _("Ask three participants what was missing, and change it before “{title}” is held again.")),
)
BEHAVIOUR = (
    Rule({"told_by": "observed", "moved": "rose"}, _("“{title}”: more of what was taught is seen at work after {weeks} weeks."), "good"),
    Rule({"told_by": "observed", "moved": "unclear"}, _("“{title}”: no clear change is seen at work after {weeks} weeks."), "warning",
         _("Team leads observe and coach for four weeks, then look again.")),
    Rule({"told_by": "observed", "moved": "fell"}, _("“{title}”: less of what was taught is seen at work after {weeks} weeks than before."), "serious",
         _("Team leads observe and coach for four weeks, then look again.")),
    Rule({"told_by": "self-rated", "moved": "rose"}, _("“{title}”: participants say that they do more of it after {weeks} weeks."), "note"),
    Rule({"told_by": "self-rated", "moved": "rose", "watched": False}, next_step=_("Have team leads observe it: people rate themselves kindly.")),
    Rule({"told_by": "self-rated", "moved": ("unclear", "fell")}, _("“{title}”: participants do not say that they do more of it after {weeks} weeks."), "note"),
)
# fmt: on
