"""Answers on data put right, sentences, comments, members, the capstone (4, 5, 11, 12, 14)."""

from __future__ import annotations

import csv
import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from cxlib.data.demo.unseen import truth
from cxlib.learn import dirty
from cxlib.learn.lesson import Lesson, Told, answers, questions
from cxlib.learn.scores import net

# --- lesson 4: the file is read plainly, without the kit's intake -----------------------------


def _rows(lesson: Lesson) -> list[dict[str, str]]:
    path = lesson.dirty().workspace.data(dirty.CLIENT) / "survey.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["ID"] and row["Date"]]


def _net_of(rows: list[dict[str, str]]) -> float:
    """Return the net score of the rows that count: of those sent twice, the last."""
    last = {row["ID"]: row["NPS"] for row in rows}
    return net(np.array([int(given) for given in last.values() if given not in ("", "-", "99")]))


@answers("4.1")
def _nothing_left(lesson: Lesson) -> Told:
    left = len(lesson.dirty().faults())
    return {"right": -1 if left else 0, "one": 0, "some": left or -1, "left": left}


@answers("4.2")
def _tried_out(lesson: Lesson) -> Told:
    rows = _rows(lesson)
    return {"right": sum(row["Region"] == "Test" for row in rows), "rows": len(rows)}


@answers("4.3")
def _raised_by(lesson: Lesson) -> Told:
    third = [row for row in _rows(lesson) if row["Date"][:7] in ("2026-07", "2026-08", "2026-09")]
    every, real = _net_of(third), _net_of([row for row in third if row["Region"] != "Test"])
    return {"right": every - real, "without": real, "with": every}


@answers("4.4")
def _upside_down(lesson: Lesson) -> Told:
    rows = [row for row in _rows(lesson) if row["Region"] != "Test" and row["NPS"].isdigit()]
    found = {}
    for name in (column for column in rows[0] if column.startswith("T ")):
        pairs = [(int(r["NPS"]), int(r[name])) for r in rows if r[name] in tuple("12345")]
        found[name.removeprefix("T ")] = float(np.corrcoef(np.array(pairs).T)[0, 1])
    right, second, *_others = sorted(found, key=found.__getitem__)
    return {"right": right, "second": second}


# --- lesson 5: rules that a sentence keeps -------------------------------------------------------

_TIMES = re.compile(r"Q[1-4]|20\d\d|\d+\s*(?:年|月|日|季度)|\d+ (?=[A-Z][a-z]+)")
_TECHNICAL = r"interval|p ?[=<]|p-value|\bn ?=|significan|置信|区间|p ?值|显著"
_CAUSAL = (
    r"\bbecause\b|\bdue to\b|\bcaused?\b|\bthanks to\b|\bled to\b|因为|由于|导致|造成|引起|所致"
)
_WHEN = r"\bby\b|\buntil\b|\bbefore\b|\bwithin\b|\bon \d|月|日|周|季度末|之前|以前|年底"
_WHO = (
    r"\bhead\b|\bmanag|\bdirector\b|\bteam\b|\bchief\b|\blead\b|\bofficer\b|\bM[rs]s?\b"
    r"|经理|总监|主管|负责人|团队|部门|部长|店长|组长|女士|先生"
)
_VAGUE = r"\bshould\b|\bconsider\b|\bimprove\b|\bfocus\b|\btry\b|应该|应当|考虑|加强|提升|关注|尽量"


def _numbers(text: str) -> list[float]:
    found = re.findall(r"\d+(?:\.\d+)?", _TIMES.sub("", text))
    return [float(number) for number in found]


def _short(text: str) -> bool:
    chinese = len(re.findall("[一-鿿]", text))
    return chinese <= 50 if chinese else len(text.split()) <= 25


