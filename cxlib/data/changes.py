"""What changed in a client's data since they were last taken in, and which figures that restates.

Each intake leaves a summary in its record: rows, answers and values by period, and every KPI's
figure. The next one is compared with it, so that no former raw file is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import isclose, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib import __version__, periods
from cxlib.columns import records
from cxlib.data.masking import mask_text
from cxlib.data.schema import CHOICES, DATED, TEXT
from cxlib.data.survey import own_of
from cxlib.errors import Count, CxError
from cxlib.workspace import Workspace, as_name

if TYPE_CHECKING:
    from cxlib.data.intake import Made
    from cxlib.params import Client

Counts = dict[str, dict[str, int]]
"""By period, how many rows have each value."""

NO_ANSWER, UNUSED = "no answer", "not used"
_MOST_VALUES = 200
"""Distinct values beyond which a column is text rather than a choice."""

_MOST_TICKETS = 200_000
"""Tickets beyond which their figures are left to the run: some seconds of business time."""

_SHOWN = 5
_RESTATED_SHOWN = 30
_JUMP, _SURE = 0.10, 4.0
"""A share jumps if it moves by so much and by so many standard errors: of the hundreds of shares
that an intake compares, chance alone would show fewer than one in a hundred intakes."""


def summarise(client: Client, tables: Iterable[Made], *, upto: str = "") -> dict[str, Any]:
    """Return what the next intake is compared with; ticket figures as of the end of `upto`.

    ``upto`` (by default the latest period of the tables); ``tables``: by name ``rows`` (by period),
    ``headers`` (columns of the files) and ``values`` (by column and period, how many rows have
    each); ``figures``: every KPI's ``[kpi, period, value, n, unit]`` of the client itself.
    """
    made = {table.name: table for table in tables if table.frame is not None}
    rows = {name: _by_period(client, table) for name, table in made.items()}
    latest = periods.order(p for labels in rows.values() for p in labels.dropna().unique())
    upto = upto or (latest[-1] if latest else "all")
    return {
        "upto": upto,
        "tables": {
            name: {
                "rows": {str(k): int(n) for k, n in rows[name].value_counts(sort=False).items()},
                "headers": table.headers,
                "values": dict(_values(client, table, rows[name])),
            }
            for name, table in made.items()
        },
        "figures": _figures(client, made, upto),
    }


def _by_period(client: Client, made: Made) -> pd.Series:
    frame = made.frame if made.frame is not None else pd.DataFrame()
    if "period" in frame:
        return frame["period"].astype(object)
    column = DATED.get(made.name)
    if column in frame and client.period != "wave":
        return periods.label_dates(frame[column], client.period).astype(object)
    return pd.Series("all", index=frame.index, dtype=object)


def _values(client: Client, made: Made, period: pd.Series) -> Iterator[tuple[str, Counts]]:
    """Yield the columns that hold answers or choices, with their values by period."""
    frame = made.frame if made.frame is not None else pd.DataFrame()
    if made.name == "survey" and client.survey is not None:
        rated = _rated(client)
        texts = {column.name for column in made.columns if column.dtype == TEXT}
        kinds = {key: item.kind for key, item in client.survey.questions.items()}
        chosen = [*client.segments, *(key for key in kinds if kinds[key] == "single"), "brand"]
        columns = [*rated, *(key for key in chosen if key in texts)]
    else:
        columns = list(CHOICES.get(made.name, ()))
    at, labels = pd.factorize(period)
    for name in columns:
        if name not in frame:
            continue
        codes, unique = pd.factorize(frame[name])
        if len(unique) > _MOST_VALUES:
            continue
        shown = [f"{x:g}" if isinstance(x, float) else str(x) for x in unique]
        shown += [NO_ANSWER, UNUSED]
        codes = np.where(codes < 0, len(unique), codes)
        if f"{name}_used" in frame:
            unused = (frame[f"{name}_used"] == False).fillna(False)  # noqa: E712 - may be missing
            codes = np.where(unused.to_numpy(bool), len(unique) + 1, codes)
        wide = len(shown)
        cells = np.bincount((at * wide + codes)[at >= 0], minlength=len(labels) * wide)
        yield (
            name,
            {
                str(label): {value: int(n) for value, n in zip(shown, row, strict=True) if n}
                for label, row in zip(labels, cells.reshape(-1, wide), strict=True)
            },
        )


def _rated(client: Client) -> list[str]:
    return [m.key for m in client.metrics] + [t.key for t in client.touchpoints]


def _figures(client: Client, made: Mapping[str, Made], upto: str) -> list[list[Any]]:
    """Return every KPI of the client by period, as reports show it."""
    from cxlib.analysis import kpis
    from cxlib.data.figures import reported_figures, ticket_figures
    from cxlib.data.weighting import weighted

    frames = {name: table.frame for name, table in made.items() if table.frame is not None}
    found: list[pd.DataFrame] = []
    try:
        if "survey" in frames:
            survey = weighted(frames["survey"], client)
            asked: list[Any] = [*client.metrics, *client.touchpoints]
            found.append(kpis.estimate(own_of(survey), questions=asked).table)
        if "kpis" in frames:
            found += reported_figures(client, frames["kpis"])
        if "tickets" in frames and len(frames["tickets"]) <= _MOST_TICKETS:
            found += ticket_figures(client, frames["tickets"], upto)
    except CxError:  # a chapter meets the same fault and names it; what was found is compared
        found = [table for table in found if len(table)]
    return [
        [row["kpi"], row["period"], row["value"], None if pd.isna(n) else int(n), row["unit"]]
        for table in found
        for row in records(table.dropna(subset=["value"]))
        for n in (row["n"],)
    ]


def changes(
    client: Client,
    workspace: Workspace,
    tables: Iterable[Made],
    before: Mapping[str, Any],
    sources: Mapping[str, str],
    *,
    now: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return what changed since the intake whose record is `before`, a line each.

    `sources` is the hash of every raw file now, `now` the summary of `tables` if it is made
    already.
    """
    then = before["summary"]
    if now is None or (now["upto"] != then["upto"] and "tickets" in now["tables"]):
        now = summarise(client, tables, upto=then["upto"])
    base, rated = client.privacy.minimum_base, _rated(client)
    lines = [*_files(before.get("sources", {}), sources)]
    if before.get("params") != client.hash:
        lines.append("the client file has changed: part of what follows may come of that.")
    if before.get("kit") != __version__:
        lines.append("the kit has changed: part of what follows may come of that.")
    for name in dict.fromkeys([*then["tables"], *now["tables"]]):
        was, has = then["tables"].get(name), now["tables"].get(name)
        if was is None or has is None:
            lines.append(f"{name}: this table is {'new' if was is None else 'gone'}.")
            continue
        lines += [f"{name}: {line}" for line in _rows(was["rows"], has["rows"], base)]
        gone = [column for column in was["headers"] if column not in has["headers"]]
        new = [column for column in has["headers"] if column not in was["headers"]]
        lines += [f"{name}: new in the files: column {_listed(new)}."] if new else []
        lines += [f"{name}: no longer in the files: column {_listed(gone)}."] if gone else []
        for column in has["values"]:
            if column in was["values"]:
                told = _answers(column, was["values"][column], has["values"][column], base,
                                rated=column in rated)  # fmt: skip
                lines += [f"{name}: {line}" for line in told]
    lines += _restated(client, workspace, then["figures"], now["figures"], base)
    return [mask_text(line) for line in lines]


