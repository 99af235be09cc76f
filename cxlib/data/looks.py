"""The data room: what a consultant should know of a survey that can be read all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cxlib.data import labels
from cxlib.data.ledger import Ledger
from cxlib.data.survey import ALL, OWN, UNNAMED
from cxlib.errors import nearest

if TYPE_CHECKING:
    from cxlib.params import Client

_SHOWN = 5


def look(frame: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Add warnings about a canonical survey table: periods, groups, margins, bases.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table, ids not yet pseudonyms.
    client : Client
        What it should hold.
    ledger : Ledger
        Takes the warnings.
    """
    own = frame[frame["brand"] == OWN]
    if own.empty:
        if not ledger.failed:
            why = ", ".join(f"{reason} ({n})" for reason, n in ledger.dropped.items())
            ledger.error(("survey",), f"no response of the client itself is left: {why}.")
        return
    _bases(own, client, ledger)
    _periods(own, client, ledger)
    _repeats(own, client, ledger)
    for key in client.segments:
        if key in frame:
            _segment(own[key], key, client, ledger)


def _bases(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    least = client.privacy.minimum_base
    if len(own) < least:
        ledger.warn(
            ("survey", "source"),
            f"there {'is 1 response' if len(own) == 1 else f'are {len(own)} responses'} in all, "
            f"fewer than the minimum base of {least}: every number will be withheld.",
        )
        return
    counts = own["period"].value_counts()
    small = [str(name) for name in own["period"].unique() if counts[name] < least]
    if small:
        ledger.warn(
            ("survey", "source"),
            f"fewer than {least} responses in {_listed(small)}; their numbers will be withheld.",
        )


def _periods(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    known = [str(name) for name in own["period"].unique()]
    empty = labels.gaps(known)
    if empty:
        ledger.warn(
            ("period",), f"no response in {_listed(empty)}, between periods that have some."
        )
    invited = client.survey.invited if client.survey else {}
    for period in invited:
        if period not in known and known != [ALL]:
            ledger.warn(
                ("survey", "invited", period),
                f"{period} has invitations and no response{nearest(period, known)}",
                period,
            )


def _repeats(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    if (
        client.survey is None
        or client.survey.columns.id is None
        or client.survey.repeat_respondents
    ):
        return
    named = own.loc[~own["respondent_id"].str.startswith(UNNAMED), ["respondent_id", "period"]]
    again = named.drop_duplicates()["respondent_id"].duplicated()
    if again.any():
        ledger.warn(
            ("survey", "columns", "id"),
            f"{int(again.sum())} respondent ids come again in a later period; set "
            "`repeat_respondents: true` so that intervals allow for it.",
        )


def _segment(cells: pd.Series, key: str, client: Client, ledger: Ledger) -> None:
    if client.survey is None:
        return
    segment, margin = client.survey.segments[key], client.survey.margins.get(key, {})
    counts = cells.value_counts()
    present = [str(value) for value in cells.dropna().unique()]
    path = ("survey", "segments", key)
    if not present:
        ledger.warn(path, f"column {segment.column!r} holds no value of segment {key!r}.")
        return
    small = [value for value in present if counts[value] < client.privacy.minimum_base]
    if small:
        shown = [f"{value!r} ({counts[value]})" for value in small]
        ledger.warn(
            path,
            f"fewer than {client.privacy.minimum_base} responses in {_listed(shown)} of segment "
            f"{key!r}; their numbers will be withheld.",
        )
    for name, declared in (("order", segment.order), ("values", tuple(segment.values))):
        for value in declared:
            if value not in present:
                where = (*path, name) if name == "order" else (*path, name, value)
                ledger.warn(where, f"{value!r} is no value in the data{nearest(value, present)}")
    _unlisted(present, segment.order, (*path, "order"), ledger)
    _unlisted(present, tuple(margin), ("survey", "margins", key), ledger)
    for value in margin:
        if value not in present:
            ledger.warn(
                ("survey", "margins", key, value),
                f"{value!r} has a share of the population and no response; weights cannot make up "
                f"for it{nearest(value, present)}",
            )


def _unlisted(
    present: list[str], declared: tuple[str, ...], path: tuple[str, ...], ledger: Ledger
) -> None:
    strange = [value for value in present if value not in declared]
    if declared and strange:
        near = nearest(strange[0], declared)
        ledger.warn(path, f"the data hold {_listed(list(map(repr, strange)))} as well{near}")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (
        f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    )
