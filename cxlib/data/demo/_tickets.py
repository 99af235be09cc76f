"""The demo bank's contact centre: two years of tickets, from the call to the closing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.data.demo import _mess as mess
from cxlib.data.demo._survey import Dates, Floats

CUSTOMERS = 9_000
FIRST_DAY, EXPORTED = np.datetime64("2024-10-01"), np.datetime64("2026-10-01T06:00", "s")
OPENS, CLOSES = 8, 20
"""Staffed hours, Monday to Friday."""
A_WEEKDAY, A_WEEKEND_DAY = 34.0, 4.5
"""Expected first contacts a day; at the weekend by e-mail only."""
WEEKDAY_FACTOR = (1.25, 1.05, 0.95, 0.9, 0.85)
HOUR_SHARE = (0.06, 0.10, 0.14, 0.13, 0.09, 0.08, 0.09, 0.10, 0.08, 0.06, 0.04, 0.03)
"""Share of a weekday's contacts in each staffed hour."""
CHANNELS = {"phone": 0.55, "chat": 0.25, "email": 0.20}
QUEUES = {"cards": 0.36, "payments": 0.26, "accounts": 0.24, "loans": 0.14}
PRIORITIES = {"high": 0.12, "normal": 0.68, "low": 0.20}
HANDLE_MEAN = {"phone": 380.0, "chat": 520.0, "email": 640.0}
"""Seconds of work a contact, on average."""
FIRST_CONTACT_SHARE = {"phone": 0.68, "chat": 0.55, "email": 0.25}
"""Share that is solved while the customer is still there (e-mail: in the first answer)."""
REPEAT_SHARE = 0.13
"""Share of contacts after which the customer comes back about the same matter, within days."""
REPEAT_WITHIN_DAYS = 7
REOPENED_SHARE = {"cards": 0.11, "payments": 0.06, "accounts": 0.05, "loans": 0.06}
SLOW_SINCE, SLOW_FACTOR = np.datetime64("2026-07-01"), 2.2
"""The card campaign of 2026Q3: phones and chats wait this many times longer."""
COMPLAINT_SHARE, UPHELD_SHARE = 0.06, 0.38
CANCELLED_SHARE, MERGED_SHARE, STUCK_SHARE = 0.02, 0.015, 0.002
TOPICS = {
    "cards": ("lost or stolen", "declined payment", "disputed charge", "limit"),
    "payments": ("transfer missing", "standing order", "payment abroad"),
    "accounts": ("address change", "statement", "login", "closing"),
    "loans": ("mortgage rate", "early repayment", "application"),
}
HOLIDAYS = (
    "2024-12-25", "2024-12-26", "2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05",
    "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26", "2026-01-01", "2026-04-03",
    "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31",
)  # fmt: skip
"""Bank holidays in England and Wales; written out, so that the files never change."""

HEADER = (
    "Ticket", "Customer", "Created", "First response", "Solved", "Closed", "Status", "Channel",
    "Queue", "Priority", "Team", "Agent", "Handle time (s)", "Reopened", "Reassigned",
    "CSAT", "Topic", "Complaint", "Upheld",
)  # fmt: skip

Texts = npt.NDArray[np.str_]
Flags = npt.NDArray[np.bool_]
_A_DAY = (CLOSES - OPENS) * 3600
_CLOSED = np.array(HOLIDAYS, dtype="M8[D]")
_NEVER = np.datetime64("NaT", "s")


