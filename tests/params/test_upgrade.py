from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from cxlib import params
from cxlib.cli import main
from cxlib.params.upgrade import Upgraded, upgrade
from cxlib.workspace import Workspace

SURVEY = "survey: {source: a.csv, metrics: {nps: {column: q}}}\n"


def upgraded(folder: Path, text: str, *, write: bool = True) -> Upgraded:
    (folder / "params").mkdir(exist_ok=True)
    text = dedent(text)
    (folder / "params" / "x.yaml").write_bytes(f"client: x\n{SURVEY}{text}".encode())
    return upgrade("x", Workspace(folder), write=write)


def content(folder: Path) -> str:
    return (folder / "params" / "x.yaml").read_bytes().decode().split(SURVEY, 1)[1]


OLD = """\
    chapters:  # 各章参数
      service:
        # what is being done
        measures:
          - {measure: Call back, kpi: fcr, owner: Ann, due: 2026-10, state: planned}  # agreed
          - measure: {en: Templates, zh: 模板}
            kpi: fcr
            owner: "measure"
            due: 2026-11
            state: planned
      monitoring:
        match: [tier]   # goes
        rebase: {2026Q1: new questionnaire}
        measures: {nps: "new  page"}
"""
NEW = """\
chapters:  # 各章参数
  service:
    # what is being done
    actions:
      - {action: Call back, kpi: fcr, owner: Ann, due: 2026-10, state: planned}  # agreed
      - action: {en: Templates, zh: 模板}
        kpi: fcr
        owner: "measure"
        due: 2026-11
        state: planned
  monitoring:
    rebase: {2026Q1: new questionnaire}
    actions: {nps: "new  page"}
"""


def test_old_words_become_the_present_ones_and_nothing_else_changes(tmp_path: Path) -> None:
    found = upgraded(tmp_path, OLD)
    assert content(tmp_path) == NEW
    assert [line.split(":")[1] for line in found.done] == ["6", "7", "8", "14", "16"]
    assert found.todo == ()
    assert found.client == params.load("x", Workspace(tmp_path))
    assert found.backup == tmp_path / "params" / "x.yaml.bak"
    assert found.backup.read_bytes().decode() == f"client: x\n{SURVEY}{dedent(OLD)}"


def test_languages_and_measures_of_a_survey_are_called_as_they_are_now(tmp_path: Path) -> None:
    old = """\
        client: x
        languages: [zh, en]  # both
        survey:
          source: a.csv
          measures: {nps: {column: q}, csat: {column: z, scale: [1, 5]}}
        targets:
          - {measure: nps, target: 30, due: 2026Q4}
    """
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "x.yaml").write_text(dedent(old), encoding="utf-8")
    found = upgrade("x", Workspace(tmp_path))
    assert [line.split(":")[1] for line in found.done] == ["2", "5", "7"]
    assert found.todo == ()
    assert found.client is not None
    assert found.client.languages == ("zh", "en")
    assert [metric.key for metric in found.client.metrics] == ["nps", "csat"]
    assert found.client.targets[0].metric == "nps"
    both = dedent(old).replace("languages:", "language: en\nlanguages:")
    (tmp_path / "params" / "x.yaml").write_text(both, encoding="utf-8")
    (said, *_more) = upgrade("x", Workspace(tmp_path)).todo
    assert "x.yaml:3: languages is called language now" in said


def test_a_present_file_is_left_alone_and_a_second_upgrade_does_nothing(tmp_path: Path) -> None:
    upgraded(tmp_path, OLD)
    again = upgrade("x", Workspace(tmp_path))
    assert (again.done, again.todo, again.backup) == ((), (), None)
    assert content(tmp_path) == NEW
    assert len(list((tmp_path / "params").iterdir())) == 2


def test_no_backup_is_overwritten(tmp_path: Path) -> None:
    first = upgraded(tmp_path, OLD)
    second = upgraded(tmp_path, OLD.replace("Ann", "Bob"))
    assert first.backup is not None
    assert second.backup == tmp_path / "params" / "x.yaml.bak2"
    assert b"Ann" in first.backup.read_bytes()


