"""The fieldwork section: what it takes, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxlib.params import InvalidParams, load
from cxlib.workspace import Workspace

GOOD = """client: x
period: quarter
survey:
  source: survey.csv
  columns: {date: day}
  metrics: {nps: {column: q1, scale: [0, 10]}, ces: {column: q2, scale: [1, 7], direction: higher}}
  segments: {tier: {column: t, order: [gold, silver]}}
  invited: {2026Q3: 900}
fieldwork:
  columns: {started: begin, ended: end, finished: state}
  finished: [done]
  aims: {nps: 5, ces: {change: 0.2, within: 0.4}}
  segments: [tier]
  population: 20000
  response_rate: {gold: 0.4, silver: 0.2}
  budget: 1500
  waves:
    2026Q4: {start: 2026-10-01, end: 2026-10-31, invited: 950, answers: 400, quotas: {tier: {gold: 100, silver: 300}}}
    2027Q1: {start: 2027-01-10, end: 2027-02-10}
  visits: {visitors: [M1, M2], each: 3, start: 2026-11-01, end: 2026-11-30, locations: [A, B]}
"""  # noqa: E501 - a wave a line


def faults(text: str, folder: Path) -> list[str]:
    (folder / "params").mkdir(exist_ok=True)
    (folder / "params" / "x.yaml").write_text(text, encoding="utf-8")
    try:
        load("x", Workspace(folder))
    except InvalidParams as wrong:
        return [str(fault) for fault in wrong.faults]
    return []


def test_a_whole_section_is_read(tmp_path: Path) -> None:
    assert faults(GOOD, tmp_path) == []
    field = load("x", Workspace(tmp_path)).fieldwork
    assert field is not None
    assert field.aims["nps"].margin == 5
    assert field.waves["2026Q4"].quotas["tier"] == {"gold": 100, "silver": 300}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gold: 100,", "golden: 100,", "'golden' is no value of 'tier'; did you mean 'gold'"),
        ("quotas: {tier:", "quotas: {teir:", "'teir' is not a segment; did you mean 'tier'"),
        ("gold: 100,", "gold: -100,", "-100 is too small"),
        ("gold: 100,", "gold: 200,", "sum to 500, more than the 400"),
        ("end: 2026-10-31", "end: 2026-09-30", "2026-09-30 is before the start, 2026-10-01"),
        ("start: 2027-01-10", "start: 2026-10-20", "in the field of '2026Q4' still"),
        ("start: 2026-10-01, end", "end", "an end needs a start"),
        ("start: 2026-10-01", "start: soon", "'soon' is not a day"),
        ("silver: 0.2", "silver: 30", "30 looks like percent; write 0.3?"),
        ("silver: 0.2", "silver: 0", "no share of those invited"),
        ("silver: 0.2", "silber: 0.2", "did you mean 'silver'"),
        ("{gold: 0.4, silver: 0.2}", "-0.2", "no share of those invited"),
        ("budget: 1500", "budget: -5", "too small"),
        ("budget: 1500", "budgte: 1500", "did you mean 'budget'"),
        ("population: 20000", "population: 500", "500 customers are fewer than the 950 invited"),
        ("nps: 5", "nsp: 5", "'nsp' is neither a metric nor a touchpoint; did you mean 'nps'"),
        ("nps: 5", "nps: 0", "is no margin"),
        ("nps: 5", "nps: 300", "as wide as all that 'nps' can be"),
        ("{change: 0.2, within: 0.4}", "{change: 0.2, margin: 1}", "one of margin (±) and change"),
        ("segments: [tier]", "segments: [region]", "'region' is not a segment"),
        (", finished: state", "", "name their column"),
        ("visitors: [M1, M2]", "visitors: [M1, M1]", "'M1' is listed twice"),
        ("each: 3", "each: 0", "too small"),
        ("invited: {2026Q3: 900}", "invited: {2026Q3: 0}", "0 is too small"),
        ("invited: 950", "invited: -1", "-1 is too small"),
        ("{2026Q3: 900}", "{2026Q3: 900, 2026Q4: 800}", "is 950 here and 800 under survey.invited"),
    ],
)
def test_what_contradicts_itself_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert GOOD.count(old) == 1, old
    text = GOOD.replace(old, new)
    (fault,) = faults(text, tmp_path)
    assert said in fault
    line = 1 + GOOD[: GOOD.index(old)].count("\n")
    assert "under survey" in said or any(f"x.yaml:{n}:" in fault for n in (line, line + 1))


def test_without_a_start_nothing_can_be_followed(tmp_path: Path) -> None:
    text = GOOD.replace("columns: {date: day}", "columns: {period: day}")
    (fault,) = faults(text.replace("started: begin, ", ""), tmp_path)
    assert "nothing tells when an interview began" in fault
    (fault,) = faults("client: x\nfieldwork: {budget: 100}\n", tmp_path)
    assert "no `survey:` section" in fault
