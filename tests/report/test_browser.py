"""A real browser opens a report with nothing to load, nothing to run and nothing to complain of."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.report.test_html import hostile_report

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.slow,
]


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
