"""Words: how facts, periods, dates and numbers reach a reader of either language."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from cxlib.errors import Count, CxError, DataError
from cxlib.words import Said, Words, as_words, mark, read_catalogue
from tests.conftest import ROOT

EN = Words("en", labels=MappingProxyType({"booking": "Online booking", "wave_2": "Second wave"}))
ZH = Words(
    "zh",
    catalogue=MappingProxyType({"{touchpoint} leads.": "{touchpoint}领先。"}),
    labels=MappingProxyType({"booking": "线上预订"}),
)


@pytest.mark.parametrize(
    ("label", "english", "chinese"),
    [
        ("2026Q3", "Q3 2026", "2026年第3季度"),
        ("2026-q1", "Q1 2026", "2026年第1季度"),
        ("2026-09", "September 2026", "2026年9月"),
        ("2026", "2026", "2026年"),
        ("wave 1", "wave 1", "wave 1"),
    ],
)
def test_a_period_is_written_as_the_language_writes_it(
    label: str, english: str, chinese: str
) -> None:
    assert EN.period(label) == english
    assert ZH.period(label) == chinese


def test_a_wave_is_called_what_the_client_calls_it() -> None:
    assert EN.period("wave_2") == "Second wave"


def test_facts_that_are_keys_come_out_as_labels() -> None:
    message = mark("{touchpoint} leads.")
    assert EN.say(message, touchpoint="booking") == "Online booking leads."
    assert ZH.say(message, touchpoint="booking") == "线上预订领先。"


def test_lists_periods_and_dates_are_said_too() -> None:
    facts = {"when": "2026Q3", "what": ["booking", "desk"], "day": dt.date(2026, 3, 5)}
    assert (
        EN.say("{what}; {when}; {day}", **facts) == "Online booking and desk; Q3 2026; 5 March 2026"
    )
    assert (
        ZH.say("{what}；{when}；{day}", **facts) == "线上预订和 desk；2026年第3季度；2026年3月5日"
    )


@pytest.mark.parametrize(
    ("items", "english", "chinese"),
    [
        (["A", "B", "C"], "A, B and C", "A、B 和 C"),
        (["Fees and rates", "B"], "Fees and rates, and B", "Fees and rates 和 B"),
        (["客房", "退换货与退款"], "客房 and 退换货与退款", "客房以及退换货与退款"),
        (["App", "网页"], "App and 网页", "App 和网页"),
        (["A"], "A", "A"),
        ([], "", ""),
    ],
)
def test_things_are_listed_as_a_reader_expects(
    items: list[str], english: str, chinese: str
) -> None:
    assert EN.listed(items) == english
    assert ZH.listed(items) == chinese


def test_words_of_results_have_plain_english() -> None:
    plain = {said: EN.say(said) for said in ("mix", "like for like", "not split", "stay")}
    assert all(said != key and len(said) > 5 for key, said in plain.items())
    assert Words.load("zh").say("mix") == "客群结构变化"  # a catalogue translates the word itself


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (1234.5, 0, "1,234"),
        (-3.14159, 2, "−3.14"),
        (-0.04, 1, "0.0"),
        (float("nan"), 1, "–"),
        (None, 1, "–"),
        (float("-inf"), 0, "−∞"),
    ],
)
def test_numbers_have_separators_a_true_minus_and_no_minus_zero(
    value: float | None, digits: int, said: str
) -> None:
    assert EN.number(value, digits) == said


def test_a_sign_is_shown_where_it_is_wanted() -> None:
    assert EN.number(2.5, 1, sign=True) == "+2.5"
    assert EN.number(0.0, 1, sign=True) == "0.0"


def test_format_specs_of_a_message_reach_its_numbers() -> None:
    said = EN.say("{value:.1f} ({n})", value=-0.04, n=12345)
    assert said == "0.0 (12,345)"
    assert EN.say("{value:.0f}", value=-7.6) == "−8"
    assert EN.say("{value:.1f}", value=float("nan")) == "–"


def test_no_space_follows_chinese_punctuation() -> None:
    said = Words("zh", labels={"nps": "净推荐值（NPS）"}).say(
        "{list}。 {kpi} 9.1", list="甲", kpi="nps"
    )
    assert said == "甲。净推荐值（NPS）9.1"


@pytest.mark.parametrize("label", ["App", "Recommendation (NPS)"])
def test_a_latin_label_is_set_apart_from_chinese(label: str) -> None:
    said = Words("zh", labels={"nps": label}).say("请看{kpi}的走势", kpi="nps")
    assert said == f"请看 {label} 的走势"


def test_text_of_the_client_is_never_a_format() -> None:
    assert EN.say("{name}", name="{0.__class__}<script>") == "{0.__class__}<script>"


def test_another_language_is_refused() -> None:
    with pytest.raises(CxError, match="'fr' is not one of en, zh"):
        Words.load("fr")


def test_untranslated_and_doubtful_entries_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.po"
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Yes"\nmsgstr "是"\n\nmsgid "No"\nmsgstr ""\n\n'
        '#, fuzzy\nmsgid "Maybe"\nmsgstr "也许"\n',
        encoding="utf-8",
    )
    assert read_catalogue(path) == {"Yes": "是"}
    words = Words.load("en", beside=(path,))
    assert (words.say("Yes"), words.say("No"), words.say("Maybe")) == ("是", "No", "Maybe")


def test_an_equals_sign_is_cut_only_after_the_name_of_a_segment() -> None:
    words = Words(labels={"tier=gold": "Gold"}, segments=("tier",))
    assert words.label("tier=gold") == "Gold"
    assert words.label("tier=x=y") == "x=y"
    assert words.label("Wave 1 = spring") == "Wave 1 = spring"
    assert words.period("Wave=1") == "Wave=1"


@pytest.mark.parametrize("one", [1, 1.0, np.int64(1), Said("1")])
def test_what_is_said_of_one_is_singular(one: object) -> None:
    message = "{n} {n:row is|rows are} left out."
    assert EN.say(message, n=one) == f"{EN.say('{n}', n=one)} row is left out."
    assert EN.say(message, n=1200) == "1,200 rows are left out."
    assert EN.say(message, n=0) == "0 rows are left out."
    assert "row is" in ZH.say(message, n=one), "a message that has no translation is still said"


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "1 of 5 rows is no number, such as '1 rows are'"),
        (np.int64(1), "1 of 5 rows is no number, such as '1 rows are'"),
        (0, "0 of 5 rows are no number, such as '1 rows are'"),
        (21, "21 of 5 rows are no number, such as '1 rows are'"),
    ],
)
def test_a_fault_agrees_with_its_number_as_reports_do(n: int, said: str) -> None:
    written, cell = "{n} of 5 rows {n:is|are} no number, such as '{cell}'", "1 rows are"
    (n, many) = (Count(n), Count(1200))
    assert f"{n} of 5 rows {n:is|are} no number, such as '{cell}'" == said
    assert EN.say(written, n=n, cell=Said(cell)) == said
    assert str(DataError(f"{many:,} {many:row has|rows have} none")) == "1,200 rows have none"


def test_no_fault_tells_its_number_in_the_plural_alone() -> None:
    """A number that may be one agrees with its noun: ``{n} {n:row has|rows have}``."""
    plural = re.compile(r"\{int\([^{}]*\.sum\(\)\)\} (more |different |such )?[a-z]+s ")
    data = (ROOT / "cxlib" / "data").rglob("*.py")
    assert not [f"{p.name}: {m[0]}" for p in data for m in plural.finditer(p.read_text("utf-8"))]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("first_response_time", "First response time"),
        ("nps", "NPS"),
        ("hotel_csat", "Hotel CSAT"),
        ("预订", "预订"),
        ("t1", "t1"),
    ],
)
def test_a_key_without_a_label_is_told_in_words(key: str, said: str) -> None:
    assert as_words(key) == said
