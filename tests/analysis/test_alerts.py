from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import _rules, trends
from cxlib.analysis._stable import stable_charts
from cxlib.errors import DataError

CALM = [39.0, 41, 40, 42, 43, 40, 41, 42, 40, 41, 43, 40, 42, 39, 41, 42]


def months(n: int) -> list[str]:
    return [str(p) for p in pd.period_range("2024-01", periods=n, freq="M")]


def chart_of(values: list[float], **options: object) -> trends.XmrChart:
    series = pd.Series(values, index=months(len(values)), dtype=float)
    return trends.xmr(series, **{"improvement": "higher"} | options)


def pages(n: int, *, charts: int, pages: int, together: float, seed: int) -> np.ndarray:
    """Return stable series, (pages, charts, n), the charts of a page correlated by `together`."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((pages, 1, n))
    own = rng.standard_normal((pages, charts, n))
    return np.sqrt(together) * common + np.sqrt(1 - together) * own


def warned(series: np.ndarray, *, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return, per page, whether any chart is flagged by the rules, and whether any is warned of."""
    many, charts, n = series.shape
    flat = series.reshape(many * charts, n)
    found = _rules.signals(flat, _rules.limits(flat, screen=True), _rules.RULES)
    alike = stable_charts((True,) * n, None, 1.0, screen=True, rules=_rules.RULES)
    flagged = np.any([flags[:, -1] for flags in found.flags.values()], axis=0)
    p_values = np.ones(len(flat))
    for i in np.flatnonzero(flagged):
        p_values[i] = alike.p_value({rule: found.strength[rule][i] for rule in _rules.RULES})
    shape = (many, charts)
    return flagged.reshape(shape).any(1), (p_values <= level).reshape(shape).any(1)


@pytest.mark.parametrize(
    ("n", "charts", "together"),
    [(24, 20, 0.0), (24, 20, 0.4), (36, 20, 0.0), (12, 20, 0.0), (24, 60, 0.0), (24, 5, 0.0)],
)
def test_at_most_one_stable_page_in_five_holds_a_warning(
    n: int, charts: int, together: float
) -> None:
    many = 3000 if charts < 60 else 1500
    series = pages(n, charts=charts, pages=many, together=together, seed=n + charts)
    plain, alarmed = warned(series, level=0.20 / charts)
    assert alarmed.mean() <= 0.20
    if charts == 20 and not together:
        assert 0.22 <= plain.mean() <= 0.33  # the rules alone: 25-29 %, ± sampling
    if charts >= 20 and not together:
        assert alarmed.mean() >= 0.10  # the promise is not kept by silence


def test_public_pages_of_stable_charts_keep_the_promise() -> None:
    series = pages(16, charts=20, pages=40, together=0.3, seed=2)
    index = months(16)
    false = 0
    for page in series:
        charts = [trends.xmr(pd.Series(row, index=index), improvement="higher") for row in page]
        result = trends.early_warnings(charts)
        false += not result.table.empty
        assert result.false_alarm_rate <= 0.20
        assert 0.20 <= result.unadjusted_rate <= 0.33
    assert false <= 14  # 40 pages at 20 %: more than 14 has probability 0.01


def test_survey_charts_with_uneven_samples_keep_the_promise() -> None:
    rng = np.random.default_rng(12)
    errors = np.array([2.0, 6.0] * 6)
    frame = pd.DataFrame({"period": months(12), "standard_error": errors})
    false = 0
    for _ in range(15):
        charts = {}
        for name in map(str, range(6)):
            values = rng.normal(40, np.hypot(1.0, errors))
            charts[name] = trends.score_chart(frame.assign(value=values), improvement="higher")
        false += not trends.early_warnings(charts).table.empty
    assert false <= 7  # 15 pages at 20 %: more than 7 has probability 0.004


