"""The command `cx`: thin and lazy; what it says is here, what it does is elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from cxlib.cli.desk import COMMANDS, kindly, place


def _formats(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what is made beside HTML, each once; a word that is no format is refused."""
    from cxlib.errors import nearest

    words = (word.strip().lower() for word in ",".join(given).split(","))
    asked = tuple(dict.fromkeys(filter(None, words)))
    for word in asked:
        if word not in ("html", "xlsx", "pptx"):
            known = ("html", "xlsx", "pptx")
            raise click.BadParameter(f"{word!r} is no format{nearest(word, known)}")
    return tuple(word for word in asked if word != "html")


_TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=600.0,
    envvar="CX_TIMEOUT",
    show_default=True,
    show_envvar=True,
    help="Seconds a notebook may take; 0: no limit.",
)
_MEMORY = click.option(
    "--memory",
    type=click.IntRange(0),
    default=4096,
    envvar="CX_MEMORY",
    show_default=True,
    show_envvar=True,
    help="Megabytes a notebook may allocate beyond the libraries; 0: no limit. Linux only.",
)


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
@_TIMEOUT
@_MEMORY
@click.option("--cold", is_flag=True, envvar="CX_COLD", help="Start every kernel anew.")
@click.option("--dask", metavar="ADDRESS", default="", help="A Dask scheduler: tcp://host:8786.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    default=("html",),
    show_default=True,
    metavar="LIST",
    callback=_formats,
    help="Beside each chapter's HTML, of all together: xlsx (tables and table book), pptx (deck).",
)
@click.option("--book", is_flag=True, help="Also bind all chapters: one HTML and one PDF.")
@click.option("--pdf", is_flag=True, help="Also print every report, by the system's Chromium.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest instead of the summary.")
@click.option("--verbose", "-v", is_flag=True, help="Also say what is fresh or does not apply.")
@kindly
def run(
    language: str | None, out: Path | None, jobs: int | None, dry_run: bool, timeout: float,
    memory: int, cold: bool, as_json: bool, verbose: bool, **asked: Any,
) -> None:  # fmt: skip
    """Execute chapters for CLIENTS (all, if none is named) and write their reports."""
    from cxlib.batch.forkserver import allow_fork_server, can_fork, fork_server

    workspace = place()
    if can_fork() and not (cold or dry_run) and {*asked["clients"]} <= {*workspace.clients()}:
        allow_fork_server()
        fork_server()  # it gets warm while this process imports what it needs itself
    from cxlib.batch import console
    from cxlib.batch.plan import Request
    from cxlib.data.apart import Limits

    out, jobs = (out or workspace.reports).resolve(), jobs or console.cores()
    limits = Limits(timeout=timeout, memory=memory, cold=cold)
    request = Request(out=out, jobs=jobs, language=language or "", limits=limits, **asked)
    if dry_run:
        sys.exit(console.show_plan(workspace, request))
    sys.exit(console.run(workspace, request, as_json=as_json, verbose=verbose))


@main.command()
@click.argument("client")
@click.argument("period")
@click.option("--reason", default="", help="Why it replaces the version that was issued before.")
@kindly
def issue(client: str, period: str, reason: str) -> None:
    """Freeze what is sent to CLIENT for PERIOD: a copy in issued/, with version, date and hashes.

    From then on a book says which of the issued figures have been restated, and by how much.
    """
    from cxlib.batch.console import issue as freeze

    freeze(place(), client, period, reason=reason)


@main.command()
@click.argument("clients", nargs=-1)
@click.option("--data", is_flag=True, help="Also show how often each answer was given.")
@click.option("--quick", is_flag=True, help="Read the data only; try no chapter.")
@click.option("--period", "-p", default="latest", show_default=True, help="To try, as `cx run`.")
@click.option("--language", "-l", type=click.Choice(["en", "zh"]), help="To try, as `cx run`.")
@_TIMEOUT
@_MEMORY
@click.pass_context
@kindly
def check(
    context: click.Context, clients: tuple[str, ...], period: str, language: str | None,
    timeout: float, memory: int, **how: bool,
) -> None:  # fmt: skip
    """Say all that is wrong with the files and data of CLIENTS; then try every chapter on them."""
    from cxlib.batch import console
    from cxlib.batch.plan import Request
    from cxlib.data.apart import Limits, usual

    workspace, told = place(), context.get_parameter_source
    unsaid = all(told(name) == ParameterSource.DEFAULT for name in ("timeout", "memory"))
    limits = usual() if unsaid else Limits(timeout=timeout, memory=memory)
    request = Request(
        workspace.reports, clients, period=period, language=language or "", limits=limits
    )
    sys.exit(console.check(workspace, request, **how))


@main.command()
@click.argument("client")
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would change.")
@kindly
def upgrade(client: str, dry_run: bool) -> None:
    """Bring the file of CLIENT, written for an older kit, to the present syntax."""
    from cxlib.batch.chapters import discover, settings_faults
    from cxlib.params.upgrade import upgrade as bring

    workspace = place()
    found = bring(client, workspace, write=not dry_run)
    for line in found.done:
        click.echo(f"{'would change' if dry_run else 'changed'}: {line}")
    if found.backup:
        click.echo(f"The file as it was: {workspace.shown(found.backup)}.")
    chapters = discover(workspace).chapters
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
@kindly
def list_(clients: tuple[str, ...], period: str) -> None:
    """Show clients, chapters, and how each report stands."""
    from cxlib.batch import console
    from cxlib.batch.plan import Request

    workspace = place()
    request = Request(out=workspace.reports, clients=clients, period=period)
    sys.exit(console.show_plan(workspace, request))


