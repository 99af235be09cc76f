"""The figures of monitoring: what they say, and that nothing in them overlaps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cxlib.analysis import pages, splits
from cxlib.analysis.competitors import compare_competitors
from cxlib.analysis.drilldown import drill_down
from cxlib.plots import monitoring as plots
from cxlib.plots import theme
from cxlib.words import Words
from tests.analysis.test_drilldown import NPS, STEPS, survey
from tests.analysis.test_pages import Aim, Definition, figures
from tests.plots.overlaps import overlapping

LONG = {
    "nps": "推荐意愿（NPS）",
    "desk": "Front desk, luggage and waiting in the lobby",
    "room": "客房（含床品、隔音与清洁）以及浴室",
    "hotel": "Hotel",
    "hotel=a": "上海外滩中心旗舰店",
    "hotel=b": "Qingdao Pier and Beach Resort",
}


def page() -> pages.ChartPage:
    return pages.chart_page(
        survey(fall=-1.2),
        questions=[NPS, *STEPS],
        targets=[Aim("nps", 60.0)],
        rebase={"2024Q3": "new counter in the lobby"},
    )


def _figure(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    if figure is None:
        raise AssertionError("an axes without a figure")
    return figure


def draw_all(language: str) -> dict[str, Any]:
    words = Words.load(language, labels=LONG)
    data = survey(fall=-1.2)
    span = {"before": "2025Q3", "after": "2025Q4"}
    down = drill_down(data, metric=NPS, touchpoints=STEPS, segments=["hotel"], **span)  # type: ignore[arg-type]
    parts = splits.split_changes(
        data, metrics=[NPS], segments=["hotel"], period="2025Q4", bootstrap=100
    )
    brands = data.assign(brand=np.where(np.arange(len(data)) % 4, "own", "Northgate"))
    rivals = compare_competitors(brands, metrics=[NPS, *STEPS])
    with theme.applied():
        drawn = {
            "chart": plots.chart(page(), words=words, metric="nps"),
            "small": plots.small_charts(page(), words=words, metrics=["desk", "room"]),
            "where": plots.where(down, words=words),
            "splits": plots.splits(parts, words=words),
            "rivals": plots.rivals(rivals, words=words),
        }
        for ax in drawn.values():
            FigureCanvasAgg(_figure(ax)).draw()  # type: ignore[no-untyped-call]
    return drawn


@pytest.fixture(scope="module", params=["en", "zh"])
def drawn(request: pytest.FixtureRequest) -> dict[str, Any]:
    return draw_all(request.param)


def test_no_labels_overlap(drawn: dict[str, Any]) -> None:
    for name, first in drawn.items():
        for ax in first.figure.axes:
            for axis in (ax.xaxis, ax.yaxis):
                assert overlapping(axis.get_ticklabels()) == [], name


def test_everything_stays_inside_the_figure(drawn: dict[str, Any]) -> None:
    for name, first in drawn.items():
        frame = first.figure.bbox
        for ax in first.figure.axes:
            for text in [*ax.get_yticklabels(), *ax.texts, first.figure._suptitle]:
                if text is not None and text.get_text().strip():
                    box = text.get_window_extent()
                    assert box.x0 >= frame.x0 - 1, (name, text.get_text())
                    assert box.x1 <= frame.x1 + 1, (name, text.get_text())


def test_every_figure_says_its_finding(drawn: dict[str, Any]) -> None:
    for name, ax in drawn.items():
        assert any(c.isdigit() for c in ax.get_label()), name


def test_verdicts_are_said_in_words_and_shapes(drawn: dict[str, Any]) -> None:
    ax = drawn["chart"]
    said = [text.get_text().replace("\n", " ") for text in ax.texts]
    assert any(each in ("Signal: worsening", "信号：恶化") for each in said), said
    shapes = [str(line.get_marker()) for line in ax.lines if line.get_clip_on() is False]
    assert "v" in shapes


def test_signals_differ_in_shape_not_only_in_colour() -> None:
    ax = plots.chart(page(), words=Words(), metric="nps")
    worse = [line for line in ax.lines if line.get_marker() == "v" and line.get_clip_on()]
    assert sum(len(np.atleast_1d(line.get_xdata())) for line in worse) == 1


def test_a_rebase_breaks_the_limits_and_gives_its_reason() -> None:
    ax = plots.chart(page(), words=Words(), metric="nps")
    reasons = [text.get_text().replace("\n", " ") for text in ax.texts]
    assert any("new counter" in each for each in reasons)
    assert len(ax.collections) == 2  # a band before, a band after


def test_a_gap_in_the_series_stays_a_gap() -> None:
    frame = figures([5.0, 6.0, np.nan, 6.0, 5.0]).dropna(subset=["value"])
    found = pages.chart_page(None, figures=frame, definitions={"calls": Definition()})
    ax = plots.chart(found, words=Words(), metric="calls")
    series = next(line for line in ax.lines if line.get_color() == theme.MAIN)
    assert np.isnan(np.asarray(series.get_ydata(), dtype=float)).sum() == 1


def test_a_share_is_drawn_in_percent() -> None:
    frame = figures([0.9, 0.91, 0.9, 0.92])
    definition = Definition(format="percent", target=0.95)
    found = pages.chart_page(None, figures=frame, definitions={"calls": definition})
    ax = plots.chart(found, words=Words(), metric="calls")
    low, high = ax.get_ylim()
    assert 80 < low < 95 < high < 110


def test_one_period_is_drawn_without_limits() -> None:
    found = pages.chart_page(None, figures=figures([5.0]), definitions={"calls": Definition()})
    ax = plots.chart(found, words=Words(), metric="calls")
    assert "No limits yet" in str(ax.get_label())


def test_a_withheld_rival_leaves_its_row_empty() -> None:
    data = survey().assign(brand=lambda d: np.where(np.arange(len(d)) % 4, "own", "Northgate"))
    found = compare_competitors(data, metrics=[NPS, *STEPS])
    blank = ["own", "competitor_value", "gap", "low", "high", "p_value", "p_adjusted"]
    found.table.loc[1, blank] = np.nan
    found.table.loc[1, "standing"] = "no clear difference"
    first = plots.rivals(found, words=Words())
    rows = [ax for ax in first.figure.axes if len(ax.get_yticklabels()) == 2]
    marks = [line for line in rows[0].lines if len(np.atleast_1d(line.get_xdata())) == 1]
    assert sum(bool(np.isnan(np.asarray(m.get_xdata(), dtype=float)).any()) for m in marks) == 1


def test_a_title_names_the_place() -> None:
    down = drill_down(
        survey(fall=-2.2, only="a"),
        metric=NPS,
        before="2025Q3",
        after="2025Q4",
        touchpoints=STEPS,
        segments=["hotel"],
    )
    ax = plots.where(down, words=Words("en", {}, {"hotel=a": "Bund", "desk": "Desk", "nps": "NPS"}))
    assert str(ax.get_label()).startswith("NPS moved with Desk, most of all for Bund (−")
