"""How long members stay, and who leaves sooner; statsmodels beneath."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from cxlib.analysis.estimation import z_of
from cxlib.analysis.members.purchases import fitted_on
from cxlib.analysis.results import Caveat, Tabled, TableResult, counted
from cxlib.analysis.validate import Floats, check_confidence, column, flags, levels_of, numbers
from cxlib.columns import records
from cxlib.errors import Count, DataError
from cxlib.words import mark as _

FEW_AT_RISK = 10
"""A risk set below this, before its group has gathered, makes an estimate jump."""
MOST_FITTED = 6_000
"""Rows of a proportional-hazards fit; of more, as many are drawn."""
TIE = 1e-12
"""A survival share this close to its mark has reached it: a product of ratios is rarely exact."""


class Survival(Tabled):
    """Share still there by time, group by group (Kaplan–Meier).

    ``table``: one row a time at which somebody left (log-log interval). ``summary``: one row a
    group: ``n, events, longest`` (time seen), ``median`` with its interval (missing where not
    reached).
    """

    summary: pd.DataFrame
    n: int
    confidence: float

    def at(self, times: Any) -> pd.DataFrame:
        """Return the table at given times; missing beyond what was seen of a group."""
        ends = ["survival", "survival_low", "survival_high"]
        rows = []
        for each in records(self.summary[["segment", "level", "n", "longest"]]):
            own = self.table[self.table["level"] == each["level"]]
            longest = each.pop("longest")
            for time in np.atleast_1d(np.asarray(times, dtype=float)):
                past = own[own["time"] <= time]
                last = past.iloc[-1] if len(past) else dict.fromkeys(ends, 1.0)
                there = {name: float(last[name]) if time <= longest else np.nan for name in ends}
                rows.append(each | {"time": time} | there)
        return pd.DataFrame(rows)


def survival(
    data: pd.DataFrame,
    *,
    duration: str,
    event: str,
    entry: str | None = None,
    by: str | None = None,
    confidence: float = 0.95,
) -> Survival:
    """Estimate how long members stay.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a member.
    duration : str
        Column: time from joining to leaving, or to the end of observation.
    event : str
        Column: whether the member left then (1, True), or was still there (0, False).
    entry : str, optional
        Column: how long the member had been one when observation began (0 if observed from the
        start): left truncation. Members who joined before the records begin are in them because
        they had not left; without `entry` they make the stay look longer than it is.
    by : str, optional
        Column of groups.
    confidence : float

    Raises
    ------
    DataError
        If a time is negative, an event is neither yes nor no, or an entry is not before its end.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    rows = _read(data, duration, event, entry, by)
    z = z_of(check_confidence(confidence))
    caveats, curves, told = list(rows.attrs["caveats"]), [], []
    for level in levels_of(rows["level"]):
        own = rows[rows["level"] == level]
        keys = {"segment": by or "", "level": str(level)}
        if not own["event"].any():
            told.append(keys | {"n": len(own), "events": 0, "longest": own["time"].max()})
            continue
        began = own["entry"].to_numpy() if entry else None
        found = SurvfuncRight(own["time"].to_numpy(), own["event"].to_numpy(), entry=began)
        share, at_risk = found.surv_prob, found.n_risk.astype(int)
        if entry and ((at_risk < FEW_AT_RISK) & (found.surv_times < own["time"].median())).any():
            message = _("{level}: few members were at risk early on; its curve starts unsurely.")
            caveats.append(Caveat(message, level=str(level)))
        low, high = log_log(share, found.surv_prob_se, z)
        curve = {"time": found.surv_times, "at_risk": at_risk, "events": found.n_events.astype(int)}
        curve |= {"survival": share, "survival_low": low, "survival_high": high, "n": len(own)}
        curves.append(pd.DataFrame(keys | curve))
        row: dict[str, Any] = keys | {"n": len(own), "events": int(own["event"].sum())}
        row["longest"] = own["time"].max()
        for name, band in (("median", share), ("median_low", low), ("median_high", high)):
            row[name] = first_down_to(0.5, found.surv_times, band)
        told.append(row)
    if not curves:
        raise DataError(_("nobody left, so nothing tells how long members stay."))
    whole, summary = pd.concat(curves, ignore_index=True), pd.DataFrame(told)
    made: dict[str, Any] = {"n": len(rows), "confidence": confidence, "caveats": tuple(caveats)}
    return Survival(table=whole, summary=summary, **made)


