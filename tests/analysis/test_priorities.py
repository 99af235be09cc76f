from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import drivers
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey, with_use

CHANCES = ["p_fix_first", "p_keep_up", "p_watch", "p_maintain"]


def four_corners(n: int = 500) -> pd.DataFrame:
    """Return t0 strong and important, t1 weak and important, t2 strong, t3 weak."""
    data = survey(n, effects=(0.9, 0.9, 0.1, 0.1))
    lowered = np.clip(data[["t1", "t3"]] - 1, 1, 5)
    return data.assign(**{name: lowered[name] for name in lowered})


def importance_of(data: pd.DataFrame, **options: Any) -> drivers.DriverImportance:
    return drivers.importance(
        data, outcome="nps", drivers=NAMES, permutations=0, **{"bootstrap": 300} | options
    )


def scores(values: dict[str, float], half: float = 0.1) -> pd.DataFrame:
    table = pd.DataFrame({"touchpoint": [*values], "value": [*values.values()]})
    return table.assign(low=table["value"] - half, high=table["value"] + half)


def test_four_planted_corners_are_found_with_certainty() -> None:
    table = drivers.priorities(importance_of(four_corners(2000))).table
    assert table["quadrant"].tolist() == ["keep up", "fix first", "maintain", "watch"]
    likely = [row[f"p_{row['quadrant'].replace(' ', '_')}"] for _i, row in table.iterrows()]
    assert min(likely) > 0.95


def test_the_chances_of_the_quadrants_add_up() -> None:
    data = with_use(survey(150), "t1", 0.3)
    for cuts in ("median", "mean", (0.3, 3.4)):
        table = drivers.priorities(importance_of(data), cuts=cuts).table
        assert table[CHANCES].sum(axis=1).to_numpy() == pytest.approx(np.ones(4))


def test_performance_is_the_mean_of_the_users_with_its_bootstrap_interval() -> None:
    data = with_use(survey(400), "t1", 0.3)
    table = drivers.priorities(importance_of(data, bootstrap=2000)).table
    assert table["performance"].tolist() == pytest.approx(data[NAMES].mean().tolist())
    half = 1.96 * data[NAMES].std() / data[NAMES].count() ** 0.5
    width = (table["performance_high"] - table["performance_low"]).to_numpy()
    assert width == pytest.approx(2 * half.to_numpy(), rel=0.1)


def test_cuts_are_stated_and_a_driver_on_a_cut_counts_as_above() -> None:
    result = importance_of(survey(600))
    mean = drivers.priorities(result, cuts="mean")
    assert mean.importance_cut == pytest.approx(0.25)
    assert mean.performance_cut == pytest.approx(np.mean(result.performance))
    share, value = float(result.table["share"][2]), result.performance[2]
    fixed = drivers.priorities(result, cuts=(share, value))
    assert (fixed.cuts, fixed.importance_cut, fixed.performance_cut) == ("fixed", share, value)
    assert fixed.table["quadrant"][2] == "keep up"


def test_fixed_cuts_count_shared_draws_by_hand() -> None:
    result = importance_of(survey(150))
    x, y = 0.3, 3.5
    table = drivers.priorities(result, cuts=(x, y)).table
    fix = (result.share_draws >= x) & (result.performance_draws < y)
    assert table["p_fix_first"].to_numpy() == pytest.approx(fix.mean(axis=0))


def test_a_given_performance_keeps_its_values_and_moves_with_the_same_draws() -> None:
    result = importance_of(survey(300))
    spread = result.performance_draws.std(axis=0)
    half = 1.959964 * spread
    own = pd.DataFrame(
        {
            "touchpoint": NAMES[::-1],
            "value": result.performance[::-1],
            "low": (result.performance - half)[::-1],
            "high": (result.performance + half)[::-1],
        }
    )
    given, default = drivers.priorities(result, own), drivers.priorities(result)
    assert given.table["performance"].tolist() == pytest.approx(list(result.performance))
    # 3 %: draws in which two means tie fall to either side by rounding.
    assert given.table[CHANCES].to_numpy() == pytest.approx(
        default.table[CHANCES].to_numpy(), abs=0.03
    )


def test_a_result_with_a_table_serves_as_performance() -> None:
    class Result:
        table = scores({"t0": 60, "t1": 70, "t2": 80, "t3": 90}).rename(
            columns={"touchpoint": "driver"}
        )

    table = drivers.priorities(importance_of(survey(150)), Result()).table
    assert table["performance"].tolist() == [60, 70, 80, 90]
    assert table["performance_low"].tolist() == pytest.approx([59.9, 69.9, 79.9, 89.9])


def test_a_driver_that_is_not_proven_is_watched_wherever_it_lies() -> None:
    data = survey(600, effects=(0.9, 0.5, 0.0, 0.0))
    data["t1"] = np.clip(data["t1"] - 1, 1, 5)
    result = importance_of(data)
    doubtful = replace(result, table=result.table.assign(proven=[True, False, False, False]))
    proven, told = drivers.priorities(result).table, drivers.priorities(doubtful).table
    assert proven["quadrant"][1] == "fix first"
    assert told["quadrant"].tolist()[1:] == ["watch"] * 3
    assert told[CHANCES].equals(proven[CHANCES])  # the place on the map is another question


def test_null_data_tell_nobody_to_fix_anything() -> None:
    rng, urged, reps = np.random.default_rng(5), 0, 100
    for seed in range(reps):
        data = survey(120, seed).assign(nps=rng.integers(0, 11, 120))
        table = drivers.priorities(importance_of(data, bootstrap=0)).table
        urged += bool(table["quadrant"].isin(["fix first", "keep up"]).any())
    assert urged / reps <= 0.05 + 2 * (0.05 * 0.95 / reps) ** 0.5


def test_without_draws_there_are_places_but_no_chances() -> None:
    result = importance_of(survey(150), bootstrap=0)
    for performance in (None, scores(dict(zip(NAMES, [1, 2, 3, 4], strict=True)))):
        found = drivers.priorities(result, performance)
        assert found.table[CHANCES].isna().all(axis=None)
        assert found.table["quadrant"].notna().all()
        assert "No resamples were drawn" in found.caveats[-1]


REFUSED: list[tuple[str, Any, dict[str, Any], str]] = [
    ("word", None, {"cuts": "medain"}, "cuts 'medain' is unknown; did you mean 'median'"),
    ("three", None, {"cuts": (1, 2, 3)}, "give 'median', 'mean' or two numbers"),
    ("infinite", None, {"cuts": (0.2, np.inf)}, "both numbers must be finite"),
    ("no table", 3.4, {}, "performance is no table"),
    ("absent", scores({"t0": 1.0, "t1": 1.0, "t2": 1.0}), {}, "performance of 't3' is missing"),
    ("column", scores({"t0": 1.0}).drop(columns="low"), {}, "no column 'low' in the performance"),
    ("key", scores({"t0": 1.0}).drop(columns="touchpoint"), {}, "no column 'touchpoint'"),
    ("twice", pd.concat([scores({"t0": 1.0})] * 2), {}, "names 't0' more than once"),
]


@pytest.mark.parametrize(
    ("performance", "options", "message"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_what_has_no_place_is_refused(
    performance: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        drivers.priorities(importance_of(survey(80), bootstrap=20), performance, **options)
