from __future__ import annotations

from pathlib import Path

import pytest

from cxlib.data.formats import read_content
from cxlib.data.text import decode, garbled
from cxlib.errors import DataError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_chinese_text_is_read_in_its_encoding_without_its_byte_order_mark(encoding: str) -> None:
    text = "答卷编号,推荐意愿\n1,10\n"
    read, told = decode(text.encode(encoding), file="a.csv")
    assert read == text
    assert told == ("utf-8" if "utf" in encoding else "gb18030")


def test_a_character_of_gb18030_beyond_gbk_is_read() -> None:
    text = "名字,㐂𠮷\n1,很满意\n2,非常满意，谢谢\n"
    assert decode(text.encode("gb18030"), file="a.csv")[0] == text


WRONG = {
    "empty": (b"", "a.csv is empty."),
    "blank": (b" \n\n", "a.csv is empty."),
    "latin-1": (
        "id,city\n1,Oslo\n2,Orléans, là\n".encode("latin-1"),
        "the encoding of a.csv cannot be told: line 3 reads 'Orléans' as cp1252; declare "
        "`encoding: cp1252` or whichever is right under `source:`, or save the file as UTF-8.",
    ),
    "utf-16 without its mark": (
        "id,value\n1,2\n".encode("utf-16-le"),
        "a.csv reads like UTF-16 without its mark; declare `encoding: utf-16-le` under `source:`, "
        "or save it as UTF-8.",
    ),
    "damaged": (
        "编号,好\n1,很好\n".encode() + b"2,\xff\n3,x\n",
        "a.csv is UTF-8 but for line 3, which holds the byte 0xff; correct that line, or save the "
        "file anew as UTF-8.",
    ),
    "truncated": (
        "编号,好\n1,很好\n2,很好".encode()[:-1],
        "a.csv is truncated: line 3, its last, ends in the middle of a character.",
    ),
    "binary": (b"PK\x03\x04\x00\x00rest", "a.csv is not text, whatever its name says."),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_cannot_be_text_is_refused_with_its_line(case: str) -> None:
    content, message = WRONG[case]
    with pytest.raises(DataError) as caught:
        decode(content, file="a.csv")
    assert str(caught.value) == message


def test_a_declared_encoding_is_taken_at_its_word() -> None:
    assert decode("é".encode("utf-16"), file="a.csv", encoding="utf-16")[0] == "é"
    assert decode("é".encode("latin-1"), file="a.csv", encoding="latin-1")[0] == "é"
    assert decode("é".encode("utf-8-sig"), file="a.csv", encoding="utf-8")[0] == "é"
    with pytest.raises(DataError, match=r"a.csv is not in utf-8, .* line 2 cannot be read so"):
        decode("a\né".encode("latin-1"), file="a.csv", encoding="utf-8")
    with pytest.raises(DataError, match="there is no encoding 'gb18031'; did you mean 'gb18030'"):
        decode(b"a", file="a.csv", encoding="gb18031")
    with pytest.raises(DataError, match="there is no encoding 'base64'"):
        decode(b"YQ==", file="a.csv", encoding="base64")


def test_a_byte_that_no_text_has_is_told_with_its_line() -> None:
    with pytest.raises(DataError, match="line 3 holds the byte 0x00; save it anew, as text"):
        decode(b"id,v\n1,2\n2,\x003\n", file="a.csv")
    with pytest.raises(DataError, match="line 92 holds the byte 0x00"):  # not written to its end
        decode(b"id,v\n" + 90 * b"1,2\n" + 8 * b"\0", file="a.csv")
    assert decode(b"id,v\n1,2\n\x1a", file="a.csv")[0] == "id,v\n1,2\n"  # the end of a DOS file


@pytest.mark.parametrize("encoding", [None, "utf-8", "gb18030"])
def test_a_stray_nul_in_a_cell_is_invisible(encoding: str | None, tmp_path: Path) -> None:
    rows = "".join(f"{i},a,2024-01-05\n" for i in range(60))
    content = f"id,area,date\n{rows}".replace("\n7,a,", "\n7,a\0,").encode()
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    sheet = read_content(path, content, file="a.csv", encoding=encoding).sheets[0]
    assert {row[1] for row in sheet.rows[1:]} == {"a"}


def test_a_mark_of_utf8_above_gb18030_is_taken_off() -> None:
    assert decode(b"\xef\xbb\xbf" + "编号,好\n".encode("gb18030"), file="a.csv")[0] == "编号,好\n"


FOREIGN = {
    "cp1252": "id,area\n1,Zürich Käse\n2,Köln Straße\n3,Malmö\n4,café crème\n",
    "big5": "id,area\n1,臺北市\n2,高雄市\n3,臺中市服務很好\n",
    "shift_jis": "id,area\n1,とても満足\n2,サービスが良い\n3,東京都\n",
    "euc_kr": "id,area\n1,매우 만족합니다\n2,직원이 친절해요\n3,서울특별시 강남구\n",
    "euc_jp": "id,area\n1,とても満足\n2,サービスが良い\n3,東京都\n",
    "cp1250": "id,area\n1,bardzo dobrze, dziękuję\n2,Łódź\n3,źle\n",
    "cp1253": "id,area\n1,πολύ καλά\n2,άργησε η παράδοση\n",
    "cp1251": "id,area\n1,Очень хорошо\n2,Москва\n3,плохо\n",
}


@pytest.mark.parametrize("encoding", FOREIGN)
def test_text_of_another_encoding_is_never_taken_for_chinese(encoding: str) -> None:
    text = FOREIGN[encoding]
    with pytest.raises(DataError) as caught:
        decode(text.encode(encoding), file="a.csv")
    assert f"as {encoding}" in str(caught.value)
    assert f"declare `encoding: {encoding}`" in str(caught.value)
    assert decode(text.encode(encoding), file="a.csv", encoding=encoding)[0] == text


CHINESE = (
    "编号,建议\n1,房间很干净，前台态度热情，下次还会再来。\n2,早餐品种太少\n",
    "姓名,城市\n欧阳鑫淼,深圳\n翟旭,亳州\n赵琪,衢州\n李昊,漯河\n",
    "id,tier\n1,金卡\n2,银卡\n",
    "id,area\n1,體驗服務非常好\n2,臺灣\n",
)


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_in_gb18030_is_read_whatever_its_names(text: str) -> None:
    assert decode(text.encode("gb18030"), file="a.csv") == (text, "gb18030")


def test_utf_16_is_read_by_its_mark() -> None:
    assert decode("编号\t好\n".encode("utf-16"), file="a.csv") == ("编号\t好\n", "utf-16")


def test_text_garbled_before_it_was_saved_is_told() -> None:
    assert garbled([["id", "café"], ["1", "cafÃ©"]]) == "cafÃ©"
    assert garbled([["na�ve"]]) == "na�ve"
    assert not garbled([["SÃO PAULO", "Âge", "très bien", "满意"]])
