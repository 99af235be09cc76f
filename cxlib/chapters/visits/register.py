"""The register of mystery visits: the form's standards, who went where, and what they scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from cxlib.errors import nearest
from cxlib.params import Client
from cxlib.params.base import Text
from cxlib.params.faults import Problem
from cxlib.params.registers import Day, Id, Positive, Register as Base, Row, Titled

SECTION = "visits"


class Section(Titled):
    """A part of the form; without a weight it weighs as its standards do."""

    weight: Positive | None = None


class Standard(Titled):
    """What a visitor checks: `maximum` points, `weight` within its section."""

    WITHIN: ClassVar[Mapping[str, str]] = {"section": "sections"}

    section: Id
    maximum: Positive = 1.0
    weight: Positive = 1.0
    critical: bool = False


class Visit(Row):
    """One visit. `visitor` is a code, never a name; `wave` names the round that it belongs to.

    Without `wave` a visit belongs to the client's period of its date.
    """

    id: Id
    location: Text
    visitor: Id | None = None
    date: Day
    wave: Text | None = None


class Score(Row):
    """The points of one standard in one visit; without points it did not apply."""

    KEY: ClassVar[tuple[str, ...]] = ("visit", "standard")
    WITHIN: ClassVar[Mapping[str, str]] = {"visit": "visits", "standard": "standards"}

    visit: Id
    standard: Id
    points: Annotated[float, Field(ge=0)] | None = None


class Register(Base):
    """The form, the visits and their scores."""

    sections: tuple[Section, ...] = ()
    standards: tuple[Standard, ...] = ()
    visits: tuple[Visit, ...] = ()
    scores: tuple[Score, ...] = ()

    def problems(self, client: Client) -> Iterator[Problem]:
        """Yield unknown sections, standards and visits, impossible points, and strange places."""
        yield from super().problems(client)
        weighed = [s.weight is not None for s in self.sections]
        if any(weighed) and not all(weighed):
            message = "has no weight while other sections have one; weigh all or none."
            yield Problem(("sections", weighed.index(False), "id"), message)
        standards = {one.id: (place, one) for place, one in enumerate(self.standards)}
        for place, score in enumerate(self.scores):
            where, standard = standards.get(score.standard, (0, None))
            if standard and score.points is not None and score.points > standard.maximum:
                message = f"is above the maximum of {score.standard!r}, {standard.maximum:g}."
                at = ("scores", place, "points")
                yield Problem(at, message, (("standards", where, "maximum"),))
        scored = {score.visit for score in self.scores if score.points is not None}
        for place, visit in enumerate(self.visits):
            if visit.id not in scored:
                message = "has no points, so it counts nowhere; fill in its scores."
                yield Problem(("visits", place, "id"), message, severity="warning")
        yield from self._places(client)

    def _places(self, client: Client) -> Iterator[Problem]:
        """Yield places that stand beside those of a segment of the survey but are none of them."""
        segments = client.survey.segments if client.survey is not None else {}
        found = {visit.location for visit in self.visits}
        known = max((set(s.values) for s in segments.values()), key=lambda v: len(v & found),
                    default=set())  # fmt: skip
        for place, visit in enumerate(self.visits):
            if known & found and visit.location not in known:
                message = f"{visit.location!r} is not in the survey{nearest(visit.location, known)}"
                yield Problem(("visits", place, "location"), message, severity="warning")
