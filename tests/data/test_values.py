from __future__ import annotations

import math

import pandas as pd
import pytest

from cxlib.data import values
from cxlib.data.masking import mask


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [("PT1H30M", None, 5400), ("1w 2d", None, 777_600), ("1h30", None, 5400),
     ("1 Std. 30 Min.", None, 5400), ("90分钟", None, 5400), ("1,5", "hours", float("nan"))],
)  # fmt: skip
def test_a_duration_is_read_as_people_write_it(
    text: str, unit: str | None, expected: float
) -> None:
    assert values.seconds(text, unit) == pytest.approx(expected, nan_ok=True)


def texts(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str")


@pytest.mark.parametrize(
    ("text", "number"),
    [("5", 5), ("５", 5), (" 4 ", 4), ("4.50", 4.5), ("1,234.5", 1234.5), ("-3", -3), ("1e3", 1000),
     ("￥1,085", 1085), ("12元", 12), (".5", 0.5)],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(text: str, number: float) -> None:
    assert values.number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "NA",
        "nan",
        "inf",
        "4,5",
        "1,23",
        "0,987",
        "-0,125",
        "1_000",
        "0x10",
        "5分",
        "1e9999",
        "四",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert math.isnan(values.number(text))


def test_codes_are_compared_as_text_and_as_number() -> None:
    cells = texts("99", "99.0", "９９", " 99 ", "9", "N/A", "n/a", "-", "", "098")
    assert (
        values.is_code(cells, [99, "n/a"]).tolist()
        == [True] * 4 + [False, True, True] + [False] * 3
    )
    assert values.is_code(cells, ["99"]).sum() == 4
    assert not values.is_code(cells, []).any()


def test_no_answer_and_did_not_use_it_are_kept_apart() -> None:
    found = values.answers(
        texts("5", "５.0", "", "99", "不适用", "88", "4.5", "6", "good"),
        scale=(1, 5),
        missing=[99],
        not_applicable=["不适用", 88],
    )
    assert found.ratings.fillna(-1).tolist() == [5, 5, -1, -1, -1, -1, -1, -1, -1]
    assert found.used.astype(object).where(found.used.notna(), None).tolist() == [
        True, True, None, None, False, False, None, None, None,
    ]  # fmt: skip
    assert found.stray.tolist() == [False] * 6 + [True] * 3
    assert (found.ratings.dtype, found.used.dtype) == ("float64", "boolean")


def test_a_mean_may_be_asked_with_fractions() -> None:
    found = values.answers(texts("4.5", "5.5"), scale=(1, 5), whole=False)
    assert found.stray.tolist() == [False, True]


def test_yes_and_no_are_read_in_both_languages_and_counts_are_yes() -> None:
    flags, stray = values.flags(
        texts("是", "否", "YES", "n", "1", "0", "3", "", "maybe", "99"), missing=[99]
    )
    assert (
        flags.fillna(False).tolist() == [True, False, True, False, True, False, True] + [False] * 3
    )
    assert flags.isna().tolist() == [False] * 7 + [True] * 3
    assert stray.tolist() == [False] * 8 + [True, False]


def test_what_reaches_a_person_is_masked_and_counted() -> None:
    comments = texts(
        "打我１３８１２３４５６７８或abc.d@x.com.cn，谢谢",
        "身份证110105199003078888！",
        "call +44 20 7946 0958 or (212) 555-1234",
        "座机021-12345678",
    )
    masked, counts = mask(comments)
    assert masked.tolist() == [
        "打我[phone]或[email]，谢谢",
        "身份证[id card]！",
        "call [phone] or [phone]",
        "座机[phone]",
    ]
    assert counts == {"[phone]": 4, "[email]": 1, "[id card]": 1}


def test_numbers_that_reach_nobody_stay() -> None:
    comments = texts(
        "order 1234567", "房价1,085.00元，住了3晚", "2026-03-05 10:00:00", "8/10 @ desk", "８分"
    )
    masked, counts = mask(comments)
    assert masked.tolist() == comments.tolist()
    assert counts == {}


def test_a_comment_that_repeats_is_counted_each_time_and_none_stays_none() -> None:
    comments = pd.Series(["a@b.cn", None, "a@b.cn"], dtype="str", index=[5, 6, 7])
    masked, counts = mask(comments)
    assert masked.isna().tolist() == [False, True, False]
    assert (masked.index.tolist(), counts) == ([5, 6, 7], {"[email]": 2})
