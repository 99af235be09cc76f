"""What a target asks, what would settle it and at what pace: over rows that `kpis.judge` judged."""

from __future__ import annotations

from math import ceil
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from scipy.stats import norm

from cxlib.analysis import kpis, scores, targets
from cxlib.analysis.metrics import Metric

WAVES = ("2025Q3", "2025Q4", "2026Q1", "2026Q2")
QUESTIONS = (Metric("nps", "nps"), Metric("csat", "csat"))


def wanted(metric: str = "nps", target: float = 10, due: str = "2026Q4", **more: Any) -> Any:
    given = {"direction": "higher", "baseline": None, "clause": "2.1", "path": {}, "basis": None}
    return SimpleNamespace(metric=metric, target=target, due=due, **(given | more))


def survey(promoters: tuple[int, ...] = (180, 180, 140, 180), n: int = 400) -> pd.DataFrame:
    """Waves of n answers: so many promoters, 160 in 400 detractors, the rest passive."""
    frames = []
    for wave, up in zip(WAVES, promoters, strict=True):
        down = 160 * n // 400
        nps = [10.0] * up + [3.0] * down + [8.0] * (n - up - down)
        csat = [5.0] * (3 * n // 4) + [2.0] * (n - 3 * n // 4)
        frames.append(pd.DataFrame({"nps": nps, "csat": csat, "period": wave}))
    return pd.concat(frames, ignore_index=True)


def asked(*wants: Any, data: pd.DataFrame | None = None, **more: Any) -> pd.DataFrame:
    estimates = kpis.estimate(survey() if data is None else data, questions=QUESTIONS)
    judged = kpis.judge(estimates, wants).table
    return targets.demands(judged, estimates.table, **more)


def test_a_measured_baseline_is_compared_wave_with_wave() -> None:
    row = asked(wanted(baseline="2026Q1", target=15)).iloc[0]
    assert (row["start"], row["value"], row["asked"], row["remaining"]) == (-5, 5, 20, 2)
    before = scores.nps(survey().loc[lambda d: d["period"] == "2026Q1", "nps"])
    assert row["n_needed"] == targets.sample_size(score=before, change=20).n
    smallest = targets.detectable_change(score=before, n=400, n_before=400).change
    assert row["smallest"] == pytest.approx(smallest)
    assert (row["asks"], row["compared"]) == ("yes", "two periods")


def test_a_number_as_baseline_is_compared_one_sided_with_one_wave() -> None:
    row = asked(wanted("csat", 80, baseline=70.0)).iloc[0]
    by_hand = targets.sample_size(change=10, share=70, design="fixed target").n
    assert (row["n_needed"], row["compared"]) == (by_hand, "a fixed number")


def test_a_step_within_chance_is_said_to_be_and_its_number_of_answers_stays_within_reach() -> None:
    row = asked(wanted(baseline="2026Q1", target=0), limits={"nps": 1000}).iloc[0]
    assert row["asks"] == "no"
    assert pd.isna(row["n_needed"])
    assert asked(wanted(baseline="2026Q1", target=0)).loc[0, "n_needed"] > 1000


def test_a_target_that_the_baseline_met_asks_for_nothing() -> None:
    assert asked(wanted(baseline="2025Q3", target=3)).loc[0, "asks"] == "asks for nothing"
    assert asked(wanted(baseline=None)).loc[0, "asks"] == "no baseline"


def test_what_settles_stands_at_holms_level_and_is_never_more_than_can_be_had() -> None:
    wants = (wanted(target=10), wanted("csat", 76))
    table = asked(*wants)
    assert set(table["status"]) == {"too close to call"}
    family = table["p_missed"]
    level = 0.05 / sum(family >= family[0])
    needed = 0.8475 * (norm.isf(level) + norm.ppf(0.8)) ** 2 / 0.05**2
    assert table.loc[0, "n_to_settle"] == pytest.approx(needed)
    assert table.loc[0, "settles"] == "more answers"
    few = asked(*wants, limits={"nps": ceil(needed) - 1}).iloc[0]
    assert (pd.isna(few["n_to_settle"]), few["settles"]) == (True, "no survey of this size")
    line = asked(wanted(target=5)).iloc[0]
    assert (pd.isna(line["n_to_settle"]), line["settles"]) == (True, "no sample")
    required = asked(*wants, all_required=True)
    assert required.loc[0, "n_to_settle"] < table.loc[0, "n_to_settle"]


def test_a_way_that_was_never_gone_so_fast_is_said_to_be() -> None:
    row = asked(wanted(target=60, due="2026Q3")).iloc[0]
    assert (row["pace_needed"], row["pace_best"], row["pace"]) == (55, 10, "faster than ever")
    assert asked(wanted(target=20, due="2026Q4")).loc[0, "pace"] == "seen before"  # 7.5 a quarter
    there = asked(wanted(target=-20)).iloc[0]
    assert (pd.isna(there["pace_needed"]), there["pace"]) == (True, "already there")
    assert asked(wanted(target=60, due="2026Q2")).loc[0, "pace"] == "not known"  # due: no time left


def test_always_past_its_target_needs_enough_periods() -> None:
    assert asked(wanted(target=-20)).loc[0, "held"] == ""
    data = survey()
    years = [data.assign(period=data["period"].str.replace("202", f"20{c}")) for c in "012"]
    table = asked(wanted(target=-20), data=pd.concat(years))
    assert (table.loc[0, "held"], table.loc[0, "of_periods"]) == ("always", 12)


def test_a_baseline_that_was_the_worst_is_known_to_come_back() -> None:
    data = survey((180, 180, 170, 180))
    row = asked(wanted(baseline="2026Q1"), data=data).iloc[0]
    known = kpis.estimate(data[data["period"] <= "2026Q1"], questions=QUESTIONS[:1]).table
    told = targets.propose(SimpleNamespace(**known.iloc[-1]), direction="higher", history=known)
    assert row["rebound"] == pytest.approx(told.rebound)
    assert row["rebound"] > 0
    assert asked(wanted(baseline="2026Q2"), data=data).loc[0, "rebound"] == 0


def test_the_verdict_stays_what_it_was_and_no_target_is_no_row() -> None:
    estimates = kpis.estimate(survey(), questions=QUESTIONS)
    judged = kpis.judge(estimates, [wanted(), wanted("csat", 60)]).table
    table = targets.demands(judged, estimates.table)
    pd.testing.assert_frame_equal(table[judged.columns], judged, check_dtype=False)
    none = targets.demands(kpis.judge(estimates, []).table, estimates.table)
    assert none.empty
    assert {"asks", "pace"} <= set(none.columns)


def test_a_census_asks_what_it_asks() -> None:
    figures = pd.DataFrame({"kpi": "sla", "period": WAVES, "value": [0.5, 0.5, 0.6, 0.6], "n": 300})
    known = kpis.counted(
        figures, {"sla": {"unit": "share", "direction": "higher"}}, source="tickets"
    )
    estimates = kpis.estimate(None, figures=known)
    judged = kpis.judge(estimates, [wanted("sla", 0.7, baseline=0.5)]).table
    row = targets.demands(judged, estimates.table).iloc[0]
    assert (row["status"], row["asks"], row["settles"]) == ("missed", "every case is counted", "")
    assert (row["pace_needed"], row["pace_best"]) == pytest.approx((5, 10))
