"""What the commands do with registers: bring their files together, draft actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from inspect import getfile
from pathlib import Path as File
from typing import Any

from cxlib import params
from cxlib.chapters import registers_of
from cxlib.chapters.actions.propose import drafts
from cxlib.data.registers import add_rows, bring_together, read_register
from cxlib.errors import CxError, nearest
from cxlib.params import InvalidParams
from cxlib.params.registers import Register
from cxlib.workspace import Workspace, write_whole


def synchronise(
    workspace: Workspace, client: str, sections: Sequence[str] = (), *, write: bool
) -> Iterator[str]:
    """Bring a client's registers and their Excel copies together; yield what is said of it."""
    opened = params.load(client, workspace)
    models = registers_of(opened)
    if not models:
        yield f"{client} has no register: its file names none."
    for section in sections or models:
        if section not in models:
            raise CxError(f"{client} has no register {section!r}{nearest(section, models)}")
        path = workspace.data(client) / getattr(opened, section).file
        inside = path.resolve().is_relative_to(workspace.data(client).resolve())
        if inside and path.suffix.lower() != ".xlsx" and not path.exists():
            yield f"{section}: {workspace.shown(path)} is begun, with every row explained in it."
            if not write:
                continue
            write_whole(path, starter(models[section]).encode())
        yield from bring_together(opened, section, models[section], workspace, write=write)


def starter(model: type[Register]) -> str:
    """Return a register without rows, whose comments show one of each kind.

    The chapter's ``register.yaml`` holds those rows.
    """
    told = []
    for line in File(getfile(model)).with_suffix(".yaml").read_text("utf-8").splitlines():
        name, of, note = line.partition(":")
        if line.startswith((" ", "#")):
            told.append(f"# {line}" if line.startswith(" ") else line)
        else:
            single = model.model_fields[name].default != ()
            told.append(f"{name}{of} {'{}' if single else '[]'}{note}")
    return "\n".join(told) + "\n"


def propose(workspace: Workspace, client: str, *, period: str, write: bool) -> Iterator[str]:
    """Add an action for each grave finding to a client's register; yield what is said of it."""
    from cxlib.engagement import Engagement

    opened = params.load(client, workspace)
    model, named = registers_of(opened).get("actions"), opened.actions
    if model is None or named is None:
        raise CxError(
            f"{opened.file} names no register of actions; add the line "
            "`actions: registers/actions.yaml` and run this again."
        )
    path = workspace.data(client) / named.file
    if not path.is_file():
        add_rows(opened, "actions", model, workspace, name="actions", rows=())
    found = read_register(opened, "actions", model, workspace)
    if found.register is None:
        raise InvalidParams(found.faults)
    views: dict[str, Any] = {
        language: Engagement.open(client, period=period, language=language, workspace=workspace)
        for language in opened.languages
    }
    new = drafts(views, found.register.actions, today=dt.date.today().isoformat())
    for row in new:
        title, note = (next(iter(row.get(told, {"": ""}).values())) for told in ("title", "note"))
        yield f"{row['id']}: {title}" + (f" ({note})" if note else "")
    if new and write:
        add_rows(opened, "actions", model, workspace, name="actions", rows=new)
        yield f"{len(new)} drafted in {workspace.shown(path)}: owners and days are yours to fill."
    elif not new:
        yield "Nothing to draft: every grave finding of the reports has its action."
