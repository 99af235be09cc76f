"""What is said of a KPI and its target, once for every chapter that says it."""

from __future__ import annotations

from cxlib.analysis.kpis.verdicts import BEHIND, DECIDED, MET, MISSED, ON, OPEN
from cxlib.present.findings import Rule
from cxlib.words import mark as _

AGREE = _("Agree what is done about {kpi}, by whom and by when.")

# fmt: off
MISSES = Rule({"status": MISSED, "course": DECIDED}, _("{kpi} misses its target: {value} against {target}."), "serious", AGREE, seeks=True)
CLOSE = Rule({"status": OPEN, "course": DECIDED}, _("{kpi} is too close to its target to call: {value} against {target}."), "warning",
             _("Agree now whether {value} counts as reached."))
MEETS = Rule({"status": MET, "course": DECIDED}, _("{kpi} meets its target: {value} against {target}."), "good", _("Hold what made it so."))
CLOSE_SO_FAR = Rule({"status": (MET, OPEN), "course": OPEN}, CLOSE.says, "warning",
                    _("Agree now whether {value} would count as reached in {due}."))
ON_PATH = Rule({"status": (MISSED, OPEN), "course": ON}, _("{kpi} is on its path to {target}: {value}."), "good", _("Keep to the plan."))
BEHIND_PATH = Rule({"course": BEHIND}, _("{kpi} is behind its path to {target}: {value}."), "serious", AGREE, seeks=True)
SHORT_SO_FAR = Rule({"status": MISSED, "course": OPEN}, _("{kpi} stands at {value}, short of {target}; whether it is on its way there is too close to call."), "warning",
                    _("Agree what is done about {kpi} before {due}, and by whom."), seeks=True)
ALREADY = Rule({"status": MET, "course": ON}, _("{kpi} already meets its target: {value} against {target}."), "good", MEETS.next_step)
# fmt: on
ALL = (MISSES, CLOSE, MEETS, BEHIND_PATH, SHORT_SO_FAR, CLOSE_SO_FAR, ALREADY, ON_PATH)
