from __future__ import annotations

import re
from typing import Any

import nbformat
import pytest

from cxlib.present import mime
from cxlib.report.html import Cover, render
from cxlib.report.markdown import messages, render_markdown, translate_markdown
from cxlib.words import Words
from tests.conftest import ROOT

HOSTILE = (
    "<script>alert(1)</script>",
    '<base href="http://x.test/">',
    '<meta http-equiv="refresh" content="0;url=http://x.test">',
    "{{ 7 * 7 }}{% raw %}",
    "<img src=x onerror=alert(1)>",
)


def notebook(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells))


def output(data: dict[str, object]) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
    return cell


def cover() -> Cover:
    return Cover(
        client=HOSTILE[0], period="Q3", confidential="Confidential", provenance=[("a", HOSTILE[1])]
    )


def hostile_report() -> str:
    table = {
        "headings": [HOSTILE[0]],
        "rows": [[text] for text in HOSTILE],
        "numeric": [False],
        "notes": [HOSTILE[2]],
        "caption": HOSTILE[3],
    }
    finding = {
        "id": "a",
        "severity": "serious",
        "subject": "a",
        "tier": 0,
        "stake": 1.0,
        "evidence": HOSTILE[1],
        "mark": "Act",
        "text": HOSTILE[0],
        "next": HOSTILE[2],
    }
    figure = {"image/png": "aGk=", mime.FIGURE: {"alt": '"><script>', "width": 700}}
    return render(
        notebook(
            nbformat.v4.new_markdown_cell("# Title " + HOSTILE[0]),
            nbformat.v4.new_markdown_cell(
                "\n\n".join(HOSTILE) + "\n\n[a](javascript:alert(1)) ![i](http://x.test/i.png)"
            ),
            output({mime.TABLE: table}),
            output({mime.FINDINGS: {"items": [finding]}}),
            output(figure),
            output({"text/html": HOSTILE[0], "text/plain": HOSTILE[4]}),
        ),
        words=Words(),
        cover=cover(),
    )


def test_hostile_text_comes_out_as_text() -> None:
    html = hostile_report()
    body = html[html.index("<body>") :]
    assert "<script" not in html
    assert "<base" not in html
    assert "<img src=x" not in html
    assert 'http-equiv="refresh"' not in html
    assert "{{ 7 * 7 }}" in body
    assert "49" not in re.sub(r"\d{3,}", "", body)
    assert "javascript:" not in re.sub(
        r"&[^;]+;", "", " ".join(re.findall(r'href="([^"]*)"', html))
    )
    assert "&lt;script&gt;" in body


def test_a_report_is_sealed() -> None:
    html = hostile_report()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert policy in html.replace("&#39;", "'")
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', html)


def test_findings_stand_before_the_evidence_in_order_of_consequence() -> None:
    def finding(name: str, severity: str, rank: float) -> dict[str, object]:
        return {
            "id": name,
            "severity": severity,
            "subject": name,
            "tier": 0,
            "stake": rank,
            "evidence": "",
            "mark": "",
            "text": name,
            "next": "",
        }

    html = render(
        notebook(
            nbformat.v4.new_markdown_cell("# T\nLead."),
            output(
                {
                    mime.FINDINGS: {
                        "items": [finding("small", "note", 9), finding("grave", "serious", 1)]
                    }
                }
            ),
            output({mime.FINDINGS: {"items": [finding("graver", "serious", 2)]}}),
            nbformat.v4.new_markdown_cell("## Evidence here"),
        ),
        words=Words(),
        cover=cover(),
    )
    order = [html.index(name) for name in ("graver", "grave<", "small<", "Evidence here</h2>")]
    assert order == sorted(order)


@pytest.mark.parametrize("severity", ["note", "warning"])
def test_paper_shows_further_findings_where_nothing_stands_above_them(severity: str) -> None:
    items = [
        {"id": name, "severity": each, "subject": name, "tier": 0, "stake": 1.0, "evidence": "",
         "mark": "", "text": name, "next": ""}
        for name, each in (("first", severity), ("second", "note"))
    ]  # fmt: skip
    html = render(notebook(output({mime.FINDINGS: {"items": items}})), words=Words(), cover=cover())
    assert ('<details class="more" open>' in html) == (severity == "note")
    assert re.findall(r"details\.more(\S*) \{ display: none", html) == [":not([open])"]
    assert not re.search(r"<ol>\s*</ol>", html)


