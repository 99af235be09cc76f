"""The comments chapter recovers what was planted in the demo clients' words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from cxlib import Engagement
from cxlib.analysis import comments, drivers
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint
from cxlib.chapters.comments import Options, findings, heard, tables
from cxlib.chapters.comments.codebooks import Trade, read
from cxlib.chapters.rows import QUOTES
from cxlib.present.findings import tell
from cxlib.workspace import Workspace


@pytest.fixture(scope="module")
def harbour(demo_workspace: Workspace) -> tuple[Engagement, tables.Study, pd.DataFrame]:
    e = Engagement.open(
        "harbour-hotels", language="en", chapter="comments", workspace=demo_workspace
    )
    study = tables.study(e)
    return e, study, tables.themes(e, study)


def test_the_check_in_that_broke_is_what_they_complain_of(harbour: Any) -> None:
    _e, study, themes = harbour
    checkin = themes.set_index("theme").loc["checkin"]
    assert (checkin["case"], checkin["tone"], checkin["turn"]) == (
        "most complained of",
        "complaint",
        "worse",
    )
    assert checkin["like_high"] < 0
    assert {"押金", "证件", "手续"} <= set(tables.telling(*harbour[:2])["term"])
    assert study.found is not None
    said = study.rows.loc[study.found.matrix["checkin"], "comment"]
    assert said.str.contains("入住|前台|押金|退房|办理|房卡|登记").all()


def test_quotes_are_the_customers_own_words_and_chosen_by_rule(harbour: Any) -> None:
    e, study, themes = harbour
    quotes = tables.quotes(e, study, themes)
    assert set(quotes["comment"]) <= set(study.rows["comment"].str.strip())
    assert quotes["comment"].is_unique
    assert quotes.groupby("theme").size().max() <= QUOTES
    assert "checkin" in set(quotes["theme"])
    first = quotes["comment"].iloc[0]
    again = study.rows["comment"].where(~study.rows["comment"].isin(quotes["comment"]), first)
    twice = replace(study, rows=study.rows.assign(comment=again))  # all quoted wrote the same
    assert tables.quotes(e, twice, themes)["comment"].is_unique


def test_the_lists_are_judged_by_the_customers_own_ratings(harbour: Any) -> None:
    accuracy = tables.accuracy(harbour[1]).set_index("judged_by")["balanced"]
    assert accuracy["model"] > accuracy["lexicon"] > 0.8 > accuracy["always the larger group"]


def test_of_many_earlier_comments_some_are_drawn_alike_each_time_and_it_is_said(
    harbour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    e, whole, themes = harbour
    assert whole.n_drawn == whole.n_earlier > 400
    assert "drawn" not in set(tables.page(whole)["case"])
    monkeypatch.setattr(heard, "EARLIER", 400)
    some, again = tables.study(e), tables.study(e)
    assert (some.n_drawn, some.n_earlier) == (400, whole.n_earlier)
    pd.testing.assert_frame_equal(some.mood.accuracy, again.mood.accuracy)
    told = tables.page(some).set_index("case").loc["drawn"]
    assert (told["n_drawn"], told["n_earlier"]) == (400, whole.n_earlier)
    # what is counted is counted of all comments of the period
    counted = ["theme", "n", "mentioned", "complaints", "praises", "mentioned_change"]
    pd.testing.assert_frame_equal(tables.themes(e, some)[counted], themes[counted])
    right = some.mood.accuracy.set_index("method").loc["lexicon"]
    all_ = whole.mood.accuracy.set_index("method").loc["lexicon"]
    assert right["low"] < all_["accuracy"] < right["high"]


def test_of_very_many_comments_of_a_period_some_are_read_and_it_is_said(
    harbour: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    e, whole, themes = harbour
    assert (whole.share, whole.n_heard) == (1.0, len(whole.rows))
    assert "some read" not in set(tables.page(whole)["case"])
    most = len(whole.rows) // 2
    monkeypatch.setattr(heard, "READ", most)
    some, again = tables.study(e), tables.study(e)
    pd.testing.assert_frame_equal(some.rows, again.rows)
    assert 0.8 * most < len(some.rows) < 1.2 * most
    assert set(some.rows["comment"]) < set(whole.rows["comment"])
    told = tables.page(some).set_index("case").loc["some read"]
    assert (told["n"], told["n_heard"]) == (some.found.n_used, len(whole.rows))
    (said,) = [f for f in tell(tables.page(some), findings.PAGE, about="case", chapter="comments")
               if f.subject == "some read"]  # fmt: skip
    assert "drawn at random" in said.headline(e.words)
    assert some.n_earlier == whole.n_earlier
    # of each earlier period its part, as if all had been read
    few = tables.themes(e, some).set_index("theme").loc["checkin"]
    share = themes.set_index("theme").loc["checkin", "mentioned"]
    assert few["mentioned_low"] < share < few["mentioned_high"]
    # who commented and was not read is no one without a comment
    rows = e.survey(columns=e.scored, share=some.share)
    same = ["nps", "csat"]
    pd.testing.assert_frame_equal(rows.loc[some.judged["row"], same].reset_index(drop=True),
                                  some.judged[same].reset_index(drop=True))  # fmt: skip


def test_what_is_said_and_what_is_withheld(harbour: Any) -> None:
    e, _study, themes = harbour
    shown = e.withheld(themes)
    small = shown[shown["n"].isna()]
    assert len(small)
    assert small[["mentioned", "complaints", "like"]].isna().all(axis=None)
    told = tell(shown, findings.THEMES, chapter="comments", about="theme")
    first = next(f for f in told if f.subject == "checkin")
    assert first.severity == "warning"
    assert first.next_step
    assert not {f.subject for f in told} & set(themes.loc[themes["n"] < e.minimum_base, "theme"])


def test_a_theme_has_its_label_wherever_it_is_quoted(demo_workspace: Workspace) -> None:
    e = Engagement.open(
        "harbour-hotels", language="zh", chapter="comments", workspace=demo_workspace
    )
    assert e.words.label("checkin") != "checkin"
    assert e.words.label("staff") == "员工态度"


@pytest.mark.parametrize("trade", Trade.__args__)  # type: ignore[attr-defined]
def test_every_starter_reads_and_is_labelled_in_both_languages(trade: str) -> None:
    book = read(Options(codebook=trade))
    for theme in book.themes.values():
        assert {"en", "zh"} <= theme.label.keys()
        assert any(term.isascii() for term in theme.terms)
        assert any(not term.isascii() for term in theme.terms)


def test_a_client_adds_and_leaves_out_themes() -> None:
    book = read(Options(themes={"pool": ["pool", "泳池"], "staff": None}))
    assert "pool" in book.themes
    assert "staff" not in book.themes
    with pytest.raises(ValidationError, match="did you mean 'room'"):
        Options(codebook="hotel", themes={"bed": {"terms": ["bed"], "parent": "rom"}})
    with pytest.raises(ValidationError, match="both positive and negative"):
        Options(positive=("cheap",), negative=("cheap",))


def test_a_client_without_comments_is_told_so(demo_workspace: Workspace) -> None:
    e = Engagement.open(
        "harbour-hotels", language="en", chapter="comments", workspace=demo_workspace
    )
    whole = e.survey
    e.survey = lambda **asked: whole(**asked).drop(columns="comment")  # type: ignore[method-assign]
    study = tables.study(e)
    assert tables.page(study)["case"].tolist() == ["none"]
    assert tables.themes(e, study).empty
    for empty in (
        tables.telling(e, study),
        tables.quotes(e, study, tables.themes(e, study)),
        tables.missed(e, study),
        tables.accuracy(study),
    ):
        assert empty.empty


def test_reviews_and_complaints_are_read_as_the_surveys_comments_are(
    demo_workspace: Workspace,
) -> None:
    e = Engagement.open("nova-mall", language="en", chapter="comments", workspace=demo_workspace)
    study = tables.study(e)
    shown = tables.sources(study).set_index("heard_in")
    assert set(shown.index) == {"source=survey", "source=reviews", "source=complaints"}
    assert e.words.label("source=complaints") == "Complaints on file"
    assert shown.loc["source=complaints", "rated"] == 0
    assert shown.loc["source=complaints", "complaints"] > shown.loc["source=complaints", "praises"]
    themes = tables.themes(e, study)
    returns = themes.set_index("theme").loc["returns"]
    assert returns["case"] == "most complained of"
    assert set(themes["moved"]) == {"unclear"}  # though five times the complaints came in
    quotes = tables.quotes(e, study, themes)
    assert quotes["heard_in"].str.startswith("source=").all()
    first = tables.themes(e, replace(study, before=study.before.head(0)))
    assert set(first["moved"]) == {""}  # nothing came before: neither rose nor unclear


def test_one_source_alone_changes_as_two_shares_do() -> None:
    change, low, high, p = tables.change_of_share([(56, 70, 48, 80)])
    assert change == pytest.approx(0.2)
    newcombe = confint_proportions_2indep(56, 70, 48, 80, method="newcomb")
    assert (low, high) == pytest.approx(newcombe)  # published: 0.0524 to 0.3339
    assert p == pytest.approx(proportions_ztest([56, 48], [70, 80])[1])


def test_more_complaints_on_file_move_no_theme() -> None:
    survey, filed = (10, 100, 10, 100), (90, 300, 9, 30)  # 10% and 30% in both periods
    change, low, high, p = tables.change_of_share([survey, filed])
    assert change == pytest.approx(0)
    assert low < 0 < high
    assert p == pytest.approx(1)
    assert 100 / 400 > 19 / 130 + 0.1  # what pooling the sources would have found


ALONE = """client: shop
language: en
period: month
comments:
  reviews:
    source: reviews.csv
    columns: {text: text, date: day, rating: stars}
    scale: [1, 5]
