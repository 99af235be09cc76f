"""Chapter 10: who the members are, who stays, what they are worth, and whether it pays."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cxlib.chapters import Findings
from cxlib.params.base import Closed, Label, Text
from cxlib.params.members import Tier

findings = Findings(__file__)


class Design(Closed):
    """Other rules for the tiers, lowest first, each as under ``members: {tiers: …}``."""

    tiers: Annotated[dict[Text, Tier], Field(min_length=1)]
    label: Label | None = None


class Options(Closed):
    """Settings of the membership chapter.

    `margin` is the share of spend that is margin; without it money is spend. `horizon` are the days
    after an answer within which spend and leaving are compared, `joining_days` those of each of
    three windows before the month of joining and of the one after it. Members are valued
    `value_weeks` ahead, at a `discount` a year; who bought within `active_days` is active. The
    present tiers hold from `launched` (a day; a year before the end of the period if left out):
    what a tier keeps is judged from then, by the spend of the year before. `point_value` is what a
    redeemed point costs, `breakage` the share of points never redeemed. `designs` names other
    designs of the tiers, set beside today's. `adjust_for` are the survey's segments held equal
    where experience is valued, by default those of the client file that may be.
    """

    margin: float = Field(default=1.0, gt=0, le=1)
    horizon: int = Field(default=180, ge=1)
    joining_days: int = Field(default=90, ge=1)
    value_weeks: int = Field(default=52, ge=1)
    discount: float = Field(default=0.1, gt=-1)
    active_days: int = Field(default=180, ge=1)
    launched: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    point_value: float = Field(default=0.0, ge=0)
    breakage: float = Field(default=0.0, ge=0, lt=1)
    designs: dict[str, Design] = Field(default_factory=dict)
    adjust_for: list[str] | None = None
