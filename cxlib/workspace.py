"""Where things lie: the folder that holds ``params/``, and what the kit keeps beside it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cxlib import __version__
from cxlib.errors import SetupError, nearest

JOB_VARIABLE = "CX_JOB"
"""Set inside a job of `cx run`: its folder holds the tables, and nobody is there to answer."""
_CLIENT = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][\w\u4e00-\u9fff.-]*")
_CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Workspace:
    """A folder with ``params/``, ``data/`` and, once the kit has run, ``.cx/`` and ``reports/``."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Workspace:
        """Return the workspace: ``CX_HOME``, else upward from `start`, else the kit's checkout.

        SetupError if ``CX_HOME`` names no workspace, or there is none.
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
            "make one with `cx init` (`cx init --demo` with a client to try), or set CX_HOME."
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

    def chapter_files(self) -> list[Path]:
        """Return all chapters' notebooks by name: the kit's, and the workspace's own.

        One of its own takes the place of the kit's of the same stem; an empty file ``only-these``
        beside them leaves the kit's out.
        """
        own = sorted((self.root / "notebooks").glob("*.ipynb"))
        if (self.root / "notebooks" / "only-these").is_file():
            return own
        stems = {re.sub(r"^\d+-", "", path.stem) for path in own}
        kits = kit_file("notebooks").glob("*.ipynb")
        added = [path for path in kits if re.sub(r"^\d+-", "", path.stem) not in stems]
        return sorted([*own, *added], key=lambda path: path.name)

    def client_file(self, client: str | int) -> Path:
        """Return the path of a client's file; SetupError, with the nearest, if it has none."""
        name = check_client_name(client)
        path = self.params / f"{name}.yaml"
        if not path.is_file():
            raise SetupError(f"no client {name!r} in {self.params}{nearest(name, self.clients())}")
        return path

    def clients(self) -> list[str]:
        """Return the names of all clients that have a parameter file."""
        return sorted(p.stem for p in self.params.glob("*.yaml") if p.stem != "template")

    def known(self) -> list[str]:
        """Return all clients; SetupError, which says how to make one, if there is none."""
        found = self.clients()
        if not found:
            raise SetupError(
                f"no client in {self.params}: draft one with `cx new CLIENT FILE…` from its files, "
                "or try the kit with `cx init --demo`."
            )
        return found

    def data(self, client: str) -> Path:
        """Return the folder of a client's raw files, which are only read, and of its registers."""
        return self.root / "data" / check_client_name(client)

    def state(self, client: str) -> Path:
        """Return the folder of what the kit made of a client: its tables, results and run state."""
        return self.root / ".cx" / check_client_name(client)

    def tables(self, client: str) -> Path:
        """Return the folder of a client's canonical tables."""
        return self.state(client) / "tables"

    def kpis(self, client: str) -> Path:
        """Return the folder of a client's estimates."""
        return self.state(client) / "kpis"

    def ids(self, client: str) -> Path:
        """Return the file of keyed digests by which raw ids are found in outputs."""
        return self.state(client) / "ids.bin"

    def register(self, client: str, section: str) -> Path:
        """Return where a register lies as it was last taken in."""
        return self.state(client) / "registers" / f"{as_name(section)}.json"

    def results(self, client: str) -> Path:
        """Return the folder of the results that chapters saved for later chapters."""
        return self.state(client) / "results"

    def result(self, client: str, period: str, language: str, chapter: str) -> Path:
        """Return where the results of a chapter lie; some of them hold sentences of a language."""
        folder = self.results(client) / as_name(period) / as_name(language)
        return folder / f"{as_name(chapter)}.json"

    def runs(self, client: str, period: str, language: str) -> Path:
        """Return the folder of the records and executed notebooks of jobs."""
        return self.state(client) / "runs" / as_name(period) / as_name(language)

    @property
    def manifest(self) -> Path:
        """Where the account of the last run lies."""
        return self.root / ".cx" / "manifest.json"

    @property
    def explore(self) -> Path:
        """The folder of notebooks to explore in, a folder a client."""
        return self.root / "explore"

    def explored(self, client: str) -> Path:
        """Return the folder of a client's copies of notebooks, to explore in."""
        return self.explore / check_client_name(client)

    def forms(self, client: str) -> Path:
        """Return the folder of a client's forms: questionnaire, guides, visit plan."""
        return self.root / "forms" / check_client_name(client)

    def issued(self, client: str) -> Path:
        """Return the folder of what was sent to a client, a folder a period and version."""
        return self.root / "issued" / check_client_name(client)

    def shown(self, path: Path) -> str:
        """Return `path` as a message names it: relative to the workspace where it lies there."""
        path = Path(path)
        inside = path.is_relative_to(self.root)
        return (path.relative_to(self.root) if inside else path).as_posix()


