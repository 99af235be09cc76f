"""A client's raw files, one or many, as one frame of text that knows its rows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.data import text as texts
from cxlib.data.excel import UNSAVED
from cxlib.data.formats import SUFFIXES, Content, matches, read_content
from cxlib.data.layout import ANY, Grid, Integers, Named, lay_out
from cxlib.data.overlaps import same_rows
from cxlib.data.platforms import header_name
from cxlib.errors import Count, DataError, nearest
from cxlib.workspace import file_digest

if TYPE_CHECKING:
    from cxlib.params.source import Source

_GLOB = re.compile(r"[*?\[]")
_SHOWN = 3
LONGEST = 100_000
"""Characters of a cell: three times what a cell of Excel holds; more is a broken file."""


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """One file as it was read.

    `absent` are columns that other files of the source have and this one lacks, `spoilt` those with
    errors of a spreadsheet (in how many rows, and the first), `told` says how it was read (sheet,
    sheets left, encoding with a sample, platform).
    """

    name: str
    sha256: str
    rows: int
    columns: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    spoilt: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    platform: str = ""


@dataclass(frozen=True, kw_only=True)
class Raw:
    """The rows of a source, all cells as text.

    `file` and `row` say for each row in which of `files` it stands and its number as a spreadsheet
    shows it; `empty` counts wholly empty rows and `left` other rows that are no answers; `period`
    is what each row's file name says; `decimal` is a comma where the files write decimals so.
    Of many rows the free texts stand `aside` on disk, a frame a piece, of whose rows `held` are
    among these; `frame` has a blank column for each.
    """

    frame: pd.DataFrame
    files: tuple[RawFile, ...]
    file: Integers
    row: Integers
    empty: int = 0
    left: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, list[str]] = field(default_factory=dict)
    wording: dict[str, str] = field(default_factory=dict)
    period: pd.Series | None = None
    decimal: str = ""
    aside: Any = None
    held: Any = None

    def at(self, position: int) -> str:
        """Return where the row at `position` stands: ``survey.csv row 17``."""
        return f"{self.files[self.file[position]].name} row {self.row[position]}"

    @property
    def name(self) -> str:
        """What a message calls the source."""
        names = [file.name for file in self.files]
        return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"

    @property
    def platforms(self) -> set[str]:
        """Who wrote the files, as far as it is known."""
        return {file.platform for file in self.files} - {""}

    def texts(self, name: str) -> pd.Series:
        """Return the cells of a column of `frame`."""
        if self.aside is not None and name in self.aside.names:
            cells = (part[name][held] for part, held in self._aside())
            found: pd.Series = pd.concat(cells, ignore_index=True)
            return found
        return self.frame[name].astype("str")

    def _aside(self) -> Iterator[tuple[pd.DataFrame, Any]]:
        end = 0
        for part in self.aside:
            start, end = end, end + len(part)
            yield part, np.ones(len(part), bool) if self.held is None else self.held[start:end]

    def pieces(self) -> Iterator[Raw]:
        """Yield the rows in pieces, with what stands aside."""
        end = 0
        for part, held in self._aside():
            start, end = end, end + int(held.sum())
            here = slice(start, end)
            frame = self.frame.iloc[here].reset_index(drop=True)
            texts = part[held].reset_index(drop=True)
            yield replace(
                self, frame=frame.assign(**{str(n): texts[n] for n in texts}),
                file=self.file[here], row=self.row[here], period=None, aside=None, held=None,
            )  # fmt: skip

    @property
    def columns(self) -> list[str]:
        """The names of all columns."""
        return [str(name) for name in self.frame.columns]

    def find(self, name: str) -> str | None:
        """Return the column that a name of the client file means, None if there is none."""
        wanted = header_name(name)
        known = wanted if wanted in self.frame else self.aliases.get(wanted, "")
        return known if known in self.frame else None

    def matching(self, pattern: str) -> list[str]:
        """Return the columns that fit a pattern, in their order, without those of open text."""
        if "*" not in pattern:
            found = self.find(pattern)
            return [found] if found else []
        other = {alias: name for alias, name in self.aliases.items() if matches(alias, pattern)}
        fits = [c for c in self.columns if matches(c, header_name(pattern)) or c in other.values()]
        return [c for c in fits if not c.upper().endswith("_TEXT") or pattern.endswith("_TEXT")]

    def only(self, kept: pd.Series) -> Raw:
        """Return the rows under a mask."""
        mask = kept.to_numpy(dtype=bool)
        period = None if self.period is None else self.period[mask].reset_index(drop=True)
        frame = self.frame[mask].reset_index(drop=True)
        held = mask.copy()
        if self.held is not None:
            held = self.held.copy()
            held[self.held] = mask
        return replace(
            self, frame=frame, file=self.file[mask], row=self.row[mask], period=period, held=held
        )


def read(folder: Path, source: Source, named: Named = ANY) -> Raw:
    """Read one file, or all files of a pattern one below the other."""
    paths = find(folder, source.files or "")
    seen: dict[str, tuple[str, str]] = {}
    grids: list[Grid] = []
    files: list[RawFile] = []
    periods: list[str] = []
    warnings: list[str] = []
    comma: list[bool] = []
    for path in paths:
        shown = _shown(path, folder)
        content = _content(path, shown)
        sha256 = hashlib.sha256(content).hexdigest()
        period = period_of(path, folder, source.period_from) if source.period_from else ""
        twin, its = seen.setdefault(sha256, (shown, period))
        if twin != shown and its == period:
            warnings.append(f"{shown} is the same file as {twin}; it is read once.")
            continue
        if twin != shown:
            warnings.append(f"{shown} is the same file as {twin}, under another period: a copy?")
        read_as = read_content(
            path,
            content,
            file=shown,
            named=named.held,
            sheet=source.sheet,
            encoding=source.encoding,
            separator=source.separator,
        )
        chosen, told = _sheets(read_as, source, shown, named, warnings)
        comma += [read_as.separator == ";"]
        for grid in chosen:
            told_here = (*told, *([f"sheet {grid.name!r}"] if grid.name else []), *grid.notes)
            grids.append(grid)
            files.append(
                RawFile(name=shown if len(chosen) == 1 else f"{shown} ({grid.name})", sha256=sha256,
                        rows=len(grid.rows) + sum(grid.left.values()), columns=tuple(grid.names),
                        spoilt=grid.spoilt, told=told_here, platform=grid.platform)
            )  # fmt: skip
            periods.append(period)
            warnings += grid.warnings
            _refuse_unsaved(grid, named.columns, shown)
    if not source.period_from and len(grids) > 1:
        same_rows(grids, [file.name for file in files])
    decimal = source.decimal or ("," if comma and all(comma) else "")
    return united(
        grids, files, periods if source.period_from else None, warnings=warnings, decimal=decimal
    )


def _refuse_unsaved(grid: Grid, wanted: Sequence[str], file: str) -> None:
    """Refuse formulas that no program has worked out, in the wanted columns; in all, if none is."""
    for name in grid.names:
        unsaved = grid.cells[name] == UNSAVED
        named = not wanted or any(matches(name, pattern) for pattern in wanted)
        if unsaved.any() and named:
            raise DataError(
                f"{file}: column {name!r} holds formulas without their results in "
                f"{(many := Count(unsaved.sum()))} {many:cell|cells}, the first in "
                f"row {grid.rows[int(unsaved.to_numpy().argmax())]}: the "
                "program that wrote the file left them out. Open it in Excel and save it."
            )


def _sheets(
    content: Content, source: Source, file: str, named: Named, warnings: list[str]
) -> tuple[list[Grid], list[str]]:
    """Return the sheet that holds the named columns, or every one that is asked for."""
    hidden = [n for n, sheet in content.hidden.items() if any(map(named.held, sheet.rows[:30]))]
    seen = (row for sheet in content.sheets for row in sheet.rows[:30])
    if hidden and not any(map(named.held, seen)):
        raise DataError(
            f"{file}: the columns stand in the hidden sheet {hidden[0]!r}; name it by `sheet:`."
        )
    row, deep = (1, 1) if content.typed else (source.header_row, source.header_rows)
    laid = [
        lay_out(
            sheet,
            file=file if len(content.sheets) == 1 else f"{file} ({sheet.name})",
            named=named,
            header_row=row,
            header_rows=deep,
        )
        for sheet in content.sheets
    ]
    best = max(grid.held for grid in laid)
    told = [content.odd] if content.odd else []
    if content.odd:
        warnings.append(f"{content.odd}; it is read as such.")
    odd = next(filter(None, (texts.garbled(sheet.rows[:2000]) for sheet in content.sheets)), "")
    if odd:
        warnings.append(
            f"{file} holds garbled text, such as {odd!r}: it was saved in another encoding than "
            "it was in; export it anew."
        )
    if content.encoding:
        told.append(content.encoding + (f", e.g. {content.sample!r}" if content.sample else ""))
    if source.sheet is not None and "*" in source.sheet and len(laid) > 1:
        return [grid for grid in laid if not best or grid.held], told
    chosen = next(grid for grid in laid if grid.held == best)
    left = [grid for grid in laid if grid is not chosen]
    twins = [grid for grid in left if best and grid.held == best]
    if twins:
        listed = ", ".join(repr(grid.name) for grid in twins[:_SHOWN])
        warnings.append(
            f"{file}: {(many := Count(len(twins)))} {many:more sheet has|more sheets have} the "
            f"same columns ({listed}); sheet {chosen.name!r} is read, and "
            f"{(many := Count(sum(len(grid.rows) for grid in twins)))} {many:row is|rows are} left "
            'out. Write `sheet:` with its name, or sheet: "*" for all.'
        )
    other = [grid.name for grid in left] + [f"{name} (hidden)" for name in content.hidden]
    if other:
        told.append(f"sheets left: {', '.join(map(repr, other))}")
    if chosen.platform:
        told.append(f"a {chosen.platform} export")
    return [chosen], told


def find(folder: Path, files: str) -> list[Path]:
    """Return the files that a path or glob names, in natural order, none outside the folder."""
    if not folder.is_dir():
        raise DataError(f"the client's data folder {folder} does not exist.")
    if Path(files).is_absolute() or ".." in Path(files).parts or files.startswith("~"):
        raise DataError(f"{files!r} leaves the client's data folder; a source lies below it.")
    try:
        found = _found(folder, files)
    except (OSError, ValueError) as error:  # no path of this system, or no pattern
        raise DataError(f"{files!r} cannot be looked for: {error}.") from None
    if not found:
        raise DataError(f"no file {files!r} in {folder.name}{nearest(files, _readable(folder))}")
    for path in found:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise DataError(
                f"{_shown(path, folder)} is a link out of the client's data folder; copy it."
            )
    return found


def _found(folder: Path, files: str) -> list[Path]:
    literal = folder / files
    if literal.is_dir():
        raise DataError(
            f"{files} is a directory; name a file, or a pattern such as '{files}/*.csv'."
        )
    if literal.is_file():
        return [literal]
    if not _GLOB.search(files):
        return []
    return sorted(p for p in folder.glob(files) if p.is_file() and p.name[0] not in "~.")


def _readable(folder: Path) -> Iterable[str]:
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return [_shown(path, folder) for path in paths]


def united(
    grids: list[Grid],
    files: list[RawFile],
    periods: list[str] | None = None,
    *,
    warnings: Sequence[str] = (),
    decimal: str = "",
) -> Raw:
    """Stack grids one below the other by the names of their columns."""
    columns = list(dict.fromkeys(name for grid in grids for name in grid.names))
    parts, keep = [], []
    for grid, told in zip(grids, files, strict=True):
        _check_cells(grid, told.name)
        filled = np.zeros(len(grid.cells), dtype=bool)
        for name in grid.names:  # few rows are empty in their first columns
            rest = np.flatnonzero(~filled)
            texts = grid.cells[name].to_numpy(dtype=object)[rest]
            filled[rest] = [bool(text.strip()) for text in texts]
        keep.append(filled)
        parts.append(grid.cells[filled].reindex(columns=columns, fill_value="").astype("str"))
    frame = pd.concat(parts, ignore_index=True)
    if frame.empty:
        raise DataError(f"{files[0].name} has a header and no rows below it.")
    file = np.repeat(np.arange(len(grids)), [len(part) for part in parts])
    left: dict[str, int] = {}
    for grid in grids:
        for reason, n in grid.left.items():
            left[reason] = left.get(reason, 0) + n
    return Raw(
        frame=frame,
        files=tuple(
            replace(told, absent=tuple(c for c in columns if c not in told.columns))
            for told in files
        ),
        file=file,
        row=np.concatenate([grid.rows[mask] for grid, mask in zip(grids, keep, strict=True)]),
        empty=int(sum((~mask).sum() for mask in keep)),
        left=left,
        warnings=tuple(warnings),
        aliases={alias: name for grid in reversed(grids) for alias, name in grid.aliases.items()},
        repeated={name: names for grid in grids for name, names in grid.repeated.items()},
        wording={name: text for grid in grids for name, text in grid.wording.items()},
        period=pd.Series(np.array(periods, dtype=object)[file], dtype="str") if periods else None,
        decimal=decimal,
    )


def _check_cells(grid: Grid, file: str) -> None:
    """Raise DataError where a cell is too long to be anything that somebody wrote."""
    for name in grid.names:
        lengths = list(map(len, grid.cells[name].to_numpy(dtype=object)))
        longest = max(lengths, default=0)
        if longest > LONGEST:
            at = grid.rows[lengths.index(longest)]
            raise DataError(
                f"{file} row {at}: column {name!r} holds {longest:,} characters; {LONGEST:,} are "
                "the most. A quotation mark that is not doubled may join many rows."
            )


def file_hash(path: Path, name: str) -> str:
    """Return the hash of a file's bytes; a DataError calls it `name`."""
    try:
        return file_digest(path)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None


def _content(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}.") from None


def period_of(path: Path, folder: Path, pattern: str) -> str:
    """Return the period that a file's name tells."""
    found = re.search(pattern, path.name)
    if found is None or not found["period"]:
        raise DataError(
            f"the name {_shown(path, folder)} tells no period: it does not match {pattern!r}."
        )
    return str(found["period"])


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
