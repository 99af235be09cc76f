"""How every command speaks, and those of the desk: to explore, to begin, to learn, to read up."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cxlib.workspace import Workspace


def kindly(command: Callable[..., Iterable[str] | None]) -> Callable[..., None]:
    """Say the lines that a command returns, and the kit's own errors in a line or two.

    No traceback, unless one is asked for.
    """

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        from cxlib.errors import CxError

        try:
            for line in command(*args, **kwargs) or ():
                click.echo(line)
        except CxError as error:
            if click.get_current_context().find_root().params.get("traceback"):
                raise
            click.echo(f"cx: {error}", err=True)
            sys.exit(1)

    return run


def place() -> Workspace:
    """Return the workspace that this folder is in, or that ``CX_HOME`` names.

    A notebook finds the kit's checkout from anywhere; a command writes, and so says where to go.
    """
    from cxlib.errors import SetupError
    from cxlib.workspace import Workspace

    workspace, here = Workspace.find(), Path.cwd().resolve()
    if not os.environ.get("CX_HOME") and workspace.root not in (here, *here.parents):
        raise SetupError(
            f"{here} is in no workspace: neither it nor a folder above holds params/. Change to "
            f"{workspace.root}, or make a workspace here with `cx init` (`cx init --demo` with a "
            "client to try); CX_HOME names one from anywhere."
        )
    return workspace


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[CLIENT…] [OPTIONS]")
@click.option("--chapter", "-c", "chapters", multiple=True, help="Open these, by stem.")
@kindly
def lab(arguments: tuple[str, ...], chapters: tuple[str, ...]) -> None:
    """Explore CLIENT (all, if none is named) in JupyterLab, in copies of the chapters.

    The copies lie in explore/<client>/, which git ignores, in the client's language and with its
    name filled in, beside a start page; what you changed there stays. Options that are not known
    here are JupyterLab's.
    """
    from itertools import takewhile

    from cxlib.batch.chapters import choose, discover
    from cxlib.batch.explore import explore, lab_settings

    workspace = place()
    every = discover(workspace).chapters
    chosen = choose(every, chapters) if chapters else ()
    named = tuple(takewhile(lambda word: not word.startswith("-"), arguments))
    pages = []
    for name in named or workspace.known():
        start, *copies = explore(workspace, name, every)
        asked = {chapter.path.name for chapter in chosen}
        pages += [copy for copy in copies if copy.name in asked] or [start]
    os.environ.setdefault("CX_HOME", str(workspace.root))
    settings = lab_settings(workspace, (named or workspace.known())[0])
    path = (str(settings), os.environ.get("JUPYTER_CONFIG_PATH", ""))
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, path))
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={workspace.root}"]
    if named:
        first = pages[0].relative_to(workspace.root).as_posix()
        command.append(f"--LabApp.default_url=/lab/tree/{first}")
    os.execv(sys.executable, [*command, *arguments[len(named) :]])


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--demo", is_flag=True, help="With the demo client nova-mall, to try the kit on.")
@kindly
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


@click.command(name="new-chapter")
@click.argument("number", type=click.IntRange(0, 99))
@click.argument("stem")
@kindly
def new_chapter(number: int, stem: str) -> None:
    """Write a working chapter NUMBER-STEM: the files that it is made of.

    In a checkout of the kit a notebook, a folder and a test; elsewhere a notebook that joins the
    kit's own.
    """
    from cxlib.report.skeleton import new_chapter as write

    workspace = place()
    for path in write(workspace, number, stem):
        click.echo(f"  {workspace.shown(path)}")
    click.echo(f"Try it: cx run -c {stem}; then ARCHITECTURE.md, To add a chapter.")


@click.command()
@kindly
def catalogue() -> None:
    """Bring the messages of your own chapters up to date, and list those without a translation.

    They lie beside the notebook: 90-mine.ipynb is told in Chinese by 90-mine.zh.po.
    """
    from cxlib.report.catalogue import bring

    workspace = place()
    for path, held, lacking in bring(workspace):
        click.echo(f"{workspace.shown(path)}: {held} messages, {len(lacking)} untranslated")
        for message in lacking:
            click.echo(f"    {message}")


@click.command()
@click.argument("client")
@click.option("--replace", is_flag=True, help="Write anew what is there; it is kept as .bak.")
@kindly
def form(client: str, replace: bool) -> Iterable[str]:
    """Write the forms of CLIENT to forms/CLIENT: questionnaire, guides, needs, mystery visits.

    In every language of the client file; the questionnaire also as text that Qualtrics,
    问卷星 and LimeSurvey import.
    What comes back filled in is read by the same client file.
    """
    from cxlib import params
    from cxlib.chapters.fieldwork.forms import write

    workspace = place()
    return write(params.load(client, workspace), workspace, replace=replace)


@click.command()
@kindly
def handbook() -> None:
    """Write the handbook of methods beside the reports, in every language."""
    from cxlib.report.handbook import write
    from cxlib.workspace import kit_digest

    workspace = place()
    for path in write(workspace.reports, kit_digest()):
        click.echo(f"  {workspace.shown(path)}")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default="learn")
@click.option("--language", "-l", type=click.Choice(["en", "zh"]), help="Of the lessons.")
@click.option("--client", help="A course for this client's people: in the client's language.")
@click.option("--trainer", is_flag=True, help="Also what a trainer needs: solutions, guide, tests.")
@click.option(
    "--mark",
    "answers",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Only mark this sheet of answers to the test; writes training.yaml beside it.",
)
@click.option(
    "--held",
    type=click.DateTime(["%Y-%m-%d"]),
    help="With --mark: the last day of the course; today by default.",
)
@kindly
def learn(
    folder: Path,
    language: str | None,
    client: str | None,
    trainer: bool,
    answers: Path | None,
    held: dt.datetime | None,
) -> None:
    """Lay out the course in FOLDER (learn/ by default): exercises, demo clients and their files.

    It is a workspace of its own, private and unknown to git. What is there already stays as it is;
    a second run adds what is missing.
    """
    from cxlib.batch.portfolio import consultancy
    from cxlib.learn.exercises import lay_out
    from cxlib.params import load
    from cxlib.workspace import Workspace

    if answers is not None:
        from cxlib.learn.marks import write

        marked = write(answers, (held or dt.datetime.now()).date())
        click.echo(f"{marked}: `training:` in a client's file reads it; chapter 13 reports it.")
        return
    if language is None and client is not None:
        language = load(client, Workspace.find()).languages[0]
    spoken = language or consultancy().language
    made = lay_out(folder, spoken, trainer=trainer)
    for path in made:
        click.echo(f"  {path.as_posix()}")
    click.echo(
        f"{len(made)} added. Next: cd {folder}; jupyter lab lessons/{spoken}"
        if made
        else f"Nothing was missing in {folder}; all stays as it is."
    )


COMMANDS = (learn, form, lab, init, new_chapter, catalogue, handbook)
