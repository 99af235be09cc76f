"""What a client sent: each file read by its own look, and what kind of table it is."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from cxlib.data import values
from cxlib.data.draft_columns import GUESSES
from cxlib.data.draft_figures import is_amount, is_figures, weeks
from cxlib.data.draft_sections import is_voice
from cxlib.data.formats import read_content
from cxlib.data.guess import Column, ask, columns_of, found
from cxlib.data.readers import read
from cxlib.data.reshape import NET, Shape, lines_of, reshaped, tried
from cxlib.data.scales import scale_of
from cxlib.data.sections import Table
from cxlib.errors import DataError
from cxlib.params.source import Source

_ENDS = {
    *("resolved", "closed", "state", "first_response", "resolution", "handle"),
    *("agent", "priority", "sla_met", "queue"),
}
"""Columns of which a ticket log has two."""
_TICKET_PLATFORMS = frozenset({"Jira", "ServiceNow", "Salesforce", "Freshdesk", "Zendesk"})


def opened(path: Path) -> Table:
    """Read a file whose column names nobody has named: find sheet and header row first."""
    real = path.resolve()
    if shape := lines_of(real):
        return _shaped(path, shape, Source(files=real.name))
    raw_bytes, encoding, asks = real.read_bytes(), None, []
    try:
        content = read_content(real, raw_bytes, file=path.name)
    except DataError as error:
        likely = re.search(r"reads ('.*') as \S+; declare `encoding: ([\w-]+)`", str(error))
        if likely is None:
            raise
        encoding = likely[2]
        asks.append(ask("encoding", sample=likely[1], encoding=encoding))
        content = read_content(real, raw_bytes, file=path.name, encoding=encoding)
    sheets = {sheet.name: _header(sheet.rows) for sheet in content.sheets}
    size = {sheet.name: sum(map(len, sheet.rows)) for sheet in content.sheets}
    best = max(size, key=lambda name: size[name])
    row, deep = (1, 0) if content.typed else sheets[best]
    notes, chosen = [], best if len(size) > 1 else None
    heads = {tuple(s.rows[sheets[s.name][0] - 1]) for s in content.sheets if s.rows}
    if len(size) > 1 and len(heads) == 1:
        chosen = "*"
        asks.append(ask("sheets", sheets=", ".join(map(repr, size))))
    elif len(size) > 1:
        notes.append(f"of the sheets {', '.join(map(repr, size))} the one with most cells")
    source = Source(
        files=real.name,
        sheet=chosen,
        header_row=row if row > 1 else None,
        header_rows=deep or None,
        encoding=encoding,
    )
    raw = read(real.parent, source)
    notes += [note for file in raw.files for note in file.told]
    table = Table(
        paths=[path], source=source, notes=notes, raw=raw, columns=columns_of(raw), asks=asks
    )
    if shape := reshaped(real.name, table.columns) or weeks(real.name, table.columns):
        return _shaped(path, shape, source, table)
    table.kind = _kind(table)
    return table


def _shaped(path: Path, shape: Shape, source: Source, table: Table | None = None) -> Table:
    """Return a file as a query sets it right; as it lies, and the question, where none can."""
    sql, question = shape
    simple = not (source.sheet or source.header_row or source.header_rows)
    raw = tried(path.resolve(), sql, source.encoding) if sql and simple else None
    asks = [*(table.asks if table else ()), question]
    if raw is not None:
        source = Source(sql=sql, encoding=source.encoding)
        table = Table(
            paths=[path], source=source, notes=[], raw=raw, columns=columns_of(raw), asks=asks
        )
    elif table is None:
        raise DataError(
            f"{path.name} holds a text a line, in another encoding than UTF-8: save it as UTF-8."
        )
    else:
        by_hand = ask("by_hand", question=question.partition(" So ")[0]) if sql else question
        table.asks = [*table.asks, by_hand]
    table.kind = _kind(table)
    return table


def _header(rows: list[list[str]]) -> tuple[int, int]:
    """Return the row of names, and 2 where a second one stands under merged cells, else 0."""
    filled = [(i, [c for c in row if c.strip()]) for i, row in enumerate(rows[:30])]
    width = max((len(cells) for _i, cells in filled), default=0)
    texts = [
        i
        for i, cells in filled
        if len(cells) >= 0.6 * width and sum(map(_wordy, cells)) >= 0.6 * len(cells)
    ]
    at = texts[0] if texts else next((i for i, cells in filled if cells), 0)
    if at + 2 < len(rows):
        top, below = rows[at], rows[at + 1]
        gaps = [i for i in range(1, len(below)) if i >= len(top) or not top[i].strip()]
        subs = [below[i] for i in gaps if below[i].strip()]
        if len(subs) > 1 and len(subs) == len(gaps) == len(set(subs)) and all(map(_wordy, subs)):
            return at + 1, 2
    return at + 1, 0


def _wordy(cell: str) -> bool:
    return pd.isna(values.number(cell)) and bool(cell.strip())


def _kind(table: Table) -> str:
    """Return which section of the client file a table is for."""
    columns = table.columns
    named = {
        kind: {
            g.key.removeprefix("durations.")
            for g in rows
            if any(c.called(*g.names) for c in columns)
        }
        for kind, rows in GUESSES.items()
    }
    counted = is_figures(table)
    asked = any(
        c.says("recommend", "satisfied")
        and not found("%|percent|占比|率$", c.name)
        and not (counted and is_amount(c))
        for c in columns
    )
    if any(c.name == NET for c in columns):
        return "kpis"
    tickets, orders = named["tickets"], named["transactions"]
    logged = {"id", "created"} <= tickets and len(tickets & _ENDS) > 1
    ids = next(guess.names for guess in GUESSES["members"] if guess.key == "id")
    unique = any(c.called(*ids) and not c.again for c in columns)
    about = named["members"] & {"joined", "left", "tier", "birthday", "status", "tenure"}
    if table.raw.platforms & _TICKET_PLATFORMS or logged:
        return "tickets"
    if not asked:
        money = {"amount", "order"} & orders
        for kind, fits in (
            ("members", about and unique),
            ("benefits", {"member", "date", "benefit"} <= named["benefits"]),
            ("points", {"member", "date", "points", "kind"} <= named["points"] and not money),
            ("transactions", {"member", "date"} <= orders and len(orders) > 2),
            ("kpis", counted),
            ("comments", is_voice(columns)),
        ):
            if fits:
                return kind
    scales = [c for c in columns if (s := scale_of(c)) and s.high > 4]
    commented = any(found("comment", c.name) for c in columns)
    return "survey" if asked or len(scales) > 2 or commented or not unique else "members"


def united(tables: list[Table]) -> list[Table]:
    """Put files of one layout together, as the years of one survey."""
    united_: list[Table] = []
    for table in tables:
        other = next((other for other in united_ if _alike(other, table)), None)
        if other is None:
            united_.append(table)
            continue
        if other.source.sql:
            both = f"{other.source.sql}\nunion all by name {table.source.sql}"
            other.source = other.source.model_copy(update={"sql": both})
            other.asks += [question for question in table.asks if question not in other.asks]
        other.paths += table.paths
        other.columns = _stacked(other.columns, table.columns)
    return united_


def _alike(one: Table, two: Table) -> bool:
    """Tell whether two files are of one folder, kind and layout, mostly of the same columns."""
    names, its = ({*table.raw.columns} for table in (one, two))
    ways = [(t.source.sheet, t.source.header_row, not t.source.sql) for t in (one, two)]
    places = {table.paths[0].parent for table in (one, two)}
    alike = len(names & its) >= 0.6 * len(names | its)
    return one.kind == two.kind and alike and ways[0] == ways[1] and len(places) == 1


def _stacked(one: list[Column], two: list[Column]) -> list[Column]:
    """Return the columns of two files one below the other."""
    above, below = ({c.name: c for c in part} for part in (one, two))
    first, second = one[0].rows, two[0].rows
    stacked = []
    for name in dict.fromkeys((*above, *below)):
        a, b = above.get(name), below.get(name)
        parts = ([a.texts] if a else []) + ([b.texts.set_axis(b.texts.index + first)] if b else [])
        wording = (a or b or one[0]).wording
        stacked.append(
            Column(name=name, texts=pd.concat(parts), rows=first + second, wording=wording)
        )
    return stacked
