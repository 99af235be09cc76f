"""What a client file may set for the chapter."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cxlib.params.base import Closed


class Options(Closed):
    """Settings of the actions.

    `answered_share` is the share of contacts that a knowledge base would answer: an assumption, to
    be replaced by what a trial shows.
    """

    answered_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
