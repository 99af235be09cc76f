"""Choosing a tool: published values, a hand calculation, and what must hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.selection import ahp, score
from cxlib.errors import DataError

MATRIX = pd.DataFrame(
    [[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]],
    index=["A", "B", "C", "D"],
    columns=["price", "fit", "help"],
)
WEIGHTS = {"price": 0.3, "fit": 0.4, "help": 0.3}


def test_topsis_of_the_published_matrix() -> None:
    told = score(MATRIX, weights=[0.3, 0.4, 0.3]).table.set_index("option")
    assert told.loc[list("ABCD"), "topsis"].tolist() == pytest.approx(
        [0.5037, 0.6581, 0.7482, 0.3340], abs=5e-5
    )
    assert told.loc[list("ABCD"), "weighted_sum"].tolist() == pytest.approx([5.9, 6.9, 7.4, 5.5])
    assert told["rank"].tolist() == [1, 2, 3, 4]


def test_topsis_by_hand() -> None:
    # columns (3, 4) and (4, 3), norms 5: shares .6 .8 and .8 .6, each .2 from best and worst
    told = score([[3, 4], [4, 3]], weights=[1, 3], draws=0).table.set_index("option")["topsis"]
    assert told["0"] == pytest.approx(0.75)
    assert told["1"] == pytest.approx(0.25)


def test_ahp_of_saaty() -> None:
    told = ahp(pd.DataFrame([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]], columns=list("abc")))
    assert told.weights.tolist() == pytest.approx([0.637, 0.258, 0.105], abs=1e-3)
    assert told.principal_eigenvalue == pytest.approx(3.0385, abs=1e-4)
    assert told.consistency_ratio == pytest.approx(0.0332, abs=5e-4)
    assert not told.caveats


def test_consistent_comparisons_give_their_weights_back() -> None:
    truth = np.array([0.5, 0.3, 0.15, 0.05])
    told = ahp(truth[:, None] / truth)
    assert told.weights.to_numpy() == pytest.approx(truth)
    assert told.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert score(
        MATRIX[["price", "fit"]],
        weights=ahp([[1, 3], [1 / 3, 1]]).weights.set_axis(["price", "fit"]),
    ).weights["price"] == pytest.approx(0.75)


def test_comparisons_that_contradict_one_another_name_the_worst() -> None:
    told = ahp(pd.DataFrame([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]], columns=list("abc")))
    assert told.consistency_ratio > 0.1
    assert told.caveats[0].facts["criterion"] in "abc"
    with pytest.raises(DataError, match="reciprocal"):
        ahp([[1, 3], [3, 1]])
    with pytest.raises(DataError, match="positive"):
        ahp([[1, 0], [0, 1]])
    with pytest.raises(DataError, match="square"):
        ahp([[1, 2, 3], [1, 2, 3]])


def test_what_must_hold() -> None:
    told = score(MATRIX, weights=WEIGHTS)
    assert told.table["p_first"].sum() == pytest.approx(1)
    assert (told.table["rank_low"] <= told.table["rank_high"]).all()
    scaled = score(MATRIX * [1, 10, 100], weights={k: 7 * v for k, v in WEIGHTS.items()})
    assert scaled.table["topsis"].tolist() == pytest.approx(told.table["topsis"].tolist())
    calm = score(MATRIX, weights=WEIGHTS, spread=0.0).table
    assert calm["p_first"].tolist() == [1, 0, 0, 0]
    costs = score(
        MATRIX.assign(price=-MATRIX["price"] + 20), weights=WEIGHTS, directions={"price": "lower"}
    )
    assert costs.table["option"].iloc[0] == "C"
    out = score(MATRIX, weights=WEIGHTS, knock_outs={"help": 7}).table
    assert out["option"].iloc[0] == "B"
    assert out["knocked_out"].tolist() == ["", "help", "help", "help"]


def test_several_assessors_and_their_gaps() -> None:
    long = (
        MATRIX.rename_axis("option")
        .reset_index()
        .melt("option", var_name="criterion", value_name="score")
    )
    both = pd.concat([long.assign(assessor="Li"), long.assign(assessor="Wang")])
    told = score(both, weights=WEIGHTS)
    assert told.agreement is not None
    assert told.agreement.value == pytest.approx(1)
    assert told.table["topsis"].tolist() == score(MATRIX, weights=WEIGHTS).table["topsis"].tolist()
    half = both[~(both["assessor"].eq("Wang") & both["option"].isin(["A", "B"]))]
    assert score(half, weights=WEIGHTS).n_missing == 6
    with pytest.raises(DataError, match="twice"):
        score(pd.concat([both, both.head(1)]), weights=WEIGHTS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"weights": [1, 2]}, "2 weights for 3"),
        ({"weights": {"price": 1, "fit": 1}}, "no weight for 'help'"),
        ({"weights": {**WEIGHTS, "prise": 1}}, "did you mean 'price'"),
        ({"weights": [1, 0, 1]}, "positive"),
        ({"weights": WEIGHTS, "directions": {"price": "low"}}, "'higher' or 'lower'"),
        ({"weights": WEIGHTS, "knock_outs": {"help": 9}}, "nothing left"),
    ],
)
def test_what_cannot_be_meant(options: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        score(MATRIX, **options)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no score on 'fit'"):
        score(MATRIX.astype(float).replace(8, np.nan)[["fit"]].assign(x=1.0), weights=[1, 1])
