"""The drivers of the demo clients are those that were planted, and only those."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from cxlib import Engagement
from cxlib.analysis import drivers
from cxlib.chapters.drivers import figures, findings, tables
from cxlib.chapters.drivers.study import Study
from cxlib.columns import COLUMNS
from cxlib.data.demo import harbour, lakeside, nova
from cxlib.plots import theme
from cxlib.present.findings import Finding, tell
from cxlib.words import Words
from cxlib.workspace import Workspace

TRUTH: dict[str, ModuleType] = {"harbour": harbour, "lakeside": lakeside, "nova": nova}


@pytest.fixture(scope="module")
def studies(demo_workspace: Workspace) -> dict[str, Study]:
    return {
        name: Study(
            Engagement.open(module.NAME, language="en", chapter="drivers", workspace=demo_workspace)
        )
        for name, module in TRUTH.items()
    }


def told(study: Study) -> dict[str, Finding]:
    found = tell(study.table, findings.DRIVERS, chapter="drivers", about="driver")
    return {finding.subject: finding for finding in found}


@pytest.mark.parametrize("name", TRUTH)
def test_the_planted_drivers_are_proven_and_no_other(studies: dict[str, Study], name: str) -> None:
    assert set(studies[name].proven) == set(TRUTH[name].MODEL.drivers)
    assert set(tables.leading(studies[name].importance)["drivers"].iloc[0]) == set(
        TRUTH[name].MODEL.drivers
    )
    assert tables.leading(studies[name].importance)["p_set"].iloc[0] > 0.6


@pytest.mark.parametrize("name", TRUTH)
def test_parts_use_and_remainder_make_one_hundred_percent(
    studies: dict[str, Study], name: str
) -> None:
    one = studies[name].importance
    assert isinstance(one, drivers.DriverImportance)
    assert one.table["importance"].sum() + one.r_squared_use + one.unexplained == pytest.approx(1)


@pytest.mark.parametrize("name", TRUTH)
def test_what_is_broken_is_to_be_fixed_first(studies: dict[str, Study], name: str) -> None:
    assert told(studies[name])[TRUTH[name].BROKEN].severity == "serious"


@pytest.mark.parametrize("name", TRUTH)
def test_the_tables_word_and_the_finding_agree(studies: dict[str, Study], name: str) -> None:
    """What nobody proved is nobody's finding, and every finding is the word of the table."""
    found = told(studies[name])
    for row in studies[name].table.to_dict("records"):
        if row["quadrant"] == "watch":
            assert row["driver"] not in found
        if row["quadrant"] == "fix first":
            assert found[row["driver"]].rules[0].when == {"quadrant": "fix first"}
        assert row["proven"] or row["quadrant"] == "watch"


@pytest.mark.parametrize("name", TRUTH)
def test_numbers_are_those_of_every_other_chapter(studies: dict[str, Study], name: str) -> None:
    """Means and score as published; a model on a sub-sample adds nothing but changes to them."""
    study = studies[name]
    published = study.engagement.standing("survey", "touchpoint").table.set_index("kpi")["value"]
    table = study.table.set_index("driver")
    assert table["value"].to_dict() == pytest.approx(published[table.index].to_dict())
    for scenario in (study.scenario, study.tenth, study.recovery):
        if scenario is None:
            continue
        assert scenario.baseline == pytest.approx(published[study.metric.key])
        assert scenario.predicted == pytest.approx(scenario.baseline + scenario.change)
        assert scenario.table["step"].sum() == pytest.approx(scenario.change)
        now = scenario.table.set_index("driver")["mean_now"]
        assert now.to_dict() == pytest.approx(published[now.index].to_dict())


@pytest.mark.parametrize("name", TRUTH)
def test_groups_have_the_same_drivers_as_was_planted(studies: dict[str, Study], name: str) -> None:
    segments = studies[name].segments
    assert isinstance(segments, drivers.SegmentImportance)
    assert not tell(segments, findings.SEGMENTS, chapter="drivers", about="segment")
    assert studies[name].levels.empty


def test_only_harbours_check_in_lost_ground(studies: dict[str, Study]) -> None:
    lost = {name: study.losses["kpi"].tolist() for name, study in studies.items()}
    assert lost == {"harbour": [harbour.BROKEN], "lakeside": [], "nova": []}
    row = studies["harbour"].losses.iloc[0]
    assert row["at"] == harbour.CHANGED_WAVE
    assert 0.7 < row["lost"] <= -row["like"]  # what has come back since is not lost any more
    recovery = studies["harbour"].recovery
    assert isinstance(recovery, drivers.Scenario)
    assert recovery.change_low > 0
    finding = told(studies["harbour"])[harbour.BROKEN]
    assert finding.stake == pytest.approx(recovery.change / 2)  # an association: half of it counts
    assert "could rise by" in finding.headline(Words())


