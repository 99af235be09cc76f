"""What chapters saved, as the spreadsheet and the deck take it: a new one takes part by itself."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from cxlib.report.markdown import translate_markdown
from cxlib.words import Words, mark as _
from cxlib.workspace import as_name, check_client_name

if TYPE_CHECKING:
    from cxlib.engagement import Engagement
    from cxlib.envelope import Envelope

TITLES = {"xlsx": _("Tables and table book"), "pptx": _("Deck")}
"""The formats beside HTML, by the ending of their files."""


FIRST = "summary"
"""The chapter that comes first where it is there."""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A chapter as it was saved: its question (`title`, as the reader has it), what its page holds.

    `missing`: it failed in this run. `sections` and `texts` hold by cell, numbered as executed, the
    heading above it and what stands beneath that.
    """

    stem: str
    file: str
    title: str
    envelope: Envelope | None
    missing: bool = False
    sections: Mapping[int, str] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)


def file_name(client: str, period: str, kind: str) -> str:
    """Return what a client's file of a period is called, once it has left its folder."""
    return f"{check_client_name(client)}-{as_name(period)}.{kind}"


def saved_chapters(engagement: Engagement, missing: Sequence[str] = ()) -> list[Saved]:
    """Return the chapters whose notebooks lie there, in order, with what each saved."""
    from cxlib.envelope import read

    found, words = [], engagement.words
    for path in sorted(engagement.workspace.notebooks.glob("*.ipynb")):
        stem = re.sub(r"^\d+-", "", path.stem)
        engagement.learn(stem)
        title, sections, texts = _headings(path, words)
        result = engagement.kept(stem)
        envelope = None if result is None else read(result)
        found.append(
            Saved(
                stem=stem, file=path.stem, title=title or stem, envelope=envelope,
                sections=sections, texts=texts, missing=stem in missing,
            )
        )  # fmt: skip
    return found


def _headings(path: Path, words: Words) -> tuple[str, dict[int, str], dict[int, str]]:
    """Return a notebook's question, and heading and text above each cell as they are executed.

    papermill adds one cell, after the one that holds the parameters, or at the top.
    """
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tags = [cell.get("metadata", {}).get("tags", []) for cell in cells]
    title, heading, text = "", "", ""
    sections, texts = dict[int, str](), dict[int, str]()
    executed = 0 if any("parameters" in each for each in tags) else 1
    for cell, tagged in zip(cells, tags, strict=True):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            said = translate_markdown(source, words)
            plain = re.sub(r"\[([^]]*)\]\([^)]*\)|[*_`]|<!-- .*? --> ", r"\1", said)
            for level, told in re.findall(r"^(#{1,3}) (.+)$", plain, re.MULTILINE):
                title, heading = (told, "") if level == "#" and not title else (title, told)
            text = re.sub(r"^#+ .+$", "", plain, flags=re.MULTILINE).strip()
        elif cell["cell_type"] == "code" and source.strip():
            executed += 1 + ("parameters" in tagged)
            sections[executed], texts[executed] = heading.strip(), text
    return title.strip(), sections, texts


def made_at() -> datetime:
    """Return when what is made now is made; ``SOURCE_DATE_EPOCH`` pins it."""
    pinned = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(pinned), UTC) if pinned else datetime.now(UTC)


def steady(content: bytes) -> bytes:
    """Return a zip, and those within it, without the moments at which they were made."""
    out, made = BytesIO(), made_at().strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with ZipFile(BytesIO(content)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for entry in old.infolist():
            inner = old.read(entry)
            if inner.startswith(b"PK\x03\x04"):  # the numbers of a native chart
                inner = steady(inner)
            elif entry.filename == "docProps/core.xml":
                inner = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made, inner)
            new.writestr(ZipInfo(entry.filename), inner, ZIP_DEFLATED)
    return out.getvalue()
