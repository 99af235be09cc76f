"""Figures as a notebook shows them: SVG with real text, its title and alternative text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from inspect import signature
from io import BytesIO, StringIO
from math import cos, radians, sin
from typing import TYPE_CHECKING, Any

from cxlib.errors import DataError
from cxlib.plots import theme
from cxlib.plots.wrapping import SIGNS, em
from cxlib.present import mime
from cxlib.present.mime import View
from cxlib.words import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
"""Same inputs, same bytes."""
ANCHORS = {"left": (0.0, ""), "center": (0.5, "middle"), "right": (1.0, "end")}


def draw(plot: Callable[..., Any], result: Any, *, words: Words, **options: Any) -> View:
    """Draw `result` with `plot` under the kit's theme; its data say how much of its top is title.

    Parameters
    ----------
    plot : callable
        A chart type or a chapter's figure: ``plot(result, *, words, ax=None, …) -> Axes``.
    result : object
        What it draws, small bases already withheld.
    words : Words
    **options
        Passed on to the plot.
    """
    with theme.applied(), _laid_out_once():
        axes = plot(result, words=words, **options)
        figure = axes.get_figure()
        svg, top = render_svg(figure)
        title = figure._suptitle.get_text().replace("\n", " ") if figure._suptitle else ""
        about: dict[str, Any] = {"alt": axes.get_label(), "title": axes.get_gid() or title}
        about |= {"width": int(figure.get_figwidth() * 100), "top": top}
        return View(kind=mime.FIGURE, data=about, svg=svg, plain=about["alt"])


def printed(
    plot: Callable[..., Any], result: Any, *, kind: str, words: Words, **options: Any
) -> bytes:
    """Return a figure as a PDF with its fonts in it, or an SVG; same figure, same bytes.

    Raises
    ------
    DataError
        If `kind` is neither.
    """
    import matplotlib as mpl

    if kind not in ("pdf", "svg"):
        raise DataError(f"a figure is written to .pdf or .svg, not to .{kind}.")
    made = BytesIO()
    with theme.applied(), mpl.rc_context({"svg.fonttype": "path"}):
        figure = plot(result, words=words, **options).get_figure(root=True)
        theme.fit(figure)
        dated = "CreationDate" if kind == "pdf" else "Date"
        figure.savefig(made, format=kind, metadata={dated: None})
    return made.getvalue()


def _laid_out_once() -> AbstractContextManager[None]:
    """Have matplotlib lay each text out once, and find its fonts once: it asks some ten times."""
    from matplotlib.font_manager import fontManager
    from matplotlib.text import Text

    laid, found = dict[Any, Any](), dict[Any, Any]()

    def once_laid_out(lay_out: Any) -> Any:
        def laid_out(self: Any, renderer: Any) -> Any:
            if self.get_wrap():  # then it depends on where the text stands
                return lay_out(self, renderer)
            key = (
                *(type(renderer), self.get_figure(root=True).dpi, self.get_text()),
                *(hash(self.get_fontproperties()), self.get_rotation(), self.get_rotation_mode()),
                *(self.get_ha(), self.get_va(), self._get_multialignment(), self._linespacing),
                *(self.get_parse_math(), self.get_usetex()),
            )
            if key not in laid:
                laid[key] = lay_out(self, renderer)
            return laid[key]

        return laid_out

    def once_found(find: Any) -> Any:
        def fonts(prop: Any, *told: Any, **options: Any) -> Any:
            if told or options:
                return find(prop, *told, **options)
            key = prop if isinstance(prop, str) else hash(prop)
            if key not in found:
                found[key] = find(prop)
            return found[key]

        return fonts

    return _replaced(
        (fontManager, _FIND, ("prop",), once_found),
        (Text, _LAY_OUT, ("self", "renderer"), once_laid_out),
    )


def _ticks_placed_once() -> AbstractContextManager[None]:
    """Have an axis place and measure its ticks once where it stands: it is asked ten times."""
    from matplotlib.axis import Axis

    placed, measured = dict[Any, Any](), dict[Any, Any]()

    def once_placed(place: Any) -> Any:
        def ticks(self: Any) -> Any:
            where = (self.axes.bbox.bounds, *self.get_view_interval())
            if placed.get(self, (None,))[0] != where:
                placed[self] = where, place(self)
                measured.pop(self, None)
            return placed[self][1]

        return ticks

    def once_measured(measure: Any) -> Any:
        def boxes(self: Any, ticks: Any, renderer: Any) -> Any:
            if self not in measured or measured[self][0] is not ticks:
                measured[self] = ticks, measure(self, ticks, renderer)
            return measured[self][1]

        return boxes

    return _replaced(
        (Axis, _PLACE, ("self",), once_placed),
        (Axis, _MEASURE, ("self", "ticks", "renderer"), once_measured),
    )


_LAY_OUT, _FIND = "_get_layout", "_find_fonts_by_props"
_PLACE, _MEASURE = "_update_ticks", "_get_ticklabel_bboxes"


@contextmanager
def _replaced(*others: tuple[Any, str, tuple[str, ...], Callable[[Any], Any]]) -> Iterator[None]:
    """Have others stand in for some of matplotlib's own functions: whose, name, arguments, which.

    Where this matplotlib has no such functions, or others by their name, nothing is replaced.
    """
    own = [getattr(owner, name, None) for owner, name, _arguments, _other in others]
    if not all(_takes(f, *told) for f, (_o, _n, told, _f) in zip(own, others, strict=True)):
        yield
        return
    for function, (owner, name, _arguments, other) in zip(own, others, strict=True):
        setattr(owner, name, other(function))
    try:
        yield
    finally:
        for function, (owner, name, *_rest) in zip(own, others, strict=True):
            setattr(owner, name, function)


def _takes(function: Any, *names: str) -> bool:
    """Tell whether a function takes just these arguments, others only if it must not be told."""
    if not callable(function):
        return False
    told = signature(function).parameters.values()
    return tuple(p.name for p in told if p.default is p.empty) == names


def render_svg(figure: Figure) -> tuple[str, float]:
    """Lay a figure out, by its texts' width as SVG, and draw it; same figure, same bytes.

    Returns the SVG, and the height of its title in points.
    """
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.text import Text

    buffer, dpi = StringIO(), figure.dpi
    try:
        figure.dpi = 72
        width, height = (float(size) for size in figure.get_size_inches() * 72)
        renderer = _renderer()(width, height, buffer, image_dpi=200, metadata=NO_METADATA)
        canvas: Any = FigureCanvasBase(figure)
        canvas.get_renderer = lambda: renderer
        title = figure._suptitle  # type: ignore[attr-defined]
        with _ticks_placed_once():
            theme.fit(figure)
            for text in figure.findobj(Text):
                _note(text, "title" if text is title else "")
            figure.draw(renderer)
        top = height - float(title.get_window_extent(renderer).y0) if title else 0.0
        renderer.finalize()
    finally:
        figure.dpi = dpi
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :], round(max(top, 0.0), 1)


def _note(text: Any, role: str) -> None:
    """Tell the renderer, by the group's name, how a text is aligned and what halo it has.

    matplotlib draws a text with a stroked halo as paths; as ``paint-order`` it stays text.
    """
    halo = ""
    for effect in text.get_path_effects() or []:
        stroke = getattr(effect, "_gc", {})
        if stroke.get("foreground"):
            halo = f"{stroke['foreground']},{stroke.get('linewidth', 1):g}"
    if halo:
        text.set_path_effects([])
    text.set_gid("|".join((text.get_ha(), halo, role)))


def _wide_signs(text: str) -> list[str]:
    """Return what of a text a Chinese font draws one em wide: the signs among Chinese."""
    return [c for c in text if c in SIGNS] if em(text, latin=0) else []


@cache
def _renderer() -> Any:
    """Return matplotlib's SVG renderer, but every line of text anchored where it is aligned.

    matplotlib anchors only single unrotated lines; another font would move the rest.
    """
    from matplotlib.backends.backend_svg import RendererSVG
    from matplotlib.colors import rgb2hex

    class Renderer(RendererSVG):
        """Anchors every line of text where it is aligned."""

        _ha, _halo, _role = "left", "", ""

        def __init__(self, *told: Any, **options: Any) -> None:
            super().__init__(*told, **options)  # type: ignore[no-untyped-call]
            self._measured: dict[Any, tuple[float, float, float]] = {}

        def get_text_width_height_descent(
            self, s: str, prop: Any, ismath: Any
        ) -> tuple[float, float, float]:
            """Measure a text once: it is asked for when laid out, and again when drawn."""
            key = (s, hash(prop), ismath)
            measure: Any = super().get_text_width_height_descent
            if key not in self._measured:
                width, *rest = measure(s, prop, ismath)
                for sign in _wide_signs(s):
                    width += max(0.0, prop.get_size_in_points() - measure(sign, prop, ismath)[0])
                self._measured[key] = (width, *rest)
            return self._measured[key]

        def open_group(self, s: str, gid: str | None = None) -> None:
            if s == "text":
                self._ha, self._halo, self._role = (gid or "left||").split("|")
                gid = None
            super().open_group(s, gid)  # type: ignore[no-untyped-call]

        def _draw_text_as_text(
            self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, *_rest: Any
        ) -> None:
            width = self.get_text_width_height_descent(s, prop, False)[0]
            share, anchor = ANCHORS[self._ha]
            x += share * width * cos(radians(angle))
            y -= share * width * sin(radians(angle))
            rgba = gc.get_rgb()
            alpha = gc.get_alpha() if gc.get_forced_alpha() else rgba[3]
            family = ", ".join(f"'{name}'" for name in prop.get_family())
            style = {"font-size": f"{prop.get_size():g}px", "font-family": f"{family}, sans-serif"}
            style["fill"] = rgb2hex(rgba)
            if self._halo:
                colour, wide = self._halo.split(",")
                style |= {"paint-order": "stroke", "stroke": colour, "stroke-width": wide}
            if anchor:
                style["text-anchor"] = anchor
            if alpha != 1:
                style["opacity"] = f"{alpha:g}"
            told = {"style": "; ".join(f"{name}: {value}" for name, value in style.items())}
            if angle:
                told["transform"] = f"translate({x:.1f} {y:.1f}) rotate({-angle:g})"
            else:
                told |= {"x": f"{x:.1f}", "y": f"{y:.1f}"}
            if self._role:
                told["class"] = self._role
            self.writer.element("text", s, attrib=told)

    return Renderer
