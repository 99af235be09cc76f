from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from cxlib import params
from cxlib.data.check import check
from cxlib.data.ingest import Ingest, ingest
from cxlib.data.tables import read_table
from cxlib.params import Client
from cxlib.workspace import Workspace


@dataclass(frozen=True)
class Shop:
    """A workspace with one client, ``shop``, whose files a test writes."""

    workspace: Workspace

    @property
    def folder(self) -> Path:
        return self.workspace.data("shop")

    @property
    def tables(self) -> Path:
        return self.workspace.tables("shop")

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode("utf-8"))
        return path

    def client(self, sections: str) -> Client:
        path = self.workspace.params / "shop.yaml"
        path.write_text("client: shop\n" + dedent(sections), encoding="utf-8")
        return params.load("shop", self.workspace)

    def ingest(self, client: Client, *, force: bool = False) -> Ingest:
        return ingest(client, self.workspace, force=force)

    def says(self, client: Client, severity: str = "error") -> list[str]:
        return [str(f) for f in check(client, self.workspace) if f.severity == severity]

    def read(self, table: str = "survey") -> object:
        return read_table(self.workspace, "shop", table)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv("CX_KEY_FILE", raising=False)
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    root = tmp_path / "work space 工作"
    (root / "params").mkdir(parents=True)
    (root / "data" / "shop").mkdir(parents=True)
    return Shop(Workspace(root))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return file
