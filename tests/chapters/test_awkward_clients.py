"""Clients nobody plans for: one respondent, one answer, a handful, and text that would be code."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.report.test_html import HOSTILE
from tests.test_end_to_end import cx

pytestmark = pytest.mark.slow

PARAMS = """client: {name}
name: {name}
language: en
period: wave
survey:
  source: s.csv
  columns: {{comment: text}}
  metrics:
    nps: {{column: q, scale: [0, 10], label: {label}}}
    csat: {{column: c, scale: [1, 5]}}
  touchpoints:
    - {{key: a, column: a, scale: [1, 5], label: {label}}}
    - {{key: b, column: b, scale: [1, 5]}}
  segments: {{g: g}}
"""


def frames() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(11)

    def survey(n: int) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "q": rng.integers(0, 11, n),
                "c": rng.integers(1, 6, n),
                "a": rng.integers(1, 6, n),
                "b": rng.integers(1, 6, n),
                "g": rng.choice(["x", "y"], n),
                "text": "",
            }
        )

    hostile = survey(200)
    hostile["g"] = rng.choice(HOSTILE, 200)
    hostile["text"] = rng.choice(HOSTILE, 200)
    same = survey(50).assign(q=9, c=4, a=3, b=5)
    unanswered = survey(40).assign(b=np.nan)
    return {
        "lonely": survey(1),
        "handful": survey(12),
        "same": same,
        "unanswered": unanswered,
        "hostile": hostile,
    }


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every awkward client's assessment, as HTML."""
    root = tmp_path_factory.mktemp("awkward")
    (root / "params").mkdir()
    for name, frame in frames().items():
        (root / "data" / name).mkdir(parents=True)
        frame.to_csv(root / "data" / name / "s.csv", index=False, encoding="utf-8")
        label = f"'{HOSTILE[0]} {HOSTILE[3]}'" if name == "hostile" else "Ours"
        text = PARAMS.format(name=name, label=label)
        (root / "params" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (root / "notebooks").mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / "02-assessment.ipynb", as_version=4)
    nbformat.write(notebook, root / "notebooks" / "02-assessment.ipynb")
    told = cx("run", cwd=root)
    assert told.returncode == 0, told.stderr
    return {name: report_of(root, name) for name in frames()}


def report_of(root: Path, name: str) -> str:
    path = root / "reports" / name / "all" / "en" / "02-assessment.html"
    return path.read_text(encoding="utf-8").replace("\u00a0", " ")


def test_one_respondents_answers_are_nowhere_in_the_report(reports: dict[str, str]) -> None:
    assert "Withheld: fewer than 10 answers" in reports["lonely"]
    assert "data:image/png" not in reports["lonely"]
    assert "What matters" not in reports["lonely"]


def test_a_handful_is_reported_and_its_groups_are_not(reports: dict[str, str]) -> None:
    assert "12 answers" in reports["handful"]
    assert "interpret with care" in reports["handful"]
    assert "withheld: fewer than 10 answers" in reports["handful"]


def test_answers_all_alike_are_no_crash(reports: dict[str, str]) -> None:
    assert "100.0" in reports["same"]


def test_a_touchpoint_nobody_rated_is_said_to_have_no_answers(reports: dict[str, str]) -> None:
    assert "b has no answers in this period." in reports["unanswered"]


def test_text_that_would_be_code_stays_text(reports: dict[str, str]) -> None:
    html = reports["hostile"]
    assert "<script" not in html
    assert "<base" not in html
    assert 'http-equiv="refresh"' not in html
    assert "{{ 7 * 7 }}" in html
    assert "&lt;script&gt;" in html
