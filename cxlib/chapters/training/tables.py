"""The rows of this chapter: the register of training as it stands at the end of the period.

Nobody is named: a participant is counted, and groups below the minimum base are withheld by ``n``.
"""

from __future__ import annotations

import datetime as dt
from math import nan
from typing import Any

import pandas as pd
from statsmodels.stats.weightstats import DescrStatsW

from cxlib.analysis import training
from cxlib.analysis.actions import past
from cxlib.chapters.rows import joined
from cxlib.chapters.training.register import ASPECTS
from cxlib.columns import records
from cxlib.errors import DataError
from cxlib.words import mark as _

RATED_GOOD = 4.0
"""Of 5: an aspect whose whole interval lies below it is told."""
MANY_LOST = 0.1
"""Share of those tested who took one test only, above which it is told."""

TESTS = (_("both tests"), _("only the first"), _("only the second"), _("no test"))


def sessions(engagement: Any) -> pd.DataFrame:
    """Return every session: when it was planned and held, who was asked and who came."""
    register, end = engagement.register("training"), engagement.last_day or dt.date.max
    table = register.frame("sessions").rename(columns={"date": "due_on"})
    courses = register.frame("courses").set_index("id")
    table = table.join(courses[["title", "audience", "deliverable"]], on="course")
    came = register.frame("attendance").groupby("session")["present"].agg(["size", "sum"])
    counts = came.reindex(table["id"]).to_numpy(float)
    held = [day if day is not None and day <= end else None for day in table["held"]]
    table["held_on"] = pd.Series(held, table.index, dtype=object)
    table["state"] = [
        "held" if on else "not held" if past(due, end) else "still to come"
        for on, due in zip(held, table["due_on"], strict=True)
    ]
    table["asked_in"], table["came"] = counts.T if len(table) else ((), ())
    table["came_share"] = table["came"] / table["asked_in"]
    shown: pd.DataFrame = table.drop(columns="held").sort_values("due_on", kind="stable")
    return shown


