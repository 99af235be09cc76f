"""Registers: the YAML file and its Excel copy are one; nothing is lost, conflicts are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings, strategies as st

from cxlib.chapters import registers_of
from cxlib.chapters.actions.register import Register
from cxlib.data.register_excel import BASE, read_book, workbook
from cxlib.data.registers import bring_together, read_register, take_in, taken_in
from cxlib.params import Client, InvalidParams, load
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

CLIENT = """client: x
language: [en, zh]
survey:
  source: s.csv
  columns: {id: id, date: date}
  metrics: {nps: {column: q1, scale: [0, 10], label: {en: NPS, zh: NPS}}}
actions: registers/actions.yaml
"""
YAML = """# what we promised the board
actions:
  - id: a1   # the first
    title: {en: Call back, zh: 回拨}
    kpi: nps
    due: 2026-08
    state: in progress
    owner: {en: Head of service, zh: 客服经理}
    started: 2026-03-02
  - id: a2
    title: "=SUM(A1)"
    effort: 5
    note: |
      two
      lines
adjustments:
  - {action: a1, date: 2026-05-04, change: Later, reason: Supplier}
"""


class Place:
    """A workspace of one client with a register of actions."""

    def __init__(self, folder: Path, text: str = YAML) -> None:
        self.workspace = Workspace(folder)
        (folder / "params").mkdir()
        (folder / "params" / "x.yaml").write_text(CLIENT, encoding="utf-8")
        self.yaml = folder / "data" / "x" / "registers" / "actions.yaml"
        self.book = self.yaml.with_suffix(".xlsx")
        self.yaml.parent.mkdir(parents=True)
        self.write(text)

    @property
    def client(self) -> Client:
        return load("x", self.workspace)

    def write(self, text: str) -> None:
        self.yaml.write_text(text, encoding="utf-8")

    def replace(self, old: str, new: str) -> None:
        text = self.yaml.read_text(encoding="utf-8")
        assert old in text
        self.write(text.replace(old, new))

    def read(self) -> Any:
        return read_register(self.client, "actions", Register, self.workspace)

    def together(self) -> list[str]:
        return bring_together(self.client, "actions", Register, self.workspace)

    def edit(self, *cells: tuple[str, int, str, Any], drop: tuple[str, int] | None = None) -> None:
        """Edit the Excel copy as Excel would: sheet, row from 2, column, value."""
        import python_calamine as calamine

        book = calamine.CalamineWorkbook.from_path(str(self.book))
        sheets = {n: book.get_sheet_by_name(n).to_python() for n in book.sheet_names}
        for sheet, row, column, value in cells:
            rows = sheets[sheet]
            while len(rows) < row:
                rows.append([""] * len(rows[0]))
            if column not in rows[0]:
                rows[0].append(column)
                rows[1:] = [[*line, ""] for line in rows[1:]]
            rows[row - 1][rows[0].index(column)] = value
        if drop:
            del sheets[drop[0]][drop[1] - 1]
        with xlsxwriter.Workbook(str(self.book), {"strings_to_formulas": False}) as made:
            for name, rows in sheets.items():
                page = made.add_worksheet(name)
                if name == BASE:
                    page.very_hidden()
                for line, row in enumerate(rows):
                    for at, value in enumerate(row):
                        if value != "":
                            page.write(line, at, value)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def messages(found: Any) -> str:
    return "\n".join(map(str, found.faults))


def test_a_register_is_read_taken_in_and_read_back(place: Place) -> None:
    client = place.client
    models = registers_of(client)
    assert models == {"actions": Register}
    digests = take_in(client, place.workspace, models)
    found = taken_in(client, "actions", Register, place.workspace)
    assert found == place.read().register
    assert [a.id for a in found.actions] == ["a1", "a2"]
    assert found.frame("actions")["title"].tolist() == ["actions.a1", "actions.a2"]
    assert found.labels("zh")["actions.a1"] == "回拨"
    assert found.labels("en")["actions.a2.note"] == "two\nlines"
    place.replace("state: in progress", "state: approved")
    assert take_in(client, place.workspace, models) != digests


def test_the_copy_says_what_the_yaml_says_and_the_round_trip_changes_nothing(place: Place) -> None:
    before = place.read()
    text = place.yaml.read_bytes()
    place.together()
    assert place.book.is_file()
    assert place.read().register == before.register
    assert place.together() == ["actions: both say the same."]
    assert place.yaml.read_bytes() == text


def test_what_excel_changed_reaches_the_yaml_and_comments_stay(place: Place) -> None:
    place.together()
    place.edit(
        ("actions", 2, "state", "done"),
        ("actions", 2, "done", "2026-07-01"),
        ("actions", 2, "title.zh", "电话回拨"),
        ("actions", 4, "id", "a3"),
        ("actions", 4, "title.en", "New one"),
        ("actions", 4, "effort", 2.5),
    )
    found = place.read()
    assert found.register is not None, messages(found)
    one, _two, three = found.register.actions
    assert (one.state, str(one.done), one.title["zh"]) == ("done", "2026-07-01", "电话回拨")
    assert (three.id, three.effort) == ("a3", 2.5)
    place.together()
    text = place.yaml.read_text(encoding="utf-8")
    assert "# what we promised the board" in text
    assert "# the first" in text
    assert place.read().register == found.register
    assert place.together() == ["actions: both say the same."]
    assert place.yaml.with_name("actions.yaml.bak").is_file()


def test_one_language_of_a_text_for_all_may_be_changed(place: Place) -> None:
    place.together()
    place.edit(("actions", 3, "title.zh", "第二项"))
    assert place.read().register.actions[1].title == {"en": "=SUM(A1)", "zh": "第二项"}
    place.together()
    assert place.together() == ["actions: both say the same."]
    assert place.read().register.actions[1].title == {"en": "=SUM(A1)", "zh": "第二项"}


def test_every_demo_register_survives_its_copy(demo_workspace: Workspace, tmp_path: Path) -> None:
    for name in demo_workspace.clients():
        client = load(name, demo_workspace)
        for section, model in registers_of(client).items():
            found = read_register(client, section, model, demo_workspace)
            path = tmp_path / f"{name}-{section}.xlsx"
            path.write_bytes(workbook(found.content, model, languages=client.languages))
            book = read_book(path, model, shown=path.name)
            assert book.faults == []
            assert book.base is not None
            for list_, rows in book.base.items():
                told = {key: row.cells for key, row in book.tables[list_].items()}
                assert told == {key: row.cells for key, row in rows.items()}


def test_both_sides_may_change_different_cells(place: Place) -> None:
    place.together()
    place.edit(("actions", 2, "due", "2026-09"))
    place.replace("state: in progress", "state: approved")
    one = place.read().register.actions[0]
    assert (one.due, one.state) == ("2026-09", "approved")
    place.together()
    assert place.together() == ["actions: both say the same."]


def test_a_cell_that_shows_an_error_is_no_empty_cell(place: Place) -> None:
    place.together()
    before = place.yaml.read_bytes()
    place.edit(("actions", 2, "due", "#N/A"))
    found = place.read()
    assert found.register is None
    (fault,) = found.faults
    assert fault.line == 2
    assert "the cell shows #N/A" in str(fault)
    with pytest.raises(InvalidParams):
        place.together()
    assert place.yaml.read_bytes() == before


def test_one_cell_changed_in_both_is_a_conflict_with_both_values(place: Place) -> None:
    place.together()
    place.edit(("actions", 2, "due", "2026-09"))
    place.replace("due: 2026-08", "due: 2026-10")
    found = place.read()
    assert found.register is None
    (fault,) = found.faults
    assert fault.file.endswith("actions.xlsx, sheet actions")
    assert (fault.line, fault.key) == (2, "actions[0].due")
    for said in ("2026-08", "2026-09", "2026-10", "actions.yaml, line 6"):
        assert said in str(fault)
    before = place.yaml.read_bytes(), place.book.read_bytes()
    with pytest.raises(InvalidParams):
        place.together()
    assert (place.yaml.read_bytes(), place.book.read_bytes()) == before


def test_a_row_taken_out_goes_unless_the_other_side_changed_it(place: Place) -> None:
    place.together()
    place.edit(drop=("actions", 3))
    assert [a.id for a in place.read().register.actions] == ["a1"]
    place.replace("effort: 5", "effort: 6")
    assert "taken out of the Excel copy" in messages(place.read())


def test_a_copy_without_its_origin_contradicts_what_differs(place: Place) -> None:
    place.together()
    place.edit(("actions", 2, "due", "2026-09"), (BASE, 1, "", ""))
    place.edit(drop=(BASE, 1))
    place.edit((BASE, 1, "actions", "broken"))
    assert "2026-08" in messages(place.read())


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([("actions", 2, "onwer", "Ann")], "did you mean 'owner.en'|'onwer' is no column here"),
        ([("actions", 2, "state", "donne")], "did you mean 'done'"),
        ([("actions", 2, "done", "2026-02-01")], "before started on 2026-03-02"),
        ([("actions", 4, "id", "a1"), ("actions", 4, "title.en", "x")], "already"),
        ([("actions", 2, "kpi", "npss")], "did you mean 'nps'"),
    ],
)
def test_a_wrong_cell_is_named_with_its_row(place: Place, cells: Any, said: str) -> None:
    place.together()
    place.edit(*cells)
    found = place.read()
    assert found.register is None
    assert any(part in messages(found) for part in said.split("|")), messages(found)
    assert "actions.xlsx" in messages(found)


def test_a_column_or_sheet_that_is_gone_is_no_deletion(place: Place) -> None:
    place.together()
    place.edit(("actions", 1, "due", "when"))
    assert "the column 'due' is gone" in messages(place.read())


def test_every_fault_of_the_yaml_is_told_at_once(place: Place) -> None:
    place.write(
        "actions:\n"
        "  - {id: a1, title: One, kpi: npz, due: soon}\n"
        "  - {id: a1, title: Two, started: 2026-05-01, done: 2026-04-01}\n"
        "  - {title: Three, stat: done}\n"
        "acts: []\n"
    )
    found = place.read()
    told = {(fault.line, fault.key) for fault in found.faults}
    assert {(2, "actions[0].due"), (3, "actions[1].id"), (4, "actions[2].id")} <= told
    assert {(4, "actions[2].stat"), (5, "acts")} <= told
    assert {(2, "actions[0].kpi"), (3, "actions[1].done")} <= told


@pytest.mark.parametrize("file", ["../x.yaml", "registers/none.yaml", "registers/a.txt"])
def test_a_register_lies_below_the_data_folder(place: Place, file: str) -> None:
    client_file = place.workspace.params / "x.yaml"
    client_file.write_text(CLIENT.replace("registers/actions.yaml", file), encoding="utf-8")
    if file.endswith(".txt"):
        with pytest.raises(InvalidParams, match="no register"):
            load("x", place.workspace)
        return
    (fault,) = place.read().faults
    assert (fault.file, fault.line) == ("params/x.yaml", 7)


def test_a_register_may_be_kept_in_excel_alone(place: Place) -> None:
    place.together()
    place.yaml.unlink()
    text = CLIENT.replace("actions.yaml", "actions.xlsx")
    (place.workspace.params / "x.yaml").write_text(text, encoding="utf-8")
    assert [a.id for a in place.read().register.actions] == ["a1", "a2"]


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1)


@settings(max_examples=40)
@given(
    title=WORDS.filter(str.strip),
    note=st.lists(WORDS, min_size=1, max_size=3).map("\n".join).filter(str.strip),
    effort=st.floats(0.25, 1e6),
    due=st.sampled_from(["2026-08", "2026Q4", "2026", "2026-10-31"]),
)
def test_an_untouched_copy_holds_exactly_what_it_was_made_from(
    tmp_path_factory: pytest.TempPathFactory, title: str, note: str, effort: float, due: str
) -> None:
    row = {
        "id": "1",
        "title": {"en": title, "zh": "回拨"},
        "note": note,
        "effort": effort,
        "due": due,
    }
    path = tmp_path_factory.mktemp("book") / "actions.xlsx"
    path.write_bytes(workbook({"actions": (row,)}, Register, languages=("en", "zh")))
    book = read_book(path, Register, shown="actions.xlsx")
    assert book.base is not None
    assert book.faults == []
    told = {key: row.cells for key, row in book.tables["actions"].items()}
    assert told == {key: row.cells for key, row in book.base["actions"].items()}
    cells = told["1",]
    assert (cells["effort"], cells["due"], cells["id"]) == (
        pytest.approx(effort, rel=1e-14),
        due,
        "1",
    )


OBLIGATIONS = """contract: {review_days: 5, late_fee: 5, start: 2026-03-02, end: 2026-01-01}
deliverables:
  - {id: d1, title: Plan, due: 2026-10-03}
  - {id: d2, title: Two, delivered: 2026-10-09, due: 2026-10-09, replied: 2026-10-08}
  - {id: d3, title: Late}
