"""Spreadsheets and decks in a run: planned, fresh or not, sealed by the gate, named on paper."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from click.testing import CliRunner
from pptx import Presentation

from cxlib.batch.plan import Job, Run
from cxlib.cli import main
from tests.batch.conftest import PERIOD, Place

SHOWS = 'engagement.show(engagement.standing("survey"), "kpi value n")'
FAILS = 'raise ValueError("no")'
Look = Callable[[Run], dict[str, Job]]


@pytest.fixture
def shown(place: Place) -> Place:
    place.add_client("c00")
    place.add_notebook("01-shown", SHOWS, opens=True)
    return place


def file_of(place: Place, kind: str) -> Path:
    return place.out / "c00" / PERIOD / "en" / f"c00-{PERIOD}.{kind}"


def test_formats_lie_beside_the_reports_and_fresh_ones_are_not_made_again(
    shown: Place, by_key: Look
) -> None:
    ended = by_key(shown.run(formats=("xlsx", "pptx")))
    assert {e.state for e in ended.values()} == {"done"}
    sheets = openpyxl.load_workbook(file_of(shown, "xlsx"))
    values = [c.value for c in sheets.worksheets[1][5]]
    assert values[0] == "NPS"
    assert isinstance(values[1], float)
    assert len(Presentation(file_of(shown, "pptx").as_posix()).slides) >= 3
    again = by_key(shown.run(formats=("xlsx", "pptx")))
    assert {e.state for e in again.values()} == {"fresh"}
    assert len(again) == 3
    file_of(shown, "xlsx").write_bytes(b"PK\x03\x04 altered")
    third = by_key(shown.run(formats=("xlsx", "pptx")))
    assert [key for key, e in third.items() if e.state == "done"] == [f"c00/c00-{PERIOD}.xlsx"]
    assert len(shown.run().ended) == 1  # not asked for, not planned


def test_a_format_is_made_anew_when_a_chapter_is(shown: Place, by_key: Look) -> None:
    shown.run(formats=("xlsx",))
    shown.add_notebook("01-shown", SHOWS, "1 + 1", opens=True)
    ended = by_key(shown.run(formats=("xlsx",)))
    assert {e.state for e in ended.values()} == {"done"}


def test_a_chapter_that_fails_is_named_and_stops_no_other(shown: Place, by_key: Look) -> None:
    shown.add_notebook("02-broken", FAILS, opens=True)
    ended = by_key(shown.run(formats=("xlsx",)))
    assert ended["c00/broken"].state == "failed"
    assert ended[f"c00/c00-{PERIOD}.xlsx"].state == "done"
    contents = openpyxl.load_workbook(file_of(shown, "xlsx")).worksheets[0]
    texts = [str(c.value) for row in contents.iter_rows() for c in row]
    assert any("“Broken” could not be made" in text for text in texts)


def test_what_must_not_leave_does_not_leave_in_a_format(
    shown: Place, by_key: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxlib import params
    from cxlib.batch.gate import Gate
    from cxlib.data.face import Face
    from cxlib.data.ingest import ingest
    from cxlib.present.sheets import Grid
    from cxlib.present.workbooks import workbook_of
    from cxlib.report.slides import Slides
    from cxlib.words import Words

    client = params.load("c00", shown.workspace)
    ingest(client, shown.workspace)
    gate = Gate(shown.workspace, {"c00": client})
    for text in ("wang@example.com", "see /home/ann/x.csv", "password = hunter22x"):
        grid = Grid(title="t", headings=("h",), rows=(((text, ""),),))
        sheet = workbook_of([grid], words=Words(), subject="s")
        slides = Slides(Words(), Face(footer="f"))
        slides.slide("headline", [text])  # in the notes
        for content in (sheet, slides.content):
            assert gate.check("c00", {"report": content}).startswith("not delivered")
    harmless = Grid(title="t", headings=("h",), rows=(((13812345678.0, "0"),),))
    assert gate.check("c00", {"report": workbook_of([harmless], words=Words(), subject="s")}) == ""
    assert "cannot be searched" in gate.check("c00", {"report": b"PK\x03\x04 no zip"})
    bomb = BytesIO()
    with ZipFile(bomb, "w", 8) as archive:
        archive.writestr("x.xml", b" " * (257 << 20))
    assert "cannot be searched" in gate.check("c00", {"report": bomb.getvalue()})


def test_an_unknown_format_is_refused_with_the_nearest(shown: Place) -> None:
    told = CliRunner().invoke(main, ["run", "--format", "html,xslx"])
    assert told.exit_code == 2
    assert "xlsx" in told.output
