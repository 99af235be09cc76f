"""Comments from outside the survey: taken in masked, placed in time, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxlib.data import pieces
from cxlib.data.schema import TABLES
from cxlib.params.faults import InvalidParams
from tests.data.test_draft import drafted

SECTION = """
    period: month
    calendar: {country: CN, timezone: Asia/Shanghai}
    privacy: {names: [王小明]}
    comments:
      reviews:
        source: reviews.csv
        columns:
          {text: [内容, 追评], date: 时间, rating: 星级, channel: 网站, customer: 会员, id: 编号}
        scale: [1, 5]
        values: {差评: 1}
        missing: [此用户没有填写评价]
        segments: {product: {column: 商品, label: Product}}
      complaints:
        source: filed.csv
        columns: {text: text, period: month}
        asked: complaints
"""
REVIEWS = """编号,时间,内容,追评,星级,网站,会员,商品
R1,2026-03-05 10:00,很好用，联系我13800138000,,★★★★★,甲,M7,壶
R2,2026-03-06 10:00,,用了一周就坏了，找王小明也没用，退货还要自己付运费,4星,乙,M8,壶
R2,2026-03-06 10:00,,用了一周就坏了，找王小明也没用，退货还要自己付运费,4星,乙,M8,壶
R3,2026-03-07 10:00,此用户没有填写评价,,5,甲,,杯
R4,2026-04-01 10:00,"=HYPERLINK(""http://x"") <script>alert(1)</script>",,差评,甲,,杯
R5,,不错,,3/5,甲,,杯
R6,2026-04-02 10:00,😀😀,,,甲,,
"""
SAID = ("无", "无", "等了一个小时也没有人来处理我的事情", "等了一个小时也没有人来处理我的事情")
FILED = "text,month\n" + "".join(f"{text},2026-04\n" for text in SAID)


def made(shop: Any, section: str = SECTION, **files: str) -> pd.DataFrame:
    for name, text in ({"reviews": REVIEWS, "filed": FILED} | files).items():
        shop.file(f"{name}.csv", text)
    client = shop.client(section)
    shop.ingest(client)
    table: pd.DataFrame = shop.read("comments")
    return table


def test_two_sources_are_one_table_of_published_columns(shop: Any) -> None:
    table = made(shop)
    assert [c.name for c in TABLES["comments"]] + ["product"] == list(table.columns)
    assert table["source"].tolist() == ["reviews"] * 4 + ["complaints"] * 3
    assert table["period"].tolist() == ["2026-03"] * 2 + ["2026-04"] * 5
    assert table["rating"].fillna(-1).tolist() == [5, 4, 1, -1, -1, -1, -1]
    assert table["product"].dropna().tolist() == ["壶", "壶", "杯"]
    assert table.loc[0, "customer_id"] not in ("M7", table.loc[1, "customer_id"])


def test_nobody_can_be_reached_or_named_by_them(shop: Any) -> None:
    said = "".join(made(shop)["comment"])
    assert "13800138000" not in said
    assert "王小明" not in said
    assert "M7" not in said


def test_what_does_not_count_is_counted_by_its_reason(shop: Any) -> None:
    shop.file("reviews.csv", REVIEWS)
    shop.file("filed.csv", FILED)
    table = shop.ingest(shop.client(SECTION)).tables["comments"]
    assert table.dropped == {
        "repeats a comment word for word": 2,  # the id, and a long text; two short ones are two
        "no words": 1,
        "no date or period": 1,
    }
    assert (table.read, table.kept) == (11, 7)


def test_a_repeat_is_found_though_the_pieces_part_it(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "LARGE", 10)
    monkeypatch.setattr(pieces, "ROWS", 2)
    assert len(made(shop)) == 7


WRONG = {
    "a rating off its scale": (
        SECTION.replace("values: {差评: 1}", "values: {}"),
        "comments.reviews.columns.rating: column '星级' holds 1 value off its scale 1-5: '差评' "
        "(reviews.csv row 6)",
    ),
    "a column that is not there": (
        SECTION.replace("text: text", "text: test"),
        "comments.complaints.columns.text: column 'test' is not in filed.csv; did you mean 'text'?",
    ),
    "a month that is none": (
        SECTION.replace("period: month}", "period: text}").replace("text: text", "text: month"),
        "rows name no month",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_faults_name_the_source_and_the_row(shop: Any, case: str) -> None:
    section, said = WRONG[case]
    shop.file("reviews.csv", REVIEWS)
    shop.file("filed.csv", FILED)
    assert any(said in fault for fault in shop.says(shop.client(section)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("scale: [1, 5]", "", "comments.reviews.scale: is missing"),
        ("rating: 星级, ", "", "name no rating, though there is a scale"),
        (", period: month}", "}", "to which month does a comment belong?"),
        ("asked: complaints", "asked: complain", "complaints"),
        ("{product: {column: 商品", "{id: {column: 商品", "is a key of columns"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    shop: Any, old: str, new: str, said: str
) -> None:
    with pytest.raises(InvalidParams, match=said):
        shop.client(SECTION.replace(old, new))


def test_a_source_without_a_key_is_told_how_to_get_one(shop: Any) -> None:
    with pytest.raises(InvalidParams, match="what is it called"):
        shop.client("comments: {source: a.csv, columns: {text: a}}")


def test_a_draft_knows_reviews_and_complaints_from_surveys(shop: Any, tmp_path: Path) -> None:
    reviews, filed = tmp_path / "reviews.csv", tmp_path / "complaints.csv"
    lines = ["日期,评分,评价内容,商品", *(
        f"2026-0{1 + i % 6}-05,{5 - i % 4},这是第{i}条评价，东西收到了就是慢,{'壶杯'[i % 2]}"
        for i in range(60)
    )]  # fmt: skip
    reviews.write_text("\n".join(lines), encoding="utf-8")
    lines = ["complaint no,date,complaint", *(
        f"T{i},2026-0{1 + i % 6}-07,The kettle I bought leaks again and again ({i})"
        for i in range(40)
    )]  # fmt: skip
    filed.write_text("\n".join(lines), encoding="utf-8")
    _made, client, text = drafted(shop, reviews, filed)
    assert client.survey is None
    assert list(client.comments) == ["reviews", "complaints"]
    assert client.comments["reviews"].scale == (1, 5)
    assert list(client.comments["reviews"].segments) == ["product"]
    assert client.comments["complaints"].asked == "complaints"
    assert text.count("comments:\n") == 1
