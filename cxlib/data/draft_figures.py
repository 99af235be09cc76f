"""The kpis section of a drafted client file: figures that the client reports already counted."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxlib.data.guess import WORDS, Column, ask, found, starts_of, when_of
from cxlib.data.reshape import ANSWERS, NET, Shape, literal, name
from cxlib.data.sections import (
    Keys,
    Lines,
    Table,
    flow,
    mapping,
    quoted,
    write_source,
    write_unused,
)

_FEWEST = 12
"""So many different numbers tell figures from answers on a scale."""
_SCALE = 11
"""What lies above is no answer on a scale of 0-10, or of 1-11 as some store it."""
_WEEKS = 8
"""So many weeks tell them from days of visits."""
_WEEK = r"\D*(\d{4})\D*(?:W|w|KW|[Ww]eek|Wk|wk|第|周|週)\D*(\d{1,2})\D*"
_MEASURES = 12
"""So many measures of one column are written out."""
_MOSTLY, _BESIDE = 0.5, 8
"""More cells than this share of a column of figures are numbers, beside so many different texts."""


def is_figures(table: Table) -> bool:
    """Tell whether each row is a figure of a period and a place, not one answer or ticket."""
    dated = _when(table)
    if dated is None:
        return False
    when = dated[0]
    amounts = [c for c in table.columns if c is not when and is_amount(c)]
    if not amounts:
        return False
    names = [c.name for c in table.columns if c not in amounts]
    alone = len(names) == 1 or all(
        c.again for c in table.columns if c is not when and c not in amounts
    )
    return alone and not table.raw.frame[names].duplicated().any()


def weeks(file: str, columns: Sequence[Column]) -> Shape | None:
    """Return how figures of weeks are read as figures of months, which the kit reports."""
    when = next((c for c in columns if _middle(c)), None)
    amounts = [c for c in columns if c is not when and is_amount(c)]
    others = [c for c in columns if c is not when and c not in amounts]
    if when is None or not amounts or not all(c.again for c in others):
        return None
    cells = pd.DataFrame({c.name: c.texts for c in (when, *others)})
    if cells.duplicated().any():
        return None
    counts = amounts if _whole(amounts) else []
    parts = [f"strftime({_middle(when)}, '%Y-%m') as month", *map(name, others)]
    for column in amounts:
        summed = column in counts and not _is_share(column)
        percent = column.texts.str.endswith("%").any()
        cell = f"replace({name(column)}, '%', '')::double" if percent else name(column)
        parts.append(f"{'sum' if summed else 'avg'}({cell}) as {name(column)}")
    listed = ",\n".join(f"  {part}" for part in parts)
    sql = f"select\n{listed}\nfrom {literal(file)}\nwhere {name(when)} is not null\ngroup by all"
    return sql, ask("weeks", name=when.name, cell=when.texts.iloc[0])


def _middle(column: Column) -> str:
    """Return the middle day of the weeks that a column names, as SQL says it; empty if none."""
    if column.distinct < _WEEKS or not column.called("weeks", "wave", *WORDS["date_names"]):
        return ""
    if column.texts.str.fullmatch(_WEEK).all():
        parts = f"regexp_replace({name(column)}, {literal(_WEEK)}, '\\1 \\2 4')"
        return f"strptime({parts}, '%G %V %u')"
    if not column.texts.str.fullmatch(r"\d{4}-\d\d-\d\d").all():
        return ""
    days = pd.to_datetime(column.texts.unique(), errors="coerce")
    if days.isna().any() or set(pd.Series(sorted(days)).diff().dropna().dt.days % 7) != {0}:
        return ""
    return f"{name(column)}::date {'-' if found('ends', column.name) else '+'} 3"


def _when(table: Table) -> tuple[Column, pd.Series | None, str] | None:
    """Return the column of periods, labels or ends of months, with their days and kind.

    Waves that have names have neither.
    """
    for words in ("wave", *WORDS["date_names"]):
        for column in table.columns:
            if column.texts.empty or not column.called(words):
                continue
            if named := starts_of(column):
                return column, *named
            read = when_of(column)
            days = None if read is None or read.asks else read.days.dropna()
            if days is not None and (days.dt.is_month_start | days.dt.is_month_end).all():
                return column, days, "month"
    for column in table.columns:
        if column.called("wave") and column.distinct > 1 and column.numbers.isna().all():
            return column, None, ""
    return None


def _numbers(column: Column) -> pd.Series:
    return Column(name="", texts=column.texts.str.removesuffix("%"), rows=0).numbers


def _texts_of(*columns: Column | None) -> pd.Series:
    """Return the different texts among figures, such as FEWER THAN 50, with how often each."""
    parts = [c.texts[_numbers(c).isna()] for c in columns if c is not None]
    counts: pd.Series = pd.concat(parts).value_counts()
    return counts


def _is_share(column: Column) -> bool:
    return found("share", column.name) or bool(column.texts.str.endswith("%").any())


def is_amount(column: Column) -> bool:
    """Tell whether a column's numbers are figures: shares, or beyond answers on a scale."""
    if column.name in (NET, ANSWERS):
        return True
    if column.called(*WORDS["ids"]) or found("measure", column.name):
        return False
    numbers, texts = _numbers(column), _texts_of(column)
    beyond = numbers.max() > _SCALE or bool((numbers.dropna() % 1 != 0).any())
    some = column.distinct > 2 and (found("share", column.name) or beyond)
    stock = len(texts) <= _BESIDE and texts.min() > 1  # NaN > 1 is False: there are none
    if numbers.notna().mean() <= (_MOSTLY if stock else 0.9):
        return False
    if found("no_figure", column.name) or not (some or column.distinct > _FEWEST):
        return False
    return column.distinct > _FEWEST or starts_of(column) is None


