"""The cross table: by hand, by statsmodels and scipy, by what must hold, and by simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, ttest_ind
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint
from cxlib.analysis.scores import Crosstab, crosstab, nps, score_table
from cxlib.errors import DataError
from cxlib.present.withhold import withhold


def made(counts: dict[tuple[str, str], int]) -> pd.DataFrame:
    """Return answers by group: ``{(group, answer): how many}``."""
    rows = [pair for pair, n in counts.items() for _ in range(n)]
    return pd.DataFrame(rows, columns=["group", "q"])


def cell(found: Crosstab, **of: Any) -> Any:
    chosen = found.table
    for name, value in of.items():
        chosen = chosen[chosen[name].isna() if value is None else chosen[name] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


def pair(found: Crosstab, a: str, b: str, answer: str = "") -> Any:
    p = found.pairs
    return p[(p["level"] == a) & (p["other"] == b) & (p["choice"] == answer)].iloc[0]


@pytest.fixture
def three() -> pd.DataFrame:
    shares = {"A": (60, 40), "B": (30, 70), "C": (35, 65)}
    return made({(g, q): n for g, two in shares.items() for q, n in zip("yn", two, strict=True)})


def test_percents_bases_and_letters_by_hand(three: pd.DataFrame) -> None:
    found = crosstab(three, rows="q", by="group", design=SurveyDesign())
    total = cell(found, choice="y", segment=None)
    assert (total["value"], total["n"]) == (pytest.approx(125 / 3), 300)
    a = cell(found, choice="y", level="A")
    assert (a["value"], a["n"], a["n_effective"], a["column"]) == (60, 100, 100, "A")
    assert (a["letters"], a["against_rest"]) == ("B C", "higher")
    b = cell(found, choice="y", level="B")
    assert (b["letters"], b["against_rest"]) == ("", "lower")
    assert cell(found, choice="n", level="C")["letters"] == "A"


def test_disjoint_columns_are_tested_as_statsmodels_and_scipy_do(three: pd.DataFrame) -> None:
    three["m"] = np.random.default_rng(2).normal(size=300) + (three["group"] == "A")
    found = crosstab(three, rows=["q", "m"], by="group", design=SurveyDesign())
    assert pair(found, "A", "B", "y")["p_value"] == pytest.approx(
        proportions_ztest([60, 30], [100, 100])[1], abs=1e-12
    )
    rest = cell(found, choice="y", level="A")
    assert rest["p_value"] == pytest.approx(proportions_ztest([60, 65], [100, 200])[1], abs=1e-12)
    groups = [three.loc[three["group"] == g, "m"] for g in "AB"]
    welch = ttest_ind(*groups, equal_var=False).pvalue
    p = found.pairs[found.pairs["question"] == "m"].iloc[0]["p_value"]
    assert p == pytest.approx(welch, abs=1e-12)


def test_each_family_is_adjusted_by_itself_over_the_whole_table(three: pd.DataFrame) -> None:
    found = crosstab(three.assign(z=three["q"]), rows=["q", "z"], by="group")
    for frame in (found.table[found.table["segment"].notna()], found.pairs):
        adjusted = multipletests(frame["p_value"], method="fdr_bh")[1]
        assert frame["p_adjusted"].to_numpy() == pytest.approx(adjusted, abs=1e-12)


def test_columns_that_share_respondents_by_hand() -> None:
    """Eight people; four chose P (x 1 1 1 0), five S (x 1 0 0 0 0); one, with x 0, chose both."""
    x = [1, 1, 1, 0, 1, 0, 0, 0]
    p = [1, 1, 1, 1, 0, 0, 0, 0]
    s = [0, 0, 0, 1, 1, 1, 1, 1]
    data = pd.DataFrame({"x": pd.array(x, "boolean"), "r=P": p, "r=S": s})
    found = crosstab(data, rows="x", by="r", minimum_base=1)
    u_p = [0.25 / 4] * 3 + [-0.75 / 4, 0, 0, 0, 0]
    u_s = [0, 0, 0, -0.2 / 5, 0.8 / 5, *[-0.2 / 5] * 3]
    variance = sum((a - b) ** 2 for a, b in zip(u_p, u_s, strict=True))
    got = pair(found, "P", "S")
    assert got["difference"] == pytest.approx(75 - 20)
    assert got["standard_error"] == pytest.approx(100 * variance**0.5, abs=1e-12)
    assert got["p_value"] == pytest.approx(2 * norm.sf(0.55 / variance**0.5), abs=1e-12)


def test_customers_in_both_columns_are_summed_first() -> None:
    rng = np.random.default_rng(5)
    who = np.repeat(np.arange(60), 2)
    data = pd.DataFrame({"id": who, "group": np.tile(["A", "B"], 60), "w": rng.random(120) + 0.5})
    data["x"] = rng.normal(size=60)[who] + 0.3 * rng.normal(size=120)
    found = crosstab(
        data, rows={"x": "mean"}, by="group", design=SurveyDesign(weights="w", cluster="id")
    )
    parts = np.zeros(60)
    for group, sign in (("A", 1), ("B", -1)):
        own = data[data["group"] == group]
        mean = np.average(own["x"], weights=own["w"])
        u = (own["w"] * (own["x"] - mean) / own["w"].sum()).to_numpy()
        parts += sign * np.bincount(own["id"], u, minlength=60)
    got = pair(found, "A", "B")
    assert got["standard_error"] == pytest.approx(np.sqrt((parts**2).sum()), abs=1e-12)
    apart = crosstab(data, rows={"x": "mean"}, by="group", design=SurveyDesign(weights="w"))
    assert got["standard_error"] < 0.6 * pair(apart, "A", "B")["standard_error"]


def test_every_kind_of_question_has_its_base() -> None:
    n = 40
    data = pd.DataFrame({"group": ["A", "B"] * 20, "nps": [10, 3] * 20})
    data["visit"] = [1.0, 5.0] * 10 + [np.nan] * 20
    data["visit_used"] = pd.array([True] * 20 + [False] * 20, "boolean")
    data["why=Price"] = pd.array([True, False] * 15 + [None] * 10, "boolean")
    data["why=Staff"] = pd.array([False, True] * 15 + [None] * 10, "boolean")
    data["text"] = ["fine", "", None, "  "] * 10
    asked = [Metric("nps", "nps"), Touchpoint("visit"), "why"]
    found = crosstab(data, rows=asked, by="group")
    assert found.table["unit"].unique().tolist() == ["points", "mean", "percent"]
    assert cell(found, question="nps", segment=None)["value"] == nps(data["nps"]).value
    visit = cell(found, question="visit", segment=None)
    assert (visit["value"], visit["n"], visit["n_dropped"]) == (3, 20, 0)  # no user: not asked
    price = cell(found, question="why", choice="Price", segment=None)
    assert (price["value"], price["n"]) == (50, 30)  # of those who were shown it
    opened = cell(crosstab(data, rows={"text": "open"}, by="group"), segment=None)
    assert (opened["value"], opened["n"]) == (25, n)


def test_equal_weights_and_single_answers_a_customer_change_nothing(three: pd.DataFrame) -> None:
    plain = crosstab(three, rows="q", by="group")
    weighted = three.assign(w=2.5, id=range(300))
    same = crosstab(weighted, rows="q", by="group", design=SurveyDesign(weights="w", cluster="id"))
    pd.testing.assert_frame_equal(plain.table, same.table)
    pd.testing.assert_frame_equal(plain.pairs, same.pairs)


def test_shares_of_a_single_choice_add_up_and_the_row_order_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    n = 400
    data = pd.DataFrame({"q": rng.choice(list("abc"), n), "group": rng.choice(list("XY"), n)})
    data["weight"] = rng.gamma(2, size=n)
    found = crosstab(data, rows="q", by="group")
    sums = found.table.groupby(["segment", "level"], dropna=False)["value"].sum()
    assert sums.to_numpy() == pytest.approx(100)
    turned = crosstab(data.sample(frac=1, random_state=1), rows="q", by="group")
    pd.testing.assert_frame_equal(found.table, turned.table)
    for level, rows in data.groupby("group"):
        share = rows.loc[rows["q"] == "a", "weight"].sum() / rows["weight"].sum()
        assert cell(found, choice="a", level=level)["value"] == pytest.approx(100 * share)


def test_small_columns_are_in_no_family_and_nothing_gives_them_away() -> None:
    counts = {("A", "y"): 50, ("A", "n"): 50, ("B", "y"): 0, ("B", "n"): 40}
    data = made(counts | {("C", "y"): 4, ("D", "y"): 9, ("D", "n"): 6})
    found = crosstab(data, rows="q", by="group")
    assert np.isnan(cell(found, choice="y", level="C")["p_adjusted"])
    assert found.pairs.loc[found.pairs["other"] == "C", "p_adjusted"].isna().all()
    assert "D" in cell(found, choice="y", level="D")["column"]
    shown = withhold(found, 10)
    hidden = shown.table[shown.table["withheld"]]
    assert set(hidden["level"]) == {"C", "D"}  # the next smallest, or C would be the remainder
    assert hidden[["value", "low", "n", "difference"]].isna().all(axis=None)
    assert not hidden["letters"].any()
    mine = shown.pairs[shown.pairs["other"].isin(["C", "D"]) | shown.pairs["level"].isin(["C"])]
    assert mine["difference"].isna().all()
    open_ = shown.table[~shown.table["withheld"]]
    assert not open_["letters"].str.contains("[CD]").any()


@pytest.mark.parametrize("shared", [False, True], ids=["disjoint", "overlapping"])
def test_a_table_of_nothing_carries_letters_in_at_most_one_in_twenty(shared: bool) -> None:
    rng = np.random.default_rng(11)
    runs, flagged = 300, {"rest": 0, "pairs": 0}
    for _ in range(runs):
        n = 200
        data = pd.DataFrame({"x": pd.array(rng.random(n) < 0.4, "boolean")})
        data["weight"] = rng.gamma(4, size=n)
        if shared:
            for choice in "PQR":
                data[f"g={choice}"] = pd.array(rng.random(n) < 0.5, "boolean")
        else:
            data["g"] = rng.choice(list("PQR"), n)
        found = crosstab(data, rows="x", by="g")
        flagged["rest"] += bool((found.table["against_rest"] != "").any())
        flagged["pairs"] += bool((found.table["letters"] != "").any())
    for count in flagged.values():  # 5 %, and three standard errors of 300 runs
        assert 0.005 <= count / runs <= 0.09


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ({"rows": "qq", "by": "group"}, "'q'"),
        ({"rows": "q", "by": "grup"}, "'group'"),
        ({"rows": {"q": "singel"}, "by": "group"}, "single"),
        ({"rows": {"q": "multiple"}, "by": "group"}, "q=…"),
        ({"rows": [], "by": "group"}, "rows="),
        ({"rows": "q", "by": []}, "by="),
        ({"rows": "q", "by": "group", "design": SurveyDesign(confidence=95)}, "confidence"),
    ],
)
def test_what_will_not_do_is_named(three: pd.DataFrame, of: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        crosstab(three, **of)


def test_the_answers_behind_a_rating_stand_beneath_it() -> None:
    data = pd.DataFrame({"nps": [10, 10, 8, 3] * 10, "group": ["A", "B"] * 20})
    data["visit"] = [1.0, 2.0, 5.0, np.nan] * 10
    asked = [Metric("nps", "nps"), Touchpoint("visit")]
    found = crosstab(data, rows=asked, by="group", answers=True)
    total = found.table[found.table["segment"].isna()].set_index(["question", "choice"])["value"]
    assert total["nps"].to_dict() == {"": 25, "detractor": 25, "passive": 25, "promoter": 50}
    assert list(total["visit"].index) == ["", "1", "2", "3", "4", "5"]
    assert total["visit"][["1", "3"]].tolist() == [pytest.approx(100 / 3), 0]


def nested_data() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 900
    region, tier = rng.choice(["N", "S"], n), rng.choice(["gold", "silver", "basic"], n)
    likely = 0.3 + 0.3 * ((region == "N") & (tier == "gold"))
    data = pd.DataFrame({"region": region, "tier": tier, "w": rng.uniform(0.5, 2, n)})
    data["why=fees"], data["why=rates"] = rng.random(n) < likely, rng.random(n) < 0.2
    data["why=staff"] = rng.random(n) < 0.1
    return data.assign(csat=rng.integers(1, 6, n))


def test_a_nested_banner_is_the_cross_table_of_each_outer_level() -> None:
    data, design = nested_data(), SurveyDesign(weights="w")
    found = crosstab(data, rows="why", by=["tier", ("region", "tier")], design=design)
    inner = found.table[found.table["region"].notna()]
    for level, rows in inner.groupby("region"):
        alone = crosstab(data[data["region"] == level], rows="why", by="tier", design=design)
        own = alone.table[alone.table["segment"].notna()]
        for name in (
            "level",
            "column",
            "value",
            "low",
            "n",
            "n_effective",
            "difference",
            "p_value",
        ):
            assert (
                rows[name].tolist() == pytest.approx(own[name].tolist())
                if (own[name].dtype == float)
                else rows[name].tolist() == own[name].tolist()
            )
    plain = crosstab(data, rows="why", by="tier", design=design).table
    outer = found.table[found.table["region"].isna()]
    assert outer["value"].tolist() == pytest.approx(plain["value"].tolist())
    fees = inner[(inner["region"] == "N") & (inner["choice"] == "fees")].set_index("level")
    assert fees.loc["gold", "letters"] == " ".join(sorted(fees["column"].drop("gold")))
    assert set(found.pairs["region"].dropna()) == {"N", "S"}


def test_a_net_counts_nobody_twice() -> None:
    data = nested_data()
    nets = {"why": {"money": ["fees", "rates"]}, "csat": {"top": [4, 5]}}
    table = crosstab(data, rows=["why", "csat"], by="tier", nets=nets, answers=True).table
    whole = table[table["segment"].isna()].set_index(["question", "choice"])["value"]
    either = data["why=fees"] | data["why=rates"]
    assert whole["why", "money"] == pytest.approx(100 * either.mean())
    assert whole["csat", "top"] == pytest.approx(whole["csat", "4"] + whole["csat", "5"])
    names = table[table["question"] == "why"]["choice"].drop_duplicates().tolist()
    assert names[0] == "money"  # before its answers
    assert table.loc[table["net"], "choice"].unique().tolist() == ["money", "top"]


@pytest.mark.parametrize(
    "nets", [{"why": {"x": ["nothing"]}}, {"why": {"fees": ["rates"]}}, {"csat": {"x": [9]}}]
)
def test_a_net_of_what_nobody_can_answer_is_refused(nets: Any) -> None:
    with pytest.raises(DataError, match=r"net '(x|fees)'"):
        crosstab(nested_data(), rows=["why", "csat"], by="tier", nets=nets)


def test_a_small_group_within_a_group_is_not_left_to_subtraction() -> None:
    data = nested_data()
    few = data[(data["region"] != "N") | (data["tier"] != "gold") | (data.index < 60)]
    told = withhold(crosstab(few, rows="csat", by=["region", "tier", ("region", "tier")]), 10)
    table = told.table
    assert few.query("region == 'N' and tier == 'gold'").shape[0] < 10
    inner = table[table["region"].notna()]
    for names in (["region"], ["level"]):
        hidden = inner.groupby(names)["withheld"].sum()
        assert (hidden != 1).all()
    north = inner[(inner["region"] == "N") & (inner["level"] == "gold")]
    assert north["value"].isna().all()
    assert (north["letters"].fillna("") == "").all()


def test_a_table_of_scores_says_the_same_of_customers_who_are_in_two_cells() -> None:
    rng = np.random.default_rng(8)
    who = np.repeat(np.arange(40), 2)
    data = pd.DataFrame({"nps": rng.integers(0, 11, 80), "who": who, "visit": [1, 2] * 40})
    told = crosstab(data, rows="nps", by="visit", design=SurveyDesign(cluster="who")).table
    told = told[told["segment"].notna()]
    assert [str(level) for level in told["level"]] == ["1", "2"]  # whole numbers stay whole
    table = score_table(data, metric="nps", by="visit", cluster="who", versus="complement").table
    for name in ("value", "difference", "difference_low", "p_value", "p_adjusted", "care"):
        assert table[name].tolist() == pytest.approx(told[name].tolist())
    apart = score_table(data, metric="nps", by="visit", versus="complement").table
    assert not np.allclose(apart["p_value"], table["p_value"])
    few = score_table(data.assign(who=who % 20), metric="nps", by="visit", cluster="who").table
    assert few["n"].tolist() == [40, 40]
    assert few["care"].all()  # twenty customers


MTCARS = """21.0 6 0,21.0 6 0,22.8 4 1,21.4 6 1,18.7 8 0,18.1 6 1,14.3 8 0,24.4 4 1,22.8 4 1,
19.2 6 1,17.8 6 1,16.4 8 0,17.3 8 0,15.2 8 0,10.4 8 0,10.4 8 0,14.7 8 0,32.4 4 1,30.4 4 1,33.9 4 1,
21.5 4 1,15.5 8 0,15.2 8 0,13.3 8 0,19.2 8 0,27.3 4 1,26.0 4 0,30.4 4 1,15.8 8 0,19.7 6 0,
15.0 8 0,21.4 4 1"""


def test_the_table_that_the_manual_of_expss_prints() -> None:
    """Cylinders by engine of mtcars: percent, base, mean and sd, and which columns differ."""
    rows = [car.split() for car in MTCARS.replace("\n", "").split(",")]
    cars = pd.DataFrame(rows, columns=["mpg", "cyl", "vs"]).astype({"mpg": float})
    found = crosstab(cars, rows={"cyl": "single", "mpg": "mean"}, by="vs")
    table = found.table.assign(level=found.table["level"].fillna("all"))
    percent = table[table["question"] == "cyl"].pivot_table("value", "choice", "level")
    assert percent.round(1).to_numpy().tolist() == [
        [5.6, 71.4, 34.4], [16.7, 28.6, 21.9], [77.8, 0.0, 43.8],
    ]  # fmt: skip
    mpg = table[table["question"] == "mpg"].set_index("level")
    assert mpg["n"].to_dict() == {"all": 32, "0": 18, "1": 14}
    assert mpg["value"].round(1).to_dict() == {"all": 20.1, "0": 16.6, "1": 24.6}
    assert mpg["deviation"].round(1).to_dict() == {"all": 6.0, "0": 3.9, "1": 5.4}
    above = table[table["letters"] != ""].set_index(["question", "choice", "level"])["letters"]
    assert above.to_dict() == {
        ("cyl", "4", "1"): "A",
        ("cyl", "8", "0"): "B",
        ("mpg", "", "1"): "A",
    }


@pytest.fixture
def six() -> pd.DataFrame:
    """Six people of two groups; their weights are 1 1 2 2 3 3, so .5 .5 1 1 1.5 1.5 of mean 1."""
    data = pd.DataFrame({"group": list("XXXYYY"), "w": [1, 1, 2, 2, 3, 3]})
    data["why=A"] = pd.array([1, 1, 0, 1, 1, None], "boolean")
    data["why=B"] = pd.array([0, 1, 1, 0, 1, None], "boolean")
    data["why=C"] = pd.array([0, 0, 0, 1, 1, None], "boolean")
    data["visit"] = [1, 2, 5, np.nan, 4, 4]
    data["visit_used"] = pd.array([True] * 3 + [False, True, True], "boolean")
    return data.assign(nps=[10, 9, 8, 6, 0, np.nan])


def test_several_answers_a_person_by_hand(six: pd.DataFrame) -> None:
    """Of 4.5 weighted people A has .5 + .5 + 1 + 1.5 = 3.5, B 3, C 2.5; 9 answers in all."""
    nets = {"why": {"BC": ["B", "C"]}}
    table = crosstab(six, rows="why", by="group", design=SurveyDesign(weights="w"), nets=nets).table
    whole = table[table["segment"].isna()].set_index("choice")
    assert whole["value"].tolist() == pytest.approx([400 / 4.5, 350 / 4.5, 300 / 4.5, 250 / 4.5])
    assert whole["of_answers"].tolist()[1:] == pytest.approx([350 / 9, 300 / 9, 250 / 9])
    assert np.isnan(whole.loc["BC", "of_answers"])  # its answers are counted already
    assert whole[["n", "n_weighted", "n_dropped"]].iloc[0].tolist() == [5, 4.5, 1]
    assert whole["n_effective"].iloc[0] == pytest.approx(4.5**2 / (0.5 + 2 + 2.25))
    x = table[table["level"] == "X"].set_index("choice")  # .5 .5 1: A 1 of 2, B 1.5, C nobody
    assert x["value"].tolist() == pytest.approx([75, 50, 75, 0])
    assert x["of_answers"].tolist()[1:] == pytest.approx([40, 60, 0])
    every = table[~table["net"]].groupby(["segment", "level"], dropna=False)["of_answers"].sum()
    assert every.tolist() == pytest.approx([100, 100, 100])
    single = crosstab(six, rows={"group": "single"}, by="group", design=SurveyDesign(weights="w"))
    assert single.table["of_answers"].isna().all()


def test_a_mean_with_its_spread_and_a_net_score_with_its_groups_by_hand(six: pd.DataFrame) -> None:
    asked, design = [Touchpoint("visit"), Metric("nps", "nps")], SurveyDesign(weights="w")
    table = crosstab(six, rows=asked, by="group", design=design, answers=True).table
    x = table[(table["level"] == "X") & (table["choice"] == "")].set_index("question")
    # .5 · 1 + .5 · 2 + 1 · 5 of 2; S² = (.5 · 2.25² + .5 · 1.25² + 1.75²) / 2, times 3 / 2
    assert x.loc["visit", ["value", "deviation"]].tolist() == pytest.approx([3.25, 4.78125**0.5])
    assert np.isnan(x.loc["nps", "deviation"])
    y = table[table["level"] == "Y"].set_index(["question", "choice"])
    assert y.loc[("visit", ""), ["n", "n_not_asked", "n_dropped"]].tolist() == [2, 1, 0]
    assert y.loc[("nps", ""), ["n", "n_not_asked", "n_dropped"]].tolist() == [2, 0, 1]
    whole = table[table["segment"].isna()].set_index(["question", "choice"])["value"]["nps"]
    # of .5 .5 1 1 1.5: two promoters with 1, a passive with 1, two detractors with 2.5
    assert whole.to_dict() == pytest.approx(
        {"": -150 / 4.5, "detractor": 250 / 4.5, "passive": 100 / 4.5, "promoter": 100 / 4.5}
    )
    plain = crosstab(six, rows={"visit": "mean"}, by="group", design=SurveyDesign(weights=None))
    own = plain.table.set_index(plain.table["level"].fillna(""))
    assert own["deviation"].loc["X"] == pytest.approx(np.std([1, 2, 5], ddof=1))
    assert (own["n_weighted"] == own["n"]).all()
