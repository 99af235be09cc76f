from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cxlib import envelope
from cxlib.analysis.results import Caveat
from cxlib.envelope import Envelope, decode, encode
from cxlib.errors import DataError
from cxlib.present.findings import Finding, Rule


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": ["007", "b", None],
            "n": [1, 2, 3],
            "value": [0.1, np.nan, np.inf],
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "used": pd.array([True, None, False], dtype="boolean"),
            "care": [True, False, True],
            "tier": pd.Categorical(
                ["gold", "basic", None], categories=["basic", "gold"], ordered=True
            ),
            "date": pd.to_datetime(["2026-01-01", None, "2026-03-01 12:30"], format="ISO8601"),
            "wait": pd.to_timedelta([1, 2, None], unit="h"),
            "flags": [("shift",), (), ("trend", "outside")],
        }
    )


def through_json(value: object) -> object:
    import json

    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


def test_a_frame_reads_back_equal_to_the_dtype() -> None:
    pd.testing.assert_frame_equal(through_json(frame()), frame())


def test_an_index_of_its_own_survives() -> None:
    own = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index(["a", "007"], name="who"))
    pd.testing.assert_frame_equal(through_json(own), own)


def test_a_column_and_an_array_keep_their_index_and_shape() -> None:
    series = pd.Series([1.5, 2.5], index=pd.Index([7, 9], name="row"), name="weight")
    pd.testing.assert_series_equal(through_json(series), series)
    for shape in ((0, 4), (2, 3), (1, 2, 2)):
        array = np.arange(float(np.prod(shape))).reshape(shape)
        back = through_json(array)
        assert back.shape == shape
        np.testing.assert_array_equal(back, array)


def test_text_that_looks_like_a_number_stays_text_and_whole_numbers_stay_whole() -> None:
    assert through_json(("007", 7, 7.0)) == ("007", 7, 7.0)
    assert [type(v) for v in through_json(("007", 7, 7.0))] == [str, int, float]


def test_small_things_survive() -> None:
    value = {
        "day": dt.date(2026, 1, 2),
        "t": pd.Timestamp("2026-01-02 03:04"),
        "none": None,
        3: ["x", ("y",)],
    }
    assert through_json(value) == value
    array = np.array([[1.5, np.nan]])
    np.testing.assert_array_equal(through_json(array), array)


def test_a_caveat_keeps_its_message_and_facts() -> None:
    caveat = Caveat("{n} rows were left out.", n=3)
    back = through_json(caveat)
    assert back == "3 rows were left out."
    assert (back.message, back.facts) == (caveat.message, caveat.facts)


@settings(max_examples=30, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_whatever_a_result_can_hold_reads_back_equal(value: object) -> None:
    assert through_json(value) == value


def test_an_envelope_reads_back_equal_and_is_written_the_same_twice(tmp_path: Path) -> None:
    finding = Finding(id="demo.one", row={"n": 4}, rules=(Rule({}, "{n} answers.", "good"),))
    told = Envelope(
        client="a",
        chapter="demo",
        period="2026Q1",
        kit="1",
        results={"score": 1.5},
        findings=(finding,),
        provenance={"params": "x"},
    )
    envelope.write(tmp_path / "one.json", told)
    envelope.write(tmp_path / "two.json", told)
    assert envelope.read(tmp_path / "one.json") == told
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert told["score"] == 1.5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.json", "two.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is damaged"), ('{"schema": 99}', "not of schema 3"), ("[]", "not of schema 3")],
)
def test_a_damaged_envelope_says_what_to_do(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        envelope.read(path)


def test_what_an_older_kit_saved_names_the_command_that_makes_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "results" / "2026Q3" / "drivers.json"
    path.parent.mkdir(parents=True)
    told = Envelope(client="shop", chapter="drivers", period="2026Q3", kit="1", results={})
    envelope.write(path, told)
    held = json.loads(path.read_text(encoding="utf-8"))
    made = "cx run shop --chapter drivers --period 2026Q3 --force"
    of = "cxlib.analysis.results:Caveat"
    for old in ({"schema": 2}, {"results": {"x": {"$result": of, "fields": {"gone": 1}}}}):
        path.write_text(json.dumps(held | old), encoding="utf-8")
        with pytest.raises(DataError, match=made):
            envelope.read(path)
    del held["provenance"]
    path.write_text(json.dumps(held), encoding="utf-8")
    with pytest.raises(DataError, match=made):
        envelope.read(path)


def test_a_missing_result_is_named_with_the_nearest() -> None:
    told = Envelope(client="a", chapter="demo", period="p", kit="1", results={"headline": 1})
    with pytest.raises(DataError, match="did you mean 'headline'"):
        told["headlin"]


def test_a_result_names_only_the_kits_own_classes() -> None:
    with pytest.raises(DataError, match="not one of the kit's"):
        decode({"$result": "subprocess:Popen", "fields": {"args": "ls"}})


def test_what_no_result_can_hold_is_refused() -> None:
    with pytest.raises(DataError, match="cannot hold a function"):
        encode(lambda: None)
