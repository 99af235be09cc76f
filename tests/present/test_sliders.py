"""Sliders over a scenario: they predict, escape, keep to the caps, and stay out of batch jobs."""

from __future__ import annotations

import sys
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis import drivers, members
from cxlib.analysis.staffing import agents_needed
from cxlib.errors import SetupError
from cxlib.present import sliders
from cxlib.words import Words
from cxlib.workspace import JOB_VARIABLE, Workspace
from tests.analysis.surveys import NAMES, survey


@pytest.fixture(scope="module")
def model() -> drivers.ScenarioModel:
    data = survey()
    data["tier"] = ["a", "b"] * 200
    return drivers.scenario_model(
        data, outcome="nps", drivers=NAMES, segments=["tier"], bootstrap=50, scale=(1, 5)
    )


@pytest.fixture(autouse=True)
def interactive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(JOB_VARIABLE, raising=False)


def test_a_moved_slider_tells_the_new_prediction(model: drivers.ScenarioModel) -> None:
    pytest.importorskip("ipywidgets")
    panel: Any = sliders.scenario_sliders(model, words=Words())
    *moved, button, told = panel.children
    assert len(moved) == len(NAMES)
    today = model.predict({})
    assert f"nps: {Words().number(today.predicted, 1)}, a" in told.value
    moved[0].value = -0.5
    lower = model.predict({"t0": -0.5})
    assert f"nps: {Words().number(lower.predicted, 1)}, a" in told.value
    button.click()
    assert [slider.value for slider in moved] == [0.0] * len(NAMES)
    assert f"nps: {Words().number(today.predicted, 1)}, a" in told.value


def test_the_change_is_applied_to_the_published_score(model: drivers.ScenarioModel) -> None:
    pytest.importorskip("ipywidgets")
    panel: Any = sliders.scenario_sliders(model, words=Words(), headline=9.1, start={"t0": 0.1})
    change = model.predict({"t0": 0.1}).change
    assert f"nps: {Words().number(9.1 + change, 1)}, a" in panel.children[-1].value
    assert sliders.scenario_sliders(None, words=Words()) is None


def test_the_cap_holds_and_is_told(model: drivers.ScenarioModel) -> None:
    pytest.importorskip("ipywidgets")
    panel: Any = sliders.scenario_sliders(model, words=Words(), start={"t0": 0.9})
    assert panel.children[0].value == pytest.approx(0.9)
    assert "t0: " in panel.children[-1].value
    assert "no segment is above" in panel.children[-1].value


def test_labels_of_the_client_are_escaped(model: drivers.ScenarioModel) -> None:
    pytest.importorskip("ipywidgets")
    labels = {"t0": "<b>bold</b>", "nps": "<script>NPS</script>"}
    panel: Any = sliders.scenario_sliders(model, words=Words(labels=labels), start={"t0": 0.2})
    assert "<script>" not in panel.children[-1].value
    assert "<b>bold" not in panel.children[-1].value
    assert "&lt;script&gt;" in panel.children[-1].value


def test_chinese_readers_see_chinese(model: drivers.ScenarioModel) -> None:
    pytest.importorskip("ipywidgets")
    panel: Any = sliders.scenario_sliders(model, words=Words.load("zh"))
    assert panel.children[-2].description == "恢复当前值"


def test_a_batch_job_gets_nothing(
    model: drivers.ScenarioModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(JOB_VARIABLE, "1")
    assert not sliders.wanted()
    assert sliders.scenario_sliders(model, words=Words()) is None


def test_without_ipywidgets_the_message_says_how_to_get_it(
    model: drivers.ScenarioModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(SetupError, match="pip install ipywidgets"):
        sliders.scenario_sliders(model, words=Words())


RULES = {
    "Silver": {"from": 0.0, "benefits": 1.0},
    "<b>Gold": {"from": 500.0, "benefits": 40.0, "points": 1.0},
}


def tiers(n: int = 400, **other: Any) -> Any:
    spend = pd.DataFrame({"spend": np.linspace(0, 1_000, n)})
    simulate = partial(members.simulate_tiers, spend, draws=50)
    known: Any = {"rules": RULES, "words": Words(), "unit": "GBP", "minimum_base": 10}
    return sliders.tier_sliders(simulate, **known | other)


def test_a_moved_threshold_tells_what_it_costs() -> None:
    pytest.importorskip("ipywidgets")
    panel = tiers()
    *moved, button, told = panel.children
    assert len(moved) == 3  # the lowest tier's threshold stays 0
    today = told.value
    assert "£0" in today
    assert "&lt;b&gt;Gold" not in today
    threshold = next(one for one in moved if one.value == 500)
    threshold.value = 750
    assert "−£3,9" in told.value  # 100 members less at 40 and 1: 3,900
    assert "who fall: 100" in told.value
    threshold.value = 0
    assert "do not rise" in told.value
    button.click()
    assert told.value == today


def test_few_members_are_not_counted_to_the_reader() -> None:
    pytest.importorskip("ipywidgets")
    panel = tiers(24)
    next(one for one in panel.children[:-2] if one.value == 500).value = 600
    assert "fewer than 10" in panel.children[-1].value
    assert "Too few" in tiers(8).children[-1].value


def test_no_tiers_no_sliders(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tiers(rules={}) is None
    monkeypatch.setenv(JOB_VARIABLE, "1")
    assert tiers() is None


def test_a_moved_target_is_judged_by_the_one_rule(demo_workspace: Workspace) -> None:
    pytest.importorskip("ipywidgets")
    engagement = Engagement.open("lakeside-bank", language="en", workspace=demo_workspace)
    given: Any = {"period": engagement.period, "words": engagement.words}
    panel: Any = sliders.target_sliders(
        engagement.kpis(), engagement.targets, minimum_base=10, **given
    )
    *moved, button, told = panel.children
    row = engagement.judged().table.set_index("kpi").loc["nps"]
    nps = next(s for s in moved if s.description == engagement.words.label("nps"))
    assert engagement.words.say(row["status"]) in told.value
    nps.value = nps.min
    assert nps.min < row["low"]
    assert f"against {engagement.words.quantity(nps.min, 'points')}: met" in told.value
    button.click()
    assert nps.value == pytest.approx(row["target"])
    shown = {one.description: one.readout_format for one in moved}
    assert shown["First-contact resolution"] == ",.1f"  # 85.0 of 100, as everywhere else
    assert shown["Handle time, seconds"] == ",.0f"
    assert ": –" not in told.value  # what is counted has no chance
    none: Any = sliders.target_sliders(
        engagement.kpis(), engagement.targets, minimum_base=10**6, **given
    )
    assert none is None


def test_moved_staffing_tells_what_erlang_says() -> None:
    pytest.importorskip("ipywidgets")
    plan = SimpleNamespace(
        table=pd.DataFrame({"calls_per_hour": [40.0, 200.0]}), handle_seconds=180.0,
        service_level=0.8, answer_seconds=20.0, shrinkage=0.3,
    )  # fmt: skip
    panel: Any = sliders.staffing_sliders(plan, words=Words())
    assert "14 at their desks, 20 on the roster" in panel.children[-1].value
    panel.children[0].value = 100.0
    fewer = agents_needed(
        calls_per_hour=100, handle_seconds=180, service_level=0.8, answer_seconds=20, shrinkage=0.3
    )
    assert f"{fewer.agents} at their desks" in panel.children[-1].value
    plan.table = plan.table.head(0)
    assert sliders.staffing_sliders(plan, words=Words()) is None
