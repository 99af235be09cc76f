"""The spreadsheet and the deck of a demo client, read back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import nbformat
import openpyxl
import pandas as pd
import pytest
from lxml import etree
from pptx import Presentation

from cxlib import envelope
from cxlib.data.face import Face
from cxlib.engagement import Engagement
from cxlib.envelope import Part
from cxlib.errors import CxError
from cxlib.plots import native, theme
from cxlib.plots.forest import forest
from cxlib.plots.wrapping import em
from cxlib.present.findings import Finding, Rule
from cxlib.present.workbooks import wide
from cxlib.report import exports
from cxlib.report.charts import _said
from cxlib.report.deck import figure_of
from cxlib.report.saved import Saved
from cxlib.report.workbook import CONTENTS
from cxlib.workspace import Workspace
from tests.conftest import copy_workspace

CLIENT, PERIOD = "harbour-hotels", "2026Q3"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose one chapter showed, drew and told, as its notebook would."""
    from cxlib import page
    from cxlib.chapters.assessment import figures, findings

    place = copy_workspace(tmp_path_factory.mktemp("exports") / "w", CLIENT)
    for path in place.notebooks.glob("*.ipynb"):
        path.unlink()
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# Where does the experience stand?"),
        nbformat.v4.new_code_cell("client = ''", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("opens"),
        nbformat.v4.new_markdown_cell("## What is where\nAs *customers* say."),
        nbformat.v4.new_code_cell("shows"),
    ]
    nbformat.write(notebook, place.notebooks / "02-assessment.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_display", lambda view: None)
        engagement = Engagement.open(CLIENT, language="en", chapter="assessment", workspace=place)
        standing = engagement.standing("survey")
        journey = engagement.standing("touchpoint")
        engagement.tiles(standing)
        engagement.show(standing, "kpi value target status n", caption="Group by group")
        engagement.tell(findings.KPIS, standing)
        engagement.draw(figures.journey, journey)
        engagement.tell(findings.TOUCHPOINTS, journey)
        path = engagement.save(standing=standing)
    assert path is not None
    data = json.loads(path.read_text("utf-8"))
    for part in data["parts"]:
        part["cell"] = 4
    result = place.result(CLIENT, PERIOD, "en", "assessment")
    result.parent.mkdir(parents=True)
    result.write_text(json.dumps(data), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def make(saved: Workspace) -> Callable[..., bytes]:
    made: dict[tuple[str, ...], bytes] = {}

    def of(kind: str, language: str = "en") -> bytes:
        key = (kind, language)
        if key not in made:
            made[key] = exports.make(kind, saved, CLIENT, period=PERIOD, language=language)
        return made[key]

    return of


def cells(sheet: Any) -> dict[Any, Any]:
    return {(c.row, c.column): c for row in sheet.iter_rows() for c in row if c.value is not None}


def find(sheet: Any, text: str) -> Any:
    return next(c for c in cells(sheet).values() if c.value == text)


# --- the spreadsheet --------------------------------------------------------------------------


def test_every_table_of_the_page_is_there_with_typed_numbers(
    make: Callable[..., bytes], saved: Workspace
) -> None:
    book = openpyxl.load_workbook(BytesIO(make("xlsx")))
    assert book.sheetnames[0] == "Contents"
    assert book.sheetnames[-1] == "Table book"
    sheet = book.worksheets[1]
    at = find(sheet, "What is where – Group by group")
    head = [c.value for c in sheet[at.row + 1] if c.value]
    assert head == ["KPI", "Value", "Value: from", "Value: to", "Target", "Verdict", "Answers",
                    "Effective answers"]  # fmt: skip
    engagement = Engagement.open(CLIENT, language="en", workspace=saved)
    rows = engagement.standing("survey").table.to_dict("records")
    for row, truth in zip(
        sheet.iter_rows(min_row=at.row + 2, max_row=at.row + 4), rows, strict=True
    ):
        size = 100 if truth["unit"] == "percent" else 1
        assert row[1].value == pytest.approx(truth["value"] / size)
        assert ("%" in row[1].number_format) == (size == 100)
        assert row[6].value == truth["n"]
    assert find(sheet, "What is where – numbers behind the figure")


def test_contents_lead_to_every_table(make: Callable[..., bytes]) -> None:
    book = openpyxl.load_workbook(BytesIO(make("xlsx")))
    links = [c.hyperlink.location for c in cells(book.worksheets[0]).values() if c.hyperlink]
    assert len(links) > 12
    for link in links:
        sheet, _bang, cell = link.rpartition("!")
        assert book[sheet.strip("'").replace("''", "'")][cell].value


def test_of_a_figure_of_many_panels_the_contents_name_the_first(saved: Workspace) -> None:
    from cxlib.report import workbook as made

    part = Part(kind="figure", data=envelope.encode([pd.DataFrame({"n": [n]}) for n in (40, 41)]),
                plot="p", cell=1)  # fmt: skip
    held = envelope.Envelope(
        client="x", chapter="a", period="p", kit="1", results={}, parts=(part,)
    )
    engagement = Engagement.open(CLIENT, language="en", workspace=saved)
    content = made.workbook(engagement, [Saved(stem="a", file="1-a", title="T", envelope=held)])
    book = openpyxl.load_workbook(BytesIO(content))
    told = [str(cell.value) for cell in cells(book.worksheets[0]).values()]
    assert "T – numbers behind the figure" in told
    assert "T – numbers behind the figure (2)" not in told
    assert find(book.worksheets[1], "T – numbers behind the figure (2)")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_contents_say_keeps_to_its_column(
    language: str, make: Callable[..., bytes]
) -> None:
    sheet = openpyxl.load_workbook(BytesIO(make("xlsx", language))).worksheets[0]
    told = [c for c in cells(sheet).values() if c.column == 2]
    assert any(str(c.value).endswith(" …") for c in told)
    for c in told:
        assert wide(str(c.value)) <= CONTENTS[1], c.value


def test_the_table_book_holds_every_question_by_every_group(
    make: Callable[..., bytes], saved: Workspace
) -> None:
    from cxlib.analysis.scores import crosstab

    engagement = Engagement.open(CLIENT, language="en", workspace=saved)
    sheet = openpyxl.load_workbook(BytesIO(make("xlsx")))["Table book"]
    banner = next(r for r in sheet.iter_rows() if r[1].value == "All")
    column = {c.value: c.column for c in banner}
    for question in engagement.questions:
        told = crosstab(
            engagement.survey(), rows=question, by=engagement.segments, design=engagement.design,
            answers=True,
        ).table  # fmt: skip
        at = find(sheet, engagement.words.label(question.key))
        base = sheet[at.row + 1]
        scored = ("Net score (points)", "Percent", "Mean")
        value = next(r for r in sheet.iter_rows(min_row=at.row) if r[0].value in scored)
        score = told[told["choice"] == ""]
        for row in score.to_dict("records"):
            label = "All" if not isinstance(row["level"], str) else engagement.words.label(
                f"{row['segment']}={row['level']}"
            )  # fmt: skip
            size = 100 if row["unit"] == "percent" else 1
            assert base[column[label] - 1].value == row["n"]
            assert value[column[label] - 1].value == pytest.approx(row["value"] / size)
        marks = {
            c.value for r in sheet.iter_rows(value[0].row + 1, value[0].row + 1) for c in r
        } - {None}
        assert any("▲" in m or "▼" in m for m in map(str, marks)) == bool(
            (score["against_rest"] != "").any()
        )


def test_headings_and_labels_are_in_the_readers_language(make: Callable[..., bytes]) -> None:
    book = openpyxl.load_workbook(BytesIO(make("xlsx", "zh")))
    texts = [str(c.value) for s in book.worksheets for c in cells(s).values() if c.data_type == "s"]
    latin = {t for t in texts if t.isascii() and any(c.isalpha() for c in t)}
    assert latin <= {"A", "B", "C", "D", "A B", "What is where", *latin & {"p"}}
    assert book.worksheets[1]["A1"].font.name == "Microsoft YaHei"


# --- the deck ---------------------------------------------------------------------------------


def texts_of(slide: Any) -> list[str]:
    return [s.text_frame.text for s in slide.shapes if s.has_text_frame and s.text_frame.text]


def test_a_deck_has_a_title_a_summary_and_a_finding_a_slide(
    make: Callable[..., bytes], saved: Workspace
) -> None:
    from cxlib.envelope import read

    slides = list(Presentation(BytesIO(make("pptx"))).slides)
    engagement = Engagement.open(CLIENT, language="en", workspace=saved)
    found = read(saved.result(CLIENT, PERIOD, "en", "assessment")).findings
    headlines = {f.headline(engagement.words) for f in found if f.severity != "note"}
    titles = [slide.shapes.title.text_frame.text for slide in slides]
    assert titles[0] == "Harbour Hotels"
    assert set(titles[2:-1]) <= headlines
    assert len(titles[2:-1]) == len(set(titles[2:-1])) == len(headlines)
    assert "9.1" in " ".join(texts_of(slides[1]))  # the KPIs, as their tiles say
    for slide in slides[2:-1]:
        notes = slide.notes_slide.notes_text_frame.text
        assert "95% interval" in notes
        assert "answers" in notes


def test_every_slide_has_a_short_headline_its_notes_and_whose_it_is(
    make: Callable[..., bytes],
) -> None:
    for language, mark in (("en", "Confidential · board only"), ("zh", "机密 · 仅供董事会")):
        for slide in Presentation(BytesIO(make("pptx", language))).slides:
            assert slide.notes_slide.notes_text_frame.text
            assert any(text.endswith(mark) for text in texts_of(slide))
            title = slide.shapes.title
            for paragraph in title.text_frame.paragraphs:
                size = max((run.font.size.pt for run in paragraph.runs), default=1)
                assert em(paragraph.text) * size * 12700 <= 2 * title.width


def test_findings_without_a_figure_share_a_slide(saved: Workspace) -> None:
    from cxlib.envelope import read
    from cxlib.report.saved import Saved
    from cxlib.report.slides import Slides
    from cxlib.words import Words

    found = read(saved.result(CLIENT, PERIOD, "en", "assessment")).findings[:3]
    slides, words = Slides(Words(), Face(footer="x")), Words()
    slides.findings(Saved(stem="a", file="a", title="Why?", envelope=None), found)
    (slide,) = Presentation(BytesIO(slides.content)).slides
    said = "\n".join(texts_of(slide))
    for finding in found:
        assert finding.headline(words) in said
        assert finding.step(words) in said
        assert finding.proof(words) in slide.notes_slide.notes_text_frame.text


def test_a_forest_is_a_chart_that_can_be_edited_with_its_intervals(
    make: Callable[..., bytes], saved: Workspace
) -> None:
    charts = [
        shape for slide in Presentation(BytesIO(make("pptx"))).slides for shape in slide.shapes
        if shape.has_chart
    ]  # fmt: skip
    assert charts
    engagement = Engagement.open(CLIENT, language="en", workspace=saved)
    journey = engagement.standing("touchpoint").table
    chart = charts[0].chart
    assert list(chart.plots[0].categories) == [
        f"{engagement.words.label(kpi)}  {value:.2f}"
        for kpi, value in zip(journey["kpi"], journey["value"], strict=True)
    ]
    assert list(chart.plots[0].series[0].values) == pytest.approx(journey["value"].tolist())
    before = chart.plots[0].series[1]  # the stroke of the period before
    assert list(before.values) == pytest.approx(journey["before"].tolist())
    plus = chart._chartSpace.xpath(".//c:ser[1]//c:errBars/c:plus//c:v")
    gaps = (journey["high"] - journey["value"]).tolist()
    assert [float(v.text) for v in plus] == pytest.approx(gaps)
    assert charts[0]._element.xpath(".//p:cNvPr/@descr")[0].startswith("Lowest rated")


def test_chinese_slides_name_fonts_that_can_write_them(make: Callable[..., bytes]) -> None:
    deck = Presentation(BytesIO(make("pptx", "zh")))
    runs = [r for s in deck.slides for shape in s.shapes if shape.has_text_frame
            for p in shape.text_frame.paragraphs for r in p.runs]  # fmt: skip
    assert runs
    space = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
    for run in runs:
        assert run.font._rPr.get("lang") == "zh-CN"
        assert run.font._rPr.find(space + "ea").get("typeface") == "Microsoft YaHei"
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9, abs=0.001)


