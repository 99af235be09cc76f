"""Fieldwork: textbook sample sizes, a field of known faults, and what must hold."""

from __future__ import annotations

from math import inf

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.fieldwork import progress, sample_plan
from cxlib.analysis.targets import sample_size
from cxlib.errors import DataError

NPS = {"kpi": "nps", "variance": 0.7, "margin": 5}
TIERS = {"tier": {"gold": 0.2, "standard": 0.8}}


def test_five_points_need_1076_answers_of_many_and_700_of_2000() -> None:
    assert sample_plan([NPS]).answers == 1076
    assert sample_plan([NPS], population=2000).answers == 700
    assert sample_plan({"csat": {"share": 50, "margin": 5}}).answers == 385  # the textbook's
    two_waves = {"kpi": "nps", "variance": 0.7, "change": 10, "design": "two waves"}
    assert sample_plan([two_waves]).answers == 1099
    assert sample_plan([{"kpi": "nps", "variance": 0.7, "change": 10}]).answers == 433


def test_groups_add_up_and_invitations_follow_the_response_rate() -> None:
    plan = sample_plan([NPS], segments=TIERS, response_rate={"gold": 0.5, "standard": 0.1})
    assert plan.quotas["answers"].tolist() == [1076, 1076, 1076]
    assert plan.answers == 2152
    assert plan.invitations == 2152 + 10760
    assert plan.response_rate == pytest.approx(0.2 * 0.5 + 0.8 * 0.1)
    doubled = sample_plan([NPS], design_effect=2.0)
    assert doubled.answers == np.ceil(2 * 1075.66)
    several = sample_plan([NPS, {"kpi": "ces", "sd": 1.5, "margin": 0.5}])
    assert several.answers == 1076


def test_what_the_budget_cannot_show() -> None:
    plan = sample_plan([NPS], response_rate=0.1, budget=1000, population=50_000)
    row = plan.table.iloc[0]
    assert not row["enough"]
    assert row["answers_affordable"] == 100
    back = sample_plan([NPS | {"margin": row["size_affordable"]}], population=50_000)
    assert back.answers == 100  # the margin it can show needs just what it can pay
    enough = sample_plan([NPS], response_rate=0.1, budget=10_760)
    assert enough.table["enough"].all()
    assert not enough.caveats
    change = sample_plan([{"kpi": "n", "variance": 0.7, "change": 3}], budget=500).table.iloc[0]
    assert (
        sample_size(change=change["size_affordable"], variance=0.7, design="fixed target").n == 500
    )
    everybody = sample_plan([NPS], population=100, budget=200).table.iloc[0]
    assert everybody["size_affordable"] == 0


def test_more_than_there_are_is_said() -> None:
    plan = sample_plan([NPS], population=2000, response_rate=0.2)
    assert plan.invitations > 2000
    assert plan.caveats
    assert sample_plan([NPS]).table["population"].iloc[0] == inf


@pytest.mark.parametrize(
    ("targets", "options", "told"),
    [
        ([], {}, "no target"),
        ([{"kpi": "nps", "margin": 5}], {}, "spread"),
        ([{"kpi": "nps", "variance": 0.7}], {}, "one aim"),
        ([NPS | {"margn": 3}], {}, "did you mean 'margin'"),
        ([NPS | {"margin": 0}], {}, "above 0"),
        ([NPS], {"response_rate": 20}, "up to 1"),
        ([NPS], {"response_rate": {"god": 0.2}, "segments": TIERS}, "did you mean 'gold'"),
        ([NPS], {"segments": {"tier": {"gold": 20, "standard": 80}}}, "sum to 1"),
        ([NPS], {"population": 0}, "counts customers"),
        ([NPS], {"design_effect": 0}, "positive factor"),
    ],
)
def test_what_cannot_be_meant(targets: list, options: dict, told: str) -> None:
    with pytest.raises(DataError, match=told):
        sample_plan(targets, **options)


