"""Texts of notebooks: translated by paragraph, rendered with every bit of HTML escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from io import StringIO
from tokenize import COMMENT, STRING, TokenInfo, generate_tokens
from typing import Any

from cxlib.words import Words

_HEADING = re.compile(r"(#{1,6} +)(.*)", re.DOTALL)
_ITEM = re.compile(r"(\s*(?:[-*]|\d+\.) +(?:<!-- .+? --> )?)(.*)", re.DOTALL)
_SENTENCE = re.compile(r'"[A-Z][^"{}]* [^"{}]*[.?!]"')
_SAFE_LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A heading of a rendered text: its level, its anchor and its words."""

    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """Markdown as HTML, with the headings it holds."""

    html: str
    headings: tuple[Heading, ...]


def messages(source: str) -> Iterator[str]:
    """Yield the translatable messages of a markdown cell: headings, list items and paragraphs."""
    for _prefix, message, _suffix in _blocks(source):
        if message:
            yield message


def translate_markdown(source: str, words: Words) -> str:
    """Return a markdown cell in the reader's language; what has no translation stays English."""
    return "".join(
        prefix + (words.catalogue.get(message) or message) + suffix
        for prefix, message, suffix in _blocks(source)
    )


def code_messages(source: str) -> Iterator[str]:
    """Yield the translatable messages of a lesson's code: its comments and its sentences."""
    for _token, message in _spoken(source):
        yield message


def translate_code(source: str, words: Words) -> str:
    """Return a lesson's code with its comments and sentences in the reader's language."""
    lines = source.splitlines(keepends=True)
    for token, message in reversed(list(_spoken(source))):
        (row, start), (_row, end) = token.start, token.end
        said = token.string.replace(message, words.catalogue.get(message) or message)
        lines[row - 1] = lines[row - 1][:start] + said + lines[row - 1][end:]
    return "".join(lines)


def _spoken(source: str) -> Iterator[tuple[TokenInfo, str]]:
    """Yield comments, and texts of one line that begin like a sentence and hold a space."""
    for token in generate_tokens(StringIO(source).readline):
        if token.type == COMMENT and token.string.startswith("# "):
            yield token, token.string[2:].strip()
        elif token.type == STRING and _SENTENCE.fullmatch(token.string):
            yield token, token.string[1:-1]


def _blocks(source: str) -> Iterator[tuple[str, str, str]]:
    """Split markdown into (prefix, message, suffix) that join to the same text again."""
    for part in re.split(r"(\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )|(?<=\n)(?=#)|(?<=^)(?=#))", source):
        if not part or not part.strip():
            yield part or "", "", ""
            continue
        for line in _split_heading(part):
            found = _HEADING.fullmatch(line.rstrip("\n")) or _ITEM.fullmatch(line.rstrip("\n"))
            prefix, text = found.groups() if found else ("", line.rstrip("\n"))
            tail = line[len(line.rstrip("\n")) :]
            yield prefix, re.sub(r"\s*\n\s*", " ", text).strip(), tail


def _split_heading(part: str) -> Iterator[str]:
    """Yield heading lines apart: one ends its block even where no blank line follows."""
    rest = part
    while rest.startswith("#") and "\n" in rest:
        line, _newline, rest = rest.partition("\n")
        yield line + "\n"
    if rest:
        yield rest


@lru_cache(maxsize=512)
def render_markdown(source: str) -> Rendered:
    """Return markdown as HTML: HTML inside it comes out as text, links only to where they say."""
    import mistune

    headings: list[Heading] = []

    class Renderer(mistune.HTMLRenderer):
        """HTML escaped, headings with anchors, no images and no foreign schemes."""

        def heading(self, text: str, level: int, **attrs: Any) -> str:
            plain = re.sub(r"<[^>]+>", "", text)
            anchor = "s-" + (
                re.sub(r"[^\w]+", "-", plain.casefold()).strip("-") or str(len(headings))
            )
            headings.append(Heading(level, anchor, unescape(plain)))
            return f'<h{level} id="{mistune.escape(anchor)}">{text}</h{level}>\n'

        def link(self, text: str, url: str, title: str | None = None) -> str:
            if not _SAFE_LINK.match(url):
                return text
            return f'<a href="{mistune.escape(url)}">{text}</a>'

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return text

    parser = mistune.create_markdown(renderer=Renderer(escape=True), plugins=["table"])
    return Rendered(str(parser(source)), tuple(headings))
