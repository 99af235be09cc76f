"""Chapter 04: what mystery visitors found."""

from __future__ import annotations

from cxlib.chapters import Findings
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """Settings: groups of `segment` are the locations, by default of the one that knows most."""

    segment: str | None = None
