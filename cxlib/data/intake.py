"""Every table of a client in memory, with all that was met on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.data import across, database, doubts, query
from cxlib.data.excel import ERRORS
from cxlib.data.fieldwork import has_begun, make_fieldwork, nobody, section_of, warn_of_gaps
from cxlib.data.formats import matches
from cxlib.data.kpis import make_kpi
from cxlib.data.layout import Named
from cxlib.data.ledger import Ledger, Path
from cxlib.data.pieces import Spool, gathered, pieces
from cxlib.data.platforms import header_name
from cxlib.data.programme import WHOLE, told_of_purchases
from cxlib.data.query import query_hash
from cxlib.data.readers import Raw, file_hash, find
from cxlib.data.records import AGAIN, make_records, section_at, settle
from cxlib.data.schema import (
    CHOICES,
    FIELDWORK,
    FLAG,
    SECTIONS,
    TABLES,
    TEXT,
    Column,
    survey_columns,
)
from cxlib.data.survey import MARKS, Survey as SurveyTable, make_survey
from cxlib.errors import Count, CxError
from cxlib.params.base import Moment
from cxlib.words import mark as _
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.source import Table
    from cxlib.params.survey import Survey

NO_DATA = "names no data: it has no survey, tickets or other table, and no register."
_OF_A_KPI = ("period", "value", "numerator", "denominator", "unit")
_IDS = {"id", "date", "period", "created", "member", "event_time"}


@dataclass(kw_only=True)
class Made:
    """One canonical table before it is hidden under pseudonyms and written.

    `frame` is None if its source could not be read; of a table in several pieces, which lie in
    `spool` (as far as their rows are `kept`), it holds the moments and the choices alone, and of a
    `survey` all but its texts. `files` are the files read with the hash of their bytes, `headers`
    their columns, `absent` by file the columns that others of the source have, `how` and of how
    many `rows` each was read, `spoilt` by file and column the errors of a spreadsheet.
    """

    name: str
    ledger: Ledger = field(default_factory=Ledger)
    frame: pd.DataFrame | None = None
    columns: tuple[Column, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    absent: dict[str, list[str]] = field(default_factory=dict)
    how: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    spoilt: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    spool: Spool | None = None
    kept: list[Any] = field(default_factory=list)
    survey: SurveyTable | None = None

    def pieces(
        self, client: Client, workspace: Workspace, section: Table, path: Path, *, whole: bool
    ) -> Iterator[Raw]:
        """Yield the rows of the section's source, noting which files were read and how.

        As a `whole`, or in pieces where they are many.
        """
        folder, source = workspace.data(client.client), section.source
        named = named_columns(section)
        self.spoilt.clear()
        try:
            if source.url_env is not None:
                found = database.read_pieces(source, whole=whole)
            elif source.sql is not None:
                code = source.encoding
                found = query.read_pieces(folder, source.sql, encoding=code, whole=whole)
            else:
                found = pieces(folder, source, named, whole=whole)
            for raw in found:
                self._note(raw, path, more=not whole)
                yield raw
        except CxError as error:
            self.ledger.error((*path, "source"), str(error))
        for (file, column), (n, first) in self.spoilt.items():
            told = f"column {column!r} of {file} shows an error instead of a value in {n} "
            told += f"{Count(n):row|rows}, the first {first}; such cells count as empty"
            if source.sql or any(matches(column, name) for name in named.columns):
                self.ledger.warn((*path, "source"), f"{told}: mend the formula, or leave it.")
            else:
                self.ledger.notes.append(f"{told}.")

    def _note(self, raw: Raw, path: Path, *, more: bool) -> None:
        self.files |= {file.name: file.sha256 for file in raw.files}
        self.headers = list(dict.fromkeys([*self.headers, *raw.columns]))
        self.absent |= {file.name: list(file.absent) for file in raw.files if file.absent}
        for file in raw.files:
            self.rows[file.name] = file.rows + (self.rows[file.name] if more else 0)
            self.how[file.name] = (more and self.how.get(file.name)) or file.told
            for column, (n, first) in file.spoilt.items():
                before, its = self.spoilt.get((file.name, column), (0, first))
                self.spoilt[file.name, column] = (before + n, its)
        for message in raw.warnings:
            self.ledger.warn((*path, "source"), message)

    @property
    def told(self) -> dict[str, str]:
        """How each file was read."""
        rows = {name: f"{n} {Count(n):row|rows}" for name, n in self.rows.items()}
        return {name: "; ".join((rows[name], *self.how[name])) for name in self.how}

    def add(self, piece: pd.DataFrame, folder: FilePath) -> None:
        """Put a piece of the table below those before it."""
        if self.frame is None:
            self.frame = piece
            return
        if self.spool is None:
            self.spool = Spool(folder)
            self.spool.add(self.frame)
            self.frame = _thin(self.frame)
        self.spool.add(piece)
        self.frame = _below(self.frame, _thin(piece))

    def parts(self) -> Iterator[pd.DataFrame]:
        """Yield the whole table, a piece at a time."""
        if self.survey is not None:
            yield from self.survey.parts()
        elif self.spool is not None:
            for part, kept in zip_longest(self.spool, self.kept):
                yield part if kept is None else part[kept].reset_index(drop=True)
        elif self.frame is not None:
            yield self.frame


def _last_rows(made: Made) -> None:
    """Of a ticket with rows in several pieces, keep those of the last."""
    ledger = made.ledger
    if made.frame is None or made.spool is None or not any(map(len, ledger.later)):
        return
    again = np.unique(np.concatenate(ledger.later))
    after = rows_after = again[:0]
    exact = n = 0
    first = ""
    for part, later in zip(reversed(made.spool), reversed(ledger.later), strict=True):
        ids = pd.util.hash_pandas_object(part[["ticket_id"]], index=False).to_numpy()
        gone, several = np.isin(ids, after), np.isin(ids, again)
        rows = pd.util.hash_pandas_object(part[several], index=False).to_numpy()
        same = np.isin(rows, rows_after) & gone[several]
        exact, n = exact + int(same.sum()), n + int(gone.sum())
        first = str(part["created_at"][gone].iloc[0]) if gone.sum() > same.sum() else first
        after, rows_after = np.union1d(after, later), np.union1d(rows_after, rows)
        made.kept.insert(0, ~gone)
    made.frame = made.frame[np.concatenate(made.kept)].reset_index(drop=True)
    ledger.drop(_("repeats a row exactly"), exact)
    before, example = ledger.aside.get(AGAIN, (0, ""))
    told = (before + n - exact, f"created {first}" if first else example)
    ledger.aside = {AGAIN: told} | ledger.aside | {AGAIN: told}


def _thin(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a piece's moments and choices, all that is asked of a whole table of many pieces."""
    kept = frame.select_dtypes("datetime")
    choices = [name for names in CHOICES.values() for name in names if name in frame]
    return kept.assign(**{name: frame[name].astype("category") for name in choices})


