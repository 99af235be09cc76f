"""The columns of a drafted section: a table of guesses, gone through by one engine."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from cxlib.data import values
from cxlib.data.guess import WORDS, Column, ask, found, is_day, is_text, pattern, starts_of, when_of
from cxlib.data.scales import ANSWERS, scale_of
from cxlib.data.sections import Lines, Table, flow, mapping, quoted


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A row of the table of guesses; what its fields mean is said there."""

    key: str
    names: Sequence[str]
    fits: Sequence[str] = ()
    way: str = "plain"
    why: str = "{c.distinct} values"
    asks: Mapping[str, str] = field(default_factory=dict)


GUESSES: Mapping[str, Sequence[Guess]] = {
    kind: [Guess(**row) for row in rows] for kind, rows in WORDS["guesses"].items()
}
"""What is looked for in a table of each kind, in the order in which columns are spoken for."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A column that a guess has found, and where what is said of it goes."""

    key: str
    column: Column
    table: Table
    parts: Mapping[str, Lines]
    why: str
    asks: Sequence[str]

    def write(self, said: str = "", why: str = "", asks: Sequence[str] = (), off: str = "") -> None:
        """Write the column under its heading: its name, unless more is to be said of it."""
        heading, _, key = self.key.rpartition(".")
        self.parts[heading or "columns"].add(
            2,
            f"{off}{key}: {said or quoted(self.column.name)}",
            why or ("" if said or off else self.why),
            [*asks, *self.asks],
        )


def guessed(table: Table) -> Mapping[str, Lines]:
    """Go through the guesses on a table of its kind; return what is written under each heading."""
    parts: dict[str, Lines] = defaultdict(Lines)
    for guess in GUESSES[table.kind]:
        if guess.key in table.found:
            continue
        if column := table.take(guess.names, partial(_fits, guess, table)):
            table.found[guess.key] = column
            asks = [t.format(c=column) for fact, t in guess.asks.items() if getattr(column, fact)]
            why = guess.why.format(c=column)
            WAYS[guess.way](
                Hit(key=guess.key, column=column, table=table, parts=parts, why=why, asks=asks)
            )
    for column in table.rest():
        key = _date_key(column, table)
        if key and key not in table.found and _is_spoilt(column):
            _ask_when(Hit(key=key, column=column, table=table, parts=parts, why="", asks=[]))
    return parts


def _date_key(column: Column, table: Table) -> str:
    """Return which date of its table a column would be by its name; empty if it is called none."""
    keys = [g.key for g in GUESSES[table.kind] if g.way == "date" and column.called(*g.names)]
    return next(iter(keys), "date" if column.called(*WORDS["date_names"]) else "")


def _is_spoilt(column: Column) -> bool:
    """Tell whether some cells are written like dates, in a column that could not be read so."""
    whole = column.texts.str.fullmatch(r"\d{1,4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,4}日?([ T].*)?")
    return bool(whole.any()) and not is_text(column)


def _fits(guess: Guess, table: Table, column: Column) -> bool:
    return all(FITS[name](column, table) for name in guess.fits)


def _is_date(column: Column, table: Table) -> bool:
    when = when_of(column, table.formats) or when_of(column)
    if when:
        table.dates[column.name] = column, when
    return when is not None


def _looks_dated(column: Column, table: Table) -> bool:
    cells = column.texts.str.contains(r"\d\s?[-/.:年月]\s?\d")
    return table.days is None and bool(cells.mean() > 0.5)


def _is_rating(column: Column, _table: Table) -> bool:
    known = len(column.plain & {*WORDS["thumbs"], *ANSWERS})
    return column.is_number or (known > 1 and len(column.plain) <= known + 3)


def once_a_period(column: Column, table: Table) -> bool:
    """Tell whether ids come once in each period, so that it is people who come again."""
    period = table.found.get("period")
    if period is None:
        return False
    told = column.texts.str.cat(period.texts.reindex(column.texts.index).fillna(""), sep="\0")
    return not told.duplicated().any()


def is_verdict(column: Column) -> bool:
    """Tell whether a column sorts comments into good and bad ones."""
    return column.distinct == 2 and not values.flags(column.texts)[1].any()


