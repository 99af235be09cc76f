"""Sliders over a scenario: a consultant moves ratings and sees the predicted score at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from cxlib.errors import SetupError
from cxlib.present.tables import say_caveat
from cxlib.words import Quantity, Words
from cxlib.words import mark as _
from cxlib.workspace import JOB_VARIABLE

if TYPE_CHECKING:
    from cxlib.analysis.drivers import Scenario, ScenarioModel

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

    Returns
    -------
    ipywidgets.VBox or None

    Raises
    ------
    SetupError
        If ipywidgets is not installed.
    """
    if model is None or os.environ.get(JOB_VARIABLE):
        return None
    try:
        import ipywidgets
    except ImportError:
        raise SetupError(
            "sliders need ipywidgets; install it with `pip install ipywidgets`."
        ) from None
    begin = dict(start or {})
    sliders = {
        name: ipywidgets.FloatSlider(
            value=round(begin.get(name, 0.0) / STEP) * STEP,
            min=-REACH,
            max=REACH,
            step=STEP,
            description=f"{words.label(name)} ({words.number(mean, 2)})",
            readout_format="+.2f",
            style={"description_width": "16em"},
            layout={"width": "36em"},
        )
        for name, mean in zip(model.drivers, model.means, strict=True)
    }
    told = ipywidgets.HTML()

    def update(_change: Any = None) -> None:
        asked = {name: slider.value for name, slider in sliders.items() if slider.value}
        told.value = _told(model.predict(asked, headline=headline), words)

    def reset(_button: Any) -> None:
        for slider in sliders.values():
            slider.value = 0.0

    for slider in sliders.values():
        slider.observe(update, names="value")
    button = ipywidgets.Button(description=words.say(_("Back to today")))
    button.on_click(reset)
    update()
    return ipywidgets.VBox([*sliders.values(), button, told])


def _told(scenario: Scenario, words: Words) -> str:
    """Return the prediction as HTML, everything of the client's escaped."""
    from cxlib.analysis.drivers import UNITS

    unit = UNITS[scenario.kind]
    headline = words.say(
        _("{outcome}: {predicted}, a change of {change} ({change_low} to {change_high})"),
        outcome=scenario.outcome,
        predicted=Quantity(scenario.predicted, unit),
        change=Quantity(scenario.change, unit, sign=True),
        change_low=Quantity(scenario.change_low, unit, sign=True),
        change_high=Quantity(scenario.change_high, unit, sign=True),
    )
    told = "".join(
        f"<p><small>{escape(say_caveat(caveat, words))}</small></p>" for caveat in scenario.caveats
    )
    steps = "".join(
        f"<li>{escape(words.label(row['driver']))} {words.number(row['mean_used'], 2)}: "
        f"{words.quantity(row['step'], unit, sign=True)}</li>"
        for row in scenario.table.to_dict("records")
    )
    return f"<p><b>{escape(headline)}</b></p><ul>{steps}</ul>{told}"
