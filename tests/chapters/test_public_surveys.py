"""Two public surveys, without ids or dates, reported from a client file and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cxlib.workspace import Workspace
from tests.conftest import ROOT, made

pytestmark = pytest.mark.slow

MOBILE = """client: mobile
name: Mobile phone customers
language: en
period: wave
survey:
  source: mobi.csv
  metrics:
    recommend: {column: CUSL3, scale: [1, 10], kind: nps, cut_points: [6, 8], label: Recommendation}
    csat: {column: CUSA1, scale: [1, 10], top: 3, label: Satisfaction}
  touchpoints:
    - {key: calls, column: PERQ3, scale: [1, 10], label: Call quality}
    - {key: service, column: PERQ2, scale: [1, 10], label: Customer service}
    - {key: price, column: PERV1, scale: [1, 10], label: Price given quality}
targets:
  - {metric: csat, direction: higher, baseline: 68, target: 75, due: 2026Q4, clause: "1"}
"""
BANK = """client: bank
name: Bank customers
language: en
period: wave
survey:
  source: satisfaction.csv
  metrics:
    nps: {column: loy1, scale: [0, 10]}
  touchpoints:
    - {key: image, column: imag1, scale: [0, 10], label: Image}
    - {key: quality, column: qual1, scale: [0, 10], label: Quality}
    - {key: value, column: val1, scale: [0, 10], label: Value}
  segments: {gender: gender}
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, public_data: Path) -> Path:
    root = tmp_path_factory.mktemp("public")
    (root / "params").mkdir()
    for name, params, folder in (
        ("mobile", MOBILE, "ecsi_mobi"),
        ("bank", BANK, "bank_satisfaction"),
    ):
        (root / "params" / f"{name}.yaml").write_text(params, encoding="utf-8")
        (root / "data" / name).mkdir(parents=True)
        for file in (public_data / folder).iterdir():
            shutil.copyfile(file, root / "data" / name / file.name)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    made(Workspace(root.resolve()))
    return root / "reports"


@pytest.mark.parametrize("client", ["mobile", "bank"])
@pytest.mark.parametrize("chapter", ["02-assessment", "06-drivers"])
def test_a_client_file_is_all_it_takes(reports: Path, client: str, chapter: str) -> None:
    html = (reports / client / "all" / "en" / f"{chapter}.html").read_text(encoding="utf-8")
    assert "What matters" in html
    assert re.search(r"\b250\b", html)


def test_a_target_is_judged_on_one_wave(reports: Path) -> None:
    html = (reports / "mobile" / "all" / "en" / "07-targets.html").read_text(encoding="utf-8")
    assert "Satisfaction misses its target" in html
    assert not (reports / "bank" / "all" / "en" / "07-targets.html").exists()
