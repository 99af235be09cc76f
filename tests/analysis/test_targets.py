from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from math import ceil, inf, isinf, isnan, nan, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t as student
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from cxlib.analysis import compare, kpis, scores, targets
from cxlib.analysis.metrics import Metric
from cxlib.errors import DataError


@dataclass(frozen=True)
class Measure:
    """A percentile or a duration: no kind, perhaps no standard error."""

    value: float
    low: float
    high: float
    n: int
    standard_error: float = nan


def _nps(promoters: int, passives: int, detractors: int) -> scores.Score:
    return scores.nps(pd.Series([10] * promoters + [8] * passives + [3] * detractors))


def _csat(top: int, rest: int) -> scores.Score:
    return scores.csat(pd.Series([5] * top + [2] * rest))


def test_a_verdict_on_an_nps_by_hand() -> None:
    score = _nps(180, 60, 160)  # NPS 5 on 400, variance 0.45 + 0.40 − 0.05² = 0.8475
    verdict = targets.verdict(score, 10, direction="higher")
    voiced, net, target = 0.85, 0.05, 0.10
    b = voiced + net * target
    under = (b + sqrt(b**2 - 4 * target * (net - (1 - voiced) * target))) / 2
    variance = under - target**2  # of one answer if the truth were on the target (Tango 1998)
    z = (net - target) / sqrt(variance / 400)
    assert verdict.p_met == pytest.approx(norm.cdf(z))
    assert verdict.p_value == pytest.approx(1 - verdict.p_met, abs=0.002)  # and skewness
    needed = 0.8475 * (norm.ppf(0.95) + norm.ppf(0.8)) ** 2 / 0.05**2
    assert verdict.n_to_settle == pytest.approx(needed)
    takes = verdict.takes / 100
    errors = norm.ppf(0.95) * sqrt(0.85 - 0.01) + norm.ppf(0.8) * sqrt(0.85 - takes**2)
    assert takes - 0.10 == pytest.approx(errors / 20)
    assert (verdict.reached, verdict.status) == (False, "too close to call")
    assert verdict.n == 400


def test_a_share_is_judged_by_the_score_test_of_statsmodels() -> None:
    verdict = targets.verdict(_csat(86, 14), 80, direction="higher")
    _, p_value = proportions_ztest(86, 100, 0.8, alternative="larger", prop_var=0.8)
    assert verdict.p_value == pytest.approx(p_value)
    assert verdict.p_met == pytest.approx(1 - p_value)


