"""The sections of a drafted client file on tickets, a loyalty programme and comments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from cxlib.data import values
from cxlib.data.draft_columns import GUESSES, guessed
from cxlib.data.guess import HAN, Column, ask, found, is_text, pattern
from cxlib.data.programme import whole_orders
from cxlib.data.reshape import literal, name, tried
from cxlib.data.scales import scale_of
from cxlib.data.sections import (
    Keys,
    Lines,
    Table,
    flow,
    mapping,
    quoted,
    write_formats,
    write_scale,
    write_source,
    write_unused,
)
from cxlib.params.source import Source

_NEEDS = {
    "tickets": ("a ticket log", {"created": "when a ticket was created", "id": "the id"}),
    "transactions": ("orders", {"member": "who", "date": "when"}),
    "benefits": ("benefits used", {"member": "who", "date": "when"}),
    "points": ("a points ledger", {"member": "who", "date": "when"}),
}
"""What a table of a kind is, and what it is nothing without."""
MOSTLY = 0.6
"""Share of rows that hold the text in a file of comments; of a survey fewer comment."""
STOCK = (6, 10, 0.02)
"""Characters, rows and share of rows from which the same words are nobody's own."""


def _opened(lines: Lines, table: Table, files: str) -> Mapping[str, Lines] | None:
    """Write the head and columns of a section; None, and a question, if it is nothing without."""
    what, needed = _NEEDS.get(table.kind, ("", {}))
    parts = guessed(table)
    for key, lacks in needed.items():
        if key not in table.found:
            lines.ask(0, ask("lacking", files=files, what=what, lacks=lacks))
            lines.lines += [s for t in parts["columns"].lines if (s := t.strip()).startswith("# ?")]
            return None
    _once_an_order(table, files)
    lines.add(0, f"{table.kind}:")
    write_source(lines, table, files)
    lines.add(1, "columns:")
    lines.put(parts["columns"])
    if "states" in parts and table.kind == "transactions":
        lines.put(parts["states"])
    return parts


def _once_an_order(table: Table, files: str) -> None:
    """Read one row of each order where each of its rows holds the order's whole amount."""
    order, amount = table.found.get("order"), table.found.get("amount")
    if table.kind != "transactions" or not order or not amount:
        return
    n = whole_orders(order.texts, amount.texts)
    if not n:
        return
    table.asks.append(ask("order_lines", n=n, amount=amount.name))
    once = f"qualify row_number() over (partition by {name(order)} order by {name(amount)}) = 1"
    sql = f"select * from {literal(files)}\n{once}"
    source = table.source
    simple = not (source.sheet or source.header_row or source.header_rows or source.sql)
    if simple and len(table.paths) == 1 and tried(table.paths[0], sql, source.encoding):
        table.source = Source(sql=sql, encoding=source.encoding)
    else:
        table.asks[-1] = ask("by_hand", question=table.asks[-1].partition(" So ")[0])


def tickets(lines: Lines, table: Table, files: str) -> None:
    """Write the tickets section."""
    parts = _opened(lines, table, files)
    if parts is None:
        return
    write_formats(lines, table)
    durations = parts["durations"]
    lines.put(durations, "durations:" if any("#" not in d[:5] for d in durations.lines) else "")
    lines.put(parts["states"], "states:")
    if "closed" in table.found and "resolved" not in table.found:
        lines.add(1, "# resolution: closed", asks=[ask("closing")])
    limits = "# sla: {first_response: 4h, resolution: 2d}"
    lines.add(1, limits, "the contract's time limits, if any")
    write_unused(lines, [column.name for column in table.rest()])


def ledger(lines: Lines, table: Table, files: str) -> None:
    """Write a section of dated entries of members: transactions, benefits or points."""
    if _opened(lines, table, files) is None:
        return
    write_formats(lines, table)
    write_unused(lines, [column.name for column in table.rest()])
    if table.kind == "points":
        kinds = "# kinds: {issued: [], redeemed: [], expired: []}"
        lines.add(1, kinds, "which kind means what")


def members(lines: Lines, table: Table, files: str) -> None:
    """Write the members section."""
    parts = _opened(lines, table, files) or {}
    known = (guess.key for guess in GUESSES[table.kind])
    keys, attributes, unused = Keys(*known), Lines(), []
    for column in table.rest():
        if not column.personal and 2 <= column.distinct <= 20:
            key = keys.of(column.name, "attribute")
            attributes.add(2, f"{key}: {quoted(column.name)}", f"{column.distinct} values")
        else:
            unused.append(column.name)
    lines.put(attributes, "attributes:")
    lines.put(parts["states"])
    write_formats(lines, table)
    write_unused(lines, unused)


