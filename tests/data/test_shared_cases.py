"""The small cases of strange exports, where their folder is at hand: read right, or refused."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from cxlib import params
from cxlib.analysis.scores import score_table
from cxlib.data.check import examine
from cxlib.data.ingest import ingest
from cxlib.data.tables import periods_of, read_table
from cxlib.data.weighting import weighted
from cxlib.errors import CxError
from cxlib.workspace import Workspace

_BESIDE = [folder / "shared" / "cases" for folder in Path(__file__).resolve().parents[3:5]]
CASES = Path(os.environ.get("CX_CASES") or next((p for p in _BESIDE if p.is_dir()), _BESIDE[0]))
FOUND = sorted(path.parent for path in CASES.glob("*/*/client.yaml"))

pytestmark = pytest.mark.skipif(not FOUND, reason="the folder of shared cases is not here")

SCORES: dict[str, dict[str, float]] = {
    "wjx-satisfaction-words": {"nps": 19.4, "csat": 63.9, "queue": 3.75},
    "anchored-ends": {"nps": 20.0},
    "fen-and-stars": {"csat": 66.7, "price": 3.5, "staff": 3.7, "place": 3.6},
    "no-zero-among-thousands": {},
    "overall-satisfied-as-nps": {},
    "area-blocks": {"nps": 16.7},
    "lookup-first": {"nps": 21.9},
    "three-shops": {},
    "two-titles": {"nps": 18.8, "csat": 65.6},
    "declared-row-4": {"nps": 18.8, "csat": 65.6},
    "pasted-exports": {"nps": 6.7},
    "heji-without-date": {"nps": 25.0, "csat": 70.0},
    "three-rows-undeclared": {"nps": 11.1},
    "qualtrics-previews": {"nps": 0.0},
    "surveymonkey-matrix": {"nps": 13.3, "staff": 3.57, "value": 3.0},
    "two-routes": {"nps": 2.8},
    "segment-by-mistake": {"nps": 20.0},
    "questions-multiple": {"nps": 20.0},
    "google-forms-gmt8": {"nps": 10.0},
    "epoch-milliseconds": {"nps": 10.0},
    "year-as-float": {"nps": 10.0},
    "html-table": {"nps": 6.7},
    "browser-download": {"nps": 26.7},
    "year-2204": {},
    "two-days-of-june": {},
    "space-after-comma": {"nps": 8.8},
    "unused-header-twice": {"nps": 8.8},
    "trailing-separator": {"nps": 8.8},
    "comment-lines-above": {"nps": 8.8},
    "zero-width-spaces": {"nps": 8.8},
    "decimal-comma-weights": {"nps": 18.6},
    "leading-zeros": {"nps": 33.3},
    "level-absent-in-last-month": {},
    "level-not-declared": {},
    "room-twice": {},
    "six-is-not-used": {"nps": 6.7, "csat": 63.9, "security": 3.71},
    "very-good-is-one": {"csat": 70.0},
    "top-two-and-mean": {"csat": 58.3, "csat_mean": 3.56},
    "security-four-point-two": {"security": 4.0},
    "sql-over-xlsx": {"csat": 50.0},
    "full-width-digits": {"nps": 39.4},
    "missing-months": {"nps": 39.4},
}
"""What is read, with the scores of its latest period."""

SAID = {
    "words-undeclared": "`values:",
    "choice-ids": "`values:`",
    "option-numbers": "looks like 0-10 stored as 1-11",
    "no-zero-among-thousands": "nobody answered 0 among 2,400",
    "overall-satisfied-as-nps": "asks about satisfaction",
    "cp1252-umlauts": "'Zürich Käse' as cp1252",
    "big5-area": "as big5",
    "area-blocks": "filled down",
    "three-shops": "40 rows are left out",
    "pasted-exports": "row 17 of pasted.csv repeats the header",
    "heji-without-date": "row 22 of m.xlsx is a total",
    "segment-by-mistake": "questions: {kind: multiple}",
    "us-stamp-early-days": "%m/%d/%Y %H:%M:%S",
    "hour-24-with-pm": "%I",
    "two-formats-one-cell": "25 of 60 cells",
    "most-without-date": "180 of 200 rows would be dropped",
    "browser-download": "the same file",
    "year-2204": "far in the future",
    "two-days-of-june": "has only its first 2 days",
    "renamed-in-2022": "`column: [Recommend, Would recommend]`",
    "leading-zeros": "without leading zeros",
    "eighty-eight-without-sign": "is it 87%?",
    "level-absent-in-last-month": "2024-06",
    "level-not-declared": "g=z has no known share",
    "room-twice": "identical",
    "resolved-before-created": "1 of 200 tickets",
    "skipped-hour-new-york": "America/New_York skipped",
    "missing-months": "no response in 2024-04",
}
"""What a check says, of those where something is to be said."""


@pytest.mark.parametrize("case", FOUND, ids=lambda path: path.name)
def test_a_case_comes_out_right(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CX_KEY_FILE", raising=False)
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    text = (case / "client.yaml").read_text(encoding="utf-8")
    name = str(re.findall(r"^client: (\S+)", text, re.M)[0])
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / f"{name}.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(case / "data", tmp_path / "data" / name)
    workspace = Workspace(tmp_path)
    try:
        client = params.load(name, workspace)
        faults = examine(client, workspace).faults
    except CxError as error:
        assert SAID[name] in str(error)
        return
    said = "\n".join(map(str, faults))
    assert SAID.get(name, "") in said
    assert "off_scale: missing" not in said
    if any(fault.severity == "error" for fault in faults):
        assert name not in SCORES
        return
    ingest(client, workspace)
    if client.survey is None:
        return
    survey = read_table(workspace, name, "survey")
    latest = weighted(survey[survey["period"] == periods_of(workspace, client)[-1]], client)
    asked = {question.key: question for question in (*client.metrics, *client.touchpoints)}
    for key, value in SCORES.get(name, {}).items():
        table = score_table(latest, metric=asked[key], by="period", weights="weight")
        found = getattr(table, "table", table)["value"].iloc[0]
        assert found == pytest.approx(value, abs=0.051 if key in ("nps", "csat") else 0.0051)
