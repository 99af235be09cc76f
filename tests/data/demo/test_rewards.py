"""The rewards programme's files: the planted constants stand in them, and nothing else moved."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cxlib.data.demo import _rewards

FOLDER = Path(__file__).resolve().parents[3] / "data" / "lakeside-bank"


@pytest.fixture(scope="module")
def files() -> dict[str, pd.DataFrame]:
    names = ("members", "purchases", "benefits", "points")
    return {name: pd.read_csv(FOLDER / f"rewards_{name}.csv") for name in names}


def test_tiers_follow_the_spend_of_the_year_before(files: dict[str, pd.DataFrame]) -> None:
    paid = files["purchases"].query("State == 'Settled' and Day < '2025-10-01'")
    spent = paid.groupby("Customer")["Amount"].sum()
    members = files["members"].set_index("Customer")
    limits = [*_rewards.TIERS.values(), float("inf")]
    told = pd.cut(spent.reindex(members.index).fillna(0), limits, right=False,
                  labels=list(_rewards.TIERS))  # fmt: skip
    assert (told.astype(str) == members["Tier"]).mean() > 0.999


def test_only_the_campaigns_members_leave_early(files: dict[str, pd.DataFrame]) -> None:
    members = files["members"].assign(gone=files["members"]["Left"].notna())
    late = members[members["Joined"] >= "2025-04-01"]
    shares = late.groupby("Joined by")["gone"].mean()
    assert shares[_rewards.CAMPAIGN] > 0.7
    assert shares[["App", "Branch"]].max() < 0.2
    campaign = members[members["Joined by"] == _rewards.CAMPAIGN]["Joined"]
    assert campaign.between("2025-04-01", "2025-06-30").all()


def test_benefits_cost_what_was_planted_a_year(files: dict[str, pd.DataFrame]) -> None:
    tier = files["members"].set_index("Customer")["Tier"]
    joined = files["members"].set_index("Customer")
    whole = joined[(joined["Joined"] < "2025-10-01") & joined["Left"].isna()].index
    used = files["benefits"][files["benefits"]["Customer"].isin(whole)]
    cost = used.groupby(used["Customer"].map(tier))["Cost"].sum() / tier[whole].value_counts()
    for name, (_label, uses, each) in _rewards.BENEFITS.items():
        assert cost[name] == pytest.approx(uses * each, rel=0.12)
