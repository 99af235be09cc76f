"""The gate: what a reader or a tool can see of a job's outputs is searched for what must not leave.

Looked at are the report's words, alternative texts and metadata, the strings and small cells of the
saved results, and the outputs of the executed notebook; not pictures, code or style.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

from cxlib.data import masking
from cxlib.data.keys import SHORTEST, Key, canonical_id, open_key
from cxlib.data.store import read_record
from cxlib.errors import Count, CxError
from cxlib.words import Words
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client

_TOKEN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@/:+-]*[A-Za-z0-9])?")
_PATH = re.compile(
    r"(?<![\w.:/>@-])(?:/(?:home|root|tmp|var|usr|etc|opt|mnt|srv|private|Users|Volumes)/[\w.-]+"
    r"|[A-Za-z]:\\(?:Users|Windows|Program)[^\s\"<>]*)|\bfile://[^\s\"<>]+"
)
_SECRETS = {
    ("private key",): r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    ("akia", "asia"): r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"): r"\bgh[pousr]_\w{36,}",
    ("://",): r"\b[a-z][a-z0-9+]*://[^\s:/@\"'<>()]+:[^\s@/\"'<>()]+@",
    (
        *("password", "passwd", "secret", "apikey", "api_key", "api-key"),
        *("accesstoken", "access_token", "access-token"),
    ): r"\b(?:password|passwd|secret|api[_-]?key|access[_-]?token)\b[\"']?"
    r" {0,3}[=:] {0,3}[\"']?[^\s\"'<]{6,}",  # no tab: that is the next cell of a table
}
"""Expressions of secrets, by what stands in every text that they find, in small letters."""
_SECRET = re.compile("|".join(_SECRETS.values()), re.IGNORECASE)
_HINTS = tuple(hint for hints in _SECRETS for hint in hints)
_KINDS = {
    masking.EMAIL: "an e-mail address", masking.PHONE: "a telephone number",
    masking.ID_CARD: "an identity number", masking.BANK_CARD: "a bank card",
    masking.IBAN: "an IBAN", masking.NAME: "a name of `privacy: names`",
}  # fmt: skip
_BARE_TEN_DIGITS = re.compile(r"\d{10}")
_DRAWN = re.compile(
    r"(?:xmlns|clip|fill|stroke|stop|gradient|marker|font|text-anchor|paint|dominant|vector)\S*"
    r"|class|style|d|points|transform|viewbox|width|height|offset|[cfr]?[xy]?[12]?|r[xy]?|d[xy]"
)
"""Attributes that say how something looks; the others are for readers, theirs or a tool's."""
_INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "s", "small", "span", "strong", "u", "wbr"}
_PRIVATE_OUTPUT = ("stderr", "error")


class Gate:
    """What must not leave, for the clients of a run."""

    def __init__(self, workspace: Workspace, clients: Mapping[str, Client]) -> None:
        self.workspace, self.clients = workspace, clients
        self._guards: dict[str, _Guard] = {}

    def check(self, client: str, files: Mapping[str, bytes]) -> str:
        """Return what was found, as the job's error; empty if its outputs may leave."""
        if client not in self._guards:
            self._guards[client] = _Guard(self, self.clients[client])
        guard = self._guards[client]
        try:
            for kind, content in files.items():
                if content.startswith(_ZIP):
                    told, saved, seen = "", None, _of_office(content)
                else:
                    told = content.decode("utf-8", "replace")
                    saved = json.loads(told) if kind == "results" else None
                    seen = _LOOKS[kind](told) if saved is None else iter([(_quoted(told), False)])
                for text, private in seen:
                    found = guard.find(text, private=private)
                    if found:
                        return f"not delivered: its {kind} holds {found}"
                small = next(_small_cells(saved, self.clients[client].privacy.minimum_base), "")
                if small:
                    return f"not delivered: its results hold {small}"
        except (CxError, OSError, ValueError, KeyError, BadZipFile) as error:
            return f"not delivered: its outputs cannot be searched: {error}"
        return ""

    @cached_property
    def names(self) -> dict[str, set[str]]:
        """By client, what it is called: its file's name, and its names in every language."""
        return {name: {name, *self._displayed(name)} for name in self.workspace.clients()}

    def _displayed(self, client: str) -> set[str]:
        if client in self.clients:
            return set((self.clients[client].name or {}).values())
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            text = (self.workspace.params / f"{client}.yaml").read_text("utf-8", errors="replace")
            block = re.search(r"^name:.*(?:\n[ \t]+.*)*", text, re.MULTILINE)
            said = YAML(typ="safe").load(block[0])["name"] if block else None
        except (YAMLError, OSError, TypeError, KeyError):
            return set()  # that file is refused by itself; it stops nobody else
        return set(map(str, said.values())) if isinstance(said, dict) else {str(said or client)}

    @cached_property
    def places(self) -> list[str]:
        """Folders of this machine that no output may name."""
        home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
        found = (str(self.workspace.root), home, tempfile.gettempdir())
        return [path for path in found if path.count("/") + path.count("\\") > 1]


