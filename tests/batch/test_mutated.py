"""Seeded mishaps in a demo client's survey: what reading lets pass, every chapter can rest on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxlib import params
from cxlib.batch.plan import Request
from cxlib.batch.run import rehearse
from cxlib.data.check import check
from tests.conftest import copy_workspace

RATED = ["搜索 Search", "商品 Product", "支付 Checkout", "配送 Delivery", "客服 Service"]
KPIS = ["推荐 Recommend", "满意 Satisfaction", "省力 Ease"]
GROUPS = ["平台 Platform", "语言 Language", "客户类型 Buyer"]
Mishap = Callable[[pd.DataFrame, pd.Series, np.random.Generator], pd.DataFrame]


def blank(names: list[str]) -> Mishap:
    return lambda frame, last, rng: frame.assign(
        **{(name := str(rng.choice(names))): frame[name].mask(last, "")}
    )


MISHAPS: dict[str, Mishap] = {
    "hardly an answer in the latest month": lambda frame, last, rng: frame[
        ~last | (last & (last.cumsum() <= rng.integers(1, 4)))
    ],
    "a KPI that nobody was asked lately": blank(KPIS),
    "a touchpoint that nobody was asked lately": blank(RATED),
    "a group that is not known lately": blank(GROUPS),
    "everyone is delighted": lambda frame, _last, rng: frame.assign(
        **{str(rng.choice(RATED)): "5"}
    ),
    "a column pasted twice": lambda frame, _last, rng: frame.assign(
        **{RATED[i]: frame[RATED[i - 1]] for i in rng.integers(1, 5, 1)}
    ),
    "one kind of customers": lambda frame, last, rng: frame.assign(
        **{(name := str(rng.choice(GROUPS))): frame[name].mask(last, frame[name].iloc[0])}
    ),
    "weights of nothing": lambda frame, last, rng: frame.assign(
        **{"权重 Weight": frame["权重 Weight"].mask(last & (rng.random(len(frame)) < 0.5), "0")}
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4])
def test_what_reading_lets_pass_runs(tmp_path: Path, seed: int) -> None:
    place = copy_workspace(tmp_path / "work", "nova-mall")
    rng = np.random.default_rng(seed)
    path = place.data("nova-mall") / "survey_2026.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    last = frame["答题时间 Time"].str.startswith("2026-09")
    assert last.sum() > 50
    for name in rng.choice(list(MISHAPS), 3, replace=False):
        frame = MISHAPS[name](frame, last.reindex(frame.index), rng)
    frame.to_csv(path, index=False, encoding="utf-8-sig")
    client = params.load("nova-mall", place)
    assert not [fault for fault in check(client, place) if fault.severity == "error"]
    request = Request(place.reports, ("nova-mall",), language="en")
    assert list(map(str, rehearse(client, place, request))) == []
