"""Commands of the desk: to explore, to begin a workspace or a chapter, to read about methods."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cxlib.cli.kindly import kindly, place


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
    import os
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
def form(client: str, replace: bool) -> None:
    """Write the forms of CLIENT to forms/CLIENT: questionnaire, guides, needs, mystery visits.

    In every language of the client file; the questionnaire also as text that Qualtrics,
    问卷星 and LimeSurvey import.
    What comes back filled in is read by the same client file.
    """
    from cxlib import params
    from cxlib.chapters.fieldwork.forms import write

    workspace = place()
    for line in write(params.load(client, workspace), workspace, replace=replace):
        click.echo(line)


@click.command()
@kindly
def handbook() -> None:
    """Write the handbook of methods beside the reports, in every language."""
    from cxlib.report.handbook import write
    from cxlib.workspace import kit_digest

    workspace = place()
    for path in write(workspace.reports, kit_digest()):
        click.echo(f"  {workspace.shown(path)}")


COMMANDS = (form, lab, init, new_chapter, catalogue, handbook)
