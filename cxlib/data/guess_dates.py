"""When the rows of an export are dated: dates with their format, or labels of periods."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from cxlib import periods
from cxlib.data import dates, values
from cxlib.data.guess import Column
from cxlib.data.labels import label
from cxlib.data.vocabulary import BIRTH, DATED, NO_ANSWER
from cxlib.errors import DataError


@dataclass(frozen=True, kw_only=True)
class When:
    """A column of dates: its first and last day, the format it needs, doubts."""

    first: pd.Timestamp
    last: pd.Timestamp
    days: pd.Series
    format: str = ""
    asks: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


def when_of(column: Column, formats: Iterable[str] = ()) -> When | None:
    """Return what dates a column holds, None where it does not hold dates."""
    said_none = [t for t in column.texts.unique() if NO_ANSWER.fullmatch(values.plain(str(t)))]
    empty = column.texts.isin(said_none)
    texts = column.texts[~empty].reset_index(drop=True)
    bare = texts.str.fullmatch(r"\d+(\.\d+)?")
    if texts.empty or (bare.mean() > 0.1 and not DATED.search(column.name)):
        return None
    asks: list[str] = []
    way: list[str] = []
    try:
        read = dates.parse(texts, name=column.name, formats=tuple(formats))
    except DataError as error:
        way = re.findall(r'"(%[^"]+)"', str(error))
        if not way:
            return None
        tried = [dates.parse(texts, name=column.name, formats=(pattern,)) for pattern in way]
        spans = [(r.days.isna().sum(), r.days.max() - r.days.min()) for r in tried]
        best = min(range(len(way)), key=lambda i: spans[i])
        read, way = tried[best], [way[best], way[1 - best]]
        asks.append(
            f"{column.name!r} does not tell day from month: is {texts.iloc[0]!r} written "
            f'"{way[0]}" (so the dates reach less far)? Else it is "{way[1]}"'
        )
    if read.unread.mean() > 0.1 or read.days.notna().sum() == 0:
        return None
    found = read.days.set_axis(column.texts.index[~empty])
    unread = int(read.unread.sum())
    if unread:
        asks.append(
            f"{unread} cells of {column.name!r} are no dates, such as "
            f"{texts[read.unread].iloc[0]!r}: what are they?"
        )
    return When(
        first=found.min(),
        last=found.max(),
        days=found,
        format=way[0] if way else next(iter(formats), ""),
        asks=tuple(asks),
        none=tuple(map(str, said_none)),
    )


def starts_of(column: Column) -> tuple[pd.Series, str] | None:
    """Return the first days of the periods that a column names (Jan-24, 2022.0), and their kind."""
    known = values.by_value(column.texts, label, "str")
    if known.isna().any() or known.empty:
        return None
    first = known.map(lambda name: periods.parse(name).start)
    kinds = {periods.kind_of(name) for name in known.unique()}
    longest = next(kind for kind in ("year", "quarter", "month") if kind in kinds)
    return pd.to_datetime(first).astype("datetime64[us]"), longest


def is_day(column: Column) -> bool:
    """Tell whether nearly all cells can only be days, whatever the name, and not of birth."""
    years = column.texts.str.contains(r"(?<!\d)(?:19|20)\d\d(?!\d)").mean()
    return bool(years > 0.9) and not BIRTH.search(column.name)


def date_like(column: Column) -> bool:
    """Tell whether most cells look like dates or times, be they read as such or not."""
    return bool(column.texts.str.contains(r"\d\s?[-/.:年月]\s?\d").mean() > 0.5)
