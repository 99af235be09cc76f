"""Half a day of New York's service requests, by a client file alone: most of them still open."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import papermill
import pytest

from cxlib import Engagement
from cxlib.analysis import service
from cxlib.chapters.service import findings, subjects, tables
from cxlib.params.service import terms_of
from cxlib.present.findings import tell
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
    resolved: closed_date
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
    of = {"terms": terms_of(e.client, tickets, period=e.period), "period": e.period}
    found = service.kpis(tickets, **of)  # type: ignore[arg-type]
    row = tables.waits(found).set_index("kpi").loc["resolution"]
    assert (found.n_used, row["open"]) == (500, 268)
    assert row["median"] != row["median"]  # not reached: more than half are open
    closed = (tickets["resolved_at"] - tickets["created_at"]).dt.total_seconds()
    assert row["within"] < 0.5 < (closed.dropna() <= 3600).mean()
    told = subjects.still_open(tickets, found, **of)  # type: ignore[arg-type]
    assert told["closed_median"].iloc[0] == closed.median()
    open_, running = tell(told, findings.OPEN, chapter="service", about="subject")
    assert open_.headline(Words.load("en")).startswith("53.6% of the period's tickets are still")
    assert running.id == "service.running"


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
    text = json.dumps(outputs, ensure_ascii=False)
    assert "Traceback" not in text
    assert ("53.6% of the period's tickets" in text) == (language == "en")
    assert ("53.6% 的工单" in text) == (language == "zh")
