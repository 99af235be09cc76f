"""Tiers: who holds which, who moved, and what their benefits cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis.metrics import number
from cxlib.analysis.results import Caveat, Result
from cxlib.analysis.validate import column, numbers
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

NONE = _("not a member")


@dataclass(frozen=True, kw_only=True)
class Movement(Result):
    """Members by the tier they had and the tier they have.

    ``table``: ``before, after, n, share`` (of all with `before`), ``direction`` ("up", "down",
    "same", "joined", "left").
    """

    table: pd.DataFrame
    order: tuple[str, ...]
    n: int
    caveats: tuple[Caveat, ...] = ()


def tier_movement(
    data: pd.DataFrame,
    *,
    order: Sequence[str],
    before: str = "before",
    after: str = "after",
) -> Movement:
    """Count members by the tier before and after.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a member; a missing tier means that they were no member then.
    order : sequence of str
        The tiers, lowest first.
    before, after : str
        Columns.

    Raises
    ------
    DataError
        If a tier is not among the rules.
    """
    tiers = tuple(map(str, order))
    cells = {}
    for name in (before, after):
        told = column(data, name)
        cells[name] = told.astype(object).where(told.notna(), NONE)
        strange = ~cells[name].isin([*tiers, NONE])
        if strange.any():
            first = str(cells[name][strange].iloc[0])
            raise DataError(
                f"column {name!r} holds the tier {first!r} ({int(strange.sum())} such), which is "
                f"not among the rules{nearest(first, tiers)}"
            )
    rank = {NONE: -1} | {tier: at for at, tier in enumerate(tiers)}
    counts: Any = pd.crosstab(cells[before], cells[after])
    rows = []
    for start in (*tiers, NONE):
        for end in (*tiers, NONE):
            if start not in counts.index or end not in counts.columns or start == end == NONE:
                continue
            n = int(counts.loc[start, end])
            if n:
                step = rank[end] - rank[start]
                word = "joined" if start == NONE else "left" if end == NONE else (
                    "up" if step > 0 else "down" if step < 0 else "same")  # fmt: skip
                of = int(counts.loc[start].sum())
                rows.append({"before": start, "after": end, "n": n, "share": n / of,
                             "direction": word})  # fmt: skip
    table = pd.DataFrame(rows, columns=["before", "after", "n", "share", "direction"])
    return Movement(table=table, order=tiers, n=int(table["n"].sum()))


def tier_of(spend: Any, thresholds: Mapping[str, float]) -> Any:
    """Return the tier that a spend earns: the highest whose threshold it reaches.

    Raises
    ------
    DataError
        If thresholds do not rise from 0.
    """
    names, limits = list(thresholds), np.array([number(v, f"the threshold of {k}")
                                                for k, v in thresholds.items()])  # fmt: skip
    if not names or limits[0] != 0 or (np.diff(limits) <= 0).any():
        raise DataError(
            f"thresholds {dict(thresholds)} do not rise from 0; name the lowest tier first."
        )
    at = np.searchsorted(limits, np.maximum(np.asarray(spend, dtype=float), 0), side="right") - 1
    return np.array(names, dtype=object)[at]


@dataclass(frozen=True, kw_only=True)
class Benefits(Result):
    """What benefits and points cost, tier by tier.

    ``table``: ``level`` (tier), ``n`` (members), ``users, use`` (share who used one), ``uses``
    (a member), ``cost, cost_low, cost_high`` (a member), ``total`` and ``total_share``.
    ``points``: ``kind, points, share`` (of those issued), issued, redeemed, expired and
    outstanding; empty without a ledger.
    """

    table: pd.DataFrame
    points: pd.DataFrame
    caveats: tuple[Caveat, ...] = ()


def benefit_use(
    benefits: pd.DataFrame,
    members: pd.DataFrame,
    *,
    by: str = "tier",
    points: pd.DataFrame | None = None,
    cost: str = "cost",
    confidence: float = 0.95,
) -> Benefits:
    """Count who used which benefits, and what that cost.

    Parameters
    ----------
    benefits : pandas.DataFrame
        ``member_id`` and, where known, `cost`: one row a use.
    members : pandas.DataFrame
        ``member_id`` and `by`, one row a member.
    points : pandas.DataFrame, optional
        A ledger: ``kind`` (issued, redeemed, expired) and ``points``. Without one nothing is
        outstanding that could be told.
    by, cost : str
        Columns.

    Raises
    ------
    DataError
        If a use has a cost below 0, or a column is missing.
    """
    who = column(members, "member_id")
    uses = benefits.assign(cost=numbers(benefits[cost]) if cost in benefits else np.nan)
    if (uses["cost"] < 0).any():
        raise DataError(f"column {cost!r} holds costs below 0; a benefit costs something or 0.")
    known = uses["member_id"].isin(who)
    caveats = []
    if not known.all():
        message = _("{n} uses are of nobody in the list of members; they do not count.")
        caveats.append(Caveat(message, n=int((~known).sum())))
    grouped = uses[known].groupby("member_id", observed=True)["cost"]
    each = pd.DataFrame({"level": column(members, by).to_numpy()}, index=pd.Index(who))
    each["uses"] = grouped.size().reindex(each.index).fillna(0)
    each["cost"] = grouped.sum(min_count=1).reindex(each.index).fillna(0.0)
    told = each.groupby("level", sort=False, observed=True)
    table = told.agg(n=("uses", "size"), users=("uses", lambda u: int((u > 0).sum())),
                     uses=("uses", "mean"), cost=("cost", "mean"), total=("cost", "sum"),
                     spread=("cost", "std")).reset_index()  # fmt: skip
    z = norm.ppf(0.5 + confidence / 2)
    half = z * table.pop("spread") / np.sqrt(table["n"])
    table["cost_low"], table["cost_high"] = (
        (table["cost"] - half).clip(lower=0),
        table["cost"] + half,
    )
    table["use"] = table["users"] / table["n"]
    table["total_share"] = table["total"] / max(table["total"].sum(), 1e-12)
    if uses["cost"].isna().any():
        caveats.append(Caveat(_("{n} uses have no cost; they count as free."),
                              n=int(uses["cost"].isna().sum())))  # fmt: skip
    return Benefits(table=table.assign(segment=by), points=_ledger(points), caveats=tuple(caveats))


KINDS = (_("issued"), _("redeemed"), _("expired"))


def _ledger(points: pd.DataFrame | None) -> pd.DataFrame:
    if points is None or points.empty:
        return pd.DataFrame(columns=["kind", "points", "share"])
    strange = ~column(points, "kind").isin(KINDS)
    if strange.any():
        first = str(points.loc[strange, "kind"].iloc[0])
        raise DataError(f"{first!r} is no kind of a points' entry{nearest(first, KINDS)}")
    amounts = pd.Series(numbers(column(points, "points")), index=points.index).abs()
    sums = amounts.groupby(points["kind"]).sum().reindex(KINDS, fill_value=0.0)
    sums[_("outstanding")] = 2 * sums["issued"] - sums.sum()
    table = sums.rename_axis("kind").reset_index(name="points")
    return table.assign(share=table["points"] / max(float(sums["issued"]), 1e-12))
