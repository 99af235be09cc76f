"""Sliders: a consultant moves ratings, or the rules of tiers, and sees at once what follows.

Each function here returns an ``ipywidgets.VBox``, or None: in a batch job, and where there is
nothing to move. Without ipywidgets it raises a `SetupError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from html import escape
from math import inf
from typing import TYPE_CHECKING, Any

from cxlib.columns import records
from cxlib.errors import DataError, SetupError
from cxlib.present.findings import facts
from cxlib.present.formats import say_caveat
from cxlib.words import Quantity, Words, mark as _
from cxlib.workspace import JOB_VARIABLE

if TYPE_CHECKING:
    from cxlib.analysis.drivers import Scenario, ScenarioModel
    from cxlib.analysis.kpis import Estimates
    from cxlib.analysis.members import Designs

REACH, STEP = 1.0, 0.05
"""How far a slider goes either way, and its smallest step, in points of the rating."""


def wanted() -> bool:
    """Tell whether sliders make sense here: somebody is there, and ipywidgets is installed."""
    from importlib.util import find_spec

    return not os.environ.get(JOB_VARIABLE) and find_spec("ipywidgets") is not None


def scenario_sliders(
    model: ScenarioModel | None,
    *,
    words: Words,
    start: Mapping[str, float] | None = None,
    headline: float | None = None,
) -> Any:
    """Return one slider a driver, with the prediction beneath; None in a batch job.

    Parameters
    ----------
    model : ScenarioModel or None
        Its caps hold, whatever the sliders say: what was asked for beyond them is told. None:
        nothing can be predicted, and there are no sliders.
    words : Words
    start : mapping of str to float, optional
        Driver to change with which the sliders begin, in points of its rating.
    headline : float, optional
        The published score that changes are applied to.
    """
    if model is None or os.environ.get(JOB_VARIABLE):
        return None
    begin = dict(start or {})
    rulers: dict[str, dict[str, Any]] = {}
    for name, mean in zip(model.drivers, model.means, strict=True):
        at, label = round(begin.get(name, 0.0) / STEP) * STEP, words.label(name)
        rulers[name] = {"value": at, "min": -REACH, "max": REACH, "step": STEP}
        rulers[name] |= {"description": f"{label} ({words.number(mean, 2)})"}
        rulers[name] |= {"readout_format": "+.2f"}

    def tell(values: Mapping[str, float]) -> str:
        asked = {name: value for name, value in values.items() if value}
        return _told(model.predict(asked, headline=headline), words)

    return _panel(rulers, tell, words, today=dict.fromkeys(rulers, 0.0))


def _panel(
    rulers: Mapping[str, Mapping[str, Any]],
    tell: Callable[[Mapping[str, float]], str],
    words: Words,
    *,
    today: Mapping[str, float],
) -> Any:
    """Return a slider a ruler, a button back to `today`, and what `tell` says of their values."""
    try:
        import ipywidgets
    except ImportError:
        raise SetupError(
            "sliders need ipywidgets; install it with `pip install ipywidgets`."
        ) from None
    looks: dict[str, Any] = {"style": {"description_width": "16em"}, "layout": {"width": "36em"}}
    sliders = {name: ipywidgets.FloatSlider(**ruler, **looks) for name, ruler in rulers.items()}
    told = ipywidgets.HTML()

    def update(_change: Any = None) -> None:
        told.value = tell({name: slider.value for name, slider in sliders.items()})

    def reset(_button: Any) -> None:
        for name, slider in sliders.items():
            slider.value = today[name]

    for slider in sliders.values():
        slider.observe(update, names="value")
    button = ipywidgets.Button(description=words.say(_("Back to today")))
    button.on_click(reset)
    update()
    return ipywidgets.VBox([*sliders.values(), button, told])


def tier_sliders(
    simulate: Callable[..., Designs] | None,
    *,
    rules: Mapping[str, Mapping[str, float]],
    words: Words,
    unit: str,
    minimum_base: int,
) -> Any:
    """Return sliders for each tier's threshold and benefits, with what they cost beneath.

    Parameters
    ----------
    simulate : callable or None
        Takes `designs` by name, today's first, and tells what they cost, such as
        `members.simulate_tiers` with its data. None: no tiers, no sliders.
    rules : mapping
        Today's: tier, lowest first, to its ``from, benefits`` and ``points``.
    words : Words
    unit : str
        The currency.
    minimum_base : int
        Counts of members below it are not told.
    """
    if simulate is None or not rules or os.environ.get(JOB_VARIABLE):
        return None
    rulers, today = {}, {}
    for tier, rule in rules.items():
        for key, says in (("from", _("{tier}: from")), ("benefits", _("{tier}: benefits"))):
            value = float(rule.get(key, 0.0))
            if key == "from" and not value:
                continue  # the lowest tier begins at nothing
            name, most = f"{key} {tier}", max(2 * value, 10.0)
            today[name] = value
            rulers[name] = {
                "value": value, "min": 0.0, "max": most, "step": most / 200,
                "description": words.say(says, tier=words.label(f"tier={tier}")),
                "readout_format": ",.0f" if most >= 100 else ",.1f",
            }  # fmt: skip

    def tell(values: Mapping[str, float]) -> str:
        tried = {
            tier: {**rule, **{key: values[name] for key in ("from", "benefits")
                              if (name := f"{key} {tier}") in values}}
            for tier, rule in rules.items()
        }  # fmt: skip
        try:
            found = simulate(designs={"today": rules, "tried": tried})
        except DataError as error:
            return f"<p>{escape(str(error))}</p>"
        return _costs(found, words, unit, minimum_base)

    return _panel(rulers, tell, words, today=today)


def _costs(found: Designs, words: Words, unit: str, minimum_base: int) -> str:
    """Return what a design costs against today's as HTML."""
    row = found.table.iloc[1]
    if row["n"] < minimum_base:
        return f"<p>{escape(words.say(_('Too few members to say.')))}</p>"
    money = {
        name: Quantity(float(row[column]), unit, sign=sign)
        for name, column, sign in (
            ("cost", "cost", False), ("change", "cost_change", True),
            ("low", "cost_change_low", True), ("high", "cost_change_high", True),
        )
    }  # fmt: skip
    headline = words.say(_("{cost} a year, {change} against today ({low} to {high})"), **money)
    few = words.say(_("fewer than {n}"), n=minimum_base)
    moved = {
        way: words.number(n) if (n := int(row[way])) >= minimum_base or not n else few
        for way in ("up", "down")
    }
    says = words.say(_("Members who rise: {up}; who fall: {down}"), **moved)
    notes = _notes(found.caveats, words)
    return f"<p><b>{escape(headline)}</b></p><p>{escape(says)}</p>{notes}"