FITS: Mapping[str, Callable[[Column, Table], object]] = {
    "date": _is_date,
    "day": lambda column, _table: is_day(column),
    "looks_dated": _looks_dated,
    "labels": lambda column, table: table.days is None and starts_of(column),
    "number": lambda column, _table: column.is_number,
    "positive": lambda column, _table: (column.numbers > 0).all(),
    "flag": lambda column, _table: not values.flags(column.texts)[1].any(),
    "rating": _is_rating,
    "stars": lambda column, _table: scale_of(column) or is_verdict(column),
    "unique": lambda column, _table: not column.again,
    "nearly": lambda column, _table: column.distinct > 0.9 * len(column.texts) > 5,
    "most": lambda column, _table: column.distinct > 0.5 * len(column.texts) > 5,
    "panel": once_a_period,
    "two": lambda column, _table: column.distinct == 2,
    "hashed": lambda column, _table: column.texts.str.startswith("#").all(),
    "sold": lambda column, _table: sum(map(len, sales_of(column).values())) > 1,
    "several": lambda column, _table: column.distinct > 1,
    "few": lambda column, _table: column.distinct <= 20,
    "tens": lambda column, _table: column.distinct <= 40,
    "scores": lambda column, _table: column.distinct <= 60,
}
"""What a guess may demand of a column's cells."""


def _date(hit: Hit) -> None:
    """Write a column of dates; what tells its day from its month tells it of the others."""
    table, column = hit.table, hit.column
    when = table.dates.pop(column.name)[1]
    if when.format and when.format not in table.formats:
        turned = re.sub("%[dm]", lambda m: {"%d": "%m", "%m": "%d"}[m[0]], when.format)
        for other, _when in table.dates.values():
            told = [f for f in (when.format, turned) if when_of(other, [f])]
            when = when_of(column, told) or when if len(told) == 1 else when
        table.formats.append(when.format)
    table.dates[column.name] = column, when
    table.none += [text for text in when.none if text not in table.none]
    if hit.key in ("date", "created"):
        table.days = when.days
    if hit.key not in ("first_response", "resolved", "closed") or table.days is None:
        hit.write(why=when.range, asks=when.asks)
        return
    early = int((when.days < table.days.reindex(when.days.index)).sum())
    if early > max(0.2 * len(column.texts), 5):
        hit.write(off="# ", asks=[*when.asks, ask("early", n=early, name=column.name)])
        return
    filled = int(when.days.notna().sum())
    hit.write(why=f"{filled} of {column.rows} filled; {when.range}", asks=when.asks)


def _period(hit: Hit) -> None:
    """Write a column of waves; beside a date it may be the same."""
    table, listed = hit.table, ", ".join(map(repr, hit.column.texts.unique()[:4]))
    if table.days is not None:
        hit.write(off="# ", why=listed, asks=[ask("which_day")])
        return
    hit.write(why=f"waves: {listed}")
    table.days, table.labelled = starts_of(hit.column) or (None, "")


def _ask_when(hit: Hit) -> None:
    """Ask how a column that is named like a date is written, and leave it out."""
    texts = hit.column.texts.drop_duplicates().head(100)
    alone = ((t, hit.column.among("date", texts.index[[i]])) for i, t in enumerate(texts))
    cell = next((text for text, one in alone if not when_of(one)), texts.iloc[0])
    hit.write(off="# ", asks=[ask("undated", name=hit.column.name, cell=cell)])
    hit.table.used.add(hit.column.name)
    hit.table.dropped.add(hit.column.name)


def _undated(hit: Hit) -> None:
    """Ask how a column that is named like a date is written; leave out its like, too."""
    _ask_when(hit)
    alike = [c for c in hit.table.rest() if c.called(*WORDS["date_names"])]
    gone = {c.name for c in alike if _looks_dated(c, hit.table)}
    hit.table.used |= gone
    hit.table.dropped |= gone


def _rating(hit: Hit) -> None:
    """Write a column of ratings, as numbers or in words: two of them, or a scale."""
    if hit.column.is_number:
        hit.write()
        return
    words = {str(raw): values.plain(str(raw)).casefold() for raw in hit.column.texts.unique()}
    thumbs: Mapping[str, int] = WORDS["thumbs"]
    known = {raw: thumbs[w] for raw, w in words.items() if w in thumbs}
    known = known or {raw: ANSWERS[w] for raw, w in words.items() if w in ANSWERS}
    rest = [raw for raw in words if raw not in known]
    strange = [raw for raw in rest if not pattern("unrated").fullmatch(words[raw])]
    asks = [ask("words", texts=", ".join(map(repr, strange)))] if strange else []
    _coded(hit, dict(sorted(known.items(), key=lambda pair: -pair[1])), hit.why, asks)
    hit.table.none += rest


def _late(hit: Hit) -> None:
    kept = 1 - values.flags(hit.column.texts)[0].astype(int)
    known = dict(zip(hit.column.texts, kept, strict=True))
    _coded(hit, known, "it tells the breaches")


def _coded(hit: Hit, known: Mapping[str, int], why: str, asks: Sequence[str] = ()) -> None:
    hit.write(mapping({"column": quoted(hit.column.name), "values": mapping(known)}), why, asks)


