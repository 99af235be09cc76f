"""What identifies a person goes, what only looks like it stays."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cxlib.data.masking import luhn, mask, mask_text

REACHES = """卡号6222021234567890128谢谢|6222 0212 3456 7890 128|4111 1111 1111 1111
4111-1111-1111-1111|IBAN DE89 3704 0044 0532 0130 00|GB82WEST12345698765432
身份证110105900307123|１１０１０５１９９００３０７８８８８|110105199003078888
110105 19900307 888X|0086 138 1234 5678|008613812345678|+86 13812345678
138 123 45678|138\u00a01234\u00a05678|138.1234.5678|138–1234–5678
手机号是13812345678元旦|13812345678 13912345679|13812345678/13912345679
电话：13812345678。|(010) 12345678|（010）12345678|0755-82345678|400-123-4567
tel:13812345678|139 1234 5678X|020 7946 0958|+44 20 7946 0958|01632 960123
07700 900123|4155550100|(415) 555-0100|1-800-555-0199|+1 415 555 0100
090-1234-5678|+81-90-1234-5678|+49 30 901820|王小明@example.com
张三2024@example.cn|请发到zhang@example.com谢谢|abc＠qq．com|a.b+c@x.co.uk
03-1234-5678|iban de89 3704 0044 0532 0130 00|wang(at)example.com|wang [at] example.com"""

STAYS = """order 12345678901|订单号6222021234567890128|订单2026090112345|order no. 4155550100
工单编号：4155550100|2026-09-01 12:30:00|2026.09.01-2026.09.30|20260901
2026090112345678|2026 09 01 2026 09 30|2024-2025 2025-2026|1,234,567.00
¥13812345678|13812345678元|1234567890.50|1 700 000 000|300 000 000 000|100000000
1725148800|+12.5 13.4 15.6 20.1|+1.25 to -2.5|0.13812345678|NPS 42.7 (−3.2)
95% 10.1 to 12.3|4.12 4.15 4.20 4.31|1234567|room 1234|10 20 30 40 50 60
2024 2025 2026|2026Q3 2026Q4|3.14159265|80 81 82 83 84 85|1234 5678|12:30-13:45
8/10 @ desk|v1.2.3.4|192.168.100.200|978-7-111-12345-6|0138123456789ab|00000000000
6222021234567890127|DE88 3704 0044 0532 0130 00|房价1,085.00元，住了3晚|№ 55
01-09-26 30-09-26|06 07 08 09 10|ab12 cdef ghij klmn opqr|we met (at) noon|03-2026-2027"""


def cases(text: str) -> list[str]:
    return [case for line in text.splitlines() for case in line.split("|")]


@pytest.mark.parametrize("text", cases(REACHES))
def test_what_reaches_a_person_goes(text: str) -> None:
    masked = mask_text(text)
    assert "[" in masked
    assert not any(c.isdigit() for c in masked), masked
    assert "@" not in masked


@pytest.mark.parametrize("text", cases(STAYS))
def test_what_reaches_nobody_stays(text: str) -> None:
    assert mask_text(text) == text


def test_listed_names_go_as_whole_words_or_inside_chinese() -> None:
    comments = pd.Series(["Ann and anna met ANN", "感谢王小明的帮助", None], dtype="str")
    masked, counts = mask(comments, ["Ann", "王小明"])
    assert masked.tolist()[:2] == ["[name] and anna met [name]", "感谢[name]的帮助"]
    assert counts == {"[name]": 3}


def test_the_rest_of_a_comment_keeps_its_own_characters() -> None:
    assert mask_text("打我１３８１２３４５６７８，谢谢（１楼）") == "打我[phone]，谢谢（１楼）"


def test_luhn_agrees_with_its_published_example() -> None:
    assert luhn("79927398713")  # ISO/IEC 7812-1's example
    assert not any(luhn(f"7992739871{d}") for d in "012456789")


def test_listed_names_leave_comments_of_every_table_and_open_answers(shop: Any) -> None:
    shop.file("s.csv", "nps,why\n9,Ann was kind\n")
    shop.file("t.csv", "no,opened,said\nT1,2026-03-05 10:00,Ann called back\n")
    shop.ingest(shop.client("""
    privacy: {names: [Ann]}
    survey:
      source: s.csv
      metrics: {nps: {column: nps}}
      questions: {why: {column: why, kind: open}}
    tickets:
      source: t.csv
      columns: {id: no, created: opened, comment: said}
    """))  # fmt: skip
    assert shop.read("survey")["why"].tolist() == ["[name] was kind"]
    assert shop.read("tickets")["comment"].tolist() == ["[name] called back"]
