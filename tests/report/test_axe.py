"""axe-core finds nothing on any report that `make report` wrote; name the library in CX_AXE."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.report.test_browser import CHROMIUM

PAGES = sorted((ROOT / "reports").rglob("*.html"))
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif("CX_AXE" not in os.environ, reason="CX_AXE names no axe.min.js"),
    pytest.mark.slow,
]
RUN = "axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes[0].html])))"


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
        browser.call("Page.navigate", url=page.as_uri())
        while browser.says("document.readyState + location.href") != "complete" + page.as_uri():
            continue
        browser.says(axe)
        assert json.loads(browser.says(RUN)) == [], (width, scheme)
