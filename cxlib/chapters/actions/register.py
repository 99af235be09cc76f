"""The register of actions: what is done about the findings, by whom, by when, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from cxlib.errors import nearest
from cxlib.params import Client
from cxlib.params.base import Key, Label, Text
from cxlib.params.faults import Path, Problem
from cxlib.params.registers import Day, Due, Id, Money, Positive, Register as Base, Row, Titled

SECTION = "actions"

Kind = Literal["product", "process", "communication", "staff", "touchpoint", "technology"]
State = Literal["proposed", "approved", "in progress", "done", "verified", "stopped"]


class Action(Titled):
    """One action.

    `finding` is the id of the finding that it answers (``monitoring.nps``), `kpi` the KPI or
    touchpoint that it is to move, by `effect` (in the KPI's unit, as the driver model predicts it,
    before any haircut, with its interval). `effort` is in person-days, `worth` in money a year.
    What is carried out in some groups only names them, `levels` of a `segment`: the others are what
    it is compared with.
    """

    DAYS: ClassVar[tuple[str, ...]] = ("proposed", "approved", "started", "done", "verified")

    kind: Kind | None = None
    finding: Text | None = None
    kpi: Key | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    segment: Key | None = None
    levels: tuple[Text, ...] = ()
    worth: Money | None = None
    effort: Positive | None = None
    owner: Label | None = None
    due: Due | None = None
    state: State = "proposed"
    proposed: Day | None = None
    approved: Day | None = None
    started: Day | None = None
    done: Day | None = None
    verified: Day | None = None
    note: Label | None = None


class Adjustment(Row):
    """What was changed about an action, when and why."""

    KEY: ClassVar[tuple[str, ...]] = ("action", "date")
    WITHIN: ClassVar[Mapping[str, str]] = {"action": "actions"}

    action: Id
    date: Day
    change: Label
    reason: Label


class Register(Base):
    """The actions of an engagement, and how they were adjusted."""

    actions: tuple[Action, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()

    def problems(self, client: Client) -> Iterator[Problem]:
        """Yield unknown KPIs and actions, and days that stand in the wrong order."""
        from cxlib.analysis.metrics import TICKET_KPIS

        yield from super().problems(client)
        tickets = TICKET_KPIS if client.tickets is not None else {}
        asked = [*(m.key for m in client.metrics), *(t.key for t in client.touchpoints)]
        known = [*asked, *client.kpis, *tickets]
        yield from self.unknown("actions", "kpi", "KPI or touchpoint of this client", known)
        for place, action in enumerate(self.actions):
            at = ("actions", place)
            yield from _where(client, action, at)
            if action.state == "verified" and action.done is None:
                message = "'verified' needs the day on which it was done; fill in done."
                yield Problem((*at, "state"), message)
            ends = (action.effect_low, action.effect, action.effect_high)
            if (given := [x for x in ends if x is not None]) != sorted(given):
                message = "effect_low to effect_high does not hold effect; put them in order."
                yield Problem((*at, "effect"), message)
        for chapter in ("service", "monitoring"):
            if {"actions", "measures"} & set(client.chapters.get(chapter, {})):
                message = (
                    f"the client file records actions under chapters: {chapter} too, which are "
                    "no longer read; `cx actions propose` takes them over, then delete them there."
                )
                yield Problem(("actions",), message, severity="warning")


def _where(client: Client, action: Action, at: Path) -> Iterator[Problem]:
    """Yield what is wrong with where an action is carried out, as far as the client file tells."""
    if (action.segment is None) != (not action.levels):
        message = "a segment and its levels say together where it is carried out."
        yield Problem((*at, "levels" if action.levels else "segment"), message)
    elif action.segment is not None and action.segment not in client.mix_segments:
        message = f"{action.segment!r} is no segment that customers bring along"
        message += nearest(action.segment, client.mix_segments)
        yield Problem((*at, "segment"), message)
    elif action.segment is not None and client.survey is not None:
        item = client.survey.segments[action.segment]
        known = [*item.values, *item.order]
        for place, level in enumerate(action.levels):
            if known and level not in known:
                message = f"{level!r} is no value of {action.segment}{nearest(level, known)}"
                yield Problem((*at, "levels", place), message)
