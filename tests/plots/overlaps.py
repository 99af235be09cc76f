"""Which texts of a drawn figure lie on one another."""

from __future__ import annotations

from typing import Any


def overlapping(texts: list[Any]) -> list[tuple[str, str]]:
    """Return the pairs of visible texts whose boxes overlap, after the figure was drawn."""
    shown = [t for t in texts if t.get_visible() and t.get_text().strip()]
    boxes = [(t.get_text(), t.get_window_extent().shrunk(0.98, 0.9)) for t in shown]
    return [
        (a, b)
        for i, (a, one) in enumerate(boxes)
        for b, other in boxes[i + 1 :]
        if one.overlaps(other)
    ]
