"""Analysis: what customers say in the place where a KPI moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from cxlib.analysis.drilldown import ALL
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.words import mark as _

COMMENTS = 3
"""Enough to hear the tone, too few to be mistaken for a count."""
LOW_SHARE = 0.5
"""Comments are taken from ratings in the lower half of the scale."""
ALL_GROUPS = _("all groups")
COMMENT_COLUMNS = (
    "metric",
    "touchpoint",
    "segment",
    "level",
    "group",
    "rating",
    "period",
    "comment",
)


def group_of(segment: Any, level: Any) -> str:
    """Return a group as the key of its label; all of them in words."""
    return f"{segment}={level}" if level != ALL else ALL_GROUPS


def heard_from(
    survey: pd.DataFrame,
    question: Metric | Touchpoint,
    row: pd.Series,
    touchpoints: Sequence[Touchpoint],
    minimum_base: int,
) -> pd.DataFrame:
    """Return up to three comments by those who rate the worst place low, lowest first."""
    by_key: dict[str, Metric | Touchpoint] = {t.key: t for t in touchpoints}
    asked = by_key.get(str(row["touchpoint"]), question)
    rows = survey[survey["period"] == row["period"]]
    if row["level"] != ALL:
        rows = rows[rows[row["segment"]].astype(object).astype(str) == row["level"]]
    if rows[asked.key].notna().sum() < minimum_base or "comment" not in rows or asked.scale is None:
        return pd.DataFrame(columns=list(COMMENT_COLUMNS))
    lowest, highest = asked.scale
    badness = rows[asked.key] if asked.direction == "higher" else lowest + highest - rows[asked.key]
    low = badness < lowest + LOW_SHARE * (highest - lowest)
    text = rows["comment"].astype("string").str.strip()
    said = rows[low & text.notna() & (text != "")].assign(_badness=badness, _length=text.str.len())
    said = said.sort_values(["_badness", "_length"], ascending=[True, False], kind="stable")
    said = said.drop_duplicates("comment").head(COMMENTS)
    return pd.DataFrame(
        {
            "metric": row["metric"],
            "touchpoint": asked.key,
            "segment": row["segment"],
            "level": row["level"],
            "group": group_of(row["segment"], row["level"]),
            "rating": said[asked.key],
            "period": said["period"],
            "comment": said["comment"].astype(object),
        }
    ).reset_index(drop=True)
