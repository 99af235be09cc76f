"""Read a client's file, fit it to the models and check what it says against itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, get_args

from cxlib.analysis.metrics import TICKET_KPIS
from cxlib.params.base import PeriodKind
from cxlib.params.client import Client
from cxlib.params.faults import At, InvalidParams, Path, Problem
from cxlib.params.fieldwork import check_fieldwork
from cxlib.params.members import check_members, check_table
from cxlib.params.structure import fit
from cxlib.params.survey import MetricItem, check_survey, check_tablebook, kind_of
from cxlib.params.tables import Tickets, check_tickets
from cxlib.params.targets import Gauge, check_kpis, check_targets
from cxlib.params.voice import check_comments, check_events
from cxlib.params.yaml import Document, read
from cxlib.workspace import Workspace


def load(client: str, workspace: Workspace) -> Client:
    """Read and check a client's file in full: the one in ``params/`` of that name.

    Raises
    ------
    InvalidParams
        If anything in the file is wrong: every fault at once, each with file, line, key and value.
    SetupError
        If there is no such client.
    """
    path = workspace.client_file(client)
    document = read(path, shown=workspace.shown(path))
    fitted = _fitted(document)
    gauges: dict[str, Gauge] = {}
    if fitted is not None:
        gauges = _gauges(fitted)
        misfits = document.broken.copy()
        for problem in _problems(fitted, path.stem, gauges):
            if not _follows(problem, document, misfits):
                document.fault(problem.path, problem.message, document.at(problem.path))
    if document.faults or fitted is None:
        raise InvalidParams(sorted(document.faults, key=lambda fault: fault.line))
    targets = (
        target.model_copy(
            update={
                "direction": target.direction or gauges[target.metric].direction,
                "basis": target.basis or ("census" if gauges[target.metric].census else "sample"),
            }
        )
        for target in fitted.targets
    )
    return fitted.settle(document, tuple(targets))


def _fitted(document: Document) -> Client | None:
    if () in document.broken or (document.faults and not document.content):
        return None
    said = document.content.get("period")
    kind = said if said in get_args(PeriodKind) else "wave"
    return fit(Client, document, context={"period": kind})


def _follows(problem: Problem, document: Document, misfits: set[Path]) -> bool:
    """Say whether a problem only follows from a fault that is already named."""
    if any(problem.path[: len(path)] == path for path in misfits):
        return True
    return any(
        document.spoilt(path) or any(broken[: len(path)] == path for broken in document.broken)
        for path in problem.rests_on
    )


def _problems(client: Client, stem: str, gauges: Mapping[str, Gauge]) -> Iterator[Problem]:
    if client.client != stem:
        message = f"{client.client!r} is not the file's name; write client: {stem}."
        yield Problem(("client",), message)
    yield from _languages(client)
    yield from _keys(client)
    if client.survey is not None:
        yield from check_survey(client.survey, client.period, client.calendar)
    yield from check_tablebook(client.tablebook, client.survey)
    yield from check_fieldwork(client)
    if client.tickets is not None:
        yield from check_tickets(client.tickets, client.calendar)
    if client.members is not None:
        yield from check_members(client.members, client.calendar)
    for name in ("transactions", "benefits", "points", "coding"):
        section = getattr(client, name)
        if section is not None:
            yield from check_table(section, (name,), client.calendar)
    yield from check_comments(client.comments, client.period, client.calendar)
    if client.events is not None:
        yield from check_events(client.events, client.survey, client.calendar)
    yield from check_kpis(client.kpis, client.calendar)
    yield from check_targets(client.targets, gauges)


def _languages(client: Client) -> Iterator[Problem]:
    yield from At("language").twice(client.languages)
    labels: list[tuple[Path, Mapping[Any, str]]] = [(("name",), client.name or {})]
    said = {"footer": client.report.footer, "confidential": client.report.confidential}
    labels += [(("report", key), label or {}) for key, label in said.items()]
    labels += [(name.path, name.label) for name in client.labelled()]
    for path, label in labels:
        for place, language in enumerate(client.languages if label else ()):
            if language not in label:
                message = f"has no {language}, a language of this client's reports."
                yield Problem(path, message, (path, ("language", place)))


def _keys(client: Client) -> Iterator[Problem]:
    survey = client.survey
    declared: list[tuple[str, str, Path]] = [(key, "kpi", ("kpis", key)) for key in client.kpis]
    if survey is not None:
        touchpoints = [
            (item.key, "touchpoint", ("survey", "touchpoints", place, "key"))
            for place, item in enumerate(survey.touchpoints)
        ]
        metrics, segments, questions = (
            [(key, what, ("survey", f"{what}s", key)) for key in getattr(survey, f"{what}s")]
            for what in ("metric", "segment", "question")
        )
        declared = [*metrics, *touchpoints, *segments, *questions, *declared]
    first: dict[str, tuple[str, Path]] = {}
    for key, what, path in declared:
        if key in first:
            other, at = first[key]
            message = f"{key!r} is the key of a {other} already; metrics, touchpoints, segments, "
            message += "questions and kpis need different keys."
            yield Problem(path, message, (at,) if other == "touchpoint" else ())
        first.setdefault(key, (what, path))


def _gauges(client: Client) -> dict[str, Gauge]:
    """Return what targets may be set on, by key: what the ticket log tells comes last."""
    gauges = dict(_ticket_gauges(client.tickets)) if client.tickets is not None else {}
    if client.survey is not None:
        gauges |= {key: _gauge(key, item) for key, item in client.survey.metrics.items()}
        for place, item in enumerate(client.survey.touchpoints):
            (low, high), at = item.scale, ("survey", "touchpoints", place)
            gauges[item.key] = Gauge(at, ("scale",), item.direction, low, high, _on(item.scale))
    for key, kpi in client.kpis.items():
        ends: tuple[float, float] = (0, 1) if kpi.format == "percent" else (-inf, inf)
        gauges[key] = Gauge(("kpis", key), ("format",), kpi.direction, *ends, _SHARE, census=True)
    return gauges


_SHARE = "a share from 0 to 1"


def _on(scale: tuple[int, int]) -> str:
    return f"its scale {scale[0]} to {scale[1]}"


def _ticket_gauges(tickets: Tickets) -> Iterator[tuple[str, Gauge]]:
    """Yield what the ticket log can be held to: the KPIs whose columns it has."""
    for key, kpi in TICKET_KPIS.items():
        sla = kpi.kpi.removesuffix("_sla")
        durations = {"first_response": "first_response", "resolved": "resolution"}
        timed = any(getattr(tickets.durations, durations.get(n, ""), None) for n in kpi.needs)
        if not timed and not any(getattr(tickets.columns, name, None) for name in kpi.needs):
            continue
        if sla != kpi.kpi and getattr(tickets.sla, sla, None) is None:
            continue
        low, high = -inf if kpi.unit == "mean" else 0, 1 if kpi.unit == "share" else inf
        unit = {"share": _SHARE, "seconds": "a time", "mean": "any number"}[kpi.unit]
        about = (("tickets", "columns"), kpi.needs, kpi.direction, low, high, unit)
        yield key, Gauge(*about, census=key != "ticket_csat", time=kpi.unit == "seconds")


def _gauge(key: str, item: MetricItem) -> Gauge:
    kind, path = kind_of(key, item), ("survey", "metrics", key)
    if kind == "nps":
        return Gauge(path, ("kind",), "higher", -100, 100, "-100 to 100")
    if kind == "csat":
        return Gauge(path, ("kind",), "higher", 0, 100, "0 to 100 percent", percent=True)
    ends: tuple[float, float] = (-inf, inf)
    unit = "any number"
    if kind is not None and item.scale is not None:
        ends, unit = item.scale, _on(item.scale)
    return Gauge(path, ("kind", "scale"), item.direction or "higher", *ends, unit)
