"""All chapters of a client say the same: one number, one verdict, one direction, one gap.

Read from what every chapter of every demo client saves: its results and its findings.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from cxlib import Engagement, envelope
from cxlib.analysis.kpis.verdicts import stands
from cxlib.chapters import register, registers_of
from cxlib.chapters.rows import recorded
from cxlib.envelope import Envelope
from cxlib.errors import SetupError
from cxlib.present.findings import Finding, on_record
from cxlib.report import deck, pdf
from cxlib.report.index import Kpi
from cxlib.report.saved import saved_chapters
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.conftest import DEMO_CLIENTS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("coherence")]

Told = dict[Any, dict[Any, set[str]]]
"""By what is told of: each answer, with the chapters that give it."""


def saved(place: Workspace, client: str) -> list[Envelope]:
    found = [envelope.read(path) for path in sorted(place.results(client).rglob("*.json"))]
    assert len({each.chapter for each in found}) >= 3
    return found


def frames(value: Any) -> Iterator[pd.DataFrame]:
    """Yield every table of a saved result."""
    if isinstance(value, pd.DataFrame):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from frames(each)
    elif isinstance(value, dict):
        yield from frames(list(value.values()))
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from frames(getattr(value, field.name))


def rows(place: Workspace, client: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every saved row about a KPI, and the facts of every finding, with its chapter."""
    for each in saved(place, client):
        for table in frames(dict(each.results)):
            if {"kpi", "value"} <= set(table.columns):
                for row in table.to_dict("records"):
                    yield each.chapter, {str(name): cell for name, cell in row.items()}
        for finding in each.findings:
            if isinstance(finding, Finding) and "kpi" in finding.row:
                yield each.chapter, dict(finding.row)


def known(row: dict[str, Any], *names: str) -> bool:
    return all(row.get(name) is not None and not pd.isna(row[name]) for name in names)


def whole(row: dict[str, Any]) -> bool:
    own = not known(row, "brand") or row["brand"] == "own"
    return own and not known(row, "level") and not known(row, "segment")


def differing(told: Told) -> list[str]:
    return [
        f"{about}: " + " | ".join(f"{answer} in {sorted(by)}" for answer, by in answers.items())
        for about, answers in told.items()
        if len(answers) > 1
    ]


def rounded(number: float) -> float:
    return float(f"{number:.9g}")


each_client = pytest.mark.parametrize("client", DEMO_CLIENTS)


@each_client
def test_a_kpi_of_a_period_has_one_value(run: Workspace, client: str) -> None:
    told: Told = defaultdict(lambda: defaultdict(set))
    for chapter, row in rows(run, client):
        if whole(row) and known(row, "period", "value"):
            told[row["kpi"], row["period"]][rounded(float(row["value"]))].add(chapter)
    assert (
        len({chapter for answers in told.values() for by in answers.values() for chapter in by}) > 1
    )
    assert differing(told) == []


@each_client
def test_a_target_has_one_verdict_and_one_course(run: Workspace, client: str) -> None:
    told: Told = defaultdict(lambda: defaultdict(set))
    for chapter, row in rows(run, client):
        if not (whole(row) and known(row, "target", "status", "period")):
            continue
        about = (row["kpi"], row["period"], rounded(float(row["target"])))
        for name in ("status", "course"):
            if known(row, name):
                told[about, name][row[name]].add(chapter)
    assert told
    assert differing(told) == []


@each_client
def test_a_kpi_or_touchpoint_moves_in_one_direction(run: Workspace, client: str) -> None:
    told: Told = defaultdict(lambda: defaultdict(set))
    for chapter, row in rows(run, client):
        if whole(row) and known(row, "to", "at", "change", "turn"):
            about = (row["kpi"], row["to"], row["at"])
            told[about, "change"][rounded(float(row["change"]))].add(chapter)
            if row["turn"] in ("better", "worse"):
                told[about, "turn"][row["turn"]].add(chapter)
    assert told
    assert differing(told) == []


@each_client
def test_nobody_is_said_to_get_worse_where_only_the_mix_moved(run: Workspace, client: str) -> None:
    core = Engagement.open(client, language="en", workspace=run)
    table = core.standing("survey", "touchpoint", "tickets", "reported").table
    mixed = set(table.loc[(table["cause"] == "mix") & (table["turn"] == "unclear"), "kpi"])
    words = Words()
    for each in saved(run, client):
        register(each.chapter)
        for finding in each.findings:
            if isinstance(finding, Finding) and finding.row.get("kpi") in mixed:
                said = finding.headline(words).lower()
                for claim in ("got worse", "worsen", "deteriorat"):
                    assert claim not in said, (finding.id, said)


