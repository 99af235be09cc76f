"""Obligations: what a contract asks for by when, what was accepted, what is late and what it costs.

Working days are counted here and not by numpy's business days, which know no weekend days worked
in exchange (调休).
"""

from __future__ import annotations

import datetime as dt
from functools import cache, cached_property
from typing import Any, Literal, TypeAlias

import pandas as pd

from cxlib.analysis.business_time import BusinessHours
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.results import Tabled, said
from cxlib.analysis.validate import count, day, once, require
from cxlib.columns import records
from cxlib.errors import DataError
from cxlib.words import mark as _

OPEN, LATE, REVIEW = _("open"), _("late"), _("under review")
DEEMED, ACCEPTED, REJECTED = _("deemed accepted"), _("accepted"), _("rejected")
PAID, DONE, PASSED, COMING = _("paid"), _("done"), _("passed"), _("coming up")
SETTLED = (ACCEPTED, DEEMED, PAID, DONE)
REPLIES = ("accepted", "rejected")
FEE_DAYS = ("calendar", "working")
Row: TypeAlias = dict[str, Any]
_MAKE_UP = frozenset({"CN"})
"""Countries whose working days are announced year by year, with weekend days worked."""


class WorkingDays:
    """The working days of a country: Monday to Friday less holidays, and weekend days worked.

    Parameters
    ----------
    country : str or None
        ISO code; None: Monday to Friday.
    subdivision : str, optional
        Region with holidays of its own.
    """

    def __init__(self, country: str | None = None, subdivision: str | None = None) -> None:
        self.country = country
        self._year = cache(
            lambda year: BusinessHours.of(country, years=(year,), subdivision=subdivision)
        )

    def is_working(self, day: dt.date) -> bool:
        """Say whether a day is worked."""
        known = self._year(day.year)
        return day in known.working_days or (day.weekday() < 5 and day not in known.holidays)

    def published(self, year: int) -> bool:
        """Say whether the official calendar of a year is known."""
        return self.country not in _MAKE_UP or bool(self._year(year).working_days)

    def on_or_after(self, day: dt.date) -> dt.date:
        """Return the day itself if it is worked, else the next that is."""
        while not self.is_working(day):
            day += dt.timedelta(days=1)
        return day

    def add(self, day: dt.date, count: int) -> dt.date:
        """Return the `count`-th working day after a day, which itself does not count."""
        while count > 0:
            day += dt.timedelta(days=1)
            count -= self.is_working(day)
        return day

    def between(self, after: dt.date, until: dt.date) -> int:
        """Return how many working days lie after one day, up to and with another."""
        span = (until - after).days
        return sum(self.is_working(after + dt.timedelta(days=n)) for n in range(1, span + 1))


class Status(Tabled):
    """How a contract's obligations stand; see `status` for the columns.

    ``table``: the deliverables. ``dates``: milestones, and dates of the contract: renewal, notice,
    the end of duties.
    """

    payments: pd.DataFrame
    dates: pd.DataFrame
    as_of: dt.date

    @cached_property
    def open(self) -> pd.DataFrame:
        """What somebody has yet to do, of all three, the next due first."""
        dates = self.dates
        if "acts" in dates:
            dates = dates[dates["acts"].map(lambda acts: acts is not False)]
        parts = [
            part[~part["state"].isin((*SETTLED, PASSED))].reindex(columns=_OPEN_COLUMNS)
            for part in (self.table, self.payments, dates)
        ]
        parts = [part for part in parts if len(part)]
        if not parts:
            return pd.DataFrame(columns=list(_OPEN_COLUMNS))
        every = pd.concat(parts, ignore_index=True)
        return every.sort_values("due_on", kind="stable", na_position="last", ignore_index=True)


_OPEN_COLUMNS = ("id", "sort", "title", "due_on", "state", "days_late", "owed_by")


