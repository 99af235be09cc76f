from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis.results import Caveat
from cxlib.errors import CxError
from cxlib.present import mime
from cxlib.present.formats import say_caveat
from cxlib.present.tables import view
from cxlib.present.withhold import is_withheld, withhold
from cxlib.words import Words
from cxlib.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Result:
    table: pd.DataFrame
    unit: str = "percent"
    caveats: tuple[str, ...] = ()


def result() -> Result:
    table = pd.DataFrame(
        {
            "segment": ["tier", "tier", "tier"],
            "level": ["gold", "<b>x</b>", "tiny"],
            "value": [81.25, 60.0, 12.0],
            "low": [75.0, 50.0, 1.0],
            "high": [86.0, 70.0, 40.0],
            "n": [120, 20, 4],
        }
    )
    return Result(table=table, caveats=(Caveat("{n} rows were left out.", n=1234),))


def test_a_cell_below_the_minimum_base_is_blank_and_says_so() -> None:
    shown = view(withhold(result(), 10), words=Words(), minimum_base=10)
    assert shown.rows[2] == ("tier", "tiny", "–", "–")
    assert shown.rows[1][2] == "–"  # it would give the tiny one away
    assert shown.rows[0][2] != "–"
    assert any("withheld" in note for note in shown.notes)


def test_a_small_base_is_marked_with_care() -> None:
    shown = view(result(), words=Words(), minimum_base=10)
    assert shown.rows[1][-1] == "20 *"
    assert any("care" in note for note in shown.notes)


def test_numbers_are_rounded_here_and_only_here() -> None:
    shown = view(result(), words=Words(), minimum_base=1)
    assert shown.rows[0][2].startswith("81.2% (75.0")


def test_labels_and_caveats_come_in_the_readers_language() -> None:
    words = Words(
        "zh",
        {"{n} rows were left out.": "剔除 {n} 行。"},
        {"tier": "会员等级", "tier=gold": "金卡"},
    )
    shown = view(result(), words=words, minimum_base=1)
    assert shown.rows[0][:2] == ("会员等级", "金卡")
    assert shown.notes[-1] == "剔除 1,234 行。"


def test_client_text_is_escaped_in_the_notebook() -> None:
    bundle = view(result(), words=Words(), minimum_base=1)._repr_mimebundle_()
    assert (
        "<b>" not in bundle["text/html"].replace("<b>", "", 0) or "&lt;b&gt;" in bundle["text/html"]
    )
    assert "&lt;b&gt;x&lt;/b&gt;" in bundle["text/html"]
    assert bundle[mime.TABLE]["rows"][1][1] == "<b>x</b>"


def test_withholding_blanks_every_estimate_and_keeps_every_label() -> None:
    table = withhold(result(), 10).table
    assert table.loc[2, ["value", "low", "high"]].isna().all()
    assert list(table["level"]) == ["gold", "<b>x</b>", "tiny"]
    assert list(table["withheld"]) == [False, True, True]


def test_no_output_holds_rows_of_single_people() -> None:
    people = pd.DataFrame({"member_id": ["a", "b"], "spend": [1.0, 2.0], "n": [50, 50]})
    assert withhold(people, 1).empty
    assert withhold([people, people], 10)[1].empty


def test_the_rank_of_a_withheld_group_is_withheld_with_it() -> None:
    ranked = result().table.assign(rank=[1, 2, 3])
    shown = withhold(ranked, 10)
    assert shown["rank"].isna().tolist() == [False, True, True]


def test_withholding_a_single_score_blanks_it() -> None:
    @dataclass(frozen=True, kw_only=True)
    class One:
        value: float
        n: int

    assert np.isnan(withhold(One(value=3.0, n=9), 10).value)
    assert withhold(One(value=3.0, n=10), 10).value == 3.0


def test_withholding_twice_changes_nothing_more() -> None:
    once = withhold(result(), 10).table
    pd.testing.assert_frame_equal(withhold(once, 10), once)


def test_a_column_that_may_be_left_out_is_where_nothing_is_known() -> None:
    frame = pd.DataFrame({"kpi": ["nps"], "value": [1.0], "target": [float("nan")]})
    shown = view(frame, columns="kpi value? target? clause?", words=Words(), minimum_base=10)
    assert len(shown.headings) == 2
    assert len(view(frame, columns="kpi target", words=Words(), minimum_base=10).headings) == 2


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    with pytest.raises(CxError, match="did you mean 'value'"):
        view(result(), words=Words(), minimum_base=1, columns=["valeu"])


def test_an_unknown_table_is_named_with_the_nearest() -> None:
    with pytest.raises(CxError, match="did you mean 'table'"):
        view(result(), words=Words(), minimum_base=1, table="tabel")


