"""The need register: counted by hand, and what must not pass."""

from __future__ import annotations

import pandas as pd
import pytest

from cxlib.analysis.needs import register
from cxlib.errors import DataError

EVIDENCE = pd.DataFrame(
    [
        ("faster check-in", "interview", "I waited an hour", "p1", "2026-01-02", "business", "for"),
        ("faster check-in", "interview", "the queue!", "p2", "2026-01-03", "leisure", "for"),
        ("faster check-in", "questionnaire", "slow desk", "p1", "2026-01-09", "business", "for"),
        ("quiet room", "interview", "could not sleep", "p2", "2026-01-03", "leisure", "for"),
        ("quiet room", "focus group", "noise is fine", "p3", "2026-01-05", "leisure", "against"),
        (None, "interview", "hm", "p3", "2026-01-05", "leisure", "for"),
    ],
    columns=["need", "source", "quote", "who", "when", "group", "stance"],
)
NEEDS = pd.DataFrame(
    {
        "need": ["faster check-in", "late checkout"],
        "kind": ["process", "product"],
        "state": ["confirmed", "collected"],
        "confirmed_by": ["Ms Li", None],
        "confirmed_on": ["2026-02-01", None],
    }
)


def test_needs_by_hand() -> None:
    told = register(EVIDENCE, needs=NEEDS, weights={"questionnaire": 0.5})
    table = told.table.set_index("need")
    assert list(table.index) == ["faster check-in", "quiet room", "late checkout"]
    assert table["weight"].tolist() == [2.5, 1, 0]
    assert table["people"].tolist() == [2, 2, 0]
    assert table.loc["quiet room", "state"] == "sorted"
    assert table.loc["quiet room", "against"] == 1
    assert told.unheard == ("late checkout",)
    assert told.unanswered == ("faster check-in",)
    assert len(told.unsorted) == 1
    assert told.saturation["new"].tolist() == [1, 1, 0]
    assert told.saturation["known"].tolist() == [1, 2, 2]
    coverage = told.coverage.set_index("group")
    assert coverage.loc["leisure", "named_only_here"] == 1
    assert len(told.caveats) == 2
    answered = register(EVIDENCE, needs=NEEDS.assign(actions=["A1", ""]))
    assert answered.unanswered == ()


@pytest.mark.parametrize(
    ("needs", "weights", "told"),
    [
        (NEEDS.assign(state="confirmd"), None, "did you mean 'confirmed'"),
        (NEEDS.assign(confirmed_by=""), None, "by whom"),
        (pd.concat([NEEDS, NEEDS]), None, "listed twice"),
        (None, {"interviews": 2}, "did you mean 'interview'"),
    ],
)
def test_what_cannot_stand(needs: pd.DataFrame, weights: dict, told: str) -> None:
    with pytest.raises(DataError, match=told):
        register(EVIDENCE, needs=needs, weights=weights)
    with pytest.raises(DataError, match="stance"):
        register(EVIDENCE.assign(stance="maybe"))
    with pytest.raises(DataError, match="no column 'quote'"):
        register(EVIDENCE.drop(columns="quote"))
