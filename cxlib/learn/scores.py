"""Questions on scores, their changes and their bases (lessons 1, 2, 3 and 13)."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cxlib.learn.replies import Key
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.learn.lesson import Lesson


def _answers(lesson: Lesson, client: str, *, period: str = "latest", of: str | None = None) -> Any:
    rows = lesson.open(client, period=period).survey(period=of)
    return rows[rows["nps"].notna()]


def _net(ratings: Any, weights: Any = 1.0) -> float:
    """Return promoters less detractors in points, by plain counting."""
    w = np.broadcast_to(np.asarray(weights, dtype=float), len(ratings))
    sign = np.sign(np.digitize(ratings, [6.5, 8.5]) - 1)
    return float(100 * (w * sign).sum() / w.sum())


def _spread(ratings: Any, n: float | None = None) -> float:
    """Return the standard error of the net score, from the variance of −1, 0 and +1."""
    sign = np.sign(np.digitize(ratings, [6.5, 8.5]) - 1)
    return float(100 * sign.std() / math.sqrt(n or len(sign)))


def _net_score(lesson: Lesson) -> Key:
    r = _answers(lesson, "lakeside-bank")["nps"]
    top, low = 100 * (r >= 9).mean(), 100 * (r <= 6).mean()
    return Key(
        right=top - low,
        praise=_("Yes: promoters less detractors; the passives count only in the base."),
        wrong={
            _("This is the share of promoters; the detractors have still to be taken away."): top,
            _("This is the mean rating. NPS is a difference of two shares, in points."): r.mean(),
            _("You have counted the 8s as promoters; they are passives."): 100 * (r >= 8).mean()
            - low,
            _("You have taken detractors less promoters."): low - top,
        },
    )


def _reach(lesson: Lesson) -> Key:
    error = _spread(_answers(lesson, "lakeside-bank")["nps"])
    return Key(
        right=1.96 * error,
        within=0.1,
        praise=_("Yes: about 6 points either way. A rise of 4 would be no news."),
        wrong={
            _("This is the whole width; to either side it is half of it."): 2 * 1.96 * error,
            _("This is the standard error; the 95% interval reaches about two of them."): error,
        },
    )


def _reach_of_few(lesson: Lesson) -> Key:
    error = _spread(_answers(lesson, "lakeside-bank")["nps"], 150)
    return Key(
        right=1.96 * error,
        within=1.2,
        praise=_("Yes: a quarter of the answers, twice the width. Doubt falls with the root of n."),
        wrong={
            _("Not four times: the width goes with the root of the number of answers."): 4
            * 1.96
            * _spread(_answers(lesson, "lakeside-bank")["nps"]),
            _("This is the standard error; the 95% interval reaches about two of them."): error,
        },
    )


def _answers_needed(lesson: Lesson) -> Key:
    ratings = _answers(lesson, "lakeside-bank")["nps"]
    n, variance = len(ratings), _spread(ratings, 1) ** 2
    needed = variance * (1.96 / 3) ** 2
    return Key(
        right=needed,
        unit="count",
        within=0.02 * needed,
        praise=_("Yes: half the width, four times the answers. Say the price with the wish."),
        wrong={
            _("Half the width takes four times the answers, not twice."): n
            * 1.96
            * _spread(ratings)
            / 3,
            _("This is how many come on top of those you have; give them all."): needed - n,
        },
    )


def _too_close(lesson: Lesson) -> Key:
    verdicts = lesson.open("lakeside-bank").standing().table.set_index("kpi")["status"]
    return Key(
        right=set(verdicts[verdicts == "too close to call"].index),
        unit="word",
        praise=_("Yes. Agree before the next survey whether the number itself shall count."),
        wrong={
            _("These are missed: so far off that luck will hardly explain it."): set(
                verdicts[verdicts == "missed"].index
            ),
            _("These are met: so far above that luck will hardly explain it."): set(
                verdicts[verdicts == "met"].index
            ),
        },
    )


# --- lesson 2 --------------------------------------------------------------------------------


def _quarters(lesson: Lesson) -> tuple[Any, Any]:
    now = _answers(lesson, "nova-mall", period="2026Q3")
    return now, _answers(lesson, "nova-mall", period="2026Q3", of="previous")


def _weighted_error(rows: Any) -> float:
    """Return the linearised standard error of a weighted net score."""
    w = rows["weight"].to_numpy(float)
    sign = np.sign(np.digitize(rows["nps"], [6.5, 8.5]) - 1)
    centred = sign - (w * sign).sum() / w.sum()
    return float(100 * math.sqrt((w**2 * centred**2).sum()) / w.sum())


def _two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def _no_change(lesson: Lesson) -> Key:
    now, before = _quarters(lesson)
    raw = _net(now["nps"]) - _net(before["nps"])
    return Key(
        right=_net(now["nps"], now["weight"]) - _net(before["nps"], before["weight"]),
        praise=_("Yes. Now: would so much be seen if nothing had happened?"),
        wrong={_("You have left the weights out; this panel answers unevenly."): raw},
    )


def _chance_of_it(lesson: Lesson) -> Key:
    now, before = _quarters(lesson)
    step = _net(now["nps"], now["weight"]) - _net(before["nps"], before["weight"])
    p = _two_sided(step / math.hypot(_weighted_error(now), _weighted_error(before)))
    return Key(
        right=p,
        unit="p",
        within=0.01,
        praise=_("Yes: seven stable shops in ten would show as much, or more. There is no news."),
        wrong={_("This counts one direction only; a fall would have alarmed you as well."): p / 2},
    )


def _months(lesson: Lesson) -> tuple[list[float], list[float]]:
    """Return the steps of the monthly score, and their p-values."""
    survey = lesson.open("nova-mall").survey(period="history")
    parts = [rows for _month, rows in survey[survey["nps"].notna()].groupby("period")]
    values = [_net(rows["nps"], rows["weight"]) for rows in parts]
    errors = [_weighted_error(rows) for rows in parts]
    steps = [after - before for before, after in pairwise(values)]
    wide = [math.hypot(*pair) for pair in pairwise(errors)]
    return steps, [_two_sided(step / error) for step, error in zip(steps, wide, strict=True)]


def _largest_rise(lesson: Lesson) -> Key:
    steps, _p_values = _months(lesson)
    return Key(
        right=max(steps),
        praise=_("Yes, from luck alone. Somebody would have been praised for it."),
        wrong={_("This is the largest fall; the largest rise is asked for."): min(steps)},
    )


def _alarms(lesson: Lesson) -> Key:
    _steps, p_values = _months(lesson)
    return Key(
        right=sum(p < 0.05 for p in p_values),
        unit="count",
        within=0,
        praise=_("Yes. Each of them would have been a finding in somebody's report."),
        wrong={
            _("This is what luck alone leads one to expect; count those that are there."): 0.05
            * len(p_values),
            _("Count the p-values below 0.05, not the steps above zero."): sum(
                step > 0 for step in _steps
            ),
        },
    )


def _after_adjusting(lesson: Lesson) -> Key:
    _steps, p_values = _months(lesson)
    ordered, m = sorted(p_values), len(p_values)
    right = min(min(1.0, p * m / (rank + 1)) for rank, p in enumerate(ordered))
    return Key(
        right=right,
        unit="p",
        within=0.01,
        praise=_("Yes: nothing is left of it, as it should be where nothing happened."),
        wrong={
            _("This is the smallest before adjusting."): ordered[0],
            _("This is Bonferroni's; Benjamini and Hochberg ask for less."): min(1, m * ordered[0]),
        },
    )


# --- lesson 3 --------------------------------------------------------------------------------


def _split(lesson: Lesson, by: str) -> tuple[float, float, float]:
    """Return rate, mix and total of the bank's fall, cell by cell from counts."""
    now = _answers(lesson, "lakeside-bank")
    before = _answers(lesson, "lakeside-bank", of="previous")
    rate = mix = 0.0
    for level in sorted(set(now[by].dropna()) | set(before[by].dropna())):
        a, b = before[before[by] == level], now[now[by] == level]
        s, t, m, n = len(a) / len(before), len(b) / len(now), _net(a["nps"]), _net(b["nps"])
        rate += (s + t) / 2 * (n - m)
        mix += (t - s) * (m + n) / 2
    return rate, mix, _net(now["nps"]) - _net(before["nps"])


