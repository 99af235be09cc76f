"""What building a table met: columns read to types, faults, rows dropped, values set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from cxlib.data import dates, labels, masking, values
from cxlib.data.date_order import is_unsettled
from cxlib.data.platforms import header_name
from cxlib.data.readers import Raw, RawFile
from cxlib.errors import Count, DataError, nearest
from cxlib.params.base import Moment
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params.source import Table

Path = tuple[str | int, ...]
WHERE = _("not among the rows asked for")
EMPTY = _("empty row")
NO_TIME = np.datetime64("NaT", "us")
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Issue:
    """One thing wrong with the data, at the key of the client file that speaks of it."""

    path: Path
    message: str
    value: object = None
    severity: Literal["error", "warning"] = "error"


@dataclass(kw_only=True)
class Ledger:
    """Everything met while one table is built; it grows, so that all is said at once.

    `names` are people's, to be taken out of comments. `dropped` counts rows left out by reason (an
    English msgid), `off_scale` answers counted as missing by key, `masked` markers set in comments
    by kind; `notes` is what an intake line adds, `others` what stands in the rows that ``where:``
    leaves out. A table that comes in pieces is one: `day_first` and `decimals` keep by column what
    the pieces so far tell, `aside` the tickets set aside by reason, `stood_in` the resolutions
    that are closings, `seen` the digests of comments met, `runs` the hashes of rows met (`later`,
    by piece, of those met before), `currency` the first one, how many `refunds` and `orders` in
    several rows, and the `last` day ahead; `zones` and `offsets` what moments tell of theirs.
    """

    names: Sequence[str] = ()
    issues: list[Issue] = field(default_factory=list)
    rows_read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    off_scale: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    others: dict[Path, Counter[str]] = field(default_factory=dict)
    day_first: dict[str, bool] = field(default_factory=dict)
    zones: dict[bool, str] = field(default_factory=dict)
    offsets: frozenset[object] = frozenset()
    decimals: dict[str, str] = field(default_factory=dict)
    aside: dict[str, tuple[int, str]] = field(default_factory=dict)
    stood_in: int = 0
    seen: set[int] = field(default_factory=set)
    runs: list[Any] = field(default_factory=list)
    later: list[Any] = field(default_factory=list)
    currency: str = ""
    refunds: int = 0
    orders: int = 0
    last: pd.Timestamp | None = None

    def error(self, path: Path, message: str, value: object = None) -> None:
        """Note what stops the work."""
        self.issues.append(Issue(path=path, message=message, value=value))

    def warn(self, path: Path, message: str, value: object = None) -> None:
        """Note what the consultant should know."""
        issue = Issue(path=path, message=message, value=value, severity="warning")
        if issue not in self.issues:
            self.issues.append(issue)

    def drop(self, reason: str, n: int) -> None:
        """Count rows left out for a reason (a marked msgid)."""
        if n:
            self.dropped[reason] = self.dropped.get(reason, 0) + int(n)

    def hidden(self, comments: pd.Series) -> pd.Series:
        """Return comments without what identifies a person, and count the markers set."""
        comments, masked = masking.mask(comments, self.names)
        self.masked = dict(Counter(self.masked) + Counter(masked))
        return comments

    def repeated(self, rows: pd.DataFrame) -> pd.Series:
        """Return which rows repeat one of this piece, or of a piece before it, exactly.

        Rows are known by 64 bits: in one table of ten thousand, two of twenty million are taken for
        one. Sorted runs are merged when they are as long as the one before: twenty million take
        eight bytes each.
        """
        marks = pd.util.hash_pandas_object(rows, index=False).to_numpy()
        before = np.zeros(len(rows), dtype=bool)
        for run in self.runs:
            at = np.minimum(np.searchsorted(run, marks), len(run) - 1)
            before |= run[at] == marks
        self.later.append(np.unique(marks[before]))
        self.runs += [np.unique(marks)] if len(marks) else []
        while len(self.runs) > 1 and len(self.runs[-2]) <= len(self.runs[-1]):
            self.runs[-2:] = [np.unique(np.concatenate(self.runs[-2:]))]
        return rows.duplicated(keep="first") | before

    def stray(
        self, raw: Raw, texts: pd.Series, found: pd.Series, path: Path, what: str, way_out: str
    ) -> None:
        """Note the cells of a column that cannot be read, if any are found, with the way out."""
        if n := Count(found.sum()):
            told = f"column {texts.name!r} holds {n} {n:value that is|values that are} {what}: "
            self.error(path, f"{told}{examples(raw, texts, found)}; {way_out}", texts.name)

    @property
    def failed(self) -> bool:
        """Whether anything stops the work."""
        return any(issue.severity == "error" for issue in self.issues)

    def chosen(self, raw: Raw, section: Table, path: Path, *, whole: bool = True) -> Raw:
        """Return the rows that ``where:`` keeps; count them all, and those left out by reason.

        Where `raw` is the `whole` table, it is an error that none is left.
        """
        self.rows_read += len(raw.frame) + raw.empty + sum(raw.left.values())
        for reason, n in {EMPTY: raw.empty, **raw.left}.items():
            self.drop(reason, n)
        kept = pd.Series(True, index=raw.frame.index)
        for name, wanted in section.where.items():
            cells = self.column(raw, name, (*path, "where", name))
            if cells is None:
                continue
            holds = values.is_code(cells, wanted)
            gone = kept & ~holds
            if gone.any():
                self.others.setdefault((*path, name), Counter()).update(cells[gone].tolist())
            kept &= holds
        self.drop(WHERE, int((~kept).sum()))
        if whole and not kept.any() and not self.failed:
            self.error((*path, "where"), f"keeps no row: {'; '.join(self.told[:_SHOWN])}.")
        return raw if kept.all() else raw.only(kept)

    @property
    def told(self) -> list[str]:
        """What the intake lines add: the rows that ``where:`` left out, then the notes."""
        lines = []
        for (*_path, name), counts in self.others.items():
            shown = ", ".join(f"{text!r} ({n})" for text, n in counts.most_common(_SHOWN))
            lines.append(f"where {name}: {counts.total()} left out, {shown}")
        return list(dict.fromkeys([*lines, *self.notes]))

    def column(
        self,
        raw: Raw,
        name: str | Sequence[str] | None,
        path: Path,
        *,
        codes: Sequence[values.Code] = (),
    ) -> pd.Series | None:
        """Return the cells of a column; of several, the first of a row that holds an answer.

        A code, such as of no answer, is none.

        What is not there, is not in every file, or is borne by several columns is noted.
        """
        if name is None:
            return None
        wanted = (name,) if isinstance(name, str) else tuple(name)
        found = [column for text in wanted if (column := raw.find(text))]
        if not found:
            self._absent(raw, wanted[0], path)
            return None
        without = [file for file in raw.files if all(column in file.absent for column in found)]
        if without:
            self._lost(raw, wanted[0], without, path)
        cells = raw.texts(found[0])
        for column in found[1:]:
            other = raw.texts(column)
            filled, more = (~values.is_blank(each, codes) for each in (cells, other))
            both = int((filled & more & (cells != other)).sum())
            if both:
                self.warn(
                    path,
                    f"{both} {Count(both):row holds|rows hold} an answer in {found[0]!r} and "
                    f"another in {column!r}; the first counts.",
                )
            cells = cells.where(filled | (~more & (cells.str.strip() != "")), other)
        return cells

    def _absent(self, raw: Raw, name: str, path: Path) -> None:
        names = raw.repeated.get(header_name(name))
        if names:
            self.error(
                path,
                f"the header {name!r} of {raw.name} stands over {len(names)} columns; write "
                f'"{names[0]}", "{names[1]}" or which you mean, in quotation marks.',
                name,
            )
            return
        there = list(dict.fromkeys(c for file in raw.files for c in file.columns)) or raw.columns
        near = nearest(name, [*there, *(raw.aliases if " / " in name else ())])
        self.error(path, f"column {name!r} is not in {raw.name}{near}", name)

    def _lost(self, raw: Raw, name: str, without: list[RawFile], path: Path) -> None:
        listed = ", ".join(f.name for f in without[:_SHOWN])
        others = {c for file in raw.files if file not in without for c in file.columns}
        instead = [c for c in without[0].columns if c not in others]
        near = nearest(name, instead)
        hint = (
            f"; {without[0].name} has {', '.join(map(repr, instead[:_SHOWN]))} instead: if it is "
            f"the same question, write `column: [{name}, {_meant(near, instead)}]`"
            if instead
            else ""
        )
        self.warn(
            path,
            f"column {name!r} is missing in {len(without)} of {len(raw.files)} files ({listed}"
            f"{', …' if len(without) > _SHOWN else ''}); it counts as no answer there{hint}.",
            name,
        )

    def moments(
        self,
        raw: Raw,
        column: str | Moment | None,
        section: Table,
        path: Path,
        timezone: str | None,
    ) -> pd.Series | None:
        """Return a column's moments (datetime64[us], without zone), from one column or two."""
        if not isinstance(column, Moment):
            texts = self.column(raw, column, path)
            return None if texts is None else self._dates(raw, texts, section, path, timezone)
        day = self.column(raw, column.date, (*path, "date"))
        time = self.column(raw, column.time, (*path, "time"))
        if day is None or time is None:
            return None
        blank = values.is_blank(time, section.missing)
        seconds = values.by_value(time.mask(blank, ""), dates.time_of_day, "float64")
        odd = seconds.isna() & ~blank
        self.stray(raw, time, odd, (*path, "time"), "no time of day", "write such as 14:30.")
        days = self._dates(raw, day, section, (*path, "date"), None).dt.normalize()
        whole = (days + pd.to_timedelta(seconds, unit="s")).astype("datetime64[us]")
        return dates.moved(whole, section.source.timezone, timezone)

    def _dates(
        self, raw: Raw, texts: pd.Series, section: Table, path: Path, timezone: str | None
    ) -> pd.Series:
        name = str(texts.name)
        blank = values.is_code(texts, section.missing)
        try:
            read = dates.parse(
                texts.mask(blank, ""),
                name=name,
                formats=section.date_format,
                timezone=timezone,
                clock=section.source.timezone,
                at=raw.at,
                settled=self.day_first,
            )
        except DataError as error:
            self.error(path, str(error), name)
            return pd.Series(NO_TIME, index=texts.index)
        if read.unread.any():
            way_out = labels.way_out(texts[read.unread], name, path)
            self.stray(raw, texts, read.unread, path, "no date", way_out)
        self.counted(read, name, path)
        known = read.days.dropna()
        if timezone is None and (known.dt.normalize() != known).any():
            zones = {True: read.zoned > 0, False: read.zoned < 1}
            self.zones = {kind: name for kind, told in zones.items() if told} | self.zones
            self.offsets |= read.offsets
            if len(self.offsets) > 1:
                say = self.error if path[0] == "tickets" else self.warn
                say(
                    path,
                    f"cells of {name!r} tell different time zones, so their hours cannot be "
                    "compared: say whose clock is meant by `timezone:` under `calendar:`.",
                )
            if len(self.zones) > 1:
                self.warn(
                    path,
                    f"cells of {self.zones[True]!r} tell their time zone, and those of "
                    f"{self.zones[False]!r} do not: say whose clock it is by `timezone:` under "
                    "`calendar:`.",
                )
        if len(raw.files) > 1 and not section.date_format:
            self._unsettled(raw, texts.mask(blank, ""), read.days, path)
        return read.days

    def _unsettled(self, raw: Raw, texts: pd.Series, days: pd.Series, path: Path) -> None:
        """Warn of files whose dates another file alone says to begin with the day, or month."""
        open_ = {i: is_unsettled(texts[raw.file == i].astype("str")) for i in np.unique(raw.file)}
        if not any(open_.values()) or all(open_.values()):
            return
        first = next(i for i, unsettled in open_.items() if unsettled)
        at = int(np.flatnonzero((raw.file == first) & days.notna().to_numpy())[0])
        self.warn(
            path,
            f"{raw.files[first].name} does not tell day from month, and is read as other files of "
            f"the source are: {texts.iloc[at]!r} is {days.iloc[at]:%Y-%m-%d}; if it is not, declare"
            " a source for each, or bring them together by `sql:`.",
            texts.iloc[at],
        )

    def counted(self, read: dates.Dates, name: str, path: Path) -> None:
        """Warn, once a column, of day numbers or weeks that were taken for dates."""
        said = read.doubt(name)
        if said and not any(i.path == path and i.value == name for i in self.issues):
            self.warn(path, said, name)

    def decimal(self, raw: Raw, texts: pd.Series, section: Table, path: Path) -> str:
        """Return the sign that parts decimals in a column, the same in all its pieces."""
        written = texts[~values.is_blank(texts, section.missing)]
        sign, name = values.decimal_of(written, raw.decimal), str(texts.name)
        if raw.decimal or not written.str.contains(r"[.,]").any():
            return self.decimals.get(name, sign) if not raw.decimal else sign
        if self.decimals.setdefault(name, sign) != sign:
            self.error(
                path,
                f"column {name!r} mixes decimal commas and points; declare `decimal:` under "
                "`source:`.",
                name,
            )
        return sign

    def numbers(
        self, raw: Raw, texts: pd.Series, section: Table, path: Path, *, lowest: float = -np.inf
    ) -> pd.Series:
        """Return a column's numbers (float64), none of which may lie below `lowest`."""
        sign = self.decimal(raw, texts, section, path)
        parted = "" if section.source.decimal else values.may_be_thousands(texts)
        if parted:
            read, other = (values.number(parted, s) for s in (sign, ",."[sign == ","]))
            self.warn(
                path,
                f"column {texts.name!r}: {parted!r} is read as {read:g}, and could be {other:g}; "
                "say which by `decimal:` under `source:`.",
                texts.name,
            )
        numbers, stray = values.numbers(texts, missing=section.missing, decimal=sign)
        bad = stray | (numbers < lowest)
        if bad.any():
            wanted = f"a number from {lowest:g} up" if lowest > -np.inf else "a number"
            mixed = texts[stray].str.contains(",").any()
            way_out = "declare `decimal:` under `source:`." if mixed else (
                "declare `missing:` if they mean none.")  # fmt: skip
            if path[-1] == "csat" and not mixed:
                shown = texts[stray].iloc[0] if stray.any() else "…"
                way_out = (f"write `csat: {{column: {texts.name}, values: {{{shown}: 1, …}}}}`, "
                           "or declare `missing:` if they mean none.")  # fmt: skip
            self.stray(raw, texts, bad, path, f"not {wanted}", way_out)
        elif sign == "," and texts.str.contains(",").any():
            first = texts[texts.str.contains(",")].iloc[0]
            self.notes.append(f"decimal commas in {texts.name!r}: {first!r}")
        return numbers

    def flags(self, raw: Raw, texts: pd.Series, section: Table, path: Path) -> pd.Series:
        """Return a column's yes and no (nullable boolean)."""
        flags, stray = values.flags(texts, missing=section.missing)
        way_out = "write 1 and 0, or declare `missing:` if they mean none."
        self.stray(raw, texts, stray, path, "neither yes nor no", way_out)
        return flags


def _meant(near: str, instead: list[str]) -> str:
    return near.split("'")[1] if "did you mean '" in near else instead[0]


def examples(raw: Raw, texts: pd.Series, mask: pd.Series) -> str:
    """Return the values under a mask, with where they stand: ``'11' (survey.csv row 17), …``."""
    found = texts[mask.to_numpy(dtype=bool)]
    first = found[~found.duplicated()]
    positions = np.flatnonzero(mask.to_numpy(dtype=bool))[~found.duplicated().to_numpy()]
    counts = found.value_counts()
    often = {text: f"{n} times, first " if n > 1 else "" for text, n in counts.items()}
    shown = [
        f"{text!r} ({often[text]}{raw.at(int(position))})"
        for text, position in list(zip(first, positions, strict=True))[:_SHOWN]
    ]
    return ", ".join(shown) + (", …" if len(first) > _SHOWN else "")


def places(raw: Raw, positions: Sequence[int]) -> str:
    """Return where rows stand: ``survey.csv row 3 and survey.csv row 9``."""
    return " and ".join(raw.at(int(position)) for position in positions)
