"""Chapter 11: what is moving, and whether it is more than noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from cxlib.chapters import Findings
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """Settings of monitoring.

    ``rebase``: period to reason, from which limits are set anew on every chart; under a KPI's key,
    period to reason for that chart alone. ``actions``: what is being done and by whom, by KPI or
    touchpoint; a text, or one a language. ``reference``: a reported figure to the one it is
    compared with. ``false_report``: largest share of reports of stable processes that may warn.
    """

    rebase: dict[str, str | dict[str, str | None] | None] = Field(default_factory=dict)
    actions: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    reference: dict[str, str] = Field(default_factory=dict)
    false_report: float = Field(default=0.2, gt=0, lt=1)

    @model_validator(mode="before")
    @classmethod
    def _as_it_was(cls, given: Any) -> Any:
        """Read an older file: ``measures`` are actions now, and brands are always matched."""
        if not isinstance(given, Mapping):
            return given
        if "match" in given:
            raise ValueError(
                "match is gone: brands are always compared at an equal mix of all segments; "
                "delete it"
            )
        if "measures" in given and "actions" in given:
            raise ValueError("measures are called actions now; keep one of the two")
        read = {str(name): value for name, value in given.items() if name != "measures"}
        if "measures" in given:
            read["actions"] = given["measures"]
        if isinstance(read.get("rebase"), Mapping):
            read["rebase"] = {str(period): why for period, why in read["rebase"].items()}
        return read
