"""Who stays: survival, its comparison between groups, and cohorts; statsmodels beneath."""

from cxlib.analysis.retention.cohorts import Cohorts, cohorts, rate
from cxlib.analysis.retention.survival import Comparison, Survival, compare, hazards, survival

__all__ = ["Cohorts", "Comparison", "Survival", "cohorts", "compare", "hazards", "rate",
           "survival"]  # fmt: skip
