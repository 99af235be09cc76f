"""Read a client's file, fit it to the models and check what it says against itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, get_args

from cxlib.analysis.metrics import TICKET_KPIS
from cxlib.params.base import PeriodKind
from cxlib.params.client import Client
from cxlib.params.faults import InvalidParams, Path, Problem
from cxlib.params.fieldwork import check_fieldwork
from cxlib.params.kpis import check_kpis
from cxlib.params.members import check_members, check_table
from cxlib.params.structure import fit
from cxlib.params.survey import MetricItem
from cxlib.params.survey_checks import check_survey, check_tablebook, kind_of
from cxlib.params.tables import Tickets, check_tickets
from cxlib.params.targets import Gauge, check_targets
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
    for place, language in enumerate(client.languages):
        if language in client.languages[:place]:
            yield Problem(("language", place), f"{language!r} is listed twice.")
    labels: list[tuple[Path, Mapping[Any, str]]] = [(("name",), client.name or {})]
    said = {"footer": client.report.footer, "confidential": client.report.confidential}
    labels += [(("report", key), label or {}) for key, label in said.items()]
    labels += [(name.path, name.label) for name in client.labelled()]
    for path, label in labels:
        if not label:
            continue
        for place, language in enumerate(client.languages):
            if language not in label:
                yield Problem(
                    path,
                    f"has no {language}, a language of this client's reports.",
                    (path, ("language", place)),
                )


def _keys(client: Client) -> Iterator[Problem]:
    declared: list[tuple[str, str, Path]] = []
    if client.survey is not None:
        declared += [(key, "metric", ("survey", "metrics", key)) for key in client.survey.metrics]
        declared += [
            (item.key, "touchpoint", ("survey", "touchpoints", place, "key"))
            for place, item in enumerate(client.survey.touchpoints)
        ]
        declared += [
            (key, what, ("survey", f"{what}s", key))
            for what in ("segment", "question")
            for key in getattr(client.survey, f"{what}s")
        ]
    declared += [(key, "kpi", ("kpis", key)) for key in client.kpis]
    first: dict[str, tuple[str, Path]] = {}
    for key, what, path in declared:
        if key in first:
            other, at = first[key]
            yield Problem(
                path,
                f"{key!r} is the key of a {other} already; metrics, touchpoints, segments, "
                "questions and kpis need different keys.",
                (at,) if other == "touchpoint" else (),
            )
        first.setdefault(key, (what, path))


def _gauges(client: Client) -> dict[str, Gauge]:
    gauges: dict[str, Gauge] = {}
    for key, item in client.survey.metrics.items() if client.survey else ():
        gauges[key] = _gauge(key, item)
    for place, touchpoint in enumerate(client.survey.touchpoints if client.survey else ()):
        low, high = touchpoint.scale
        gauges[touchpoint.key] = Gauge(
            path=("survey", "touchpoints", place),
            rests_on=("scale",),
            direction=touchpoint.direction,
            low=low,
            high=high,
            unit=f"its scale {low} to {high}",
        )
    for key, kpi in client.kpis.items():
        percent = kpi.format == "percent"
        gauges[key] = Gauge(
            path=("kpis", key),
            rests_on=("format",),
            direction=kpi.direction,
            low=0 if percent else -inf,
            high=1 if percent else inf,
            unit="a share from 0 to 1",
            census=True,
        )
    if client.tickets is not None:
        gauges = dict(_ticket_gauges(client.tickets)) | gauges
    return gauges


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
        yield (
            key,
            Gauge(
                path=("tickets", "columns"),
                rests_on=kpi.needs,
                direction=kpi.direction,
                low=-inf if kpi.unit == "mean" else 0,
                high=1 if kpi.unit == "share" else inf,
                unit={"share": "a share from 0 to 1", "seconds": "a time", "mean": "any number"}[
                    kpi.unit
                ],
                census=key != "ticket_csat",
                time=kpi.unit == "seconds",
            ),
        )


def _gauge(key: str, item: MetricItem) -> Gauge:
    kind = kind_of(key, item)
    low, high, unit = -inf, inf, "any number"
    if kind == "nps":
        low, high, unit = -100, 100, "-100 to 100"
    elif kind == "csat":
        low, high, unit = 0, 100, "0 to 100 percent"
    elif kind is not None and item.scale:
        low, high = item.scale
        unit = f"its scale {item.scale[0]} to {item.scale[1]}"
    return Gauge(
        path=("survey", "metrics", key),
        rests_on=("kind",) if kind in ("nps", "csat") else ("kind", "scale"),
        direction="higher" if kind in ("nps", "csat") else item.direction or "higher",
        low=low,
        high=high,
        unit=unit,
        percent=kind == "csat",
    )