def plan(engagement: Any) -> pd.DataFrame:
    """Return what was held of each course; chapter 14 sets it beside the contract's duty."""
    shown = sessions(engagement)
    rows = []
    for course in records(engagement.register("training").frame("courses")):
        mine = shown[shown["course"] == course["id"]]
        held = mine[mine["state"] == "held"]
        rows.append(
            {
                "course_id": course["id"], "title": course["title"],
                "audience": course["audience"], "deliverable": course["deliverable"],
                "sessions_agreed": len(mine), "sessions_held": len(held),
                "hours": held["minutes"].fillna(0).astype(float).sum() / 60,
                "asked_in": held["asked_in"].sum(), "came": held["came"].sum(),
                "came_share": held["came"].sum() / (held["asked_in"].sum() or nan),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def late(table: pd.DataFrame) -> pd.DataFrame:
    """Return the courses with a session that was due and not held, the first; of `sessions`.

    The subject is the contract's duty where there is one: chapter 14 tells of the same.
    """
    found = table[table["state"] == "not held"]
    subject = found["deliverable"].where(found["deliverable"].notna(), "late." + found["course"])
    return found.assign(subject=subject).drop_duplicates("subject")


def at_a_glance(table: pd.DataFrame) -> pd.DataFrame:
    """Return how much of the plan is done, as one row; of `sessions`."""
    states = table["state"].value_counts()
    agreed, held, missed = len(table), int(states.get("held", 0)), int(states.get("not held", 0))
    case = "all held" if held == agreed else "late" if missed else "on time"
    row = {"subject": "plan", "case": case, "sessions_agreed": agreed, "sessions_held": held}
    return pd.DataFrame([row] if agreed else [])


def _done(engagement: Any, name: str) -> list[tuple[Any, pd.DataFrame]]:
    """Return each course that was held by the end of the period, with its rows of a list."""
    register, shown = engagement.register("training"), sessions(engagement)
    first = shown.dropna(subset=["held_on"]).groupby("course")["held_on"].min()
    rows, end = register.frame(name), engagement.last_day or dt.date.max
    if "weeks" in rows:  # what is seen so many weeks later is not known before
        began = rows["course"].map(first)
        known = [
            not pd.isna(day) and (end - day).days >= 7 * weeks
            for day, weeks in zip(began, rows["weeks"], strict=True)
        ]
        rows = rows[known]
    courses = records(register.frame("courses"))
    return [(c, rows[rows["course"] == c["id"]]) for c in courses if c["id"] in first.index]


def _change(rows: pd.DataFrame, before: str, after: str, scale: float) -> dict[str, Any]:
    """Return the paired change of a group in percent of the full marks; NaN below two pairs."""
    pairs = pd.DataFrame({end: rows[end].astype(float) * scale for end in (before, after)})
    row: dict[str, Any] = {"unit": "percent", "n": int(pairs.notna().all(axis=1).sum())}
    row["took_one"] = int((pairs.notna().sum(axis=1) == 1).sum())
    row |= {"tested": row["n"] + row["took_one"], "people": row["n"]}
    try:
        found: Any = training.evaluate(pairs, before=before, after=after)
    except DataError:  # fewer than two were tested twice: the row says how many
        found = None
    for name, of in (("before", "before"), ("after", "after"), ("change", "value"),
                     ("change_low", "low"), ("change_high", "high"), ("p_value", "p_value"),
                     ("effect_size", "effect_size"), ("effect_size_low", "effect_low"),
                     ("effect_size_high", "effect_high")):  # fmt: skip
        row[name] = nan if found is None else getattr(found, of)
    row |= {"points_from": row["change_low"], "points_to": row["change_high"]}
    rose, fell = row["change_low"] > 0, row["change_high"] < 0
    row["moved"] = "rose" if rose else "fell" if fell else "unclear"
    return row


def gains(engagement: Any) -> pd.DataFrame:
    """Return what those who were trained and took both tests gained, a row a course."""
    told = []
    for course, rows in _done(engagement, "tests"):
        mine = rows[rows["trained"].astype(bool)]
        if len(mine):
            row = _change(mine, "pre", "post", 100 / course["marks"])
            told.append({"subject": course["id"], "title": course["title"]} | row)
    return pd.DataFrame(told)


def losses(engagement: Any) -> pd.DataFrame:
    """Return who took both tests, one or none, with their means, to see if the lost differ."""
    told = []
    for course, rows in _done(engagement, "tests"):
        mine = rows[rows["trained"].astype(bool)]
        pre, post = (mine[end].astype(float) * 100 / course["marks"] for end in ("pre", "post"))
        first, second = pre.notna(), post.notna()
        kinds = (first & second, first & ~second, ~first & second, ~first & ~second)
        told += [
            {"title": course["title"], "tests_taken": name, "people": int(who.sum()),
             "n": int(who.sum()), "before": pre[who].mean(), "after": post[who].mean(),
             "unit": "percent"}
            for name, who in zip(TESTS, kinds, strict=True)
            if who.any()
        ]  # fmt: skip
    return pd.DataFrame(told)


def lost(table: pd.DataFrame) -> pd.DataFrame:
    """Return courses of which many took one test only, as counts alone; of `gains`."""
    if table.empty:
        return table
    many = table[table["took_one"] > MANY_LOST * table["tested"]]
    case = many["n"].gt(0).map({True: "some", False: "all"})
    many = many.assign(subject=many["subject"] + ".lost", case=case)
    return many[["subject", "title", "case", "took_one", "tested"]]


def contrasts(engagement: Any) -> pd.DataFrame:
    """Return the gain of those trained less that of those who were not, where there are such."""
    told = []
    for course, rows in _done(engagement, "tests"):
        trained = rows["trained"].astype(bool)
        if trained.all() or not trained.any():
            continue
        scores = pd.DataFrame({e: rows[e].astype(float) * 100 / course["marks"]
                               for e in ("pre", "post")}).assign(trained=trained)  # fmt: skip
        try:
            found = training.against(scores, trained="trained")
        except DataError:  # fewer than two pairs on a side: nothing to compare
            continue
        told.append(
            {
                "subject": f"{course['id']}.without", "title": course["title"], "unit": "percent",
                "change": found.gain, "without": found.gain_without, "difference": found.value,
                "difference_low": found.low, "difference_high": found.high,
                "points_from": found.low, "points_to": found.high, "p_value": found.p_value,
                "n": min(found.n, found.n_without), "people": found.n,
                "people_without": found.n_without,
                "case": "more" if found.low > 0 else "less" if found.high < 0 else "unclear",
            }
        )  # fmt: skip
    return pd.DataFrame(told)


def _items(engagement: Any) -> list[tuple[Any, Any]]:
    """Return the item analysis of each course whose test has answers."""
    asked, told = engagement.register("training").frame("items"), []
    for course, rows in _done(engagement, "tests"):
        names = list(asked.loc[asked["course"] == course["id"], "id"])
        right = [set(one) for one in rows["right"] if one is not None]
        answers = pd.DataFrame([[float(name in one) for name in names] for one in right])
        if len(names) > 1 and len(right) > 2:
            told.append((course, training.items(answers.set_axis(names, axis=1))))
    return told


def questions(engagement: Any) -> pd.DataFrame:
    """Return every question: who got it right, what it says of the rest, what to do with it."""
    titles = engagement.register("training").frame("items").set_index(["course", "id"])["title"]
    told = []
    for course, found in _items(engagement):
        names = [titles.get((course["id"], item)) or item for item in found.table["item"]]
        told.append(found.table.assign(title=course["title"], item_name=names))
    return joined(told)


def reliability(engagement: Any) -> pd.DataFrame:
    """Return each test as a whole: its reliability, and how many questions need work."""
    told = [
        {"subject": f"{course['id']}.items", "title": course["title"], "n": found.n,
         "people": found.n, "questions_asked": len(found.table),
         "rewrite": int((found.table["advice"] != "").sum()),
         "case": "rewrite" if (found.table["advice"] != "").any() else "sound",
         "reliability": found.reliability, "test_error": found.standard_error}
        for course, found in _items(engagement)
    ]  # fmt: skip
    return pd.DataFrame(told)


def reactions(engagement: Any) -> pd.DataFrame:
    """Return the mean of each aspect of the reaction sheets, with its t interval."""
    told = []
    for course, rows in _done(engagement, "reactions"):
        for aspect in ASPECTS:
            given = rows[aspect].dropna().astype(float)
            if given.empty:
                continue
            varies = len(given) > 1 and given.std() > 0
            low, high = DescrStatsW(given).tconfint_mean() if varies else (nan, nan)
            told.append(
                {"subject": f"{course['id']}.{aspect}", "title": course["title"],
                 "aspect": aspect, "n": len(given), "people": len(given),
                 "rating_mean": given.mean(), "rating_low": low, "rating_high": high,
                 "case": "weak" if high < RATED_GOOD else "good"}
            )  # fmt: skip
    return pd.DataFrame(told)


def behaviours(engagement: Any) -> pd.DataFrame:
    """Return how much of what was taught is done at work, as observed and as told."""
    told = []
    for course, rows in _done(engagement, "behaviour"):
        watched = bool((rows["told_by"] == "observed").any())
        for told_by, mine in rows.groupby("told_by", sort=False):
            row = _change(mine, "before", "after", 1.0)
            told.append(
                {"subject": f"{course['id']}.{told_by}", "title": course["title"],
                 "told_by": told_by, "weeks": int(mine["weeks"].median()),
                 "watched": watched} | row
            )  # fmt: skip
    return pd.DataFrame(told)
