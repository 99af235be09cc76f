"""What a consultant should know of data that can be read all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib import periods as calendar
from cxlib.analysis.metrics import EXCLUDED
from cxlib.data import labels
from cxlib.data.layout import NOTE, REPEATS, TOTAL
from cxlib.data.ledger import EMPTY, WHERE, Ledger, Path
from cxlib.data.masking import are_people, mask_text
from cxlib.data.survey import ALL, own_of, unheard, unnamed
from cxlib.data.weighting import known_margins, weighted
from cxlib.errors import Count, CxError, nearest
from cxlib.params.tables import FOR_ALL

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.tables import Tickets

MANY = 0.2
"""More rows than this left out for lack of something are most likely a mistake."""
HEAVY, BESIDE = 4.0, 0.5
"""Gigabytes that a job may hold by default, and those that it needs beside a survey."""
SLOW = 6
"""Minutes of an idle processor from which a job may come to its end of time: ten by default."""
_SHOWN = 5
_EXPECTED = frozenset({
    EMPTY, WHERE, REPEATS, TOTAL, NOTE, "event folded into its ticket", "repeats an event",
    "summed with others of its period and unit", "repeats a row exactly",
    "an earlier row of the same member", "cancelled", "repeats a respondent within a period",
})  # fmt: skip
"""Reasons to leave a row out that a client file asks for, or that are no answers at all."""


def survey(frame: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Add warnings about a canonical survey table; try it."""
    if (own := own_of(frame)).empty:
        why = ", ".join(f"{reason} ({n})" for reason, n in ledger.dropped.items())
        if not ledger.failed:
            ledger.error(("survey",), f"no response of the client itself is left: {why}.")
        return
    dropped(ledger, ("survey", "source"))
    _heavy(frame, ledger)
    _bases(own, client, ledger)
    _periods(own, client, ledger)
    _unanswered(own, client, ledger)
    _repeats(own, client, ledger)
    unheard(own, client, ledger)
    _people(own, client, ledger)
    for key in client.segments:
        if key in frame:
            _segment(own[key], key, client, ledger)
    if not ledger.failed:
        _drivers(own, client, ledger)
        _margins(own, client, ledger)


def _heavy(frame: pd.DataFrame, ledger: Ledger) -> None:
    from cxlib.analysis.kpis.changes import STEPS

    closed, counts = int(frame.memory_usage().sum()), frame["period"].value_counts()
    share = counts.head(STEPS + 1).sum() / len(frame)  # so many periods are compared at once
    # measured up to three million rows: both grow with the rows, whatever is said in comments
    memory = (BESIDE + 2e-9 * closed, BESIDE + 3e-9 * share * closed)
    minutes = (0.8e-6 * len(frame), 0.25 + 0.7e-6 * len(frame))
    if max(memory) > HEAVY or max(minutes) > SLOW:
        need = [f"{m:.1f} GB and {t:.0f} minutes" for m, t in zip(memory, minutes, strict=True)]
        told = (f"its {len(frame):,} rows need about {need[0]} to take in, and their KPIs "
                f"{need[1]}: allow more by `cx run --memory 16000 --timeout 3600` (and so for "
                "`cx check`), name fewer columns, leave rows out by `where:`, or report by a "
                "shorter `period:`.")  # fmt: skip
        ledger.warn(("survey", "source"), told)


def dropped(ledger: Ledger, path: Path) -> None:
    """Warn where many rows are left out that were meant to count."""
    gone = {reason: n for reason, n in ledger.dropped.items() if reason not in _EXPECTED}
    meant = ledger.rows_read - sum(n for r, n in ledger.dropped.items() if r in _EXPECTED)
    lost = sum(gone.values())
    if meant and lost > MANY * meant:
        why = ", ".join(f"{reason} ({n})" for reason, n in gone.items())
        ledger.warn(path, f"{lost} of {meant} rows would be dropped: {why}.")


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
    for period in client.survey.invited if client.survey else {}:
        if period not in known and known != [ALL]:
            ledger.warn(
                ("survey", "invited", period),
                f"{period} has invitations and no response{nearest(period, known)}",
                period,
            )
    dates = own.loc[own["date"].notna(), ["period", "date"]]
    _waves(calendar.order(known), dates, ledger)
    if dates.empty or any(calendar.kind_of(name) is None for name in known):
        return
    ahead = pd.Timestamp.now() + pd.Timedelta(days=366)
    if dates["date"].min() > ahead + pd.Timedelta(days=100 * 365):
        ledger.error(
            ("survey", "columns", "date"),
            f"all dates are far in the future, the first {dates['date'].min():%Y-%m-%d}: are these "
            "years of another calendar (Buddhist ones are 543 ahead)? Set them right by `sql:`.",
        )
    elif dates["date"].max() > ahead:
        ledger.warn(
            ("survey", "columns", "date"),
            f"the last date, {dates['date'].max():%Y-%m-%d}, lies in the future.",
        )


