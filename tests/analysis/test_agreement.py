"""Agreement of coders and raters, against published tables and by what must hold."""

from __future__ import annotations

from math import isnan

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.agreement import icc, krippendorff_alpha
from cxlib.errors import DataError

NO = np.nan
KRIPPENDORFF = pd.DataFrame(
    {
        "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, NO, NO, NO],
        "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NO, 3],
        "C": [NO, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NO],
        "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NO],
    }
)
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)


@pytest.mark.parametrize(
    ("level", "alpha"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_of_krippendorffs_own_example(level: str, alpha: float) -> None:
    told = krippendorff_alpha(KRIPPENDORFF, level=level, bootstrap=200)
    assert told.value == pytest.approx(alpha, abs=5e-4)
    assert told.low < told.value < told.high
    assert (told.n_units, told.n_coders, told.n_dropped) == (11, 4, 1)
    assert told.table["unit"].iloc[0] == 5  # the sixth unit: 1, 2, 3, 4


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [
        ("ICC(1,1)", 0.166, -0.133, 0.723),
        ("ICC(2,1)", 0.290, 0.019, 0.761),
        ("ICC(3,1)", 0.715, 0.342, 0.946),
        ("ICC(1,k)", 0.443, -0.884, 0.912),
        ("ICC(2,k)", 0.620, 0.071, 0.927),
        ("ICC(3,k)", 0.909, 0.676, 0.986),
    ],
)
def test_icc_of_shrout_and_fleiss(form: str, value: float, low: float, high: float) -> None:
    told = icc(SHROUT_FLEISS, form=form)
    assert (told.value, told.low, told.high) == pytest.approx((value, low, high), abs=2e-3)
    assert icc(SHROUT_FLEISS, form=form.replace("ICC(", "icc").strip(")")).value == told.value


def test_by_hand_two_coders_four_units() -> None:
    # a b | a b | a a | b b: values a 4, b 4; observed 4 of 8, expected 32 of 56
    told = krippendorff_alpha([["a", "b"], ["a", "b"], ["a", "a"], ["b", "b"]], bootstrap=0)
    assert told.value == pytest.approx(1 - (4 / 8) / (32 / 56))
    assert isnan(told.low)
    assert len(told.table) == 2


def test_what_must_hold() -> None:
    rng = np.random.default_rng(1)
    chance = krippendorff_alpha(rng.integers(0, 3, (400, 3)), bootstrap=200)
    assert chance.low < 0 < chance.high
    ratings = pd.DataFrame(rng.normal(size=(40, 1)) + rng.normal(size=(40, 3)) * 0.5)
    one = krippendorff_alpha(ratings, level="interval", bootstrap=0).value
    moved = krippendorff_alpha(3 * ratings + 7, level="interval", bootstrap=0).value
    assert one == pytest.approx(moved)
    order = krippendorff_alpha(ratings[[2, 0, 1]], level="ordinal", bootstrap=0).value
    assert order == pytest.approx(krippendorff_alpha(ratings, level="ordinal", bootstrap=0).value)
    shifted = ratings.add([0, 2, 5])  # raters of different strictness: consistent, not equal
    assert icc(shifted, form="ICC(3,1)").value == pytest.approx(icc(ratings, form="ICC(3,1)").value)
    assert icc(shifted, form="ICC(2,1)").value < icc(ratings, form="ICC(2,1)").value


def test_what_cannot_be_told_is_said() -> None:
    same = krippendorff_alpha([[1, 1], [1, 1]], bootstrap=50)
    assert isnan(same.value)
    assert same.caveats
    with pytest.raises(DataError, match="two coders"):
        krippendorff_alpha(pd.DataFrame({"A": [1, 2]}))
    with pytest.raises(DataError, match="no unit"):
        krippendorff_alpha([[1, NO], [NO, 2]])
    with pytest.raises(DataError, match="did you mean 'ordinal'"):
        krippendorff_alpha(KRIPPENDORFF, level="ordnal")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="ICC"):
        icc(SHROUT_FLEISS, form="ICC(4,1)")
    with pytest.raises(DataError, match="'x'"):
        icc(pd.DataFrame({"A": [1, "x", 2], "B": [1, 2, 3]}))
    half = pd.DataFrame(SHROUT_FLEISS.astype(float))
    half.iloc[:3, 0] = NO
    assert icc(half).n_dropped == 3