def status(
    deliverables: pd.DataFrame,
    *,
    as_of: dt.date | str,
    country: str | None = None,
    subdivision: str | None = None,
    review_days: int = 5,
    payments: pd.DataFrame | None = None,
    dates: pd.DataFrame | None = None,
    late_fee: float = 0.0,
    fee_cap: float | None = None,
    fee_days: Literal["calendar", "working"] = "calendar",
) -> Status:
    """Say what was delivered and accepted, what is late, and what a delay costs.

    Parameters
    ----------
    deliverables : pandas.DataFrame
        ``id``, ``due`` (a day) and what is known of ``title, delivered, replied`` (days), ``reply``
        ("accepted" or "rejected"), ``review_days, amount, owed_by``.
    as_of : date or str
        Today.
    country, subdivision : str, optional
        Whose working days and holidays.
    review_days : int
        Without a reply within as many working days after the delivery (which does not count), a
        deliverable is deemed accepted, at the end of the last of them. 0: never deemed.
    payments : pandas.DataFrame, optional
        ``id``, ``amount``, and ``due``, or ``after`` (a deliverable) with ``days`` (calendar days
        after its acceptance); ``paid`` (a day), ``late_fee, fee_cap`` of its own.
    dates : pandas.DataFrame, optional
        ``id``, ``due``, ``title, done`` (a day), ``owed_by``, ``notice_days`` (calendar days before
        it by which notice is given), ``acts`` (False: a day that only comes, such as the end of a
        duty, and is never late).
    late_fee : float
        Share of the amount a day late, 0 to 1.
    fee_cap : float, optional
        Largest fee as a share of the amount.
    fee_days : {"calendar", "working"}
        Which days late are charged.

    Returns
    -------
    Status
        ``table``: ``id, title, due, due_on`` (the next working day where `due` is none),
        ``on_holiday, delivered, review_ends, accepted_on, state`` ("open", "late", "under review",
        "deemed accepted", "accepted", "rejected"), ``days_late`` (calendar days from `due_on` to
        the delivery or `as_of`), ``working_days_late, fee`` (of its ``amount``).
        ``payments``: ``id, amount, due_on, paid, state`` ("open", "late", "paid"), ``days_late,
        fee``; one that waits for an acceptance has no `due_on`. ``dates``: ``id, due_on,
        notice_by, state`` ("coming up", "late", "passed", "done").

    Raises
    ------
    DataError
        If ids repeat, a day is none, a rate lies outside 0 to 1, or a payment follows what is not
        there.
    """
    today = day(as_of, "as_of")
    days = WorkingDays(country, subdivision)
    for name, rate in (("late_fee", late_fee), ("fee_cap", fee_cap)):
        if rate is not None and not 0 <= number(rate, name) <= 1:
            raise DataError(
                f"{name} {rate:g} is {100 * rate:g}%; is {rate / 100:g} ({rate:g}%) meant?"
            )
    one_of(fee_days, FEE_DAYS, f"fee_days is {fee_days!r}")
    review_days = count(review_days, "review_days")
    terms = {"late_fee": late_fee, "fee_cap": fee_cap, "fee_days": fee_days}
    delivered = [_delivered(row, today, days, review_days, terms) for row in _rows(deliverables)]
    known = {row["id"]: row for row in delivered}
    paid = [_paid(row, today, days, known, terms) for row in _rows(payments)]
    dated = [_dated(row, today, days) for row in _rows(dates)]
    acting = [row for row in dated if row.get("acts") is not False]
    seen = [row["due_on"] for row in (*delivered, *paid, *acting) if row["due_on"] is not None]
    years = sorted({one.year for one in (*seen, today)})
    unknown = tuple(str(year) for year in years if not days.published(year))
    message = _(
        "The official calendar of {years} is not published yet: its working days are provisional."
    )
    return Status(
        table=_framed(delivered, _DELIVERED, deliverables),
        payments=_framed(paid, _PAID, payments),
        dates=_framed(dated, _DATED, dates),
        as_of=today,
        caveats=said(unknown, message, years=unknown),
    )


_DELIVERED = (
    "id", "sort", "title", "due", "due_on", "on_holiday", "delivered", "review_ends",
    "accepted_on", "state", "days_late", "working_days_late", "fee", "owed_by",
)  # fmt: skip
_PAID = ("id", "sort", "title", "amount", "due_on", "paid", "state", "days_late",
         "working_days_late", "fee", "owed_by")  # fmt: skip
_DATED = ("id", "sort", "title", "due_on", "notice_by", "done", "state", "days_late", "owed_by")


def _framed(
    rows: list[dict[str, Any]], columns: tuple[str, ...], given: pd.DataFrame | None
) -> pd.DataFrame:
    names = dict.fromkeys([*columns, *(() if given is None else map(str, given.columns))])
    return pd.DataFrame(rows, columns=list(names))


