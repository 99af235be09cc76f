"""A client file of an older kit in the present syntax, changed only where it must be."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from cxlib.params._load import load
from cxlib.params.faults import InvalidParams
from cxlib.workspace import Workspace, write_whole

if TYPE_CHECKING:
    from cxlib.params.client import Client

Pair = tuple[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Upgraded:
    """What an upgrade changed, and what is left to do.

    `done` and `todo` are lines, each with its place in the file as it was (`done`) or is now
    (`todo`); `text` is the new file, `backup` the old one beside it (None if nothing was written),
    `client` the client if the new file is right.
    """

    done: tuple[str, ...]
    todo: tuple[str, ...]
    text: str
    backup: Path | None = None
    client: Client | None = None


class _Edit(NamedTuple):
    """The text from `start` to `end` becomes `text`, since of line `line` `message` is true."""

    start: int
    end: int
    text: str
    line: int
    message: str


def upgrade(client: str, workspace: Workspace, *, write: bool = True) -> Upgraded:
    """Bring a client's file to the present syntax; unless `write`, only say what would change.

    Only the words that changed are changed: comments, order and layout stay. Before the file is
    written, the old one is copied beside it, as ``<client>.yaml.bak``.
    """
    path = workspace.client_file(client)
    shown = workspace.shown(path)
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
        root = YAML(typ="rt", pure=True).compose(text)
    except (UnicodeDecodeError, YAMLError, ValueError):
        return Upgraded(done=(), todo=_faults(client, content)[0], text="")
    edits: list[_Edit] = []
    said: list[tuple[int, str]] = []
    if isinstance(root, MappingNode):
        old = list(_found(root, text))
        closing = [found for found in _closing(root) if old or isinstance(found, _Edit)]
        edits = [found for found in (*old, *closing) if isinstance(found, _Edit)]
        said = [found for found in (*old, *closing) if not isinstance(found, _Edit)]
    new = text
    for edit in sorted(edits, key=lambda edit: -edit.start):
        new = new[: edit.start] + edit.text + new[edit.end :]
    written = content[: len(content) - len(content.removeprefix(b"\xef\xbb\xbf"))] + new.encode()
    left, opened = _faults(client, written)
    backup = None
    if edits and write:
        backup = _free(path)
        write_whole(backup, content)
        write_whole(path, written)
    return Upgraded(
        done=tuple(f"{shown}:{e.line}: {e.message}" for e in sorted(edits, key=lambda e: e.start)),
        todo=(*(f"{shown}:{line}: {message}" for line, message in said), *left),
        text=new,
        backup=backup,
        client=opened,
    )


def _free(path: Path) -> Path:
    """Return a name for a backup that no earlier one has."""
    backup, n = path.with_name(f"{path.name}.bak"), 2
    while backup.exists():
        backup, n = path.with_name(f"{path.name}.bak{n}"), n + 1
    return backup


def _faults(client: str, content: bytes) -> tuple[tuple[str, ...], Client | None]:
    """Return what the present kit finds wrong in a file, a line each, and the client it gives."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Workspace(Path(folder))
        trial.params.mkdir()
        (trial.params / f"{client}.yaml").write_bytes(content)
        try:
            return (), load(client, trial)
        except InvalidParams as error:
            return tuple(map(str, error.faults)), None


# --- what changed since older kits ----------------------------------------------------------------

_CALLED = (
    ("languages", "language"),
    ("survey", "measures", "metrics"),
    ("chapters", "service", "measures", "actions"),
    ("chapters", "monitoring", "measures", "actions"),
)
"""Where a key stands, what it was called, and what it is called."""
_CALLED_EACH = (
    (("targets",), "measure", "metric"),
    (("chapters", "service", "measures"), "measure", "action"),
)
"""The same, of each entry of a list that stands there."""


def _found(root: MappingNode, text: str) -> Iterator[_Edit | tuple[int, str]]:
    """Yield what must change, and (line, message) for what only a person can decide."""
    for *path, old, new in _CALLED:
        yield from _called(_at(root, *path), ".".join((*path, old)), new)
    for place, old, new in _CALLED_EACH:
        listed = _at(root, *place)
        for entry in listed.value if isinstance(listed, SequenceNode) else ():
            if (named := _pair(entry, old)) is not None and _pair(entry, new) is None:
                yield _renamed(named[0], new, f"what was {old!r} is {new!r} here.")
    matched = _pair(_at(root, "chapters", "monitoring"), "match")
    if matched is not None:
        yield _removed(
            [root, *(_at(root, *p) for p in (("chapters",), ("chapters", "monitoring")))],
            ["chapters", "monitoring", "match"],
            text,
            "match is gone: competitors are always compared at an equal mix.",
        )
    for node in _formats(root):
        if "%p" in node.value and "%H" in node.value:
            start, end = node.start_mark.index, node.end_mark.index
            message = "before %p the hour is %I, not %H (3:00 PM was read as 03:00)."
            changed = text[start:end].replace("%H", "%I")
            yield _Edit(start, end, changed, node.start_mark.line + 1, message)


