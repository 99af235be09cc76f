"""Chapter 00: what the demo's field plants is what the chapter says, and what it must not say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.fieldwork import sample_plan
from cxlib.chapters.fieldwork import findings, study, tables
from cxlib.data.demo import _field as planted
from cxlib.params.fieldwork import Wave
from cxlib.present.findings import tell
from cxlib.words import Words
from cxlib.workspace import Workspace


@pytest.fixture(scope="module")
def harbour(demo_workspace: Workspace) -> Engagement:
    return Engagement.open(
        "harbour-hotels", language="en", chapter="fieldwork", workspace=demo_workspace
    )


@pytest.fixture(scope="module")
def field(harbour: Engagement) -> study.Field:
    return study.field(harbour)


Other = Callable[..., study.Field]


@pytest.fixture
def other(harbour: Engagement, monkeypatch: pytest.MonkeyPatch) -> Other:
    """Return the field where the client file says something else, or other interviews came."""

    def look(
        rows: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
        invited: dict[str, int] | None = None,
        **changes: Any,
    ) -> study.Field:
        client = harbour.client
        assert client.fieldwork is not None
        assert client.survey is not None
        survey = client.survey
        if invited is not None:
            survey = survey.model_copy(update={"invited": invited})
        given = client.fieldwork.model_copy(update=changes)
        changed = client.model_copy(update={"fieldwork": given, "survey": survey})
        monkeypatch.setattr(harbour, "client", changed)
        if rows is not None:
            read, log = harbour.rows, rows(harbour.rows("fieldwork"))
            monkeypatch.setattr(
                harbour, "rows", lambda name, **of: log if name == "fieldwork" else read(name, **of)
            )
        found = study.field(harbour)
        monkeypatch.undo()
        return found

    return look


def case_of(field: study.Field) -> str:
    return str(tables.course(field)["case"].iloc[0])


def wave(**of: Any) -> dict[str, Wave]:
    return {
        "2026Q4": Wave.model_construct(
            **{"start": None, "end": None, "invited": 1835, "quotas": {}} | of
        )
    }


def test_what_was_planted_is_found(field: study.Field) -> None:
    going = field.going
    assert going is not None
    assert (field.wave, field.seen) == ("2026Q4", "2026Q3")
    assert going.n_started == planted.BEGUN  # who began again counts once
    assert going.n_speeders == planted.SPEEDERS
    assert going.n_straight_liners >= planted.FLAT
    assert 1 - going.completion == pytest.approx(planted.LEFT, abs=0.05)
    drop = tables.drop_off(field)
    assert drop.loc[drop["case"] == "leaks", "question"].tolist() == ["facilities"]
    quotas = tables.quotas(field).set_index("level")["case"].to_dict()
    assert quotas == {"": "on course", "银卡": "on course", "金卡": "on course", "白金卡": "late"}
    assert case_of(field) == "on course"


def test_the_plan_is_that_of_the_method(field: study.Field, harbour: Engagement) -> None:
    known = harbour.kpis().at("2026Q3").table.set_index("kpi").loc["nps"]
    effect = max(
        float(row["n"] / row["n_star"])
        for _k, row in harbour.kpis().at("2026Q3", source="survey").table.iterrows()
    )
    by_hand = sample_plan(
        [{"kpi": "nps", "variance": known["variance"] / 1e4, "margin": 5}],
        design_effect=effect,
        population=21_000,
    )
    plan = tables.plan(field)
    whole = plan[(plan["kpi"] == "nps") & (plan["segment"] == "")].iloc[0]
    assert whole["answers_needed"] == by_hand.answers
    assert whole["invites"] == pytest.approx(by_hand.answers / field.rate, abs=1)
    assert whole["affordable"] == int(1835 * field.rate)
    assert not whole["enough"]
    assert whole["shows"] > whole["wanted"]
    assert set(tables.limits(plan)["customer_group"]) == {
        "all customers", "tier=金卡", "tier=白金卡"
    }  # fmt: skip


def test_the_response_rate_seen_before_is_answers_of_those_invited(
    field: study.Field, harbour: Engagement
) -> None:
    rows = harbour.survey(period="history")
    last = ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]
    sent = sum(harbour.client.survey.invited[p] for p in last)  # type: ignore[union-attr]
    assert field.rate == pytest.approx(rows["period"].isin(last).sum() / sent)


def test_a_target_so_near_that_no_survey_decides_it(
    field: study.Field, harbour: Engagement
) -> None:
    told = tables.targets(harbour, field).set_index("kpi")
    assert told.loc["csat", "case"] == "undecidable"
    assert told.loc["nps", "enough"]
    few = study.field(harbour)
    assert (told["to_decide"].dropna() < 21_000).all()  # never more than there are customers
    assert few.wave == field.wave


def test_a_wave_that_has_not_begun(other: Other) -> None:
    found = other(rows=lambda log: log.head(0))
    assert case_of(found) == "not begun"
    for table in (tables.quotas, tables.by_day, tables.ahead, tables.drop_off, tables.quality,
                  tables.response):  # fmt: skip
        assert table(found).empty
    (told,) = tell(tables.course(found), findings.COURSE, chapter="fieldwork", about="subject",
                   evidence=findings.SO_FAR)  # fmt: skip
    assert told.proof(Words()) == ""  # of interviews that nobody began nothing is said
    assert len(tables.plan(found))
    (told,) = tell(tables.course(found), findings.COURSE, chapter="fieldwork", about="subject")
    assert told.severity == "note"


def test_how_a_field_stands(other: Other) -> None:
    first = pd.Timestamp("2026-10-08").date()
    last = pd.Timestamp("2026-11-08").date()
    told = {
        "met": wave(start=first, end=last, answers=300),
        "late": wave(start=first, end=last, answers=3000),
        "close": wave(start=first, end=last, answers=730),
        "closed": wave(start=first, end=pd.Timestamp("2026-10-21").date(), answers=400),
        "open": wave(start=first, answers=400),
    }
    assert {case: case_of(other(waves=waves)) for case, waves in told.items()} == {
        case: case for case in told
    }


def test_more_answers_than_invitations_is_grave(other: Other, harbour: Engagement) -> None:
    found = other(waves=wave(invited=100))
    assert case_of(found) == "over"
    (finding,) = tell(tables.course(found), findings.COURSE, chapter="fieldwork", about="subject")
    assert finding.severity == "serious"
    assert finding.headline(harbour.words)
    assert tables.response(found).empty


def test_nobody_invited_means_no_rate_and_no_invented_plan(other: Other) -> None:
    found = other(invited={}, waves=wave(invited=None))
    assert pd.isna(found.rate)
    plan = tables.plan(found)
    assert plan["invites"].isna().all()
    assert plan["affordable"].isna().all()
    assert tables.coverage(plan).empty
    assert tables.response(found).empty


def test_a_rate_by_level_asks_for_more_invitations_where_it_is_low(other: Other) -> None:
    found = other(response_rate={"银卡": 0.5, "金卡": 0.25, "白金卡": 0.1})
    plan = tables.plan(found)
    nps = plan[(plan["kpi"] == "nps") & (plan["segment"] == "tier")].set_index("level")
    share = nps["invites"] / nps["answers_needed"]
    assert share.to_dict() == pytest.approx({"银卡": 2, "金卡": 4, "白金卡": 10}, rel=0.01)


def test_a_lower_response_is_said_only_once_the_field_has_closed(other: Other) -> None:
    first, end = (pd.Timestamp(d).date() for d in ("2026-10-08", "2026-10-21"))
    running = other()
    closed = other(waves=wave(start=first, end=end, answers=400))
    assert tables.response(running)["case"].tolist() == [""]
    assert tables.response(closed)["case"].tolist() == ["lower"]


def test_a_log_without_times_finds_no_one_rushed(other: Other) -> None:
    found = other(rows=lambda log: log.assign(seconds=float("nan")))
    quality = tables.quality(found)
    assert pd.isna(quality["interviews"].iloc[1])
    assert quality["interviews"].iloc[2] > 0


def test_every_rule_speaks(field: study.Field, harbour: Engagement) -> None:
    plan = tables.plan(field)
    for rules, table, about in (
        (findings.LIMITS, tables.limits(plan), "subject"),
        (findings.QUOTAS, tables.behind(tables.quotas(field)), "customer_group"),
        (findings.DROP, tables.drop_off(field), "subject"),
        (findings.QUALITY, tables.quality(field), "subject"),
        (findings.SAMPLE, tables.method(harbour, field), "subject"),
    ):
        told = tell(table, rules, chapter="fieldwork", about=about)
        assert told
        assert all("{" not in f.headline(harbour.words) + f.step(harbour.words) for f in told)
