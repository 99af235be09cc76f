"""Public figures monitored by writing a client file, and nothing but a client file."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from cxlib import Engagement
from cxlib.analysis import investigation, pages, trends
from cxlib.findings import Finding
from cxlib.findings import monitoring as findings
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.conftest import ROOT
from tests.test_end_to_end import cx

pytestmark = pytest.mark.slow

EMERGENCY = """client: emergency
name: {en: Emergency departments, zh: 急诊}
language: en
period: month
kpis:
  four_hours:
    source: ae_attendances.csv
    period: period
    numerator: breaches
    denominator: attendances
    complement: true
    unit: org_code
    direction: higher
    target: 0.95
    format: percent
    label: {en: Seen within four hours, zh: 四小时内就诊}
"""
HOSPITALS = """client: hospitals
name: Hospitals of California
language: en
period: year
kpis:
  california:
    source: state_results.csv
    period: Release Period
    date_format: "%m_%Y"
    value: Top-box Percentage
    where: {State: CA, Measure ID: H_HSP_RATING}
    direction: higher
  nation:
    source: national_results.csv
    period: Release Period
    date_format: "%m_%Y"
    value: Top-box Percentage
    where: {Measure ID: H_HSP_RATING}
    direction: higher
chapters: {monitoring: {reference: {california: nation}}}
"""
FILES = {
    "emergency": (EMERGENCY, ["nhs_ae/ae_attendances.csv"]),
    "hospitals": (HOSPITALS, ["hcahps/state_results.csv", "hcahps/national_results.csv"]),
}
PUBLISHED = [71, 72, 73, 73, 73, 73, 73, 72, 70]
"""CMS, HCAHPS national results 2015-2023: hospitals rated 9 or 10, percent."""


@pytest.fixture(scope="module")
def workspace(public_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("public")
    (root / "params").mkdir()
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "11-monitoring.ipynb", root / "notebooks")
    for client, (text, files) in FILES.items():
        (root / "params" / f"{client}.yaml").write_text(text, encoding="utf-8")
        (root / "data" / client).mkdir(parents=True)
        for file in files:
            if not (public_data / file).is_file():
                pytest.skip(f"{file} is not among the public data sets")
            shutil.copy(public_data / file, root / "data" / client)
    return Workspace(root.resolve())


@dataclass
class Watched:
    page: pages.ChartPage
    warned: investigation.WarningList
    found: dict[str, Finding]


def watch(workspace: Workspace, client: str, period: str = "latest") -> Watched:
    e = Engagement.open(client, period=period, chapter="monitoring", workspace=workspace)
    reference = e.options(reference={})["reference"]
    page = pages.chart_page(
        None,
        figures=e.table("kpis", period="history"),
        definitions=e.client.kpis,
        targets=e.targets,
        known_periods=e.periods,
    )
    warned = investigation.investigate(trends.early_warnings(page.charts), page=page, survey=None)
    told = [
        *findings.warnings(warned, page),
        *findings.places(warned, page),
        *findings.assurance(page),
        *findings.charts(page),
        *findings.benchmarks(page, against=reference),
    ]
    return Watched(page, warned, {finding.id: finding for finding in told})


def test_the_present_process_will_not_meet_the_four_hour_target(workspace: Workspace) -> None:
    emergency = watch(workspace, "emergency")
    row = emergency.page.table.iloc[0]
    assert 100 * row["centre"] == pytest.approx(88.48, abs=0.05)
    assert (100 * row["lower"], 100 * row["upper"]) == pytest.approx((86.0, 90.9), abs=0.05)
    assert row["assurance"] == "misses"
    assert emergency.page.charts["four_hours"].autocorrelation == pytest.approx(0.76, abs=0.01)
    told = emergency.found["monitoring.four_hours.assurance"]
    assert told.severity == "serious"
    words = Words.load("en", labels={"four_hours": "Seen within four hours"})
    assert words.say(told.message, **told.facts) == (
        "The present process will not meet the target of 95.0 % for Seen within four hours: it "
        "runs between 86.0 % and 90.9 % (36 periods)."
    )
    assert "monitoring.page.autocorrelation.drift" in emergency.found


def test_all_attendances_count_alike_in_the_monthly_figure(workspace: Workspace) -> None:
    units = watch(workspace, "emergency").page.units
    assert units["unit"].nunique() == 274
    assert units["period"].nunique() == 36
    whole = units["numerator"].sum() / units["denominator"].sum()
    assert 100 * whole == pytest.approx(88.48, abs=0.005)


def test_a_bad_winter_month_is_followed_to_its_hospitals(workspace: Workspace) -> None:
    winter = watch(workspace, "emergency", "2018-03")
    assert winter.warned.table.loc[0, "direction"] == "worsening"
    units = winter.warned.causes[0].units
    assert units is not None
    assert units.n_units > 200
    assert units.table["total"].sum() == pytest.approx(units.total)


def test_nine_waves_are_read_as_published(workspace: Workspace) -> None:
    hospitals = watch(workspace, "hospitals")
    nation = hospitals.page.history.query("metric == 'nation'")
    assert nation["value"].tolist() == PUBLISHED
    assert nation["period"].tolist() == [str(year) for year in range(2015, 2024)]
    assert hospitals.page.table["trial"].all()


def test_california_stays_behind_the_nation_in_every_wave(workspace: Workspace) -> None:
    told = watch(workspace, "hospitals").found["monitoring.california.benchmark"]
    assert told.facts["better"] == 0
    assert told.facts["n"] == 9
    assert told.facts["gap"].value == pytest.approx(-4)


def test_both_reports_are_made_by_one_command(workspace: Workspace) -> None:
    told = cx("run", cwd=workspace.root)
    assert told.returncode == 0, told.stderr
    manifest = json.dumps([p.name for p in workspace.reports.rglob("11-monitoring.html")])
    assert manifest.count("11-monitoring.html") == 2
    html = next(workspace.reports.glob("emergency/*/en/11-monitoring.html"))
    assert "The present process will not meet the target of 95.0 %" in html.read_text("utf-8")
