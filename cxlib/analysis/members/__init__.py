"""Members: who they are, how they move between tiers, what benefits cost, what experience is worth.

Who stays is `cxlib.analysis.retention`, what they are worth `cxlib.analysis.lifetime`.
"""

from cxlib.analysis.members.experience import Experience, value_of_experience
from cxlib.analysis.members.joining import Joining, effect_of_joining
from cxlib.analysis.members.purchases import Rfm, rfm
from cxlib.analysis.members.tiers import (
    Benefits,
    Designs,
    Movement,
    at_thresholds,
    benefit_use,
    simulate_tiers,
    tier_movement,
    tier_of,
)

__all__ = ["Benefits", "Designs", "Experience", "Joining", "Movement", "Rfm", "at_thresholds",
           "benefit_use", "effect_of_joining", "rfm", "simulate_tiers",
           "tier_movement", "tier_of", "value_of_experience"]  # fmt: skip
