from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib import envelope
from cxlib.analysis import compare, contract, drivers, scores, targets
from cxlib.analysis.metrics import Metric
from cxlib.errors import DataError

NPS, CSAT = Metric("nps", "nps"), Metric("csat", "csat")
EFFORT = Metric("ces", "ces", direction="lower")
WAVES = ("2025Q3", "2025Q4", "2026Q1", "2026Q2")


def wanted(metric: str = "nps", target: float = 10, due: str = "2026Q4", **more: Any) -> Any:
    given = {"direction": "higher", "baseline": None, "clause": "2.1", "path": {}}
    return SimpleNamespace(
        metric=metric, target=target, due=due, **(given | {"basis": "sample"} | more)
    )


def survey(promoters: tuple[int, ...] = (180, 180, 140, 180), n: int = 400) -> pd.DataFrame:
    """Waves of n answers: so many promoters, 160 in 400 detractors, the rest passive."""
    frames = []
    for wave, up in zip(WAVES, promoters, strict=True):
        down = 160 * n // 400
        nps = [10.0] * up + [3.0] * down + [8.0] * (n - up - down)
        csat = [5.0] * (3 * n // 4) + [2.0] * (n - 3 * n // 4)
        frames.append(pd.DataFrame({"nps": nps, "csat": csat, "ces": 3.0, "period": wave}))
    frame = pd.concat(frames, ignore_index=True)
    return frame.assign(weight=1.0, ces=np.tile([2.0, 3.0, 4.0, 5.0], len(frame) // 4))


def one(*asked: Any, data: pd.DataFrame | None = None, **more: Any) -> Any:
    found = contract.review(
        survey() if data is None else data,
        targets=asked,
        period="2026Q2",
        metrics=(NPS, CSAT, EFFORT),
        **more,
    )
    return found if len(asked) > 1 else (found, found.table.iloc[0])


def test_a_measured_baseline_gives_change_progress_and_proof() -> None:
    _, row = one(wanted(baseline="2026Q1", target=15))
    assert (row["baseline"], row["value"], row["asked"]) == (-5, 5, 20)
    assert row["progress"] == pytest.approx(0.5)  # 10 of 20
    now, before = (
        scores.nps(survey().loc[lambda d, w=wave: d["period"] == w, "nps"])
        for wave in ("2026Q2", "2026Q1")
    )
    moved = compare.difference(now, before)
    assert (row["change"], row["change_low"]) == (moved.value, moved.low)
    asked = targets.check(before, 15, direction="higher", n_next=400)
    assert (row["n_needed"], row["design"]) == (asked.n_needed, "two waves")
    assert row["detectable_change"] == asked.detectable_change
    assert row["remaining"] == 2
    assert row["expected"] == pytest.approx(-5 + 20 / 3)  # one of three even steps


def test_a_number_as_baseline_is_compared_one_sided_with_one_wave() -> None:
    _, row = one(wanted("csat", 80, baseline=70.0))
    by_hand = targets.sample_size(change=10, share=70, design="fixed target").n
    assert (row["n_needed"], row["design"], row["start"]) == (by_hand, "fixed number", "")
    assert row["change"] == pytest.approx(5)
    assert row["progress"] == pytest.approx(0.5)


def test_verdicts_are_those_of_the_targets_adjusted_together() -> None:
    found = one(wanted(target=-20), wanted("csat", 80), wanted("ces", 3.4, direction="lower"))
    alone = [
        targets.verdict(item.measured, item.target, direction=item.direction)
        for item in found.verdicts.items
    ]
    together = targets.verdicts(alone).table
    assert found.table["p_adjusted"].tolist() == together["p_adjusted"].tolist()
    assert found.table["status"].tolist() == together["status"].tolist()
    assert found.table["clause"].tolist() == ["2.1"] * 3


def test_a_target_that_fell_due_is_judged_by_its_own_period() -> None:
    _, row = one(wanted(due="2026Q1", baseline="2025Q3", target=10))
    assert (row["period"], row["value"], row["remaining"]) == ("2026Q1", -5, -1)


def test_a_baseline_that_was_the_worst_is_known_to_come_back() -> None:
    data = survey((180, 180, 170, 180))
    _, row = one(wanted(baseline="2026Q1"), data=data)
    known = scores.score_table(data[data["period"] <= "2026Q1"], metric=NPS, by="period")
    baseline = scores.nps(data.loc[data["period"] == "2026Q1", "nps"])
    told = targets.propose(baseline, direction="higher", history=known)
    assert row["rebound"] == pytest.approx(told.rebound)
    assert row["rebound"] > 0
    _, later = one(wanted(baseline="2026Q2"), data=data)
    assert later["rebound"] == 0


def test_a_target_that_the_baseline_met_asks_for_nothing_and_is_no_crash() -> None:
    _, row = one(wanted(baseline="2025Q3", target=3))
    assert not row["short"]
    assert np.isnan(row["progress"])
    assert pd.isna(row["n_needed"])


def test_what_was_not_measured_is_said() -> None:
    found, row = one(wanted(baseline="2024Q1"))
    assert "was not measured in 2024Q1" in found.caveats[0]
    assert np.isnan(row["baseline"])
    none = contract.review(None, targets=[wanted()], period="2026Q2")
    assert none.verdicts is None
    assert len(none.table) == 0
    assert "too few answers" in none.caveats[0]
    few, _row = one(wanted(), wanted("csat"), data=survey((4, 4, 4, 4), n=8)), None
    assert few.verdicts is None


def test_a_year_is_the_baseline_of_its_quarters() -> None:
    _, row = one(wanted(baseline="2025", target=20))
    assert (row["start"], row["baseline"], row["n"]) == ("2025Q4", 5, 400)


def test_waves_without_a_calendar_have_a_verdict_and_no_path() -> None:
    data = survey().replace({"period": {"2026Q2": "second", "2026Q1": "first"}})
    found = contract.review(
        data, targets=[wanted(baseline="first", target=30)], period="second", metrics=(NPS,)
    )
    assert found.table.loc[0, "status"] == "not met"
    assert pd.isna(found.table.loc[0, "remaining"])
    assert found.courses[0].table["expected"].isna().all()
    assert "no calendar" in found.courses[0].caveats[0]


def test_figures_that_count_every_case_are_facts() -> None:
    months = [f"2026-{m:02d}" for m in range(1, 5)]
    kpis = pd.DataFrame(
        {
            "kpi": "sla",
            "period": np.repeat(months, 2),
            "unit": ["a", "b"] * 4,
            "numerator": 90.0,
            "denominator": [100.0, 200.0] * 4,
        }
    ).assign(value=lambda d: d["numerator"] / d["denominator"])
    asked = wanted("sla", 0.7, "2026-12", basis="census", baseline=0.5)
    found = contract.review(
        None, targets=[asked], period="2026-04", kpis=kpis, units={"sla": "share"}
    )
    row = found.table.iloc[0]
    assert (row["value"], row["n"], row["status"]) == (0.6, 300, "not met")
    assert row["progress"] == pytest.approx(0.5)
    assert row["unit"] == "share"


def test_the_course_has_history_before_and_the_path_to_the_due_date_after() -> None:
    found, _row = one(wanted(baseline="2026Q1", target=15, path={"2026Q3": 9.0}))
    table = found.courses[0].table.set_index("period")
    assert table.index.tolist() == [*WAVES, "2026Q3", "2026Q4"]
    assert table["value"].isna().tolist() == [False] * 4 + [True] * 2
    assert table["expected"].isna().tolist() == [True] * 2 + [False] * 4
    assert table.loc["2026Q4", "expected"] == 15
    assert table.loc["2026Q3", "agreed"] == 9
    assert table["projected"].notna().tolist() == [False] * 4 + [True] * 2


def scenario(**changes: float) -> drivers.Scenario:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({name: rng.integers(1, 6, 400) for name in "abc"}).astype(float)
    pull = rows.sum(axis=1) + rng.normal(0, 1.5, 400)
    rows["nps"] = pd.qcut(pull, 11, labels=False).astype(float)
    return drivers.scenario(
        rows, outcome="nps", drivers=list("abc"), changes=changes, scale=(1, 5), bootstrap=60
    )


def test_the_waterfalls_parts_sum_to_the_whole() -> None:
    review, row = one(wanted(target=60, baseline="2026Q1"))
    plan = contract.outlook(scenario(a=0.3, b=0.2, c=-0.1), targets=review.table)
    bars = plan.table.set_index("step")
    assert bars.loc["Now", "end"] == row["value"]
    assert row["value"] + bars["change"][bars["role"] == "step"].sum() == pytest.approx(
        plan.predicted
    )
    assert plan.predicted + bars.loc["Still missing", "change"] == pytest.approx(60)
    begins = plan.table["begin"].iloc[1:4].tolist()
    assert begins == pytest.approx(plan.table["end"].iloc[0:3].tolist())
    assert plan.low < plan.predicted < plan.high
    assert plan.p_reach < 0.05
    assert plan.high - plan.low == pytest.approx((p := scenario(a=0.3, b=0.2, c=-0.1)).high - p.low)


def test_a_plan_without_a_target_starts_from_its_own_respondents() -> None:
    found = scenario(a=0.3)
    plan = contract.outlook(found)
    assert plan.now == found.baseline_observed
    assert np.isnan(plan.target)
    assert np.isnan(plan.p_reach)
    assert "Still missing" not in set(plan.table["step"])


def test_steps_that_do_not_add_up_are_refused() -> None:
    from dataclasses import replace

    found = scenario(a=0.3)
    with pytest.raises(DataError, match="do not add up"):
        contract.outlook(replace(found, change=found.change + 1))


def test_proposals_stand_on_the_present_score_and_name_their_grounds() -> None:
    market = survey().assign(brand="own")
    rival = market[market["period"] == "2026Q2"].assign(brand="rival", nps=10.0)
    nps, effort = contract.proposals(
        survey(),
        metrics=(NPS, EFFORT),
        period="2026Q2",
        market=pd.concat([market, rival]),
        horizon=2,
    )
    assert (nps.baseline, nps.n) == (5, 400)
    assert nps.candidates.set_index("ground").loc["benchmark", "target"] == 100
    assert nps.table["per_period"].tolist() == pytest.approx((nps.table["change"] / 2).tolist())
    assert (effort.table["change"] < 0).all()
    few, alike = contract.proposals(
        survey((4, 4, 4, 4), n=8).assign(csat=5.0), metrics=(NPS, CSAT), period="2026Q2"
    )
    assert "too few answers" in few.caveats[0]
    assert len(alike.table) == 0


def test_everything_can_be_saved_and_read_back() -> None:
    review, _row = one(wanted(baseline="2026Q1", target=15))
    plan = contract.outlook(scenario(a=0.3), targets=review.table)
    proposed = contract.proposals(survey(), metrics=(NPS,), period="2026Q2")
    back = envelope.decode(envelope.encode({"r": review, "p": plan, "o": proposed}))
    pd.testing.assert_frame_equal(back["r"].table, review.table)
    assert back["r"].verdicts.items[0].measured.value == 5
    pd.testing.assert_frame_equal(back["p"].table, plan.table)
    assert back["o"][0].table["grounds"].iloc[0].facts == proposed[0].table["grounds"].iloc[0].facts
