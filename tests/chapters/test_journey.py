"""The journey chapter: the planted break is where it hurts, in order, for each group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from cxlib import Engagement
from cxlib.analysis.drivers import importance
from cxlib.chapters.journey import figures, findings, tables
from cxlib.data.demo._voice import FURTHER
from cxlib.errors import DataError
from cxlib.plots import theme
from cxlib.plots.journey_map import journey_map
from cxlib.present.figures import printed
from cxlib.present.findings import silence, tell
from cxlib.words import Words
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
        patch.setattr(type(harbour), "result", lambda *_told: found)
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
            xlabel="Rating",
            ends=("worst", "middle", "best"),
        )
        theme.title(ax, "Where it hurts")
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


def seen_as(harbour: Engagement, table: Callable[[pd.DataFrame], pd.DataFrame]) -> Engagement:
    """Return the client with another table of how it stands."""
    other = Engagement.open(
        "harbour-hotels", language="en", chapter="journey", workspace=harbour.workspace
    )
    whole = other.standing

    def standing(*sources: str) -> Any:
        found = whole(*sources)
        return replace(found, table=table(found.table))

    other.standing = standing  # type: ignore[method-assign]
    return other


def test_a_client_without_touchpoints_is_told_so(harbour: Engagement) -> None:
    bare = seen_as(harbour, lambda table: table.head(0))
    assert tables.chart(bare) is None
    assert silence(None, "none")["case"].tolist() == ["none"]
    assert tables.voices(bare, None).empty


def test_what_is_rated_well_is_no_pain_point(harbour: Engagement) -> None:
    ends = ["value", "low", "high"]
    excellent = seen_as(harbour, lambda table: table.assign(**(5 - (5 - table[ends]) / 4)))
    for one, role in ((harbour, "pain point"), (excellent, "")):
        chart = tables.chart(one)
        assert chart is not None
        assert chart.table.set_index("kpi").loc["checkin", "role"] == role


def test_nothing_is_said_of_what_was_not_looked_at() -> None:
    rows, none = pd.DataFrame({"a": [1]}), pd.DataFrame()
    assert silence(none, "alike", of=rows)["case"].tolist() == ["alike"]
    assert silence(none, "alike", of=none).empty
    assert silence(rows, "alike", of=rows).empty


@pytest.fixture(scope="module")
def nova(demo_workspace: Workspace) -> Engagement:
    return Engagement.open("nova-mall", language="en", chapter="journey", workspace=demo_workspace)


def test_the_planted_drop_off_is_found_and_what_is_open_is_counted_apart(nova: Engagement) -> None:
    table = tables.drops(nova).set_index("stage")
    choosing = table.loc["choosing"]
    assert choosing["left_low"] < 1 - FURTHER[0] < choosing["left_high"]
    buying = table.loc["buying"]
    assert buying["left_low"] < 1 - FURTHER[1] * FURTHER[2] < buying["left_high"]
    assert choosing["still_open"] > 0
    assert choosing["entered"] >= choosing["n"] > nova.minimum_base
    assert "after" not in table.index  # the log holds no step of it
    assert pd.isna(table.loc["receiving", "left_share"])  # nothing comes after
    assert (table["case"] == "").all()  # the two do not differ clearly


def test_few_customers_say_nothing_of_a_stage(nova: Engagement) -> None:
    few = tables.drops(nova).assign(n=4)
    shown = nova.withheld(few)
    assert shown[["left_share", "entered", "still_open"]].isna().all(axis=None)
    assert not tell(shown, findings.DROPS, chapter="journey", about="subject")


def test_pain_points_stand_with_the_action_that_is_open(nova: Engagement) -> None:
    journey = tables.chart(nova)
    told = tables.owned(nova, journey).set_index("kpi")
    assert told.loc["returns", "role"] == "pain point"
    assert nova.words.label(told.loc["returns", "open_action"]) == (
        "Refund within three days of arrival"
    )
    acted = told.dropna(subset="action_due")
    late = acted["action_due"] < nova.period  # a day or month before the present month
    assert late.any()
    assert (acted["action_state"] == "late").tolist() == late.tolist()
    wall = tables.wall(nova).set_index("kpi")
    assert wall.loc["search", "left_share"] == tables.drops(nova)["left_share"].iloc[0]
    assert isinstance(wall.loc["returns", "comment"], str)


SAYS = {
    "en": ("Waiting at the reception desk for the room key and the receipt", "Second desk"),
    "zh": ("在前台等待办理入住押金手续与领取房卡及停车票券的全过程", "高峰时段增开第二个柜台"),
}


ROLES = ("pain point", "failing moment of truth", "strength", "")


def long_journey(n: int, language: str) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    feels, (label, action) = rng.uniform(-0.9, 0.95, n), SAYS[language]
    rows = {
        "kpi": [f"{label} {i}" for i in range(n)],
        "stage": [f"{label[:20]} {i // 7}" for i in range(n)],
        "role": [ROLES[i % 4] for i in range(n)],
        "comment": [f"{label}. $x$ <b>" if i % 3 else None for i in range(n)],
        "open_action": [f"{action}, {label}" if i % 2 else None for i in range(n)],
        "led_by": [label] * n,
        "action_due": ["2026-12-31"] * n, "action_state": ["late"] * n,
        "emotion": feels, "emotion_low": feels - 0.05, "emotion_high": feels + 0.05,
        "importance": rng.uniform(0, 0.3, n), "reach": rng.uniform(0.1, 1, n),
        "value": 3 + feels, "low": 2.9 + feels, "high": 3.1 + feels, "unit": "mean",
        "left_share": 0.31, "left_low": 0.28, "left_high": 0.345,
    }  # fmt: skip
    return pd.DataFrame(rows)


def test_of_many_pain_points_the_map_names_the_worst_two() -> None:
    table = long_journey(40, "en")
    table["role"] = "pain point"
    words = Words()
    with theme.applied():
        told = figures.journey(SimpleNamespace(table=table), words=words).get_label()
    worst = words.labelled(table.nsmallest(2, "emotion")["kpi"])
    assert str(told).startswith(f"Where the journey hurts most: {words.listed(worst)}.")


@pytest.mark.parametrize("n", [1, 6, 14, 40])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_sheet_for_the_wall_is_legible_whatever_stands_on_it(n: int, language: str) -> None:
    words = Words.load(language)
    with theme.applied():
        ax = figures.wall(long_journey(n, language), words=words, about="2026")
        figure = ax.get_figure()
        figure.canvas.draw()
        wide, high = figure.get_size_inches()
        assert {wide, high} == {16.54, 11.69}
        texts = [*ax.texts, *figure.texts]
        assert min(text.get_fontsize() for text in texts) >= 8.5
        assert not overlapping([t for t in texts if t.get_text()])
        inside = figure.bbox
        for text in texts:
            box = text.get_window_extent()
            assert box.x0 >= inside.x0 and box.x1 <= inside.x1, text.get_text()


def test_it_is_printed_as_lines_and_text_the_same_every_time() -> None:
    words, table = Words.load("zh"), long_journey(8, "zh")
    once, again = (
        printed(figures.wall, table, kind="pdf", words=words, about="x") for _ in range(2)
    )
    assert once == again
    assert once.startswith(b"%PDF")
    assert b"/Subtype /Image" not in once
    svg = printed(figures.wall, table, kind="svg", words=words, about="x")
    assert b"<image" not in svg
    with pytest.raises(DataError, match=r"not to \.png"):
        printed(figures.wall, table, kind="png", words=words, about="x")


def test_a_stage_bears_the_clients_label_though_the_kit_knows_its_key_as_a_word(
    demo_workspace: Workspace,
) -> None:
    e = Engagement.open(
        "harbour-hotels", language="zh", chapter="journey", workspace=demo_workspace
    )
    assert e.words.say("stay") != e.words.label("stay")  # of members: to remain
    drawn = figures.journey(tables.chart(e), words=e.words)
    said = {text.get_text() for text in drawn.figure.findobj(Text)}
    assert e.words.label("stay") in said
    assert e.words.say("stay") not in said
