"""Chapter 05: the journey as customers live it, drawn from data."""

from __future__ import annotations

from cxlib.chapters import Findings
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """Settings: `segment` is whose groups' journeys are laid side by side, by default the first."""

    segment: str | None = None
