"""A register's rows as cells, and its Excel copy: a sheet a list, a column a field."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, Literal, get_args, get_origin

from cxlib.data.excel import ERRORS
from cxlib.data.formats import read_content
from cxlib.errors import DataError, nearest
from cxlib.params.faults import Path
from cxlib.params.registers import Register, Row, row_type
from cxlib.params.yaml import Document, resolve
from cxlib.words import LANGUAGES

BASE = "_made_from"
"""The hidden sheet that holds what a copy was made from: name of the list, JSON of the row."""

_LONGEST = 32_000
"""Characters that a cell of Excel surely holds."""


@dataclass
class Table:
    """One row: its cells by column (``title.en``), file and line, and those of single cells."""

    cells: dict[str, Any]
    where: tuple[str, int]
    at: dict[str, tuple[str, int]] = field(default_factory=dict)


Rows = dict[tuple[str, ...], Table]


@dataclass(frozen=True, kw_only=True)
class Book:
    """An Excel copy: its rows, those it was made from (None: unknown), and what is wrong."""

    tables: dict[str, Rows]
    base: dict[str, Rows] | None
    faults: list[tuple[str, Table, str, str]]


def tables_of(document: Document, model: type[Register]) -> dict[str, Rows]:
    """Return a document's rows as cells with their lines."""
    tables: dict[str, Rows] = {}
    for name in model.model_fields:
        held = document.content.get(name)
        kind = row_type(model, name)
        listed = held if isinstance(held, tuple) else (held,) if isinstance(held, dict) else ()
        for place, row in enumerate(listed):
            if not isinstance(row, dict):
                continue
            path: Path = (name, place) if isinstance(held, tuple) else (name,)
            cells = flattened(row, kind)
            where = {c: document.source((*path, *c.split("."))) for c in cells}
            table = Table(cells=cells, where=document.source(path), at=where)
            tables.setdefault(name, {})[_key(cells, kind, place)] = table
    return tables


def flattened(row: Mapping[str, Any], kind: type[Row]) -> dict[str, Any]:
    """Return a row's cells by column: a label a column a language, everything canonical."""
    cells: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            cells |= {f"{name}.{part}": _canonical(v, text=True) for part, v in value.items()}
        else:
            cells[str(name)] = _canonical(value, text=_is_text(kind, str(name)))
    return {name: value for name, value in cells.items() if value is not None}


