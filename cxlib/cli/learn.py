"""The command of the course: `cx learn`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from cxlib.cli.kindly import kindly


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
