"""The map and the waterfall: what is drawn where, whatever the names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from cxlib.plots import theme
from cxlib.plots.map import quadrants
from cxlib.plots.waterfall import waterfall
from cxlib.plots.wrapping import em
from cxlib.present.figures import draw
from cxlib.words import Words

LONG = "A very long name of a touchpoint that nobody would shorten"


@pytest.fixture(autouse=True)
def themed() -> Iterator[None]:
    with theme.applied():
        yield


def crowd(count: int = 9) -> pd.DataFrame:
    """Return points of which most crowd into one corner."""
    x = np.array([0.4, *np.linspace(0.01, 0.05, count - 1)])
    y = np.array([3.0, *np.linspace(4.0, 4.3, count - 1)])
    table = pd.DataFrame({"share": x, "share_low": x * 0.8, "share_high": x * 1.2})
    return table.assign(value=y, value_low=y - 0.1, value_high=y + 0.1, proven=x > 0.1)


def drawn(table: pd.DataFrame, labels: list[str]) -> Axes:
    return quadrants(
        table, x="share", y="value", cuts=(0.05, 3.8), labels=labels, filled="proven",
        names=["watch", "fix", "maintain", "keep"], title="What to fix", percent=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "count"), [(LONG, 5), ("一个谁也不愿意缩短的非常非常长的触点名称", 7), ("Fees", 12)]
)
def test_no_name_covers_another_or_a_quadrants(name: str, count: int) -> None:
    ax = drawn(crowd(count), [f"{name} {i}" for i in range(count)])
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(t).padded(-1) for t in ax.texts]
    assert len(boxes) == count + 4
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_points_stand_where_their_numbers_say_and_only_the_filled_have_intervals() -> None:
    ax = drawn(crowd(), list("abcdefghi"))
    lines = [np.asarray(line.get_xydata()) for line in ax.get_lines()]
    points = [xy[0].tolist() for xy in lines if len(xy) == 1]
    assert [40.0, 3.0] in points and len(points) == 9
    assert len(ax.collections) == 2  # both intervals of the one that is proven
    (cut,) = (xy for xy in lines if len(xy) == 2 and xy[0, 0] == xy[1, 0])
    assert cut[0, 0] == pytest.approx(5.0)


def test_a_withheld_row_leaves_no_point() -> None:
    table = crowd().assign(value=lambda t: t["value"].mask(t.index == 3))
    assert len(drawn(table, list("abcdefghi")).texts) == 8 + 4


def steps(*changes: float, start: float = -2.0) -> pd.DataFrame:
    rows = [{"role": "total", "value": start}]
    rows += [{"role": "step", "value": c, "low": c - 1, "high": c + 1} for c in changes]
    rows.append({"role": "total", "value": start + sum(changes)})
    return pd.DataFrame(rows).reindex(columns=["role", "value", "low", "high"])


def test_every_bar_begins_where_the_one_before_ended() -> None:
    table = steps(5.0, -3.0)
    ax = waterfall(table, labels=list("abcd"), texts=["-2", "+5", "-3", "0"], target=4.0)
    bars = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]  # type: ignore[attr-defined]
    assert bars == [(-2.0, 3.0), (3.0, 0.0)]
    assert [t.get_text() for t in ax.texts] == ["-2", "+5", "-3", "0", ""]
    left, right = ax.get_xlim()
    assert left < -2.0 and right > 4.0


@pytest.mark.parametrize(
    "title",
    [
        "Mend A first",
        "Of the options left, “Deskwise” scores best, and “TicketFox” costs least",
        "Of the options left, “Deskwise” scores best, and “TicketFox” costs least " * 2,
        "在未被排除的方案中，“Deskwise”得分最高，“TicketFox”费用最低",
        "在未被排除的方案中，“Deskwise”得分最高，“TicketFox”费用最低" * 3,
    ],
)
def test_nothing_of_a_map_stands_where_its_title_is_cut_off(title: str) -> None:
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, 3.0, 1.0]})
    table = table.assign(x_low=np.nan, x_high=np.nan, y_low=np.nan, y_high=np.nan)

    def plot(_result: Any, *, words: Words) -> Axes:
        names = ["low left", "low right", "high left", "high right"]
        return quadrants(
            table, x="x", y="y", cuts=(2, 2), labels=["A", "B", "C"], names=names, title=title
        )

    shown = draw(plot, None, words=Words())
    texts = re.findall(r"<text ([^>]*)>([^<]*)<", shown.svg)
    lines = [said for about, said in texts if 'class="title"' in about]
    assert len(lines) == -(-em(title) // 48), "as few lines as hold it"
    places = {said: re.search(r' y="([\d.]+)"', about) for about, said in texts}
    tops = {said: float(y[1]) - 7 for said, y in places.items() if y and said not in lines}
    assert "high left" in tops
    assert min(tops.values()) >= shown.data["top"]