def unflattened(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return cells as the row that a YAML file would hold."""
    row: dict[str, Any] = {}
    for column, value in cells.items():
        name, _dot, part = column.partition(".")
        if not part:
            row[name] = value
            continue
        if isinstance(row.get(name), str):  # one text for all languages, of which one now differs
            row[name] = dict.fromkeys(LANGUAGES, row[name])
        row.setdefault(name, {})[part] = value
    return row


def read_book(path: File, model: type[Register], *, shown: str) -> Book:
    """Read an Excel copy, or a register that is kept in Excel alone."""
    try:
        content = read_content(path, path.read_bytes(), file=shown)
    except OSError as error:
        raise DataError(f"{shown} cannot be opened: {error.strerror}.") from None
    base = _base(content.hidden[BASE].rows, model) if BASE in content.hidden else None
    tables: dict[str, Rows] = {}
    faults: list[tuple[str, Table, str, str]] = []
    names = list(model.model_fields)
    for sheet in content.sheets:
        here = Table(cells={}, where=(f"{shown}, sheet {sheet.name}", 1))
        if sheet.name not in names:
            message = f"{sheet.name!r} is no sheet of this register{nearest(sheet.name, names)}"
            faults.append((names[0], here, "", message.rstrip(".")))
            continue
        kind = row_type(model, sheet.name)
        rows, wrong = _rows(sheet.rows, kind, here.where[0], (base or {}).get(sheet.name, {}))
        tables[sheet.name] = rows
        faults += [(sheet.name, table, column, message) for table, column, message in wrong]
    shown_names = {sheet.name for sheet in content.sheets}
    for name in base or {}:
        if name not in shown_names:
            here = Table(cells={}, where=(shown, 1))
            faults.append((name, here, "", f"the sheet {name!r} is gone; put it back"))
    return Book(tables=tables, base=base, faults=faults)


def _rows(
    lines: list[list[str]], kind: type[Row], shown: str, base: Rows
) -> tuple[Rows, list[tuple[Table, str, str]]]:
    """Return a sheet's rows, and what is wrong with its columns."""
    head = [name.strip() for name in (lines[0] if lines else [])]
    wrong: list[tuple[Table, str, str]] = []
    known = list(kind.model_fields)
    here = Table(cells={}, where=(shown, 1))
    for name in dict.fromkeys(head):
        if name and name.split(".")[0] not in known:
            message = f"{name!r} is no column here{nearest(name, known)}".rstrip(".")
            wrong.append((here, "", message))
        elif name and head.count(name) > 1:
            wrong.append((here, "", f"two columns are called {name!r}; keep one"))
    used = dict.fromkeys(column for row in base.values() for column in row.cells)
    gone = [name for name in used if name not in head]
    wrong += [(here, "", f"the column {name!r} is gone; put it back, empty") for name in gone]
    rows: Rows = {}
    for number, line in enumerate(lines[1:], start=2):
        cells = {}
        for column, text in zip(head, line, strict=False):
            if text in ERRORS:
                told = f"the cell shows {text}, an error of a formula; write what it should say"
                wrong.append((Table(cells={}, where=(shown, number)), column, told))
            elif text.strip() and column.split(".")[0] in known:
                cells[column] = _typed(text, kind, column)
            elif text.strip() and not column:
                stray = Table(cells={}, where=(shown, number))
                wrong.append((stray, "", "a cell stands outside the columns; head it or empty it"))
        if not cells:
            continue
        key = _key(cells, kind, number)
        while key in rows:  # a second one of its name is a fault that the check tells
            key = (*key, "")
        table = Table(cells=cells, where=(shown, number))
        rows[key] = Table(cells=cells, where=table.where, at=dict.fromkeys(cells, table.where))
    return rows, wrong


def _typed(text: str, kind: type[Row], column: str) -> Any:
    """Return an Excel cell as YAML would hold it."""
    said = text.strip().removesuffix("T00:00:00")
    if _is_list(kind, column):
        return tuple(line.strip() for line in said.splitlines() if line.strip())
    if "." in column or _is_text(kind, column):
        return _canonical(said, text=True)
    return _canonical(resolve(said), text=False)


def _canonical(value: Any, *, text: bool) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip() or None
    if isinstance(value, (tuple, list)):
        return tuple(_canonical(item, text=text) for item in value) or None
    if isinstance(value, float):  # Excel keeps fifteen digits
        value = int(value) if value.is_integer() else float(f"{value:.15g}")
    return str(value) if text and isinstance(value, int) and not isinstance(value, bool) else value


def _key(cells: Mapping[str, Any], kind: type[Row], place: int) -> tuple[str, ...]:
    """Return what tells a row from the others: of one without, its place."""
    if any(cells.get(name) is None for name in kind.KEY):
        return ("", str(place))
    return tuple(str(cells[name]) for name in kind.KEY)


def _is_text(kind: type[Row], name: str) -> bool:
    found = kind.model_fields.get(name)
    return found is not None and str in set(_plain(found.annotation))


def _is_list(kind: type[Row], name: str) -> bool:
    found = kind.model_fields.get(name)
    return found is not None and tuple in set(_plain(found.annotation))


def _plain(annotation: Any) -> Iterator[Any]:
    """Yield the plain types that an annotation allows."""
    origin = get_origin(annotation)
    if origin is tuple:
        yield tuple
    elif origin is Mapping:
        yield from (Mapping, str)
    elif origin is Literal:
        yield str
    elif origin is None:
        yield annotation
    else:
        for part in get_args(annotation):
            yield from _plain(part)


def _options(kind: type[Row], name: str) -> list[str]:
    """Return the values of a field that has only a few."""
    found = kind.model_fields[name].annotation
    parts = [found, *get_args(found)]
    return [v for part in parts if get_origin(part) is Literal for v in map(str, get_args(part))]


def _base(lines: list[list[str]], model: type[Register]) -> dict[str, Rows] | None:
    """Return what a copy was made from; None if that sheet was tampered with."""
    tables: dict[str, Rows] = {name: {} for name in model.model_fields}
    try:
        for place, line in enumerate(lines):
            if not any(line):
                continue
            cells = json.loads("".join(line[1:]))
            cells = {c: tuple(v) if isinstance(v, list) else v for c, v in cells.items()}
            key = _key(cells, row_type(model, line[0]), place)
            tables[line[0]][key] = Table(cells=cells, where=("", 0))
    except (ValueError, KeyError, AttributeError, IndexError):
        return None
    return {name: rows for name, rows in tables.items() if rows}


def new_book(made: io.BytesIO) -> Any:
    """Open a workbook, the same bytes twice; a client's text is no formula, link or number."""
    import datetime as dt

    import xlsxwriter

    unlike = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    book = xlsxwriter.Workbook(made, {"in_memory": True} | dict.fromkeys(unlike, False))
    book.set_properties({"created": dt.datetime(2000, 1, 1)})
    return book


def workbook(
    content: Mapping[str, Any],
    model: type[Register],
    *,
    languages: Sequence[str],
    base: Mapping[str, Any] | None = None,
) -> bytes:
    """Return a register as an Excel workbook; texts stay texts, whatever they begin with.

    `base` is what the copy counts as made from, where rows were added to it.
    """
    document = Document("", content=dict(content))
    tables = tables_of(document, model)
    made = io.BytesIO()
    with new_book(made) as book:
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True, "bottom": 1})
        for name in model.model_fields:
            kind, rows = row_type(model, name), tables.get(name, {})
            columns = _columns(kind, rows, languages)
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, len(kind.KEY))
            for at, column in enumerate(columns):
                wide = max(
                    [len(column), *(len(str(r.cells.get(column, ""))) for r in rows.values())]
                )
                sheet.set_column(at, at, min(max(wide + 2, 10), 48), text)
                sheet.write_string(0, at, column, bold)
                if "." not in column and (choices := _options(kind, column)):
                    sheet.data_validation(1, at, 500, at, {"validate": "list", "source": choices})
                for line, row in enumerate(rows.values(), start=1):
                    _write(sheet, line, at, row.cells.get(column), text)
        kept = book.add_worksheet(BASE)
        kept.very_hidden()
        line = 0
        made_from = tables if base is None else tables_of(Document("", content=dict(base)), model)
        for name, rows in made_from.items():
            for row in rows.values():
                told = json.dumps(row.cells, ensure_ascii=False)
                parts = [told[i : i + _LONGEST] for i in range(0, len(told), _LONGEST)]
                for at, part in enumerate((name, *parts)):
                    kept.write_string(line, at, part)
                line += 1
    return made.getvalue()


