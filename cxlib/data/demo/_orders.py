"""The demo mall's orders, drawn from the very model that customer lifetime value assumes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias

import numpy as np

from cxlib.data.demo import _mess as mess

CUSTOMERS = 7_200
FIRST_DAY, LAST_DAY = np.datetime64("2024-10-01"), np.datetime64("2026-09-30")
BG_NBD = {"r": 0.6, "alpha": 11.0, "a": 0.9, "b": 2.6}
"""Planted (weeks): purchase rate ~ Gamma(r, alpha), drop-out after a purchase ~ Beta(a, b)."""
GAMMA_GAMMA = {"p": 6.0, "q": 4.0, "v": 120.0}
"""Planted (CNY): order value ~ Gamma(p, nu) with nu ~ Gamma(q, v), whatever the frequency."""
CATEGORIES = {"服饰 Fashion": 0.32, "数码 Digital": 0.22, "家居 Home": 0.24, "美妆 Beauty": 0.22}


Orders: TypeAlias = SimpleNamespace
"""Arrays in time order: ``customer, day, amount`` and ``number``: of a customer's earlier ones."""


def orders(rng: np.random.Generator) -> Orders:
    """Draw each customer's first order, and repeats until the customer drops out."""
    span = int((LAST_DAY - FIRST_DAY).astype(int))
    start = np.sort(np.where(rng.random(CUSTOMERS) < 0.1, 15, span) * rng.random(CUSTOMERS))
    rate = rng.gamma(BG_NBD["r"], 1 / BG_NBD["alpha"], CUSTOMERS) / 7
    leave = rng.beta(BG_NBD["a"], BG_NBD["b"], CUSTOMERS)
    spend = rng.gamma(GAMMA_GAMMA["q"], 1 / GAMMA_GAMMA["v"], CUSTOMERS)
    who, when, nth = [np.arange(CUSTOMERS)], [start], [np.zeros(CUSTOMERS, dtype=np.int64)]
    alive, now = np.arange(CUSTOMERS), start
    while len(alive):
        now = now + rng.exponential(1 / rate[alive])
        inside = now <= span
        alive, now = alive[inside], now[inside]
        who.append(alive)
        when.append(now)
        nth.append(np.full(len(alive), len(nth)))
        stays = rng.random(len(alive)) >= leave[alive]
        alive, now = alive[stays], now[stays]
    customer, time, number = np.concatenate(who), np.concatenate(when), np.concatenate(nth)
    order = np.lexsort((number, customer, time))
    customer, number = customer[order], number[order]
    amount = rng.gamma(GAMMA_GAMMA["p"], 1 / spend[customer])
    return Orders(
        customer=customer,
        day=FIRST_DAY + np.floor(time[order]).astype("m8[D]"),
        amount=np.maximum(np.round(amount, 2), 0.01),
        number=number,
    )


def write_orders(path: Path, bought: Orders) -> Path:
    """Write the orders' file; a point for every full ten yuan."""
    rng = np.random.default_rng(len(bought.day))
    kind = rng.choice(list(CATEGORIES), size=len(bought.day), p=list(CATEGORIES.values()))
    columns = {
        "order_id": [f"D{700_000 + i}" for i in range(len(bought.day))],
        "customer_id": [f"U{500_000 + 3 * c}" for c in bought.customer.tolist()],
        "order_date": bought.day, "category": kind, "amount": bought.amount,
        "points": np.floor(bought.amount / 10).astype(int),
    }  # fmt: skip
    return mess.write_table(path, columns, encoding="utf-8-sig")