def _the_fall(lesson: Lesson) -> Key:
    return Key(
        right=_split(lesson, "product")[2],
        praise=_("Yes, and it is larger than chance. But did anybody judge worse?"),
    )


def _more_cards(lesson: Lesson) -> Key:
    now = _answers(lesson, "lakeside-bank")["product"] == "Credit card"
    before = _answers(lesson, "lakeside-bank", of="previous")["product"] == "Credit card"
    return Key(
        right=100 * (now.mean() - before.mean()),
        unit="percent",
        praise=_("Yes: from one in five to one in two. That is another crowd."),
        wrong={
            _("This is the growth in percent; percentage points are a difference."): 100
            * (now.mean() / before.mean() - 1),
            _("This is the share afterwards; give how much it grew."): 100 * now.mean(),
        },
    )


def _by_mix(lesson: Lesson) -> Key:
    rate, mix, total = _split(lesson, "product")
    return Key(
        right=mix,
        praise=_("Yes: more than the whole fall. Within the products nothing got worse."),
        wrong={
            _("This is the rate: what changed within the groups."): rate,
            _("This is the whole change; mix is a part of it."): total,
        },
    )


def _by_rate_of_regions(lesson: Lesson) -> Key:
    rate, mix, _total = _split(lesson, "region")
    return Key(
        right=rate,
        praise=_("Yes: split by region it all looks like rate. The wrong split hides the cause."),
        wrong={_("This is the mix of regions, which hardly changed."): mix},
    )


