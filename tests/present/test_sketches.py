"""An idea in two lines: crossed groups, any table drawn, and mistakes that are one clear line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib import Engagement, page
from cxlib.analysis import scores
from cxlib.analysis.drivers import importance
from cxlib.errors import CxError, DataError
from cxlib.present import sketches
from cxlib.present.mistakes import mistake
from cxlib.words import Words
from cxlib.workspace import Workspace


def answers(n: int = 400) -> pd.DataFrame:
    draw = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "nps": draw.integers(0, 11, n),
            "hotel": draw.choice(["Bay", "Hill"], n),
            "tier": draw.choice(["a", "b", None], n),
            "period": draw.choice(["2026Q1", "2026Q2", "2026Q3"], n),
            "room": draw.integers(1, 6, n),
            "food": draw.integers(1, 6, n),
        }
    )


def test_crossed_groups_are_those_rows_scored_alone() -> None:
    data = answers()
    table = scores.score_table(data, metric="nps", by=["hotel", "tier"], cross=True).table
    assert table[["hotel", "tier"]].drop_duplicates().shape[0] == len(table) == 4
    for row in table.to_dict("records"):
        cell = data[(data["hotel"] == row["hotel"]) & (data["tier"] == row["tier"])]
        alone = scores.nps(cell["nps"])
        assert (row["value"], row["n"]) == (alone.value, alone.n)
    assert table["n"].sum() == data["tier"].notna().sum()


def test_a_segment_may_be_called_as_a_column_of_the_kit_is() -> None:
    from cxlib.chapters import register
    from cxlib.columns import COLUMNS
    from cxlib.present.glance import glance

    register("membership")
    assert COLUMNS["age"].kind == "int"
    data = answers().assign(age=lambda t: t["hotel"].map({"Bay": "18-34", "Hill": "35+"}))
    table = scores.score_table(data, metric="nps", by=["age", "tier"], cross=True)
    words = Words(labels={"age": "Age group", "age=35+": "older"})
    view = glance(table, words=words, minimum_base=10)
    assert view.headings[0] == "Age group"
    assert {row[0] for row in view.rows} == {"18-34", "older"}
    forest = sketches.forest(table, words=words)
    assert "older · a" in [label.get_text() for label in forest.get_yticklabels()]


def test_a_crossed_table_is_exported_with_its_groups(
    engagement: Engagement, tmp_path: Path
) -> None:
    segments = list(engagement.segments[:2])
    rows = engagement.survey(period="last 2")
    metric = engagement.metrics[0]
    table = scores.score_table(rows, metric=metric, by=segments, cross=True)
    path = engagement.export(table, tmp_path / "x.xlsx")
    sheet = next(
        iter(pd.read_excel(path, sheet_name=None, header=None, engine="calamine").values())
    )
    told = set(sheet.astype(str).to_numpy().ravel())
    for segment in segments:
        assert engagement.words.label(segment) in told
        assert {engagement.words.label(f"{segment}={v}") for v in table.table[segment]} <= told


def test_a_crossing_of_one_column_is_that_column() -> None:
    data = answers()
    alone = scores.score_table(data, metric="nps", by="hotel", versus="complement").table
    crossed = scores.score_table(data, metric="nps", by=["hotel"], cross=True, versus="complement")
    pd.testing.assert_frame_equal(crossed.table, alone)


def test_small_crossed_groups_are_withheld(demo_workspace: Workspace) -> None:
    engagement = Engagement.open("nova-mall", language="en", workspace=demo_workspace)
    recent = engagement.survey(period="last 2")
    assert sorted(set(recent["period"])) == list(engagement.periods[-2:])
    by = list(engagement.segments[:2])
    one = recent.groupby(by, observed=True).head(4)
    table = scores.score_table(one, metric=engagement.metrics[0], by=by, cross=True)
    shown = engagement.withheld(table).table
    assert shown["withheld"].all()
    assert shown["value"].isna().all()


@pytest.mark.parametrize("make", ["groups", "crossed", "drivers", "frame"])
def test_any_table_with_intervals_makes_a_forest(make: str) -> None:
    data = answers()
    result: Any = {
        "groups": lambda: scores.score_table(data, metric="nps", by="hotel"),
        "crossed": lambda: scores.score_table(data, metric="nps", by=["hotel", "tier"], cross=True),
        "drivers": lambda: importance(
            data, outcome="nps", drivers=["room", "food"], bootstrap=50, permutations=10
        ),
        "frame": lambda: scores.score_table(data, metric="nps", by="hotel").table,
    }[make]()
    words = Words(labels={"hotel=Bay": "海湾", "room": "客房"})
    axes = sketches.forest(result, words=words)
    told = [label.get_text() for label in axes.get_yticklabels()]
    table = result if make == "frame" else result.table
    assert len(told) == len(table)
    wanted = {"crossed": "海湾 · a", "drivers": "客房"}.get(make, "海湾")
    assert wanted in told


def test_a_trend_is_one_line_or_a_few() -> None:
    data = answers()
    one = scores.score_table(data, metric="nps", by="period")
    assert len(sketches.trend(one, words=Words()).lines) == 1
    two = scores.score_table(data, metric="nps", by=["period", "hotel"], cross=True)
    axes = sketches.trend(two, words=Words())
    assert len(axes.lines) == 2
    assert {text.get_text() for text in axes.texts} == {"Bay", "Hill"}
    many = data.assign(hotel=np.arange(len(data)) % 9)
    crowd = scores.score_table(many, metric="nps", by=["period", "hotel"], cross=True)
    with pytest.raises(DataError, match="9 lines"):
        sketches.trend(crowd, words=Words())


@pytest.fixture
def engagement(demo_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Engagement:
    monkeypatch.setattr(page, "_display", lambda view: None)
    return Engagement.open("harbour-hotels", language="en", workspace=demo_workspace)


def test_a_wrong_result_or_plot_is_one_clear_line(engagement: Engagement) -> None:
    from cxlib.chapters.drivers import figures
    from cxlib.plots import forest

    standing = engagement.standing()
    with pytest.raises(DataError, match=r"cannot draw Estimates: .*says what it takes"):
        engagement.draw(figures.quadrants, standing)
    with pytest.raises(DataError, match="one figure has one axis"):
        engagement.draw("forest", standing)
    with pytest.raises(DataError, match="no column has an interval"):
        engagement.draw("forest", pd.DataFrame({"a": [1.0]}))
    with pytest.raises(DataError, match="needs periods"):
        engagement.draw("trend", scores.score_table(answers(), metric="nps", by="hotel"))
    with pytest.raises(CxError, match="did you mean 'forest'"):
        engagement.draw("forst", standing)
    with pytest.raises(CxError, match="the plot is"):
        engagement.draw(standing, "forest")  # type: ignore[arg-type]
    engagement.draw(forest, engagement.series("nps"))  # the module is taken for its sketch


@pytest.mark.parametrize(
    ("ask", "wanted"),
    [
        (lambda t: t.query("hotle == 'Bay'"), "no column 'hotle'; did you mean 'hotel'"),
        (lambda t: t["hotle"], "no column 'hotle'; did you mean 'hotel'"),
        (lambda t: t[["nps", "hotel"]].query("teir == 1"), "no column 'teir'"),
    ],
)
def test_a_wrong_column_is_said_with_the_nearest(ask: Any, wanted: str) -> None:
    try:
        ask(answers())
    except (KeyError, NameError) as error:
        assert wanted in str(mistake(error, error.__traceback__))


def test_another_key_error_is_left_alone() -> None:
    try:
        {}["hotle"]  # type: ignore[misc]
    except KeyError as error:
        assert mistake(error, error.__traceback__) is None


def test_a_mistake_shows_alone_unless_more_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CX_TRACEBACK", "CX_JOB"):
        monkeypatch.delenv(name, raising=False)
    error = DataError("column 'x' is not there.")
    assert [line[-24:] for line in error._render_traceback_()] == ["column 'x' is not there."]
    monkeypatch.setenv("CX_TRACEBACK", "1")
    try:
        raise error
    except DataError as raised:
        assert "test_sketches" in "".join(raised._render_traceback_())


def test_the_card_says_keys_labels_and_answers(engagement: Engagement) -> None:
    plain = engagement._repr_mimebundle_()["text/plain"]
    rows = [line.split("\t") for line in plain.splitlines()]
    values = {row[1].strip(): row for row in rows if len(row) == 4}
    for question in engagement.questions:
        assert values[question.key][2] == engagement.words.label(question.key)
    for segment in engagement.segments:
        assert segment in values
    assert f"{engagement.period!r}" in values
