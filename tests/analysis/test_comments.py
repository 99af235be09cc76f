"""Comments: negation and degree case by case, planted themes, and methods against hand values."""

from __future__ import annotations

import gzip
import sys
from math import log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from cxlib.analysis import comments
from cxlib.analysis.comments.learned import _said, _Vocabulary
from cxlib.errors import DataError

HOTEL = {
    "themes": {
        "room": {"label": {"en": "Room", "zh": "客房"}, "terms": ["room*", "bed", "房间", "床"]},
        "clean": {"parent": "room", "terms": {"en": ["clean*", "dirty"], "zh": ["干净", "脏"]}},
        "staff": ["staff", "front desk", "服务员", "前台"],
    }
}


def said(text: str, **options: object) -> str:
    told = comments.sentiment(pd.Series([text]), **options)  # type: ignore[arg-type]
    return str(told.table["label"].iloc[0])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("我今天不高兴", "negative"),
        ("not happy", "negative"),
        ("The staff were not very helpful", "negative"),
        ("I don't think the service is good", "negative"),
        ("No problems at all", "positive"),
        ("nothing to complain about", "positive"),
        ("Not bad!", "positive"),
        ("not only friendly but fast", "positive"),
        ("I would not recommend it", "negative"),
        ("never had such bad service", "negative"),
        ("没有不满意的地方", "positive"),
        ("不是不好", "positive"),
        ("一点也不贵", "positive"),
        ("不太满意", "negative"),
        ("没有以前好", "negative"),
        ("无可挑剔", "positive"),
        ("从来没见过这么差的服务", "negative"),
        ("服务不错，但是房间太脏了，隔音也差", "negative"),
        ("The room was small but the staff were wonderful and helpful", "positive"),
        ("房間很髒", "negative"),  # traditional characters
        ("ＢＡＤ　service", "negative"),  # full width
        ("didn’t like it: slow", "negative"),  # typographic apostrophe
        ("👍👍", "positive"),
        ("请问几点开门", "none"),
        ("", "none"),
    ],
)
def test_negation_and_degree(text: str, label: str) -> None:
    assert said(text) == label


def test_degree_counts_and_nothing_means_praise_where_complaints_were_asked_for() -> None:
    told = comments.sentiment(pd.Series(["good", "very good", "a bit slow", "slow"])).table["score"]
    assert told[1] > told[0] > 0 > told[2] > told[3]
    for nothing in ("Nothing.", "没有", "无", "N/A"):
        assert said(nothing, asked="complaints") == "positive"
        assert said(nothing, asked="praise") == "negative"
        assert said(nothing) != "positive"


def test_every_hit_is_a_stretch_of_the_comment() -> None:
    texts = pd.Series(
        [
            "The rooms are clean, but the front desk was rude",
            "房间很脏，服务员态度好",
            None,
            "😀",
            "ok",
        ],
        index=list("abcde"),
    )
    told = comments.themes(texts, codebook=HOTEL)
    for hit in told.hits.to_dict("records"):
        assert texts[hit["comment"]][hit["start"] : hit["end"]] == hit["term"]
    table = told.table.set_index("theme")
    assert table["n"].to_dict() == {"room": 2, "clean": 2, "staff": 2}
    assert (table.loc["clean", ["positive", "negative"]] == [1, 1]).all()
    assert (table.loc["staff", ["positive", "negative"]] == [1, 1]).all()
    assert told.matrix.loc["b"].tolist() == [True, True, True]
    assert (told.n_used, told.n_dropped) == (4, 1)
    assert list(told.uncoded) == ["d", "e"]


def test_words_end_where_they_end_and_the_longest_wins() -> None:
    told = comments.themes(
        pd.Series(["bedlam", "mushroom", "bedroom", "front  desk", "desk"]), codebook=HOTEL
    )
    assert told.hits["term"].tolist() == ["front  desk"]
    assert said("好像听说过") == "none"  # "like", not "good"
    own = {"positive": ["sick"], "negative": ["simple"], "neutral": ["good friday"]}
    assert said("sick!", codebook=own) == "positive"
    assert said("too simple", codebook=own) == "negative"  # the codebook overrules the kit
    assert said("closed on Good Friday", codebook=own) == "none"


@pytest.mark.parametrize(
    ("book", "told"),
    [
        (
            {"themes": {"a": {"terms": ["x"], "parent": "rom"}, "room": ["y"]}},
            "did you mean 'room'",
        ),
        ({"themes": {"a": {"terms": ["x"], "parent": "a"}}}, "below itself"),
        ({"themes": {"a": []}}, "no terms"),
        ({"themes": {"a": [" "]}}, "empty term"),
        ({"themes": {"a": ["x*y"]}}, "within"),
        ({"positive": ["cheap"], "negative": ["Cheap"]}, "both positive and negative"),
        ({"positiv": []}, "did you mean 'positive'"),
    ],
)
def test_a_wrong_codebook_names_its_fault(book: dict, told: str) -> None:
    with pytest.raises(DataError, match=told):
        comments.codebook(book)


def test_a_list_of_comments_is_as_good_as_a_column() -> None:
    texts, group = ["queue queue", "kind staff", ""] * 20, [True, False, False] * 20
    for told in (
        lambda given: comments.sentiment(given).table,
        lambda given: comments.themes(given, codebook=HOTEL).matrix,
        lambda given: comments.keyness(given, group=group).table,
        lambda given: comments.topics(given, n=2).comments,
    ):
        pd.testing.assert_frame_equal(told(texts), told(pd.Series(texts)))


