"""The assessment of the demo clients recovers what was planted in them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.kpis import contrast
from cxlib.analysis.metrics import Metric
from cxlib.chapters.assessment import figures, findings, tables
from cxlib.present.findings import Finding, tell
from cxlib.present.tiles import kpi_tiles
from cxlib.words import Words
from cxlib.workspace import Workspace


@dataclass
class Assessed:
    engagement: Engagement
    kpis: dict[str, Finding]
    parts: dict[str, Finding]
    groups: dict[str, Finding]


@pytest.fixture(scope="module")
def assessed(demo_workspace: Workspace) -> dict[str, Assessed]:
    names = {"harbour": "harbour-hotels", "lakeside": "lakeside-bank", "nova": "nova-mall"}
    return {name: assess(demo_workspace, client) for name, client in names.items()}


def assess(workspace: Workspace, client: str) -> Assessed:
    e = Engagement.open(client, language="en", chapter="assessment", workspace=workspace)

    def about(table: object, rules: object, key: str = "kpi") -> dict[str, Finding]:
        told = tell(e.withheld(table), rules, chapter="assessment", about=key)  # type: ignore[arg-type]
        return {finding.subject: finding for finding in told}

    return Assessed(
        e,
        about(tables.kpis(e), findings.KPIS),
        about(tables.journey(e), findings.TOUCHPOINTS),
        about(tables.groups(e), findings.GROUPS, "level"),
    )


def test_a_trend_marks_every_break_on_bases_that_may_be_shown(
    assessed: dict[str, Assessed], monkeypatch: pytest.MonkeyPatch
) -> None:
    engagement = assessed["harbour"].engagement
    standing = engagement.standing("survey")
    breaks = ("2025Q4", "2026Q2")
    table = standing.table.head(1).assign(breaks_at=[breaks])
    (series,) = tables.trends(engagement, replace(standing, table=table))
    assert series.table["breaks_at"].iloc[0] == breaks
    drawn = figures.trend(series, words=Words())
    assert sum(line.get_linestyle() == ":" for line in drawn.lines) == len(breaks)
    few = engagement.kpis().table
    small = few.assign(n=few["n"].mask(few["period"] == "2025Q3", 4))
    every = replace(engagement.kpis(), table=small)
    monkeypatch.setattr(engagement, "kpis", lambda: every)
    bare = table.drop(columns=["history", "broken", "last_year", "competitor", "competitor_value"])
    row = engagement._beside(bare).iloc[0]
    assert row["breaks_at"] == ("2026Q2",)  # the step before rests on four
    (at,) = row["broken"]
    own = small[(small["kpi"] == row["kpi"]) & small["segment"].isna() & (small["brand"] == "own")]
    assert row["history"][at] == own.set_index("period").loc["2026Q2", "value"]


def test_a_tile_that_tells_of_a_clear_step_marks_it_on_its_line(
    assessed: dict[str, Assessed],
) -> None:
    told = 0
    for client in assessed.values():
        rows = pd.DataFrame([kpi.row for kpi in client.kpis.values()])
        for tile in kpi_tiles(rows, words=Words()).data["tiles"]:
            clear = any(line.startswith(("Better in", "Worse in")) for line in tile["lines"])
            assert bool(tile["breaks"]) >= clear, tile
            told += clear
    assert told


def test_lakesides_fall_is_other_customers_not_other_judgement(
    assessed: dict[str, Assessed],
) -> None:
    lakeside = assessed["lakeside"]
    nps = lakeside.kpis["nps"].row
    assert (nps["cause"], nps["turn"], nps["alike"]) == ("mix", "unclear", "yes")
    # raw −10.8; +2.5 at the earlier mix, +6.3 at the later one
    assert (nps["change"], nps["at_before"], nps["at_after"]) == pytest.approx(
        (-10.8, 2.5, 6.3), abs=0.1
    )
    assert "other customers answered" in lakeside.kpis["nps"].headline(Words())


def test_lakesides_fees_did_not_get_worse_and_nobody_is_told_to_act(
    assessed: dict[str, Assessed],
) -> None:
    fees = assessed["lakeside"].parts["fees"]
    assert fees.row["change"] == pytest.approx(-0.30, abs=0.01)
    assert (fees.row["at_before"], fees.row["at_after"]) == pytest.approx((0.01, 0.06), abs=0.01)
    assert (fees.row["cause"], fees.severity, fees.next_step) == ("mix", "note", "")


def test_one_shift_of_the_mix_makes_one_finding(assessed: dict[str, Assessed]) -> None:
    grew = [f for f in assessed["lakeside"].groups.values() if f.row["grew"] == "yes"]
    assert [f.subject for f in grew] == ["product=Credit card"]
    assert "below comparable customers" in grew[0].headline(Words())


def test_harbours_fall_is_found_though_it_is_a_quarter_old(assessed: dict[str, Assessed]) -> None:
    harbour = assessed["harbour"]
    nps, checkin = harbour.kpis["nps"].row, harbour.parts["checkin"].row
    assert (nps["at"], nps["turn"], nps["fell_with"]) == ("2026Q2", "worse", "checkin")
    assert nps["like"] == pytest.approx(-32, abs=1)
    assert checkin["like"] == pytest.approx(-1.04, abs=0.05)
    assert (checkin["place"], harbour.parts["checkin"].severity) == ("weakest", "serious")


def test_novas_month_is_nothing_clear(assessed: dict[str, Assessed]) -> None:
    nova = assessed["nova"]
    rows = nova.engagement.standing("survey", "touchpoint").table
    assert set(rows["turn"]) == {"unclear"}
    assert nova.kpis["nps"].severity == "good"
    assert nova.groups == {}


def test_the_same_estimates_are_read_by_every_engagement(demo_workspace: Workspace) -> None:
    one, two = (
        Engagement.open("nova-mall", language=spoken, chapter=stem, workspace=demo_workspace)
        for spoken, stem in (("en", "assessment"), ("zh", "targets"))
    )
    first, second = one.kpis().table, two.kpis().table
    assert first.equals(second)
    kept = demo_workspace.kpis("nova-mall") / one.period
    assert {path.name for path in kept.glob("*.json")} >= {"kpis.json"}


def test_damaged_estimates_are_made_again(demo_workspace: Workspace) -> None:
    e = Engagement.open("nova-mall", language="en", workspace=demo_workspace)
    right = e.kpis().table
    path = demo_workspace.kpis("nova-mall") / e.period / "kpis.json"
    path.write_text(path.read_text(encoding="utf-8")[:200], encoding="utf-8")
    again = Engagement.open("nova-mall", language="en", workspace=demo_workspace)
    assert again.kpis().table.equals(right)


def test_groups_of_a_client_with_one_segment_are_told_by_their_raw_gap() -> None:
    """Nothing else can be held equal: no sentence may speak of comparable customers."""
    rows = pd.DataFrame(
        {
            "respondent_id": [f"r{n}" for n in range(120)],
            "brand": "own",
            "period": "2026Q2",
            "weight": 1.0,
            "ease": [1.0, 2.0] * 30 + [4.0, 5.0] * 30,
            "tier": ["gold"] * 60 + ["silver"] * 60,
        }
    )
    ease = Metric(key="ease", kind="mean", scale=(1, 5))
    for sign, direction in ((1, "higher"), (-1, "lower")):
        found = contrast(
            rows, questions=[replace(ease, direction=direction)], by=["tier"], segments=["tier"]
        )
        marked = found.table.assign(mirrored="yes", grew="no", stake=0.0, stake_moved=0.0)
        (told,) = tell(marked, findings.GROUPS, chapter="assessment", about="level")
        assert told.subject == ("tier=gold" if sign > 0 else "tier=silver")
        assert "3.00" in told.headline(Words())
        assert "comparable" not in told.headline(Words())
        axes = figures.groups(found, words=Words())
        assert "comparable" not in axes.get_title() + axes.get_xlabel()
