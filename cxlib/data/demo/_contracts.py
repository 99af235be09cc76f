"""The contracts of the demo clients as registers of obligations, written out with planted truth."""

from __future__ import annotations

NOVA = """\
# 植入的事实：d2 到期未答复，视为验收；d3 迟交 5 天；d6 逾期未交；d8 审阅期跨国庆假期，至 10 月 10 日（调休上班）；
# p3 客户逾期未付；d9 落在尚未公布日历的年份；d10 约定在假日。
contract:
  number: NM-2026-014
  signed: 2025-12-22
  start: 2026-01-05
  end: 2026-12-31
  notice_days: 60
  review_days: 5
  late_fee: 0.05%            # 每日
  fee_cap: 5%
deliverables:
  - id: d1
    title: {en: Project plan, zh: 项目计划书}
    clause: "3.1"
    due: 2026-01-16
    delivered: 2026-01-15
    replied: 2026-01-20
    reply: accepted
    evidence: [项目计划书 v1.2, 启动会纪要 2026-01-12]
  - id: d2
    title: {en: Baseline assessment, zh: 基线测评报告}
    clause: "3.2"
    due: 2026-02-28
    delivered: 2026-02-27
    evidence: [02-assessment 2026-01]
  - id: d3
    title: {en: Report for the first quarter, zh: 第一季度报告}
    clause: "3.3"
    due: 2026-04-15
    delivered: 2026-04-20
    replied: 2026-04-24
    reply: accepted
    amount: 60000
    evidence: [15-summary 2026-03, 11-monitoring 2026-03]
  - id: d4
    title: {en: "Training: reading satisfaction figures", zh: 培训：读懂满意度数据}
    kind: training
    clause: "4.1"
    due: 2026-05-29
    delivered: 2026-05-28
    replied: 2026-06-02
    reply: accepted
    hours: 6
    people: 24
    evidence: [签到表 2026-05-28, 课后测验]
  - id: d5
    title: {en: Report for the second quarter, zh: 第二季度报告}
    clause: "3.3"
    due: 2026-07-15
    delivered: 2026-07-14
    replied: 2026-07-20
    reply: accepted
    amount: 60000
    evidence: [15-summary 2026-06]
  - id: d6
    title: {en: "Training: answering upset buyers", zh: 培训：应对不满买家}
    kind: training
    clause: "4.2"
    due: 2026-09-20           # 周日，调休上班
    hours: 8
    people: 30
    amount: 40000
  - id: d8
    title: {en: Workshop on returns, zh: 退换货流程工作坊}
    kind: workshop
    clause: "3.4"
    due: 2026-09-29
    delivered: 2026-09-28
    hours: 4
    people: 12
    evidence: [工作坊纪要 2026-09-28]
  - id: d10
    title: {en: Report for the third quarter, zh: 第三季度报告}
    clause: "3.3"
    due: 2026-10-03           # 国庆假期
    amount: 60000
  - id: d9
    title: {en: Report for the year and handover, zh: 年度报告与移交}
    clause: "3.5"
    due: 2027-01-15
    amount: 60000
milestones:
  - {id: m1, title: {en: Survey goes live, zh: 调研上线}, due: 2026-01-26, done: 2026-01-23}
  - {id: m2, title: {en: Targets agreed, zh: 目标商定}, due: 2026-03-20, done: 2026-03-27}
  - {id: m3, title: {en: Returns process changed, zh: 退换货流程完成改造}, due: 2026-10-30, owed_by: client}
payments:
  - {id: p1, title: {en: First instalment (30%), zh: 首期款（30%）}, amount: 120000, after: d1, days: 15, paid: 2026-02-02}
  - {id: p2, title: {en: Second instalment (20%), zh: 第二期款（20%）}, amount: 80000, after: d2, days: 30, paid: 2026-04-07}
  - {id: p3, title: {en: Third instalment (30%), zh: 第三期款（30%）}, amount: 120000, after: d5, days: 30, invoiced: 2026-07-21}
  - {id: p4, title: {en: Final instalment (20%), zh: 尾款（20%）}, amount: 80000, after: d9, days: 30}
duties:
  - {id: u1, title: {en: Confidentiality of client data, zh: 客户数据保密义务}, until: 2029-12-31, owed_by: consultants}
  - {id: u2, title: {en: Personal data are deleted, zh: 删除个人信息}, until: 2027-03-31, owed_by: consultants}
changes:
  - id: c1
    date: 2026-06-11
    title: {en: A workshop on returns instead of a second mystery-shopping round, zh: 以退换货工作坊代替第二轮神秘客}
    decision: agreed
    decided: 2026-06-18
    effect: {en: No change of price; d8 is new, zh: 价格不变；新增 d8}
  - id: c2
    date: 2026-09-15
    title: {en: Reports for the mini program by itself, zh: 小程序单独出具报告}
meetings:
  - {id: t1, date: 2026-01-12, title: {en: Kick-off, zh: 启动会}, decision: {en: Survey by text message after delivery, zh: 签收后短信发放问卷}}
  - {id: t2, date: 2026-07-22, title: {en: Review of the second quarter, zh: 第二季度复盘会}, decision: {en: Returns first, zh: 优先改进退换货}}
questions:
  - {id: q1, date: 2026-09-02, title: {en: Who releases the return addresses by warehouse?, zh: 各仓退货地址由谁提供？}, owner: {en: Head of logistics, zh: 物流负责人}}
  - {id: q2, date: 2026-08-11, title: {en: Which orders count as late?, zh: 哪些订单算延迟？}, owner: {en: Head of logistics, zh: 物流负责人}, answered: 2026-08-20, answer: {en: Later than the promised day, zh: 晚于承诺日期}}
"""

