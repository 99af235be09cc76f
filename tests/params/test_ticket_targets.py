"""Targets of a contract on what the ticket log tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxlib.params import Client, InvalidParams, load
from cxlib.workspace import Workspace

TICKETS = """
client: x
period: quarter
tickets:
  source: t.csv
  columns: {id: no, created: opened, first_response: first, resolved: solved, reopened: again,
            handle_seconds: s, csat: stars}
  sla: {first_response: 4h}
targets:
"""


def client_of(targets: str, folder: Path) -> Client:
    (folder / "params").mkdir(exist_ok=True)
    (folder / "params" / "x.yaml").write_text(TICKETS + targets, encoding="utf-8")
    return load("x", Workspace(folder))


def test_a_target_may_name_what_the_tickets_tell(tmp_path: Path) -> None:
    text = "  - {metric: fcr, baseline: 2026Q1, target: 0.8, due: 2026Q4}\n"
    text += "  - {metric: handle_time, baseline: 8min, target: 390s, due: 2026Q4}\n"
    text += "  - {metric: resolution_p90, target: 86400, due: 2026Q4, path: {2026Q3: 30h}}\n"
    text += "  - {metric: ticket_csat, target: 4.2, due: 2026Q4}\n"
    fcr, handle, resolution, rating = client_of(text, tmp_path).targets
    assert (fcr.direction, fcr.basis, fcr.target) == ("higher", "census", 0.8)
    assert (handle.direction, handle.baseline, handle.target) == ("lower", 480, 390)
    assert resolution.path == {"2026Q3": 108_000}
    assert (rating.direction, rating.basis) == ("higher", "sample")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            "{metric: fcr, target: 80, due: 2026Q4}",
            "80 is off the range of fcr, a share from 0 to 1",
        ),
        ("{metric: fcr, target: 6min, due: 2026Q4}", "360 s is a time, and fcr is none."),
        ("{metric: handle_time, target: 1d, due: 2026Q4}", "'1d' is not the same on every clock"),
        ("{metric: handle_time, target: soon, due: 2026Q4}", "'soon' is not a number."),
        (
            "{metric: handle_time, baseline: 5min, target: 6min, due: 2026Q4}",
            "360 is on the wrong side of the baseline 300: lower is better.",
        ),
        (
            "{metric: resolution_sla, target: 0.9, due: 2026Q4}",
            "is neither a metric, a touchpoint nor a kpi",
        ),
        ("{metric: reassign_rate, target: 0.1, due: 2026Q4}", "did you mean"),
        ("{metric: fcr, direction: lower, target: 0.1, due: 2026Q4}", "contradicts fcr"),
    ],
)
def test_a_wrong_target_is_named(target: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidParams) as caught:
        client_of(f"  - {target}\n", tmp_path)
    assert said in str(caught.value)


def test_a_metric_of_the_survey_has_its_name_first(tmp_path: Path) -> None:
    survey = """
client: y
survey:
  source: s.csv
  columns: {id: id}
  metrics:
    fcr: {column: Q1, kind: mean, scale: [1, 5]}
tickets:
  source: t.csv
  columns: {id: no, created: opened, reopened: again}
targets:
  - {metric: fcr, target: 4, due: w2}
"""
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "y.yaml").write_text(survey, encoding="utf-8")
    (target,) = load("y", Workspace(tmp_path)).targets
    assert (target.target, target.basis) == (4, "sample")
