"""``python -m cxlib.data.demo [--root DIR]``: rebuild the demo clients' raw files."""

from __future__ import annotations

from pathlib import Path

import click

from cxlib.data.demo import build
from cxlib.workspace import Workspace


@click.command()
@click.option(
    "--root", type=click.Path(path_type=Path), help="Workspace; default: the present one."
)
def main(root: Path | None) -> None:
    """Rebuild the raw files and public keys of the demo clients under ROOT/data."""
    base = (root or Workspace.find().root).resolve()
    for path in build(base):
        click.echo(f"{path.relative_to(base).as_posix()}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
