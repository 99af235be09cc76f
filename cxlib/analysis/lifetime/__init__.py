"""What members are worth: purchases to come, money a purchase, and yearly renewals."""

from cxlib.analysis.lifetime.customers import DAYS, Summary, Unit, summary
from cxlib.analysis.lifetime.models import (
    BgNbd,
    GammaGamma,
    ShiftedBetaGeometric,
    bg_nbd,
    gamma_gamma,
    sbg,
)
from cxlib.analysis.lifetime.worth import Holdout, Value, holdout, value

__all__ = ["DAYS", "BgNbd", "GammaGamma", "Holdout", "ShiftedBetaGeometric", "Summary", "Unit",
           "Value", "bg_nbd", "gamma_gamma", "holdout", "sbg", "summary", "value"]  # fmt: skip
