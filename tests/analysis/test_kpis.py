"""The KPI core: one number, one verdict, one cause."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.analysis import compare as two, kpis, scores, targets
from cxlib.analysis.kpis import Estimates
from cxlib.analysis.kpis.equal_mix import equal_mix
from cxlib.analysis.kpis.estimates import worth
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint
from cxlib.errors import DataError

NPS, CSAT, DESK = Metric("nps", "nps"), Metric("csat", "csat"), Touchpoint("desk")


def wave(
    rng: np.random.Generator,
    n: int,
    *,
    period: str,
    card: float = 0.3,
    gap: float = 30.0,
    lift: float = 0.0,
) -> pd.DataFrame:
    """Answers of a bank: card customers score `gap` NPS points lower; `lift` moves everybody."""
    cards = rng.random(n) < card
    net = (20 + lift - gap * cards) / 100
    up, down = (0.5 + net) / 2, (0.5 - net) / 2
    u = rng.random(n)
    rating = np.where(u < up, 10.0, np.where(u < up + down, 3.0, 8.0))
    return pd.DataFrame(
        {
            "nps": rating,
            "csat": np.where(rating >= 9, 5.0, np.where(rating <= 6, 2.0, 4.0)),
            "desk": np.clip(np.round(rating / 2), 1, 5),
            "period": period,
            "brand": "own",
            "product": np.where(cards, "card", "account"),
            "region": rng.choice(["north", "south"], n),
            "weight": 1.0,
            "respondent_id": np.arange(n).astype(str),
        }
    )


def two_waves(seed: int = 1, n: int = 600, gap: float = 30.0, **later: Any) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    first = wave(rng, n, period="2026Q1", gap=gap)
    waves = [first, wave(rng, n, period="2026Q2", gap=gap, **later)]
    return pd.concat(waves, ignore_index=True)


def target(metric: str, value: float, **more: Any) -> Any:
    return SimpleNamespace(metric=metric, target=value, **more)


def moved(survey: pd.DataFrame, **options: Any) -> pd.Series:
    found = kpis.estimate(survey, questions=[NPS])
    options = {"segments": ["product", "region"], "draws": 300} | options
    return kpis.compare(found, survey, **options).table.iloc[0]


# --- estimates ------------------------------------------------------------------------------------


def test_an_estimate_is_the_score_of_its_rows() -> None:
    survey = two_waves()
    table = kpis.estimate(survey, questions=[NPS, CSAT, DESK], segments=["product"]).table
    now = survey[survey["period"] == "2026Q2"]
    for (kpi, level), rows in {
        ("nps", None): now,
        ("csat", "card"): now[now["product"] == "card"],
    }.items():
        want = scores.score(rows, {"nps": NPS, "csat": CSAT}[kpi])
        same = table["level"].isna() if level is None else table["level"] == level
        row = table[(table["kpi"] == kpi) & (table["period"] == "2026Q2") & same].iloc[0]
        for name in ("value", "low", "high", "standard_error", "n", "n_star", "variance"):
            assert row[name] == pytest.approx(getattr(want, name)), (kpi, name)
    assert set(table["source"]) == {"survey", "touchpoint"}


def test_who_did_not_use_a_touchpoint_is_in_its_reach_and_not_dropped() -> None:
    survey = two_waves().assign(desk_used=True)
    survey.loc[:299, "desk"] = np.nan
    survey.loc[:299, "desk_used"] = False
    row = kpis.estimate(survey, questions=[DESK]).at("2026Q1").table.iloc[0]
    assert (row["reach"], row["n_dropped"], row["n"]) == (0.5, 0, 300)
    survey.loc[:9, "desk"] = 3.0  # rated all the same: an answer, and no gap
    row = kpis.estimate(survey, questions=[DESK]).at("2026Q1").table.iloc[0]
    assert (row["reach"], row["n_dropped"], row["n"]) == (0.5, 0, 310)


def test_counted_figures_come_in_display_units() -> None:
    figures = pd.DataFrame(
        {"kpi": ["fcr", "wait"], "period": "2026Q1", "value": [0.85, 90.0], "n": 400}
    )
    kinds = {
        "fcr": {"unit": "share", "direction": "higher"},
        "wait": {"unit": "seconds", "direction": "lower"},
    }
    table = kpis.counted(figures, kinds, source="tickets").set_index("kpi")
    assert table.loc["fcr", ["value", "unit", "basis"]].tolist() == [85.0, "percent", "census"]
    assert table.loc["wait", ["value", "kind"]].tolist() == [90.0, "duration"]
    with pytest.raises(DataError, match="speed"):
        kpis.counted(figures.assign(kpi="speed"), kinds, source="tickets")


# --- verdicts -------------------------------------------------------------------------------------


def judged(survey: pd.DataFrame, *targets: Any, **options: Any) -> pd.DataFrame:
    found = kpis.estimate(survey, questions=[NPS, CSAT, DESK])
    return kpis.judge(found, targets, **options).table.set_index("kpi")


def test_a_verdict_is_the_benchmark_of_the_score() -> None:
    survey = two_waves()
    row = judged(survey, target("nps", 5.0)).loc["nps"]
    want = two.benchmark(
        scores.score(survey[survey["period"] == "2026Q2"], NPS), 5.0, direction="higher"
    )
    assert (row["p_value"], row["p_met"]) == pytest.approx((want.p_value, want.p_met))
    assert bool(row["reached"]) == want.reached


def test_a_client_exactly_on_target_is_called_met_and_missed_alike() -> None:
    rng, n, runs = np.random.default_rng(7), 200, 3000
    draws, times = np.unique(  # alike ones are judged once
        rng.multinomial(n, [0.45, 0.2, 0.35], runs), axis=0, return_counts=True
    )
    up, down, _rest = draws.T / n
    row = kpis.estimate(two_waves(), questions=[NPS]).at("2026Q2").table
    many = pd.concat([row] * len(draws), ignore_index=True).assign(
        kpi=[f"k{i}" for i in range(len(draws))],
        value=100 * (up - down),
        promoters=up,
        detractors=down,
        n_star=float(n),
    )
    targets = [target(kpi, 25.0) for kpi in many["kpi"]]
    told = kpis.judge(Estimates(table=many), targets, all_required=True).table["status"]
    for status in ("met", "missed"):
        assert 0.041 <= times[told == status].sum() / runs <= 0.063


def test_what_counts_every_case_is_a_fact() -> None:
    kinds = {"fcr": {"unit": "share", "direction": "higher"}}
    rows = pd.DataFrame({"kpi": ["fcr"], "period": "2026Q1", "value": [0.849], "n": 4000})
    found = kpis.estimate(None, figures=kpis.counted(rows, kinds, source="tickets"))
    row = kpis.judge(found, [target("fcr", 0.85)]).table.iloc[0]
    assert (row["status"], row["target"]) == ("missed", 85.0)
    assert np.isnan(row["p_met"])


def test_holm_moves_the_status_of_many_targets_unless_all_are_required() -> None:
    survey = two_waves(n=300)
    score = scores.score(survey[survey["period"] == "2026Q2"], NPS)
    edge = next(
        t
        for t in np.arange(score.value, -60, -0.5)
        if two.benchmark(score, float(t), direction="higher").p_value < 0.045
    )
    now = survey[survey["period"] == "2026Q2"]
    others = [target("csat", scores.score(now, CSAT).value), target("desk", 3.0)]
    alone = judged(survey, target("nps", float(edge))).loc["nps"]
    among = judged(survey, target("nps", float(edge)), *others)
    assert alone["status"] == "met"
    assert among.loc["nps", "p_adjusted"] >= alone["p_adjusted"]
    plain = judged(survey, target("nps", float(edge)), *others, all_required=True).loc["nps"]
    assert (plain["status"], plain["p_adjusted"]) == ("met", pytest.approx(alone["p_value"]))


@pytest.mark.parametrize(
    ("path", "baseline", "due", "course", "expected"),
    [
        ({}, "2026Q1", "2026Q4", None, "between"),
        ({"2026Q2": 40.0}, "2026Q1", "2026Q4", "behind", 40.0),
        ({"2026Q2": -60.0}, None, "2026Q4", "on course", -60.0),
        ({}, None, "2026Q4", "no trajectory", None),
        ({}, "2026Q1", "2026Q2", "due", None),
        ({}, None, None, "no trajectory", None),
    ],
)
def test_before_it_is_due_a_kpi_is_held_to_its_trajectory(
    path: dict[str, float], baseline: str | None, due: str | None, course: str | None, expected: Any
) -> None:
    survey = two_waves(lift=5)
    row = judged(survey, target("nps", 60.0, path=path, baseline=baseline, due=due)).loc["nps"]
    if course:
        assert row["course"] == course
    if expected == "between":
        assert row["start"] < row["expected"] < 60.0
    elif expected is not None:
        assert row["expected"] == expected


def test_a_year_as_baseline_pools_its_quarters() -> None:
    rng = np.random.default_rng(9)
    waves = [wave(rng, n, period=p) for p, n in (("2025Q1", 100), ("2025Q3", 300), ("2026Q1", 200))]
    survey = pd.concat(waves, ignore_index=True)
    row = judged(survey, target("nps", 40.0, baseline="2025", due="2026Q4")).loc["nps"]
    earlier = survey[survey["period"] < "2026"]
    assert row["start"] == pytest.approx(scores.score(earlier, NPS).value)
    assert row["start"] < row["expected"] < 40.0


def test_needs_is_what_would_be_called_met_in_four_of_five_samples() -> None:
    survey = two_waves(n=400)
    row = judged(survey, target("csat", 60.0)).loc["csat"]
    rng, share = np.random.default_rng(3), row["needs"] / 100
    n = int(row["n"])
    hits = rng.binomial(n, share, 4000) / n
    z = (hits - 0.6) / np.sqrt(0.6 * 0.4 / n)
    assert (z > stats.norm.isf(0.05)).mean() == pytest.approx(0.8, abs=0.03)


def test_lower_is_better_where_the_kpi_says_so() -> None:
    effort = Metric("desk", "mean", (1, 5), direction="lower")
    found = kpis.estimate(two_waves(), questions=[effort])
    assert kpis.judge(found, [target("desk", 4.9)]).table["status"].iloc[0] == "met"
    assert kpis.judge(found, [target("desk", 1.5)]).table["status"].iloc[0] == "missed"


# --- changes --------------------------------------------------------------------------------------


def test_another_mix_is_called_mix_and_nobody_is_told_it_got_worse() -> None:
    row = moved(two_waves(card=0.75, gap=60.0))
    assert (row["moved"], row["cause"], row["turn"]) == ("fell", "mix", "unclear")
    assert (row["mix_segment"], row["mix_level"]) == ("product", "card")
    assert row["share_after"] > 0.7
    assert row["like"] + row["mix"] == pytest.approx(row["change"])


def test_the_same_people_judging_worse_is_like_for_like() -> None:
    row = moved(two_waves(lift=-35.0))
    assert (row["moved"], row["cause"], row["turn"]) == ("fell", "like for like", "worse")


def test_without_segments_nothing_is_split() -> None:
    row = moved(two_waves(lift=-35.0), segments=[])
    assert (row["cause"], row["moved"], row["turn"]) == ("not split", "fell", "worse")
    assert np.isnan(row["like"])


def test_like_for_like_covers_and_seldom_cries_wolf_where_only_the_mix_moves() -> None:
    """Truth: no change among comparable customers. The raw change errs nearly always."""
    covered = false = raw = 0
    runs = 80
    for seed in range(runs):
        row = moved(two_waves(seed=100 + seed, n=300, card=0.75, gap=50.0), draws=150)
        covered += row["like_low"] <= 0 <= row["like_high"]
        false += row["turn"] == "worse"
        raw += row["p_value"] < 0.05
    assert 0.89 <= covered / runs <= 0.99
    assert false / runs <= 0.06
    assert raw / runs > 0.6


def test_one_segment_reproduces_the_standardised_gap_by_hand() -> None:
    cells = {
        ("2026Q1", "a"): (50, 40),
        ("2026Q1", "b"): (50, 0),
        ("2026Q2", "a"): (20, 50),
        ("2026Q2", "b"): (80, 10),
    }
    rows = []
    for (period, group), (n, net) in cells.items():
        up = round(n * (50 + net / 2) / 100)
        rows.append(
            pd.DataFrame({"nps": [10.0] * up + [0.0] * (n - up), "period": period, "g": group})
        )
    survey = pd.concat(rows, ignore_index=True)
    net = (
        survey.assign(x=np.where(survey["nps"] > 6, 100.0, -100.0))
        .groupby(["period", "g"])["x"]
        .mean()
    )
    gap = net["2026Q2"] - net["2026Q1"]
    late = (survey["period"] == "2026Q2").to_numpy()
    options: dict[str, Any] = {"segments": ["g"], "design": SurveyDesign(), "draws": 50}
    found = equal_mix(survey, late, [NPS], **options)[0]
    at_before, at_after = (0.5 * gap["a"] + 0.5 * gap["b"], 0.2 * gap["a"] + 0.8 * gap["b"])
    assert (found["at_before"], found["at_after"]) == pytest.approx((at_before, at_after), abs=1e-4)
    assert found["like"] == pytest.approx((at_before + at_after) / 2, abs=1e-4)


def test_a_level_of_one_wave_only_is_mix() -> None:
    survey = two_waves()
    new = survey["period"].eq("2026Q2") & (survey.index % 3 == 0)
    survey.loc[new, "product"] = "broker"
    survey.loc[new, "nps"] = 0.0
    row = moved(survey, segments=["product"])
    assert row["uncommon"] == pytest.approx(new.sum() / len(survey), abs=0.01)
    assert (row["moved"], row["turn"]) == ("fell", "unclear")


def test_thin_levels_are_pooled_and_the_weights_still_meet() -> None:
    survey = two_waves()
    survey.loc[survey.index[:4], "product"] = "rare"
    survey.loc[survey.index[-4:], "product"] = "rare"
    row = moved(survey, segments=["product"])
    assert np.isfinite(row["like_low"])
    assert row["uncommon"] == 0


def test_the_latest_move_is_the_latest_clear_step() -> None:
    rng = np.random.default_rng(8)
    lifts = {"2025Q2": 10, "2025Q3": 10, "2025Q4": -25, "2026Q1": -25, "2026Q2": -24}
    survey = pd.concat(
        [wave(rng, 500, period=p, lift=lift) for p, lift in lifts.items()], ignore_index=True
    )
    found = kpis.estimate(survey, questions=[NPS])
    options: dict[str, Any] = {"segments": ["product"], "draws": 200}
    row = kpis.compare(found, survey, to="latest_move", **options).table.iloc[0]
    assert (row["to"], row["at"], row["turn"]) == ("2025Q3", "2025Q4", "worse")
    last = kpis.compare(found, survey, to="previous", **options).table.iloc[0]
    assert (last["to"], last["turn"]) == ("2026Q1", "unclear")
    year = kpis.compare(found, survey, to="last_year", **options).table.iloc[0]
    assert (year["to"], year["turn"]) == ("2025Q2", "worse")
    with pytest.raises(DataError, match="2025Q9"):
        kpis.compare(found, survey, to="2025Q9", **options)


def test_every_step_with_a_clear_turn_is_a_break_not_the_latest_alone() -> None:
    rng = np.random.default_rng(9)
    lifts = {"2025Q2": 10, "2025Q3": -25, "2025Q4": -25, "2026Q1": 10, "2026Q2": 10}
    survey = pd.concat(
        [wave(rng, 500, period=p, lift=lift) for p, lift in lifts.items()], ignore_index=True
    )
    found = kpis.estimate(survey, questions=[NPS])
    moved = kpis.compare(found, survey, to="latest_move", segments=["product"], draws=200)
    assert moved.table["breaks_at"].tolist() == [("2025Q3", "2026Q1")]
    assert moved.table["at"].iloc[0] == "2026Q1"
    alone = kpis.compare(found.at("2025Q2"), survey, to="latest_move", segments=["product"])
    assert alone.table["breaks_at"].tolist() == [()]


def test_a_census_moves_without_a_test() -> None:
    kinds = {"fcr": {"unit": "share", "direction": "higher"}}
    rows = pd.DataFrame({"kpi": "fcr", "period": ["2026Q1", "2026Q2"], "value": [0.8, 0.7], "n": 9})
    found = kpis.estimate(None, figures=kpis.counted(rows, kinds, source="tickets"))
    row = kpis.compare(found, None).table.iloc[0]
    assert row["change"] == pytest.approx(-10)
    assert np.isnan(row["p_value"])
    assert (row["moved"], row["cause"], row["turn"]) == ("unclear", "not split", "unclear")


# --- groups and competitors -----------------------------------------------------------------------


def test_a_group_stands_against_comparable_others_and_two_groups_mirror_each_other() -> None:
    survey = two_waves(gap=60.0)
    options: dict[str, Any] = {"segments": ["product", "region"], "draws": 200}
    found = kpis.contrast(survey, questions=[NPS], by="product", **options)
    table = found.table.set_index("level")
    assert (table.loc["card", "turn"], table.loc["account", "turn"]) == ("worse", "better")
    assert table.loc["card", "like"] == pytest.approx(-table.loc["account", "like"], abs=1e-6)


def test_competitors_are_compared_at_equal_mix() -> None:
    rng = np.random.default_rng(11)
    own, other = (
        wave(rng, 500, period="2026Q1", card=0.7, gap=60),
        wave(rng, 500, period="2026Q1", card=0.2, gap=60),
    )
    survey = pd.concat([own, other.assign(brand="rival")], ignore_index=True)
    options: dict[str, Any] = {"segments": ["product", "region"], "draws": 300}
    row = kpis.contrast(survey, questions=[NPS], **options).table.iloc[0]
    assert row["brand"] == "rival"
    assert row["change"] < -15  # raw: other customers
    assert row["like_low"] < 0 < row["like_high"]
    assert row["turn"] == "unclear"


def test_nothing_to_compare_is_an_empty_table_with_the_same_columns() -> None:
    survey = two_waves()
    none = kpis.contrast(survey, questions=[NPS], by="brand", segments=["product"])
    some = kpis.contrast(survey, questions=[NPS], by="product", segments=["region"], draws=20)
    assert len(none.table) == 0
    assert set(none.table.columns) >= set(some.table.columns) - {"uncommon"}


def test_the_core_refuses_what_is_not_there() -> None:
    found: Estimates = kpis.estimate(two_waves(), questions=[NPS])
    with pytest.raises(DataError, match="2031"):
        kpis.judge(found, [target("nps", 1.0)], period="2031")
    with pytest.raises(DataError, match="alpha"):
        kpis.judge(found, [], alpha=0.9)
    with pytest.raises(DataError, match="ces"):
        kpis.estimate(two_waves(), questions=[Metric("ces", "ces")])


def test_what_a_kpi_is_worth_is_its_slope_and_nothing_where_nothing_goes_with_it() -> None:
    rng = np.random.default_rng(7)
    effort = rng.integers(1, 8, 4000).astype(float)
    nps = np.where(effort + rng.normal(0, 2, 4000) > 4, 10.0, 3.0)
    survey = pd.DataFrame({"nps": nps, "ces": effort, "noise": rng.integers(1, 8, 4000)})
    asked = [NPS, Metric("ces", "ces"), Metric("noise", "ces")]
    told = worth(survey.astype({"noise": float}), asked, weights=None)
    points = np.where(nps > 8, 100.0, -100.0)
    assert told["ces"] == pytest.approx(stats.linregress(effort, points).slope)
    assert abs(told["noise"]) < 3
    assert told["ces"] > 20
    turned = [NPS, Metric("ces", "ces", direction="lower")]
    assert worth(survey, turned, weights=None)["ces"] == 0.0


@pytest.mark.parametrize("weights", [None, "weight"])
def test_many_rows_are_worth_what_they_are_as_one_block(
    monkeypatch: pytest.MonkeyPatch, weights: str | None
) -> None:
    rng = np.random.default_rng(8)
    keys = ["desk", "room", "same", "once"]
    survey = pd.DataFrame(rng.integers(1, 6, (900, 4)).astype(float), columns=keys)
    survey["same"] = survey["room"]  # twins share their worth
    survey["once"] = 4.0
    survey["nps"] = np.clip(survey["desk"] + survey["room"] + rng.integers(0, 4, 900), 0, 10)
    survey = survey.mask(rng.random(survey.shape) < 0.2).assign(weight=rng.uniform(0.5, 2, 900))
    survey.loc[200:299, "nps"] = np.nan  # a block in which nobody answered
    asked = [NPS, *map(Touchpoint, keys)]
    whole = worth(survey, asked, weights=weights)
    assert whole["desk"] > 0
    monkeypatch.setattr("cxlib.analysis.kpis.estimates.BLOCK", 100)
    blocks = worth(survey, asked, weights=weights)
    assert blocks == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("cluster", [None, "who"])
def test_what_a_verdict_takes_is_one_number_wherever_it_is_asked(cluster: str | None) -> None:
    survey = two_waves(n=150).assign(who=lambda d: d.index // 2)
    design = SurveyDesign(cluster=cluster)
    found = kpis.estimate(survey, questions=[NPS, CSAT, DESK], design=design)
    aims = {"nps": 10.0, "csat": 70.0, "desk": 4.0}
    judged = kpis.judge(found, aims, all_required=True).table
    for row in judged.to_dict("records"):
        verdict = targets.verdict(row, row["target"], direction="higher")
        assert row["needs"] == pytest.approx(verdict.takes)
        assert row["p_value"] == pytest.approx(verdict.p_value)
        assert row["status"] == verdict.status
    unreachable = kpis.judge(found, {"nps": 99.0, "csat": 99.9, "desk": 4.99}).table
    assert unreachable["needs"].isna().all()  # no true value on the scale is enough


def test_a_baseline_is_a_number_of_any_kind_and_a_target_must_be_one() -> None:
    found = kpis.estimate(two_waves(), questions=[NPS])
    way = {"due": "2026Q4"}
    starts = [kpis.judge(found, [target("nps", 40.0, baseline=b, **way)]).table["expected"].iloc[0]
              for b in (10, np.int64(10), np.float32(10))]  # fmt: skip
    assert starts == [starts[0]] * 3
    assert starts[0] > 10
    for wrong in (np.nan, "x", None):
        with pytest.raises(DataError, match="target of 'nps'"):
            kpis.judge(found, {"nps": wrong})


def test_one_customer_is_no_proof_that_comparable_ones_judge_better() -> None:
    survey = two_waves(n=60, lift=20.0).assign(who=1)
    found = kpis.estimate(survey, questions=[NPS], design=SurveyDesign(cluster="who"))
    row = kpis.compare(found, survey, segments=["product"], draws=50).table.iloc[0]
    assert np.isnan([row["like_low"], row["like_high"], row["like_p"]]).all()
    assert (row["moved"], row["turn"], row["alike"]) == ("unclear", "unclear", "open")


@pytest.mark.parametrize("cluster", [None, "who"])
def test_many_rows_are_drawn_by_kind_to_the_same_split(
    cluster: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({
        "nps": rng.choice([*range(11), np.nan], 4000), "area": rng.choice([*"xyz"], 4000),
        "plan": rng.choice([*"uv"], 4000), "weight": rng.choice([0.5, 1.0, 2.0], 4000),
        "who": rng.integers(0, 3000, 4000).astype(str),
    })  # fmt: skip
    late = rng.random(4000) < 0.5
    asked = [Metric(key="nps", kind="nps")]
    design = SurveyDesign(weights="weight", cluster=cluster)
    found = []
    for rows, kinds in ((10**9, 1), (0, 10**6), (0, 1)):
        monkeypatch.setattr("cxlib.analysis.kpis.equal_mix.MANY", rows)
        monkeypatch.setattr("cxlib.analysis.kpis.equal_mix.KINDS", kinds)
        found += equal_mix(frame, late, asked, ["area", "plan"], design)
    few, kinds_of, each = found
    numbers = [name for name, value in few.items() if isinstance(value, float)]
    for name in numbers:
        assert each[name] == pytest.approx(few[name], rel=1e-4, abs=1e-4)
    for name in ("like", "mix", "at_before", "at_after", "share_before"):
        assert kinds_of[name] == pytest.approx(few[name], rel=1e-4)
    width = few["like_high"] - few["like_low"]
    assert kinds_of["like_high"] - kinds_of["like_low"] == pytest.approx(width, rel=0.1)
    assert kinds_of["mix_high"] - kinds_of["mix_low"] == pytest.approx(
        few["mix_high"] - few["mix_low"], rel=0.1
    )
