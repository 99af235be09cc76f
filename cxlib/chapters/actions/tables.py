"""The rows of this chapter: the register of actions against what was found and what moved since."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis import actions, kpis, service
from cxlib.analysis.actions import FINISHED, OPEN, Plan
from cxlib.analysis.compare import adjust
from cxlib.analysis.kpis import elsewhere
from cxlib.analysis.metrics import TICKET_KPIS
from cxlib.columns import records
from cxlib.errors import DataError, nearest
from cxlib.params.service import terms_of
from cxlib.words import mark as _

AFTER = ("actions", "engagement", "summary")
"""Chapters that come after the findings."""
MOST = 10
"""Contact reasons in the body; all of them stand under the method."""
BETTER, WORSE = _("better, like for like"), _("worse, like for like")
UNCLEAR, EARLY = _("nothing clear"), _("too early to tell")

_NAMES = {"worth": "worth_a_year", "owner": "whose", "expected": "brings", "gain": "in_points"} | {
    f"{old}_{end}": f"{new}_{end}"
    for old, new in (("expected", "brings"), ("gain", "in_points"))
    for end in ("low", "high")
}
"""What columns of the plan are called on the page: other chapters' have other meanings."""


def plan(engagement: Any) -> Plan:
    """Return the register with effects, order and lateness, as of the end of the period."""
    standing = engagement.standing("survey", "touchpoint", "tickets", "reported").table
    by_kpi = standing.drop_duplicates("kpi").set_index("kpi")
    rows = engagement.register("actions").frame("actions")
    made = engagement.saved(but=AFTER)
    known = {finding.id for one in made for finding in one.findings}
    ran = {one.chapter for one in made}
    known |= {f for f in rows["finding"].dropna() if _chapter(f) not in ran}
    rows = rows.rename(columns={"segment": "done_by", "levels": "done_in"})
    outcomes = _outcomes(engagement, actions.plan(rows).table, engagement.last_day)
    told = outcomes[~outcomes["beside"].isin((elsewhere.DRIFT, elsewhere.FEW))]
    seen = told[["kpi", "effect", *_VERSUS]].set_axis(
        ["kpi", "effect", "value", "low", "high"], axis=1
    )
    found = actions.plan(
        rows,
        as_of=engagement.last_day,
        points=by_kpi["worth"],
        findings=known,
        learned=actions.learn(seen.dropna(subset="value")),
    )
    table = found.table.rename(columns=_NAMES)
    table.loc[[_chapter(f) not in ran for f in table["finding"]], "found"] = None
    table = table.assign(unit=table["kpi"].map(by_kpi["unit"]).astype(object))
    table = table.merge(outcomes.drop(columns=["kpi", "effect"]), on="id", how="left")
    owned = table["whose"].notna() & table["due"].notna()
    agreed = table["state"].isin(OPEN[1:])
    table["case"] = [
        _("overdue") if late else _("not agreed") if a and not o else ""
        for late, a, o in zip(table["overdue"], agreed, owned, strict=True)
    ]
    return replace(found, table=table)


def _chapter(finding: object) -> str:
    return str(finding).partition(".")[0]


def _outcomes(engagement: Any, table: pd.DataFrame, end: dt.date | None) -> pd.DataFrame:
    """Return where the KPI of each finished action stands, since when, and against the others."""
    charted = _charted(engagement, table)
    told = []
    unmoved: dict[str, Any] = {"afterwards": None, "against": None, "beside": ""}
    figures = ("before", "value", "like", "like_low", "like_high", *_VERSUS, *_APART)
    unmoved |= dict.fromkeys(figures, float("nan"))
    for row in records(table):
        done = row["done"]
        facts = {name: row[name] for name in _OF_ACTION} | unmoved
        finished = row["state"] in FINISHED and row["kpi"] is not None and done is not None
        if finished and end is not None and done <= end:
            if row["kpi"] in TICKET_KPIS:
                facts["afterwards"] = charted.get(row["id"])
            else:
                facts |= _moved(engagement, row["kpi"], done)
            if facts["against"] and row["done_by"] is not None:
                facts |= _elsewhere(engagement, row, facts["against"])
        told.append(facts)
    outcomes = pd.DataFrame(told, columns=[*_OF_ACTION, *unmoved])
    outcomes["versus_p"] = adjust(outcomes["versus_p"])
    clear = outcomes["beside"].isin((elsewhere.AHEAD, elsewhere.BEHIND))
    outcomes.loc[clear & ~(outcomes["versus_p"] < elsewhere.ALPHA), "beside"] = elsewhere.SAME
    return outcomes


