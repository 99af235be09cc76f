from __future__ import annotations

from pathlib import Path

import pytest

from cxlib.errors import SetupError
from cxlib.workspace import Workspace, check_client_name, kit_file


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CX_HOME", raising=False)
    folder = (tmp_path / "我的 work").resolve()
    (folder / "params").mkdir(parents=True)
    return folder


def test_a_workspace_is_found_upward_from_the_working_directory(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = root / "notebooks" / "lessons"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert Workspace.find().root == root
    assert Workspace.find(root).root == root


def test_cx_home_comes_first_and_must_be_a_workspace(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("CX_HOME", str(other))
    with pytest.raises(SetupError, match=r"CX_HOME is .*which holds no params/ folder"):
        Workspace.find(root)
    (other / "params").mkdir()
    assert Workspace.find(root).root == other.resolve()


def test_the_kits_own_params_package_is_no_workspace() -> None:
    import cxlib

    package = Path(cxlib.__file__).parent
    assert Workspace.find(package / "data").root != package


@pytest.mark.parametrize(
    "name",
    ["../x", "..", "a/b", "a\\b", "", " ", ".hidden", "-x", "a..b", "a.", "x\n", "C:", "a b", "~"],
)
def test_a_name_that_could_leave_the_folder_is_no_client(name: str, root: Path) -> None:
    with pytest.raises(SetupError, match="is not a client's name"):
        check_client_name(name)
    for lookup in (Workspace(root).client_file, Workspace(root).data, Workspace(root).tables):
        with pytest.raises(SetupError):
            lookup(name)


@pytest.mark.parametrize("name", ["007", "harbour-hotels", "海港酒店", "shop_2", "v1.2"])
def test_a_plain_name_is_a_client(name: str) -> None:
    assert check_client_name(name) == name


def test_a_client_file_is_found_or_the_nearest_is_named(root: Path) -> None:
    for name in ("harbour", "template"):
        (root / "params" / f"{name}.yaml").touch()
    workspace = Workspace(root)
    assert workspace.client_file("harbour") == root / "params" / "harbour.yaml"
    assert workspace.clients() == ["harbour"]
    with pytest.raises(SetupError, match=r"no client 'harbor' in .*; did you mean 'harbour'"):
        workspace.client_file("harbor")


def test_a_path_is_shown_from_the_workspace_where_it_lies_in_it(root: Path, tmp_path: Path) -> None:
    workspace = Workspace(root)
    assert workspace.shown(workspace.data("x") / "a.csv") == "data/x/a.csv"
    assert workspace.shown(tmp_path / "a.csv") == (tmp_path / "a.csv").as_posix()


def test_what_the_kit_makes_of_a_client_lies_under_its_name(root: Path) -> None:
    workspace = Workspace(root)
    assert workspace.tables("x") == root / ".cx" / "x" / "tables"
    assert workspace.results("x") == root / ".cx" / "x" / "results"
    assert workspace.reports == root / "reports"


def test_notebooks_are_the_workspaces_own_or_the_kits(root: Path) -> None:
    workspace = Workspace(root)
    assert workspace.notebooks == kit_file("notebooks")
    (root / "notebooks").mkdir()
    assert workspace.notebooks == root / "notebooks"
