"""What check lets pass, a run finishes: it tries each chapter, and keeps nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cxlib import params
from cxlib.batch.plan import Request
from cxlib.batch.run import elsewhere, rehearse
from cxlib.data.check import examine
from cxlib.data.ingest import ingest, keep
from tests.batch.conftest import Place


def files(place: Place) -> set[str]:
    return {path.relative_to(place.root).as_posix() for path in place.root.rglob("*")}


def test_a_chapter_that_would_stop_is_an_error_and_nothing_is_kept(place: Place) -> None:
    place.add_client("quiet", languages="[en, zh]")
    place.add_notebook("01-fine", "assert len(engagement.survey())", opens=True)
    place.add_notebook("02-stops", "engagement.table('tickets')", opens=True)
    place.add_notebook("03-reads", "1", reads=["stops"])
    before = files(place)
    told = place.says("check", "quiet")
    assert told.exit_code == 1
    (said,) = [line for line in told.output.splitlines() if "error" in line]
    assert "chapter stops, 2026Q2: cell [" in said
    assert "quiet has no tickets table" in said
    assert "params/quiet.yaml" in said
    assert files(place) == before
    assert place.says("check", "quiet", "--quick").exit_code == 0


def test_each_period_and_language_is_tried_that_a_run_would_make(place: Place) -> None:
    place.add_client("quiet", languages="[en, zh]")
    place.add_notebook("01-picky", "assert (language, period) != ('zh', '2026Q1')", opens=True)
    client = params.load("quiet", place.workspace)
    request = Request(place.out, ("quiet",), limits=place.limits)
    assert rehearse(client, place.workspace, request) == []
    (fault,) = rehearse(client, place.workspace, replace(request, period="2026Q1"))
    assert "AssertionError" in fault.message
    assert rehearse(client, place.workspace, replace(request, period="2026Q1", language="en")) == []


def test_the_data_are_read_once_to_be_checked_and_tried(place: Place) -> None:
    place.add_client("quiet")
    client, work = params.load("quiet", place.workspace), place.workspace
    before = files(place)
    with elsewhere(work) as there:
        faults = examine(client, work, then=partial(keep, client, there)).faults
        assert not [fault for fault in faults if fault.severity == "error"]
        assert ingest(client, there).skipped
    assert files(place) == before
    with elsewhere(work) as there:
        (work.data("quiet") / "survey.csv").write_text("id,date,sat,rec\n1,2026-05-01,3,12\n")
        faults = examine(client, work, then=partial(keep, client, there)).faults
        assert "error" in {fault.severity for fault in faults}
        assert not there.tables("quiet").exists()


def test_what_stands_fresh_is_not_tried_again(place: Place) -> None:
    place.add_client("quiet")
    place.add_notebook("01-fine", "1", opens=True)
    assert not place.run().failed
    client = params.load("quiet", place.workspace)
    ended: list[object] = []
    request = Request(place.out, ("quiet",), limits=place.limits)
    assert rehearse(client, place.workspace, request, said=ended.append) == []
    assert ended == []
