"""Freeze what is sent to a client: a copy with version, date, reason and hashes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cxlib.batch.issues import ACCOUNT, SCHEMA, Issue, issues
from cxlib.batch.plan import Job
from cxlib.batch.state import read_record
from cxlib.errors import RunError
from cxlib.report.saved import made_at
from cxlib.workspace import Workspace, as_name, make_private, write_whole


def freeze(
    workspace: Workspace, jobs: Sequence[Job], made_of: Mapping[str, str], *, reason: str = ""
) -> tuple[Issue, Path]:
    """Freeze the reports of one client and period as they are; return the account and its folder.

    `jobs` are those of the period in all languages as a plan finds them, with books and the formats
    that were made; `made_of` says by language what its book is made of. RunError if a report is
    missing, stale or failed, if a version is there and no `reason` is given, or nothing changed.
    """
    client, period = jobs[0].client, jobs[0].period
    formats = ",".join(dict.fromkeys(job.format for job in jobs if job.format))
    again = f"`cx run {client} --period {period} --book{formats and f' --format {formats}'}`"
    due = next((job for job in jobs if job.due), None)
    if due is not None:
        raise RunError(f"{due.key} is not as it should be: {due.reason}; {again} first.")
    files: dict[str, bytes] = {}
    figures: dict[str, Mapping[str, Any]] = {}
    for job in jobs:
        record = read_record(workspace, job.where)
        if job.state == "not applicable" or record is None:
            continue
        for kind in record.files.keys() - {"notebook", "results"}:
            path = record.path(workspace, kind)
            if path is None:
                raise RunError(f"{job.key}: its {kind} is gone or was altered; {again} first.")
            files[f"{as_name(job.language)}/{path.name}"] = path.read_bytes()
        for kpi, row in record.glance.items():
            if not isinstance(row, dict):
                continue  # a count of what is late, no figure
            figures.setdefault(kpi, {"value": row.get("value"), "unit": row.get("unit")})
    earlier = [each for each in issues(workspace, client) if each.period == period]
    if earlier and earlier[-1].made_of == made_of:
        last = earlier[-1]
        raise RunError(
            f"nothing has changed since version {last.version}, issued on {last.issued}."
        )
    if earlier and not reason.strip():
        raise RunError(
            f"version {earlier[-1].version} of {period} was issued on {earlier[-1].issued}; "
            "a reissue says why: --reason '…'."
        )
    made = Issue(
        client=client,
        period=period,
        version=earlier[-1].version + 1 if earlier else 1,
        issued=made_at().date().isoformat(),
        reason=reason.strip(),
        made_of=dict(made_of),
        figures=figures,
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    return made, _freeze(workspace, made, files)


def _freeze(workspace: Workspace, made: Issue, files: Mapping[str, bytes]) -> Path:
    """Write an issue whole or not at all: beside first, then renamed; nobody writes in it again."""
    above = workspace.issued(made.client) / as_name(made.period)
    make_private(workspace.issued(made.client).parent)
    folder, beside = above / f"v{made.version}", above / f".v{made.version}.{os.getpid()}.part"
    for name, content in files.items():
        write_whole(beside / name, content)
    account = json.dumps({"schema": SCHEMA, **asdict(made)}, ensure_ascii=False, indent=1)
    write_whole(beside / ACCOUNT, account.encode("utf-8"))
    for path in beside.rglob("*"):
        if path.is_file():
            path.chmod(0o400)
    try:
        beside.rename(folder)
    except OSError as error:
        raise RunError(f"cannot write {workspace.shown(folder)}: {error.strerror}") from None
    return folder
