"""Rows of a source that is larger than memory should hold, some hundred thousand at a time."""

from __future__ import annotations

import codecs
import csv
import glob
import gzip
import io
import pickle
import tempfile
import weakref
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from cxlib.data import text as texts
from cxlib.data.formats import DELIMITED, Sheet, as_text, cell_text
from cxlib.data.layout import Grid, Named, lay_out
from cxlib.data.overlaps import sum_of_rows
from cxlib.data.platforms import header_name
from cxlib.data.readers import Raw, RawFile, file_hash, find, period_of, read, united
from cxlib.errors import DataError

if TYPE_CHECKING:
    from cxlib.params.source import Source

ROWS = 200_000
"""Rows in memory at a time, as text; fewer of a wide file."""
CELLS = 4_000_000
"""Cells in memory at a time, as text."""
LARGE = 100_000_000
"""Bytes of files that are read in pieces; as text in memory they would be ten times as many."""
_HEAD = 1000
_LONGEST = 1 << 24


Piece = tuple[Grid, list[str], str]
"""A grid, how its file was read, and its decimal sign where that is known."""


class Spool:
    """Frames put aside on disk, in a file without a name that is gone with its process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file: IO[bytes] | None = None
        self.places: list[int] = []
        self.names: list[str] = []

    def add(self, frame: pd.DataFrame) -> None:
        """Put a frame at the end."""
        if self.file is None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115 - closed with the spool
            weakref.finalize(self, self.file.close)
        self.places.append(self.file.seek(0, 2))
        self.names = list(map(str, frame.columns))
        pickle.dump(frame, self.file, protocol=5)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the frames in their order."""
        return map(self._at, self.places)

    def __reversed__(self) -> Iterator[pd.DataFrame]:
        """Yield the frames from the last to the first."""
        return map(self._at, reversed(self.places))

    def _at(self, place: int) -> pd.DataFrame:
        if self.file is None:
            raise ValueError(place)
        self.file.seek(place)
        frame: pd.DataFrame = pickle.load(self.file)  # this process wrote it
        return frame


