"""The catalogues: complete, of the same facts as their messages, and written as Chinese is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.pofile import read_po

import cxlib
from cxlib.report.catalogue import catalogue_of, extract
from cxlib.words import LANGUAGES, Words, read_catalogue

LOCALE = Path(cxlib.__file__).parent / "locale"
STEMS = tuple(extract())
CASES = [(language, stem) for language in LANGUAGES[1:] for stem in STEMS]

CHINESE = "\u3400-\u9fff"
HALF_WIDTH = re.compile(rf"[{CHINESE}][,.;:!?()]|[,.;:!?()][{CHINESE}]")
MARKS = "，。；：！？、（）“”《》"
LOOSE = re.compile(
    rf"[{CHINESE}] +[{CHINESE}]|[{CHINESE}{MARKS}] +[{MARKS}]|[{MARKS}] +[{CHINESE}]"
)

each_catalogue = pytest.mark.parametrize(("language", "stem"), CASES)


@cache
def wanted() -> dict[str, list[str]]:
    return extract()


def path_of(language: str, stem: str) -> Path:
    return catalogue_of(stem, language)


def entries(language: str, stem: str) -> dict[str, Any]:
    with path_of(language, stem).open("rb") as file:
        return {str(entry.id): entry for entry in read_po(file) if entry.id}


def translations(language: str, stem: str) -> Iterator[tuple[str, str]]:
    yield from read_catalogue(path_of(language, stem)).items()


def facts(message: str) -> dict[str, set[str]]:
    """Name every fact of a message, with the formats it is written in."""
    found: dict[str, set[str]] = {}
    for _text, name, spec, conversion in Formatter().parse(message):
        if name is not None and "|" not in (spec or ""):  # what agrees with a number is English
            found.setdefault(name, set()).add(f"{conversion or ''}:{spec}")
    return found


def listed(messages: list[str]) -> str:
    return "\n" + "\n".join(f"  {message}" for message in messages)


def dummies(message: str) -> dict[str, object]:
    """Return a fact for every name: a number where a format asks for one, else some words."""
    return {name: _dummy("".join(specs).strip(":")) for name, specs in facts(message).items()}


def _dummy(spec: str) -> object:
    if not spec:
        return "某项"
    return 1234 if spec.endswith("d") else 0.25


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_stem_has_a_catalogue_and_no_catalogue_is_left_over(language: str) -> None:
    here = {path_of(language, stem) for stem in STEMS}
    held = {*(LOCALE / language).glob("*.po"), *LOCALE.parent.glob(f"chapters/*/{language}.po")}
    held |= {*LOCALE.parent.glob(f"learn/{language}.po")}
    assert held == here


@each_catalogue
def test_a_catalogue_holds_every_message_and_no_stale_one(language: str, stem: str) -> None:
    held = entries(language, stem)
    missing = [message for message in wanted()[stem] if message not in held]
    stale = sorted(held.keys() - set(wanted()[stem]))
    assert not missing, f"not in {language}/{stem}.po (make catalogue):{listed(missing)}"
    assert not stale, f"said by nobody, in {language}/{stem}.po:{listed(stale)}"


@each_catalogue
def test_every_message_is_translated(language: str, stem: str) -> None:
    lacking = [m for m, entry in entries(language, stem).items() if not entry.string or entry.fuzzy]
    assert not lacking, f"untranslated or fuzzy in {language}/{stem}.po:{listed(lacking)}"


@each_catalogue
def test_a_translation_has_the_facts_of_its_message_in_the_same_formats(
    language: str, stem: str
) -> None:
    unlike = [
        f"{m} → {said}" for m, said in translations(language, stem) if facts(m) != facts(said)
    ]
    assert not unlike, listed(unlike)


@pytest.mark.parametrize("stem", STEMS)
def test_chinese_is_written_with_its_own_punctuation(stem: str) -> None:
    wrong = [said for _message, said in translations("zh", stem) if HALF_WIDTH.search(said)]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("stem", STEMS)
def test_chinese_has_no_spaces_inside_its_sentences(stem: str) -> None:
    wrong = [said for _message, said in translations("zh", stem) if LOOSE.search(said)]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("stem", STEMS)
def test_a_sentence_stays_a_sentence(stem: str) -> None:
    wrong = [
        f"{message} → {said}"
        for message, said in translations("zh", stem)
        if message.endswith(".") != said.endswith("。")
    ]
    assert not wrong, listed(wrong)


@each_catalogue
def test_every_message_can_be_said(language: str, stem: str) -> None:
    words = Words.load(language)
    for message, _said in translations(language, stem):
        said = words.say(message, **dummies(message))
        assert said.strip(), message
        assert not re.search(r"\{\w+(:[^{}]*)?\}", said), said


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("{metric} is {value:.1f} of {n}.", {"metric": {":"}, "value": {":.1f"}, "n": {":"}}),
        ("The gap is {gap:.2%}.", {"gap": {":.2%"}}),
        ("No facts.", {}),
    ],
)
def test_facts_are_read_with_their_formats(message: str, found: dict[str, set[str]]) -> None:
    assert facts(message) == found


@pytest.mark.parametrize("text", ["样本少,慎读", "得分为 3.2。目标.", "指标(NPS)", "目标:25"])
def test_half_width_punctuation_is_found(text: str) -> None:
    assert HALF_WIDTH.search(text)


@pytest.mark.parametrize("text", ["均值为 3.25，n = 40。", "1,234 份", "推荐者（9–10 分）"])
def test_figures_and_latin_words_keep_theirs(text: str) -> None:
    assert not HALF_WIDTH.search(text)
    assert not LOOSE.search(text)


def glossary() -> list[tuple[str, str]]:
    """Return what is never written, each with the term it stands for."""
    text = (LOCALE.parent / "chapters" / "GLOSSARY.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("| ")]
    return [
        (never.strip(), row[1].strip()) for row in rows[1:] for never in row[2].split("；") if never
    ]


@pytest.mark.parametrize("stem", STEMS)
def test_one_term_has_one_translation(stem: str) -> None:
    wrong = [
        f"{said}: {right}, not {never}"
        for _message, said in translations("zh", stem)
        for never, right in glossary()
        if never in said
    ]
    assert not wrong, listed(wrong)