def _state(hit: Hit) -> None:
    """Write a column of states, and which of its texts mean which."""
    hit.write()
    states: dict[str, list[str]] = {}
    unknown = []
    for raw in map(str, hit.column.texts.value_counts().index):
        plain = values.plain(raw)
        known = (s for s, p in WORDS["state_words"].items() if pattern(p).fullmatch(plain))
        state = next(known, "")
        unknown += [] if state else [raw]
        states.setdefault(state or "open", []).append(raw)
    asks = [ask("states", states=", ".join(map(repr, unknown)))] if unknown else []
    for state, raws in states.items():
        hit.parts["states"].add(2, f"{state}: {flow(raws)}", asks=asks if state == "open" else ())


def sales_of(column: Column) -> Mapping[str, list[str]]:
    """Return the texts of a status by what they say of a sale; none where they say nothing."""
    told: dict[str, list[str]] = defaultdict(list)
    for raw in map(str, column.texts.value_counts().index):
        plain = values.plain(raw).casefold()
        known = (word for word, p in WORDS["sale_words"].items() if pattern(p).fullmatch(plain))
        told[next(known, "")].append(raw)
    return told if column.distinct <= 20 and len(told[""]) < 0.5 * column.distinct else {}


def _sold(hit: Hit) -> None:
    """Write the status of orders, and which of them are no sales."""
    told, counts = sales_of(hit.column), hit.column.texts.value_counts()
    listed = {
        word: ", ".join(f"{raw!r} ({counts[raw]})" for raw in raws) for word, raws in told.items()
    }
    none = [*told.get("unsold", ()), *told.get("unpaid", ())]
    name, asks = hit.column.name, list[str]()
    if none:
        both = ", ".join(listed[word] for word in ("unsold", "unpaid") if listed.get(word))
        asks.append(ask("sold", states=both, name=name))
    asks += [ask("part", states=listed["part"], name=name)] if told.get("part") else []
    asks += [ask("states", states=listed[""]).partition(" It ")[0]] if told.get("") else []
    hit.write(asks=asks)
    paid = [raw for word in ("paid", "part", "") for raw in told.get(word, ())]
    said = {"paid": flow(paid)} | ({"cancelled": flow(none)} if none else {})
    hit.parts["states"].add(1, f"states: {mapping(said)}")


def _amount(hit: Hit) -> None:
    """Write the amount; where there are others, ask which is meant."""
    names = next(guess.names for guess in GUESSES["transactions"] if guess.key == "amount")
    others = [repr(c.name) for c in hit.table.rest() if c.called(*names) and c.is_number]
    asks = [ask("amounts", name=hit.column.name, others=", ".join(others))] if others else []
    hit.write(asks=asks)


def _answered(hit: Hit) -> None:
    """Write the flag of calls that nobody answered as the state, and which cell says so."""
    column = hit.column
    hit.write(why="whether somebody answered the call")
    yes = values.flags(column.texts)[0].astype(bool)
    answered = yes if found("answered", column.name) else ~yes
    for state, rows in (("closed", answered), ("abandoned", ~answered)):
        if rows.any():
            hit.parts["states"].add(2, f"{state}: {flow(column.texts[rows].unique())}")


def _left(hit: Hit) -> None:
    """Write a yes-or-no column of who left a programme, and how its texts are sorted."""
    hit.write()
    texts = hit.column.texts.drop_duplicates()
    flags = values.flags(texts)[0].astype(bool)
    stays = found("active|有效", hit.column.name)  # yes: still there
    there = flags if stays else ~flags
    told = {state: flow(texts[rows]) for state, rows in (("active", there), ("left", ~there))}
    hit.parts["states"].add(1, f"states: {mapping(told)}", asks=[ask("left")])


def _duration(hit: Hit) -> None:
    """Write a column of durations; left out where a cell is none."""
    column = hit.column
    named = (u for u, words in WORDS["unit_words"].items() if found(words, column.name))
    unit = next(named, "")
    asks = [] if unit or column.numbers.isna().all() else [ask("minutes")]
    unit = unit or "minutes"
    parts = [c.name for c in hit.table.rest() if c.called("parts_of_call")]
    if parts and column.called(r"talk.*|通话.*"):
        asks.append(ask("talk", name=column.name, parts=", ".join(map(repr, parts))))
    strange = [t for t in column.texts.unique() if math.isnan(values.seconds(str(t), unit))]
    if strange:
        asks.append(ask("no_duration", cell=strange[0], name=column.name))
    said = mapping({"column": quoted(column.name), "unit": unit})
    hit.write(said, asks=asks, off="# " if strange else "")


WAYS: Mapping[str, Callable[[Hit], None]] = {
    "plain": Hit.write,
    "date": _date,
    "period": _period,
    "undated": _undated,
    "rating": _rating,
    "late": _late,
    "state": _state,
    "answered": _answered,
    "sold": _sold,
    "amount": _amount,
    "left": _left,
    "duration": _duration,
}
"""How a column that a guess has found is written."""
