"""Is it different: two scores, a score and its target, many p-values, and a change taken apart."""

from __future__ import annotations

from cxlib.analysis.compare.benchmark import Benchmark, benchmark
from cxlib.analysis.compare.decompose import ChangeDecomposition, decompose_change
from cxlib.analysis.compare.difference import Difference, adjust, difference

__all__ = [
    "Benchmark",
    "ChangeDecomposition",
    "Difference",
    "adjust",
    "benchmark",
    "decompose_change",
    "difference",
]
