"""Lines and steps of several series in one figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from cxlib.plots.lines import lines
from cxlib.words import Words


def test_a_curve_of_many_steps_keeps_its_ends_and_what_can_be_seen() -> None:
    days = np.arange(1, 5001) / 10
    left = np.exp(-days / 300)
    table = pd.DataFrame({"t": days, "s": left, "s_low": left - 0.02, "s_high": left + 0.02})
    ax = lines({"all": table}, x="t", y="s", words=Words(), steps=True)
    drawn = np.asarray(ax.get_lines()[0].get_xydata())
    assert len(drawn) < 310
    assert drawn[[0, -1]].tolist() == table[["t", "s"]].to_numpy()[[0, -1]].tolist()
    assert np.abs(drawn[:, 1] - np.interp(drawn[:, 0], days, left)).max() == 0  # none is moved
    assert np.diff(drawn[:, 0]).max() < 2.5 * np.ptp(days) / 300
    plt.close("all")


def test_points_are_all_drawn() -> None:
    table = pd.DataFrame({"t": np.arange(900.0), "s": np.arange(900.0)})
    ax = lines({"all": table}, x="t", y="s", words=Words())
    assert len(ax.get_lines()[0].get_xdata()) == 900
    plt.close("all")
