from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cxlib.data.keys import CUSTOMER, open_key
from cxlib.data.tables import periods_of
from cxlib.errors import DataError

PARAMS = """
    period: quarter
    survey:
      source: survey.csv
      columns: {id: 编号, date: 时间, comment: 建议}
      missing: [99, "-"]
      not_applicable: ["不适用", 88]
      metrics:
        nps: {column: 推荐, scale: [0, 10]}
      touchpoints:
        - {key: booking, column: 预订, scale: [1, 5]}
      segments: {tier: 会员}
"""
HEADER = "编号,时间,推荐,预订,会员,建议\n"


def test_the_canonical_survey_holds_what_the_client_said(shop: Any) -> None:
    shop.file("survey.csv", (HEADER + (
        "007,2026/3/5,10,5,金卡,很好\n"
        "8.0,2026年4月1日,99,不适用,-,\n"
        "9,46113,０,-,金卡,电话13812345678\n"
    )).encode("gb18030"))  # fmt: skip
    client = shop.client(PARAMS)
    done = shop.ingest(client)
    survey = shop.read()
    key = open_key("shop", shop.workspace)
    ids = key.pseudonyms(pd.Series(["007", "8", "9"], dtype="str"), CUSTOMER)
    assert survey["respondent_id"].tolist() == ids.tolist()
    assert survey["date"].tolist() == list(
        pd.to_datetime(["2026-03-05", "2026-04-01", "2026-04-01"])
    )
    assert survey["period"].tolist() == ["2026Q1", "2026Q2", "2026Q2"]
    assert survey["nps"].fillna(-1).tolist() == [10, -1, 0]
    assert survey["booking"].fillna(-1).tolist() == [5, -1, -1]
    assert survey["booking_used"].isna().tolist() == [False, False, True]
    assert survey["booking_used"].dropna().tolist() == [True, False]
    assert survey["tier"].fillna("-").tolist() == ["金卡", "-", "金卡"]
    assert survey["comment"].fillna("-").tolist() == ["很好", "-", "电话[phone]"]
    assert survey["weight"].tolist() == [1.0, 1.0, 1.0]
    assert survey["brand"].tolist() == ["own"] * 3
    assert list(survey.columns) == [
        "respondent_id", "date", "period", "weight", "brand", "comment", "nps",
        "booking", "booking_used", "tier",
    ]  # fmt: skip
    assert done.tables["survey"].masked == {"[phone]": 1}
    assert not any(str(cell) == "007" for cell in survey.to_numpy().ravel())


def test_every_row_is_kept_or_counted_by_its_reason(shop: Any) -> None:
    shop.file("survey.csv", HEADER + (
        "1,2026-03-05,10,5,a,\n"
        "1,2026-03-06,3,4,a,\n"
        "1,2026-04-06,4,4,a,\n"
        "2,,9,5,a,\n"
        "3,-,9,5,a,\n"
        ",,,,,\n"
        "\n"
    ))  # fmt: skip
    for rule, kept in (("first", [10, 4]), ("last", [3, 4])):
        client = shop.client(PARAMS + f"      duplicates: {rule}\n")
        table = shop.ingest(client).tables["survey"]
        assert shop.read()["nps"].tolist() == kept
        assert table.dropped == {
            "empty row": 2,
            "no date or period": 2,
            "repeats a respondent within a period": 1,
        }
        assert table.read == table.kept + sum(table.dropped.values())


