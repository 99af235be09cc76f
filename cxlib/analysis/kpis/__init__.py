"""The one place where a KPI's number, verdict and change come from.

`estimate` → `Estimates`; `judge` adds the verdict on a target, `compare` the change and its cause,
`contrast` the gap between groups of people at equal mix. Nothing else in the kit decides these.
"""

from __future__ import annotations

from cxlib.analysis.kpis.changes import compare, contrast
from cxlib.analysis.kpis.estimates import Estimates, counted, estimate
from cxlib.analysis.kpis.verdicts import judge

__all__ = ["Estimates", "compare", "contrast", "counted", "estimate", "judge"]
