"""`cx form`: what it writes, what it leaves alone, and how what comes back is read."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cxlib import Engagement, params
from cxlib.analysis.fieldwork import visit_plan
from cxlib.chapters.fieldwork import forms, platforms
from cxlib.chapters.fieldwork.questionnaire import Item, questionnaire
from cxlib.chapters.visits.register import Register
from cxlib.cli import main
from cxlib.data.demo import _visits as planted
from cxlib.data.registers import read_register
from cxlib.errors import DataError
from cxlib.words import Words
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

CLIENT = """
client: shop
name: {en: "Shop [[Block:x]]", zh: 商店}
language: [en, zh]
period: quarter
survey:
  source: {files: answers*.FORMAT}
  columns: {id: id, date: day, comment: why}
  where: {state: [done]}
  missing: [99]
  not_applicable: [not used]
  metrics:
    nps: {column: Q1, scale: [0, 10]}
    csat: {column: Q2, scale: [1, 5], top: 2, direction: lower}
    ces: {column: Q3, scale: [1, 7], direction: lower}
    value: {column: Q4, kind: mean, scale: [1, 10]}
  touchpoints:
    - {key: app, column: Q5, scale: [1, 5], label: "=App"}
    - {key: desk, column: Q6, scale: [1, 5]}
  questions:
    heard: {column: Q7, options: [Friends, Press]}
    reasons: {columns: "Q8_*", kind: multiple, options: {Q8_1: Price, Q8_2: Place}}
  segments: {tier: {column: Tier, values: {gold: Gold, silver: Silver}}}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("platformdirs.user_config_dir", lambda *a, **k: str(tmp_path / "config"))
    (tmp_path / "params").mkdir()
    (tmp_path / "data" / "shop").mkdir(parents=True)
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    return Workspace(tmp_path)


def client_of(place: Workspace, kind: str = "csv") -> params.Client:
    text = CLIENT.replace("FORMAT", kind)
    (place.params / "shop.yaml").write_text(text, encoding="utf-8")
    return params.load("shop", place)


def filled(client: params.Client, head: list[str], n: int = 40) -> list[dict[str, str]]:
    """Return the table of answers as people fill it: any cell that the form offers."""
    rng = np.random.default_rng(4)
    offered = {column: [cell for cell, _text in item.options] if len(item.columns) == 1 else ["1"]
               for item in questionnaire(client, Words()) for column in item.columns}  # fmt: skip
    rows = []
    for at in range(n):
        row = {column: str(rng.choice(cells)) if cells else "" for column, cells in offered.items()}
        row |= {"id": f"c{at}", "day": f"2026-07-{1 + at % 28:02d}", "state": "done", "why": "ok"}
        rows.append({column: row.get(column, "") for column in head})
    return rows


def read_back(place: Workspace, *how: str) -> pd.DataFrame:
    """Have answers checked, and return them as the chapters read them."""
    checked = CliRunner().invoke(main, ["check", "shop", *how])
    assert checked.exit_code == 0, checked.output
    return Engagement.open("shop", chapter="assessment", workspace=place).survey()


def test_what_comes_back_is_read_by_the_same_file(place: Workspace) -> None:
    read = {}
    for kind, how in {"csv": (), "xlsx": ("--quick",)}.items():
        client = client_of(place, kind)
        assert CliRunner().invoke(main, ["form", "shop"]).exit_code == 0
        blank = place.forms("shop") / f"answers.{kind}"
        back = place.data("shop") / f"answers.{kind}"
        if kind == "csv":
            head = next(csv.reader(io.StringIO(blank.read_text(encoding="utf-8-sig"))))
            pd.DataFrame(filled(client, head)).to_csv(back, index=False)
        else:
            head = list(pd.read_excel(blank, engine="calamine").columns)
            table = pd.DataFrame(filled(client, head))
            table.to_excel(back, index=False, engine="xlsxwriter", sheet_name="Answers")
        read[kind] = read_back(place, *how)
        there = Engagement.open("shop", chapter="assessment", workspace=place)
        assert read[kind]["app_used"].eq(False).any()
        kpis = there.kpis().at("2026Q3").table.set_index("kpi")["n"]
        assert kpis.loc[["nps", "csat", "ces", "value"]].tolist() == [40] * 4
    # every chapter was tried on the one: the others are the same table, or one of the same make,
    # of which only the options of several choices are called otherwise
    pd.testing.assert_frame_equal(read["csv"], read["xlsx"])
    kinds = [
        [(str(name).partition("=")[0], kind) for name, kind in table.dtypes.items()]
        for table in (read["csv"], as_read(place, "问卷星"), as_read(place, "LimeSurvey"))
    ]
    assert kinds[0] == kinds[1] == kinds[2]


