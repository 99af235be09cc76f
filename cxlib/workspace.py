"""Where things lie: the folder that holds ``params/``, and what the kit keeps beside it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import SetupError, nearest

_CLIENT = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][\w\u4e00-\u9fff.-]*")
_CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Workspace:
    """A folder with ``params/``, ``data/`` and, once the kit has run, ``.cx/`` and ``reports/``.

    Parameters
    ----------
    root : Path
        The folder, absolute.
    """

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """Return the workspace: ``CX_HOME``, else upward from `start`, else the kit's checkout.

        Raises
        ------
        SetupError
            If ``CX_HOME`` names no workspace, or there is none.
        """
        named = os.environ.get("CX_HOME")
        if named:
            root = Path(named).expanduser().resolve()
            if not (root / "params").is_dir():
                raise SetupError(f"CX_HOME is {named!r}, which holds no params/ folder.")
            return cls(root)
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents, _CHECKOUT):
            if (folder / "params").is_dir() and not (folder / "__init__.py").is_file():
                return cls(folder)
        raise SetupError(
            f"no workspace: neither {here} nor a folder above it holds params/; "
            "make one with `cx init`, or set CX_HOME."
        )

    @property
    def params(self) -> Path:
        """The client files."""
        return self.root / "params"

    @property
    def reports(self) -> Path:
        """The reports, by client, period and language."""
        return self.root / "reports"

    @property
    def notebooks(self) -> Path:
        """The chapters: the workspace's own folder, else the one that came with the kit."""
        own = self.root / "notebooks"
        return own if own.is_dir() else kit_file("notebooks")

    def client_file(self, client: str | int) -> Path:
        """Return the path of a client's parameter file.

        Raises
        ------
        SetupError
            If the name could leave the folder, or no such file exists; names the nearest client.
        """
        name = check_client_name(client)
        path = self.params / f"{name}.yaml"
        if not path.is_file():
            raise SetupError(f"no client {name!r} in {self.params}{nearest(name, self.clients())}")
        return path

    def clients(self) -> list[str]:
        """Return the names of all clients that have a parameter file."""
        return sorted(p.stem for p in self.params.glob("*.yaml") if p.stem != "template")

    def data(self, client: str) -> Path:
        """Return the folder of a client's raw files; the kit reads there and never writes."""
        return self.root / "data" / check_client_name(client)

    def state(self, client: str) -> Path:
        """Return the folder of what the kit made of a client: its tables, results and run state."""
        return self.root / ".cx" / check_client_name(client)

    def tables(self, client: str) -> Path:
        """Return the folder of a client's canonical tables."""
        return self.state(client) / "tables"

    def kpis(self, client: str) -> Path:
        """Return where a client's estimates are kept."""
        return self.state(client) / "kpis"

    def results(self, client: str) -> Path:
        """Return the folder of the results that chapters saved for later chapters."""
        return self.state(client) / "results"

    def shown(self, path: Path) -> str:
        """Return `path` as a message names it: relative to the workspace where it lies there."""
        path = Path(path)
        inside = path.is_relative_to(self.root)
        return (path.relative_to(self.root) if inside else path).as_posix()


def check_client_name(client: object) -> str:
    """Return a client's name if it is a plain file name, and refuse it otherwise.

    Raises
    ------
    SetupError
        If it is empty or holds anything but letters, digits, ``-``, ``_`` and single dots.
    """
    name = str(client)
    if not _CLIENT.fullmatch(name) or ".." in name or name.endswith("."):
        raise SetupError(
            f"{name!r} is not a client's name; it is a file name in params/ without .yaml: "
            "letters, digits, '-' and '_'."
        )
    return name


def kit_file(name: str) -> Path:
    """Return a file or folder that the kit carries: in the checkout, or inside the wheel."""
    packed = Path(__file__).resolve().parent / "_kit" / name
    return packed if packed.exists() else _CHECKOUT / name
