"""The assessment of the demo clients recovers what was planted in them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cxlib import Engagement
from cxlib.analysis import compare, scores
from cxlib.findings import Finding
from cxlib.findings import assessment as findings
from cxlib.workspace import Workspace


@dataclass
class Assessed:
    engagement: Engagement
    headline: scores.Headline
    journey: scores.Headline
    changes: list[compare.ChangeDecomposition]
    found: dict[str, Finding]


@pytest.fixture(scope="module")
def assessed(demo_workspace: Workspace) -> dict[str, Assessed]:
    return {
        "harbour": assess(demo_workspace, "harbour-hotels", "2026Q2"),
        "lakeside": assess(demo_workspace, "lakeside-bank", "2026Q3"),
        "nova": assess(demo_workspace, "nova-mall", "latest"),
    }


def assess(workspace: Workspace, client: str, period: str) -> Assessed:
    e = Engagement.open(
        client, period=period, language="en", chapter="assessment", workspace=workspace
    )
    history, now, before = e.survey(period="history"), e.period, e.previous
    headline = scores.headline(history, metrics=e.metrics, period=now, previous=before)
    journey = scores.headline(history, metrics=e.touchpoints, period=now, previous=before)
    main = e.metrics[0]
    changes = [
        compare.decompose_change(e.survey(period="previous"), e.survey(), metric=main, by=segment)
        for segment in e.segments
    ]
    told = [
        *findings.headline(headline, targets=e.targets),
        *findings.change(changes),
        *findings.journey(journey),
    ]
    return Assessed(e, headline, journey, changes, {finding.id: finding for finding in told})


def test_harbours_check_in_collapsed_and_guests_judge_it_themselves(
    assessed: dict[str, Assessed],
) -> None:
    harbour = assessed["harbour"]
    moved = harbour.journey.table.set_index("metric")
    assert moved["p_adjusted"].idxmin() == "checkin"
    assert moved.loc["checkin", "change_high"] < 0
    assert harbour.found["assessment.touchpoint.weakest"].facts["touchpoint"] == "checkin"
    assert all(part.mix_low < 0 < part.mix_high for part in harbour.changes)


def test_lakesides_fall_is_other_customers_not_other_judgement(
    assessed: dict[str, Assessed],
) -> None:
    by = {part.by[0]: part for part in assessed["lakeside"].changes}
    assert by["product"].mix_high < 0
    assert by["product"].rate_low < 0 < by["product"].rate_high
    cause = assessed["lakeside"].found["assessment.nps.change.cause"]
    assert "because other customers answered" in cause.message
    assert cause.facts["segment"] == "product"


def test_novas_month_is_noise(assessed: dict[str, Assessed]) -> None:
    assert "assessment.nps.change.cause" not in assessed["nova"].found
    assert (assessed["nova"].headline.table["p_adjusted"] > 0.05).all()


def test_rate_and_mix_add_up_to_the_headlines_change(assessed: dict[str, Assessed]) -> None:
    for one in assessed.values():
        change = one.headline.table.set_index("metric").loc["nps", "change"]
        for part in one.changes:
            assert part.rate + part.mix == pytest.approx(part.total, abs=1e-9)
            assert part.total == pytest.approx(change, abs=1e-9)


def test_targets_come_out_as_planted(assessed: dict[str, Assessed]) -> None:
    lakeside = assessed["lakeside"].found
    assert lakeside["assessment.nps.target"].severity == "serious"
    assert lakeside["assessment.csat.target"].severity == "warning"
    assert lakeside["assessment.ces.target"].severity == "good"


def test_harbours_sample_is_brought_to_the_known_tiers(assessed: dict[str, Assessed]) -> None:
    e = assessed["harbour"].engagement
    survey = e.survey()
    shares = survey.groupby("tier")["weight"].sum() / survey["weight"].sum()
    for tier, share in e.margins["tier"].items():
        assert shares[tier] == pytest.approx(share, abs=0.005)


def test_a_past_period_is_seen_as_it_stood_then(demo_workspace: Workspace) -> None:
    e = Engagement.open("harbour-hotels", period="2025Q3", workspace=demo_workspace)
    assert e.survey(period="history")["period"].max() == "2025Q3"
    assert e.previous == "2025Q2"


def test_two_languages_say_the_same_numbers(assessed: dict[str, Assessed]) -> None:
    from cxlib.words import Words

    finding = assessed["lakeside"].found["assessment.nps.target"]
    english = Words.load("en").say(finding.message, **finding.facts)
    chinese = Words.load("zh").say(finding.message, **finding.facts)
    assert english != chinese
    for number in ("−2.4", "12.0", "594"):
        assert number in english
        assert number in chinese


def test_groups_come_in_the_order_that_the_client_file_declares(demo_workspace: Workspace) -> None:
    e = Engagement.open("harbour-hotels", workspace=demo_workspace)
    table = scores.score_table(
        e.survey(), metric=e.metrics[0], by=["tier"], versus="complement"
    ).table
    assert list(table["level"]) == ["银卡", "金卡", "白金卡"]