_OF_ACTION = ("id", "kpi", "effect")
_VERSUS = ("versus", "versus_low", "versus_high")
_APART = ("versus_p", "there", "rest", "drift", "drift_p")


def _elsewhere(engagement: Any, row: dict[Any, Any], against: str) -> dict[str, Any]:
    """Return how a KPI moved where an action was carried out, against where it was not."""
    asked = [question for question in engagement.questions if question.key == row["kpi"]]
    if not asked:  # a reported figure has no groups
        return {}
    answers = engagement.survey(period="history", columns=[*engagement.scored, row["done_by"]])
    levels = set(answers[row["done_by"]].dropna().astype(str))
    if unknown := sorted(set(row["done_in"]) - levels):
        raise DataError(
            f"the register of actions has {row['id']!r} carried out in {unknown[0]!r}, which is no "
            f"{row['done_by']} of any answer{nearest(unknown[0], levels)}"
        )
    if not levels - set(row["done_in"]):
        return {}
    found = kpis.difference_in_differences(
        answers,
        question=asked[0],
        by=row["done_by"],
        levels=row["done_in"],
        before=against,
        after=engagement.period,
        segments=engagement.mix_segments,
        design=engagement.design,
    )
    if found.least < engagement.minimum_base:
        return {"beside": elsewhere.FEW}
    versus = zip(_VERSUS, (found.value, found.low, found.high), strict=True)
    apart = (found.p_value, found.there, found.elsewhere, found.earlier, found.earlier_p)
    return dict(versus) | dict(zip(_APART, apart, strict=True)) | {"beside": found.verdict}


def _moved(engagement: Any, kpi: str, done: dt.date) -> dict[str, Any]:
    """Return how a KPI compares with the last period that was over when the action was done."""
    before = [p for p in engagement.periods if periods.parse(p).end < done]
    if periods.parse(engagement.period).start <= done or not before:
        return {"afterwards": EARLY}
    compared = engagement.compared(before[-1]).table
    rows = records(compared[compared["kpi"] == kpi])
    if not rows:
        return {}
    names = ("before", "value", "like", "like_low", "like_high")
    word = {"better": BETTER, "worse": WORSE}.get(rows[0]["turn"], UNCLEAR)
    facts = {name: rows[0].get(name, float("nan")) for name in names}
    return facts | {"afterwards": word, "against": before[-1]}


def _charted(engagement: Any, table: pd.DataFrame) -> dict[str, str | None]:
    """Return where the ticket KPIs of finished actions stand, by their charts, by action."""
    mine = table[table["kpi"].isin(list(TICKET_KPIS)) & table["due"].notna()]
    mine = mine[mine["state"].isin(FINISHED)]
    if mine.empty or engagement.client.tickets is None:
        return {}
    tickets = engagement.table("tickets")
    terms = terms_of(engagement.client, tickets, period=engagement.period)
    of: dict[str, Any] = {"terms": terms, "period": engagement.period}
    course = service.course(tickets, **of, kpis=list(dict.fromkeys(mine["kpi"])))
    told = mine[["kpi", "due"]].assign(action=mine["id"], owner="", state="done", note="")
    told["finished"] = [str(a or b) for a, b in zip(mine["done"], mine["due"], strict=True)]
    base = engagement.minimum_base
    found = service.follow_up(told, course=course, end=engagement.last_day, minimum_base=base)
    return dict(zip(found.table["action"], found.table["moved"], strict=True))


def under_way(found: Plan) -> pd.DataFrame:
    """Return what is agreed or proposed and not finished, late ones first, then by day."""
    open_ = found.table[found.table["state"].isin(OPEN)]
    order = open_.assign(late=~open_["overdue"], day=pd.to_datetime(open_["due_on"]))
    return open_.loc[order.sort_values(["late", "day"], kind="stable").index]


def first(found: Plan) -> pd.DataFrame:
    """Return the open actions that can be ranked, the first to do on top."""
    open_ = under_way(found)
    return open_[open_["rank"].notna()].sort_values("rank", kind="stable")


