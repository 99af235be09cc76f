"""Chapter 04: what the demo's visits plant is what the chapter says, and what it must not say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.chapters.visits import figures, findings, tables
from cxlib.chapters.visits.register import Register
from cxlib.data.demo import _visits as planted
from cxlib.data.registers import read_register
from cxlib.params import load
from cxlib.present.findings import tell
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

WEAK = f"hotel={planted.FAILING}"


@pytest.fixture(scope="module")
def harbour(demo_workspace: Workspace) -> Engagement:
    return Engagement.open(
        "harbour-hotels", language="en", chapter="visits", workspace=demo_workspace
    )


@pytest.fixture(scope="module")
def found(harbour: Engagement) -> tables.Visited:
    told = tables.visited(harbour)
    assert told is not None
    return told


Changed = Callable[[Callable[[pd.DataFrame], pd.DataFrame]], "tables.Visited | None"]


@pytest.fixture
def changed(harbour: Engagement, monkeypatch: pytest.MonkeyPatch) -> Changed:
    """Return what is found where the list of visits is another."""
    register = harbour.register("visits")

    class Other:
        def __init__(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
            self.change = change

        def frame(self, name: str) -> pd.DataFrame:
            table: pd.DataFrame = register.frame(name)
            return self.change(table) if name == "visits" else table

    def look(change: Callable[[pd.DataFrame], pd.DataFrame]) -> tables.Visited | None:
        monkeypatch.setattr(harbour, "register", lambda _section: Other(change))
        return tables.visited(harbour)

    return look


def subjects(rules: Any, table: pd.DataFrame) -> dict[str, Any]:
    return {f.subject: f for f in tell(table, rules, chapter="visits", about="subject")}


def test_what_was_planted_is_found(found: tables.Visited, harbour: Engagement) -> None:
    assert (found.wave, found.wave_before, found.segment) == ("2026Q3", "2026Q1", "hotel")
    critical = tables.critical(found)
    assert critical["location"].tolist() == [WEAK]
    assert critical["standard"].tolist() == [f"standards.{planted.CRITICAL}"]
    (told,) = subjects(findings.CRITICAL, critical).values()
    assert told.severity == "serious"
    assert "Qingdao Pier" in told.headline(harbour.words)
    locations = tables.locations(found).set_index("location")
    assert locations["case"].to_dict() == {WEAK: "below"} | {
        f"hotel={h}": "" for h in planted.HOTELS if h != planted.FAILING
    }
    assert (locations["visits"] == 2 * len(planted.VISITORS)).all()
    standards = tables.standards(found)
    assert standards.loc[standards["case"] != "", "subject"].tolist() == [planted.SLOW]
    visitors = tables.visitors(found).set_index("visitor")["case"]
    assert visitors[visitors != ""].to_dict() == {planted.STRICT: "strict"}
    whole = tables.moved(found).iloc[0]
    assert (whole["about"], whole["case"]) == ("all", "fell")
    assert tables.glance(harbour, found).empty


def test_a_score_by_hand_from_the_register(found: tables.Visited, harbour: Engagement) -> None:
    register = harbour.register("visits")
    visit = register.visits[-1]
    points = {s.standard: s.points for s in register.scores if s.visit == visit.id}
    total = weights = 0.0
    for section in register.sections:
        mine = [s for s in register.standards
                if s.section == section.id and points[s.id] is not None]  # fmt: skip
        won = sum(s.weight * points[s.id] for s in mine)
        total += section.weight * won / sum(s.weight * s.maximum for s in mine)
        weights += section.weight
    value = found.card.visits.set_index("visit").loc[visit.id, "value"]
    assert value == pytest.approx(100 * total / weights)


def test_customers_are_quoted_as_the_core_has_them(
    found: tables.Visited, harbour: Engagement
) -> None:
    beside = tables.beside(harbour, found).set_index("location")
    groups = harbour.groups().table.query("segment == 'hotel'").set_index("level")
    for level, row in groups.iterrows():
        told = beside.loc[f"hotel={level}"]
        assert (told["survey_value"], told["answers"]) == (row["value"], row["n"])
    assert set(beside["case"]) == {""}  # customers do not say that Qingdao is worse
    assert len(tables.beside(harbour, found)) == len(planted.HOTELS)


def test_a_period_without_visits_shows_the_round_before_and_says_so(harbour: Engagement) -> None:
    told = {}
    for period in ("2026Q2", "2025Q4"):
        then = Engagement.open("harbour-hotels", period=period, language="en", chapter="visits",
                               workspace=harbour.workspace)  # fmt: skip
        told[period] = tables.visited(then), tables.glance(then, tables.visited(then))
    visited, said = told["2026Q2"]
    assert visited is not None
    assert (visited.wave, visited.before) == ("2026Q1", None)
    assert "earlier" in set(said["case"])
    assert tables.moved(visited).empty
    visited, said = told["2025Q4"]
    assert visited is None
    assert said["case"].tolist() == ["none"]
    for table in (tables.locations, tables.critical, tables.standards, tables.visitors,
                  tables.moved, tables.sections, tables.agreement):  # fmt: skip
        assert table(None).empty


def test_a_location_visited_once_is_neither_weak_nor_left_out(changed: Changed) -> None:
    def once(visits: pd.DataFrame) -> pd.DataFrame:
        late = pd.to_datetime(visits["date"]) > "2026-06-01"
        mine = late & (visits["location"] == planted.FAILING)
        return visits[~mine | (mine.cumsum() == 1)]

    found = changed(once)
    locations = tables.locations(found).set_index("location")
    assert (locations.loc[WEAK, "visits"], locations.loc[WEAK, "case"]) == (1, "once")
    assert pd.isna(locations.loc[WEAK, "low"])
    told = subjects(findings.LOCATIONS, locations.reset_index())
    assert told[f"visits of {WEAK}"].severity == "note"


def test_without_shared_visitors_nobody_is_called_weak_or_strict(
    changed: Changed, harbour: Engagement
) -> None:
    own = dict(zip(planted.HOTELS, planted.VISITORS, strict=False))
    found = changed(lambda v: v[v["visitor"] == v["location"].map(own)])
    assert found is not None
    assert set(tables.locations(found)["case"]) == {""}
    assert tables.visitors(found).empty
    assert "confounded" in set(tables.glance(harbour, found)["case"])


def test_rounds_may_have_names_and_visitors_none(changed: Changed) -> None:
    found = changed(
        lambda v: v.assign(wave="Round " + v["date"].astype(str).str[5:7], visitor=None)
    )
    assert found is not None
    assert (found.wave_before, found.wave) == ("Round 02", "Round 08")
    assert tables.visitors(found).empty
    assert len(tables.moved(found)) == 1 + len(planted.HOTELS)
    assert tables.agreement(found).empty


# --- the register ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("visits"), "harbour-hotels")


@pytest.mark.parametrize(
    ("old", "new", "said", "severity"),
    [
        ("visit: v01, standard: door", "visit: v01, standard: dor", "'door'", "error"),
        ("visit: v01, standard: door", "visit: v91, standard: door", "is no visit", "error"),
        ("works, points: 3", "works, points: 4", "maximum of 'works', 3", "error"),
        ("works, points: 3", "works, points: -1", "too small", "error"),
        ("section: room, critical", "section: rom, critical", "'room'", "error"),
        ("zh: 退房}, weight: 10", "zh: 退房}", "weigh all or none", "error"),
        ("standard: luggage", "standard: door", "already", "error"),
        ("location: 青岛栈桥店", "location: 青岛栈桥", "青岛栈桥店", "warning"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(
    place: Workspace, old: str, new: str, said: str, severity: str
) -> None:
    path = place.data("harbour-hotels") / "registers" / "visits.yaml"
    text = planted.register()
    assert old in text
    line = 1 + text[: text.index(old)].count("\n")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    client = load("harbour-hotels", place)
    read = read_register(client, "visits", Register, place)
    (fault,) = read.faults
    assert said in str(fault)
    assert (Path(fault.file).name, fault.severity) == ("visits.yaml", severity)
    assert fault.line == line
    assert (read.register is None) == (severity == "error")


def test_a_visit_without_points_counts_nowhere_and_is_warned_of(place: Workspace) -> None:
    path = place.data("harbour-hotels") / "registers" / "visits.yaml"
    extra = "  - {id: v99, location: 青岛栈桥店, date: 2026-08-01}\nscores:\n"
    text = planted.register().replace("scores:\n", extra, 1)
    path.write_text(text, encoding="utf-8")
    (fault,) = read_register(load("harbour-hotels", place), "visits", Register, place).faults
    assert fault.severity == "warning"
    assert "no points" in str(fault)


def test_which_standard_fails_where_is_shown_only_where_enough_was_visited(
    harbour: Engagement, found: tables.Visited
) -> None:
    cells = tables.cells(found)
    wait = cells[cells["subject"] == "wait"].set_index("location")
    qingdao = wait.loc["hotel=青岛栈桥店"]
    assert (qingdao["failed"], qingdao["visits"], qingdao["failed_share"]) == (8, 8, 1)
    few = cells.assign(failed_share=cells["failed_share"].mask(cells["location"] != wait.index[0]))
    ax = figures.cells(few, words=harbour.words)
    shown = {p.get_alpha() for p in ax.patches}
    assert 0.0 in shown  # counted, and without colour
    assert len([t for t in ax.texts if t.get_text().endswith("/8")]) > 20
    once = found.rows.drop_duplicates(["wave", "location", "standard"])
    assert tables.cells(replace(found, rows=once))["failed_share"].isna().all()
