"""Questions on the craft: data put right, sentences, and the capstone (lessons 4, 5 and 14)."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.data.demo.unseen import truth
from cxlib.learn import dirty
from cxlib.learn.replies import Key, Rubric
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.learn.lesson import Lesson

# --- lesson 4: the file is read plainly, without the kit's intake -----------------------------


def _rows(lesson: Lesson) -> list[dict[str, str]]:
    path = lesson.dirty().workspace.data(dirty.CLIENT) / "survey.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["ID"] and row["Date"]]


def _net_of(rows: list[dict[str, str]]) -> float:
    """Return the net score of the rows that count: of those sent twice, the last."""
    last = {row["ID"]: row for row in rows}
    given = np.array(
        [int(row["NPS"]) for row in last.values() if row["NPS"] not in ("", "-", "99")]
    )
    return float(100 * ((given >= 9).mean() - (given <= 6).mean()))


def _nothing_left(lesson: Lesson) -> Key:
    left = len(lesson.dirty().faults())
    return Key(
        right=-1 if left else 0,
        unit="count",
        within=0,
        praise=_("Yes: the file says what the data are. Now look at what no check can know."),
        wrong={
            _("The check still finds {left}. Read the first one again: it names the line."): 0,
            _("So many are left; go on until there are none."): left or -1,
        },
        facts={"left": left},
    )


def _tried_out(lesson: Lesson) -> Key:
    rows = _rows(lesson)
    tests = sum(row["Region"] == "Test" for row in rows)
    return Key(
        right=tests,
        unit="count",
        within=0,
        praise=_("Yes. `where` in the client file, with the regions that count, leaves them out."),
        wrong={_("These are all rows; count those of the region Test."): len(rows)},
    )


def _raised_by(lesson: Lesson) -> Key:
    third = [row for row in _rows(lesson) if row["Date"][:7] in ("2026-07", "2026-08", "2026-09")]
    real = [row for row in third if row["Region"] != "Test"]
    return Key(
        right=_net_of(third) - _net_of(real),
        within=0.15,
        praise=_("Yes: sixty clicks of a colleague, and the client would have celebrated."),
        wrong={
            _("This is the NPS without them; by how much did they raise it?"): _net_of(real),
            _("This is the NPS with them; by how much did they raise it?"): _net_of(third),
        },
    )


def _upside_down(lesson: Lesson) -> Key:
    rows = [row for row in _rows(lesson) if row["Region"] != "Test" and row["NPS"].isdigit()]
    found = {}
    for name in (column for column in rows[0] if column.startswith("T ")):
        pairs = [(int(r["NPS"]), int(r[name])) for r in rows if r[name] in tuple("12345")]
        found[name.removeprefix("T ")] = float(np.corrcoef(np.array(pairs).T)[0, 1])
    ordered = sorted(found, key=found.__getitem__)
    return Key(
        right=ordered[0],
        unit="word",
        praise=_("Yes. Ask the client which end is best, then set `direction: lower`."),
        wrong={
            _("It goes with the others, only weakly; look for one that goes against."): ordered[1]
        },
    )


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


def _lacks(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^(?!.*(?:{pattern}))", re.IGNORECASE | re.DOTALL)


def _gap(lesson: Lesson) -> Key:
    survey = lesson.open("harbour-hotels").survey()
    rows = survey[survey["nps"].notna()]
    sign = np.sign(np.digitize(rows["nps"], [6.5, 8.5]) - 1)
    value = 100 * float((rows["weight"] * sign).sum() / rows["weight"].sum())
    (aim,) = (t.target for t in lesson.open("harbour-hotels").targets if t.metric == "nps")
    return Key(
        right=aim - value,
        praise=_("Yes. A gap in points needs no percent sign."),
        wrong={
            _("This is the share of the target that is missing; points are asked for."): 100
            * (1 - value / aim),
        },
    )


def _headline(lesson: Lesson) -> Rubric:
    engagement = lesson.open("harbour-hotels")
    row = engagement.standing("survey").table.set_index("kpi").loc["nps"]
    known = [row[n] for n in ("value", "target", "change", "before", "like", "last_year")]
    true: list[Any] = [abs(number) for number in (*known, row["target"] - row["value"])]
    return Rubric(
        rules={
            _("Too long: at most 25 words."): _short,
            _("At most two numbers, and at least one."): lambda t: 1 <= len(_numbers(t)) <= 2,
            _("A number in it is not in the table; round it as it stands there."): lambda t: all(
                any(abs(number - one) <= 0.55 for one in true) for number in _numbers(t)
            ),
            _("Interval, n and p belong in the line beneath."): lambda t: bool(
                _lacks(_TECHNICAL).match(t)
            ),
            _("Nobody has shown a cause; say what goes with what."): lambda t: bool(
                _lacks(_CAUSAL).match(t)
            ),
            _("Say what it is about: NPS or recommendation."): lambda t: bool(
                re.search(r"NPS|recommend|推荐", t, re.IGNORECASE)
            ),
        },
        praise=_("A director can say that in a meeting. Let your neighbour judge it too."),
    )


def _next_step(lesson: Lesson) -> Rubric:
    del lesson
    return Rubric(
        rules={
            _("Who? Name a person or a post."): lambda t: bool(re.search(_WHO, t, re.IGNORECASE)),
            _("By when? Name a day, a week or a month."): lambda t: bool(
                re.search(_WHEN, t, re.IGNORECASE)
            ),
            _("Say what is done, not that something should be considered or improved."): (
                lambda t: bool(_lacks(_VAGUE).match(t))
            ),
            _("Too long: at most 25 words."): _short,
        },
        praise=_("Who, what and by when: it can be asked about next month."),
    )


# --- lesson 14: the truth of a seed --------------------------------------------------------------


def _what_happened(lesson: Lesson) -> Key:
    event = truth(lesson.seed).event
    told = {"broke": "like for like", "mix": "mix", "nothing": "unclear"}
    hints = {
        "like for like": _("That would mean comparable customers judge differently. Do they?"),
        "mix": _("That would mean other customers answered. Did the shares of the groups move?"),
        "both": _("One of the two is enough here. Which interval holds zero?"),
        "unclear": _("Something did happen; the change is larger than chance."),
    }
    return Key(
        right=told[event],
        unit="word",
        praise=_("Yes, that is what was planted."),
        wrong={hint: cause for cause, hint in hints.items() if cause != told[event]},
    )


def _planted(lesson: Lesson) -> Key:
    engagement = lesson.unseen(lesson.seed)
    return Key(
        right=set(truth(lesson.seed).drivers),
        unit="word",
        praise=_("Yes. The others only go with it, because moods are shared."),
        wrong={
            _("They all correlate; which are left once the others are held equal?"): {
                point.key for point in engagement.touchpoints
            }
        },
    )


def _begin_with(lesson: Lesson) -> Key:
    planted = truth(lesson.seed)
    others = {key for key in planted.drivers if key != planted.weakest}
    return Key(
        right=planted.weakest,
        unit="word",
        praise=_("Yes: it matters, and there is room above it."),
        wrong={_("These matter, but they are rated well: keep them up."): others},
    )


QUESTIONS = {
    "4.1": _nothing_left,
    "4.2": _tried_out,
    "4.3": _raised_by,
    "4.4": _upside_down,
    "5.1": _gap,
    "5.2": _headline,
    "5.3": _next_step,
    "14.1": _what_happened,
    "14.2": _planted,
    "14.3": _begin_with,
}
