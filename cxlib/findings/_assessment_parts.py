"""What the assessment found in the parts: the weakest step, unlike groups, thin data."""

from __future__ import annotations

import pandas as pd

from cxlib.analysis.fitness import FitnessForUse
from cxlib.analysis.scores import Headline, ScoreTable
from cxlib.findings.finding import ALPHA, Finding, change_facts
from cxlib.words import Quantity
from cxlib.words import mark as _

STRAIGHT_LINING_LIMIT = 0.10
"""More careless respondents dilute every difference (Meade & Craig 2012 found 10–12 %)."""

NO_ANSWER_LIMIT = 0.20
"""A question that a fifth skips is answered by a selection of people."""

SHOWN_GROUPS = 3
"""Groups named one by one; the table shows them all."""


def journey(journey: Headline) -> list[Finding]:
    """Say which touchpoint is weakest, and which moved since the previous period.

    Parameters
    ----------
    journey : Headline
        Of the touchpoints, small bases withheld.
    """
    table = journey.table.dropna(subset=["value"]).sort_values("value", kind="stable")
    found: list[Finding] = []
    if len(table) > 1:
        found.append(_weakest(table.iloc[0], table.iloc[1], table["value"].median()))
    moved = table[table["p_adjusted"] < ALPHA] if journey.previous else table.iloc[:0]
    for _label, row in moved.iterrows():
        found.append(_touchpoint_moved(row, journey.previous or ""))
    return found


def _weakest(weakest: pd.Series, second: pd.Series, typical: float) -> Finding:
    unit = weakest["unit"]
    alone = weakest["high"] < second["low"]
    facts = {
        "touchpoint": weakest["metric"],
        "second": second["metric"],
        "value": Quantity(weakest["value"], unit),
        "low": Quantity(weakest["low"], unit),
        "high": Quantity(weakest["high"], unit),
        "typical": Quantity(typical, unit),
        "n": int(weakest["n"]),
    }
    message = (
        _(
            "{touchpoint} is the weakest touchpoint: {value} ({low} to {high}, n = {n}); half of "
            "the touchpoints stand above {typical}."
        )
        if alone
        else _(
            "{touchpoint} is rated lowest: {value} ({low} to {high}, n = {n}), not clearly below "
            "{second}."
        )
    )
    return Finding(
        id="assessment.touchpoint.weakest",
        message=message,
        facts=facts,
        severity="warning" if alone else "note",
        consequence=70 + 10 * (typical - float(weakest["value"])),
        base=int(weakest["n"]),
        next_step=_("Chapter “drivers” says whether it matters as much as it is weak.")
        if alone
        else None,
    )


def _touchpoint_moved(row: pd.Series, previous: str) -> Finding:
    better = (row["change"] > 0) == (row["direction"] == "higher")
    return Finding(
        id=f"assessment.touchpoint.{row['metric']}.change",
        message=_(
            "{touchpoint} improved since {previous}: {change} ({low} to {high}) to {value}, n = "
            "{n}."
        )
        if better
        else _(
            "{touchpoint} worsened since {previous}: {change} ({low} to {high}) to {value}, n = "
            "{n}."
        ),
        facts={"touchpoint": row["metric"], **change_facts(row, previous)},
        severity="good" if better else "serious",
        consequence=55 + 10 * abs(float(row["change"])),
        base=int(row["n"]),
        next_step=None if better else _("Find out what changed there, and when."),
    )


def segments(groups: ScoreTable) -> list[Finding]:
    """Name the groups that clearly differ from all others, worst first.

    Parameters
    ----------
    groups : ScoreTable
        By segments against their complement, small bases withheld.
    """
    table = groups.table
    clear = table[table["p_adjusted"] < ALPHA].sort_values("difference", kind="stable")
    named = pd.concat(
        [clear[clear["difference"] < 0].head(SHOWN_GROUPS), clear[clear["difference"] > 0].tail(1)]
    )
    found = []
    for _label, row in named.iterrows():
        below = row["difference"] < 0
        metric = str(groups.metric)
        found.append(
            Finding(
                id=f"assessment.{metric}.{row['segment']}.{row['level']}",
                message=_(
                    "{level} ({segment}) judge lower than all others: {metric} {value}, {gap} "
                    "({low} to {high}), n = {n}."
                )
                if below
                else _(
                    "{level} ({segment}) judge higher than all others: {metric} {value}, {gap} "
                    "({low} to {high}), n = {n}."
                ),
                facts={
                    "level": f"{row['segment']}={row['level']}",
                    "segment": row["segment"],
                    "metric": metric,
                    "value": Quantity(row["value"], groups.unit),
                    "gap": Quantity(row["difference"], groups.unit, sign=True),
                    "low": Quantity(row["difference_low"], groups.unit, sign=True),
                    "high": Quantity(row["difference_high"], groups.unit, sign=True),
                    "n": int(row["n"]),
                },
                severity="warning" if below else "note",
                consequence=45 + abs(float(row["difference"])) / 10,
                base=int(row["n"]),
                next_step=_("Listen to these customers first.") if below else None,
            )
        )
    return found


def data(fitness: FitnessForUse) -> list[Finding]:
    """Say what the data cannot carry: careless answers, skipped questions, a skewed sample.

    Parameters
    ----------
    fitness : FitnessForUse
    """
    found: list[Finding] = []
    lining = fitness.straight_lining
    if lining.value > STRAIGHT_LINING_LIMIT:
        found.append(
            Finding(
                id="assessment.data.straight_lining",
                message=_(
                    "{share} of respondents gave every touchpoint the same rating; differences "
                    "between touchpoints are understated."
                ),
                facts={"share": Quantity(lining.value, "share")},
                severity="warning",
                consequence=30,
                next_step=_("Shorten the questionnaire or mix the order of its questions."),
            )
        )
    skipped = fitness.questions[fitness.questions["share_no_answer"] > NO_ANSWER_LIMIT]
    if len(skipped):
        found.append(
            Finding(
                id="assessment.data.no_answer",
                message=_(
                    "More than {limit} gave no answer to {questions}; those who did may differ."
                ),
                facts={
                    "limit": Quantity(NO_ANSWER_LIMIT, "share"),
                    "questions": tuple(skipped["question"]),
                },
                severity="warning",
                consequence=25,
            )
        )
    skewed = fitness.representativeness
    skewed = skewed[skewed["p_value"] < ALPHA] if len(skewed) else skewed
    if len(skewed):
        worst = skewed.iloc[int(skewed["difference"].abs().argmax())]
        found.append(
            Finding(
                id="assessment.data.representativeness",
                message=_(
                    "The sample is not the customer base: {level} ({segment}) are {sample} of "
                    "the answers and {known} of the customers."
                ),
                facts={
                    "level": f"{worst['segment']}={worst['level']}",
                    "segment": worst["segment"],
                    "sample": Quantity(worst["sample_share"], "share"),
                    "known": Quantity(worst["known_share"], "share"),
                },
                severity="note",
                consequence=20,
                next_step=_("The scores of this report are weighted to the known shares."),
            )
        )
    return found
