"""The book: every chapter once, ids its own, links inside; on paper with pages, header and font."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from cxlib.data.face import Face
from cxlib.errors import DataError, RunError, SetupError
from cxlib.present import mime
from cxlib.report import pdf
from cxlib.report.book import Part, Since, render_book
from cxlib.report.html import Cover, Link, render
from cxlib.words import Words
from tests.report.test_browser import CHROMIUM
from tests.report.test_html import HOSTILE, hostile_report, notebook, output

LONG = "Label " * 33
ARABIC = "خدمة العملاء"
FIGURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 200"><defs><clipPath id="c">'
    '<rect width="9" height="9"/></clipPath></defs><g clip-path="url(#c)"><path id="m" d="M0 0h9"/>'
    '<use href="#m"/></g><text x="1" y="9">url(#c) id="m"</text></svg>'
)


def cover(language: str = "en", **face: str) -> Cover:
    return Cover(
        client="海港酒店" if language == "zh" else "Harbour & Sons",
        period="2026年第3季度" if language == "zh" else "Q3 2026",
        confidential="机密" if language == "zh" else 'Board "only" \\ </style><script>',
        face=Face(**face),  # type: ignore[arg-type]
        provenance=[("Kit", "cxlib"), ("Survey", HOSTILE[0])],
    )


def finding(chapter: str, text: str = "It fell.") -> dict[str, object]:
    about = {
        "id": f"{chapter}.nps",
        "severity": "serious",
        "subject": "nps",
        "tier": 0,
        "stake": 1.0,
    }
    return about | {"evidence": "", "mark": "Act", "text": text, "next": "", "chapter": chapter}


def table(rows: int, label: str = "Touchpoint") -> dict[str, object]:
    return {
        "headings": ["What", "Value"],
        "rows": [[f"{label} {at}", f"{at}.0"] for at in range(rows)],
        "numeric": [False, True],
        "notes": [],
        "caption": "",
        "leads": ["touch"] * rows,
    }


def chapter(title: str, *cells: nbformat.NotebookNode, **links: Link) -> str:
    method = output({"text/plain": f"how {title}"})
    method.metadata["tags"] = ["method"]
    cells = (nbformat.v4.new_markdown_cell(f"# {title}\nLead of it."), *cells, method)
    return render(notebook(*cells), words=Words(), cover=cover(), links=links)


def parts() -> list[Part]:
    drawn = {"image/svg+xml": FIGURE, mime.FIGURE: {"alt": "url(#c) it rose", "title": "It rose"}}
    one = chapter(
        "How does it stand?",
        output({mime.FINDINGS: {"items": [finding("touch")]}}),
        output({mime.TABLE: table(3)}),
        touch=Link("05-touch.html", "What touched?"),
    )
    two = chapter("What touched?", output(drawn), nbformat.v4.new_markdown_cell("## Part"))
    return [
        Part(stem="summary", file="15-summary", html=one),
        Part(stem="touch", file="05-touch", html=two),
        Part(stem="more", file="06-more", html=chapter("More?", output(drawn))),
    ]


class Reader(HTMLParser):
    """Ids, and what refers to them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.refers: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            elif name in ("href", "aria-labelledby"):
                self.refers.append(str(value).removeprefix("#"))
            elif name in ("clip-path", "style"):
                self.refers += re.findall(r"url\(#([^)]+)\)", str(value))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_ids_are_unique_and_every_link_leads_somewhere_inside() -> None:
    read = Reader(render_book(parts(), words=Words(), cover=cover()))
    assert len(read.ids) == len(set(read.ids))
    assert {"c1", "c2", "c3", "c2-s-part"} <= set(read.ids)
    assert set(read.refers) <= set(read.ids)
    assert read.refers.count("c2") >= 4  # contents, method, finding, three rows
    assert 'url(#c) id="m"' in read.text  # what a figure says is not what it refers to


