"""As a consultant uses it: the command, bare papermill, and an installed wheel in a workspace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from cxlib import envelope
from cxlib.cli import main
from cxlib.workspace import Workspace
from tests.conftest import ROOT, copy_workspace

# In one worker: what one test runs is fresh for the next.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end")]


def run(
    *command: str, cwd: Path, home: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("CX_HOME", "CX_JOB")}
    env |= environment | ({"CX_HOME": str(home)} if home else {})
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def cx(*arguments: str, cwd: Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "cxlib", *arguments, cwd=cwd, home=home)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_workspace(tmp_path_factory.mktemp("end") / "to end 文件夹", "nova-mall")


@pytest.fixture(scope="module")
def told(place: Workspace) -> subprocess.CompletedProcess[str]:
    """What `cx run` said of one chapter in both languages."""
    done = cx("run", "nova-mall", "--chapter", "assessment", cwd=place.root)
    assert done.returncode == 0, done.stderr
    return done


def test_cx_run_leaves_reports_in_both_languages_and_an_index(
    place: Workspace, told: subprocess.CompletedProcess[str]
) -> None:
    english = place.reports / "nova-mall" / "2026-09" / "en" / "02-assessment.html"
    chinese = place.reports / "nova-mall" / "2026-09" / "zh" / "02-assessment.html"
    assert "Where does the experience stand?" in english.read_text(encoding="utf-8")
    assert 'lang="zh-Hans"' in chinese.read_text(encoding="utf-8")
    assert "nova-mall/2026-09/zh/02-assessment.html" in (place.reports / "index.html").read_text(
        encoding="utf-8"
    )
    assert str(english.relative_to(place.root)) in told.stdout
    assert "Traceback" not in told.stderr + told.stdout


@pytest.mark.usefixtures("told")
def test_what_is_fresh_is_not_made_again(place: Workspace) -> None:
    again = cx("run", "nova-mall", "--chapter", "assessment", "--language", "en", cwd=place.root)
    assert "1 fresh" in again.stdout
    told = CliRunner().invoke(main, ("list", "nova-mall"), env={"CX_HOME": str(place.root)})
    assert "fresh" in told.stdout


def test_bare_papermill_runs_it_from_any_folder(place: Workspace, tmp_path: Path) -> None:
    notebook = place.notebooks / "02-assessment.ipynb"
    out = tmp_path / "out.ipynb"
    parameters = ["-p", "client", "nova-mall", "-p", "language", "zh", "-p", "period", "2026-06"]
    told = run(
        sys.executable,
        "-m",
        "papermill",
        str(notebook),
        str(out),
        *parameters,
        cwd=tmp_path,
        home=place.root,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    executed = nbformat.read(out, as_version=4)
    outputs = [o for c in executed.cells if c.cell_type == "code" for o in c.outputs]
    assert any("image/svg+xml" in o.get("data", {}) for o in outputs)
    assert (place.state("nova-mall") / "scratch" / "2026-06" / "zh" / "assessment.json").is_file()


def test_a_failing_cell_names_client_chapter_cell_and_error(place: Workspace) -> None:
    broken = nbformat.read(place.notebooks / "02-assessment.ipynb", as_version=4)
    broken.cells.append(nbformat.v4.new_code_cell("1 / 0"))
    path = place.notebooks / "90-broken.ipynb"
    nbformat.write(broken, path)
    try:
        told = cx("run", "nova-mall", "--chapter", "broken", "--language", "en", cwd=place.root)
    finally:
        path.unlink()
    assert told.returncode == 1
    said = told.stdout + told.stderr
    for part in ("nova-mall", "broken", "cell", "ZeroDivisionError: division by zero"):
        assert part in said
    assert "Traceback" not in said
    assert not (place.reports / "nova-mall" / "2026-09" / "en" / "90-broken.html").exists()
    assert list((place.state("nova-mall") / "runs").rglob("90-broken.ipynb"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "nova-mal"), "did you mean 'nova-mall'?"),
        (("run", "../nova-mall"), "is not a client's name"),
        (("run", "nova-mall", "--chapter", "asessment"), "did you mean 'assessment'?"),
        (("run", "nova-mall", "--period", "2031-01"), "no data in period '2031-01'"),
        (("check", "nova-mal"), "did you mean 'nova-mall'?"),
    ],
)
def test_a_slip_of_the_pen_is_met_kindly(
    place: Workspace, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(place, *arguments)


def refused(place: Workspace, *arguments: str) -> str:
    """Return what a command says that ends in this process, by itself, and with a code."""
    told = CliRunner().invoke(main, arguments, env={"CX_HOME": str(place.root), "CX_JOB": None})
    assert isinstance(told.exception, SystemExit)
    assert told.exit_code != 0
    return told.output


def test_a_wheel_runs_a_report_in_a_workspace_of_its_own(tmp_path: Path) -> None:
    built = run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(tmp_path / "dist"),
        cwd=ROOT,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    names = {
        p.name for p in (tmp_path / "installed" / "cxlib" / "_kit" / "notebooks").glob("*.ipynb")
    }
    assert "02-assessment.ipynb" in names
    work = tmp_path / "work"
    installed = {"PYTHONPATH": str(tmp_path / "installed")}
    begun = run(sys.executable, "-m", "cxlib", "init", "--demo", str(work), cwd=tmp_path,
                **installed)  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    laid = {path.relative_to(work) for path in (work / "data").rglob("*.yaml")}
    assert len(laid) >= 3
    assert all((work / path).read_bytes() == (ROOT / path).read_bytes() for path in laid)
    copy_workspace(tmp_path / "source", "lakeside-bank")
    for name in ("params/lakeside-bank.yaml", "data/lakeside-bank"):
        (tmp_path / "source" / name).rename(work / name)
    told = run(
        sys.executable,
        "-m",
        "cxlib",
        "run",
        "lakeside-bank",
        "--chapter",
        "assessment",
        cwd=work,
        **installed,
    )
    assert told.returncode == 0, told.stderr + told.stdout
    report = work / "reports" / "lakeside-bank" / "2026Q3" / "en" / "02-assessment.html"
    assert "Lakeside Bank" in report.read_text(encoding="utf-8")


@pytest.mark.usefixtures("told")
def test_results_of_a_run_are_kept_for_later_chapters(place: Workspace) -> None:
    path = place.result("nova-mall", "2026-09", "en", "assessment")
    kept = envelope.read(path)
    assert set(kept["standing"].table["kpi"]) == {"nps", "csat", "ces"}
    assert any(finding.id == "assessment.nps" for finding in kept.findings)
    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == envelope.SCHEMA


def test_settings_for_a_chapter_that_nobody_has_are_a_fault(tmp_path: Path) -> None:
    work = copy_workspace(tmp_path / "work", "nova-mall")
    path = work.client_file("nova-mall")
    text = path.read_text(encoding="utf-8")
    text = text.replace("\nchapters:\n", "\nchapters:\n  monitorin: {rebase: {}}\n")
    path.write_text(text, encoding="utf-8")
    for command in ("check", "run"):
        said = refused(work, command, "nova-mall")
        assert "there is no chapter 'monitorin'; did you mean 'monitoring'?" in said
        assert "params/nova-mall.yaml:" in said
        assert "chapters.monitorin: " in said
