"""The demo run's tables are golden: a changed number needs a line in CHANGELOG.md that says why.

``CX_GOLDEN=write python -m pytest tests/test_golden.py`` writes them anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cxlib import Engagement
from cxlib.analysis import drivers
from cxlib.workspace import Workspace
from tests.conftest import DEMO_CLIENTS

GOLDEN = Path(__file__).parent / "golden"
TOLERANCE = 1e-6
"""Relative: room for another BLAS or libm, none for another method."""


NUMBERS = ["kpi", "value", "low", "high", "standard_error", "n", "before", "change", "p_value"]
SPLIT = ["like", "mix", "at_before", "at_after"]


def core(e: Engagement, source: str) -> pd.DataFrame:
    """Numbers of the KPI core; a bootstrap's sums are kept in single precision."""
    table = e.standing(source).table
    return table[NUMBERS].join(table[SPLIT].round(3))


def headline(e: Engagement) -> pd.DataFrame:
    return core(e, "survey")


def journey(e: Engagement) -> pd.DataFrame:
    return core(e, "touchpoint")


def groups(e: Engagement) -> pd.DataFrame:
    table = e.groups().table
    return table[["segment", "level", "value", "n", "change", "p_value"]].join(
        table["like"].round(3)
    )


def importance(e: Engagement) -> pd.DataFrame:
    keys = [touchpoint.key for touchpoint in e.touchpoints]
    result = drivers.importance(
        e.survey(), outcome="nps", drivers=keys, weights="weight", bootstrap=0, permutations=0
    )
    return result.table[["driver", "reach", "n", "importance", "share", "johnson", "p_unique"]]


@pytest.mark.parametrize("client", DEMO_CLIENTS)
@pytest.mark.parametrize("table", [headline, journey, groups, importance], ids=lambda f: f.__name__)
def test_the_demo_tables_stand_as_they_were(
    demo_workspace: Workspace, client: str, table: Callable[[Engagement], pd.DataFrame]
) -> None:
    computed = table(Engagement.open(client, language="en", workspace=demo_workspace))
    path = GOLDEN / f"{client}.{table.__name__}.csv"
    if os.environ.get("CX_GOLDEN") == "write":
        computed.to_csv(path, index=False, encoding="utf-8")
    golden = pd.read_csv(path, encoding="utf-8")
    numbers = computed.select_dtypes("number").columns
    pd.testing.assert_frame_equal(
        computed[numbers].astype(float).reset_index(drop=True),
        golden[numbers].astype(float),
        rtol=TOLERANCE,
        atol=1e-9,
    )
    words = computed.columns.difference(numbers)
    assert (
        computed[words].astype(str).to_numpy().tolist()
        == golden[words].astype(str).to_numpy().tolist()
    )
