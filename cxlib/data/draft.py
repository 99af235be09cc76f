"""The first draft of a client file, from the files that the client sent; doubts are questions."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxlib.data import values
from cxlib.data.draft_figures import figures, is_figures
from cxlib.data.draft_programme import benefits, members, points, transactions
from cxlib.data.draft_survey import survey
from cxlib.data.draft_tickets import tickets
from cxlib.data.draft_voice import comments, is_voice
from cxlib.data.formats import read_content
from cxlib.data.guess import Column, columns_of, scale_of
from cxlib.data.readers import read
from cxlib.data.sections import Lines, Table, quoted
from cxlib.data.vocabulary import (
    BENEFITS,
    COMMENT,
    DURATION_NAMES,
    HAN,
    MEMBERS,
    POINTS,
    RECOMMEND,
    SATISFIED,
    TICKETS,
    TRANSACTIONS,
)
from cxlib.errors import DataError, SetupError
from cxlib.params.faults import Fault
from cxlib.params.source import Source
from cxlib.workspace import Workspace, kit_file

_ASKED = re.compile(r"\s*#\s*\?\s*(\S.*)")
_WRITERS = {
    "survey": survey,
    "tickets": tickets,
    "members": members,
    "transactions": transactions,
    "benefits": benefits,
    "points": points,
    "comments": comments,
    "kpis": figures,
}
"""What writes each section of the client file, in its order."""
_ENDS = {
    *("resolved", "closed", "state", "first_response"),
    *("agent", "priority", "sla_met", "queue"),
}
"""Columns of which a ticket log has two."""
DEMO = "nova-mall"
"""The demo client of `cx init --demo`."""
_TICKET_PLATFORMS = frozenset({"Jira", "ServiceNow", "Freshdesk", "Zendesk"})


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """What `new` wrote: the client file, the copied files, the questions in the client file."""

    file: Path
    copies: tuple[Path, ...]
    questions: tuple[str, ...]


def new(client: str, files: Sequence[Path], workspace: Workspace) -> Drafted:
    """Draft a client file from the files that a client sent, and copy them to the client's folder.

    Parameters
    ----------
    client : str
        The new client's name.
    files : sequence of Path
        Surveys, ticket logs, orders, member lists, in any format the kit reads.
    workspace : Workspace
        Where ``params/`` and ``data/`` lie.

    Returns
    -------
    Drafted
        What was written. Every guess stands in the file with its evidence, every doubt as a line
        ``# ? …``.

    Raises
    ------
    SetupError
        If the client has a file or data already, or two files bear one name.
    DataError
        If a file cannot be read.
    """
    folder, target = workspace.data(client), workspace.params / f"{client}.yaml"
    for there in (target, folder):
        if there.is_file() or (there.is_dir() and any(there.iterdir())):
            raise SetupError(
                f"{workspace.shown(there)} is there already; nothing was changed. Take another "
                "name, or move it away first."
            )
    names = [path.name.casefold() for path in files]
    for path in files:
        if names.count(path.name.casefold()) > 1:
            raise SetupError(f"two files are called {path.name}; rename one of them.")
    tables = _united([_opened(path) for path in files])
    text, places = _drafted(client, tables)
    copies = []
    for path, place in places.items():
        copy = folder / place
        copy.parent.mkdir(parents=True, exist_ok=True)
        copies.append(Path(shutil.copyfile(path, copy)))
    with target.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    asked = tuple(question for _line, question in _questions(target))
    return Drafted(file=target, copies=tuple(copies), questions=asked)


def open_questions(client: str, workspace: Workspace) -> list[Fault]:
    """Return the questions of a client file, lines ``# ? …``, that nobody has answered yet."""
    path = workspace.client_file(client)
    shown = workspace.shown(path)
    return [
        Fault(shown, line, "", None, f"not answered yet: {text}", "warning")
        for line, text in _questions(path)
    ]


def _questions(path: Path) -> list[tuple[int, str]]:
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    return [(i, m[1].strip()) for i, line in enumerate(lines, 1) if (m := _ASKED.fullmatch(line))]


