"""``python -m cxlib.data.demo [--root DIR] [--seed N]``: the demo clients, or an unseen one."""

from __future__ import annotations

from pathlib import Path

import click

from cxlib.data.demo import build
from cxlib.data.demo.unseen import build_unseen
from cxlib.workspace import Workspace


@click.command()
@click.option(
    "--root", type=click.Path(path_type=Path), help="Workspace; default: the present one."
)
@click.option("--seed", type=click.IntRange(0), help="Make the unseen client of this seed instead.")
@click.option(
    "--truth",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what is planted in it; ROOT/truth by default.",
)
def main(root: Path | None, seed: int | None, truth: Path | None) -> None:
    """Rebuild the raw files and public keys of the demo clients under ROOT/data.

    With --seed: an unseen client's file and data, and its truth, for the trainer, apart from both.
    """
    base = (root or Workspace.find().root).resolve()
    told = (truth or base / "truth").resolve()
    made = build(base) if seed is None else build_unseen(base, seed, truth_to=told)
    if not made:
        click.echo(f"unseen-{seed} is there already; nothing was changed.")
    for path in made:
        if not path.is_relative_to(base):
            click.echo(f"{path}  {path.stat().st_size:,} bytes")
            continue
        click.echo(f"{path.relative_to(base).as_posix()}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
