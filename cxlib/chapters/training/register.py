"""The register of training: courses, sessions, who came, tests, reactions, what is done at work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator

from cxlib.errors import nearest
from cxlib.params import Client
from cxlib.params.base import Label, Text
from cxlib.params.faults import Problem
from cxlib.params.registers import Day, Id, Positive, Register as Base, Row, Titled

SECTION = "training"

ASPECTS = ("content", "delivery", "usefulness", "organisation")
"""What the reaction sheet asks, each answered from 1 to 5."""


def _code(value: object) -> str:
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    if isinstance(value, bool) or not re.fullmatch(r"[A-Za-z_-]{0,4}[0-9]{1,12}", text):
        raise ValueError("a participant is a short code, such as p07; names do not belong here.")
    return text


Code = Annotated[str, PlainValidator(_code)]
Number = Annotated[float, Field(ge=0)]
Minutes = Annotated[int, Field(gt=0)]
Score = Annotated[int, Field(ge=1, le=5)]


class Course(Titled):
    """What is taught to whom; `marks` are the full marks of its test.

    `deliverable` is the id of the training duty in the register of obligations.
    """

    audience: Label | None = None
    marks: Positive = 100.0
    deliverable: Id | None = None
    clause: Text | None = None


class OfCourse(Row):
    """A row that belongs to a course."""

    WITHIN: ClassVar[Mapping[str, str]] = {"course": "courses"}

    course: Id


class Session(Row):
    """One session: the day planned, and the day on which it was held."""

    WITHIN: ClassVar[Mapping[str, str]] = {"course": "courses"}

    id: Id
    course: Id
    date: Day
    held: Day | None = None
    minutes: Minutes | None = None
    trainer: Label | None = None


class Attendance(Row):
    """Who was invited to a session, and whether they came."""

    KEY: ClassVar[tuple[str, ...]] = ("session", "participant")
    WITHIN: ClassVar[Mapping[str, str]] = {"session": "sessions"}

    session: Id
    participant: Code
    present: bool = True


class Item(OfCourse):
    """One question of a course's test, right or wrong."""

    KEY: ClassVar[tuple[str, ...]] = ("course", "id")

    id: Id
    title: Label | None = None


class Test(OfCourse):
    """One participant's marks before and after, and the questions right in the second test.

    Who was not `trained` belongs to the comparison group.
    """

    KEY: ClassVar[tuple[str, ...]] = ("course", "participant")

    participant: Code
    trained: bool = True
    pre: Number | None = None
    post: Number | None = None
    right: tuple[Id, ...] | None = None


class Reaction(OfCourse):
    """One reaction sheet, without a participant: 1 (poor) to 5 (very good)."""

    KEY: ClassVar[tuple[str, ...]] = ("course", "sheet")

    sheet: Id
    content: Score | None = None
    delivery: Score | None = None
    usefulness: Score | None = None
    organisation: Score | None = None


class Behaviour(OfCourse):
    """How much of what was taught is done at work, 0 to 100, before and so many weeks after."""

    KEY: ClassVar[tuple[str, ...]] = ("course", "participant", "told_by")

    participant: Code
    told_by: Literal["observed", "self-rated"]
    weeks: Annotated[int, Field(ge=1)]
    before: Annotated[float, Field(ge=0, le=100)] | None = None
    after: Annotated[float, Field(ge=0, le=100)] | None = None


class Register(Base):
    """The trainings of an engagement, and what came of them."""

    courses: tuple[Course, ...] = ()
    sessions: tuple[Session, ...] = ()
    attendance: tuple[Attendance, ...] = ()
    items: tuple[Item, ...] = ()
    tests: tuple[Test, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    behaviour: tuple[Behaviour, ...] = ()

    def problems(self, client: Client) -> Iterator[Problem]:
        """Yield unknown courses, sessions and questions, marks above the full ones, lone tests."""
        yield from super().problems(client)
        courses = {course.id: course for course in self.courses}
        asked: dict[str, list[str]] = {}
        for item in self.items:
            asked.setdefault(item.course, []).append(item.id)
        lone: dict[str, list[tuple[int, str]]] = {}
        for place, test in enumerate(self.tests):
            at = ("tests", place)
            course: Any = courses.get(test.course)
            for name in ("pre", "post"):
                given = getattr(test, name)
                if course is not None and given is not None and given > course.marks:
                    message = f"{given:g} is above the full marks of {course.id}, {course.marks:g}."
                    yield Problem((*at, name), message)
            known = asked.get(test.course, [])
            for n, item_id in enumerate(test.right or ()):
                if item_id not in known:
                    message = (
                        f"{item_id!r} is no question of {test.course}{nearest(item_id, known)}"
                    )
                    yield Problem((*at, "right", n), message)
            if test.pre is not None and test.post is None:
                lone.setdefault(test.course, []).append((place, test.participant))
        for of, found in lone.items():
            codes = ", ".join(code for _place, code in found[:5]) + ("…" if len(found) > 5 else "")
            message = (
                f"{len(found)} in {of} took the first test only ({codes}); "
                "the gain is of those who took both."
            )
            yield Problem(("tests", found[0][0], "post"), message, severity="warning")
