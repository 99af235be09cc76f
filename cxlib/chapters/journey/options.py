"""What a client file may set for this chapter (``chapters: {journey: …}``)."""

from __future__ import annotations

from cxlib.params.base import Closed


class Options(Closed):
    """Settings: `segment` is whose groups' journeys are laid side by side, by default the first."""

    segment: str | None = None
