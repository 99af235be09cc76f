"""The register of obligations: deliverables, dates, payments, changes, meetings of a contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from cxlib.analysis.obligations import WorkingDays
from cxlib.params import Client
from cxlib.params.base import Label, Text
from cxlib.params.faults import Problem
from cxlib.params.registers import (
    Count,
    Day,
    Id,
    Money,
    Positive,
    Rate,
    Register as Base,
    Row,
    Titled,
)

SECTION = "obligations"

Party = Literal["consultants", "client"]
Kind = Literal["report", "data", "training", "workshop", "presentation", "other"]


class Contract(Row):
    """The terms that hold for all: review window in working days, fees a day late as shares."""

    KEY: ClassVar[tuple[str, ...]] = ()

    number: Text | None = None
    signed: Day | None = None
    start: Day | None = None
    end: Day | None = None
    notice_days: Count | None = None
    review_days: Count = 5
    late_fee: Rate = 0.0
    fee_cap: Rate | None = None
    fee_days: Literal["calendar", "working"] = "calendar"


class Deliverable(Titled):
    """What is handed over: by when, when it was, what was replied, and what proves it.

    `amount` is what a late fee is counted on; `hours` and `people` belong to a training.
    """

    DAYS: ClassVar[tuple[str, ...]] = ("delivered", "replied")

    kind: Kind = "report"
    clause: Text | None = None
    due: Day
    owed_by: Party = "consultants"
    delivered: Day | None = None
    replied: Day | None = None
    reply: Literal["accepted", "rejected"] | None = None
    review_days: Count | None = None
    amount: Money | None = None
    evidence: tuple[Text, ...] = ()
    hours: Positive | None = None
    people: Count | None = None
    note: Label | None = None


class Milestone(Titled):
    """A day by which something stands."""

    due: Day
    done: Day | None = None
    owed_by: Party = "consultants"


class Payment(Titled):
    """An instalment: on a day, or so many days after a deliverable was accepted."""

    DAYS: ClassVar[tuple[str, ...]] = ("invoiced", "paid")
    WITHIN: ClassVar[Mapping[str, str]] = {"after": "deliverables"}

    amount: Money
    due: Day | None = None
    after: Id | None = None
    days: Count | None = None
    invoiced: Day | None = None
    paid: Day | None = None
    late_fee: Rate | None = None
    fee_cap: Rate | None = None


class Duty(Titled):
    """What lasts until a day, such as confidentiality."""

    until: Day
    owed_by: Party | None = None


class Change(Row):
    """A need that changed: who asked, what was decided, what it moves."""

    DAYS: ClassVar[tuple[str, ...]] = ("date", "decided")

    id: Id
    date: Day
    title: Label
    decision: Literal["agreed", "declined"] | None = None
    decided: Day | None = None
    effect: Label | None = None


class Meeting(Row):
    """A meeting and what it decided."""

    id: Id
    date: Day
    title: Label
    decision: Label | None = None


class Question(Row):
    """A question that is open until it is answered."""

    DAYS: ClassVar[tuple[str, ...]] = ("date", "answered")

    id: Id
    date: Day
    title: Label
    owner: Label | None = None
    answered: Day | None = None
    answer: Label | None = None


class Register(Base):
    """A contract's obligations and its log."""

    contract: Contract = Contract()
    deliverables: tuple[Deliverable, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    payments: tuple[Payment, ...] = ()
    duties: tuple[Duty, ...] = ()
    changes: tuple[Change, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    questions: tuple[Question, ...] = ()

    def problems(self, client: Client) -> Iterator[Problem]:
        """Yield days in the wrong order or on a holiday, and payments after nothing."""
        yield from super().problems(client)
        days = WorkingDays(client.calendar.country)
        for name in ("deliverables", "milestones", "payments"):
            for place, row in enumerate(getattr(self, name)):
                if row.due is not None and not days.is_working(row.due):
                    then = days.on_or_after(row.due)
                    message = f"{row.due} is no working day; it is taken as due on {then}."
                    yield Problem((name, place, "due"), message, severity="warning")
        for place, one in enumerate(self.deliverables):
            if one.reply is not None and one.delivered is None:
                message = f"it was {one.reply}, but has no day delivered; fill that in."
                yield Problem(("deliverables", place, "reply"), message)
        terms = self.contract
        if terms.start is not None and terms.end is not None and terms.end < terms.start:
            yield Problem(("contract", "end"), f"{terms.end} is before its start, {terms.start}.")
        for place, payment in enumerate(self.payments):
            if (payment.due is None) == (payment.after is None):
                message = "give either the day `due`, or the deliverable that it comes `after`."
                yield Problem(("payments", place), message)
