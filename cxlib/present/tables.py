"""Results as tables: labelled, formatted, small bases withheld, caveats beneath."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from html import escape
from typing import Any

import pandas as pd

from cxlib import columns as registry
from cxlib.analysis.results import CARE_BASE
from cxlib.columns import WORDS_KINDS, Column, Kind, records
from cxlib.errors import CxError, nearest
from cxlib.plots import theme
from cxlib.present import formats, mime
from cxlib.present.tiles import verdict_state
from cxlib.words import Said, Words, mark as _


@dataclass(frozen=True, kw_only=True)
class TableView:
    """A table ready to be read: every cell is text.

    Parameters
    ----------
    headings : tuple of str
    rows : tuple of tuple of str
    numeric : tuple of bool
        Which columns are set flush right.
    notes : tuple of str
        Caveats and explanations beneath.
    caption : str
    leads : tuple of str
        Row by row, the stem of the chapter that said it; empty if nothing leads anywhere.
    states : tuple of str
        Row by row its verdict's colour: ``good``, ``bad``, ``open`` or empty.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    notes: tuple[str, ...] = ()
    caption: str = ""
    leads: tuple[str, ...] = ()
    states: tuple[str, ...] = ()

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, Any]:
        data = {
            "headings": list(self.headings),
            "rows": [list(row) for row in self.rows],
            "numeric": list(self.numeric),
            "notes": list(self.notes),
            "caption": self.caption,
            "leads": list(self.leads),
        }
        return {mime.TABLE: data, "text/html": self._html(), "text/plain": self._plain()}

    def _html(self) -> str:
        sides = ["right" if numeric else "left" for numeric in self.numeric]
        look = (
            "text-align:{};padding:.25em .7em;vertical-align:baseline;max-width:34em;white-space:{}"
        )
        heads = zip(self.headings, sides, strict=True)
        head = "".join(
            f'<th style="{look.format(side, "normal")}">{escape(text)}</th>' for text, side in heads
        )
        body = ""
        for row, state in zip(self.rows, self.states or ("",) * len(self.rows), strict=True):
            edge = f"border-left:4px solid {theme.STATES.get(state, 'transparent')};"
            cells = [
                f'<td style="{edge if at == 0 and self.states else ""}'
                f'{look.format(side, "nowrap" if side == "right" else "pre-wrap")}">'
                f"{escape(text)}</td>"
                for at, (text, side) in enumerate(zip(row, sides, strict=True))
            ]
            body += f"<tr>{''.join(cells)}</tr>"
        notes = "".join(f"<div><small>{escape(note)}</small></div>" for note in self.notes)
        above = "caption-side:top;text-align:left;font-weight:bold;padding:.3em .7em;color:inherit"
        caption = f'<caption style="{above}">{escape(self.caption)}</caption>'
        return (
            f'<table style="margin:0 0 .5em 0">{caption if self.caption else ""}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"
        )

    def _plain(self) -> str:
        lines = [self.caption] if self.caption else []
        lines += ["\t".join(self.headings), *("\t".join(row) for row in self.rows), *self.notes]
        return "\n".join(lines)


SHARED = ("period", "brand", "touchpoint")
"""Columns that a result may be by and that mean what the registry says."""
KPI_COLUMNS = (
    *("kpi", "segment", "level", "brand", "period", "value", "target", "status", "change"),
    *("like", "cause", "n"),
)
"""What a table of KPIs shows of itself where nobody says which columns."""


