"""Is it different: two scores, a score and its target, many p-values, and a change taken apart."""

from __future__ import annotations

from cxlib.analysis._benchmark import Benchmark, benchmark
from cxlib.analysis._decompose import ChangeDecomposition, decompose_change
from cxlib.analysis._difference import Difference, difference
from cxlib.analysis._multiplicity import adjust

__all__ = [
    "Benchmark",
    "ChangeDecomposition",
    "Difference",
    "adjust",
    "benchmark",
    "decompose_change",
    "difference",
]