LAKESIDE = """\
# Planted: b2 was deemed accepted, b3 is four days late, b5 is under review, p2 is late.
contract: {number: LB-0417, start: 2026-01-02, end: 2027-01-29, notice_days: 90, review_days: 10, late_fee: 0.1%, fee_cap: 10%}
deliverables:
  - {id: b1, title: {en: Assessment of the journey, zh: 客户旅程测评}, clause: "2.1", due: 2026-02-27, delivered: 2026-02-25, replied: 2026-03-04, reply: accepted, evidence: [02-assessment 2025Q4]}
  - {id: b2, title: {en: Target agreement, zh: 目标协议}, clause: "2.2", due: 2026-03-31, delivered: 2026-03-30, evidence: [07-targets 2026Q1]}
  - {id: b3, title: {en: Service report for the half-year, zh: 半年度服务报告}, clause: "2.3", due: 2026-07-13, delivered: 2026-07-17, replied: 2026-07-21, reply: accepted, amount: 18000, evidence: [09-service 2026Q2]}
  - {id: b4, title: {en: "Training: team leads and quality", zh: 培训：组长与服务质量}, kind: training, clause: "3.1", due: 2026-11-20, hours: 12, people: 16}
  - {id: b5, title: {en: Driver study, zh: 驱动因素研究}, clause: "2.4", due: 2026-09-25, delivered: 2026-09-24, evidence: [06-drivers 2026Q3]}
  - {id: b6, title: {en: Report for the year, zh: 年度报告}, clause: "2.5", due: 2027-01-15, amount: 24000}
milestones:
  - {id: m1, title: {en: Call-back goes live, zh: 回拨功能上线}, due: 2026-08-31, owed_by: client}
payments:
  - {id: p1, title: {en: First half, zh: 首期款}, amount: 30000, after: b2, days: 30, paid: 2026-05-12}
  - {id: p2, title: {en: Half-year, zh: 半年款}, amount: 18000, after: b3, days: 30}
  - {id: p3, title: {en: Final payment, zh: 尾款}, amount: 24000, after: b6, days: 30}
duties:
  - {id: u1, title: {en: Confidentiality, zh: 保密义务}, until: 2030-01-29, owed_by: consultants}
meetings:
  - {id: t1, date: 2026-07-21, title: {en: Half-year review, zh: 半年度复盘会}, decision: {en: Card fees are explained in the app, zh: 在 App 中说明信用卡费用}}
questions:
  - {id: q1, date: 2026-09-10, title: {en: Do recovered card customers count as new?, zh: 赢回的信用卡客户算新客户吗？}, owner: {en: Head of cards, zh: 信用卡部经理}}
"""
