from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from cxlib.data.dates import parse
from cxlib.errors import DataError


def texts(*cells: str) -> pd.Series:
    return pd.Series(cells, dtype="str", name="date")


def read(*cells: str, **options: object) -> list[pd.Timestamp]:
    return parse(texts(*cells), name="date", **options).days.tolist()  # type: ignore[arg-type]


DAY = [
    "2026-03-05", "2026/3/5", "2026.3.5", "2026年3月5日", "2026年03月05日", "20260305",
    "5 March 2026", "05-Mar-2026", "Mar 5, 2026", "March 5th, 2026", "46086", "46086.0",
    "２０２６－０３－０５", " 2026-03-05 ", "2026-03-05T00:00:00",
]  # fmt: skip
HALF_PAST_TWO = [
    "2026-03-05 14:30", "2026-03-05T14:30:00", "2026/3/5 14:30", "2026年3月5日 14:30:00",
    "2026年3月5日14时30分", "2026/3/5 下午 2:30", "2026-03-05 2:30 PM", "20260305143000",
    "202603051430", "5 March 2026 14:30", "46086.6041666667",
]  # fmt: skip


@pytest.mark.parametrize("text", DAY)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert read(text) == [pd.Timestamp(2026, 3, 5)]


@pytest.mark.parametrize("text", HALF_PAST_TWO)
def test_a_time_is_read_however_it_is_written(text: str) -> None:
    assert read(text) == [pd.Timestamp(2026, 3, 5, 14, 30)]


MANNERS = {  # who writes so: the cell
    "calendars and call centres": "20260305T143000",
    "Oracle": "05-MAR-26 02.30.00.000000 PM",
    "Oracle, without half days": "05-MAR-26 14.30.00",
    "DB2": "2026-03-05-14.30.00.000000",
    "Italian spreadsheets": "2026-03-05 14.30",
    "French systems": "2026/03/05 14h30",
    "French texts": "5 mars 2026 à 14:30",
    "Canadian and Spanish locales": "2026-03-05 2:30 p.m.",
    "Spanish locales": "2026-03-05 2:30 p. m.",
    "call logs that put the time first": "14:30 2026/3/5",
    "Chinese logs that do": "下午2:30 2026/3/5",
    "Taiwan": "民國115年3月5日 下午2:30",
    "Japan": "令和8年3月5日 14時30分",
    "Russia": "5 марта 2026 14:30",
    "Brazil": "5 de março de 2026 14:30",
    "Italy": "5 marzo 2026 14:30",
    "French spreadsheets": "5 mars 2026 - 14:30",
    "Kibana": "Mar 5, 2026 @ 14:30:00.000",
    "ISO weeks with their day": "2026-W10-4 14:30",
}


@pytest.mark.parametrize("writer", MANNERS)
def test_a_manner_of_few_is_read_as_it_is_meant(writer: str) -> None:
    cell = MANNERS[writer]
    assert read(cell) == [pd.Timestamp(2026, 3, 5, 14, 30)]
    assert read("25/12/2026", cell, "2026-01-01")[1] == pd.Timestamp(2026, 3, 5, 14, 30)


def test_manners_that_tell_their_zone_are_moved_and_a_letter_word_needs_a_clock() -> None:
    there = {"timezone": "Asia/Shanghai"}
    here = [pd.Timestamp(2026, 3, 5, 14, 30)]
    assert read("20260305T063000Z", **there) == here
    assert read("20260305T083000+0200", **there) == here
    assert read("Thu Mar 05 06:30:00 UTC 2026", **there) == here
    assert read("/Date(1772692200000)/", **there) == here
    java = "Thu Mar 05 14:30:00 CST 2026"  # of China, or of Chicago
    assert pd.isna(read(java, **there)[0])
    assert read(java, clock="Asia/Shanghai", **there) == here


@pytest.mark.parametrize(
    ("cell", "hour"),
    [("CDT", 19), ("EDT", 18), ("(PST)", 22), ("MEZ", 13), ("CEST", 12), ("JST", 5), ("AEDT", 3)],
)
def test_letters_that_mean_one_zone_are_read_and_the_client_s_own_word_goes_before_them(
    cell: str, hour: int
) -> None:
    written = f"2026-03-05 14:00 {cell}"
    assert read(written, timezone="UTC") == [pd.Timestamp(2026, 3, 5, hour)]
    assert read(written, timezone="UTC", clock="UTC") == [pd.Timestamp(2026, 3, 5, 14)]


