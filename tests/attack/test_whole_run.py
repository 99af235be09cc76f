"""Everything that one run leaves, read together: no withheld group can be worked out from it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import openpyxl
import pandas as pd
import pptx
import pytest
from bs4 import BeautifulSoup

from cxlib.envelope import read
from cxlib.workspace import Workspace
from tests.attack.test_disclosure import Groups, place as few, rows_of, unsolved
from tests.batch.conftest import Place
from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("attack")

SEGMENTS = ("tier", "region", "size")
CROSS = (
    "survey = engagement.survey()\n"
    "cells = survey.groupby({by}, observed=True)['nps'].agg(n='count', value='mean')\n"
    "engagement.show(cells.reset_index(){kpi})\n"
    "engagement.save(cells=cells.reset_index())"
)
NUMBER = re.compile(r"[+−-]?[0-9][0-9.,]*%?(?: .*)?")

Grid = list[list[str]]


def grids_of(page: str) -> Iterator[Grid]:
    for table in BeautifulSoup(page, "lxml").find_all("table"):
        rows = [row.find_all(["th", "td"]) for row in table.find_all("tr")]
        yield [[cell.get_text(" ", strip=True) for cell in row] for row in rows]


def sheets_of(content: bytes) -> Iterator[Grid]:
    for sheet in openpyxl.load_workbook(BytesIO(content)).worksheets:
        rows = sheet.iter_rows(values_only=True)
        yield [["" if v is None else str(v) for v in row] for row in rows]


def slides_of(content: bytes) -> Iterator[Grid]:
    for slide in pptx.Presentation(BytesIO(content)).slides:
        for shape in slide.shapes:
            if shape.has_table:
                yield [[cell.text for cell in row.cells] for row in shape.table.rows]
            if shape.has_chart:
                for plot in shape.chart.plots:
                    names = [str(name) for name in plot.categories]
                    for series in plot.series:
                        told = zip(names, series.values, strict=False)
                        yield [[name, "" if v is None else str(v)] for name, v in told]


def rows_in(grid: Grid, levels: dict[str, str], data: pd.DataFrame) -> Groups:
    """Return each cell that stands in the row or below the heading of groups, shown or empty."""
    found: Groups = []
    width = max(map(len, grid), default=0)
    heads = [""] * width  # the group that a column is of, where a heading names one
    for row in grid:
        named = {levels[c]: c for c in row if c in levels}
        if len([c for c in row if c in levels]) > len(named):
            heads = [c if c in levels else "" for c in row] + [""] * (width - len(row))
            continue
        for head, cell in zip(heads, row, strict=False):
            of = named | ({levels[head]: head} if head else {})
            if of and cell not in levels:
                within = pd.Series(True, index=data.index)
                for segment, level in of.items():
                    within &= data[segment] == level
                shown = bool(NUMBER.fullmatch(cell)) and cell not in ("0", "1")
                if shown or not cell or cell in ("–", "—"):
                    found.append((of, not shown, float(within.sum())))
    return found


@pytest.mark.slow
def test_no_small_group_can_be_solved_for_from_all_that_a_run_leaves(tmp_path: Path) -> None:
    workspace, data = few(tmp_path)
    place = Place(Workspace(workspace.root))
    (place.root / "t").mkdir()
    shutil.copytree(ROOT / "notebooks", place.root / "notebooks")
    crossings = ["['tier', 'region']", "['region', 'size']", "['tier', 'size']", str([*SEGMENTS])]
    for at, by in enumerate(crossings):
        kpi = ".assign(kpi='nps')" if at % 2 else ""
        place.add_notebook(f"2{at}-cross{at}", CROSS.format(by=by, kpi=kpi), opens=True)
    run = place.run(book=True, formats=("xlsx", "pptx"))
    assert [(e.key, e.error) for e in run.ended if e.error] == []
    assert len([e for e in run.ended if e.state == "done"]) > 8
    levels = {level: segment for segment in SEGMENTS for level in data[segment].unique()}
    rows: Groups = []
    kinds = {".html": lambda b: grids_of(b.decode()), ".xlsx": sheets_of, ".pptx": slides_of}
    seen = dict.fromkeys(kinds, 0)
    for path in sorted(place.out.rglob("*.*")):
        if path.suffix in kinds and path.name != "index.html":
            for grid in kinds[path.suffix](path.read_bytes()):
                told = rows_in(grid, levels, data)
                rows += told
                seen[path.suffix] += len(told)
    assert seen[".html"] > 50, seen
    assert seen[".xlsx"] > 50, seen
    saved = 0
    for path in sorted((place.workspace.state("few") / "results").rglob("*.json")):
        envelope = read(path)
        for frame in envelope.results.values():
            by = tuple(s for s in SEGMENTS if isinstance(frame, pd.DataFrame) and s in frame)
            rows += (told := rows_of(frame, by) if by else [])
            saved += len(told)
    assert saved
    assert any(withheld for _levels, withheld, _n in rows)
    assert sum(not withheld for _levels, withheld, _n in rows) > 20
    assert unsolved(data, rows)
