"""A figure in a report: what draws and nothing else, whatever a cell left."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from matplotlib.axes import Axes

from cxlib.errors import DataError
from cxlib.plots import theme
from cxlib.present.figures import draw
from cxlib.present.mime import View
from cxlib.report.svg import inline
from cxlib.words import Words

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'viewBox="0 0 10 10">'
)


def plot(result: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    ax = theme.axes(ax)
    ax.bar(["$a_{b$ <script>", "第二"], result["x"], color=[theme.MAIN, theme.BAD], hatch="//")
    ax.set_ylabel("two\nlines", rotation=90)
    return theme.title(ax, "What it shows", alt="More words")


def drawn() -> View:
    return draw(plot, pd.DataFrame({"x": [1.0, 2.0]}), words=Words())


def test_a_figure_keeps_its_text_and_takes_the_pages_colours() -> None:
    view = drawn()
    html = inline(view.svg, prefix="f1", alt=view.plain, top=view.data["top"])
    assert "$a_{b$ &lt;script&gt;" in html  # a dollar is a dollar, markup is text
    assert "var(--main)" in html
    assert "var(--serious)" in html
    assert "font-family" not in html
    assert 'aria-label="More words"' in html
    assert "What it shows" not in html  # it is the caption
    assert (view.data["title"], view.plain) == ("What it shows", "More words")


def test_every_id_is_the_figures_own_and_every_reference_meets_one() -> None:
    html = inline(drawn().svg, prefix="f7", alt="")
    ids = set(re.findall(r' id="([^"]+)"', html))
    used = set(re.findall(r"#(f7-\d+)", html))
    assert used == ids
    assert used


def test_lines_of_text_are_anchored_where_they_are_aligned() -> None:
    html = inline(drawn().svg, prefix="f", alt="")
    for line in ("two", "lines"):
        found = re.search(rf"<text[^>]*text-anchor:middle[^>]*rotate\(-90\)[^>]*>{line}<", html)
        assert found, line


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<g onload="alert(1)"><path d="M0 0"/></g>',
        '<image href="http://x.test/a.png"/>',
        '<a href="javascript:alert(1)"><text>x</text></a>',
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
        '<use xlink:href="http://x.test/a.svg#b"/>',
        '<path d="M0 0" style="fill:url(http://x.test/a);behavior:url(x)"/>',
        "<style>@import url(http://x.test)</style>",
        '<animate attributeName="href" to="javascript:alert(1)"/>',
    ],
)
def test_what_does_not_draw_is_left_out(body: str) -> None:
    html = inline(f"{HEAD}{body}</svg>", prefix="f", alt="")
    for word in ("script", "onload", "http", "javascript", "foreignObject", "import", "behavior"):
        assert word not in html


@pytest.mark.parametrize(
    ("svg", "message"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + HEAD + "</svg>", "declares"),
        ("<svg", "no SVG"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "viewBox"),
    ],
)
def test_what_is_no_plain_figure_is_refused(svg: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        inline(svg, prefix="f", alt="")