def _below(above: pd.DataFrame, piece: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name in above:
        both = [above[name], piece[name]]
        choice = isinstance(above[name].dtype, pd.CategoricalDtype)
        columns[str(name)] = (
            pd.api.types.union_categoricals(both) if choice else pd.concat(both, ignore_index=True)
        )
    return pd.DataFrame(columns)


def named_columns(section: Table) -> Named:
    """Return the columns that a section of the client file names."""
    told = vars(section)
    keys = vars(told["columns"]) if "columns" in told else {key: told[key] for key in _OF_A_KPI}
    named = [(key, getattr(value, "column", value)) for key, value in keys.items()]
    items = [*told.get("touchpoints", ())]
    for kind in ("metrics", "segments", "questions", "attributes"):
        items += told.get(kind, {}).values()
    items += vars(told["durations"]).values() if "durations" in told else ()
    named += [("", getattr(item, key, None)) for item in items for key in ("column", "columns")]
    named.append(("", tuple(section.where)))
    columns: dict[str, None] = {}
    ids: dict[str, None] = {}
    for key, value in named:
        names = dict.fromkeys(map(header_name, [value] if isinstance(value, str) else value or ()))
        columns |= names
        ids |= names if key in _IDS or isinstance(value, Moment) else {}
    written = repr(section)
    return Named(list(columns), list(ids), [error for error in ERRORS if repr(error) in written])


def sources(client: Client) -> Iterator[tuple[Path, Table]]:
    """Yield every section of the client file that has a source, with its path."""
    for name in ("survey", *SECTIONS):
        for path in _paths(client, name):
            yield path, section_at(client, path)
    for key, kpi in client.kpis.items():
        yield ("kpis", key), kpi


def _paths(client: Client, name: str) -> list[Path]:
    """Return where a table's sections stand: itself, or each of its sources by key."""
    section = getattr(client, name)
    if isinstance(section, Mapping):
        return [(name, key) for key in section]
    return [] if section is None else [(name,)]


def source_hashes(
    client: Client, workspace: Workspace, *, tables: Iterable[Made] = ()
) -> dict[str, str]:
    """Return the hash of every raw file that the client's tables are made from, by name.

    A database is asked again, unless its rows were just read into `tables`.
    """
    folder = workspace.data(client.client)
    hashes: dict[str, str] = {}
    just_read = {name: digest for made in tables for name, digest in made.files.items()}
    field = section_of(client) if has_begun(client, folder) else None
    for path, section in (*sources(client), *([(("fieldwork",), field)] if field else ())):
        source = section.source
        if source.url_env is not None:
            name = database.name_of(source)
            hashes[name] = hashes.get(name) or just_read.get(name) or database.digest(source)
        elif source.sql is not None:
            hashes[".".join(map(str, (*path, "source")))] = query_hash(folder, source.sql)
        elif source.files is not None:
            for file in find(folder, source.files):
                name = file.relative_to(folder).as_posix()
                hashes[name] = hashes.get(name) or just_read.get(name) or file_hash(file, name)
    return hashes


def make_tables(client: Client, workspace: Workspace) -> list[Made]:
    """Return every table that the client file calls for, from the raw files, writing nothing.

    What is wrong stands in their ledgers.
    """
    made: list[Made] = []
    if client.survey is not None:
        made.append(_survey(client, workspace))
    made += [_records(client, workspace, name) for name in SECTIONS if getattr(client, name)]
    if section_of(client) is not None:
        made.append(_fieldwork(client, workspace))
    if client.kpis:
        made.append(_kpis(client, workspace))
    frames = {table.name: table.frame for table in made if table.frame is not None}
    ledgers = {table.name: table.ledger for table in made}
    across.join(frames, ledgers)
    if not any(ledger.failed for ledger in ledgers.values()):
        across.fragments(frames, client, ledgers)
        across.silent(frames, client, ledgers.get("tickets", Ledger()))
    return made


def _made(client: Client, name: str) -> Made:
    return Made(name=name, ledger=Ledger(names=client.privacy.names))


def _survey(client: Client, workspace: Workspace) -> Made:
    made, survey = _made(client, "survey"), client.survey
    if survey is None:
        return made
    found = made.pieces(client, workspace, survey, ("survey",), whole=False)
    spare = workspace.state(client.client)
    raw = gathered(found, [*named_columns(survey).columns, *MARKS], _free_texts(survey), spare)
    if raw is None or made.ledger.failed:
        return made
    made.survey = make_survey(raw, client, made.ledger, spare)
    made.frame = made.survey.frame
    del raw
    doubts.survey(made.frame, client, made.ledger)
    made.columns = _asked(client, made.frame)
    return made


def _free_texts(survey: Survey) -> list[str]:
    """Return the columns in which people write what they like."""
    free = [item.column for item in survey.questions.values() if item.kind == "open"]
    names = [survey.columns.comment, *free]
    return [n for name in names if name for n in ([name] if isinstance(name, str) else name)]


def _asked(client: Client, frame: pd.DataFrame) -> tuple[Column, ...]:
    """Return the published columns of a survey table."""
    metrics = [metric.key for metric in client.metrics]
    touchpoints = [touchpoint.key for touchpoint in client.touchpoints]
    questions = {
        str(name): FLAG if "=" in str(name) else TEXT
        for name in frame.columns
        if client.survey and str(name).partition("=")[0] in client.survey.questions
    }
    return survey_columns(metrics, touchpoints, client.segments, questions)


def _fieldwork(client: Client, workspace: Workspace) -> Made:
    """Return the log of interviews; none where its own file is not there yet."""
    made, section = _made(client, "fieldwork"), section_of(client)
    if section is None:
        return made
    if not has_begun(client, workspace.data(client.client)):
        made.ledger.warn(
            ("fieldwork", "source"),
            f"no file {section.source.files!r} yet: the field has not begun, or its export is "
            "still to come.",
        )
        made.frame = nobody()
        made.columns = FIELDWORK
        return made
    raw = next(made.pieces(client, workspace, section, ("fieldwork",), whole=True), None)
    if raw is None:
        return made
    made.frame = make_fieldwork(raw, client, section, made.ledger)
    published = {
        c.name: c for c in (*FIELDWORK, *_asked(client, made.frame)[len(TABLES["survey"]) :])
    }
    made.columns = tuple(published[str(name)] for name in made.frame.columns)
    warn_of_gaps(client, made.frame, made.ledger)
    return made


def _records(client: Client, workspace: Workspace, name: str) -> Made:
    made = _made(client, name)
    ledger, spare = made.ledger, workspace.state(client.client)
    for path in _paths(client, name):
        section = section_at(client, path)
        whole = name in WHOLE or getattr(section, "events", False)  # their rows need one another
        for raw in made.pieces(client, workspace, section, path, whole=whole):
            piece = make_records(raw, client, path, ledger)
            if ledger.failed:
                break
            made.add(piece, spare)
    if made.frame is None:
        return made
    published = {column.name: column for column in TABLES[name]}
    made.columns = tuple(
        published.get(str(key)) or Column(name=str(key), dtype=TEXT, meaning="attribute")
        for key in next(made.parts()).columns
    )
    if name == "tickets":
        _last_rows(made)
        settle(client, ledger, len(made.frame))
    if name == "transactions":
        told_of_purchases(ledger)
    if made.frame.empty and not ledger.failed and name != "coding":  # nobody may have begun yet
        why = ", ".join(f"{reason} ({n})" for reason, n in ledger.dropped.items())
        ledger.error((name, "source"), f"no row is left: {'; '.join((why, *ledger.told))}.")
    elif not ledger.failed:
        doubts.dropped(ledger, (name, "source"))
        if name == "tickets":
            doubts.tickets(made.frame, client, ledger)
        if name == "transactions":
            doubts.transactions(made.parts(), client, ledger)
        if name == "comments":
            doubts.comments(made.frame, client, ledger)
    return made


def _kpis(client: Client, workspace: Workspace) -> Made:
    made = Made(name="kpis", columns=TABLES["kpis"])
    opened: dict[str, Raw | None] = {}
    frames = []
    for key, kpi in client.kpis.items():
        source = kpi.source.model_dump_json() + kpi.period
        if source not in opened:
            found = made.pieces(client, workspace, kpi, ("kpis", key), whole=True)
            opened[source] = next(found, None)
        raw = opened[source]
        if raw is not None:
            frames.append(make_kpi(raw, client, key, made.ledger))
    filled = [frame for frame in frames if not frame.empty]
    made.frame = pd.concat(filled, ignore_index=True) if filled else None
    return made
