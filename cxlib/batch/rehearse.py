"""Check means run: every report that a run would make, made in a folder that is gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.batch.plan import Request, make_plan
from cxlib.batch.run import Ended, execute
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client, Fault


def rehearse(
    client: Client,
    workspace: Workspace,
    request: Request,
    *,
    said: Callable[[Ended], None] = lambda ended: None,
) -> list[Fault]:
    """Run all that a request would for a client, under a key of no worth; return what stops.

    What stands fresh in the workspace has run, and is not tried again.
    """
    if not any(job.due for job in make_plan(workspace, request, write=False).jobs):
        return []
    with tempfile.TemporaryDirectory(prefix="cx-check-") as folder:
        place = Workspace(Path(folder))
        for shared in ("params", "data", "notebooks"):
            (place.root / shared).symlink_to(workspace.root / shared)
        asked = replace(request, out=place.reports)
        before = dict(os.environ)
        os.environ["CX_KEY_FILE"] = str(place.root / "key")
        try:
            run = execute(place, make_plan(place, asked), asked, said=said)
        finally:
            os.environ.clear()
            os.environ.update(before)
    told: dict[str, tuple[str, ...]] = dict.fromkeys(run.faults.values(), ())
    for ended in run.ended:
        if ended.state == "failed":
            stem = ended.job.stem
            where = ("chapters", stem) if stem in client.chapters else ()
            told |= {f"chapter {stem}, {ended.job.period}: {ended.error}": where}
    return [client.fault(where, message) for message, where in told.items()]