def test_each_chapter_stands_once_and_its_method_in_the_appendix() -> None:
    html = render_book(parts(), words=Words(), cover=cover())
    order = [
        html.index(f">{title}</h1>") for title in ("How does it stand?", "What touched?", "More?")
    ]
    assert order == sorted(order)
    assert html.count("Lead of it.") == 3
    assert html.count("how What touched?") == 1
    assert html.index("how What touched?") > html.index('id="method"') > order[-1]
    assert html.count("<main>") == html.count('<nav class="contents"') == 1
    assert html.count('id="provenance"') == 1


def test_what_is_missing_is_named_and_what_changed_comes_first() -> None:
    since = Since(lines=["It replaces <b>version 1</b>."], headings=["KPI"], rows=[["nps"]])
    html = render_book(
        parts(), words=Words(), cover=cover(), missing=[("Gone <i>?", "It failed.")], since=since
    )
    assert "Gone &lt;i&gt;?" in html
    assert "It replaces &lt;b&gt;version 1" in html
    assert html.index("Gone") < html.index('id="since"') < html.index('id="c1"')
    assert 'id="since"' not in render_book(parts(), words=Words(), cover=cover())


def test_a_report_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"05-x\.html"):
        render_book([Part(stem="x", file="05-x", html="<p>")], words=Words(), cover=cover())


def test_a_hostile_chapter_stays_text_in_the_book() -> None:
    part = Part(stem="x", file="05-x", html=hostile_report())
    html = render_book([part], words=Words(), cover=cover())
    assert "<script" not in html
    assert "<base" not in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', html)
    assert html.count("<style") == html.count("</style>") == 1


def test_the_face_is_worn() -> None:
    face = {"colours": {"main": "#123456"}, "dark": {"main": "#abcdef"}, "footer": "Our office"}
    html = render_book(
        parts(), words=Words(), cover=cover(**face, logo=b"<svg/>", kind="image/svg+xml")
    )  # type: ignore[arg-type]
    assert html.rindex("--main:#123456") > html.rindex("--main: #1f5f99")
    assert html.index("--main:#abcdef") > html.index("prefers-color-scheme: dark")
    assert "Our office" in html
    assert '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="Harbour &amp; Sons">' in html


def test_the_print_copy_leads_nowhere_and_holds_its_chinese_letters() -> None:
    link = {"touch": Link("05-touch.html", "What touched?")}
    html = chapter("一", output({mime.FINDINGS: {"items": [finding("touch", "入住办理")]}}), **link)
    assert 'href="05-touch.html"' in html
    copy = pdf.printable(html)
    assert not re.findall(r'href="(?!#)', copy)
    assert "font-src data:" in copy
    font = re.search(r"data:font/woff;base64,([^)]+)\)", copy)
    assert font is not None
    assert copy == pdf.printable(html)  # same page, same bytes
    assert "font/woff" not in pdf.printable(chapter("One"))


def test_without_chromium_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(pdf.VARIABLE, raising=False)
    with pytest.raises(SetupError, match="no Chromium; install one"):
        pdf.print_pdf("<p>")
    monkeypatch.setenv(pdf.VARIABLE, "/nowhere/chrome")
    with pytest.raises(SetupError, match="/nowhere/chrome"):
        pdf.print_pdf("<p>")


@pytest.mark.skipif(not Path("/bin/sh").exists(), reason="a stand-in of a browser is a script")
def test_a_browser_that_fails_or_hangs_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "chrome"
    monkeypatch.setenv(pdf.VARIABLE, str(stand_in))
    stand_in.write_text("#!/bin/sh\nexit 3\n")
    stand_in.chmod(0o700)
    with pytest.raises(RunError, match="status 3"):
        pdf.print_pdf("<p>")
    stand_in.write_text("#!/bin/sh\nsleep 600\n")
    monkeypatch.setattr(pdf, "PATIENCE", 0.3)
    with pytest.raises(RunError, match="not done after"):
        pdf.print_pdf("<p>")