WRONG = {
    "off the scale": (
        "1,2026-03-05,11,5,a,\n2,2026-03-05,9,5,a,\n3,2026-03-05,12,9,a,\n",
        [
            "survey.metrics.nps.column: column '推荐' holds 2 values off its scale 0-10: '11' "
            "(survey.csv row 2), '12' (survey.csv row 4); they are 67% of the answers, so they look "  # noqa: E501
            "like codes of the options: say which answer each is by `values:`, correct the scale, "
            "or declare them under `missing:` or `not_applicable:` of this question if they mean "
            "that.",
            "survey.touchpoints[0].column: column '预订' holds 1 value off its scale 1-5: '9' "
            "(survey.csv row 4); they are 33% of the answers, so they look like codes of the "
            "options: say which answer each is by `values:`, correct the scale, or declare them "
            "under `missing:` or `not_applicable:` of this question if they mean that.",
        ],
    ),
    "no answer at all": (
        "1,2026-03-05,,5,a,\n2,2026-03-05,99,5,a,\n",
        [
            "survey.metrics.nps.column: column '推荐' holds no answer in 2 rows; 'nps' cannot be "
            "scored."
        ],
    ),
    "no dates that can be read": (
        "1,soon,9,5,a,\n2,2026-02-30,9,5,a,\n",
        [
            "survey.columns.date: column '时间' holds 2 values that are no date: 'soon' "
            "(survey.csv row 2), '2026-02-30' (survey.csv row 3); declare `date_format:`, or "
            "`missing:` if they mean none."
        ],
    ),
    "day or month": (
        "1,05/03/2026,9,5,a,\n2,04/03/2026,9,5,a,\n",
        [
            "survey.columns.date: column '时间' does not tell day from month: '05/03/2026' "
            "(survey.csv row 2) and '04/03/2026' (survey.csv row 3); declare `date_format:`, "
            '"%d/%m/%Y" or "%m/%d/%Y".'
        ],
    ),
    "duplicate ids": (
        "A1,2026-03-05,9,5,a,\nB,2026-03-05,9,5,a,\n Ａ1,2026-03-09,8,5,a,\n",
        [
            "survey.duplicates: 1 row repeats a respondent id within a period, the first two "
            "survey.csv row 2 and survey.csv row 4; set `duplicates: last` (or first) to keep one "
            "row each."
        ],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_data_are_said_in_full_and_stop_the_ingest(shop: Any, case: str) -> None:
    rows, messages = WRONG[case]
    shop.file("survey.csv", HEADER + rows)
    client = shop.client(PARAMS)
    said = [line.split(": ", 1)[1] for line in shop.says(client)]
    assert [line for line in said if not line.startswith("params")] == messages
    with pytest.raises(DataError) as caught:
        shop.ingest(client)
    assert all(message in str(caught.value) for message in messages)
    assert not shop.tables.exists()


def test_a_missing_column_is_named_with_the_nearest_and_all_at_once(shop: Any) -> None:
    shop.file("survey.csv", "编号,时间,推荐度,预订,会员,建议\n1,2026-03-05,9,5,a,\n")
    client = shop.client(PARAMS.replace("预订", "预定"))
    said = shop.says(client)
    assert "column '推荐' is not in survey.csv; did you mean '推荐度'?" in said[0]
    assert said[0].startswith("params/shop.yaml:")
    assert ": survey.metrics.nps.column: " in said[0]
    assert "column '预定' is not in survey.csv" in said[1]
    assert len(said) == 2


def test_values_off_the_scale_may_be_counted_as_missing(shop: Any) -> None:
    shop.file("survey.csv", HEADER + "1,2026-03-05,11,5,a,\n2,2026-03-05,9,4.5,a,\n")
    client = shop.client(PARAMS + "      off_scale: missing\n")
    table = shop.ingest(client).tables["survey"]
    assert table.off_scale == {"nps": 1, "booking": 1}
    survey = shop.read()
    assert survey["nps"].fillna(-1).tolist() == [-1, 9]
    assert survey["booking_used"].isna().tolist() == [False, True]


def test_a_competitors_customers_stand_beside_the_clients_own(shop: Any) -> None:
    rows = "1,2026-03-05,9,5,a,,Lake\n1,2026-03-05,3,5,a,,Hill\n2,2026-03-05,3,5,a,,\n"
    shop.file("survey.csv", HEADER.replace("\n", ",银行\n") + rows)
    own = PARAMS.replace("comment: 建议}", "comment: 建议, brand: 银行}")
    client = shop.client(own + "      own_brand: lake\n")
    assert "'lake' is not in column '银行'; did you mean 'Lake'?" in "\n".join(shop.says(client))
    done = shop.ingest(shop.client(own + "      own_brand: Lake\n"))
    assert shop.read()["brand"].tolist() == ["own", "Hill"]
    assert done.tables["survey"].dropped == {"no brand": 1}


def test_weights_are_read_and_a_row_without_one_is_counted(shop: Any) -> None:
    rows = "1,2026-03-05,9,5,a,,0.8\n2,2026-03-05,3,5,a,,\n3,2026-03-05,3,5,a,,0\n"
    weighted = PARAMS.replace("comment: 建议}", "comment: 建议, weight: w}")
    shop.file("survey.csv", HEADER.replace("\n", ",w\n") + rows)
    assert shop.ingest(shop.client(weighted)).tables["survey"].dropped == {"no weight": 2}
    assert shop.read()["weight"].tolist() == [0.8]  # a row of weight 0 does not count
    shop.file("survey.csv", HEADER.replace("\n", ",w\n") + rows.replace("0.8", "-0.8"))
    assert (
        "holds 1 value that is not a number from 0 up: '-0.8' (survey.csv row 2)"
        in (shop.says(shop.client(weighted))[0])
    )


def test_weights_that_are_all_zero_are_told(shop: Any) -> None:
    weighted = PARAMS.replace("comment: 建议}", "comment: 建议, weight: w}")
    shop.file("survey.csv", HEADER.replace("\n", ",w\n") + "1,2026-03-05,9,5,a,,0\n")
    said = shop.says(shop.client(weighted))
    assert "no response of the client itself is left: no weight (1)." in said[0]


def test_decimal_commas_are_read_as_such_and_never_taken_for_thousands(shop: Any) -> None:
    weighted = PARAMS.replace("comment: 建议}", "comment: 建议, weight: w}")
    header = HEADER.replace("\n", ",w\n").replace(",", ";")
    rows = "1;2026-03-05;9,0;5;a;;1,234\n2;2026-03-05;3;5;a;;2\n3;2026-03-05;3;5;a;;1.085,5\n"
    shop.file("survey.csv", header + rows)
    shop.ingest(shop.client(weighted))
    survey = shop.read()
    assert survey["weight"].tolist() == [1.234, 2, 1085.5]
    assert survey["nps"].tolist() == [9, 3, 3]
    odd = HEADER.replace("\n", "\tw\n").replace(",", "\t")
    shop.file(
        "survey.csv", odd + "1\t2026-03-05\t9\t5\ta\t\t1,234\n2\t2026-03-05\t3\t5\ta\t\t0,987\n"
    )
    shop.ingest(shop.client(weighted))
    assert shop.read()["weight"].tolist() == [1.234, 0.987]  # 0,987 cannot part thousands
    shop.file(
        "survey.csv", odd + "1\t2026-03-05\t9\t5\ta\t\t1,234\n2\t2026-03-05\t3\t5\ta\t\t0.98\n"
    )
    shop.ingest(shop.client(weighted))
    assert shop.read()["weight"].tolist() == [1234, 0.98]
    declared = weighted.replace("source: survey.csv", "source: {files: survey.csv, decimal: ','}")
    assert "'0.98'" not in "".join(shop.says(shop.client(declared)))


def test_a_brand_that_could_pass_for_the_client_itself_is_told(shop: Any) -> None:
    rows = "1,2026-03-05,9,5,a,,Lake\n1,2026-03-05,3,5,a,,LAKE\n2,2026-03-05,3,5,a,,own\n"
    shop.file("survey.csv", HEADER.replace("\n", ",银行\n") + rows)
    own = PARAMS.replace("comment: 建议}", "comment: 建议, brand: 银行}")
    client = shop.client(own + "      own_brand: Lake\n")
    assert "1 row names the brand 'own', which is what the kit calls 'Lake'" in shop.says(client)[0]
    warned = "\n".join(shop.says(client, "warning"))
    assert "1 row names 'LAKE', which counts as a competitor; write 'Lake' if" in warned


def test_a_survey_without_ids_or_dates_is_one_wave(shop: Any) -> None:
    shop.file("a.csv", "q\n9\n9\n3\n")
    client = shop.client("survey: {source: a.csv, metrics: {nps: {column: q}}}\n")
    shop.ingest(client)
    survey = shop.read()
    assert survey["period"].tolist() == ["all"] * 3
    assert survey["respondent_id"].nunique() == 3
    assert survey["date"].isna().all()


def test_a_row_without_an_id_is_a_respondent_of_its_own(shop: Any) -> None:
    shop.file(
        "survey.csv", HEADER + "2,2026-03-05,9,5,a,\n,2026-03-05,3,5,a,\n,2026-03-05,4,5,a,\n"
    )
    client = shop.client(PARAMS)
    assert "2 rows have no respondent id, the first survey.csv row 3" in "\n".join(
        shop.says(client, "warning")
    )
    shop.ingest(client)
    assert shop.read()["respondent_id"].nunique() == 3


def test_periods_come_from_a_column_or_from_the_files_names(shop: Any) -> None:
    shop.file("a.csv", "q,p\n9,Q1 2026\n8,2026-05\n")
    by_column = "period: quarter\nsurvey: {{source: a.csv, columns: {{period: p}}, {}}}\n"
    metrics = "metrics: {nps: {column: q}}"
    shop.ingest(shop.client(by_column.format(metrics)))
    assert shop.read()["period"].tolist() == ["2026Q1", "2026Q2"]
    shop.file("a.csv", "q,p\n9,2026\n8,soon\n")
    assert (
        "2 rows name no quarter: '2026' (a.csv row 2), 'soon' (a.csv row 3)"
        in (shop.says(shop.client(by_column.format(metrics)))[-1])
    )
    shop.file("s_2025Q4.csv", "q\n9\n")
    shop.file("s_2026Q1.csv", "q\n8\n")
    source = r"{files: 's_*.csv', period_from: 's_(?P<period>\d{4}Q\d)'}"
    shop.ingest(shop.client(f"period: quarter\nsurvey: {{source: {source}, {metrics}}}\n"))
    assert shop.read()["period"].tolist() == ["2025Q4", "2026Q1"]


def test_when_every_row_is_dropped_the_reasons_are_told(shop: Any) -> None:
    shop.file("survey.csv", HEADER + "1,,9,5,a,\n2,,8,5,a,\n")
    said = shop.says(shop.client(PARAMS))
    assert [line.split(": ", 1)[1] for line in said] == [
        "survey: no response of the client itself is left: no date or period (2)."
    ]


WAVES = """
    survey:
      source: w.csv
      columns: {{id: id, period: wave{date}}}
      metrics: {{nps: {{column: nps, scale: [0, 10]}}}}
"""


@pytest.mark.parametrize(
    ("names", "date", "latest", "warned"),
    [
        (("Wave 10", "Wave 9"), "", "Wave 10", ""),
        (("第三期", "第二期"), ", date: day", "第三期", ""),
        (("2025 spring", "2024 autumn"), "", "2024 autumn", "names tell another order"),
        (("spring", "autumn"), ", date: day", "autumn", "dates tell another order"),
        (("2024 autumn", "2025 spring"), "", "2025 spring", ""),
    ],
)
def test_a_survey_newest_first_does_not_report_its_first_wave(
    shop: Any, names: tuple[str, str], date: str, latest: str, warned: str
) -> None:
    rows = [f"{i},{name},{i % 11},2024-0{8 - k}-05" for k, name in enumerate(names)
            for i in range(20 * k, 20 * k + 20)]  # fmt: skip
    shop.file("w.csv", "\n".join(["id,wave,nps,day", *rows]))
    client = shop.client(WAVES.format(date=date))
    said = " ".join(shop.says(client, "warning"))
    assert (warned in said) if warned else ("another order" not in said)
    shop.ingest(client)
    assert periods_of(shop.workspace, client)[-1] == latest


@pytest.mark.parametrize(
    ("metric", "top", "told"),
    [
        ("nps: {column: q, scale: [0, 10]}", 5, "was it asked on a scale up to 5?"),
        ("csat: {column: q, scale: [1, 10], top: 2}", 4, "was it asked on a scale up to 5?"),
        ("csat: {column: q, scale: [1, 5], top: 2}", 3, ""),
        ("ces: {column: q, scale: [1, 7], direction: lower}", 5, ""),
        ("nps: {column: q, scale: [0, 10]}", 6, ""),
    ],
)
def test_a_long_scale_that_was_answered_as_a_short_one_is_told(
    shop: Any, metric: str, top: int, told: str
) -> None:
    shop.file("w.csv", "id,q\n" + "".join(f"{i},{1 + i % top}\n" for i in range(60)))
    client = shop.client(f"survey: {{source: w.csv, columns: {{id: id}}, metrics: {{{metric}}}}}")
    said = " ".join(shop.says(client, "warning"))
    assert (told in said) if told else ("was it asked" not in said)