def write_tickets(path: Path, rng: np.random.Generator) -> Path:
    """Write the ticket log, one row a ticket in order of creation, always the same bytes."""
    tickets = {str(name): column.to_numpy() for name, column in contacts(rng).items()}
    n = len(tickets["created"])
    first, solved, handle = _work(rng, tickets)
    closed = solved + rng.choice([0, 1, 3, 5], n, p=[0.5, 0.2, 0.2, 0.1]).astype("m8[D]")
    fates = _fates(rng, solved, closed)
    first = np.where(fates["away"] | (first > EXPORTED), _NEVER, first)
    silent = np.isnat(first)
    reopened = (rng.random(n) < _by(tickets["queue"], REOPENED_SHARE)) & ~fates["away"]
    team, agent = _agents(rng, tickets["channel"])
    reassigned = rng.poisson(np.where(tickets["channel"] == "email", 0.25, 0.12), n)
    complaint = rng.random(n) < COMPLAINT_SHARE
    upheld = np.where(rng.random(n) < UPHELD_SHARE, "Yes", "No")
    unsolved = fates["away"] | fates["open"]
    columns = (
        [f"T{100_000 + i}" for i in range(n)],
        [f"C{400_000 + c}" for c in tickets["customer"].tolist()],
        *(_times(tickets["created"]), _times(first)),
        _times(np.where(unsolved, _NEVER, solved)),
        _times(np.where(unsolved | fates["waiting"], _NEVER, closed)),
        fates["status"].tolist(),
        *(tickets["channel"].tolist(), tickets["queue"].tolist(), tickets["priority"].tolist()),
        *(team.tolist(), np.where(silent, "", agent).tolist()),
        np.where(silent, "", handle.astype(int).astype(str)).tolist(),
        np.where(reopened, rng.choice([1, 2], n, p=[0.85, 0.15]), 0).tolist(),
        np.where(fates["away"], 0, reassigned).tolist(),
        _ratings(rng, solved - tickets["created"], asked=~unsolved, failed=reopened),
        tickets["topic"].tolist(),
        np.where(complaint, "Yes", "No").tolist(),
        np.where(complaint & (fates["status"] == "Closed"), upheld, "").tolist(),
    )
    return mess.write_csv(path, HEADER, list(zip(*columns, strict=True)))


def contacts(rng: np.random.Generator) -> pd.DataFrame:
    """Draw who makes contact when, how and about what, in time order; some come back about it."""
    days = np.arange(FIRST_DAY, EXPORTED.astype("M8[D]"))
    staffed = np.is_busday(days, holidays=_CLOSED)
    growth = 1 + 0.15 * np.arange(len(days)) / len(days)
    factor = np.array([*WEEKDAY_FACTOR, 1, 1])[(days.astype(int) + 3) % 7]
    a_day = rng.poisson(np.where(staffed, A_WEEKDAY * factor, A_WEEKEND_DAY) * growth)
    day, is_staffed = np.repeat(days, a_day), np.repeat(staffed, a_day)
    n = len(day)
    open_hour = OPENS + rng.choice(CLOSES - OPENS, n, p=np.array(HOUR_SHARE))
    hour = np.where(is_staffed, open_hour, rng.integers(9, 22, n))
    seconds = 3600 * hour + rng.integers(0, 3600, n)
    queue = _draw(rng, QUEUES, n)
    luck = zip(queue.tolist(), rng.random(n).tolist(), strict=True)
    columns = {
        "created": day.astype("M8[s]") + seconds.astype("m8[s]"),
        "customer": np.floor(CUSTOMERS * rng.random(n) ** 1.5).astype(np.int64),
        "channel": np.where(is_staffed, _draw(rng, CHANNELS, n), "email"),
        "queue": queue,
        "priority": _draw(rng, PRIORITIES, n),
        "topic": [TOPICS[q][int(u * len(TOPICS[q]))] for q, u in luck],
    }
    firsts = pd.DataFrame(columns)
    return _with_repeats(rng, firsts, day)


def _with_repeats(rng: np.random.Generator, firsts: pd.DataFrame, day: Dates) -> pd.DataFrame:
    back = np.flatnonzero(rng.random(len(day)) < REPEAT_SHARE)
    later = np.busday_offset(day[back], rng.integers(1, 5, len(back)), "forward", holidays=_CLOSED)
    near = (later - day[back]).astype(int) < REPEAT_WITHIN_DAYS
    back, later = back[near], later[near]
    seconds = rng.integers(OPENS * 3600, CLOSES * 3600, len(back)).astype("m8[s]")
    again = firsts.iloc[back].assign(created=later.astype("M8[s]") + seconds)
    both = pd.concat([firsts, again]).sort_values("created", kind="stable", ignore_index=True)
    kept: pd.DataFrame = both[both["created"] < EXPORTED.astype("M8[D]")]
    return kept