def _why_it_fell(lesson: Lesson) -> Key:
    rate, mix, total = _split(lesson, "product")
    return Key(
        right="mix" if mix * total > 0 > rate * total else "both",
        unit="word",
        praise=_("Yes: other customers answered. Nobody need search for what broke."),
        wrong={
            _("Like for like would mean that comparable customers judge worse; they do not."): (
                "like for like"
            ),
            _("The rate did not move clearly, so only one of the two is left."): "both",
        },
    )


# --- lesson 13 -------------------------------------------------------------------------------


def _west(lesson: Lesson) -> Any:
    rows = _answers(lesson, "lakeside-bank", period="2026-09")
    return rows[rows["region"] == "West"]


def _given_away(lesson: Lesson) -> Key:
    west = _west(lesson)
    of = {name: _net(rows["nps"]) for name, rows in west.groupby("product")}
    whole = _net(west["nps"])
    return Key(
        right=of["Mortgage"],
        praise=_("Yes: six people's opinion, from a report that never printed it."),
        wrong={
            _("Scores do not subtract like this; first turn each into points times answers."): (
                whole - of["Credit card"] - of["Current account"]
            ),
            _("Divide by the number of mortgage customers, not by all of the West."): of["Mortgage"]
            * (west["product"] == "Mortgage").mean(),
        },
    )


def _held_back(lesson: Lesson) -> Key:
    sizes = _west(lesson)["product"].value_counts(ascending=True)
    small = sizes[sizes < 10]
    return Key(
        right={*small.index, sizes.index[len(small)]},
        unit="word",
        praise=_("Yes: the small one, and the smallest of the others to stand before it."),
        wrong={
            _("Withheld alone it would be given away, as you have just shown."): set(small.index)
        },
    )


def _behind_the_gap(lesson: Lesson) -> Key:
    sizes = _west(lesson)["product"].value_counts(ascending=True)
    return Key(
        right=int(sizes.iloc[:2].sum()),
        unit="count",
        within=0,
        praise=_("Yes: at least ten, so what can be worked out is about a group, not a person."),
        wrong={
            _("These are the mortgage customers alone; two products are withheld."): sizes.iloc[0]
        },
    )


def _masked(lesson: Lesson) -> Key:
    rows = lesson.open("lakeside-bank", period="2026-09").survey(period="history")
    texts = [str(text) for text in rows["comment"].dropna()]
    once = [any(sign in text for sign in ("[phone]", "[email]")) for text in texts]
    return Key(
        right=sum(once),
        unit="count",
        within=0,
        praise=_("Yes. What no rule finds you will find by reading: quote with care."),
        wrong={
            _("These are the phone numbers alone."): sum("[phone]" in text for text in texts),
            _("These are the e-mail addresses alone."): sum("[email]" in text for text in texts),
        },
    )


QUESTIONS = {
    "1.1": _net_score,
    "1.2": _reach,
    "1.3": _reach_of_few,
    "1.4": _answers_needed,
    "1.5": _too_close,
    "2.1": _no_change,
    "2.2": _chance_of_it,
    "2.3": _largest_rise,
    "2.4": _alarms,
    "2.5": _after_adjusting,
    "3.1": _the_fall,
    "3.2": _more_cards,
    "3.3": _by_mix,
    "3.4": _by_rate_of_regions,
    "3.5": _why_it_fell,
    "13.1": _given_away,
    "13.2": _held_back,
    "13.3": _behind_the_gap,
    "13.4": _masked,
}
