"""A real browser opens a report with nothing to load, nothing to run and nothing to complain of."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterable
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

    def __init__(self, profile: Path, *options: str) -> None:
        import websocket  # of jupyter_server

        self.log = profile.with_suffix(".log")
        command = [*COMMAND, "--remote-debugging-port=0", "--remote-allow-origins=*", *options]
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*command, f"--user-data-dir={profile}", "about:blank"], stderr=log
            )
        while not (found := re.search(r"ws://\S+", self.log.read_text("utf-8"))):
            assert self.process.poll() is None
            time.sleep(0.02)
        address = found[0]
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

    def open(self, page: Path) -> None:
        self.call("Page.navigate", url=page.as_uri())
        while self.says("document.readyState + location.href") != "complete" + page.as_uri():
            continue

    def close(self) -> None:
        self.session = {}
        self.call("Browser.close")  # it writes its logs to their ends
        self.line.close()
        self.process.wait()


COMMAND = [
    str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--enable-logging=stderr", "--v=0",
]  # fmt: skip


def refused(pages: Iterable[Path], folder: Path) -> list[str]:
    """Open pages, one after the other; return what they were refused, asked for or went to."""
    net, found = folder / "net.json", []
    browser = Browser(folder / "profile", f"--log-net-log={net}")
    try:
        for page in pages:
            try:
                browser.open(page)
                browser.says("new Promise(done => setTimeout(done, 100))")
                assert "<title>" in browser.says("document.documentElement.outerHTML")
                found += [at for at in [browser.says("location.href")] if at != page.as_uri()]
            except KeyError:  # no result: it went elsewhere while it was asked
                found.append(f"{page.name} left")
    finally:
        browser.close()
    told = browser.log.read_text(encoding="utf-8")
    found += re.findall(r".*(?:CONSOLE|net::ERR|Refused to).*", told)
    return found + re.findall(r'"url":"(https?://[^"]*x\.test[^"]*)"', net.read_text("utf-8"))


def test_a_hostile_report_loads_nothing_and_goes_nowhere(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(hostile_report(), encoding="utf-8")
    assert "&lt;script&gt;" in hostile_report()
    assert refused([page], tmp_path) == []


@pytest.mark.parametrize(
    ("policy", "content"),
    [
        ("default-src 'none'", "<script>1</script>"),
        ("default-src 'none'", "<img src='http://x.test/a'>"),
        ("", "<img src='http://x.test/a'>"),
        ("", "<meta http-equiv='refresh' content='0;url=http://x.test/'>"),
    ],
)
def test_what_a_page_is_refused_or_asks_for_is_seen(
    tmp_path: Path, policy: str, content: str
) -> None:
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    page = tmp_path / "page.html"
    page.write_text(f"<html><head>{head}<title>a</title></head><body>{content}", "utf-8")
    assert refused([page], tmp_path)


def test_a_report_prints_on_a4(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(hostile_report(), encoding="utf-8")
    pdf = tmp_path / "report.pdf"
    command = [*COMMAND, f"--user-data-dir={tmp_path}/profile", "--no-pdf-header-footer"]
    subprocess.run([*command, f"--print-to-pdf={pdf}", page.as_uri()], check=True, timeout=90,
                   capture_output=True)  # fmt: skip
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
        browser.open(page)
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
