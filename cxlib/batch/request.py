"""Run room: what a run was asked for, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.batch.job import Limits

if TYPE_CHECKING:
    from cxlib.batch.plan import Job


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line.

    Parameters
    ----------
    out : Path
        Where reports go.
    clients, chapters : tuple of str
        All, if empty.
    period : str
        A label or ``latest``.
    language : str
        ``en``, ``zh``, or empty for the client file's own.
    force : bool
        Run what is fresh as well.
    jobs : int
        Jobs at once.
    limits : Limits
        What each job may use, and whether its kernel starts cold.
    dask : str
        Address of a Dask scheduler; empty for this machine.
    """

    out: Path
    clients: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    period: str = "latest"
    language: str = ""
    force: bool = False
    jobs: int = 2
    limits: Limits = field(default_factory=Limits)
    dask: str = ""


@dataclass
class Ended:
    """How one job of this run ended."""

    job: Job
    state: str
    error: str = ""
    seconds: float = 0.0
    report: Path | None = None
    notebook: Path | None = None
    attempts: int = 0
    isolation: str = ""


@dataclass
class Run:
    """What a run did, for the table, the manifest and the exit code."""

    ended: list[Ended] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def failed(self) -> bool:
        """Whether anything that was to run did not succeed."""
        bad = ("failed", "blocked", "interrupted")
        return bool(self.faults) or self.interrupted or any(e.state in bad for e in self.ended)
