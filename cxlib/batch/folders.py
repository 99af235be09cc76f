"""Run room: the folders that jobs work in: private, gone afterwards, swept if a run was killed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cxlib.batch.lock import held, try_hold

_PREFIX, _NEW = "cx-job-", "cx-new-"
_LONGEST = 60
"""A socket's path has at most 107 bytes, of which the folder's own names need some forty."""


@contextmanager
def job_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, and remove it at the end.

    Yields
    ------
    Path
        Absolute, without symbolic links.
    """
    fresh = Path(tempfile.mkdtemp(prefix=_NEW, dir=_base()))
    whole = fresh.with_name(fresh.name.replace(_NEW, _PREFIX))
    try:
        with held(fresh / "held"):  # held before it goes by the name that `sweep` looks for
            fresh.rename(whole)
            folder = whole / "j"
            folder.mkdir()
            yield folder
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(whole, ignore_errors=True)


def sweep() -> int:
    """Remove the folders of jobs whose run was killed; returns how many."""
    gone = 0
    for folder in _base().glob(f"{_PREFIX}*"):
        with suppress(OSError), try_hold(folder / "held") as mine:
            if mine:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


def _base() -> Path:
    base = Path(tempfile.gettempdir()).resolve()
    if len(str(base)) > _LONGEST and Path("/tmp").is_dir():
        return Path("/tmp").resolve()
    return base