@pytest.mark.parametrize("letters", ["CST", "EST", "IST", "BST"])
def test_letters_that_mean_several_zones_are_not_guessed(letters: str) -> None:
    assert pd.isna(read(f"2026-03-05 14:00 {letters}", timezone="UTC")[0])


@pytest.mark.parametrize(
    ("cell", "formats"),
    [
        ("2026-03-04 24:00:00", ()), ("2026/3/4 24:00", ()), ("20260304240000", ()),
        ("04.03.2026 24:00", ("%d.%m.%Y %H:%M",)), ("2026-W10", ()), ("2026W10", ()),
        ("115/03/05", ("roc",)), ("1150305", ("roc",)), ("115年3月5日", ()), ("5.3.2026", ()),
        ("46086,0", ()),
    ],
)  # fmt: skip
def test_a_day_of_another_calendar_or_clock_is_the_same_day(
    cell: str, formats: tuple[str, ...]
) -> None:
    assert read(cell, formats=formats) == [pd.Timestamp(2026, 3, 5)]


def test_dots_put_the_day_first_unless_the_column_says_otherwise() -> None:
    assert read("5.3.2026", "6.4.2026") == [pd.Timestamp(2026, 3, 5), pd.Timestamp(2026, 4, 6)]
    assert read("5.3.2026", "3.25.2026")[0] == pd.Timestamp(2026, 5, 3)
    for cells in (("5.3.2026", "3/5/2026"), ("5.3.2026", "3/25/2026"), ("5.3.26", "6.4.26")):
        with pytest.raises(DataError, match="day"):
            read(*cells)
    said = parse(texts("5.5.2026", "5.3.2026"), name="d").doubt("d")  # no silent guess
    assert "holds 5.3.2026 and no day above 12" in said
    assert "read as 2026-03-05" in said
    assert parse(texts("25.3.2026", "5.3.2026"), name="d").doubt("d") == ""
    kept: dict[str, bool] = {}
    read("5.3.2026", settled=kept)
    with pytest.raises(DataError, match="unlike those above"):
        read("3.25.2026", settled=kept)


def test_what_contradicts_itself_is_no_time() -> None:
    odd = ("2026-03-05 24:30", "2026-03-05 14:30 AM", "2026-W54", "115/03/05", "2026Q1")
    assert pd.isna(read(*odd)).all()
    assert parse(texts("2026-W10"), name="d").doubt("d").count("2026-W10") == 1


def test_a_declared_format_reads_what_the_refusal_shows() -> None:
    with pytest.raises(DataError, match="day from month") as refused:
        read("5/3/2026 14h30")
    assert "%d/%m/%Y %H:%M" in str(refused.value)
    for told in ("%d/%m/%Y %H:%M", "%d/%m/%Y %Hh%M"):
        assert read("5/3/2026 14h30", formats=[told]) == [pd.Timestamp(2026, 3, 5, 14, 30)]


def test_formats_that_are_each_clear_may_be_mixed() -> None:
    assert len(set(read(*DAY))) == 1
    assert read("25/12/2026", "2026年3月5日", "46086", "01/02/2026")[3] == pd.Timestamp(2026, 2, 1)


def test_excel_counts_its_days_from_the_end_of_1899() -> None:
    # Microsoft's own example: 1 January 2008 is day 39448
    assert read("39448") == [pd.Timestamp(2008, 1, 1)]


