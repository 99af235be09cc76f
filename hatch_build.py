"""No wheel and no source archive carries what a notebook showed of a client."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CleanNotebooks(BuildHookInterface):
    """Refuse to build while a notebook holds outputs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Look at every notebook that would be packed, as a commit's hook does."""
        if version == "editable":
            return
        shown = runpy.run_path(str(Path(self.root) / ".ci" / "outputs.py"))["shown"]
        for path in sorted((Path(self.root) / "notebooks").rglob("*.ipynb")):
            holds = shown(path.read_bytes())
            if holds:
                raise SystemExit(
                    f"notebooks/{path.name}: {holds}, of a client perhaps; clear them "
                    "(`nbstripout`, or Edit > Clear Outputs of All Cells) and build again."
                )
