"""A figure's SVG as a report shows it: only what draws, in the page's typeface and colours."""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree

from cxlib.errors import DataError
from cxlib.plots import theme

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_DRAWN = "svg g path text tspan use defs clipPath rect circle pattern line polygon polyline"
_PLACED = "d x y width height transform viewBox points cx cy r x1 x2 y1 y2 patternUnits"
_LOOKS = (
    "fill stroke stroke-width stroke-dasharray stroke-dashoffset stroke-linejoin stroke-linecap "
    "stroke-miterlimit opacity fill-opacity stroke-opacity font-size font-weight font-style "
    "text-anchor fill-rule clip-rule paint-order"
)
ELEMENTS, ATTRIBUTES, PROPERTIES = (frozenset(t.split()) for t in (_DRAWN, _PLACED, _LOOKS))
_WORDS = (
    "none|stroke|evenodd|nonzero|normal|italic|bold|middle|end|start|butt|round|miter|bevel|square"
)
VALUE = re.compile(rf"({_WORDS}|#[0-9a-fA-F]{{3,8}}|[-\d.,\s]+(px)?|url\(#[\w-]+\))")
PLAIN = re.compile(r"[-\w\s.,()#%+]*")
"""What a kept attribute may hold: numbers, path letters, transforms."""
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_COLOURS = "INK MUTED RULE PAPER MAIN ACCENT GOOD BAD QUIET VIOLET"
VARIABLES = {getattr(theme, name).lower(): f"var(--{name.lower()})" for name in _COLOURS.split()}
VARIABLES |= {theme.BAD.lower(): "var(--serious)", "#000000": "var(--ink)"}
"""The theme's colours as the page's, which know the dark."""
TITLE = "title"


def inline(svg: str, *, prefix: str, alt: str, top: float = 0.0) -> str:
    """Return a figure's SVG as it stands in a report, whatever drew it; DataError if it is none.

    `prefix` is set before every id, so that figures of one page do not meet; `alt` says what the
    figure shows; `top` points are cut off: the title, which stands as its caption.
    """
    if "<!" in re.sub(r"<!--.*?-->", "", svg, flags=re.S):
        raise DataError("a figure declares what a figure may not; it is left out.")
    try:
        root = ElementTree.fromstring(svg)
        box = [float(part) for part in root.get("viewBox", "").split()]
    except (ElementTree.ParseError, ValueError) as error:
        raise DataError(f"a figure is no SVG: {error}.") from None
    if len(box) != 4:
        raise DataError("a figure has no viewBox.")
    named = [*re.findall(r"url\(#([\w-]+)\)", svg), *re.findall(r'href="#([\w-]+)"', svg)]
    ids = {name: f"{prefix}-{at}" for at, name in enumerate(dict.fromkeys(named))}
    cut = min(max(top, 0.0), box[3] / 2)
    view = (box[0], box[1] + cut, box[2], box[3] - cut)
    head = " ".join(f"{part:g}" for part in view)
    body = "".join(_written(child, ids) for child in root)
    return f'<svg viewBox="{head}" role="img" aria-label="{escape(alt)}">{body}</svg>'


def _written(element: ElementTree.Element, ids: dict[str, str]) -> str:
    tag = element.tag.removeprefix(SVG) if isinstance(element.tag, str) else ""
    if tag not in ELEMENTS or element.get("class") == TITLE:
        return ""
    told = [_attribute(name, value, ids) for name, value in element.attrib.items()]
    told = [attribute for attribute in told if attribute]
    text = escape(element.text or "") if tag in ("text", "tspan") else ""
    inner = text + "".join(_written(child, ids) for child in element)
    if tag in ("g", "defs") and (not inner or not told):
        return inner if tag == "g" else f"<defs>{inner}</defs>" if inner else ""
    attributes = "".join(f" {attribute}" for attribute in told)
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _attribute(name: str, value: str, ids: dict[str, str]) -> str:
    if name in (f"{XLINK}href", "href"):
        return f'href="#{ids[value[1:]]}"' if value[:1] == "#" and value[1:] in ids else ""
    if name == "id":
        return f'id="{ids[value]}"' if value in ids else ""
    if name == "clip-path":
        found = re.fullmatch(r"url\(#([\w-]+)\)", value)
        return f'clip-path="url(#{ids[found[1]]})"' if found and found[1] in ids else ""
    if name == "style" or name in PROPERTIES:
        return _style(value if name == "style" else f"{name}:{value}", ids)
    if name in ATTRIBUTES and PLAIN.fullmatch(value):
        return f'{name}="{_short(value)}"'
    return ""


def _short(value: str) -> str:
    """Round numbers to a tenth of a point: finer than any screen or printer."""
    short = _NUMBER.sub(lambda number: f"{float(number[0]):.1f}", value)
    return re.sub(r"\s+", " ", short).strip()


def _style(value: str, ids: dict[str, str]) -> str:
    kept = []
    for part in value.split(";"):
        name, _colon, said = (piece.strip() for piece in part.partition(":"))
        if name not in PROPERTIES or not VALUE.fullmatch(said):
            continue
        if (name, said) in (("stroke-linejoin", "round"), ("stroke-linecap", "butt")):
            continue  # the style sheet says so for all
        found = re.fullmatch(r"url\(#([\w-]+)\)", said)
        if found:
            said = f"url(#{ids[found[1]]})"
        kept.append(f"{name}:{VARIABLES.get(said.lower(), said)}")
    return f'style="{";".join(kept)}"' if kept else ""
