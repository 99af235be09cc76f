"""A real browser opens a report with nothing to load, nothing to run and nothing to complain of."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cxlib.present import mime
from cxlib.report.html import Link, render
from cxlib.words import Words
from tests.report.test_html import cover, hostile_report, notebook, output

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.slow,
]


class Browser:
    """A Chromium that is told what to do over its debugging line."""

    def __init__(self, profile: Path) -> None:
        import websocket  # of jupyter_server

        command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "about:blank"]
        command += ["--remote-debugging-port=0", "--remote-allow-origins=*"]
        self.process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}"], stderr=subprocess.PIPE, text=True
        )
        told = iter(self.process.stderr or ())
        address = next(m[0] for line in told if (m := re.search(r"ws://\S+", line)))
        self.line = websocket.create_connection(address, timeout=120)
        self.numbers = itertools.count(1)
        self.session: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = {"sessionId": attached["sessionId"]}
        self.call("Page.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self.numbers)
        told = {"id": number, "method": method, "params": params, **self.session}
        self.line.send(json.dumps(told))
        while True:
            answer: dict[str, Any] = json.loads(self.line.recv())
            if answer.get("id") == number:
                return answer["result"]  # type: ignore[no-any-return]

    def says(self, expression: str) -> Any:
        """Evaluate what the page's own policy would not let in."""
        told = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return told["result"].get("value")

    def close(self) -> None:
        self.line.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr:
            self.process.stderr.close()


def browse(page: Path, profile: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-quic", f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0",
        *options, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def complaints(told: str) -> list[str]:
    return re.findall(r".*(?:CONSOLE|net::ERR|Refused to).*", told)


def test_a_hostile_report_loads_nothing_and_goes_nowhere(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(hostile_report(), encoding="utf-8")
    log = tmp_path / "net.json"
    told = browse(page, tmp_path / "profile", f"--log-net-log={log}", "--dump-dom")
    assert complaints(told.stderr) == []
    assert "<title>" in told.stdout
    assert "&lt;script&gt;" in told.stdout
    asked = set(re.findall(r'"url":"(https?://[^"]+)"', log.read_text(encoding="utf-8")))
    assert not any("x.test" in url for url in asked), asked


def test_a_report_prints_on_a4(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(hostile_report(), encoding="utf-8")
    pdf = tmp_path / "report.pdf"
    browse(page, tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={pdf}")
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf.read_bytes())
    assert box is not None
    assert (round(float(box[1])), round(float(box[2]))) == (595, 842)


LABELS = ("w" * 200, "长" * 200, "שלום" * 50, "a-b " * 50)


def test_a_label_of_any_length_pushes_nothing_off_the_page(tmp_path: Path) -> None:
    table = {
        "headings": ["h" * 200, "Value", "Owner"],
        "rows": [[label, "−2.4 (−8.4 to 3.8)", label] for label in LABELS],
        "numeric": [False, True, False],
        "notes": [],
        "caption": LABELS[0],
    }
    tile = {"label": LABELS[1], "value": "1", "state": "", "lines": [LABELS[0]], "spark": []}
    finding: dict[str, object] = {"id": "a", "severity": "note", "subject": "a", "tier": 0}
    finding |= {"stake": 1.0, "mark": "", "text": LABELS[0], "evidence": LABELS[1]}
    finding |= {"next": LABELS[2], "chapter": "x"}
    cells = notebook(
        output({mime.TILES: {"tiles": [tile]}}), output({mime.TABLE: table}),
        output({mime.FINDINGS: {"items": [finding]}}),
    )  # fmt: skip
    page = tmp_path / "report.html"
    links = {"x": Link("x.html", "What moves the score, and where should we begin? " * 3)}
    page.write_text(render(cells, words=Words(), cover=cover(), links=links), encoding="utf-8")
    browser = Browser(tmp_path / "profile")
    try:
        browser.call("Page.navigate", url=page.as_uri())
        while browser.says("document.readyState + location.href") != "complete" + page.as_uri():
            continue
        for width in (375, 1280):
            size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
            browser.call("Emulation.setDeviceMetricsOverride", **size)
            assert browser.says("document.documentElement.scrollWidth") <= width
        room = browser.says("document.querySelector('.table').clientWidth")
        assert browser.says("document.querySelector('.table').scrollWidth") <= room
    finally:
        browser.close()


def test_no_table_is_wider_than_the_sheet(tmp_path: Path) -> None:
    """One that is would have the browser print the whole book smaller."""
    heads = ["KPI", "Like for like (adjusted)", "Resolution, 90% within"]
    values = ["Recommendation (NPS)", "−10.8 (−19.4 to −2.1)", "22.2 working hours"]
    wide = output({mime.TABLE: {
        "headings": heads * 4, "rows": [values * 4], "numeric": [False, True, True] * 4,
        "notes": [], "caption": "",
    }})  # fmt: skip
    page = tmp_path / "report.html"
    page.write_text(render(notebook(wide), words=Words(), cover=cover()), encoding="utf-8")
    browser = Browser(tmp_path / "profile")
    try:
        browser.call("Emulation.setEmulatedMedia", media="print")
        sheet = {"width": 673, "height": 980, "deviceScaleFactor": 1, "mobile": True}
        browser.call("Emulation.setDeviceMetricsOverride", **sheet)
        browser.call("Page.navigate", url=page.as_uri())
        while browser.says("document.readyState + location.href") != "complete" + page.as_uri():
            continue
        assert browser.says("document.querySelector('table').scrollWidth") <= 673
    finally:
        browser.close()