def exported(place: Workspace, where: str) -> tuple[list[str], list[list[str]]]:
    """Return answers as a platform exports them: what it asked, from the very file it imported."""
    folder = place.forms("shop")
    asked: list[tuple[str, str, list[str]]] = []  # heading, kind, answers
    if where == "问卷星":
        text = (folder / "questionnaire.en.wjx.txt").read_text(encoding="utf-8")
        for block in text.split("\n\n")[1:-1]:
            title, *options = block.strip().split("\n")
            number, _dot, rest = title.partition(". ")
            said, kind = rest[:-1].rsplit("[", 1)
            asked.append((f"{number}、{said}", kind, options))
        head = ["序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP"]
    else:
        file = folder / "questionnaire.limesurvey.txt"
        rows = pd.read_csv(file, sep="\t", dtype="str", keep_default_na=False)
        for one in rows[rows["language"] == "en"].to_dict("records"):
            if one["class"] == "Q":
                asked.append((f"{one['name']}. {one['text']}", one["type/scale"], []))
                question = one
            elif one["class"] == "A":
                asked[-1][2].append(one["text"])
            elif one["class"] == "SQ":
                if asked[-1][0].startswith(f"{question['name']}. "):
                    asked.pop()
                asked.append((f"{question['name']}[{one['name']}]", "M", ["Yes", ""]))
        head = ["id", "submitdate", "lastpage", "startlanguage"]
    rng, filled = np.random.default_rng(4), []
    for i in range(40):
        row = [str(i + 1), f"2026-07-{1 + i % 28:02d} 10:00:00", *["x"] * (len(head) - 2)]
        for _heading, kind, options in asked:
            if kind == "多选题":
                row.append("┋".join(rng.permutation(options)[: 1 + i % 2]))
            else:
                row.append(str(rng.choice(options)) if options else "ok")
        filled.append(row)
    return [*head, *(heading for heading, _kind, _options in asked)], filled


def as_read(place: Workspace, where: str) -> pd.DataFrame:
    for left in (*place.forms("shop").iterdir(), *place.data("shop").glob("answers*")):
        left.unlink()
    columns = {"问卷星": "id: 序号, date: 提交答卷时间", "LimeSurvey": "id: id, date: submitdate"}
    text = CLIENT.replace("FORMAT", "csv").replace("id: id, date: day", columns[where])
    text = text.replace("  where: {state: [done]}\n", "")
    if where == "问卷星":  # one column for several choices
        several = 'columns: "Q8_*", kind: multiple, options: {Q8_1: Price, Q8_2: Place}'
        text = text.replace(several, "column: Q8, kind: multiple, options: [Price, Place]")
    (place.params / "shop.yaml").write_text(text, encoding="utf-8")
    client = params.load("shop", place)
    list(forms.write(client, place))
    head, rows = exported(place, where)
    book = io.StringIO()
    csv.writer(book).writerows([head, *rows])
    (place.data("shop") / "answers.csv").write_text(book.getvalue(), encoding="utf-8-sig")
    survey = read_back(place, "--quick")
    assert len(survey) == 40
    at = next(i for i, name in enumerate(head) if "Q1" in name)
    assert survey["nps"].tolist() == [float(row[at].partition(" ")[0]) for row in rows]
    assert survey[["csat", "ces", "value"]].notna().all(axis=None)
    assert survey["app_used"].eq(False).any()
    assert survey["comment"].eq("ok").all()
    assert sum(str(column).startswith("reasons=") for column in survey) == 2
    assert set(survey["tier"]) == {"gold", "silver"}
    return survey


