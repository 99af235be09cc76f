"""The terms by which a client's service is measured, and what is being done, from its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cxlib.analysis.metrics import TICKET_KPIS
from cxlib.errors import DataError, nearest
from cxlib.params.faults import At, InvalidParams, Problem, show
from cxlib.params.registers import moment_in
from cxlib.words import LANGUAGES

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.analysis.business_time import BusinessHours
    from cxlib.analysis.service import Terms
    from cxlib.params.client import Client

_FCR = {"survey": "fcr_survey", "repeat": "customer_id", "reopened": "reopened"}
"""What each way of judging first-contact resolution reads, the strictest first: the customer's own
word, then whether they came again, then whether the ticket was reopened."""


def terms_of(
    client: Client,
    tickets: pd.DataFrame,
    *,
    period: str | None,
    fcr: str | None = None,
    fcr_same: tuple[str, ...] | list[str] = (),
) -> Terms:
    """Return the terms of a client's service, as of the end of a period.

    `fcr` is how first-contact resolution is judged, by default the strictest way the columns allow;
    `fcr_same` are columns in which a repeat contact must agree.
    """
    from cxlib.analysis.service import Terms, moment_of

    section = client.tickets
    if section is None:
        raise DataError(f"{client.client} has no `tickets:` section.")
    hours = business_hours(client, tickets)
    open_ = client.calendar.working_day if section.clock == "business" else None
    day = timedelta(days=1) if open_ is None else timedelta(seconds=open_)
    told = [way for way, name in _FCR.items() if name in tickets and tickets[name].notna().any()]
    method: Any = fcr or next(iter(told), "reopened")
    return Terms(
        as_of=moment_of(tickets, period),
        calendar=hours,
        clock=section.clock,
        sla=section.sla.seconds(day=day) if section.sla is not None else None,
        fcr=method,
        repeat_days=float(section.repeat_days),
        repeat_same=tuple(fcr_same),
        closing=section.resolution == "closed",
    )


def business_hours(client: Client, tickets: pd.DataFrame) -> BusinessHours | None:
    """Return when the client is open, over the years of its tickets; None if its file is silent."""
    from cxlib.analysis.business_time import BusinessHours

    calendar = client.calendar
    if calendar.business_hours is None:
        return None
    years = tickets["created_at"].dt.year.dropna()
    span = range(int(years.min()), int(years.max()) + 2) if len(years) else range(0)
    return BusinessHours.of(
        calendar.country,
        years=span,
        hours=calendar.business_hours,
        timezone=calendar.timezone or "UTC",
    )


# --- what is being done ---------------------------------------------------------------------------


def agreed_actions(client: Client, *, language: str) -> pd.DataFrame:
    """Return the actions under ``chapters: {service: …}``, by their present and older name.

    A row each, as `service.follow_up` takes them, its state as every chapter calls it.
    """
    import pandas as pd

    from cxlib.analysis.service.actions import ACTIONS, FORMERLY

    asked = client.chapters.get("service", {})
    keys = [key for key in ("actions", "measures") if key in asked]
    told = [actions_of(client, asked[key], language=language, key=key) for key in keys]
    table = pd.DataFrame([one for each in told for one in each], columns=list(ACTIONS))
    return table.replace({"state": FORMERLY})


_REQUIRED = ("action", "kpi", "owner", "due", "state")
_KEYS = (*_REQUIRED, "done", "note")
_STATES = ("approved", "in progress", "done", "stopped", "planned", "under way")
"""As the register of actions has them; the last two are what older files say of the first two."""


def actions_of(
    client: Client, given: object, *, language: str, key: str = "actions"
) -> tuple[dict[str, str], ...]:
    """Return the improvement actions that a client file records, in its order.

    Each entry of ``chapters: {service: {actions: …}}`` has ``action`` (a text, or one a language),
    ``kpi`` (a key of :data:`cxlib.analysis.metrics.TICKET_KPIS`), ``owner``, ``due`` (a
    period, or a day) and ``state``; it may have a ``note`` and, if done, ``done``: when (by default
    when it was due). Under ``measures``, the older name, an action is a ``measure``.
    `InvalidParams` holds every fault at its line.
    """
    if given is None:
        return ()
    at, name = At("chapters", "service", key), key.removesuffix("s")
    listed = given if isinstance(given, (tuple, list)) else ()
    each = ((At(*at.path, place), item) for place, item in enumerate(listed))
    told = [fault for here, item in each for fault in _faults(item, here, name)]
    if given is not listed:
        told = [at("", f"{show(given)} is not a list; write one `- {{{_shape(name)}}}` each.")]
    if told:
        raise InvalidParams(client.faults(told))
    return tuple(_action(item, name, language) for item in listed)


def _shape(name: str) -> str:
    return ", ".join((name, *_REQUIRED[1:]))


def _faults(item: object, at: At, name: str) -> Iterator[Problem]:
    if not isinstance(item, Mapping):
        yield at("", f"{show(item)} is no {name}; write {{{_shape(name)}}}.")
        return
    known = (name, *_KEYS[1:])
    for key in item:
        if key not in known:
            yield at((key,), f"unknown key{nearest(str(key), known)}")
    for key in (name, *_REQUIRED[1:]):
        if key not in item:
            yield at("", f"an entry without `{key}`; write {_shape(name)}.")
    for key in (name, "owner", "note"):
        if key in item:
            yield from _text_faults(item[key], At(*at.path, key))
    for key, values in (("kpi", tuple(TICKET_KPIS)), ("state", _STATES)):
        if key in item and item[key] not in values:
            text = str(item[key])
            yield at((key,), f"{show(item[key])} is no {key}{nearest(text, values)}")
    for key in ("due", "done"):
        if key in item and moment_in(item[key]) is None:
            message = f"{show(item[key])} is no date; write such as 2026-10, 2026Q4 or 2026-10-31."
            yield at((key,), message)
    if "done" in item and item.get("state") in _STATES and item["state"] != "done":
        yield at("done", f"a date when it was done, but its state is {show(item['state'])}.")


def _text_faults(value: object, at: At) -> Iterator[Problem]:
    texts = value if isinstance(value, Mapping) else {"": value}
    if not texts:
        yield at("", "no text in any language.")
    for language, text in texts.items():
        if texts is value and language not in LANGUAGES:
            yield at((language,), f"unknown language{nearest(str(language), LANGUAGES)}")
        elif not isinstance(text, str) or not text.strip():
            yield at(language, f"{show(text)} is not a text; write one, or one a language.")


def _action(item: Mapping[str, Any], name: str, language: str) -> dict[str, str]:
    due = moment_in(item["due"]) or ""
    finished = moment_in(item.get("done", due)) if item["state"] == "done" else ""
    return {
        "action": _said(item[name], language),
        "kpi": item["kpi"],
        "owner": _said(item["owner"], language),
        "due": due,
        "state": item["state"],
        "finished": finished or "",
        "note": _said(item.get("note", ""), language),
    }


def _said(value: str | Mapping[str, str], language: str) -> str:
    if isinstance(value, str):
        return value.strip()
    return (value.get(language) or next(iter(value.values()))).strip()
