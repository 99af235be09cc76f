"""Chapter 09: whether the service is as good as promised."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from cxlib.chapters import Findings
from cxlib.params.base import Closed

findings = Findings(__file__)


Share = Annotated[float, Field(gt=0, lt=1)]


class Options(Closed):
    """Settings of the service chapter.

    `fcr` is how first-contact resolution is judged (by default the strictest way that the columns
    allow) and `fcr_same` the columns in which a repeat contact must agree; a complaint is repeated
    within `complaint_repeat_days`. `calls` are the channels that are lost if nobody answers;
    `service_level` of them are to be answered within `answer_seconds`, with `shrinkage`,
    `max_occupancy` and, where callers hang up, `patience_seconds`. `actions` are the improvement
    actions agreed with the client (`measures` is their older name).
    """

    fcr: Literal["reopened", "repeat", "survey"] | None = None
    fcr_same: tuple[str, ...] = ()
    complaint_repeat_days: Annotated[float, Field(gt=0, le=36_525)] = 30
    calls: tuple[str, ...] = ("phone", "电话")
    service_level: Share = 0.8
    answer_seconds: Annotated[float, Field(ge=0)] = 20
    shrinkage: Annotated[float, Field(ge=0, lt=1)] = 0.3
    max_occupancy: Annotated[float, Field(gt=0, le=1)] = 0.85
    patience_seconds: Annotated[float, Field(gt=0)] | None = None
    actions: Any = None
    measures: Any = None

    @property
    def staffing(self) -> dict[str, Any]:
        """What `cxlib.analysis.staffing.staff` is asked for."""
        names = ("service_level", "answer_seconds", "shrinkage", "max_occupancy")
        return {name: getattr(self, name) for name in (*names, "patience_seconds")}