class _Guard:
    """What must not leave of one client."""

    def __init__(self, gate: Gate, client: Client) -> None:
        workspace, name = gate.workspace, client.client
        self.key: Key = open_key(name, workspace, demo=client.demo)
        self.ids = memoryview(workspace.ids(name).read_bytes())
        self.listed = masking.names_pattern(client.privacy.names)
        self.places = gate.places
        brands = (read_record(workspace.tables(name)) or {}).get("brands", [])
        self.own = "\n".join((workspace.client_file(name).read_text("utf-8"), *map(str, brands)))
        others = {n for other, names in gate.names.items() if other != name for n in names}
        others -= gate.names.get(name, set())
        own = self.own.casefold()
        told = sorted(n for n in others if _is_a_name(n) and n.casefold() not in own)
        plain = {name: unicodedata.normalize("NFKC", name) for name in told}
        self.others = [(_folded(max(plain[n].split(), key=len, default="")), n) for n in told]
        self.known: dict[str, bool] = {}

    def find(self, text: str, *, private: bool = False) -> str:
        """Return what of a text must not leave, described and never quoted; empty for nothing.

        What is `private` is a log that stays in ``.cx``: it may name places on this machine.
        """
        for begin, end, marker in masking.find(text, self.listed):
            said = text[begin:end]
            if marker == masking.PHONE and _BARE_TEN_DIGITS.fullmatch(said):
                continue  # ten bare digits are more often a sum than an American telephone
            if said in self.own and marker != masking.NAME:
                continue  # a hot line that a label of the client file names
            return f"{_KINDS[marker]} ({text[begin : begin + 2]}…)"
        if self.key.secret.hex() in text or (_hints_at_a_secret(text) and _SECRET.search(text)):
            return "a secret"
        text = masking.seen(unicodedata.normalize("NFKC", text))
        folded = _folded(text)
        for name in (name for hint, name in self.others if hint in folded):
            if (told := _whole(name).search(text)) and not is_said_anyway(name):
                return f"another client's name ({told[0]})"
        for run in _TOKEN.findall(text):
            for token in {run, *run.replace("/", ":").split(":")}:
                if len(token) >= SHORTEST and self._is_id(token):
                    return f"a raw id ({token[:2]}…)"
        path = None if private else _PATH.search(text)
        if path or (not private and any(place in text for place in self.places)):
            return f"an absolute path ({path[0] if path else 'of this machine'})"
        return ""

    def _is_id(self, token: str) -> bool:
        if token not in self.known:
            name = canonical_id(token)
            digest = self.key.digest(name) if name else b""
            at = bisect_left(range(len(self.ids) // 8), digest, key=self._nth) if name else 0
            self.known[token] = bool(name) and self._nth(at) == digest
        return self.known[token]

    def _nth(self, at: int) -> bytes:
        return bytes(self.ids[8 * at : 8 * at + 8])


def _hints_at_a_secret(text: str) -> bool:
    folded = text.casefold()
    return any(hint in folded for hint in _HINTS)


def _is_a_name(name: str) -> bool:
    """Tell a name from a word that any report may use: a file's name of one word is none."""
    return len(name) >= (2 if not name.isascii() else 4) and not re.fullmatch(r"[a-z]+", name)


def _folded(text: str) -> str:
    """Return a text in which what `_whole` finds, in any letters, is its name so folded."""
    return text.casefold().translate({0x131: "i", 0x307: None})  # i without its dot, and that dot


@cache
def _whole(name: str) -> re.Pattern[str]:
    """Return what finds a name; of several words or with a figure, however it is written."""
    name = unicodedata.normalize("NFKC", name)
    spaced = r"\s+".join(map(re.escape, name.split()))
    whole = rf"(?<!\w){spaced}(?!\w)" if name.isascii() else spaced
    return re.compile(whole, 0 if name.isalpha() else re.IGNORECASE)


@cache
def is_said_anyway(name: str) -> bool:
    """Return whether reports say a name of their own accord: a client called Target, or At The End.

    Such a name tells nothing, and to look for it would keep back every other client's reports.
    """
    messages = Words.load("zh").catalogue.items()
    return _is_a_name(name) and any(_whole(name).search(t) for both in messages for t in both)


def _of_html(content: str) -> Iterator[tuple[str, bool]]:
    words: list[str] = []
    seen: list[str] = []

    class Reader(HTMLParser):
        """Collects what a reader, a screen reader or a search engine sees."""

        hidden = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.hidden = tag in ("style", "script")
            words.append("" if tag in _INLINE else "\n")
            seen.extend(
                unquote(value)
                for name, value in attrs
                if value and not _DRAWN.fullmatch(name) and not value.startswith("data:")
            )

        def handle_endtag(self, tag: str) -> None:
            self.hidden = False
            words.append("" if tag in _INLINE else "\n")

        def handle_data(self, data: str) -> None:
            if not self.hidden:
                words.append(data)

        def handle_comment(self, data: str) -> None:
            seen.append(data)

        handle_decl = handle_pi = unknown_decl = handle_comment  # type: ignore[assignment]

    reader = Reader(convert_charrefs=True)
    reader.feed(content)
    reader.close()
    yield "".join([*words, "\n", "\n".join(seen)]), False


_ZIP = b"PK\x03\x04"
_MOST = 256 << 20
"""Bytes of a spreadsheet or deck once unpacked; far more than any report holds."""
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_TEXT = re.compile(
    r">([^<]+)<|\b(?:name|descr|title|Target|tooltip|display|location|prompt|promptTitle|author)"
    r"=\"([^\"]+)\""
)
_RUNS = re.compile(r"</((?:a:)?)t></\1r><\1r>(?:<\1rPr(?:/>|.*?</\1rPr>|[^>]*/>))?<\1t[^>]*>")
"""Where a word goes on in another weight or colour."""
_LAID = re.compile(r"(?:Header|Footer)>&amp;[LCR]")
"""Where a sheet's header or footer begins, with where it stands."""


def _of_office(content: bytes) -> Iterator[tuple[str, bool]]:
    """Yield what a spreadsheet or a deck says: its texts, names, notes and links; no numbers."""
    with ZipFile(BytesIO(content)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _MOST:
            raise ValueError(f"it unpacks to more than {_MOST >> 20} MB")
        for entry in entries:
            inner = archive.read(entry)
            if inner.startswith(_ZIP):  # the numbers of a native chart
                yield from _of_office(inner)
            elif entry.filename.endswith((".xml", ".rels")):
                found = [
                    a or b
                    for a, b in _TEXT.findall(_LAID.sub(">", _RUNS.sub("", inner.decode("utf-8"))))
                ]
                told = [t for each in found if not _NUMBER.fullmatch(t := unescape(each).strip())]
                yield "\n".join(told), False


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _texts(value: Any) -> str:
    return "\n".join(_strings(value))


def _quoted(content: str) -> str:
    """Return the texts and keys of JSON that was read, a line each: `_texts` of it, but faster."""
    found = _QUOTED.findall(content)
    return "\n".join(json.loads(f'"{each}"') if "\\" in each else each for each in found)


_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"')

_ESTIMATES = (
    *("value", "low", "high", "change", "like", "difference", "before", "after"),
    *("mean", "median", "percent", "rate", "nps", "csat", "ces"),
)


def _small_cells(value: Any, base: int) -> Iterator[str]:
    """Yield each saved row whose numbers rest on fewer answers than the minimum base."""
    if isinstance(value, dict) and "$frame" in value:
        columns = {name: series.get("values", []) for name, series in value["$frame"]}
        told = [columns[name] for name in _ESTIMATES if name in columns]
        for at, n in enumerate(columns.get("n", ())):
            few = isinstance(n, (int, float)) and 0 < n < base
            if few and any(isinstance(cells[at], (int, float)) for cells in told):
                yield f"a number on {n:g} {Count(n):answer|answers}, fewer than {base}"
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        if isinstance(part, (dict, list)):
            yield from _small_cells(part, base)


def _of_notebook(content: str) -> Iterator[tuple[str, bool]]:
    notebook = json.loads(content)
    yield _texts(notebook.get("metadata", {})), True
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            private = {output.get("name"), output.get("output_type")} & set(_PRIVATE_OUTPUT)
            said = [*_strings(output.get("text", [])), *_strings(output.get("traceback", []))]
            for kind, data in output.get("data", {}).items():
                text = "".join(data) if isinstance(data, list) and "json" not in kind else data
                if kind in ("text/html", "image/svg+xml"):
                    said += [part for part, _private in _of_html(str(text))]
                elif not kind.startswith("image/"):
                    said += _strings(text)
            yield "\n".join(said), bool(private)


_LOOKS = {"report": _of_html, "notebook": _of_notebook}
