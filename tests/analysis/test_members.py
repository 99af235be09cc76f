"""Members: RFM, movement, benefits, thresholds, designs, and what experience is worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import members
from cxlib.errors import DataError


def purchases(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["member_id", "date", "amount"])


# --- who they are --------------------------------------------------------------------------------


def test_rfm_by_hand() -> None:
    rows = purchases(
        [
            (f"m{k}", f"2025-01-{20 - 2 * d:02}", 10.0 * (k + 1))
            for k in range(5)
            for d in range(k + 1)
        ]
    )
    found = members.rfm(rows, as_of="2025-01-31")
    table = found.members.set_index("member_id")
    assert table["recency"].tolist() == [11] * 5
    assert table["frequency"].tolist() == [1, 2, 3, 4, 5]
    assert table["money"].tolist() == [10, 40, 90, 160, 250]
    assert table["f"].tolist() == table["m"].tolist() == [1, 2, 3, 4, 5]
    assert found.groups == {"r": 1, "f": 5, "m": 5}  # one day for all: one group, none invented
    assert len(found.caveats) == 1


def test_equal_values_stand_in_one_group_however_they_come() -> None:
    rows = purchases(
        [(f"m{k}", f"2025-{m:02}-01", 5.0) for k in range(400) for m in range(1, 2 + (k > 300))]
    )
    found = members.rfm(rows, as_of="2025-06-30").members
    mixed = members.rfm(rows.sample(frac=1, random_state=1), as_of="2025-06-30").members
    assert len(found[["frequency", "f"]].drop_duplicates()) == 2
    assert sorted(found["f"].unique()) == [1, 2]
    pd.testing.assert_frame_equal(
        found.sort_values("member_id", ignore_index=True),
        mixed.sort_values("member_id", ignore_index=True),
    )


def test_purchases_of_nobody_are_no_rfm() -> None:
    with pytest.raises(DataError, match="no RFM"):
        members.rfm(pd.DataFrame({"date": ["2025-01-01"], "amount": [1]}), as_of="2025-02-01")
    nobody = purchases([(None, "2025-01-01", 1.0)])  # type: ignore[list-item]
    with pytest.raises(DataError, match="no purchase"):
        members.rfm(nobody, as_of="2025-02-01")


def test_shares_add_up_and_refunds_do_not_count_as_purchases() -> None:
    rows = purchases(
        [(f"m{k}", f"2025-{1 + k % 6:02}-{1 + k % 27:02}", 10.0 + k) for k in range(90)]
        + [("m1", "2025-05-30", -11.0)]
    )
    found = members.rfm(rows, as_of="2025-12-31")
    assert "m1" not in set(found.members["member_id"])
    assert found.table["share"].sum() == pytest.approx(1)
    assert found.table["money_share"].sum() == pytest.approx(1)


# --- tiers ---------------------------------------------------------------------------------------


def test_movement_by_hand() -> None:
    rows = pd.DataFrame({"before": ["S", "S", "G", None, "G"], "after": ["S", "G", "S", "S", None]})
    found = members.tier_movement(rows, order=["S", "G"])
    told = {(r["before"], r["after"]): r["direction"] for r in found.table.to_dict("records")}
    assert told == {("S", "S"): "same", ("S", "G"): "up", ("G", "S"): "down",
                    ("G", "not a member"): "left", ("not a member", "S"): "joined"}  # fmt: skip
    assert found.n == 5


def test_a_tier_outside_the_rules_is_named() -> None:
    rows = pd.DataFrame({"before": ["Silver"], "after": ["Sliver"]})
    with pytest.raises(DataError, match="did you mean 'Silver'"):
        members.tier_movement(rows, order=["Silver", "Gold"])


@pytest.mark.parametrize("limits", [{}, {"S": 10}, {"S": 0, "G": 0}, {"S": 0, "G": 5, "P": 3}])
def test_thresholds_that_do_not_rise_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(DataError, match="rise from 0"):
        members.tier_of([1.0], limits)


def test_a_tier_begins_at_its_threshold() -> None:
    held = members.tier_of([-5, 0, 99.99, 100, 500], {"S": 0, "G": 100, "P": 500})
    assert held.tolist() == ["S", "S", "S", "G", "P"]


def test_benefits_by_hand() -> None:
    people = pd.DataFrame({"member_id": list("abcd"), "tier": ["G", "G", "S", "S"]})
    used = pd.DataFrame({"member_id": ["a", "a", "c", "x"], "cost": [10.0, 20.0, 4.0, 9.0]})
    ledger = pd.DataFrame({"kind": ["issued", "redeemed", "expired"], "points": [100, -30, 20]})
    found = members.benefit_use(used, people, points=ledger)
    gold = found.table.set_index("level").loc["G"]
    assert (gold["use"], gold["uses"], gold["cost"], gold["total"]) == (0.5, 1.0, 15.0, 30.0)
    assert found.points.set_index("kind")["points"].to_dict() == {
        "issued": 100, "redeemed": 30, "expired": 20, "outstanding": 50}  # fmt: skip
    assert members.benefit_use(used, people).points.empty
    assert len(found.caveats) == 1


def threshold_data(keeps: float, seed: int = 4, n: int = 6_000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    spend = rng.gamma(2.0, 500.0, n)
    over = spend >= 1_000
    margin = 0.2 * spend + keeps * over + rng.normal(0, 40, n)
    return pd.DataFrame({"spend_before": spend, "margin": margin, "cost": 60.0 * over})


def test_what_a_tier_keeps_is_recovered_at_its_threshold() -> None:
    for keeps, status in ((0.0, "costs more"), (120.0, "pays")):
        found = members.at_thresholds(threshold_data(keeps), thresholds={"S": 0, "G": 1_000})
        row = found.table.iloc[0]
        assert row["kept_low"] < keeps < row["kept_high"]
        assert row["cost"] == pytest.approx(60, abs=1e-6)
        assert row["status"] == status


def test_the_interval_at_a_threshold_covers_as_it_says() -> None:
    hits = []
    for seed in range(60):
        found = members.at_thresholds(
            threshold_data(30.0, seed, 1_500), thresholds={"S": 0, "G": 1_000}
        )
        row = found.table.iloc[0]
        hits.append(row["kept_low"] < 30 < row["kept_high"])
    assert np.mean(hits) >= 0.88


def test_members_of_whom_something_is_missing_are_left_out_at_a_threshold() -> None:
    rows = threshold_data(60.0)
    gaps = rows.assign(margin=rows["margin"].where(rows.index % 5 > 0))
    found, whole = (
        members.at_thresholds(data, thresholds={"S": 0, "G": 1_000})
        for data in (gaps, rows[rows.index % 5 > 0])
    )
    assert found.table.equals(whole.table)
    assert (found.n_used, found.n_dropped) == (4_800, 1_200)


def test_gathering_over_a_threshold_is_said_and_few_are_too_few() -> None:
    rows = threshold_data(0.0)
    pushed = rows.assign(
        spend_before=rows["spend_before"].where(
            ~rows["spend_before"].between(950, 999.9), rows["spend_before"] + 50
        )
    )
    assert members.at_thresholds(pushed, thresholds={"S": 0, "G": 1_000}).caveats
    few = members.at_thresholds(rows.head(60), thresholds={"S": 0, "G": 1_000})
    assert few.table["status"].tolist() == ["too few"]


TODAY = {"S": {"from": 0}, "G": {"from": 100, "benefits": 10, "points": 1.0}}


def test_designs_by_hand() -> None:
    rows = pd.DataFrame({"spend": [50.0, 99.0, 100.0, 300.0]})
    later = {"S": {"from": 0}, "G": {"from": 200, "benefits": 10, "points": 1.0}}
    found = members.simulate_tiers(
        rows, designs={"today": TODAY, "higher": later}, point_value=0.1, breakage=0.5
    )
    told = found.table.set_index("design")
    assert told["cost"].to_dict() == {"today": 20 + 0.05 * 400, "higher": 10 + 0.05 * 300}
    assert told["breakage"].to_dict() == {"today": 20.0, "higher": 15.0}
    assert (told.loc["higher", "down"], told.loc["higher", "up"]) == (1, 0)
    held = found.tiers.set_index(["design", "level"])
    assert held.loc[("today", "G"), "n"] == 2
    assert held.loc[("today", "G"), "under"] == 1  # 99 is just under 100


def test_todays_design_differs_from_itself_by_nothing() -> None:
    rows = pd.DataFrame({"spend": np.random.default_rng(1).gamma(2, 60, 500)})
    found = members.simulate_tiers(rows, designs={"today": TODAY, "again": TODAY}).table
    assert found[["cost_change", "cost_change_low", "cost_change_high"]].iloc[1].tolist() == [0] * 3
    assert found["cost_low"].iloc[0] < found["cost"].iloc[0] < found["cost_high"].iloc[0]
    assert found["recommended"].tolist() == ["yes", "no"]


def test_a_cheaper_design_is_recommended_only_if_hardly_anyone_falls() -> None:
    rows = pd.DataFrame({"spend": np.random.default_rng(1).gamma(2, 60, 2_000)})
    cheaper = {"S": {"from": 0}, "G": {"from": 100, "benefits": 5, "points": 1.0}}
    harsher = {"S": {"from": 0}, "G": {"from": 400, "benefits": 1}}
    designs = {"today": TODAY, "cheaper": cheaper, "harsher": harsher}
    found = members.simulate_tiers(rows, designs=designs, point_value=0.01).table
    assert found["recommended"].tolist() == ["no", "yes", "no"]


def test_an_unknown_rule_is_named() -> None:
    with pytest.raises(DataError, match="did you mean 'benefits'"):
        members.simulate_tiers(
            pd.DataFrame({"spend": [1.0]}), designs={"today": {"S": {"from": 0, "benefit": 3}}}
        )


# --- what experience is worth --------------------------------------------------------------------


def client(steps: tuple[float, float], n: int = 3_000, seed: int = 5) -> dict[str, pd.DataFrame]:
    """Members whose tier decides both their mood and their spend; the steps are planted."""
    rng = np.random.default_rng(seed)
    gold = rng.random(n) < 0.4
    rating = np.clip(np.round(rng.normal(7.2 + 1.2 * gold, 2.0)), 0, 10)
    worth = np.select([rating <= 6, rating <= 8], [0.0, steps[0]], steps[0] + steps[1])
    at = pd.Timestamp("2025-07-01") + pd.to_timedelta(rng.integers(0, 180, n), unit="D")
    base = rng.gamma(6.0, 20.0, n) * (1 + gold)
    rows = []
    for k in range(-6, 7):
        if k:
            extra = worth / 6 if k > 0 else 0.0
            amount = base / 2 * rng.gamma(8.0, 1 / 8.0, n) + extra
            rows.append(
                pd.DataFrame({"member_id": np.arange(n), "date": at + pd.Timedelta(days=25 * k),
                              "amount": amount})
            )  # fmt: skip
    ids = np.arange(n)
    return {
        "survey": pd.DataFrame({"respondent_id": ids, "date": at, "nps": rating,
                                "tier": np.where(gold, "G", "S")}),
        "transactions": pd.concat(rows, ignore_index=True),
        "members": pd.DataFrame({"member_id": ids, "joined": pd.Timestamp("2024-01-01"),
                                 "left": pd.NaT, "level": np.where(gold, "G", "S")}),
    }  # fmt: skip


def worth(data: dict[str, pd.DataFrame], **options: object) -> members.Experience:
    settings = {"horizon": 160, "as_of": "2026-12-31", "adjust_for": ["tier"]} | options
    return members.value_of_experience(**data, **settings)  # type: ignore[arg-type]


def test_the_worth_of_each_step_is_recovered() -> None:
    table = worth(client((60.0, 35.0))).table.set_index("step")
    for step, truth in (("detractor to passive", 60.0), ("passive to promoter", 35.0)):
        assert table.loc[step, "value_low"] < truth < table.loc[step, "value_high"]
        assert table.loc[step, "turn"] == "more"


def test_where_tier_explains_it_all_the_worth_is_zero_though_the_raw_gap_is_not() -> None:
    found = worth(client((0.0, 0.0)))
    assert (found.table["raw"] > 40).all()
    assert (found.table["turn"] == "unclear").all()
    assert (found.table["value"].abs() < 25).all()


def test_the_day_of_the_answer_and_what_lies_beyond_the_horizon_do_not_count() -> None:
    data = client((0.0, 0.0), n=600)
    same = worth(data).members["spend"].sum()
    at = data["survey"]["date"]
    stray = pd.DataFrame({"member_id": data["survey"]["respondent_id"], "date": at, "amount": 1e6})
    late = stray.assign(date=at + pd.Timedelta(days=161))
    data["transactions"] = pd.concat([data["transactions"], stray, late], ignore_index=True)
    after = worth(data)
    assert after.members["spend"].sum() == pytest.approx(same)
    assert after.members["past_spend"].max() < 1e5


def test_only_the_first_answer_of_a_member_of_that_day_with_its_horizon_over_counts() -> None:
    data = client((0.0, 0.0), n=600)
    survey = data["survey"]
    again = survey.assign(date=survey["date"] + pd.Timedelta(days=30), nps=10)
    data["survey"] = pd.concat([again, survey], ignore_index=True)
    assert worth(data).groups["n"].tolist() == worth(client((0.0, 0.0), n=600)).groups["n"].tolist()
    gone = data["members"].copy()
    gone.loc[:99, "left"] = pd.Timestamp("2025-06-01")
    assert worth(data | {"members": gone}).n == 500
    assert worth(data, as_of="2026-04-01").n < 600


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"answer": "ever"}, "ever, or last, a promoter"),
        ({"adjust_for": ["level"]}, "measured after the answer"),
        ({"gap": 0}, "asked about"),
        ({"metric": "responded"}, "did not answer"),
        ({"adjust_for": ["teir"]}, "did you mean 'tier'"),
        ({"horizon": 600}, "shorter horizon"),
    ],
)
def test_what_would_mislead_is_refused(options: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        worth(client((0.0, 0.0), n=600), **options)


@pytest.mark.parametrize("written", [lambda ids: ids + 10_000, lambda ids: ids.astype(str)])
def test_ids_that_meet_nobody_are_said(written: Callable[[pd.Series], pd.Series]) -> None:
    data = client((0.0, 0.0), n=200)
    data["members"]["member_id"] = written(data["members"]["member_id"])
    with pytest.raises(DataError, match="written alike"):
        worth(data)


def test_leaving_is_an_outcome_of_its_own() -> None:
    data = client((0.0, 0.0), n=3_000)
    rng = np.random.default_rng(8)
    unhappy = data["survey"]["nps"] <= 6
    chance = np.where(unhappy, 0.25, 0.05)
    soon = data["survey"]["date"] + pd.to_timedelta(rng.integers(1, 150, 3_000), unit="D")
    data["members"]["left"] = soon.where(rng.random(3_000) < chance)
    table = worth(data).table.query("outcome == 'stay'").set_index("step")
    assert table.loc["detractor to passive", "value"] == pytest.approx(0.20, abs=0.05)
    assert table.loc["passive to promoter", "turn"] == "unclear"
