"""Lifetime value: published fits, hand values, what is refused, and invariants."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import lifetime
from cxlib.errors import DataError

CDNOW = os.environ.get("CX_CDNOW")
"""Folder of the CDNOW sample (Fader and Hardie), where it is at hand."""


def bought(n: int = 3_000, seed: int = 1) -> pd.DataFrame:
    """Purchases drawn from the models themselves, in weeks over a year."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(0.8, 1 / 6.0, n), rng.beta(1.2, 3.0, n)
    start, spend = rng.uniform(0, 12, n), rng.gamma(4.0, 1 / 60.0, n)
    rows = []
    for who in range(n):
        at = start[who]
        while at < 52:
            rows.append((f"m{who}", at, rng.gamma(6.0, 1 / spend[who])))
            if len(rows) > 1 and rng.random() < leave[who] and at > start[who]:
                break
            at += rng.exponential(1 / rate[who])
    frame = pd.DataFrame(rows, columns=["member_id", "week", "amount"])
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.floor(frame["week"] * 7), unit="D")
    return frame.assign(date=day)


@pytest.mark.skipif(CDNOW is None, reason="CX_CDNOW names no folder")
def test_cdnow_has_its_published_parameters() -> None:
    folder = Path(str(CDNOW))
    rows = pd.read_csv(folder / "cdnow_customers_summary_with_transactions.csv")
    fit = lifetime.bg_nbd(rows)
    assert fit.parameters == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=1e-3)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert fit.expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=1e-3)
    money = lifetime.gamma_gamma(rows)
    assert (money.p, money.q, money.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.02)
    assert [caveat.facts["r"] for caveat in money.caveats] == [pytest.approx(0.114, abs=1e-3)]


def test_the_likelihood_is_that_of_the_paper_on_one_customer() -> None:
    """By hand: x = 2, t_x = 30.43, T = 38.86 at the published parameters."""
    from scipy.special import beta, gamma

    from cxlib.analysis.lifetime.models import bg_nbd_loss

    r, alpha, a, b, x, t_x, T = 0.243, 4.414, 0.793, 2.426, 2, 30.43, 38.86
    rates = gamma(r + x) * alpha**r / gamma(r)
    stays = beta(a, b + x) / beta(a, b) * rates / (alpha + T) ** (r + x)
    leaves = beta(a + 1, b + x - 1) / beta(a, b) * rates / (alpha + t_x) ** (r + x)
    one = np.array([1.0])
    loss = bg_nbd_loss(np.log([r, alpha, a, b]), x=x * one, t_x=t_x * one, T=T * one, weight=one)
    assert loss == pytest.approx(-np.log(stays + leaves), rel=1e-12)


def test_planted_parameters_are_recovered_and_hold_out() -> None:
    rows = bought()
    told = lifetime.summary(rows, as_of="2025-12-30", unit="weeks")
    fit = lifetime.bg_nbd(told)
    table = fit.table.set_index("parameter")
    for name, truth in {"r": 0.8, "alpha": 6.0, "a": 1.2, "b": 3.0}.items():
        assert table.loc[name, "estimate_low"] < truth < table.loc[name, "estimate_high"]
    checked = lifetime.holdout(rows, split="2025-08-31", as_of="2025-12-30", unit="weeks")
    assert 0.9 < checked.ratio < 1.1
    assert checked.table["n"].sum() == checked.n


def test_the_unit_of_time_changes_nothing_but_the_scale() -> None:
    rows = bought(800)
    weeks, days = (
        lifetime.bg_nbd(lifetime.summary(rows, as_of="2025-12-30", unit=unit))
        for unit in ("weeks", "days")
    )
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=2e-3)
    assert (days.r, days.a) == pytest.approx((weeks.r, weeks.a), rel=5e-3)
    own = (2, 10.0, 40.0)
    weekly = weeks.expected_purchases(52, *own)
    assert days.expected_purchases(364, 2, 70.0, 280.0) == pytest.approx(weekly, rel=5e-3)


def test_value_needs_its_time_unit_and_discounts() -> None:
    told = lifetime.summary(bought(800), as_of="2025-12-30", unit="weeks")
    fit, money = lifetime.bg_nbd(told), lifetime.gamma_gamma(told)
    with pytest.raises(TypeError):
        lifetime.value(told, fit, money, horizon=52)  # type: ignore[call-arg]
    with pytest.raises(DataError, match="fitted in weeks"):
        lifetime.value(told, fit, money, unit="days", horizon=365)
    free = lifetime.value(told, fit, 10.0, unit="weeks", horizon=52, discount=0.0)
    expected = free.customers["purchases"].sum()
    assert free.table["total"].item() == pytest.approx(10 * expected)
    dear = lifetime.value(told, fit, money, unit="weeks", horizon=52, margin=0.3)
    half = lifetime.value(told, fit, money, unit="weeks", horizon=52, margin=0.15)
    row = dear.table.iloc[0]
    assert row["total"] == pytest.approx(2 * half.table["total"].item())
    assert row["total_low"] < row["total"] < row["total_high"]


