"""The desk: where exploring starts, whose copies stay, and the workspace's own chapters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from cxlib.batch.chapters import discover
from cxlib.batch.explore import START, explore, lab_settings
from cxlib.cli import main
from cxlib.report.catalogue import bring
from cxlib.report.skeleton import new_chapter
from cxlib.workspace import Workspace, kit_file
from tests.batch.conftest import Place
from tests.conftest import copy_workspace

ROOT = Path(__file__).resolve().parents[2]


def sources(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_a_start_page_runs_and_leads_to_the_chapters_that_apply(tmp_path: Path) -> None:
    place = copy_workspace(tmp_path / "w", "harbour-hotels")
    start, *copies = explore(place, "harbour-hotels", discover(place).chapters)
    text = "\n".join(sources(start))
    assert start.name == START
    for copy in copies:
        assert f"({copy.name})" in text
    assert "(09-service.ipynb)" not in text  # no tickets
    executed = tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", "--cwd", str(start.parent), start, executed]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-2000:]
    cells = nbformat.read(executed, as_version=4).cells
    shown = [set(o.data) for c in cells for o in c.get("outputs", ()) if "data" in o]
    assert sum("application/vnd.cx.table+json" in data for data in shown) >= 3
    assert sum("image/svg+xml" in data for data in shown) == 2


def test_copies_speak_the_clients_language_and_a_client_name_is_text(two: Place) -> None:
    file = two.root / "params" / "c01.yaml"
    told = file.read_text("utf-8").replace("language: en", "language: zh")
    file.write_text(told + 'name: "[x](javascript:1) <b> $y$"\n', encoding="utf-8")
    (two.root / "notebooks" / "only-these").unlink()
    start, *copies = explore(two.workspace, "c01", discover(two.workspace).chapters)
    head = sources(start)[0].splitlines()[0]
    assert head == r"# \[x\]\(javascript:1\) \<b\> \$y\$"
    assert "客户体验现状如何" in sources(next(c for c in copies if "assessment" in c.name))[0]


def test_untouched_copies_follow_the_kit_and_work_stays(two: Place) -> None:
    source = two.root / "notebooks" / "01-sound.ipynb"
    chapters = discover(two.workspace).chapters
    _start, copy = explore(two.workspace, "c00", chapters)
    source.write_text(source.read_text("utf-8").replace("# Sound", "# New"), encoding="utf-8")
    explore(two.workspace, "c00", chapters)
    assert sources(copy)[0] == "# New"
    work = nbformat.read(copy, as_version=4)
    work.cells.append(nbformat.v4.new_code_cell("1 + 1"))
    nbformat.write(work, copy)
    source.write_text(source.read_text("utf-8").replace("# New", "# Newer"), encoding="utf-8")
    explore(two.workspace, "c00", chapters)
    assert (sources(copy)[0], sources(copy)[-1]) == ("# New", "1 + 1")
    copy.write_text("{", encoding="utf-8")
    explore(two.workspace, "c00", chapters)
    assert copy.read_text("utf-8") == "{"


def test_lab_begins_in_the_clients_language(two: Place) -> None:
    file = two.root / "params" / "c01.yaml"
    file.write_text(
        file.read_text("utf-8").replace("language: en", "language: zh"), encoding="utf-8"
    )
    locales = []
    for client in ("c00", "c01"):
        folder = lab_settings(two.workspace, client)
        told = json.loads((folder / "labconfig" / "default_setting_overrides.json").read_text())
        locales.append(told["@jupyterlab/translation-extension:plugin"]["locale"])
    assert locales == ["default", "zh_CN"]


def test_own_chapters_join_the_kits_and_one_of_the_same_stem_takes_its_place(
    tmp_path: Path,
) -> None:
    (tmp_path / "params").mkdir()
    place = Workspace(tmp_path)
    kits = {path.name for path in kit_file("notebooks").glob("*.ipynb")}
    assert {path.name for path in place.chapter_files()} == kits
    new_chapter(place, 90, "toy")
    new_chapter(place, 91, "assessment")
    names = {path.name for path in place.chapter_files()}
    assert names == kits - {"02-assessment.ipynb"} | {"90-toy.ipynb", "91-assessment.ipynb"}
    assert {c.file for c in discover(place).chapters} == {name[:-6] for name in names}
    (tmp_path / "notebooks" / "only-these").touch()
    assert {path.name for path in place.chapter_files()} == {"90-toy.ipynb", "91-assessment.ipynb"}


def test_a_private_chapters_messages_are_written_beside_it_and_stay(two: Place) -> None:
    (made,) = new_chapter(two.workspace, 90, "toy")
    text = made.read_text("utf-8").replace("{kpi} stands at", "{kpi} is where it was:")
    made.write_text(text, encoding="utf-8")
    told = two.says("catalogue")
    assert told.exit_code == 0, told.output
    assert "{kpi} is where it was: {value}." in told.output
    path = two.root / "notebooks" / "90-toy.zh.po"
    text = path.read_text("utf-8").replace(
        'msgid "{kpi} is where it was: {value}."\nmsgstr ""',
        'msgid "{kpi} is where it was: {value}."\nmsgstr "{kpi}为{value}。"',
    )
    path.write_text(text, encoding="utf-8")
    found = {p.name: lacking for p, _n, lacking in bring(two.workspace)}
    assert "{kpi} is where it was: {value}." not in found["90-toy.zh.po"]
    assert "{kpi}为{value}。" in path.read_text("utf-8")
    assert "What does toy ask?" in found["90-toy.zh.po"]
    assert "untranslated" not in two.says("check", "c00", "--quick").output  # English only
    file = two.root / "params" / "c01.yaml"
    file.write_text(
        file.read_text("utf-8").replace("language: en", "language: [en, zh]"), encoding="utf-8"
    )
    assert "90-toy.zh.po" in two.says("check", "c01", "--quick").output


WRITING = f"""run|check|new a {ROOT}/README.md|upgrade a|issue a 2026Q1 --reason b|forget a|map a
register a|sample comments a|actions propose a|key export a b.key|key import a {ROOT}/README.md
form a|catalogue|handbook|lab --version|new-chapter 90 toy""".replace("\n", "|").split("|")
"""Commands that need a workspace, beside `cx list`."""


@pytest.mark.parametrize("inside", [True, False])
def test_a_folder_in_no_workspace_is_said(
    two: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    monkeypatch.delenv("CX_HOME", raising=False)
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(two.root if inside else elsewhere)
    for command in ("list", *(() if inside else WRITING)):
        told = CliRunner().invoke(main, command.split())
        assert ("is in no workspace" in told.stderr) is not inside, command
        assert (str(ROOT) in told.stderr and "cx init --demo" in told.stderr) is not inside
        assert inside or (told.exit_code == 1 and told.stdout == ""), command
    assert inside or [*elsewhere.iterdir()] == []
