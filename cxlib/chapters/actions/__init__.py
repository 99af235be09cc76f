"""Chapter 08: what is done about the findings: by whom, by when, and what came of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cxlib.chapters import Findings
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """Settings of the actions.

    `answered_share` is the share of contacts that a knowledge base would answer: an assumption, to
    be replaced by what a trial shows.
    """

    answered_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