def is_voice(columns: list[Column]) -> bool:
    """Tell whether a table holds comments: a text in most rows, and at most one rating."""
    text = _text_of(columns)
    if text is None or len(text.texts) < MOSTLY * text.rows:
        return False
    rated = [c for c in columns if (s := scale_of(c)) and s.high > 4]
    return len(rated) <= 1 and len(columns) <= 12


def _text_of(columns: list[Column]) -> Column | None:
    """Return the column whose words are the comments: of several texts the longest."""
    texts = [c for c in columns if not c.texts.empty and is_text(c) and not c.called("personal")]

    def length(column: Column) -> float:
        wide = 2 if HAN.search("".join(column.texts.head(20))) else 1
        return float(column.texts.str.len().mean() * wide)

    return max(texts, key=length, default=None)


def comments(lines: Lines, table: Table, files: str) -> None:
    """Write one source of the comments section."""
    text = _text_of(table.columns)
    if text is None:
        return
    if "comments:" not in lines.lines:
        lines.add(0, "comments:")
    table.used.add(text.name)
    part, keys, segments, left = Lines(), Keys(), Lines(), []
    write_source(part, table, files)
    part.add(1, "columns:")
    told = f"{text.distinct} different in {text.rows} rows"
    part.add(2, f"text: {quoted(text.name)}", told, _stock(text))
    part.put(guessed(table)["columns"])
    _customers(part, table)
    rating = table.found.get("rating")
    if rating and (scale := scale_of(rating)):
        part.add(1, f"scale: [{scale.low}, {scale.high}]", scale.why, scale.asks)
        for key, said in write_scale(scale).items():
            part.add(1, f"{key}: {said}")
    elif rating:
        texts = rating.texts.drop_duplicates()
        good = values.flags(texts)[0].astype(bool)
        known = {str(t): "5" if yes else "1" for t, yes in zip(texts, good, strict=True)}
        part.add(1, "scale: [1, 5]", "good or bad", [ask("verdict", good=texts[good].iloc[0])])
        part.add(1, f"values: {mapping(known)}")
    if found("complain|投诉", f"{files} {text.name}"):
        part.add(1, "asked: complaints", "by its name")
    write_formats(part, table)
    for column in table.rest():
        ids = column.personal or column.called("identity")
        if column.few and not column.is_number and not ids:
            key = keys.of(column.name, "segment")
            segments.add(2, f"{key}: {quoted(column.name)}", f"{column.distinct} values")
        else:
            left.append(column.name)
    part.put(segments, "segments:")
    write_unused(part, left + sorted(table.dropped))
    stem = PurePath(files.removesuffix("/*")).stem.replace(".", "_")
    lines.add(1, f"{Keys().of(stem, 'comments')}:")
    lines.lines += [f"  {line}" for line in part.lines]


def _customers(part: Lines, table: Table) -> None:
    """Keep what customers wrote, where a column tells who did; ask about a column of senders."""
    staff, wrote = pattern("staff"), pattern("wrote")
    for column in table.rest():
        texts = [str(text) for text in column.texts.value_counts().index]
        own = [text for text in texts if staff.fullmatch(values.plain(text))]
        theirs = [text for text in texts if wrote.fullmatch(values.plain(text))]
        if own and theirs and 2 * len([*own, *theirs]) >= len(texts) and len(texts) <= 20:
            kept = [text for text in texts if text not in own]
            n = int(column.texts.isin(own).sum())
            asks = [ask("staff", texts=", ".join(map(repr, own)), name=column.name, n=n)]
            table.used.add(column.name)
            table.drop("sender")
            part.add(1, f"where: {mapping({column.name: flow(kept)})}", "customers alone", asks)
            return
    if (sender := table.take(["sender"])) and sender.distinct > 1:
        part.ask(1, ask("senders", name=sender.name))
        table.dropped.add(sender.name)


def _stock(text: Column) -> list[str]:
    """Ask about words that come so often that nobody wrote them."""
    counts = text.texts[text.texts.str.len() >= STOCK[0]].value_counts()
    often = counts[counts > max(STOCK[1], STOCK[2] * len(text.texts))]
    return [
        ask("stock", said=str(said), n=n, quoted=quoted(str(said)))
        for said, n in often.head(3).items()
    ]