def _called(section: Any, old: str, new: str) -> Iterator[_Edit | tuple[int, str]]:
    """Yield the new name of a key; that the two must be joined, where both are there."""
    found = _pair(section, old.rpartition(".")[2])
    if found is None:
        return
    if _pair(section, new) is None:
        yield _renamed(found[0], new, f"{old} is called {new}.")
    else:
        line = found[0].start_mark.line + 1
        yield line, f"{old} is called {new} now, which is there as well; join the two under it."


def _closing(root: MappingNode) -> Iterator[_Edit | tuple[int, str]]:
    """Say what a closing time means: older kits took it for a missing solution in silence.

    Beside a time of solution the present syntax is silent as well: an edit only without one.
    """
    tickets = _at(root, "tickets")
    columns = _pair(tickets, "columns")
    if columns is None or _pair(tickets, "resolution") is not None:
        return
    closed, resolved = _column(columns[1], "closed"), _column(columns[1], "resolved")
    spans = _pair(_at(root, "tickets", "durations"), "resolution")
    if not closed or spans is not None:
        return
    key = columns[0]
    if resolved:
        yield (
            closed,
            "tickets: an older kit took the closing time where a ticket had no time of solution; "
            "if that is meant, write `resolution: closed` under tickets.",
        )
        return
    start, line = key.start_mark.index, key.start_mark.line + 1
    flow = tickets.flow_style
    after = ", " if flow else "\n" + " " * key.start_mark.column
    yield _Edit(
        start,
        start,
        f"resolution: closed{after}",
        line,
        "a closing time stands for the solution only where the file says so: resolution: closed.",
    )


def _column(columns: Any, name: str) -> int:
    """Return the line where a column is named; 0 if it is not, or is null."""
    pair = _pair(columns, name)
    if pair is None or getattr(pair[1], "value", None) in ("", "null", "~", "Null", "NULL"):
        return 0
    return int(pair[0].start_mark.line) + 1


def _formats(node: Any) -> Iterator[ScalarNode]:
    """Yield every text under a `date_format`."""
    if not isinstance(node, MappingNode):
        return
    for key, value in node.value:
        if key.value == "date_format":
            listed = value.value if isinstance(value, SequenceNode) else [value]
            yield from (each for each in listed if isinstance(each, ScalarNode))
        yield from _formats(value)


def _at(node: Any, *keys: str) -> Any:
    for key in keys:
        pair = _pair(node, key)
        node = None if pair is None else pair[1]
    return node


def _pair(node: Any, key: str) -> Pair | None:
    pairs = node.value if isinstance(node, MappingNode) else ()
    return next(((k, v) for k, v in pairs if k.value == key), None)


def _renamed(key: Any, name: str, message: str) -> _Edit:
    start, end = key.start_mark.index, key.end_mark.index
    return _Edit(start, end, name, key.start_mark.line + 1, message)


def _removed(parents: list[Any], keys: list[str], text: str, message: str) -> _Edit:
    """Take a key out, and whatever around it would be left without content."""
    deepest = _pair(parents[-1], keys[-1])
    line = deepest[0].start_mark.line + 1 if deepest else 1
    while len(parents) > 1 and len(parents[-1].value) == 1:
        parents, keys = parents[:-1], keys[:-1]
    parent, key = parents[-1], keys[-1]
    names = [k.value for k, _v in parent.value]
    at = names.index(key)
    own, value = parent.value[at]
    start, end = own.start_mark.index, _end(own, value)
    if not parent.flow_style:
        start = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", end)
        return _Edit(start, len(text) if stop < 0 else stop + 1, "", line, message)
    if at + 1 < len(parent.value):
        end = parent.value[at + 1][0].start_mark.index
    elif at:
        start = _end(*parent.value[at - 1])
    return _Edit(start, end, "", line, message)


def _end(key: Any, value: Any) -> int:
    """Return where a value ends: a block's own mark stands at what follows it."""
    while not getattr(value, "flow_style", True) and value.value:
        last = value.value[-1]
        key, value = last if isinstance(last, tuple) else (last, last)
    return int(max(key.end_mark.index, value.end_mark.index))
