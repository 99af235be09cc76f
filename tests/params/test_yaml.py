"""YAML 1.2 as the client file needs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from ruamel.yaml import YAML

from cxlib.params.yaml import read, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("12:30", "12:30"),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e400", "1e400"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2026-09", "2026-09"),
        ("2026-09-01", "2026-09-01"),
        ("2026Q3", "2026Q3"),
        ("１２", "１２"),
        ("9" * 400, "9" * 400),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    meant = resolve(text)
    assert meant == value
    assert type(meant) is type(value)


def test_each_value_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("# top\na:\n  b: [1,\n      2]\n  c:\n    - d: x\n    - y\n", encoding="utf-8")
    document = read(path, shown="a.yaml")
    assert document.content == {"a": {"b": (1, 2), "c": ({"d": "x"}, "y")}}
    assert document.lines[("a", "b", 1)] == 4
    assert document.lines[("a", "c", 0, "d")] == 6
    assert document.lines[("a", "c", 1)] == 7
    assert document.at(("a", "c", 0, "d")) == "x"
    assert document.at(("a", "z", 0)) is None
    assert document.where(("a", "c", 9, "d")) == 5


def test_a_key_is_text_however_it_looks(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("007: a\n2026: b\nyes: c\nnull: d\n1.50: e\n", encoding="utf-8")
    document = read(path, shown="a.yaml")
    assert list(document.content) == ["007", "2026", "yes", "null", "1.50"]
    assert document.faults == []


def test_one_key_spelt_twice_is_one_key(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("1: a\n'1': {b: [c]}\nd: e\n", encoding="utf-8")
    document = read(path, shown="a.yaml")
    assert [str(fault) for fault in document.faults] == [
        "a.yaml:2: 1: '1' is written twice, first in line 1; keep one."
    ]
    assert document.content == {"1": "a", "d": "e"}


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    (document,) = read(tmp_path, shown="a.yaml").faults
    assert str(document).startswith("a.yaml:1: the file cannot be opened: ")


def test_a_merge_key_merges_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: &x {b: 1}\nc: {<<: *x}\n", encoding="utf-8")
    document = read(path, shown="a.yaml")
    assert len(document.faults) == 2
    assert document.content["c"] == {"<<": None}


# "?0" is left out: the writer leaves it bare, and a bare "?" may begin a key, so it reads as "0".
WORDS = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=8).filter(
    lambda text: not text.startswith("?")
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


def frozen(value: object) -> object:
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(WORDS, PLAIN, min_size=1, max_size=3))
def test_what_another_writer_writes_reads_back_equal(tmp_path: Path, content: object) -> None:
    path = tmp_path / "a.yaml"
    writer = YAML(typ="safe", pure=True)
    writer.allow_unicode = True
    with path.open("w", encoding="utf-8", newline="") as file:
        writer.dump(content, file)
    document = read(path, shown="a.yaml")
    assert document.faults == []
    assert document.content == frozen(content)