def _read(
    data: pd.DataFrame, duration: str, event: str, entry: str | None, by: str | None
) -> pd.DataFrame:
    time, left = numbers(column(data, duration)), flags(column(data, event)).astype("Float64")
    began = numbers(column(data, entry)) if entry else np.zeros(len(data))
    told = {"time": time, "event": left.to_numpy(float, na_value=np.nan), "entry": began}
    rows = pd.DataFrame(told, index=data.index)
    rows["level"] = column(data, by) if by else "all"
    gone = rows.isna().any(axis=1)
    rows = rows[~gone]
    if rows.empty:
        raise DataError("no row has a duration, an event and its group.")
    for wrong, why in (
        (rows["time"] < 0, "a negative duration: left before joining?"),
        (rows["entry"] < 0, "a negative entry; it is 0 for who was observed from the start."),
        ((rows["entry"] >= rows["time"]) & bool(entry) & (rows["time"] > 0),
         "an entry not before the end: such members were never observed; leave them out."),
    ):  # fmt: skip
        if wrong.any():
            first = rows[wrong].iloc[0]
            raise DataError(
                f"{(n := Count(wrong.sum()))} {n:row has|rows have} {why} The first: duration "
                f"{first['time']:g}, entry {first['entry']:g} (row {rows.index[wrong][0]})."
            )
    if entry:
        rows = rows[rows["time"] > 0]
    message = _(
        "{n} {n:member|members} without a duration, an event or a group {n:is|are} left out."
    )
    rows.attrs["caveats"] = counted((gone.sum(), message))
    return rows


def log_log(share: Floats, error: Floats, z: float) -> tuple[Floats, Floats]:
    """Return the log-log band of a survival curve; without an upper end where nobody is left."""
    with np.errstate(all="ignore"):
        log = np.log(share)
        spread = np.exp(z * error / (share * np.abs(log)))
        low, high = share**spread, share ** (1 / spread)
    return np.where(share > 0, low, 0.0), np.where(share > 0, high, np.nan)


def first_down_to(level: float, times: Floats, share: Floats, otherwise: float = np.nan) -> float:
    """Return the first time at which a curve is down to `level`."""
    down = np.flatnonzero(share <= level + TIE)
    return float(times[down[0]]) if down.size else otherwise


class Comparison(Tabled):
    """Whether groups stay equally long (log-rank); ``table``: ``segment, level, n, events``."""

    statistic: float
    p_value: float
    df: int


def compare(
    data: pd.DataFrame, *, duration: str, event: str, by: str, entry: str | None = None
) -> Comparison:
    """Test whether groups stay equally long: the log-rank test; parameters as for `survival`.

    Raises
    ------
    DataError
        Also if there are fewer than two groups, or nobody left.
    """
    from statsmodels.duration.survfunc import survdiff

    rows = _read(data, duration, event, entry, by)
    levels = levels_of(rows["level"])
    if len(levels) < 2:
        raise DataError(f"column {by!r} has {len(levels)} group; a comparison needs two.")
    if not rows["event"].any():
        raise DataError("nobody left, so there is nothing to compare.")
    code = rows["level"].map({level: at for at, level in enumerate(levels)}).to_numpy(int)
    began = rows["entry"].to_numpy() if entry else None
    statistic, p_value = survdiff(rows["time"], rows["event"], code, entry=began)
    grouped = rows.groupby("level", observed=True)["event"].agg(["size", "sum"]).reindex(levels)
    table = pd.DataFrame({"segment": by, "level": list(map(str, levels))}).assign(
        n=grouped["size"].to_numpy(), events=grouped["sum"].to_numpy(int)
    )
    return Comparison(
        statistic=float(statistic),
        p_value=float(p_value),
        df=len(levels) - 1,
        table=table,
        caveats=rows.attrs["caveats"],
    )


