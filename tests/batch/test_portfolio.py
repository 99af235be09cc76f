"""The index of all clients: KPIs, change, verdicts, state and links, sealed and marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from cxlib import envelope
from cxlib.analysis.results import Caveat
from cxlib.batch import console
from cxlib.batch.chapters import Chapter
from cxlib.batch.forkserver import can_fork
from cxlib.batch.plan import Request
from cxlib.batch.portfolio import consultancy, portfolio
from cxlib.errors import CxError
from cxlib.present.findings import Finding, Rule
from cxlib.present.formats import say_caveat
from cxlib.report.html import CONTENT_POLICY
from cxlib.report.index import ClientEntry, Entry, Kpi, glance_of, render_index
from cxlib.words import Said, Words
from tests.batch.conftest import PERIOD, Place

HEADLINE = """
_ = engagement.save(standing=engagement.standing())
"""


@pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system")
def test_the_index_tells_of_all_clients_those_of_earlier_runs_included(place: Place) -> None:
    place.add_client("c00", answers=200)
    place.add_client("c01", answers=200)
    place.add_notebook("02-assessment", HEADLINE, opens=True)
    place.run()
    run = place.run(clients=("c01",))
    first, second = portfolio(place.workspace, place.out, run)
    saved = envelope.read(place.workspace.results("c00") / PERIOD / "en" / "assessment.json")
    table = saved["standing"].table.set_index("kpi")
    assert [kpi.label for kpi in first.kpis] == ["NPS", "CSAT"], "a key without a label, in words"
    assert first.kpis[0].value == pytest.approx(table.loc["nps", "value"])
    assert first.kpis[0].change == pytest.approx(table.loc["nps", "change"])
    assert (first.entries[0].state, second.entries[0].state) == ("done", "fresh")
    assert first.entries[0].link == f"c00/{PERIOD}/en/02-assessment.html"
    assert (place.out / second.entries[0].link).is_file()


@pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system")
def test_a_failure_leaves_with_its_notebook(place: Place) -> None:
    place.add_client("c00", answers=200)
    place.add_notebook("02-assessment", HEADLINE, opens=True)
    broken = place.add_notebook("03-broken", "1 / 0")
    (client,) = portfolio(place.workspace, place.out, place.run())
    assert client.kind == "serious"
    broken.unlink()
    (client,) = portfolio(place.workspace, place.out, place.run())
    assert [entry.chapter for entry in client.entries] == ["assessment"]
    assert client.kind == "good"


def test_a_client_without_a_report_is_neither_well_nor_ill() -> None:
    nobody = Entry("x", "X", "2026Q2", "en", "not applicable")
    assert {ClientEntry("c").kind, ClientEntry("c", entries=(nobody,)).kind} == {"note"}


def test_clients_of_one_name_are_told_apart_and_a_chapter_is_one_row() -> None:
    made = [
        Entry("x", "Where?", "2026Q2", lang, "done", link=f"{lang}.html") for lang in ("en", "zh")
    ]
    page = render_index([ClientEntry(name, title="A and B", entries=tuple(made)) for name in "pq"])
    assert (
        page.count('<span class="next">p</span>') == page.count('<span class="next">q</span>') == 1
    )
    assert page.count("Where?") == 2, "one row a client, both languages in it"
    assert page.count('href="zh.html"') == 2


def left(findings: Sequence[Finding] = (), **results: Any) -> Any:
    return SimpleNamespace(chapter="actions", findings=findings, results=results)


def test_a_glance_takes_the_cores_words_and_leaves_touchpoints_out() -> None:
    row = {"kpi": "csat", "source": "survey", "unit": "percent", "value": 81.0, "change": None}
    row |= {"cause": "mix", "at": "2026Q2", "target": 85.0, "status": "missed", "course": "due"}
    table = pd.DataFrame([row, row | {"kpi": "desk", "source": "touchpoint"}])
    glance = glance_of(left(standing=SimpleNamespace(table=table)))
    assert set(glance) == {"csat"}
    assert (glance["csat"]["status"], glance["csat"]["change"]) == ("missed", None)
    assert glance_of(left(other=1)) == {}


def test_a_first_period_without_targets_has_its_value_in_the_index() -> None:
    rows = pd.DataFrame([{"kpi": "csat", "source": "survey", "unit": "percent", "value": 81.0}])
    (told,) = glance_of(left(standing=SimpleNamespace(table=rows))).values()
    entry = ClientEntry("c", kpis=(Kpi("Rating", **told), Kpi("Withheld", None)))
    assert [kpi.label for kpi in entry.told] == ["Rating"]


def test_the_consultants_notes_stand_in_the_index_in_its_language() -> None:
    note = Rule({}, "No theme names {kpi}.", "note", "Add words.", desk=True)
    told = [
        Finding(id="actions.a", row={"kpi": "a"}, rules=(note,)),
        Finding(id="actions.b", row={"kpi": "b"}, rules=(replace(note, desk=False),)),
    ]
    said = "No theme names a. Add words."
    assert glance_of(left(told, other=1)) == {"note: actions": [["en", said], ["zh", said]]}
    page = render_index([ClientEntry("c", notes=("No theme names a. Add words.",))])
    assert page.index("For the consultant") < page.index("No theme names a.")


def test_what_is_late_in_the_registers_is_counted_and_called_for() -> None:
    plan = pd.DataFrame({"title": ["a", "b", "c"], "days_late": [3, 0, None]})
    assert glance_of(left(plan=plan)) == {"late: actions": 1}
    late, calm = ClientEntry(name="late", late={"actions": 1}), ClientEntry(name="calm")
    assert late.attention > calm.attention
    assert "Late in the registers: 1" in render_index([late])
    assert "Late in the registers" not in render_index([calm])


def test_whoever_needs_attention_comes_first() -> None:
    calm = ClientEntry("calm", kpis=(Kpi("nps", 1.0, status="met", course="due"),))
    late = ClientEntry("late", kpis=(Kpi("nps", 1.0, status="missed", course="behind"),))
    torn = ClientEntry("torn", fault="a fault")
    order = sorted([calm, late, torn], key=lambda c: c.attention, reverse=True)
    assert [client.name for client in order] == ["torn", "late", "calm"]


PAGE = render_index(
    [
        ClientEntry(
            name="a&b",
            entries=(
                Entry("x", "Where <b>now</b>?", "2026Q2", "en", "done", link="a&b/报告 1.html"),
                Entry("y", "Y", "2026Q2", "en", "failed", note="cell [3]: <script>"),
            ),
            period="2026Q2",
            title="A and B",
            kpis=(
                Kpi(
                    *("nps", 42.66, "points", -3.21, "mix", "2026Q2"),
                    status="met",
                    course="due",
                    history=(1.0, 9.0, 42.66),
                ),
                Kpi("csat", None, "percent", status="missed", course="due"),
            ),
        ),
        ClientEntry(name="refused", fault="params/refused.yaml:3: unknown key"),
    ],
    faults=["03-torn.ipynb is not a notebook"],
)


def test_the_index_is_marked_for_the_consultancy_only() -> None:
    assert "For the consultancy only" in PAGE
    assert CONTENT_POLICY in PAGE


@pytest.mark.parametrize(
    "text",
    [
        '<bdi>nps</bdi></strong> <span class="num">42.7</span>',
        "−3.2, Q2 2026, other customers",
        "A and B",
        '<strong title="csat"><bdi>csat</bdi></strong> withheld',
        "1 done, 1 failed",
        "missed",
        'href="a%26b/%E6%8A%A5%E5%91%8A%201.html"',
        "params/refused.yaml:3: unknown key",
        "03-torn.ipynb is not a notebook",
    ],
)
def test_the_index_tells_what_matters(text: str) -> None:
    assert text in PAGE


def test_the_index_escapes_what_it_is_told() -> None:
    assert "<script" not in PAGE
    assert "<b>now" not in PAGE
    assert "Where &lt;b&gt;now&lt;/b&gt;?" in PAGE


def test_the_index_draws_where_a_kpi_came_from_and_links_the_book() -> None:
    assert PAGE.count("<polyline") == 1
    book = Entry("book", "Report", "2026Q2", "en", "done", link="c/book.html")
    page = render_index([ClientEntry("c", entries=(book,), period="2026Q2")])
    assert "c/book.html" in page[: page.index("<section")]


def test_the_index_speaks_the_consultancys_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_LANGUAGE", "zh")
    words = consultancy()
    kpi = Kpi("nps", 42.66, "points", -3.21, "mix", "2026Q2", status="missed", course="due")
    lacking = Caveat("the client file has no section '{section}'", section=Said("visits"))
    why = (lacking, Caveat("a chapter it reads failed"))
    made = [
        Entry(str(n), "nps", "2026Q2", "zh", "blocked", note=note) for n, note in enumerate(why)
    ]
    one = ClientEntry("c", period="2026Q2", kpis=(kpi,), entries=tuple(made))
    page = render_index([one], words=words)
    told = re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert set(re.findall(r"[A-Za-z]{2,}", told)) <= {"nps", "visits"}
    assert "2026年第2季度" in told
    monkeypatch.delenv("CX_LANGUAGE")
    for name, value in {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    assert consultancy().language == "zh"
    monkeypatch.setenv("CX_LANGUAGE", "zh_CN.UTF-8")
    assert consultancy().language == "zh", "as a machine says it"
    monkeypatch.setenv("CX_LANGUAGE", "fr")
    with pytest.raises(CxError, match=r"CX_LANGUAGE.*'fr'"):
        consultancy()


@pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system")
def test_the_index_says_in_its_language_why_each_chapter_has_no_report(place: Place) -> None:
    place.add_client("c00", answers=200)
    place.add_notebook("03-visited", "1", sections=["visits"])
    place.add_notebook("04-served", "1", needs=[["tickets"], ["visits", "survey"]])
    place.add_notebook("05-after", "1", reads=["served"])
    place.add_notebook("06-broken", "1 / 0")
    place.add_notebook("07-blocked", "1", reads=["broken"])
    run = place.run()
    asked = Chapter("asked", place.workspace.notebooks, "", needs=(("survey",),))
    notes = [asked.lacks(run.clients["c00"], ("survey",))]
    notes += [job.reason for job in run.ended if job.state == "not applicable"]
    notes += [job.error for job in run.ended if job.state == "blocked"]
    assert len({*notes}) == 5
    page = render_index(portfolio(place.workspace, place.out, run), words=Words.load("zh"))
    for note in notes:
        told = say_caveat(note, Words.load("zh"))
        assert told != note
        assert note not in page
        assert (told in page) == (note != notes[0])


def test_a_wrong_language_of_the_index_is_told_before_the_work(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_LANGUAGE", "fr")
    with pytest.raises(CxError, match="CX_LANGUAGE"):
        console.run(place.workspace, Request(out=place.out), as_json=False, verbose=False)
    assert not place.out.exists()
