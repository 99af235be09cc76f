"""Whatever the kit keeps may be damaged: the next run makes it again, and none waits for ever."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cxlib.batch.state import sweep_parts
from cxlib.errors import RunError
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


@pytest.mark.parametrize("damage", [garbage, cut, another, pipe])
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


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
def test_a_lock_that_is_no_file_is_said(place: Place) -> None:
    place.add_client("c00")
    place.add_notebook("01-first", "1")
    lock = place.workspace.state("c00") / "lock"
    lock.parent.mkdir(parents=True)
    os.mkfifo(lock)
    with pytest.raises(RunError, match="is no file"):
        place.run()


def test_sweeping_takes_halves_only(tmp_path: Path) -> None:
    for name in (".a.json.1.part", "a.part", ".b", "part"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / ".c.part").mkdir()
    sweep_parts(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"a.part", ".b", "part", ".c.part"}
