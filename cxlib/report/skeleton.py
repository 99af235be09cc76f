"""A new chapter that works from the first minute: `cx new-chapter NN stem`."""

from __future__ import annotations

import re
from pathlib import Path

from cxlib.errors import SetupError
from cxlib.report.html import TEMPLATES
from cxlib.workspace import Workspace

_STEM = re.compile(r"[a-z][a-z0-9-]*")


def new_chapter(workspace: Workspace, number: int, stem: str) -> list[Path]:
    """Write a working chapter, and return its files.

    In a checkout of the kit: notebook, folder and test. In a workspace: a notebook that joins the
    kit's own there. SetupError if the name will not do, or that name or number is there.
    """
    if not _STEM.fullmatch(stem):
        raise SetupError(f"{stem!r} is no name of a chapter: small letters, digits and '-'.")
    if not 0 <= number <= 99:
        raise SetupError(f"{number} is no number of a chapter: from 0 to 99.")
    root, module = workspace.root, stem.replace("-", "_")
    notebook = root / "notebooks" / f"{number:02d}-{stem}.ipynb"
    for path in sorted(notebook.parent.glob("*.ipynb")):
        if path.stem.startswith(f"{number:02d}-") or path.stem.partition("-")[2] == stem:
            raise SetupError(f"{path.name} is there already; nothing was changed.")
    kit = root / "cxlib" / "chapters"
    places = {
        "private.ipynb": notebook, "notebook.ipynb": notebook,
        "test.py": root / "tests" / "chapters" / f"test_{module}.py",
    }  # fmt: skip
    kits = sorted((TEMPLATES / "chapter").glob("*.j2"))
    files = {}
    for path in kits if kit.is_dir() else [TEMPLATES / "private.ipynb.j2"]:
        text = path.read_text(encoding="utf-8").replace("STEM", stem).replace("MODULE", module)
        text = text.replace("Chapter NN", f"Chapter {number:02d}")
        files[places.get(path.stem, kit / module / path.stem)] = text
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)
