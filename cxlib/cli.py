"""The command `cx`: thin and lazy; what it says is here, what it does is elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cxlib.learn.command import learn


def _kindly(command: Callable[..., None]) -> Callable[..., None]:
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


def _formats(_context: click.Context, _option: click.Parameter, given: str) -> tuple[str, ...]:
    """Return what is made beside HTML, each once; a word that is no format is refused."""
    from cxlib.errors import nearest

    asked = tuple(dict.fromkeys(word.strip().lower() for word in given.split(",") if word.strip()))
    for word in asked:
        if word not in ("html", "xlsx", "pptx"):
            known = ("html", "xlsx", "pptx")
            raise click.BadParameter(f"{word!r} is no format{nearest(word, known)}")
    return tuple(word for word in asked if word != "html")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cxlib", prog_name="cx")
@click.option("--traceback", is_flag=True, help="Show Python's traceback of an error.")
def main(traceback: bool) -> None:
    """Customer-experience consulting: from a client's data to the report."""


@main.command()
@click.argument("clients", nargs=-1)
@click.option(
    "--chapter", "-c", "chapters", multiple=True, help="Only these; by stem, e.g. assessment."
)
@click.option(
    "--period", "-p", default="latest", show_default=True, help="2026Q3, 2026-09, 2026, latest."
)
@click.option(
    "--language", "-l", type=click.Choice(["en", "zh"]), help="Instead of the client file's own."
)
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), help="Where reports go; reports/ by default."
)
@click.option("--jobs", "-j", type=click.IntRange(1), help="Jobs at once; one a core by default.")
@click.option("--force", is_flag=True, help="Also run what is fresh.")
@click.option("--dry-run", "-n", is_flag=True, help="Show the plan with its reasons; do nothing.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=600.0,
    envvar="CX_TIMEOUT",
    show_default=True,
    show_envvar=True,
    help="Seconds a notebook may take; 0: no limit.",
)
@click.option(
    "--memory",
    type=click.IntRange(0),
    default=4096,
    envvar="CX_MEMORY",
    show_default=True,
    show_envvar=True,
    help="Megabytes a notebook may allocate beyond the libraries; 0: no limit. Linux only.",
)
@click.option("--cold", is_flag=True, envvar="CX_COLD", help="Start every kernel anew.")
@click.option("--dask", metavar="ADDRESS", default="", help="A Dask scheduler: tcp://host:8786.")
@click.option(
    "--format",
    "formats",
    default="html",
    show_default=True,
    metavar="LIST",
    callback=_formats,
    help="Beside each chapter's HTML, of all together: xlsx (tables and table book), pptx (deck).",
)
@click.option("--book", is_flag=True, help="Also bind all chapters: one HTML and one PDF.")
@click.option("--pdf", is_flag=True, help="Also print every report, by the system's Chromium.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest instead of the summary.")
@click.option("--verbose", "-v", is_flag=True, help="Also say what is fresh or does not apply.")
@_kindly
def run(
    clients: tuple[str, ...],
    chapters: tuple[str, ...],
    period: str,
    language: str | None,
    out: Path | None,
    jobs: int | None,
    force: bool,
    dry_run: bool,
    timeout: float,
    memory: int,
    cold: bool,
    dask: str,
    formats: tuple[str, ...],
    book: bool,
    pdf: bool,
    as_json: bool,
    verbose: bool,
) -> None:
    """Execute chapters for CLIENTS (all, if none is named) and write their reports."""
    from cxlib.batch import console
    from cxlib.batch.plan import Request
    from cxlib.data.apart import Limits
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    request = Request(
        out=(out or workspace.reports).resolve(),
        clients=clients,
        chapters=chapters,
        period=period,
        language=language or "",
        force=force,
        jobs=jobs or console.cores(),
        limits=Limits(timeout=timeout, memory=memory, cold=cold),
        dask=dask,
        formats=formats,
        book=book,
        pdf=pdf,
    )
    if dry_run:
        sys.exit(console.show_plan(workspace, request))
    sys.exit(console.run(workspace, request, as_json=as_json, verbose=verbose))


