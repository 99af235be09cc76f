"""Improvement actions of the service chapter, as a client file records them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxlib.params import Client, InvalidParams, load
from cxlib.params.service import actions_of
from cxlib.workspace import Workspace

HEAD = """client: x
chapters:
  service:
    actions:
"""
GOOD = "{action: Call back, kpi: first_response, owner: Ann, due: 2026-10, state: planned}"


def client_of(lines: str, folder: Path, head: str = HEAD) -> Client:
    (folder / "params").mkdir(exist_ok=True)
    (folder / "params" / "x.yaml").write_text(head + lines, encoding="utf-8")
    return load("x", Workspace(folder))


def read(lines: str, folder: Path, language: str = "en") -> tuple[dict[str, str], ...]:
    client = client_of(lines, folder)
    given = client.chapters["service"]["actions"]
    return actions_of(client, given, language=language)


def test_an_action_is_read_in_the_readers_language(tmp_path: Path) -> None:
    text = "      - action: {en: Call back, zh: 回拨}\n        kpi: fcr\n        owner: Ann\n"
    text += "        due: 2026Q4\n        state: done\n        done: 2026-11-05\n"
    (english,) = read(text, tmp_path)
    assert english == {
        "action": "Call back", "kpi": "fcr", "owner": "Ann", "due": "2026Q4", "state": "done",
        "finished": "2026-11-05", "note": "",
    }  # fmt: skip
    (chinese,) = read(text, tmp_path, language="zh")
    assert (chinese["action"], chinese["owner"]) == ("回拨", "Ann")


def test_what_is_done_without_a_date_was_done_when_due(tmp_path: Path) -> None:
    (done,) = read("      - " + GOOD.replace("planned", "done"), tmp_path)
    (planned,) = read("      - " + GOOD, tmp_path)
    assert (done["finished"], planned["finished"]) == ("2026-10", "")


@pytest.mark.parametrize("due", ["2026-10", "2026", "2026Q4", "2026-q4", "2026-10-31"])
def test_a_date_is_a_period_or_a_day(due: str, tmp_path: Path) -> None:
    (one,) = read("      - " + GOOD.replace("2026-10", due), tmp_path)
    assert one["due"] == due.upper().replace("-Q", "Q")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kpi:", "kpj:", "actions[1].kpj: unknown key; did you mean 'kpi'?"),
        ("first_response", "first_respons", "[1].kpi: 'first_respons' is no kpi; did you mean"),
        ("planned", "underway", "[1].state: 'underway' is no state; did you mean 'under way'?"),
        ("2026-10", "2026-13", "[1].due: '2026-13' is no date; write such as 2026-10"),
        ("2026-10", "2026-02-30", "[1].due: '2026-02-30' is no date"),
        ("2026-10", "soon", "[1].due: 'soon' is no date"),
        ("2026-10", "true", "[1].due: true is no date"),
        ("owner: Ann, ", "", "actions[1]: an entry without `owner`"),
        ("Ann", "''", "[1].owner: '' is not a text"),
        ("Call back", "{fr: Rappel}", "[1].action.fr: unknown language"),
        ("Call back", "{}", "[1].action: no text in any language"),
        ("planned", "planned, done: 2026-09", "[1].done: a date when it was done, but its state"),
    ],
)
def test_a_wrong_action_is_named_at_its_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    lines = f"      - {GOOD}\n      - {GOOD.replace(old, new)}\n"
    with pytest.raises(InvalidParams) as caught:
        read(lines, tmp_path)
    assert said in str(caught.value)
    assert "params/x.yaml:6: chapters.service.actions[1]" in str(caught.value)


def test_every_fault_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidParams) as caught:
        read("      - {action: M, kpi: fcr, owner: A, due: x, state: y}\n", tmp_path)
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize("given", ["{fcr: Call back}", "Call back", "[Call back]"])
def test_another_form_is_refused_with_the_right_one(given: str, tmp_path: Path) -> None:
    head = HEAD.rstrip("\n") + " "
    client = client_of(given + "\n", tmp_path, head)
    with pytest.raises(InvalidParams, match="action, kpi, owner, due, state"):
        actions_of(client, client.chapters["service"]["actions"], language="en")


def test_a_client_without_actions_has_none(tmp_path: Path) -> None:
    client = client_of("", tmp_path, "client: x\n")
    assert actions_of(client, (), language="en") == ()
    assert actions_of(client, None, language="en") == ()


def test_the_older_name_is_read(tmp_path: Path) -> None:
    head = HEAD.replace("actions", "measures")
    client = client_of("      - " + GOOD.replace("action:", "measure:"), tmp_path, head)
    given = client.chapters["service"]["measures"]
    (one,) = actions_of(client, given, language="en", key="measures")
    assert one["action"] == "Call back"
    with pytest.raises(InvalidParams, match=r"measures\[0\].*without `measure`"):
        actions_of(client, ({"action": "Call back"},), language="en", key="measures")
