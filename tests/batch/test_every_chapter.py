"""One small client with all sixteen chapters: what check lets pass of its mishaps, a run makes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from cxlib import params
from cxlib.batch.chapters import discover
from cxlib.data.check import check
from cxlib.workspace import Workspace
from tests.conftest import ROOT, made

BANK, HOTEL, MALL = (
    ROOT / "data" / name for name in ("lakeside-bank", "harbour-hotels", "nova-mall")
)
DATED = {
    "survey": ("Completed", 500), "tickets": ("Created", 500), "rewards_members": ("Joined", 300),
    "rewards_purchases": ("Day", 3000), "rewards_benefits": ("Day", 400),
    "rewards_points": ("Day", 600), "reviews": ("评价时间", 200), "steps": ("时间", 1500),
    "field": ("Began", 80),
}  # fmt: skip
"""The dates of each table, and how many of its rows are drawn."""
Tables = dict[str, pd.DataFrame]
Registers = dict[str, Any]


def yaml() -> YAML:
    made = YAML()
    made.width = 4000
    return made


def tables() -> Tables:
    """Draw some rows of each of the demo clients' tables."""
    book = BANK / "survey.xlsx"
    told = {"survey": pd.read_excel(book, sheet_name="Responses", dtype=str, engine="calamine")}
    told |= {name: pd.read_csv((BANK if name not in {"reviews", "steps"} else MALL)
                               / f"{name}.csv", dtype=str)
             for name in DATED if name not in ("survey", "field")}  # fmt: skip
    members = told["rewards_members"] = told["rewards_members"].sample(300, random_state=1)
    for name in ("rewards_purchases", "rewards_benefits", "rewards_points"):
        told[name] = told[name][told[name]["Customer"].isin(members["Customer"])]
    field = told["survey"].sample(80, random_state=3).drop(columns="Completed")
    days = pd.date_range("2026-10-08 09:00", periods=80, freq="3h").strftime("%Y-%m-%d %H:%M:%S")
    field.insert(0, "Began", days)
    told["field"] = field.assign(State=["done", "done", "left"] * 26 + ["done", "done"])
    return {
        name: frame.sample(min(DATED[name][1], len(frame)), random_state=1).sort_index().fillna("")
        for name, frame in told.items()
    }


def client_file() -> dict[str, Any]:
    """Return the bank's client file with the sections that only the other clients have."""
    told: dict[str, Any] = yaml().load((ROOT / "params" / "lakeside-bank.yaml").read_text("utf-8"))
    told |= {"client": "every", "language": "en", "demo": True}
    told["survey"]["source"] = "survey.csv"
    told["comments"] = {"reviews": {"source": "reviews.csv", "scale": [1, 5], "columns": {
        "text": "评价内容", "date": "评价时间", "rating": "星级", "channel": "网站"}}}  # fmt: skip
    told["events"] = {"source": "steps.csv", "days": 10,
                      "columns": {"customer": "客户编号", "step": "步骤", "time": "时间"},
                      "steps": {"app": ["浏览 View"], "payments": ["加购 Cart", "付款 Pay"],
                                "statements": ["签收 Receive"]}}  # fmt: skip
    kept = {"source": "kept.csv", "period": "q", "numerator": "n", "denominator": "d"}
    told["kpis"] = {"kept": kept | {"direction": "higher", "format": "percent"}}
    field: dict[str, Any] = {
        "source": "field.csv",
        "columns": {"started": "Began", "finished": "State"},
    }
    waves = {"2026Q4": {"start": "2026-10-08", "end": "2026-11-08"}}
    field |= {"finished": ["done"], "aims": {"nps": 8}, "population": 20000, "waves": waves}
    told["fieldwork"] = field
    told["targets"].append({"metric": "kept", "target": 0.95, "due": "2026Q4"})
    for name in ("training", "visits"):
        told[name] = f"registers/{name}.yaml"
    return told


