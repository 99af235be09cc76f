"""What check lets pass, chapters can rest on: awkward data that once stopped one."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent, indent

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.batch.chapters import Chapter, discover
from cxlib.chapters.actions import tables as actions
from cxlib.chapters.assessment import tables
from cxlib.chapters.fieldwork.study import varies
from cxlib.chapters.monitoring import figures as monitoring
from cxlib.chapters.targets import tables as targets
from cxlib.chapters.visits import tables as visits
from cxlib.data.tables import silent_tables
from cxlib.plots.theme import NothingToDrawError
from cxlib.report.tablebook import table_book
from cxlib.workspace import Workspace
from tests.conftest import ROOT
from tests.data.conftest import Shop

SURVEY = """
    period: month
    survey:
      source: s.csv
      columns: {id: id, date: date}
      metrics: {nps: {column: nps, scale: [0, 10]}, csat: {column: csat, scale: [1, 5], top: 2}}
      touchpoints:
        - {key: a, column: a, scale: [1, 5]}
        - {key: b, column: b, scale: [1, 5]}
"""


def answers(shop: Shop, **columns: object) -> None:
    """Write two months of 40 answers each, with some columns as given."""
    n = 80
    frame = pd.DataFrame({"id": range(n), "date": ["2026-05-04"] * 40 + ["2026-06-04"] * 40})
    frame = frame.assign(nps=[i % 11 for i in range(n)], csat=[1 + i % 5 for i in range(n)])
    frame = frame.assign(a=[1 + i % 5 for i in range(n)], b=[1 + i % 3 for i in range(n)])
    shop.folder.mkdir(parents=True, exist_ok=True)
    frame.assign(**columns).to_csv(shop.folder / "s.csv", index=False)


def test_a_touchpoint_that_everyone_rates_alike_has_no_twin(shop: Shop) -> None:
    answers(shop, b=[5] * 80)
    client = shop.client(SURVEY)
    assert not shop.says(client)
    assert not any("identical" in line for line in shop.says(client, "warning"))


def test_a_first_kpi_without_answers_in_a_period_gives_way_to_the_next(shop: Shop) -> None:
    answers(shop, nps=[i % 11 for i in range(40)] + [None] * 40)
    shop.ingest(shop.client(SURVEY))
    engagement = Engagement.open("shop", workspace=shop.workspace)
    found = tables.ratings(engagement)
    assert found.table["rating"].tolist() == [1, 2, 3, 4, 5]
    answers(shop, nps=[1] * 40 + [None] * 40, csat=[1] * 40 + [None] * 40)
    engagement = Engagement.open("shop", workspace=shop.workspace)
    assert tables.ratings(engagement).empty


def test_reported_figures_that_begin_later_stop_no_earlier_period(shop: Shop) -> None:
    answers(shop)
    shop.file("k.csv", "Month,V\n2026-06,0.8\n")
    shop.ingest(shop.client(SURVEY + """
    kpis:
      kept: {source: k.csv, period: Month, value: V, format: percent, direction: higher}
    """))  # fmt: skip
    first = Engagement.open("shop", period="2026-05", workspace=shop.workspace)
    assert set(first.kpis().table["kpi"]) == {"nps", "csat", "a", "b"}
    last = Engagement.open("shop", period="2026-06", workspace=shop.workspace)
    assert "kept" in set(last.kpis().table["kpi"])


TICKETS = """
    tickets:
      source: t.csv
      columns: {id: T, created: C, state: S}
      states: {open: [open], resolved: [done], cancelled: [void]}
