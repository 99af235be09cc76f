"""Intervals of shares and net shares: the formulas, on plain numbers."""

from __future__ import annotations

from math import hypot, inf, sqrt

from scipy.stats import norm
from scipy.stats import t as student

from cxlib.analysis._options import number
from cxlib.errors import DataError

ADDED_ANSWERS = 3.0
"""Answers that adjusted Wald adds to an NPS, a quarter of them each to promoters and detractors
(Rocks 2016): the fewest that bring coverage at n = 10 near its promise."""


def check_confidence(confidence: float) -> None:
    """Refuse a confidence outside 0 to 1."""
    asked = number(confidence, "confidence")
    if not 0 < asked < 1:
        raise DataError(f"confidence lies between 0 and 1 (0.95 for 95 %), not {asked:g}.")


def z_of(confidence: float, df: float = inf) -> float:
    """Return the two-sided quantile of a confidence: 1.96 for 0.95; of t where few customers."""
    check_confidence(confidence)
    if df == inf:
        return float(norm.ppf((1 + confidence) / 2))
    return float(student.ppf((1 + confidence) / 2, df))


def wilson(share: float, n: float, confidence: float, df: float = inf) -> tuple[float, float]:
    """Return Wilson's interval of a share on `n` (effective) answers.

    References
    ----------
    .. [1] Wilson, E. B. (1927). Probable inference. JASA 22, 209-212.
    """
    z = z_of(confidence, df)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(max(share * (1 - share), 0) / n + z**2 / (4 * n**2))
    # the share itself lies within, which rounding must not undo at 0 and 1
    return min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share)


def adjusted_share(share: float, n: float, confidence: float) -> tuple[float, float]:
    """Return Wilson's centre and its standard error (Agresti-Coull)."""
    z = z_of(confidence)
    centre = (share * n + z**2 / 2) / (n + z**2)
    return centre, sqrt(centre * (1 - centre) / (n + z**2))


def adjusted_net(promoters: float, detractors: float, n: float) -> tuple[float, float]:
    """Return the adjusted net share and its variance: `n` + 3 answers, 3/4 to either side.

    References
    ----------
    .. [1] Rocks, B. (2016). Interval estimation for the Net Promoter Score. The American
       Statistician 70, 365-372.
    """
    more = n + ADDED_ANSWERS
    high = (promoters * n + ADDED_ANSWERS / 4) / more
    low = (detractors * n + ADDED_ANSWERS / 4) / more
    net = high - low
    return net, (high + low - net**2) / more


def adjusted_wald(
    promoters: float, detractors: float, n: float, confidence: float, df: float = inf
) -> tuple[float, float]:
    """Return the adjusted Wald interval of a net share, within -1 to 1."""
    net, variance = adjusted_net(promoters, detractors, n)
    half = z_of(confidence, df) * sqrt(variance)
    return max(net - half, -1.0), min(net + half, 1.0)


def newcombe(
    share_a: float, n_a: float, share_b: float, n_b: float, confidence: float
) -> tuple[float, float]:
    """Return Newcombe's hybrid score interval of ``share_a - share_b``.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent
       proportions: comparison of eleven methods (method 10). Statistics in Medicine 17, 873-890.
    """
    low_a, high_a = wilson(share_a, n_a, confidence)
    low_b, high_b = wilson(share_b, n_b, confidence)
    gap = share_a - share_b
    return (
        gap - hypot(share_a - low_a, high_b - share_b),
        gap + hypot(high_a - share_a, share_b - low_b),
    )
