"""A client made ready: its file read, its data ingested if they changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib import __version__
from cxlib.errors import CxError
from cxlib.workspace import Workspace, file_digest

if TYPE_CHECKING:
    from cxlib.params import Client


Seen = tuple[Path, int, int]
"""A file as it was when the run was planned: its bytes, and when written, in nanoseconds."""


def seen(path: Path) -> Seen:
    """Return a file as it is now; one that is gone has less than no bytes."""
    try:
        told = path.stat()
    except OSError:
        return path, -1, -1
    return path, told.st_size, told.st_mtime_ns


@dataclass(frozen=True)
class Prepared:
    """A client, ready to be planned, or why not.

    `tables` is the digest of what it brings into a job (empty if it has no tables yet), `changed`
    why that will be made anew, `fault` why nothing of it can run; `inputs` its file, tables and
    logo, `silent` those tables that hold nothing of the period, `face` the logo alone, `registers`
    the digest of each register.
    """

    name: str
    client: Client | None = None
    period: str = ""
    tables: str = ""
    changed: str = ""
    fault: str = ""
    inputs: tuple[Seen, ...] = ()
    silent: tuple[str, ...] = ()
    face: Path | None = None
    registers: Mapping[str, str] = field(default_factory=dict)


def prepare(root: str, name: str, period: str, write: bool, idle: bool = False) -> Prepared:
    """Read a client's file, and its data if they changed; runs in a process of its own.

    Without `write` it only looks, and leaves everything as it is; with `idle` it gives up, and
    returns no client, where tables or estimates are to be made.
    """
    from cxlib import params, periods
    from cxlib.chapters import registers_of
    from cxlib.data.face import face_of, logo_file
    from cxlib.data.registers import read_register, take_in
    from cxlib.data.tables import periods_of, silent_tables

    workspace = Workspace(Path(root))
    try:
        client = params.load(name, workspace)
        changed = ""
        if write:
            from cxlib.data.ingest import ingest, unchanged

            if idle and unchanged(client, workspace) is None:
                return Prepared(name)
            if not idle:
                ingest(client, workspace)
            registers = take_in(client, workspace, registers_of(client))
        else:
            changed = _changed(client, workspace)
            models = registers_of(client)
            registers = {
                n: read_register(client, n, m, workspace).digest for n, m in models.items()
            }
        if not _tables(workspace, name):
            return Prepared(name, client, period, changed=changed)
        chosen = periods.choose(period, periods_of(workspace, client, period))
        if write and not _prime(client, chosen, workspace, idle=idle):
            return Prepared(name)
        tables = _tables(workspace, name)
        face = logo_file(client, workspace)
        face_of(client, workspace, client.languages[0])  # a logo that will not do stops it here
        return Prepared(
            *(name, client, chosen),
            tables=digest(*(f"{p.name}:{file_digest(p)}" for p in tables)),
            changed=changed,
            inputs=tuple(map(seen, filter(None, (workspace.client_file(name), *tables, face)))),
            silent=silent_tables(workspace, client, chosen),
            face=face,
            registers=registers,
        )
    except CxError as error:
        return Prepared(name, fault=str(error))
    except Exception as error:  # noqa: BLE001 - one client's data never stop another's run
        return Prepared(name, fault=f"{type(error).__name__}: {error}")


def prepare_unchanged(root: str, names: Sequence[str], period: str) -> list[Prepared]:
    """Prepare, in one process, those clients of whom nothing is to be made."""
    ready = (prepare(root, name, period, write=True, idle=True) for name in names)
    return [each for each in ready if each.client is not None]


def _prime(client: Client, period: str, workspace: Workspace, *, idle: bool) -> bool:
    """Estimate a client's KPIs once, for every chapter to read; `idle`, tell whether they stand."""
    from cxlib.chapters import register, words_of
    from cxlib.engagement import Engagement

    try:
        register("assessment")
        words = words_of(client, workspace, client.languages[0])
        engagement = Engagement(
            client=client, workspace=workspace, period=period, words=words, chapter="assessment"
        )
        if idle:
            return engagement.primed
        engagement.prime()
    except Exception:  # noqa: BLE001 - each chapter meets the same fault and names its cell
        return not idle
    return True


def _changed(client: Client, workspace: Workspace) -> str:
    """Return why a client's tables would be made anew, without making them."""
    from cxlib.data.intake import source_hashes
    from cxlib.data.store import read_record as read_tables_record

    record = read_tables_record(workspace.tables(client.client))
    if record is None:
        return "its data have not been read yet"
    if record.get("params") != client.hash:
        return "its client file has changed"
    if record.get("sources") != source_hashes(client, workspace):
        return "its data have changed"
    return "" if record.get("kit") == __version__ else "the kit has changed"


def _tables(workspace: Workspace, name: str) -> list[Path]:
    return sorted(p for p in workspace.tables(name).glob("*") if p.is_file())


def carried(workspace: Workspace, name: str) -> list[Path]:
    """Return what of a client every job takes along: its tables, estimates made from them."""
    estimates = sorted(p for p in workspace.kpis(name).rglob("*") if p.is_file())
    return [*_tables(workspace, name), *estimates]


def digest(*parts: str) -> str:
    """Return the SHA-256 of some texts, each apart from the next."""
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()
