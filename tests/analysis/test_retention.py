"""Retention: hand values, statsmodels, left truncation, cohorts and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import survdiff

from cxlib.analysis import retention
from cxlib.errors import DataError

# Freireich's leukaemia trial (Cox 1972): weeks in remission
DRUG = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
DRUG_ENDED = [1] * 9 + [0] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


@pytest.fixture
def trial() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "weeks": DRUG + PLACEBO,
            "ended": DRUG_ENDED + [1] * 21,
            "arm": ["drug"] * 21 + ["placebo"] * 21,
        }
    )


def test_freireichs_trial_has_its_published_values(trial: pd.DataFrame) -> None:
    found = retention.survival(trial, duration="weeks", event="ended", by="arm")
    at = found.at([6, 10]).query("level == 'drug'")["survival"].tolist()
    assert at == pytest.approx([0.857, 0.753], abs=1e-3)
    assert found.summary.set_index("level")["median"].to_dict() == {"drug": 23, "placebo": 8}
    test = retention.compare(trial, duration="weeks", event="ended", by="arm")
    assert test.statistic == pytest.approx(16.79, abs=0.01)
    assert test.statistic == pytest.approx(
        survdiff(trial["weeks"], trial["ended"], trial["arm"])[0]
    )
    cox = retention.hazards(trial, duration="weeks", event="ended", covariates=["arm"]).table
    assert cox["hazard"].item() == pytest.approx(np.exp(1.572), rel=2e-3)  # Efron
    assert cox["p_proportional"].item() > 0.05


def test_left_truncation_by_hand() -> None:
    """At risk at 5: a, b; at 7: b, c; at 9: c, d. Without entry all four are at risk at 5."""
    rows = pd.DataFrame(
        {"time": [5, 7, 9, 12], "left": [1, 1, 1, 0], "entry": [0, 1, 6, 8]}, index=list("abcd")
    )
    found = retention.survival(rows, duration="time", event="left", entry="entry")
    assert found.table["at_risk"].tolist() == [2, 2, 2]
    assert found.table["survival"].tolist() == pytest.approx([1 / 2, 1 / 4, 1 / 8])
    plain = retention.survival(rows, duration="time", event="left")
    assert plain.table["survival"].tolist() == pytest.approx([3 / 4, 1 / 2, 1 / 4])


@pytest.mark.parametrize("n", [4, 6, 8, 24, 50])
def test_a_median_reached_exactly_at_one_half_is_told(n: int) -> None:
    """A product of ratios is rarely exact: 3/4 · 2/3 came out a little above one half."""
    rows = pd.DataFrame({"time": range(1, n + 1), "left": True})
    found = retention.survival(rows, duration="time", event="left").summary
    assert found["median"].item() == n / 2


def test_records_that_begin_late_flatter_retention_unless_entry_is_told() -> None:
    rng = np.random.default_rng(1)
    joined, stay = rng.uniform(0, 60, 20_000), rng.exponential(20, 20_000)
    left = joined + stay
    seen = left > 36  # earlier leavers are in no record
    rows = pd.DataFrame(
        {
            "time": np.minimum(left, 60) - joined,
            "left": left < 60,
            "entry": np.maximum(36 - joined, 0),
        }
    )[seen & (joined < 60)]
    truth = np.exp(-12 / 20)
    told = retention.survival(rows, duration="time", event="left", entry="entry").at(12)
    assert told["survival"].item() == pytest.approx(truth, abs=0.02)
    plain = retention.survival(rows, duration="time", event="left").at(12)
    assert plain["survival"].item() > truth + 0.1


def test_a_hazard_that_changes_with_tenure_is_said() -> None:
    rng = np.random.default_rng(3)
    late = rng.random(4_000) < 0.5
    time = np.where(late, rng.weibull(3.0, 4_000), rng.weibull(0.7, 4_000))
    rows = pd.DataFrame({"t": time, "left": True, "channel": np.where(late, "shop", "app")})
    found = retention.hazards(rows, duration="t", event="left", covariates=["channel"])
    assert found.table["p_proportional"].item() < 0.001
    assert found.caveats


def test_where_hazards_are_proportional_it_is_hardly_ever_denied() -> None:
    denied = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        fast, late = rng.random(300) < 0.3, rng.random(300) < 0.5
        stay = np.ceil(rng.exponential(300, 300) * np.where(fast, 0.3, 1.0))
        entry = np.where(late, rng.integers(1, 200, 300), 0)
        end = np.minimum(stay, 500)
        rows = pd.DataFrame({"t": end, "left": stay <= 500, "entry": entry})
        rows = rows.assign(kind=np.where(fast, "a", "b"))[end > entry]
        found = retention.hazards(rows, duration="t", event="left", entry="entry",
                                  covariates=["kind"])  # fmt: skip
        denied.append(found.table["p_proportional"].item() < 0.05)
    assert sum(denied) <= 2  # nominal .05; 3 or more of 12 come once in 50


def test_a_group_that_another_column_tells_already_is_left_out_and_said() -> None:
    rng = np.random.default_rng(5)
    net = rng.choice(["fibre", "dsl", "none"], 300)
    rows = pd.DataFrame({"t": rng.integers(1, 40, 300), "left": rng.random(300) < 0.5, "net": net})
    rows = rows.assign(tv=np.where(net == "none", "none", rng.choice(["yes", "no"], 300)))
    found = retention.hazards(rows, duration="t", event="left", covariates=["net", "tv"])
    assert len(found.table) == 3
    assert np.isfinite(found.table["hazard"]).all()
    assert found.caveats[0].facts["terms"][0].startswith("tv ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"time": [-1, 2, 3]}, "before joining"),
        ({"left": [0, 2, 1]}, "yes and no"),
        ({"entry": [0, 2, 3]}, "never observed"),
        ({"left": [0, 0, 0]}, "nobody left"),
    ],
)
def test_bad_rows_are_refused(change: dict[str, list[int]], told: str) -> None:
    rows = pd.DataFrame({"time": [1, 2, 3], "left": [1, 0, 1], "entry": [0, 0, 0]}).assign(**change)
    with pytest.raises(DataError, match=told):
        retention.survival(rows, duration="time", event="left", entry="entry")


def test_groups_may_be_true_and_false(trial: pd.DataFrame) -> None:
    treated = trial.assign(treated=trial["arm"] == "drug")
    found = retention.compare(treated, duration="weeks", event="ended", by="treated")
    assert found.statistic == pytest.approx(16.79, abs=0.01)
    assert found.table["level"].tolist() == ["False", "True"]
    assert found.table["n"].tolist() == [21, 21]


def test_one_group_cannot_be_compared(trial: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="needs two"):
        retention.compare(trial.head(21), duration="weeks", event="ended", by="arm")


MEMBERS = pd.DataFrame(
    {
        "joined": pd.to_datetime(["2025-01-05", "2025-02-01", "2025-03-09", "2025-04-02"]),
        "left": pd.to_datetime(["2025-05-10", None, "2025-02-28", None]),
    }
)


def test_cohorts_by_hand() -> None:
    rows = MEMBERS.assign(left=pd.to_datetime(["2025-05-10", None, "2025-03-20", None]))
    found = retention.cohorts(rows, as_of="2025-12-31", period="quarter")
    told = found.table.set_index(["cohort", "age"])["retention"]
    assert told.loc["2025Q1"].tolist() == pytest.approx([1 / 3] * 3)  # age 1: Q2 ended with one
    assert told.loc["2025Q2"].tolist() == [1.0, 1.0]
    assert found.kind == "retention"


def test_who_left_before_joining_is_named() -> None:
    with pytest.raises(DataError, match="row 2"):
        retention.cohorts(MEMBERS, as_of="2025-12-31")


def test_cohorts_before_the_records_are_left_out() -> None:
    rows = MEMBERS.drop(index=2)
    found = retention.cohorts(rows, as_of="2025-12-31", records_begin="2025-02-15")
    assert set(found.table["cohort"]) == {"2025Q2"}
    assert found.caveats


def test_a_rate_counts_starters_only() -> None:
    rows = MEMBERS.drop(index=2)
    assert retention.rate(rows, start="2025-03-01", end="2025-06-01") == pytest.approx(1 / 2)


def test_without_a_contract_it_is_a_repeat_rate() -> None:
    rows = pd.DataFrame(
        {
            "member_id": [*list("aabb"), "c"],
            "date": ["2025-01-02", "2025-02-03", "2025-01-09", "2025-01-20", "2025-02-02"],
        }
    )
    found = retention.cohorts(rows, as_of="2025-03-31", period="month")
    assert found.kind == "repeat rate"
    grid = found.grid()
    assert grid.loc["2025-01"].tolist() == [1.0, 0.5, 0.0]
    assert grid.loc["2025-02"].tolist()[:2] == [1.0, 0.0]
