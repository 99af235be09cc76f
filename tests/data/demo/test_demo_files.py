from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cxlib.data.demo import harbour, lakeside, nova
from cxlib.data.demo._survey import bounds

CLIENTS = {"harbour-hotels": harbour, "lakeside-bank": lakeside, "nova-mall": nova}


def test_the_mess_is_there_and_bounded(files: SimpleNamespace) -> None:
    cells = files.raw("harbour-hotels")
    ratings = cells[list(harbour.HEADER[6:18])].melt()["value"]
    assert 0.002 < ratings.str.contains("[０-９]").mean() < 0.006
    assert 0.002 < ratings.str.endswith(" ").mean() < 0.006
    blank = (cells == "").all(axis=1)
    assert blank.sum() == 3
    assert ((cells["提交时间"] == "") & ~blank).sum() == 5
    for shape in (r"\d{4}/\d+/\d+ \d+:\d\d", r"\d{4}-\d\d-\d\d", r"\d{4}年\d+月\d+日"):
        assert cells["提交时间"].str.fullmatch(shape).sum() > 300


@pytest.mark.parametrize("client", CLIENTS)
def test_some_rows_were_sent_twice_and_every_answer_is_on_its_scale(
    client: str, files: SimpleNamespace
) -> None:
    data, section = files.survey(client), files.params(client)["survey"]
    dated = files.raw(client)[section["columns"]["date"]].map(files.clean) != ""
    assert 0.004 < dated.sum() / len(data) - 1 < 0.012
    scales = {key: item["scale"] for key, item in section["metrics"].items()}
    scales |= {item["key"]: item["scale"] for item in section["touchpoints"]}
    for key, (low, high) in scales.items():
        assert data[key].dropna().between(low, high).all(), key
        asked = data[f"{key}_used"] & ((data["period"] >= "2025-01") | (key != "packaging"))
        assert 0 < data.loc[asked, key].isna().mean() < 0.03, key


@pytest.mark.parametrize("client", CLIENTS)
def test_many_comment_and_their_words_fit_their_ratings(
    client: str, files: SimpleNamespace
) -> None:
    data = files.own(client).dropna(subset="nps")
    written = data[data["comment"] != ""]
    assert 0.3 < len(written) / len(data) < 0.55
    assert not written["comment"].str.contains("[{}]").any()
    assert written["comment"].nunique() > 0.35 * len(written)
    unhappy = written["comment"].str.contains(
        "太失望|很失望|不会再|希望尽快|disappoint|[Pp]lease (?:fix|sort)|I expect better"
    )
    assert unhappy[written["nps"] <= 6].mean() > 0.08
    assert not unhappy[written["nps"] >= 9].any()
    private = written["comment"].str.contains(r"@example\.com|13800138000|7700 ?900")
    assert 10 < private.sum() < 100


def test_nova_speaks_both_languages(files: SimpleNamespace) -> None:
    data = files.survey("nova-mall")
    written = data[data["comment"] != ""]
    chinese = written["comment"].str.contains("[\u4e00-\u9fff]")
    assert ((written["by_reader"] == "zh") == chinese).all()
    assert 0.2 < 1 - chinese.mean() < 0.36


def test_novas_yearly_files_differ_and_lack_only_what_was_not_asked() -> None:
    headers = [nova.columns_of(year) for year in ("2024", "2025", "2026")]
    assert headers[0] != headers[1] != headers[2]
    assert set(headers[1]) - set(headers[0]) == {"packaging"}
    assert set(headers[2]) - set(headers[1]) == {"campaign"}


@pytest.mark.parametrize("client", CLIENTS)
def test_the_client_file_knows_every_touchpoint_segment_value_and_period(
    client: str, files: SimpleNamespace
) -> None:
    section, data = files.params(client)["survey"], files.survey(client)
    keys = [item["key"] for item in section["touchpoints"]]
    assert keys == [point.key for point in CLIENTS[client].MODEL.touchpoints]
    assert list(section["invited"]) == sorted(data["period"].unique())
    assert {item["stage"] for item in section["touchpoints"]} == set(section["stages"])
    for key, item in section["segments"].items():
        declared = set(item.get("values") or item["order"])
        assert set(data[f"by_{key}"]) == declared
    for item in [*section["touchpoints"], *section["metrics"].values()]:
        assert set(item["label"]) == {"en", "zh"}
    answered = files.own(client).groupby("period").size()
    assert (answered / pd.Series(section["invited"])).between(0.15, 0.65).all()


def test_invitations_are_the_customers_who_could_be_asked(files: SimpleNamespace) -> None:
    _, visits = files.harbour_population()
    for wave, invited in files.params("harbour-hotels")["survey"]["invited"].items():
        first, end = bounds(wave)
        inside = (visits.day >= first) & (visits.day < end)
        assert len(np.unique(visits.guest[inside])) == invited
    orders = pd.read_csv(files.data / "nova-mall" / "orders.csv", encoding="utf-8-sig")
    monthly = orders.groupby(orders["order_date"].str[:7])["customer_id"].nunique()
    assert monthly.to_dict() == files.params("nova-mall")["survey"]["invited"]


@pytest.mark.parametrize("client", CLIENTS)
def test_one_target_is_met_one_is_not_and_one_cannot_be_told(
    client: str, files: SimpleNamespace
) -> None:
    data = files.own(client)
    latest = data[data["period"] == data["period"].max()]
    z = {}
    for target in files.params(client)["targets"]:
        if target["metric"] not in ("nps", "csat", "ces"):
            continue  # a target on tickets: chapter 09 judges it
        ratings = latest[target["metric"]].dropna()
        if target["metric"] == "nps":
            value, error = files.nps(ratings), files.nps_error(ratings)
        elif target["metric"] == "csat":
            share = (ratings >= 4).mean()
            value, error = 100 * share, 100 * (share * (1 - share) / len(ratings)) ** 0.5
        else:
            value, error = ratings.mean(), ratings.std() / len(ratings) ** 0.5
        z[target["metric"]] = (value - target["target"]) / error
    low, middle, high = sorted(z.values())
    assert low < -2.5
    assert abs(middle) < 1.2
    assert high > 2.5
    assert middle == z["csat"]
