"""What is plainly meant is read, whatever form it comes in; what cannot be meant is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import (
    actions,
    agreement,
    comments,
    fieldwork,
    journey,
    lifetime,
    members,
    obligations,
    retention,
    selection,
    training,
    visits,
)
from cxlib.errors import DataError

SAID = ["The staff was not friendly", "waiting too long", "", None, "员工很好"]
BOOK = {"themes": {"staff": ["staff", "员工"], "wait": ["wait*"]}}
GAIN = pd.DataFrame({"pre": [1.0, 2, 3, 4], "post": [2.0, 4, 4, 6], "trained": [1, 1, 0, 0]})
QUOTA = pd.DataFrame({"segment": [""], "level": [""], "answers": [10]})
FIELD = pd.DataFrame({"date": ["2026-01-01", "2026-01-02", "2026-01-03"], "finished": [1, 0, 1]})
VISITS = pd.DataFrame({"visit": ["a", "b"], "location": ["A", "B"], "standard": "s", "score": 0})
AB = {"s": ["a", "b"]}
SCORES = pd.DataFrame({"touchpoint": ["a", "b"], "value": 4, "low": 3, "high": 5, "n": 50})
TWICE = pd.concat([SCORES, SCORES])
STEPS = pd.DataFrame(
    {"customer": [1, 1], "stage": ["s", "u"], "time": ["2026-01-01", "2026-01-02"]}
)
DUE = pd.DataFrame({"id": ["d"], "due": ["2026-01-10"]})
STAYS = pd.DataFrame({"t": np.arange(1, 61), "left": 1, "kind": ["a", "b"] * 30})
OPTIONS = [[5, 8, 4], [7, 6, 8], [8, 8, 6], [7, 4, 6]]
flags = pytest.mark.parametrize(
    "told", [["yes", "yes", "no", "no"], ["True", "true", "False", ""], [1.0, 1, 0, None]]
)


@pytest.mark.parametrize("form", [list, tuple, lambda x: np.array(x, dtype=object), pd.Categorical])
def test_comments_come_in_any_column(form: Callable[[list[Any]], Any]) -> None:
    given, plain = form(SAID), pd.Series(SAID)
    found, known = (comments.themes(c, codebook=BOOK) for c in (given, plain))
    pd.testing.assert_frame_equal(found.table, known.table)
    assert (
        comments.sentiment(given).table["score"] == comments.sentiment(plain).table["score"]
    ).all()
    both = [comments.keyness(c, group=[1, 1, 0, 0, 0], minimum=1) for c in (given, plain)]
    assert both[0].table.equals(both[1].table)
    assert comments.topics(given).n_dropped == len(SAID)


@flags
def test_yes_and_no_are_no_matter_how_they_are_written(told: list[Any]) -> None:
    """As plain truth values all texts are true, "no" as well."""
    rows = GAIN.iloc[[0, 1, 2, 2]].assign(trained=[*told[:3], "no"])
    assert (found := training.against(rows)).n == 2 == found.n_without
    assert fieldwork.progress(FIELD.assign(finished=told[1:]), plan=QUOTA).n_finished == 1
    critical = visits.scorecard(VISITS.assign(critical=told[1:3])).table.set_index("location")
    assert critical["critical"].to_dict() == {"A": 1, "B": 0}
    survival = retention.survival(STAYS.head(4).assign(left=told), duration="t", event="left")
    assert survival.summary["events"].item() == 2
    coded = pd.DataFrame({"staff": told[1:3]}, index=[0, 1])
    found_in = comments.themes(SAID, codebook=BOOK).agreement_with(coded)
    assert found_in["coded"].item() == 1


def test_days_are_texts_dates_or_moments() -> None:
    plan = pd.DataFrame({"id": ["a"], "due": [None]}, dtype=object)
    for due in ("2026-01-10", dt.date(2026, 1, 10), pd.Timestamp("2026-01-10")):
        for today in ("2026-02-10", dt.date(2026, 2, 10), pd.Timestamp("2026-02-10")):
            rows = plan.assign(due=pd.Series([due], dtype=object))
            assert actions.plan(rows, as_of=today).table["days_late"].item() == 31
            assert obligations.status(rows, as_of=today).table["days_late"].item() == 29  # Monday
    zoned = STEPS.assign(time=pd.to_datetime(STEPS["time"]).dt.tz_localize("UTC"))
    options: dict[str, Any] = {"stages": ["s", "u"], "window": 2, "until": "2026-02-01"}
    both = [journey.drop_off(steps, **options) for steps in (STEPS, zoned)]
    assert both[0].equals(both[1])
    assert both[0]["left"].iloc[0] == 0


def test_numbers_and_orders_in_other_forms() -> None:
    ladder = pd.CategoricalDtype(["low", "middle", "high"], ordered=True)
    words = pd.DataFrame(
        {"a": ["low", "high", "middle", None], "b": ["low", "middle", "high", "low"]}
    )
    ranks = words.replace({"low": 1, "middle": 2, "high": 3}).astype(float)
    by_word, by_rank = (
        agreement.krippendorff_alpha(x, level="ordinal").value
        for x in (words.astype(ladder), ranks)
    )
    assert by_word == pytest.approx(by_rank)
    by_float = selection.score(OPTIONS, weights=[1, 1, 1], draws=10.0)  # type: ignore[arg-type]
    assert by_float.table.equals(selection.score(OPTIONS, weights=[1, 1, 1], draws=10).table)
    right = np.random.default_rng(0).integers(0, 2, (20, 5))
    assert training.items(right).reliability == training.items(pd.DataFrame(right)).reliability
    one, few = (
        retention.hazards(STAYS, duration="t", event="left", covariates=c)
        for c in ("kind", ["kind"])
    )
    assert one.table.equals(few.table)
    lone, listed = (journey.map_journey({"s": of, "u": "b"}, scores=SCORES, scales=(1, 5)).table
                    for of in ("a", ["a"]))  # fmt: skip
    assert lone.equals(listed)
    held = pd.DataFrame({"before": [1, 2], "after": [2, 2]})
    assert members.tier_movement(held, order=[1, 2]).table["n"].tolist() == [1, 1]


def test_what_is_not_known_is_not_made_up() -> None:
    assert members.tier_of([0, np.nan, 100], {"S": 0, "G": 100}).tolist() == ["S", None, "G"]
    alike = training.evaluate(pd.DataFrame({"pre": [0.1, 0.2, 0.3], "post": [0.4, 0.5, 0.6]}))
    assert np.isnan([alike.low, alike.p_value, alike.d_z]).all()  # 0.3 each, but for rounding
    alone = agreement.krippendorff_alpha([[1, 2]])
    assert np.isnan([alone.low, alone.high]).all()


USED = pd.DataFrame({"member_id": [1]})
LISTED = pd.DataFrame({"member_id": [1, 1], "tier": "a", "joined": "2025-01-01", "left": None})
SPENT = pd.DataFrame({"spend": [1.0]})
DESIGNS = {"now": {"S": {"from": 0}}}
BEFORE: dict[str, Any] = {"start": "2026-01-01", "end": "2025-06-01"}
REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: training.evaluate(GAIN, confidence=95), "between 0 and 1"),
    (lambda: training.evaluate(GAIN, draws=-1), "0 or more"),
    (lambda: training.evaluate(GAIN, seed="x"), "whole number from 0"),  # type: ignore[arg-type]
    (lambda: training.against(GAIN.assign(trained="perhaps")), "'perhaps'.*yes and no"),
    (lambda: agreement.icc(OPTIONS, confidence=95), "between 0 and 1"),
    (lambda: fieldwork.sample_plan([{"kpi": "a", "sd": 1, "margin": 1}], confidence=95), "between"),
    (lambda: fieldwork.progress(FIELD.assign(date="soon"), plan=QUOTA), "'soon'.*no date"),
    (lambda: comments.sentiment(["good", "bad"], ratings=[None, None]), "no praise"),
    (lambda: journey.map_journey(AB, scores=SCORES, scales={"a": (1, 5)}), "no scale"),
    (lambda: journey.map_journey(AB, scores=TWICE, scales=(1, 5)), "twice"),
    (lambda: journey.drop_off(STEPS, stages=["s", "u"], window="x"), "above 0"),
    (lambda: actions.plan(pd.DataFrame({"id": ["a"], "due": ["soon"]})), "'soon' is not a day"),
    (lambda: actions.plan(pd.DataFrame({"id": ["a"], "effect": ["much"]})), "'much'.*no number"),
    (lambda: obligations.status(DUE, as_of="2026-02-01", fee_days="all"), "fee_days"),  # type: ignore[arg-type]
    (lambda: obligations.status(DUE, as_of="2026-02-01", review_days=-1), "0 or more"),
    (lambda: members.benefit_use(USED, LISTED), "twice"),
    (lambda: members.simulate_tiers(SPENT, designs=DESIGNS, confidence=95), "between"),
    (lambda: retention.rate(LISTED, **BEFORE), "lies before"),
    (lambda: lifetime.sbg([86.9, 74.3, 65.3]).project(-1), "0 or more"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "told"), REFUSED)
def test_what_cannot_be_meant_is_refused(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        call()