@each_client
def test_what_is_usual_of_a_chart_is_said_alike_or_not_at_all(run: Workspace, client: str) -> None:
    told: Told = defaultdict(lambda: defaultdict(set))
    for chapter, row in rows(run, client):
        if chapter == "monitoring" and "usual" in row and whole(row):
            usual = row["usual"]
            told[row["kpi"]][None if pd.isna(usual) else rounded(usual)].add(chapter)
    for each in saved(run, client):
        for table in frames(each.results.get("charts")):
            for row in table.to_dict("records") if "usual" in table else ():
                usual = row["usual"]
                told[row["kpi"]][None if pd.isna(usual) else rounded(usual)].add("charts")
    assert told
    assert differing(told) == []


@each_client
def test_no_report_claims_that_nothing_moved(run: Workspace, client: str) -> None:
    """What is not clearly worse may be worse: no test shows that customers judge alike."""
    claims = re.compile(r"judged? no (worse|better)|only because other|(has|have) not changed")
    for page in sorted((run.reports / client).rglob("*.html")):
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", page.read_text(encoding="utf-8"))
        assert not claims.search(text), (page.name, claims.search(text))


@each_client
def test_a_competitor_has_one_gap(run: Workspace, client: str) -> None:
    told: Told = defaultdict(lambda: defaultdict(set))
    for chapter, row in rows(run, client):
        rival = known(row, "brand") and row["brand"] != "own"
        if rival and known(row, "like", "period"):
            about = (row["kpi"], row["brand"], row["period"])
            told[about, "gap"][rounded(float(row["like"]))].add(chapter)
            told[about, "turn"][row["turn"]].add(chapter)
    assert differing(told) == []


@each_client
def test_findings_about_one_thing_agree_in_their_gravity(run: Workspace, client: str) -> None:
    """No chapter praises at its top what another tells to act on, for the same reason."""
    about: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for each in saved(run, client):
        for finding in each.findings:
            if isinstance(finding, Finding) and known(dict(finding.row), "status"):
                about[finding.subject][finding.severity].add(finding.id)
    for subject, severities in about.items():
        grave, good = severities.get("serious", set()), severities.get("good", set())
        assert not (grave and good), (subject, dict(severities))


@each_client
def test_every_chapter_keeps_its_top_short_and_one_a_subject(run: Workspace, client: str) -> None:
    from cxlib.report.html import in_order

    for each in saved(run, client):
        told = [f for f in each.findings if isinstance(f, Finding)]
        items = [
            {"id": f.id, "subject": f.subject, "severity": f.severity, "tier": f.tier}
            | {"stake": f.stake}
            for f in told
        ]
        top, _more = in_order(items)
        assert len(top) <= 5, each.chapter
        subjects = [item["subject"] for item in top]
        assert len(subjects) == len(set(subjects))
        answers = [item["tier"] < 0 for item in top]  # to the chapter's question: before all
        assert answers == sorted(answers, reverse=True)
        ranked = [item["severity"] for item in top if item["tier"] >= 0]
        grave = [("serious", "warning", "good").index(severity) for severity in ranked]
        assert all(a <= b for a, b in pairwise(grave))


@each_client
@pytest.mark.parametrize("language", ["en", "zh"])
def test_headlines_are_plain(run: Workspace, client: str, language: str) -> None:
    opened = Engagement.open(client, language=language, workspace=run)
    for each in saved(run, client):
        register(each.chapter)
        for finding in each.findings:
            if not isinstance(finding, Finding):
                continue
            said = finding.headline(opened.words)
            for phrase in ("n = ", "p = ", "p <", "95%", "chapter “"):
                assert phrase not in said, (finding.id, said)
            if language == "en":
                assert len(said.split()) <= 34, (finding.id, said)
            if finding.severity in ("serious", "warning") and finding.tier >= 0:
                assert finding.next_step, (finding.id, said)  # an alarm says what to do


@each_client
def test_no_report_shows_the_key_of_a_label_or_a_missing_value(run: Workspace, client: str) -> None:
    """Whoever quotes another chapter knows what its registers call things."""
    opened = Engagement.open(client, language="en", workspace=run)
    registers = map(opened.register, registers_of(opened.client))
    keys = {key for register in registers for key in register.labels("en")}
    pages = sorted((run.reports / client).rglob("*.html"))
    assert len(pages) > 3
    for page in pages:
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", page.read_text(encoding="utf-8"))
        shown = set(re.findall(r"[\w-]+\.[\w.-]*\w", text)) & keys
        assert not shown, (page.name, sorted(shown)[:5])
        assert not re.search(r"\b(nan|NaT)\b|>None<", text), page.name


