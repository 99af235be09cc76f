from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure

from cxlib.errors import SetupError
from cxlib.plots import theme, wrapping
from cxlib.plots.forest import forest
from cxlib.present.figures import draw
from cxlib.words import Words
from tests.plots.overlaps import overlapping


@pytest.fixture
def forgetful() -> Any:
    theme.font_family.cache_clear()
    yield
    theme.font_family.cache_clear()


def test_the_kits_own_font_writes_chinese_without_a_system_font() -> None:
    path = theme.packaged_font()
    assert path is not None
    covered = font_manager.get_font(str(path)).get_charmap()
    assert all(ord(c) in covered for c in "净推荐值满意度触点％（）")


def test_without_any_chinese_font_it_says_so_before_any_work(
    monkeypatch: pytest.MonkeyPatch, forgetful: None
) -> None:
    monkeypatch.setattr(theme, "packaged_font", lambda: None)
    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["DejaVu Sans"])
    with pytest.raises(SetupError, match="pip install pylopdf-fonts-zh-cn"):
        theme.font_family()


def test_a_system_font_serves_where_the_package_is_missing(
    monkeypatch: pytest.MonkeyPatch, forgetful: None
) -> None:
    monkeypatch.setattr(theme, "packaged_font", lambda: None)
    monkeypatch.setattr(font_manager, "get_font_names", lambda: ["SimHei", "DejaVu Sans"])
    assert theme.font_family() == ("DejaVu Sans", "SimHei")


def plot(result: pd.DataFrame, *, words: Words, ax: Any = None) -> Any:
    ax = theme.row_axes(ax, len(result))
    ax.plot(result["x"], result["y"])
    theme.label_rows(ax, ["入住办理与行李寄存服务台", "Online booking and payment on the website"])
    return theme.title(ax, "海港酒店的净推荐值在二〇二六年第二季度明显下降，" * 3, alt="说明")


def test_a_figure_has_no_tofu_no_warning_and_the_same_bytes_twice() -> None:
    frame = pd.DataFrame({"x": [0, 1], "y": [0, 1]})
    first = draw(plot, frame, words=Words("zh"))
    assert first.svg == draw(plot, frame, words=Words("zh")).svg
    assert first.plain == "说明"
    assert "入住办理与行李寄存服务台" in first.svg  # text, not shapes
    assert "<image" not in first.svg


def test_the_theme_leaves_the_consultants_own_settings_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with theme.applied():
        assert mpl.rcParams["font.family"] != before["font.family"]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    "text", ["a sentence of several words that is long", "没有空格的一句很长的中文话，带标点。"]
)
def test_wrapping_loses_no_character_and_keeps_to_the_width(text: str) -> None:
    lines = wrapping.wrap(text, width=8).split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines) > 1
    assert all(sum(1.0 if ord(c) > 0x2E7F else 0.52 for c in line) <= 9 for line in lines)
    assert not any(line.startswith(("，", "。")) for line in lines)


@pytest.mark.parametrize("part", ["2024年", "第4季度", "12月", "31日"])
@pytest.mark.parametrize("width", [3, 4, 5, 5.5, 7])
def test_a_part_of_a_date_stays_on_one_line(part: str, width: float) -> None:
    lines = wrapping.wrap(f"自{part}起，截至{part}，{part}", width=width).split("\n")
    assert "".join(lines).count(part) == sum(line.count(part) for line in lines) == 3


def test_a_title_stands_in_the_figure_and_in_the_alternative_text() -> None:
    ax = theme.title(Figure().subplots(), "NPS fell by 11 points")
    assert ax.get_label() == "NPS fell by 11 points"


@pytest.mark.parametrize(
    "text",
    ["a long label of many English words " * 4, "一个很长的坐标轴标签，说明这里画的是什么，" * 4],
)
def test_labels_that_would_leave_the_figure_are_wrapped(text: str) -> None:
    with theme.applied():
        ax = theme.row_axes(None, 2)
        theme.label_rows(
            ax, ["a very long label of the row that takes much room " * 2, "b"], width=40
        )
        ax.set_xlabel(text)
        theme.title(ax, text)
        ax.set_xlabel(text)
        theme.fit(ax.figure)
        ax.figure.draw_without_rendering()
    frame = ax.figure.bbox
    for drawn in (ax.xaxis.label, ax.figure._suptitle):
        box = drawn.get_window_extent()
        assert box.x0 >= frame.x0 - 1
        assert box.x1 <= frame.x1 + 1
        assert drawn.get_text().replace("\n", "").replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("label", ["word " * 40, "x" * 200, "很长的触点名称" * 30])