def test_where_no_group_is_much_better_nothing_is_said_to_be_at_stake(
    studies: dict[str, Study],
) -> None:
    study = studies["nova"]
    assert study.plan["case"].tolist() == ["little room"]
    assert (study.table["stake"] == 0).all()
    assert "fix first" in set(study.table["quadrant"])


def test_northgates_contact_centre_is_the_better_one(studies: dict[str, Study]) -> None:
    study = studies["lakeside"]
    theirs = study.engagement.competitors().table.set_index("kpi")["like"]
    assert study.competitors["competitor"].unique().tolist() == [lakeside.COMPETITOR]
    assert study.competitors["like"].tolist() == theirs[study.competitors["kpi"]].tolist()
    worse = study.table[study.table["proven"] & (study.table["competitor_turn"] == "worse")]
    assert worse["driver"].tolist() == [lakeside.BROKEN]
    assert lakeside.COMPETITOR in told(study)[lakeside.BROKEN].headline(Words())


def test_a_scenario_raises_what_is_proven_within_what_a_group_reaches(
    studies: dict[str, Study],
) -> None:
    scenario = studies["lakeside"].scenario
    assert isinstance(scenario, drivers.Scenario)
    assert set(scenario.table["driver"]) <= set(lakeside.MODEL.drivers)
    assert (scenario.table["mean_used"] <= scenario.table["cap"] + 1e-9).all()
    assert scenario.change_low > 0
    (finding,) = tell(studies["lakeside"].plan, findings.PLAN, chapter="drivers", about="subject")
    assert finding.id == "drivers.plan"
    assert studies["harbour"].steps.empty  # hotels hardly differ: no staircase is drawn of that


@pytest.mark.parametrize("name", TRUTH)
def test_headlines_are_short_and_hold_at_most_two_numbers(
    studies: dict[str, Study], name: str
) -> None:
    study = studies[name]
    rules = (
        (findings.LEADING, tables.leading(study.importance), "kpi"),
        (findings.PLAN, study.plan, "subject"),
    )
    found = [*told(study).values()]
    found += [f for r, t, about in rules for f in tell(t, r, chapter="drivers", about=about)]
    for finding in found:
        headline = finding.headline(study.engagement.words)
        assert len(headline.split()) <= 30, headline
        assert sum(c.isdigit() for word in headline.split() for c in word[:1]) <= 4, headline


def test_every_rule_speaks_only_of_columns_that_the_registry_knows(
    studies: dict[str, Study],
) -> None:
    every = (findings.MODEL, findings.LEADING, findings.DRIVERS, findings.PLAN, findings.SEGMENTS)
    assert {column for rules in every for rule in rules for column in rule.when} <= {
        *COLUMNS,
        "little",
    }


# --- what cannot be answered ----------------------------------------------------------------------


def blocked(study: Study, **options: Any) -> Study:
    """Return the study with other settings, nothing computed yet."""
    other = Study(study.engagement)
    other.options = study.options.model_copy(update=options)
    other.metric = drivers.outcome_of(study.engagement.metrics, other.options.outcome)
    return other


def test_where_nothing_can_be_modelled_it_is_said_and_every_part_is_empty(
    studies: dict[str, Study],
) -> None:
    study = blocked(studies["harbour"], drivers=["checkin"])
    (finding,) = tell(study.against, findings.MODEL, chapter="drivers", about="case")
    assert (finding.severity, finding.tier) == ("note", -1)  # an answer, not an alarm
    assert "Only 1 of 9 touchpoints" in finding.headline(Words())
    parts = (
        study.table,
        tables.leading(study.importance),
        study.plan,
        study.steps,
        tables.waterfall(study.recovery),
        study.levels,
    )
    assert all(part.empty for part in parts)
    assert tables.worth(study.tenth).empty and tables.methods(study.importance).empty
    assert study.results() == {} and study.capped is None


def test_a_score_that_is_a_mean_has_drivers_but_no_scenario(
    studies: dict[str, Study],
) -> None:
    study = blocked(studies["harbour"], outcome="ces")
    assert len(study.table) == 9
    assert study.plan.empty and study.steps.empty and study.capped is None
    assert {"importance", "priorities", "drivers"} == set(study.results())


def test_another_outcome_is_told_in_its_own_unit(studies: dict[str, Study]) -> None:
    study = blocked(studies["harbour"], outcome="csat")
    assert set(tables.worth(study.tenth)["unit"]) == {"percent"}
    assert isinstance(study.tenth, drivers.Scenario) and study.tenth.kind == "csat"
    assert 50 < study.tenth.baseline < 100


def test_settings_of_the_client_file_are_heard(studies: dict[str, Study]) -> None:
    asked = blocked(studies["lakeside"], changes={"app": 0.2}, segment="age", controls=["region"])
    assert asked.plan["case"].tolist() == ["asked for"]
    assert asked.steps["value"].tolist()[1] == pytest.approx(asked.plan["change"].iloc[0])
    assert asked.levels["segment"].unique().tolist() == ["age"]
    assert isinstance(asked.importance, drivers.DriverImportance)
    plain = studies["lakeside"].importance
    assert isinstance(plain, drivers.DriverImportance)
    assert asked.importance.r_squared_use > plain.r_squared_use


