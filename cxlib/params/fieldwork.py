"""Who is to be asked, and how the field is followed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from cxlib.params.base import (
    Cells,
    Closed,
    Columns,
    Key,
    MomentColumn,
    Number,
    PeriodLabel,
    Raw,
    Raws,
    Text,
    mapping_of,
)
from cxlib.params.faults import At, Problem, show
from cxlib.params.registers import Day, Id
from cxlib.params.source import Source, check_source

Count = Annotated[int, Field(ge=0)]


class FieldColumns(Closed):
    """Columns of the survey's export that tell how an interview went."""

    started: MomentColumn | None = None
    ended: MomentColumn | None = None
    seconds: Text | None = None
    finished: Text | None = None


class Aim(Closed):
    """What a KPI is to show, in its unit: a `margin` (±) or a `change` seen with 80 % power.

    `within` is the same within a group; twice as much if left out.
    """

    margin: Number | None = None
    change: Number | None = None
    within: Number | None = None


class Wave(Closed):
    """One wave in the field: its days, who was invited, and how many answers it is to bring."""

    start: Day | None = None
    end: Day | None = None
    invited: Annotated[int, Field(ge=1)] | None = None
    answers: Annotated[int, Field(ge=1)] | None = None
    quotas: Mapping[Key, Mapping[Raw, Count]] = {}


class VisitRound(Closed):
    """A round of mystery visits to plan: who goes, how often to each location, from when to when.

    Visitors are codes, never names; without `locations` those of the register of visits count.
    """

    visitors: Annotated[tuple[Id, ...], Field(min_length=1)]
    each: Annotated[int, Field(ge=1)]
    start: Day
    end: Day
    locations: Raws = ()


class Fieldwork(Closed):
    """Whom to ask, and how the field is followed.

    `source` is left out where the survey's own file tells all; it may hold what its ``where:``
    leaves out. `finished` are the cells of that column that mean so (else yes or no).
    `response_rate` (0 to 1) is one number or one by raw level; left out, it is that of the periods
    before. `segments` are to be reported each by itself, down to their levels. `budget` counts
    invitations that can be paid for. Those sent stand under ``survey.invited`` or with the wave.
    """

    source: Annotated[Source, mapping_of("files")] | None = None
    columns: FieldColumns = FieldColumns()
    finished: Cells = ()
    aims: Mapping[Key, Annotated[Aim, mapping_of("margin")]] = {}
    segments: Columns | None = None
    population: Annotated[int, Field(ge=1)] | None = None
    response_rate: Number | Mapping[Raw, Number] | None = None
    budget: Annotated[int, Field(ge=1)] | None = None
    waves: Mapping[PeriodLabel, Wave] = {}
    visits: VisitRound | None = None


def check_fieldwork(client: Any) -> Iterator[Problem]:
    """Yield every contradiction in the section, and what it lacks."""
    field, survey, at = client.fieldwork, client.survey, At("fieldwork")
    if field is None:
        return
    if field.visits is not None:
        yield from _days(field.visits, At("fieldwork", "visits"))
        for name in ("visitors", "locations"):
            yield from At("fieldwork", "visits", name).twice(getattr(field.visits, name))
    if survey is None:
        if field != Fieldwork(visits=field.visits):
            yield at("", "plans a survey, but there is no `survey:` section.", "/survey")
        return
    if field.source is not None:
        yield from check_source(field.source, at.below("source"), client.calendar)
    yield from _aims(client, field)
    segments = field.segments or ()
    for place, key in enumerate(segments):
        known = (survey.segments, ("survey", "segments", key))
        yield from at.unknown(("segments", place), key, "not a segment", *known)
    yield from At("fieldwork", "segments").twice(segments)
    levels = [level for key in survey.segments for level in levels_of(client, key)]
    yield from _rates(field.response_rate, levels)
    waves = [wave.invited or 0 for wave in field.waves.values()]
    sent = max([*survey.invited.values(), *waves], default=0)
    if field.population is not None and field.population < sent:
        message = f"{field.population:,} customers are fewer than the {sent:,} invited at once."
        yield at("population", message, "/survey.invited")
    if field.finished and field.columns.finished is None:
        message = "says which cells mean finished; name their column under `columns:`."
        yield at("finished", message, "columns.finished")
    if field.waves and field.columns.started is None and survey.columns.date is None:
        message = (
            "nothing tells when an interview began; name `started` here or survey.columns.date."
        )
        yield at("columns", message, "/survey.columns.date")
    yield from _waves(client, field)


