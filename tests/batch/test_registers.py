"""A changed register makes those chapters stale that read it, and no other."""

from __future__ import annotations

from inspect import getfile
from pathlib import Path

import pytest

from cxlib import params
from cxlib.batch import plan
from cxlib.batch.chapters import discover
from cxlib.batch.prepare import Prepared
from cxlib.batch.registers import starter, synchronise
from cxlib.chapters import registers_of
from cxlib.data.registers import read_register
from cxlib.params.registers import SECTIONS, row_type
from cxlib.workspace import Workspace, kit_file


@pytest.mark.parametrize(
    ("section", "reads"),
    [
        (
            "actions",
            {"needs", "assessment", "journey", "drivers", "targets", "actions", "service"}
            | {"monitoring", "engagement", "summary"},
        ),
        ("needs", {"needs", "actions", "engagement", "summary"}),
        ("obligations", {"needs", "engagement", "actions", "summary"}),
    ],
)
def test_only_readers_of_a_register_depend_on_it(
    demo_workspace: Workspace, section: str, reads: set[str]
) -> None:
    client = params.load("lakeside-bank", demo_workspace)
    chapters = discover(demo_workspace.notebooks).chapters
    stems = [chapter.stem for chapter in chapters]
    asked = plan.Request(demo_workspace.reports)
    prints = []
    for digest in ("as it was", "changed"):
        ready = Prepared(client.client, client, "2026Q3", "t", registers={section: digest})
        jobs = plan._plan_client(demo_workspace, ready, chapters, "en", asked, stems)
        prints.append({job.stem: job.fingerprint for job in jobs})
    changed = {stem for stem in stems if prints[0][stem] != prints[1][stem]}
    assert changed == reads


@pytest.fixture
def begun(tmp_path: Path) -> Workspace:
    """A client as the template has it, which names every register there is."""
    text = kit_file("params/template.yaml").read_text("utf-8")
    for section in SECTIONS:
        assert f"\n# {section}: registers/{section}.yaml" in text
        text = text.replace(f"\n# {section}: registers", f"\n{section}: registers")
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "my-client.yaml").write_text(text, "utf-8")
    return Workspace(tmp_path)


def test_the_rows_that_explain_a_register_are_valid_and_hold_every_field(begun: Workspace) -> None:
    client = params.load("my-client", begun)
    models = registers_of(client)
    assert set(models) == set(SECTIONS)
    for section, model in models.items():
        path = begun.data("my-client") / "registers" / f"{section}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Path(getfile(model)).with_suffix(".yaml").read_bytes())
    for section, model in models.items():
        path = begun.data("my-client") / "registers" / f"{section}.yaml"
        read = read_register(client, section, model, begun, beside=models)
        assert read.faults == ()
        for name in model.model_fields:
            if name not in read.content:  # in place of something else that is shown
                assert f"# {name}:" in path.read_text("utf-8")
                continue
            rows = read.content[name]
            told = {
                key for row in (rows if isinstance(rows, (list, tuple)) else [rows]) for key in row
            }
            assert told == set(row_type(model, name).model_fields), (section, name)


def test_a_register_is_begun_without_rows_and_once(begun: Workspace) -> None:
    list(synchronise(begun, "my-client", write=True))
    client = params.load("my-client", begun)
    models = registers_of(client)
    for section, model in models.items():
        read = read_register(client, section, model, begun, beside=models)
        assert read.faults == ()
        assert not any(read.content.values())
    path = begun.data("my-client") / "registers" / "tools.yaml"
    text = path.read_text("utf-8")
    assert text == starter(models["tools"])
    path.write_text(text.replace("musts: []", "musts:\n  - {id: x, title: X}"), "utf-8")
    list(synchronise(begun, "my-client", write=True))
    assert "id: x" in path.read_text("utf-8")


def test_no_register_is_begun_outside_the_clients_folder(begun: Workspace) -> None:
    file = begun.params / "my-client.yaml"
    file.write_text(file.read_text("utf-8").replace("registers/tools", "../tools"), "utf-8")
    with pytest.raises(params.InvalidParams, match="leaves the client's data folder"):
        list(synchronise(begun, "my-client", ["tools"], write=True))
    assert not (begun.data("my-client").parent / "tools.yaml").exists()
