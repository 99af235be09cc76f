"""A change where something was done against the change elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from cxlib.analysis import actions
from cxlib.analysis.kpis import Elsewhere, difference_in_differences, elsewhere
from cxlib.analysis.metrics import Metric, SurveyDesign
from cxlib.errors import DataError

PERIODS = ("2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1", "2025Q2")
JOBS = Metric("jobs", "mean", scale=(0, 100))


def answers(
    seed: int, *, effect: float = 0.0, drift: float = 0.0, shock: float = 0.0, mix: float = 0.0
) -> pd.DataFrame:
    """Four shops, two of them with something done before the last period."""
    rng, parts = np.random.default_rng(seed), []
    for shop in range(4):
        done = shop < 2
        for at, period in enumerate(PERIODS):
            last = at == len(PERIODS) - 1
            member = rng.random(60) < 0.3 + mix * (done and last)
            mean = 50 + 3 * shop + at + rng.normal(0, shock) + done * (drift * at + effect * last)
            rating = np.clip(np.round(mean + 20 * member + rng.normal(0, 8, 60)), 0, 100)
            told = {"period": period, "shop": f"s{shop}", "member": member, "jobs": rating}
            parts.append(pd.DataFrame(told))
    return pd.concat(parts, ignore_index=True)


def found_in(data: pd.DataFrame, **of: Any) -> Elsewhere:
    given: dict[str, Any] = {"before": PERIODS[-2], "after": PERIODS[-1], "levels": ["s0", "s1"]}
    given |= {"question": JOBS, "by": "shop", "segments": ["member"], "draws": 100}
    return difference_in_differences(data, **(given | of))


def test_card_and_krueger() -> None:
    """Full-time jobs a restaurant before and after New Jersey's minimum wage rose.

    Card and Krueger 1994, American Economic Review 84, table 3.
    """
    means = {("NJ", "2024Q1"): 20.44, ("NJ", "2024Q2"): 21.03, ("PA", "2024Q1"): 23.33}
    means[("PA", "2024Q2")] = 21.17
    spread = np.tile([-1.0, 1.0], 20)
    data = pd.concat(
        pd.DataFrame({"state": state, "period": period, "jobs": mean + spread})
        for (state, period), mean in means.items()
    )
    of: dict[str, Any] = {"by": "state", "before": "2024Q1", "after": "2024Q2", "segments": ()}
    found = found_in(data.reset_index(drop=True), levels=["NJ"], **of)
    assert found.value == approx(2.75, abs=1e-9)  # 2.76 from unrounded means
    assert (found.there, found.elsewhere) == (approx(0.59), approx(-2.16))
    assert found.verdict == elsewhere.FEW  # two groups, two periods: nothing tells their own moves
    assert np.isnan(found.low)


def test_what_moves_everyone_alike_is_no_difference() -> None:
    data = answers(1)
    lifted = data.assign(jobs=data["jobs"] + 5.0 * (data["period"] == PERIODS[-1]))
    wide = Metric("jobs", "mean", scale=(0, 120))
    one, other = (found_in(d, question=wide) for d in (data, lifted))
    assert other.value == approx(one.value)
    assert other.there == approx(one.there + 5)


def test_other_customers_are_no_effect() -> None:
    data = answers(3, mix=0.6)
    assert found_in(data, segments=()).value > 8  # raw: more members, who rate 20 higher
    assert abs(found_in(data).value) < 4
    assert found_in(data).p_value > 0.05


def test_rates_of_error_and_of_finding() -> None:
    told = [found_in(answers(s), draws=60).verdict for s in range(40)]
    assert sum(v in (elsewhere.AHEAD, elsewhere.BEHIND) for v in told) <= 5  # 5% of 40 and 2 SE
    shaken = [found_in(answers(s, shock=3), draws=60).p_value < 0.05 for s in range(40)]
    assert sum(shaken) <= 5
    seen = [found_in(answers(s, effect=10), draws=60).verdict for s in range(15)]
    assert seen.count(elsewhere.AHEAD) >= 12
    apart = [found_in(answers(s, drift=3), draws=60).verdict for s in range(15)]
    assert apart.count(elsewhere.DRIFT) >= 12


def test_lower_may_be_better() -> None:
    slow = Metric("jobs", "mean", scale=(0, 100), direction="lower")
    assert found_in(answers(5, effect=15), question=slow).verdict == elsewhere.BEHIND


def test_customers_who_repeat_are_drawn_whole() -> None:
    data = answers(2)
    data["who"] = np.tile(np.arange(60), 24) + 60 * data["shop"].str[1].astype(int)
    found = found_in(data, design=SurveyDesign(cluster="who"))
    assert found.value == approx(found_in(data).value)
    assert found.low < found.value < found.high
    assert found == found_in(data, design=SurveyDesign(cluster="who"))


@pytest.mark.parametrize(
    ("of", "what"),
    [
        ({"levels": ["s9"]}, "no level of 'shop'"),
        ({"levels": ["s0", "s1", "s2", "s3"]}, "every level"),
        ({"before": "2020Q1"}, "no answers of '2020Q1'"),
        ({"by": "shopp"}, "shopp"),
        ({"after": PERIODS[-2]}, "is not after"),
        ({"question": Metric("jobs", "mean", scale=(0, 1))}, "off its scale 0-1"),
    ],
)
def test_what_cannot_be_compared_is_said(of: dict[str, Any], what: str) -> None:
    with pytest.raises(DataError, match=what):
        found_in(answers(1), **of)


def test_groups_with_few_answers_are_left_out() -> None:
    data = answers(1)
    few = data[(data["shop"] != "s3") | (data.index % 12 == 0)]
    assert found_in(few).others == ("s2",)
    assert found_in(few[few["shop"] != "s2"]).verdict == elsewhere.FEW


def outcome(kpi: str, effect: float, value: float, low: float, high: float) -> dict[str, Any]:
    return {"kpi": kpi, "effect": effect, "value": value, "low": low, "high": high}


def test_an_earlier_action_stands_in_for_the_haircut() -> None:
    seen = pd.DataFrame(
        [
            outcome("a", 0.4, 0.1, -0.1, 0.3),  # less than all of it
            outcome("b", 0.4, 0.1, -0.2, 0.5),  # anything: teaches nothing
            outcome("c", -2.0, -3.0, -4.0, -2.0),  # more than all of it, lower is better
        ]
    )
    shares = actions.learn(seen)
    assert list(shares.index) == ["a", "c"]
    assert shares.loc["a"].tolist() == approx([0.25, 0, 0.75])
    assert shares.loc["c"].tolist() == approx([1, 1, 2])
    rows = pd.DataFrame([{"id": k, "kpi": k, "effect": 2.0, "effort": 5} for k in "ab"])
    table = actions.plan(rows, learned=shares).table.set_index("id")
    assert table.loc["a", ["expected", "expected_low", "expected_high"]].tolist() == approx(
        [0.5, 0, 1.5]
    )
    assert table.loc["b", ["expected", "expected_low", "expected_high"]].tolist() == approx(
        [1, 0.5, 2]
    )
    assert table["learned"].to_dict() == {"a": True, "b": False}
