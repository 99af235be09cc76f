"""Period labels as people write them, brought to the client's kind of period."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import cast

import pandas as pd

from cxlib import periods
from cxlib.data import dates, values
from cxlib.data.date_forms import MONTHS

HALF_YEAR = re.compile(r"\d[-/ ]?[HS][12]\b|\bH[12]\b|[上下]半年", re.IGNORECASE)
_QUARTERS = str.maketrans("一二三四", "1234")
_YEAR = r"[-/ .'’]{0,2}(?P<year>\d{4}|\d{2})"
_FORMS = (
    (re.compile(r"(?P<year>\d{4}|\d{2})[-/ .]?[QT](?P<quarter>[1-4])", re.IGNORECASE), "quarter"),
    (re.compile(rf"[QT](?P<quarter>[1-4]){_YEAR}", re.IGNORECASE), "quarter"),
    (re.compile(rf"(?P<quarter>[1-4])[QT]{_YEAR}", re.IGNORECASE), "quarter"),
    (re.compile(r"(?P<year>\d{4}|\d{2}(?=年))年?第?(?P<quarter>[1-4])季度?"), "quarter"),
    (re.compile(r"(?P<year>\d{4}|\d{2}(?=年))[-/._年](?P<month>0?[1-9]|1[0-2])月?"), "month"),
    (re.compile(r"(?P<month>0?[1-9]|1[0-2])[-/_.](?P<year>\d{4})"), "month"),
    (re.compile(r"(?P<name>[A-Z]{3,9})\.?[-/ ,'’]{1,2}(?P<year>\d{4}|\d{2})", re.I), "month"),
    (re.compile(r"(?P<year>\d{4})[-/ ](?P<name>[A-Z]{3,9})", re.I), "month"),
    (re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])"), "month"),
    (re.compile(r"(?P<year>(?:19|20)\d{2})年?(?:\.0+)?"), "year"),
)


def label(text: str) -> str | None:
    """Return the kit's label of a calendar period as people write it, or None."""
    plain = values.plain(text).translate(_QUARTERS)
    for pattern, kind in _FORMS:
        found = pattern.fullmatch(plain)
        if found is None:
            continue
        year = found["year"] if len(found["year"]) == 4 else f"20{found['year']}"
        if kind == "quarter":
            return f"{year}Q{found['quarter']}"
        if kind == "month":
            told = found.groupdict()
            month = MONTHS.get(told["name"].casefold(), 0) if "name" in told else int(told["month"])
            return f"{year}-{month:02d}" if month else None
        return year
    return None


def way_out(unread: pd.Series, name: str, path: tuple[str | int, ...]) -> str:
    """Return what helps where cells of a column of dates are none."""
    plain = unread.map(values.plain)
    if dates.abbreviated(plain):
        return "say which zone that is by `timezone:` under `source:`."
    if path[:2] == ("survey", "columns"):
        if plain.map(label).notna().all():
            return f"they name periods: write `period: {name}` in place of `date:`."
        if plain.str.contains(HALF_YEAR).all():
            return (
                "the kit has months, quarters and years: write `period: wave` above, and "
                f"`period: {name}` in place of `date:`."
            )
    if plain.str.match(r"0?[7-9]\d[./-]|1[0-2]\d([./-]|\d{4}$)").all():
        return "years counted from 1911, as in Taiwan? Declare `date_format: roc`."
    return "declare `date_format:`, or `missing:` if they mean none."


def written_out(texts: pd.Series) -> pd.Series:
    """Return months with their zeros: beside 2024.01, a spreadsheet's 2024.1 is October."""
    if not texts.str.fullmatch(r"\d{4}\.0[1-9]").any():
        return texts
    return texts.str.replace(r"^(\d{4})\.1$", r"\1.10", regex=True)


def labels(texts: pd.Series, kind: str) -> pd.Series:
    """Return the label of each text in periods of `kind`."""

    def name(text: str) -> str | None:
        if kind == "wave":
            return values.plain(text) or None
        found = label(text)
        return None if found is None else raised(found, kind)

    return values.by_value(texts if kind == "wave" else written_out(texts), name, "str")


def raised(known: str, kind: str) -> str | None:
    """Return the period of `kind` in which a labelled one lies; None if it is longer itself."""
    period = periods.parse(known)
    wanted = periods.containing(period.start, cast("periods.Kind", kind))
    return str(wanted) if wanted.start <= period.start and period.end <= wanted.end else None


def gaps(known: Iterable[str]) -> list[str]:
    """Return the calendar periods between the first and the last that are not there."""
    ordered = periods.order(list(known))
    kinds = {periods.kind_of(name) for name in ordered}
    if len(kinds) != 1 or None in kinds:
        return []
    return [name for name in periods.between(ordered[0], ordered[-1]) if name not in ordered]
