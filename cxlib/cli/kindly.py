"""How every command speaks: the kit's errors in a line, and where it works if that is elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cxlib.workspace import Workspace


def kindly(command: Callable[..., None]) -> Callable[..., None]:
    """Say the kit's own errors in a line or two, without a traceback, unless one is asked for."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        from cxlib.errors import CxError

        try:
            command(*args, **kwargs)
        except CxError as error:
            if click.get_current_context().find_root().params.get("traceback"):
                raise
            click.echo(f"cx: {error}", err=True)
            sys.exit(1)

    return run


def place() -> Workspace:
    """Return the workspace; say which it is where this folder is in none."""
    from cxlib.workspace import Workspace

    workspace, here = Workspace.find(), Path.cwd().resolve()
    if not os.environ.get("CX_HOME") and workspace.root not in (here, *here.parents):
        click.echo(f"cx: {here} is in no workspace; working in {workspace.root}.", err=True)
    return workspace
