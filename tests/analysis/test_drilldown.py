from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.analysis import investigation, pages, trends
from cxlib.analysis.compare import difference
from cxlib.analysis.drilldown import drill_down
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.analysis.scores import mean
from cxlib.errors import DataError

NPS = Metric("nps", "nps")
STEPS = [Touchpoint("desk"), Touchpoint("room")]


def survey(*, fall: float = 0.0, only: str | None = None, shares: float = 0.5) -> pd.DataFrame:
    """Eight quarters; in the last the desk falls (in one hotel), or hotel b's share changes."""
    rng = np.random.default_rng(8)
    parts = []
    for quarter in range(8):
        n, last = 500, quarter == 7
        hotel = np.where(rng.random(n) < (shares if last else 0.5), "b", "a")
        mood = np.where(hotel == "b", -0.8, 0.0) + rng.normal(0, 0.5, n)
        hit = last & ((hotel == only) if only else np.ones(n, dtype=bool))
        desk = np.clip(np.round(4.2 + mood + np.where(hit, fall, 0.0)), 1, 5)
        room = np.clip(np.round(4.2 + mood + rng.normal(0, 0.5, n)), 1, 5)
        nps = np.clip(np.round(8 + 1.2 * mood + (desk - 4.2) + rng.normal(0, 0.7, n)), 0, 10)
        parts.append(
            pd.DataFrame(
                {
                    "period": f"{2024 + quarter // 4}Q{quarter % 4 + 1}",
                    "hotel": hotel,
                    "nps": nps,
                    "desk": desk,
                    "room": room,
                    "comment": np.where(desk <= 2, [f"waited {i} minutes" for i in range(n)], ""),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def found_in(data: pd.DataFrame) -> investigation.WarningList:
    page = pages.chart_page(data, questions=[NPS, *STEPS])
    return investigation.investigate(
        trends.early_warnings(page.charts),
        page=page,
        survey=data,
        metrics=[NPS],
        touchpoints=STEPS,
        segments=["hotel"],
        measures={"desk": "front office: second counter"},
    )


def test_without_segments_it_is_the_plain_difference() -> None:
    data = survey(fall=-1)
    before, after = (data[data["period"] == p]["desk"] for p in ("2025Q3", "2025Q4"))
    plain = difference(mean(after, scale=(1, 5)), mean(before, scale=(1, 5)))
    down = drill_down(data, metric=NPS, before="2025Q3", after="2025Q4", touchpoints=STEPS)
    row = down.table.set_index("question").loc["desk"]
    assert (row["change"], row["low"], row["p_value"]) == pytest.approx(
        (plain.value, plain.low, plain.p_value)
    )
    assert len(down.table) == 3


def test_a_touchpoint_that_fell_for_all_is_named_alike() -> None:
    found = found_in(survey(fall=-1.2))
    row = found.table.set_index("metric").loc["nps"]
    assert (row["where"], row["touchpoint"], row["level"]) == ("desk", "desk", "")
    assert (row["since"], row["severity"]) == ("2025Q4", "serious")
    assert row["measure"] == "front office: second counter"
    assert row["high"] < 0


def test_a_group_that_fell_alone_is_named() -> None:
    found = found_in(survey(fall=-2.2, only="a"))
    row = found.table.set_index("metric").loc["nps"]
    assert (row["touchpoint"], row["segment"], row["level"]) == ("desk", "hotel", "a")
    assert found.comments["comment"].str.startswith("waited").all()
    assert (found.comments["rating"] <= 3).all()
    assert found.comments.groupby(["touchpoint", "group"]).size().max() <= 3


def test_other_customers_are_not_taken_for_a_worse_service() -> None:
    found = found_in(survey(shares=0.95))
    row = found.table.set_index("metric").loc["nps"]
    assert row["where"] == "other customers, not the service"
    cause = found.causes[found.table["metric"].tolist().index("nps")]
    assert cause.drilldown is not None
    assert cause.drilldown.place is None
    assert cause.mix is not None
    assert cause.mix["mix_high"] < 0


def test_the_earlier_wave_is_brought_to_the_later_mix() -> None:
    data = survey(shares=0.95)
    down = drill_down(
        data, metric=NPS, before="2025Q3", after="2025Q4", touchpoints=STEPS, segments=["hotel"]
    )
    then = data[data["period"] == "2025Q3"]
    now = data[data["period"] == "2025Q4"]["hotel"].value_counts(normalize=True)
    by_hotel = then.groupby("hotel")["room"].mean()
    matched = float((by_hotel * now).sum())
    row = down.overall.set_index("question").loc["room"]
    assert row["before"] == pytest.approx(matched, abs=1e-6)
    assert down.segments == ("hotel",)


def test_a_level_of_one_period_only_is_left_out_and_counted() -> None:
    data = survey()
    data.loc[data.index[-40:], "hotel"] = "new"
    down = drill_down(
        data, metric=NPS, before="2025Q3", after="2025Q4", touchpoints=STEPS, segments=["hotel"]
    )
    assert down.n_dropped == 40
    assert set(down.table["level"]) == {"", "a", "b"}


def test_small_groups_take_no_part_in_the_tests() -> None:
    data = survey(fall=-1)
    last = data.index[data["period"] == "2025Q4"]
    data.loc[last, "hotel"] = np.where(np.arange(len(last)) < 6, "a", "b")
    down = drill_down(
        data, metric=NPS, before="2025Q3", after="2025Q4", touchpoints=STEPS, segments=["hotel"]
    )
    small = down.table[down.table["level"] == "a"]
    assert small["p_adjusted"].isna().all()


def test_stable_surveys_name_no_place() -> None:
    down = drill_down(
        survey(), metric=NPS, before="2025Q3", after="2025Q4", touchpoints=STEPS, segments=["hotel"]
    )
    assert down.place is None
    assert down.group is None


def test_a_period_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match="no rows of period '2031Q1'"):
        drill_down(survey(), metric=NPS, before="2031Q1", after="2025Q4")


def test_a_reported_figure_is_followed_to_its_units() -> None:
    months = [f"2025-{m:02d}" for m in range(1, 13)]
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {
            "kpi": "seen",
            "period": np.repeat(months, 2),
            "unit": ["north", "south"] * 12,
            "numerator": 90 + rng.integers(-1, 2, 24).astype(float),
            "denominator": 100.0,
        }
    ).assign(value=np.nan)
    frame.loc[frame.index[-1], "numerator"] = 60.0

    class Seen:
        direction, target, format = "higher", 0.95, "percent"

    page = pages.chart_page(None, figures=frame, definitions={"seen": Seen()})
    found = investigation.investigate(trends.early_warnings(page.charts), page=page, survey=None)
    units = found.causes[0].units
    assert units is not None
    assert units.table.loc[0, "place"] == "south"
    assert found.table.loc[0, "where"] == "see its units below"