@main.command()
@click.argument("client")
@click.argument("period")
@click.option("--reason", default="", help="Why it replaces the version that was issued before.")
@_kindly
def issue(client: str, period: str, reason: str) -> None:
    """Freeze what is sent to CLIENT for PERIOD: a copy in issued/, with version, date and hashes.

    From then on a book says which of the issued figures have been restated, and by how much.
    """
    from cxlib.batch.console import issue as freeze
    from cxlib.workspace import Workspace

    freeze(Workspace.find(), client, period, reason=reason)


@main.command()
@click.argument("clients", nargs=-1)
@click.option("--data", is_flag=True, help="Also show how often each answer was given.")
@_kindly
def check(clients: tuple[str, ...], data: bool) -> None:
    """Say all that is wrong with the files and data of CLIENTS, running nothing."""
    from cxlib.batch import console
    from cxlib.workspace import Workspace

    sys.exit(console.check(Workspace.find(), clients, data=data))


@main.command()
@click.argument("client")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would change.")
@_kindly
def upgrade(client: str, dry_run: bool) -> None:
    """Bring the file of CLIENT, written for an older kit, to the present syntax."""
    from cxlib.batch.chapters import discover, settings_faults
    from cxlib.params.upgrade import upgrade as bring
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    found = bring(client, workspace, write=not dry_run)
    for line in found.done:
        click.echo(f"{'would change' if dry_run else 'changed'}: {line}")
    if found.backup:
        click.echo(f"The file as it was: {workspace.shown(found.backup)}.")
    chapters = discover(workspace.notebooks).chapters
    strays = settings_faults(found.client, chapters) if found.client else []
    todo = [*found.todo, *map(str, strays)]
    for line in todo:
        click.echo(f"to do: {line}")
    if not todo and not found.done:
        click.echo(f"{client}: the file is in the present syntax.")
    wrong = found.client is None or any(fault.severity == "error" for fault in strays)
    sys.exit(1 if wrong else 0)


@main.command(name="list")
@click.argument("clients", nargs=-1)
@click.option("--period", "-p", default="latest", show_default=True)
@_kindly
def list_(clients: tuple[str, ...], period: str) -> None:
    """Show clients, chapters, and how each report stands."""
    from cxlib.batch import console
    from cxlib.batch.plan import Request
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    request = Request(out=workspace.reports, clients=clients, period=period)
    sys.exit(console.show_plan(workspace, request))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[CLIENT…] [OPTIONS]")
@click.option("--chapter", "-c", "chapters", multiple=True, help="Only these, by stem.")
@_kindly
def lab(arguments: tuple[str, ...], chapters: tuple[str, ...]) -> None:
    """Explore CLIENT (all, if none is named) in JupyterLab, in copies of the chapters.

    The copies lie in explore/<client>/, which git ignores, with the client's name filled in; what
    is there already stays. Options that are not known here are JupyterLab's.
    """
    import os
    from itertools import takewhile

    from cxlib.batch.chapters import choose, discover
    from cxlib.batch.footprint import explore
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    chosen = choose(discover(workspace.notebooks).chapters, chapters)
    named = tuple(takewhile(lambda word: not word.startswith("-"), arguments))
    copies = []
    for name in named or workspace.known():
        workspace.client_file(name)
        copies += explore(workspace, name, chosen)
    folder = workspace.explore
    os.environ.setdefault("CX_HOME", str(workspace.root))
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={folder}"]
    if named and copies:
        first = copies[0].relative_to(folder).as_posix()
        command.append(f"--LabApp.default_url=/lab/tree/{first}")
    os.execv(sys.executable, [*command, *arguments[len(named) :]])


