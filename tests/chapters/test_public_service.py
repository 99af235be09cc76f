"""Half a day of New York's service requests, by a client file alone: most of them still open."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import papermill
import pytest

from cxlib import Engagement
from cxlib.analysis import service_review
from cxlib.findings import service as findings
from cxlib.params.service import terms_of
from cxlib.words import Words
from cxlib.workspace import Workspace

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "09-service.ipynb"
PARAMS = """
client: nyc311
name: {en: NYC 311, zh: 纽约 311}
language: [en, zh]
calendar: {country: US, timezone: America/New_York}
period: month
tickets:
  source: 311_Service_Requests.csv
  columns:
    id: unique_key
    created: created_date
    closed: closed_date
    state: status
    channel: open_data_channel_type
    queue: agency
    group: borough
    category: complaint_type
  states: {open: [Open, In Progress, Assigned], closed: [Closed]}
  sla: {resolution: 1h}
"""


@pytest.fixture(scope="module")
def city(public_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("city")
    for folder in ("params", "data/nyc311"):
        (root / folder).mkdir(parents=True)
    (root / "params" / "nyc311.yaml").write_text(PARAMS, encoding="utf-8")
    shutil.copy(public_data / "nyc311" / "311_Service_Requests.csv", root / "data" / "nyc311")
    return Workspace(root.resolve())


def test_open_requests_count_and_the_closed_ones_alone_mislead(city: Workspace) -> None:
    e = Engagement.open("nyc311", chapter="service", workspace=city)
    tickets = e.table("tickets")
    terms = terms_of(e.client, tickets, period=e.period)
    glance = service_review.glance(tickets, terms=terms, period=e.period)
    assert (glance.n_used, glance.n_open) == (500, 268)
    closed = tickets["closed_at"] - tickets["created_at"]
    assert glance.closed_median == closed.median().total_seconds()
    row = glance.durations.set_index("metric").loc["resolution"]
    assert row["median"] != row["median"]  # not reached: more than half are open
    assert row["within"] < 0.5 < (closed.dropna().dt.total_seconds() <= 3600).mean()
    open_, running = findings.scope(glance)
    said = Words.load("en").say(open_.message, **open_.facts)
    assert said.startswith("268 of 500 tickets (53.6 %) are still open, so half of all")
    assert running.id == "service.period.running"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_notebook_runs_on_it(
    city: Workspace, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(city.root))
    done = tmp_path / "done.ipynb"
    asked = {"client": "nyc311", "language": language}
    papermill.execute_notebook(NOTEBOOK, done, parameters=asked, progress_bar=False)
    outputs = [
        output
        for cell in json.loads(done.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", ())
    ]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
    text = json.dumps(outputs, ensure_ascii=False)
    assert ("268 of 500 tickets" in text) == (language == "en")
    assert ("500 件工单中有 268 件" in text) == (language == "zh")
