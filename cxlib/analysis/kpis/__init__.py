"""The one place where a KPI's number, verdict and change come from.

`estimate` → `Estimates`; `judge` adds the verdict on a target, `compare` the change and its cause,
`contrast` the gap between groups of people at equal mix, `difference_in_differences` a change
where something was done against the change elsewhere. Nothing else in the kit decides these.
"""

from __future__ import annotations

from cxlib.analysis.kpis.changes import compare, contrast
from cxlib.analysis.kpis.elsewhere import Elsewhere, difference_in_differences
from cxlib.analysis.kpis.estimates import Estimates, counted, estimate
from cxlib.analysis.kpis.verdicts import judge

__all__ = [
    "Elsewhere",
    "Estimates",
    "compare",
    "contrast",
    "counted",
    "difference_in_differences",
    "estimate",
    "judge",
]
