"""What members are worth: purchases to come, money a purchase, and yearly renewals.

BG/NBD (Fader, Hardie and Lee 2005), Gamma-Gamma (Fader and Hardie 2013) and the shifted
beta-geometric model (Fader and Hardie 2007); own code, since statsmodels has none of them and the
packages that do are dead or pin an old pandas.
"""

from cxlib.analysis.lifetime.customers import DAYS, Summary, Unit, summary
from cxlib.analysis.lifetime.money import GammaGamma, gamma_gamma
from cxlib.analysis.lifetime.renewals import ShiftedBetaGeometric, sbg
from cxlib.analysis.lifetime.repeats import BgNbd, bg_nbd
from cxlib.analysis.lifetime.worth import Holdout, Value, holdout, value

__all__ = [
    "DAYS",
    "BgNbd",
    "GammaGamma",
    "Holdout",
    "ShiftedBetaGeometric",
    "Summary",
    "Unit",
    "Value",
    "bg_nbd",
    "gamma_gamma",
    "holdout",
    "sbg",
    "summary",
    "value",
]
