"""Every table of a client in memory, with all that was met on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.data import database, doubts
from cxlib.data.kpis import make_kpi
from cxlib.data.ledger import Ledger, Path
from cxlib.data.query import query_hash, read_sql
from cxlib.data.readers import Raw, file_hash, find, read
from cxlib.data.records import make_records
from cxlib.data.schema import FLAG, KPIS, SECTIONS, TABLES, TEXT, Column, survey_columns
from cxlib.data.survey import make_survey
from cxlib.errors import CxError
from cxlib.params.base import Moment
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.source import Source, Table

NO_DATA = "names no data: it has no survey, tickets or other table."
_IDS = {"id", "date", "period", "created", "member", "event_time"}


@dataclass(kw_only=True)
class Made:
    """One canonical table before it is hidden under pseudonyms and written.

    `frame` is None if its source could not be read; `files` are the files read with the hash of
    their bytes, `headers` their columns, `absent` by file the columns that others of the source
    have, `told` how each was read.
    """

    name: str
    ledger: Ledger = field(default_factory=Ledger)
    frame: pd.DataFrame | None = None
    columns: tuple[Column, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)
    absent: dict[str, list[str]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

    def opened(
        self, client: Client, workspace: Workspace, section: Table, path: Path
    ) -> Raw | None:
        """Return the rows of the section's source, noting which files were read and how."""
        wanted, ids = named_columns(section)
        try:
            raw = open_source(client, workspace, section.source, wanted=wanted, ids=ids)
        except CxError as error:
            self.ledger.error((*path, "source"), str(error))
            return None
        self.files |= {file.name: file.sha256 for file in raw.files}
        self.headers = list(dict.fromkeys([*self.headers, *raw.columns]))
        self.absent |= {file.name: list(file.absent) for file in raw.files if file.absent}
        self.told |= {file.name: "; ".join((f"{file.rows} rows", *file.told)) for file in raw.files}
        for message in raw.warnings:
            self.ledger.warn((*path, "source"), message)
        return raw


def named_columns(section: Table) -> tuple[list[str], list[str]]:
    """Return the columns that a section of the client file names, and those of ids and dates."""
    names: dict[str, None] = {}
    ids: dict[str, None] = {}

    def take(value: Any, key: str) -> None:
        if isinstance(value, Moment):
            names.update(dict.fromkeys(value))
            ids.update(dict.fromkeys(value))
        elif isinstance(value, str):
            names[value] = None
            if key in _IDS:
                ids[value] = None
        else:
            for item in value or ():
                take(item, key)

    told = vars(section)
    for key in type(getattr(section, "columns", None) or section).model_fields:
        if hasattr(section, "columns"):
            take(getattr(told["columns"], key), key)
        elif key in ("period", "value", "numerator", "denominator", "unit"):
            take(told[key], key)
    for item in (
        *told.get("touchpoints", ()),
        *(
            item
            for kind in ("metrics", "segments", "questions")
            for item in told.get(kind, {}).values()
        ),
    ):
        take(getattr(item, "column", None), "")
        take(getattr(item, "columns", None), "")
    for item in vars(told["durations"]).values() if "durations" in told else ():
        take(item.column if item else None, "")
    take(tuple(item.column for item in told.get("attributes", {}).values()), "")
    take(tuple(section.where), "")
    return list(names), list(ids)


def sources(client: Client) -> Iterator[tuple[Path, Table]]:
    """Yield every section of the client file that has a source, with its path."""
    for name in ("survey", *SECTIONS):
        section = getattr(client, name)
        if section is not None:
            yield (name,), section
    for key, kpi in client.kpis.items():
        yield ("kpis", key), kpi


def source_hashes(
    client: Client, workspace: Workspace, *, tables: Iterable[Made] = ()
) -> dict[str, str]:
    """Return the hash of every raw file that the client's tables are made from, by name.

    A database is asked again, unless its rows were just read into `tables`.

    Raises
    ------
    DataError
        If a source names no file, or its database does not answer.
    """
    folder = workspace.data(client.client)
    hashes: dict[str, str] = {}
    just_read = {name: digest for made in tables for name, digest in made.files.items()}
    for path, section in sources(client):
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


