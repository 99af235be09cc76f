"""The test before and after the course: its paper, its key, and marks for the register."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

from cxlib.errors import DataError, nearest
from cxlib.learn.lesson import words_of
from cxlib.words import mark as _
from cxlib.workspace import kit_file, kit_yaml

WHEN = ("pre", "post")
SESSION = "course-1"


def the_test() -> dict[str, Any]:
    """Return the test as it stands in `notebooks/lessons/test.yaml`."""
    read: dict[str, Any] = kit_yaml(kit_file("notebooks") / "lessons" / "test.yaml")
    return read


def paper(language: str, *, key: bool = False) -> str:
    """Return the test to be printed; with the right answers only if asked."""
    words, given = words_of(language), the_test()
    lines = [f"# {given['course']['title'][language]}", ""]
    if not key:
        lines += [words.say(_("Your code, as the trainer gave it: ________")), ""]
        lines += [words.say(_("One answer each. Write nothing if you do not know.")), ""]
    for number, item in enumerate(given["items"], start=1):
        lines += [f"**{number}.** {item['title'][language]}", ""]
        for letter, text in item["options"].items():
            if not key or letter == item["key"]:
                lines.append(f"- {letter}) {text[language]}")
        lines.append("")
    return "\n".join(lines)


def sheet() -> str:
    """Return the empty answer sheet: a row a participant and time."""
    items = [item["id"] for item in the_test()["items"]]
    return ",".join(["participant", "when", *items]) + "\n"


def register(answers: Path, held: dt.date) -> str:
    """Mark an answer sheet; return it as the client's register of training, as chapter 13 reads it.

    `answers`: CSV with ``participant, when`` (``pre`` or ``post``) and a letter by question, empty:
    not answered. `held`: the last day of the course; reports of periods that end before it do not
    count the test. Faults (a column missing, a letter that is no option, a participant twice) name
    line and value.
    """
    given = the_test()
    course, keys = given["course"], {item["id"]: item for item in given["items"]}
    people: dict[str, dict[str, list[str]]] = {}
    with answers.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        for name in ("participant", "when", *keys):
            if name not in (rows.fieldnames or ()):
                known = nearest(name, rows.fieldnames or ())
                raise DataError(f"{answers.name}: no column {name!r}{known}")
        for row in rows:
            who, when = (row["participant"] or "").strip(), (row["when"] or "").strip().lower()
            place = f"{answers.name}, line {rows.line_num}"
            if not who or when not in WHEN:
                raise DataError(f"{place}: {who!r}, {when!r}: a code, and pre or post, are wanted.")
            if when in people.setdefault(who, {}):
                raise DataError(f"{place}: {who} has a {when} test already.")
            people[who][when] = [
                name for name in keys if _letter(row, name, keys[name], place) == keys[name]["key"]
            ]
    lines = ["courses:", f"  - {{id: {course['id']}, title: {_both(course['title'])}, "]
    lines[-1] += f"marks: {course['marks']}}}"
    day = f"date: {held.isoformat()}, held: {held.isoformat()}"
    lines += ["sessions:", f"  - {{id: {SESSION}, course: {course['id']}, {day}}}", "attendance:"]
    lines += [f"  - {{session: {SESSION}, participant: {who}}}" for who in people]
    lines += ["items:"]
    for name, item in keys.items():
        lines.append(f"  - {{course: {course['id']}, id: {name}, title: {_both(item['title'])}}}")
    lines += ["tests:"] + [_marked(course["id"], who, right) for who, right in people.items()]
    return "\n".join(lines) + "\n"


def write(answers: Path, held: dt.date) -> Path:
    """Mark an answer sheet and write ``training.yaml`` beside it."""
    path = answers.with_name("training.yaml")
    if path.exists():
        raise DataError(f"{path} is there already; move it away first. Nothing was changed.")
    path.write_text(register(answers, held), encoding="utf-8", newline="\n")
    return path


def _letter(row: dict[str, Any], name: str, item: dict[str, Any], place: str) -> str:
    letter = (row[name] or "").strip().lower()
    if letter and letter not in item["options"]:
        raise DataError(
            f"{place}, {name}: {letter!r} is no option{nearest(letter, item['options'])}"
        )
    return letter


def _both(text: dict[str, str]) -> str:
    told = ", ".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in text.items())
    return f"{{{told}}}"


def _marked(course: str, who: str, right: dict[str, list[str]]) -> str:
    marks = "".join(f", {when}: {len(right[when])}" for when in WHEN if when in right)
    named = f", right: [{', '.join(right['post'])}]" if "post" in right else ""
    return f"  - {{course: {course}, participant: {who}{marks}{named}}}"