def _rows(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """Return rows with None for what is missing; ids are there and differ."""
    if frame is None:
        return []
    require(frame, ("id",), "obligations")
    once(frame["id"], "the id {} is given twice; each needs its own.")
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in records(plain)]


def _when(row: dict[str, Any], name: str) -> dt.date | None:
    return None if row.get(name) is None else day(row[name], f"{name} of {row['id']!r}:")


def _lateness(due: dt.date, end: dt.date, days: WorkingDays, row: Row, terms: Row) -> Row:
    """Return days late and what they cost."""
    late = max((end - due).days, 0)
    working = days.between(due, end) if late else 0
    rate, cap = (terms[n] if row.get(n) is None else row[n] for n in ("late_fee", "fee_cap"))
    amount = float(row["amount"]) if row.get("amount") is not None else 0.0
    charged = late if terms["fee_days"] == "calendar" else working
    share = rate * charged if cap is None else min(rate * charged, cap)
    return {"days_late": late, "working_days_late": working, "fee": amount * share}


def _delivered(row: Row, today: dt.date, days: WorkingDays, review: int, terms: Row) -> Row:
    due, handed, replied = (_when(row, name) for name in ("due", "delivered", "replied"))
    if due is None:
        raise DataError(f"{row['id']!r} has no day on which it is due.")
    reply = row.get("reply")
    if reply is not None:
        one_of(reply, REPLIES, f"{reply!r} is no reply")
    if replied is not None and handed is not None and replied < handed:
        raise DataError(f"{row['id']!r} was replied to on {replied}, before it was delivered.")
    due_on = days.on_or_after(due)
    window = int(row["review_days"]) if row.get("review_days") is not None else review
    ends = days.add(handed, window) if handed is not None and window else None
    heard = None if replied is not None and replied > today else replied
    if heard is None and reply is not None and replied is None:
        heard = handed  # a reply without its day counts as given at once
    state, accepted = OPEN if today <= due_on else LATE, None
    if handed is not None and handed <= today:
        state = REVIEW
        if reply is not None and heard is not None and (ends is None or heard <= ends):
            state, accepted = (ACCEPTED, heard) if reply == "accepted" else (REJECTED, None)
        elif ends is not None and today > ends:
            state, accepted = DEEMED, ends
    end = handed if handed is not None and handed <= today else today
    facts = {"due_on": due_on, "on_holiday": due_on != due, "review_ends": ends, "state": state}
    facts |= {"accepted_on": accepted, "sort": _("Deliverable")}
    return row | facts | _lateness(due_on, end, days, row, terms)


def _paid(
    row: Row, today: dt.date, days: WorkingDays, delivered: dict[Any, Row], terms: Row
) -> Row:
    due, paid, after = _when(row, "due"), _when(row, "paid"), row.get("after")
    if after is not None:
        one_of(after, delivered, f"{row['id']!r} follows {after!r}")
        accepted = delivered[after]["accepted_on"]
        if accepted is not None:
            due = accepted + dt.timedelta(days=int(row.get("days") or 0))
    due_on = None if due is None else days.on_or_after(due)
    held = paid is not None and paid <= today
    late: Row = {"days_late": 0, "working_days_late": 0, "fee": 0.0}
    if due_on is not None:
        late = _lateness(due_on, paid if held and paid else today, days, row, terms)
    state = PAID if held else LATE if late["days_late"] else OPEN
    return row | {"due_on": due_on, "state": state, "sort": _("Payment")} | late


def _dated(row: Row, today: dt.date, days: WorkingDays) -> Row:
    due, done = _when(row, "due"), _when(row, "done")
    notice = None
    if due is not None and row.get("notice_days") is not None:
        notice = due - dt.timedelta(days=int(row["notice_days"]))
    acts = row.get("acts") is not False
    gone = due is not None and today > due
    state = DONE if done is not None and done <= today else COMING
    if state == COMING and gone:
        state = LATE if acts else PASSED
    end = done if done is not None and done <= today else today
    late = max((end - due).days, 0) if due is not None and acts else 0
    facts = {"due_on": due, "notice_by": notice, "state": state, "days_late": late}
    return row | facts | {"sort": row.get("sort") or _("Date")}
