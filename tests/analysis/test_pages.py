from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import pages, scores, trends
from cxlib.analysis.figures import split_figure
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.analysis.splits import period_changes, split_changes
from cxlib.errors import DataError
from tests.reference import process_charts

NPS, DESK = Metric("nps", "nps"), Touchpoint("desk")


@dataclass(frozen=True)
class Definition:
    direction: str = "higher"
    target: float | None = None
    format: str = "number"


@dataclass(frozen=True)
class Aim:
    metric: str
    target: float


def survey(periods: int = 8, n: int = 60, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    labels = [f"{2024 + q // 4}Q{q % 4 + 1}" for q in range(periods)]
    size = periods * n
    return pd.DataFrame(
        {
            "period": np.repeat(labels, n),
            "nps": rng.integers(4, 11, size).astype(float),
            "desk": rng.integers(1, 6, size).astype(float),
            "group": rng.choice(["a", "b"], size),
        }
    )


def figures(values: list[float], key: str = "calls") -> pd.DataFrame:
    months = [f"2025-{m + 1:02d}" for m in range(len(values))]
    frame = pd.DataFrame({"kpi": key, "period": months, "unit": "all", "value": values})
    return frame.assign(numerator=np.nan, denominator=np.nan)


def test_a_reported_figure_is_charted_as_nist_does() -> None:
    frame = figures(list(process_charts.NIST_FLOW))
    page = pages.chart_page(None, figures=frame, definitions={"calls": Definition()})
    row = page.table.iloc[0]
    found = (row["centre"], row["lower"], row["upper"])
    # 2.66 instead of 3/1.128 moves the limits by less than a thousandth of their distance
    published = (
        process_charts.NIST_CENTRE,
        process_charts.NIST_LOWER,
        process_charts.NIST_UPPER,
    )
    assert found == pytest.approx(published, abs=2e-3)
    assert np.isnan(row["low"])
    assert np.isnan(row["base"])


def test_a_scores_limits_know_each_periods_sample() -> None:
    data = survey()
    page = pages.chart_page(data, questions=[NPS, DESK])
    table = scores.score_table(data, metric=NPS, by="period").table
    ranges = table["value"].diff().abs()
    kept = ranges[ranges <= 3.267 * ranges.mean()]
    errors = table["standard_error"] ** 2
    tau = max(0.0, (kept.mean() / 1.128) ** 2 - errors.mean())
    half = 3 * sqrt(tau + errors.iloc[-1])
    row = page.table.set_index("metric").loc["nps"]
    assert row["upper"] == pytest.approx(row["centre"] + half, rel=1e-3)
    assert page.table["metric"].tolist() == ["nps", "desk"]
    assert row["base"] == 60


def test_a_period_of_few_answers_is_a_gap() -> None:
    data = survey()
    few = data[(data["period"] != "2024Q3") | (data.groupby("period").cumcount() < 9)]
    page = pages.chart_page(few, questions=[NPS])
    gap = page.charts["nps"].table.set_index("period").loc["2024Q3"]
    assert np.isnan(gap["value"])
    assert page.history.set_index("period").loc["2024Q3", "base"] == 9


def test_ratios_are_summed_over_units_not_averaged() -> None:
    frame = pd.DataFrame(
        {
            "kpi": "seen",
            "period": ["2025-01", "2025-01", "2025-02", "2025-02"],
            "unit": ["big", "small", "big", "small"],
            "value": [0.9, 0.5, 0.8, 0.6],
            "numerator": [900.0, 5.0, 800.0, 6.0],
            "denominator": [1000.0, 10.0, 1000.0, 10.0],
        }
    )
    page = pages.chart_page(
        None, figures=frame, definitions={"seen": Definition(format="percent", target=0.95)}
    )
    assert page.history["value"].tolist() == pytest.approx([905 / 1010, 806 / 1010])
    assert page.table.loc[0, "base"] == 1010
    assert page.table.loc[0, "unit"] == "share"
    assert page.table.loc[0, "target"] == 0.95


def test_plain_values_of_several_units_are_averaged_and_said_so() -> None:
    frame = pd.concat([figures([4.0, 6.0]), figures([6.0, 10.0]).assign(unit="second")])
    page = pages.chart_page(None, figures=frame, definitions={"calls": Definition()})
    assert page.history["value"].tolist() == [5.0, 8.0]
    assert "plain mean of 2 units" in page.caveats[0]


def test_the_contracts_target_counts_before_the_figures_own() -> None:
    page = pages.chart_page(
        None,
        figures=figures([1.0, 2.0, 1.0]),
        definitions={"calls": Definition(target=5.0)},
        targets=[Aim("calls", 3.0), Aim("calls", 9.0)],
    )
    assert page.table.loc[0, "target"] == 3.0


def test_a_rebase_is_for_all_charts_or_one_and_keeps_its_reason() -> None:
    data = survey()
    known = [*dict.fromkeys(data["period"]), "2026Q1"]
    page = pages.chart_page(
        data,
        questions=[NPS, DESK],
        rebase={"2025Q1": "new counter", "nps": {"2025Q3": "new scale"}, "2026Q1": "to come"},
        known_periods=known,
    )
    assert page.charts["desk"].rebased == (("2025Q1", "new counter"),)
    assert page.charts["nps"].rebased == (("2025Q1", "new counter"), ("2025Q3", "new scale"))


def test_a_rebase_before_a_question_was_asked_is_passed_over() -> None:
    data = survey()
    data.loc[data["period"] < "2025Q1", "desk"] = np.nan
    page = pages.chart_page(data, questions=[DESK], rebase={"2024Q3": "moved"})
    assert page.charts["desk"].rebased == ()


@pytest.mark.parametrize(
    ("rebase", "message"),
    [
        ({"2025Q9": ""}, "rebase names '2025Q9', no period of this client"),
        ({"npss": {"2025Q1": ""}}, "rebase names 'npss', no KPI with a chart; did you mean 'nps'"),
    ],
)
def test_a_mistyped_rebase_is_refused(rebase: dict[str, object], message: str) -> None:
    data = survey()
    with pytest.raises(DataError, match=message):
        pages.chart_page(
            data, questions=[NPS], rebase=rebase, known_periods=list(data["period"].unique())
        )


def test_a_signal_the_other_way_leaves_the_assurance_open() -> None:
    values = [80.0, 81, 80, 81, 80, 81, 80, 81, 80, 81, 80, 71]
    page = pages.chart_page(
        None, figures=figures(values), definitions={"calls": Definition(target=75.0)}
    )
    row = page.table.iloc[0]
    assert page.charts["calls"].assurance == "reaches"
    assert (row["variation"], row["assurance"]) == ("concerning", "open while it changes")


def test_a_question_nobody_answered_has_no_chart_and_is_named() -> None:
    data = survey().assign(desk=np.nan)
    page = pages.chart_page(data, questions=[NPS, DESK])
    assert (page.n_charts, page.n_without) == (1, 1)
    assert page.caveats == ("desk has no period with 10 answers: no chart.",)


def test_a_page_of_stable_surveys_warns_falsely_in_at_most_a_fifth_of_reports() -> None:
    reports = 24
    warned = sum(
        len(
            trends.early_warnings(
                pages.chart_page(survey(seed=seed), questions=[NPS, DESK]).charts
            ).table
        )
        > 0
        for seed in range(reports)
    )
    assert warned / reports <= 0.2


def test_changes_are_those_of_the_scores_with_their_bases() -> None:
    page = pages.chart_page(survey(), questions=[NPS, DESK])
    found = period_changes(page, metrics=["nps"], period="2025Q4").table
    values = page.history[page.history["metric"] == "nps"].set_index("period")["value"]
    assert found["against"].tolist() == ["last period", "last year"]
    assert found["change"].tolist() == pytest.approx(
        [values["2025Q4"] - values["2025Q3"], values["2025Q4"] - values["2024Q4"]]
    )
    assert found["base"].tolist() == [60, 60]
    assert set(found["metric"]) == {"nps"}


def test_a_unanimous_score_is_not_taken_for_a_count() -> None:
    page = pages.chart_page(survey().assign(nps=9.0), questions=[NPS])
    found = period_changes(page, metrics=["nps"], period="2025Q4")
    assert not found.table["counted"].any()
    assert found.caveats


def test_splits_add_up_and_find_a_planted_mix() -> None:
    data = survey(periods=5, n=200)
    data["nps"] = np.where(data["group"] == "a", 10.0, 5.0)
    last = data["period"] == "2025Q1"
    data.loc[last, "group"] = np.where(np.arange(last.sum()) % 10 < 8, "b", "a")
    data.loc[last, "nps"] = np.where(data.loc[last, "group"] == "a", 10.0, 5.0)
    found = split_changes(data, metrics=[NPS], segments=["group"], period="2025Q1", bootstrap=200)
    main = found.main("nps", "last period")
    assert main is not None
    assert main["rate"] == pytest.approx(0, abs=1e-9)
    assert main["mix_high"] < 0
    table = found.table
    assert (table["rate"] + table["mix"] - table["total"]).abs().max() < 1e-9
    assert table["against"].tolist() == ["last period", "last year"]


def test_a_figures_change_is_the_sum_of_its_units() -> None:
    frame = pd.DataFrame(
        {
            "kpi": "seen",
            "period": ["2025-01", "2025-01", "2025-02", "2025-02", "2025-02"],
            "unit": ["x", "y", "x", "y", "new"],
            "value": np.nan,
            "numerator": [80.0, 90.0, 60.0, 90.0, 5.0],
            "denominator": [100.0] * 4 + [10.0],
        }
    )
    found = split_figure(frame, metric="seen", before="2025-01", after="2025-02")
    assert found.total == pytest.approx(155 / 210 - 170 / 200)
    assert found.rate + found.mix == pytest.approx(found.total)
    assert found.table.loc[0, "place"] == "x"
    # by hand: shares 0.5 and 100/210 of x, its figure from .8 to .6
    assert found.table.loc[0, "rate"] == pytest.approx((0.5 + 100 / 210) / 2 * -0.2)
    with pytest.raises(DataError, match="no figure in period '2025-07'"):
        split_figure(frame, metric="seen", before="2025-07", after="2025-02")
