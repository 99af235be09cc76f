"""The targets of the demo clients come out as planted."""

from __future__ import annotations

import json

import pytest

from cxlib import Engagement
from cxlib.analysis import contract, drivers
from cxlib.data.demo import harbour, lakeside
from cxlib.findings import targets as findings
from cxlib.workspace import Workspace
from tests.conftest import ROOT

CLIENTS = {"harbour": "harbour-hotels", "lakeside": "lakeside-bank", "nova": "nova-mall"}


@pytest.fixture(scope="module")
def engagements(demo_workspace: Workspace) -> dict[str, Engagement]:
    return {
        name: Engagement.open(client, language="en", chapter="targets", workspace=demo_workspace)
        for name, client in CLIENTS.items()
    }


@pytest.fixture(scope="module")
def reviews(engagements: dict[str, Engagement]) -> dict[str, contract.Review]:
    return {
        name: contract.review(
            e.survey(period="history"), targets=e.targets, metrics=e.metrics, period=e.period
        )
        for name, e in engagements.items()
    }


def test_harbour_is_on_its_way_back_from_the_wave_in_which_check_in_broke(
    reviews: dict[str, contract.Review],
) -> None:
    row = reviews["harbour"].table.set_index("metric").loc["nps"]
    assert row["start"] == harbour.CHANGED_WAVE
    assert row["status"] == "not met"
    assert row["worst_of"] == 7
    assert 0 < row["rebound"] < 5  # the fall was real: little of it comes back by itself
    assert row["expected_low"] < row["value"] < row["expected_high"]


def test_the_relaunch_of_bookings_met_the_target_of_ease(
    reviews: dict[str, contract.Review],
) -> None:
    for client in ("harbour", "lakeside"):
        row = reviews[client].table.set_index("metric").loc["ces"]
        assert row["status"] == "met"
        assert row["change_low"] > 0


def test_lakesides_target_of_recommendation_is_behind_and_was_never_provable(
    reviews: dict[str, contract.Review],
) -> None:
    told = {finding.id: finding for finding in findings.way(reviews["lakeside"])}
    assert told["targets.nps.2026Q4.way"].severity == "serious"
    warned = {finding.id for finding in findings.proof(reviews["lakeside"])}
    assert {"targets.nps.2026Q4.noise", "targets.csat.2026Q4.noise"} <= warned


def test_every_contract_has_one_met_one_missed_and_one_open_target(
    reviews: dict[str, contract.Review],
) -> None:
    for review in reviews.values():
        assert sorted(review.table["status"]) == ["cannot tell at this n", "met", "not met"]
        assert review.table["clause"].notna().all()


def test_nothing_of_novas_past_is_a_ground_since_nothing_ever_changed(
    engagements: dict[str, Engagement],
) -> None:
    e = engagements["nova"]
    (nps,) = contract.proposals(
        e.survey(period="history"), metrics=e.metrics[:1], period=e.period, segments=e.segments
    )
    assert set(nps.candidates["ground"]) == {"detectable"}


def test_mending_what_is_broken_moves_recommendation_and_adds_up(
    engagements: dict[str, Engagement], reviews: dict[str, contract.Review]
) -> None:
    e = engagements["harbour"]
    scenario = drivers.scenario(
        e.survey(),
        outcome=e.metrics[0],
        drivers=e.touchpoints,
        changes={harbour.BROKEN: -harbour.CHECKIN_SHIFT[e.period], "wifi": 0.3},
        weights="weight",
        bootstrap=60,
    )
    plan = contract.outlook(scenario, targets=reviews["harbour"].table)
    steps = plan.table[plan.table["role"] == "step"].set_index("step")["change"]
    assert plan.now + steps.sum() == pytest.approx(plan.predicted)
    assert steps[harbour.BROKEN] > 10 > abs(steps["wifi"])
    assert plan.clause == "2.2.1"


def test_the_competitor_is_a_ground_where_one_was_surveyed(
    engagements: dict[str, Engagement],
) -> None:
    e = engagements["lakeside"]
    market = e.survey(brand=None)
    rival = contract.proposals(
        e.survey(period="history"), metrics=e.metrics[:1], period=e.period, market=market
    )[0].candidates.set_index("ground")
    theirs = market[market["brand"] == lakeside.COMPETITOR]["nps"]
    expected = 100 * ((theirs >= 9).sum() - (theirs <= 6).sum()) / theirs.notna().sum()
    assert rival.loc["benchmark", "target"] == pytest.approx(expected)


def test_the_chapter_reads_the_drivers_where_that_chapter_exists() -> None:
    if not (ROOT / "notebooks" / "06-drivers.ipynb").is_file():
        pytest.skip("there is no chapter on drivers")
    notebook = json.loads((ROOT / "notebooks" / "07-targets.ipynb").read_text(encoding="utf-8"))
    assert notebook["metadata"]["cx"]["reads"] == ["drivers?"]
