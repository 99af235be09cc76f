"""What a tier keeps at its threshold, and other designs of tiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm

from cxlib.analysis.estimation import times_drawn
from cxlib.analysis.members.tiers import tier_of
from cxlib.analysis.metrics import number
from cxlib.analysis.results import CARE_BASE, Caveat, Result
from cxlib.analysis.validate import Floats, column, count, generator, numbers
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

NEAR = 0.1
"""How far under a threshold somebody stands just under it, as a share of it."""
MOST_DOWN = 0.05
"""Share of members whom a recommended design may move down."""


@dataclass(frozen=True, kw_only=True)
class Thresholds(Result):
    """What a tier keeps, read off at its threshold, against what its benefits cost.

    ``table``: ``level`` (tier), ``threshold, kept, kept_low, kept_high`` (margin more a member, of
    those just over the threshold against those just under it), ``cost`` (more a member), ``net,
    net_low, net_high``, ``n, n_below``, ``bunched`` (share of those within 5 % of the threshold who
    are over it), ``p_bunched``, ``status`` ("pays", "costs more", "open", "too few").
    """

    table: pd.DataFrame
    bandwidth: float
    caveats: tuple[Caveat, ...] = ()


def at_thresholds(
    data: pd.DataFrame,
    *,
    thresholds: Mapping[str, float],
    spend: str = "spend_before",
    outcome: str = "margin",
    cost: str = "cost",
    bandwidth: float = 0.5,
    confidence: float = 0.95,
) -> Thresholds:
    """Compare members just over a tier's threshold with those just under it.

    Who barely reached a tier and who barely missed it differ in hardly anything but the tier
    (regression discontinuity: a line on either side, triangular weights, robust errors), unless
    members push themselves over it: `bunched` says so.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a member: the spend that decided the tier, the margin and the cost of benefits in
        the time *after* it was decided; 0 for those who left.
    thresholds : mapping of str to float
        Tier to spend, lowest first, from 0.
    bandwidth : float
        How far from a threshold, as a share of it; never further than halfway to the next one.
    """
    tier_of(0.0, thresholds)  # says what is wrong with them
    width = number(bandwidth, "bandwidth")
    x, y, paid = (numbers(column(data, name)) for name in (spend, outcome, cost))
    limits = list(thresholds.values())
    z = norm.ppf(0.5 + confidence / 2)
    rows, caveats = [], []
    for at, (level, limit) in enumerate(thresholds.items()):
        if not limit:
            continue
        others = [abs(limit - other) for k, other in enumerate(limits) if k != at and other]
        reach = min([width * limit, *others])
        near = np.abs(x - limit) <= reach
        over = near & (x >= limit)
        row: dict[str, Any] = {"level": level, "threshold": limit, "n": int(over.sum()),
                               "n_below": int((near & ~over).sum())}  # fmt: skip
        if min(row["n"], row["n_below"]) < CARE_BASE:
            rows.append(row | {"status": _("too few")})
            continue
        kept, error = _jump(x[near] - limit, y[near], reach)
        more, _error = _jump(x[near] - limit, paid[near], reach)
        net, net_error = _jump(x[near] - limit, (y - paid)[near], reach)
        close = np.abs(x - limit) <= 0.05 * limit
        above, all_ = int((close & (x >= limit)).sum()), int(close.sum())
        p = float(binomtest(above, all_, 0.5).pvalue) if all_ else np.nan
        if all_ and p < 0.01 and above > all_ / 2:
            message = _("{level}: members gather just over the threshold, so the sides differ.")
            caveats.append(Caveat(message, level=level))
        low, high = net - z * net_error, net + z * net_error
        rows.append(
            row
            | {"kept": kept, "kept_low": kept - z * error, "kept_high": kept + z * error}
            | {"cost": more, "net": net, "net_low": low, "net_high": high}
            | {"bunched": above / all_ if all_ else np.nan, "p_bunched": p}
            | {"status": _("pays") if low > 0 else _("costs more") if high < 0 else _("open")}
        )
    table = pd.DataFrame(rows).assign(segment="tier")
    return Thresholds(table=table, bandwidth=width, caveats=tuple(caveats))


def _jump(distance: Floats, y: Floats, reach: float) -> tuple[float, float]:
    import statsmodels.api as sm

    over = (distance >= 0).astype(float)
    design = np.column_stack([np.ones_like(over), over, distance, over * distance])
    weights = np.maximum(1 - np.abs(distance) / (reach * 1.0001), 1e-6)
    fit = sm.WLS(y, design, weights=weights).fit(cov_type="HC1")
    return float(fit.params[1]), float(fit.bse[1])


@dataclass(frozen=True, kw_only=True)
class Designs(Result):
    """Designs of tiers side by side on the same members.

    ``table``: one row a design: ``design, n, cost, cost_low, cost_high, cost_change,
    cost_change_low, cost_change_high`` (all members, a year, against the first), ``benefits,
    points, breakage`` (points never redeemed, money saved), ``up, down`` (members), ``down_share``
    and ``recommended``. ``tiers``: ``design, level, n, n_low, n_high, share, under`` (members just
    under its threshold).
    """

    table: pd.DataFrame
    tiers: pd.DataFrame
    caveats: tuple[Caveat, ...] = ()


def simulate_tiers(
    data: pd.DataFrame,
    *,
    designs: Mapping[str, Mapping[str, Mapping[str, float]]],
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
        One row a member, with the qualifying spend of a year.
    designs : mapping
        Design to tier (lowest first) to its rule: ``from`` (spend from which it is held, 0 for the
        first), ``benefits`` (their cost a member and year) and ``points`` (points a unit of money);
        the first design is today's.
    spend : str
        Column.
    point_value : float
        Cost of a redeemed point.
    breakage : float
        Share of issued points never redeemed, 0 to 1.
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
    n = len(money)
    if not n:
        raise DataError(f"column {spend!r} holds no number.")
    names = list(designs)
    parts = [_under(money, designs[name], name, worth) for name in names]
    rank = [part["rank"] for part in parts]
    cost = np.array([part["benefits"] + (1 - lost) * part["points"] for part in parts])
    rng, z = generator(seed), norm.ppf(0.5 + confidence / 2)
    asked = count(draws, "draws")
    totals = _totals(cost, rng, asked)
    rows, tiers = [], []
    for at, name in enumerate(names):
        change = totals[:, at] - totals[:, 0]
        down, up = int((rank[at] < rank[0]).sum()), int((rank[at] > rank[0]).sum())
        row = {"design": name, "n": n, "cost": float(cost[at].sum())}
        row |= dict(zip(("cost_low", "cost_high"), _ends(totals[:, at], confidence), strict=True))
        row |= {"cost_change": float(cost[at].sum() - cost[0].sum())}
        ends = ("cost_change_low", "cost_change_high")
        row |= dict(zip(ends, _ends(change, confidence), strict=True))
        row |= {"benefits": float(parts[at]["benefits"].sum())}
        row |= {"points": float((1 - lost) * parts[at]["points"].sum())}
        row |= {"breakage": float(lost * parts[at]["points"].sum())}
        rows.append(row | {"up": up, "down": down, "down_share": down / n})
        for place, (level, rule) in enumerate(designs[name].items()):
            inside, limit = rank[at] == place, float(rule["from"])
            half = z * np.sqrt(n * inside.mean() * (1 - inside.mean()))
            under = (money >= (1 - NEAR) * limit) & (money < limit)
            tiers.append(
                {"design": name, "level": level, "n": int(inside.sum())}
                | {"n_low": max(inside.sum() - half, 0), "n_high": min(inside.sum() + half, n)}
                | {"share": float(inside.mean()), "under": int(under.sum())}
            )
    table = pd.DataFrame(rows)
    gentle = (table["cost_change_high"] < 0) & (table["down_share"] <= MOST_DOWN)
    best = table.loc[gentle, "cost"].idxmin() if gentle.any() else 0
    table["recommended"] = np.where(table.index == best, "yes", "no")
    message = _("Spend is held as it was: nobody is assumed to change it for a tier.")
    frame = pd.DataFrame(tiers).assign(segment="tier")
    return Designs(table=table, tiers=frame, caveats=(Caveat(message),))


_RULE = ("from", "benefits", "points")


def _under(
    money: Floats, design: Mapping[str, Mapping[str, float]], name: str, worth: float
) -> dict[str, Any]:
    for tier, rule in design.items():
        for key in rule:
            if key not in _RULE:
                raise DataError(f"design {name!r}, tier {tier!r}: {key!r}{nearest(key, _RULE)}")
        if "from" not in rule:
            raise DataError(f"design {name!r}, tier {tier!r} says not `from` which spend it holds.")
    held = tier_of(money, {tier: rule["from"] for tier, rule in design.items()})
    rank = pd.Index(list(design)).get_indexer(held)
    benefits = np.array([float(rule.get("benefits", 0)) for rule in design.values()])[rank]
    rates = np.array([float(rule.get("points", 0)) for rule in design.values()])[rank]
    return {"rank": rank, "benefits": benefits, "points": worth * rates * money}


def _totals(cost: Floats, rng: np.random.Generator, draws: int) -> Floats:
    """Return resampled totals, draws by designs; of many members the normal limit of the same."""
    n = cost.shape[1]
    if n * draws > 20_000_000:
        covariance = np.cov(cost, bias=True).reshape(len(cost), -1) * n
        return rng.multivariate_normal(cost.sum(axis=1), covariance, draws, check_valid="ignore")
    return times_drawn(rng, n, draws) @ cost.T


def _ends(values: Floats, confidence: float) -> list[float]:
    if not len(values):
        return [np.nan, np.nan]
    return [float(np.quantile(values, 0.5 + side * confidence / 2)) for side in (-1, 1)]
