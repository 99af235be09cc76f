"""Client text that would be a path, markup, script, mathematics, a format, a formula or SQL."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from html import escape
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pptx
import pytest
import python_calamine as calamine
from lxml import etree
from ruamel.yaml import YAML

from cxlib import params
from cxlib.batch.chapters import discover
from cxlib.batch.console import issue
from cxlib.batch.forkserver import stop_fork_server
from cxlib.batch.gate import Gate
from cxlib.batch.portfolio import portfolio
from cxlib.report.index import render_index
from cxlib.workspace import as_name
from tests.batch.conftest import furnished
from tests.conftest import ROOT
from tests.report.test_browser import CHROMIUM, refused

pytestmark = pytest.mark.xdist_group("attack")

HANDBOOK = r"\.\./\.\./\.\./handbook\.(en|zh)\.html#[a-z-]+"
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=http://x.test/a onerror=alert(1)>',
    '<base href="http://x.test/">',
    '<meta http-equiv="refresh" content="0;url=http://x.test/">',
    "<svg onload=alert(1)><style>@import 'http://x.test/c'</style>",
    "{{ 7 * 7 }}{% for x in y %}",
    "{0.__class__} {missing} %s %(x)d",
    "[a](javascript:alert(1)) ![b](http://x.test/i) `c` **d**",
    "Under $1,000 / $1,000+",
    r"$a_{b$ \frac $\alpha$ ^_",
    "=HYPERLINK(\"http://x.test\")",
    "@SUM(A1)",
    "../../../../etc/passwd",
    "C:\\x\\y",
    "'; DROP TABLE survey; --",
    "a\u202eb\u2066c\u200b",
    "_hidden",
    "&lt;b&gt; &amp; ]]> <!-- -->",
    "一" * 60,
)  # fmt: skip
LABELS = ("../../../../escaped", "/escaped/absolutely", "x" * 300, "a\u202eb:c|d?", "con")


def test_a_hostile_period_is_a_folder_of_its_own_and_nothing_else(tmp_path: Path) -> None:
    place = furnished(tmp_path / "a" / "b" / "c" / "d" / "e")
    place.add_client("c00", answers=100)
    place.add_client("c01", answers=40)
    rows = "".join(
        f"r{i},{LABELS[i * len(LABELS) // 100]},{1 + i % 5},{i % 11}\n" for i in range(100)
    )
    data = place.workspace.data("c00") / "survey.csv"
    data.write_text("id,wave,sat,rec\n" + rows, encoding="utf-8")
    path = place.root / "params" / "c00.yaml"
    text = path.read_text("utf-8").replace("period: quarter", "period: wave")
    path.write_text(text.replace("date: date", "period: wave"), encoding="utf-8")
    place.add_notebook("01-first", "_ = engagement.save(x={'a': 1})", opens=True)
    place.add_notebook("02-second", "engagement.read('first')['x']", reads=["first"], opens=True)
    assert not place.run(clients=("c01",)).failed
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    for label in LABELS:
        run = place.run(clients=("c00",), period=label)
        assert [(e.state, e.error) for e in run.ended] == [("done", "")] * 2, label
        folder = place.out / "c00" / as_name(label) / "en"
        assert len(list(folder.iterdir())) == 2
        assert {job.state for job in place.plan(clients=("c00",), period=label).jobs} == {"fresh"}
    for file in (p for p in tmp_path.rglob("*") if p.is_file() and p not in before):
        assert "c00" in file.parts, file
    assert all(p.read_bytes() == content for p, content in before.items())
    assert not Path("/escaped").exists()


def with_payloads(value: Any, payloads: Any) -> Any:
    """Put a payload in the place of every label."""
    if isinstance(value, dict):
        if value and set(value) <= {"en", "zh"}:
            text = next(payloads)
            return dict.fromkeys(value, text)
        return {key: with_payloads(item, payloads) for key, item in value.items()}
    return [with_payloads(v, payloads) for v in value] if isinstance(value, list) else value


def office_faults(path: Path) -> list[str]:
    """Return what of a spreadsheet or a deck would run, load or lead away."""
    faults = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith((".xml", ".rels")):
                tree = etree.fromstring(content)
                told = {str(element.get("TargetMode")) for element in tree.iter()}
                tags = {etree.QName(element).localname for element in tree.iter("{*}*")}
                faults += [f"{name}: leads away"] if "External" in told else []
                formulas = {"f", "ddeLink", "oleLink"} & tags if "worksheets/" in name else set()
                faults += [f"{name}: {tag}" for tag in formulas]
            elif not name.endswith((".png", ".jpeg", ".xlsx", "printerSettings1.bin")):
                faults.append(f"{name}: of a kind of its own")
    if path.suffix == ".xlsx":
        book = calamine.CalamineWorkbook.from_path(path)
        assert all(book.get_sheet_by_name(name).to_python() for name in book.sheet_names)
    else:
        assert len(pptx.Presentation(str(path)).slides) > 1
    return faults


def opened_by_libreoffice(pages: list[Path], folder: Path) -> bool:
    """Return whether LibreOffice, where it is, opens them all; their names do not matter."""
    if not shutil.which("soffice"):
        return True
    (folder / "in").mkdir(parents=True)
    copies = [folder / "in" / f"{at}{page.suffix}" for at, page in enumerate(pages)]
    for page, copy in zip(pages, copies, strict=True):
        shutil.copy(page, copy)
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    command += ["--convert-to", "pdf", "--outdir", str(folder), *map(str, copies)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return all((folder / f"{copy.stem}.pdf").is_file() for copy in copies)


@pytest.mark.slow
def test_payloads_in_every_label_value_and_comment_come_out_as_text(tmp_path: Path) -> None:
    place = furnished(tmp_path / "w")
    for stem in ("02-assessment", "03-comments"):  # of these is the version before
        shutil.copy(ROOT / "notebooks" / f"{stem}.ipynb", place.root / "notebooks")
    source = ROOT / "data" / "lakeside-bank"
    folder = place.root / "data" / "hostile"
    folder.mkdir()
    shutil.copy(source / "demo.key", folder)
    survey = pd.read_excel(source / "survey.xlsx", "Responses", engine="calamine", dtype=str)
    regions = dict(zip(("North", "South", "West"), PAYLOADS[8:11], strict=True))
    survey["Region"] = survey["Region"].map(regions)
    comments = cycle(PAYLOADS)
    survey["Q5 Comment"] = [next(comments) for _ in range(len(survey))]
    survey.to_csv(folder / "survey.csv", index=False)
    tickets = pd.read_csv(source / "tickets.csv", dtype=str)
    for column in ("Channel", "Queue", "Team", "Topic"):
        names = dict(zip(tickets[column].dropna().unique(), cycle(PAYLOADS), strict=False))
        tickets[column] = tickets[column].map(names)
    tickets.to_csv(folder / "tickets.csv", index=False)
    for file in source.glob("rewards_*.csv"):
        shutil.copy(file, folder)
    (folder / "registers").mkdir()
    for file in sorted((source / "registers").glob("*.yaml")):
        kept = with_payloads(YAML(typ="safe").load(file.read_text("utf-8")), cycle(PAYLOADS))
        for action in kept.get("actions", ()):
            action |= {"levels": [regions[level] for level in action.get("levels", ())]}
        written = json.dumps(kept, ensure_ascii=False, default=str)
        (folder / "registers" / file.name).write_text(written, encoding="utf-8")
    text = (ROOT / "params" / "lakeside-bank.yaml").read_text("utf-8")
    told = with_payloads(YAML(typ="safe").load(text), cycle(PAYLOADS))
    told |= {"client": "hostile", "language": "zh"}
    told["survey"]["source"] = "survey.csv"
    told["survey"]["segments"]["region"].pop("values")
    path = place.root / "params" / "hostile.yaml"
    before = {stem: told["chapters"][stem] for stem in ("assessment", "comments")
              if stem in told["chapters"]}  # fmt: skip
    first = json.dumps(told | {"chapters": before}, ensure_ascii=False, default=str)
    path.write_text(first, encoding="utf-8")
    place.limits = replace(place.limits, timeout=600)
    everything = {"book": True, "formats": ("xlsx", "pptx")}
    run = place.run(language="zh", **everything)
    assert ({e.key: e.error for e in run.ended if e.error}, run.faults) == ({}, {})
    issue(place.workspace, "hostile", "latest", reason=PAYLOADS[0])
    shutil.rmtree(place.root / "notebooks")
    shutil.copytree(ROOT / "notebooks", place.root / "notebooks")
    told["name"] = dict.fromkeys(("en", "zh"), PAYLOADS[10])
    path.write_text(json.dumps(told, ensure_ascii=False, default=str), encoding="utf-8")
    run = place.run(language="zh", **everything)  # now its book tells of the version before
    alone = [chapter.stem for chapter in discover(place.workspace.notebooks).chapters
             if not (chapter.reads or chapter.reads_if_there)]  # fmt: skip
    also = place.run(chapters=tuple(alone[::2]), language="en")
    stop_fork_server()
    assert run.faults == also.faults == {}
    ended = [*run.ended, *also.ended]
    assert {e.key: e.error for e in ended if e.error} == {}
    reports = [e.report for e in run.ended if e.report]
    reports += [e.report for e in also.ended if e.report]
    office = [page for page in reports if page.suffix != ".html"]
    assert {page.suffix for page in office} == {".xlsx", ".pptx"}
    issued = [p for p in place.workspace.issued("hostile").rglob("*") if not p.is_dir()]
    assert len(issued) > 2
    assert all(p.is_file() and not p.is_symlink() for p in issued)
    every = [*office, *(p for p in issued if p.suffix in (".xlsx", ".pptx"))]
    assert len(every) == 4
    assert {page: faults for page in every if (faults := office_faults(page))} == {}
    assert opened_by_libreoffice(every, tmp_path / "office")
    reports = [page for page in reports if page.suffix == ".html"]
    linked = {quote(page.relative_to(place.out).as_posix()) for page in reports}
    made = [e for e in ended if e.state != "not applicable"]
    assert len(reports) + len(office) == len(made) >= 7
    index = render_index(portfolio(place.workspace, place.out, run))
    there = {quote(p.relative_to(place.out).as_posix()) for p in place.out.rglob("*.*")}
    pages = {str(page): page.read_text("utf-8") for page in reports} | {"index": index}
    for page, html in pages.items():
        assert not re.search(r"<(script|base|iframe|object|embed|link|form)\b", html, re.I), page
        assert not re.search(r"<[a-z][^>]*\son\w+\s*=", re.sub(r'"[^"]*"', '""', html)), page
        links = re.findall(r'(?:src|href)="(?!data:|#)([^"]*)"', html)
        beside = {quote(other.name) for other in reports}  # a summary leads to its chapters
        left = {link for link in links if not re.fullmatch(HANDBOOK, link)}
        known = linked if page == "index" else set()
        assert known <= left <= (there if page == "index" else beside), (page, left)
    if CHROMIUM is None:
        pytest.skip("the words were looked at; there is no Chromium to open them in")
    assert refused(reports, tmp_path) == []
    papers = list(place.out.rglob("*.pdf"))
    assert papers
    for paper in papers:
        # What acts stands in dictionaries; the bytes of a compressed stream spell a word by chance.
        content = re.sub(rb"\bstream\r?\n.*?\bendstream\b", b"", paper.read_bytes(), flags=re.S)
        assert b"/Catalog" in content
        assert not re.search(
            rb"/(JavaScript|JS|Launch|SubmitForm|GoToR|EmbeddedFile|URI|ObjStm)\b", content
        )
        if shutil.which("pdftotext"):
            words = subprocess.run(["pdftotext", paper, "-"], capture_output=True, check=True)
            gate = Gate(place.workspace, {"hostile": params.load("hostile", place.workspace)})
            assert gate.check("hostile", {"report": escape(words.stdout.decode()).encode()}) == ""


def test_a_dollar_is_a_dollar_in_every_figure() -> None:
    from matplotlib.figure import Figure

    from cxlib.plots import theme

    with theme.applied():
        figure = Figure()
        axes = figure.subplots()
        axes.set_title(r"$a_{b$ \frac")
        axes.set_xticks([0, 1], ["Under $1,000", "$1,000+ $"])
        figure.draw_without_rendering()
        assert not axes.title.get_parse_math()
