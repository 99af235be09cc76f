"""Tiers: who moved, what benefits cost, what a tier keeps at its threshold, and other designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from cxlib.analysis.estimation import times_drawn, z_of
from cxlib.analysis.members.purchases import wald
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.results import CARE_BASE, Caveat, Tabled, TableResult, counted
from cxlib.analysis.validate import (
    Floats,
    check_confidence,
    column,
    count,
    generator,
    numbers,
    once,
)
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

NONE = _("not a member")
KINDS = (_("issued"), _("redeemed"), _("expired"))
NEAR = 0.1
"""How far under a threshold somebody stands just under it, as a share of it."""
MOST_DOWN = 0.05
"""Share of members whom a recommended design may move down."""
RULE = ("from", "benefits", "points")
Design = Mapping[str, Mapping[str, float]]


class Movement(Tabled):
    """Members by the tier they had and the tier they have.

    ``table``: ``before, after, n, share`` (of all with `before`), ``direction`` ("up", "down",
    "same", "joined", "left").
    """

    order: tuple[str, ...]
    n: int


def tier_movement(
    data: pd.DataFrame, *, order: Sequence[str], before: str = "before", after: str = "after"
) -> Movement:
    """Count members by the tier before and after.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a member; a missing tier means that they were no member then.
    order : sequence of str
        The tiers, lowest first; a tier that is not among them is refused.
    before, after : str
        Columns.
    """
    tiers = tuple(map(str, order))
    held = {}
    for name in (before, after):
        told = column(data, name)
        held[name] = told.astype(object).map(str).where(told.notna(), NONE)
        if (strange := ~held[name].isin([*tiers, NONE])).any():
            first = str(held[name][strange].iloc[0])
            raise DataError(
                f"column {name!r} holds the tier {first!r} ({int(strange.sum())} such), which is "
                f"not among the rules{nearest(first, tiers)}"
            )
    ladder = pd.Index([*tiers, NONE])
    places = [ladder.get_indexer(pd.Index(cells)) for cells in held.values()]
    pairs = pd.DataFrame(dict(zip(("start", "end"), places, strict=True)))
    table = pairs.value_counts(sort=False).sort_index().rename("n").reset_index()
    table["share"] = table["n"] / table.groupby("start")["n"].transform("sum")
    start, end, outside = table.pop("start"), table.pop("end"), len(tiers)
    cases = [start == outside, end == outside, end > start, end < start]
    table["direction"] = np.select(cases, ["joined", "left", "up", "down"], "same")
    for at, (name, place) in enumerate((("before", start), ("after", end))):
        table.insert(at, name, ladder.to_numpy(object)[place])
    table = table[(start < outside) | (end < outside)].reset_index(drop=True)
    return Movement(table=table, order=tiers, n=int(table["n"].sum()))


def tier_of(spend: Any, thresholds: Mapping[str, float]) -> Any:
    """Return the tier that a spend earns: the highest reached of thresholds that rise from 0.

    None where the spend is missing.
    """
    limits = np.array([number(v, f"the threshold of {k}") for k, v in thresholds.items()])
    if not len(limits) or limits[0] != 0 or (np.diff(limits) <= 0).any():
        raise DataError(
            f"thresholds {dict(thresholds)} do not rise from 0; name the lowest tier first."
        )
    money = np.asarray(spend, dtype=float)
    at = np.searchsorted(limits, np.maximum(money, 0), side="right") - 1
    return np.array([*thresholds, None], dtype=object)[np.where(np.isnan(money), -1, at)]


class Benefits(Tabled):
    """What benefits and points cost, tier by tier.

    ``table``: ``level`` (tier), ``n`` (members), ``users, use`` (share who used one), ``uses``
    (a member), ``cost, cost_low, cost_high`` (a member), ``total`` and ``total_share``.
    ``points``: ``kind, points, share`` (of those issued), issued, redeemed, expired and
    outstanding; empty without a ledger.
    """

    points: pd.DataFrame


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
        ``member_id`` and, where known, `cost` (0 or more): one row a use.
    members : pandas.DataFrame
        ``member_id`` and `by`, one row a member.
    points : pandas.DataFrame, optional
        A ledger: ``kind`` (issued, redeemed, expired) and ``points``. Without one nothing is
        outstanding that could be told.
    by, cost : str
        Columns.
    """
    who = column(members, "member_id")
    once(who, "member {} is listed twice; a member has one row.")
    uses = benefits.assign(cost=numbers(benefits[cost]) if cost in benefits else np.nan)
    if (uses["cost"] < 0).any():
        raise DataError(f"column {cost!r} holds costs below 0; a benefit costs something or 0.")
    known = uses["member_id"].isin(who)
    grouped = uses[known].groupby("member_id", observed=True)["cost"]
    each = pd.DataFrame({"level": column(members, by).to_numpy()}, index=pd.Index(who))
    each["uses"] = grouped.size().reindex(each.index).fillna(0)
    each["cost"] = grouped.sum(min_count=1).reindex(each.index).fillna(0.0)
    told = each.assign(user=each["uses"] > 0).groupby("level", sort=False, observed=True)
    table = told.agg(
        n=("uses", "size"),
        users=("user", "sum"),
        uses=("uses", "mean"),
        cost=("cost", "mean"),
        total=("cost", "sum"),
        spread=("cost", "std"),
    ).reset_index()
    half = z_of(check_confidence(confidence)) * table.pop("spread") / np.sqrt(table["n"])
    table["cost_low"] = (table["cost"] - half).clip(lower=0)
    table["cost_high"] = table["cost"] + half
    table["use"] = table["users"] / table["n"]
    table["total_share"] = table["total"] / max(table["total"].sum(), 1e-12)
    caveats = counted(
        (
            (~known).sum(),
            _(
                "{n} {n:use is|uses are} of nobody in the list of members and "
                "{n:does|do} not count."
            ),
        ),
        (
            uses["cost"].isna().sum(),
            _("{n} {n:use has|uses have} no cost and {n:counts|count} as free."),
        ),
    )
    return Benefits(table=table.assign(segment=by), points=_ledger(points), caveats=caveats)