"""


def test_a_period_without_tickets_has_no_service_chapter_and_check_says_so(shop: Shop) -> None:
    answers(shop)
    log = "T,C,S\n1,2026-05-02 10:00,done\n2,2026-05-03 10:00,open\n3,2026-06-03 10:00,void\n"
    shop.file("t.csv", log)
    client = shop.client(SURVEY + TICKETS)
    assert not shop.says(client)
    (said,) = [line for line in shop.says(client, "warning") if "no ticket was opened" in line]
    assert "2026-06" in said
    assert "--period 2026-05" in said
    shop.ingest(client)
    service = Chapter("service", shop.folder, "", needs=(("tickets",),), sections=("tickets",))
    targets = Chapter("targets", shop.folder, "", needs=(("survey",), ("tickets",)))
    for period, silent in (("2026-05", ()), ("2026-06", ("tickets",))):
        assert silent_tables(shop.workspace, client, period) == silent
        assert bool(service.lacks(client, silent)) == bool(silent)
        assert not targets.lacks(client, silent)
    assert len(Engagement.open("shop", workspace=shop.workspace).kpis().table)


def test_a_survey_without_kpis_has_no_drivers_and_one_without_questions_no_chapter(
    shop: Shop,
) -> None:
    answers(shop)
    of = {c.stem: c for c in discover(Workspace(ROOT).notebooks).chapters}
    head = "period: month\nsurvey:\n  source: s.csv\n  columns: {id: id, date: date}\n"
    rated = shop.client(head + "  touchpoints: [{key: a, column: a, scale: [1, 5]}]\n")
    assert "survey.metrics" in of["drivers"].lacks(rated)
    assert not of["assessment"].lacks(rated)
    bare = shop.client(head)
    assert not shop.says(bare)
    assert all(of[stem].lacks(bare) for stem in ("assessment", "drivers", "monitoring"))
    full = shop.client(SURVEY)
    assert not of["drivers"].lacks(full)


def test_tickets_that_were_all_cancelled_stop_no_other_chapter(shop: Shop) -> None:
    answers(shop)
    shop.file("t.csv", dedent("T,C,S\n1,2026-05-02 10:00,void\n2,2026-06-03 10:00,void\n"))
    client = shop.client(SURVEY + TICKETS)
    assert not shop.says(client)
    shop.ingest(client)
    assert silent_tables(shop.workspace, client, "2026-06") == ("tickets",)
    kpis = Engagement.open("shop", workspace=shop.workspace).kpis().table
    assert set(kpis["source"]) == {"survey", "touchpoint"}


def test_a_target_of_a_kpi_that_a_handful_answered_has_no_way_to_draw(shop: Shop) -> None:
    shop.file("s.csv", "id,date,nps,csat,a,b\n1,2026-06-04,9,4,3,3\n")
    goal = "    targets: [{metric: csat, baseline: 65, target: 80, due: 2026-12}]\n"
    shop.ingest(shop.client(SURVEY + goal))
    engagement = Engagement.open("shop", chapter="targets", workspace=shop.workspace)
    contract = targets.contract(engagement)
    assert list(contract["kpi"]) == ["csat"]
    assert targets.paths(engagement, contract) == {}


def test_a_net_of_an_answer_that_nobody_gave_is_told_before_a_workbook_is_made(shop: Shop) -> None:
    answers(shop, why=["price"] * 40 + ["time"] * 40, area=["N", "S"] * 40)
    more = "  questions: {why: {column: why, kind: single}}\n  segments: {area: area}\n"
    nets = "tablebook: {nets: {why: {all: [price, %s]}}}\n"
    (said,) = shop.says(shop.client(SURVEY + indent(more + "%s", "    ") % (nets % "tim")))
    assert "'tim'; did you mean 'time'?" in said
    client = shop.client(SURVEY + indent(more + "%s", "    ") % (nets % "time"))
    assert not shop.says(client)
    shop.ingest(client)
    first = Engagement.open("shop", period="2026-05", workspace=shop.workspace)
    told = dict(table_book(first))["why"].table  # where nobody had said "time" yet
    assert told.loc[told["choice"] == "all", "value"].iloc[0] in (1, 100)


def test_a_figure_whose_values_are_all_missing_is_left_out(shop: Shop) -> None:
    answers(shop)
    shop.ingest(shop.client(SURVEY))
    engagement = Engagement.open("shop", workspace=shop.workspace)
    gaps = engagement.kpis().table.assign(
        brand="other", like=float("nan"), turn="unclear", unit="mean"
    )
    nothing = replace(engagement.kpis(), table=gaps)
    with pytest.raises(NothingToDrawError):
        monitoring.gaps(nothing, words=engagement.words)
    engagement.draw(monitoring.gaps, nothing)


def test_answers_all_alike_tell_no_number_of_answers_to_ask_for() -> None:
    of = {"kind": "csat", "unit": "percent"}
    assert not varies(of | {"value": 100.0})
    assert varies(of | {"value": 40.0})
    assert not varies({"kind": "nps", "unit": "points", "variance": 0.0})
    assert not varies({"kind": "ces", "unit": "mean", "variance": float("nan")})


def test_a_register_of_no_actions_has_no_outcome(shop: Shop) -> None:
    answers(shop)
    (shop.folder / "registers").mkdir()
    (shop.folder / "registers" / "actions.yaml").write_text("actions: []\n", encoding="utf-8")
    shop.ingest(shop.client(SURVEY + "    actions: registers/actions.yaml\n"))
    engagement = Engagement.open("shop", chapter="actions", workspace=shop.workspace)
    assert actions.plan(engagement).table.empty


RATED = ("111", "2223", "3333", "3333", "2222", "1234", "4444", "1112", "2222", "555", "11", "3")
"""Points that up to four raters gave to twelve units: Krippendorff's interval alpha is .849."""


def test_a_client_of_visits_alone_without_periods_sees_all_its_rounds(shop: Shop) -> None:
    ids = [(unit, place) for unit, points in enumerate(RATED) for place in range(len(points))]
    lines = ["sections: [{id: all, title: All}]",
             "standards: [{id: greet, title: Greeting, section: all, maximum: 5}]", "visits:",
             *(f"- {{id: u{u}r{p}, location: U{u}, visitor: R{p}, date: 2026-0{p + 1}-02}}"
               for u, p in ids),
             "scores:", *(f"- {{visit: u{u}r{p}, standard: greet, points: {RATED[u][p]}}}"
                          for u, p in ids)]  # fmt: skip
    shop.file("registers/visits.yaml", "\n".join(lines))
    shop.ingest(shop.client("visits: registers/visits.yaml\n"))
    engagement = Engagement.open("shop", chapter="visits", workspace=shop.workspace)
    found = visits.visited(engagement)
    assert found is not None
    assert len(found.rows) == 41
    assert visits.agreement(found)["alpha"].item() == pytest.approx(0.849, abs=5e-4)