def test_what_is_no_comment_is_refused() -> None:
    with pytest.raises(DataError, match="no text"):
        comments.sentiment(pd.Series([1, 2]))
    with pytest.raises(DataError, match="no themes"):
        comments.themes(pd.Series(["x"]), codebook={})
    with pytest.raises(DataError, match="did you mean 'complaints'"):
        comments.sentiment(pd.Series(["x"]), asked="complaint")


def test_agreement_with_a_hand_coded_sample() -> None:
    texts = pd.Series(["the room", "bed", "nice view", "room", "a bed"])
    coded = pd.DataFrame({"room": [True, False, True, True, None]})
    told = comments.themes(texts, codebook=HOTEL).agreement_with(coded).iloc[0]
    assert (told["n"], told["coded"], told["found"], told["both"]) == (4, 3, 3, 2)
    assert told["precision"] == pytest.approx(2 / 3)
    assert told["recall"] == pytest.approx(2 / 3)
    # pairs: 2 of 4 units differ; values 6 yes, 2 no of 8: 1 − 7·(4/1)/(2·6·2)·… by hand
    assert told["alpha"] == pytest.approx(1 - 7 * 4 / (2 * 6 * 2))
    with pytest.raises(DataError, match="did you mean 'room'"):
        comments.themes(texts, codebook=HOTEL).agreement_with(coded.rename(columns={"room": "rom"}))


def test_keyness_by_hand_and_by_plant() -> None:
    texts = pd.Series(["queue queue"] * 30 + ["staff"] * 70 + ["queue"] * 10 + ["staff"] * 90)
    group = pd.Series([True] * 100 + [False] * 100)
    told = comments.keyness(texts, group=group, prior=10.0).table.set_index("term")
    alpha = 10 * 40 / 200
    expected = log((30 + alpha) / (110 - 30 - alpha)) - log((10 + alpha) / (110 - 10 - alpha))
    assert told.loc["queue", "log_odds"] == pytest.approx(expected)
    assert told.loc["queue", "low"] > 0
    assert told.loc["queue", "n"] == 30  # once a comment
    rng = np.random.default_rng(2)
    words = np.array(["alpha", "beta", "gamma", "delta", "omega"])
    null = pd.Series([" ".join(words[rng.random(5) < 0.4]) or "none" for _row in range(400)])
    assert (comments.keyness(null, group=rng.random(400) < 0.5).table["p_adjusted"] > 0.01).all()
    with pytest.raises(DataError, match="two groups"):
        comments.keyness(texts, group=pd.Series([True] * 200))


def test_topics_find_what_was_planted() -> None:
    rng = np.random.default_rng(4)
    planted = [["parking", "car", "garage"], ["noise", "street", "window"]]
    texts = pd.Series(
        [" ".join(rng.permutation(planted[row % 2])[: 2 + row % 3 // 2]) for row in range(80)]
    )
    told = comments.topics(texts, n=2)
    found = [set(terms.split(", ")) & {*planted[0], *planted[1]} for terms in told.table["terms"]]
    assert sorted(map(sorted, found)) == sorted(map(sorted, map(set, planted)))
    assert told.table["n"].tolist() == [40, 40]
    assert comments.topics(pd.Series(["hello"])).table.empty


def test_a_model_learns_the_customers_own_words_and_says_how_well() -> None:
    rng = np.random.default_rng(6)
    rating = pd.Series(rng.choice([1, 5], 300))
    slang = rating.map({5: "zorp", 1: "blick"})  # words that no lexicon knows
    noise = pd.Series(rng.choice(["today", "counter", "again"], 300))
    told = comments.sentiment(slang + " " + noise, ratings=rating)
    accuracy = told.accuracy.set_index("method")["accuracy"]
    assert accuracy["model"] == 1
    assert accuracy["lexicon"] == 0.5  # left open
    shuffled = comments.sentiment(slang + " " + noise, ratings=rng.permutation(rating))
    row = shuffled.accuracy.set_index("method").loc["model"]
    assert row["low"] < 0.5 < row["high"] + 0.05
    few = comments.sentiment(pd.Series(["good", "bad"]), ratings=[5, 1])
    assert few.caveats
    assert "p_positive" not in few.table


def test_words_weighed_some_comments_at_a_time_are_those_of_sklearn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(8)
    texts = [" ".join(rng.choice(["good", "slow", "queue", "desk", "app"], 6)) for _ in range(40)]
    texts += ["onceonly word", ""]
    rows = np.arange(41)
    monkeypatch.setattr(sys.modules[_Vocabulary.__module__], "AT_ONCE", 7)
    found = _Vocabulary(texts, rows).weighed(rows).toarray()
    whole = TfidfVectorizer(analyzer=_said, min_df=2, sublinear_tf=True)
    expected = whole.fit_transform(texts[:41]).toarray()
    assert found.shape == expected.shape
    assert np.allclose(found @ found.T, expected @ expected.T, atol=1e-12)  # whatever their order
    assert np.allclose(np.sort(found.sum(axis=0)), np.sort(expected.sum(axis=0)))


def test_held_back_chinese_reviews(public_data: Path) -> None:
    """The odd lines were looked at while the lists were written; the even ones were held back."""
    texts, rating = [], []
    for name, value in (("pos", 5), ("neg", 1)):
        path = public_data / "chinese_reviews" / f"{name}.txt.gz"
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
        held = [line for line in lines[::2] if line.strip()][:2000]
        texts += held
        rating += [value] * len(held)
    told = comments.sentiment(pd.Series(texts), ratings=rating).accuracy.set_index("method")
    assert told.loc["lexicon", "balanced"] > 0.72
    assert told.loc["model", "balanced"] > 0.8
    assert told.loc["always the larger group", "balanced"] == pytest.approx(0.5)
