"""The command `cx`: thin and lazy; what it says is here, what it does is elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cxlib.batch.run import Ended, Run


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
@click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Processes at once; one a core by default."
)
@click.option("--force", is_flag=True, help="Also run what is fresh.")
@_kindly
def run(
    clients: tuple[str, ...],
    chapters: tuple[str, ...],
    period: str,
    language: str | None,
    out: Path | None,
    jobs: int | None,
    force: bool,
) -> None:
    """Execute chapters for CLIENTS (all, if none is named) and write their reports."""
    import os

    from tqdm import tqdm

    from cxlib.batch import run as batch
    from cxlib.plots import theme
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    theme.font_family()
    request = batch.Request(
        out=(out or workspace.reports).resolve(),
        clients=clients,
        chapters=chapters,
        period=period,
        language=language or "",
        force=force,
        jobs=jobs or os.cpu_count() or 1,
    )
    plan = batch.make_plan(workspace, request)
    due = sum(job.due for job in plan.jobs)
    with tqdm(total=due, unit="job", disable=not sys.stderr.isatty(), leave=False) as bar:

        def said(ended: Ended) -> None:
            if ended.job.due:
                bar.update()
                bar.write(_line(ended), file=sys.stderr)

        result = batch.execute(workspace, plan, request, said=said)
    index = batch.write_run_index(request.out, result)
    _summary(result, index)
    sys.exit(1 if result.failed else 0)


def _line(ended: Ended) -> str:
    job = ended.job
    sign = {"done": "✓", "failed": "✗", "blocked": "–"}.get(ended.state, "·")
    named = (job.client, job.chapter.file, job.period, job.language, f"{ended.seconds:.1f} s")
    text = f"{sign} {' · '.join(named)}"
    return f"{text}\n    {ended.error}" if ended.error else text


def _summary(result: Run, index: Path) -> None:
    for client, fault in result.faults.items():
        click.echo(f"✗ {client}\n    " + fault.replace("\n", "\n    "), err=True)
    counts: dict[str, int] = {}
    for ended in result.ended:
        counts[ended.state] = counts.get(ended.state, 0) + 1
    told = ", ".join(f"{n} {state}" for state, n in counts.items()) or "nothing to do"
    if result.faults:
        told += f", {len(result.faults)} client(s) refused"
    click.echo(told)
    for ended in result.ended:
        if ended.report is not None and ended.state in ("done", "fresh"):
            click.echo(f"  {ended.state:6} {_shown(ended.report)}")
    click.echo(f"Index: {_shown(index)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@main.command()
@click.argument("clients", nargs=-1)
@_kindly
def check(clients: tuple[str, ...]) -> None:
    """Say all that is wrong with the files and data of CLIENTS, running nothing."""
    from cxlib import params
    from cxlib.data.check import check as check_data
    from cxlib.errors import CxError
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    bad = False
    for name in clients or workspace.clients():
        try:
            faults = check_data(params.load(name, workspace), workspace)
        except CxError as error:
            click.echo(f"✗ {name}\n    " + str(error).replace("\n", "\n    "))
            bad = True
            continue
        errors = [fault for fault in faults if fault.severity == "error"]
        bad = bad or bool(errors)
        click.echo(f"{'✗' if errors else '✓'} {name}")
        for fault in faults:
            click.echo(f"    {fault.severity}: {fault}")
    sys.exit(1 if bad else 0)


@main.command(name="list")
@click.argument("clients", nargs=-1)
@click.option("--period", "-p", default="latest", show_default=True)
@_kindly
def list_(clients: tuple[str, ...], period: str) -> None:
    """Show clients, chapters, and how each report stands."""
    from cxlib.batch import run as batch
    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    plan = batch.make_plan(
        workspace, batch.Request(out=workspace.reports, clients=clients, period=period)
    )
    for job in plan.jobs:
        named = f"{job.client:20} {job.chapter.file:20} {job.period:8} {job.language:3}"
        click.echo(f"{named} {job.state:15} {job.reason}".rstrip())
    for client, fault in plan.faults.items():
        click.echo(f"{client:20} {fault}", err=True)
    sys.exit(1 if plan.faults else 0)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@_kindly
def lab(arguments: tuple[str, ...]) -> None:
    """Open JupyterLab on the notebooks of this workspace."""
    import os

    from cxlib.workspace import Workspace

    workspace = Workspace.find()
    folder = workspace.notebooks
    os.environ.setdefault("CX_HOME", str(workspace.root))
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={folder}", *arguments]
    os.execv(sys.executable, command)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@_kindly
def init(folder: Path) -> None:
    """Make a workspace in FOLDER: params/ with the template, and data/."""
    from shutil import copyfile

    from cxlib.errors import SetupError
    from cxlib.workspace import kit_file

    template = folder / "params" / "template.yaml"
    if template.exists():
        raise SetupError(f"{template} is there already; nothing was changed.")
    template.parent.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    copyfile(kit_file("params") / "template.yaml", template)
    click.echo(
        f"Copy {template} to {template.parent}/<client>.yaml, "
        f"and put the data into {folder}/data/<client>/."
    )
