"""The kpis section of a drafted client file: figures that the client reports already counted."""

from __future__ import annotations

import pandas as pd

from cxlib.data.guess import Column, numbers
from cxlib.data.guess_dates import starts_of, when_of
from cxlib.data.sections import Keys, Lines, Table, quoted, write_source, write_unused
from cxlib.data.vocabulary import BAD_FIGURE, DATE_NAMES, GOOD_FIGURE, IDS, MEASURE, SHARE, WAVE

_FEWEST = 12
"""So many different numbers tell figures from answers on a scale."""
_MEASURES = 12
"""So many measures of one column are written out."""


def is_figures(table: Table) -> bool:
    """Tell whether each row is a figure of a period and a place, not one answer or ticket."""
    dated = _when(table)
    if dated is None:
        return False
    when = dated[0]
    amounts = [c for c in table.columns if c is not when and _is_amount(c)]
    if not amounts:
        return False
    names = [c.name for c in table.columns if c not in amounts]
    alone = len(names) == 1 or not any(
        c.distinct == len(c.texts) for c in table.columns if c is not when and c not in amounts
    )
    return alone and not table.raw.frame[names].duplicated().any()


def _when(table: Table) -> tuple[Column, pd.Series, str] | None:
    """Return the column of periods, labels or ends of months, with their days and kind."""
    for pattern in (WAVE, *DATE_NAMES):
        for column in table.columns:
            if column.texts.empty or not column.called(pattern):
                continue
            if named := starts_of(column):
                return column, *named
            read = when_of(column)
            days = None if read is None or read.asks else read.days.dropna()
            if days is not None and (days.dt.is_month_start | days.dt.is_month_end).all():
                return column, days, "month"
    return None


def _is_amount(column: Column) -> bool:
    if any(column.called(pattern) for pattern in IDS) or MEASURE.search(column.name):
        return False
    read = numbers(column.texts.str.removesuffix("%"))
    share = SHARE.search(column.name) is not None and column.distinct > 2
    return bool(read.notna().mean() > 0.9) and (share or column.distinct > _FEWEST)


def figures(lines: Lines, table: Table, files: str) -> None:
    """Write the kpis section: a ratio for each count within another, else plain figures."""
    dated = _when(table)
    if dated is None:
        return
    when, table.days, table.labelled = dated
    amounts = [c for c in table.columns if c is not when and _is_amount(c)]
    others = [c for c in table.rest() if c is not when and c not in amounts]
    measure = next((c for c in others if MEASURE.search(c.name) and c.distinct > 1), None)
    places = [c for c in others if c is not measure and c.distinct > 1]
    unit = max(places, key=lambda c: c.distinct, default=None)
    shares = [c for c in amounts if SHARE.search(c.name) or c.texts.str.endswith("%").any()]
    whole = None if shares else _whole(amounts)
    chosen = [c for c in amounts if c is not whole and (not shares or c in shares)]
    if measure is not None:  # one column of a measure: its best answers
        chosen = [c for c in chosen if GOOD_FIGURE.search(c.name)][:1] or chosen[:1]
    told = [] if measure is None else list(measure.texts.value_counts().sort_index().index)
    lines.add(0, "kpis:", "figures counted already: one row a period and place")
    keys = Keys()
    for column in chosen:
        for place, cell in enumerate(told[:_MEASURES] or [""]):
            within = whole is not None and BAD_FIGURE.search(column.name)
            name = f"without {column.name}" if within else str(cell) or column.name
            key = keys.of(name, "figure")
            lines.add(1, f"{key}:")
            write_source(lines, table, files, depth=2)
            lines.add(2, f"period: {quoted(when.name)}", f"{when.distinct} periods")
            if cell and measure is not None:
                lines.add(2, f"where: {{{quoted(measure.name)}: [{quoted(str(cell))}]}}")
            _figure(lines, column, whole, asked=place == 0)
            if unit is not None:
                lines.add(2, f"unit: {quoted(unit.name)}", f"{unit.distinct} values")
    if measure is not None and told[_MEASURES:]:
        more = f"{len(told) - _MEASURES} more values of {measure.name!r}"
        lines.add(1, "", asks=[f"there are {more}: which ones does the contract name?"])
    for column in places:
        if column is not unit:
            listed = ", ".join(map(repr, column.texts.value_counts().index[:4]))
            said = f"all rows of {column.name!r} ({listed}) count together: is it so? Else `where:`"
            lines.add(1, "", asks=[said])
    used = {c.name for c in (when, measure, unit, whole, *chosen) if c is not None}
    write_unused(lines, [c.name for c in table.columns if c.name not in used])


def _figure(lines: Lines, column: Column, whole: Column | None, *, asked: bool) -> None:
    """Write how a figure is read, and which way is better."""
    bad = BAD_FIGURE.search(column.name) is not None
    read = numbers(column.texts.str.removesuffix("%"))
    if whole is not None:
        lines.add(
            2,
            f"numerator: {quoted(column.name)}",
            f"never above {whole.name!r}",
            [f"is {column.name!r} a part of {whole.name!r}? So it is read"],
        )
        lines.add(2, f"denominator: {quoted(whole.name)}")
        if bad:
            lines.add(2, "complement: true", f"what is left when {column.name!r} are taken away")
        bad = False
    else:
        lines.add(2, f"value: {quoted(column.name)}", f"{read.min():g} to {read.max():g}")
    share = SHARE.search(column.name) or column.texts.str.endswith("%").any()
    if whole is not None or share:
        lines.add(2, "format: percent")
    if whole is None and share and not column.texts.str.endswith("%").any() and read.max() > 1:
        lines.add(2, "scale: [0, 100]", f"up to {read.max():g}")
    way = "lower" if bad else "higher"
    asks = [f"is {way} better for {column.name!r}? And what is the target?"] if asked else []
    lines.add(2, f"direction: {way}", asks=asks)
    lines.add(2, "# target: 0.95" if whole is not None or share else "# target: 100")


def _whole(amounts: list[Column]) -> Column | None:
    """Return the count within which another lies in every row, the largest of such."""
    read = {c.name: numbers(c.texts) for c in amounts}
    read = {name: n for name, n in read.items() if (n.dropna() % 1 == 0).all() and n.min() >= 0}
    table = pd.DataFrame(read)
    if table.shape[1] < 2:
        return None
    largest = str(table.sum().idxmax())
    inside = [name for name in read if name != largest and not (table[name] > table[largest]).any()]
    return next((c for c in amounts if c.name == largest and inside), None)
