"""The demo bank's register of a service desk: scores from a seed of its own, with planted truth."""

from __future__ import annotations

from itertools import combinations

import numpy as np

SEED = 20260901
WEIGHTS = {
    "routing": 0.24, "channels": 0.20, "security": 0.17, "reporting": 0.13,
    "knowledge": 0.10, "ease": 0.09, "integration": 0.07,
}  # fmt: skip
"""Planted behind the comparisons, which are rounded to Saaty's scale."""
QUALITY = {
    "deskwise": (5, 4, 4, 4, 4, 4, 4),
    "ticketfox": (3, 3, 4, 4, 3, 3, 3),
    "callgrid": (4, 5, 4, 3, 3, 4, 5),
    "cloudline": (5, 5, 4, 5, 5, 5, 5),
    "minidesk": (3, 2, 2, 2, 2, 4, 2),
}
"""Planted, in the order of the weights: deskwise leads; cloudline fails a must, minidesk security."""
ASSESSORS = {"service": 1.0, "it": -1.5, "risk": 0.0, "branches": 0.0}
"""Planted: what each adds on ease of use: the head of service and IT see it differently."""
HALF = "branches"
"""Planted: this assessor scored the first half of the options only."""

_HEAD = """\
# Planted: deskwise leads firmly and costs more than ticketfox; cloudline fails a must, minidesk is
# too weak on security; service and IT differ on ease of use; branches scored half; sla is late.
choice:
  kind: service-desk
  title: {en: Service desk of the contact centre, zh: 客服中心服务台}
  years: 3
  users: 60
  price_rise: 4%
criteria:
"""
_OPTIONS = """\
musts:
  - id: home
    title: {en: Customer data stay in the country, zh: 客户数据存放在境内}
options:
  - {id: deskwise, title: Deskwise, licence: 18000, set_up: 25000, training: 8000, per_user: 420}
  - {id: ticketfox, title: TicketFox, licence: 9000, set_up: 15000, training: 6000, per_user: 300}
  - {id: callgrid, title: CallGrid, licence: 15000, set_up: 40000, training: 9000, per_user: 380}
  - {id: cloudline, title: CloudLine, fails: [home], licence: 12000, set_up: 10000, training: 5000, per_user: 540}
  - {id: minidesk, title: MiniDesk, licence: 4000, set_up: 5000, training: 3000, per_user: 180}
assessors:
  - {id: service, title: {en: Head of service, zh: 客服负责人}}
  - {id: it, title: {en: Head of IT, zh: 信息技术负责人}}
  - {id: risk, title: {en: Risk officer, zh: 风险管理负责人}}
  - {id: branches, title: {en: Head of branches, zh: 网点管理部经理}}
"""
_ROLLOUT = """\
rollout:
  - id: categories
    title: {en: Categories and their routes, zh: 工单分类与流转路径}
    owner: {en: Head of service, zh: 客服负责人}
    due: 2026-08-31
    done: 2026-08-28
  - id: sla
    title: {en: SLA clocks with opening hours and holidays, zh: 按营业时间与节假日设定 SLA 计时}
    owner: {en: Head of IT, zh: 信息技术负责人}
    due: 2026-09-15
  - id: events
    title: {en: Export with every event tested, zh: 含全部事件的导出已测试}
    owner: {en: Head of IT, zh: 信息技术负责人}
    due: 2026-11-13
  - id: articles
    title: {en: Articles for the commonest questions, zh: 常见问题知识条目}
    due: 2026-11-27
  - id: users
    title: {en: Training of all agents, zh: 培训全体客服人员}
    kind: training
    owner: {en: Head of service, zh: 客服负责人}
    due: 2026-12-11
"""


def register() -> str:
    """Return the register as a YAML file."""
    rng = np.random.default_rng(SEED)
    knock_out = {"security": ", knock_out: 3"}
    criteria = [f"  - {{id: {name}{knock_out.get(name, '')}}}" for name in WEIGHTS]
    pairs = [
        f"  - {{criterion: {a}, other: {b}, value: {_saaty(WEIGHTS[a] / WEIGHTS[b])}}}"
        for a, b in combinations(WEIGHTS, 2)
    ]
    scores = []
    for assessor, lift in ASSESSORS.items():
        asked = [(option, n) for option in QUALITY for n in range(len(WEIGHTS))]
        for option, n in asked[: len(asked) // 2] if assessor == HALF else asked:
            name = list(WEIGHTS)[n]
            noise = rng.choice((-1, 0, 1), p=(0.1, 0.8, 0.1))
            given = QUALITY[option][n] + noise + (lift if name == "ease" else 0.0)
            told = f"option: {option}, criterion: {name}, assessor: {assessor}"
            scores.append(f"  - {{{told}, score: {int(np.clip(np.floor(given), 1, 5))}}}")
    lists = [_HEAD + "\n".join(criteria), "comparisons:", *pairs, _OPTIONS + "scores:", *scores]
    return "\n".join([*lists, _ROLLOUT])


def _saaty(ratio: float) -> str:
    return f"{round(ratio)}" if ratio >= 1 else f"1/{round(1 / ratio)}"
