"""The frames on who stays: groups, cohorts, hazard over tenure and the projection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import compare, retention
from cxlib.analysis.results import CARE_BASE
from cxlib.chapters.membership.study import MOST_LEVELS, SPELL, Study
from cxlib.errors import DataError
from cxlib.words import mark as _

BANDS = ((0, 90), (90, 180), (180, 365), (365, 730), (730, 1_000_000))
"""Days since joining, for the hazard."""


def groups(study: Study) -> pd.DataFrame:
    """Return every group of members, and every cohort, against all others: who leaves sooner."""
    rows, stays = [], study.stays
    names = [n for n in stays.columns if n not in ("time", "left", "entry")]
    for name in names:
        counts = stays[name].value_counts()
        levels = [str(level) for level in counts.index if counts[level] >= CARE_BASE]
        if name != "cohort" and len(levels) > MOST_LEVELS:
            continue
        known = stays[stays[name].notna()]
        rows += [_against(known, name, level) for level in sorted(levels)]
    table = pd.DataFrame([row for row in rows if row])
    if table.empty:
        return table
    table["stays_p"] = compare.adjust(table["stays_p"].to_numpy())
    worse = table["stay"] < table["stay_others"]
    clear = table["stays_p"] < 0.05
    table["turn"] = np.where(~clear, "unclear", np.where(worse, "worse", "better"))
    return table.sort_values(["segment", "stay"], ignore_index=True)


def _against(stays: pd.DataFrame, name: str, level: str) -> dict[str, Any]:
    """Return a group's row; a cohort is compared with those whose joining is recorded too."""
    inside = stays[name].astype(str) == level
    try:
        marked = stays.assign(inside=inside)
        found = retention.survival(marked, by="inside", **SPELL)
        test = retention.compare(marked, by="inside", **SPELL)
    except DataError:
        return {}
    at = found.at(365).set_index("level")
    own = at.loc["True"]
    return {
        "segment": name, "level": level, "n": int(inside.sum()), "members": int(inside.sum()),
        "left_n": int(stays.loc[inside, "left"].sum()), "stay": own["survival"],
        "stay_low": own["survival_low"], "stay_high": own["survival_high"],
        "stay_others": at.loc["False", "survival"], "stays_p": test.p_value,
        "period": level if name == "cohort" else None,
        "joined_in": level if name == "cohort" else None,
        "what": "cohort" if name == "cohort" else "tier" if name == "tier" else "group",
    }  # fmt: skip


def parts(table: pd.DataFrame, cohorts: bool) -> pd.DataFrame:
    """Return the rows about cohorts, the first joined first, or those about other groups."""
    mine = table[(table["what"] == "cohort") == cohorts] if len(table) else table
    return mine.sort_values("joined_in") if cohorts and len(mine) else mine


def hazard(study: Study) -> pd.DataFrame:
    """Return how many leave within a month, by how long they have been members."""
    stays = study.stays
    if stays.empty:
        return pd.DataFrame()
    rows = []
    for low, high in BANDS:
        seen = (stays["time"].clip(upper=high) - stays["entry"].clip(lower=low)).clip(lower=0)
        here = stays["left"] & (stays["time"] > low) & (stays["time"] <= high)
        rows.append(
            {
                "tenure": f"{low // 30}–{round(high / 30.4)}" if high < 9_999 else f"{low // 30}+",
                "n": int((seen > 0).sum()), "members": int((seen > 0).sum()),
                "left_n": int(here.sum()),
                "leaving": here.sum() / max(seen.sum() / 30.4375, 1e-9),
            }
        )  # fmt: skip
    return pd.DataFrame(rows).query("n > 0")


def ratios(study: Study) -> Any:
    """Return hazard ratios of all groups at once."""
    names = [n for n in study.stays.columns if n not in ("time", "left", "entry", "cohort")]
    stays = study.stays.dropna(subset=names) if names else study.stays
    names = [n for n in names if 2 <= stays[n].nunique() <= MOST_LEVELS]
    if not names or stays.empty:
        return None
    found = study.tried(_("hazards"), retention.hazards, stays, covariates=names, **SPELL)
    if found is None:
        return None
    against = found.table["segment"] + "=" + found.table["reference"]
    table = found.table.assign(reference_level=against, members=found.table["n"])
    return replace(found, table=table)


def curves(study: Study) -> pd.DataFrame:
    """Return survival curves of the attribute whose groups differ most; of all members else."""
    table = parts(groups(study), cohorts=False)
    name = None
    if len(table):
        first = table.sort_values("stays_p").iloc[0]
        name = str(first["segment"]) if first["turn"] != "unclear" else None
    found = study.survival(name)
    if found is None:
        return pd.DataFrame()
    kept = found.table[found.table["survival_high"].notna()]
    kept = kept[(kept["at_risk"] >= CARE_BASE)]
    return kept.assign(segment=name or "all", months=kept["time"] / 30.4375)


def cohorts(study: Study, last: int = 10) -> Any:
    """Return the latest cohorts, period by period."""
    found = study.cohorts
    if found is None:
        return None
    kept = sorted(found.table["cohort"].unique())[-last:]
    table = found.table[found.table["cohort"].isin(kept) & (found.table["age"] > 0)]
    return replace(found, table=table)


def renewals(study: Study, ahead: int = 4) -> pd.DataFrame:
    """Return the share left at each age, as seen and by the model, and further on."""
    model = study.renewals
    if model is None:
        return pd.DataFrame()
    seen = model.table.assign(retention=model.table["survivors"] / 100)
    beyond = model.project(ahead)
    later = pd.DataFrame({"time": beyond.index, "expected": beyond.to_numpy()})
    table = pd.concat([seen, later], ignore_index=True)
    return table.assign(age=table["time"].astype(int), expected_share=table["expected"] / 100)
