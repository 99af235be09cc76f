"""The journey chapter: the planted break is where it hurts, in order, for each group."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.drivers import importance
from cxlib.chapters.journey import findings, tables
from cxlib.plots import theme
from cxlib.plots.journey_map import journey_map
from cxlib.present.findings import silence, tell
from cxlib.workspace import Workspace
from tests.plots.overlaps import overlapping


@pytest.fixture(scope="module")
def harbour(demo_workspace: Workspace) -> Engagement:
    return Engagement.open(
        "harbour-hotels", language="en", chapter="journey", workspace=demo_workspace
    )


@pytest.fixture(scope="module")
def weighed(harbour: Engagement) -> Any:
    """The journey with the drivers that chapter 06 would have saved."""
    found = importance(
        harbour.survey(),
        outcome="nps",
        drivers=[t.key for t in harbour.touchpoints],
        bootstrap=0,
        permutations=0,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_importance", lambda _engagement: found.table)
        return tables.chart(harbour)


def test_the_check_in_fails_where_it_matters(weighed: Any, harbour: Engagement) -> None:
    table = weighed.table.set_index("kpi")
    assert list(table.index) == [t.key for t in harbour.touchpoints]
    assert table.loc["checkin", "role"] == "failing moment of truth"
    assert table.loc["room", "role"] == "moment of truth"
    assert (table["role"] == "failing moment of truth").sum() == 1
    standing = harbour.standing("touchpoint").table.set_index("kpi")
    assert table["value"].to_dict() == pytest.approx(standing["value"].to_dict())
    assert table.loc["checkin", "emotion"] == pytest.approx(
        (standing.loc["checkin", "value"] - 3) / 2
    )
    stages = tables.stages(weighed).set_index("stage")
    assert stages.loc["arriving", "case"] == "lowest"
    told = {f.subject: f for f in tell(weighed, findings.TOUCHPOINTS, chapter="journey")}
    assert told["checkin"].severity == "serious"
    assert told["room"].next_step == ""


def test_without_drivers_no_moment_of_truth_is_named(harbour: Engagement) -> None:
    found = tables.chart(harbour)
    assert found is not None
    assert not found.table["role"].str.contains("truth").any()
    assert found.table.set_index("kpi").loc["checkin", "role"] == "pain point"
    assert tables.weighed(found).empty


def test_voices_rate_the_pain_point_low(weighed: Any, harbour: Engagement) -> None:
    voices = tables.voices(harbour, weighed)
    assert set(voices["kpi"]) == {"checkin"}
    answers = harbour.survey()
    for comment in voices["comment"]:
        rated = answers.loc[answers["comment"].str.strip().eq(comment).fillna(False), "checkin"]
        assert rated.min() < 3


def test_groups_are_those_of_the_segment_and_large_enough(harbour: Engagement) -> None:
    groups = tables.groups(harbour)
    assert set(groups["segment"]) == {"tier"}
    assert (groups["n"] >= harbour.minimum_base).all()
    apart = tables.apart(harbour, groups)
    assert (apart["spread"].diff().dropna() <= 0).all()
    assert apart["best_group"].isin(["Silver", "Gold", "Platinum"]).all()


@pytest.mark.parametrize(
    "name", ["A touchpoint with a very long name indeed {}", "很长很长的触点名称很长 {}"]
)
@pytest.mark.parametrize("count", [1, 9, 40])
def test_the_map_holds_long_names_and_many_touchpoints(name: str, count: int) -> None:
    rng = np.random.default_rng(count)
    at = rng.uniform(-0.9, 0.9, count)
    table = pd.DataFrame({"emotion": at, "emotion_low": at - 0.1, "emotion_high": at + 0.1})
    table["importance"] = rng.uniform(0, 0.3, count)
    with theme.applied():
        ax = journey_map(
            table,
            labels=[name.format(i) for i in range(count)],
            stages=[f"Stage {i // 5}" for i in range(count)],
            notes=["pain point" if x < -0.5 else "" for x in at],
            colours=[theme.MAIN] * count,
            title="Where it hurts",
            xlabel="Rating",
            ends=("worst", "middle", "best"),
        )
        figure = ax.get_figure(root=True)
        assert figure is not None
        figure.set_layout_engine("constrained")
        theme.fit(figure)
        figure.draw_without_rendering()
    shown = [t for t in [*ax.texts, *ax.get_yticklabels(), *ax.get_xticklabels()] if t.get_text()]
    assert not overlapping(shown)
    box = figure.bbox
    assert all(
        t.get_window_extent().x0 >= box.x0 - 1 and t.get_window_extent().x1 <= box.x1 + 1
        for t in shown
    )


def test_a_client_without_touchpoints_is_told_so(harbour: Engagement) -> None:
    bare = Engagement.open(
        "harbour-hotels", language="en", chapter="journey", workspace=harbour.workspace
    )
    whole = bare.standing

    def none(*sources: str) -> Any:
        found = whole(*sources)
        return replace(found, table=found.table.head(0))

    bare.standing = none  # type: ignore[method-assign]
    assert tables.chart(bare) is None
    assert silence(None, "none")["case"].tolist() == ["none"]
    assert tables.voices(bare, None).empty
