from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from cxlib.analysis import contract, scores, targets
from cxlib.analysis.results import Caveat
from cxlib.plots import targets as plots
from cxlib.plots import theme
from cxlib.words import Words
from tests.findings.test_targets import ROW, outlook, proposed

ENGLISH = Words.load(
    "en",
    labels={"nps": "Recommendation of the whole hotel (NPS)", "checkin": "Check-in and first hour"},
)
CHINESE = Words.load("zh", labels={"nps": "推荐意愿（NPS）", "checkin": "入住办理与首小时体验"})
BOTH = pytest.mark.parametrize("words", [ENGLISH, CHINESE], ids=["en", "zh"])


@pytest.fixture(autouse=True)
def themed() -> Iterator[None]:
    with mpl.rc_context(theme.settings()):
        yield


def drawn(ax: Axes) -> Axes:
    figure = ax.get_figure()
    assert figure is not None
    figure.draw_without_rendering()
    return ax


def no_overlap(texts: list[Text]) -> None:
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    for i, first in enumerate(boxes):
        for second in boxes[i + 1 :]:
            assert not first.overlaps(second)


def review(**columns: Any) -> contract.Review:
    rows = [ROW | {"status": status} for status in plots.STATUSES]
    table = pd.DataFrame(rows).assign(
        progress=[1.3, 0.4, 0.9], progress_low=[1.1, 0.1, 0.6], progress_high=[1.5, 0.7, 1.2]
    )
    return contract.Review(table=table.assign(**columns), verdicts=None, courses=(), caveats=())


@BOTH
def test_the_overview_counts_the_verdicts_and_its_labels_do_not_overlap(words: Words) -> None:
    ax = drawn(plots.verdicts(review(), words=words))
    assert "1" in ax.get_label()
    no_overlap(ax.get_yticklabels())
    no_overlap(list(ax.texts))


def test_the_title_of_the_overview_is_its_finding() -> None:
    ax = plots.verdicts(review(), words=ENGLISH)
    title = "Of 3 targets 1 met, 1 not met, 1 not to be told at this n"
    assert ax.get_label().startswith(title)


def test_progress_beyond_the_ends_is_an_arrow_at_them() -> None:
    far = review(progress=[9.0, -6.0, 0.5])
    markers = {
        line.get_marker(): line.get_xdata() for line in plots.verdicts(far, words=ENGLISH).lines
    }
    assert list(markers[">"]) == [plots.FURTHEST[1]]
    assert list(markers["<"]) == [plots.FURTHEST[0]]


def test_a_withheld_row_leaves_a_gap_and_one_without_baseline_says_so() -> None:
    ax = plots.verdicts(
        review(value=[np.nan, 9.0, 9.0], progress=[0.4, np.nan, 0.5]), words=ENGLISH
    )
    assert sum(line.get_marker() in ("o", "X") for line in ax.lines) == 1
    assert any("no baseline" in text.get_text() for text in ax.texts)


def course(waves: int = 6, ahead: int = 2, *, agreed: bool = False) -> contract.Course:
    labels = [str(p) for p in pd.period_range("2024Q4", periods=waves + ahead, freq="Q")]
    known = np.arange(waves + ahead) < waves
    values = np.where(known, np.linspace(30, 10, waves + ahead), np.nan)
    path = np.linspace(10, 25, waves + ahead)
    table = pd.DataFrame({"period": labels, "value": values, "n": 600})
    table["low"], table["high"] = values - 6, values + 6
    table["expected"] = np.where(known & (np.arange(len(known)) < waves - 1), np.nan, path)
    table["expected_low"], table["expected_high"] = table["expected"] - 6, table["expected"] + 6
    table["agreed"] = np.where(np.arange(len(known)) == waves, 18.0 if agreed else np.nan, np.nan)
    table["projected"] = np.where(known, np.nan, 20.0)
    table["projected_low"], table["projected_high"] = table["projected"] - 9, table["projected"] + 9
    return contract.Course(
        table=table,
        metric="nps",
        unit="points",
        clause="2.2.1",
        target=25.0,
        direction="higher",
        due=labels[-1],
        period=labels[waves - 1],
        reached=False,
        caveats=(),
    )


