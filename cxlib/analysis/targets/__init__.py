"""How far to aim, by when, on how many answers, and how we will know: targets of a contract."""

from __future__ import annotations

from cxlib.analysis.targets.measured import Verdict, holm_level, verdict
from cxlib.analysis.targets.plans import Outlook, demands, fastest, outlook, path
from cxlib.analysis.targets.power import (
    PowerCurve,
    SampleSize,
    detectable_change,
    power_curve,
    sample_size,
)
from cxlib.analysis.targets.proposals import BEST_GROUP, PLAN, RECOVERY, Proposal, propose

__all__ = [
    "BEST_GROUP",
    "PLAN",
    "RECOVERY",
    "Outlook",
    "PowerCurve",
    "Proposal",
    "SampleSize",
    "Verdict",
    "demands",
    "detectable_change",
    "fastest",
    "holm_level",
    "outlook",
    "path",
    "power_curve",
    "propose",
    "sample_size",
    "verdict",
]