def open_source(
    client: Client,
    workspace: Workspace,
    source: Source,
    *,
    wanted: list[str] | None = None,
    ids: list[str] | None = None,
) -> Raw:
    """Read the rows of one source of a client; the columns `wanted` tell where its table begins.

    Raises
    ------
    DataError
        If they cannot be read.
    SetupError
        If the format needs an extra that is not installed.
    """
    folder = workspace.data(client.client)
    if source.url_env is not None:
        return database.read_database(source)
    if source.sql is not None:
        return read_sql(folder, source.sql, encoding=source.encoding)
    return read(folder, source, wanted=wanted or (), ids=ids or ())


def make_tables(client: Client, workspace: Workspace) -> list[Made]:
    """Return every table that the client file calls for, from the raw files, writing nothing.

    What is wrong stands in their ledgers.
    """
    made: list[Made] = []
    if client.survey is not None:
        made.append(_survey(client, workspace))
    made += [_records(client, workspace, name) for name in SECTIONS if getattr(client, name)]
    if client.kpis:
        made.append(_kpis(client, workspace))
    doubts.join({table.name: table.frame for table in made if table.frame is not None},
                {table.name: table.ledger for table in made})  # fmt: skip
    return made


def _made(client: Client, name: str) -> Made:
    return Made(name=name, ledger=Ledger(names=client.privacy.names))


def _survey(client: Client, workspace: Workspace) -> Made:
    made, survey = _made(client, "survey"), client.survey
    raw = made.opened(client, workspace, survey, ("survey",)) if survey else None
    if raw is None or survey is None:
        return made
    made.frame = make_survey(raw, client, made.ledger)
    doubts.survey(made.frame, client, made.ledger)
    metrics = [metric.key for metric in client.metrics]
    touchpoints = [touchpoint.key for touchpoint in client.touchpoints]
    asked = {
        str(name): FLAG if "=" in str(name) else TEXT
        for name in made.frame.columns
        if str(name).partition("=")[0] in survey.questions
    }
    made.columns = survey_columns(metrics, touchpoints, client.segments, asked)
    return made


def _records(client: Client, workspace: Workspace, name: str) -> Made:
    made, section = _made(client, name), getattr(client, name)
    raw = made.opened(client, workspace, section, (name,))
    if raw is None:
        return made
    made.frame = make_records(raw, client, name, made.ledger)
    published = {column.name: column for column in TABLES[name]}
    made.columns = tuple(
        published.get(str(key)) or Column(name=str(key), dtype=TEXT, meaning="attribute")
        for key in made.frame.columns
    )
    if made.frame.empty and not made.ledger.failed:
        why = ", ".join(f"{reason} ({n})" for reason, n in made.ledger.dropped.items())
        made.ledger.error((name, "source"), f"no row is left: {why}.")
    elif not made.ledger.failed:
        doubts.dropped(made.ledger, (name, "source"))
        if name == "tickets":
            doubts.tickets(made.frame, client, made.ledger)
        if name == "transactions":
            doubts.transactions(made.frame, client, made.ledger)
    return made


def _kpis(client: Client, workspace: Workspace) -> Made:
    made = Made(name="kpis", columns=KPIS)
    opened: dict[str, Raw | None] = {}
    frames = []
    for key, kpi in client.kpis.items():
        source = kpi.source.model_dump_json() + kpi.period
        if source not in opened:
            opened[source] = made.opened(client, workspace, kpi, ("kpis", key))
        raw = opened[source]
        if raw is not None:
            frames.append(make_kpi(raw, client, key, made.ledger))
    filled = [frame for frame in frames if not frame.empty]
    made.frame = pd.concat(filled, ignore_index=True) if filled else None
    return made
