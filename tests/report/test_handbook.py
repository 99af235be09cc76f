"""The handbook: every public method in it, complete in both languages, sealed, and true to code."""

from __future__ import annotations

import inspect
import pkgutil
import re
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest

import cxlib.analysis
from cxlib.report import handbook
from cxlib.words import LANGUAGES, Words
from tests.test_catalogues import HALF_WIDTH, LOOSE, glossary

NO_METHOD = {"metrics", "validate", "estimation", "results", "business_time", "shrinkage"}
"""What methods stand on."""
READERS = {
    *("actions.last_day", "actions.past", "weights.read_margins"),
    *(f"service.{n}" for n in ("calendar_period", "cohort", "kpi_rows")),
    *(f"service.{n}" for n in ("moment_of", "opened_in", "unit_of")),
}
"""Functions that read or name something, and compute nothing."""


def public_functions() -> set[str]:
    found = set()
    for module in pkgutil.iter_modules(cxlib.analysis.__path__):
        if module.name in NO_METHOD:
            continue
        room = import_module(f"cxlib.analysis.{module.name}")
        for name in getattr(room, "__all__", None) or vars(room):
            thing = getattr(room, name)
            own = inspect.isfunction(thing) and thing.__module__.startswith(room.__name__)
            if own and not name.startswith("_"):
                found.add(f"{module.name}.{name}")
    return found


def test_every_public_method_has_an_entry_and_every_entry_a_method() -> None:
    listed = [name for entry in handbook.entries("en") for name in entry.functions]
    assert len(listed) == len(set(listed))
    assert public_functions() - set(listed) == READERS
    assert set(listed) <= public_functions()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_section_is_empty_and_the_languages_say_the_same(language: str) -> None:
    every = handbook.entries(language)
    for entry, other in zip(every, handbook.entries("en"), strict=True):
        assert entry.id == other.id
        assert entry.title.strip()
        for part in handbook.PARTS:
            assert entry.texts[part].strip(), f"{entry.id}: {part}"
        if language == "zh":
            for part in ("question", "assumes", "read", "avoid"):
                assert re.search("[\u4e00-\u9fff]", entry.texts[part]), f"{entry.id}: {part}"
                assert entry.texts[part].endswith(("。", "？")), f"{entry.id}: {part}"


def test_chinese_is_written_as_in_the_catalogues() -> None:
    for entry in handbook.entries("zh"):
        for part in (*handbook.PARTS, "title"):
            text = entry.title if part == "title" else entry.texts[part]
            if part == "source":
                continue
            if part != "formula":
                assert not HALF_WIDTH.search(text), text
                assert not LOOSE.search(text), text
            assert not [never for never, _right in glossary() if never in text], text


class Seal(HTMLParser):
    """Notes what would load, run or lead out, and whether tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.bad: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag in ("script", "link", "img", "iframe", "object", "base", "form"):
            self.bad.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (
                name in ("href", "src") and not str(value).startswith("#")
            ):
                self.bad.append(f"{name}={value}")
            self.ids += [str(value)] if name == "id" else []
            self.anchors += [str(value)[1:]] if name == "href" else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_sealed_and_shows_the_lines_that_do_it(language: str) -> None:
    html = handbook.page(Words.load(language))
    seal = Seal()
    seal.feed(html)
    assert seal.bad == []
    assert seal.open == []
    assert seal.anchors == seal.ids
    assert "default-src 'none'" in html
    said = re.sub(r"<(pre|style)\b.*?</\1>", "", html, flags=re.S)
    assert not re.search(r"[_^]\{", said), "a formula is left as it was typed"
    for entry in handbook.entries(language):
        for name in entry.functions:
            first = inspect.getsourcelines(inspect.unwrap(handbook.function_of(name)))[1]
            assert f":{first}–" in html


def test_it_is_written_once_a_kit(tmp_path: Path) -> None:
    made = handbook.write(tmp_path, "kit 1")
    assert [path.name for path in made] == ["handbook.en.html", "handbook.zh.html"]
    made[0].write_text("stale", encoding="utf-8")
    before = made[1].stat().st_mtime_ns
    handbook.write(tmp_path, "kit 1")
    assert made[0].read_text("utf-8").startswith("<!DOCTYPE html>")
    assert made[1].stat().st_mtime_ns == before
    handbook.write(tmp_path, "kit 2")
    assert made[1].read_text("utf-8").endswith("<!-- kit 2 -->\n")


def test_a_chapter_leads_to_the_methods_that_it_rests_on() -> None:
    ids = {entry.id for entry in handbook.entries("en")}
    for stem in ("assessment", "drivers", "targets", "service", "monitoring", "membership"):
        links = handbook.of_chapter(stem, "zh")
        assert links, stem
        assert {href.partition("#")[2] for href, _title in links} <= ids
    assert handbook.of_chapter("my-own", "en") == []
