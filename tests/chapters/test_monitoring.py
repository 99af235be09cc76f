"""Monitoring the demo clients recovers what was planted in them, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from cxlib import Engagement
from cxlib.chapters.monitoring import Options, figures, findings, meeting, tables
from cxlib.chapters.rows import signatures
from cxlib.columns import COLUMNS
from cxlib.data.demo import harbour, lakeside
from cxlib.errors import CxError
from cxlib.plots import theme
from cxlib.present import figures as drawn
from cxlib.present.findings import Finding, tell
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.plots.overlaps import overlapping


@dataclass
class Monitored:
    e: Engagement
    found: tables.Monitored
    kpis: tables.Estimates
    parts: tables.Estimates
    told: dict[str, Finding]

    def row(self, kpi: str) -> pd.Series:
        every = pd.concat([self.kpis.table, self.parts.table])
        return every.set_index("kpi").loc[kpi]


@cache
def monitor(workspace: Workspace, client: str, period: str = "latest") -> Monitored:
    e = Engagement.open(
        client, period=period, language="en", chapter="monitoring", workspace=workspace
    )
    found = tables.monitor(e)
    kpis, parts = (tables.standing(e, found, sources) for sources in (tables.KPIS, tables.PARTS))
    told = [
        finding
        for table in (kpis, parts)
        for finding in tell(e.withheld(table), findings.KPIS, chapter="monitoring")
    ]
    return Monitored(e, found, kpis, parts, {finding.subject: finding for finding in told})


@pytest.fixture(scope="module")
def hotel(demo_workspace: Workspace) -> Monitored:
    return monitor(demo_workspace, "harbour-hotels")


@pytest.fixture(scope="module")
def bank(demo_workspace: Workspace) -> Monitored:
    return monitor(demo_workspace, "lakeside-bank", lakeside.CHANGED_WAVE)


@pytest.fixture(scope="module")
def mall(demo_workspace: Workspace) -> Monitored:
    return monitor(demo_workspace, "nova-mall")


def test_harbours_fall_is_warned_of_in_the_wave_it_happened(demo_workspace: Workspace) -> None:
    hotel = monitor(demo_workspace, "harbour-hotels", harbour.CHANGED_WAVE)
    for kpi in ("nps", harbour.BROKEN):
        row = hotel.row(kpi)
        assert (row["signal"], row["since"], row["began"]) == ("worse", harbour.CHANGED_WAVE, "now")
        assert row["gravity"] == "serious"
    assert hotel.row("nps")["fell_with"] == harbour.BROKEN
    moved = hotel.found.since[hotel.found.before[harbour.BROKEN]].table.set_index("kpi")
    planted = harbour.CHECKIN_SHIFT[harbour.CHANGED_WAVE]
    assert moved.loc[harbour.BROKEN, "like"] == pytest.approx(planted, abs=0.2)


def test_nothing_is_called_usual_across_harbours_break(hotel: Monitored) -> None:
    chart = hotel.found.charts.charts["nps"]
    assert chart.shifts == (harbour.CHANGED_WAVE,)
    after = chart.table["period"] >= harbour.CHANGED_WAVE
    assert chart.table.loc[after, ["centre", "lower", "upper"]].isna().all(axis=None)
    assert chart.table.loc[~after, "flags"].eq("").all()  # the good old quarters are no signals
    row = hotel.row("nps")
    assert 26 < row["was"] < 35  # what it was in every quarter until then
    assert "usually 31" in hotel.told["nps"].headline(Words())


def test_harbours_guests_say_what_broke(hotel: Monitored) -> None:
    comments = meeting.comments(hotel.e, hotel.kpis, hotel.parts)
    assert comments["kpi"].eq(harbour.BROKEN).all()
    assert 1 <= len(comments) <= meeting.COMMENTS
    assert (comments["rating"] <= 2).all()


def test_lakesides_fees_fell_only_in_the_mix_and_nobody_is_warned(bank: Monitored) -> None:
    warned = bank.found.warnings
    assert warned is not None
    assert "fees" not in warned.table["chart"].tolist()
    assert warned.held_back.set_index("chart").loc["fees", "held_back"] == "mix"
    told = bank.told["fees"]
    assert "because other customers answered" in told.headline(Words())
    assert "other customers" in told.next_step
    nps = bank.told["nps"].headline(Words())
    assert "because other customers answered" in nps
    assert "worse." not in nps.replace("judge no worse.", "")


def test_once_the_mix_is_equal_no_group_of_lakesides_moved(bank: Monitored) -> None:
    places = tables.places(bank.e, bank.found)
    assert places is not None
    assert not places.table["clear"].any()
    assert set(places.table["segment"]) == {"", *bank.e.segments}


def test_harbours_check_in_broke_in_every_group(hotel: Monitored) -> None:
    places = tables.places(hotel.e, hotel.found)
    assert places is not None
    rows = places.table[places.table["kpi"] == harbour.BROKEN]
    assert len(rows) > 5
    assert rows["clear"].all()
    assert (rows["moved_by"] < -0.5).all()


def test_northgates_contact_centre_is_ahead_at_an_equal_mix(bank: Monitored) -> None:
    row = bank.row(lakeside.BROKEN)
    assert (row["rated_brand"], row["brand_turn"]) == ("Northgate", "worse")
    assert row["brand_gap"] == pytest.approx(-lakeside.COMPETITOR_SHIFT[lakeside.BROKEN], abs=0.25)
    gaps = tables.gaps(bank.e).table.set_index("kpi")
    assert abs(gaps.loc["nps", "like"]) < abs(gaps.loc["nps", "change"])  # raw −23, mostly mix


def test_nova_is_left_in_peace(mall: Monitored) -> None:
    assert mall.found.warnings is not None
    assert mall.found.warnings.table.empty
    assert tables.page(mall.e, mall.found)["case"].tolist() == ["quiet"]
    assert not mall.found.charts.table["trial"].any()
    assert tables.places(mall.e, mall.found) is None


def test_novas_nps_above_its_target_in_every_month_is_not_left_to_chance(mall: Monitored) -> None:
    assert mall.row("nps")["miss_chance"] < 0.01
    assert mall.told["nps"].severity == "good"
    assert mall.told["ces"].severity == "serious"
    assert mall.row("ces")["miss_chance"] > 0.99


def test_trial_limits_give_no_assurance(hotel: Monitored, bank: Monitored) -> None:
    for each in (hotel, bank):
        table = each.found.charts.table
        assert table["trial"].all()
        assert table["assurance"].isna().all()
        assert not {"calm"} & set(tables.page(each.e, each.found).get("case", []))


def test_a_past_month_stands_as_it_stood_then(demo_workspace: Workspace, mall: Monitored) -> None:
    august = monitor(demo_workspace, "nova-mall", "2026-08")
    assert august.found.charts.history["period"].max() == "2026-08"
    now = mall.found.charts.history.set_index(["kpi", "period"])["value"]
    then = august.found.charts.history.set_index(["kpi", "period"])["value"]
    assert (now.reindex(then.index).dropna() - then.dropna()).abs().max() < 1e-12


def test_the_title_of_the_small_charts_counts_what_they_colour(mall: Monitored) -> None:
    courses = tables.courses(mall.parts, mall.found)
    coloured = sum(
        c["marks"].isin(("worse", "better", "high", "low", "mix")).any() for c in courses
    )
    assert coloured == 0
    assert any((c["marks"] == "earlier").any() for c in courses)  # quiet marks only


def test_the_sheet_has_every_kpi_and_room_to_sign(hotel: Monitored) -> None:
    sheet = meeting.sheet(hotel.kpis, hotel.parts)
    assert set(hotel.kpis.table["kpi"]) <= set(sheet["kpi"])
    assert harbour.BROKEN in set(sheet["kpi"])
    assert sheet["decision"].str.strip().eq("").all()
    assert len(signatures()) == 2


def test_advice_says_each_step_once_the_gravest_first(hotel: Monitored) -> None:
    advice = meeting.advice(hotel.e, findings.KPIS, hotel.kpis, hotel.parts)
    assert advice["advised"].is_unique
    assert advice["urgency"].iloc[0] == "Act"
    assert advice["rank"].tolist() == list(range(1, len(advice) + 1))


# --- rules and settings --------------------------------------------------------------------------


def test_rules_speak_only_of_known_columns() -> None:
    known = set(COLUMNS)
    asked = {name for rule in (*findings.KPIS, *findings.PAGE) for name in rule.when}
    assert asked - known <= {"alike", "case"}


def test_a_signal_that_the_mix_explains_is_never_told_as_the_services() -> None:
    states = product(
        ("higher", "lower"), ("now", "earlier"), ("warning", "serious"), ("yes", "open")
    )
    for direction, began, gravity, alike in states:
        row = {"kpi": "fees", "unit": "mean", "direction": direction, "signal": "worse"}
        row |= {"began": began, "gravity": gravity, "alike_since": alike, "held_back": "mix"}
        row |= {"why": "mix", "value": 3.0, "was": 4.0, "since": "2026Q3", "n": 100, "course": None}
        (finding,) = tell(pd.DataFrame([row]), findings.KPIS, chapter="monitoring")
        assert finding.severity != "serious"
        assert "other customers answered" in finding.headline(Words())
        assert "name who answers" not in finding.next_step


def test_trial_limits_never_say_that_the_process_may_be_left_alone() -> None:
    quiet = [rule for rule in findings.PAGE if rule.when["case"] == "quiet"]
    assert all(not rule.next_step for rule in quiet)


def test_older_client_files_are_read_or_told_what_to_change() -> None:
    old = Options(measures={"nps": "new desk"}, rebase={"2026Q1": None, "nps": {"2026Q2": "desk"}})
    assert old.actions == {"nps": "new desk"}
    with pytest.raises(ValueError, match="match is gone"):
        Options(match=["product"])
    with pytest.raises(ValueError, match="called actions now"):
        Options(measures={}, actions={})


def test_a_rebase_of_an_unknown_period_is_refused_with_the_nearest(
    demo_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    e = Engagement.open("nova-mall", chapter="monitoring", workspace=demo_workspace)
    monkeypatch.setitem(e.__dict__, "settings", Options(rebase={"2026-13": "x"}))
    with pytest.raises(CxError, match="'2026-13', no period of this client"):
        tables.monitor(e)


# --- figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("client", ["harbour-hotels", "lakeside-bank"])
def test_figures_draw_without_texts_over_one_another(
    demo_workspace: Workspace, client: str, language: str
) -> None:
    m = monitor(demo_workspace, client)
    words = Words.load(language, labels=m.e.client.labels(language))
    shown = [(figures.chart, course) for course in tables.courses(m.kpis, m.found)]
    shown += [(figures.parts, tables.courses(m.parts, m.found))]
    shown += [(figures.where, tables.places(m.e, m.found))]
    if len(tables.gaps(m.e).table):
        shown += [(figures.gaps, tables.gaps(m.e))]
    for plot, table in shown:
        with theme.applied():
            axes = plot(m.e.withheld(table), words=words)
            figure = axes.get_figure()
            theme.fit(figure)
            FigureCanvasAgg(figure).draw()
            texts: list[Text] = [figure.texts[0]]
            for ax in figure.axes:
                legend = ax.get_legend()
                texts += [*ax.texts, *(legend.get_texts() if legend else [])]
            assert overlapping(texts) == []
            assert "nan" not in axes.get_label()
            assert "–" not in axes.get_label()


def test_a_figure_is_the_same_twice(mall: Monitored) -> None:
    course = tables.courses(mall.kpis, mall.found)[0]
    views = [drawn.draw(figures.chart, course, words=Words()) for _ in range(2)]
    assert views[0] == views[1]
