from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cxlib.data.demo import _guests, _orders, _tickets


def test_tickets_run_forwards_in_time_and_are_open_hours_work(files: SimpleNamespace) -> None:
    log = files.tickets()
    assert log["Ticket"].is_unique
    assert 18_000 < len(log) < 24_000
    for earlier, later in (("Created", "First response"), ("First response", "Solved")):
        assert not (log[later] < log[earlier]).any()
    assert not (log["Closed"] < log["Solved"]).any()
    live = log[log["Channel"] != "email"]
    assert live["Created"].dt.day_of_week.max() == 4
    assert live["Created"].dt.hour.between(_tickets.OPENS, _tickets.CLOSES - 1).all()
    assert not live["Created"].dt.strftime("%Y-%m-%d").isin(_tickets.HOLIDAYS).any()


def test_every_kind_of_ticket_is_there(files: SimpleNamespace) -> None:
    log = files.tickets()
    assert set(log["Status"]) == {"Open", "Solved", "Closed", "Cancelled", "Merged"}
    open_ = log[log["Status"] == "Open"]
    assert 20 < len(open_) < 200
    assert open_["Solved"].isna().all()
    assert log.loc[log["Status"].isin(["Cancelled", "Merged"]), "Solved"].isna().all()
    assert log.loc[log["Status"] == "Closed", "Closed"].notna().all()
    assert set(log.loc[log["Complaint"] == "No", "Upheld"]) == {""}


def test_planted_ticket_facts_are_recovered(files: SimpleNamespace) -> None:
    log = files.tickets()
    seconds = pd.to_numeric(log["Handle time (s)"].mask(log["Handle time (s)"] == "", None))
    for channel, mean in _tickets.HANDLE_MEAN.items():
        assert seconds[log["Channel"] == channel].mean() == pytest.approx(mean, rel=0.04)
    reopened = (log["Reopened"] != "0").groupby(log["Queue"]).mean()
    for queue, share in _tickets.REOPENED_SHARE.items():
        assert reopened[queue] == pytest.approx(share, abs=0.015)
    wait = (log["First response"] - log["Created"]).dt.total_seconds()
    phone = wait[log["Channel"] == "phone"].groupby(log["Created"] >= _tickets.SLOW_SINCE).median()
    assert phone[True] / phone[False] == pytest.approx(_tickets.SLOW_FACTOR, rel=0.1)
    again = log.sort_values("Created").groupby(["Customer", "Topic"])["Created"].diff().dt.days < 7
    assert again.mean() > 0.09


def test_higher_tiers_leave_less_and_leavers_begin_with_the_records(files: SimpleNamespace) -> None:
    members = pd.read_csv(
        files.data / "harbour-hotels" / "members.csv", encoding="gb18030", keep_default_na=False
    )
    joined = pd.to_datetime(members["入会日期"])
    left = pd.to_datetime(members["退会日期"].mask(members["退会日期"] == "", None))
    begin, end = pd.Timestamp(_guests.RECORDS_BEGIN), pd.Timestamp(_guests.RECORDS_END)
    assert left.min() > begin
    assert (left.dropna() > joined[left.notna()]).all()
    months = (left.fillna(end) - joined.clip(lower=begin)).dt.days / 30.4375
    rate = left.notna().groupby(members["等级"]).sum() / months.groupby(members["等级"]).sum()
    for tier, monthly in _guests.LEAVING_A_MONTH.items():
        assert rate[tier] == pytest.approx(monthly, rel=0.15)


def test_stays_belong_to_members_while_they_are_members(files: SimpleNamespace) -> None:
    people, visits = files.harbour_population()
    left = np.where(np.isnat(people.left), _guests.RECORDS_END, people.left)
    assert (visits.day >= people.joined[visits.guest]).all()
    assert (visits.day <= left[visits.guest]).all()
    stays = pd.read_csv(files.data / "harbour-hotels" / "stays.csv", encoding="gb18030")
    assert stays["订单号"].is_unique
    assert set(files.survey("harbour-hotels")["id"]) <= set(stays["会员号"])


def test_guests_stay_less_often_before_they_join_and_others_never_do(
    files: SimpleNamespace,
) -> None:
    people, visits = files.harbour_population()
    numbers, before = _guests.others(people, visits)
    mine = before.guest < _guests.MEMBERS
    assert (before.day[mine] <= people.joined[before.guest[mine]]).all()
    told = pd.read_csv(files.data / "harbour-hotels" / "stays_before.csv", encoding="gb18030")
    assert told["订单号"].is_unique
    assert told["会员号"].tolist() == numbers[before.guest].tolist()
    assert (told["获得积分"] == 0).all()
    known = np.unique(before.guest[mine])
    end = np.where(np.isnat(people.left), _guests.RECORDS_END, people.left)[known]
    at = people.joined[known]
    since = np.bincount(visits.guest, minlength=_guests.MEMBERS)[known] / (end - at).astype(float)
    earlier = np.bincount(before.guest, minlength=len(numbers))[known] - 1  # the one they joined at
    ago = earlier / (at - _guests.RECORDS_BEGIN).astype(float)
    rate = before.rate[known]
    assert np.average(since / rate, weights=rate) == pytest.approx(
        _guests.MORE_OFTEN * np.average(ago / rate, weights=rate), rel=0.1
    )


def test_orders_follow_their_model(files: SimpleNamespace) -> None:
    orders = pd.read_csv(files.data / "nova-mall" / "orders.csv", encoding="utf-8-sig")
    assert orders["order_id"].is_unique
    planted = _orders.GAMMA_GAMMA
    mean = planted["p"] * planted["v"] / (planted["q"] - 1)
    by_customer = orders.groupby("customer_id")["amount"].agg(["mean", "size"])
    assert by_customer["mean"].mean() == pytest.approx(mean, rel=0.04)
    repeat = by_customer[by_customer["size"] > 1]
    assert abs(repeat["mean"].corr(repeat["size"])) < 0.06
    firsts = pd.to_datetime(orders.groupby("customer_id")["order_date"].min())
    early = firsts[firsts < "2025-03-01"].index  # long observed: most who will return have
    assert 0.5 < (by_customer.loc[early, "size"] > 1).mean() < 0.8
    assert set(files.survey("nova-mall")["id"]) <= set(orders["customer_id"])