def view(
    result: Any,
    *,
    words: Words,
    minimum_base: int,
    table: str = "table",
    columns: str | Sequence[str] | None = None,
    caption: str = "",
) -> TableView:
    """Lay out one frame of a result (already withheld) for a reader.

    Parameters
    ----------
    result : DataFrame or a frozen result
    words : Words
    minimum_base : int
        Said in the note beneath where a cell was withheld.
    table : str
        Which of the result's frames, when it has several.
    columns : str or sequence of str, optional
        Show just these, in this order; one text names them with spaces between. One that ends in
        ``?`` is left out where it is not there, or no row has a value of it.
    caption : str
        A msgid.

    Raises
    ------
    CxError
        If the result has no such frame or column.
    """
    asked = columns.split() if isinstance(columns, str) else columns
    frame = result if isinstance(result, pd.DataFrame) else frame_of(result, table)
    unit = "" if isinstance(result, pd.DataFrame) else str(getattr(result, "unit", "") or "")
    shown = [(name, column_of(frame, name, result)) for name in choose(result, frame, asked)]
    marked = _base_column(frame, [name for name, _column in shown])
    told = records(frame)
    rows = [_row(record, shown, words, unit, marked) for record in told]
    judged = "status" in dict(shown)
    return TableView(
        headings=tuple(words.label(column.heading) for _name, column in shown),
        rows=tuple(rows),
        numeric=tuple(column.kind not in WORDS_KINDS for _name, column in shown),
        notes=tuple(notes_of(result, frame, words, minimum_base)),
        caption=words.say(caption) if caption else "",
        leads=tuple(map(str, frame["chapter"])) if "chapter" in frame else (),
        states=tuple(map(verdict_state, told)) if judged else (),
    )


def frame_of(result: Any, table: str) -> pd.DataFrame:
    """Return one frame of a result; its plain numbers as a row where it has none."""
    frame = getattr(result, table, None)
    if isinstance(frame, pd.DataFrame):
        return frame
    if is_dataclass(result):
        named = [
            f.name for f in fields(result) if isinstance(getattr(result, f.name), pd.DataFrame)
        ]
        if not named and table == "table":
            scalars = {f.name: [getattr(result, f.name)] for f in fields(result)}
            plain = (int, float, str, bool)
            return pd.DataFrame({k: v for k, v in scalars.items() if isinstance(v[0], plain)})
        raise CxError(f"{type(result).__name__} has no table {table!r}{nearest(table, named)}")
    raise CxError(f"{type(result).__name__} is not a result that can be shown.")


def choose(result: Any, frame: pd.DataFrame, asked: Sequence[str] | None) -> list[str]:
    """Return the shown columns: those asked for, else those that say something in any row."""
    if asked is not None:
        asked = [n.removesuffix("?") for n in asked if not n.endswith("?") or _told(frame, n[:-1])]
        missing = [name for name in asked if name not in frame]
        if missing:
            raise CxError(
                f"no column {missing[0]!r} in this table{nearest(missing[0], frame.columns)}"
            )
        return list(asked)
    names = [str(name) for name in frame.columns if name != "withheld"]
    if {"kpi", "value"} <= set(names):
        names = [name for name in KPI_COLUMNS if name in names]
    ends = {end for name in names for end in column_of(frame, name).interval or ()}
    return [name for name in names if name not in ends and _told(frame, name)]


def _told(frame: pd.DataFrame, name: str) -> bool:
    """Tell whether a column is there and says something in any row; an empty frame may."""
    return name in frame and (frame.empty or bool(frame[name].notna().any()))


def column_of(frame: pd.DataFrame, name: str, result: Any = None) -> Column:
    """Return what a column means: a group of the result's own, the registry's, else its kind.

    A client may call a segment as the kit calls a column.
    """
    by = getattr(result, "by", ())
    if isinstance(by, tuple) and name in by and name not in SHARED:
        return Column(name, "level")
    known = registry.COLUMNS.get(name)
    if known is not None:
        return known
    kind: Kind = registry.kind_of(name) or "key"
    if registry.kind_of(name) is None:
        if pd.api.types.is_bool_dtype(frame[name]):
            kind = "mark"
        elif pd.api.types.is_integer_dtype(frame[name]):
            kind = "int"
        elif pd.api.types.is_float_dtype(frame[name]):
            kind = "number"
    return Column(name.replace("_", " "), kind)