def test_it_can_only_say(tmp_path: Path) -> None:
    found = upgraded(tmp_path, OLD, write=False)
    assert len(found.done) == 5
    assert found.backup is None
    assert content(tmp_path) == dedent(OLD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("chapters: {monitoring: {match: [a, b]}}\n", ""),
        ("chapters: {monitoring: {match: [], false_report: 0.1}}\n",
         "chapters: {monitoring: {false_report: 0.1}}\n"),
        ("chapters: {monitoring: {false_report: 0.1, match: [a]}}\n",
         "chapters: {monitoring: {false_report: 0.1}}\n"),
        ("chapters:\n  drivers: {outcome: nps}\n  monitoring:\n    match:\n      - a\n      - b\n",
         "chapters:\n  drivers: {outcome: nps}\n"),
        ("chapters:\r\n  monitoring:\r\n    match: [a]\r\n    false_report: 0.1\r\n",
         "chapters:\r\n  monitoring:\r\n    false_report: 0.1\r\n"),
    ],
)  # fmt: skip
def test_match_goes_with_what_it_leaves_empty(old: str, new: str, tmp_path: Path) -> None:
    found = upgraded(tmp_path, old)
    assert content(tmp_path) == new
    assert found.client is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tickets:\n  source: t.csv\n  columns: {id: a, created: b, closed: c}  # log\n",
         "tickets:\n  source: t.csv\n  resolution: closed\n  columns: {id: a, created: b, "
         "closed: c}  # log\n"),
        ("tickets: {source: t.csv, columns: {id: a, created: b, closed: c, resolved: null}}\n",
         "tickets: {source: t.csv, resolution: closed, "
         "columns: {id: a, created: b, closed: c, resolved: null}}\n"),
    ],
)  # fmt: skip
def test_a_closing_time_alone_says_that_it_stands_for_the_solution(
    old: str, new: str, tmp_path: Path
) -> None:
    found = upgraded(tmp_path, old)
    assert content(tmp_path) == new
    assert found.client is not None
    assert found.client.tickets is not None
    assert found.client.tickets.resolution == "closed"


def test_what_only_a_person_can_decide_is_said_with_its_line(tmp_path: Path) -> None:
    both = """\
        tickets:
          source: t.csv
          columns:
            {id: a, created: b, resolved: d,
             closed: c}
        chapters:
          monitoring: {measures: {nps: a}, actions: {nps: b}}
        segmnets: {}
    """
    found = upgraded(tmp_path, both)
    assert found.done == ()
    assert content(tmp_path) == dedent(both)
    places = {line.split(":")[1] for line in found.todo}
    assert places == {"7", "9", "10"}
    assert any("segments" in line or "segmnets" in line for line in found.todo)


def test_an_hour_before_pm_is_read_on_twelve(tmp_path: Path) -> None:
    section = "members: {source: m.csv, columns: {id: a}, date_format: '%d/%m/%Y %H:%M %p'}\n"
    found = upgraded(tmp_path, section)
    assert content(tmp_path) == section.replace("%H", "%I")
    assert found.client is not None


def test_what_is_no_yaml_is_said_and_left(tmp_path: Path) -> None:
    found = upgraded(tmp_path, "a: [1\n")
    assert found.done == ()
    assert len(found.todo) == 1
    assert content(tmp_path) == "a: [1\n"


def test_the_command_says_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    upgraded(tmp_path, OLD, write=False)
    said = CliRunner().invoke(main, ["upgrade", "-n", "x"])
    assert said.exit_code == 0
    assert "params/x.yaml:14:" in said.output
    assert content(tmp_path) == dedent(OLD)
    assert CliRunner().invoke(main, ["upgrade", "x"]).exit_code == 0
    assert content(tmp_path) == NEW
    assert "present syntax" in CliRunner().invoke(main, ["upgrade", "x"]).output


def test_the_command_fails_where_something_is_left_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    upgraded(tmp_path, "chapters: {drivers: {outcom: nps}}\n", write=False)
    said = CliRunner().invoke(main, ["upgrade", "x"])
    assert said.exit_code == 1, said.output
    assert "params/x.yaml:3: chapters.drivers.outcom" in said.output
