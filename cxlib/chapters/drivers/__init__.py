"""Chapter 06, what moves the score and where to begin."""

from __future__ import annotations

from pydantic import Field

from cxlib.chapters import Findings
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """Settings of the drivers chapter."""

    outcome: str | None = None  # the KPI explained; by default the first NPS, else the first
    drivers: list[str] | None = None  # only these touchpoints
    periods: int = Field(default=1, ge=1)  # so many are joined
    controls: list[str] = Field(default_factory=list)  # segments that are held equal
    segment: str | None = None  # whose groups are shown; by default the one that clearly differs
    competitor: str | None = None  # by default the one with the most answers
    changes: dict[str, float] | None = None  # touchpoint to change of its mean, as the client wants
