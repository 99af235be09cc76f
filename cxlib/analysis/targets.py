"""How far to aim, by when, on how many answers, and how we will know: targets of a contract."""

from __future__ import annotations

from cxlib.analysis._acceptance import Verdicts, verdicts
from cxlib.analysis._evidence import Measured
from cxlib.analysis._path import TargetPath, path
from cxlib.analysis._power import DetectableChange, SampleSize, detectable_change, sample_size
from cxlib.analysis._power_curve import PowerCurve, power_curve
from cxlib.analysis._proposal import Proposal, propose
from cxlib.analysis._provable import TargetCheck, check
from cxlib.analysis._verdict import Verdict, verdict

__all__ = [
    "DetectableChange",
    "Measured",
    "PowerCurve",
    "Proposal",
    "SampleSize",
    "TargetCheck",
    "TargetPath",
    "Verdict",
    "Verdicts",
    "check",
    "detectable_change",
    "path",
    "power_curve",
    "propose",
    "sample_size",
    "verdict",
    "verdicts",
]
