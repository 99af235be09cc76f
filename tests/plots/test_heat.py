"""What a grid tells someone who cannot see it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.plots import theme
from cxlib.plots.heat import heat
from cxlib.words import Words


def test_a_grid_tells_the_greatest_cell_of_each_row_and_nothing_of_an_empty_one() -> None:
    grid = pd.DataFrame({"1": [90.0, np.nan, np.nan], "2": [95.0, 80.0, np.nan]}, index=[*"甲乙丙"])
    with theme.applied():
        ax = heat(grid, words=Words("zh"), label="%", digits=0, ax=theme.axes())
    assert ax.get_label() == "甲，2 95；乙，2 80。"
