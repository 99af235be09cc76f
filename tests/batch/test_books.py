"""Books and issues: bound from what chapters left, kept like any report; frozen, then compared."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cxlib.batch import books
from cxlib.batch.console import issue
from cxlib.batch.forkserver import can_fork
from cxlib.batch.issues import Issue, issues
from cxlib.batch.plan import Run
from cxlib.batch.sample import wall_maps
from cxlib.chapters.journey import tables
from cxlib.errors import CxError, RunError, SetupError
from tests.batch.conftest import PERIOD, Place

pytestmark = pytest.mark.skipif(not can_fork(), reason="kernels are not forked on this system")
SAVES = "_ = engagement.save(standing=engagement.standing())"


@pytest.fixture(autouse=True)
def _paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "print_pdf", lambda html, *, pages: b"%PDF " + str(pages).encode())


@pytest.fixture
def bound(place: Place) -> Place:
    """One client with a chapter that saves, one that reads it, and a summary."""
    place.add_client("c00", answers=200)
    place.add_notebook("02-assessment", SAVES, opens=True)
    place.add_notebook("09-broken", "print(1 / len(client[3:]))", reads=["assessment"])
    place.add_notebook("15-summary", SAVES, opens=True, reads=["assessment"])
    return place


def states(run: Run) -> dict[str, str]:
    return {ended.stem: ended.state for ended in run.ended}


def test_a_book_begins_with_the_summary_and_says_which_chapter_is_missing(bound: Place) -> None:
    run = bound.run(book=True)
    assert states(run) == {
        "assessment": "done", "broken": "failed", "summary": "done", "book": "done"
    }  # fmt: skip
    html = bound.report("c00", "book").read_text(encoding="utf-8")
    titles = re.findall(r'<h1 id="c\d-title">(.*?)</h1>', html)
    assert titles == ["Summary", "Assessment"]
    missing = html[html.index('class="missing"') : html.index("</nav>")]
    assert "Broken" in missing
    assert "ZeroDivisionError" not in html
    assert bound.report("c00", "book").with_suffix(".pdf").read_bytes() == b"%PDF True"


def test_the_journey_for_the_wall_lies_beside_a_book_that_has_the_chapter(
    bound: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = bound.root / "params" / "c00.yaml"
    rated = "  touchpoints:\n    - {key: desk, column: sat, scale: [1, 5]}\n"
    said = file.read_text(encoding="utf-8").rpartition("    csat:")[0]
    file.write_text(said + rated, encoding="utf-8")
    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    bound.add_notebook("05-journey", SAVES, opens=True)
    run = bound.run(book=True)
    beside = bound.report("c00", "book").with_name("journey-map.pdf")
    assert beside.read_bytes().startswith(b"%PDF")
    assert any(note.startswith("for the wall: ") for note in run.notes)
    beside.unlink()
    bound.run(book=True)
    assert not beside.exists()  # a fresh book is left as it is
    wall = tables.wall
    monkeypatch.setattr(tables, "wall", lambda e: wall(e).assign(quote="write to ann@example.org"))
    with pytest.raises(CxError, match="an e-mail address"):
        list(wall_maps(bound.workspace, "c00", period="latest", languages=("en",)))
    assert not beside.exists()


def test_a_book_is_fresh_until_a_chapter_changes(bound: Place) -> None:
    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    assert states(bound.run(book=True))["book"] == "done"
    assert set(states(bound.run(book=True)).values()) == {"fresh"}
    paper = bound.report("c00", "book").with_suffix(".pdf")
    paper.unlink()
    assert states(bound.run(book=True))["book"] == "done"
    assert paper.is_file()
    bound.add_notebook("02-assessment", SAVES, "print('added since')", opens=True)
    plan = bound.plan(book=True)
    (book,) = (job for job in plan.jobs if job.stem == "book")
    assert (book.state, book.due) == ("stale", True)
    run = bound.run()  # without the book
    assert states(run)["assessment"] == "done"
    assert "older than its chapters" in run.notes[0]
    assert "added since" not in bound.report("c00", "book").read_text(encoding="utf-8")
    assert states(bound.run(book=True))["book"] == "done"
    assert "added since" in bound.report("c00", "book").read_text(encoding="utf-8")


def test_chapters_are_printed_when_asked_and_no_print_outlives_its_report(bound: Place) -> None:
    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    bound.run(pdf=True)
    papers = [bound.report("c00", n).with_suffix(".pdf") for n in ("02-assessment", "15-summary")]
    assert [paper.read_bytes() for paper in papers] == [b"%PDF False"] * 2
    assert not bound.report("c00", "book").exists()
    bound.add_notebook("02-assessment", SAVES, "print('added since')", opens=True)
    bound.run()
    assert not any(paper.exists() for paper in papers)


def test_without_chromium_the_book_is_made_and_it_is_said_once(
    bound: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(html: str, *, pages: bool) -> bytes:
        raise SetupError("no PDF: this machine has no Chromium.")

    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    monkeypatch.setattr(books, "print_pdf", none)
    run = bound.run(book=True, pdf=True)
    assert not run.failed
    assert run.notes == ["no PDF: this machine has no Chromium. The HTML is made."]
    assert bound.report("c00", "book").is_file()


def test_a_print_that_fails_fails_its_job_and_keeps_the_html(
    bound: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(html: str, *, pages: bool) -> bytes:
        raise RunError("no PDF: Chromium ended with status 5 and wrote none.")

    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    monkeypatch.setattr(books, "print_pdf", broken)
    run = bound.run(book=True)
    assert states(run)["book"] == "failed"
    assert run.failed
    assert bound.report("c00", "book").is_file()


def test_a_book_goes_where_reports_go(bound: Place, tmp_path: Path) -> None:
    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    bound.run(book=True)
    out = tmp_path / "elsewhere"
    assert states(bound.run(book=True, out=out))["book"] == "fresh"
    copy = bound.report("c00", "book", out=out)
    assert copy.read_bytes() == bound.report("c00", "book").read_bytes()
    assert copy.with_suffix(".pdf").is_file()


def test_a_book_of_chosen_chapters_is_refused(bound: Place) -> None:
    with pytest.raises(RunError, match="a book holds all chapters"):
        bound.plan(book=True, chapters=("assessment",))


def test_the_summary_links_to_the_chapters_of_its_folder(bound: Place) -> None:
    bound.add_notebook(
        "15-summary",
        "table = engagement.kpis().at(engagement.period).table.assign(chapter='assessment')",
        "engagement.show(table, 'kpi value')",
        opens=True,
        reads=["assessment"],
    )
    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    bound.run(book=True)
    single = bound.report("c00", "15-summary").read_text(encoding="utf-8")
    assert single.count('<a href="02-assessment.html" title="Assessment">') == 2
    book = bound.report("c00", "book").read_text(encoding="utf-8")
    assert book.count('<a href="#c2" title="Assessment">') == 2
    assert "02-assessment.html" not in book


def test_a_logo_travels_and_a_changed_one_makes_reports_stale(bound: Place) -> None:
    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    file, logo = bound.root / "params" / "c00.yaml", bound.root / "data" / "c00" / "logo.svg"
    text = file.read_text("utf-8")
    file.write_text(text + "report: {logo: logo.svg}\n", encoding="utf-8")
    run = bound.run()
    assert "logo.svg" in run.faults["c00"]
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>')
    bound.run()
    report = bound.report("c00", "02-assessment")
    assert 'src="data:image/svg+xml;base64,' in report.read_text("utf-8")
    assert set(states(bound.run()).values()) == {"fresh"}
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 1"/></svg>')
    assert states(bound.run())["assessment"] == "done"


# --- issued -----------------------------------------------------------------------------------


@pytest.fixture
def ready(bound: Place) -> Place:
    (bound.root / "notebooks" / "09-broken.ipynb").unlink()
    return bound


def answers(place: Place, **change: int) -> None:
    """Let a share of the answers of 2026Q2 be other ones."""
    path = place.root / "data" / "c00" / "survey.csv"
    lines = path.read_text("utf-8").splitlines()
    path.write_text(
        "\n".join(re.sub(r"(2026-05-\d+,\d),\d+$", r"\1,10", line) for line in lines) + "\n",
        encoding="utf-8",
    )


def account(place: Place, version: int) -> dict[str, Any]:
    path = place.workspace.issued("c00") / PERIOD / f"v{version}" / "issue.json"
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return told


def test_an_issue_freezes_a_copy_that_nobody_else_reads(ready: Place) -> None:
    with pytest.raises(RunError, match=r"never|no report yet"):
        issue(ready.workspace, "c00", PERIOD, reason="")
    ready.run(book=True)
    issue(ready.workspace, "c00", PERIOD, reason="")
    told = account(ready, 1)
    folder = ready.workspace.issued("c00") / PERIOD / "v1"
    assert told["version"] == 1
    assert set(told["files"]) == {
        "en/02-assessment.html", "en/15-summary.html", "en/book.html", "en/book.pdf"
    }  # fmt: skip
    for name, digest in told["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert set(told["figures"]) == {"nps", "csat"}
    assert (ready.root / "issued").stat().st_mode & 0o077 == 0
    assert set(states(ready.run(book=True)).values()) == {"fresh"}  # to issue changes no report


def test_an_issue_holds_the_spreadsheet_and_the_deck_that_were_made(ready: Place) -> None:
    ready.run(book=True, formats=("xlsx", "pptx"))
    issue(ready.workspace, "c00", PERIOD, reason="")
    kinds = {Path(name).suffix for name in account(ready, 1)["files"]}
    assert kinds == {".html", ".pdf", ".xlsx", ".pptx"}
    answers(ready)
    ready.run(book=True)
    with pytest.raises(RunError, match=r"--book --format xlsx,pptx"):  # the old ones lie there
        issue(ready.workspace, "c00", PERIOD, reason="late answers")


def test_a_reissue_says_why_and_the_book_says_by_how_much(ready: Place) -> None:
    ready.run(book=True)
    issue(ready.workspace, "c00", PERIOD, reason="")
    with pytest.raises(RunError, match="nothing has changed since version 1"):
        issue(ready.workspace, "c00", PERIOD, reason="again")
    before = account(ready, 1)["figures"]["nps"]["value"]
    answers(ready)
    with pytest.raises(RunError, match="is not as it should be"):
        issue(ready.workspace, "c00", PERIOD, reason="late answers")
    ready.run(book=True)
    html = ready.report("c00", "book").read_text(encoding="utf-8")
    since = html[html.index('id="since"') : html.index('id="c1"')]
    assert "replaces version 1 for Q2 2026" in since
    contents = html[html.index('<nav class="contents"') : html.index("</nav>")]
    listed = re.findall(r'href="#([^"]+)"', contents)
    assert listed == sorted(listed, key=lambda anchor: html.index(f' id="{anchor}"'))
    now = ready.plan(book=True)
    assert not any(job.due for job in now.jobs)
    with pytest.raises(RunError, match="--reason"):
        issue(ready.workspace, "c00", PERIOD, reason=" ")
    with pytest.raises(RunError, match="e-mail"):
        issue(ready.workspace, "c00", PERIOD, reason="as ann@example.org asked")
    issue(ready.workspace, "c00", PERIOD, reason="late answers")
    told = account(ready, 2)
    after = told["figures"]["nps"]["value"]
    assert told["reason"] == "late answers"
    issued = ready.workspace.issued("c00") / PERIOD / "v2" / "en"
    book = (issued / "book.html").read_text(encoding="utf-8")
    assert "The reason: late answers" in book[book.index('id="since"') : book.index('id="c1"')]
    assert "replaces version 1 for Q2 2026" in book
    assert told["files"]["en/book.html"] == hashlib.sha256(book.encode()).hexdigest()
    assert (issued / "book.pdf").read_bytes() == b"%PDF True"
    assert after != before
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", since[since.index("<tbody>") :])
    amounts = (f"{before:.1f}", f"{after:.1f}", f"{after - before:+.1f}")
    assert cells == ["NPS", "Q2 2026", *(amount.replace("-", "−") for amount in amounts)]
    assert set(states(ready.run(book=True)).values()) == {"fresh"}
    assert [each.version for each in issues(ready.workspace, "c00")] == [1, 2]


def test_the_next_period_says_what_an_earlier_one_was_issued_with(ready: Place) -> None:
    earlier = "2026Q1"
    ready.run(book=True, period=earlier)
    issue(ready.workspace, "c00", earlier, reason="")
    ready.run(book=True)
    assert 'id="since"' not in ready.report("c00", "book").read_text(encoding="utf-8")
    path = ready.root / "data" / "c00" / "survey.csv"
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"(2026-02-\d+,\d),\d+\n", r"\1,0\n", text), encoding="utf-8")
    ready.run(book=True)
    html = ready.report("c00", "book").read_text(encoding="utf-8")
    since = html[html.index('id="since"') : html.index('id="c1"')]
    assert "Q1 2026" in since
    assert "replaces version" not in since
    ready.run(book=True, period=earlier)
    issue(ready.workspace, "c00", earlier, reason="Late <answers>")
    ready.run(book=True, force=True)
    html = ready.report("c00", "book").read_text(encoding="utf-8")
    since = html[html.index('id="since"') : html.index('id="c1"')]
    assert re.search(
        r"Version 2 for Q1 2026 was issued on [^<]+ because: Late &lt;answers&gt;", since
    )


def test_a_damaged_account_is_said(ready: Place) -> None:
    folder = ready.workspace.issued("c00") / PERIOD / "v1"
    folder.mkdir(parents=True)
    (folder / "issue.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RunError, match=r"issue\.json is damaged"):
        issues(ready.workspace, "c00")


def test_an_issue_is_known_by_all_it_says() -> None:
    one = Issue(client="c", period="p", version=1, issued="2026-01-01")
    assert one.digest == Issue(client="c", period="p", version=1, issued="2026-01-01").digest
    assert one.digest != Issue(client="c", period="p", version=2, issued="2026-01-01").digest
