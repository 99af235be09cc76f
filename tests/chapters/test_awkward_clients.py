"""Clients nobody plans for: one respondent, one answer, a handful, and text that would be code."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from cxlib.workspace import Workspace
from tests.conftest import ROOT, made
from tests.report.test_html import HOSTILE

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
        "long": survey(200),
        "right": survey(200),
        "forty": survey(200).assign(**{f"t{i}": rng.integers(1, 6, 200) for i in range(38)}),
        "single": survey(200),
    }


LABELS = {
    "hostile": f"'{HOSTILE[0]} {HOSTILE[3]}'",
    "long": repr("The whole of the front desk as guests remember it " * 4),
    "right": "خدمة العملاء",
}


def file_of(name: str) -> str:
    """Return a client's file: of two KPIs and touchpoints, forty of them, or one KPI alone."""
    text = PARAMS.format(name=name, label=LABELS.get(name, "Ours"))
    if name == "forty":
        more = "".join(f"    - {{key: t{i}, column: t{i}, scale: [1, 5]}}\n" for i in range(38))
        return text.replace("  segments:", f"{more}  segments:")
    if name == "single":
        head = text[: text.index("    csat")]
        return f"{head}  segments: {{g: g}}\n"
    return text


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every awkward client's assessment, as HTML."""
    root = tmp_path_factory.mktemp("awkward")
    (root / "params").mkdir()
    for name, frame in frames().items():
        (root / "data" / name).mkdir(parents=True)
        frame.to_csv(root / "data" / name / "s.csv", index=False, encoding="utf-8")
        (root / "params" / f"{name}.yaml").write_text(file_of(name), encoding="utf-8")
    (root / "notebooks").mkdir()
    (root / "notebooks" / "only-these").touch()
    notebook = nbformat.read(ROOT / "notebooks" / "02-assessment.ipynb", as_version=4)
    nbformat.write(notebook, root / "notebooks" / "02-assessment.ipynb")
    made(Workspace(root.resolve()))
    return {name: report_of(root, name) for name in frames()}


def report_of(root: Path, name: str) -> str:
    path = root / "reports" / name / "all" / "en" / "02-assessment.html"
    return path.read_text(encoding="utf-8").replace("\u00a0", " ")


def test_one_respondents_answers_are_nowhere_in_the_report(reports: dict[str, str]) -> None:
    assert "Withheld: a base below 10" in reports["lonely"]
    assert "data:image/png" not in reports["lonely"]
    assert "What matters" not in reports["lonely"]


def test_a_handful_is_reported_and_its_groups_are_not(reports: dict[str, str]) -> None:
    assert "12 answers" in reports["handful"]
    assert "interpret with care" in reports["handful"]
    assert "withheld: a base below 10" in reports["handful"]


def test_answers_all_alike_are_no_crash(reports: dict[str, str]) -> None:
    assert "100.0" in reports["same"]


def test_a_touchpoint_nobody_rated_is_said_to_have_no_answers(reports: dict[str, str]) -> None:
    assert "b has no answers in this period." in reports["unanswered"]
    assert "Nobody answered b in this period." in reports["unanswered"]
    assert "gave no answer to b" not in reports["unanswered"]


def test_text_that_would_be_code_stays_text(reports: dict[str, str]) -> None:
    html = reports["hostile"]
    assert "<script" not in html
    assert "<base" not in html
    assert 'http-equiv="refresh"' not in html
    assert "{{ 7 * 7 }}" in html
    assert "&lt;script&gt;" in html


def test_a_label_of_two_hundred_characters_is_whole_in_words_and_cut_in_figures(
    reports: dict[str, str],
) -> None:
    html = reports["long"]
    label = ("The whole of the front desk as guests remember it " * 4).strip()
    assert f'<th scope="row">{label}' in html
    drawn = re.sub(r"<(?!/?text)[^>]*>", "", "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL)))
    assert "front desk" in drawn
    assert label not in drawn


def test_forty_touchpoints_all_stand_in_the_table(reports: dict[str, str]) -> None:
    assert all(f'<th scope="row">t{i}</th>' in reports["forty"] for i in range(38))


def test_a_client_of_one_kpi_has_its_report(reports: dict[str, str]) -> None:
    assert reports["single"].count('class="tile ') == 1
    assert "csat" not in re.sub(r"<[^>]*>", "", reports["single"])


def test_words_from_right_to_left_are_set_apart_from_numbers(reports: dict[str, str]) -> None:
    html = reports["right"]
    assert "<bdi>خدمة العملاء</bdi>" in html
    outside = re.sub(
        r"<(svg|title|style)\b.*?</\1>|<bdi>.*?</bdi>|<[^>]*>", "", html, flags=re.DOTALL
    )
    assert not re.search("[\u0590-\u08ff]", outside)


def test_a_figures_alternative_text_says_more_than_its_title(reports: dict[str, str]) -> None:
    drawn = [
        found
        for html in reports.values()
        for found in re.findall(
            r'<figcaption>(.*?)</figcaption>.*?role="img" aria-label="(.*?)"', html
        )
    ]
    assert len(drawn) > 20
    for title, alt in drawn:
        assert len(alt) > len(re.sub("<[^>]*>", "", title)) + 3, alt