def pieces(folder: Path, source: Source, named: Named, *, whole: bool = False) -> Iterator[Raw]:
    """Yield the rows of a source's files: as a `whole`, or in pieces where they are many."""
    paths = find(folder, source.files or "")
    if whole or sum(path.stat().st_size for path in paths) < LARGE:
        yield read(folder, source, named)
        return
    found: dict[Path, list[str]] = {}
    seen: dict[str, str] = {}
    hashes: dict[Path, str] = {}
    warnings: list[str] = []
    for path in paths:
        shown = path.relative_to(folder).as_posix()
        hashes[path] = file_hash(path, shown)
        twin = seen.setdefault(hashes[path], shown)
        if twin != shown and not source.period_from:
            warnings.append(f"{shown} is the same file as {twin}; it is read once.")
            continue
        with closing(_grids(path, folder, source, named, _HEAD)) as grids:
            found[path] = next(grids)[0].names
    columns = list(dict.fromkeys(name for names in found.values() for name in names))
    files = [
        RawFile(name=path.relative_to(folder).as_posix(), sha256=hashes[path], rows=0,
                columns=tuple(names), absent=tuple(c for c in columns if c not in names))
        for path, names in found.items()
    ]  # fmt: skip
    sums: dict[str, tuple[int, int]] = {}
    several = len(files) > 1 and not source.period_from
    for path, file in zip(found, files, strict=True):
        period = period_of(path, folder, source.period_from) if source.period_from else None
        at_once = min(ROWS, CELLS // len(file.columns) + 1)
        for grid, told, decimal in _grids(path, folder, source, named, at_once):
            rows = len(grid.rows) + sum(grid.left.values())
            grid.cells = grid.cells.reindex(columns=columns, fill_value="")
            if several:
                n, total = sums.get(file.name, (0, 0))
                sums[file.name] = (n + len(grid.cells), total + sum_of_rows(grid.cells))
            here = replace(
                file,
                rows=rows,
                told=(*told, *grid.notes),
                spoilt=grid.spoilt,
                platform=grid.platform,
            )
            said = [*warnings, *grid.warnings]
            raw = united([grid], [here], [period] if period else None, warnings=said,
                         decimal=source.decimal or decimal)  # fmt: skip
            lacking = replace(here, absent=file.absent)
            others = tuple(other for other in files if other.name != file.name)
            yield replace(raw, files=(lacking, *others))
            warnings = []
    seen = {}
    for name, (n, total) in sums.items():  # the same rows, in whatever order
        twin = seen.setdefault(f"{n} {total % 2**64}", name)
        if twin != name:
            raise DataError(f"{name} holds the same rows as {twin}; take one of them away.")


def gathered(
    raws: Iterator[Raw], wanted: Sequence[str], free: Sequence[str], folder: Path
) -> Raw | None:
    """Return pieces as one, of several only the `wanted` columns; a text that repeats stands once.

    Columns that repeat are categories then: `Raw.texts` gives them back as text. The others, and
    those that hold `free` text, are put aside in a folder.
    """
    parts: list[Raw] = []
    repeats: dict[str, bool] = {}
    aside = Spool(folder)
    for raw in raws:
        if len(parts) == 1 and not repeats:
            repeats |= _repeating(parts[0], wanted, free)
            parts = [_narrowed(parts[0], repeats, aside)]
        parts.append(_narrowed(raw, repeats, aside) if parts else raw)
    if len(parts) < 2:
        return parts[0] if parts else None
    files: dict[str, RawFile] = {}
    for part in parts:
        here = part.files[0]
        files[here.name] = replace(
            here, rows=here.rows + (files[here.name].rows if here.name in files else 0)
        )
    names, last = list(files), parts[-1]
    columns: dict[str, Any] = {}
    for name in repeats:
        columns[name] = pd.api.types.union_categoricals([part.frame.pop(name) for part in parts])
    left: Counter[str] = Counter()
    for part in parts:
        left.update(part.left)
    known = [part.period for part in parts if part.period is not None]
    return replace(
        last,
        frame=pd.DataFrame(columns),
        files=tuple(files.values()),
        file=np.concatenate([np.full(len(p.row), names.index(p.files[0].name)) for p in parts]),
        row=np.concatenate([part.row for part in parts]),
        empty=sum(part.empty for part in parts),
        left=dict(left),
        aliases={alias: name for part in reversed(parts) for alias, name in part.aliases.items()},
        wording={name: text for part in parts for name, text in part.wording.items()},
        period=pd.concat(known, ignore_index=True) if known else None,
        decimal=last.decimal if len({part.decimal for part in parts}) == 1 else "",
        aside=aside,
    )


def _repeating(raw: Raw, wanted: Sequence[str], free: Sequence[str]) -> dict[str, bool]:
    """Return the wanted columns, and whether texts repeat in the first piece of each."""
    texts = {name for pattern in free for name in raw.matching(pattern)}
    names = dict.fromkeys(name for pattern in wanted for name in raw.matching(pattern))
    half = len(raw.frame) / 2
    return {n: n not in texts and bool(raw.frame[n].nunique() < half) for n in names}


def _narrowed(raw: Raw, repeats: dict[str, bool], aside: Spool) -> Raw:
    """Return a piece's wanted columns, as categories; those that do not repeat go aside."""
    aside.add(raw.frame[[name for name, again in repeats.items() if not again]])
    cells = raw.frame[list(repeats)]
    blank = pd.Categorical.from_codes(np.zeros(len(cells), dtype=np.int8), pd.Index([""]))
    there = {name: blank for name, again in repeats.items() if not again}
    return replace(raw, frame=cells.assign(**there).astype("category"))


def _grids(path: Path, folder: Path, source: Source, named: Named, rows: int) -> Generator[Piece]:
    """Yield the grids of a file."""
    suffix = Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    shown = path.relative_to(folder).as_posix()
    if suffix in DELIMITED:
        yield from _text(path, shown, source, named, rows)
    elif suffix == ".parquet":
        yield from _parquet(path, shown, rows)
    else:  # a workbook of its own fits into memory
        raw = read(folder, source.model_copy(update={"files": glob.escape(shown)}), named)
        grid = Grid(cells=raw.frame, rows=raw.row, aliases=raw.aliases, repeated=raw.repeated,
                    left=dict(raw.left), spoilt=dict(raw.files[0].spoilt),
                    platform=raw.files[0].platform)  # fmt: skip
        yield grid, list(raw.files[0].told), raw.decimal


def _parquet(path: Path, file: str, rows: int) -> Iterator[Piece]:
    import duckdb

    try:
        with duckdb.connect() as connection:
            connection.execute("SET threads = 1")
            connection.execute("SET enable_progress_bar = false")
            found = connection.execute(
                "SELECT * FROM read_parquet($path)", {"path": glob.escape(str(path))}
            )
            yield from chunks(found, rows)
    except duckdb.Error:
        raise DataError(f"{file} is truncated or no parquet file.") from None


def chunks(found: Any, rows: int | None) -> Iterator[Piece]:
    """Yield what a DuckDB query finds, some rows at a time, or all for None."""
    start, frame = 1, found.df() if rows is None else found.fetch_df_chunk(rows // 2048 + 1)
    while len(frame) or start == 1:
        cells = pd.DataFrame({i: as_text(frame.iloc[:, i]) for i in range(frame.shape[1])})
        cells.columns = [header_name(name) for name in frame.columns]
        numbers = (frame.index.to_numpy() + start).astype("int64")
        yield Grid(cells=cells, rows=numbers), [], "."
        start += max(len(frame), 1)
        if rows is None:
            return
        frame = found.fetch_df_chunk(rows // 2048 + 1)


def _text(path: Path, file: str, source: Source, named: Named, rows: int) -> Iterator[Piece]:
    encoding = _encoding(path, file, source.encoding)
    with _opened(path) as binary:
        start = binary.read(_LONGEST // 16)
    head = codecs.getincrementaldecoder(encoding)().decode(start)
    whole = head[: head.rfind("\n") + 1]
    sample, separator = texts.delimited(whole, file, source.separator, named.held)
    told = [encoding.removesuffix("-sig")]
    told = [told[0] + (f", e.g. {example!r}" if (example := texts.sample(sample)) else "")]
    with _opened(path) as binary:
        lines = _Lines(io.TextIOWrapper(binary, encoding=encoding, newline=""), file)
        spaced = texts.is_spaced(head, separator)
        csv.field_size_limit(_LONGEST)
        reader = csv.reader(lines, delimiter=separator, skipinitialspace=spaced)
        top: list[list[str]] = []
        row, deep, skipped = source.header_row, source.header_rows, 0
        block = _take(reader, rows, file)
        while block or not top:
            following = _take(reader, rows, file)
            if lines.formulas:
                block = [[texts.FORMULA.sub(r"\1", cell) for cell in each] for each in block]
            if not following and lines.broken and len(block[-1]) < max(map(len, block[:-1] or top)):
                raise DataError(f"{file} is truncated: its last row has {len(block[-1])} fields.")
            grid = lay_out(Sheet(rows=[*top, *block]), file=file, named=named, header_row=row,
                           header_rows=deep, skipped=skipped, last=not following)  # fmt: skip
            if not top:
                at, deep = grid.header
                row, top = at + 1, block[: at + deep]
                skipped -= len(top)
            else:
                grid.notes.clear()
            yield grid, told, "," if separator == ";" else ""
            skipped += len(block)
            block = following
            if not block:
                return


def _take(reader: Iterator[list[str]], rows: int, file: str) -> list[list[str]]:
    try:
        return list(islice(reader, rows))
    except csv.Error as error:
        what = "opens a quotation mark that never closes" if "field larger" in str(error) else error
        raise DataError(f"{file}: a row {what}; the file is truncated or damaged.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{file} cannot be read in {error.encoding}, which its beginning is in."
                        " Declare `encoding:` under `source:`.") from None  # fmt: skip


class _Lines:
    """The lines of a file, plain, with what was met on the way."""

    def __init__(self, lines: io.TextIOWrapper, file: str) -> None:
        self.lines, self.file = lines, file
        self.formulas = self.broken = False

    def __iter__(self) -> Iterator[str]:
        line = ""
        for line in self.lines:
            if texts.NULS in line:
                raise DataError(f"{self.file} is damaged or not text: it holds the byte 0x00.")
            self.formulas = self.formulas or '="' in line
            yield cell_text(line)
        self.broken = bool(line) and line[-1] not in "\r\n"


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _encoding(path: Path, file: str, declared: str | None) -> str:
    """Return the encoding of a text file: UTF-8 throughout, or what its beginning reads like."""
    if declared:
        return codecs.lookup(declared).name
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(path) as binary:
        start = binary.read(_LONGEST)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        try:
            for block in chain([start], iter(lambda: binary.read(_LONGEST), b"")):
                odd = block
                decoder.decode(block)
        except UnicodeDecodeError:
            whole = odd[odd.find(b"\n") + 1 : odd.rfind(b"\n") + 1] or odd
            return texts.decode(whole, file=file)[1]
    return "utf-8-sig"
