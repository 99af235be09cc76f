"""A changed register makes those chapters stale that read it, and no other."""

from __future__ import annotations

import pytest

from cxlib import params
from cxlib.batch import plan
from cxlib.batch.chapters import discover
from cxlib.batch.prepare import Prepared
from cxlib.workspace import Workspace


@pytest.mark.parametrize(
    ("section", "reads"),
    [
        ("actions", {"needs", "actions", "service", "monitoring", "summary"}),
        ("needs", {"needs", "actions", "summary"}),
        ("obligations", {"needs", "engagement", "actions", "summary"}),
    ],
)
def test_only_readers_of_a_register_depend_on_it(
    demo_workspace: Workspace, section: str, reads: set[str]
) -> None:
    client = params.load("lakeside-bank", demo_workspace)
    chapters = discover(demo_workspace.notebooks).chapters
    stems = [chapter.stem for chapter in chapters]
    prints = []
    for digest in ("as it was", "changed"):
        ready = Prepared(client.client, client, "2026Q3", "t", registers={section: digest})
        jobs = plan._plan_client(demo_workspace, ready, chapters, "en", stems, False)
        prints.append({job.stem: job.fingerprint for job in jobs})
    changed = {stem for stem in stems if prints[0][stem] != prints[1][stem]}
    assert changed == reads