def _ledger(points: pd.DataFrame | None) -> pd.DataFrame:
    if points is None or points.empty:
        return pd.DataFrame(columns=["kind", "points", "share"])
    for kind in column(points, "kind").unique():
        one_of(kind, KINDS, f"{str(kind)!r} is no kind of a points' entry")
    amounts = pd.Series(numbers(column(points, "points")), index=points.index).abs()
    sums = amounts.groupby(points["kind"]).sum().reindex(KINDS, fill_value=0.0)
    sums[_("outstanding")] = 2 * sums["issued"] - sums.sum()
    table = sums.rename_axis("kind").reset_index(name="points")
    return table.assign(share=table["points"] / max(float(sums["issued"]), 1e-12))


def at_thresholds(
    data: pd.DataFrame,
    *,
    thresholds: Mapping[str, float],
    spend: str = "spend_before",
    outcome: str = "margin",
    cost: str = "cost",
    bandwidth: float = 0.5,
    confidence: float = 0.95,
) -> TableResult:
    """Compare members just over a tier's threshold with those just under it: what a tier keeps.

    Who barely reached a tier and who barely missed it differ in hardly anything but the tier
    (regression discontinuity: a line on either side, triangular weights, robust errors), unless
    members push themselves over it. `data`: a row a member, with the spend that decided the tier,
    and margin and cost of benefits in the time *after* it was decided, 0 for those who left.
    `bandwidth`: how far from a threshold, as a share of it; never further than halfway to the next
    one.

    The table has ``level`` (tier), ``threshold, kept`` (margin more a member, of those just over
    it) with its interval, ``cost`` (more a member), ``net`` with its interval, ``n, n_below,
    bunched`` (share of those within 5 % of the threshold who are over it), ``p_bunched, status``
    ("pays", "costs more", "open", "too few").
    """
    tier_of(0.0, thresholds)  # says what is wrong with them
    width, z = number(bandwidth, "bandwidth"), z_of(check_confidence(confidence))
    told = np.column_stack([numbers(column(data, name)) for name in (spend, outcome, cost)])
    x, y, paid = told[~np.isnan(told).any(axis=1)].T
    limits = [limit for limit in thresholds.values() if limit]
    rows, caveats = [], []
    for level, limit in thresholds.items():
        if not limit:
            continue
        reach = min([width * limit, *(abs(limit - other) for other in limits if other != limit)])
        near, over = np.abs(x - limit) <= reach, x >= limit
        n, n_below = int((near & over).sum()), int((near & ~over).sum())
        row: dict[str, Any] = {"level": level, "threshold": limit, "n": n, "n_below": n_below}
        if min(n, n_below) < CARE_BASE:
            rows.append(row | {"status": _("too few")})
            continue
        kept, more, net = (_jump(x[near] - limit, v[near], reach) for v in (y, paid, y - paid))
        close = np.abs(x - limit) <= 0.05 * limit
        above, all_ = int((close & over).sum()), int(close.sum())
        p = float(binomtest(above, all_, 0.5).pvalue) if all_ else np.nan
        if all_ and p < 0.01 and above > all_ / 2:
            message = _("{level}: members gather just over the threshold, so the sides differ.")
            caveats.append(Caveat(message, level=level))
        row |= wald("kept", *kept, z) | {"cost": more[0]} | wald("net", *net, z)
        row |= {"bunched": above / all_ if all_ else np.nan, "p_bunched": p}
        pays, costs = row["net_low"] > 0, row["net_high"] < 0
        status = _("pays") if pays else _("costs more") if costs else _("open")
        rows.append(row | {"status": status})
    table, gone = pd.DataFrame(rows).assign(segment="tier"), len(told) - len(x)
    return TableResult(table=table, n_used=len(x), n_dropped=gone, caveats=tuple(caveats))


