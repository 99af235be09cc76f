from __future__ import annotations

from typing import Any

import pytest

from cxlib.data.tables import periods_of

RATIO = """
    period: {period}
    kpis:
      in_time: {{source: k.csv, period: month, numerator: late, denominator: all, unit: place,
                complement: true, where: {{type: 1}}, direction: higher, format: percent}}
"""


def test_a_ratio_is_summed_over_the_clients_periods_and_its_parts_agree(shop: Any) -> None:
    shop.file("k.csv", (
        "month,place,type,late,all\n"
        "2026-01,N,1,1,10\n2026-02,N,1,3,10\n2026-02,S,1.0,0,5\n2026-02,S,2,5,5\n2026-04,S,1,1,0\n"
        "2026-05,S,1,,7\n"
    ))  # fmt: skip
    client = shop.client(RATIO.format(period="quarter"))
    done = shop.ingest(client)
    kpis = shop.read("kpis")
    assert kpis.to_dict("list") == {
        "kpi": ["in_time", "in_time"],
        "period": ["2026Q1", "2026Q1"],
        "unit": ["N", "S"],
        "value": [0.8, 1.0],
        "numerator": [16.0, 5.0],
        "denominator": [20.0, 5.0],
    }
    table = done.tables["kpis"]
    assert table.read == table.kept + sum(table.dropped.values())
    assert table.dropped["not among the rows asked for"] == 1
    assert table.dropped["no figure, period or unit"] == 1
    assert table.dropped["denominator of 0"] == 1
    assert periods_of(shop.workspace, client) == ["2026Q1"]


def test_a_plain_value_is_read_with_its_percent_sign(shop: Any) -> None:
    shop.file("k.csv", "period,v\n2026年9月,95%\n2026/10/01,0.9\n")
    shop.ingest(
        shop.client("""
        period: month
        kpis:
          sla: {source: k.csv, period: period, value: v, direction: higher, format: percent}
    """)
    )
    kpis = shop.read("kpis")
    assert kpis["period"].tolist() == ["2026-09", "2026-10"]
    assert kpis["value"].tolist() == [0.95, 0.9]
    assert kpis["unit"].tolist() == ["all", "all"]
    assert kpis["numerator"].isna().all()


WRONG = {
    "no such column": (
        "month,place,type,late,total\n2026-01,N,1,1,10\n",
        "kpis.in_time.denominator: column 'all' is not in k.csv",
    ),
    "no period": (
        "month,place,type,late,all\nsoon,N,1,1,10\n",
        "kpis.in_time.period: column 'month' holds 1 value that is neither a period nor a date: "
        "'soon' (k.csv row 2); declare `date_format:`, or `missing:`",
    ),
    "a longer period": (
        "month,place,type,late,all\n2026,N,1,1,10\n",
        "kpis.in_time.period: 1 row is for longer than a month, such as 2026; this client "
        "reports by month.",
    ),
    "no number": (
        "month,place,type,late,all\n2026-01,N,1,few,10\n",
        "kpis.in_time.numerator: column 'late' holds 1 value that is not a number: 'few' "
        "(k.csv row 2); declare `missing:` if they mean none.",
    ),
    "no row": (
        "month,place,type,late,all\n2026-01,N,3,1,10\n",
        "kpis.in_time.where: keeps no row: where type: 1 left out, '3' (1).",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_figure_is_named(shop: Any, case: str) -> None:
    text, message = WRONG[case]
    shop.file("k.csv", text)
    said = [line.split(": ", 1)[1] for line in shop.says(shop.client(RATIO.format(period="month")))]
    assert said[0].startswith(message)


def test_a_value_that_comes_twice_asks_what_tells_it_apart(shop: Any) -> None:
    shop.file("k.csv", "p,v\n2026-01,1\n2026-01,2\n")
    client = shop.client("""
        period: month
        kpis: {k: {source: k.csv, period: p, value: v, direction: higher}}
    """)
    assert (
        "1 row repeats a period and unit, first 2026-01, all; name the column"
        in shop.says(client)[0]
    )


def test_a_ratio_without_any_denominator_is_told_at_its_column(shop: Any) -> None:
    shop.file("k.csv", "month,place,type,late,all\n2026-01,N,1,0,0\n2026-04,N,1,0,0\n")
    (said,) = shop.says(shop.client(RATIO.format(period="quarter")))
    assert said.endswith(
        "kpis.in_time.denominator: column 'all' has no sum above 0 in any period; 'in_time' is no "
        "ratio."
    )


@pytest.mark.parametrize("named", ["Total", "合计", "National"])
def test_the_total_among_the_units_counts_nothing_twice(shop: Any, named: str) -> None:
    rows = ["month,shop,late,orders"]
    for month in range(1, 7):
        rows += [f"2024-{month:02},A,{month},100", f"2024-{month:02},B,{2 * month},200"]
        rows += [f"2024-{month:02},{named},{3 * month},300"]
    shop.file("k.csv", "\n".join(rows))
    client = shop.client("""
        period: month
        kpis:
          late: {source: k.csv, period: month, numerator: late, denominator: orders, unit: shop,
                 direction: lower, format: percent}
        """)
    (told,) = shop.says(client, "warning")
    assert named in told
    shop.ingest(client)
    table = shop.read("kpis")
    assert table.groupby("period")["denominator"].sum().eq(300).all()
    assert sorted(table["unit"].unique()) == ["A", "B"]


def test_units_that_are_no_total_all_count(shop: Any) -> None:
    rows = ["month,shop,late,orders"]
    for month in range(1, 7):  # C is as large as A and B in one month alone
        late = 3 * month if month == 1 else month
        rows += [f"2024-{month:02},A,{month},100", f"2024-{month:02},B,{2 * month},200"]
        rows += [f"2024-{month:02},C,{late},300"]
    shop.file("k.csv", "\n".join(rows))
    client = shop.client("""
        period: month
        kpis:
          late: {source: k.csv, period: month, numerator: late, denominator: orders, unit: shop,
                 direction: lower, format: percent}
        """)
    assert shop.says(client, "warning") == []
    shop.ingest(client)
    assert sorted(shop.read("kpis")["unit"].unique()) == ["A", "B", "C"]


NAMED = """
    period: {period}
    kpis:
      calls: {{source: k.csv, period: wave, value: calls, direction: higher}}
"""


def test_figures_of_named_waves_belong_to_a_client_of_waves(shop: Any) -> None:
    shop.file("k.csv", "wave,calls\n2024 Spring,40\n2024 Autumn,42\n2025 Spring,45\n")
    (told,) = shop.says(shop.client(NAMED.format(period="month")))
    assert "neither a period nor a date: '2024 Spring'" in told
    assert "report by named waves, `period: wave`" in told
    shop.ingest(shop.client(NAMED.format(period="wave")))
    assert shop.read("kpis")["period"].tolist() == ["2024 Spring", "2024 Autumn", "2025 Spring"]