def _files(was: Mapping[str, str], has: Mapping[str, str]) -> Iterator[str]:
    groups = {
        "new": [name for name in has if name not in was],
        "changed": [name for name in has if name in was and has[name] != was[name]],
        "gone": [name for name in was if name not in has],
    }
    told = [f"{how}: {_listed(names)}" for how, names in groups.items() if names]
    if told:
        yield f"sources: {'; '.join(told)}."


def _rows(was: Mapping[str, int], has: Mapping[str, int], base: int) -> Iterator[str]:
    before, after = sum(was.values()), sum(has.values())
    if before != after:
        yield f"{before:,} → {after:,} {Count(after):row|rows} used ({after - before:+,})."
    new = [period for period in has if period not in was]
    if new:
        rows = (f"{p} ({has[p]:,} rows)" if has[p] >= base else f"{p} (fewer than {base})"
                for p in periods.order(new))  # fmt: skip
        yield f"new periods: {', '.join(rows)}."
    gone = [period for period in was if period not in has]
    if gone:
        yield f"periods gone: {', '.join(periods.order(gone))}."
    for period, n in was.items():
        now = has.get(period, n)
        if now != n and min(now, n) >= base:
            yield (
                f"{period}, taken in before, has {now:,} {Count(now):row|rows} instead "
                f"of {n:,} ({now - n:+,})."
            )
        elif now != n:
            yield f"{period}, taken in before, has another number of rows (under the minimum base)."


