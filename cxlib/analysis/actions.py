"""Actions: what they are expected to bring, which come first, what is late."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.results import Tabled, said
from cxlib.analysis.targets.proposals import HAIRCUT, HAIRCUT_LEAST, HAIRCUT_MOST
from cxlib.analysis.validate import day, numbers, once, require
from cxlib.columns import records
from cxlib.errors import DataError
from cxlib.words import mark as _

KINDS = (
    _("product"), _("process"), _("communication"), _("staff"), _("touchpoint"), _("technology"),
)  # fmt: skip
STATES = (
    _("proposed"), _("approved"), _("in progress"), _("done"), _("verified"), _("stopped"),
)  # fmt: skip
OPEN = STATES[:3]
FINISHED = STATES[3:5]

_TEXTS = ("title", "kind", "finding", "kpi", "owner", "due", "state", "note")
_NUMBERS = ("effect", "effect_low", "effect_high", "worth", "effort")
_DAYS = ("proposed", "approved", "started", "done", "verified")


class Plan(Tabled):
    """The plan of actions; see `plan` for the columns.

    ``progress``: A row a state: ``state, actions, overdue``. ``as_of``: the day as of which an
    action is overdue.
    """

    progress: pd.DataFrame
    as_of: dt.date | None


def last_day(when: dt.date | str) -> dt.date:
    """Return the last day of a period (``2026Q4``), or the day itself (``2026-10-31``)."""
    if isinstance(when, str) and periods.kind_of(when):
        return periods.parse(when).end
    return day(when, "due")


def past(due: dt.date | str | None, today: dt.date | None) -> bool:
    """Tell whether something is late on a day: its last day is over; never if either is unknown."""
    if today is None or due is None or pd.isna(due):
        return False
    return last_day(due) < today


def plan(
    actions: pd.DataFrame,
    *,
    as_of: dt.date | str | None = None,
    points: pd.Series | None = None,
    findings: Iterable[str] | None = None,
    haircut: float = HAIRCUT,
    learned: pd.DataFrame | None = None,
) -> Plan:
    """Say what each action is expected to bring, which come first, and what is late.

    Parameters
    ----------
    actions : pandas.DataFrame
        One row an action: ``id``, and what is known of ``title, kind, finding, kpi, effect,
        effect_low, effect_high`` (as predicted, in the KPI's unit), ``worth`` (money a year),
        ``effort`` (person-days, above 0), ``owner, due`` (a period or a day), ``state`` ("proposed"
        where empty) and the days ``proposed, approved, started, done, verified``.
    as_of : date or str, optional
        An open action due before it is overdue; a period or a day. Nothing is without it.
    points : pandas.Series, optional
        Points of the first KPI that one unit of a KPI goes with, by KPI: puts effects on different
        KPIs on one footing. Without it, each effect counts in its own unit.
    findings : iterable of str, optional
        The findings that were made; an action for one that is not among them is told by ``found``.
    haircut : float
        Share of the predicted effect that is expected, above 0 and at most 1.
    learned : pandas.DataFrame, optional
        Of earlier actions with a comparison group, by KPI: ``share, share_low, share_high`` of
        the predicted effect that they were seen to bring, as `learn` returns them. They stand in
        for the haircut.

    Returns
    -------
    Plan
        ``table``, overdue first, then by priority: the columns given, and ``expected,
        expected_low, expected_high`` (after the haircut: half by convention, the interval spans a
        quarter of the effect's lower end to the whole of its upper one), ``learned`` (whether an
        earlier action says how much instead), ``gain, gain_low,
        gain_high`` (the same without sign, in points of the first KPI), ``priority`` (gain per ten
        person-days), ``rank`` (of open ones, 1 first; an action without effort or effect has
        none), ``due_on, overdue, days_late`` and ``found`` (None where nothing was to be compared).

    Raises
    ------
    DataError
        If ids repeat, a state or kind is unknown, effort is not above 0, or days run backwards.

    Notes
    -----
    Predicted effects of driver models ranged .67 to 2.5 times the causal one in simulation, with
    halo and unreliable answers; hence a haircut rather than a correction.
    """
    if not 0 < number(haircut, "haircut") <= 1:
        raise DataError(f"haircut {haircut:g} is not a share above 0 and at most 1.")
    table = _checked(actions)
    today = None if as_of is None else last_day(as_of)
    low, high = (table[name].fillna(table["effect"]) for name in ("effect_low", "effect_high"))
    shares = pd.DataFrame(
        {"share": haircut, "share_low": min(HAIRCUT_LEAST, haircut), "share_high": HAIRCUT_MOST},
        table.index,
    )
    table["learned"] = False if learned is None else table["kpi"].isin(learned.index)
    if learned is not None:
        known = table.index[table["learned"]]
        shares.loc[known] = learned.loc[table.loc[known, "kpi"], [*shares]].to_numpy()
    ends_of = (shares["share_low"], shares["share_high"])
    corners = np.column_stack([c * e for c in ends_of for e in (low, high)])
    table["expected"] = shares["share"] * table["effect"]
    table["expected_low"], table["expected_high"] = corners.min(axis=1), corners.max(axis=1)
    unit = 1.0 if points is None else table["kpi"].map(points).astype("float64")
    table["gain"] = (table["expected"] * unit).abs()
    ends = np.column_stack([table["expected_low"] * unit, table["expected_high"] * unit])
    table["gain_low"] = np.where(np.prod(np.sign(ends), axis=1) < 0, 0, np.abs(ends).min(axis=1))
    table["gain_high"] = np.abs(ends).max(axis=1)
    table["priority"] = 10 * table["gain"] / table["effort"]
    open_ = table["state"].isin(OPEN)
    table["rank"] = table["priority"].where(open_).rank(ascending=False, method="min")
    table["due_on"] = [None if d is None else last_day(d) for d in table["due"]]
    late = [past(due, today) for due in table["due_on"]]
    table["overdue"] = open_ & np.array(late, dtype=bool)
    table["days_late"] = [
        (today - due).days if over and today and due else 0
        for over, due in zip(table["overdue"], table["due_on"], strict=True)
    ]
    made = None if findings is None else set(findings)
    table["found"] = [None if made is None or f is None else f in made for f in table["finding"]]
    table["closed"] = ~open_
    order = table.assign(on_time=~table["overdue"], due_on=pd.to_datetime(table["due_on"]))
    first = order.sort_values(["closed", "on_time", "rank", "due_on"], kind="stable").index
    table = table.loc[first].drop(columns="closed").reset_index(drop=True)
    counts = table.groupby("state")["overdue"].agg(["size", "sum"]).reindex(STATES).dropna()
    progress = counts.astype(int).reset_index()
    progress.columns = pd.Index(["state", "actions", "overdue"])
    gone = table["found"].eq(False).fillna(False)
    titles = table["title"].fillna(table["id"]) if "title" in table else table["id"]
    lost = titles[gone].astype(str)
    message = _("Actions answer findings that are no longer made: {named}.")
    caveats = said(len(lost), message, named=tuple(lost))
    return Plan(table=table, progress=progress, as_of=today, caveats=caveats)


def learn(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return what share of its predicted effect an action brought, by KPI.

    `outcomes` has one row a finished action: ``kpi, effect`` (as predicted), and the difference in
    differences ``value, low, high`` of that KPI, in the same unit. By ``kpi``: ``share, share_low,
    share_high``, none below 0 and the share at most 1: of the narrowest interval that leaves out
    either no effect or the whole of the predicted one. One that holds both teaches nothing.
    """
    rows = outcomes[outcomes["effect"].notna() & outcomes["effect"].ne(0)]
    ratio = rows[["value", "low", "high"]].div(rows["effect"], axis=0)
    ends = ratio[["low", "high"]]
    low, high = ends.min(axis=1), ends.max(axis=1)
    share = ratio["value"].clip(0, HAIRCUT_MOST)
    found = pd.DataFrame({"kpi": rows["kpi"], "share": share, "share_low": low.clip(lower=0)})
    found["share_high"] = np.fmax(share, high)
    told = (low > 0) | (high < HAIRCUT_MOST)
    found = found[told].loc[(high - low)[told].sort_values(kind="stable").index]
    return found.drop_duplicates("kpi").set_index("kpi")


def _checked(actions: pd.DataFrame) -> pd.DataFrame:
    """Return actions with every column there is, filled with nothing where not given."""
    require(actions, ("id",), "actions")
    table = actions.reset_index(drop=True).copy()
    for name in (*_TEXTS, *_DAYS):
        given = table.get(name, pd.Series(None, table.index)).astype(object)
        table[name] = given.where(given.notna(), None)
    for name in _NUMBERS:
        table[name] = numbers(table[name]) if name in table else np.nan
    table["state"] = table["state"].fillna(STATES[0])
    once(table["id"], "the id {} is given to two actions; each needs its own.")
    for name, known in (("state", STATES), ("kind", KINDS)):
        for value in table[name].dropna():
            one_of(value, known, f"{value!r} is no {name} of an action")
    bad = table[table["effort"] <= 0]
    if len(bad):
        raise DataError(
            f"effort {bad['effort'].iloc[0]:g} of {bad['id'].iloc[0]!r} is not above 0."
        )
    for row in records(table):
        days = [(name, day(row[name], name)) for name in _DAYS if row[name] is not None]
        for (before, first), (after, then) in itertools.pairwise(days):
            if then < first:
                raise DataError(f"{row['id']!r} is {after} on {then}, before {before} on {first}.")
    return table
