"""The register of needs: what customers and staff need, who said so, who confirmed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import PlainValidator

from cxlib.chapters.actions.register import Kind
from cxlib.params import Client
from cxlib.params.base import STAND_IN, Label, Text
from cxlib.params.faults import Problem, show
from cxlib.params.registers import Day, Id, Register as Base, Row, Titled

SECTION = "needs"

Source = Literal["questionnaire", "interview", "focus group"]
State = Literal["collected", "sorted", "confirmed", "fed back"]


def _person(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if text != STAND_IN and not re.fullmatch(r"[A-Za-z]{1,4}[-_]?\d{1,8}", text):
        raise ValueError(
            f"{show(value)} is no code for a person; write such as I07, and keep the list of names "
            "elsewhere."
        )
    return text


class Group(Titled):
    """A group of customers or staff that is to be heard."""


class Need(Titled):
    """One need: its state, who of the client confirmed it and when, and what answers it."""

    REFERS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "actions": ("actions", "actions"),
        "deliverables": ("obligations", "deliverables"),
    }

    kind: Kind | None = None
    state: State = "collected"
    confirmed_by: Label | None = None
    confirmed_on: Day | None = None
    actions: tuple[Id, ...] = ()
    deliverables: tuple[Id, ...] = ()


class Evidence(Row):
    """One piece: what a person said, when and where, and the need that it names.

    `need` is empty until it is sorted, `second` what a second coder chose without seeing the first;
    `who` is a code. `stance` is "against" if the person says the opposite of the need.
    """

    MASKED: ClassVar[tuple[str, ...]] = ("quote",)
    WITHIN: ClassVar[Mapping[str, str]] = {"need": "needs", "second": "needs", "group": "groups"}

    id: Id
    need: Id | None = None
    second: Id | None = None
    source: Source
    quote: Text
    who: Annotated[str, PlainValidator(_person)]
    when: Day
    group: Id | None = None
    stance: Literal["for", "against"] = "for"


class Register(Base):
    """The needs of an engagement with their evidence, and the groups that are to be heard."""

    groups: tuple[Group, ...] = ()
    needs: tuple[Need, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def problems(self, client: Client) -> Iterator[Problem]:
        """Yield needs listed twice, confirmed by nobody, and what evidence names and no list has.

        A second coder who judged fewer than half of the pieces is warned of.
        """
        yield from super().problems(client)
        titles: dict[tuple[tuple[str, str], ...], str] = {}
        for place, need in enumerate(self.needs):
            said = tuple(sorted(need.title.items()))
            if said in titles:
                message = f"the same need is listed as {titles[said]!r} already; keep one of them."
                yield Problem(("needs", place, "title"), message)
            titles.setdefault(said, need.id)
            missing = [n for n in ("confirmed_by", "confirmed_on") if getattr(need, n) is None]
            if need.state in ("confirmed", "fed back") and missing:
                message = f"a need that is {need.state} needs {' and '.join(missing)}; fill that in"
                yield Problem(("needs", place, "state"), f"{message}, or write an earlier state.")
        judged = sum(piece.second is not None for piece in self.evidence)
        if 0 < judged < len(self.evidence) / 2:
            message = (
                f"the second coder judged {judged} of {len(self.evidence)} pieces of evidence; "
                "agreement holds for those alone."
            )
            yield Problem(("evidence",), message, severity="warning")
