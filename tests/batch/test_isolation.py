"""A job reads its own folder and the libraries, and nothing of another client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cxlib.batch import confine
from cxlib.batch.kernel import environment
from cxlib.batch.plan import Job, Run
from tests.batch.conftest import Place

Look = Callable[[Run], dict[str, Job]]
landlock = pytest.mark.skipif(
    confine.landlock_abi() == 0, reason="this kernel does not enforce Landlock (Linux 5.13)"
)


def attempt(place: Place, look: Look, source: str, *, cold: bool = False) -> str:
    place.limits = replace(place.limits, cold=cold)
    place.add_notebook("02-spy", source)
    ended = look(place.run(clients=("c00",), chapters=("spy",)))["c00/spy"]
    return ended.error


@landlock
@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_another_clients_file_is_refused_by_its_absolute_path(
    two: Place, by_key: Look, cold: bool
) -> None:
    secret = two.workspace.data("c01") / "survey.csv"
    assert "PermissionError" in attempt(two, by_key, f"open({str(secret)!r}).read()", cold=cold)


@landlock
@pytest.mark.parametrize(
    "source",
    [
        "open('../' * 12 + {secret!r}.lstrip('/')).read()",
        "import os; os.symlink({secret!r}, 'mine.csv'); open('mine.csv').read()",
        "import os; os.link({secret!r}, 'mine.csv'); open('mine.csv').read()",
        "import os; os.listdir({folder!r})",
        "open({folder!r} + '/planted', 'w')",
        "import os; os.truncate({secret!r}, 0)",
        "import os; os.remove({secret!r})",
        "import subprocess; subprocess.run(['cat', {secret!r}], check=True)",
        "import duckdb; duckdb.sql('select * from read_csv(' + repr({secret!r}) + ')').df()",
        "import os; os.listdir({state!r})",
    ],
    ids=[
        *("dots", "symlink", "hard link", "listing", "writing", "truncating", "removing"),
        *("a command", "duckdb", "kept state"),
    ],
)
def test_another_clients_file_is_refused_by_every_detour(
    two: Place, by_key: Look, source: str
) -> None:
    secret = two.workspace.data("c01") / "survey.csv"
    before = secret.read_bytes()
    state = two.workspace.state("c01")
    state.mkdir(parents=True, exist_ok=True)
    told = source.format(secret=str(secret), folder=str(secret.parent), state=str(state))
    assert attempt(two, by_key, told)
    assert secret.read_bytes() == before
    assert not (secret.parent / "planted").exists()


@landlock
def test_the_key_and_the_raw_files_of_the_own_client_are_out_of_reach(
    two: Place, by_key: Look
) -> None:
    for name in ("demo.key", "survey.csv"):
        path = two.workspace.data("c00") / name
        assert "PermissionError" in attempt(two, by_key, f"open({str(path)!r}).read()")


@landlock
def test_the_shared_temporary_folder_is_out_of_reach(
    two: Place, by_key: Look, tmp_path: Path
) -> None:
    assert "PermissionError" in attempt(two, by_key, f"open('{tmp_path}/x', 'w')")
    assert not attempt(two, by_key, "import tempfile; tempfile.TemporaryFile().write(b'x')")


def test_a_job_holds_its_own_client_only(two: Place, by_key: Look) -> None:
    check = (
        "from pathlib import Path\n"
        "seen = [p.as_posix() for p in Path('.').rglob('*') if p.is_file()]\n"
        "assert 'params/c00.yaml' in seen and '.cx/c00/tables/survey.parquet' in seen, seen\n"
        "assert not [p for p in seen if 'c01' in p or p.endswith(('.key', '.csv'))], seen"
    )
    assert not attempt(two, by_key, check)


def test_the_environment_of_a_kernel_holds_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_DB_URL", "postgresql://user:secret@host/db")
    monkeypatch.setenv("CX_KEY_FILE", "/somewhere/key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    told = environment()
    assert not {"CX_DB_URL", "CX_KEY_FILE", "AWS_SECRET_ACCESS_KEY"} & set(told)
    assert told["OMP_NUM_THREADS"] == "1"


def test_two_jobs_draw_different_random_numbers(two: Place) -> None:
    two.add_notebook(
        "02-dice", "import numpy, random; print('drew', numpy.random.random(), random.random())"
    )
    run = two.run(chapters=("dice",))
    drawn = {
        next(line for line in e.notebook.read_text("utf-8").splitlines() if '"drew 0.' in line)
        for e in run.ended
        if e.notebook
    }
    assert len(drawn) == 2


def test_the_manifest_word_for_isolation_is_honest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "landlock_abi", lambda: 0)
    assert confine.isolation() == "folder only"
    assert confine.restrict(write=[], read=[]) == "folder only"


def test_every_job_tells_how_it_was_kept_apart(two: Place) -> None:
    assert {e.isolation for e in two.run().ended} == {confine.isolation()}
