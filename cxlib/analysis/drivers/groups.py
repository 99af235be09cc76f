"""Whether groups of customers have the same drivers: importance by level, and the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.compare import adjust
from cxlib.analysis.drivers.model import DriverImportance, importance
from cxlib.analysis.drivers.sample import OPTIONS, Sample, listed, name_of, read
from cxlib.analysis.drivers.shares import RobustFit
from cxlib.analysis.metrics import Question
from cxlib.analysis.results import CARE_BASE, Caveat, TableResult
from cxlib.analysis.validate import column, levels_of
from cxlib.errors import DataError
from cxlib.words import mark as _

ROWS_PER_GROUP = 5
"""A group is modelled on at least this many respondents a driver, and never on fewer than
`CARE_BASE`: with less, R² and the order of drivers within it are mostly chance."""

TOO_SMALL = _("groups too small or too uniform")


class SegmentImportance(TableResult):
    """Whether the levels of segments have the same drivers.

    ``table``, a row a segment: ``levels`` (compared), ``statistic`` (robust F of all interactions),
    ``p_value, p_adjusted`` (Holm over segments), ``driver`` (that differs most), ``p_driver`` (Holm
    over drivers), ``n, reason`` (why there is no test). ``interactions``: by segment and driver.
    ``by_level``: `DriverImportance.table` of each level. ``left_out``: levels without a model.
    """

    interactions: pd.DataFrame
    by_level: pd.DataFrame
    left_out: dict[str, tuple[str, ...]]


def by_segment(
    data: pd.DataFrame, *, segment: Question | Sequence[Question], **options: Any
) -> SegmentImportance:
    """Divide R² within each level of segments, and test whether the levels differ.

    Different shares prove nothing: the test is the robust F of driver × segment in one model that
    lets every level have its own mean. A segment with fewer than two levels that can be modelled is
    reported as untested. `segment` names columns, whose rows without a level are dropped and
    counted; **options are those of `importance`.
    """
    asked = {k: v for k, v in options.items() if k in _READ}
    whole = read(data, **asked)
    rows: list[dict[str, Any]] = []
    tests, levels, caveats = [], [], []
    left_out: dict[str, tuple[str, ...]] = {}
    for name in map(name_of, listed(segment, "segment")):
        if name in {*whole.names, whole.outcome_name}:
            raise DataError(f"segment {name!r} is also a driver or the outcome; name another.")
        labels = column(data, name)
        base = max(CARE_BASE, ROWS_PER_GROUP * len(whole.names))
        found, small = _levels(data, labels, whole, base, options)
        left_out[name] = tuple(map(str, small))
        if small:
            message = _(
                "{segment}: fewer than {base} complete answers that differ, so not modelled on "
                "their own: {levels}."
            )
            caveats.append(Caveat(message, segment=name, base=base, levels=left_out[name]))
        if len(found) < 2:
            rows.append({"segment": name, "levels": 0, "reason": TOO_SMALL})
            continue
        for level, result in found.items():
            levels.append(result.table.assign(segment=name, level=str(level)))
            caveats += result.caveats
        row, test = _interactions(data, labels, list(found), asked)
        rows.append({"segment": name, "levels": len(found), **row})
        tests.append(test.assign(segment=name))
    columns = ["segment", "levels", "statistic", "p_value", "driver", "p_driver", "n", "reason"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.astype(dict.fromkeys(("statistic", "p_value", "p_driver", "n"), float))
    table.insert(4, "p_adjusted", adjust(table["p_value"], method="holm"))
    most = 0 if table["n"].isna().all() else int(table["n"].max())
    return SegmentImportance(
        table=table,
        interactions=_joined(tests, ["segment"]),
        by_level=_joined(levels, ["segment", "level"]),
        left_out=left_out,
        n_used=most,
        n_dropped=len(data) - most,
        caveats=tuple(dict.fromkeys(caveats)),
    )


_READ = ("outcome", "drivers", *OPTIONS)


def _joined(parts: list[pd.DataFrame], first: list[str]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=[*first, "driver"])
    whole = pd.concat(parts, ignore_index=True)
    return whole[[*first, *(c for c in whole if c not in first)]]


def _levels(
    data: pd.DataFrame, labels: pd.Series, whole: Sample, base: int, options: dict[str, Any]
) -> tuple[dict[Any, DriverImportance], list[Any]]:
    """Return the importances of each level large enough, and the levels that allow none."""
    counts = labels.iloc[whole.rows].value_counts()
    found, small = {}, []
    for level in levels_of(labels):
        rows = data[(labels == level).to_numpy(dtype=bool, na_value=False)]
        if counts.get(level, 0) < base:
            small.append(level)
            continue
        try:
            found[level] = importance(rows, **options)
        except DataError:
            small.append(level)  # too uniform: named in a caveat; the others can be compared
    return found, small


def _interactions(
    data: pd.DataFrame, labels: pd.Series, levels: list[Any], asked: dict[str, Any]
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the test of all driver × segment products together, and that of each driver."""
    rows = labels.isin(levels).to_numpy()
    level = labels[rows].astype(str).astype(object)
    held = [*listed(asked.get("controls"), "controls"), str(labels.name)]
    sample = read(data[rows].assign(**{str(labels.name): level}), **asked | {"controls": held})
    level = level.iloc[sample.rows]
    dummies = np.column_stack([level == str(other) for other in levels[1:]]).astype(np.float64)
    products = [dummies * rating[:, None] for rating in sample.ratings.T]
    design = np.column_stack([sample.design, *products])
    width, start = dummies.shape[1], sample.design.shape[1]
    if sample.n <= design.shape[1]:
        return {"reason": TOO_SMALL}, pd.DataFrame({"driver": sample.names})
    fit = RobustFit(sample, design)
    tests = [
        fit.test(range(start + j * width, start + (j + 1) * width))
        for j in range(len(sample.names))
    ]
    table = pd.DataFrame(tests, columns=["statistic", "p_value"])
    table = table.assign(p_adjusted=adjust(table["p_value"], method="holm"))
    table = table.assign(driver=sample.names, df=width, df_residual=fit.df)
    statistic, p_value = fit.test(range(start, design.shape[1]))
    most = table.sort_values("p_value", kind="stable").iloc[0]
    row = {"n": sample.n, "statistic": statistic, "p_value": p_value, "driver": most["driver"]}
    return row | {"p_driver": most["p_adjusted"]}, table
