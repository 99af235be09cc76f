"""Ingest, once a client: raw files in, pseudonymised canonical tables out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib import __version__
from cxlib.data.apart import apart
from cxlib.data.changes import changes, summarise
from cxlib.data.check import faults_of
from cxlib.data.intake import NO_DATA, Made, make_tables, source_hashes
from cxlib.data.keys import Key, id_digests, key_file, open_key
from cxlib.data.schema import validate
from cxlib.data.store import are_whole, read_record, write_tables
from cxlib.errors import DataError, SetupError
from cxlib.workspace import Workspace, write_whole

if TYPE_CHECKING:
    from cxlib.params import Client

FORMAT = 5
"""Version of the tables and their record; tables of another version are made again."""


@dataclass(frozen=True, kw_only=True)
class TableRecord:
    """What became of the rows of one table.

    Rows `read` and `kept`, `dropped` by reason (an English msgid); answers `off_scale` that count
    as missing, by key; markers `masked` in comments, by kind; `files` by name with the hash of
    their bytes; `absent` by file, columns that others of the source have; `warnings`; `columns`
    with dtypes.
    """

    read: int
    kept: int
    dropped: dict[str, int]
    off_scale: dict[str, int]
    masked: dict[str, int]
    files: dict[str, str]
    absent: dict[str, list[str]]
    warnings: list[str]
    columns: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """What an ingest did: tables by name, under which client file, key and kit; or nothing anew."""

    client: str
    tables: dict[str, TableRecord]
    params: str
    key: str
    kit: str
    skipped: bool


def ingest(client: Client, workspace: Workspace, *, force: bool = False) -> Ingest:
    """Make a client's canonical tables from its raw files, unless nothing has changed.

    `force` makes them all the same. A `DataError` holds everything that is wrong with the data, a
    line each, and the tables that were there stay as they are; a `SetupError` says that the
    client's key is missing, though tables were made with it.
    """
    folder = workspace.tables(client.client)
    first = not key_file(client.client, workspace, demo=client.demo).is_file()
    if first and (client.demo or folder.exists()):
        open_key(client.client, workspace, demo=client.demo)  # says what is missing
    if not first and not force:
        before = unchanged(client, workspace)
        if before is not None:
            return before
    return apart(_anew, client, workspace)


def _anew(client: Client, workspace: Workspace) -> Ingest:
    tables = make_tables(client, workspace)
    errors = [f for f in faults_of(client, tables) if f.severity == "error"]
    if errors:
        raise DataError("\n".join(map(str, errors)))
    if not tables and not client.registers:
        raise DataError(f"{client.file} {NO_DATA}")
    return keep(client, workspace, tables)


def keep(client: Client, workspace: Workspace, tables: list[Made]) -> Ingest:
    """Write tables in which nothing is wrong, under pseudonyms, with their record."""
    key = open_key(client.client, workspace, demo=client.demo)
    _refuse_another_key(client, workspace, key)
    frames = {made.name: (_hidden(made, key), made.columns) for made in tables}
    ids = id_digests(key, _raw_ids(tables))
    record = {**_record(client, workspace, tables, key), "ids": hashlib.sha256(ids).hexdigest()}
    write_whole(workspace.ids(client.client), ids)
    write_tables(workspace.tables(client.client), frames, record)
    return _as_ingest(record, skipped=False)


def unchanged(client: Client, workspace: Workspace) -> Ingest | None:
    """Return the record of the tables that are there, if they would come out the same again."""
    folder = workspace.tables(client.client)
    record = read_record(folder)
    if record is None or record.get("format") != FORMAT:
        return None
    key = open_key(client.client, workspace, demo=client.demo)
    _refuse_another_key(client, workspace, key)
    now = {
        "params": client.hash,
        "key": key.id,
        "kit": __version__,
        "sources": source_hashes(client, workspace),
    }
    same = all(record.get(name) == value for name, value in now.items())
    files = {f"{name}.parquet": digest for name, digest in record.get("digests", {}).items()}
    there = same and are_whole(folder, files | {"../ids.bin": record.get("ids", "")})
    return _as_ingest(record, skipped=True) if there else None


def _refuse_another_key(client: Client, workspace: Workspace, key: Key) -> None:
    folder = workspace.tables(client.client)
    made_with = (read_record(folder) or {}).get("key", key.id)
    if made_with != key.id:
        raise SetupError(
            f"the tables of {client.client!r} were made with another key ({made_with}) than the "
            f"one here ({key.id}); put that one back (`cx key import`), or begin anew, with new "
            f"pseudonyms, after `cx forget {client.client}`."
        )


def _raw_ids(tables: list[Made]) -> Iterator[pd.Series]:
    for made in tables:
        domains = [column.name for column in made.columns if column.domain]
        for part in made.parts() if domains else ():
            yield from (part[name] for name in domains)


def _hidden(made: Made, key: Key) -> Iterator[pd.DataFrame]:
    """Yield a table with its ids under pseudonyms, as it is published."""
    for part in made.parts():
        hidden = {
            column.name: key.pseudonyms(part[column.name], column.domain)
            for column in made.columns
            if column.domain
        }
        yield validate(part.assign(**hidden), made.columns, table=made.name)


def _record(client: Client, workspace: Workspace, tables: list[Made], key: Key) -> dict[str, Any]:
    hashes = source_hashes(client, workspace, tables=tables)
    before = read_record(workspace.tables(client.client)) or {}
    now = summarise(client, tables)
    told = (
        changes(client, workspace, tables, before, hashes, now=now) if "summary" in before else []
    )
    return {
        "format": FORMAT,
        "client": client.client,
        "params": client.hash,
        "key": key.id,
        "kit": __version__,
        "sources": hashes,
        "summary": now,
        "changes": told or before.get("changes", []),
        "brands": _brands(tables),
        "tables": {
            made.name: {
                "read": made.ledger.rows_read,
                "kept": 0 if made.frame is None else len(made.frame),
                "dropped": made.ledger.dropped,
                "off_scale": made.ledger.off_scale,
                "masked": made.ledger.masked,
                "files": made.files,
                "absent": made.absent,
                "warnings": [str(fault) for fault in faults_of(client, [made])],
                "columns": {column.name: column.dtype for column in made.columns},
            }
            for made in tables
        },
    }


def _brands(tables: list[Made]) -> list[str]:
    frames = [made.frame for made in tables if made.frame is not None and "brand" in made.frame]
    return sorted({str(brand) for frame in frames for brand in frame["brand"].dropna().unique()})


def _as_ingest(record: dict[str, Any], *, skipped: bool) -> Ingest:
    return Ingest(
        client=record["client"],
        tables={name: TableRecord(**table) for name, table in record["tables"].items()},
        params=record["params"],
        key=record["key"],
        kit=record["kit"],
        skipped=skipped,
    )
