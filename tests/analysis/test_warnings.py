from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import trends
from cxlib.errors import DataError

CALM = [39.0, 41, 40, 42, 43, 40, 41, 42, 40, 41, 43, 40, 42, 39, 41, 42]


def months(n: int) -> list[str]:
    return [str(p) for p in pd.period_range("2024-01", periods=n, freq="M")]


def chart_of(values: list[float], **options: object) -> trends.XmrChart:
    series = pd.Series(values, index=months(len(values)), dtype=float)
    return trends.xmr(series, **{"improvement": "higher"} | options)


def noise_of(
    rng: np.random.Generator, n: int, *, carry: float = 0.0, skew: float = 0.0
) -> np.ndarray:
    """Return one stable series of mean 0 and variance 1."""
    shape = 4 / skew**2 if skew else 1.0
    draws = rng.standard_normal(n + 40) if not skew else rng.gamma(shape, size=n + 40)
    z = draws if not skew else (draws - shape) / np.sqrt(shape)
    for t in range(1, n + 40):
        z[t] = carry * z[t - 1] + np.sqrt(1 - carry**2) * z[t]
    return z[40:]


def false_reports(
    make: Callable[[np.random.Generator], trends.XmrChart],
    reports: int,
    seed: int,
    charts: int = 4,
) -> float:
    """Return the share of reports of stable charts that hold a warning."""
    rng = np.random.default_rng(seed)
    warned = 0
    for _ in range(reports):
        page = [make(rng) for _ in range(charts)]
        warned += not trends.early_warnings(page).table.empty
    return warned / reports


def xmr_of(n: int, **noise: float) -> Callable[[np.random.Generator], trends.XmrChart]:
    index = months(n)
    return lambda rng: trends.xmr(
        pd.Series(noise_of(rng, n, **noise), index=index), improvement="higher"
    )


def nps_of(
    n: np.ndarray, *, season: float = 0.0
) -> Callable[[np.random.Generator], trends.XmrChart]:
    """Return a maker of NPS charts: answers drawn one by one, a process of its own, a season."""
    index = months(len(n))
    wave = season * np.sin(2 * np.pi * np.arange(len(n)) / 12)

    def make(rng: np.random.Generator) -> trends.XmrChart:
        level = (30 + wave + rng.normal(0, 2, len(n))) / 100
        detractors = (0.7 - level) / 2  # 30 % passives
        counts = [rng.multinomial(k, [d, 0.3, 0.7 - d]) for k, d in zip(n, detractors, strict=True)]
        d, _passive, p = np.array(counts).T / n
        variance = 1e4 * (p + d - (p - d) ** 2)
        table = pd.DataFrame(
            {"period": index, "value": 100 * (p - d), "n": n, "variance": variance}
        )
        return trends.score_chart(table, improvement="higher", limits=(-100, 100))

    return make


PROMISE = 0.40
"""Of 20 reports at 20 %, more than 8 hold a warning with probability 0.01."""


STABLE = {
    "independent": xmr_of(24),
    "a year": xmr_of(12),
    "eight quarters": xmr_of(8),
    "AR(.5)": xmr_of(24, carry=0.5),
    "AR(.5), a year": xmr_of(12, carry=0.5),
    "skew of 1": xmr_of(24, skew=1.0),
    "exponential": xmr_of(24, skew=2.0),
    "falling n": nps_of(np.linspace(400, 30, 24).astype(int)),
    "rising n": nps_of(np.linspace(30, 400, 24).astype(int)),
    "season of 10 NPS": nps_of(np.full(30, 200), season=10.0),
    "season of 10 NPS over four years": nps_of(np.full(50, 200), season=10.0),
}


