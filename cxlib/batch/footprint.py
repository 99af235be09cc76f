"""What the kit keeps of a client, to forget it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from cxlib.batch.state import held, records
from cxlib.data.keys import key_file
from cxlib.workspace import Workspace, check_client_name


def footprint(workspace: Workspace, client: str, *, raw: bool = False) -> list[Path]:
    """Return all that the kit keeps of a client, in the workspace and elsewhere; raw data if asked.

    The manifest and the index of the last run name the client too; the next run makes them again.
    """
    name = check_client_name(client)
    key = key_file(name, workspace)
    own_key = key.parent.name == "keys" and key.stem == name  # else it may be another client's too
    reports = workspace.reports / name
    elsewhere = (
        workspace.root / path
        for record in records(workspace, name)
        for kind, (path, _digest) in record.files.items()
        if kind in ("report", "pdf")
    )
    found = [
        workspace.state(name),
        reports,
        *(path for path in elsewhere if not path.is_relative_to(reports)),
        workspace.explored(name),
        workspace.issued(name),
        workspace.forms(name),
        *([key] if own_key else []),
    ]
    if raw:
        found += [workspace.data(name), workspace.params / f"{name}.yaml"]
    kept = [path for path in dict.fromkeys(found) if path.exists() or path.is_symlink()]
    named = (workspace.manifest, workspace.reports / "index.html")
    return [*kept, *(path for path in named if kept and path.exists())]


def forget(workspace: Workspace, client: str, *, raw: bool = False) -> list[Path]:
    """Remove a client's footprint, once no run works on it; returns what was removed."""
    state = workspace.state(client)
    with held(state / "lock"):
        paths = footprint(workspace, client, raw=raw)
        for path in paths:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
                kinds = (".html", ".pdf", ".xlsx", ".pptx")
                for above in list(path.parents)[: 3 * (path.suffix in kinds)]:
                    with suppress(OSError):  # language, period and client, where nothing is left
                        above.rmdir()
    return paths
