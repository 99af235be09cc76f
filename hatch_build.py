"""No wheel and no source archive carries what a notebook showed of a client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CleanNotebooks(BuildHookInterface):
    """Refuse to build while a notebook holds outputs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Look at every notebook that would be packed."""
        if version == "editable":
            return
        for path in sorted((Path(self.root) / "notebooks").rglob("*.ipynb")):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            if any(cell.get("outputs") or cell.get("execution_count") for cell in cells):
                raise SystemExit(
                    f"notebooks/{path.name} holds outputs, of a client perhaps; clear them "
                    "(`nbstripout`, or Edit > Clear Outputs of All Cells) and build again."
                )
