"""The data room: what building a table met: faults to report, rows dropped, values set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.data.readers import Raw
from cxlib.errors import nearest

Path = tuple[str | int, ...]
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing wrong with the data, and the key of the client file that speaks of it.

    Parameters
    ----------
    path : tuple
        Where in the client file: keys, and places in lists.
    message : str
        What is wrong and what would be right.
    value : object
        The value in question, if one is.
    severity : {"error", "warning"}
        Whether it stops the work.
    """

    path: Path
    message: str
    value: object = None
    severity: Literal["error", "warning"] = "error"


@dataclass(kw_only=True)
class Ledger:
    """Everything met while one table is built; it grows, so that all is said at once.

    Parameters
    ----------
    issues : list of Issue
        Errors and warnings, in the order they were met.
    rows_read : int
        Rows below the header of all files.
    dropped : dict
        Rows left out, by reason (an English msgid).
    off_scale : dict
        Answers counted as missing since they lie off their scale, by key.
    masked : dict
        Markers set in comments, by kind.
    """

    issues: list[Issue] = field(default_factory=list)
    rows_read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    off_scale: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)

    def error(self, path: Path, message: str, value: object = None) -> None:
        """Note what stops the work."""
        self.issues.append(Issue(path=path, message=message, value=value))

    def warn(self, path: Path, message: str, value: object = None) -> None:
        """Note what the consultant should know."""
        self.issues.append(Issue(path=path, message=message, value=value, severity="warning"))

    def drop(self, reason: str, n: int) -> None:
        """Count rows left out for a reason (a marked msgid)."""
        if n:
            self.dropped[reason] = self.dropped.get(reason, 0) + int(n)

    @property
    def failed(self) -> bool:
        """Whether anything stops the work."""
        return any(issue.severity == "error" for issue in self.issues)

    def column(self, raw: Raw, name: str | None, path: Path) -> pd.Series | None:
        """Return a column of a source; note it if it is not there, or not in every file.

        Parameters
        ----------
        raw : Raw
            The source.
        name : str or None
            The column that the client file names; None where it names none.
        path : tuple
            Where it names it.

        Returns
        -------
        pandas.Series of str or None
            The cells; None if there is no such column.
        """
        if name is None:
            return None
        wanted = " ".join(name.split())
        if wanted not in raw.frame:
            near = nearest(wanted, raw.columns)
            self.error(path, f"column {name!r} is not in {raw.name}{near}", name)
            return None
        without = [file.name for file in raw.files if wanted in file.absent]
        if without:
            listed = ", ".join(without[:_SHOWN]) + (", …" if len(without) > _SHOWN else "")
            self.warn(
                path,
                f"column {name!r} is missing in {len(without)} of {len(raw.files)} files "
                f"({listed}); it counts as no answer there.",
                name,
            )
        return raw.frame[wanted]


def examples(raw: Raw, texts: pd.Series, mask: pd.Series) -> str:
    """Return the values under a mask, with where they stand: ``'11' (survey.csv row 17), …``.

    Parameters
    ----------
    raw : Raw
        Where the texts are from.
    texts : pandas.Series of str
        One cell a row of `raw`.
    mask : pandas.Series of bool
        Which to show; the first of each different value.
    """
    found = texts[mask.to_numpy(dtype=bool)]
    first = found[~found.duplicated()]
    positions = np.flatnonzero(mask.to_numpy(dtype=bool))[~found.duplicated().to_numpy()]
    counts = found.value_counts()
    shown = [
        f"{text!r} ({_times(int(counts[text]))}{raw.at(int(position))})"
        for text, position in list(zip(first, positions, strict=True))[:_SHOWN]
    ]
    return ", ".join(shown) + (", …" if len(first) > _SHOWN else "")


def places(raw: Raw, positions: Sequence[int]) -> str:
    """Return where rows stand: ``survey.csv row 3 and survey.csv row 9``."""
    return " and ".join(raw.at(int(position)) for position in positions)


def _times(n: int) -> str:
    return f"{n} times, first " if n > 1 else ""
