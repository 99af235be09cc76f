"""A client's own face, as reports, book and deck wear it: its logo is read and cleaned here."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter
from xml.etree import ElementTree

from cxlib.params.faults import InvalidParams
from cxlib.params.report import DARK, readable
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client

LARGEST = 150_000
"""Bytes of a logo: it stands in every report."""
MOST_PIXELS = 4_000_000
_KINDS = {"PNG": "image/png", "JPEG": "image/jpeg"}
_SVG, _XHTML = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"
_PASSIVE = frozenset(
    [
        *("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("text", "tspan", "defs", "clipPath", "mask", "use", "symbol", "linearGradient"),
        *("radialGradient", "stop", "title", "desc", "metadata", "style"),
    ]
)
"""Elements of a logo that draw or describe; none of them runs or loads."""
_LOADS = re.compile(r"@import|expression\(|javascript:|url\(\s*['\"]?(?!#|['\"]?#)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Face:
    """What makes a report the client's own.

    `colours` and `dark` hold ``main`` and ``accent`` as ``#rrggbb`` where the client has them: on
    white, and in the dark; `footer` and `confidential` are in the reader's language, empty where
    the client file says nothing; `logo` is the picture, without metadata, of MIME type `kind`.
    """

    colours: Mapping[str, str] = field(default_factory=dict)
    dark: Mapping[str, str] = field(default_factory=dict)
    footer: str = ""
    confidential: str = ""
    logo: bytes = b""
    kind: str = ""

    @property
    def source(self) -> str:
        """The logo as an address that holds the picture itself; empty if there is none."""
        held = base64.b64encode(self.logo).decode("ascii")
        return f"data:{self.kind};base64,{held}" if self.logo else ""


def logo_file(client: Client, workspace: Workspace) -> Path | None:
    """Return where a client's logo lies, or should, in its data folder; None if it names none."""
    name = client.report.logo
    if name is None:
        return None
    folder = workspace.data(client.client)
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _fault(client, f"{name!r} is not in the client's data folder")
    return path


def face_of(client: Client, workspace: Workspace, language: str) -> Face:
    """Return a client's face in one language; `InvalidParams` if its logo cannot be shown."""
    report = client.report
    colours = {k: v for k, v in report.colours.model_dump().items() if v}
    logo, kind = _logo(client, logo_file(client, workspace))
    return Face(
        colours=colours,
        dark={name: readable(colour, DARK) for name, colour in colours.items()},
        footer=(report.footer or {}).get(language, ""),  # type: ignore[call-overload]
        confidential=(report.confidential or {}).get(language, ""),  # type: ignore[call-overload]
        logo=logo,
        kind=kind,
    )


def _fault(client: Client, why: str) -> InvalidParams:
    return InvalidParams([client.fault(("report", "logo"), f"{why}.", client.report.logo)])


def _logo(client: Client, path: Path | None) -> tuple[bytes, str]:
    if path is None:
        return b"", ""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise _fault(client, f"{path.name} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise _fault(
            client, f"{path.name} is larger than {LARGEST // 1000} KB; save it smaller, or as SVG"
        )
    try:
        if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            return _vector(content), "image/svg+xml"
        return _pixels(content)
    except ValueError as why:
        raise _fault(client, f"{path.name} {why}") from None


def _pixels(content: bytes) -> tuple[bytes, str]:
    """Return a picture without its metadata: where and by whom it was made is nobody's business."""
    from PIL import Image, UnidentifiedImageError

    large = f"has more than {MOST_PIXELS:,} pixels; a width of 600 does"
    try:
        with catch_warnings():
            simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=tuple(_KINDS))
        with opened as image:
            kind = str(image.format)
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(large)
            image.load()
            cleaned = io.BytesIO()
            image.info = {k: v for k, v in image.info.items() if k == "transparency"}
            options = {"quality": "keep"} if kind == "JPEG" else {"optimize": True}
            image.save(cleaned, format=kind, **options)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(large) from None
    except (UnidentifiedImageError, OSError, SyntaxError):
        raise ValueError("is no picture; a logo is a PNG, JPEG or SVG file") from None
    return cleaned.getvalue(), _KINDS[kind]


def _vector(content: bytes) -> bytes:
    """Return an SVG that only draws."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("is an SVG with a DOCTYPE; save it as plain SVG, without")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError(f"is no SVG: {error}") from None
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("is no picture; a logo is a PNG, JPEG or SVG file")
    for element in root.iter():
        space, _brace, tag = str(element.tag).removeprefix("{").rpartition("}")
        if (space == _SVG and tag not in _PASSIVE) or space == _XHTML:
            raise ValueError(f"is an SVG with <{tag}>, which a logo may not have; remove it")
        said = [element.text or ""] if tag == "style" else []
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2]
            if plain.lower().startswith("on"):
                raise ValueError(f"is an SVG with script ({plain}); save it without")
            if plain == "href" and not value.startswith("#"):
                raise ValueError("is an SVG that loads something else; embed no pictures or links")
            said.append(value)
        if any(_LOADS.search(text) for text in said):
            raise ValueError("is an SVG whose style loads something else; save it as plain SVG")
    return content
