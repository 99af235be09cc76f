"""Clients from a seed: through the check without a word, their planted truth found again."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from cxlib import Engagement, params
from cxlib.data.check import check
from cxlib.data.demo.__main__ import main
from cxlib.data.demo.unseen import EVENTS, build_unseen, truth
from cxlib.workspace import Workspace


def test_the_seeds_differ_in_what_happened() -> None:
    every = [truth(seed) for seed in range(1, 40)]
    assert {one.event for one in every} == set(EVENTS)
    assert len({one.weakest for one in every}) >= 8
    assert all(len(one.drivers) == 3 and one.weakest in one.drivers for one in every)


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_the_kit_finds_what_was_planted(seed: int, tmp_path: Path) -> None:
    planted, workspace = truth(seed), Workspace(tmp_path)
    build_unseen(tmp_path, seed)
    client = params.load(planted.client, workspace)
    assert [str(fault) for fault in check(client, workspace)] == []
    engagement = Engagement.open(planted.client, workspace=workspace)
    moved = engagement.compared("previous").table.set_index("kpi")
    told = {"mix": ("fell", "mix"), "broke": ("fell", "like for like"), "nothing": ("unclear",) * 2}
    assert tuple(moved.loc["nps", ["moved", "cause"]]) == told[planted.event]
    points = moved[moved["source"] == "touchpoint"]
    assert points["value"].astype(float).idxmin() == planted.weakest
    if planted.event == "broke":
        assert points["like"].astype(float).idxmin() == planted.touchpoint
    if planted.event == "mix":
        assert moved.loc["nps", "mix_level"] == planted.level


def test_the_truth_lies_apart_and_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "params").mkdir(parents=True)
        told = CliRunner().invoke(main, ["--root", str(tmp_path / name), "--seed", "7"])
        assert told.exit_code == 0, told.output
    first, second = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
        for name in ("a", "b")
    )
    assert first == second
    assert len(first) == 4
    (apart,) = (tmp_path / "a").rglob("truth/*.yaml")
    read = YAML(typ="safe").load(apart.read_text(encoding="utf-8"))
    assert read["drivers"] == truth(7).drivers
    assert not any(
        b"drivers" in content for path, content in first.items() if "truth" not in path.parts
    )
    again = CliRunner().invoke(main, ["--root", str(tmp_path / "a"), "--seed", "7"])
    assert "already" in again.output
