"""What the summary itself says: how the contract stands; all else it repeats from the chapters."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
RECORDED = Rule({}, next_step=_("Recorded against it: {action}. Ask at the meeting how far it is, and whether it works."))
"""The next step of a finding that an open action answers, whatever its chapter advised."""
CONTRACT = (
    Rule({"case": "all met"}, _("All {all} targets are met."), "good"),
    Rule({"case": "missed"}, _("{met} of {all} targets met; {named} fall short."), "serious"),
    Rule({"case": "one missed"}, _("{met} of {all} targets met; {named} falls short."), "serious"),
    Rule({"case": "open"}, _("{met} of {all} targets met, the others too close to call."), "warning"),
)
# fmt: on