@pytest.mark.parametrize("case", STABLE)
def test_at_most_one_stable_report_in_five_holds_a_warning(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxlib.analysis.trends.stable.SIMULATED", 1000)
    charts = 2 if case.startswith("season") else 4  # they take longest
    rate = false_reports(STABLE[case], reports=20, seed=len(case), charts=charts)
    assert rate <= PROMISE


def test_the_promise_is_not_kept_by_silence() -> None:
    """Half the jumps of 5 standard deviations at the latest of 24 points are warned of."""
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(40):
        series = noise_of(rng, 24)
        series[-1] -= 5
        stepped = trends.xmr(pd.Series(series, index=months(24)), improvement="higher")
        page = [stepped, *[chart_of(CALM)] * 9]
        found += "1" in trends.early_warnings(page).table["chart"].tolist()
    assert found >= 20


def test_unadjusted_rules_would_warn_a_stable_page_in_four() -> None:
    page = [xmr_of(24)(np.random.default_rng(each)) for each in range(20)]
    result = trends.early_warnings(page)
    assert 0.22 <= result.unadjusted_rate <= 0.33
    assert result.false_alarm_rate <= 0.20


def test_more_carry_over_than_was_simulated_takes_the_promise_back() -> None:
    rng = np.random.default_rng(2)
    drifting = trends.xmr(
        pd.Series(np.cumsum(rng.standard_normal(80)), index=months(80)), improvement="higher"
    )
    result = trends.early_warnings({"drift": drifting, "calm": chart_of(CALM)})
    assert result.unpromised == ("drift",)
    assert np.isnan(result.false_alarm_rate)
    assert any("more often than stated" in caveat for caveat in result.caveats)


def test_a_yearly_dip_is_no_warning_and_a_deeper_one_is() -> None:
    rng = np.random.default_rng(9)
    dip = 50 + 10 * np.cos(2 * np.pi * np.arange(31) / 12) + rng.normal(0, 1.5, 31)
    assert trends.early_warnings([chart_of(list(dip))]).table.empty  # July again
    deeper = trends.early_warnings([chart_of([*dip[:-1], dip[-1] - 12])]).table.iloc[0]
    assert deeper["turn"] == "worse"
    assert deeper["centre"] == pytest.approx(40, abs=2)  # what July usually is


def test_a_shift_is_warned_of_until_the_new_level_has_settled() -> None:
    low = [30.0, 31, 29, 30, 31, 30, 29, 31, 30]
    for since in (1, 2, 5, 7):
        row = trends.early_warnings([chart_of([*CALM, *low[:since]], shifts=True)]).table.iloc[0]
        assert (row["since"], row["turn"]) == ("2025-05", "worse")
        assert row["centre"] == pytest.approx(np.mean(CALM), abs=0.1)  # usual until then
    settled = chart_of([*CALM, *low], shifts=True)
    assert trends.early_warnings([settled, *[chart_of(CALM)] * 9]).table.empty


def test_a_signal_whose_cause_is_the_mix_is_no_warning() -> None:
    page = {"nps": chart_of([*CALM[:-1], 20.0]), "csat": chart_of([*CALM[:-1], 20.0])}
    result = trends.early_warnings(page, causes={"nps": "mix", "csat": "like for like"})
    assert result.table["chart"].tolist() == ["csat"]
    assert result.held_back[["chart", "held_back"]].to_numpy().tolist() == [["nps", "mix"]]


def test_the_chance_quoted_is_the_reports() -> None:
    result = trends.early_warnings([chart_of([*CALM[:-1], 47.0]), *[chart_of(CALM)] * 3])
    row = result.table.iloc[0]
    assert row["chance"] == pytest.approx(4 * row["p_value"])


def test_a_leap_and_a_slide_are_warned_of_with_their_beginning() -> None:
    slide = [*CALM[:9], 36, 35.5, 36, 35, 36, 35.5, 36]
    result = trends.early_warnings(
        {"nps": chart_of([*CALM[:-1], 55]), "wait": chart_of(slide), "csat": chart_of(CALM)}
    )
    table = result.table.set_index("chart")
    assert set(table.index) == {"nps", "wait"}
    assert table.loc["nps", ["period", "since", "rule", "turn", "severity"]].tolist() == [
        "2025-04",
        "2025-04",
        "outside",
        "better",
        "good",
    ]
    assert table.loc["wait", "since"] == "2024-10"
    assert table.loc["wait", "turn"] == "worse"
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
    assert [row["turn"] for row in found] == ["better", "worse", "high"]
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
    assert any("limits of ces are on trial" in caveat for caveat in result.caveats)
    assert any("do not all end in the same period" in caveat for caveat in result.caveats)
    assert (result.n_used, result.n_dropped) == (1, 1)


@pytest.mark.parametrize(
    ("charts", "options", "message"),
    [
        ({}, {}, "no chart to warn of"),
        ([chart_of(CALM)], {"false_report": 0}, "must be above 0 and below 1"),
        ([chart_of(CALM)], {"false_report": 20}, "must be above 0 and below 1"),
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
