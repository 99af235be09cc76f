from __future__ import annotations

import pandas as pd
import pytest

from cxlib.data.labels import gaps, label, labels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026Q3", "2026Q3"), ("2026-q3", "2026Q3"), ("Q3 2026", "2026Q3"),
        ("2026年第3季度", "2026Q3"), ("2026年第三季度", "2026Q3"), ("2026-09", "2026-09"),
        ("2026/9", "2026-09"), ("202609", "2026-09"), ("2026年9月", "2026-09"), ("2026", "2026"),
        ("2026年", "2026"), ("２０２６", "2026"), ("2026-13", None), ("wave 3", None), ("", None),
        ("2026Q5", None), ("3Q26", "2026Q3"), ("Q3'26", "2026Q3"), ("2026T3", "2026Q3"),
        ("26年9月", "2026-09"), ("26年三季度", "2026Q3"), ("FY26 Q3", None), ("09/26", None),
    ],
)  # fmt: skip
def test_a_period_is_read_as_people_write_it(text: str, expected: str | None) -> None:
    assert label(text) == expected


def test_a_finer_label_is_raised_and_a_longer_one_is_none() -> None:
    texts = pd.Series(["2026-09", "2026Q3", "2026", ""], dtype="str")
    assert labels(texts, "quarter").fillna("-").tolist() == ["2026Q3", "2026Q3", "-", "-"]
    assert labels(texts, "year").fillna("-").tolist() == ["2026", "2026", "2026", "-"]
    assert labels(texts, "wave").fillna("-").tolist() == ["2026-09", "2026Q3", "2026", "-"]


def test_gaps_are_the_periods_between_that_are_not_there() -> None:
    assert gaps(["2026Q3", "2025Q4"]) == ["2026Q1", "2026Q2"]
    assert (
        gaps(["2026Q3"]) == gaps(["first", "third"]) == gaps([]) == gaps(["2026", "2026Q3"]) == []
    )