def levels_of(client: Any, segment: str) -> tuple[str, ...]:
    """Return the raw levels of a segment that the client file itself names."""
    survey = client.survey
    if survey is None or segment not in survey.segments:
        return ()
    item = survey.segments[segment]
    named = (*item.order, *item.values, *survey.margins.get(segment, ()))
    return tuple(dict.fromkeys(named))


def _aims(client: Any, field: Fieldwork) -> Iterator[Problem]:
    spans = {m.key: 100.0 if m.kind in ("nps", "csat") else _span(m.scale) for m in client.metrics}
    spans |= {t.key: _span(t.scale) for t in client.touchpoints}
    for key, aim in field.aims.items():
        at = At("fieldwork", "aims", key)
        what = "neither a metric nor a touchpoint"
        yield from at.unknown("", key, what, spans, ("survey", "metrics", key))
        if key not in spans:
            continue
        if (aim.margin is None) == (aim.change is None):
            yield at("", "needs one of margin (±) and change.")
            continue
        main = "margin" if aim.change is None else "change"
        for name in (main, "within"):
            size = getattr(aim, name)
            if size is None:
                continue
            if size == 0 or (main == "margin" and size < 0):
                yield at(name, f"{show(size)} is no {main}; write such as 5.")
            elif abs(size) >= spans[key]:
                yield at(name, f"{show(size)} is as wide as all that {key!r} can be; write less.")


def _span(scale: tuple[int, int] | None) -> float:
    low, high = scale or (0, 10)
    return float(high - low)


def _rates(rate: float | Mapping[str, float] | None, known: Collection[str]) -> Iterator[Problem]:
    at = At("fieldwork", "response_rate")
    told = rate if isinstance(rate, Mapping) else {} if rate is None else {None: rate}
    for level, value in told.items():
        where = () if level is None else (level,)
        if level is not None and known:
            yield from at.unknown(where, level, "no value of a segment", known)
        if 1 < value <= 100:
            yield at(where, f"{show(value)} looks like percent; write {value / 100:g}?")
        elif not 0 < value <= 1:
            yield at(where, f"{show(value)} is no share of those invited; write such as 0.3.")


def _waves(client: Any, field: Fieldwork) -> Iterator[Problem]:
    segments = client.survey.segments if client.survey else {}
    counted = client.survey.invited if client.survey else {}
    for label, wave in field.waves.items():
        at = At("fieldwork", "waves", label)
        yield from _days(wave, at)
        if wave.invited is not None and counted.get(label, wave.invited) != wave.invited:
            message = f"is {wave.invited:,} here and {counted[label]:,} under survey.invited."
            yield at("invited", message, ("survey", "invited", label))
        for key, quotas in wave.quotas.items():
            path, about = ("quotas", key), ("survey", "segments", key)
            yield from at.unknown(path, key, "not a segment", segments, about)
            if key not in segments:
                continue
            known = levels_of(client, key)
            for level in quotas if known else ():
                what = f"no value of {key!r}"
                yield from at.unknown((*path, level), level, what, known, about)
            total = sum(quotas.values())
            if wave.answers is not None and total > wave.answers:
                message = f"sum to {total:,}, more than the {wave.answers:,} answers of the wave."
                yield at(path, message, "answers")
    dated = sorted(
        ((w.start, w.end or w.start, label) for label, w in field.waves.items() if w.start),
        key=lambda one: one[0],
    )
    at = At("fieldwork", "waves")
    for (_start, end, first), (start, _end, label) in pairwise(dated):
        if start <= end:
            message = f"{start} is in the field of {first!r} still, which ends on {end}."
            yield at((label, "start"), message, (*at.path, first))


def _days(span: Wave | VisitRound, at: At) -> Iterator[Problem]:
    if span.start and span.end and span.end < span.start:
        yield at("end", f"{span.end} is before the start, {span.start}.", "start")
    if span.end and not span.start:
        yield at("start", "is missing; an end needs a start.")
