"""Ask room: the improvement measures of a service, as the chapter's part of a client file."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cxlib import periods
from cxlib.analysis.service_measures import DONE, STATES, Measure
from cxlib.analysis.ticket_targets import TICKET_KPIS
from cxlib.errors import nearest
from cxlib.params.faults import Fault, InvalidParams, Path, show
from cxlib.words import LANGUAGES

if TYPE_CHECKING:
    from cxlib.params.client import Client

_REQUIRED = ("measure", "kpi", "owner", "due", "state")
_KEYS = (*_REQUIRED, "done", "note")
_WHERE: Path = ("chapters", "service", "measures")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Wrong = tuple[Path, str, object]


def measures_of(client: Client, given: object, *, language: str) -> tuple[Measure, ...]:
    """Return the improvement measures that a client file records.

    Parameters
    ----------
    client : Client
        Whose file it is, for its lines.
    given : sequence of mapping
        What stands under ``chapters: {service: {measures: …}}``. Each has ``measure`` (a text, or
        one a language), ``kpi`` (a key of :data:`cxlib.analysis.ticket_targets.TICKET_KPIS`),
        ``owner``, ``due`` (a period, or a day) and ``state``; it may have a ``note`` and, where it
        is done, ``done``: when (by default when it was due).
    language : str
        The reader's.

    Returns
    -------
    tuple of Measure
        In the file's order.

    Raises
    ------
    InvalidParams
        With every fault, each at its line.
    """
    if given is None:
        return ()
    if not isinstance(given, (tuple, list)):
        raise InvalidParams([_fault(client, (_WHERE, _not_a_list(given), given))])
    wrong = [each for at, item in enumerate(given) for each in _faults(item, (*_WHERE, at))]
    if wrong:
        raise InvalidParams(_fault(client, each) for each in wrong)
    return tuple(_measure(item, language) for item in given)


def _not_a_list(given: object) -> str:
    return f"{show(given)} is not a list; write one `- {{{', '.join(_REQUIRED)}}}` a measure."


def _fault(client: Client, wrong: Wrong) -> Fault:
    path, message, value = wrong
    return client.fault(path, message, value)


def _faults(item: object, path: Path) -> Iterator[Wrong]:
    if not isinstance(item, Mapping):
        yield path, f"{show(item)} is not a measure; write {{{', '.join(_REQUIRED)}}}.", item
        return
    for key in item:
        if key not in _KEYS:
            yield (*path, key), f"unknown key{nearest(str(key), _KEYS)}", item[key]
    for key in _REQUIRED:
        if key not in item:
            yield path, f"a measure without `{key}`; write {', '.join(_REQUIRED)}.", None
    for key in ("measure", "owner", "note"):
        if key in item:
            yield from _text_faults(item[key], (*path, key))
    for key, known in (("kpi", tuple(TICKET_KPIS)), ("state", STATES)):
        if key in item and item[key] not in known:
            text = str(item[key])
            yield (*path, key), f"{show(item[key])} is no {key}{nearest(text, known)}", item[key]
    for key in ("due", "done"):
        if key in item and _when(item[key]) is None:
            message = f"{show(item[key])} is no date; write such as 2026-10, 2026Q4 or 2026-10-31."
            yield (*path, key), message, item[key]
    if "done" in item and item.get("state") in STATES and item["state"] != DONE:
        message = f"a date when it was done, but its state is {show(item['state'])}."
        yield (*path, "done"), message, item["done"]


def _text_faults(value: object, path: Path) -> Iterator[Wrong]:
    texts = value if isinstance(value, Mapping) else {LANGUAGES[0]: value}
    if not texts:
        yield path, "no text in any language.", value
    for language, text in texts.items():
        where = (*path, language) if isinstance(value, Mapping) else path
        if language not in LANGUAGES:
            yield where, f"unknown language{nearest(str(language), LANGUAGES)}", text
        elif not isinstance(text, str) or not text.strip():
            yield where, f"{show(text)} is not a text; write one, or one a language.", text


def _when(value: object) -> str | None:
    """Return a period's own label, or a day as ``2026-10-31``; None for what is neither."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    if periods.kind_of(text):
        return str(periods.parse(text))
    if not _DAY.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _measure(item: Mapping[str, Any], language: str) -> Measure:
    due = _when(item["due"]) or ""
    finished = (_when(item["done"]) if "done" in item else due) if item["state"] == DONE else ""
    return Measure(
        measure=_said(item["measure"], language),
        kpi=item["kpi"],
        owner=_said(item["owner"], language),
        due=due,
        state=item["state"],
        finished=finished or "",
        note=_said(item.get("note", ""), language),
    )


def _said(value: str | Mapping[str, str], language: str) -> str:
    if isinstance(value, str):
        return value.strip()
    return (value.get(language) or next(iter(value.values()))).strip()