@main.command()
@click.argument("client")
@click.option("--raw", is_flag=True, help="Its raw data and its client file as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_kindly
def forget(client: str, raw: bool, yes: bool) -> None:
    """Remove what the kit keeps of CLIENT: tables, results, reports, explored copies, key."""
    from cxlib.batch.footprint import footprint
    from cxlib.batch.footprint import forget as remove
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    found = footprint(workspace, client, raw=raw)
    if not found:
        click.echo(f"Nothing is kept of {client}.")
        return
    for path in found:
        click.echo(f"  {workspace.shown(path)}")
    if not yes:
        click.confirm(f"Remove all this of {client}?", abort=True)
    click.echo(f"{len(remove(workspace, client, raw=raw))} removed.")


@main.command()
@click.argument("client")
@click.argument("sections", nargs=-1, metavar="[SECTION…]")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would change.")
@_kindly
def register(client: str, sections: tuple[str, ...], dry_run: bool) -> None:
    """Bring the registers of CLIENT (actions, obligations …) and their Excel copies together.

    The copy is made where there is none. What was edited in either is taken over into the other;
    where both changed one cell, both stay as they are, and the cells are named.
    """
    from cxlib.batch.registers import synchronise
    from cxlib.workspace import Workspace

    for line in synchronise(Workspace.find(), client, sections, write=not dry_run):
        click.echo(line)


@main.group()
def actions() -> None:
    """Draft actions from what the chapters found."""


@actions.command()
@click.argument("client")
@click.option("--period", "-p", default="latest", show_default=True)
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would be drafted.")
@_kindly
def propose(client: str, period: str, dry_run: bool) -> None:
    """Add an action for each grave finding to the register of CLIENT, to be agreed with it.

    What the client file records under chapters (service, monitoring) is taken over, once.
    """
    from cxlib.batch.registers import propose as draft
    from cxlib.workspace import Workspace

    for line in draft(Workspace.find(), client, period=period, write=not dry_run):
        click.echo(line)


@main.group()
def key() -> None:
    """Back up a client's key, or hand it over."""


@key.command(name="export")
@click.argument("client")
@click.argument("file", type=click.Path(path_type=Path))
@_kindly
def export_(client: str, file: Path) -> None:
    """Copy the key of CLIENT to FILE, which only you can read."""
    from cxlib.data.keys import export_key
    from cxlib.workspace import Workspace

    export_key(client, Workspace.find(), file)
    click.echo(f"{file}: whoever has it can tell which pseudonym is whose; pass it on in person.")


@key.command(name="import")
@click.argument("client")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@_kindly
def import_(client: str, file: Path) -> None:
    """Take the key in FILE, which a colleague exported, as that of CLIENT."""
    from cxlib.data.keys import import_key
    from cxlib.workspace import Workspace

    import_key(client, Workspace.find(), file)
    click.echo(f"{client} has the key now; delete {file}.")


@main.command()
@click.argument("client")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE…",
)
@_kindly
def new(client: str, files: tuple[Path, ...]) -> None:
    """Draft the file of CLIENT from the FILEs it sent (surveys, tickets, orders, members).

    The files are copied to data/CLIENT/; params/CLIENT.yaml asks about whatever is in doubt.
    """
    from cxlib.data.apart import apart
    from cxlib.data.draft import new as draft
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    drafted = apart(draft, client, files, workspace)
    if workspace.root not in (Path.cwd(), *Path.cwd().parents):
        click.echo(f"in {workspace.root}:")
    for path in (drafted.file, *drafted.copies):
        click.echo(f"  {workspace.shown(path)}")
    for question in drafted.questions:
        click.echo(f"  ? {question}")
    n = len(drafted.questions)
    click.echo(
        f"{n} question{'' if n == 1 else 's'} in {workspace.shown(drafted.file)}: answer there, "
        f"removing each line `# ?`; then `cx check {client}` and `cx run {client}`."
    )


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--demo", is_flag=True, help="With the demo client nova-mall, to try the kit on.")
@_kindly
def init(folder: Path, demo: bool) -> None:
    """Make a workspace in FOLDER: params/ with the template, and data/."""
    from cxlib.data.draft import lay_out

    laid = lay_out(folder, demo=demo)
    here = "" if folder == Path() else f"cd {folder}; "
    click.echo(
        f"Next: {here}cx run nova-mall"
        if demo
        else f"{here}cx new CLIENT FILE… drafts {laid}/<client>.yaml from a client's files; or "
        f"copy {laid}/template.yaml to {laid}/<client>.yaml, and put the data into "
        f"{folder}/data/<client>/."
    )


main.add_command(learn)
