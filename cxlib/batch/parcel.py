"""What travels between a run and its workers: a job's parcel, its limits and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxlib import __version__


@dataclass(frozen=True)
class Parcel:
    """Everything a job needs, and nothing of any other client.

    `files` are the inputs by their place in the job's folder, which is a small workspace: client
    file, logo, canonical tables, estimates, results of chapters it reads, catalogues. A Path is
    copied; bytes travel. `notebook` is the file name of one of them, or else `format` what is made
    of all chapters but the `missing` ones, by stem; `kit` is the version that packed it; `links`
    tells by stem the reports of chapters it reads, and their questions.
    """

    key: str
    client: str
    chapter: str
    period: str
    language: str
    notebook: str
    files: Mapping[str, bytes | Path]
    format: str = ""
    missing: tuple[str, ...] = ()
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    kit: str = __version__


@dataclass(frozen=True)
class Outcome:
    """What a job brings back.

    `files` holds ``report`` (HTML), ``notebook`` (executed), ``results`` (envelope), those that
    exist; `error` one line that names cell and reason, empty if it succeeded; `glance` what the
    index shows; `isolation` how it was kept to its folder; `attempts` how often it was begun.
    """

    key: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    glance: Mapping[str, Any] = field(default_factory=dict)
    isolation: str = ""
    attempts: int = 1
