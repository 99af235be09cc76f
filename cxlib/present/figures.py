"""Figures as a notebook shows them: a print-resolution PNG with its title and alternative text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from cxlib.plots import theme
from cxlib.present import mime
from cxlib.words import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class FigureView:
    """A drawn figure: its PNG and what it shows in words."""

    png: bytes
    alt: str
    width: int

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, Any]:
        from base64 import b64encode

        image = b64encode(self.png).decode("ascii")
        return {
            "image/png": image,
            mime.FIGURE: {"alt": self.alt, "width": self.width},
            "text/plain": self.alt,
        }


def draw(plot: Callable[..., Any], result: Any, *, words: Words, **options: Any) -> FigureView:
    """Draw `result` with `plot` under the kit's theme.

    Parameters
    ----------
    plot : callable
        A function of the plots room: ``plot(result, *, words, ax=None, …) -> Axes``.
    result : object
        What it draws, small bases already withheld.
    words : Words
    **options
        Passed on to the plot.
    """
    with theme.applied():
        axes = plot(result, words=words, **options)
        figure = axes.get_figure()
        theme.fit(figure)
        return FigureView(
            png=render(figure), alt=axes.get_label(), width=int(figure.get_figwidth() * 100)
        )


def render(figure: Figure) -> bytes:
    """Return a figure as PNG; the same figure gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = BytesIO()
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})  # one draw; savefig: two
    return buffer.getvalue()
