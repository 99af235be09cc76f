from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare
from statsmodels.stats.proportion import proportion_confint

from cxlib.analysis import fitness as room
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint
from cxlib.errors import DataError

KEYS = ["a", "b", "c", "d", "e"]


def survey() -> pd.DataFrame:
    rated = [
        [5, 5, 5, 5, 5],
        [1, 2, 3, 4, 5],
        [4, 4, 4, 4, np.nan],
        [3, 3, 3, 3, 3],
        [5, 4, 5, 5, 5],
    ]
    data = pd.DataFrame(rated * 4, columns=KEYS, dtype=float)
    return data.assign(
        nps=[9.0, np.nan, 3, 7, 10] * 4,
        e_used=pd.array([True, True, False, None, True] * 4, dtype="boolean"),
        period=["2026Q1"] * 8 + ["2026Q2"] * 12,
        sex=(["f", "f", "f", "m", None] * 4),
        weight=[1.0, 1, 1, 1, 2] * 4,
    )


TOUCHPOINTS = [Touchpoint(key) for key in KEYS]


def test_no_answer_and_not_used_are_kept_apart() -> None:
    data = survey()
    data.loc[1, "e"] = np.nan
    found = room.fitness(data, metrics=[Metric("nps", "nps")], touchpoints=TOUCHPOINTS)
    row = found.questions.set_index("question").loc["e"]
    assert row[["answered", "no_answer", "not_used"]].tolist() == [15, 1, 4]
    assert found.questions["kind"].tolist() == ["metric"] + ["touchpoint"] * 5
    shares = found.questions[["share_answered", "share_no_answer", "share_not_used"]].sum(axis=1)
    assert shares.tolist() == pytest.approx([1] * 6)


def test_straight_lining_by_hand() -> None:
    # of 16 who rated five touchpoints, 8 gave the same answer throughout
    found = room.fitness(survey(), touchpoints=TOUCHPOINTS).straight_lining
    assert (found.count, found.n, found.value) == (8, 16, 0.5)
    assert (found.low, found.high) == pytest.approx(proportion_confint(8, 16, method="wilson"))


def test_answers_on_different_scales_are_not_one_line() -> None:
    mixed = [*TOUCHPOINTS[:4], Touchpoint("e", (0, 10))]
    found = room.fitness(survey(), touchpoints=mixed)
    assert found.straight_lining.n == 0 and np.isnan(found.straight_lining.value)
    assert "straight-lining" in found.caveats[0]


def test_bases_and_response_by_period() -> None:
    found = room.fitness(survey(), metrics=["nps"], invited={"2026Q1": 40})
    bases = found.bases.set_index("period")
    assert bases["n"].to_dict() == {"2026Q1": 8, "2026Q2": 12}
    assert bases["below_minimum"].tolist() == [True, False]
    assert bases.loc["2026Q1", "response_rate"] == pytest.approx(0.2)
    assert np.isnan(bases.loc["2026Q2", "response_rate"])
    # Q1 weighs 1 1 1 1 2 1 1 1: 81 / 11
    assert bases.loc["2026Q1", "n_effective"] == pytest.approx(81 / 11)
    plain = room.fitness(survey().drop(columns="period"), metrics=["nps"])
    assert plain.bases["n"].tolist() == [20]


def test_representativeness_agrees_with_scipy() -> None:
    margins = {"sex": {"f": 0.5, "m": 0.5}}
    found = room.fitness(survey(), metrics=["nps"], margins=margins)
    table = found.representativeness.set_index("level")
    assert table["n"].to_dict() == {"f": 12, "m": 4}
    assert table.loc["f", "difference"] == pytest.approx(0.25)
    low, high = proportion_confint(12, 16, method="wilson")
    assert table.loc["f", ["low", "high"]].tolist() == pytest.approx([low - 0.5, high - 0.5])
    assert table["p_value"].iloc[0] == pytest.approx(chisquare([12, 4]).pvalue)
    assert "4 rows have no sex" in found.caveats[1]


def test_the_rows_without_any_answer_are_counted() -> None:
    found = room.fitness(survey(), metrics=["nps"])
    assert (found.n_used, found.n_dropped) == (16, 4)
    assert found.representativeness.empty


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ["nsp"]}, "did you mean 'nps'?"),
        ({}, "no metrics and no touchpoints"),
        ({"metrics": ["nps"], "invited": {"2026Q1": 5}}, "8 answers to 5 invitations"),
        ({"metrics": ["nps"], "margins": {"sex": {"f": 1}}}, "level 'm' (4 rows)"),
        ({"metrics": ["nps"], "design": SurveyDesign(confidence=2)}, "confidence lies between"),
    ],
)
def test_what_cannot_be_judged_is_named(options: dict, message: str) -> None:
    with pytest.raises(DataError) as told:
        room.fitness(survey(), **options)
    assert message in str(told.value)
    with pytest.raises(DataError, match="no rows"):
        room.fitness(survey().iloc[:0], metrics=["nps"])
