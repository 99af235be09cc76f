"""The data room: every table of a client in memory, with all that was met on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from cxlib.data.kpis import make_kpi
from cxlib.data.ledger import Ledger, Path
from cxlib.data.looks import look
from cxlib.data.query import query_hash, read_sql
from cxlib.data.readers import Raw, file_hash, find, read
from cxlib.data.records import SECTIONS, make_records
from cxlib.data.schema import KPIS, TABLES, Column, survey_columns
from cxlib.data.survey import make_survey
from cxlib.errors import CxError
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.source import Source


NO_DATA = "names no data: it has no survey, tickets or other table."


@dataclass(kw_only=True)
class Made:
    """One canonical table before it is checked, hidden under pseudonyms and written.

    Parameters
    ----------
    name : str
        Which.
    frame : pandas.DataFrame or None
        The table, None if its source could not be read.
    columns : tuple of Column
        What it must hold.
    ledger : Ledger
        What was met.
    files : dict
        The files read, by name: the hash of their bytes.
    absent : dict
        By file, columns that other files of the source have.
    """

    name: str
    ledger: Ledger = field(default_factory=Ledger)
    frame: pd.DataFrame | None = None
    columns: tuple[Column, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    absent: dict[str, list[str]] = field(default_factory=dict)

    def note(self, raw: Raw) -> None:
        """Note which files were read."""
        self.files |= {file.name: file.sha256 for file in raw.files}
        self.absent |= {file.name: list(file.absent) for file in raw.files if file.absent}


def sources(client: Client) -> Iterator[tuple[Path, Source]]:
    """Yield every source that the client file names, with the path that names it."""
    for name in ("survey", *SECTIONS):
        section = getattr(client, name)
        if section is not None:
            yield (name, "source"), section.source
    for key, kpi in client.kpis.items():
        yield ("kpis", key, "source"), kpi.source


def source_hashes(client: Client, workspace: Workspace) -> dict[str, str]:
    """Return the hash of every raw file that the client's tables are made from, by name.

    Raises
    ------
    DataError
        If a source names no file.
    """
    folder = workspace.data(client.client)
    hashes: dict[str, str] = {}
    for path, source in sources(client):
        if source.sql is not None:
            hashes[".".join(map(str, path))] = query_hash(folder, source.sql)
        elif source.files is not None:
            for file in find(folder, source.files):
                name = file.relative_to(folder).as_posix()
                hashes[name] = hashes.get(name) or file_hash(file, name)
    return hashes


def open_source(client: Client, workspace: Workspace, source: Source) -> Raw:
    """Read the rows of one source of a client.

    Raises
    ------
    DataError
        If they cannot be read.
    SetupError
        If the format needs an extra that is not installed.
    """
    folder = workspace.data(client.client)
    if source.sql is not None:
        return read_sql(folder, source.sql)
    return read(
        folder,
        source.files or "",
        sheet=source.sheet,
        header_rows=source.header_rows,
        encoding=source.encoding,
        separator=source.separator,
        period_from=source.period_from,
    )


def make_tables(client: Client, workspace: Workspace) -> list[Made]:
    """Make all tables of a client, reading raw files and writing nothing.

    Parameters
    ----------
    client : Client
        Whose tables.
    workspace : Workspace
        Where the raw files lie.

    Returns
    -------
    list of Made
        One a table that the client file calls for; what is wrong stands in their ledgers.
    """
    made: list[Made] = []
    if client.survey is not None:
        made.append(_survey(client, workspace))
    for name in SECTIONS:
        section = getattr(client, name)
        if section is not None:
            made.append(_records(client, workspace, name))
    if client.kpis:
        made.append(_kpis(client, workspace))
    return made


def _opened(
    client: Client, workspace: Workspace, source: Source, made: Made, path: Path
) -> Raw | None:
    try:
        raw = open_source(client, workspace, source)
    except CxError as error:
        made.ledger.error(path, str(error))
        return None
    made.note(raw)
    return raw


def _survey(client: Client, workspace: Workspace) -> Made:
    made = Made(name="survey")
    if client.survey is None:
        return made
    raw = _opened(client, workspace, client.survey.source, made, ("survey", "source"))
    if raw is None:
        return made
    made.frame = make_survey(raw, client, made.ledger)
    look(made.frame, client, made.ledger)
    metrics = [metric.key for metric in client.metrics]
    touchpoints = [touchpoint.key for touchpoint in client.touchpoints]
    made.columns = survey_columns(metrics, touchpoints, client.segments)
    return made


def _records(client: Client, workspace: Workspace, name: str) -> Made:
    made, section = Made(name=name), getattr(client, name)
    raw = _opened(client, workspace, section.source, made, (name, "source"))
    if raw is None:
        return made
    made.frame = make_records(raw, client, name, made.ledger)
    published = {column.name: column for column in TABLES[name]}
    made.columns = tuple(
        published.get(str(key)) or Column(name=str(key), dtype="str", meaning="attribute")
        for key in made.frame.columns
    )
    if made.frame.empty and not made.ledger.failed:
        why = ", ".join(f"{reason} ({n})" for reason, n in made.ledger.dropped.items())
        made.ledger.error((name, "source"), f"no row is left: {why}.")
    return made


def _kpis(client: Client, workspace: Workspace) -> Made:
    made = Made(name="kpis", columns=KPIS)
    opened: dict[str, Raw | None] = {}
    frames = []
    for key, kpi in client.kpis.items():
        source = kpi.source.model_dump_json()
        if source not in opened:
            opened[source] = _opened(client, workspace, kpi.source, made, ("kpis", key, "source"))
        raw = opened[source]
        if raw is not None:
            frames.append(make_kpi(raw, client, key, made.ledger))
    filled = [frame for frame in frames if not frame.empty]
    made.frame = pd.concat(filled, ignore_index=True) if filled else None
    return made
