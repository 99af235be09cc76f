"""What a consultant should know of a client's tables beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib import periods as calendar
from cxlib.data.ledger import Ledger
from cxlib.data.schema import DATED
from cxlib.data.survey import OWN, UNNAMED, own_of
from cxlib.data.tables import opened_in

if TYPE_CHECKING:
    from cxlib.params import Client

FRAGMENT = 0.6
"""A last period that reaches less far, on fewer rows, than this share of the usual is a part."""


def fragments(
    frames: Mapping[str, pd.DataFrame], client: Client, ledgers: Mapping[str, Ledger]
) -> None:
    """Warn of tables that have only the first days of the latest period, which a run reports."""
    dated: dict[str, pd.DataFrame] = {}
    for table, column in {"survey": "date", **DATED}.items():
        frame = frames.get(table, pd.DataFrame())
        if column not in frame or frame[column].isna().all():
            continue
        if table == "survey":
            days = own_of(frame).groupby(["period", frame[column].dt.normalize()]).size()
            rows = days.rename("n").rename_axis(["period", "day"]).reset_index()
        elif client.period == "wave":
            continue
        else:
            days = frame[column].dt.normalize().value_counts()
            rows = days.rename("n").rename_axis("day").reset_index()
            rows["period"] = calendar.label_dates(rows["day"], client.period)
        if all(map(calendar.kind_of, rows["period"].unique())):
            dated[table] = rows
    told = [dated["survey"]] if "survey" in dated else dated.values()
    latest = calendar.order([name for rows in told for name in rows["period"].unique()])[-1:]
    for table, rows in dated.items():
        known = [name for name in calendar.order(rows["period"].unique()) if name <= latest[0]]
        if len(known) > 1 and known[-1:] == latest:
            _fragment(rows, known, table, ledgers[table])


def _fragment(rows: pd.DataFrame, known: list[str], table: str, ledger: Ledger) -> None:
    by = rows.groupby("period")
    last, n, days, reach = by["day"].max(), by["n"].sum(), {}, {}
    for name in known:
        period = calendar.parse(name)
        days[name] = (last[name].date() - period.start).days + 1
        reach[name] = days[name] / ((period.end - period.start).days + 1)
    latest, before = known[-1], known[:-1]
    usual, many = (float(np.median([of[name] for name in before])) for of in (reach, n))
    if reach[latest] < FRAGMENT * usual and n[latest] < FRAGMENT * many:
        part = f"{days[latest]} days" if days[latest] > 1 else "day"
        ledger.warn(
            (table,),
            f"{latest}, the latest period, has only its first {part} ({n[latest]} "
            f"{'answers' if table == 'survey' else 'rows'}, usually {many:g}): a part of it; "
            f"`cx run --period {known[-2]}` reports the last whole one.",
        )


def silent(frames: Mapping[str, pd.DataFrame], client: Client, ledger: Ledger) -> None:
    """Warn where no ticket was opened in the latest period of the survey, which a run reports."""
    if "survey" not in frames or "tickets" not in frames:
        return
    own = frames["survey"].loc[frames["survey"]["brand"] == OWN, "period"].unique()
    known = [name for name in calendar.order(own) if calendar.kind_of(name)]
    if not known or opened_in(frames["tickets"], known[-1]).any():
        return
    both = [name for name in known if opened_in(frames["tickets"], name).any()]
    last = f"; `cx run --period {both[-1]}` is the last with both" if both else ""
    ledger.warn(
        ("tickets", "source"),
        f"no ticket was opened in {known[-1]}, the latest period of the survey: its run has no "
        f"service chapter{last}.",
    )


_JOINED = (("members", "member_id", "id"), ("transactions", "member_id", "member"),
           ("survey", "respondent_id", "id"), ("tickets", "customer_id", "customer"))  # fmt: skip


def join(frames: Mapping[str, pd.DataFrame], ledgers: Mapping[str, Ledger]) -> None:
    """Warn of tables whose ids of customers meet nobody in the other, or only without zeros."""
    ids: list[tuple[str, str, set[str]]] = []
    for table, column, key in _JOINED:
        if table in frames and frames[table].dtypes.get(column) == "str":
            known = frames[table][column].dropna()
            named = {text for text in known if not text.startswith(UNNAMED)}
            if named and len(named) < len(known) * 1.01 + 1:
                ids.append((table, key, named))
    for place, (table, key, named) in enumerate(ids):
        for other, _key, others in ids[:place]:
            if named & others or min(len(named), len(others)) < 5:
                continue
            bare, theirs = ({text.lstrip("0") for text in side} for side in (named, others))
            joined = len(bare & theirs)
            first = next((t for t in sorted(named) if t.lstrip("0") in theirs), min(named))
            alike = (t for t in sorted(others) if t.lstrip("0") == first.lstrip("0"))
            twin = next(alike, min(others))
            hint = (
                f"{joined} would join without leading zeros: export both as text"
                if joined
                else f"{table} has such as {first!r}, {other} {twin!r}"
            )
            if joined or table != "tickets":
                ledgers[table].warn(
                    (table, "columns", key),
                    f"no id of {table} is among those of {other} ({first!r} and {twin!r}); {hint}.",
                )
