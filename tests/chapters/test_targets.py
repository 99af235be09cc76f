"""The targets of the demo clients come out as planted; what is said of them holds together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cxlib import Engagement
from cxlib.analysis import drivers, targets
from cxlib.chapters.targets import figures, findings, tables
from cxlib.data.demo import harbour, lakeside
from cxlib.plots import theme
from cxlib.present import verdicts
from cxlib.present.findings import Finding, tell
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.conftest import ROOT
from tests.plots.overlaps import overlapping

CLIENTS = {"harbour": "harbour-hotels", "lakeside": "lakeside-bank", "nova": "nova-mall"}


@dataclass
class Told:
    engagement: Engagement
    contract: pd.DataFrame
    rows: pd.DataFrame
    findings: dict[str, Finding]


def say(e: Engagement, *, plans: Any = ()) -> Told:
    contract = tables.contract(e)
    rows = tables.told(contract, list(plans))
    found = tell(e.withheld(rows), findings.RULES, chapter="targets")
    return Told(e, contract, rows, {finding.subject: finding for finding in found})


@pytest.fixture(scope="module")
def told(demo_workspace: Workspace) -> dict[str, Told]:
    return {
        name: say(
            Engagement.open(client, language="en", chapter="targets", workspace=demo_workspace)
        )
        for name, client in CLIENTS.items()
    }


def test_the_verdicts_are_those_of_every_other_chapter(told: dict[str, Told]) -> None:
    for one in told.values():
        judged = one.engagement.judged().table
        pd.testing.assert_frame_equal(one.contract[["kpi", "target", "status", "course"]],
                                      judged[["kpi", "target", "status", "course"]])  # fmt: skip
    sources = set(told["lakeside"].contract["source"])
    assert sources == {"survey", "tickets"}


def test_every_kpi_with_a_target_makes_one_finding_in_few_words(told: dict[str, Told]) -> None:
    for one in told.values():
        assert set(one.findings) == set(one.contract["kpi"])
        for finding in one.findings.values():
            words = finding.headline(Words())
            assert len(words.split()) <= 40
            assert "n = " not in words


def test_harbour_is_short_and_has_never_moved_so_fast(told: dict[str, Told]) -> None:
    nps = told["harbour"].findings["nps"]
    assert nps.row["baseline"] == harbour.CHANGED_WAVE
    assert (nps.row["status"], nps.row["course"]) == ("missed", "too close to call")
    assert (nps.row["asks"], nps.row["pace"]) == ("yes", "faster than ever")
    assert nps.row["pace_needed"] > nps.row["pace_best"] > 0
    assert nps.severity == "serious"
    assert 0 < nps.row["rebound"] < 5  # the fall was real: little of it comes back by itself


def test_a_gap_too_small_to_measure_asks_for_no_more_answers(told: dict[str, Told]) -> None:
    csat = told["lakeside"].findings["csat"]
    assert csat.row["status"] == "too close to call"
    assert csat.next_step == verdicts.CLOSE_SO_FAR.next_step  # as every chapter says it
    for one in told.values():
        invited = one.engagement.invited or {}
        most = invited.get(one.engagement.period, np.inf)
        for name in ("n_to_settle", "n_needed"):
            survey = one.contract.loc[one.contract["source"] == "survey", name]
            assert not (survey > most).any()


def test_nova_is_told_once_that_its_target_is_long_behind_it(told: dict[str, Told]) -> None:
    nova = told["nova"]
    nps = nova.findings["nps"]
    assert (nps.severity, nps.row["held"], nps.row["of_periods"]) == ("good", "always", 24)
    assert nps.next_step == "Raise the target to the level that is held when it is next agreed."
    rungs = tables.rungs(nova.engagement)["nps"]
    middle = rungs[rungs["rung"].str.contains("realistic")].iloc[0]
    assert middle["ground"] == "hold"  # the level that is held is what is proposed, too
    assert middle["target"] == pytest.approx(nps.row["value"])


def test_a_target_that_asks_for_nothing_is_said_to(told: dict[str, Told]) -> None:
    row = told["lakeside"].contract.set_index("kpi").loc["fcr"]
    assert (row["asks"], row["status"]) == ("asks for nothing", "met")
    assert "fcr" not in set(tables.underway(told["lakeside"].contract)["kpi"])
    assert "3 without a start" in figures.standing(
        tables.underway(told["lakeside"].contract), words=told["lakeside"].engagement.words
    ).get_xlabel().replace("\n", " ")


def test_a_picture_of_the_targets_counts_what_there_is(told: dict[str, Told]) -> None:
    for one in told.values():
        title = figures.standing(
            tables.underway(one.contract), words=one.engagement.words
        ).get_gid()
        assert title is not None
        assert not re.search(r"\b0 ", title), title


def test_the_path_drawn_is_the_path_judged(told: dict[str, Told]) -> None:
    for one in told.values():
        for kpi, way in tables.paths(one.engagement, one.contract).items():
            row = one.contract.set_index("kpi").loc[kpi]
            at = way.set_index("period").loc[one.engagement.period]
            assert at["expected"] == pytest.approx(row["expected"])
            assert way["period"].iloc[-1] == row["due"]


def test_levels_differ_or_stand_as_one_and_no_realistic_one_beats_the_best_seen(
    told: dict[str, Told],
) -> None:
    for one in told.values():
        every = one.engagement.kpis().table
        every = every[every["brand"] == "own"]
        for kpi, rungs in tables.rungs(one.engagement).items():
            seen = every[(every["kpi"] == kpi) & (every["n"] >= 30)]
            error = seen[seen["period"] == one.engagement.period]["standard_error"].iloc[0]
            assert (rungs["target"].diff().iloc[1:] >= error - 1e-9).all()
            middle = rungs[rungs["rung"].str.contains("realistic")]["target"].iloc[0]
            assert middle <= seen["value"].max() + 1e-9


def test_the_competitor_is_a_ground_at_the_clients_own_mix(told: dict[str, Told]) -> None:
    theirs = tables.best_competitors(told["lakeside"].engagement)
    every = told["lakeside"].engagement.kpis().table
    raw = every[(every["brand"] == lakeside.COMPETITOR) & every["segment"].isna()]
    raw = raw[(raw["kpi"] == "nps") & (raw["period"] == "2026Q3")]["value"].iloc[0]
    own = every[(every["brand"] == "own") & every["segment"].isna() & (every["kpi"] == "nps")]
    # half of the client's answers, a fifth of the competitor's, come from low-rating card customers
    assert own["value"].iloc[-1] < theirs["nps"] < raw - 5


def scenario(e: Engagement) -> Any:
    return drivers.scenario(
        e.survey(),
        outcome=e.metrics[0],
        drivers=e.touchpoints,
        changes={harbour.BROKEN: -harbour.CHECKIN_SHIFT[e.period], "wifi": 0.3},
        weights="weight",
        bootstrap=60,
    )


def test_mending_what_is_broken_counts_by_half_and_is_named_as_what_it_is(
    told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    e = told["harbour"].engagement
    saved = SimpleNamespace(results={"scenario": None, "recovery": scenario(e)})
    monkeypatch.setattr(type(e), "read", lambda *_: saved)
    (plan,) = tables.plans(e, told["harbour"].contract)
    about = plan.summary.iloc[0]
    steps = tables.steps([plan])
    assert about["means"] == targets.RECOVERY
    assert steps.set_index("driver").loc[harbour.BROKEN, "adds"] > 8
    assert about["value"] + steps["adds"].sum() == pytest.approx(about["predicted"])
    assert about["predicted_change"] == pytest.approx(about["full_change"] / 2)
    finding = say(e, plans=[plan]).findings["nps"]
    assert finding.row["means"] == targets.RECOVERY
    assert "never moved as fast" in finding.headline(Words())  # one sentence about the way left
    assert finding.severity == "serious"


def test_no_plan_is_invented_where_the_client_file_names_none(
    told: dict[str, Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    e = told["harbour"].engagement
    free = scenario(e)
    free.table["cap"] = np.nan  # a small step that nobody asked for, and no group to look up to
    saved = SimpleNamespace(results={"scenario": free, "recovery": None})
    monkeypatch.setattr(type(e), "read", lambda *_: saved)
    assert tables.plans(e, told["harbour"].contract) == []


def test_rules_speak_of_columns_that_the_rows_have(told: dict[str, Told]) -> None:
    rows = told["lakeside"].rows
    known = set(rows.columns) | {f"by_{name}" for name in rows.columns}
    for rule in findings.RULES:
        assert set(rule.when) <= known
        assert set(re.findall(r"{(\w+)}", rule.says + rule.next_step)) <= known


def drawn(one: Told) -> Iterator[Any]:
    words = one.engagement.words
    yield figures.standing(tables.underway(one.contract), words=words)
    yield figures.sample(tables.curve(one.engagement), words=words)
    for way in tables.paths(one.engagement, one.contract).values():
        yield figures.way(way, words=words)
    for rungs in tables.rungs(one.engagement).values():
        yield figures.levels(rungs, words=words)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("client", CLIENTS)
def test_figures_say_what_they_show_and_no_text_lies_on_another(
    demo_workspace: Workspace, client: str, language: str
) -> None:
    name = CLIENTS[client]
    e = Engagement.open(name, language=language, chapter="targets", workspace=demo_workspace)
    with theme.applied():
        for ax in drawn(say(e)):
            figure = ax.get_figure()
            FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
            assert ax.get_label()
            ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()]
            assert overlapping([*ticks, ax.xaxis.label, ax.yaxis.label]) == []
            for text in ax.texts:  # a first value lies on no mark of the axis
                assert overlapping([text, *ax.get_yticklabels()]) == []
            for text in [*ax.texts, *ticks]:
                box = text.get_window_extent()
                assert box.x0 >= -1
                assert box.x1 <= figure.bbox.x1 + 1


def test_the_chapter_reads_the_drivers_where_that_chapter_exists() -> None:
    if not (ROOT / "notebooks" / "06-drivers.ipynb").is_file():
        pytest.skip("there is no chapter on drivers")
    notebook = json.loads((ROOT / "notebooks" / "07-targets.ipynb").read_text(encoding="utf-8"))
    assert notebook["metadata"]["cx"]["reads"] == ["drivers?"]