def _fates(rng: np.random.Generator, solved: Dates, closed: Dates) -> dict[str, np.ndarray]:
    """Return how each ticket ended: `away` was cancelled or merged, `waiting` is not closed yet."""
    luck = rng.random(len(solved))
    stuck = rng.random(len(solved)) < STUCK_SHARE
    cancelled = luck < CANCELLED_SHARE
    merged = ~cancelled & (luck < CANCELLED_SHARE + MERGED_SHARE)
    left, waiting = (solved > EXPORTED) | stuck, closed > EXPORTED
    kinds = [cancelled, merged, left, waiting]
    status = np.select(kinds, ["Cancelled", "Merged", "Open", "Solved"], "Closed")
    return {"status": status, "away": cancelled | merged, "open": left, "waiting": waiting}


def _work(
    rng: np.random.Generator, tickets: Mapping[str, np.ndarray]
) -> tuple[Dates, Dates, Floats]:
    """Return first response, solution and seconds of work of each contact."""
    created, channel, priority = tickets["created"], tickets["channel"], tickets["priority"]
    n = len(created)
    slow = np.where(created >= SLOW_SINCE, SLOW_FACTOR, 1.0)
    live = channel != "email"
    wait = slow * np.where(channel == "phone", 38, 60) * rng.lognormal(0, 0.9, n)
    urgency = np.select([priority == "high", priority == "low"], [0.4, 1.6], 1.0)
    answer = 3600 * 4 * urgency * rng.lognormal(0, 0.7, n)
    in_writing = _staffed_later(created, np.where(live, 0, answer))
    first = np.where(live, created + np.ceil(wait).astype("m8[s]"), in_writing)
    handle = np.ceil(_by(channel, HANDLE_MEAN) * rng.lognormal(-0.18, 0.6, n))
    done = first + handle.astype("m8[s]")
    at_once = rng.random(n) < _by(channel, FIRST_CONTACT_SHARE)
    more = 3600 * 9 * urgency * rng.lognormal(0, 1.0, n)
    return first, np.where(at_once, done, _staffed_later(done, more)), handle


def _staffed_later(start: Dates, seconds: Floats) -> Dates:
    """Return the moment when so many staffed seconds have passed since `start`."""
    day = start.astype("M8[D]")
    opens = np.busday_offset(day, 0, "forward", holidays=_CLOSED)
    of_day = (start - day).astype("m8[s]").astype(float) - OPENS * 3600
    passed = np.where(opens > day, 0, np.clip(of_day, 0, _A_DAY)) + np.ceil(seconds)
    whole, rest = np.divmod(passed, _A_DAY)
    then = np.busday_offset(opens, whole.astype(int), holidays=_CLOSED)
    moments: Dates = then.astype("M8[s]") + (OPENS * 3600 + rest).astype("m8[s]")
    return moments


def _agents(rng: np.random.Generator, channel: Texts) -> tuple[Texts, Texts]:
    n = len(channel)
    number = np.where(channel == "email", rng.integers(13, 19, n), rng.integers(1, 13, n))
    team = np.select([number <= 6, number <= 12], ["North team", "South team"], "Back office")
    return team, np.char.add("A", np.char.zfill(number.astype(str), 2))


def _ratings(
    rng: np.random.Generator, taken: npt.NDArray[np.timedelta64], *, asked: Flags, failed: Flags
) -> list[str]:
    """Draw the one-question survey after a ticket: slow and reopened ones score lower."""
    days = np.clip(taken.astype(float) / 86_400, 0, 10)
    latent = 4.5 - 0.25 * days - 1.0 * failed + rng.normal(0, 0.9, len(days))
    answered = asked & (rng.random(len(days)) < 0.28)
    stars = np.clip(np.floor(latent + 0.5), 1, 5).astype(int).astype(str)
    return [str(text) for text in np.where(answered, stars, "").tolist()]


def _draw(rng: np.random.Generator, shares: Mapping[str, float], n: int) -> Texts:
    return rng.choice(list(shares), size=n, p=list(shares.values()))


def _by(keys: Texts, values: Mapping[str, float]) -> Floats:
    return np.array([values[key] for key in keys.tolist()])


def _times(moments: Dates) -> list[str]:
    texts = moments.astype("M8[s]").astype(str).tolist()
    return ["" if text == "NaT" else text.replace("T", " ") for text in texts]