def _columns(kind: type[Row], rows: Rows, languages: Sequence[str]) -> list[str]:
    """Return a list's columns in the model's order, a label one a language."""
    used = dict.fromkeys(column for row in rows.values() for column in row.cells)
    columns: list[str] = []
    for name, found in kind.model_fields.items():
        if Mapping in set(_plain(found.annotation)):
            wanted = [f"{name}.{language}" for language in languages]
            columns += [name] if name in used else []
            columns += [*wanted, *(c for c in used if c.startswith(f"{name}.") and c not in wanted)]
        else:
            columns.append(name)
    return columns


def _write(sheet: Any, line: int, at: int, value: Any, text: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, at, value, text)
    elif isinstance(value, (int, float)):
        sheet.write_number(line, at, value)
    else:
        told = "\n".join(map(str, value)) if isinstance(value, tuple) else str(value)
        sheet.write_string(line, at, told, text)


def updated_yaml(path: File, content: Mapping[str, Any], model: type[Register]) -> bytes:
    """Return a YAML file with other rows; comments and order stay."""
    import datetime as dt

    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    data: Any = yaml.load(path.read_text(encoding="utf-8-sig")) or {}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, (tuple, list)):
            return [plain(v) for v in value]
        if isinstance(value, str):
            try:
                return dt.date.fromisoformat(value)  # so that it stands without quotes
            except ValueError:
                return value
        return value

    for name in model.model_fields:
        kind = row_type(model, name)
        wanted = content.get(name)
        if not kind.KEY:
            if isinstance(wanted, Mapping):
                _update(data.setdefault(name, {}), wanted, kind, plain)
            continue
        rows = {_key(flattened(r, kind), kind, i): r for i, r in enumerate(wanted or ())}
        held = data.get(name)
        if held is None:
            if rows:
                data[name] = [plain(row) for row in rows.values()]
            continue
        known = {}
        for place in range(len(held) - 1, -1, -1):
            key = _key(flattened(_thawed(held[place]), kind), kind, place)
            if key in rows:
                _update(held[place], rows[key], kind, plain)
                known[key] = True
            else:
                del held[place]
        for key, row in rows.items():
            if key not in known:
                held.append(plain(row))
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue().encode("utf-8")


def _thawed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _thawed(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(_thawed(v) for v in value)
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _update(row: Any, wanted: Mapping[str, Any], kind: type[Row], plain: Any) -> None:
    """Change only the cells that differ."""
    before, after = flattened(_thawed(row), kind), flattened(wanted, kind)
    # what goes first makes room: a plain text for the languages that take its place
    for column in sorted({*before, *after}, key=lambda name: (name in after, name)):
        if before.get(column) == after.get(column):
            continue
        name, _dot, part = column.partition(".")
        target = row.setdefault(name, {}) if part else row
        if column in after:
            target[part or name] = plain(after[column])
        else:
            target.pop(part or name, None)
            if part and not target:
                row.pop(name, None)
