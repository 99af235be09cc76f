"""The command of the course: `cx learn`."""

from __future__ import annotations

from pathlib import Path

import click

from cxlib.cli.kindly import kindly


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default="learn")
@click.option("--language", "-l", type=click.Choice(["en", "zh"]), help="Of the lessons.")
@click.option("--client", help="A course for this client's people: in the client's language.")
@click.option("--trainer", is_flag=True, help="Also what a trainer needs: solutions, guide, tests.")
@kindly
def learn(folder: Path, language: str | None, client: str | None, trainer: bool) -> None:
    """Lay out the course in FOLDER (learn/ by default): exercises, demo clients and their files.

    It is a workspace of its own, private and unknown to git. What is there already stays as it is;
    a second run adds what is missing.
    """
    from cxlib.batch.portfolio import consultancy
    from cxlib.learn.exercises import lay_out
    from cxlib.params import load
    from cxlib.workspace import Workspace

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
