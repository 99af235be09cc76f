"""Monitoring the demo clients recovers what was planted in them, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from cxlib.analysis.competitors import Competition

from cxlib import Engagement
from cxlib.analysis import investigation, pages, splits, trends
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.data.demo import harbour, lakeside
from cxlib.findings import Finding
from cxlib.findings import monitoring as findings
from cxlib.workspace import Workspace


@dataclass
class Monitored:
    page: pages.ChartPage
    warned: investigation.WarningList
    parts: splits.ChangeSplits
    found: dict[str, Finding]


def monitor(workspace: Workspace, client: str, period: str = "latest") -> Monitored:
    e = Engagement.open(client, period=period, chapter="monitoring", workspace=workspace)
    history = e.survey(period="history")
    repeat = e.client.survey is not None and e.client.survey.repeat_respondents
    cluster = "respondent_id" if repeat else None
    page = pages.chart_page(
        history,
        questions=[*e.metrics, *e.touchpoints],
        targets=e.targets,
        known_periods=e.periods,
        cluster=cluster,
    )
    warned = investigation.investigate(
        trends.early_warnings(page.charts),
        page=page,
        survey=history,
        metrics=e.metrics,
        touchpoints=e.touchpoints,
        segments=e.segments,
        cluster=cluster,
    )
    parts = splits.split_changes(
        history,
        metrics=e.metrics[:1],
        segments=e.segments,
        period=e.period,
        previous=e.previous,
        cluster=cluster,
    )
    told = [
        *findings.warnings(warned, page),
        *findings.places(warned, page),
        *findings.charts(page),
        *findings.assurance(page),
    ]
    return Monitored(page, warned, parts, {finding.id: finding for finding in told})


@pytest.fixture(scope="module")
def hotel(demo_workspace: Workspace) -> Monitored:
    return monitor(demo_workspace, "harbour-hotels", harbour.CHANGED_WAVE)


@pytest.fixture(scope="module")
def bank(demo_workspace: Workspace) -> Monitored:
    return monitor(demo_workspace, "lakeside-bank", lakeside.CHANGED_WAVE)


@pytest.fixture(scope="module")
def mall(demo_workspace: Workspace) -> Monitored:
    return monitor(demo_workspace, "nova-mall")


def test_harbours_fall_is_warned_of_in_the_wave_it_happened(hotel: Monitored) -> None:
    rows = hotel.warned.table.set_index("metric")
    assert rows.loc["nps", "since"] == harbour.CHANGED_WAVE
    assert rows.loc["nps", "where"] == harbour.BROKEN
    assert rows.loc["nps", "level"] == ""
    assert harbour.BROKEN in rows.index
    assert rows.loc["nps", "change"] == pytest.approx(
        harbour.CHECKIN_SHIFT[harbour.CHANGED_WAVE], abs=0.2
    )


def test_harbours_guests_say_what_broke(hotel: Monitored) -> None:
    comments = hotel.warned.comments
    assert comments["touchpoint"].eq(harbour.BROKEN).all()
    assert 1 <= len(comments) <= 3
    assert (comments["rating"] <= 2).all()


def test_lakesides_fall_is_a_different_mix_of_products(bank: Monitored) -> None:
    row = bank.warned.table.set_index("metric").loc["nps"]
    assert row["where"] == "other customers, not the service"
    told = bank.found["monitoring.nps.place"]
    assert told.facts["segment"] == "product"
    main = bank.parts.main("nps", "last period")
    assert main is not None
    assert main["segment"] == "product"
    assert main["mix_high"] < 0
    assert main["rate_low"] < 0 < main["rate_high"]


def test_lakesides_rates_did_not_move_once_the_mix_is_equal(bank: Monitored) -> None:
    cause = bank.warned.causes[0]
    assert cause.drilldown is not None
    assert cause.drilldown.place is None


def test_nova_is_left_in_peace(mall: Monitored) -> None:
    assert mall.warned.table.empty
    assert mall.found["monitoring.warning.none"].facts["n"] == 11
    assert not mall.page.table["trial"].any()


def test_eight_quarters_are_on_trial_and_said_so(hotel: Monitored, bank: Monitored) -> None:
    assert bank.found["monitoring.page.trial"].facts["points"] == "8"
    assert hotel.found["monitoring.page.trial"].facts["points"] == "7"


def test_a_past_month_stands_as_it_stood_then(demo_workspace: Workspace, mall: Monitored) -> None:
    august = monitor(demo_workspace, "nova-mall", "2026-08")
    assert august.page.history["period"].max() == "2026-08"
    now = mall.page.history.set_index(["metric", "period"])["value"]
    then = august.page.history.set_index(["metric", "period"])["value"]
    assert (now.reindex(then.index).dropna() - then.dropna()).abs().max() < 1e-12


def test_every_warning_of_the_first_bad_wave_is_serious_and_rests_on_answers(
    hotel: Monitored,
) -> None:
    for key in ("nps", harbour.BROKEN):
        told = hotel.found[f"monitoring.{key}.warning"]
        assert told.severity == "serious"
        assert told.base is not None
        assert told.base > 600
        assert told.next_step is not None


@pytest.fixture(scope="module")
def rivals(demo_workspace: Workspace) -> dict[str, Competition]:
    e = Engagement.open("lakeside-bank", chapter="monitoring", workspace=demo_workspace)
    everyone = e.survey(brand=None)
    steps: list[Metric | Touchpoint] = [*e.metrics, *e.touchpoints]
    return {
        "raw": trends.compare_competitors(everyone, metrics=steps),
        "matched": trends.compare_competitors(everyone, metrics=steps, match=["product"]),
    }


def test_northgates_contact_centre_is_better_whatever_the_mix(
    rivals: dict[str, Competition],
) -> None:
    for found in rivals.values():
        row = found.table.set_index("metric").loc[lakeside.BROKEN]
        assert row["standing"] == "behind"
        assert row["low"] < -lakeside.COMPETITOR_SHIFT[lakeside.BROKEN] < row["high"]


def test_matching_takes_the_card_customers_out_of_the_gap(
    rivals: dict[str, Competition],
) -> None:
    gaps = {name: found.table.set_index("metric")["gap"] for name, found in rivals.items()}
    assert abs(gaps["matched"]["nps"]) < abs(gaps["raw"]["nps"])
    told = findings.rivals(rivals["matched"])
    assert any(f.facts.get("match") == ("product",) for f in told)
