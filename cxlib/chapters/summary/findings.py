"""What the summary itself says: how the contract stands; all else it repeats from the chapters."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
CONTRACT = (
    Rule({"case": "all met"}, _("All {all} targets are met or on course."), "good"),
    Rule({"case": "missed"}, _("{met} of {all} targets met or on course; {named} fall short."), "serious"),
    Rule({"case": "one missed"}, _("{met} of {all} targets met or on course; {named} falls short."), "serious"),
    Rule({"case": "open"}, _("{met} of {all} targets met or on course, the others too close to call."), "warning"),
)
# fmt: on
