"""Deliberately wrong client files, each beside the message it must give (``faults/``)."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from cxlib.errors import ParamsError
from cxlib.params import Client, Fault, InvalidParams, load
from cxlib.params.faults import dotted, show
from cxlib.workspace import Workspace

FIXTURES = sorted((Path(__file__).parent / "faults").glob("*.yaml"))


def load_bytes(raw: bytes, folder: Path) -> Client:
    (folder / "params").mkdir(exist_ok=True)
    (folder / "params" / "x.yaml").write_bytes(raw)
    return load("x", Workspace(folder))


def faults_of(text: str, folder: Path) -> list[str]:
    with pytest.raises(InvalidParams) as caught:
        load_bytes(text.encode(), folder)
    return [str(fault).partition(": ")[2] for fault in caught.value.faults]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_wrong_file_gives_exactly_its_messages(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as caught:
        load_bytes(path.read_bytes(), tmp_path)
    said = path.with_suffix(".txt").read_text(encoding="utf-8")
    assert str(caught.value).splitlines() == said.splitlines()


def test_every_fixture_has_its_message_and_every_message_its_fixture() -> None:
    folder = Path(__file__).parent / "faults"
    assert {p.stem for p in folder.glob("*.txt")} == {p.stem for p in FIXTURES}
    assert len(FIXTURES) > 40


def test_a_fault_says_file_line_key_value_and_the_way_out(tmp_path: Path) -> None:
    text = (
        "client: x\nsurvey:\n  source: s.csv\n  metrics:\n"
        "    nps:\n      column: Q1\n      scale: [10, 0]\n"
    )
    with pytest.raises(InvalidParams) as caught:
        load_bytes(text.encode(), tmp_path)
    (fault,) = caught.value.faults
    assert fault == Fault(
        "params/x.yaml",
        7,
        "survey.metrics.nps.scale",
        (10, 0),
        "[10, 0] runs downwards; write [0, 10].",
    )
    assert (
        str(fault)
        == "params/x.yaml:7: survey.metrics.nps.scale: [10, 0] runs downwards; write [0, 10]."
    )


def test_one_fault_is_not_said_again_as_its_consequences(tmp_path: Path) -> None:
    text = (
        "client: x\nsurvey:\n  source: s.csv\n  segments: {tier: 5}\n  margins: {tier: {a: 1}}\n"
        "  metrics:\n    csat: Q1\ntargets:\n  - {metric: csat, target: 85, due: w2}\n"
    )
    assert faults_of(text, tmp_path) == [
        "survey.segments.tier: 5 is read as a number; quote it: '5'.",
        "survey.metrics.csat: 'Q1' is not `key: value` lines.",
    ]


def test_a_fault_in_one_place_hides_none_in_another(tmp_path: Path) -> None:
    text = (
        "client: x\nunknown: 1\nsurvey:\n  source: 5\n  metrics:\n"
        "    csat: {column: Q1, scale: [1, 5]}\n"
        "targets:\n  - {metric: csat, baseline: 90, target: 85, due: w2}\n  - {due: [1]}\n"
    )
    said = faults_of(text, tmp_path)
    assert (
        "targets[0].target: 85 is on the wrong side of the baseline 90: higher is better." in said
    )
    assert "survey.source: 5 is read as a number; quote it: '5'." in said
    assert "targets[1].metric: is missing." in said
    assert any(fault.startswith("targets[1].due: [1] is not a period") for fault in said)
    assert len(said) == 6


def test_faults_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    raw = (Path(__file__).parent / "faults" / "everything_at_once.yaml").read_bytes()
    with pytest.raises(InvalidParams) as caught:
        load_bytes(raw, tmp_path)
    lines = [fault.line for fault in caught.value.faults]
    assert lines == sorted(lines)
    assert len(lines) == len(set(map(str, caught.value.faults))) > 10


def test_a_message_is_one_line_whatever_the_client_wrote(tmp_path: Path) -> None:
    text = 'client: x\nperiod: "a\\nb\\u001b[31m' + "y" * 500 + '"\n'
    (said,) = faults_of(text, tmp_path)
    assert "\n" not in said
    assert "\x1b" not in said
    assert len(said) < 200


def test_faults_survive_the_way_between_processes(tmp_path: Path) -> None:
    with pytest.raises(InvalidParams) as caught:
        load_bytes(b"client: y\n", tmp_path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.faults == caught.value.faults
    assert str(again) == str(caught.value)


def test_a_folder_and_a_file_too_large_are_no_client_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidParams, match="larger than 1 MB"):
        load_bytes(b"client: x\n" + b"#" * 1_000_000, tmp_path)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        ((10, 0), "[10, 0]"),
        ("it", "'it'"),
        ({"a": 1.5}, "{a: 1.5}"),
        (0.1234567890123, "0.1234567890123"),
    ],
)
def test_values_are_shown_as_yaml_would_write_them(value: object, shown: str) -> None:
    assert show(value) == shown


def test_paths_are_dotted_and_places_bracketed() -> None:
    assert dotted(("survey", "touchpoints", 0, "scale")) == "survey.touchpoints[0].scale"
    assert dotted(()) == ""


SURVEY = "survey:\n  source: s.csv\n"


@pytest.mark.parametrize(
    ("text", "key", "place"),
    [
        (SURVEY + "  id: nr\n", "survey.id", "stands under `survey.columns`."),
        (SURVEY + "  brand: b\n", "survey.brand", "'own_brand'? `brand` stands under"),
        (SURVEY + "  scale: [1, 5]\n", "survey.scale", "under each of `survey.metrics` or each"),
        ("metrics: {nps: {column: q}}\n", "metrics", "`metrics` stands under `survey`."),
        ("label: x\n", "label", "under each of `comments` or each of `kpis`."),
        ("columns: {id: a}\n", "columns", "`survey` or `fieldwork` or `tickets`, …."),
        (SURVEY + "  currency: CNY\n", "survey.currency", "under no section: it begins a line."),
        (
            SURVEY + "  metrics:\n    nps: {column: q, off_scale: missing}\n",
            "survey.metrics.nps.off_scale",
            "'scale'? `off_scale` stands under `survey`.",
        ),
        (SURVEY + "  columns: {files: a}\n", "survey.columns.files", "under `survey.source`."),
        (SURVEY + "  sla: {resolution: 4h}\n", "survey.sla", "`sla` stands under `tickets`."),
        (
            "comments:\n  web: {source: c.csv, columns: {text: t}, text: t}\n",
            "comments.web.text",
            "under `comments.web.columns`.",
        ),
    ],
)
def test_a_key_in_the_wrong_place_is_told_where_it_belongs(
    text: str, key: str, place: str, tmp_path: Path
) -> None:
    said = [fault for fault in faults_of(f"client: x\n{text}", tmp_path) if key in fault]
    assert any(fault.startswith(f"{key}: ") and place in fault for fault in said)


@pytest.mark.parametrize(
    ("text", "known"),
    [("zzz: 1\n", ("'client'", "'language'")), ("tickets: {states: {zz: 1}}\n", ("'merged'",))],
)
def test_a_key_that_nobody_knows_is_told_those_there_are(
    text: str, known: tuple[str, ...], tmp_path: Path
) -> None:
    (said,) = [
        fault for fault in faults_of(f"client: x\n{text}", tmp_path) if "is not a key" in fault
    ]
    assert all(name in said for name in known)
    assert "languages" not in said
