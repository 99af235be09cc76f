"""The kit's own MIME types: what a notebook shows, and what the report's template reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TABLE = "application/vnd.cx.table+json"
FIGURE = "application/vnd.cx.figure+json"
FINDINGS = "application/vnd.cx.findings+json"
TILES = "application/vnd.cx.tiles+json"
NOTE = "application/vnd.cx.note+json"


@dataclass(frozen=True, kw_only=True)
class View:
    """What a cell shows: the kit's own data (`kind` says of what), and the same as it is seen."""

    kind: str
    data: dict[str, Any]
    plain: str
    html: str = ""
    svg: str = ""

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, Any]:
        seen = {"image/svg+xml": self.svg, "text/html": self.html}
        told = {name: text for name, text in seen.items() if text}
        return told | {self.kind: self.data, "text/plain": self.plain}