@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_the_p_value_is_that_of_compare_benchmark(direction: Any) -> None:
    ratings = pd.Series([1, 2, 5, 6, 7, 7, 4, 3, 6, 5] * 8)
    weights = pd.Series(np.linspace(0.5, 2, 80))
    customer = pd.Series(np.arange(80) // 2)
    for score, target in (
        (_nps(30, 20, 10), 20.0),
        (_csat(30, 20), 70.0),
        (scores.ces(ratings, weights=weights, cluster=customer), 4.2),
        (scores.nps(ratings, weights=weights, cluster=customer), -60.0),
    ):
        ours = targets.verdict(score, target, direction=direction)
        theirs = compare.benchmark(score, target, direction=direction)
        assert ours.p_value == pytest.approx(theirs.p_value)


def test_met_and_missed_change_places_with_the_direction() -> None:
    score = _csat(90, 10)
    assert targets.verdict(score, 80, direction="higher").status == "met"
    assert targets.verdict(score, 80, direction="lower").status == "missed"
    assert targets.verdict(score, 97, direction="higher").status == "missed"
    assert targets.verdict(score, 97, direction="lower").status == "met"
    assert targets.verdict(score, 88, direction="higher").status == "too close to call"


def test_reaching_the_target_exactly_is_reaching_it_but_no_sample_settles_it() -> None:
    verdict = targets.verdict(_nps(180, 60, 160), 5, direction="higher")  # 4.999… in floats
    assert verdict.reached
    assert targets.verdict(_nps(180, 60, 160), 5, direction="lower").reached
    assert verdict.status == "too close to call"
    assert isinf(verdict.n_to_settle)


def test_a_census_is_a_fact() -> None:
    met = targets.verdict(90.0, 90, direction="higher", basis="census")
    assert (met.reached, met.status, met.p_met) == (True, "met", 1.0)
    assert isnan(met.p_value)
    assert isnan(met.n_to_settle)
    missed = targets.verdict(_csat(8, 2), 81, direction="higher", basis="census")
    assert (missed.status, missed.p_met) == ("missed", 0.0)
    assert targets.verdict(4, 4, direction="lower", basis="census").status == "met"


def test_a_percentile_is_judged_by_the_side_of_its_interval_that_faces_the_target() -> None:
    hours = Measure(value=20.0, low=18.0, high=30.0, n=200, standard_error=3.0)
    over = targets.verdict(hours, 24, direction="lower")
    assert over.p_met == pytest.approx(norm.cdf(4 / (10 / norm.ppf(0.975))))
    assert over.status == "too close to call"
    under = targets.verdict(hours, 16, direction="lower")
    assert under.p_met == pytest.approx(norm.cdf(-4 / (2 / norm.ppf(0.975))))
    assert under.status == "missed"
    z = norm.ppf(0.95) + norm.ppf(0.8)
    assert under.n_to_settle == pytest.approx(200 * (2 / norm.ppf(0.975)) ** 2 * z**2 / 16)


def test_an_interval_without_an_end_tells_nothing_on_that_side() -> None:
    open_ended = Measure(value=20.0, low=18.0, high=inf, n=50, standard_error=1.0)
    verdict = targets.verdict(open_ended, 24, direction="lower")
    assert (verdict.status, verdict.p_met) == ("too close to call", 0.5)
    assert isnan(verdict.n_to_settle)
    assert targets.verdict(open_ended, 15, direction="lower").status == "missed"
    known = Measure(value=20.0, low=nan, high=nan, n=50, standard_error=1.0)
    assert targets.verdict(known, 24, direction="lower").status == "met"


def test_one_answer_or_no_spread_tells_nothing() -> None:
    for ratings in ([6], [6, 6, 6]):
        verdict = targets.verdict(scores.ces(pd.Series(ratings)), 5, direction="higher")
        assert verdict.reached
        assert (verdict.status, isnan(verdict.p_value)) == ("too close to call", True)
        assert any("do not differ" in caveat for caveat in verdict.caveats)
    ten = targets.verdict(_nps(3, 0, 0), 90, direction="higher")
    assert ten.status == "too close to call"
    assert 0 < ten.n_to_settle < inf


def test_a_share_against_the_end_of_its_scale() -> None:
    perfect = targets.verdict(_csat(50, 0), 100, direction="higher")
    assert (perfect.reached, perfect.status) == (True, "too close to call")
    assert targets.verdict(_csat(49, 1), 100, direction="higher").status == "missed"


def test_results_are_frozen() -> None:
    verdict: Any = targets.verdict(1.0, 2, direction="lower", basis="census")
    with pytest.raises(FrozenInstanceError):
        verdict.status = "met"


@pytest.mark.parametrize(
    ("shares", "target", "n"),
    [((0.45, 0.30, 0.25), 20, 300), ((0.87, 0.09, 0.04), 83, 60), ((0.25, 0.3, 0.45), -20, 150)],
)
def test_exactly_on_target_is_called_met_as_often_as_missed(
    shares: tuple[float, ...], target: float, n: int
) -> None:
    called = _called(np.random.default_rng(11).multinomial(n, shares, 4000), target)
    for word in ("met", "missed"):  # nominal .05; binomial error of 4,000 draws: .0034
        assert called[word] == pytest.approx(0.05, abs=0.013)


def _called(draws: Any, target: float) -> dict[str, float]:
    """Return how often each verdict is given on draws of an NPS; alike ones are judged once."""
    distinct, times = np.unique(draws, axis=0, return_counts=True)
    said = [targets.verdict(_quick_nps(*c), target, direction="higher").status for c in distinct]
    return pd.Series(times / len(draws)).groupby(said).sum().to_dict()


def test_reached_is_a_chance_of_one_half_or_more() -> None:
    for promoters in range(31):
        for detractors in range(31 - promoters):
            found = targets.verdict(
                _nps(promoters, 30 - promoters - detractors, detractors), 10, direction="higher"
            )
            assert found.reached == (found.p_met >= 0.5)


def test_at_the_value_it_takes_met_is_called_four_times_in_five() -> None:
    rng = np.random.default_rng(14)
    takes = targets.verdict(_quick_nps(300, 180, 120), 20, direction="higher").takes / 100
    shares = ((0.7 + takes) / 2, 0.3, (0.7 - takes) / 2)
    assert _called(rng.multinomial(600, shares, 2000), 20)["met"] == pytest.approx(0.8, abs=0.03)
    share = targets.verdict(_csat(400, 100), 83, direction="higher").takes / 100
    met = [
        targets.verdict(_csat(top, 500 - top), 83, direction="higher").status == "met"
        for top in rng.binomial(500, share, 500)
    ]
    assert np.mean(met) == pytest.approx(0.8, abs=0.05)
    mean = targets.verdict(scores.ces(pd.Series([3, 4, 5, 6] * 50)), 4.6, direction="higher")
    assert (mean.takes - 4.6) / scores.ces(pd.Series([3, 4, 5, 6] * 50)).standard_error == (
        pytest.approx(student.isf(0.05, 199) + norm.ppf(0.8))
    )


def test_no_true_value_is_enough_where_the_scale_ends_too_soon() -> None:
    assert isnan(targets.verdict(_csat(24, 1), 95, direction="higher").takes)


def test_a_target_at_the_wrong_end_of_its_scale_takes_more_than_standing_on_it() -> None:
    z = norm.ppf(0.8) ** 2  # at T = 0 the test has no error of its own: θ = z √(θ(100 − θ)/n)
    takes = targets.verdict(_csat(10, 90), 0, direction="higher").takes
    assert takes == pytest.approx(100 * z / (100 + z))
    assert targets.verdict(_nps(10, 20, 70), -100, direction="higher").takes > -100


def test_n_to_settle_settles_four_times_in_five() -> None:
    first = targets.verdict(_quick_nps(450, 300, 250), 12, direction="higher")
    n = ceil(first.n_to_settle)
    rng = np.random.default_rng(12)
    draws = rng.multinomial(n, [0.45, 0.30, 0.25], 1500)
    assert _called(draws, 12)["met"] == pytest.approx(0.8, abs=0.035)


def _quick_nps(promoters: int, passives: int, detractors: int) -> Any:
    """An NPS with nothing but what any measured object has, and its unit."""
    n = promoters + passives + detractors
    p, d = promoters / n, detractors / n
    error = 100 * sqrt((p + d - (p - d) ** 2) / n)
    value = 100 * (p - d)
    return SimpleNamespace(
        value=value,
        low=value - 2 * error,
        high=value + 2 * error,
        n=int(n),
        standard_error=error,
        unit="points",
    )


def test_an_nps_without_its_shares_is_judged_alike() -> None:
    bare = targets.verdict(_quick_nps(30, 20, 10), 20, direction="higher")
    full = targets.verdict(_nps(30, 20, 10), 20, direction="higher")
    assert bare.p_met == pytest.approx(full.p_met)
    assert bare.n_to_settle == pytest.approx(full.n_to_settle)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"direction": "up"}, "'higher' or 'lower'"),
        ({"basis": "censuss"}, "did you mean 'census'"),
        ({"target": nan}, "target is nan"),
        ({"target": inf}, "target is inf"),
        ({"target": 120}, "off the scale 0 to 100"),
        ({"alpha": 0}, "alpha is 0"),
        ({"measured": 80.0}, 'basis="census"'),
        ({"measured": Measure(nan, nan, nan, 3)}, "without a value"),
        ({"measured": Measure(5, 4, 6, 0)}, "at least one answer"),
        ({"measured": SimpleNamespace(value="many", n=3)}, "not a number"),
        ({"measured": nan, "basis": "census"}, "value is nan"),
    ],
)
def test_an_impossible_target_is_named(wrong: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"measured": _csat(80, 20), "target": 80, "direction": "higher"} | wrong
    with pytest.raises(DataError, match=message):
        targets.verdict(asked.pop("measured"), asked.pop("target"), **asked)


