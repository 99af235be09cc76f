"""Refuse a commit of notebooks that hold outputs: what a notebook showed of a client stays here.

Git runs it by `.ci/hooks/pre-commit`, which `make lab` sets up; Python alone is enough for it.
"""

import json
import subprocess
import sys


def shown(content: bytes) -> str:
    """Return what a notebook holds besides its text and code; empty if nothing."""
    try:
        notebook = json.loads(content)
        cells = notebook["cells"]
        found = {
            "outputs": any(cell.get("outputs") for cell in cells),
            "execution counts": any(cell.get("execution_count") for cell in cells),
            "attachments": any(cell.get("attachments") for cell in cells),
            "states of widgets": bool(notebook.get("metadata", {}).get("widgets")),
        }
    except (ValueError, LookupError, TypeError, AttributeError):
        return "cannot be read as a notebook"
    return ", ".join(name for name, there in found.items() if there)


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], check=True, stdout=subprocess.PIPE).stdout


def main() -> int:
    """Look at every notebook that is about to be committed, as it is staged."""
    staged = _git("diff", "--cached", "--name-only", "--no-renames", "--diff-filter=d", "-z")
    bad = {}
    for name in staged.decode("utf-8", "surrogateescape").split("\0"):
        if name.lower().endswith(".ipynb"):
            holds = shown(_git("cat-file", "blob", f":{name}"))
            bad |= {name: holds} if holds else {}
    for name, holds in bad.items():
        print(f"{name}: {holds}".encode("utf-8", "replace").decode("utf-8"), file=sys.stderr)
    if bad:
        print(
            "Not committed. Clear them (`nbstripout FILE`, or Edit > Clear Outputs of All Cells), "
            "`git add` again; explore in `cx lab CLIENT`, whose copies git ignores.",
            file=sys.stderr,
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
