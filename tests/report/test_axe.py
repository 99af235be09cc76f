"""axe-core finds nothing on any report that `make report` wrote; name the library in CX_AXE."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.report.test_browser import CHROMIUM, Browser

PAGES = sorted((ROOT / "reports").rglob("*.html"))
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif("CX_AXE" not in os.environ, reason="CX_AXE names no axe.min.js"),
    pytest.mark.slow,
]
RUN = "axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes[0].html])))"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(tmp_path_factory.mktemp("axe"))
    yield opened
    opened.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: "-".join(p.parts[-4:]))
def test_nothing_bars_anybody(browser: Browser, page: Path) -> None:
    axe = Path(os.environ["CX_AXE"]).read_text(encoding="utf-8")
    for width, scheme in itertools.product((390, 1280), ("light", "dark")):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.call("Emulation.setEmulatedMedia", features=features)
        browser.open(page)
        browser.says(axe)
        assert json.loads(browser.says(RUN)) == [], (width, scheme)