def figures(lines: Lines, table: Table, files: str) -> None:
    """Write the kpis section: a ratio for each count within another, else plain figures."""
    dated = _when(table)
    if dated is None:
        return
    when, table.days, table.labelled = dated
    amounts = [c for c in table.columns if c is not when and is_amount(c)]
    others = [c for c in table.rest() if c is not when and c not in amounts]
    measure = next((c for c in others if found("measure", c.name) and c.distinct > 1), None)
    places = [c for c in others if c is not measure and c.distinct > 1]
    unit = max(places, key=lambda c: c.distinct, default=None)
    shares = [c for c in amounts if _is_share(c)]
    whole = None if shares else _whole(amounts)
    chosen = shares or [c for c in amounts if c is not whole]
    if net := [c for c in table.columns if c.name == NET]:
        whole, chosen = next(c for c in table.columns if c.name == ANSWERS), net
    told = [""]
    if measure is not None:  # one column of a measure: its best answers
        chosen = [c for c in chosen if found("good_figure", c.name)][:1] or chosen[:1]
        told = sorted(map(str, measure.texts.unique()))
    lines.add(0, "kpis:", "figures counted already: one row a period and place")
    keys = Keys()
    keys.taken -= set() if "survey:" in lines else {"nps", "csat", "ces"}
    for column in chosen:
        for place, cell in enumerate(told[:_MEASURES]):
            within = whole is not None and found("bad_figure", column.name)
            name = f"without {column.name}" if within else cell or column.name
            key = "nps" if net else keys.of(name, "figure")
            lines.add(1, f"{key}:")
            if not net and name.casefold() != key:
                lines.add(2, f"label: {quoted(name.replace('_', ' '))}")
            write_source(lines, table, files, depth=2)
            lines.add(2, f"period: {quoted(when.name)}", f"{when.distinct} periods")
            if measure is not None:
                lines.add(2, f"where: {mapping({measure.name: flow([cell])})}")
            rows = None if measure is None else measure.texts.index[measure.texts == cell]
            part = column if rows is None else column.among(cell, rows)
            _figure(lines, column, part, whole, asked=measure is None or place == 0)
            if unit is not None:
                lines.add(2, f"unit: {quoted(unit.name)}", f"{unit.distinct} values")
    if measure is not None and (more := len(told) - _MEASURES) > 0:
        lines.ask(1, ask("more_values", n=more, name=measure.name))
    for column in places:
        if column is not unit:
            listed = ", ".join(map(repr, column.texts.value_counts().index[:4]))
            lines.ask(1, ask("together", name=column.name, listed=listed))
    used = {c.name for c in (when, measure, unit, whole, *chosen) if c is not None}
    write_unused(lines, [c.name for c in table.columns if c.name not in used])


def _figure(
    lines: Lines, column: Column, part: Column, whole: Column | None, *, asked: bool
) -> None:
    """Write how a figure is read, and which way is better; `part` are a measure's own cells."""
    name, net = column.name, column.name == NET
    bad = found("bad_figure", f"{name} {part.name}")
    read = _numbers(column if _is_share(column) else part)
    share = _is_share(column) or _is_share(part) or (whole is not None and not net)
    if whole is not None:
        asks = [] if net else [ask("part_of", name=name, whole=whole.name)]
        why = "points" if net else f"never above {whole.name!r}"
        lines.add(2, f"numerator: {quoted(name)}", why, asks)
        lines.add(2, f"denominator: {quoted(whole.name)}")
        if bad:
            lines.add(2, "complement: true", f"what is left when {name!r} are taken away")
    else:
        lines.add(2, f"value: {quoted(name)}", f"{read.min():g} to {read.max():g}")
    if share:
        lines.add(2, "format: percent")
    if share and not whole and not column.texts.str.endswith("%").any() and read.max() > 1:
        lines.add(2, "scale: [0, 100]", f"up to {read.max():g}")
    if texts := sorted(_texts_of(column if part.texts.empty else part, whole).index[:_BESIDE]):
        shown = ", ".join(map(repr, texts))
        lines.add(2, f"missing: {flow(texts)}", asks=[ask("texts", texts=shown)] if asked else ())
    way = "lower" if bad and whole is None else "higher"
    lines.add(2, f"direction: {way}", asks=[ask("better", way=way, name=name)] if asked else ())
    lines.add(2, "# target: 0.95" if share else "# target: 40" if net else "# target: 100")


def _whole(amounts: list[Column]) -> Column | None:
    """Return the count within which another lies in every row, the largest of such."""
    read = {c.name: _numbers(c) for c in amounts}
    read = {name: n for name, n in read.items() if (n.dropna() % 1 == 0).all() and n.min() >= 0}
    table = pd.DataFrame(read)
    if table.shape[1] < 2:
        return None
    largest = str(table.sum().idxmax())
    inside = [name for name in read if name != largest and not (table[name] > table[largest]).any()]
    return next((c for c in amounts if c.name == largest and inside), None)
