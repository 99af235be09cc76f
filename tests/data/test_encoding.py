from __future__ import annotations

import pytest

from cxlib.data.encoding import decode
from cxlib.errors import DataError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_chinese_text_is_read_in_its_encoding_without_its_byte_order_mark(encoding: str) -> None:
    text = "答卷编号,推荐意愿\n1,10\n"
    assert decode(text.encode(encoding), file="a.csv") == text


def test_a_character_of_gb18030_beyond_gbk_is_read() -> None:
    assert decode("名字,㐂𠮷\n".encode("gb18030"), file="a.csv") == "名字,㐂𠮷\n"


WRONG = {
    "empty": (b"", "a.csv is empty."),
    "blank": (b" \n\n", "a.csv is empty."),
    "latin-1": (
        "id,city\n1,Oslo\n2,Orléans, là\n".encode("latin-1"),
        "a.csv is not in a known encoding: line 3 is neither UTF-8 nor GB18030; "
        "declare `encoding:` under `source:`, or save the file as UTF-8.",
    ),
    "utf-16": (
        "id,v\n".encode("utf-16"),
        "a.csv is not in a known encoding: it begins like UTF-16; "
        "declare `encoding: utf-16` under `source:`, or save it as UTF-8.",
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
    assert decode("é".encode("utf-16"), file="a.csv", encoding="utf-16") == "é"
    assert decode("é".encode("latin-1"), file="a.csv", encoding="latin-1") == "é"
    assert decode("é".encode("utf-8-sig"), file="a.csv", encoding="utf-8") == "é"
    with pytest.raises(DataError, match=r"a.csv is not in utf-8, .* line 2 cannot be read so"):
        decode("a\né".encode("latin-1"), file="a.csv", encoding="utf-8")
    with pytest.raises(DataError, match="there is no encoding 'gb18031'; did you mean 'gb18030'"):
        decode(b"a", file="a.csv", encoding="gb18031")
    with pytest.raises(DataError, match="there is no encoding 'base64'"):
        decode(b"YQ==", file="a.csv", encoding="base64")


def test_a_byte_that_no_text_has_is_told_with_its_line() -> None:
    with pytest.raises(DataError, match="line 3 holds the byte 0x00; save it anew, as text"):
        decode(b"id,v\n1,2\n2,\x003\n", file="a.csv")
    assert decode(b"id,v\n1,2\n\x1a", file="a.csv") == "id,v\n1,2\n"  # the end of a DOS file


def test_a_mark_of_utf8_above_gb18030_is_taken_off() -> None:
    assert decode(b"\xef\xbb\xbf" + "编号,好\n".encode("gb18030"), file="a.csv") == "编号,好\n"
