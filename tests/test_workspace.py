from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from cxlib.errors import SetupError
from cxlib.workspace import Workspace, as_name, check_client_name, kit_file, write_whole


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


HOSTILE = (
    "../../../../escaped", "/etc/passwd", "..", ".", "", ".hidden", "a/b", "a\\b", "C:\\x", "a:b",
    "con", "NUL.txt", "x" * 300, "第" * 300, "a.", "a ", "a\x00b", "a\nb",
    "\u202eevil", "e\u0301", "é",
    "wave 2", "WAVE 2", "w1", "2026q3", "Straße", "strasse",
    "${HOME}", "~", "a~b", "%2e%2e", "\ud800",
)  # fmt: skip


@pytest.mark.parametrize("text", ["2026Q3", "2026-09", "Wave 2", "W1", "第一期", "en"])
def test_a_plain_label_is_its_own_name(text: str) -> None:
    assert as_name(text) == text


@given(st.text())
@example("../x")
def test_any_text_is_one_name_of_a_file(text: str) -> None:
    name = as_name(text)
    assert 0 < len(name.encode("utf-8")) <= 100
    assert not set(name) & set('/\\:*?"<>|\x00\n')
    assert not name.startswith(".")
    assert not name.endswith((".", " "))


def test_no_two_texts_share_a_name_not_even_where_case_does_not_count(root: Path) -> None:
    labels = (*HOSTILE, "2026Q3", "Wave 2", "W1")
    names = {unicodedata.normalize("NFC", as_name(text)).casefold() for text in labels}
    assert len(names) == len(labels)
    for text in HOSTILE:
        for path in (
            Workspace(root).result("x", text, text, text),
            Workspace(root).runs("x", text, text),
        ):
            assert path.resolve().is_relative_to(root / ".cx" / "x")
            path.mkdir(parents=True)
    assert len(list((root / ".cx" / "x" / "runs").iterdir())) == len(HOSTILE)


def test_state_is_for_its_user_alone(root: Path) -> None:
    path = Workspace(root).result("x", "2026Q3", "en", "assessment")
    write_whole(path, b"1")
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in path.relative_to(root).parents[:-1]:
        assert (root / folder).stat().st_mode & 0o077 == 0