def _row(
    record: dict[Any, Any], shown: list[tuple[str, Column]], words: Words, unit: str, marked: str
) -> tuple[str, ...]:
    own_unit = str(record.get("unit") or unit)
    withheld = bool(record.get("withheld", False))
    cells = []
    for name, column in shown:
        if withheld and column.kind not in WORDS_KINDS:
            cells.append(formats.DASH)
            continue
        value = value_of(record, name, column, words)
        beside = _ends(record, column) or ()
        text = formats.cell(value, column.kind, words=words, unit=own_unit, beside=beside)
        if column.kind not in WORDS_KINDS:
            text = _unbroken(text)  # its interval may follow on the next line
        text += interval(record, column, words, own_unit)
        cells.append(text + (" *" if name == marked and few(record["n"]) else ""))
    return tuple(cells)


def _base_column(frame: pd.DataFrame, names: list[str]) -> str:
    """Return the shown column that bears the mark of a small base: the one that holds it."""
    if "n" not in frame or not names:
        return ""
    n = frame["n"].astype("float64")
    same = [
        name
        for name in names
        if pd.api.types.is_numeric_dtype(frame[name]) and frame[name].astype("float64").equals(n)
    ]
    return "n" if "n" in names else (same or names)[-1 if same else 0]


def value_of(record: dict[Any, Any], name: str, column: Column, words: Words) -> Any:
    """Return a row's value; of a level, or a choice, the key that its label goes by."""
    value = record[name]
    if formats.absent(value):
        return None
    if name == "choice":
        key = f"{record.get('question')}={value}"
        return key if words.label(key) != key else value
    if column.kind == "level":
        return f"{record.get('segment', record.get('margin', name))}={value}"
    if name == "mix_level":
        return words.label(f"{record.get('mix_segment')}={value}")
    return value


def few(n: Any) -> bool:
    """Tell whether a base calls for care."""
    return n is not None and not pd.isna(n) and 0 <= float(n) < CARE_BASE


def _ends(record: dict[Any, Any], column: Column) -> tuple[float, float] | None:
    if column.interval is None or pd.isna(record.get(column.interval[0])):
        return None
    return float(record[column.interval[0]]), float(record[column.interval[1]])


def interval(record: dict[Any, Any], column: Column, words: Words, unit: str) -> str:
    """Return a number's interval as it stands behind it, in brackets; empty where it has none."""
    ends = _ends(record, column)
    if ends is None:
        return ""
    if column.kind in ("unit", "signed"):
        low, high = words.span(*ends, unit, sign=column.kind == "signed")
    elif column.kind == "percent":
        low, high = words.span(*ends, "share")
    elif column.kind == "share_change":
        low, high = words.span(100 * ends[0], 100 * ends[1], "pp", sign=True)
    else:
        low, high = (formats.cell(end, column.kind, words=words, unit=unit) for end in ends)
    low, high = Said(low), Said(high)
    said = words.say(_("({low} to {high})"), low=low, high=high)
    space = "\u200b" if said.startswith("（") else " "
    return space + _unbroken(said)


def _unbroken(number: str) -> str:
    """Return a number or an interval as one that no line breaks: not between − and ¥ either."""
    return re.sub("([+−])(?=[^\\d\\s])", "\\1\u2060", number.replace(" ", "\u00a0"))


def notes_of(result: Any, frame: pd.DataFrame, words: Words, minimum_base: int) -> Iterable[str]:
    """Yield what stands beneath a table: what is withheld, what calls for care, caveats."""
    if "withheld" in frame and frame["withheld"].any():
        yield words.say(
            _("– : withheld: a base below {n}, or a group that would give such a one away."),
            n=minimum_base,
        )
    if "n" in frame:
        n = frame.loc[~frame["withheld"], "n"] if "withheld" in frame else frame["n"]
        if (n.fillna(CARE_BASE) < CARE_BASE).any():
            yield words.say(_("* : a base below {n}; interpret with care."), n=CARE_BASE)
    base = getattr(result, "n_used", None)
    people = getattr(result, "counts", "people") == "people"
    if people and isinstance(base, int) and not {"n", "n_before", "answered"} & set(frame.columns):
        yield words.say(_("n = {n}"), n=base)
    for caveat in getattr(result, "caveats", ()):
        yield formats.say_caveat(caveat, words)
