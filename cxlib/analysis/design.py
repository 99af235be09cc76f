"""How a survey was drawn: its weights, its customers and the coverage asked of its intervals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SurveyDesign:
    """How a survey was drawn, as one value.

    Parameters
    ----------
    weights : str or None
        Column of weights; an absent ``weight`` column means unweighted.
    cluster : str or None
        Column that says who answered, where customers answer more than once.
    confidence : float
        Coverage of intervals, between 0 and 1.
    """

    weights: str | None = "weight"
    cluster: str | None = None
    confidence: float = 0.95
