"""Registers at intake: a YAML file and its Excel copy read as one, and kept for the chapters.

The Excel copy holds, in a hidden sheet, what it was made from: so both may be edited, and only
cells that both changed in different ways are conflicts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, TypeVar

from cxlib.data import register_excel as excel
from cxlib.data.masking import mask_text
from cxlib.data.register_excel import Rows, Table, tables_of
from cxlib.errors import DataError
from cxlib.params.faults import InvalidParams, Path, show
from cxlib.params.registers import Register, masked, row_type
from cxlib.params.structure import fit
from cxlib.params.yaml import Document, read
from cxlib.workspace import Workspace, make_private, write_whole

if TYPE_CHECKING:
    from cxlib.params import Client, Fault

R = TypeVar("R", bound=Register)


@dataclass(frozen=True, kw_only=True)
class Read:
    """A register as it was read: `content` plain, `faults` warnings and errors.

    `yaml` and `book` are its files (None: not there), `yaml_stale` and `book_stale` whether that
    one lacks what the other holds; `register` is None if anything is wrong.
    """

    register: Any
    content: Mapping[str, Any]
    faults: tuple[Fault, ...]
    yaml: File | None
    book: File | None
    yaml_stale: bool = False
    book_stale: bool = False

    @property
    def digest(self) -> str:
        """Digest of what the register says."""
        return hashlib.sha256(_json(self.content)).hexdigest()


def read_register(
    client: Client,
    section: str,
    model: type[R],
    workspace: Workspace,
    *,
    beside: Mapping[str, type[Register]] | None = None,
) -> Read:
    """Read and check a client's register; what is wrong stands in its `faults`, all at once.

    With the models of the registers `beside` it, ids that it takes from them are checked too.
    """
    named = getattr(client, section)
    folder = workspace.data(client.client)
    path = folder / named.file
    try:
        inside = path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):
        inside = False
    book = path if path.suffix.lower() == ".xlsx" else path.with_suffix(".xlsx")
    yaml = None if path == book else path
    there = book if book.is_file() else None
    fault = ""
    if not inside:
        fault = f"{show(named.file)} leaves the client's data folder; a register lies below it."
    elif not path.is_file():
        fault = f"there is no file {workspace.shown(path)}; write it, or leave the section out."
    if fault:
        faults: tuple[Fault, ...] = (client.fault((section, "file"), fault, named.file),)
        return Read(register=None, content={}, faults=faults, yaml=None, book=None)
    document, stale = _document(yaml, there, model, workspace)
    register = None
    if not document.faults:
        _unique(document, model)
        register = fit(model, document, context={"period": client.period})
        if register is not None:
            told = [*register.problems(client)]
            told += register.astray(_ids(client, workspace, beside)) if beside is not None else []
            for problem in told:
                if not document.spoilt(problem.path):
                    value = document.at(problem.path)
                    document.fault(problem.path, problem.message, value, problem.severity)
    faults = tuple(sorted(document.faults, key=lambda found: (found.file, found.line)))
    if any(found.severity == "error" for found in faults):
        register = None
    return Read(
        register=register,
        content=document.content,
        faults=faults,
        yaml=yaml,
        book=there,
        yaml_stale=yaml is not None and stale[0],
        book_stale=yaml is not None and there is not None and stale[1],
    )


def take_in(
    client: Client, workspace: Workspace, models: Mapping[str, type[Register]]
) -> dict[str, str]:
    """Read the client's registers and keep them for its chapters; return the digest of each.

    Every fault of every register stands in the `InvalidParams` that it raises.
    """
    found = {
        name: read_register(client, name, model, workspace, beside=models)
        for name, model in models.items()
    }
    errors = [f for one in found.values() for f in one.faults if f.severity == "error"]
    if errors:
        raise InvalidParams(errors)
    hide = partial(mask_text, names=client.privacy.names)
    for name, one in found.items():
        path = workspace.register(client.client, name)
        content = _json(masked(one.content, models[name], hide))
        if not path.is_file() or path.read_bytes() != content:
            make_private(path.parent)
            write_whole(path, content)
    return {name: one.digest for name, one in found.items()}


def taken_in(client: Client, section: str, model: type[R], workspace: Workspace) -> R:
    """Return a register as it was last taken in."""
    path = workspace.register(client.client, section)
    document = Document(f"the register {section}")
    try:
        document.content = _frozen(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        raise DataError(
            f"{client.client} has no register {section!r} here: its section in the client file "
            "names one, and the chapter's metadata lists it under sections."
        ) from None
    found = fit(model, document, context={"period": client.period})
    if found is None or document.faults:
        raise InvalidParams(document.faults)
    return found


def bring_together(
    client: Client, section: str, model: type[R], workspace: Workspace, *, write: bool = True
) -> list[str]:
    """Write what the Excel copy changed into the YAML file and make the copy anew; say what.

    Comments in the YAML file stay. A file that is overwritten is kept beside it, as ``.bak``; where
    the register has faults or the two contradict each other, both stay (`InvalidParams`).
    """
    one = read_register(client, section, model, workspace)
    if one.register is None:
        raise InvalidParams(one.faults)
    if one.yaml is None:
        return [f"{section}: kept in Excel alone; nothing to bring together."]
    said = []
    if one.yaml_stale:
        said.append(f"{workspace.shown(one.yaml)} takes over what was edited in Excel")
    book = one.yaml.with_suffix(".xlsx")
    if one.book is None or one.book_stale or one.yaml_stale:
        said.append(f"{workspace.shown(book)} is made {'anew' if one.book else ''}".rstrip())
    if write and said:
        if one.yaml_stale:
            _keep(one.yaml)
            write_whole(one.yaml, excel.updated_yaml(one.yaml, one.content, model))
        if one.book is not None:
            _keep(one.book)
        content = excel.workbook(one.content, model, languages=client.languages)
        write_whole(book, content)
    return [f"{section}: {line}." for line in said] or [f"{section}: both say the same."]


def add_rows(
    client: Client,
    section: str,
    model: type[R],
    workspace: Workspace,
    *,
    name: str,
    rows: Sequence[Mapping[str, Any]],
) -> File:
    """Add rows to a list of a register and write its YAML file, made where there is none.

    A register that has faults, or would have, stays as it is (`InvalidParams`).
    """
    path: File = workspace.data(client.client) / getattr(client, section).file
    if path.suffix.lower() == ".xlsx":
        raise DataError(f"{workspace.shown(path)} is kept in Excel alone; name a .yaml file.")
    if not path.is_file():
        write_whole(path, f"{name}: []\n".encode())
    one = read_register(client, section, model, workspace)
    if one.register is None:
        raise InvalidParams(one.faults)
    content = dict(one.content) | {name: (*one.content.get(name, ()), *rows)}
    document = Document(workspace.shown(path), content=_frozen(content))
    if fit(model, document, context={"period": client.period}) is None or document.faults:
        raise InvalidParams(document.faults)
    write_whole(path, excel.updated_yaml(path, content, model))
    return path


def _ids(
    client: Client, workspace: Workspace, beside: Mapping[str, type[Register]]
) -> Callable[[str, str], list[str] | None]:
    @cache
    def ids(section: str, listed: str) -> list[str] | None:
        if section not in beside:
            return None
        read = read_register(client, section, beside[section], workspace)
        return [str(row.get("id")) for row in read.content.get(listed, ()) if isinstance(row, dict)]

    return ids


def _keep(path: File) -> None:
    write_whole(path.with_name(f"{path.name}.bak"), path.read_bytes())


def _document(
    yaml: File | None, book: File | None, model: type[Register], workspace: Workspace
) -> tuple[Document, tuple[bool, bool]]:
    """Return the register as one document, and whether the YAML or the Excel file lacks a part."""
    written = read(yaml, shown=workspace.shown(yaml)) if yaml is not None else None
    if written is not None:
        written.content = _stripped(written.content)
    if book is None:
        return written or Document(""), (False, False)
    shown = workspace.shown(book)
    try:
        sheets = excel.read_book(book, model, shown=shown)
    except DataError as error:
        broken = Document(shown)
        broken.fault((), mask_text(str(error)))
        return broken, (False, False)
    if written is None:
        return _assembled(shown, sheets.tables, model, sheets.faults), (False, False)
    if written.faults:
        return written, (False, False)
    ours = tables_of(written, model)
    base = sheets.base
    if base is not None and not sheets.faults and _values(sheets.tables) == _values(base):
        return written, (False, _values(ours) != _values(base))
    merged, conflicts = {}, list(sheets.faults)
    for name in model.model_fields:
        before = (base or {}).get(name, {})
        merged[name] = _merge(
            name, ours.get(name, {}), sheets.tables.get(name, {}), before, conflicts
        )
    document = _assembled(shown, merged, model, conflicts)
    extra = {k: v for k, v in written.content.items() if k not in model.model_fields}
    document.content |= extra  # unknown keys are faults of the model, not lost
    document.origins |= {(k,): (written.file, written.where((k,))) for k in extra}
    values = _values(merged)
    return document, (values != _values(ours), values != _values(sheets.tables))


def _merge(name: str, ours: Rows, theirs: Rows, base: Rows, conflicts: list[Any]) -> Rows:
    """Return rows with what either side changed; cells that both changed go to `conflicts`."""
    merged: Rows = {}
    for key in (*ours, *(k for k in theirs if k not in ours)):
        mine, other, old = ours.get(key), theirs.get(key), base.get(key)
        if mine is None or other is None:
            left = mine if mine is not None else other
            if left is None or (old is not None and left.cells == old.cells):
                continue  # the other side took it away, this one left it alone
            if old is not None:
                gone = "the Excel copy" if other is None else "the YAML file"
                conflicts.append((name, left, "", f"was changed here but taken out of {gone}"))
            merged[key] = left
            continue
        row = Table(cells=dict(mine.cells), where=mine.where, at=dict(mine.at))
        for column in dict.fromkeys((*mine.cells, *other.cells)):
            a, b = mine.cells.get(column), other.cells.get(column)
            was = old.cells.get(column) if old is not None else None
            if b in (a, was):
                continue
            if a != was:
                message = (
                    f"says {show(b)} here and {show(a)} in {mine.where[0]}, line "
                    f"{mine.at.get(column, mine.where)[1]}; both changed since the copy was made"
                    + (f" (it was {show(was)})" if was is not None else "")
                )
                conflicts.append((name, other, column, message))
            if b is None:
                row.cells.pop(column, None)
            else:
                row.cells[column] = b
            row.at[column] = other.where
        merged[key] = row
    return merged


def _assembled(
    shown: str, tables: Mapping[str, Rows], model: type[Register], conflicts: list[Any]
) -> Document:
    """Return rows as a document, each cell with its place."""
    document = Document(shown)
    for name in model.model_fields:
        rows = tables.get(name, {})
        if not rows:
            continue
        plain = [excel.unflattened(row.cells) for row in rows.values()]
        single = not row_type(model, name).KEY
        document.content[name] = plain[0] if single else tuple(plain)
        for place, row in enumerate(rows.values()):
            path: Path = (name,) if single else (name, place)
            document.origins[path] = row.where
            document.lines |= {path: row.where[1], (name,): document.lines.get((name,), 1)}
            for column, at in row.at.items():
                document.origins[(*path, *column.split("."))] = at
    for name, row, column, message in conflicts:
        place = next((i for i, r in enumerate(tables.get(name, {}).values())
                      if r.cells == row.cells or r.where == row.where), 0)  # fmt: skip
        path = (name, place, *column.split(".")) if column else (name, place)
        document.origins[path] = row.at.get(column, row.where)
        document.fault(path, f"{message}.", row.cells.get(column))
    return document


def _unique(document: Document, model: type[Register]) -> None:
    """Refuse a second row with the key of another."""
    for name in model.model_fields:
        keys = row_type(model, name).KEY
        seen: dict[tuple[str, ...], Path] = {}
        rows = document.content.get(name)
        for place, row in enumerate(rows if isinstance(rows, tuple) and keys else ()):
            if not isinstance(row, Mapping) or any(row.get(k) is None for k in keys):
                continue
            key = tuple(str(row[k]) for k in keys)
            if key in seen:
                file, line = document.source(seen[key])
                told = ", ".join(f"{k} {show(row[k])}" for k in keys)
                message = f"{told} stands in {file}, line {line} already; each needs its own."
                document.fault((name, place, keys[0]), message, row[keys[0]])
            seen.setdefault(key, (name, place))


def _values(tables: Mapping[str, Rows]) -> dict[str, Any]:
    return {
        name: {key: row.cells for key, row in rows.items()} for name, rows in tables.items() if rows
    }


def _stripped(value: Any) -> Any:
    """Return plain values as cells hold them: without space around a text."""
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_stripped, value))
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8")


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
