"""Mystery visits: a card added up by hand, planted strict visitors, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.visits import change, scorecard
from cxlib.errors import DataError


def visit(name: str, location: str, points: list[float], visitor: str = "V1") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "visit": name,
            "location": location,
            "visitor": visitor,
            "standard": ["greets", "smiles", "clean"],
            "section": ["people", "people", "place"],
            "weight": [3, 1, 1],
            "section_weight": [60, 60, 40],
            "critical": [True, False, False],
            "score": points,
        }
    )


def test_a_card_by_hand() -> None:
    told = scorecard(
        pd.concat(
            [
                visit("a", "North", [1, 0, 1]),
                visit("b", "North", [0, 1, 1]),
                visit("c", "South", [1, 1, np.nan]),
            ]
        )
    )
    # a: people 3/4, place 1 → .6·75 + .4·100 = 85; b: 1/4 → 55; c: people alone → 100
    assert told.visits["value"].tolist() == pytest.approx([85, 55, 100])
    north = told.table.set_index("location").loc["North"]
    assert (north["n"], north["value"], north["critical"]) == (2, pytest.approx(70), 1)
    assert north["high"] - north["value"] == pytest.approx(30)  # 12.706 · 21.21/√2, cut at 100
    assert north["low"] == 0
    assert told.n_dropped == 1
    assert told.standards["standard"].iloc[0] in ("greets", "smiles")
    assert told.standards.set_index("standard").loc["greets", "weakest"] == "North"
    assert told.sections.set_index("section").loc["people", "value"] == pytest.approx(200 / 3)
    assert told.caveats[0].facts == {"n": 1, "all": 2}
    assert np.isnan(told.table.set_index("location").loc["South", "low"])


@pytest.fixture
def field() -> pd.DataFrame:
    """Four places, three visitors who each go everywhere twice; V3 is 20 points stricter."""
    rng = np.random.default_rng(8)
    frames = []
    for at, place in enumerate(["N", "E", "S", "W"]):
        for visitor in ("V1", "V2", "V3"):
            for wave in (1, 2):
                chance = 0.85 - 0.1 * at - 0.2 * (visitor == "V3")
                points = (rng.random(40) < chance).astype(float)
                frames.append(
                    pd.DataFrame(
                        {
                            "visit": f"{place}{visitor}{wave}",
                            "location": place,
                            "visitor": visitor,
                            "wave": wave,
                            "standard": [f"s{i}" for i in range(40)],
                            "score": points,
                        }
                    )
                )
    return pd.concat(frames, ignore_index=True)


def test_a_strict_visitor_is_told_from_weak_places(field: pd.DataFrame) -> None:
    told = scorecard(field)
    effects = told.visitors.set_index("visitor")
    assert effects["effect"].sum() == pytest.approx(0)
    assert effects.loc["V3", "high"] < 0
    assert effects.loc["V3", "low"] < -20 * 2 / 3 < effects.loc["V3", "high"]
    assert told.table["location"].iloc[0] == "W"
    balanced = told.table["value"].to_numpy()  # everybody went everywhere: nothing to adjust
    assert told.table["adjusted"].to_numpy() == pytest.approx(balanced)
    assert told.agreement is not None
    assert told.agreement.n_coders == 3
    # without V3's visits to N, N's raw mean rises, but not what it is at the average visitor
    fewer = scorecard(field[~(field["visitor"].eq("V3") & field["location"].eq("N"))])
    north = fewer.table.set_index("location").loc["N"]
    assert north["adjusted"] < north["value"] - 3


def test_what_cannot_be_told_apart_is_said(field: pd.DataFrame) -> None:
    apart = field[(field["visitor"] == "V1") == (field["location"].isin(["N", "E"]))]
    told = scorecard(apart[apart["visitor"] != "V3"])
    assert told.visitors.empty
    assert told.table["adjusted"].isna().all()
    assert told.caveats
    with pytest.raises(DataError, match="twice"):
        scorecard(pd.concat([field, field.head(1)]))
    with pytest.raises(DataError, match="goes from 0 to 1"):
        scorecard(field.assign(score=2.0))
    with pytest.raises(DataError, match="two places"):
        scorecard(pd.concat([field, field.head(1).assign(location="W", standard="new")]))
    with pytest.raises(DataError, match="no column 'score'"):
        scorecard(field.drop(columns="score"))
    with pytest.raises(DataError, match="positive"):
        scorecard(field.assign(weight=0))


def test_how_far_a_place_lies_from_the_others_does_not_blame_a_strict_visitor(
    field: pd.DataFrame,
) -> None:
    table = scorecard(field).table.set_index("location")
    for place, row in table.iterrows():  # balanced: the plain difference of means
        others = table["value"].drop(place).mean()
        assert row["difference"] == pytest.approx(row["value"] - others)
        assert row["difference_low"] < row["difference"] < row["difference_high"]
    assert table.loc["W", "difference_high"] < 0
    only = field[field["visitor"].ne("V3") | field["location"].eq("E")]  # V3 goes to E alone
    there = scorecard(only[~((only["location"] == "E") & (only["visitor"] == "V2"))]).table
    row = there.set_index("location").loc["E"]
    raw = there["value"].mean() * len(there) - row["value"]
    assert row["difference"] > row["value"] - raw / (len(there) - 1) + 5


def two_rounds(old: list[float], new: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    def rows(points: list[float], wave: str) -> pd.DataFrame:
        names = [f"{wave}{i}" for i in range(len(points))]
        table = pd.DataFrame({"visit": names, "location": "N", "standard": "s", "score": points})
        return table.assign(maximum=10.0)

    return rows(old, "a"), rows(new, "b")


def test_the_change_of_one_place_is_students_two_sample_t() -> None:
    # Student (1908), sleep gained on two drugs, shifted and scaled to points of ten
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    old, new = two_rounds([x + 2 for x in first], [x + 2 for x in second])
    told = change(scorecard(old), scorecard(new)).set_index("location").loc["N"]
    assert told["change"] == pytest.approx(15.8)  # 1.58 hours
    # R: t.test(extra ~ group, var.equal = TRUE): -3.363874, 0.203874; p 0.07919
    assert (told["change_low"], told["change_high"]) == pytest.approx((-2.03874, 33.63874))
    assert told["p_adjusted"] == pytest.approx(0.07919, abs=1e-5)


def test_who_went_does_not_look_like_a_change(field: pd.DataFrame) -> None:
    first, second = (field[field["wave"] == wave] for wave in (1, 2))
    less = second[~second["visitor"].eq("V3") | second["location"].eq("N")]
    row = change(scorecard(first), scorecard(less)).iloc[0]
    assert pd.isna(row["location"])
    assert row["after"] - row["before"] > row["change"] + 3  # V3 is stricter, and went less often
    once = change(*(scorecard(one.head(40)) for one in (first, second)))
    assert once["change_low"].isna().all()
    elsewhere = scorecard(second.assign(location="X"))
    assert change(scorecard(first), elsewhere).empty