def test_a_clients_text_is_harmless_on_every_platform(place: Workspace) -> None:
    text = CLIENT.replace("FORMAT", "csv").replace('"=App"', '"{Q1.NAOK}<script>[多选题]\\tx"')
    (place.params / "shop.yaml").write_text(text, encoding="utf-8")
    list(forms.write(params.load("shop", place), place))
    folder = place.forms("shop")
    lime = (folder / "questionnaire.limesurvey.txt").read_text(encoding="utf-8-sig")
    assert "<script>" not in lime
    assert "{" not in lime
    table = pd.read_csv(io.StringIO(lime), sep="\t", dtype="str", keep_default_na=False)
    assert set(table["class"]) == {"S", "SL", "G", "Q", "A", "SQ"}
    assert table.loc[table["class"] == "Q", "name"].str.fullmatch("[A-Za-z][A-Za-z0-9]{0,19}").all()
    assert table.loc[table["class"] == "A", "name"].str.fullmatch("[A-Za-z0-9]{1,5}").all()
    per = table[table["language"] != ""].groupby("language")["class"].apply(list)
    assert per["en"] == per["zh-Hans"]  # as many rows, in the same order, in every language
    for language in ("en", "zh"):
        wjx = (folder / f"questionnaire.{language}.wjx.txt").read_text(encoding="utf-8")
        assert wjx.count("[多选题]") == 1
        assert "[段落说明]" in wjx


def test_only_scales_from_1_are_scales_where_an_answer_may_come_back_as_its_place() -> None:
    options = {kind: tuple((str(i), "") for i in cells) for kind, cells in
               {"scale": range(1, 6), "zero": range(11)}.items()}  # fmt: skip
    item = Item(key="x", kind="rating", text="", reason="", options=options["scale"], numbered=True)
    assert platforms.kind_of(item) == "scale"
    assert platforms.kind_of(replace(item, options=options["zero"])) == "rating"
    beside = (*options["scale"], ("not used", "I did not use it"))
    assert platforms.kind_of(replace(item, options=beside)) == "rating"


def test_nothing_is_overwritten_silently(place: Workspace) -> None:
    client = client_of(place)
    list(forms.write(client, place))
    mine = place.forms("shop") / "questionnaire.en.txt"
    mine.write_text("mine", encoding="utf-8")
    told = list(forms.write(client, place))
    assert any("questionnaire.en.txt is there already and stays" in line for line in told)
    assert mine.read_text(encoding="utf-8") == "mine"
    list(forms.write(client, place, replace=True))
    assert mine.read_text(encoding="utf-8") != "mine"
    assert mine.with_name("questionnaire.en.txt.bak").read_text(encoding="utf-8") == "mine"


def test_the_right_scales_in_the_right_order(place: Workspace) -> None:
    items = questionnaire(client_of(place), Words(labels={"app": "=App"}))
    asked = [item for item in items if item.kind != "text"]
    assert [item.key for item in asked] == [
        "nps", "comment", "csat", "ces", "value", "app", "desk", "heard", "reasons", "tier"
    ]  # fmt: skip
    by = {item.key: item for item in asked}
    assert [cell for cell, _text in by["nps"].options] == [str(i) for i in range(11)]
    assert by["csat"].options[0] == ("1", "very satisfied")  # direction: lower
    assert by["ces"].options[0] == ("1", "very little effort")
    assert by["app"].options[-1] == ("not used", "I did not use it")
    assert by["reasons"].columns == ("Q8_1", "Q8_2")
    assert all(item.reason for item in asked)