@each_client
def test_nobody_is_asked_to_find_who_acts_where_an_action_is_on_record(
    run: Workspace, client: str
) -> None:
    opened = Engagement.open(client, language="en", workspace=run)
    actions = recorded(opened)
    assert actions
    for each in saved(run, client):
        for finding in each.findings:
            if isinstance(finding, Finding):
                assert on_record(finding, actions) is finding, finding.id


@each_client
def test_the_contract_is_counted_alike_wherever_it_is_counted(run: Workspace, client: str) -> None:
    judged = Engagement.open(client, language="en", workspace=run).judged().table
    words = stands(judged)
    reached = int(words.isin(("met", "on course")).sum())
    short = set(judged.loc[words.isin(("missed", "behind")), "kpi"])
    by_chapter = {each.chapter: each for each in saved(run, client)}
    (summary,) = (f for f in by_chapter["summary"].findings if f.subject == "all targets")
    assert (summary.row["met"], summary.row["case"] != "open") == (reached, bool(short))
    told = [f for name, each in by_chapter.items() if name != "summary" for f in each.findings]
    assert summary.subject not in {f.subject for f in told}, "else the page makes one of two things"
    drawn = [
        part.result()
        for part in by_chapter["targets"].parts
        if part.kind == "figure"
        and {"good", "bad", "open"} <= set(getattr(part.result(), "columns", ()))
    ]
    assert drawn
    for table in drawn:
        assert (table["good"].iloc[0], table["bad"].iloc[0]) == (
            reached,
            words.isin(("missed", "behind")).sum(),
        )


@each_client
def test_a_target_that_hardly_any_period_misses_is_said_to_be_kept(
    run: Workspace, client: str
) -> None:
    told = 0
    for each in saved(run, client):
        for table in frames(dict(each.results)):
            if {"assurance", "miss_chance"} <= set(table.columns):
                sure = table[table["assurance"].notna()]
                told += len(sure)
                kept = sure["assurance"] == "reaches"
                assert kept[sure["miss_chance"] < 0.01].all()
                assert not kept[sure["miss_chance"] > 0.5].any()
    assert told or client != "nova-mall"


@each_client
def test_what_other_customers_explain_is_not_listed_as_a_warning(
    run: Workspace, client: str
) -> None:
    (monitoring,) = (each for each in saved(run, client) if each.chapter == "monitoring")
    listed = [p.result() for p in monitoring.parts if "since was" in str(p.options)]
    assert listed or client == "nova-mall"
    for result in listed:
        assert (result["held_back"] == "").all()


COMMAND = re.compile(r"`|\bcx (sample|form|map|check|run|new|register)\b|client file’?'?s? `")


@each_client
def test_no_report_tells_the_client_what_is_the_consultants_to_do(
    run: Workspace, client: str
) -> None:
    for page in sorted((run.reports / client).rglob("*.html")):
        text = re.sub(r"<style.*?</style>|<[^>]+>", " ", page.read_text(encoding="utf-8"))
        found = COMMAND.search(text)
        assert not found, (page.name, text[max(0, found.start() - 80) : found.end() + 40])


@each_client
def test_money_and_its_interval_have_one_precision(run: Workspace, client: str) -> None:
    sum_ = r"[+−]?[£¥][\d,]+"
    mixed = re.compile(
        rf"{sum_}\.\d\d\s*\({sum_}(?!\.\d|[\d,])|{sum_}(?!\.\d|[\d,])\s*\({sum_}\.\d\d"
    )
    for page in sorted((run.reports / client).rglob("*.html")):
        text = re.sub(r"<style.*?</style>|<[^>]+>", "", page.read_text(encoding="utf-8"))
        assert not mixed.search(text.replace("\u00a0", " ")), page.name


