"""The service drawn: months in their limits, late groups, the week's rhythm, what lies open."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.analysis.service import Arrivals, Backlog, Course
from cxlib.chapters.service.subjects import ALPHA, HEAVY
from cxlib.chapters.service.tables import DAY
from cxlib.columns import records
from cxlib.plots import theme
from cxlib.plots.bars import shares, stacks
from cxlib.plots.heat import heat
from cxlib.plots.process_chart import panels
from cxlib.present.formats import named
from cxlib.words import Quantity, Said, Words, mark as _


def course(course: Course, *, words: Words) -> Axes:
    """Draw each KPI month by month within the limits of its usual months."""
    latest = course.latest
    keys = latest["kpi"].tolist()
    moved = latest.loc[latest["variation"].isin(["concerning", "improving"]), "kpi"]
    message = _("None of {all} KPIs leaves its usual range")
    if not course.charts:
        message = _("Fewer than three months: what is usual cannot be told yet")
    text = words.say(message, all=len(keys))
    if len(moved):
        message = _("{n} of {all} KPIs left {n:its|their} usual range: {kpis}")
        if len(moved) == len(keys) > 1:
            message = _("Every KPI left its usual range: {kpis}")
        text = words.say(message, n=len(moved), all=len(keys), kpis=tuple(moved))
    return panels(course.table, keys=keys, words=words, title=text, day=words.day)


def late(table: pd.DataFrame, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each group's share of the late tickets beside its share of all."""
    keys = [f"{row['segment']}={row['level']}" for row in records(table)]
    parts = zip(table["segment"], keys, strict=True)
    ax = shares(
        table,
        value="share_of_late",
        beside="share_of_tickets",
        heavy=(table["share_of_late"] > HEAVY * table["share_of_tickets"]).tolist(),
        labels=[f"{words.label(segment)} · {words.label(key)}" for segment, key in parts],
        label=words.say(_("Share of the late tickets, %; the stroke is the share of all")),
        ax=ax,
    )
    lift = table["share_of_late"] / table["share_of_tickets"]
    clear = lift.where((table["p_adjusted"] < ALPHA) & (lift > 1))
    if clear.isna().all():
        message = _("No group clearly has more than its share of the late tickets ({kpi})")
        return theme.title(ax, words.say(message, kpi=table["kpi"].iloc[0]))
    top = table.iloc[int(np.nanargmax(clear.to_numpy()))]
    message = _("{level}: {share} of the late tickets ({kpi}) on {part} of the volume")
    level = Said(named(f"{top['segment']}={top['level']}", words))
    share, part = (Quantity(top[name], "share") for name in ("share_of_late", "share_of_tickets"))
    return theme.title(ax, words.say(message, kpi=top["kpi"], level=level, share=share, part=part))


def backlog(backlog: Backlog, *, words: Words, months: int = 12, ax: Axes | None = None) -> Axes:
    """Draw the open tickets at the end of each month by age."""
    shown = backlog.table["period"].drop_duplicates().tail(months)
    ages = backlog.ageing[backlog.ageing["period"].isin(shown)]
    grid = ages.pivot_table("tickets", "period", "from_days", aggfunc="sum", sort=False)
    edges = ages.drop_duplicates("from_days").set_index("from_days")["to_days"]
    grid = grid[sorted(grid.columns)].rename(columns=lambda low: _age(low, edges[low], words))
    ax = stacks(grid, words=words, label=words.say(_("Open tickets")), ax=ax)
    last = backlog.table.iloc[-1]
    message = _("No ticket was open on {end}")
    if last["open"]:
        message = _("{open} {open:ticket|tickets} open on {end}, half of them older than {median}")
    median = Quantity(last["age_median"], "seconds")
    end = last["at"].date()  # a log may end within its month
    return theme.title(ax, words.say(message, open=int(last["open"]), end=end, median=median))


def _age(low: float, high: float, words: Words) -> str:
    if not np.isfinite(high):
        return words.say(_("over {low} {low:day|days}"), low=int(low))
    return words.say(
        _("up to {high} {high:day|days}") if low else _("up to {high} day"), high=int(high)
    )


def rhythm(inflow: Arrivals, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw how many tickets come in each hour of each weekday, darker for more."""
    grid = inflow.table.pivot_table("calls_per_hour", "weekday", "start", sort=False)
    busy = grid.columns[(grid > 0).any()]
    grid = grid.loc[[day for day in DAY if day in grid.index], busy.min() : busy.max()]
    grid.columns = [start.removesuffix(":00") for start in grid.columns]
    grid.index = [words.label(DAY[day]) for day in grid.index]
    label = words.say(_("Hour of the day; new tickets an hour, on average"))
    ax = heat(grid, words=words, label=label, ax=ax)
    top = inflow.table.iloc[int(inflow.table["calls_per_hour"].argmax())]
    message = _("Most comes in on {day} from {start}: {value} tickets an hour")
    value = words.number(float(top["calls_per_hour"]), 1)
    text = words.say(message, day=DAY[str(top["weekday"])], start=str(top["start"]), value=value)
    return theme.title(ax, text)