def _opened(path: Path) -> Table:
    """Read a file whose column names nobody has named: find sheet and header row first."""
    real = path.resolve()
    raw_bytes, encoding, asks = real.read_bytes(), None, []
    try:
        content = read_content(real, raw_bytes, file=path.name)
    except DataError as error:
        likely = re.search(r"reads ('.*') as \S+; declare `encoding: ([\w-]+)`", str(error))
        if likely is None:
            raise
        encoding = likely[2]
        asks.append(f"the encoding cannot be told: is {likely[1]} (line 2, as {encoding}) right?")
        content = read_content(real, raw_bytes, file=path.name, encoding=encoding)
    sheets = {sheet.name: _header(sheet.rows) for sheet in content.sheets}
    size = {sheet.name: sum(map(len, sheet.rows)) for sheet in content.sheets}
    best = max(size, key=lambda name: size[name])
    row, deep = (1, 0) if content.typed else sheets[best]
    notes, chosen = [], best if len(size) > 1 else None
    heads = {tuple(s.rows[sheets[s.name][0] - 1]) for s in content.sheets if s.rows}
    if len(size) > 1 and len(heads) == 1:
        chosen = "*"
        listed = ", ".join(map(repr, size))
        asks.append(f"the sheets {listed} have the same columns: are all meant? So they are read")
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
    named = {
        kind: {
            key for key, pattern in keys.items() if any(c.called(pattern) for c in table.columns)
        }
        for kind, keys in (
            ("tickets", TICKETS),
            ("transactions", TRANSACTIONS),
            ("members", MEMBERS),
            ("benefits", BENEFITS),
            ("points", POINTS),
        )
    }
    asked = [c for c in table.columns if RECOMMEND.search(c.said) or SATISFIED.search(c.said)]
    tickets = named["tickets"]
    ends = tickets & _ENDS
    ends |= {key for key, p in DURATION_NAMES.items() if any(c.called(p) for c in table.columns)}
    if table.raw.platforms & _TICKET_PLATFORMS or ({"id", "created"} <= tickets and len(ends) > 1):
        return "tickets"
    about = named["members"] & {"joined", "left", "tier", "birthday", "status", "tenure"}
    unique = any(c.called(MEMBERS["id"]) and c.distinct == len(c.texts) for c in table.columns)
    if about and unique and not asked:
        return "members"
    if not asked and {"member", "date", "benefit"} <= named["benefits"]:
        return "benefits"
    money = {"amount", "order"} & named["transactions"]
    if not asked and {"member", "date", "points", "kind"} <= named["points"] and not money:
        return "points"
    if not asked and {"member", "date"} <= (orders := named["transactions"]) and len(orders) > 2:
        return "transactions"
    if not asked and is_figures(table):
        return "kpis"
    if not asked and is_voice(table.columns):
        return "comments"
    scales = [c for c in table.columns if (s := scale_of(c)) and s.high > 4]
    commented = any(COMMENT.search(c.name) for c in table.columns)
    return "survey" if asked or len(scales) > 2 or commented or not unique else "members"


def _united(tables: list[Table]) -> list[Table]:
    """Put files of one layout together, as the years of one survey."""
    found: list[Table] = []
    for table in tables:
        names = set(table.raw.columns)
        for other in found:
            its = set(other.raw.columns)
            alike = table.kind == other.kind and len(names & its) >= 0.6 * len(names | its)
            same = (table.source.sheet, table.source.header_row) == (
                other.source.sheet,
                other.source.header_row,
            )
            if alike and same and table.paths[0].parent == other.paths[0].parent:
                other.paths += table.paths
                other.columns = _stacked(other.columns, table.columns)
                break
        else:
            found.append(table)
    return found


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