def check_client_name(client: object) -> str:
    """Return a client's name if it is a plain file name; SetupError otherwise."""
    name = str(client)
    odd = not _CLIENT.fullmatch(name) or ".." in name or name.endswith(".")
    if odd or _RESERVED.fullmatch(name) or len(name.encode("utf-8")) > _LONGEST:
        raise SetupError(
            f"{name!r} is not a client's name; it is a file name in params/ without .yaml: "
            "letters, digits, '-' and '_'."
        )
    return name


_LONGEST = 100
"""Bytes of a file's name: file systems allow 255, and a suffix or two is added."""

_SAFE = re.compile(r"[^\W_](?:[\w ()+-]|\.(?!\.))*")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\..*)?", re.IGNORECASE)


def as_name(text: str) -> str:
    """Return any text as the name of one file or folder: always the same, and no two texts alike.

    A plain label (``2026Q3``, ``Wave 2``, ``第一期``) is its own name. Of any other, what is
    harmless stays readable, and ``~`` with a digest of the whole tells it apart: of what is too
    long (100 bytes) or empty, holds separators or other special characters, begins with a dot, is
    reserved on Windows, is not in Unicode's composed form, or differs from another by case only.
    """
    plain = (
        _SAFE.fullmatch(text)
        and not text.endswith((".", " "))
        and not _RESERVED.fullmatch(text)
        and unicodedata.normalize("NFKC", text) == text
        and len(text.encode("utf-8")) <= _LONGEST
        and text == _usual_case(text.casefold())
    )
    if plain:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    words = unicodedata.normalize("NFKC", text).encode("utf-8", "ignore").decode("utf-8")
    kept = re.sub(r"[^\w-]+", "-", words).strip("-_").encode("utf-8")[:60].decode("utf-8", "ignore")
    return f"{kept}~{digest}"


def _usual_case(folded: str) -> str:
    """Return the one spelling, of those that differ in case, that is its own name."""
    if " " in folded:
        return folded.capitalize()  # "Wave 2", "Autumn 2025"
    return re.sub(r"[^\W\d_]+", lambda run: run[0].upper() if len(run[0]) == 1 else run[0], folded)


def report_folder(client: str, period: str, language: str) -> Path:
    """Return where a client's reports lie below the folder of all reports."""
    return Path(check_client_name(client)) / as_name(period) / as_name(language)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def kit_digest() -> str:
    """Return the digest of the kit itself: its version and, file by file, its code and words."""
    package, total = Path(__file__).resolve().parent, hashlib.sha256(__version__.encode("utf-8"))
    kinds = (".py", ".po", ".j2", ".css", ".json", ".yaml", ".csv")
    for path in sorted(p for p in package.rglob("*") if p.suffix in kinds):
        if "_kit" not in path.parts:
            total.update(f"{path.relative_to(package)}:{file_digest(path)}".encode())
    return total.hexdigest()


def make_private(folder: Path) -> None:
    """Make a folder that only its user can enter; those above it in ``.cx`` as well."""
    missing = [folder, *folder.parents]
    own = [path for path in missing if ".cx" in path.parts]
    for path in reversed(own or [folder]):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            try:
                path.chmod(0o700)
            except PermissionError:
                raise SetupError(
                    f"{path} belongs to another user; each works in a workspace of their own."
                ) from None


def make_way(path: Path) -> None:
    """Take away a folder where a file belongs: whatever it holds under ``.cx``, else if empty."""
    if path.is_dir() and not path.is_symlink():
        if ".cx" in path.parts:
            shutil.rmtree(path)
        else:
            path.rmdir()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, come what may: beside it first, to disk, then renamed.

    What lies under ``.cx`` is for its user alone.
    """
    make_way(path)
    if ".cx" in path.parts:
        make_private(path.parent)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:80]}.{os.getpid()}.part")
    mode = 0o600 if ".cx" in path.parts else 0o666
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(beside, flags | getattr(os, "O_BINARY", 0), mode), "wb") as file:
            file.write(content)
            file.flush()
            if JOB_VARIABLE not in os.environ:  # a job's folder is gone when it ends
                os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def kit_file(name: str) -> Path:
    """Return a file or folder that the kit carries: in the checkout, or inside the wheel."""
    packed = Path(__file__).resolve().parent / "_kit" / name
    return packed if packed.exists() else _CHECKOUT / name


def kit_yaml(path: Path) -> Any:
    """Return what one of the kit's own YAML files holds; libyaml reads it in a tenth of the time.

    Clients' files are read by ruamel, which knows where a value stands.
    """
    import yaml

    text = path.read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