def test_a_next_step_is_said_once_and_the_consultants_notes_not_at_all() -> None:
    def finding(name: str, step: str, **of: Any) -> dict[str, Any]:
        about = {"id": name, "subject": name, "severity": "serious", "tier": 0, "stake": 0.0}
        return about | {"evidence": "", "mark": "", "text": name, "next": step} | of

    told = [finding("a", "Begin there."), finding("b", "Begin there."), finding("c", "")]
    told += [finding("d", ""), finding("e", "Code a sample.", desk=True)]
    html = render(
        notebook(nbformat.v4.new_markdown_cell("# T"), output({mime.FINDINGS: {"items": told}})),
        words=Words(),
        cover=cover(),
    )
    assert (html.count("Begin there."), html.count("As above.")) == (1, 1)
    assert "Code a sample" not in html


def test_code_and_parameters_do_not_show() -> None:
    parameters = nbformat.v4.new_code_cell(
        "client = 'secret_code'", metadata={"tags": ["parameters"]}
    )
    html = render(
        notebook(
            nbformat.v4.new_markdown_cell("# T"),
            parameters,
            nbformat.v4.new_code_cell("secret_code"),
        ),
        words=Words(),
        cover=cover(),
    )
    assert "secret_code" not in html


def test_on_a_phone_the_cue_that_a_figure_goes_on_lies_over_the_figure() -> None:
    css = (ROOT / "cxlib" / "report" / "templates" / "style.css").read_text("utf-8")
    narrow = css.partition("@media (max-width: 36rem)")[2].partition("@page")[0]
    rules = dict(re.findall(r"^  ([^{]+) \{([^}]*)\}", narrow, re.M))
    assert "linear-gradient" in rules["figure.drawn > div::after, .table"]
    assert "sticky" in rules["figure.drawn > div::after"]  # beneath, the figure's ground hides it


def test_the_image_has_its_alternative_text() -> None:
    html = render(
        notebook(output({"image/png": "aGk=", mime.FIGURE: {"alt": "NPS falls", "width": 700}})),
        words=Words(),
        cover=cover(),
    )
    assert '<img src="data:image/png;base64,aGk=" alt="NPS falls" width="700">' in html


def test_markdown_is_translated_by_paragraph() -> None:
    source = "# Title\nA lead\nover two lines.\n\n- one\n- two"
    assert list(messages(source)) == ["Title", "A lead over two lines.", "one", "two"]
    words = Words("zh", {"Title": "标题", "two": "二"})
    assert translate_markdown(source, words) == "# 标题\nA lead over two lines.\n\n- one\n- 二"


@pytest.mark.parametrize("text", HOSTILE)
def test_html_in_markdown_is_escaped(text: str) -> None:
    assert not re.search(r"<(script|base|meta|img)", render_markdown(text).html)


def test_headings_can_be_linked_in_chinese_too() -> None:
    rendered = render_markdown("## 沿着旅程")
    assert rendered.headings[0].id == "s-沿着旅程"
    assert 'id="s-沿着旅程"' in rendered.html


def test_a_remark_is_made_once_and_the_key_to_a_sign_each_time() -> None:
    def table() -> nbformat.NotebookNode:
        notes = ["Two rows were left out.", "– : withheld."]
        data = {
            "headings": ["a"],
            "rows": [["1"]],
            "numeric": [True],
            "notes": notes,
            "caption": "",
        }
        return output({mime.TABLE: data})

    html = render(notebook(table(), table()), words=Words(), cover=cover())
    assert html.count("Two rows were left out.") == 1
    assert html.count("– : withheld.") == 2


def test_a_heading_over_nothing_is_left_out() -> None:
    html = render(
        notebook(
            nbformat.v4.new_markdown_cell("# T"),
            nbformat.v4.new_markdown_cell("## Nothing came of it\nWhy."),
            nbformat.v4.new_code_cell("pass"),
            nbformat.v4.new_markdown_cell("## Only words"),
        ),
        words=Words(),
        cover=cover(),
    )
    assert "Nothing came of it" not in html
    assert "Only words" in html


