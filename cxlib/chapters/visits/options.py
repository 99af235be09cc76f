"""What a client file may set for this chapter (``chapters: {visits: …}``)."""

from __future__ import annotations

from cxlib.params.base import Closed


class Options(Closed):
    """Settings of the visits chapter.

    Parameters
    ----------
    segment : str, optional
        The segment whose groups are the locations; by default the one that knows most of them.
    """

    segment: str | None = None