@each_client
def test_tables_speak_plainly_and_mark_small_bases_where_they_explain_the_mark(
    run: Workspace, client: str
) -> None:
    for page in sorted((run.reports / client).rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        raw = re.search(
            r"<td[^>]*>\s*(mix|like for like|not split|stay|within.*ordinary)\s*<", text
        )
        assert raw is None, (page.name, raw)
        for table, after in re.findall(
            r"(<table.*?</table>)(.*?)(?=<table|<h2|</section)", text, re.DOTALL
        ):
            if "* : " in re.sub(r"<svg.*?</svg>", "", after, flags=re.DOTALL):
                assert re.search(r" \*(\s|<)", table), (page.name, table[:300])


@each_client
def test_a_figures_alternative_text_says_more_than_its_title(run: Workspace, client: str) -> None:
    for page in sorted((run.reports / client).rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        drawn = re.findall(
            r"<figcaption>(.*?)</figcaption>.*?<svg[^>]*aria-label=\"(.*?)\"", text, re.DOTALL
        )
        for title, alt in drawn:
            said = alt.removeprefix(title)
            assert len(said) > 10, (page.name, alt)


@each_client
def test_the_index_and_the_deck_say_what_the_summary_says(run: Workspace, client: str) -> None:
    opened = Engagement.open(client, language="en", chapter="summary", workspace=run)
    judged = opened.judged().table
    told = zip(judged["status"], judged["course"], stands(judged), strict=True)
    for status, course, word in told:
        assert Kpi("", 1.0, status=status, course=course).verdict == word
    made = [c for c in saved_chapters(opened) if c.envelope is not None]
    first = deck._gravest(opened, [(c, f) for c in made for f in deck._top(c)])
    page = next((run.reports / client).rglob("en/15-summary.html")).read_text(encoding="utf-8")
    above = html.unescape(re.sub(r"<[^>]+>", "", page))
    places = []
    for finding in first:
        opened.learn(finding.chapter)
        places.append(above.index(finding.headline(opened.words)))
    assert len(places) > 3
    assert places == sorted(places)


@each_client
def test_an_action_brings_no_more_than_regaining_all_that_its_touchpoint_lost(
    run: Workspace, client: str
) -> None:
    by_chapter = {each.chapter: each for each in saved(run, client)}
    plan = by_chapter["actions"].results["plan"].table
    recovery = by_chapter["drivers"].results.get("recovery")
    lost = {} if recovery is None else recovery.table.set_index("driver")["step"].to_dict()
    for kpi, regained in lost.items():
        assert (plan.loc[plan["kpi"] == kpi, "in_points_high"] <= regained).all(), kpi
    assert lost or client != "harbour-hotels"


@each_client
def test_what_is_called_a_strength_is_nowhere_rated_low(run: Workspace, client: str) -> None:
    by_chapter = {each.chapter: each for each in saved(run, client)}
    roles = by_chapter["journey"].results["journey"].table.set_index("kpi")["role"]
    chances = by_chapter["drivers"].results["priorities"].table.set_index("driver")
    low = chances[["p_fix_first", "p_watch"]].sum(axis=1)
    strong = roles[roles == "strength"].index
    assert len(strong)
    assert (low.reindex(strong).fillna(0) < 0.5).all(), low.reindex(strong)


@each_client
def test_a_title_says_all_where_it_means_all(run: Workspace, client: str) -> None:
    whole = re.compile(r"\b(\d+) of \1\b")
    for page in sorted((run.reports / client).rglob("*.html")):
        for title in re.findall(
            r"<figcaption>(.*?)</figcaption>", page.read_text(encoding="utf-8")
        ):
            assert not whole.search(title), (page.name, title)


@each_client
def test_a_stroke_and_a_change_say_of_when_they_are(run: Workspace, client: str) -> None:
    """Touchpoints are compared over different steps: each row names its own."""
    table = Engagement.open(client, language="en", workspace=run).standing("touchpoint").table
    page = next((run.reports / client).rglob("en/02-assessment.html")).read_text(encoding="utf-8")
    along = page[page.index("Along the journey</h2>") :]
    heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", along[: along.index("<tbody")])
    assert "Change in" in heads
    if len(set(table["at"])) > 1:
        assert "the period before" not in re.findall(r"<svg.*?</svg>", along, re.DOTALL)[0]


@pytest.mark.parametrize("client", DEMO_CLIENTS)
def test_a_summary_is_two_pages_and_then_where_its_numbers_come_from(
    run: Workspace, client: str
) -> None:
    try:
        pdf.browser()
    except SetupError:
        pytest.skip("no Chromium on this machine")
    (report,) = (run.root / "reports" / client).rglob("15-summary.html")
    printed = pdf.print_pdf(report.read_text(encoding="utf-8"))
    assert len(re.findall(rb"/Type /Page\b", printed)) == 3
    assert pdf.destinations(printed)["provenance"] == 3