@BOTH
@pytest.mark.parametrize("ahead", [0, 1, 2, 20])
def test_the_way_is_drawn_however_far_it_goes(words: Words, ahead: int) -> None:
    ax = drawn(plots.way(course(ahead=ahead, agreed=ahead > 1), words=words))
    ticks = [label for label in ax.get_xticklabels() if label.get_text()]
    assert len(ticks) <= plots.MOST_TICKS + 1
    legend = ax.get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    assert not any(box.overlaps(tick.get_window_extent()) for tick in ticks)


def test_the_way_names_its_bands_and_the_agreed_step() -> None:
    ax = plots.way(course(agreed=True), words=ENGLISH)
    legend = ax.get_legend()
    assert legend is not None
    told = {text.get_text() for text in legend.get_texts()}
    assert told == {
        "if nothing changes",
        "path to the target",
        "measured, 95 % interval",
        "agreed step",
    }
    assert "to 25.0 in Q3 2026 takes" in ax.get_label()


def test_the_power_title_names_the_smallest_change_that_is_seen() -> None:
    score = scores.nps(pd.Series([10] * 300 + [8] * 100 + [3] * 200))
    curve = targets.power_curve(score=score, sizes=[100, 600, 1000])
    ax = plots.power(curve, words=ENGLISH, n=600)
    seen = targets.detectable_change(score=score, n=600).change
    assert 10 < seen <= 15
    assert ax.get_label() == "600 answers a wave show a change of 15.0 with 80 % chance or more"
    low = plots.power(curve, words=ENGLISH, n=100).get_label()
    assert low == "100 answers a wave show no change of up to 15.0 with 80 % chance"


def bars() -> pd.DataFrame:
    names = ("change", "change_low", "change_high", "begin", "end", "end_low", "end_high")
    rows = [
        ("Now", "total", np.nan, np.nan, np.nan, np.nan, 9.0, 2.8, 15.3),
        ("checkin", "step", 8.1, 6.0, 10.0, 9.0, 17.1, np.nan, np.nan),
        ("room", "step", -3.0, np.nan, np.nan, 17.1, 14.1, np.nan, np.nan),
        ("After it", "total", np.nan, np.nan, np.nan, np.nan, 14.1, 7.8, 21.3),
        ("Still missing", "gap", 10.9, np.nan, np.nan, 14.1, 25.0, np.nan, np.nan),
    ]
    return pd.DataFrame(rows, columns=["step", "role", *names])


@BOTH
def test_the_waterfall_stands_end_to_end(words: Words) -> None:
    ax = drawn(plots.waterfall(outlook(table=bars()), words=words))
    left = [patch.get_x() for patch in ax.patches]
    width = [patch.get_width() for patch in ax.patches]
    assert left == pytest.approx([9.0, 17.1, 14.1])
    assert width == pytest.approx([8.1, -3.0, 10.9])
    no_overlap(ax.get_yticklabels())
    assert "14.1" in ax.get_label()


def test_a_step_that_costs_has_another_colour_and_its_sign() -> None:
    ax = plots.waterfall(outlook(table=bars()), words=ENGLISH)
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert {"+8.1", "−3.0", "+10.9"} <= {text.get_text() for text in ax.texts}


@BOTH
def test_the_ladder_says_its_grounds_and_hollows_what_is_noise(words: Words) -> None:
    grounds = Caveat("the benchmark, {value:.1f}", value=33.9)
    one = proposed(grounds=[grounds] * 3, detectable=[False, True, True])
    ax = drawn(plots.ladder(one, words=words))
    no_overlap(ax.get_yticklabels())
    assert "33.9" in ax.get_yticklabels()[1].get_text()
    diamonds = [line for line in ax.lines if line.get_marker() == "D"]
    faces = [line.get_markerfacecolor() for line in diamonds]
    assert faces == [theme.PAPER, theme.ACCENT, theme.ACCENT]
