"""The first draft of a client file, from the files that the client sent; doubts are questions."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxlib.data.draft_figures import figures
from cxlib.data.draft_sections import comments, ledger, members, tickets
from cxlib.data.draft_survey import survey
from cxlib.data.draft_tables import opened, united
from cxlib.data.guess import HAN, WORDS, ask, is_text
from cxlib.data.sections import Lines, Table, quoted
from cxlib.errors import SetupError
from cxlib.params.faults import Fault
from cxlib.workspace import Workspace, kit_file

_ASKED = re.compile(r"\s*#\s*\?\s*(\S.*)")
_WRITERS = {
    "survey": survey,
    "tickets": tickets,
    "members": members,
    "transactions": ledger,
    "benefits": ledger,
    "points": ledger,
    "comments": comments,
    "kpis": figures,
}
"""What writes each section of the client file, in its order."""
DEMO = "nova-mall"
"""The demo client of `cx init --demo`."""
_DATED = ("survey", "tickets", "transactions", "comments", "kpis")
"""The sections whose dates tell the kind of period, the first of them that has some."""
_SPANS = (("month", "M", 800), ("quarter", "Q", 1600), ("year", "Y", 99_999))
"""Kinds of period, and over how many days they are told apart."""


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
    tables = united([opened(path) for path in files])
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


def _drafted(client: str, tables: list[Table]) -> tuple[str, dict[Path, str]]:
    """Return the client file and where each raw file goes in the client's folder."""
    body, places, kinds = Lines(), dict[Path, str](), dict[str, Table]()
    for table in sorted(tables, key=lambda t: list(_WRITERS).index(t.kind)):
        if table.kind in kinds and table.kind != "comments":  # of which there are several
            places |= {path: path.name for path in table.paths}
            listed = ", ".join(path.name for path in table.paths)
            body.ask(0, ask("second", files=listed, kind=table.kind))
            continue
        body.add(0, "")
        several = len(table.paths) > 1 and not table.source.sql
        folder = f"{table.kind}_{len(places)}" if table.kind in kinds else table.kind
        places |= {p: f"{folder}/{p.name}" if several else p.name for p in table.paths}
        kinds.setdefault(table.kind, table)
        _WRITERS[table.kind](body, table, f"{folder}/*" if several else table.paths[0].name)
    columns = [column for table in tables for column in table.columns]
    said = [c.name for c in columns]
    said += [str(t) for c in columns if not c.texts.empty and is_text(c) for t in c.texts.head(5)]
    chinese = len("".join(HAN.findall(" ".join(said)))) > 0.2 * len(" ".join(said))
    language, many = ("zh", "most") if chinese else ("en", "few")
    head = Lines()
    for line in WORDS["head"]:
        head.add(0, f"# {line}".format(client=client))
    head.add(0, f"client: {quoted(client)}")
    head.add(0, f"name: {quoted(client)}", asks=[ask("client")])
    head.add(0, f"language: {language}", f"of the reports; {many} names and texts are Chinese")
    if chinese:
        calendar = "calendar: {country: CN, timezone: Asia/Shanghai}"
        head.add(0, calendar, "by the language", [ask("china")])
    head.add(0, *_period(kinds))
    return "\n".join([*head.lines, *body.lines]).rstrip() + "\n", places


def _period(kinds: dict[str, Table]) -> tuple[str, str]:
    """Return the kind of period, guessed from how long the dates reach and how dense they are."""
    dated = (kinds[name] for name in _DATED if name in kinds and kinds[name].days is not None)
    table = next(dated, None)
    if table is None or table.days is None:
        return "period: wave", "no dates tell a period"
    days, kind = table.days.dropna(), table.labelled
    span = (days.max() - days.min()).days
    told = f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
    if table.kind == "kpis":
        months = pd.Series((12 * days.dt.year + days.dt.month).unique()).sort_values()
        apart = months.diff().min()
        if apart >= 3 and kind in ("month", "quarter"):  # a month named once a year is a year's
            kind = "year" if apart >= 12 else "quarter"
        return f"period: {kind}", f"{told}, as the figures are"
    if span < 45 and not kind:
        return "period: wave", f"{told}: too short to compare months"
    least = next((i for i, (name, *_) in enumerate(_SPANS) if name == kind), 0)
    for name, code, longest in _SPANS[least:]:
        n = days.dt.to_period(code).value_counts().median()
        if name == "year" or (span <= longest and n >= 30):
            break
    return f"period: {name}", f"{told}, {n:g} rows in the middle {name}"


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