def test_a_paragraph_over_nothing_goes_and_its_section_stays() -> None:
    table = {"headings": ["a"], "rows": [["b"]], "numeric": [False], "notes": [], "caption": ""}
    shown, silent = output({mime.TABLE: table}), nbformat.v4.new_code_cell("x")
    text = nbformat.v4.new_markdown_cell
    cells = (text("# Title"), text("## Kept\nLead."), shown, text("More of it."), silent)
    page = render(notebook(*cells), words=Words(), cover=cover())
    assert "Lead." in page and "More of it." not in page
    page = render(notebook(*cells, output({mime.TABLE: table})), words=Words(), cover=cover())
    assert "More of it." in page


def test_a_note_on_the_method_of_a_section_goes_where_that_section_is_left_out() -> None:
    method = nbformat.v4.new_markdown_cell(
        "### How\n- Always said.\n- <!-- Shown --> Of the first.\n- <!-- Empty --> Of the second."
    )
    method.metadata["tags"] = ["method"]
    assert list(messages(method.source))[2:] == ["Of the first.", "Of the second."]
    table = {"headings": ["a"], "rows": [["b"]], "numeric": [False], "notes": [], "caption": ""}
    page = render(
        notebook(
            nbformat.v4.new_markdown_cell("# Title"),
            nbformat.v4.new_markdown_cell("## Shown\nText."),
            output({mime.TABLE: table}),
            nbformat.v4.new_markdown_cell("## Empty\nText."),
            nbformat.v4.new_code_cell("x"),
            method,
        ),
        words=Words(catalogue={"Of the first.": "其一。"}),
        cover=cover(),
    )
    assert "Always said." in page and "其一。" in page
    assert "Of the second." not in page and "&lt;!--" not in page


def test_a_number_after_words_from_right_to_left_stays_after_them() -> None:
    arabic = "خدمة العملاء (1) مكتب"
    table = {"headings": ["KPI"], "rows": [[f"{arabic} 42.7"]], "numeric": [False], "notes": []}
    table["caption"] = arabic
    html = render(
        notebook(nbformat.v4.new_markdown_cell(f"# {arabic}?"), output({mime.TABLE: table})),
        words=Words(),
        cover=cover(),
    )
    assert "<h1><bdi>خدمة العملاء</bdi> (1) <bdi>مكتب</bdi>?</h1>" in html
    assert "<bdi>مكتب</bdi> 42.7</th>" in html
    assert "<bdi" not in re.search(r"<title>.*?</title>", html)[0]  # type: ignore[index]
    assert f'aria-label="{arabic}"' in html


def test_brackets_stay_with_the_words_from_right_to_left_that_they_hold() -> None:
    hebrew = "סניף (תל אביב) 24 (a)"
    html = render(
        notebook(nbformat.v4.new_markdown_cell(f"# {hebrew}?")), words=Words(), cover=cover()
    )
    assert "<h1><bdi>סניף (תל אביב)</bdi> 24 (a)?</h1>" in html


def test_a_table_too_wide_for_a_page_goes_on_beneath_itself() -> None:
    heads = ["Split by", "Tickets of", *(f"KPI {at}" for at in range(10))]
    rows = [[f"r{n}c{at}" for at in range(12)] for n in range(3)]
    table = {"headings": heads, "rows": rows, "numeric": [False] * 2 + [True] * 10}
    wide = output({mime.TABLE: table | {"notes": ["said once"], "caption": ""}})
    html = render(notebook(wide), words=Words(), cover=cover())
    shown = [
        re.findall(r'scope="col"[^>]*>(.*?)<', t) for t in re.findall("<thead>.*?</thead>", html)
    ]
    assert [len(names) for names in shown] == [7, 7]
    assert all(names[:2] == heads[:2] for names in shown)
    assert [name for names in shown for name in names[2:]] == heads[2:]
    told = re.findall(r"r\dc\d+", html)
    assert sorted(set(told)) == sorted(cell for row in rows for cell in row)
    assert len(told) == 3 * 14
    assert html.count("said once") == 1
