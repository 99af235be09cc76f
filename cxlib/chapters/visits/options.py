"""What a client file may set for this chapter (``chapters: {visits: …}``)."""

from __future__ import annotations

from cxlib.params.base import Closed


class Options(Closed):
    """Settings: groups of `segment` are the locations, by default of the one that knows most."""

    segment: str | None = None
