"""The journey map: places, feelings, roles and drop-off by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from cxlib.analysis.journey import drop_off, map_journey
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


# --- where customers go no further --------------------------------------------------------------

STEPS = ("choosing", "buying", "receiving")


def log(*rows: tuple[str, str, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["customer", "stage", "day"])
    return table.assign(time=pd.Timestamp("2026-01-01") + pd.to_timedelta(table["day"], unit="D"))


def test_who_went_on_who_did_not_and_who_may_yet() -> None:
    events = log(
        ("went on", "choosing", 0), ("went on", "buying", 1),
        ("left", "choosing", 2),
        ("may yet", "choosing", 20),
        ("too late to count", "choosing", 18), ("too late to count", "buying", 19),
        ("the end", "receiving", 25),
    )  # fmt: skip
    table = drop_off(events, stages=STEPS, window=10).set_index("stage")
    assert table.loc["choosing", ["entered", "left", "still_open"]].tolist() == [2, 1, 1]
    assert table.loc["choosing", "drop_off"] == 0.5
    low, high = proportion_confint(1, 2, method="wilson")
    assert table.loc["choosing", ["low", "high"]].tolist() == pytest.approx([low, high])
    assert table.loc["buying", ["entered", "left"]].tolist() == [1, 1]
    assert math.isnan(table.loc["receiving", "drop_off"])


def test_a_later_stage_implies_the_earlier_and_a_long_silence_begins_anew() -> None:
    skipped = log(("a", "buying", 0), ("z", "receiving", 60))
    table = drop_off(skipped, stages=STEPS, window=10).set_index("stage")
    assert "choosing" not in table.index  # nobody was seen there
    again = log(("a", "choosing", 0), ("a", "choosing", 3), ("a", "choosing", 40),
                ("a", "buying", 41), ("z", "receiving", 90))  # fmt: skip
    table = drop_off(again, stages=STEPS, window=10).set_index("stage")
    assert table.loc["choosing", ["entered", "left", "n"]].tolist() == [2, 1, 1]


LAST = ("z", "receiving", 90)
"""So long after all others that everything is decided."""


@pytest.mark.parametrize(
    ("steps", "choosing", "buying"),
    [
        ([("choosing", 0), ("buying", 1)], (1, 0), (1, 1)),
        ([("buying", 1), ("choosing", 0)], (1, 0), (1, 1)),  # written in the wrong order
        ([("choosing", 0)] * 3 + [("buying", 0)] * 2, (1, 0), (1, 1)),  # of one moment, repeated
        ([("buying", 0), ("choosing", 3)], (1, 0), (1, 1)),  # a step back is the same journey
        ([("choosing", 0), ("buying", 1), ("choosing", 2), ("buying", 3)], (1, 0), (1, 1)),
        ([("choosing", 0), ("choosing", 8), ("buying", 12)], (1, 1), (1, 1)),  # prolongs nothing
        ([("choosing", 0), ("buying", 1), ("choosing", 30)], (2, 1), (1, 1)),  # a second visit
        ([("buying", 0), ("receiving", 2), ("buying", 40), ("receiving", 41)], (2, 0), (2, 0)),
    ],
)
def test_order_repeats_and_visits(
    steps: list[tuple[str, int]], choosing: tuple[int, int], buying: tuple[int, int]
) -> None:
    here = [("a", stage, day) for stage, day in steps]
    events = log(*here, ("b", "choosing", 0), ("b", "buying", 0), LAST)
    told = drop_off(events, stages=STEPS, window=10).set_index("stage")
    shuffled = drop_off(events.sample(frac=1, random_state=3), stages=STEPS, window=10)
    assert told.equals(shuffled.set_index("stage"))
    b = {"choosing": (1, 0), "buying": (1, 1)}
    for stage, mine in {"choosing": choosing, "buying": buying}.items():
        counted = told.loc[stage, ["entered", "left"]].tolist()
        assert counted == [m + one for m, one in zip(mine, b[stage], strict=True)], stage


def test_only_what_was_decided_in_the_span_counts() -> None:
    events = log(*((f"c{i}", "choosing", i) for i in range(60)), ("z", "buying", 100))
    found = drop_off(events, stages=STEPS, window=10, since="2026-01-31", until="2026-02-10")
    assert found.loc[0, "entered"] == 10
    assert found.loc[0, "still_open"] == 10


def test_open_journeys_bias_nothing() -> None:
    rng = np.random.default_rng(7)
    n, window = 6_000, 20.0
    start = rng.uniform(0, 60, n)
    goes = rng.random(n) < 0.6
    delay = np.minimum(rng.exponential(8, n), window - 0.01)
    rows = pd.DataFrame({"customer": np.arange(n), "stage": "choosing", "day": start})
    on = pd.DataFrame({"customer": np.arange(n), "stage": "buying", "day": start + delay})[goes]
    events = pd.concat([rows, on[on["day"] <= 60]], ignore_index=True)
    day = pd.to_timedelta(events["day"], unit="D")
    events["time"] = pd.Timestamp("2026-01-01") + day
    row = drop_off(events, stages=STEPS[:2], window=window).iloc[0]
    assert row["low"] < 0.4 < row["high"]
    naive = 1 - events[events["stage"] == "buying"]["customer"].nunique() / n
    assert naive > row["high"]  # counting open journeys as lost
    assert row["entered"] + row["still_open"] < n  # those gone on too lately are left out too


def test_a_strange_stage_or_a_step_without_time_is_refused() -> None:
    with pytest.raises(DataError, match="did you mean 'buying'"):
        drop_off(log(("a", "buyin", 0)), stages=STEPS, window=1)
    with pytest.raises(DataError, match="1 events have no time"):
        drop_off(log(("a", "buying", 0)).assign(time=pd.NaT), stages=STEPS, window=1)
    with pytest.raises(DataError, match="above 0"):
        drop_off(log(("a", "buying", 0)), stages=STEPS, window=0)
