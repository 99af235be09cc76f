"""What callers get wrong, next to the message that each mistake must give."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import (
    agreement,
    compare,
    drivers,
    retention,
    scores,
    staffing,
    targets,
    weights,
)
from cxlib.errors import DataError
from tests.analysis.surveys import NAMES, survey

RATINGS = pd.Series([9, 3, 10, 7, 0] * 8, name="nps")
LABELS = pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])
NPS = scores.nps(RATINGS)
EASE, EFFORT = pd.Series([7, 4, 5] * 4), pd.Series([1, 3, 2] * 4)
WAVE = pd.DataFrame({"nps": RATINGS, "tier": ["gold", "blue"] * 20})
KINDS = {1: 0.3, "1": 0.2, 2: 0.5}
DRIVERS: dict[str, Any] = {"outcome": "nps", "drivers": list(NAMES[:3])}
FAST: dict[str, Any] = DRIVERS | {"bootstrap": 5}


def important(**options: Any) -> Any:
    return drivers.importance(survey(60), **(FAST | {"permutations": 0} | options))


def predicted(**options: Any) -> Any:
    return drivers.scenario(survey(200), **(FAST | {"changes": {NAMES[0]: 0.1}} | options))


def table(**options: Any) -> Any:
    return scores.score_table(WAVE, **({"metric": "nps", "by": "tier"} | options))


def split(by: Any = "tier", **options: Any) -> Any:
    frame = WAVE.rename(columns={"tier": by}) if by == "rate" else WAVE
    return compare.decompose_change(frame, frame, metric="nps", by=by, **options)


def bare(**facts: Any) -> Any:
    return SimpleNamespace(value=5.0, n=50, **facts)


WRONG: list[tuple[str, Callable[[], Any], str]] = [
    ("a number for a column", lambda: scores.nps(9), "one column of answers, not a int"),  # type: ignore[arg-type]
    ("nothing for a column", lambda: scores.csat(None), "not a NoneType"),  # type: ignore[arg-type]
    ("a table for a column", lambda: scores.nps(WAVE), "not a DataFrame"),  # type: ignore[arg-type]
    ("a column without a name", lambda: scores.nps(pd.Series([11])), "the column holds 11"),
    ("empty", lambda: scores.nps([]), "no answers in the column: all 0"),  # type: ignore[arg-type]
    (
        "a row by several labels",
        lambda: scores.nps(pd.Series([9, 11], index=LABELS)),
        "(row (2, b), 1 such)",
    ),
    ("confidence as text", lambda: scores.nps(RATINGS, confidence="x"), "confidence is 'x'"),  # type: ignore[arg-type]
    ("no confidence", lambda: scores.ces(EASE, confidence=None), "confidence is None"),  # type: ignore[arg-type]
    ("boxes as text", lambda: scores.csat(EFFORT, top="2"), "top is '2'"),  # type: ignore[arg-type]
    (
        "half a cut point",
        lambda: scores.nps(RATINGS, cut_points=(6, 8.5)),  # type: ignore[arg-type]
        "two whole numbers, not (6, 8.5)",
    ),
    ("a list for a table", lambda: scores.score_table([1], metric="nps", by="a"), "are a list"),  # type: ignore[arg-type]
    ("no metric", lambda: table(metric=None), "metric= is None"),
    ("a metric twice", lambda: table(metric=["nps", "nps"]), "metric= names 'nps' more than"),
    ("a segment twice", lambda: table(by=["tier", "tier"]), "by= names 'tier' more than once"),
    (
        "a segment called touchpoint",
        lambda: scores.score_table(
            WAVE.rename(columns={"tier": "touchpoint"}), metric=["nps"], by="touchpoint"
        ),
        "a segment cannot be called 'touchpoint'",
    ),
    ("a base as text", lambda: table(minimum_base="x"), "minimum_base is 'x'"),
    ("a score and a number", lambda: compare.difference(NPS, 5), "not a int"),  # type: ignore[arg-type]
    (
        "scores that turn opposite ways",
        lambda: compare.difference(scores.ces(EASE), scores.ces(EFFORT, direction="lower")),
        "higher is better in one score, lower in the other",
    ),
    ("a number benched", lambda: compare.benchmark(5, 5, direction="higher"), "not a int"),  # type: ignore[arg-type]
    ("no target", lambda: compare.benchmark(NPS, None, direction="higher"), "target is None"),  # type: ignore[arg-type]
    ("p as text", lambda: compare.adjust(["a"]), "'p_values' holds 'a' (row 0"),
    ("p in a table", lambda: compare.adjust(np.array([[0.1, 0.2]])), "one column or list"),
    ("half a resample", lambda: split(bootstrap=2.5), "bootstrap is 2.5; it is a whole number"),
    ("a seed below 0", lambda: split(seed=-1), "seed is -1; it is a whole number from 0"),
    ("a segment called rate", lambda: split(by="rate"), "a segment cannot be called 'rate'"),
    ("margins as a list", lambda: weights.rake(WAVE, ["tier"]), "margins is a list"),  # type: ignore[arg-type]
    ("a margin as a list", lambda: weights.rake(WAVE, {"tier": [1]}), "'tier' is no {level"),  # type: ignore[dict-item]
    ("a level twice", lambda: weights.rake(WAVE, {"tier": KINDS}), "level '1' more than once"),
    (
        "a cap as text",
        lambda: weights.rake(WAVE, {"tier": {"gold": 1}}, cap="x"),
        "mean weight) is 'x'",
    ),  # type: ignore[arg-type]
    ("drivers of none", lambda: important(drivers=None), "no drivers"),
    ("weights as numbers", lambda: important(weights=np.ones(60)), "weights= takes the name"),
    ("a cluster as a column", lambda: important(cluster=RATINGS), "cluster= takes the name"),
    ("resamples as text", lambda: important(bootstrap="x"), "bootstrap is 'x'"),
    ("a driver seed", lambda: important(seed="x"), "seed is 'x'"),
    ("a driver list", lambda: drivers.importance([1], **DRIVERS), "are a list, not a table"),  # type: ignore[arg-type]
    ("a map of nothing", lambda: drivers.priorities(5), "give what drivers.importance"),  # type: ignore[arg-type]
    ("changes as a number", lambda: predicted(changes=0.3), "changes names no driver"),
    (
        "a list for a column",
        lambda: retention.survival(WAVE, duration=["nps"], event="tier"),  # type: ignore[arg-type]
        "name one column, not a list",
    ),
    ("a list of marks", lambda: agreement.icc([1, 2], form="ICC2"), "the ratings are no table"),
    (
        "a tolerance of none",
        lambda: weights.rake(WAVE, {"tier": {"gold": 1, "blue": 1}}, tolerance=None),  # type: ignore[arg-type]
        "tolerance is None",
    ),
    (
        "a load beyond any centre",
        lambda: staffing.erlang_c(calls_per_hour=1e308, handle_seconds=180, agents=5),
        "hours a call) is inf; it must be at least 0",
    ),
    ("changes as a list", lambda: predicted(changes=[NAMES[0]]), "give {driver: change}"),
    ("a scale turned round", lambda: predicted(scale=(5, 1)), "scale is (5, 1); give the lowest"),
    ("half a scale", lambda: predicted(scale=(1,)), "scale is (1,); give the lowest"),
    ("cuts as text", lambda: predicted(cut_points=("a", "b")), "a cut point is 'a'"),
    ("alpha as text", lambda: targets.sample_size(change=5, sd=1, alpha="x"), "alpha is 'x'"),  # type: ignore[arg-type]
    ("a change as text", lambda: targets.sample_size(change="5", sd=1), "change is '5'"),  # type: ignore[arg-type]
    ("no change", lambda: targets.sample_size(change=1e-200, sd=1), "is too small for any"),
    ("n as text", lambda: targets.detectable_change(n="5", sd=1), "n is '5'"),  # type: ignore[arg-type]
    ("a target of none", lambda: targets.verdict(NPS, None, direction="higher"), "is None"),  # type: ignore[arg-type]
    (
        "a sample without uncertainty",
        lambda: targets.verdict(bare(), 6, direction="higher"),
        "5 comes without uncertainty",
    ),
    ("n_next of nan", lambda: targets.propose(NPS, direction="higher", n_next=np.nan), "n_next"),  # type: ignore[arg-type]
    (
        "a scenario that is none",
        lambda: targets.propose(NPS, direction="higher", scenario=5),
        "the scenario has no 'change'",
    ),
    (
        "a design misspelt",
        lambda: targets.sample_size(change=5, sd=1, desing="fixed target"),  # type: ignore[call-arg]
        "no option 'desing'; did you mean 'design'",
    ),
    (
        "weights misspelt",
        lambda: scores.distribution(RATINGS, scale=(0, 10), weight=RATINGS),  # type: ignore[call-arg]
        "no option 'weight'; did you mean 'weights'",
    ),
    (
        "a history of words",
        lambda: targets.propose(
            NPS, direction="higher", history=pd.DataFrame({"value": ["a"], "standard_error": [1]})
        ),
        "'value' holds 'a'",
    ),
]


@pytest.mark.parametrize(
    ("ask", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_a_wrong_call_is_told_in_the_kits_own_words(ask: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as told:
        ask()
    assert message in str(told.value)
    assert "np." not in str(told.value)
    assert len(str(told.value)) < 200


def test_whole_counts_may_come_as_floats() -> None:
    assert important(bootstrap=5.0).table.equals(important(bootstrap=5).table)


def test_a_census_needs_no_uncertainty() -> None:
    verdict = targets.verdict(bare(), 4, direction="higher", basis="census")
    assert verdict.status == "met"
