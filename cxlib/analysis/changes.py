"""Analysis room: each score against the period before and the same period last year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, norm

from cxlib import periods
from cxlib.analysis.trends._series import numbers, require
from cxlib.analysis.trends._series import earlier, labels_of, lay_out
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

AGAINST = (_("last period"), _("last year"))


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Differences between a period and earlier ones.

    Attributes
    ----------
    table : pandas.DataFrame
        The `by` columns, then ``period``, ``against`` (``last period`` or ``last year``),
        ``reference`` (the earlier period), ``value``, ``reference_value``, ``change`` (value minus
        reference, KPI units), ``low``, ``high``, ``p_value`` and ``p_adjusted`` (Benjamini and
        Hochberg over the table). NaN where a value or a standard error is not there.
    n_used, n_dropped : int
        Comparisons with an interval, and those that cannot be made.
    """

    counts: ClassVar[str] = "periods"
    table: pd.DataFrame
    confidence: float
    n_used: int
    n_dropped: int
    caveats: tuple[Caveat, ...]


def changes(
    table: pd.DataFrame,
    *,
    by: str | Sequence[str] = (),
    period: str | None = None,
    confidence: float = 0.95,
) -> Changes:
    """Compare scores with last period and with last year, with normal intervals.

    The periods' samples are taken as independent: change ± z sqrt(SE² + SE_reference²). Where the
    same people answer in both, that interval is too wide.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a period (and group): ``period``, ``value``, ``standard_error`` (KPI units).
    by : str or sequence of str
        Columns that tell several KPIs, touchpoints or segments apart.
    period : str, optional
        The period to compare, the latest by default. A wave with a name of its own is compared
        with the wave before it only.
    confidence : float
        Coverage of the intervals, between 0 and 1.

    Returns
    -------
    Changes

    Raises
    ------
    DataError
        If a column is missing, a period unknown or given twice, or a value is no number.

    References
    ----------
    .. [1] Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.
    """
    groups = [by] if isinstance(by, str) else list(by)
    require(table, (*groups, "period", "value", "standard_error"))
    if not 0 < confidence < 1:
        raise DataError(f"confidence {confidence!r} is not between 0 and 1.")
    if table.empty:
        raise DataError("the table has no rows; give one row a period.")
    data = _clean(table, groups)
    labels = periods.order(data["period"].tolist())
    now = labels[-1] if period is None else _known(str(period), labels)
    rows: list[dict[str, Any]] = []
    parts = data.groupby(groups, sort=False, dropna=False) if groups else [((), data)]
    for key, part in parts:
        lay_out(part["period"].tolist(), what=f"group {key}" if groups else "the table")
        scores = part.set_index("period")[["value", "standard_error"]]
        named = dict(zip(groups, key, strict=True))
        rows += [named | row for row in _compare(scores, now, labels)]
    columns = ["period", "against", "reference", "value", "reference_value", "standard_error"]
    found = pd.DataFrame(rows, columns=[*groups, *columns])
    measures = dict.fromkeys(("value", "reference_value", "standard_error"), float)
    result = _with_intervals(found.astype(measures), confidence)
    missing = int(result["p_value"].isna().sum())
    return Changes(
        table=result,
        confidence=confidence,
        n_used=len(result) - missing,
        n_dropped=missing,
        caveats=_caveats(missing, len(result)),
    )


def _clean(table: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    data = table[groups].copy()
    labels = labels_of(pd.Index(table["period"]), what="the table")
    calendar = all(periods.kind_of(label) for label in labels)
    data["period"] = [periods.label_of(periods.parse(x)) if calendar else x for x in labels]
    data["value"] = numbers(table["value"], what="'value'")
    data["standard_error"] = numbers(table["standard_error"], what="'standard_error'")
    negative = table.index[data["standard_error"].lt(0)]
    if len(negative):
        raise DataError(
            f"'standard_error' is negative in row {negative[0]} ({len(negative)} such)."
        )
    return data


def _known(period: str, labels: list[str]) -> str:
    text = period.strip()
    if periods.kind_of(text) and text not in labels:
        text = periods.label_of(periods.parse(text))
    if text not in labels:
        raise DataError(f"period {period!r} is not in the table{nearest(period, labels)}")
    return text


def _compare(scores: pd.DataFrame, now: str, labels: list[str]) -> list[dict[str, Any]]:
    last = earlier(now, steps=1)
    if last is None:
        at = labels.index(now)
        last = labels[at - 1] if at else None
    references = {"last period": last, "last year": earlier(now, years=1)}
    if references["last year"] == last:
        del references["last year"]
    value, error = _at(scores, now)
    rows = []
    for against, reference in references.items():
        if reference is None:
            continue
        before, before_error = _at(scores, reference)
        rows.append(
            {
                "period": now,
                "against": against,
                "reference": reference,
                "value": value,
                "reference_value": before,
                "standard_error": float(np.hypot(error, before_error)),
            }
        )
    return rows


def _at(scores: pd.DataFrame, label: str) -> tuple[float, float]:
    if label not in scores.index:
        return float("nan"), float("nan")
    value, error = scores.loc[label].to_numpy(dtype=float)
    return float(value), float(error)


def _with_intervals(found: pd.DataFrame, confidence: float) -> pd.DataFrame:
    change = found["value"] - found["reference_value"]
    error = found.pop("standard_error").where(
        lambda e: e > 0
    )  # two unanimous samples show no noise
    half = norm.ppf((1 + confidence) / 2) * error
    p_value = pd.Series(2 * norm.sf(np.abs(change / error)), index=found.index)
    known = p_value.notna()
    adjusted = pd.Series(np.nan, index=found.index)
    if known.any():
        adjusted[known] = false_discovery_control(p_value[known])
    return found.assign(
        change=change, low=change - half, high=change + half, p_value=p_value, p_adjusted=adjusted
    )


def _caveats(missing: int, total: int) -> tuple[Caveat, ...]:
    if not missing:
        return ()
    return (
        Caveat(
            _("{n} of {total} comparisons lack an earlier value or a standard error above zero."),
            n=missing,
            total=total,
        ),
    )
