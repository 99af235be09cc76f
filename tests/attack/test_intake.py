"""Raw data that would fill the memory or never end refuse their own client, and nobody else's."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from cxlib.batch.forkserver import can_fork
from cxlib.data.formats import read_content
from cxlib.errors import DataError
from tests.batch.conftest import Place, place, two

__all__ = ["place", "two"]


@pytest.mark.skipif(not can_fork(), reason="intake is a process of its own where we can fork")
def test_one_clients_intake_ends_at_its_limits_and_the_others_go_on(two: Place) -> None:
    for name, sql in {
        "endless": "select count(*) as rec, 1 as sat from range(1000000000000)",
        "large": "select repeat('x', 1000000) || i as id, 9 as rec, 5 as sat from range(2000) t(i)",
    }.items():
        two.add_client(name)
        path = two.root / "params" / f"{name}.yaml"
        text = path.read_text("utf-8").replace("source: survey.csv", f'source: {{sql: "{sql}"}}')
        path.write_text(text, encoding="utf-8")
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


@pytest.mark.parametrize("lies", [False, True], ids=["far cell", "and the dimension lies"])
def test_a_far_cell_is_refused_before_memory_is_asked_for(tmp_path: Path, lies: bool) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (("id", "rec"), ("a", 9), ("b", 7)):
        sheet.append(row)
    sheet["XFD1048576"] = 1
    path = tmp_path / "far.xlsx"
    book.save(path)
    if lies:
        with zipfile.ZipFile(path) as source:
            parts = {name: source.read(name) for name in source.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for name, content in parts.items():
                told = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B3"', content)
                target.writestr(name, told)
    with pytest.raises(DataError, match="row 1,048,576 and column 16,384"):
        read_content(path, path.read_bytes(), file=path.name)
