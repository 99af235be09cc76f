"""The registers of the demo clients: written out, with planted truth (see `data/README.md`)."""

from __future__ import annotations

from pathlib import Path

from cxlib.data.demo import _contracts, _needs, _tools, _training, _visits

LAKESIDE_ACTIONS = """\
# Planted: a2 moved its KPI's chart or not as the tickets say; a5 was tried in one region when ease
# rose in all of them, in Q4 2025; a6 moved nothing; a1 is late; a7 answers a finding of nobody.
actions:
  - id: a1
    title: {en: Call-back offer when all lines are busy, zh: 线路全忙时提供回拨}
    kind: process
    kpi: first_response
    effort: 30
    owner: {en: Head of the contact centre, zh: 客服中心经理}
    due: 2026-08
    state: in progress
    approved: 2026-02-10
    started: 2026-03-02
    note: {en: Supplier late with the telephone system, zh: 电话系统供应商延期}
  - id: a2
    title: {en: Answer templates for the commonest card questions, zh: 银行卡常见问题应答模板}
    kind: communication
    kpi: handle_time
    effort: 12
    owner: {en: Knowledge manager, zh: 知识库主管}
    due: 2026-03
    state: done
    done: 2026-03-27
  - id: a3
    title: {en: Checklist before a card ticket is closed, zh: 银行卡工单关单前检查清单}
    kind: process
    kpi: reopen_rate
    effort: 6
    owner: {en: Team lead cards, zh: 银行卡组组长}
    due: 2026-12-15
    state: in progress
    started: 2026-08-03
  - id: a4
    title: {en: Card fees are shown in the app before they are charged, zh: 信用卡费用扣收前在 App 中提示}
    kind: communication
    finding: assessment.fees
    kpi: fees
    effect: 0.3
    effect_low: 0.1
    effect_high: 0.5
    effort: 25
    worth: 90000
    owner: {en: Head of cards, zh: 信用卡部经理}
    due: 2026Q4
    state: approved
    proposed: 2026-07-14
    approved: 2026-08-20
  - id: a5
    title: {en: One form instead of three for service requests, zh: 三张服务申请表合并为一张}
    kind: process
    kpi: ces
    effect: 0.4
    effort: 40
    segment: region
    levels: [North]
    owner: {en: Head of operations, zh: 运营部经理}
    due: 2025Q4
    state: verified
    started: 2025-08-04
    done: 2025-10-13
    verified: 2026-02-16
  - id: a6
    title: {en: Greeter at the branch door, zh: 网点设迎宾引导员}
    kind: staff
    kpi: branch
    effect: 0.2
    effort: 90
    segment: region
    levels: [North, West]
    owner: {en: Head of branches, zh: 网点管理部经理}
    due: 2026Q1
    state: done
    started: 2026-01-12
    done: 2026-02-27
  - id: a7
    title: {en: Redesign of the paper statement, zh: 重新设计纸质对账单}
    kind: product
    finding: assessment.statement_design
    kpi: statements
    effect: 0.2
    effort: 45
    state: proposed
  - id: a8
    title: {en: Train agents to settle card questions at once, zh: 培训坐席一次办结银行卡问题}
    kind: staff
    finding: drivers.contact_centre
    kpi: contact_centre
    effect: 0.5
    effect_low: 0.2
    effect_high: 0.8
    effort: 60
    worth: 120000
    owner: {en: Head of the contact centre, zh: 客服中心经理}
    due: 2027Q1
    state: approved
    approved: 2026-09-08
  - id: a9
    title: {en: Payments in the app without a second log-in, zh: App 内支付免二次登录}
    kind: technology
    kpi: app
    effect: 0.2
    effort: 35
    state: proposed
  - id: a10
    title: {en: Two agents read e-mail first every morning, zh: 每天上午两名坐席优先处理邮件}
    kind: process
    finding: service.resolution_sla
    kpi: resolution_sla
    effort: 10
    owner: {en: Team lead back office, zh: 后台组组长}
    due: 2026-11-13
    state: approved
    approved: 2026-09-22
adjustments:
  - action: a1
    date: 2026-06-24
    change: {en: Due moved from June to August, zh: 完成时间由6月推迟至8月}
    reason: {en: The supplier delivers the telephone system later, zh: 供应商推迟交付电话系统}
"""