def test_a_leap_and_a_slide_are_warned_of_with_their_beginning() -> None:
    slide = [*CALM[:9], 36, 35.5, 36, 35, 36, 35.5, 36]
    result = trends.early_warnings(
        {"nps": chart_of([*CALM[:-1], 55]), "wait": chart_of(slide), "csat": chart_of(CALM)}
    )
    table = result.table.set_index("chart")
    assert set(table.index) == {"nps", "wait"}
    assert table.loc["nps", ["period", "since", "rule", "direction", "severity"]].tolist() == [
        "2025-04",
        "2025-04",
        "outside",
        "improving",
        "good",
    ]
    assert table.loc["wait", "since"] == "2024-10"
    assert table.loc["wait", "direction"] == "worsening"
    assert table.loc["wait", "severity"] in {"warning", "serious"}
    assert (table["p_value"] <= result.level).all()
    assert result.level == pytest.approx(0.2 / 3)
    assert result.n_charts == 3


def test_direction_follows_what_is_better() -> None:
    up = [*CALM[:-1], 55]
    found = [
        trends.early_warnings([chart_of(up, improvement=way)]).table.iloc[0]
        for way in ("higher", "lower", None)
    ]
    assert [row["direction"] for row in found] == ["improving", "worsening", "rising"]
    assert [row["severity"] for row in found] == ["good", "serious", "note"]


def test_a_larger_page_asks_for_stronger_signals() -> None:
    mild = chart_of([*CALM[:-1], 47.0])
    alone = trends.early_warnings({"nps": mild})
    assert alone.table["chart"].tolist() == ["nps"]
    p_value = alone.table["p_value"].iloc[0]
    many = int(0.2 / p_value) + 1
    crowd = {f"calm {i}": chart_of(CALM) for i in range(many - 1)}
    among = trends.early_warnings({"nps": mild} | crowd)
    assert among.table.empty
    assert among.held_back["chart"].tolist() == ["nps"]
    assert list(among.table.columns) == list(alone.table.columns)


def test_a_stronger_signal_is_never_less_probable_to_be_warned_of() -> None:
    p_values = [
        trends.early_warnings([chart_of([*CALM[:-1], last])]).table["p_value"].iloc[0]
        for last in (47.0, 49.0, 52.0, 60.0)
    ]
    assert p_values == sorted(p_values, reverse=True)


def test_only_the_latest_point_counts() -> None:
    earlier = chart_of([*CALM[:8], 60, *CALM[8:]])
    assert earlier.table["flags"].str.contains("outside").any()
    assert trends.early_warnings([earlier]).table.empty


def test_a_rebase_starts_the_evidence_anew() -> None:
    values = [*CALM, 60.0, 61, 60, 61, 60, 62, 61]
    assert not trends.early_warnings([chart_of(values)]).table.empty
    assert trends.early_warnings([chart_of(values, rebase=["2025-05"])]).table.empty


def test_reservations_name_their_charts() -> None:
    drift = [float(x) for x in np.cumsum(np.random.default_rng(1).normal(size=30))]
    result = trends.early_warnings({"nps": chart_of(drift), "ces": chart_of([4.0])})
    assert any("values of nps are correlated" in caveat for caveat in result.caveats)
    assert any("limits of ces are on trial" in caveat for caveat in result.caveats)
    assert any("do not all end in the same period" in caveat for caveat in result.caveats)
    assert (result.n_used, result.n_dropped) == (1, 1)


@pytest.mark.parametrize(
    ("charts", "options", "message"),
    [
        ({}, {}, "no chart to warn of"),
        ([chart_of(CALM)], {"false_report": 0}, "not between 0 and 1"),
        ([chart_of(CALM)], {"false_report": 20}, "not between 0 and 1"),
        ({"nps": pd.Series([1.0])}, {}, "'nps' is no chart but Series"),
    ],
)
def test_a_page_that_cannot_be_judged_is_refused(
    charts: object, options: dict[str, float], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        trends.early_warnings(charts, **options)


@pytest.mark.parametrize("charts", [None, chart_of(CALM)])
def test_what_is_no_page_of_charts_is_refused(charts: object) -> None:
    with pytest.raises(DataError, match="takes charts by name, or a list of them, not "):
        trends.early_warnings(charts)
