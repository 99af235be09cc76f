"""A loyalty programme: its members, what they bought, their benefits and points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from cxlib.params.base import Closed, Key, Label, Options, Raws, Text, mapping_of
from cxlib.params.calendar import Calendar, Currency
from cxlib.params.faults import At, Path, Problem, dotted
from cxlib.params.source import Read, Table, check_columns, check_source


class MemberColumns(Closed):
    """The columns of a member list, by the names they bear in the file."""

    id: Text
    joined: Text | None = None
    left: Text | None = None
    tier: Text | None = None
    birthday: Text | None = None
    status: Text | None = None
    tenure: Text | None = None


class MemberStates(Closed):
    """Which raw states mean that somebody still is a member, and that they have left."""

    active: Raws = ()
    left: Raws = ()


class Attribute(Closed):
    """A further column of the member list, with what readers call it and its values."""

    column: Text
    label: Label | None = None
    values: Options = Field(default_factory=dict)


class Tier(Closed):
    """A level of the programme: the yearly spend `since` which it is held, and what it gives.

    `benefits` is their cost a member and year, `points` how many are earned a unit of money.
    """

    since: Annotated[float, Field(ge=0, alias="from")] = 0.0
    benefits: Annotated[float, Field(ge=0)] = 0.0
    points: Annotated[float, Field(ge=0)] = 0.0
    label: Label | None = None


def design_of(tiers: Mapping[str, Tier]) -> dict[str, dict[str, float]]:
    """Return the rules in the form of `cxlib.analysis.members.simulate_tiers`."""
    return {
        name: {"from": tier.since, "benefits": tier.benefits, "points": tier.points}
        for name, tier in tiers.items()
    }


class Members(Table):
    """A loyalty programme's members, one row each; `attributes` are further columns by key.

    `tiers` are its rules, the lowest first; `states` sort a raw status; `tenure_unit` is that of
    the column `tenure`, for lists without dates; `records_begin` is the first day from which
    leavers are in the list: whoever left before is not.
    """

    columns: MemberColumns
    attributes: Mapping[Key, Annotated[Attribute, mapping_of("column")]] = {}
    tiers: Mapping[Text, Tier] = {}
    states: MemberStates | None = None
    tenure_unit: Literal["days", "weeks", "months", "years"] = "months"
    records_begin: Text | None = None

    @property
    def thresholds(self) -> dict[str, float]:
        """Tier to the spend from which it is held, lowest first."""
        return {name: tier.since for name, tier in self.tiers.items()}


class TransactionColumns(Closed):
    """The columns of a sales record, by the names they bear in the file."""

    member: Text
    date: Text
    amount: Text | None = None
    order: Text | None = None
    points: Text | None = None
    category: Text | None = None
    currency: Text | None = None
    status: Text | None = None


class TransactionStates(Closed):
    """Which raw codes or texts mean a purchase, money given back, or nothing at all."""

    paid: Raws = ()
    refunded: Raws = ()
    cancelled: Raws = ()


class Transactions(Table):
    """What members bought, stayed or spent: one row a purchase, refunds below 0 or by `states`.

    `rates` bring several currencies to the client's: how much of it one unit is worth.
    """

    columns: TransactionColumns
    states: TransactionStates | None = None
    rates: Mapping[Currency, Annotated[float, Field(gt=0)]] = {}


class BenefitColumns(Closed):
    """The columns of a record of benefits used, by the names they bear in the file."""

    member: Text
    date: Text
    benefit: Text | None = None
    cost: Text | None = None


class Benefits(Table):
    """Benefits that members used: one row a use, with what it cost the client."""

    columns: BenefitColumns


class PointColumns(Closed):
    """The columns of a points ledger, by the names they bear in the file."""

    member: Text
    date: Text
    points: Text
    kind: Text | None = None


class PointKinds(Closed):
    """Which raw codes mean what; without them the sign tells: issued above 0, redeemed below."""

    issued: Raws = ()
    redeemed: Raws = ()
    expired: Raws = ()


class Points(Table):
    """A points ledger: one row an entry."""

    columns: PointColumns
    kinds: PointKinds | None = None


def check_table(section: Table, at: Path, calendar: Calendar) -> Iterator[Problem]:
    """Yield the contradictions that any table may hold: its source, columns and attributes.

    A section whose model has ``columns`` and, if need be, ``attributes``, and whose canonical
    columns stand in `cxlib.data.schema.TABLES`, is read without further code.
    """
    yield from check_source(section.source, (*at, "source"), calendar)
    columns: Closed = section.columns  # type: ignore[attr-defined]
    attributes = attributes_of(section)
    reads: list[Read] = [
        ((*at, "columns", key), getattr(columns, key)) for key in type(columns).model_fields
    ]
    reads += [((*at, *path), item.column) for path, item in attributes.items()]
    yield from check_columns(reads)
    for path in attributes:
        if path[1] in type(columns).model_fields:
            yield Problem((*at, *path), f"{path[1]!r} is a key of columns; name it there.")
    for words, key in (("states", "status"), ("kinds", "kind")):
        known = getattr(section, words, None)
        if known is None:
            if words == "states" and isinstance(section, Transactions) and section.columns.status:
                message = "are missing: which texts of the status mean paid, refunded, cancelled?"
                yield Problem((*at, words), message)
            continue
        if getattr(columns, key) is None:
            yield Problem((*at, "columns", key), f"is missing: what do the {words} sort?")
        groups = {word: getattr(known, word) for word in type(known).model_fields}
        how = f"{dotted((*at, words))}.{{}} too"
        yield from At(*at, words).sorted_twice(groups, how)


def attributes_of(section: Table) -> dict[tuple[str, str], Attribute]:
    """Return the further columns that a section names by keys, by where they stand in it."""
    return {
        (name, key): item
        for name in ("attributes", "segments")
        for key, item in getattr(section, name, {}).items()
        if isinstance(item, Attribute)
    }


def check_members(members: Members, calendar: Calendar) -> Iterator[Problem]:
    """Yield every contradiction in a members section."""
    yield from check_table(members, ("members",), calendar)
    at = At("members")
    if members.columns.status is not None and members.states is None:
        yield at("states", "are missing: which status means active, and which left?")
    before = -1.0
    for place, (name, tier) in enumerate(members.tiers.items()):
        path: Path = ("tiers", name, "from")
        if not place and tier.since:
            yield at(path, "is not 0, though it is the lowest tier; name the lowest first.")
        elif tier.since <= before:
            yield at(path, f"{tier.since:g} is not above the tier before; lowest first.")
        before = tier.since
    try:
        dt.date.fromisoformat(members.records_begin or "2000-01-01")
    except ValueError:
        message = f"{members.records_begin!r} is no day; write such as 2024-10-01."
        yield at("records_begin", message)