def test_groups_share_the_whole_value() -> None:
    told = lifetime.summary(bought(800), as_of="2025-12-30", unit="weeks")
    fit, money = lifetime.bg_nbd(told), lifetime.gamma_gamma(told)
    named = told.table.assign(tier=np.where(told.table["frequency"] > 2, "gold", "silver"))
    parts = lifetime.value(named, fit, money, unit="weeks", horizon=26, by="tier").table
    whole = lifetime.value(named, fit, money, unit="weeks", horizon=26).table
    assert parts["total"].sum() == pytest.approx(whole["total"].item())
    assert parts["share"].sum() == pytest.approx(1)


def test_who_bought_once_has_no_chance_of_being_alive() -> None:
    told = lifetime.summary(bought(800), as_of="2025-12-30", unit="weeks")
    alive = lifetime.bg_nbd(told).p_alive([0, 1, 1], [0, 20.0, 39.0], [40.0, 40.0, 40.0])
    assert np.isnan(alive[0])
    assert 0 < alive[1] < alive[2] < 1


def test_one_days_purchases_are_one_and_refunds_are_deducted() -> None:
    rows = pd.DataFrame(
        [("a", "2025-01-01", 10), ("a", "2025-01-01", 5), ("a", "2025-02-01", 20),
         ("a", "2025-02-05", -20), ("a", "2025-03-01", 8), ("b", "2025-01-03", 4),
         ("b", "2025-01-09", 0), ("c", "2025-01-09", 5), ("c", "2027-01-01", 5)],
        columns=["member_id", "date", "amount"],
    )  # fmt: skip
    told = lifetime.summary(rows, as_of="2025-03-31", unit="days")
    table = told.table.set_index("member_id")
    assert table["frequency"].to_dict() == {"a": 1, "b": 0, "c": 0}
    assert table.loc["a", ["recency", "age", "money"]].tolist() == [59, 89, 8]
    assert len(told.caveats) == 3  # later rows, refunds, nothings


@pytest.mark.parametrize(
    ("frequency", "recency", "age"),
    [(1, 50, 40), (1, 0, 40), (0, 3, 40), (1.5, 3, 40), (-1, 0, 40)],
)
def test_contradictory_customers_are_named(frequency: float, recency: float, age: float) -> None:
    rows = pd.DataFrame({"frequency": [frequency], "recency": [recency], "T": [age]})
    with pytest.raises(DataError, match="row 0"):
        lifetime.bg_nbd(rows)


def test_too_few_repeats_are_refused_with_a_way_out() -> None:
    rows = bought(30)
    with pytest.raises(DataError, match="repeat rate"):
        lifetime.bg_nbd(lifetime.summary(rows, as_of="2025-12-30", unit="weeks"))


def test_money_that_goes_with_frequency_is_refused() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(1, 10, 500)
    alone = pd.DataFrame({"frequency": x, "money": rng.gamma(6, 10, 500)})
    assert lifetime.gamma_gamma(alone.assign(money=alone["money"] + 2 * x)).caveats
    with pytest.raises(DataError, match="correlated"):
        lifetime.gamma_gamma(alone.assign(money=alone["money"] + 12 * x))


def test_yearly_memberships_have_their_published_parameters() -> None:
    survivors = [869, 743, 653, 593, 551, 517, 491]
    fit = lifetime.sbg(survivors, initial=1_000)
    assert (fit.alpha, fit.beta) == pytest.approx((0.668, 3.806), abs=1e-3)
    assert fit.log_likelihood == pytest.approx(-1611.2, abs=0.05)
    ahead = fit.project(5)
    assert ahead.index.tolist() == [8, 9, 10, 11, 12]
    assert ahead.iloc[0] == pytest.approx(1000 * fit.survival(8))
    assert (np.diff([491, *ahead]) < 0).all()
    percent = lifetime.sbg([v / 10 for v in survivors])
    assert (percent.alpha, percent.beta) == pytest.approx((fit.alpha, fit.beta), rel=1e-3)


@pytest.mark.parametrize("survivors", [[90, 95], [100, 100], [120, 80], [50], ["x", 3]])
def test_survivors_that_cannot_be_are_refused(survivors: list[float]) -> None:
    with pytest.raises(DataError):
        lifetime.sbg(survivors)