@pytest.fixture
def field() -> pd.DataFrame:
    """Ten days, ten interviews a day, 80 finished; planted: 3 speeders, 4 straight-liners."""
    rng = np.random.default_rng(5)
    n = 100
    data = pd.DataFrame(
        {
            "date": pd.Timestamp("2026-03-01") + pd.to_timedelta(np.arange(n) // 10, unit="D"),
            "finished": np.arange(n) % 10 < 8,
            "seconds": rng.uniform(200, 400, n),
            "tier": np.where(np.arange(n) % 5 == 0, "gold", "standard"),
        }
    )
    for at in range(5):
        data[f"q{at}"] = rng.integers(1, 6, n).astype(float)
    data.loc[[0, 11, 22], "seconds"] = 30
    data.loc[[3, 33, 43, 53], [f"q{at}" for at in range(5)]] = 3
    data.loc[data.index % 10 == 8, ["q3", "q4"]] = np.nan  # leave before the fourth question
    data.loc[data.index % 10 == 9, [f"q{at}" for at in range(5)]] = np.nan
    return data


def test_a_field_of_known_faults(field: pd.DataFrame) -> None:
    names = [f"q{at}" for at in range(5)]
    quotas = pd.DataFrame({"segment": ["", "tier"], "level": ["", "gold"], "answers": [120, 10]})
    told = progress(field, plan=quotas, invited=800, battery=names, questions=names)
    assert (told.n_started, told.n_finished, told.n_speeders) == (100, 80, 3)
    assert {3, 33, 43, 53} <= set(told.flagged)
    assert told.response_rate == pytest.approx(0.1)
    assert told.completion == pytest.approx(0.8)
    assert told.drop_off["reached"].tolist() == [100, 90, 90, 90, 80]
    assert told.drop_off["left"].tolist() == [10, 0, 0, 10, 0]
    whole, gold = told.table.to_dict("records")
    assert (whole["answers"], whole["missing"], whole["per_day"]) == (80, 40, 8)
    assert whole["met_on"] == pd.Timestamp("2026-03-15")
    assert (gold["answers"], gold["missing"]) == (20, 0)
    assert gold["met_on"] == pd.Timestamp("2026-03-05")
    assert told.days["answers"].iloc[-1] == 80
    with pytest.raises(DataError, match="no interview"):
        progress(field.head(0), plan=quotas)
    with pytest.raises(DataError, match="no date"):
        progress(field.assign(date="soon"), plan=quotas)


def test_who_finished_saw_every_question(field: pd.DataFrame) -> None:
    names = [f"q{at}" for at in range(5)]
    blank = field.assign(q4=field["q4"].where(~field["finished"]))  # nobody answers the last one
    quotas = pd.DataFrame({"segment": [""], "level": [""], "answers": [120]})
    told = progress(blank, plan=quotas, questions=names).drop_off
    assert told["left"].tolist() == [10, 0, 0, 10, 0]
    assert told["reached"].iloc[-1] == 80


@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_the_day_foretold_is_within_its_interval(spread: float) -> None:
    rng, rate, inside = np.random.default_rng(8), 12, []
    quotas = pd.DataFrame({"segment": [""], "level": [""], "answers": [300]})
    for _ in range(60):
        if spread > 1:
            counts = rng.negative_binomial(rate / (spread - 1), 1 / spread, 60)
        else:
            counts = rng.poisson(rate, 60)
        day = pd.Timestamp("2026-03-01") + pd.to_timedelta(np.arange(60), unit="D")
        rows = pd.DataFrame({"date": np.repeat(day, counts)})
        told = progress(rows[rows["date"] < "2026-03-11"], plan=quotas).table.iloc[0]
        met = rows["date"].iloc[299] if len(rows) >= 300 else pd.Timestamp.max
        until = told["met_until"] if pd.notna(told["met_until"]) else pd.Timestamp.max
        assert told["met_from"] <= told["met_on"] <= until
        inside.append(told["met_from"] <= met <= until)
    assert np.mean(inside) >= 0.9


def test_who_peeks_every_day_finds_what_is_not_there() -> None:
    """The method part says one field in four: 20 looks at 5% (Armitage et al. 1969: .248)."""
    looks = np.random.default_rng(3).normal(size=(4000, 20)).cumsum(axis=1)
    z = looks / np.sqrt(np.arange(1, 21))
    assert (np.abs(z) > 1.96).any(axis=1).mean() == pytest.approx(0.248, abs=0.02)
