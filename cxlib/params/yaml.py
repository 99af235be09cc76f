"""A client file as plain values with their lines; what could confuse is refused.

YAML 1.2: ``yes``, ``no``, ``on``, ``off`` and ``12:30`` stay text. Keys are always text.
Tags, anchors and aliases have no use in a client file and are refused, wherever they point.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from cxlib.params.faults import Fault, Path, Severity, dotted, show

LARGEST_FILE = 1_000_000
"""Bytes. The longest client file that makes sense is a hundredth of this."""

DEEPEST = 12
"""Levels of nesting; the client file itself has six."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,300}")
_PADDED = re.compile(r"[-+]?0[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_HINTS = {
    "found character '\\t'": "indent with spaces, not tabs",
    "mapping values are not allowed here": "quote text that holds ': '",
    "that cannot start any token": "quote text that begins with a sign",
}


@dataclass
class Document:
    """What a client file says.

    `content` holds plain values: mappings with text keys, tuples, text, whole numbers, floats,
    booleans, None; `lines` the line of each value, or of its key, counted from 1; `written` how a
    plain scalar that is not text was written; `faults` what was found wrong so far, `broken` where;
    `origins` file and line of what stands in another file.
    """

    file: str
    content: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=lambda: {(): 1})
    written: dict[Path, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)
    origins: dict[Path, tuple[str, int]] = field(default_factory=dict)

    def where(self, path: Path) -> int:
        """Return the line of a value, or of the nearest thing around it that exists."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def at(self, path: Path) -> Any:
        """Return the value at a path, None where there is none."""
        value: Any = self.content
        for step in path:
            if isinstance(value, Mapping):
                value = value.get(str(step))
            elif isinstance(value, tuple) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def told(
        self, path: Path, message: str, value: object = None, severity: Severity = "error"
    ) -> Fault:
        """Return what is wrong with the value at `path`, with its place."""
        return Fault(*self.source(path), dotted(path), value, message, severity)

    def fault(
        self, path: Path, message: str, value: object = None, severity: Severity = "error"
    ) -> None:
        """Note what is wrong with the value at `path`."""
        self.broken.add(path)
        self.faults.append(self.told(path, message, value, severity))

    def source(self, path: Path) -> tuple[str, int]:
        """Return the file and line of a value, or of the nearest thing around it."""
        near = path
        while near and near not in self.origins:
            near = near[:-1]
        return self.origins.get(near, (self.file, self.where(path)))

    def spoilt(self, path: Path) -> bool:
        """Say whether a fault was found at `path` or at something around it."""
        return any(path[:length] in self.broken for length in range(len(path) + 1))


def read(path: File, *, shown: str) -> Document:
    """Read a client file."""
    document = Document(shown)
    text = _text(path, document)
    if text is None:
        return document
    try:
        content = _Builder(document, YAML(typ="safe", pure=True).parse(text)).build()
    except MarkedYAMLError as error:
        _syntax(error, document)
    except ReaderError as error:
        document.lines[()] = text.count("\n", 0, error.position) + 1
        document.fault(
            (), f"holds the control character {ord(text[error.position]):#06x}; delete it."
        )
    except _TooDeepError:
        document.fault((), f"values are nested over {DEEPEST} levels deep.")
    else:
        if isinstance(content, dict):
            document.content = content
        elif not document.faults:
            document.fault((), f"the file holds {show(content)}, not `key: value` lines.", content)
    return document


def _text(path: File, document: Document) -> str | None:
    try:
        if path.stat().st_size > LARGEST_FILE:
            document.fault((), "the file is larger than 1 MB: is it a client file?")
            return None
        raw = path.read_bytes()
    except OSError as error:
        document.fault((), f"the file cannot be opened: {error.strerror}.")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        document.lines[()] = raw.count(b"\n", 0, error.start) + 1
        document.fault(
            (), f"byte {raw[error.start]:#04x} is not UTF-8; save the file in the encoding UTF-8."
        )
        return None
    if not text.strip():
        document.fault((), "the file is empty; start from params/template.yaml.")
        return None
    return text


def _syntax(error: MarkedYAMLError, document: Document) -> None:
    mark = error.problem_mark or error.context_mark
    document.lines[()] = mark.line + 1 if mark else 1
    problem = str(error.problem or error.context or "").strip()
    hint = next((fix for symptom, fix in _HINTS.items() if symptom in problem), "")
    opened = error.context_mark
    since = ""
    if error.context and opened is not None and mark is not None and opened.line != mark.line:
        since = f" {error.context}, begun in line {opened.line + 1}:"
    document.fault((), f"cannot be read as YAML:{since} {problem}{'; ' + hint if hint else ''}.")


class _TooDeepError(Exception):
    """Nested beyond any meaning."""


class _Builder:
    """Turn parser events into plain values; faults are noted and reading goes on."""

    def __init__(self, document: Document, events: Iterator[Any]) -> None:
        self.document = document
        self.events = events

    def build(self) -> Any:
        content: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._note((), event, "a second document begins with '---'; keep one a file.")
                    break
            elif isinstance(event, NodeEvent):
                content = self._value(event, ())
            elif isinstance(event, (StreamStartEvent, StreamEndEvent)):
                continue
        return {} if content is None and not documents else content

    def _value(self, event: Any, path: Path) -> Any:
        self.document.lines.setdefault(path, event.start_mark.line + 1)
        if len(path) > DEEPEST:
            self.document.lines[()] = event.start_mark.line + 1
            raise _TooDeepError
        if isinstance(event, AliasEvent):
            self._note(path, event, f"*{event.anchor} is an alias; write the value out.")
            return None
        if event.anchor is not None:
            self._note(path, event, f"&{event.anchor} is an anchor; write the value out each time.")
        if event.tag is not None:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._note(path, event, f"{tag} is a YAML tag; leave it out, and quote what is text.")
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event, path)

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self.events), CollectionEndEvent):
            key = self._key(event, path)
            if key in mapping:
                first = self.document.lines[(*path, key)]
                message = f"{key!r} is written twice, first in line {first}; keep one."
                self._note((*path, key), event, message)
                self._skip(next(self.events))
                continue
            self.document.lines[(*path, key)] = event.start_mark.line + 1
            mapping[key] = self._value(next(self.events), (*path, key))
        return mapping

    def _key(self, event: Any, path: Path) -> str:
        if isinstance(event, ScalarEvent) and event.tag is None and event.anchor is None:
            return str(event.value)
        line = event.start_mark.line + 1
        name = f"?{line}"
        message = "a key must be plain text, without tag, anchor or brackets."
        self.document.broken.add((*path, name))
        self.document.faults.append(Fault(self.document.file, line, dotted(path), None, message))
        self._skip(event)
        return name

    def _sequence(self, path: Path) -> tuple[Any, ...]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), CollectionEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return tuple(items)

    def _scalar(self, event: Any, path: Path) -> Any:
        text = str(event.value)
        if event.style is not None or event.tag is not None:
            return text
        value = resolve(text)
        if _PADDED.fullmatch(text):
            self._note(path, event, f"{text} would be read as a number; quote it: '{text}'.")
            return text
        if _NOT_FINITE.fullmatch(text):
            self._note(path, event, f"{text} is no number to work with; quote it if it is text.")
        if not isinstance(value, str):
            self.document.written[path] = text
        return value

    def _skip(self, event: Any) -> None:
        depth = int(isinstance(event, (MappingStartEvent, SequenceStartEvent)))
        while depth:
            inner = next(self.events)
            depth += isinstance(inner, (MappingStartEvent, SequenceStartEvent))
            depth -= isinstance(inner, CollectionEndEvent)

    def _note(self, path: Path, event: Any, message: str) -> None:
        line = event.start_mark.line + 1
        value = getattr(event, "value", None)
        self.document.broken.add(path)
        self.document.faults.append(Fault(self.document.file, line, dotted(path), value, message))


def resolve(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar means in YAML 1.2's core schema (decimal numbers only)."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if abs(number) != float("inf") else text
    return text
