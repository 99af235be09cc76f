"""The membership of the demo clients recovers what was planted in them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis import lifetime
from cxlib.chapters import words_of
from cxlib.chapters.membership import experience, figures, findings, stays, tables
from cxlib.chapters.membership.study import Study
from cxlib.data.demo import _guests, _orders, _rewards
from cxlib.plots import theme
from cxlib.present.findings import Finding, tell
from cxlib.present.formats import cell
from cxlib.words import Words
from cxlib.workspace import Workspace


@dataclass
class Told:
    study: Study

    def about(self, table: object, rules: object, key: str) -> dict[str, Finding]:
        shown = self.study.engagement.withheld(table)
        told = tell(shown, rules, chapter="membership", about=key)  # type: ignore[arg-type]
        return {finding.subject: finding for finding in told}


def study_of(workspace: Workspace, client: str) -> Told:
    e = Engagement.open(client, language="en", chapter="membership", workspace=workspace)
    return Told(Study(engagement=e))


@pytest.fixture(scope="module")
def lakeside(demo_workspace: Workspace) -> Told:
    return study_of(demo_workspace, "lakeside-bank")


@pytest.fixture(scope="module")
def harbour(demo_workspace: Workspace) -> Told:
    return study_of(demo_workspace, "harbour-hotels")


@pytest.fixture(scope="module")
def nova(demo_workspace: Workspace) -> Told:
    return study_of(demo_workspace, "nova-mall")


def test_the_worth_of_each_step_is_recovered_and_said(lakeside: Told) -> None:
    result = experience.steps(lakeside.study)
    spend = result.table.query("outcome_key == 'spend'").set_index("step_key")
    promoter = _rewards.WORTH_IN_HORIZON["promoter"] - _rewards.WORTH_IN_HORIZON["passive"]
    truth = {"detractor to passive": 120.0, "passive to promoter": promoter}
    for step, worth in truth.items():
        row = spend.loc[step]
        assert row["step_value_low"] < worth < row["step_value_high"]
        assert row["turn"] == "more"
    told = lakeside.about(result, findings.STEPS, "subject")
    assert set(told) == set(truth)
    assert told["detractor to passive"].severity == "warning"
    assert "£" in told["detractor to passive"].headline(Words())


def test_where_the_worth_is_zero_no_price_is_put_on_it(harbour: Told, nova: Told) -> None:
    for client in (harbour, nova):
        result = experience.steps(client.study)
        assert (result.table["turn"] == "unclear").all()
        (finding,) = client.about(result, findings.STEPS, "subject").values()
        assert finding.severity == "note"
    raw = experience.steps(harbour.study).table["step_raw"].iloc[1]
    assert raw > 200  # higher tiers are happier and spend more: the raw gap would mislead


def test_the_valuable_unhappy_are_counted_and_heard(lakeside: Told) -> None:
    found = experience.unhappy(lakeside.study)
    base = lakeside.study.engagement.minimum_base
    row = found.whole.iloc[0]
    assert row["n"] == found.table["n"].sum() >= base
    assert row["theme"] == found.themes["theme"].iloc[0]
    assert found.themes["n"].between(base, row["n"]).all()
    assert set(found.quotes["theme"]) <= set(found.themes["theme"])
    survey = lakeside.study.engagement.survey(period="history")
    assert set(found.quotes["comment"]) <= set(survey["comment"].dropna().str.strip())
    (said,) = lakeside.about(found.whole, findings.UNHAPPY, "subject").values()
    label = lakeside.study.engagement.words.label(row["theme"])
    assert label in said.headline(lakeside.study.engagement.words)
    assert said.stake == 0  # money is no points of the score


def test_a_small_group_of_unhappy_is_counted_and_not_quoted(
    lakeside: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    e = lakeside.study.engagement
    whole = experience.unhappy(lakeside.study)
    monkeypatch.setattr(type(e), "minimum_base", int(whole.themes["n"].max()) + 1)
    found = experience.unhappy(lakeside.study)
    assert found.quotes.empty  # a comment of a small group would tell who it is
    assert found.themes.empty
    assert found.whole["case"].iloc[0] != "said"


def test_where_only_members_buy_nothing_is_said_of_joining(lakeside: Told) -> None:
    assert experience.joining(lakeside.study) is None
    said = lakeside.about(tables.refused(lakeside.study), findings.REFUSED, "case")
    assert said["joining"].severity == "note"


def test_what_joining_brings_is_recovered(harbour: Told) -> None:
    found = experience.joining(harbour.study)
    row = found.table.iloc[0]
    after = found.windows.set_index("place")["mean"][3]
    planted = after * (1 - 1 / _guests.MORE_OFTEN)
    assert 0 < row["joined_low"] < planted < row["joined_high"]
    assert row["earlier_low"] < 0 < row["earlier_high"]
    (said,) = harbour.about(found, findings.JOINING, "subject").values()
    assert said.severity == "good"
    assert found.balance["apart_weighted"].abs().max() < 0.1


def test_guests_who_are_no_members_are_counted_as_none(harbour: Told) -> None:
    listed = set(harbour.study.listed["member_id"])
    assert set(harbour.study.own["member_id"]) < set(harbour.study.bought["member_id"])
    assert set(harbour.study.own["member_id"]) <= listed
    assert tables.rfm(harbour.study).table["n"].sum() <= len(listed)
    assert set(harbour.study.summary.table["member_id"]) <= listed


def test_the_cohort_and_the_channel_that_leave_early_are_found_and_no_other(
    lakeside: Told, harbour: Told
) -> None:
    told = lakeside.about(stays.groups(lakeside.study), findings.STAY, "level")
    assert set(told) == {f"joined_by={_rewards.CAMPAIGN}", "cohort=2025Q2"}
    assert told[f"joined_by={_rewards.CAMPAIGN}"].severity == "serious"
    assert harbour.about(stays.groups(harbour.study), findings.STAY, "level") == {}


def test_planted_leaving_is_recovered_though_early_leavers_are_in_no_record(
    lakeside: Told, harbour: Told
) -> None:
    groups = stays.groups(lakeside.study).set_index("level")
    for channel, monthly in _rewards.LEAVING_A_MONTH.items():
        row = groups.loc[channel]
        assert row["stay_low"] - 0.02 < (1 - monthly) ** 12 < row["stay_high"] + 0.02
    told = harbour.study.survival("tier")
    assert told is not None
    at = told.at(365).set_index("level")
    for tier, monthly in {"银卡": 0.022, "金卡": 0.010, "白金卡": 0.005}.items():
        truth = 2.718281828 ** (-monthly * 12)
        assert at.loc[tier, "survival"] == pytest.approx(truth, abs=0.04)


def test_a_tier_that_costs_more_than_it_keeps_and_one_that_pays(lakeside: Told) -> None:
    result = tables.effects(lakeside.study)
    table = result.table.set_index("level")
    keeps = 0.2 * 12 * _rewards.EXTRA_A_MONTH["Platinum"]
    assert table.loc["Gold", "keeps_low"] < 0 < table.loc["Gold", "keeps_high"]
    assert table.loc["Platinum", "keeps_low"] < keeps < table.loc["Platinum", "keeps_high"]
    told = lakeside.about(result, findings.TIERS, "level")
    assert {k: f.severity for k, f in told.items()} == {
        "tier=Gold": "serious",
        "tier=Platinum": "good",
    }
    designs = lakeside.about(tables.designs(lakeside.study), findings.DESIGNS, "subject")
    words = lakeside.study.engagement.words
    assert "Gold without the lounge" in designs["design"].headline(words)


def test_novas_orders_have_the_planted_model_and_it_holds_out(nova: Told) -> None:
    fit = nova.study.purchases
    assert fit is not None
    rows = fit.table.set_index("parameter")
    for name, truth in _orders.BG_NBD.items():
        assert rows.loc[name, "estimate_low"] < truth < rows.loc[name, "estimate_high"]
    money = nova.study.money
    assert money is not None
    rows = money.table.set_index("parameter")
    for name, truth in _orders.GAMMA_GAMMA.items():
        assert rows.loc[name, "estimate_low"] < truth < rows.loc[name, "estimate_high"]
    held = tables.holdout(nova.study)
    assert 0.9 < held["ratio"].iloc[0] < 1.1


def test_where_the_model_does_not_fit_no_value_is_given_and_it_is_said(
    harbour: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(engagement=harbour.study.engagement)
    bought, joined = study.bought, study.listed.set_index("member_id")["joined"]
    assert bought is not None
    kept = bought[bought["date"].to_numpy() > joined.reindex(bought["member_id"]).to_numpy()]
    kept = kept.assign(member_id=kept["member_id"].cat.remove_unused_categories())
    monkeypatch.setattr(Study, "own", kept)  # as members they leave openly: none drops out unseen
    assert tables.worth(study) is None
    refused = tables.refused(study)
    assert "worth" in set(refused["case"])
    assert "worth" in harbour.about(refused, findings.REFUSED, "case")


def test_a_refusal_with_numbers_is_said_in_the_readers_language(harbour: Told) -> None:
    engagement = harbour.study.engagement
    study = Study(engagement=engagement)
    few = pd.DataFrame({"frequency": [0, 1], "recency": [0, 1], "age": [2, 2]})
    assert study.tried("worth", lifetime.bg_nbd, few) is None
    why = engagement.withheld(tables.refused(study))["reason_text"].iloc[0]
    words = words_of(engagement.client, engagement.workspace, "zh")
    assert "1 customer came again" in cell(why, "word", words=Words())
    assert cell(why, "word", words=words).startswith("再次购买的顾客只有1人")


def test_movement_and_shares_add_up(lakeside: Told) -> None:
    movement = tables.movement(lakeside.study)
    assert movement is not None
    before = movement.table.groupby("before")["moved_share"].sum()
    assert before.tolist() == pytest.approx([1.0] * len(before))
    who = tables.who(lakeside.study)
    assert who["share_of_members"].sum() == pytest.approx(1)
    assert who["spend_share"].sum() == pytest.approx(1)
    points = lakeside.study.benefits
    assert points is not None
    shares = points.points.set_index("kind")["share"]
    assert shares["redeemed"] == pytest.approx(_rewards.REDEEMED, abs=0.02)
    assert shares[["redeemed", "expired", "outstanding"]].sum() == pytest.approx(1)


def test_small_cohorts_and_tiers_are_withheld_everywhere(lakeside: Told) -> None:
    e = lakeside.study.engagement
    movement = tables.movement(lakeside.study)
    shown = e.withheld(movement).table
    small = shown["n"].isna()
    assert (movement.table.loc[~small, "n"] >= e.minimum_base).all()  # type: ignore[union-attr]
    assert shown.loc[small, "moved_share"].isna().all()
    assert small.any()
    for name in ("before", "after"):  # none follows from how many a tier had or has
        assert 1 not in small.groupby(shown[name]).sum().tolist()
    way = shown.groupby("way")["n"].sum().astype(int)
    assert (
        shown.loc[small, "way"] == "down"
    ).any()  # so the whole of these is not known, and said so
    with theme.applied():
        title = figures.flow(e.withheld(movement), words=e.words).get_gid()
    assert title == f"Members: {way['up']} rose, at least {way['down']} fell, {way['left']} left"


def test_figures_speak_both_languages(lakeside: Told, nova: Told) -> None:
    for language in ("en", "zh"):
        e = Engagement.open("lakeside-bank", language=language, chapter="membership",
                            workspace=lakeside.study.engagement.workspace)  # fmt: skip
        words = e.words
        for plot, made in (
            (figures.flow, tables.movement(lakeside.study)),
            (figures.curves, stays.curves(lakeside.study)),
            (figures.cohorts, stays.cohorts(lakeside.study)),
            (figures.effects, tables.effects(lakeside.study)),
            (figures.steps, experience.steps(lakeside.study)),
        ):
            with theme.applied():
                title = plot(e.withheld(made), words=words).get_gid()
            assert title
            assert any("\u4e00" <= c <= "\u9fff" for c in title) == (language == "zh")
    with theme.applied():
        assert figures.cohorts(stays.cohorts(nova.study), words=Words()).get_gid()
