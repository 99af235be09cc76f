"""What is fresh is not run, what changed is, and the plan says why."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cxlib import envelope
from cxlib.batch import plan
from cxlib.batch.chapters import discover
from cxlib.batch.forkserver import can_fork
from cxlib.batch.plan import Job, Run
from cxlib.batch.state import read_record
from cxlib.errors import RunError
from cxlib.workspace import write_whole
from tests.batch.conftest import PERIOD, Place

Look = Callable[[Run], dict[str, Job]]


def states(plan: Run) -> dict[str, tuple[str, str]]:
    return {f"{job.client}/{job.chapter.stem}": (job.state, job.reason) for job in plan.jobs}


@pytest.fixture
def done(two: Place) -> Place:
    assert {e.state for e in two.run().ended} == {"done"}
    return two


def test_before_the_first_run_nothing_has_been_read_or_written(two: Place) -> None:
    told = states(two.plan())
    assert told == {f"{c}/sound": ("never run", "no report yet") for c in ("c00", "c01")}
    assert not (two.root / ".cx").exists()


def test_what_is_fresh_is_not_run_again(done: Place) -> None:
    assert set(states(done.plan()).values()) == {("fresh", "")}
    report = done.report("c00", "01-sound")
    before = report.stat().st_mtime_ns
    assert {e.state for e in done.run().ended} == {"fresh"}
    assert report.stat().st_mtime_ns == before


def test_force_runs_what_is_fresh(done: Place, by_key: Look) -> None:
    ended = by_key(done.run(force=True, clients=("c00",)))
    assert ended["c00/sound"].state == "done"
    assert ended["c00/sound"].reason == "forced"


def test_a_changed_notebook_runs_for_every_client(done: Place) -> None:
    done.add_notebook("01-sound", "print('changed')")
    assert {state for state, _ in states(done.plan()).values()} == {"stale"}


def test_changed_data_concern_their_client_only(done: Place, by_key: Look) -> None:
    path = done.workspace.data("c00") / "survey.csv"
    path.write_text(path.read_text("utf-8") + "r99,2026-05-11,5,9\n", encoding="utf-8")
    told = states(done.plan())
    assert told["c00/sound"] == ("stale", "its data have changed")
    assert told["c01/sound"] == ("fresh", "")
    ended = by_key(done.run())
    assert (ended["c00/sound"].state, ended["c01/sound"].state) == ("done", "fresh")


@pytest.mark.skipif(not can_fork(), reason="nothing is forked on this system")
@pytest.mark.parametrize("amiss", ["nothing", "data", "estimates", "file", "killed"])
def test_clients_of_whom_nothing_is_to_be_made_are_prepared_together(
    done: Place, monkeypatch: pytest.MonkeyPatch, amiss: str
) -> None:
    done.add_client("c02")
    done.run()
    before = [(job.key, job.fingerprint, job.state) for job in done.plan().jobs]
    if amiss == "data":
        with (done.workspace.data("c01") / "survey.csv").open("a", encoding="utf-8") as file:
            file.write("r99,2026-05-11,5,9\n")
    elif amiss == "estimates":
        next(done.workspace.kpis("c01").rglob("kpis.json")).unlink()
    elif amiss == "file":
        (done.root / "params" / "c01.yaml").write_text("client: c01\nsurvy: 1\n", encoding="utf-8")
    elif amiss == "killed":
        monkeypatch.setattr(plan, "prepare_unchanged", _killed)
    alone = list[str]()
    apart = plan._apart
    monkeypatch.setattr(plan, "_apart", lambda e, limits: alone.append(e[1]) or apart(e, limits))
    run = plan.make_plan(done.workspace, done.request(jobs=2))
    every = ["c00", "c01", "c02"]
    assert sorted(alone) == {"nothing": [], "killed": every}.get(amiss, ["c01"])
    assert sorted({*run.clients, *run.faults}) == every
    assert list(run.faults) == (["c01"] if amiss == "file" else [])
    after = [(job.key, job.fingerprint, job.state) for job in run.jobs]
    if amiss in ("nothing", "killed", "estimates"):
        assert after == before


def _killed(*_told: object) -> None:
    os.kill(os.getpid(), 9)


def test_a_changed_client_file_concerns_its_client_only(done: Place) -> None:
    path = done.workspace.client_file("c01")
    path.write_text(path.read_text("utf-8") + "privacy: {minimum_base: 20}\n", encoding="utf-8")
    told = states(done.plan())
    assert (told["c00/sound"][0], told["c01/sound"][0]) == ("fresh", "stale")


def test_another_kit_makes_everything_stale(done: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxlib.batch.plan.kit_digest", lambda: "another")
    assert {state for state, _ in states(done.plan()).values()} == {"stale"}


@pytest.mark.parametrize("how", ["gone", "torn", "altered"])
def test_a_report_that_is_gone_or_altered_is_made_anew(done: Place, how: str) -> None:
    report = done.report("c00", "01-sound")
    whole = report.read_bytes()
    if how == "gone":
        report.unlink()
    else:
        report.write_bytes(
            whole[: len(whole) // 2] if how == "torn" else whole[:-9] + b"y" + whole[-8:]
        )
    assert states(done.plan())["c00/sound"] == ("stale", "its report is gone or was altered")
    done.run()
    assert report.read_bytes().endswith(b"</html>")


@pytest.mark.parametrize("kind", ["notebook", "results"])
def test_results_or_a_notebook_of_the_right_size_that_were_altered_are_noticed(
    chain: Place, kind: str
) -> None:
    chain.run(clients=("c00",))
    path = chain.workspace.result("c00", PERIOD, "en", "first")
    if kind == "notebook":
        path = chain.workspace.runs("c00", PERIOD, "en") / "02-first.ipynb"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"40", b"41", 1) if kind == "results" else b"[" + content[1:])
    told = states(chain.plan(clients=("c00",)))
    assert told["c00/first"][0] == "stale"
    chain.run(clients=("c00",))
    assert {state for state, _ in states(chain.plan(clients=("c00",))).values()} == {"fresh"}


def test_a_damaged_record_means_that_the_job_runs(done: Place) -> None:
    (job, *_rest) = done.plan(clients=("c00",)).jobs
    path = done.workspace.state("c00") / "runs" / PERIOD / "en" / "sound.json"
    path.write_text('{"schema": 2, "fingerpr', encoding="utf-8")
    assert read_record(done.workspace, job.where) is None
    assert states(done.plan())["c00/sound"][0] == "never run"


def test_a_failed_job_is_told_and_runs_again(two: Place, by_key: Look) -> None:
    two.add_notebook("02-bad", "1 / 0")
    two.run()
    state, reason = states(two.plan())["c00/bad"]
    assert (state, reason) == ("failed", "cell [3]: ZeroDivisionError: division by zero")
    two.add_notebook("02-bad", "1 / 1")
    assert by_key(two.run())["c00/bad"].state == "done"


def test_a_chapter_that_does_not_apply_says_why(done: Place, by_key: Look) -> None:
    done.add_notebook("09-service", "1", needs=[["tickets"]])
    done.add_notebook("10-after", "1", reads=["service"])
    done.add_notebook("15-summary", "1", reads=["sound", "service?"])
    told = states(done.plan())
    assert told["c00/service"] == ("not applicable", "the client has no tickets")
    assert told["c00/after"] == ("not applicable", "it reads 'service', which does not apply")
    assert told["c00/summary"] == ("never run", "no report yet")
    run = done.run()
    assert not run.failed
    assert by_key(run)["c00/summary"].state == "done"


def test_fresh_reports_are_copied_where_this_run_wants_them(
    done: Place, by_key: Look, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    ended = by_key(done.run(out=elsewhere))
    assert ended["c00/sound"].state == "fresh"
    copied = done.report("c00", "01-sound", out=elsewhere)
    assert copied.read_bytes() == done.report("c00", "01-sound").read_bytes()


# --- chapters that read others -----------------------------------------------------------------

SAVE = "_ = engagement.save(n={'answers': len(engagement.survey())})"


@pytest.fixture
def chain(two: Place) -> Place:
    two.add_notebook("02-first", SAVE, opens=True)
    two.add_notebook(
        "01-second", "print('read', engagement.read('first')['n'])", reads=["first"], opens=True
    )
    return two


def test_a_chapter_runs_after_what_it_reads(chain: Place, by_key: Look) -> None:
    run = chain.run()
    assert not run.failed
    order = [f"{e.client}/{e.stem}" for e in run.ended]
    for client in ("c00", "c01"):
        assert order.index(f"{client}/first") < order.index(f"{client}/second")
    notebook = by_key(run)["c00/second"].notebook
    assert notebook is not None
    assert "read {'answers'" in notebook.read_text("utf-8")


def test_what_it_reads_comes_along_and_makes_it_stale(chain: Place, by_key: Look) -> None:
    chain.run(chapters=("second",), clients=("c00",))
    assert states(chain.plan(clients=("c00",)))["c00/first"][0] == "fresh"
    chain.add_notebook("02-first", SAVE, "'changed'", opens=True)
    told = states(chain.plan(clients=("c00",), chapters=("second",)))
    assert {state for state, _ in told.values()} == {"stale"}
    assert by_key(chain.run(clients=("c00",), chapters=("second",)))["c00/second"].state == "done"


def test_a_failure_blocks_what_reads_it_and_nothing_else(chain: Place, by_key: Look) -> None:
    chain.add_notebook("02-first", "assert client == 'c01'")
    ended = by_key(chain.run())
    assert (ended["c00/first"].state, ended["c00/second"].state) == ("failed", "blocked")
    assert ended["c00/second"].error == "a chapter it reads failed"
    assert ended["c01/first"].state == "done"
    assert ended["c00/sound"].state == "done"


def test_a_circle_is_an_error_before_anything_runs(two: Place) -> None:
    two.add_notebook("03-hen", "1", reads=["egg"])
    two.add_notebook("04-egg", "1", reads=["hen"])
    with pytest.raises(RunError, match="in a circle: "):
        two.run()
    assert not two.out.exists()
    assert not (two.workspace.state("c00") / "tables").exists()


def test_an_unknown_chapter_is_met_with_the_nearest(two: Place) -> None:
    two.add_notebook("03-hen", "1", reads=["soudn"])
    with pytest.raises(RunError, match="did you mean 'sound'"):
        two.run()


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"cx": {"schema": 1, "need": []}}, "unknown key 'need'"),
        ({"cx": {"schema": 7}}, "schema 7"),
        ({"cx": ["survey"]}, "not a mapping"),
    ],
)
def test_wrong_metadata_is_a_fault_of_its_notebook(
    place: Place, metadata: dict[str, object], message: str
) -> None:
    path = place.root / "notebooks" / "05-odd.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": metadata}), encoding="utf-8")
    (place.root / "notebooks" / "06-plain.ipynb").write_text(
        json.dumps({"cells": [], "metadata": {}}), encoding="utf-8"
    )
    found = discover(place.root / "notebooks")
    assert found.chapters == ()
    assert list(found.faults) == ["05-odd.ipynb"]
    assert message in found.faults["05-odd.ipynb"]


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    write_whole(path, b"first")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cxlib.workspace.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"second, longer")
    assert path.read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_each_language_keeps_its_own_results(two: Place) -> None:
    """A table may hold sentences: the last language to run must not speak for the others."""
    two.add_client("both", languages="[en, zh]")
    two.add_notebook("01-told", "_ = engagement.save(said=engagement.words.say('no'))", opens=True)
    two.add_notebook("02-heard", "assert engagement.result('told', 'said') == "
                     "engagement.words.say('no')", opens=True, reads=["told"])  # fmt: skip
    assert not two.run(clients=("both",)).failed
    assert {state for state, _ in states(two.plan(clients=("both",))).values()} == {"fresh"}
    said = [
        envelope.read(two.workspace.result("both", PERIOD, language, "told")).results["said"]
        for language in ("en", "zh")
    ]
    assert said == ["no", "否"]