@main.command()
@click.argument("client")
@click.option("--raw", is_flag=True, help="Its raw data and its client file as well.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@kindly
def forget(client: str, raw: bool, yes: bool) -> None:
    """Remove what the kit keeps of CLIENT: tables, results, reports, explored copies, key."""
    from cxlib.batch.state import footprint, forget as remove

    workspace = place()
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
@kindly
def register(client: str, sections: tuple[str, ...], dry_run: bool) -> Iterable[str]:
    """Bring the registers of CLIENT (actions, obligations …) and their Excel copies together.

    The copy is made where there is none. What was edited in either is taken over into the other;
    where both changed one cell, both stay as they are, and the cells are named.
    """
    from cxlib.batch.registers import synchronise

    return synchronise(place(), client, sections, write=not dry_run)


@main.command()
@click.argument("what", type=click.Choice(["comments"]))
@click.argument("client")
@click.option("-n", "n", type=click.IntRange(min=1), default=200, show_default=True)
@click.option("--coder", "coders", multiple=True, help="Who codes; several get a file each.")
@click.option("--period", "-p", default="latest", show_default=True)
@click.option("--seed", type=int, default=20240601, show_default=True)
@kindly
def sample(
    what: str, client: str, n: int, coders: tuple[str, ...], period: str, seed: int
) -> Iterable[str]:
    """Draw a blind sample of the comments of CLIENT, as spreadsheets for people to code.

    They lie in data/CLIENT/coding; once filled in, chapter 03 says how far the codebook agrees.
    """
    from cxlib.batch.sample import sample as draw

    return draw(place(), client, n=n, coders=coders, period=period, seed=seed)


@main.command(name="map")
@click.argument("client")
@click.option("--period", "-p", default="latest", show_default=True)
@click.option("--language", "-l", "languages", multiple=True, type=click.Choice(["en", "zh"]))
@click.option("--svg", "kind", flag_value="svg", help="SVG instead of PDF.")
@click.option("--pdf", "kind", flag_value="pdf", default=True, hidden=True)
@kindly
def map_(client: str, period: str, languages: tuple[str, ...], kind: str) -> Iterable[str]:
    """Write the journey of CLIENT on one A3 sheet for the wall, in each of its languages.

    It lies beside the reports. Run chapter 06 (drivers) first: points are as large as they weigh.
    """
    from cxlib.batch.sample import wall_maps

    return wall_maps(place(), client, period=period, languages=languages, kind=kind)


@main.group()
def actions() -> None:
    """Draft actions from what the chapters found."""


@actions.command()
@click.argument("client")
@click.option("--period", "-p", default="latest", show_default=True)
@click.option("--dry-run", "-n", is_flag=True, help="Only say what would be drafted.")
@kindly
def propose(client: str, period: str, dry_run: bool) -> Iterable[str]:
    """Add an action for each grave finding to the register of CLIENT, to be agreed with it.

    What the client file records under chapters (service, monitoring) is taken over, once.
    """
    from cxlib.batch.registers import propose as draft

    return draft(place(), client, period=period, write=not dry_run)


@main.group()
def key() -> None:
    """Back up a client's key, or hand it over."""


@key.command(name="export")
@click.argument("client")
@click.argument("file", type=click.Path(path_type=Path))
@kindly
def export_(client: str, file: Path) -> None:
    """Copy the key of CLIENT to FILE, which only you can read."""
    from cxlib.data.keys import export_key

    export_key(client, place(), file)
    click.echo(f"{file}: whoever has it can tell which pseudonym is whose; pass it on in person.")


@key.command(name="import")
@click.argument("client")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@kindly
def import_(client: str, file: Path) -> None:
    """Take the key in FILE, which a colleague exported, as that of CLIENT."""
    from cxlib.data.keys import import_key

    import_key(client, place(), file)
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
@kindly
def new(client: str, files: tuple[Path, ...]) -> None:
    """Draft the file of CLIENT from the FILEs it sent (surveys, tickets, orders, members).

    The files are copied to data/CLIENT/; params/CLIENT.yaml asks about whatever is in doubt.
    """
    from cxlib.data.apart import apart
    from cxlib.data.draft import new as draft

    workspace = place()
    drafted = apart(draft, client, files, workspace)
    n = len(drafted.questions)
    if workspace.root not in (Path.cwd(), *Path.cwd().parents):
        click.echo(f"in {workspace.root}:")
    for path in (drafted.file, *drafted.copies):
        click.echo(f"  {workspace.shown(path)}")
    for question in drafted.questions:
        click.echo(f"  ? {question}")
    click.echo(
        f"{n} question{'' if n == 1 else 's'} in {workspace.shown(drafted.file)}: answer there, "
        f"removing each line `# ?`; then `cx check {client}` and `cx run {client}`."
    )


for command in COMMANDS:
    main.add_command(command)
