"""Raw data that would fill the memory or never end refuse their own client, and nobody else's."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from cxlib import Engagement
from cxlib.batch.forkserver import can_fork
from cxlib.data.apart import VARIABLE
from cxlib.data.formats import read_content
from cxlib.errors import DataError, SetupError
from tests.batch.conftest import Place, place, two

__all__ = ["place", "two"]


ENDLESS = "select count(*) as rec, 1 as sat from range(1000000000000)"
LARGE = "select repeat('x', 1000000) || i as id, 9 as rec, 5 as sat from range(2000) t(i)"


def add_query(place: Place, name: str, sql: str) -> None:
    place.add_client(name)
    path = place.root / "params" / f"{name}.yaml"
    text = path.read_text("utf-8").replace("source: survey.csv", f'source: {{sql: "{sql}"}}')
    path.write_text(text, encoding="utf-8")


@pytest.mark.skipif(not can_fork(), reason="intake is forked from a warm process where we can fork")
def test_one_clients_intake_ends_at_its_limits_and_the_others_go_on(two: Place) -> None:
    add_query(two, "endless", ENDLESS)
    add_query(two, "large", LARGE)
    two.add_client("quoting")
    data = two.workspace.data("quoting") / "survey.csv"
    data.write_text(data.read_text("utf-8") + "r99,2026-05-11,138 1234 5678,9\n", encoding="utf-8")
    two.limits = replace(two.limits, timeout=8.0, memory=512)
    run = two.run()
    assert {e.job.client: e.state for e in run.ended} == {"c00": "done", "c01": "done"}
    assert run.faults["endless"] == "reading its data: stopped at its time limit of 8 s"
    assert "512 MB" in run.faults["large"]
    assert "[phone]" in run.faults["quoting"]
    assert "138" not in run.faults["quoting"]


def by_cold_run(place: Place, seconds: float, megabytes: int) -> str:
    limits = replace(place.limits, timeout=seconds, memory=megabytes, cold=True)
    return str(place.run(clients=("hostile",), limits=limits).faults.get("hostile", ""))


def by_check(place: Place, _seconds: float, _megabytes: int) -> str:
    return place.cx("check", "hostile").stdout


def in_a_notebook(place: Place, _seconds: float, _megabytes: int) -> str:
    with pytest.raises(DataError) as error:
        Engagement.open("hostile", workspace=place.workspace)
    return str(error.value)


@pytest.mark.parametrize("way", [by_cold_run, by_check, in_a_notebook])
def test_the_limits_hold_wherever_data_are_read(
    place: Place, way: Callable[[Place, float, int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add_notebook("01-sound", "1")
    add_query(place, "hostile", ENDLESS)
    monkeypatch.setenv(VARIABLE, "3,0")
    assert "reading its data: stopped at its time limit of 3 s" in way(place, 3.0, 0)
    shutil.rmtree(place.root / "data" / "hostile")
    add_query(place, "hostile", LARGE)
    monkeypatch.setenv(VARIABLE, "0,512")
    assert "512 MB" in way(place, 0.0, 512)
    assert not place.workspace.tables("hostile").exists()


def test_reading_apart_gives_the_same_and_raises_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add_client("c00")
    monkeypatch.setenv(VARIABLE, "600,4096")
    opened = Engagement.open("c00", workspace=place.workspace)
    assert len(opened.survey(period="history")) == 40
    data = place.workspace.data("c00") / "survey.csv"
    data.write_text(data.read_text("utf-8") + "r99,2026-05-11,77,9\n", encoding="utf-8")
    told = []
    for limits in ("600,4096", "0,0"):
        monkeypatch.setenv(VARIABLE, limits)
        with pytest.raises(DataError, match="row 42") as error:
            Engagement.open("c00", workspace=place.workspace)
        told.append(str(error.value))
    assert told[0] == told[1]
    monkeypatch.setenv(VARIABLE, "ten minutes")
    with pytest.raises(SetupError, match="600,4096"):
        Engagement.open("c00", workspace=place.workspace)


FAR = {
    "as Excel writes it": (b"", b""),
    "spaces in the tag": (b'r="XFD1048576"', b' r\n=\t"XFD1048576" '),
    "a long tag": (b'<c r="XFD1048576"', b"<c " + b" " * 9000 + b'r="XFD1048576"'),
    "single quotes": (b'r="XFD1048576"', b"r='XFD1048576'"),
}


@pytest.mark.parametrize("how", FAR)
@pytest.mark.parametrize("lies", [False, True], ids=["far cell", "and the dimension lies"])
def test_a_far_cell_is_refused_before_memory_is_asked_for(
    tmp_path: Path, lies: bool, how: str
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (("id", "rec"), ("a", 9), ("b", 7)):
        sheet.append(row)
    sheet["XFD1048576"] = 1
    path = tmp_path / "far.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            told = content.replace(*FAR[how]) if FAR[how][0] else content
            if lies:
                told = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B3"', told)
            target.writestr(name, told)
    with pytest.raises(DataError, match="row 1,048,576 and column 16,384"):
        read_content(path, path.read_bytes(), file=path.name)


@pytest.mark.parametrize("suffix", ["csv", "sql"])
def test_a_cell_of_a_megabyte_is_refused_by_its_row_and_column(place: Place, suffix: str) -> None:
    place.add_client("c00")
    data = place.workspace.data("c00") / "survey.csv"
    rows = data.read_text("utf-8").splitlines()
    rows = [rows[0] + ",said", *(f"{row},fine" for row in rows[1:])]
    rows[17] = rows[17].replace(",fine", "," + "x" * 1_000_000)
    data.write_text("\n".join(rows) + "\n", encoding="utf-8")
    path = place.root / "params" / "c00.yaml"
    text = path.read_text("utf-8").replace("date: date}", "date: date, comment: said}")
    if suffix == "sql":
        text = text.replace("source: survey.csv", "source: {sql: \"select * from 'survey.csv'\"}")
    path.write_text(text, encoding="utf-8")
    row = 17 if suffix == "sql" else 18
    with pytest.raises(DataError, match=f"row {row}: column 'said' holds 1,000,000 characters"):
        Engagement.open("c00", workspace=place.workspace)
