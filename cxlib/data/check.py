"""The data room: everything that is wrong with a client's data, said at once, writing nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cxlib.data.making import NO_DATA, Made, make_tables
from cxlib.data.masking import mask_text
from cxlib.workspace import Workspace

if TYPE_CHECKING:
    from cxlib.params import Client, Fault


def check(client: Client, workspace: Workspace) -> list[Fault]:
    """Read all of a client's raw files as ingest would, and say what is wrong with them.

    Parameters
    ----------
    client : Client
        What its file says.
    workspace : Workspace
        Where its raw files lie.

    Returns
    -------
    list of Fault
        Errors stop an ingest; warnings are what a consultant should know. In the order of the
        client file. Nothing is written, and no key is made.
    """
    tables = make_tables(client, workspace)
    if not tables:
        return [client.fault((), NO_DATA)]
    return faults_of(client, tables)


def faults_of(client: Client, tables: Iterable[Made]) -> list[Fault]:
    """Return what the ledgers of tables hold, each at its line of the client file.

    Parameters
    ----------
    client : Client
        Whose tables.
    tables : iterable of Made
        As `make_tables` returns them.
    """
    faults = [
        client.fault(issue.path, mask_text(issue.message), issue.value, severity=issue.severity)
        for made in tables
        for issue in made.ledger.issues
    ]
    return sorted(faults, key=lambda fault: fault.line)
