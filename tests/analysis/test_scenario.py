from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st
from statsmodels.miscmodels.ordinal_model import OrderedModel

from cxlib.analysis import drivers
from cxlib.analysis.drivers import odds, reach
from cxlib.analysis.drivers.sample import read
from cxlib.analysis.metrics import Metric
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey, with_use

VALUES = np.array([-100.0, 0.0, 100.0])


def ordered(n: int = 500, seed: int = 0, slopes: tuple[float, ...] = (0.8, 0.4, 0.0)) -> Any:
    """Return drivers and groups 0, 1, 2 that follow proportional odds exactly."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, len(slopes)))
    return x, np.digitize(x @ np.array(slopes) + rng.logistic(size=n), [-0.5, 0.7])


def as_survey(n: int = 500, seed: int = 0) -> pd.DataFrame:
    """Return ratings 1 to 5 and an NPS rating whose groups follow proportional odds exactly."""
    rng = np.random.default_rng(seed)
    ratings = rng.integers(1, 6, (n, 3)).astype(float)
    group = np.digitize((ratings - 3) @ [0.6, 0.3, 0.0] + rng.logistic(size=n), [-0.4, 0.8])
    data = pd.DataFrame(ratings, columns=["t0", "t1", "t2"])
    return data.assign(nps=np.array([4.0, 7.0, 10.0])[group])


ASK: dict[str, Any] = {"outcome": "nps", "drivers": ["t0", "t1", "t2"]}


# --- the likelihoods ----------------------------------------------------------------------------


def test_proportional_odds_is_that_of_statsmodels() -> None:
    x, y = ordered()
    fit = odds.fit(odds.ProportionalOdds(3), x, y, np.ones(len(y)))
    model = OrderedModel(y, x, distr="logit")
    other = model.fit(method="newton", disp=0, start_params=None, tol=1e-10)
    cuts = model.transform_threshold_params(other.params)[1:-1]
    assert fit is not None
    assert fit[1] == pytest.approx(other.llf, abs=1e-7)
    assert fit[0] == pytest.approx([*cuts, *other.params[:3]], abs=1e-5)
    spread = np.sqrt(np.diag(np.linalg.inv(fit[2])))
    assert spread[2:] == pytest.approx(other.bse[:3], rel=1e-3)  # statsmodels': numeric Hessian


def test_multinomial_is_that_of_statsmodels() -> None:
    x, y = ordered()
    fit = odds.fit(odds.Multinomial(3), x, y, np.ones(len(y)))
    other = sm.MNLogit(y, sm.add_constant(x)).fit(disp=0, tol=1e-12)
    assert fit is not None
    assert fit[1] == pytest.approx(other.llf, abs=1e-8)
    assert fit[0] == pytest.approx(other.params.T.ravel(), abs=1e-6)


def test_two_groups_are_a_logistic_regression() -> None:
    x, y = ordered()
    above = (y > 0).astype(np.intp)
    other = sm.Logit(above, sm.add_constant(x)).fit(disp=0, tol=1e-12)
    for model, sign in ((odds.ProportionalOdds(2), -1), (odds.Multinomial(2), 1)):
        fit = odds.fit(model, x, above, np.ones(len(y)))
        assert fit is not None
        assert fit[0] == pytest.approx([sign * other.params[0], *other.params[1:]], abs=1e-7)


@pytest.mark.parametrize("model", [odds.ProportionalOdds(3), odds.Multinomial(3)])
def test_whole_weights_are_repeated_rows(model: odds.Odds) -> None:
    x, y = ordered()
    times = np.random.default_rng(1).integers(0, 4, len(y))
    weighted = odds.fit(model, x, y, times.astype(float))
    repeated = odds.fit(
        model, np.repeat(x, times, axis=0), np.repeat(y, times), np.ones(times.sum())
    )
    assert weighted is not None and repeated is not None
    assert weighted[0] == pytest.approx(repeated[0], abs=1e-9)
    assert weighted[1] == pytest.approx(repeated[1])


@pytest.mark.parametrize("model", [odds.ProportionalOdds(3), odds.Multinomial(3)])
def test_gradients_are_those_of_small_differences(model: odds.Odds) -> None:
    x, y = ordered(80)
    mass = np.random.default_rng(2).uniform(0.5, 2, 80)
    fit = odds.fit(model, x, y, mass)
    assert fit is not None
    at = fit[0] + 0.1
    _height, gradient, information = model.step(x, y, mass, at)
    _value, slope = model.expected(x, at, VALUES, mass)
    for i, nudge in enumerate(np.eye(len(at)) * 1e-5):
        up, down = model.step(x, y, mass, at + nudge), model.step(x, y, mass, at - nudge)
        assert gradient[i] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-5, abs=1e-5)
        assert information[i] == pytest.approx((down[1] - up[1]) / 2e-5, rel=1e-5, abs=1e-4)
        higher, _slope = model.expected(x, at + nudge, VALUES, mass)
        lower, _slope = model.expected(x, at - nudge, VALUES, mass)
        assert slope[i] == pytest.approx(mass @ (higher - lower) / 2e-5, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("cluster", [None, "who"])
def test_resamples_of_rows_that_are_alike_are_those_of_every_row(cluster: str | None) -> None:
    data = with_use(survey(n=300, seed=3), "t2", 0.3)
    rng = np.random.default_rng(2)
    data = data.assign(w=rng.choice([0.5, 1.0, 2.0], 300), who=rng.integers(0, 120, 300))
    sample = read(data, outcome="nps", drivers=NAMES, weights="w", cluster=cluster)
    groups = np.digitize(sample.outcome, [6.5, 8.5])
    model, design = odds.ProportionalOdds(3), sample.design[:, 1:]
    fitted = odds.fit(model, design, groups, sample.weights)[0]  # type: ignore[index]
    rows, drawn, moves = odds.resample(sample, groups, model, fitted, 5, seed=4)
    assert rows.n < sample.n
    assert np.allclose(drawn.sum(axis=1) / sample.weights.sum(), 1, atol=0.3)
    (times,) = sample.resamples(np.random.default_rng(4), 5)
    for again, mass, move in zip(times, drawn, moves, strict=True):
        each = sample.weights * (again if sample.groups is None else again[sample.groups])
        alone = odds.fit(model, design, groups, each, start=fitted)
        assert np.allclose(fitted + move, alone[0], atol=1e-6)  # type: ignore[index]
        assert np.isclose(mass.sum(), each.sum())
        assert np.allclose(mass @ rows.ratings, each @ sample.ratings, rtol=1e-4)


def test_separated_groups_have_no_maximum() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    y = (x[:, 0] > 0).astype(np.intp)
    assert odds.fit(odds.ProportionalOdds(2), x, y, np.ones(40)) is None
    assert odds.fit(odds.Multinomial(2), x, y, np.ones(40)) is None
    assert odds.fit(odds.Multinomial(3), x, y, np.ones(40)) is None  # an empty group


def test_proportionality_is_kept_when_true_and_given_up_when_not() -> None:
    rejected = [
        odds.proportionality(*ordered(400, seed), np.ones(400), None)[2] < 0.05
        for seed in range(200)
    ]
    assert 0.01 <= np.mean(rejected) <= 0.10  # 5 % ± 3 standard errors
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2))
    y = (x[:, 0] + rng.logistic(size=600) > -0.5) * (1 + (x[:, 1] + rng.logistic(size=600) > 0.5))
    assert odds.proportionality(x, y.astype(np.intp), np.ones(600), None)[2] < 1e-4


def test_repeated_customers_do_not_reject_proportionality() -> None:
    x, y = ordered(300, 3)
    customers = np.tile(np.arange(300), 3)
    once = odds.proportionality(x, y, np.ones(300), None)
    thrice = odds.proportionality(np.tile(x, (3, 1)), np.tile(y, 3), np.ones(900), customers)
    assert thrice == pytest.approx(once)


# --- the scenario -------------------------------------------------------------------------------


def test_one_binary_driver_is_predicted_as_counted_by_hand() -> None:
    # Rating 1: 30 of 100 satisfied; rating 2: 60 of 100. Everyone at 2 makes it 60 %.
    data = pd.DataFrame(
        {
            "t0": [1.0] * 100 + [2.0] * 100,
            "csat": [5] * 30 + [2] * 70 + [4] * 60 + [3] * 40,
        }
    )
    result = drivers.scenario(
        data, outcome="csat", drivers=["t0"], changes={"t0": 0.5}, kind="csat", bootstrap=200
    )
    assert result.baseline == pytest.approx(45)
    assert result.baseline_observed == pytest.approx(45)
    assert result.predicted == pytest.approx(60)
    assert result.change == pytest.approx(15)
    # Predicted is the share of 100 answers: SE 4.9 points.
    assert result.high - result.low == pytest.approx(2 * 1.96 * 4.9, rel=0.15)


def test_the_prediction_is_that_of_statsmodels_with_every_rating_moved() -> None:
    data = as_survey()
    moved = data.assign(t0=np.clip(data["t0"] + 0.5, 1, 5))
    y = np.digitize(data["nps"], [6.5, 8.5])
    centre = data[NAMES[:3]].mean()
    model = OrderedModel(y, data[NAMES[:3]] - centre, distr="logit")
    fit = model.fit(method="newton", disp=0)
    now, then = (
        np.asarray(fit.predict(ratings[NAMES[:3]] - centre)) @ VALUES for ratings in (data, moved)
    )
    asked = moved["t0"].mean() - data["t0"].mean()
    result = drivers.scenario(data, **ASK, changes={"t0": asked}, bootstrap=0)
    assert result.model == "proportional odds"
    assert result.baseline == pytest.approx(now.mean(), abs=1e-3)
    assert result.predicted == pytest.approx(then.mean(), abs=1e-3)
    assert np.isnan(result.low)


def test_everyone_moves_by_one_amount_clipped_to_the_scale() -> None:
    def told(target: float) -> list[float]:
        ratings, weights = np.array([1.0, 3.0, 5.0, 5.0]), np.ones(4)
        return reach.moved(ratings, weights, target, 1.0, 5.0).tolist()

    assert told(4.0) == pytest.approx([1, 1, 0, 0])  # 2, 4, 5, 5
    assert told(5.0) == pytest.approx([4, 2, 0, 0])
    assert told(3.0) == pytest.approx([0, -2 / 3, -2 / 3, -2 / 3])
    assert told(1.0) == pytest.approx([0, -2, -4, -4])


@settings(max_examples=15, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(NAMES[:3]), st.floats(-0.8, 0.8), min_size=1),
    kind=st.sampled_from(["nps", "csat"]),
)
def test_steps_add_up_to_the_change(changes: dict[str, float], kind: str) -> None:
    data = with_use(as_survey(200), "t1", 0.3).assign(w=lambda d: 0.5 + d["t2"] / 5)
    cuts = (7,) if kind == "csat" else None
    result = drivers.scenario(
        data, **ASK, changes=changes, kind=kind, cut_points=cuts, weights="w", bootstrap=5
    )
    table = result.table
    assert table["step"].sum() == pytest.approx(result.change, abs=1e-9)
    assert result.baseline + result.change == pytest.approx(result.predicted)
    assert ((table["mean_used"] - table["mean_asked"]).abs() < 1e-9).equals(~table["capped"])
    asked = table.set_index("driver")["mean_asked"] - table.set_index("driver")["mean_now"]
    assert asked.to_dict() == pytest.approx(changes)


def test_steps_are_averaged_over_orders() -> None:
    data = as_survey()
    model = drivers.scenario_model(data, **ASK, bootstrap=0)
    alone = {name: model.predict({name: 0.6}).change for name in ("t0", "t1")}
    both = model.predict({"t0": 0.6, "t1": 0.6})
    first = (alone["t0"] + both.change - alone["t1"]) / 2
    assert both.table["step"].tolist() == pytest.approx([first, both.change - first])
    assert alone["t0"] + alone["t1"] != pytest.approx(both.change, abs=1e-3)


def test_sampled_orders_add_up_and_are_near_the_exact_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = drivers.scenario_model(as_survey(), **ASK, bootstrap=0)
    changes = {"t0": 0.6, "t1": 0.6, "t2": -0.5}
    exact = model.predict(changes)
    monkeypatch.setattr(reach, "EXACT_ORDERS", 2)
    sampled = model.predict(changes)
    assert sampled.table["step"].sum() == pytest.approx(exact.change)
    assert sampled.table["step"].tolist() == pytest.approx(exact.table["step"].tolist(), abs=0.05)


def test_only_users_move() -> None:
    data = with_use(as_survey(), "t1", 0.5)
    result = drivers.scenario(data, **ASK, changes={"t1": 0.5}, bootstrap=0)
    nobody = as_survey()
    whole = drivers.scenario(nobody, **ASK, changes={"t1": 0.5}, bootstrap=0)
    users = data.loc[data["t1_used"], "t1"]
    assert result.table["mean_now"][0] == pytest.approx(users.mean())
    assert 0 < result.change < whole.change


def test_the_interval_is_that_of_a_full_bootstrap() -> None:
    data = as_survey(300)
    changes = {"t0": 0.5, "t1": 0.3}
    result = drivers.scenario(data, **ASK, changes=changes, bootstrap=400)
    again = []
    for seed in range(150):
        rows = data.sample(frac=1, replace=True, random_state=seed)
        again.append(drivers.scenario(rows, **ASK, changes=changes, bootstrap=0).change)
    spread = np.std(again, ddof=1)
    assert result.change_high - result.change_low == pytest.approx(2 * 1.96 * spread, rel=0.25)


def test_clusters_widen_the_interval() -> None:
    once = as_survey(150).assign(customer=np.arange(150))
    fourfold = pd.concat([once] * 4)
    width = {}
    for cluster in (None, "customer"):
        found = drivers.scenario(fourfold, **ASK, changes={"t0": 0.5}, cluster=cluster)
        width[cluster] = found.change_high - found.change_low
    assert width["customer"] == pytest.approx(2 * width[None], rel=0.2)


def test_equal_weights_change_nothing() -> None:
    data = as_survey(200).assign(w=2.5)
    plain = drivers.scenario(data, **ASK, changes={"t0": 0.5}, bootstrap=40)
    weighted = drivers.scenario(data, **ASK, changes={"t0": 0.5}, bootstrap=40, weights="w")
    assert weighted.predicted == pytest.approx(plain.predicted)
    assert weighted.change_low == pytest.approx(plain.change_low)


def test_ratings_that_act_differently_make_it_multinomial() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(1, 6, (800, 2)).astype(float)
    out = x[:, 0] - 3 + rng.logistic(size=800) > -0.5
    top = x[:, 1] - 3 + rng.logistic(size=800) > 0.5
    data = pd.DataFrame(x, columns=["t0", "t1"]).assign(nps=np.where(out, np.where(top, 10, 7), 3))
    result = drivers.scenario(
        data, outcome="nps", drivers=["t0", "t1"], changes={"t0": 0.3}, bootstrap=20
    )
    assert result.model == "multinomial" and result.p_proportional < 0.01
    assert result.baseline == pytest.approx(result.baseline_observed, abs=1e-6)
    assert any("act differently on low and high scores" in c for c in result.caveats)


def test_a_group_nobody_is_in_has_no_probability() -> None:
    data = as_survey().replace({"nps": {4.0: 8.0}})
    result = drivers.scenario(data, **ASK, changes={"t0": 4.0}, bootstrap=0)
    assert np.isnan(result.p_proportional)
    assert 0 < result.baseline < result.predicted < 100


def test_a_metric_brings_its_kind_and_cut_points() -> None:
    data = as_survey().assign(csat=lambda d: np.clip(d["nps"] / 2, 1, 5).round())
    metric = Metric("csat", "csat", scale=(1, 5), top=1)
    options: dict[str, Any] = {"drivers": NAMES[:3], "changes": {"t0": 0.2}, "bootstrap": 0}
    by_metric = drivers.scenario(data, outcome=metric, **options)
    by_hand = drivers.scenario(data, outcome="csat", kind="csat", cut_points=(5,), **options)
    assert by_metric.kind == "csat"
    assert by_metric.baseline_observed == pytest.approx(100 * (data["csat"] == 5).mean())
    assert by_metric.predicted == pytest.approx(by_hand.predicted)


def test_a_yes_or_no_outcome_is_predicted_by_a_logit() -> None:
    data = as_survey().assign(renewed=lambda d: d["nps"] > 5)
    options: dict[str, Any] = {"drivers": NAMES[:3], "changes": {"t0": 0.3}, "bootstrap": 0}
    told = drivers.scenario(data, outcome="renewed", **options)
    fit = sm.Logit(data["renewed"] * 1.0, sm.add_constant(data[NAMES[:3]])).fit(disp=0, tol=1e-12)
    moved = data.assign(t0=data["t0"] + reach.moved(
        data["t0"].to_numpy(), np.ones(len(data)), data["t0"].mean() + 0.3, 1, 5
    ))  # fmt: skip
    then = fit.predict(sm.add_constant(moved[NAMES[:3]])).mean()
    assert told.kind == "share"
    assert told.baseline == pytest.approx(100 * data["renewed"].mean())
    assert told.predicted == pytest.approx(100 * then, abs=1e-6)


def test_a_change_is_applied_to_the_headline() -> None:
    model = drivers.scenario_model(as_survey(), **ASK, bootstrap=40)
    plain, told = model.predict({"t0": 0.4}), model.predict({"t0": 0.4}, headline=9.1)
    assert (told.change, told.change_low) == (plain.change, plain.change_low)
    assert told.baseline == pytest.approx(9.1)
    assert told.predicted == pytest.approx(9.1 + plain.change)
    assert told.high - told.low == pytest.approx(plain.high - plain.low)
    assert model.predict({"t0": 2.0}, headline=95).predicted == 100


def test_controls_stand_beside_the_ratings() -> None:
    data = as_survey().assign(region=np.resize(["n", "s"], 500))
    y = np.digitize(data["nps"], [6.5, 8.5])
    design = data[NAMES[:3]].assign(n=(data["region"] == "n") * 1.0)
    fit = OrderedModel(y, design, distr="logit").fit(method="newton", disp=0)
    model = drivers.scenario_model(data, **ASK, controls="region", bootstrap=0)
    now = np.asarray(fit.predict(design)) @ VALUES
    assert model.predict({}).baseline == pytest.approx(now.mean(), abs=1e-3)


def test_a_driver_that_repeats_another_cannot_be_moved_alone() -> None:
    data = as_survey().assign(t2=lambda d: 6 - d["t0"])
    model = drivers.scenario_model(data, **ASK, bootstrap=0)
    assert model.drivers == ("t0", "t1")
    with pytest.raises(DataError, match="'t2' was left out: it follows from t0"):
        model.predict({"t2": 0.1})


def test_where_lower_is_better_the_best_answers_are_the_lowest() -> None:
    data = as_survey().assign(csat=lambda d: np.clip(d["nps"] / 2, 1, 5).round())
    turned = data.assign(csat=6 - data["csat"])
    options: dict[str, Any] = {"drivers": NAMES[:3], "changes": {"t0": 0.2}, "bootstrap": 0}
    plain = drivers.scenario(data, outcome=Metric("csat", "csat", top=1), **options)
    told = drivers.scenario(
        turned, outcome=Metric("csat", "csat", top=1, direction="lower"), **options
    )
    assert (told.baseline, told.change) == pytest.approx((plain.baseline, plain.change))


# --- caps ---------------------------------------------------------------------------------------


def test_the_cap_is_the_best_segments_mean_shrunken() -> None:
    rng = np.random.default_rng(0)
    data = as_survey(600, 1).assign(region=rng.choice(["a", "b", "c"], 600))
    data.loc[data["region"] == "a", "t0"] = np.clip(data["t0"] + 1, 1, 5)
    result = drivers.scenario(
        data, **ASK, changes={"t0": 2.0, "t1": 0.0}, segments=["region"], bootstrap=0
    )
    means = data.groupby("region")["t0"].mean()
    row = result.table.iloc[0]
    assert row["capped"] and row["mean_used"] == row["cap"]
    assert means.max() - 0.05 < row["cap"] < means.max()
    assert result.caveats[-1].facts["driver"] == "t0"
    assert "no segment is above" in result.caveats[-1]


def test_small_segments_do_not_set_the_cap_and_equal_ones_allow_no_rise() -> None:
    data = as_survey(600, 1).assign(region=["a", "b"] * 300)
    data.loc[:28, "region"] = "tiny"
    data.loc[:28, "t0"] = 5.0
    mean = data["t0"].mean()
    model = drivers.scenario_model(data, **ASK, segments="region", bootstrap=0)
    assert mean <= model.caps[0] < mean + 0.1
    none = drivers.scenario_model(
        data.assign(region="one"), **ASK, segments=["region"], bootstrap=0
    )
    assert np.isnan(none.caps[0])
    assert any("no segment shows what is reached" in c for c in none.at_rest.caveats)


def test_a_fall_is_not_capped_by_segments_but_by_the_scale() -> None:
    data = as_survey(600, 1).assign(region=["a", "b"] * 300)
    result = drivers.scenario(data, **ASK, changes={"t0": -9}, segments=["region"], bootstrap=0)
    assert result.table["mean_used"][0] == pytest.approx(1)
    assert result.change < 0
    assert "off the scale; 1.00 was used" in result.caveats[-1]


# --- sliders and refusals -----------------------------------------------------------------------


def test_a_fitted_model_answers_as_the_scenario_does() -> None:
    data = survey(2000, effects=(0.3,) * 8)
    names = [f"t{j}" for j in range(8)]
    model = drivers.scenario_model(data, outcome="nps", drivers=names, bootstrap=100)
    changes = {"t0": 0.2, "t1": 0.1, "t5": -0.3}
    result = model.predict(changes)
    asked = pd.Series(changes)  # as good as a mapping
    whole = drivers.scenario(data, outcome="nps", drivers=names, changes=asked, bootstrap=100)
    pd.testing.assert_frame_equal(result.table, whole.table)
    assert (result.low, result.high) == (whole.low, whole.high)


def test_a_slider_at_rest_changes_nothing() -> None:
    model = drivers.scenario_model(as_survey(), **ASK, bootstrap=20)
    for changes in ({}, {"t0": 0.0, "t1": 0.0}):
        result = model.predict(changes)
        assert (result.change, result.change_low, result.change_high) == (0, 0, 0)
        assert result.predicted == pytest.approx(result.baseline)
        assert len(result.table) == len(changes)


def test_it_is_said_that_all_else_is_held() -> None:
    result = drivers.scenario(as_survey(), **ASK, changes={"t0": 0.1}, bootstrap=0)
    assert "All else is held as it is" in result.caveats[0]
    assert "associated with" in result.caveats[0]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("nothing", {"changes": {}}, "changes names no driver"),
    ("unknown", {"changes": {"T0": 0.1}}, "'T0' is not a driver here; did you mean 't0'"),
    ("no number", {"changes": {"t0": np.nan}}, "the change of 't0' is nan"),
    ("text", {"changes": {"t0": "+0.3"}}, "the change of 't0' is '.0.3'; it must be a number"),
    ("none", {"changes": {"t0": None}}, "the change of 't0' is None"),
    ("no headline", {"headline": np.nan}, "headline is nan"),
    ("kind", {"kind": "ces"}, "kind 'ces' is not predicted here; there is 'nps', 'csat', 'share'"),
    ("cuts", {"cut_points": (9, 6)}, "give the highest rating of a detractor"),
    ("one group", {"cut_points": (-2, -1)}, "fall into one group of nps"),
    ("scale", {"scale": (1, 4)}, "'t0' holds 5, off its scale 1-4"),
    ("csat scale", {"kind": "csat"}, "'nps' holds .* off the scale 1-5 of csat; give cut_points"),
    ("segment", {"segments": ["regoin"]}, "no column 'regoin'"),
    ("confidence", {"confidence": 1.0}, "confidence lies between 0 and 1"),
    ("draws", {"bootstrap": 2.5}, "bootstrap is 2.5"),
]


@pytest.mark.parametrize(
    ("options", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_predicted_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        drivers.scenario(as_survey(60), **ASK, **{"changes": {"t0": 0.1}} | options)


def test_perfect_separation_is_refused_in_words() -> None:
    data = as_survey(90).assign(nps=lambda d: np.where(d["t0"] > 3, 10.0, 2.0))
    with pytest.raises(DataError, match="too small or too cleanly separated for 3 drivers"):
        drivers.scenario(data, **ASK, changes={"t0": 0.1})