def _jump(distance: Floats, y: Floats, reach: float) -> tuple[float, float]:
    """Return how far the line jumps at the threshold, and its robust error."""
    from statsmodels.regression.linear_model import WLS

    over = (distance >= 0).astype(float)
    design = np.column_stack([np.ones_like(over), over, distance, over * distance])
    weights = np.maximum(1 - np.abs(distance) / (reach * 1.0001), 1e-6)
    fit = WLS(y, design, weights=weights).fit(cov_type="HC1")
    return float(fit.params[1]), float(fit.bse[1])


class Designs(Tabled):
    """Designs of tiers side by side on the same members.

    ``table``: one row a design: ``cost`` (all members, a year) and ``cost_change`` (against the
    first) with their intervals, ``benefits, points, breakage`` (points never redeemed, money
    saved), ``up, down`` (members), ``down_share`` and ``recommended``. ``tiers``: ``design, level,
    n, n_low, n_high, share, under`` (members just under its threshold).
    """

    tiers: pd.DataFrame


def simulate_tiers(
    data: pd.DataFrame,
    *,
    designs: Mapping[str, Design],
    spend: str = "spend",
    point_value: float = 0.0,
    breakage: float = 0.0,
    draws: int = 500,
    confidence: float = 0.95,
    seed: int = 0,
) -> Designs:
    """Put members under other thresholds, benefits and point rates.

    Spend is held as it was: nobody is assumed to spend more for a tier, or less without one.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a member, with the qualifying `spend` of a year.
    designs : mapping
        Design to tier (lowest first) to its rule: ``from`` (spend from which it is held, 0 for the
        first), ``benefits`` (their cost a member and year) and ``points`` (points a unit of money);
        the first design is today's.
    point_value, breakage : float
        Cost of a redeemed point, and share of issued points never redeemed, 0 to 1.
    draws : int
        Resamples of members.

    Raises
    ------
    DataError
        If a rule is unknown or missing, or thresholds do not rise from 0.
    """
    if not designs:
        raise DataError("no design is named; the first is today's.")
    money = numbers(column(data, spend)).clip(min=0)
    money = money[~np.isnan(money)]
    lost, worth = number(breakage, "breakage"), number(point_value, "point_value")
    if not (0 <= lost < 1 and worth >= 0):
        raise DataError("breakage is a share from 0 to below 1, point_value 0 or more.")
    z, n = z_of(check_confidence(confidence)), len(money)
    if not n:
        raise DataError(f"column {spend!r} holds no number.")

    def near(rule: Mapping[str, float]) -> int:
        limit = float(rule["from"])
        return int(((money >= (1 - NEAR) * limit) & (money < limit)).sum())

    parts = [_under(money, design, name, worth) for name, design in designs.items()]
    rank, benefits, points = (np.array(each) for each in zip(*parts, strict=True))
    cost, issued = benefits + (1 - lost) * points, points.sum(axis=1)
    totals = _totals(cost, generator(seed), count(draws, "draws"))
    table, whole = pd.DataFrame({"design": list(designs), "n": n}), cost.sum(axis=1)
    changes = whole - whole[0], totals - totals[:, :1]
    tails = [0.5 - confidence / 2, 0.5 + confidence / 2]
    for name, (value, drawn) in (("cost", (whole, totals)), ("cost_change", changes)):
        table[name] = value
        ends = np.quantile(drawn, tails, axis=0).T if len(drawn) else np.nan
        table[[f"{name}_low", f"{name}_high"]] = ends
    table["benefits"], table["points"] = benefits.sum(axis=1), (1 - lost) * issued
    table["breakage"], table["up"] = lost * issued, (rank > rank[0]).sum(axis=1)
    table["down"] = (rank < rank[0]).sum(axis=1)
    table["down_share"] = table["down"] / n
    tiers = pd.DataFrame(
        [
            {"design": name, "level": level, "n": int((held == place).sum()), "under": near(rule)}
            for (name, design), held in zip(designs.items(), rank, strict=True)
            for place, (level, rule) in enumerate(design.items())
        ]
    )
    share = tiers["n"] / n
    half = z * np.sqrt(n * share * (1 - share))
    tiers.insert(3, "n_low", (tiers["n"] - half).clip(lower=0))
    tiers.insert(4, "n_high", (tiers["n"] + half).clip(upper=n))
    tiers.insert(5, "share", share)
    gentle = (table["cost_change_high"] < 0) & (table["down_share"] <= MOST_DOWN)
    best = table.loc[gentle, "cost"].idxmin() if gentle.any() else 0
    table["recommended"] = np.where(table.index == best, "yes", "no")
    message = _("Spend is held as it was: nobody is assumed to change it for a tier.")
    return Designs(table=table, tiers=tiers.assign(segment="tier"), caveats=(Caveat(message),))


def _under(money: Floats, design: Design, name: str, worth: float) -> tuple[Any, Floats, Floats]:
    """Return each member's tier (its place), the cost of its benefits, and of the points issued."""
    for tier, rule in design.items():
        for key in rule:
            one_of(key, RULE, f"design {name!r}, tier {tier!r}: {key!r}")
        if "from" not in rule:
            raise DataError(f"design {name!r}, tier {tier!r} says not `from` which spend it holds.")
    held = tier_of(money, {tier: rule["from"] for tier, rule in design.items()})
    rank = pd.Index(list(design)).get_indexer(held)
    benefits, rates = (
        np.array([float(rule.get(key, 0)) for rule in design.values()])[rank] for key in RULE[1:]
    )
    return rank, benefits, worth * rates * money


def _totals(cost: Floats, rng: np.random.Generator, draws: int) -> Floats:
    """Return resampled totals, draws by designs; of many members the normal limit of the same."""
    n = cost.shape[1]
    if n * draws > 20_000_000:
        covariance = np.cov(cost, bias=True).reshape(len(cost), -1) * n
        return rng.multivariate_normal(cost.sum(axis=1), covariance, draws, check_valid="ignore")
    return times_drawn(rng, n, draws) @ cost.T
