"""All chapters of a client and period as one document, from cover to signatures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cxlib.errors import DataError
from cxlib.report.html import CONTENT_POLICY, Cover, page_of
from cxlib.words import Words, mark as _

TITLE = _("Customer experience report")
_PARTS = re.compile(
    r"<h1>(?P<title>.*?)</h1>.*?(?P<lead><div class=\"lead\">.*?</div>)?\s*</header>\s*"
    r"<main>(?P<body>.*?)(?P<method><section id=\"method\".*)?</main>",
    re.DOTALL,
)
_METHOD = re.compile(r"<section[^>]*>\s*<h2>.*?</h2>(.*)</section>\s*", re.DOTALL)
_CONTENTS = re.compile(r"<nav\b.*?</nav>", re.DOTALL)
_TAG = re.compile(r"<[a-zA-Z][^>]*>")
_ID = re.compile(r'\b(id|href|clip-path|style|aria-labelledby)="([^"]*)"')
_MOUNTED = re.compile(r"(url\(#)|^#")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One chapter in the book: `file` and `stem` as its report goes by, and that report."""

    stem: str
    file: str
    html: str


@dataclass(frozen=True, kw_only=True)
class Since:
    """What changed since a report was issued: sentences, and a table of restated figures."""

    lines: Sequence[str] = ()
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def __bool__(self) -> bool:
        return bool(self.lines or self.rows)


def render_book(
    parts: Sequence[Part],
    *,
    words: Words,
    cover: Cover,
    missing: Sequence[tuple[str, str]] = (),
    since: Since | None = None,
) -> str:
    """Return the book of a client's reports: one document that loads nothing and runs nothing.

    `parts` come in reading order; `missing` are chapters that are not in it, and why, as the reader
    is told; `since` what changed since the last issue. A part that is no report is a DataError.
    """
    anchors = {f"{part.file}.html": f"c{at}" for at, part in enumerate(parts, start=1)}
    chapters = [_chapter(part, anchors) for part in parts]
    back = [("method", words.say(_("Method and data"))), ("signatures", words.say(_("Signatures")))]
    front = [("since", words.say(_("What changed since the last issue")))] if since else []
    return page_of(
        "book.html.j2", words, title=words.say(TITLE), policy=CONTENT_POLICY, cover=cover,
        chapters=chapters, front=front, back=back, missing=missing, since=since or Since(),
    )  # fmt: skip


def _chapter(part: Part, anchors: Mapping[str, str]) -> dict[str, Any]:
    found = _PARTS.search(part.html)
    if found is None:
        raise DataError(f"{part.file}.html is no report that a book can hold; run it again.")
    anchor = anchors[f"{part.file}.html"]
    method = _METHOD.search(found["method"] or "")
    texts = {
        "lead": found["lead"] or "",
        "body": _CONTENTS.sub("", found["body"]),
        "method": method[1] if method else "",
    }
    mounted = {name: Markup(_mounted(text, anchor, anchors)) for name, text in texts.items()}
    return {"anchor": anchor, "title": Markup(found["title"]), **mounted}


def _mounted(html: str, anchor: str, anchors: Mapping[str, str]) -> str:
    """Return a part with its ids made its own, and its links to other parts leading there.

    Reports escape ``<``, ``>`` and quotes in every attribute, so a tag ends where it seems to.
    """

    def attribute(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        if name in ("id", "aria-labelledby"):
            value = f"{anchor}-{value}"
        elif name == "href" and value in anchors:
            value = f"#{anchors[value]}"
        else:
            value = _MOUNTED.sub(lambda m: f"{m[0]}{anchor}-", value)
        return f'{name}="{value}"'

    return _TAG.sub(lambda tag: _ID.sub(attribute, tag[0]), html)
