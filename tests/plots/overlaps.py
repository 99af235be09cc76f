"""Which texts of a drawn figure lie on one another."""

from __future__ import annotations

from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg


def overlapping(texts: list[Any]) -> list[tuple[str, str]]:
    """Return the pairs of visible texts whose boxes overlap, after the figure was drawn."""
    shown = [t for t in texts if t.get_visible() and t.get_text().strip()]
    figures = {t.get_figure(root=True) for t in shown}
    # one for all texts: left alone, each would have the whole figure's canvas made to measure it
    on = {figure: FigureCanvasAgg(figure).get_renderer() for figure in figures}
    measured = [(t, t.get_window_extent(on[t.get_figure(root=True)])) for t in shown]
    boxes = [(t.get_text(), box.shrunk(0.98, 0.9)) for t, box in measured]
    return [
        (a, b)
        for i, (a, one) in enumerate(boxes)
        for b, other in boxes[i + 1 :]
        if one.overlaps(other)
    ]
