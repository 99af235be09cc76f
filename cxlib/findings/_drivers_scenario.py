"""What changed ratings would go with: the plan, a tenth of a point, and lost ground won back."""

from __future__ import annotations

from cxlib.analysis.driver_choice import DriverChoice
from cxlib.analysis.driver_plan import ASKED, STEP, ChangePlan, LostGround
from cxlib.analysis.drivers import DriverImportance, Scenario
from cxlib.findings.finding import ALPHA, Finding
from cxlib.words import Quantity
from cxlib.words import mark as _

UNITS = {"nps": "points", "csat": "percent"}
"""Units of what a scenario predicts."""

ROUNDING = 1e-9
"""A rating that moves by less does not move."""


def scenario(scenario: Scenario, plan: ChangePlan) -> list[Finding]:
    """Say what the planned changes go with, all else as it is.

    Parameters
    ----------
    scenario : Scenario
        Of the planned changes together.
    plan : ChangePlan
    """
    table = scenario.table
    moved = table["mean_used"] - table["mean_now"]
    facts = _facts(scenario) | {
        "drivers": tuple(table["driver"]),
        "rises": tuple(Quantity(rise, "mean", sign=True) for rise in moved),
    }
    if not plan.room or not moved.abs().gt(ROUNDING).any():
        message = _(
            "No group of customers rates {drivers} higher than the others beyond chance, so "
            "nothing shows how far they can rise; {outcome} stays at {baseline} ({now_low} to "
            "{now_high}, n = {n}) in this scenario."
        )
        step = _("Set the rise by what competitors or earlier periods reached.")
    elif (plan.table["ground"] == ASKED).all():
        message = _(
            "With {drivers} changed by {rises}, {outcome} is predicted at {predicted} instead of "
            "{baseline}: {change} ({low} to {high}, n = {n}), all else as it is."
        )
        step = _("The next chapter weighs this plan against the targets.")
    elif plan.table["cap"].notna().all() and moved.max() < STEP:
        message = _(
            "Groups hardly differ on {drivers}: at the level of the best ({rises}), {outcome} is "
            "predicted at {predicted} instead of {baseline}, {change} ({low} to {high}, n = {n})."
        )
        step = _("Set the rise by what competitors or earlier periods reached.")
    elif plan.table["cap"].notna().all():
        message = _(
            "If all customers rated {drivers} as the best group does ({rises}), {outcome} is "
            "predicted at {predicted} instead of {baseline}: {change} ({low} to {high}, n = {n}), "
            "all else as it is."
        )
        step = _("The next chapter weighs this plan against the targets.")
    else:
        message = _(
            "No group shows how far {drivers} can rise; a tenth of a point each goes with "
            "{outcome} {change} ({low} to {high}, n = {n}), all else as it is."
        )
        step = _("Set the rise by what competitors or earlier periods reached.")
    return [
        Finding(
            id="drivers.scenario.plan",
            message=message,
            facts=facts,
            consequence=90,
            base=scenario.n_used,
            next_step=step,
        )
    ]


def _facts(scenario: Scenario) -> dict[str, object]:
    unit = UNITS[scenario.kind]
    return {
        "outcome": scenario.outcome,
        "baseline": Quantity(scenario.baseline, unit),
        "now_low": Quantity(scenario.baseline_low, unit),
        "now_high": Quantity(scenario.baseline_high, unit),
        "predicted": Quantity(scenario.predicted, unit),
        "change": Quantity(scenario.change, unit, sign=True),
        "low": Quantity(scenario.change_low, unit, sign=True),
        "high": Quantity(scenario.change_high, unit, sign=True),
        "n": scenario.n_used,
    }


def unpredictable(choice: DriverChoice) -> list[Finding]:
    """Say that no scenario is made of an outcome that is a mean.

    Parameters
    ----------
    choice : DriverChoice
        Nothing is said where not even its drivers can be told.
    """
    if not choice.possible:
        return []
    return [
        Finding(
            id="drivers.scenario.none",
            message=_(
                "What better ratings would bring is predicted for NPS and CSAT; {outcome} is a "
                "mean, so this report makes no prediction (n = {n})."
            ),
            facts={"outcome": choice.outcome, "n": choice.n_used},
            consequence=10,
            base=choice.n_used,
            next_step=_("Name another KPI as the outcome if predictions are wanted."),
        )
    ]


def sensitivity(scenario: Scenario, importance: DriverImportance) -> list[Finding]:
    """Say at which proven driver a tenth of a point goes with most.

    Parameters
    ----------
    scenario : Scenario
        All ratings raised by the same small step, no cap.
    importance : DriverImportance
    """
    unit = UNITS[scenario.kind]
    proven = importance.table.loc[importance.table["p_unique"] < ALPHA, "driver"]
    table = scenario.table[scenario.table["driver"].isin(list(proven))]
    if table.empty:
        return []
    best = table.sort_values("step", kind="stable").iloc[-1]
    return [
        Finding(
            id="drivers.scenario.tenth",
            message=_(
                "Of all that is proven, a tenth of a point goes furthest at {driver}: {step} "
                "({low} to {high}) on {outcome}, n = {n}."
            ),
            facts={
                "driver": best["driver"],
                "outcome": scenario.outcome,
                "step": Quantity(best["step"], unit, sign=True),
                "low": Quantity(best["step_low"], unit, sign=True),
                "high": Quantity(best["step_high"], unit, sign=True),
                "n": scenario.n_used,
            },
            consequence=70,
            base=scenario.n_used,
            next_step=_("Hold it against what a tenth of a point costs at each touchpoint."),
        )
    ]


def recovery(scenario: Scenario, lost: LostGround) -> list[Finding]:
    """Say what winning back lost ground goes with.

    Parameters
    ----------
    scenario : Scenario
        Of the drivers that lost ground, back at their best earlier period.
    lost : LostGround
    """
    rows = lost.table.set_index("driver").loc[list(scenario.table["driver"])]
    worst = rows.sort_values("lost", kind="stable").iloc[-1]
    return [
        Finding(
            id="drivers.scenario.recovery",
            message=_(
                "{driver} stood at {before} in {period}, now at {now}: {lost} lost ({lost_low} to "
                "{lost_high}). Winning back what {drivers} lost goes with {outcome} {change} "
                "({low} to {high}), at {predicted} instead of {baseline}, n = {n}."
            ),
            facts=_facts(scenario)
            | {
                "driver": str(worst.name),
                "drivers": tuple(rows.index),
                "period": worst["period"],
                "before": Quantity(worst["before"], "mean"),
                "now": Quantity(worst["now"], "mean"),
                "lost": Quantity(worst["lost"], "mean"),
                "lost_low": Quantity(worst["low"], "mean"),
                "lost_high": Quantity(worst["high"], "mean"),
            },
            severity="serious",
            consequence=95,
            base=scenario.n_used,
            next_step=_("Begin here: this level was reached before, so it can be reached again."),
        )
    ]