@pytest.mark.parametrize(
    ("unit", "sign", "value", "said"),
    [
        ("points", False, -3.25, "−3.2"),
        ("percent", True, 2.0, "+2.0 points"),
        ("share", False, 0.123, "12.3%"),
        ("mean", False, 4.5, "4.50"),
        ("seconds", False, 45, "45 s"),
        ("seconds", False, 192, "3.2 min"),
        ("seconds", False, 18000, "5 h"),
        ("seconds", False, 3 * 86400, "3 days"),
        ("percent", False, float("nan"), "–"),
        ("points", True, -0.01, "0.0"),
    ],
)
def test_a_quantity_is_written_in_its_unit(unit: str, sign: bool, value: float, said: str) -> None:
    assert Words().quantity(value, unit, sign=sign) == said


def test_a_change_into_a_wave_of_a_few_people_is_withheld_whole() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Change:
        table: pd.DataFrame
        total: float
        n_used: int

    table = pd.DataFrame(
        {"tier": ["a", "b"], "n_before": [60, 40], "n_after": [3, 2], "rate": [1.0, 2.0]}
    )
    shown = withhold(Change(table=table, total=-59.3, n_used=105), 10)
    assert np.isnan(shown.total)
    assert shown.table["rate"].isna().all()
    assert is_withheld(shown)


def test_a_result_on_a_few_people_shows_nothing_of_theirs() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Distribution:
        table: pd.DataFrame
        n_used: int

    one = Distribution(
        table=pd.DataFrame({"rating": [1, 2], "count": [0, 1], "share": [0.0, 1.0]}), n_used=1
    )
    shown = withhold(one, 10)
    assert shown.table[["count", "share"]].isna().all(axis=None)
    assert is_withheld(shown)
    assert not is_withheld(withhold(one, 1))


def test_no_withheld_group_follows_from_the_whole_and_the_others() -> None:
    """Solve for every withheld cell from totals and shown cells, over random one-way tables."""
    rng = np.random.default_rng(3)
    for _run in range(300):
        n = rng.integers(0, 40, rng.integers(2, 8))
        table = pd.DataFrame(
            {
                "kpi": "nps",
                "segment": "tier",
                "level": [f"l{i}" for i in range(len(n))],
                "value": rng.normal(size=len(n)),
                "n": n,
            }
        )
        held = withhold(table, 10)["withheld"].to_numpy()
        assert held[(n < 10)].all()
        hidden = held & (n > 0)
        if not hidden.any():
            continue
        # the equations a reader has: one total, and each shown cell
        equations = np.vstack([n.astype(float), np.eye(len(n))[~held]])
        free = len(n) - np.linalg.matrix_rank(np.vstack([equations, np.eye(len(n))[n == 0]]))
        assert free >= 1 or hidden.sum() == len(n[n > 0]) == 1
        assert n[hidden].sum() >= 10 or hidden.sum() == (n > 0).sum()


def test_the_large_group_of_two_is_withheld_with_the_small_one() -> None:
    table = pd.DataFrame(
        {"segment": "tier", "level": ["large", "small"], "change": [120.8, -120.8], "n": [154, 6]}
    )
    assert withhold(table, 10)["change"].isna().all()


def test_rows_that_are_no_parts_of_a_whole_do_not_hide_one_another() -> None:
    table = pd.DataFrame({"kpi": ["nps", "csat"], "value": [1.0, 2.0], "n": [100, 4]})
    assert list(withhold(table, 10)["withheld"]) == [False, True]


def test_a_result_shows_itself_labelled_and_withheld(demo_workspace: Workspace) -> None:
    e = Engagement.open("lakeside-bank", language="en", workspace=demo_workspace)
    told = e.series("nps")._repr_mimebundle_()
    assert "Recommendation (NPS)" in told["text/html"]
    assert mime.TABLE in told


def test_a_caveat_names_groups_as_the_table_does() -> None:
    words = Words(labels={"channel=web": "Web site"}, segments=frozenset({"channel"}))
    caveat = Caveat("{segment}: not modelled: {levels}.", segment="channel", levels=("web", "app"))
    assert say_caveat(caveat, words) == "Channel: not modelled: Web site and App."


@pytest.mark.parametrize("unit", ["CNY", "EUR", "CHF", "points", "pp", "seconds"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_breaks_within_a_number_or_its_interval(unit: str, language: str) -> None:
    row = {"kpi": "nps", "unit": unit, "change": -12.0, "change_low": -60.0, "change_high": 35.0}
    shown = view(pd.DataFrame([row]), words=Words(language), minimum_base=1, columns="kpi change")
    cell = shown.rows[0][1]
    number, bracket, ends = cell.partition("\u200b（" if "\u200b" in cell else " (")
    assert bracket
    for text in (number, ends):
        assert not {" ", "\u200b"} & set(text)
        assert not any(a in "+−" and not b.isdigit() and b != "\u2060" for a, b in pairwise(text))