def target_sliders(
    estimates: Estimates, targets: Iterable[Any], *, period: str, words: Words, minimum_base: int
) -> Any:
    """Return a slider a target, with how it would be judged beneath: by the one rule of the kit.

    Parameters
    ----------
    estimates : Estimates
        The client's, as `Engagement.kpis` gives them.
    targets : iterable of targets
        As `Engagement.targets` gives them.
    period : str
    words : Words
    minimum_base : int
        KPIs on fewer answers have no slider.
    """
    from cxlib.analysis.kpis import judge

    named = {target.metric: target for target in reversed(list(targets))}
    if not named or os.environ.get(JOB_VARIABLE):
        return None
    held = judge(estimates, named.values(), period=period).table
    held = held[held["n"].fillna(minimum_base) >= minimum_base].drop_duplicates("kpi")
    rulers, today, scale = {}, {}, {}
    for row in records(held):
        value, unit = float(row["target"]), row["unit"]
        scale[row["kpi"]] = float(named[row["kpi"]].target) / value if value else 1.0
        span = {"points": 30.0, "mean": 1.0}.get(unit, 0.3 * abs(value)) or 1.0
        says = _("{kpi}, seconds") if unit in ("seconds", "working") else _("{kpi}")
        today[row["kpi"]] = value
        rulers[row["kpi"]] = {
            "value": value, "min": value - span, "step": span / 60,
            "max": min(value + span, {"percent": 100.0, "points": 100.0}.get(unit, inf)),
            "description": words.say(says, kpi=words.label(row["kpi"])),
            "readout_format": ".2f" if unit == "mean" else ",.1f" if span < 100 else ",.0f",
        }  # fmt: skip

    def tell(values: Mapping[str, float]) -> str:
        moved = [_moved(named[kpi], value * scale[kpi]) for kpi, value in values.items()]
        judged = judge(estimates, moved, period=period).table
        rows = [{str(k): v for k, v in row.items()} for row in records(judged)]
        rules = [_JUDGED if chance else _COUNTED for chance in judged["p_met"].notna()]
        said = [words.say(rule, **facts(row, words)) for rule, row in zip(rules, rows, strict=True)]
        return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in said)}</ul>"

    return _panel(rulers, tell, words, today=today) if rulers else None


