"""Targets: are they met, is the KPI on its way, can a plan get it there, and what to agree next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from cxlib.chapters import Findings
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """What a consultant may set for this chapter.

    ``answers``: answers of the next period, by KPI (as many as now); ``benchmarks``: a sector's
    value by KPI, before a competitor's; ``horizon``: periods until a proposed target is due, for
    all or by KPI; ``all_required``: acceptance needs every target; ``haircut``: how much of a
    predicted effect is counted on.
    """

    answers: Mapping[str, Annotated[int, Field(ge=1)]] = {}
    benchmarks: Mapping[str, float] = {}
    horizon: Annotated[int, Field(ge=1)] | Mapping[str, Annotated[int, Field(ge=1)]] = 4
    all_required: bool = False
    haircut: Annotated[float, Field(gt=0, le=1)] = 0.5
