"""Public figures, comments and ratings, read by writing a client file and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cxlib import Engagement
from cxlib.analysis import trends
from cxlib.chapters.comments import tables as comments
from cxlib.chapters.monitoring import findings, tables
from cxlib.data.tables import provenance
from cxlib.present.findings import Finding, tell
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.conftest import ROOT, made

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
REVIEWS = """client: reviews
name: {en: Shopping reviews, zh: 购物评价}
language: [en, zh]
comments:
  reviews:
    source:
      sql: >-
        select line, 5 as stars from read_csv('pos.txt.gz', header = false, delim = '\\x01',
        quote = '', columns = {'line': 'VARCHAR'}) union all
        select line, 1 from read_csv('neg.txt.gz', header = false, delim = '\\x01',
        quote = '', columns = {'line': 'VARCHAR'})
    columns: {text: line, rating: stars}
    scale: [1, 5]
    label: {en: Reviews, zh: 评价}
chapters: {comments: {codebook: retail}}
"""
LECTURES = """client: lectures
name: Lectures
language: en
survey:
  source: InstEval.csv.gz
  metrics:
    rating: {column: y, kind: mean, scale: [1, 5], label: Rating}
  segments:
    service: {column: service, values: {"0": Own department, "1": Other departments}}
    age: {column: lectage, label: Terms since the lecture}
"""
VOICES = {
    "reviews": (REVIEWS, ["chinese_reviews/pos.txt.gz", "chinese_reviews/neg.txt.gz"]),
    "lectures": (LECTURES, ["inter_rater/InstEval.csv.gz"]),
}
PUBLISHED = [71, 72, 73, 73, 73, 73, 73, 72, 70]
"""CMS, HCAHPS national results 2015-2023: hospitals rated 9 or 10, percent."""


def laid_out(
    root: Path, public: Path, clients: dict[str, tuple[str, list[str]]], *chapters: str
) -> Workspace:
    """Return a workspace of public files, each client's own file written by hand."""
    (root / "params").mkdir()
    (root / "notebooks").mkdir()
    (root / "notebooks" / "only-these").touch()
    for chapter in chapters:
        shutil.copy(ROOT / "notebooks" / f"{chapter}.ipynb", root / "notebooks")
    for client, (text, files) in clients.items():
        (root / "params" / f"{client}.yaml").write_text(text, encoding="utf-8")
        (root / "data" / client).mkdir(parents=True)
        for file in files:
            if not (public / file).is_file():
                pytest.skip(f"{file} is not among the public data sets")
            shutil.copyfile(public / file, root / "data" / client / Path(file).name)
    return Workspace(root.resolve())