"""


def test_a_client_may_have_comments_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CX_KEY_FILE", raising=False)
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    rows = ["text,day,stars"]
    for i in range(120):
        good = "The staff were kind and helpful", 4 + i // 4 % 2
        bad = "Waited an hour in a long queue, terrible", 1 + i // 3 % 2
        text, stars = bad if i % 3 == 0 else good
        rows.append(f'"{text}, on visit {i}",2026-0{1 + i % 2}-05,{stars}')
    for folder, name, said in (
        ("params", "shop.yaml", ALONE), ("data/shop", "reviews.csv", "\n".join(rows)),
    ):  # fmt: skip
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_text(said, encoding="utf-8")
    e = Engagement.open("shop", chapter="comments", workspace=Workspace(tmp_path))
    assert (e.period, e.periods) == ("2026-02", ("2026-01", "2026-02"))
    study = tables.study(e)
    themes = tables.themes(e, study).set_index("theme")
    assert themes.loc["waiting", "turn"] == "worse"
    assert themes.loc["waiting", "like"] < -2
    assert themes.loc["staff", "turn"] == "better"
    assert "raw" in set(tables.page(study)["case"])
    assert "terrible" in set(tables.telling(e, study).query("said_by == 'low ratings'")["term"])


TOUCHPOINTS = tuple(Touchpoint(key=f"t{k}") for k in range(4))
SAID = {"price": "Far too expensive.", "staff": "The staff.", "breakfast": "The breakfast."}


def answers(rng: np.random.Generator, *, n: int, price: float) -> pd.DataFrame:
    """Breakfast is named by those who rate t0 low; only what is said of the price adds to that."""
    ratings = rng.integers(1, 6, (n, 4))
    table = pd.DataFrame(ratings, columns=[t.key for t in TOUCHPOINTS])
    speaks = rng.random(n) < 0.6
    named = {
        "price": speaks & (rng.random(n) < 0.2),
        "staff": speaks & (rng.random(n) < 0.2),
        "breakfast": speaks & (rng.random(n) < 0.6 - 0.1 * ratings[:, 0]),
    }
    score = 2 + ratings[:, 0] + 0.5 * ratings[:, 1] + price * named["price"]
    table["nps"] = np.clip(np.round(score + rng.normal(0, 1.2, n)), 0, 10)
    words = [" ".join(SAID[k] for k in SAID if named[k][i]) or "Ok." for i in range(n)]
    table["comment"] = pd.Series(words).where(speaks)
    return table


def beside(survey: pd.DataFrame) -> pd.DataFrame:
    score = Metric(key="nps", kind="nps", scale=(0, 10))
    e = SimpleNamespace(
        touchpoints=TOUCHPOINTS,
        survey=lambda **_asked: survey,
        scored=(),
        design=SurveyDesign(),
        minimum_base=10,
        period="2026Q3",
    )
    rows = survey[survey["comment"].notna()].assign(source="survey")
    rows = rows.assign(row=rows.index).reset_index(drop=True)
    found = comments.themes(rows["comment"], codebook=read(Options(codebook="hotel")))
    study = tables.Study(rows=rows, found=found, score=score, judged=rows)
    named = found.table[found.table["n"] > 0]
    return tables.beside(e, study, named).set_index("theme")


def test_what_a_theme_adds_to_the_ratings_is_found_and_what_repeats_them_is_not() -> None:
    survey = answers(np.random.default_rng(5), n=900, price=-2.0)
    found = beside(survey)
    assert {"price", "staff"} <= set(found.index)
    assert found.index[found["added_p"] < 0.05].tolist() == ["price"]
    row = found.loc["price"]
    assert 0 < row["added_low"] < row["added"] < row["added_high"] < 1
    # the truth: the part of the variance that the price explains, with independent ratings exact
    price = survey["comment"].str.contains("expensive", na=False)
    ratings = survey[["t0", "t1"]].assign(price=price.astype(float))
    parts = ratings.var() * np.array([1.0, 0.5, -2.0]) ** 2
    assert row["added_low"] < parts["price"] / parts.sum() < row["added_high"]


def test_too_few_who_name_a_theme_or_comment_without_it_are_refused() -> None:
    survey = answers(np.random.default_rng(5), n=900, price=-2.0)
    price = survey["comment"].str.contains("expensive", na=False)
    few = survey.assign(comment=survey["comment"].mask(price & (price.cumsum() > 29)))
    assert "price" not in beside(few).index
    assert (
        "price"
        in beside(survey.assign(comment=few["comment"].where(~price, survey["comment"]))).index
    )
    assert beside(survey.head(40)).empty
    assert beside(survey.assign(nps=7.0)).empty


def test_a_theme_that_adds_nothing_is_called_an_addition_as_rarely_as_promised() -> None:
    rng, times = np.random.default_rng(11), 120
    raw, called = [], 0
    for _again in range(times):
        survey = answers(rng, n=400, price=0.0)
        said = survey["comment"].notna()
        for key, text in SAID.items():
            survey[key] = (
                survey["comment"].str.contains(text, regex=False).astype(float).where(said)
            )
            survey[f"{key}_used"] = said
        names = [*(t.key for t in TOUCHPOINTS), *SAID]
        found = drivers.importance(
            survey, outcome="nps", drivers=names, bootstrap=0, permutations=0
        ).table.tail(len(SAID))
        raw += found["p_unique_raw"].tolist()
        called += bool((found["p_unique"] < 0.05).any())
    noise = 3 * np.sqrt(0.05 * 0.95 / times)
    assert called / times < 0.05 + noise
    assert np.mean(np.array(raw) < 0.05) == pytest.approx(0.05, abs=noise)