def printed(html: str, tmp_path: Path) -> list[str]:
    """Return the words of every page of a printed report."""
    target = tmp_path / "report.pdf"
    target.write_bytes(pdf.print_pdf(html, pages=True))
    told = subprocess.run(
        ["pdftotext", "-layout", str(target), "-"], capture_output=True, text=True, check=True
    )
    return told.stdout.split("\f")[:-1]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_book_prints_with_pages_running_header_and_repeated_heads(tmp_path: Path) -> None:
    import shutil

    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine")
    long = chapter(
        "Long?",
        output({mime.FINDINGS: {"items": [finding("x", LONG)]}}),
        output({mime.TABLE: table(90)}),
        output({mime.TABLE: table(2, ARABIC)}),
    )
    html = render_book(
        [*parts(), Part(stem="x", file="07-x", html=long)], words=Words(), cover=cover()
    )
    pages = printed(html, tmp_path)
    assert all("Harbour & Sons · Q3 2026" in page for page in pages[1:])
    assert all('Board "only" \\ </style><script>' in page for page in pages)
    numbers = [re.search(r"(\d+) ?/ ?(\d+)$", page.strip()) for page in pages]
    assert [found and found.groups() for found in numbers] == [
        (str(at), str(len(pages))) for at in range(1, len(pages) + 1)
    ]
    filled = [page for page in pages if re.search(r"Touchpoint \d+ ", page)]
    assert len(filled) > 2
    assert all("Value" in page for page in filled)  # the head is repeated
    at = next(n for n, page in enumerate(pages, start=1) if "Long?" in page and n > 2)
    assert re.search(rf"Long\?\s+{at}\n", pages[1])
    assert "Signature" in pages[-1]
    assert b"file:" not in (tmp_path / "report.pdf").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_letters_of_a_print_are_of_8_points_or_more_and_openings_are_whole(tmp_path: Path) -> None:
    import shutil

    if shutil.which("pdftohtml") is None:
        pytest.skip("no pdftohtml on this machine")
    interval = "−3.3 points (−8.5\u00a0to\u00a0+2.0\u00a0points)"
    wide = {
        "headings": ["Split by", "Tickets of", *(f"Resolution, 9{at}% within" for at in range(10))],
        "rows": [["Team", "Back office", *["17.9\u00a0working\u00a0hours"] * 10]] * 12,
        "numeric": [False] * 2 + [True] * 10,
    }
    eight = {
        "headings": ["KPI", "Others", *("Change", "p (adjusted)") * 3],
        "rows": [["Payments and transfers", "3.98", *(interval, "< 0.001") * 3]] * 8,
        "numeric": [False] + [True] * 7,
    }
    told = {"caption": "", "notes": []}
    items = [finding(str(at), f"Said {at}") | {"subject": str(at)} for at in range(5)]
    found = {mime.FINDINGS: {"items": items}}
    tiles = {mime.TILES: {"tiles": [{"label": f"Tile {at}", "value": "1"} for at in range(8)]}}
    chapters = [
        Part(
            stem=f"x{n}",
            file=f"{n:02}-x",
            html=chapter(
                f"Chapter {n}?",
                *(output(tiles), output(found), output({mime.TABLE: wide | told})),
                *(output({mime.TABLE: t}) for t in (eight | told, table(20 + 7 * n), table(1))),
            ),
        )
        for n in range(4)
    ]
    html = render_book(chapters, words=Words(), cover=cover())
    pages = printed(html, tmp_path)
    for n in range(4):
        at = max(
            k
            for k, page in enumerate(pages)
            if f"Chapter {n}?" in page and k > 1 and "Tile" in page
        )
        assert "Tile 7" in pages[at]
        assert "Said 4" in pages[at]
    command = ["pdftohtml", "-xml", "-stdout", "-i", "-zoom", "1", str(tmp_path / "report.pdf")]
    xml = subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8")
    sizes = {int(size) for size in re.findall(r'<fontspec [^>]*size="(\d+)"', xml)}
    assert min(sizes) >= 8


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_chinese_prints_in_its_own_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    words = Words.load("zh")
    html = render(
        notebook(nbformat.v4.new_markdown_cell("# 客户体验现状如何\n入住办理 9.1")),
        words=words,
        cover=cover("zh"),
    )
    first, second = pdf.print_pdf(html), pdf.print_pdf(html)
    assert first == second
    assert b"/Subtype /CIDFontType2" in first
    assert b"/Subtype /Type3" not in first