def hazards(
    data: pd.DataFrame,
    *,
    duration: str,
    event: str,
    covariates: str | Sequence[str],
    entry: str | None = None,
    seed: int = 0,
) -> TableResult:
    """Fit proportional hazards (Cox, Efron's ties), and check that they are proportional.

    `covariates`: numbers, or groups (against their largest); the rest as for `survival`. The table
    has ``segment, level, reference, n, hazard, hazard_low, hazard_high, p_value, p_proportional``:
    the ratio to the reference level (of a number: of one unit more), and the test that it is the
    same at every tenure. `seed`: of the draw where there are more than 6,000 rows.
    """
    from statsmodels.duration.hazard_regression import PHReg

    rows = _read(data, duration, event, entry, None)
    named = [covariates] if isinstance(covariates, str) else list(covariates)
    frame, terms = _design(data.loc[rows.index], named)
    rows, design = rows.loc[frame.index], frame.to_numpy(float)
    drawn, said = fitted_on(len(rows), MOST_FITTED, seed)
    caveats = [*rows.attrs["caveats"], *said]
    rows, design = rows.iloc[drawn], design[drawn]
    kept = _independent(design)
    if len(kept) < len(terms):
        gone = [terms[at] for at in range(len(terms)) if at not in kept]
        told = tuple(" ".join(filter(None, (t["segment"], t["level"]))) for t in gone)
        caveats.append(Caveat(_("Told by the others already, so left out: {terms}."), terms=told))
        design, terms = design[:, kept], [terms[at] for at in kept]
    if rows["event"].sum() < 10 * len(terms):
        raise DataError(
            f"{(n := Count(rows['event'].sum()))} {n:member|members} left, too few for "
            f"{len(terms)} terms (ten each); compare groups one by one."
        )
    began = rows["entry"].to_numpy() if entry else None
    model = PHReg(rows["time"].to_numpy(), design, rows["event"].to_numpy(int), entry=began,
                  ties="efron")  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        fitted = model.fit(method="bfgs", disp=0)  # Newton's first step may overshoot
    ends = fitted.conf_int()
    table = pd.DataFrame(terms).assign(
        n=len(rows),
        hazard=np.exp(fitted.params),
        hazard_low=np.exp(ends[:, 0]),
        hazard_high=np.exp(ends[:, 1]),
        p_value=fitted.pvalues,
        p_proportional=_proportional(rows, design, fitted.params),
    )
    if (table["p_proportional"] < 0.05 / len(table)).any():
        message = _("A hazard ratio is not the same at every tenure: it is an average over them.")
        caveats.append(Caveat(message))
    n_dropped = len(data) - len(rows)
    return TableResult(table=table, n_used=len(rows), n_dropped=n_dropped, caveats=tuple(caveats))


def _independent(design: Floats) -> list[int]:
    """Return the columns that those before them, and a constant, do not make up."""
    kept: list[int] = []
    whole = np.ones((len(design), 1))
    for at in range(design.shape[1]):
        wider = np.column_stack([whole, design[:, at]])
        if np.linalg.matrix_rank(wider) > whole.shape[1]:
            kept, whole = [*kept, at], wider
    return kept


def _proportional(rows: pd.DataFrame, design: Floats, params: Floats) -> Floats:
    """Return p-values that a covariate's effect drifts with the rank of time.

    Grambsch and Therneau's score test of one covariate; own code, since statsmodels has none.
    """
    time, entry = rows["time"].to_numpy(), rows["entry"].to_numpy()
    left = np.flatnonzero(rows["event"].to_numpy(bool))
    linear = design @ params
    weight = np.exp(linear - linear.max())
    times, which = np.unique(time[left], return_inverse=True)
    means, spreads = np.empty((2, len(times), design.shape[1]))
    for at, when in enumerate(times):
        risk = (time >= when) & ((entry < when) | (entry == 0))
        share = weight[risk] / weight[risk].sum()
        means[at] = share @ design[risk]
        spreads[at] = share @ (design[risk] - means[at]) ** 2
    rank = rankdata(time[left])[:, None]
    residuals, spread = design[left] - means[which], spreads[which]
    with np.errstate(all="ignore"):
        centred = rank - (rank * spread).sum(axis=0) / spread.sum(axis=0)
        drift = (centred * residuals).sum(axis=0) / np.sqrt((centred**2 * spread).sum(axis=0))
    return np.asarray(2 * norm.sf(np.abs(drift)))


def _design(data: pd.DataFrame, names: list[str]) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    columns: dict[str, Any] = {}
    terms = []
    for name in names:
        cells = column(data, name)
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            columns[name] = numbers(cells)
            terms.append({"segment": name, "level": "", "reference": ""})
            continue
        levels = levels_of(cells)
        if len(levels) < 2:
            raise DataError(f"column {name!r} has one group only; leave it out.")
        base = cells.value_counts().idxmax()
        for level in (level for level in levels if level != base):
            columns[f"{name}={level}"] = (cells == level).astype(float).where(cells.notna())
            terms.append({"segment": name, "level": str(level), "reference": str(base)})
    if not terms:
        raise DataError("no covariate is named.")
    return pd.DataFrame(columns, index=data.index).dropna(), terms
