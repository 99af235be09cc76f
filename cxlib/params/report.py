"""The client's own face on what it is sent: logo, colours, footer, confidentiality."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, model_validator

from cxlib.params.base import Closed, Label, Text

LEAST_CONTRAST = 4.5
"""Contrast of text with its ground (WCAG 2.2, success criterion 1.4.3, level AA)."""
APART = 96
"""Steps of red, green and blue together below which two colours look alike."""
PAPER, DARK = "#ffffff", "#1e262e"
"""What a report stands on, by day and in the dark."""
_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


def contrast(colour: str, ground: str = PAPER) -> float:
    """Return the contrast of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    bright, dim = sorted((_luminance(colour), _luminance(ground)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    shares = [value / 255 for value in _parts(colour)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def readable(colour: str, ground: str = PAPER) -> str:
    """Return the nearest shade of a colour that can be read on `ground`: darker, or lighter."""
    end = 0 if _luminance(ground) > 0.5 else 255
    for step in range(101):
        parts = (round(part + (end - part) * step / 100) for part in _parts(colour))
        shade = "#" + "".join(f"{part:02x}" for part in parts)
        if contrast(shade, ground) >= LEAST_CONTRAST:
            break
    return shade


def _colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise ValueError(f"{text!r} is not a colour; write six hexadecimal digits: '#1f5f99'.")
    colour = text.lower()
    if len(colour) == 4:
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    found = contrast(colour)
    if found < LEAST_CONTRAST:
        raise ValueError(
            f"{text!r} cannot be read on white: its contrast is {found - 0.005:.2f}, below "
            f"{LEAST_CONTRAST}; the nearest that can is '{readable(colour)}'."
        )
    return colour


Colour = Annotated[str, AfterValidator(_colour)]


class Colours(Closed):
    """The client's colours: `main` of links, rules and the first series; `accent` beside it."""

    main: Colour | None = None
    accent: Colour | None = None

    @model_validator(mode="after")
    def _told_apart(self) -> Colours:
        if self.main and self.accent:
            apart = zip(_parts(self.main), _parts(self.accent), strict=True)
            if sum(abs(one - other) for one, other in apart) < APART:
                raise ValueError(
                    f"main {self.main!r} and accent {self.accent!r} cannot be told apart in a "
                    "figure; choose another accent, or leave it out."
                )
        return self


class Report(Closed):
    """The client's own face: `logo` is a file in the client's data folder."""

    logo: Text | None = None
    colours: Colours = Colours()
    footer: Label | None = None
    confidential: Label | None = None
