"""Figures: what is laid out once is drawn as if it were laid out anew each time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from io import StringIO
from typing import Any

import pytest
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.text import Text

from cxlib.plots import theme
from cxlib.present import figures
from cxlib.present.figures import draw
from cxlib.words import Words


def one(_result: Any, *, words: Words, **look: Any) -> Any:
    """Draw the same text three times over, in ticks, a note and a label, and a title."""
    text = look.pop("text")
    ax = theme.axes(height=3.0)
    ax.plot([0, 1, 2], [3, 1, 2], label=text)
    ax.set_xticks([0, 1, 2], [text, "−1", text], rotation=look.pop("rotation", 0))
    theme.note(ax, text, (1, 2), backed=0.8, **look)
    ax.text(0.2, 1.5, text, **look)
    ax.set_xlabel(text)
    theme.legend(ax)
    return theme.title(ax, " ".join(text.split()) * 4)


LOOKS: dict[str, dict[str, Any]] = {
    "plain": {"text": "Delivery"},
    "wrapped": {"text": "a label that is long enough to be broken by matplotlib", "wrap": True},
    "rotated": {"text": "Rotated", "rotation": 40},
    "several lines": {"text": "two\nlines, one longer", "ha": "right", "linespacing": 1.4},
    "Chinese": {"text": "客房服务\n满意度 $5", "va": "top"},
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_figure_is_the_same_whether_its_texts_are_laid_out_once_or_each_time(
    look: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    lay_out: Callable[..., Any] = Text._get_layout  # type: ignore[attr-defined]

    def counted(self: Any, renderer: Any) -> Any:
        calls.append(1)
        return lay_out(self, renderer)

    monkeypatch.setattr(Text, "_get_layout", counted)
    once = draw(one, None, words=Words(), **look)
    few = len(calls)
    monkeypatch.setattr(figures, "_laid_out_once", nullcontext)
    each = draw(one, None, words=Words(), **look)
    assert once.svg == each.svg
    assert once.data == each.data
    assert few < len(calls) - few
    assert Text._get_layout is counted  # type: ignore[attr-defined]


def many(_result: Any, *, words: Words, ax: Any = None) -> Any:
    made = theme.axes(ax)
    made.plot([0.5, 12_345.25, 3], [9, 2.5, 7], label="Wide")
    made.set(xlabel="one " * 40, ylabel="Value")
    made.annotate("A note that reaches over the edge", (12_345.25, 2.5))
    theme.legend(made)
    return theme.title(made, "A title. " * 20)


@pytest.mark.parametrize("plot", [one, many])
def test_a_figure_is_the_same_whether_its_ticks_are_placed_once_or_each_time(
    plot: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    place: Callable[..., Any] = Axis._update_ticks  # type: ignore[attr-defined]
    monkeypatch.setattr(Axis, "_update_ticks", lambda self: calls.append(1) or place(self))
    options = {"text": "Delivery"} if plot is one else {}
    once, few = draw(plot, None, words=Words(), **options), len(calls)
    monkeypatch.setattr(figures, "_ticks_placed_once", nullcontext)
    each = draw(plot, None, words=Words(), **options)
    assert once.svg == each.svg
    assert 0 < few < (len(calls) - few) / 2


@pytest.mark.parametrize("name", ["_PLACE", "_MEASURE"])
def test_ticks_of_another_matplotlib_are_left_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, name, "_a_function_that_is_not_there")
    before = Axis._update_ticks  # type: ignore[attr-defined]
    with figures._ticks_placed_once():
        assert Axis._update_ticks is before  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["_LAY_OUT", "_FIND"])
def test_another_matplotlib_is_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = draw(one, None, words=Words(), text="Delivery").svg
    monkeypatch.setattr(figures, name, "_a_function_that_is_not_there")
    before = (Text._get_layout, vars(fontManager).get("_find_fonts_by_props"))  # type: ignore[attr-defined]
    with figures._laid_out_once():
        now = (Text._get_layout, vars(fontManager).get("_find_fonts_by_props"))  # type: ignore[attr-defined]
        assert now == before
    assert draw(one, None, words=Words(), text="Delivery").svg == usual


def test_a_layout_that_takes_more_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out: Callable[..., Any] = Text._get_layout  # type: ignore[attr-defined]

    def other(self: Any, renderer: Any, more: Any) -> Any:
        return lay_out(self, renderer)

    monkeypatch.setattr(Text, "_get_layout", other)
    with figures._laid_out_once():
        assert Text._get_layout is other  # type: ignore[attr-defined]


@pytest.mark.parametrize("sign", "·“”‘’…—")
def test_a_sign_among_chinese_is_measured_as_wide_as_a_chinese_font_draws_it(sign: str) -> None:
    renderer = figures._renderer()(100, 100, StringIO())
    prop = FontProperties(family=list(theme.font_family()), size=10)

    def width(text: str) -> float:
        return float(renderer.get_text_width_height_descent(text, prop, False)[0])

    assert width(f"店{sign}店") == pytest.approx(width("店店") + max(10, width(sign)), abs=0.5)
    plain = RendererSVG.get_text_width_height_descent(renderer, f"a {sign} b", prop, False)
    assert width(f"a {sign} b") == plain[0]