@pytest.fixture(scope="module")
def workspace(public_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return laid_out(tmp_path_factory.mktemp("public"), public_data, FILES, "11-monitoring")


@pytest.fixture(scope="module")
def voices(public_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("voices")
    return laid_out(root, public_data, VOICES, "02-assessment", "03-comments")


@dataclass
class Watched:
    engagement: Engagement
    found: tables.Monitored
    told: dict[str, Finding]


def watch(workspace: Workspace, client: str, period: str = "latest") -> Watched:
    e = Engagement.open(client, period=period, chapter="monitoring", workspace=workspace)
    found = tables.monitor(e)
    standing = tables.standing(e, found, tables.KPIS)
    told = tell(e.withheld(standing), findings.KPIS, chapter="monitoring")
    return Watched(e, found, {finding.subject: finding for finding in told})


def test_the_present_process_will_not_meet_the_four_hour_target(workspace: Workspace) -> None:
    emergency = watch(workspace, "emergency")
    row = emergency.found.charts.table.iloc[0]
    assert row["usual"] == pytest.approx(88.48, abs=0.05)
    assert (row["usual_low"], row["usual_high"]) == pytest.approx((86.0, 90.9), abs=0.1)
    assert row["assurance"] == "misses"
    assert row["correlation"] == pytest.approx(0.76, abs=0.01)
    assert row["false_alarm_rate"] != row["false_alarm_rate"]  # not valid: neighbours are alike
    told = emergency.told["four_hours"]
    assert told.severity == "serious"
    words = Words.load("en", labels={"four_hours": "Seen within four hours"})
    assert "goes on missing its target of 95.0%" in told.headline(words)
    # 28 of 36 months signal: what every month did is told, not where it "stays"
    assert emergency.found.charts.charts["four_hours"].unsettled
    assert "in 36 periods it never reached it" in told.headline(words)
    assert np.isnan([row["miss_chance"], told.row["usual"], told.row["usual_low"]]).all()


def test_all_attendances_count_alike_in_the_monthly_figure(workspace: Workspace) -> None:
    e = watch(workspace, "emergency").engagement
    units = e.table("kpis", period="history")
    assert units["unit"].nunique() == 274
    assert units["period"].nunique() == 36
    series = e.series("four_hours").table
    whole = (series["value"] * series["n"].astype(float)).sum() / series["n"].sum()
    assert whole == pytest.approx(88.48, abs=0.005)


def test_a_bad_winter_month_is_followed_to_its_hospitals(workspace: Workspace) -> None:
    winter = watch(workspace, "emergency", "2018-03")
    course = winter.found.charts.charts["four_hours"].table
    low = course.loc[course["period"] == "2018-03", "value"].iloc[0]
    parts = trends.split_figure(
        winter.engagement.table("kpis", period="history"),
        metric="four_hours",
        before="2017-06",
        after="2018-03",
    )
    then = course.loc[course["period"] == "2017-06", "value"].iloc[0]
    assert len(parts) > 200
    assert 100 * parts["total"].sum() == pytest.approx(low - then)


def test_nine_waves_are_read_as_published(workspace: Workspace) -> None:
    charts = watch(workspace, "hospitals").found.charts
    nation = charts.history.query("kpi == 'nation'")
    assert nation["value"].tolist() == PUBLISHED
    assert nation["period"].tolist() == [str(year) for year in range(2015, 2024)]
    assert charts.table["trial"].all()
    assert charts.table["assurance"].isna().all()


def test_california_stays_behind_the_nation_in_every_wave(workspace: Workspace) -> None:
    row = watch(workspace, "hospitals").told["california"].row
    assert (row["periods_better"], row["periods_both"], row["reference_turn"]) == (0, 9, "worse")
    assert row["value"] - row["reference_value"] == pytest.approx(-4)


def test_both_reports_are_made_by_one_command(workspace: Workspace) -> None:
    made(workspace)
    assert len(list(workspace.reports.rglob("11-monitoring.html"))) == 2
    html = next(workspace.reports.glob("emergency/*/en/11-monitoring.html"))
    assert "goes on missing its target of 95.0%" in html.read_text("utf-8")


def test_chinese_reviews_are_told_apart_better_than_by_guessing(voices: Workspace) -> None:
    e = Engagement.open("reviews", chapter="comments", workspace=voices)
    told = provenance(e.workspace, e.client)["tables"]["comments"]
    assert (told["read"], told["kept"]) == (35_124, 19_387)  # the rest come again word for word
    study = comments.study(e)
    right = comments.accuracy(study).set_index("judged_by")
    assert right.loc["model", "accuracy"] == pytest.approx(0.84, abs=0.01)  # of folds held back
    assert right.loc["lexicon", "accuracy"] == pytest.approx(0.73, abs=0.01)
    assert right.loc["always the larger group", "accuracy"] == pytest.approx(0.522, abs=0.001)
    themes = comments.themes(e, study).set_index("theme")
    assert themes.loc["price", "turn"] == "better"
    assert themes.loc["resolution", "turn"] == "worse"


def test_reviews_and_a_thousand_raters_are_reported_by_one_command(voices: Workspace) -> None:
    made(voices)
    there = {p.relative_to(voices.reports).as_posix() for p in voices.reports.rglob("*.html")}
    assert {f"reviews/all/{language}/03-comments.html" for language in ("en", "zh")} <= there
    html = next(voices.reports.glob("lectures/all/en/02-assessment.html")).read_text("utf-8")
    assert "73,421" in html
    assert "3.21" in html  # the mean of all ratings, 3.2057
