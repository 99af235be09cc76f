"""Figures of the drivers chapter: they say the finding, name every row and nothing overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from cxlib.analysis import driver_order, driver_rivals, drivers
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.plots import drivers as plots
from cxlib.plots import theme
from cxlib.words import Words
from tests.analysis.surveys import NAMES, survey, with_use

MODEL: dict[str, Any] = {
    "outcome": Metric("nps", "nps"),
    "drivers": [Touchpoint(name) for name in NAMES],
}
LONG = {
    "en": "A very long name of a touchpoint that nobody would shorten",
    "zh": "一个谁也不愿意缩短的非常非常长的触点名称",
}


@pytest.fixture(autouse=True)
def themed() -> Iterator[None]:
    with theme.applied():
        yield


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return with_use(survey(), "t3", 0.3).assign(tier=np.where(np.arange(400) % 2, "gold", "silver"))


@pytest.fixture(scope="module")
def importance(data: pd.DataFrame) -> drivers.DriverImportance:
    return drivers.importance(data, bootstrap=100, permutations=0, **MODEL)


def words(language: str = "en") -> Words:
    return Words.load(language, labels={name: f"{LONG[language]} {name}" for name in NAMES})


def rows(ax: Axes) -> list[str]:
    return [label.get_text().replace("\n", "") for label in ax.get_yticklabels()]


def title(ax: Axes) -> str:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return str(figure.get_suptitle()).replace("\n", " ")


def boxes_of(ax: Axes, texts: list[Any]) -> list[Any]:
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    return [text.get_window_extent() for text in texts if text.get_text()]


def assert_apart(boxes: list[Any]) -> None:
    for one, other in combinations(boxes, 2):
        assert not one.padded(-1).overlaps(other.padded(-1)), (one, other)


def figures(importance: Any, data: pd.DataFrame, language: str) -> dict[str, Axes]:
    said = words(language)
    order = driver_order.certainty(importance)
    found = drivers.by_segment(data, segment="tier", bootstrap=50, permutations=0, **MODEL)
    model = drivers.scenario_model(data, bootstrap=50, **MODEL)
    tenth = model.predict(dict.fromkeys(NAMES, 0.1))
    return {
        "importance": plots.importance(importance, words=said, order=order),
        "ranks": plots.ranks(order, words=said),
        "account": plots.account(importance, words=said),
        "segments": plots.segments(found, words=said),
        "tenth": plots.sensitivity(tenth, words=said, importance=importance),
        "scenario": plots.scenario(model.predict({"t0": 0.3, "t1": -0.2}), words=said),
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_long_labels_do_not_overlap_and_every_figure_has_words(
    importance: Any, data: pd.DataFrame, language: str
) -> None:
    for name, ax in figures(importance, data, language).items():
        assert_apart(boxes_of(ax, ax.get_yticklabels()))
        assert_apart(boxes_of(ax, ax.get_xticklabels()))
        assert title(ax), name
        assert ax.get_label(), name
        if language == "zh":
            assert any("\u4e00" <= c <= "\u9fff" for c in ax.get_xlabel()), name


def test_the_most_important_stands_on_top_and_the_title_says_what_they_carry(
    importance: drivers.DriverImportance,
) -> None:
    order = driver_order.certainty(importance)
    ax = plots.importance(importance, words=Words(), order=order)
    assert rows(ax)[:2] == ["t0", "t1"]
    assert title(ax).endswith(
        f"carry {100 * order.share:.1f} % of what the touchpoints explain of nps"
    )
    assert "t3" in str(ax.get_label())


def test_a_withheld_driver_leaves_a_gap(importance: drivers.DriverImportance) -> None:
    table = importance.table.copy()
    floats = table.select_dtypes("float").columns
    table.loc[table["driver"] == "t3", floats] = np.nan
    blank = replace(importance, table=table)
    ax = plots.importance(blank, words=Words(), order=driver_order.certainty(importance))
    assert len(rows(ax)) == 4
    assert len(ax.texts) == 3


def test_the_account_ends_at_one_hundred(importance: drivers.DriverImportance) -> None:
    ax = plots.account(importance, words=Words())
    bars: Any = ax.patches
    assert rows(ax)[-2:] == ["Which ones were used at all", "Not explained by the touchpoints"]
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(100)
    assert sum(bar.get_width() for bar in bars) == pytest.approx(100)


def test_ranks_show_what_the_table_holds(importance: drivers.DriverImportance) -> None:
    order = driver_order.certainty(importance)
    ax = plots.ranks(order, words=Words())
    shown = {text.get_text() for text in ax.texts}
    assert f"{100 * order.table['p_rank_1'].iloc[0]:.0f}" in shown


@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_on_the_map_cover_neither_each_other_nor_a_point(
    importance: drivers.DriverImportance, language: str
) -> None:
    crowd = drivers.priorities(importance)
    table = crowd.table.assign(
        share=[0.45, 0.02, 0.021, 0.022],
        share_low=[0.4, 0.01, 0.01, 0.01],
        share_high=[0.5, 0.04, 0.04, 0.04],
        performance=[3.0, 4.0, 4.01, 4.02],
        performance_low=[2.9, 3.9, 3.9, 3.9],
        performance_high=[3.1, 4.1, 4.1, 4.1],
    )
    short = {"en": "Touchpoint {}", "zh": "入住办理{}"}[language]
    said = Words.load(language, labels={name: short.format(name) for name in NAMES})
    ax = plots.priorities(replace(crowd, table=table), words=said, importance=importance)
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    from matplotlib.text import Text

    assert_apart([Text.get_window_extent(text) for text in ax.texts])
    assert len(ax.texts) == 4 + 4


def test_the_map_names_what_to_fix(importance: drivers.DriverImportance) -> None:
    crowd = drivers.priorities(importance)
    table = crowd.table.assign(quadrant=["fix first", "fix first", "watch", "fix first"])
    ax = plots.priorities(replace(crowd, table=table), words=Words(), importance=importance)
    assert title(ax).endswith("rated low: t0, t1")  # t3 is not proven
    calm = crowd.table.assign(quadrant="keep up")
    ax = plots.priorities(replace(crowd, table=calm), words=Words(), importance=importance)
    assert title(ax).startswith("Nothing that is proven to matter")


def test_the_steps_of_a_scenario_lead_from_today_to_the_prediction(data: pd.DataFrame) -> None:
    model = drivers.scenario_model(data, bootstrap=0, **MODEL)
    predicted = model.predict({"t0": 0.3, "t1": 0.2})
    ax = plots.scenario(predicted, words=Words())
    bars: Any = ax.patches
    assert bars[0].get_x() == pytest.approx(predicted.baseline)
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(predicted.predicted)


def test_the_gap_to_a_competitor_names_the_furthest_behind() -> None:
    table = pd.DataFrame({"driver": NAMES, "gap": [-0.2, -0.6, 0.3, 0.0]}).assign(
        low=lambda t: t["gap"] - 0.1, high=lambda t: t["gap"] + 0.1
    )
    gaps = driver_rivals.RivalGaps(table=table, brand="North", caveats=())
    ax = plots.rival(gaps, words=words())
    assert title(ax).startswith("Furthest behind North")
    assert title(ax).endswith("t1, −0.60")
    assert_apart(boxes_of(ax, ax.get_yticklabels()))
