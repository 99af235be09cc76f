"""The service drawn: months in their limits, late groups, the week's rhythm, staff, the pile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.plots._service_week import rhythm, staff
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from cxlib.analysis.service import Backlog
    from cxlib.analysis.service_course import Course
    from cxlib.analysis.service_groups import Groups

__all__ = ["backlog", "course", "late", "rhythm", "staff"]

MONTHS = 24
"""Months that a panel shows: two years, so that a season is seen twice."""

AGES = ("#dfe5ea", "#b9c5cf", "#8ba3b8", "#5580a6", "#1f5f99", "#b3372f")
"""From fresh to old, darker with age, so that grey print tells them apart too."""

_SCALE = {"share": 100.0, "mean": 1.0}
_STEPS = ((3 * 86_400, 86_400, _("d")), (2 * 3_600, 3_600, _("h")), (120, 60, _("min")))


def course(
    course: Course,
    *,
    words: Words,
    targets: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each KPI month by month within the limits of ordinary months.

    Parameters
    ----------
    course : Course
        Small bases withheld.
    words : Words
    targets : mapping of str to float, optional
        Agreed values by KPI, in the unit of the KPI.
    ax : Axes, optional
        Stands for the first panel; the others lie beside it.
    """
    from matplotlib.figure import Figure

    metrics = course.latest["metric"].tolist()
    columns = 2 if len(metrics) > 1 else 1
    deep = -(-len(metrics) // columns)
    if ax is None or len(metrics) > 1:
        figure = Figure(figsize=(theme.WIDTH, 0.75 + 1.75 * deep))
        panels = figure.subplots(deep, columns, squeeze=False).ravel()
    else:
        panels = np.array([ax])
    for panel, metric in zip(panels, metrics, strict=False):
        _panel(panel, course, str(metric), (targets or {}).get(str(metric)), words)
    for panel in panels[len(metrics) :]:
        panel.set_axis_off()
    moved = course.latest[course.latest["variation"].isin(["concerning", "improving"])]
    text = (
        words.say(
            _("{n} of {all} KPIs left their usual range: {metrics}"),
            n=len(moved),
            all=len(metrics),
            metrics=tuple(moved["metric"]),
        )
        if len(moved)
        else words.say(_("None of {all} KPIs leaves its usual range"), all=len(metrics))
    )
    first: Axes = panels[0]
    held = first.get_title(loc="left")
    theme.title(first, text, alt=_course_told(course, text, words))
    whole = first.get_figure(root=True)
    if len(metrics) > 1 and whole is not None:
        first.set_title(held, loc="left", fontsize=9, pad=4)
        width = theme.WIDTH * 72 / 10.5 * 0.98
        whole.suptitle(
            theme.wrap(text, width=width), x=0.01, ha="left", fontsize=10.5, color=theme.INK
        )
    return first


def _course_told(course: Course, text: str, words: Words) -> str:
    told = "; ".join(
        f"{words.label(row['metric'])} {words.quantity(row['value'], row['unit'])}"
        for _label, row in course.latest.iterrows()
    )
    return f"{text}. {told}."


def _panel(ax: Axes, course: Course, metric: str, target: float | None, words: Words) -> None:
    table = course.table[course.table["metric"] == metric].tail(MONTHS).reset_index(drop=True)
    unit = str(table["unit"].iloc[0])
    scale, name = _axis(table, unit, words)
    at = np.arange(len(table))
    lower, upper, centre, value = (
        scale * table[name].to_numpy(dtype=float) for name in ("lower", "upper", "centre", "value")
    )
    ax.fill_between(at, lower, upper, color=theme.MUTED, alpha=0.13, linewidth=0)
    ax.plot(at, centre, color=theme.MUTED, linewidth=0.8)
    ax.plot(at, value, color=theme.MAIN, linewidth=1.2, marker="o", markersize=2.6)
    latest = course.latest.set_index("metric").loc[metric]
    for x, row in enumerate(table.to_dict("records")):
        told = latest["since"] and row["period"] >= latest["since"]
        if not told and "outside" not in row["flags"]:
            continue
        good = (value[x] > centre[x]) == (latest["direction"] == "higher")
        ax.plot(
            x,
            value[x],
            marker="^" if good else "v",
            markersize=6,
            color=theme.GOOD if good else theme.BAD,
            markeredgecolor=theme.INK,
            markeredgewidth=0.5,
        )
    if target is not None:
        ax.axhline(scale * target, color=theme.ACCENT, linestyle="-.", linewidth=1.1)
    ends = [0, len(table) - 1] if len(table) > 1 else [0]
    ax.set_xticks(ends, [words.period(str(table["period"][each])) for each in ends], fontsize=7)
    labels = ax.get_xticklabels()
    labels[0].set_horizontalalignment("left")
    labels[-1].set_horizontalalignment("right")
    ax.tick_params(axis="y", labelsize=7)
    ax.margins(x=0.04, y=0.18)
    ax.set_ylabel(name, fontsize=7)
    said = words.quantity(float(table["value"].iloc[-1]), unit)
    ax.set_title(f"{words.label(metric)}: {said}", loc="left", fontsize=9, pad=4)


def _axis(table: pd.DataFrame, unit: str, words: Words) -> tuple[float, str]:
    """Return what values are multiplied by, and the unit that the axis then has."""
    if unit != "seconds":
        return _SCALE.get(unit, 1.0), "%" if unit == "share" else ""
    largest = float(table[["value", "upper"]].max().max())
    for least, size, name in _STEPS:
        if largest >= least:
            return 1 / size, words.say(name)
    return 1.0, words.say(_("s"))


def late(
    groups: Groups, *, words: Words, kpi: str = "resolution_sla", ax: Axes | None = None
) -> Axes:
    """Draw each group's share of the late tickets beside its share of all.

    Parameters
    ----------
    groups : Groups
        Small bases withheld.
    words : Words
    kpi : str
        The service level: ``first_response_sla`` or ``resolution_sla``.
    ax : Axes, optional
    """
    table = groups.late[groups.late["kpi"] == kpi]
    order = {name: at for at, name in enumerate(dict.fromkeys(groups.speed["segment"]))}
    table = table.assign(at=table["segment"].map(order))
    table = table.sort_values(["at", "share"], ascending=[True, False], kind="stable")
    table = table.reset_index(drop=True)
    ax = theme.row_axes(ax, len(table), extra=1.35)
    for y, (_label, row) in enumerate(table.iterrows()):
        heavy = row["weight"] > 1.25
        ax.barh(
            y,
            100 * row["share"],
            height=0.6,
            color=theme.BAD if heavy else theme.QUIET,
            hatch="//" if heavy else None,
            edgecolor=theme.PAPER,
            linewidth=0,
        )
        ax.plot(100 * row["share_of_tickets"], y, marker="|", markersize=13, color=theme.INK, mew=2)
    labels = [
        f"{words.label(row['segment'])} · {words.label(row['segment'] + '=' + str(row['level']))}"
        for _label, row in table.iterrows()
    ]
    theme.label_rows(ax, labels, width=24)
    ax.grid(axis="x")
    ax.set_xlim(left=0)
    ax.set_xlabel(words.say(_("Share of the late tickets, %; the stroke is the share of all")))
    shown = table.dropna(subset=["weight"])
    if shown.empty:
        return theme.title(ax, words.say(_("No ticket is late ({metric})"), metric=kpi))
    top = shown.iloc[int(shown["weight"].argmax())]
    text = words.say(
        _("{metric}: {level} make up {share} of the late tickets, but {part} of all"),
        metric=kpi,
        level=f"{top['segment']}={top['level']}",
        share=Quantity(top["share"], "share"),
        part=Quantity(top["share_of_tickets"], "share"),
    )
    return theme.title(ax, text)


def backlog(backlog: Backlog, *, words: Words, months: int = 12, ax: Axes | None = None) -> Axes:
    """Draw the open tickets at the end of each month by age.

    Parameters
    ----------
    backlog : Backlog
        By month.
    words : Words
    months : int
        How far back.
    ax : Axes, optional
    """
    shown = backlog.table["period"].drop_duplicates().tail(months).tolist()
    ax = theme.axes(ax, height=3.0)
    ages = backlog.ageing[backlog.ageing["period"].isin(shown)]
    classes = ages[["from_days", "to_days"]].drop_duplicates().to_numpy()
    below = np.zeros(len(shown))
    for colour, (low, high) in zip(AGES, classes, strict=False):
        rows = ages[ages["from_days"] == low].set_index("period")["tickets"]
        counts = rows.reindex(shown).fillna(0).to_numpy(dtype=float)
        ax.bar(
            np.arange(len(shown)),
            counts,
            bottom=below,
            color=colour,
            width=0.72,
            edgecolor=theme.PAPER,
            linewidth=0.4,
            label=_age(low, high, words),
        )
        below += counts
    for x, total in enumerate(below):
        ax.annotate(
            words.number(total),
            (x, total),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
        )
    few = len(shown) <= 6
    ax.set_xticks(
        np.arange(len(shown)),
        [words.period(str(each)) for each in shown],
        rotation=0 if few else 30,
        ha="center" if few else "right",
        fontsize=7.5,
    )
    ax.set_ylabel(words.say(_("Open tickets")))
    ax.margins(y=0.1)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
    last = backlog.table.iloc[-1]
    if not last["open"]:
        return theme.title(
            ax, words.say(_("No ticket is open at the end of {end}"), end=str(last["period"]))
        )
    text = words.say(
        _("{open} tickets open at the end of {end}, half of them older than {median}"),
        open=int(last["open"]),
        end=str(last["period"]),
        median=Quantity(last["age_median"], "seconds"),
    )
    return theme.title(ax, text)


def _age(low: float, high: float, words: Words) -> str:
    facts: dict[str, Any] = {"low": int(low), "high": int(high) if np.isfinite(high) else 0}
    if not np.isfinite(high):
        return words.say(_("over {low} days"), **facts)
    return words.say(_("up to {high} days") if low else _("up to {high} day"), **facts)
