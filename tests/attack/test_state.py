"""Whatever the kit keeps may be damaged: the next run makes it again, and none waits for ever."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cxlib.batch.state import sweep_parts
from tests.batch.conftest import Place, place

__all__ = ["place"]


def garbage(path: Path) -> None:
    path.write_bytes(b"\xff{" * (path.stat().st_size // 2 + 1))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def another(path: Path) -> None:
    path.write_bytes(b'[{"$frame": 1}, null]')


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def filled(path: Path) -> None:
    folder(path)
    if ".cx" in path.parts:
        (path / "x").write_bytes(b"x")


def nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize("damage", [garbage, cut, another, pipe, folder, filled, nowhere])
def test_damaged_state_of_every_kind_is_made_again(
    place: Place, damage: Callable[[Path], None]
) -> None:
    if damage is pipe and sys.platform == "win32":
        pytest.skip("no pipes in folders there")
    place.add_client("c00")
    place.add_notebook("01-first", "_ = engagement.save(x=engagement.kpis())", opens=True)
    place.add_notebook(
        "02-second", "engagement.read('first').results['x']", reads=["first"], opens=True
    )
    assert not place.run().failed
    kept = [*place.workspace.state("c00").rglob("*"), *place.out.rglob("*")]
    files = [path for path in kept if path.is_file() and path.name != "lock"]
    suffixes = {path.suffix for path in files}
    assert {".json", ".parquet", ".bin", ".html", ".ipynb"} <= suffixes
    for path in files:
        damage(path)
    healed = place.run()
    assert [(e.state, e.error) for e in healed.ended] == [("done", "")] * 2
    assert healed.faults == {}
    assert [e.state for e in place.run().ended] == ["fresh"] * 2


KINDS = (
    ".cx/c00/lock", ".cx/c00/ids.bin", ".cx/c00/tables/ingest.json",
    ".cx/c00/kpis/2026Q2/kpis.json",
    ".cx/c00/results/2026Q2/en/first.json", ".cx/c00/runs/2026Q2/en/first.json",
    "reports/c00/2026Q2/en/01-first.html", "data/c00/demo.key", "params/c00.yaml",
)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
def test_what_is_no_file_stops_no_other_client(place: Place) -> None:
    """A folder, a pipe or a link to nowhere: healed, or said in a line about that client alone."""
    place.add_client("c00")
    place.add_client("c01")
    place.add_notebook("01-first", "_ = engagement.save(x=engagement.kpis())", opens=True)
    assert not place.run().failed
    for at, name in enumerate(KINDS):
        path = place.root / name
        content = path.read_bytes()
        for damage in ((folder, pipe, nowhere), (filled, nowhere, pipe))[at % 2]:
            damage(path)
            run = place.run()
            states = {ended.client: ended.state for ended in run.ended}
            assert states["c01"] == "fresh", name
            assert run.faults.keys() <= {"c00"}, name
            told = run.faults.get("c00", "")
            assert "Errno" not in told, name
            assert "Error:" not in told, name
            assert bool(told) == name.startswith(("data", "params")), (name, told)
            if told:
                path.rmdir() if path.is_dir() else path.unlink()
                path.write_bytes(content)
            else:
                assert states["c00"] in ("done", "fresh"), name


def test_sweeping_takes_halves_only(tmp_path: Path) -> None:
    for name in (".a.json.1.part", "a.part", ".b", "part"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / ".c.part").mkdir()
    sweep_parts(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"a.part", ".b", "part", ".c.part"}
