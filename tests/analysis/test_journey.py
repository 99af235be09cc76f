"""The journey map: places, feelings, roles and drop-off by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.journey import map_journey
from cxlib.errors import DataError

STAGES = {"book": ["site", "price"], "stay": ["room", "desk"], "leave": ["bill"]}
SCORES = pd.DataFrame(
    {
        "touchpoint": ["site", "room", "desk", "bill", "price"],
        "value": [4.0, 3.0, 4.6, 2.0, 3.5],
        "low": [3.8, 2.8, 4.5, 1.8, 3.2],
        "high": [4.2, 3.2, 4.7, 2.2, 3.8],
        "n": [100, 100, 100, 50, 100],
        "reach": [1, 1, 1, 0.5, 1],
    }
)
DRIVERS = pd.DataFrame(
    {
        "driver": ["room", "desk", "site", "bill"],
        "share": [0.5, 0.3, 0.1, 0.1],
        "p_unique": [0.001, 0.2, 0.6, 0.01],
    }
)


def test_a_journey_by_hand() -> None:
    told = map_journey(STAGES, scores=SCORES, scales=(1, 5), importance=DRIVERS)
    table = told.table.set_index("touchpoint")
    assert list(table.index) == ["site", "price", "room", "desk", "bill"]
    assert table["emotion"].tolist() == pytest.approx([0.5, 0.25, 0.0, 0.8, -0.5])
    assert table["role"].tolist() == [
        "strength",
        "",
        "failing moment of truth",
        "strength",
        "pain point",
    ]
    assert told.mean_emotion == pytest.approx((50 + 25 + 0 + 80 - 25) / 450)
    stages = told.stages.set_index("stage")
    assert stages.loc["book", "emotion"] == pytest.approx(0.375)
    assert stages["drop_off"].isna().all()


def test_lower_is_better_turns_the_feeling_round() -> None:
    told = map_journey(
        {"a": ["effort"]},
        scales=(1, 7),
        lower_is_better=["effort"],
        scores=pd.DataFrame(
            {"touchpoint": ["effort"], "value": [2.0], "low": [1.0], "high": [4.0], "n": [9]}
        ),
    )
    row = told.table.iloc[0]
    assert (row["emotion_low"], row["emotion_high"]) == (0, 1)
    assert row["role"] == ""  # nothing to compare with


def test_drop_off_counts_customers_once() -> None:
    events = pd.DataFrame(
        {
            "customer": [1, 1, 1, 2, 2, 3, 4, 4],
            "touchpoint": ["site", "site", "room", "room", "bill", "price", "desk", "bill"],
        }
    )
    told = map_journey(STAGES, scores=SCORES, scales=(1, 5), events=events).stages
    assert told["entered"].tolist() == [4, 3, 2]
    assert told["left"].tolist() == [1, 1, 2]
    assert told["drop_off"].tolist()[:2] == [0.25, pytest.approx(1 / 3)]
    assert np.isnan(told["drop_off"].iloc[2])  # the end is no loss
    with pytest.raises(DataError, match="no stage"):
        map_journey(STAGES, scores=SCORES, scales=(1, 5), events=events.replace("desk", "lobby"))


def test_a_touchpoint_in_no_stage_or_in_two() -> None:
    with pytest.raises(DataError, match="in no stage; did you mean 'site'"):
        map_journey(STAGES, scores=SCORES.replace("site", "sites"), scales=(1, 5))
    with pytest.raises(DataError, match="'room' stands in stage"):
        map_journey({**STAGES, "again": ["room"]}, scores=SCORES, scales=(1, 5))
    with pytest.raises(DataError, match="no touchpoint"):
        map_journey({}, scores=SCORES, scales=(1, 5))
    unscored = map_journey({**STAGES, "after": ["call"]}, scores=SCORES, scales=(1, 5))
    assert unscored.caveats[0].facts["touchpoint"] == "call"


def test_one_answer_has_a_score_and_no_interval() -> None:
    scores = SCORES.astype({"low": object, "high": object})
    scores.loc[0, ["low", "high"]] = None
    row = (
        map_journey(STAGES, scores=scores, scales=(1, 5)).table.set_index("touchpoint").loc["site"]
    )
    assert row["emotion"] == pytest.approx(0.5)
    assert np.isnan(row[["emotion_low", "emotion_high"]].astype(float)).all()