def test_a_clients_text_is_no_markup_of_the_platform_and_no_formula(place: Workspace) -> None:
    client = client_of(place)
    list(forms.write(client, place))
    text = (place.forms("shop") / "questionnaire.en.txt").read_text(encoding="utf-8")
    assert text.startswith("[[AdvancedFormat]]")
    assert text.count("[[Block:") == 1
    assert "[[ID:Q1]]" in text
    assert "0 - not at all likely" in text
    book = place.forms("shop") / "questionnaire.zh.xlsx"
    assert "<f>" not in str(pd.read_excel(book, engine="calamine").to_dict())


def test_a_client_without_codes_or_registers_is_told(place: Workspace) -> None:
    bare = CLIENT.replace("  not_applicable: [not used]\n", "").replace("FORMAT", "csv")
    (place.params / "shop.yaml").write_text(bare, encoding="utf-8")
    told = "\n".join(forms.write(params.load("shop", place), place))
    assert "no words for “did not use it”" in told
    assert "needs: registers/needs.xlsx" in told
    assert "no register of visits" in told


def test_the_visits_that_are_planned_come_back_by_the_register(tmp_path: Path) -> None:
    there = copy_workspace(tmp_path / "w", "harbour-hotels")
    client = params.load("harbour-hotels", there)
    list(forms.write(client, there))
    book = there.forms("harbour-hotels") / "visits.xlsx"
    back = there.data("harbour-hotels") / "registers" / "visits.xlsx"
    back.write_bytes(book.read_bytes())
    read = read_register(client, "visits", Register, there)
    assert read.register is not None
    planned = [visit for visit in read.register.visits if visit.id.startswith("p")]
    assert len(planned) == 8 * len(planted.HOTELS)
    scores = [s for s in read.register.scores if s.visit == planned[0].id]
    assert {s.standard for s in scores} == set(planted.CHANCES)
    for language in ("en", "zh"):
        form = pd.read_excel(there.forms("harbour-hotels") / f"visit-form.{language}.xlsx",
                             engine="calamine")  # fmt: skip
        assert len(form) == len(planted.CHANCES)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
@pytest.mark.parametrize("v", [2, 3, 4, 5])
@pytest.mark.parametrize("each", [2, 4, 7])
def test_a_plan_is_balanced(n: int, v: int, each: int) -> None:
    start, end = pd.Timestamp("2026-11-02").date(), pd.Timestamp("2026-11-29").date()
    places, people = [f"p{i}" for i in range(n)], [f"v{i}" for i in range(v)]
    plan = visit_plan(places, visitors=people, each=each, start=start, end=end, seed=1)
    table = plan.table
    assert table["location"].value_counts().to_dict() == dict.fromkeys(places, each)
    loads = table["visitor"].value_counts().reindex(people, fill_value=0)
    assert loads.max() - loads.min() <= 1
    seen = table.groupby("location")["visitor"].nunique()
    assert (seen >= min(each, v)).all()  # nobody returns before all others were there
    places_of = table.groupby("visitor")["location"].nunique()
    assert ((places_of >= 2) | (loads.loc[places_of.index] < 2)).all()
    assert bool(plan.caveats) == bool((places_of < 2).any())
    if n * each <= 28:
        assert not table.duplicated(["visitor", "date"]).any()
    parts = pd.crosstab(table["location"], table["daypart"])
    assert (parts.max(axis=1) - parts.min(axis=1) <= 1).all()
    assert table["date"].between(start, end).all()
    again = visit_plan(places, visitors=people, each=each, start=start, end=end, seed=1)
    pd.testing.assert_frame_equal(again.table, table)


def test_nothing_to_plan_is_refused() -> None:
    day = pd.Timestamp("2026-11-02").date()
    with pytest.raises(DataError, match="nothing to plan"):
        visit_plan([], visitors=["a"], each=1, start=day, end=day)
    with pytest.raises(DataError, match="before the start"):
        visit_plan(["x"], visitors=["a"], each=1, start=day, end=day - pd.Timedelta(days=1))
