"""How far to aim, by when, on how many answers, and how we will know: targets of a contract."""

from __future__ import annotations

from cxlib.analysis.targets.power import (
    PowerCurve,
    SampleSize,
    detectable_change,
    power_curve,
    sample_size,
)
from cxlib.analysis.targets.verdicts import Verdict, Verdicts, verdict, verdicts

__all__ = [
    "PowerCurve",
    "SampleSize",
    "Verdict",
    "Verdicts",
    "detectable_change",
    "power_curve",
    "sample_size",
    "verdict",
    "verdicts",
]
