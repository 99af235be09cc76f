"""What a client file may set for this chapter (``chapters: {drivers: …}``)."""

from __future__ import annotations

from pydantic import Field

from cxlib.params.base import Closed


class Options(Closed):
    """Settings of the drivers chapter.

    Parameters
    ----------
    outcome : str, optional
        The KPI to be explained; by default the first NPS, else the first.
    drivers : list of str, optional
        Only these touchpoints.
    periods : int
        How many periods are joined.
    controls : list of str
        Segments that are held equal.
    segment : str, optional
        The segment whose groups are shown one by one; by default the one that clearly differs.
    competitor : str, optional
        By default the one with the most answers.
    changes : mapping of str to float, optional
        Touchpoint to change of its mean rating, as the client wants it.
    """

    outcome: str | None = None
    drivers: list[str] | None = None
    periods: int = Field(default=1, ge=1)
    controls: list[str] = Field(default_factory=list)
    segment: str | None = None
    competitor: str | None = None
    changes: dict[str, float] | None = None