def test_a_label_of_two_hundred_characters_keeps_to_its_row(label: str) -> None:
    with theme.applied():
        ax = theme.row_axes(None, 3)
        theme.label_rows(ax, ["first", label, "last"])
        shown = [tick.get_text() for tick in ax.get_yticklabels()]
        assert shown[1].count("\n") < theme.LINES
        assert "…" in shown[1]
        assert max(map(len, shown[1].split("\n"))) < 60
        assert (shown[0], shown[2]) == ("first", "last")


def test_an_alternative_text_says_what_the_chart_tells_beyond_its_title() -> None:
    with theme.applied():
        ax = theme.axes()
        theme.tells(ax, [("Check-in", "3.11"), ("Room", "4.24")])
        theme.title(ax, "Check-in is lowest")
        assert ax.get_label() == "Check-in is lowest. Check-in 3.11; Room 4.24."
        chinese = theme.axes()
        theme.tells(chinese, [("入住办理", "3.11"), ("客房", "4.24")])
        theme.title(chinese, "入住办理最低")
        assert chinese.get_label() == "入住办理最低。入住办理 3.11；客房 4.24。"
        closed = theme.axes()
        theme.tells(
            closed, [("净推荐值（NPS）", "已达标 42.7"), ("银卡", "最低"), ("差距", "−2.4")]
        )
        assert closed.get_label() == "净推荐值（NPS）已达标 42.7；银卡最低；差距 −2.4。"


def test_a_long_label_keeps_to_two_lines_and_a_group_keeps_its_name() -> None:
    segment = "How satisfied were you with the way in which we explained the terms to you " * 2
    labels = [theme.fitted(f"{segment} · {name}", width=26) for name in ("Email", "Phone")]
    assert [label.split("\n")[1] for label in labels] == ["Email", "Phone"]
    assert labels[0].split("\n")[0].endswith("… ·")
    long = theme.fitted(segment * 3, width=20)
    assert long.count("\n") == 1 and long.endswith("…")
    assert theme.fitted("Channel · Email", width=26) == "Channel · Email"


def test_a_legend_shortens_its_names_as_rows_do() -> None:
    name = "Supercalifragilistic" * 10
    ax = Figure().subplots()
    ax.plot([0, 1], label=name)
    theme.legend(ax)
    (text,) = ax.get_legend().get_texts()  # type: ignore[union-attr]
    assert wrapping.em(text.get_text()) <= 18


def test_forty_rows_fit_a_page_and_keep_to_their_lines() -> None:
    table = pd.DataFrame({name: [3.0] * 40 for name in ("value", "low", "high")})
    with theme.applied():
        labels = [f"A touchpoint of a long journey {n}" for n in range(40)]
        ax = theme.title(forest(table, labels=labels), "t")
        figure = ax.get_figure()
    assert figure is not None
    wide, high = figure.get_size_inches()
    assert high * min(1.0, 7.0 / wide, 8.86 / high) / high * 9 > 7.5, "points of its text on A4"
    assert not any("\n" in label.get_text() for label in ax.get_yticklabels())


def test_a_title_of_ten_lines_leaves_the_rows_their_room() -> None:
    long = "Proven to go with it: " + ", ".join(
        ["The whole of the front desk as guests see it"] * 14
    )
    with theme.applied():
        rows = pd.DataFrame({"value": [1.0, 2.0, 3.0, 4.0], "low": 0.5, "high": 4.5})
        ax = forest(rows, labels=[f"{n} " + "front desk " * 9 for n in range(4)])
        theme.title(ax, long)
        figure = ax.get_figure(root=True)
        figure.canvas.draw()
        assert overlapping(ax.get_yticklabels()) == []
        assert figure._suptitle.get_text().endswith("…")  # type: ignore[union-attr]
        assert ax.get_gid() == long
