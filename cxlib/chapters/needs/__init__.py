"""Chapter 01: what customers and staff need, who said so, and what answers it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cxlib.chapters import Findings
from cxlib.chapters.needs.register import Source
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """Settings of the needs.

    `weights` says what one person counts in each source; 1 unless told.
    """

    weights: dict[Source, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
