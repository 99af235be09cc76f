"""Who is to be asked, and how the field is followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from cxlib.errors import nearest
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
from cxlib.params.faults import Path, Problem, show
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
    field, survey = client.fieldwork, client.survey
    if field is None:
        return
    at: Path = ("fieldwork",)
    yield from _visits(field.visits, (*at, "visits"))
    if survey is None:
        if field != Fieldwork(visits=field.visits):
            yield Problem(at, "plans a survey, but there is no `survey:` section.", (("survey",),))
        return
    if field.source is not None:
        yield from check_source(field.source, (*at, "source"), client.calendar)
    yield from _aims(client, field)
    segments = field.segments or ()
    for place, key in enumerate(segments):
        if key not in survey.segments:
            message = f"{key!r} is not a segment{nearest(key, survey.segments)}"
            yield Problem((*at, "segments", place), message, (("survey", "segments", key),))
        if key in segments[:place]:
            yield Problem((*at, "segments", place), f"{key!r} is listed twice.")
    known = [level for key in survey.segments for level in levels_of(client, key)]
    yield from _rates(field.response_rate, known)
    waves = [wave.invited or 0 for wave in field.waves.values()]
    sent = max([*survey.invited.values(), *waves], default=0)
    if field.population is not None and field.population < sent:
        message = f"{field.population:,} customers are fewer than the {sent:,} invited at once."
        yield Problem((*at, "population"), message, (("survey", "invited"),))
    if field.finished and field.columns.finished is None:
        message = "says which cells mean finished; name their column under `columns:`."
        yield Problem((*at, "finished"), message, ((*at, "columns", "finished"),))
    if field.waves and field.columns.started is None and survey.columns.date is None:
        message = (
            "nothing tells when an interview began; name `started` here or survey.columns.date."
        )
        yield Problem((*at, "columns"), message, (("survey", "columns", "date"),))
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
        path: Path = ("fieldwork", "aims", key)
        if key not in spans:
            message = f"{key!r} is neither a metric nor a touchpoint{nearest(key, spans)}"
            yield Problem(path, message, (("survey", "metrics", key),))
            continue
        if (aim.margin is None) == (aim.change is None):
            yield Problem(path, "needs one of margin (±) and change.")
            continue
        main = "margin" if aim.change is None else "change"
        for name in (main, "within"):
            size = getattr(aim, name)
            if size is None:
                continue
            if size == 0 or (main == "margin" and size < 0):
                yield Problem((*path, name), f"{show(size)} is no {main}; write such as 5.")
            elif abs(size) >= spans[key]:
                message = f"{show(size)} is as wide as all that {key!r} can be; write less."
                yield Problem((*path, name), message)


def _span(scale: tuple[int, int] | None) -> float:
    low, high = scale or (0, 10)
    return float(high - low)


def _rates(rate: float | Mapping[str, float] | None, known: Iterable[str]) -> Iterator[Problem]:
    path: Path = ("fieldwork", "response_rate")
    told = rate if isinstance(rate, Mapping) else {} if rate is None else {None: rate}
    for level, value in told.items():
        where = path if level is None else (*path, level)
        if level is not None and known and level not in known:
            yield Problem(where, f"{level!r} is no value of a segment{nearest(level, known)}")
        if 1 < value <= 100:
            yield Problem(where, f"{show(value)} looks like percent; write {value / 100:g}?")
        elif not 0 < value <= 1:
            yield Problem(where, f"{show(value)} is no share of those invited; write such as 0.3.")


def _waves(client: Any, field: Fieldwork) -> Iterator[Problem]:
    at: Path = ("fieldwork", "waves")
    segments = client.survey.segments if client.survey else {}
    counted = client.survey.invited if client.survey else {}
    for label, wave in field.waves.items():
        yield from _days(wave, (*at, label))
        if wave.invited is not None and counted.get(label, wave.invited) != wave.invited:
            message = f"is {wave.invited:,} here and {counted[label]:,} under survey.invited."
            yield Problem((*at, label, "invited"), message, (("survey", "invited", label),))
        for key, quotas in wave.quotas.items():
            path: Path = (*at, label, "quotas", key)
            if key not in segments:
                message = f"{key!r} is not a segment{nearest(key, segments)}"
                yield Problem(path, message, (("survey", "segments", key),))
                continue
            known = levels_of(client, key)
            for level in quotas:
                if known and level not in known:
                    message = f"{level!r} is no value of {key!r}{nearest(level, known)}"
                    yield Problem((*path, level), message, (("survey", "segments", key),))
            total = sum(quotas.values())
            if wave.answers is not None and total > wave.answers:
                message = f"sum to {total:,}, more than the {wave.answers:,} answers of the wave."
                yield Problem(path, message, ((*at, label, "answers"),))
    dated = sorted(
        ((w.start, w.end or w.start, label) for label, w in field.waves.items() if w.start),
        key=lambda one: one[0],
    )
    for (_start, end, first), (start, _end, label) in pairwise(dated):
        if start <= end:
            message = f"{start} is in the field of {first!r} still, which ends on {end}."
            yield Problem((*at, label, "start"), message, ((*at, first),))


def _visits(round_: VisitRound | None, path: Path) -> Iterator[Problem]:
    if round_ is None:
        return
    yield from _days(round_, path)
    for name in ("visitors", "locations"):
        listed = getattr(round_, name)
        for place, one in enumerate(listed):
            if one in listed[:place]:
                yield Problem((*path, name, place), f"{one!r} is listed twice.")


def _days(span: Wave | VisitRound, path: Path) -> Iterator[Problem]:
    if span.start and span.end and span.end < span.start:
        message = f"{span.end} is before the start, {span.start}."
        yield Problem((*path, "end"), message, ((*path, "start"),))
    if span.end and not span.start:
        yield Problem((*path, "start"), "is missing; an end needs a start.")