HARBOUR_ACTIONS = """\
# 植入的事实：h1 完成后入住办理无明确变化；h2 已逾期。
actions:
  - id: h1
    title: {en: Second check-in desk between 2 and 8 pm, zh: 14:00–20:00 增开第二个入住柜台}
    kind: staff
    finding: assessment.checkin
    kpi: checkin
    effect: 0.8
    effect_low: 0.5
    effect_high: 1.1
    effort: 45
    worth: 380000
    owner: {en: Front office manager, zh: 前厅部经理}
    due: 2026-07
    state: done
    approved: 2026-06-15
    started: 2026-06-22
    done: 2026-07-20
  - id: h2
    title: {en: Online check-in the day before arrival, zh: 抵店前一天在线办理入住}
    kind: technology
    finding: drivers.checkin
    kpi: checkin
    effect: 1.0
    effect_low: 0.6
    effect_high: 1.3
    effort: 70
    worth: 520000
    owner: {en: Head of digital, zh: 数字化负责人}
    due: 2026-08-31
    state: in progress
    approved: 2026-06-15
    started: 2026-07-06
  - id: h3
    title: {en: Fixed routine for cleaning between 11 am and 2 pm, zh: 11:00–14:00 客房清扫标准流程}
    kind: process
    kpi: room
    effect: 0.1
    effort: 20
    worth: 60000
    owner: {en: Housekeeping manager, zh: 客房部经理}
    due: 2026-12-15
    state: approved
    approved: 2026-09-14
  - id: h4
    title: {en: Staff greet returning members by name, zh: 员工以姓氏问候老会员}
    kind: staff
    kpi: service
    effect: 0.1
    effort: 12
    due: 2026-11-30
    state: proposed
adjustments:
  - action: h2
    date: 2026-08-17
    change: {en: Starts with two houses instead of six, zh: 先在两家酒店试行，而非六家}
    reason: {en: The interface to the old system is missing, zh: 旧系统缺少接口}
"""

NOVA_ACTIONS = """\
# 植入的事实：n1 仅在 App 上线，退换货无明确变化，与其他平台无异；n2 逾期。
actions:
  - id: n1
    title: {en: Free pick-up of returns, zh: 退货免费上门取件}
    kind: process
    kpi: returns
    effect: 0.6
    effect_low: 0.3
    effect_high: 0.9
    effort: 50
    segment: platform
    levels: [App]
    worth: 460000
    owner: {en: Head of logistics, zh: 物流负责人}
    due: 2026-06
    state: done
    started: 2026-04-13
    done: 2026-06-18
  - id: n2
    title: {en: Refund within three days of arrival, zh: 退货签收后三日内退款}
    kind: process
    kpi: returns
    effect: 0.5
    effort: 20
    worth: 240000
    owner: {en: Head of finance, zh: 财务负责人}
    due: 2026-08-31
    state: in progress
    started: 2026-07-01
  - id: n3
    title: {en: Real sizes and buyers' photos beside the product, zh: 商品页增加实测尺码与买家实拍}
    kind: product
    kpi: product
    effect: 0.15
    effort: 40
    worth: 300000
    owner: {en: Head of merchandise, zh: 商品负责人}
    due: 2026-11-30
    state: approved
    approved: 2026-09-10
  - id: n4
    title: {en: In the evening chats are answered by staff, zh: 晚间在线客服由人工接待}
    kind: staff
    kpi: customer_service
    effect: 0.2
    effort: 60
    state: proposed
"""

REGISTERS = {
    "harbour-hotels": {"actions": HARBOUR_ACTIONS, "visits": _visits.register()},
    "lakeside-bank": {
        "actions": LAKESIDE_ACTIONS,
        "needs": _needs.register(),
        "tools": _tools.register(),
        "obligations": _contracts.LAKESIDE,
    },
    "nova-mall": {
        "actions": NOVA_ACTIONS,
        "obligations": _contracts.NOVA,
        "training": _training.register(),
    },
}


def write(client: str, folder: Path) -> list[Path]:
    """Write a client's registers and return their paths."""
    (folder / "registers").mkdir(exist_ok=True)
    paths = []
    for name, text in REGISTERS[client].items():
        paths.append(folder / "registers" / f"{name}.yaml")
        paths[-1].write_bytes(text.encode("utf-8"))
    return paths