def test_no_text_is_larger_than_its_box(make: Callable[..., bytes]) -> None:
    for language in ("en", "zh"):
        for slide in Presentation(BytesIO(make("pptx", language))).slides:
            for shape in slide.shapes:
                if not (shape.has_text_frame and shape.text_frame.text):
                    continue
                high = 0.0
                for paragraph in shape.text_frame.paragraphs:
                    size = paragraph.runs[0].font.size.pt if paragraph.runs else 10
                    lines = -int(-em(paragraph.text) * size * 12700 // shape.width)
                    high += max(1, lines) * size * 1.32 * 12700
                assert high <= shape.height * 1.35, paragraph.text
                assert shape.left + shape.width <= 13.34 * 914400


def test_same_inputs_give_the_same_bytes(
    make: Callable[..., bytes], saved: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    for kind in ("xlsx", "pptx"):
        first, second = (
            exports.make(kind, saved, CLIENT, period=PERIOD, language="en") for _ in range(2)
        )
        assert first == second


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice here")
@pytest.mark.parametrize("kind", ["xlsx", "pptx"])
def test_libreoffice_opens_it(make: Callable[..., bytes], tmp_path: Path, kind: str) -> None:
    (tmp_path / f"x.{kind}").write_bytes(make(kind, "zh"))
    profile, made = f"-env:UserInstallation=file://{tmp_path}/profile", str(tmp_path / f"x.{kind}")
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir"]
    command += [str(tmp_path), made]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


# --- what will not do -------------------------------------------------------------------------


def test_a_chapter_that_failed_is_named(saved: Workspace) -> None:
    with pytest.raises(CxError, match="no chapter could be made"):
        exports.make("xlsx", saved, CLIENT, period=PERIOD, language="en", missing=["assessment"])


def test_a_saved_figure_calls_nothing_but_a_plot_of_the_kit(saved: Workspace) -> None:
    from cxlib.envelope import Part
    from cxlib.report.deck import drawn
    from cxlib.words import Words

    for plot in ("os:system", "cxlib.batch.run:execute", "cxlib.chapters.x:y", "cxlib.plots:theme",
                 "cxlib.plots.forest:theme"):  # fmt: skip
        with pytest.raises((CxError, ImportError)):
            drawn(Part(kind="figure", data=[], options={"$map": []}, plot=plot), Words(), "")


def test_a_hostile_label_is_text_on_a_slide() -> None:
    from cxlib.plots.native import Chart
    from cxlib.report.charts import add_chart
    from cxlib.report.slides import Slides
    from cxlib.words import Words

    slides = Slides(Words(), Face(footer="=1+1 <b>&\x00"))
    slide = slides.slide("x" * 900 + "\x0b<a:t>&", ["note \x01"])
    labels = ("=cmd|' /C calc'!A0", "</c:v><x/>", "长" * 200)
    chart = Chart(kind="bars", labels=labels, values=(1.0, None, -2.0))
    add_chart(slide, chart, (0, 0, 9_000_000, 4_000_000), font=slides.font)
    deck = Presentation(BytesIO(slides.content))
    made = next(s for s in deck.slides[0].shapes if s.has_chart).chart
    shown = [c.removeprefix("\u200b") for c in made.plots[0].categories]
    assert tuple(shown[:2]) == labels[:2]
    assert shown[2] == "长" * 48 + "…"  # what an axis has room for
    inner = openpyxl.load_workbook(BytesIO(made.part.chart_workbook.xlsx_part.blob))
    assert {c.data_type for c in inner.worksheets[0]["A"] if c.value} == {"s"}
    assert deck.slides[0].shapes.title.text_frame.text.endswith("…")


def test_a_number_beside_a_label_from_right_to_left_is_held_in_its_place() -> None:
    from cxlib.plots.native import Chart
    from cxlib.report.charts import add_chart

    chart = Chart(kind="forest", labels=("מדינה", "City"), values=(8.2, -1.0), zero=True)
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    add_chart(slide, chart, (0, 0, 9_000_000, 4_000_000), font=lambda _rpr: None)
    (made,) = (s.chart for s in slide.shapes if s.has_chart)
    assert list(made.plots[0].categories) == ["מדינה\u200e  +8.20", "City  −1.00"]


def test_a_picture_too_small_to_read_gives_way_to_the_facts(saved: Workspace) -> None:
    from cxlib.envelope import read
    from cxlib.plots import theme
    from cxlib.report.saved import Saved
    from cxlib.report.slides import PICTURE, PLAIN, Shown, Slides
    from cxlib.words import Words

    slides = Slides(Words(), Face(footer="x"))
    found = next(f for f in read(saved.result(CLIENT, PERIOD, "en", "assessment")).findings
                 if slides.known(f))  # fmt: skip
    chapter = Saved(stem="a", file="a", title="Why?", envelope=None)
    buffer = BytesIO()
    theme.axes().get_figure().savefig(buffer, dpi=20)  # type: ignore[union-attr]
    tall = Shown(chart=None, png=buffer.getvalue(), size=(7.2, 1.4 * PICTURE[3]))
    slides.finding(chapter, [found], tall)
    slides.finding(chapter, [found], replace(tall, size=(7.2, 1.5 * PICTURE[3])))
    kinds = [
        [(s.shape_type == 13, s.has_table) for s in slide.shapes] for slide in slides.deck.slides
    ]
    (facts,) = (s.table for slide in slides.deck.slides for s in slide.shapes if s.has_table)
    assert facts._tbl.xpath(".//a:tableStyleId/text()") == [PLAIN]
    assert [(any(p for p, _t in k), any(t for _p, t in k)) for k in kinds] == [
        (True, False),
        (False, True),
    ]


def test_a_target_is_named_where_the_line_is_far_and_months_are_told_apart() -> None:
    from cxlib.plots.native import Chart
    from cxlib.report import charts

    values = (*[50.0] * 10, *[80.0] * 5, *[58.0] * 9)
    chart = Chart(kind="trend", labels=tuple(f"September {n}" for n in range(24)), values=values,
                  target=55.0, target_label="Target 55.0", axis="NPS")  # fmt: skip
    at, above = charts._clear_of(chart)
    assert values[at - 2 : at + 3] == (80.0,) * 5  # the values stand far above it
    assert not above
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    frame = charts.add_chart(slide, chart, (0, 0, 9_000_000, 4_000_000), font=lambda _rpr: None)
    axis = frame.chart.category_axis._element
    every = int(axis.xpath("./c:tickLblSkip/@val")[0])
    assert 24 / every <= 8
    tags = [child.tag.rpartition("}")[2] for child in axis]
    assert tags[-3:] == ["tickLblSkip", "tickMarkSkip", "noMultiLvlLbl"]  # as the schema orders


@pytest.mark.parametrize(("n", "size"), [(4, 12), (26, 7)])
def test_each_row_of_a_chart_has_its_label(n: int, size: int) -> None:
    from cxlib.report.charts import add_chart

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    chart = native.Chart(kind="forest", labels=tuple(map(str, range(n))), values=(1.0,) * n)
    frame = add_chart(slide, chart, (0, 0, 9_000_000, 4_000_000), font=lambda _rpr: None)
    axis = frame.chart.category_axis
    assert axis._element.xpath("./c:tickLblSkip/@val") == ["1"]  # else every second is left out
    assert axis.tick_labels.font.size.pt == size


def test_a_slide_stresses_the_row_of_its_own_group() -> None:
    from cxlib.report.slides import Shown, Slides
    from cxlib.words import Words

    words = Words(labels={"age": "Age", "branch": "Branch"}, segments=("age", "branch"))
    labels = ("Age · 6", "Branch · 6", "Branch · 16")
    chart = native.Chart(kind="forest", labels=labels, values=(1.0, 2.0, 3.0), low=(0.5, 1.5, 2.5),
                         high=(1.5, 2.5, 3.5), colours=("#000000",) * 3)  # fmt: skip
    finding = Finding(id="a.branch=6", row={}, rules=(Rule({}, "x"),))
    slides = Slides(words, Face())
    slides.finding(
        Saved(stem="a", file="a", title="T", envelope=None), [finding], Shown(chart=chart)
    )
    (frame,) = (s for s in slides.deck.slides[0].shapes if s.has_chart)
    points = [frame.chart.plots[0].series[0].points[at] for at in range(3)]
    shades = [str(point.format.fill.fore_color.rgb) for point in points]
    assert [shade == "000000" for shade in shades] == [False, True, False]


def test_a_deck_of_all_answers_says_so_on_its_title() -> None:
    from cxlib.report.slides import Slides
    from cxlib.words import Words

    slides = Slides(Words(), Face())
    slides.title(SimpleNamespace(name="Wine", period="all"), ["Why?"])  # type: ignore[arg-type]
    assert "Customer experience, All answers" in texts_of(slides.deck.slides[0])


def test_a_finding_about_a_group_shows_the_figure_of_its_own_cell() -> None:
    """A quota that falls behind is shown by the course of the quotas, not by all answers."""
    plan = pd.DataFrame({"customer_group": ["all", "tier=a", "tier=b"], "share": [1.0, 0.5, 0.2]})
    whole, quotas = pd.DataFrame({"answers": [1, 2]}), plan.iloc[1:]
    plan = plan.assign(segment="tier", level=["", "a", "b"])
    finding = Finding(id="fieldwork.tier=b", row={}, rules=(Rule({}, "x"),))
    parts = [
        Part(kind="figure", data=envelope.encode(frame), plot=name, cell=cell)
        for frame, name, cell in ((plan, "coverage", 1), (whole, "course", 3), (quotas, "day", 4))
    ]
    parts.append(Part(kind="findings", data=envelope.encode([finding.id]), cell=4))
    held = envelope.Envelope(
        client="x", chapter="fieldwork", period="p", kit="1", results={}, parts=tuple(parts)
    )
    found = figure_of(Saved(stem="fieldwork", file="00", title="t", envelope=held), finding)
    assert found is not None and found.plot == "day"


def test_what_one_picture_shows_stands_on_one_slide(saved: Workspace) -> None:
    from cxlib.envelope import read
    from cxlib.plots import theme
    from cxlib.report.saved import Saved
    from cxlib.report.slides import Shown, Slides
    from cxlib.words import Words

    slides, buffer = Slides(Words(), Face(footer="x")), BytesIO()
    told = read(saved.result(CLIENT, PERIOD, "en", "assessment")).findings[:3]
    theme.axes().get_figure().savefig(buffer, dpi=20)  # type: ignore[union-attr]
    chapter = Saved(stem="a", file="a", title="Why?", envelope=None)
    slides.finding(chapter, told, Shown(chart=None, png=buffer.getvalue(), size=(7.2, 4.0)))
    (slide,) = slides.deck.slides
    beside = "\n".join(texts_of(slide)[1:])
    assert slide.shapes.title.text_frame.text == told[0].headline(Words())
    assert all(finding.headline(Words()) in beside for finding in told[1:])


def test_bars_begin_at_nothing_and_no_label_stands_aslant() -> None:
    from cxlib.plots.native import Chart
    from cxlib.report.charts import add_chart

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    for low in (3.0, -3.0):
        chart = Chart(kind="forest", labels=("A", "B"), values=(3.2, 4.0), low=(low, 3.9))
        chart = replace(chart, high=(3.4, 4.1))
        add_chart(slide, chart, (0, 0, 9_000_000, 4_000_000), font=lambda _rpr: None)
    above, below = (s.chart for s in slide.shapes if s.has_chart)
    ends = [(s.value_axis.minimum_scale, s.value_axis.maximum_scale) for s in (above, below)]
    assert ends == [(0, 4.5), (-3, 4.5)]  # each whisker whole
    rows = pd.DataFrame({"value": [3.2, 4.0], "low": 3.0, "high": 4.2, "unit": "mean"})
    axes = forest(rows.assign(scale="1-5"), labels=["A", "B"])
    rated = native.noted(axes)
    assert rated is not None
    frame = add_chart(slide, rated, (0, 0, 9_000_000, 4_000_000), font=lambda _rpr: None)
    axis = frame.chart.value_axis
    assert (axis.minimum_scale, axis.maximum_scale, axis.major_unit) == (1, 5, 1)
    assert native.noted(forest(rows.assign(scale=["1-5", "0-10"]), labels=["A", "B"])).scale == ()  # type: ignore[union-attr]
    rotation = above.category_axis._element.txPr.bodyPr.get("rot")
    assert rotation not in (None, "0")
    assert abs(int(rotation)) < 60_000, "less than a degree"


def test_a_finding_about_a_competitor_is_shown_with_it() -> None:
    rule = Rule({}, "{kpi} is behind {rated_brand} by {by_brand_gap}.", "warning")
    finding = Finding(id="m.csat", row={"kpi": "csat", "rated_brand": "North"}, rules=(rule,))
    own = pd.DataFrame({"kpi": ["csat"]})
    gaps = pd.DataFrame({"kpi": ["nps", "csat"], "brand": "North"})
    parts = tuple(Part(kind="figure", data=envelope.encode(t), plot="p") for t in (own, gaps))
    held = envelope.Envelope(client="x", chapter="m", period="p", kit="1", results={}, parts=parts)
    chapter = Saved(stem="m", file="11", title="t", envelope=held)
    assert figure_of(chapter, finding) is parts[1]
    alone = replace(finding, rules=(replace(rule, says="{kpi} fell."),))
    assert figure_of(chapter, alone) is parts[0]


@pytest.mark.parametrize("size", [(2000, 100), (100, 2000)])
def test_a_logo_of_any_shape_keeps_to_its_room(size: tuple[int, int]) -> None:
    from PIL import Image

    from cxlib.report.slides import Slides
    from cxlib.words import Words

    buffer = BytesIO()
    Image.new("RGB", size).save(buffer, format="PNG")
    slides = Slides(Words(), Face(logo=buffer.getvalue(), kind="image/png", footer="x"))
    engagement: Any = SimpleNamespace(name="Harbour", period=PERIOD)
    slides.title(engagement, ["Why?"])
    (logo,) = (s for s in slides.deck.slides[0].shapes if s.shape_type == 13)
    assert 0 < logo.width <= 4 * 914_400
    assert 0 < logo.height <= 0.9 * 914_400
    assert logo.width / logo.height == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize("kind", ["xlsx", "pptx"])
def test_a_files_parts_are_whole_as_office_reads_them(
    make: Callable[..., bytes], kind: str
) -> None:
    """Each part is named, of a known type and led to; ids are unique, and no shape is negative."""
    from posixpath import dirname, join, normpath

    with ZipFile(BytesIO(make(kind))) as held:
        names = held.namelist()
        assert len(names) == len({name.casefold() for name in names})
        trees = {n: etree.fromstring(held.read(n)) for n in names if n.endswith((".xml", ".rels"))}
        inner = [held.read(name) for name in names if "embeddings/" in name]
    types = trees["[Content_Types].xml"]
    known = {t.get("Extension") for t in types if t.get("Extension")}
    told = {t.get("PartName").lstrip("/") for t in types if t.get("PartName")}
    assert told <= {*names}
    assert all(n in told or n.rpartition(".")[2] in known for n in names if n[0] != "[")
    led = set()
    for name, tree in ((n, t) for n, t in trees.items() if n.endswith(".rels")):
        assert len({r.get("Id") for r in tree}) == len(tree)
        for each in (r.get("Target") for r in tree if r.get("TargetMode") != "External"):
            led.add(
                each.lstrip("/") if each[0] == "/" else normpath(join(dirname(dirname(name)), each))
            )
    assert led <= {*names}
    assert {n for n in names if not n.endswith(".rels") and n[0] != "["} == led
    for name in (n for n in names if n.startswith("ppt/slides/slide")):
        ids = trees[name].xpath("//*[local-name()='cNvPr']/@id")
        assert len(ids) == len({*ids}), name
        sizes = trees[name].xpath("//*[local-name()='ext']/@cx | //*[local-name()='ext']/@cy")
        assert all(int(size) >= 0 for size in sizes), name
    for name in (n for n in names if n.startswith("ppt/charts/chart")):
        axes = trees[name].xpath("//*[local-name()='axId' or local-name()='crossAx']/@val")
        assert axes
        assert all(0 <= int(each) < 2**32 for each in axes), name
    for content in inner:
        assert openpyxl.load_workbook(BytesIO(content)).worksheets


LINES = "noFill solidFill gradFill blipFill pattFill grpFill"
RUN = f"ln {LINES} effectLst highlight latin ea cs sym hlinkClick hlinkMouseOver rtl extLst"
AXIS = (
    "axId scaling delete axPos majorGridlines minorGridlines title numFmt majorTickMark "
    "minorTickMark tickLblPos spPr txPr crossAx crosses crossesAt "
)
SHOWN = (
    "numFmt spPr txPr dLblPos showLegendKey showVal showCatName showSerName showPercent "
    "showBubbleSize separator "
)
ORDERS = {
    "catAx": AXIS + "auto lblAlgn lblOffset tickLblSkip tickMarkSkip noMultiLvlLbl extLst",
    "valAx": AXIS + "crossBetween majorUnit minorUnit dispUnits extLst",
    "scaling": "logBase orientation max min extLst",
    "ser": "idx order tx spPr invertIfNegative marker dPt dLbls trendline errBars cat val smooth",
    "dPt": "idx invertIfNegative marker bubble3D explosion spPr pictureOptions extLst",
    "dLbl": f"idx delete layout tx {SHOWN} extLst",
    "dLbls": f"dLbl delete {SHOWN} showLeaderLines leaderLines extLst",
    "errBars": "errDir errBarType errValType noEndCap plus minus val spPr extLst",
    "chartSpace": "date1904 lang roundedCorners style chart spPr txPr externalData extLst",
    "chart": "title autoTitleDeleted view3D plotArea legend plotVisOnly dispBlanksAs extLst",
    "rPr": RUN, "defRPr": RUN, "endParaRPr": RUN,
    "tcPr": f"lnL lnR lnT lnB lnTlToBr lnBlToTr cell3D {LINES} extLst",
    "txBody": "bodyPr lstStyle p", "txPr": "bodyPr lstStyle p", "rich": "bodyPr lstStyle p",
    "tblPr": f"{LINES} tableStyleId extLst",
}  # fmt: skip
"""What follows what (ECMA-376), of what the kit puts in by hand: PowerPoint repairs all else."""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_parts_of_a_deck_stand_in_the_order_of_the_schema(
    make: Callable[..., bytes], language: str
) -> None:
    seen = set()
    with ZipFile(BytesIO(make("pptx", language))) as held:
        for name in (n for n in held.namelist() if re.match("ppt/(slides|charts)/[^/]+xml$", n)):
            for element in etree.fromstring(held.read(name)).iter("{*}*"):
                tag = etree.QName(element).localname
                if order := ORDERS.get(tag, "").split():
                    held_in = [etree.QName(child).localname for child in element]
                    places = [order.index(each) for each in held_in]
                    assert places == sorted(places), (name, tag, held_in)
                    seen.add(tag)
    assert {"catAx", "valAx", "ser", "errBars", "rPr", "txBody"} <= seen


def test_a_workbook_keeps_within_what_excel_bears(make: Callable[..., bytes]) -> None:
    """What it does not bear it repairs, with a message, or refuses to open."""
    content = make("xlsx")
    with ZipFile(BytesIO(content)) as held:
        trees = {n: etree.fromstring(held.read(n)) for n in held.namelist() if n.endswith(".xml")}
    looks = [
        etree.tostring(x) for x in trees["xl/styles.xml"].xpath("//*[local-name()='cellXfs']/*")
    ]
    assert len(looks) == len({*looks}) < 1_000  # of the 64,000 that there may be
    strings = trees["xl/sharedStrings.xml"].xpath("//*[local-name()='t']/text()")
    assert max(map(len, strings)) <= 32_767
    assert not any(re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text) for text in strings)
    book = openpyxl.load_workbook(BytesIO(content))
    names = [sheet.title for sheet in book]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(0 < len(name) <= 31 and not re.search(r"[\[\]:*?/\\]|^'|'$", name) for name in names)
    assert not book.defined_names  # print areas and titles are their sheets' own
    for at, sheet in enumerate(book, start=1):
        tree = trees[f"xl/worksheets/sheet{at}.xml"]
        assert not tree.xpath("//*[local-name()='f' or local-name()='conditionalFormatting']")
        links = tree.xpath("//*[local-name()='hyperlink']")
        assert len(links) <= 65_530
        for place in (link.get("location") for link in links):
            named, _exclamation, cell = place.rpartition("!")
            assert named.strip("'").replace("''", "'") in names
            assert re.fullmatch(r"A\d+", cell)
        assert all(
            0 < float(row.get("ht", 15)) <= 409 for row in tree.xpath("//*[local-name()='row']")
        )
        assert all(0 < col.width <= 255 for col in sheet.column_dimensions.values())
        assert len(sheet.row_breaks.brk) <= 1_026
        heads = tree.xpath("//*[local-name()='oddHeader' or local-name()='oddFooter']/text()")
        assert all(len(text) <= 255 for text in heads)
        merged = [{*r.cells} for r in sheet.merged_cells.ranges]
        assert sum(map(len, merged)) == len(set().union(*merged))


def test_a_picture_is_drawn_as_tall_as_the_room_of_a_slide(
    saved: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wide figure would leave the lower third of its slide empty."""
    from cxlib.report.slides import HIGH, WIDE

    monkeypatch.setattr("cxlib.plots.native.noted", lambda axes: None)
    content = exports.make("pptx", saved, CLIENT, period=PERIOD, language="en")
    slides = Presentation(BytesIO(content))
    pictures = [s for slide in slides.slides for s in slide.shapes if s.shape_type == 13]
    assert pictures
    for picture in pictures:
        assert picture.top + picture.height > 0.8 * HIGH * slides.slide_width / WIDE


@pytest.mark.parametrize(
    "label", ["W" * 200, "<script>alert(1)</script> " * 8, "满意程度" * 50, "a b " * 50]
)
def test_a_text_takes_no_more_lines_than_its_box_on_a_slide_has(label: str) -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    from cxlib.plots.native import fitted

    size, told = fitted(label, 4.0, 1.0, (20, 14, 10))
    lines, at = 1, 0.0
    for word in told.split():
        drawn = TextPath((0, 0), word.replace("$", ""), size=size, prop=FontProperties())
        wide = size * len(word) if word[:1] > "\u2e7f" else drawn.get_extents().width
        lines += int(at > 0 and at + wide > 4 * 72)
        at = wide if at + wide > 4 * 72 else at + wide + 0.32 * size
        lines, at = lines + int(at // (4 * 72)), at % (4 * 72)
    assert lines * size * 1.2 / 72 <= 1.0


def test_money_on_a_slide_is_written_as_the_report_writes_it() -> None:
    rows = pd.DataFrame({"value": [1374.4], "low": 1020.0, "high": 1730.0, "unit": "GBP"})
    with theme.applied():
        chart = native.noted(forest(rows, labels=["step"]))
    assert chart is not None
    assert _said(rows["value"].iloc[0], chart.shape, sign=True) == "+1,374"