@given(day=st.dates(dt.date(1955, 1, 1), dt.date(2099, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_every_way_of_writing_a_day_means_the_same_day(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    written = (
        f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日", str(serial), f"{day:%d %B %Y}",
    )  # fmt: skip
    assert set(read(*written)) == {pd.Timestamp(day)}


def test_what_is_no_date_is_marked_and_nothing_else() -> None:
    cells = texts("2026-02-30", "2026-13-01", "soon", "2026", "2026-03", "12345", "", "2026-02-28",
                  "2026-01-01 25:00", "1/1", "0026-03-05", "32/01/2026")  # fmt: skip
    found = parse(cells, name="date")
    assert found.unread.tolist() == [True] * 6 + [False] * 2 + [True] * 4
    assert found.days.notna().tolist() == [False] * 7 + [True] + [False] * 4
    assert found.days.dtype == "datetime64[us]"


AMBIGUOUS = {
    "none decides": (
        ("05/03/2026", "04/03/2026"),
        "column 'date' does not tell day from month: '05/03/2026' (row 1) and '04/03/2026' "
        '(row 2); declare `date_format:`, "%d/%m/%Y" or "%m/%d/%Y".',
    ),
    "both are forced": (
        ("01/02/2026", "25/03/2026", "03/25/2026"),
        "column 'date' mixes day-first and month-first dates: '25/03/2026' (row 2) and "
        "'03/25/2026' (row 3); declare `date_format:`, "
        '"%d/%m/%Y" or "%m/%d/%Y".',
    ),
    "beside a clear format": (
        ("2026-03-05", "05-03-2026"),
        "column 'date' does not tell day from month: '05-03-2026' (row 2); declare "
        '`date_format:`, "%d-%m-%Y" or "%m-%d-%Y".',
    ),
}


@pytest.mark.parametrize("case", AMBIGUOUS)
def test_day_and_month_are_never_guessed(case: str) -> None:
    cells, message = AMBIGUOUS[case]
    with pytest.raises(DataError) as caught:
        read(*cells)
    assert str(caught.value) == message


def test_one_clear_value_decides_for_the_column() -> None:
    assert read("03/04/2026", "13/04/2026")[0] == pd.Timestamp(2026, 4, 3)
    assert read("03/04/2026", "04/13/2026")[0] == pd.Timestamp(2026, 3, 4)
    assert read("05/05/2026") == [pd.Timestamp(2026, 5, 5)]


def test_a_declared_format_is_the_only_one() -> None:
    found = parse(
        texts("05/03/2026", "5.3.26", "2026-03-05", "2026-03-05T10:00:00"),
        name="date",
        formats=("%m/%d/%Y", "%d.%m.%y"),
    )
    assert found.days.tolist()[:2] == [pd.Timestamp(2026, 5, 3), pd.Timestamp(2026, 3, 5)]
    assert found.unread.tolist() == [False, False, True, False]
    with pytest.raises(DataError, match="'%Q' is no date format"):
        read("x", formats=("%Q",))


def test_an_offset_is_brought_to_the_clients_clock() -> None:
    cells = ("2026-03-05T10:00:00Z", "2026-03-05 10:00:00+0800", "2026-03-05 10:00",
             "2026-03-04T23:30:00.5-05:00")  # fmt: skip
    assert read(*cells, timezone="Asia/Shanghai") == [
        pd.Timestamp(2026, 3, 5, 18),
        pd.Timestamp(2026, 3, 5, 10),
        pd.Timestamp(2026, 3, 5, 10),
        pd.Timestamp(2026, 3, 5, 12, 30, 0, 500_000),
    ]
    assert read(*cells)[0] == pd.Timestamp(2026, 3, 5, 10)


def test_an_empty_column_has_no_dates() -> None:
    assert parse(texts(), name="date").days.empty
    assert parse(texts("", ""), name="date").days.isna().all()


def test_day_numbers_are_said_until_a_format_tells_where_they_begin() -> None:
    texts = pd.Series(["43830", "43831.5", ""])
    read = parse(texts, name="d")
    assert read.counted == "43830"
    assert read.days[0] == pd.Timestamp(2019, 12, 31)
    mac = parse(texts, name="d", formats=("excel 1904",))
    assert mac.counted == ""
    assert mac.days.tolist()[:2] == [pd.Timestamp(2024, 1, 1), pd.Timestamp(2024, 1, 2, 12)]
    both = parse(pd.Series(["43830", "2024-01-05"]), name="d", formats=("excel", "%Y-%m-%d"))
    assert both.days.tolist() == [pd.Timestamp(2019, 12, 31), pd.Timestamp(2024, 1, 5)]
    assert parse(pd.Series(["20260305", "5 March 2026"]), name="d").counted == ""