def _answers(
    column: str, was: Counts, has: Counts, base: int, *, rated: bool = False
) -> Iterator[str]:
    """Yield the values of a column never seen before, and the shares that jumped.

    Of a `rated` question these are the shares without an answer: ratings that move are a KPI's
    change, which reports tell.
    """
    seen = {value for counts in was.values() for value in counts}
    fresh = {value: None for counts in has.values() for value in counts if value not in seen}
    fresh.pop(NO_ANSWER, None)
    fresh.pop(UNUSED, None)
    if fresh and seen:
        yield f"{column}: never seen before: {_listed(list(fresh))}."
    known = periods.order(was)
    for period in periods.order(has):
        added, rows = has[period], period
        if period in was:
            both = dict.fromkeys([*added, *was[period]])
            more = {v: added.get(v, 0) - was[period].get(v, 0) for v in both}
            corrected = min(more.values(), default=0) < 0
            added, rows = (added, "it now") if corrected else (more, f"rows added to {period}")
            earlier = period
        else:
            earlier = next((p for p in reversed(periods.order([*known, period])) if p in was), "")
        if not earlier:
            continue
        n, m = sum(added.values()), sum(was[earlier].values())
        if min(n, m) < base:
            continue
        for value in dict.fromkeys([*was[earlier], *added]):
            if value in fresh or (rated and value not in (NO_ANSWER, UNUSED)):
                continue
            share, other = added.get(value, 0) / n, was[earlier].get(value, 0) / m
            pooled = (added.get(value, 0) + was[earlier].get(value, 0)) / (n + m)
            error = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
            if abs(share - other) >= _JUMP and abs(share - other) >= _SURE * error:
                what = value if value in (NO_ANSWER, UNUSED) else repr(value)
                yield (
                    f"{column}: {what} jumped from {100 * other:.0f}% of {earlier} to "
                    f"{100 * share:.0f}% of {rows}."
                )


def _restated(
    client: Client, workspace: Workspace, was: list[Any], has: list[Any], base: int
) -> list[str]:
    """Return which figures of periods taken in before are others now, and who may have read them.

    Figures on fewer answers than the minimum base, before or now, were never reported.
    """
    before = {(kpi, period): (value, n, unit) for kpi, period, value, n, unit in was}
    after = {(kpi, period): (value, n, unit) for kpi, period, value, n, unit in has}
    lines, hidden, moved = [], 0, []
    order = {period: i for i, period in enumerate(periods.order(p for _k, p in before))}
    for key in sorted(before, key=lambda key: order[key[1]]):
        old, n, unit = before[key]
        if n is not None and n < base:
            continue
        kpi, period = key
        if key not in after:
            lines.append(f"restated: {kpi} of {period}: {_shown(old, unit)} → no figure any more.")
            moved.append(period)
            continue
        new, m, _unit = after[key]
        if (m is not None and m < base) or isclose(old, new, rel_tol=1e-9, abs_tol=1e-9):
            continue
        moved.append(period)
        if _shown(old, unit) == _shown(new, unit):
            hidden += 1
            continue
        on = f", on {m:,} instead of {n:,}" if None not in (m, n) and m != n else ""
        lines.append(
            f"restated: {kpi} of {period}: {_shown(old, unit)} → {_shown(new, unit)} "
            f"({_shown(new - old, unit, sign='+')}){on}."
        )
    if len(lines) > _RESTATED_SHOWN:
        rest = len(lines) - _RESTATED_SHOWN
        lines = [*lines[:_RESTATED_SHOWN], f"restated: {rest} more figures of earlier periods."]
    if hidden:
        lines.append(f"restated: {hidden} figures change by less than reports show.")
    if moved:
        reports = _reports(client, workspace, min(moved, key=order.__getitem__), list(order))
        lines += [f"restated: reports that show them: {', '.join(reports)}."] if reports else []
    return lines


def _reports(client: Client, workspace: Workspace, first: str, known: list[str]) -> list[str]:
    """Return the reports, of whatever kind of period, that end no earlier than `first` begins."""
    later = {as_name(period) for period in known[known.index(first) :]}
    since = periods.parse(first).start if periods.kind_of(first) else None
    found = []
    for folder in sorted((workspace.reports / client.client).glob("*/*/")):
        label = folder.parent.name
        dated = since is not None and periods.kind_of(label)
        if label in later or (dated and since and periods.parse(label).end >= since):
            found.append(f"{label} ({folder.name})")
    return found


def _shown(value: float, unit: str, *, sign: str = "") -> str:
    """Return a figure as exactly as reports show it."""
    if unit in ("percent", "points"):
        return f"{value:{sign}.1f}" + ("%" if unit == "percent" and not sign else "")
    if unit == "mean":
        return f"{value:{sign}.2f}"
    if unit in ("seconds", "working", "duration"):
        return f"{value:{sign},.0f} s"
    return f"{value:{sign},.2f}"


def _listed(values: list[str]) -> str:
    shown = ", ".join(map(repr, values[:_SHOWN]))
    rest = len(values) - _SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown
