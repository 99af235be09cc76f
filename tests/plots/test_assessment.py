"""The figures of the assessment: what they say, and that nothing in them overlaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cxlib.analysis import compare, scores
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.plots import assessment as plots
from cxlib.plots import theme
from cxlib.words import Words
from tests.plots.overlaps import overlapping

LONG = {
    "checkin": "入住办理、行李寄存与前台排队等候（含机场接送）",
    "wifi": "Wi-Fi and television in the rooms and all public areas",
    "room": "Room",
    "tier=gold": "Gold members with a very long name of their tier",
    "nps": "推荐意愿（NPS）",
}


def survey() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 900
    return pd.DataFrame(
        {
            "period": np.repeat(["2026Q1", "2026Q2", "2026Q3"], n // 3),
            "weight": 1.0,
            "nps": rng.integers(0, 11, n).astype(float),
            "checkin": rng.integers(1, 6, n).astype(float),
            "wifi": rng.integers(1, 5, n).astype(float),
            "room": rng.integers(3, 6, n).astype(float),
            "tier": rng.choice(["gold", "basic"], n),
        }
    )


NPS = Metric("nps", "nps")
STEPS = [Touchpoint("checkin"), Touchpoint("wifi"), Touchpoint("room")]


def figures() -> dict[str, tuple[Callable[..., Any], Any]]:
    data = survey()
    now, before = data[data["period"] == "2026Q3"], data[data["period"] == "2026Q2"]
    change = compare.decompose_change(before, now, metric=NPS, by="tier", bootstrap=100)
    return {
        "trend": (plots.trend, scores.score_table(data, metric=NPS, by="period")),
        "change": (plots.change, [change]),
        "journey": (plots.journey, scores.headline(data, metrics=STEPS)),
        "segments": (
            plots.segments,
            scores.score_table(now, metric=NPS, by=["tier"], versus="complement"),
        ),
        "distribution": (
            plots.distribution,
            scores.distribution(now["nps"], scale=(0, 10), kind="nps"),
        ),
    }


@pytest.fixture(scope="module", params=["en", "zh"])
def drawn(request: pytest.FixtureRequest) -> dict[str, Any]:
    words = Words.load(request.param, labels=LONG)
    with theme.applied():
        axes = {name: plot(result, words=words) for name, (plot, result) in figures().items()}
        for ax in axes.values():
            FigureCanvasAgg(ax.figure).draw()
    return axes


def test_no_labels_overlap(drawn: dict[str, Any]) -> None:
    for name, ax in drawn.items():
        for axis in (ax.xaxis, ax.yaxis):
            assert overlapping(axis.get_ticklabels()) == [], name


def test_everything_stays_inside_the_figure(drawn: dict[str, Any]) -> None:
    for name, ax in drawn.items():
        frame = ax.figure.bbox
        for text in [*ax.get_yticklabels(), *ax.figure.texts, ax.figure._suptitle]:
            if text is not None and text.get_text().strip():
                box = text.get_window_extent()
                assert box.x0 >= frame.x0 - 1, (name, text.get_text())
                assert box.x1 <= frame.x1 + 1, (name, text.get_text())


def test_every_figure_says_its_finding(drawn: dict[str, Any]) -> None:
    for name, ax in drawn.items():
        assert any(c.isdigit() for c in ax.get_label()), name


def test_a_withheld_touchpoint_leaves_a_gap() -> None:
    result = scores.headline(survey(), metrics=STEPS)
    result.table.loc[1, ["value", "low", "high", "previous"]] = np.nan
    ax = plots.journey(result, words=Words())
    assert len(ax.get_yticklabels()) == 3
    drawn = [line for line in ax.lines if np.isfinite(np.asarray(line.get_xdata(), float)).all()]
    assert not any(np.allclose(np.asarray(line.get_ydata(), float), 1) for line in drawn)