_JUDGED = _("{kpi}: {value} against {target}: {status}; chance that it is met: {p_met}")
_COUNTED = _("{kpi}: {value} against {target}: {status}")


def _moved(target: Any, value: float) -> Any:
    """Return a target with another value; all else as agreed."""
    moved = copy(target)
    object.__setattr__(moved, "target", value)  # models of the client file are frozen
    return moved


def staffing_sliders(plan: Any, *, words: Words) -> Any:
    """Return sliders for the busiest half hour of a plan, with the agents it takes beneath.

    Parameters
    ----------
    plan : Staffing
        As `staffing.staff` gives it; where nothing could be planned there are no sliders.
    words : Words
    """
    if plan.table.empty or os.environ.get(JOB_VARIABLE):
        return None
    from cxlib.analysis.staffing import agents_needed

    today = {
        "calls_per_hour": float(plan.table["calls_per_hour"].max()),
        "handle_seconds": float(plan.handle_seconds),
        "service_level": float(plan.service_level),
        "answer_seconds": float(plan.answer_seconds),
        "shrinkage": float(plan.shrinkage),
    }
    shares = {"service_level": (0.5, 0.99), "shrinkage": (0.0, 0.6)}
    rulers = {}
    for name, value in today.items():
        low, high = shares.get(name, (0.2 * value, 3 * value))
        rulers[name] = {
            "value": value, "min": low, "max": high, "step": (high - low) / 98,
            "description": words.say(_STAFFED[name]),
            "readout_format": ".0%" if name in shares else ",.0f",
        }  # fmt: skip

    def tell(values: Mapping[str, float]) -> str:
        found = agents_needed(**values)
        state = found.queue
        if state is None:
            return ""
        says = words.say(
            _("{agents} at their desks, {positions} on the roster; mean wait {wait}, busy {busy}"),
            agents=words.number(found.agents), positions=words.number(found.positions),
            wait=Quantity(state.mean_wait, "seconds"), busy=Quantity(state.occupancy, "share"),
        )  # fmt: skip
        return f"<p><b>{escape(says)}</b></p>"

    return _panel(rulers, tell, words, today=today)


_STAFFED = {
    "calls_per_hour": _("Calls an hour"),
    "handle_seconds": _("Handle time, seconds"),
    "service_level": _("Answered in time"),
    "answer_seconds": _("In time: seconds"),
    "shrinkage": _("Breaks and absence"),
}


def _told(scenario: Scenario, words: Words) -> str:
    """Return the prediction as HTML, everything of the client's escaped."""
    from cxlib.analysis.drivers import UNITS

    unit = UNITS[scenario.kind]
    changes = {
        name: Quantity(getattr(scenario, name), unit, sign=True)
        for name in ("change", "change_low", "change_high")
    }
    headline = words.say(
        _("{outcome}: {predicted}, a change of {change} ({change_low} to {change_high})"),
        outcome=scenario.outcome, predicted=Quantity(scenario.predicted, unit), **changes,
    )  # fmt: skip
    steps = "".join(
        f"<li>{escape(words.label(row['driver']))} {words.number(row['mean_used'], 2)}: "
        f"{words.quantity(row['step'], unit, sign=True)}</li>"
        for row in records(scenario.table)
    )
    return f"<p><b>{escape(headline)}</b></p><ul>{steps}</ul>{_notes(scenario.caveats, words)}"


def _notes(caveats: Iterable[Any], words: Words) -> str:
    return "".join(f"<p><small>{escape(say_caveat(c, words))}</small></p>" for c in caveats)