payments:
  - {id: p1, title: First, amount: 100, after: d9}
  - {id: p2, title: Second, amount: -1, due: 2026-10-09}
"""


def test_a_contract_is_checked_whole_a_fee_of_five_asks_and_a_holiday_is_told(
    tmp_path: Path,
) -> None:
    from cxlib.chapters.engagement.register import Register as Obligations

    place = Place(tmp_path, OBLIGATIONS)
    text = CLIENT.replace("actions:", "obligations:") + "calendar: {country: CN}\n"
    (tmp_path / "params" / "x.yaml").write_text(text, encoding="utf-8")
    found = read_register(place.client, "obligations", Obligations, place.workspace)
    said = {(f.line, f.key): f for f in found.faults}
    assert "is 0.05 (5%) meant" in said[1, "contract.late_fee"].message
    assert "before its start" in said[1, "contract.end"].message
    assert said[3, "deliverables[0].due"].severity == "warning"
    assert "2026-10-08" in said[3, "deliverables[0].due"].message
    assert "before delivered on" in said[4, "deliverables[1].replied"].message
    assert said[5, "deliverables[2].due"].message == "is missing."
    assert "is no deliverable" in said[7, "payments[0].after"].message
    assert "amount" in said[8, "payments[1].amount"].message
    right = OBLIGATIONS.replace("late_fee: 5", "late_fee: 0.05%")
    edits = {
        "2026-01-01": "2027-03-01",
        "replied: 2026-10-08": "replied: 2026-10-12",
        "Late}": "Late, due: 2026-10-09}",
        "d9": "d1",
        ": -1": ": 1",
    }
    for old, new in edits.items():
        right = right.replace(old, new)
    place.write(right)
    found = read_register(place.client, "obligations", Obligations, place.workspace)
    assert [f.severity for f in found.faults] == ["warning"], messages(found)
    assert found.register.contract.late_fee == pytest.approx(0.0005)
    bring = bring_together(place.client, "obligations", Obligations, place.workspace)
    assert len(bring) == 1
    again = read_register(place.client, "obligations", Obligations, place.workspace)
    assert again.register == found.register


@pytest.mark.parametrize(("name", "kind"), [("lakeside-bank", "tools"), ("nova-mall", "training")])
def test_a_demos_excel_copy_says_the_same(tmp_path: Path, name: str, kind: str) -> None:
    place = copy_workspace(tmp_path / "w", name)
    client = load(name, place)
    model = registers_of(client)[kind]
    before = read_register(client, kind, model, place)
    bring_together(client, kind, model, place)
    after = read_register(client, kind, model, place)
    assert after.book is not None
    assert after.register == before.register
    assert not after.yaml_stale