class Turned:
    """An engagement whose check-in was asked the other way round: 1 is best."""

    def __init__(self, engagement: Engagement) -> None:
        self.of = engagement

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)

    @property
    def touchpoints(self) -> tuple[Any, ...]:
        return tuple(
            replace(t, direction="lower") if t.key == "checkin" else t for t in self.of.touchpoints
        )

    def survey(self, **options: Any) -> pd.DataFrame:
        return self.of.survey(**options).assign(checkin=lambda d: 6 - d["checkin"])

    def standing(self, *sources: str) -> Any:
        return self._turned(self.of.standing(*sources))

    def compared(self) -> Any:
        return self._turned(self.of.compared())

    @staticmethod
    def _turned(found: Any) -> Any:
        table, here = found.table.copy(), found.table["kpi"] == "checkin"
        ends = ["value", "low", "high", "before", "after"]
        table.loc[here, ends] = 6 - table.loc[here, ["value", "high", "low", "before", "after"]].to_numpy()  # fmt: skip # noqa: E501
        for name in ("like", "change"):
            table.loc[here, name] = -table.loc[here, name]
        return replace(found, table=table)


def test_a_touchpoint_where_lower_is_better_is_turned_for_the_models_alone(
    studies: dict[str, Study],
) -> None:
    plain, turned = studies["harbour"], Study(Turned(studies["harbour"].engagement))
    one, other = plain.table.set_index("driver"), turned.table.set_index("driver")
    for same in ("relative", "p_unique", "regain", "stake", "p_low"):
        assert other[same].to_dict() == pytest.approx(one[same].to_dict(), nan_ok=True)
    assert other["quadrant"].to_dict() == one["quadrant"].to_dict()
    assert other["value"]["checkin"] == pytest.approx(6 - one["value"]["checkin"])
    assert other["low"]["checkin"] < other["value"]["checkin"] < other["high"]["checkin"]
    ways = [
        (s.recovery.table["mean_now"][0], s.recovery.table["mean_used"][0])
        for s in (plain, turned)
        if isinstance(s.recovery, drivers.Scenario)
    ]
    assert ways[1] == pytest.approx(tuple(6 - mean for mean in ways[0]))


# --- figures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", TRUTH)
def test_figures_name_every_row_and_no_text_lies_on_another(
    studies: dict[str, Study], name: str, language: str
) -> None:
    study = studies[name]
    words = Words.load(language, labels=study.engagement.client.labels(language))
    drawn = [(figures.importance, study.table), (figures.priorities, study.map)]
    drawn += [
        (figures.waterfall, s) for s in (study.steps, tables.waterfall(study.recovery)) if len(s)
    ]
    with theme.applied():
        for plot, result in drawn:
            ax = plot(result, words=words)
            figure = ax.get_figure(root=True)
            theme.fit(figure)
            figure.draw_without_rendering()
            texts = [t for t in (*ax.texts, *ax.get_yticklabels()) if t.get_text().strip()]
            boxes = [Text.get_window_extent(t).shrunk(0.98, 0.9) for t in texts]  # no leader lines
            assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
            shown = " ".join(t.get_text().replace("\n", "") for t in texts).replace(" ", "")
            named = result if plot is not figures.priorities else result.table
            keys = named["driver"].dropna()
            assert all(words.label(key).replace(" ", "") in shown for key in keys)
            assert ax.get_label()


def test_the_staircase_ends_where_its_steps_lead(studies: dict[str, Study]) -> None:
    steps = studies["lakeside"].steps
    first, *parts, last = steps["value"].tolist()
    assert first + sum(parts) == pytest.approx(last)
    assert np.isnan(steps["low"].iloc[0])


def test_of_very_many_answers_some_are_modelled_and_it_is_said(
    demo_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    e = Engagement.open(
        "harbour-hotels", language="en", chapter="drivers", workspace=demo_workspace
    )
    whole = Study(e)
    assert whole.share == 1.0
    assert whole.against.empty
    monkeypatch.setattr("cxlib.chapters.drivers.study.MODELLED", 400)
    some = Study(e)
    assert some.n_answers == len(whole.survey)
    assert 320 < len(some.survey) < 480
    (said,) = tell(some.against, findings.MODEL, chapter="drivers", about="case")
    assert said.severity == "note"
    assert str(len(some.survey)) in said.headline(e.words)
    assert "drawn at random" in said.headline(e.words)
    one, all_ = some.importance, whole.importance
    assert one is not None and all_ is not None
    assert one.n_used < all_.n_used
    rows = one.table.set_index("driver")
    inside = all_.table.set_index("driver")["share"].between(rows["share_low"], rows["share_high"])
    assert inside.mean() > 0.7
    pd.testing.assert_series_equal(some.published["n"], whole.published["n"])