def in_money(engagement: Any, found: Plan) -> pd.DataFrame:
    """Return the open actions with the spend that goes with the points they are expected to bring.

    A point of the score has no single price: its interval spans all that members spend more after
    either step from detractor to promoter, as chapter 10 saved it.
    """
    steps = engagement.result("membership", "steps")
    metrics = engagement.metrics
    if steps is None or not metrics or metrics[0].kind != "nps":
        return pd.DataFrame()
    told = steps.table[steps.table["outcome_key"] == "spend"].dropna(subset=["step_value"])
    if not told["turn"].eq("more").any():
        return pd.DataFrame()
    point = told["here"].iloc[0] / 100
    price = told["step_value"].mean(), told["step_value_low"].min(), told["step_value_high"].max()
    mean, low, high = (point * max(float(value), 0.0) for value in price)
    rows = first(found).drop(columns="unit")
    return rows.assign(
        spend_more=mean * rows["in_points"], spend_more_low=low * rows["in_points_low"],
        spend_more_high=high * rows["in_points_high"], unit=told["unit"].iloc[0],
        days=int(told["days"].iloc[0]),
    )  # fmt: skip


def worth(engagement: Any, found: Plan) -> pd.DataFrame:
    """Return the actions of which the register says what they are worth a year."""
    named = found.table.dropna(subset=["worth_a_year"])
    return named.assign(unit=engagement.client.currency or "count")


def finished(engagement: Any, found: Plan) -> pd.DataFrame:
    """Return the finished actions on a KPI, with where it stands."""
    table = found.table
    mine = table[table["state"].isin(FINISHED) & table["afterwards"].notna()]
    words = engagement.words
    where = [
        words.say("{where}", where=tuple(f"{by}={level}" for level in levels))
        for by, levels in zip(mine["done_by"], mine["done_in"], strict=True)
    ]
    return mine.assign(outcome_of=mine["id"] + ".outcome", where=where)


def compared(done: pd.DataFrame) -> pd.DataFrame:
    """Return those that were carried out in some groups only, against the others."""
    return done[done["beside"] != ""]


def progress(found: Plan) -> pd.DataFrame:
    """Return how far the whole plan has come, as one row."""
    table = found.table
    done = int(table["state"].isin(FINISHED).sum())
    late = int(table["overdue"].sum())
    live = int((table["state"] != "stopped").sum())
    case = "all done" if done == live else "late" if late > 1 else "one late" if late else "on time"
    row = {
        "subject": "progress",
        "counts": True,
        "case": case,
        "planned": live,
        "finished": done,
        "overdue": late,
    }
    return pd.DataFrame([row] if live else [])


def unanswered(engagement: Any, found: Plan) -> pd.DataFrame:
    """Return the grave findings that no action answers, with what follows from them."""
    answered = set(found.table["finding"].dropna())
    running = set(found.table.loc[found.table["state"].isin(OPEN), "kpi"])
    words, rows = engagement.words, []
    for finding in engagement.gathered(but=AFTER):
        grave = finding.next_step and finding.severity in ("serious", "warning")
        if grave and finding.id not in answered and running.isdisjoint(finding.answered_by):
            rows.append({"headline": finding.headline(words), "step": finding.step(words)})
    return pd.DataFrame(rows)


def by_kind(engagement: Any, found: Plan) -> pd.DataFrame:
    """Return every live action by kind, with the finding that it answers in its own words."""
    said = {
        finding.id: finding.headline(engagement.words)
        for one in engagement.saved(but=AFTER)
        for finding in one.findings
    }
    live = found.table[found.table["state"] != "stopped"]
    answers = [said.get(f) if f is not None else None for f in live["finding"]]
    order = live.assign(finding_id=pd.Series(answers, live.index, dtype=object))
    return order.sort_values("kind", kind="stable", na_position="last")


def adjustments(engagement: Any) -> pd.DataFrame:
    """Return what was changed about actions, when and why, the latest first."""
    rows: pd.DataFrame = engagement.register("actions").frame("adjustments")
    titles = "actions." + rows["action"].astype(str)
    rows = rows.assign(title=titles).rename(columns={"change": "change_note", "reason": "grounds"})
    return rows.sort_values("date", ascending=False, kind="stable")


def reasons(engagement: Any) -> Any:
    """Return contact reasons by the work they make; None without tickets that tell it."""
    if engagement.client.tickets is None:
        return None
    tickets, period = engagement.table("tickets"), engagement.period
    told = {name for name in ("category", "handle_seconds") if name in tickets}
    if len(told) < 2 or tickets[list(told)].isna().all().any():
        return None
    terms = terms_of(engagement.client, tickets, period=period)
    share = engagement.settings.answered_share
    found = service.contact_reasons(tickets, terms=terms, period=period, answered=share)
    table = found.table.assign(
        contact_reason="category=" + found.table["level"].astype(str), tickets=found.table["n"]
    )
    return replace(found, table=table)


def most_work(found: Any) -> Any:
    """Return the contact reasons that make most work."""
    return None if found is None else found.table.head(MOST)