def registers() -> Registers:
    places = dict.fromkeys(("actions", "needs", "tools", "obligations"), BANK)
    places |= {"visits": HOTEL, "training": MALL}
    told = {
        name: yaml().load((place / "registers" / f"{name}.yaml").read_text("utf-8"))
        for name, place in places.items()
    }
    for course in told["training"]["courses"]:
        course.pop("deliverable", None)
    return told


def alone(file: dict[str, Any], told: Tables, _registers: Registers) -> None:
    """One row of everything."""
    for name in told:
        told[name] = told[name].tail(1)
    told["survey"] = told["survey"].assign(Brand="Lakeside")
    for target in file["targets"]:
        target.pop("baseline", None)


def alike(_file: dict[str, Any], told: Tables, registers: Registers) -> None:
    """Everybody answers alike, every ticket and purchase is the same, no register has a row."""
    asked = [c for c in told["survey"] if str(c).startswith("Q") and c != "Q5 Comment"]
    told["survey"] = told["survey"].assign(**dict.fromkeys(asked, "5"))
    told["tickets"] = told["tickets"].assign(**{"Handle time (s)": "300", "CSAT": "5"})
    told["rewards_purchases"] = told["rewards_purchases"].assign(Amount="10")
    told["rewards_members"] = told["rewards_members"].assign(Tier="Gold")
    for register in registers.values():
        for rows in register.values():
            if isinstance(rows, list):
                rows.clear()


def adrift(file: dict[str, Any], told: Tables, registers: Registers) -> None:
    """In each table a date of 1900 and one of 2204; texts that would be code, many levels."""
    for name, (date, _n) in DATED.items():
        frame = told[name].reset_index(drop=True)
        frame.loc[3, date], frame.loc[9, date] = "1900-01-01", "2204-05-01"
        told[name] = frame
    hostile = ["<script>alert(1)</script>", "=1+1", "$\\frac{a}{b}$ {0} %s", "../x", "عربي", "a\nb"]
    survey = told["survey"]
    survey["Region"] = [f"{hostile[i % 6]} {i % 200}" for i in range(len(survey))]
    told["tickets"]["Queue"] = [hostile[i % 6] for i in range(len(told["tickets"]))]
    file["survey"]["segments"]["region"].pop("values")
    file["tablebook"].pop("banners")
    for action in registers["actions"]["actions"]:
        if action.get("segment") == "region":
            del action["segment"], action["levels"]  # which are gone


@pytest.mark.slow
@pytest.mark.parametrize("mishap", [alone, alike, adrift], ids=lambda mishap: mishap.__name__)
def test_every_chapter_stands_what_check_lets_pass(
    tmp_path: Path, mishap: Callable[[dict[str, Any], Tables, Registers], None]
) -> None:
    place = Workspace(tmp_path.resolve())
    folder = place.data("every") / "registers"
    folder.mkdir(parents=True)
    place.params.mkdir()
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    file, told, kept = client_file(), tables(), registers()
    mishap(file, told, kept)
    for name, frame in told.items():
        frame.to_csv(folder.parent / f"{name}.csv", index=False, encoding="utf-8")
    (folder.parent / "kept.csv").write_text("q,n,d\n2026Q2,92,100\n2026Q3,95,100\n", "utf-8")
    (folder.parent / "demo.key").write_text("ab" * 32, "ascii")
    files = {place.params / "every.yaml": file}
    files |= {folder / f"{name}.yaml": rows for name, rows in kept.items()}
    for path, content in files.items():
        with path.open("w", encoding="utf-8") as stream:
            yaml().dump(content, stream)
    client = params.load("every", place)
    assert not [str(fault) for fault in check(client, place) if fault.severity == "error"]
    run = made(place, "every", language="zh", formats=("xlsx", "pptx"), book=True)
    every = {chapter.stem for chapter in discover(place).chapters}
    assert every <= {job.stem for job in run.ended}