def _judged(items: list[tuple[Any, float]], **more: Any) -> pd.DataFrame:
    """Judge several targets together, as a contract does."""
    rows = [kpis.estimate(pd.DataFrame({"x": x}), questions=(q,)).table.assign(kpi=f"k{at}")
            for at, ((x, q), _target) in enumerate(items)]  # fmt: skip
    wanted = [SimpleNamespace(metric=f"k{at}", target=t) for at, (_x, t) in enumerate(items)]
    return kpis.judge(kpis.Estimates(table=pd.concat(rows)), wanted, **more).table


def _top(top: int, rest: int) -> tuple[Any, Metric]:
    return [5.0] * top + [2.0] * rest, Metric("x", "csat")


def test_a_contract_tests_at_holms_levels_and_none_where_all_are_needed() -> None:
    items = [(_top(172, 28), 81.0), (_top(172, 28), 81.0), (_top(150, 50), 81.0)]
    alone = [targets.verdict(_csat(t, r), 81, direction="higher") for t, r in
             ((172, 28), (172, 28), (150, 50))]  # fmt: skip
    apart, together = _judged(items), _judged(items, all_required=True)
    met = multipletests([one.p_value for one in alone], method="holm")[1]
    assert apart["p_adjusted"].tolist()[:2] == pytest.approx(list(met)[:2])
    assert apart["status"].tolist()[0] == "too close to call"
    assert together["status"].tolist()[0] == "met"
    levels = [targets.holm_level(one.p_value, [o.p_value for o in alone]) for one in alone]
    assert levels == pytest.approx([0.05 / 3, 0.05 / 3, 0.05])


def test_a_contract_is_wrongly_praised_no_more_often_than_alpha() -> None:
    rng = np.random.default_rng(13)
    wrong = 0
    for _ in range(600):
        p = [
            targets.verdict(_quick_nps(*draw), 20, direction="higher").p_value
            for draw in rng.multinomial(400, [0.45, 0.30, 0.25], 4)
        ]
        wrong += min(p) <= targets.holm_level(min(p), p)
    assert wrong / 600 < 0.05 + 2 * sqrt(0.05 * 0.95 / 600)