def _drafted(client: str, tables: list[Table]) -> tuple[str, dict[Path, str]]:
    """Return the client file and where each raw file goes in the client's folder."""
    body, places, kinds = Lines(), dict[Path, str](), dict[str, Table]()
    for table in sorted(tables, key=lambda t: list(_WRITERS).index(t.kind)):
        second = table.kind in kinds and table.kind != "comments"  # of which there are several
        several = len(table.paths) > 1 and not second
        sub = f"{table.kind}_{len(places)}/" if several and table.kind in kinds else ""
        sub = sub or (f"{table.kind}/" if several else "")
        places |= {path: sub + path.name for path in table.paths}
        if second:
            listed = ", ".join(path.name for path in table.paths)
            body.add(
                0,
                "",
                asks=[
                    f"{listed} looks like a second {table.kind} table of other columns, and a "
                    "client has one: which counts? If only names changed, put the files under one "
                    "pattern and write `column: [old, new]`"
                ],
            )
            continue
        kinds.setdefault(table.kind, table)
        body.add(0, "")
        _WRITERS[table.kind](body, table, f"{sub}*" if several else table.paths[0].name)
    names = " ".join(c.name for t in tables for c in t.columns)
    chinese = sum(map(len, HAN.findall(names))) > 0.2 * len(names)
    head = Lines()
    head.add(
        0, f"# Drafted by `cx new {client}`: each guess with what speaks for it. A line '# ?' is a"
    )
    head.add(
        0, "# question: put the file right and remove the line; `cx check` repeats it till then."
    )
    head.add(0, f"client: {quoted(client)}")
    head.add(0, f"name: {quoted(client)}", asks=["what do readers call this client?"])
    head.add(
        0,
        f"language: {'zh' if chinese else 'en'}",
        f"of the reports; {'most' if chinese else 'few'} column names are Chinese",
    )
    if chinese:
        head.add(
            0,
            "calendar: {country: CN, timezone: Asia/Shanghai}",
            "by the language",
            ["do they work in China?"],
        )
    head.add(0, *_period(kinds))
    return "\n".join([*head.lines, *body.lines]).rstrip() + "\n", places


def _period(kinds: dict[str, Table]) -> tuple[str, str]:
    """Return the kind of period, guessed from how long the dates reach and how dense they are."""
    table = next(
        (
            t
            for name in ("survey", "tickets", "transactions", "comments", "kpis")
            if (t := kinds.get(name)) and t.days is not None
        ),
        None,
    )
    if table is None or table.days is None:
        return "period: wave", "no dates tell a period"
    days = table.days.dropna()
    span = (days.max() - days.min()).days
    told = f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
    spans = (("month", "M", 800), ("quarter", "Q", 1600), ("year", "Y", 99_999))
    least = next((i for i, (kind, *_) in enumerate(spans) if kind == table.labelled), 0)
    if table.kind == "kpis":
        months = pd.Series((12 * days.dt.year + days.dt.month).unique()).sort_values()
        apart, kind = months.diff().min(), table.labelled
        if apart >= 3 and kind in ("month", "quarter"):  # a month named once a year is a year's
            kind = "year" if apart >= 12 else "quarter"
        return f"period: {kind}", f"{told}, as the figures are"
    for kind, code, longest in spans[least:]:
        counts = days.dt.to_period(code).value_counts()
        if (span < 45 and not table.labelled) or (
            span <= longest and (counts.median() >= 30 or kind == "year")
        ):
            break
    if span < 45 and not table.labelled:
        return "period: wave", f"{told}: too short to compare months"
    return f"period: {kind}", f"{told}, {counts.median():g} rows in the middle {kind}"


def lay_out(folder: Path, *, demo: bool = False) -> Path:
    """Make a workspace in a folder, or add the demo client to one; return its ``params/``.

    Where what would be written is there already, nothing is changed (`SetupError`).
    """
    params = folder / "params"
    wanted = [params / "template.yaml"]
    if demo:
        data = folder / "data" / DEMO
        wanted = [params / f"{DEMO}.yaml", data] + [p for p in wanted if not p.exists()]
    for path in wanted:
        if path.exists():
            raise SetupError(f"{path} is there already; nothing was changed.")
    params.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    for path in wanted:
        if path.suffix:
            shutil.copyfile(kit_file("params") / path.name, path)
    if demo:
        from cxlib.data.demo import build

        build(folder, (DEMO,))
    return params