def _has(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


@answers("5.2")
def _headline(lesson: Lesson) -> Told:
    row = lesson.open("harbour-hotels").standing("survey").table.set_index("kpi").loc["nps"]
    known = [row[n] for n in ("value", "target", "change", "before", "like", "last_year")]
    true: list[Any] = [abs(number) for number in (*known, row["target"] - row["value"])]
    return {
        "short": _short,
        "counted": lambda text: 1 <= len(_numbers(text)) <= 2,
        "tabled": lambda text: all(
            any(abs(number - one) <= 0.55 for one in true) for number in _numbers(text)
        ),
        "plain": lambda text: not _has(_TECHNICAL, text),
        "causeless": lambda text: not _has(_CAUSAL, text),
        "topic": lambda text: _has(r"NPS|recommend|推荐", text),
    }


@answers("5.3")
def _next_step(_lesson: Lesson) -> Told:
    return {
        "who": lambda text: _has(_WHO, text),
        "when": lambda text: _has(_WHEN, text),
        "concrete": lambda text: not _has(_VAGUE, text),
        "short": _short,
    }


# --- lesson 11 -----------------------------------------------------------------------------------


def _said(lesson: Lesson) -> tuple[Any, pd.DataFrame]:
    """Return all ratings, and rating and words of those who wrote."""
    rows = lesson.open("lakeside-bank").survey(period="history")
    rows = rows[rows["nps"].notna()]
    return rows["nps"].to_numpy(float), rows.loc[rows["comment"].notna(), ["nps", "comment"]]


@answers("11.1")
def _louder(lesson: Lesson) -> Told:
    every, wrote = _said(lesson)
    low = 100 * float((wrote["nps"] <= 6).mean())
    return {"right": low - 100 * float((every <= 6).mean()), "wrote": low}


@answers("11.2")
def _praised(lesson: Lesson) -> Told:
    wrote = _said(lesson)[1]
    holds, glad = wrote["comment"].str.contains(r"\bnot\b", case=False), wrote["nps"] >= 9
    inside = wrote["comment"].str.contains("not", case=False, regex=False)
    cases = {"right": holds & glad, "all": holds, "inside": inside & glad}
    return {name: int(those.sum()) for name, those in cases.items()}


def _codes() -> tuple[Any, Any]:
    """Return the two coders of the lesson, drawn again."""
    rng = np.random.default_rng(11)
    first = rng.random(200) < 0.06
    return first, np.where(rng.random(200) < 0.06, ~first, first)


@answers("11.3")
def _agreed(_lesson: Lesson) -> Told:
    first, second = _codes()
    both = 100 * float((first & second).mean())
    return {"right": 100 * float((first == second).mean()), "both": both}


@answers("11.4")
def _reliable(_lesson: Lesson) -> Told:
    """Work out Krippendorff's alpha of two coders from its formula."""
    first, second = _codes()
    share, n = np.concatenate([first, second]).mean(), 2 * len(first)
    expected = 2 * share * (1 - share) * n / (n - 1)
    agreed = float((first == second).mean())
    return {"right": 1 - float((1 - agreed) / expected), "share": agreed}


# --- lesson 12 -----------------------------------------------------------------------------------

_START, _END = pd.Timestamp("2025-10-01"), pd.Timestamp("2026-09-30")


@answers("12.1")
def _kept(lesson: Lesson) -> Told:
    members = lesson.open("lakeside-bank").table("members")
    there = members["joined"].lt(_START) & ~members["left"].le(_START)
    stayed = float((there & ~members["left"].le(_END)).sum() / there.sum())
    now = members["joined"].le(_END) & ~members["left"].le(_END)
    return {"right": stayed, "now": float(now.sum() / there.sum()), "left": 1 - stayed}


@cache
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


@answers("12.2")
def _clear_steps(lesson: Lesson) -> Told:
    found = _spend(lesson, "harbour-hotels", ("tier",))
    holds_zero = (found["value_low"] < 0) & (found["value_high"] > 0)
    return {"right": int((~holds_zero).sum()), "steps": len(found)}


@answers("12.3")
def _worth(lesson: Lesson) -> Told:
    found = _spend(lesson, "lakeside-bank").loc["detractor to passive"]
    return {"right": float(found["value"]), "raw": found["raw"]}


@answers("12.4")
def _case(lesson: Lesson) -> Told:
    found = (
        200 * _spend(lesson, "lakeside-bank").loc["detractor to passive", ["value_low", "value"]]
    )
    return {"right": float(found["value_low"]), "middle": float(found["value"])}


# --- lesson 14: the truth of a seed --------------------------------------------------------------


@answers("14.1")
def _what_happened(lesson: Lesson) -> Told:
    causes = {"broke": "like for like", "mix": "mix", "nothing": "unclear"}
    mistakes = {cause: cause for cause in questions()["14.1"]["wrong"]}
    return {"right": causes[truth(lesson.seed).event], **mistakes}


@answers("14.2")
def _planted(lesson: Lesson) -> Told:
    every = {point.key for point in lesson.unseen(lesson.seed).touchpoints}
    return {"right": set(truth(lesson.seed).drivers), "all": every}


@answers("14.3")
def _begin_with(lesson: Lesson) -> Told:
    planted = truth(lesson.seed)
    return {"right": planted.weakest, "others": set(planted.drivers) - {planted.weakest}}