def _waves(known: list[str], dates: pd.DataFrame, ledger: Ledger) -> None:
    """Warn where waves seem to come in another order than that of their rows."""
    if len(known) < 2 or any(map(calendar.kind_of, known)):
        return
    ledger.notes.append(f"waves in the order {_listed(known)}: {known[-1]!r} is the latest")
    first = dates.groupby("period")["date"].median()
    when: list[Any] = [first.get(name) for name in known]
    years: list[Any] = [re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", name)[-1:] for name in known]
    for told in (when, years):
        if all(told) and told != sorted(told):
            ledger.warn(
                ("survey", "columns", "period"),
                f"the waves count as {_listed(known)}, the last as the latest, as their rows come; "
                f"their {'dates' if told is when else 'names'} tell another order: sort the rows "
                "by `sql: select … order by …`.",
            )
            return


def _unanswered(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Warn of KPIs that nobody answered in the latest period, though others were before."""
    known = calendar.order(own["period"].unique().tolist())
    latest = own["period"] == known[-1]
    for metric in client.metrics:
        if metric.key in own and own[metric.key].notna().any():
            told = own.loc[latest, metric.key].notna().any()
            if not told and latest.sum() >= client.privacy.minimum_base:
                ledger.warn(
                    ("survey", "metrics", metric.key, "column"),
                    f"{metric.key!r} has no answer in {known[-1]}, the latest period; its reports "
                    "go without it.",
                )


def _repeats(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    section = client.survey
    if section is None or section.columns.id is None or section.repeat_respondents:
        return
    named = own.loc[~unnamed(own["respondent_id"]), ["respondent_id", "period"]]
    again = named.drop_duplicates()["respondent_id"].duplicated()
    if again.any():
        ledger.warn(
            ("survey", "columns", "id"),
            f"{(n := Count(again.sum()))} {n:respondent id comes|respondent ids come} again in a "
            "later period: are they the same people? If so, set `repeat_respondents: true`, so "
            "that intervals allow for it; if the numbers only start anew in each file, leave it.",
        )


def _people(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Refuse groups that are telephone numbers or addresses, unless each is given a name."""
    section = client.survey
    groups = section.segments if section else {}
    asked = [("segments", key) for key, segment in groups.items() if not segment.values]  # noqa: PD011
    others = section.questions.items() if section else ()
    asked += [("questions", key) for key, item in others if item.kind == "single"]
    for kind, key in asked:
        if key in own and are_people(own[key]):
            first = mask_text(str(own[key].dropna().iloc[0]))
            ledger.error(
                ("survey", kind, key),
                f"{key!r} holds what reaches people ({own[key].nunique()} different, the first "
                f"{first}): these are no groups; leave it out.",
                key,
            )


def _segment(cells: pd.Series, key: str, client: Client, ledger: Ledger) -> None:
    if client.survey is None:
        return
    segment, margin = client.survey.segments[key], client.survey.margins.get(key, {})
    counts = cells.value_counts()
    present = [str(value) for value in cells.dropna().unique()]
    path = ("survey", "segments", key)
    if not present:
        column = segment.column[0]
        ledger.warn(path, f"column {column!r} holds no value of segment {key!r}.")
        return
    small = [value for value in present if counts[value] < client.privacy.minimum_base]
    if len(present) > MIXED * len(cells.dropna()) and len(small) > _SHOWN:
        ledger.warn(
            (*path, "column"),
            f"{key!r} holds {len(present)} different texts in {len(cells.dropna())} answers, such "
            f"as {mask_text(present[0])!r}: these are no groups. An open question stands under "
            "`questions:` with `kind: open`.",
        )
    elif small:
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


def _margins(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Warn of each period whose answers cannot be brought to every margin; try the weighting."""
    if client.survey is None or not client.survey.margins:
        return
    for name, wave in own.groupby("period", sort=False):
        _known, caveats = known_margins(wave, client)
        for caveat in caveats:
            when = "" if name == ALL else f"{name}: "
            ledger.warn(("survey", "margins", str(caveat.facts["segment"])), f"{when}{caveat}")
    try:
        weighted(own, client)
    except CxError as error:
        ledger.error(("survey", "margins"), str(error))


def _drivers(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Warn of touchpoints whose ratings are the same, or follow from one another."""
    keys = [t.key for t in client.touchpoints if t.key in own]
    ratings = own[keys].astype("float64")
    alike = ratings.corr(min_periods=client.privacy.minimum_base).abs().to_numpy()
    for place, key in enumerate(keys):
        same = [other for other, r in zip(keys[:place], alike[place], strict=False) if r > 1 - 1e-5]
        if same:
            n = len(own[[key, same[0]]].dropna())
            ledger.warn(
                ("survey", "touchpoints", place, "column"),
                f"{key!r} and {same[0]!r} are identical in {n} {Count(n):answer|answers}, so only "
                "one of them can be a driver; is a column named twice?",
            )


def tickets(frame: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Add warnings about a canonical tickets table."""
    section = client.tickets
    if section is None:
        return
    gone = frame["state"].isin(EXCLUDED) if "state" in frame else pd.Series(False, frame.index)
    if len(frame) and gone.all():
        ledger.warn(
            ("tickets", "states"),
            f"all {(n := Count(len(frame)))} {n:ticket is|tickets are} cancelled or "
            "merged; no service can be measured.",
        )
    if not {"state", "resolved_at", "closed_at"} & set(frame):
        ledger.warn(
            ("tickets", "columns"),
            "nothing tells that a ticket ended: columns.resolved, closed or state would give "
            "resolution and backlog.",
        )
    if "priority" in frame:
        _unlimited(frame.loc[~gone, "priority"], section, ledger)


def _unlimited(priorities: pd.Series, section: Tickets, ledger: Ledger) -> None:
    """Warn of priorities that have no time limit where limits go by priority."""
    for name in ("first_response", "resolution"):
        limits = getattr(section.sla, name, None) or {}
        if not limits or FOR_ALL in limits:
            continue
        without = priorities[~priorities.isin(limits)]
        if without.empty:
            continue
        value = without.iloc[0]
        blank = pd.isna(value)
        what = "no priority" if blank else f"priority {value!r}"
        near = "; add it to the log." if blank else nearest(str(value), limits)
        ledger.warn(
            ("tickets", "sla", name),
            f"{(n := Count(len(without)))} {n:ticket has|tickets have} a priority without "
            f"a limit, the first {what}{near}",
            None if blank else value,
        )


def transactions(parts: Iterable[pd.DataFrame], client: Client, ledger: Ledger) -> None:
    """Add warnings about a canonical transactions table, in its pieces."""
    points, known = False, pd.DataFrame()
    for part in parts:
        points = points or ("points" in part and bool(part["points"].notna().any()))
        marks = pd.util.hash_array(part["member_id"].to_numpy(dtype=object))
        ends = part["date"].dt.normalize().groupby(marks).agg(["min", "max"])
        both = pd.concat([known, ends]).groupby(level=0)
        known = both.agg({"min": "min", "max": "max"})
    if client.points is None and points:
        ledger.warn(
            ("transactions", "columns", "points"),
            "points are issued here, but no `points:` ledger tells which were redeemed or expired; "
            "what is outstanding is not known.",
        )
    once = float((known["min"] == known["max"]).mean())
    if once > ONCE and len(known) >= client.privacy.minimum_base:
        ledger.warn(
            ("transactions", "columns", "date"),
            f"{once:.0%} of {len(known)} customers bought on one day only: there will be fewer "
            "groups by frequency, and little to tell who comes again.",
        )


def comments(frame: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Add warnings about a canonical table of comments."""
    least, latest = client.privacy.minimum_base, frame["date"].max()
    for source, n in frame["source"].value_counts().items():
        if n < least:
            ledger.warn(
                ("comments", str(source)),
                f"there are {n} {Count(n):comment|comments}, fewer than the minimum base "
                f"of {least}.",
            )
    if latest > pd.Timestamp.now() + pd.Timedelta(days=1):
        ledger.warn(("comments",), f"the last date, {latest:%Y-%m-%d}, lies in the future.")


MIXED = 0.3
"""So many different texts an answer are words of people's own, or ids."""
ONCE = 0.8
"""A share of customers who bought on a single day above which frequency tells little."""


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
