"""Questions on comments and on members (lessons 11 and 12)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib.learn.replies import Key
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.learn.lesson import Lesson

# --- lesson 11 -----------------------------------------------------------------------------------


def _said(lesson: Lesson) -> tuple[Any, list[tuple[float, str]]]:
    """Return all ratings, and rating and words of those who wrote."""
    rows = lesson.open("lakeside-bank").survey(period="history")
    rows = rows[rows["nps"].notna()]
    pairs = zip(rows["nps"].tolist(), rows["comment"].tolist(), strict=True)
    return rows["nps"].to_numpy(float), [pair for pair in pairs if isinstance(pair[1], str)]


def _louder(lesson: Lesson) -> Key:
    every, wrote = _said(lesson)
    low = np.array([nps <= 6 for nps, _text in wrote])
    return Key(
        right=100 * float(low.mean() - (every <= 6).mean()),
        unit="percent",
        praise=_("Yes: the cross write more. A count of comments is no count of customers."),
        wrong={
            _("This is the share among those who wrote; how far above all is it?"): 100
            * float(low.mean())
        },
    )


def _praised(lesson: Lesson) -> Key:
    _every, wrote = _said(lesson)
    holds = [(nps, text) for nps, text in wrote if re.search(r"\bnot\b", text, re.IGNORECASE)]
    return Key(
        right=sum(nps >= 9 for nps, _text in holds),
        unit="count",
        within=0,
        praise=_("Yes. Read them: much of it is praise, and a word list would call it complaint."),
        wrong={
            _("These are all comments with the word; how many are the promoters'?"): len(holds),
            _("The word stands alone: nothing and cannot do not count."): sum(
                nps >= 9 for nps, text in wrote if "not" in text.lower()
            ),
        },
    )


def _codes() -> tuple[Any, Any]:
    """Return the two coders of the lesson, drawn again."""
    rng = np.random.default_rng(11)
    first = rng.random(200) < 0.06
    return first, np.where(rng.random(200) < 0.06, ~first, first)


def _alpha(first: Any, second: Any) -> float:
    """Return Krippendorff's alpha of two coders, from its formula."""
    share = np.concatenate([first, second]).mean()
    n = 2 * len(first)
    expected = 2 * share * (1 - share) * n / (n - 1)
    return 1 - float((first != second).mean() / expected)


def _agreed(_lesson: Lesson) -> Key:
    first, second = _codes()
    both = 100 * float((first & second).mean())
    return Key(
        right=100 * float((first == second).mean()),
        unit="percent",
        praise=_("Yes. It sounds splendid on a slide; now take chance off."),
        wrong={_("These are the ones that both marked; agreeing on no counts as well."): both},
    )


def _reliable(_lesson: Lesson) -> Key:
    first, second = _codes()
    return Key(
        right=_alpha(first, second),
        unit="number",
        within=0.01,
        praise=_("Yes: more than nine in ten agreed, and it is of no use for conclusions."),
        wrong={
            _("This is the share that agreed; α takes off what chance would give."): float(
                (first == second).mean()
            )
        },
    )


# --- lesson 12 -----------------------------------------------------------------------------------

_START, _END = pd.Timestamp("2025-10-01"), pd.Timestamp("2026-09-30")


def _kept(lesson: Lesson) -> Key:
    members = lesson.open("lakeside-bank").table("members")
    there = members["joined"].lt(_START) & ~members["left"].le(_START)
    stayed = there & ~members["left"].le(_END)
    now = members["joined"].le(_END) & ~members["left"].le(_END)
    return Key(
        right=float(stayed.sum() / there.sum()),
        unit="share",
        within=0.006,
        praise=_("Yes: of those who were there. New members cannot hide those who left."),
        wrong={
            _("New members are among these; count only those who were there at the start."): float(
                now.sum() / there.sum()
            ),
            _("This is the share that left."): 1 - float(stayed.sum() / there.sum()),
        },
    )


def _spend(lesson: Lesson, client: str, by: tuple[str, ...] = ()) -> Any:
    from cxlib.analysis import members

    engagement = lesson.open(client)
    found = members.value_of_experience(
        engagement.table("members"),
        engagement.survey(period="history"),
        engagement.table("transactions"),
        horizon=180,
        as_of=_END,
        adjust_for=by,
    ).table
    return found[found["outcome"] == "spend"].set_index("step")


def _clear_steps(lesson: Lesson) -> Key:
    found = _spend(lesson, "harbour-hotels", ("tier",))
    holds_zero = (found["value_low"] < 0) & (found["value_high"] > 0)
    return Key(
        right=int((~holds_zero).sum()),
        unit="count",
        within=0,
        praise=_(
            "Yes: at equal tier nothing is left. Platinum guests spend more, and are happier."
        ),
        wrong={_("Those are all steps; in which does the interval leave zero out?"): len(found)},
    )


def _worth(lesson: Lesson) -> Key:
    found = _spend(lesson, "lakeside-bank").loc["detractor to passive"]
    return Key(
        right=float(found["value"]),
        unit="number",
        within=1.0,
        praise=_("Yes, at equal past. It is what goes with it, not yet what you would earn."),
        wrong={_("This is the raw gap; compare at equal past spend and tenure."): found["raw"]},
    )


def _case(lesson: Lesson) -> Key:
    found = _spend(lesson, "lakeside-bank").loc["detractor to passive"]
    low, value = 200 * float(found["value_low"]), 200 * float(found["value"])
    return Key(
        right=low,
        unit="number",
        within=200,
        praise=_("Yes. A case that holds at the lower end holds; say that it is an association."),
        wrong={_("This is the middle; a careful case counts the lower end."): value},
    )


QUESTIONS = {
    "11.1": _louder,
    "11.2": _praised,
    "11.3": _agreed,
    "11.4": _reliable,
    "12.1": _kept,
    "12.2": _clear_steps,
    "12.3": _worth,
    "12.4": _case,
}
