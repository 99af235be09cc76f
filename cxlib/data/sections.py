"""The sections of a drafted client file: survey, tickets, members, transactions."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from cxlib.data import values
from cxlib.data.guess import (
    BEST_IS_ONE,
    EASE,
    EFFORT,
    GROUPS,
    HARD,
    NUMBERED,
    OVERALL,
    RATED,
    RECOMMEND,
    SATISFIED,
    Column,
    Scale,
    When,
    blocks_of,
    numbers,
    scale_of,
    when_of,
)
from cxlib.data.masking import mask_text
from cxlib.data.readers import Raw
from cxlib.params.base import CANONICAL
from cxlib.params.source import Source

_HAN = re.compile(r"[\u4e00-\u9fff]")
_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][\w.\u4e00-\u9fff-]*(?: [\w\u4e00-\u9fff]+)*")
_RESERVED = frozenset({"null", "true", "false"})
_PERSONAL = re.compile(
    r"(first|last|full|recipient ?\w*|customer|user)? ?name|姓名|昵称|微信.*|e-?mail.*|邮箱.*|(cell|mobile|tele)? ?phone( ?no\.?| ?number)?|"
    r"mobile( number)?|手机号?|电话.*|联系方式|来自ip|ip|((e-?mail|home|ip|postal|street) ?)?address|地址.*|location(lat|long)itude|"
    r"recipient\w+|latitude|longitude|requester( email)?|身份证.*",
    re.IGNORECASE,
)
_META = re.compile(
    r"duration.*|progress|finished|status|start ?(date|time)( \(utc\))?|开始(答题)?时间|所用时间|答题时长|来源(详情)?|"
    r"总分|collector id|distribution ?channel|user ?language|seed|last ?page|start ?language|"
    r"external ?reference|清洗数据结果|network id|response type",
    re.IGNORECASE,
)
IDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(customer|client|member|user|account|guest|subscriber)[ _]?(id|no\.?|number|code)|uid|"
        r"(会员|客户|用户|顾客)(号|编号|id|代码|号码)",
        r"(response|respondent|answer|record|case)[ _]?(id|no\.?)|答卷编号|答题序号|问卷编号|#",
        r"id|序号|编号|no\.?",
    )
)
_WHEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"recorded ?date|提交答卷时间|结束答题时间|submitdate|date submitted|submit date.*|timestamp|时间戳记?|"
        r"(提交|填写|答题|完成|结束|评价|调查)(时间|日期)",
        r"end ?(date|time)|date modified|completed.*|.*(response|survey|interview).*date",
        r"(?!.*(birth|生日|出生)).*(date|time|日期|时间|day|month|月份).*",
    )
)
_WEIGHT = re.compile(r"(survey )?weight|wt|wgt|weighting|加权|权重|权数", re.IGNORECASE)
_WAVE = re.compile(r"wave|批次|期次|波次|期数|quarter|季度|period|期间|round", re.IGNORECASE)
_BRAND = re.compile(r"brand|品牌", re.IGNORECASE)
COMMENT = re.compile(
    r"comment|feedback|verbatim|suggest|\bwhy\b|please explain|留言|建议|意见|评论|反馈|吐槽|备注",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\bage\b|gender|sex|income|region|tenure|年龄|性别|收入|学历", re.IGNORECASE)

_KEYS = {
    "delivery": "配送|物流|送货",
    "after_sales": "售后",
    "service": "客服|服务",
    "price": "价格|性价比",
    "packaging": "包装",
    "product": "产品|商品|质量",
    "installation": "安装",
    "environment": "环境",
    "website": "网站|官网|网页",
    "payment": "支付|付款|结账",
    "booking": "预订|预约",
    "returns": "退换|退货",
    "waiting": "等待|等候|排队",
    "gender": "性别",
    "age": "年龄",
    "city": "城市",
    "region": "地区|区域|省份",
    "channel": "渠道",
    "tier": "等级",
    "store": "门店",
    "occupation": "职业",
    "income": "收入",
    "education": "学历",
    "staff": "员工|店员",
    "speed": "速度|时效",
    "type": "类型",
    "platform": "平台",
    "reasons": "原因",
    "category": "类别|品类|分类",
}

TICKETS = {
    "id": r"(ticket|case|issue|request|incident|unique)[ _]?(id|no\.?|number|key)|number|key|id|ticket|case|工单(编?号|id)|单号|编号",
    "created": r"created?( ?at| ?time| ?date| ?on)?|(sys_)?created_(on|at|date|time)|opened(_at| at)?|open(ed)? (date|time)|"
    r"创建(时间|日期)|提交时间|建单时间|受理时间|来电时间",
    "first_response": r"first[ _]res?po?n[sd].*(at|time|date)|first repl\w+ at|first (response|reply)|initial response time|首次(响应|回复)时间|首响时间",
    "resolved": r"resolved( ?at| ?time| ?date)?|resolved_(at|date)|solved at|resolution date|solved|解决(时间|日期)|完成时间|办结时间",
    "closed": r"closed( ?at| ?time| ?date)?|closed_(at|date|time)|close date|关闭(时间|日期)|结单时间",
    "state": r"status|state|incident_state|状态|工单状态",
    "customer": IDS[0].pattern + r"|caller|requester id|customer|客户",
    "channel": r".*channel.*|source|via|渠道|来源渠道|来源|受理渠道",
    "queue": r"queue|队列|技能组",
    "priority": r"priority|优先级|紧急程度",
    "group": r"(assignment )?group|team|agency|department|班组|部门|处理组",
    "agent": r"agent|assignee|assigned to|owner|坐席|客服|处理人|受理人",
    "reopened": r"reopen(s|ed)?( count)?|重开次数",
    "reassigned": r"reassign(ed|ment)?( ?_?count| stations)?|转派次数",
    "csat": r"csat|satisfaction( score| rating)?|满意度(评分)?|评分",
    "category": r"category|(issue|complaint|request|ticket)[ _]?type|type|topic|reason|主题|原因|问题类型|工单类型|类别|分类",
    "complaint": r"(is )?complaint|是否投诉",
    "upheld": r"upheld|投诉成立",
    "sla_met": r"(within|met|in) sla|sla[ _](met|status)|是否(达标|超时)|达标",
    "comment": r"(short )?description|comments?|summary|subject|备注|描述|问题描述",
}
_DURATIONS = {
    "first_response": r"(first (reply|response)|首次?响应)\s*(time|时长|耗时).*",
    "resolution": r"(full resolution|resolution|解决|处理)\s*(time|时长|耗时).*",
    "handle": r"(handle|handling|talk|通话|处理)\s*(time|时长|耗时).*|talk",
}
TRANSACTIONS = {
    "member": IDS[0].pattern,
    "date": r".*date|(order|purchase|transaction|invoice)?[ _]?time|created at|下单(时间|日期)|交易(时间|日期)|日期|"
    r".*(日期|时间)",
    "amount": r".*(amount|revenue|sales|total|price|spend|value)|.*金额.*|实付.*|总价",
    "order": r"(order|transaction|invoice|basket)[ _]?(id|no\.?|number)|订单(编?号|id)|交易号|小票号",
    "points": r".*points?|.*积分.*",
    "category": r".*category|product[ _]?(type|line)|品类|类别|商品分类",
}
MEMBERS = {
    "id": IDS[0].pattern + r"|id|卡号",
    "joined": r"(join(ed|ing)?|enrol\w*|regist\w+|signup|sign up|member since|start)[ _]?(date|at|on)?|入会(日期|时间)|"
    r"注册(日期|时间)|开卡(日期|时间)",
    "left": r"(left|leave|cancel\w*|end|churn)[ _]?(date|at|on)|退会(日期|时间)|注销(日期|时间)",
    "tier": r"(member(ship)?[ _])?(tier|level|status)|会员等级|等级|级别",
    "birthday": r"birth(day|[ _]?date)|date of birth|dob|生日|出生日期",
}
_STATES = {
    "open": r"open|new|pending|in ?progress|to ?do|waiting.*|on ?hold|assigned|started|hold|active|新建|处理中|待.*|"
    r"未(处理|解决|完成).*|进行中|受理中|挂起",
    "resolved": r"resolved|solved|done|completed?|fixed|已(解决|完成|处理|办结)",
    "closed": r"closed?|已?关闭|已结单|结案",
    "cancelled": r"cancel+ed|rejected|withdrawn|deleted|spam|已?取消|作废|已撤销",
    "merged": r"merged|duplicate|已?合并|重复",
    "abandoned": r"abandoned|no answer|missed|未接通|放弃|漏接",
}


@dataclass(kw_only=True)
class Lines:
    """The client file in the making."""

    lines: list[str] = field(default_factory=list)

    def add(self, depth: int, text: str, why: str = "", asks: Sequence[str] = ()) -> None:
        for ask in asks:
            self.lines.append("  " * depth + f"# ? {_shown(ask)}")
        self.lines.append("  " * depth + text + (f"  # {_shown(why)}" if why else ""))


@dataclass(kw_only=True)
class Table:
    """One source: its files, how it is read, its columns and those already spoken for."""

    paths: list[Path]
    source: Source
    notes: list[str]
    raw: Raw
    columns: list[Column]
    kind: str = ""
    used: set[str] = field(default_factory=set)
    days: pd.Series | None = None
    dropped: set[str] = field(default_factory=set)
    formats: list[str] = field(default_factory=list)
    comment_at: int = 0

    def take(
        self, pattern: re.Pattern[str] | str, fits: Callable[[Column], object]
    ) -> Column | None:
        """Return the first free column whose name matches and which fits; it is free no more."""
        for column in self.columns:
            free = column.name not in self.used and not column.texts.empty
            if free and column.called(pattern) and fits(column):
                self.used.add(column.name)
                return column
        return None

    def rest(self) -> list[Column]:
        """Return the filled columns that are still free."""
        return [c for c in self.columns if c.name not in self.used and not c.texts.empty]


def quoted(text: str) -> str:
    """Return a text as a YAML scalar that is read as this text."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    said = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in said)


def _shown(text: str) -> str:
    """Return a text as a comment: on one line, personal data masked."""
    return mask_text("".join(c if c.isprintable() else " " for c in text))


def _source(lines: Lines, table: Table, files: str) -> None:
    source = table.source
    told = {"files": quoted(files)}
    told |= {"sheet": quoted(source.sheet)} if source.sheet else {}
    told |= {"header_row": str(source.header_row)} if source.header_row else {}
    told |= {"header_rows": str(source.header_rows)} if source.header_rows else {}
    flow = ", ".join(f"{key}: {value}" for key, value in told.items())
    why = "; ".join((f"{table.columns[0].rows} rows", *table.notes))
    lines.add(1, f"source: {{{flow}}}" if len(told) > 1 else f"source: {quoted(files)}", why)


def _dated(table: Table, pattern: re.Pattern[str] | str) -> tuple[Column, When] | None:
    found: dict[str, When] = {}

    def fits(column: Column) -> bool:
        when = when_of(column, table.formats)
        if when:
            found[column.name] = when
        return when is not None

    column = table.take(pattern, fits)
    if column is None:
        return None
    when = found[column.name]
    if when.format and when.format not in table.formats:
        table.formats.append(when.format)
    return column, when


def _range(when: When) -> str:
    return f"{when.first:%Y-%m-%d} to {when.last:%Y-%m-%d}"


def _formats(lines: Lines, table: Table) -> None:
    if table.formats:
        lines.add(1, f"date_format: [{', '.join(map(json.dumps, table.formats))}]")


class _Keys:
    """Keys for columns: plain words of their names, none twice."""

    def __init__(self) -> None:
        self.taken = {*CANONICAL, *_RESERVED, "nps", "csat", "ces"}

    def of(self, name: str, other: str) -> str:
        plain = NUMBERED.sub("", name, count=1)
        plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", plain)
        word = re.sub(r"[^a-z0-9]+", "_", plain.casefold()).strip("_")[:30].strip("_")
        if _HAN.search(plain) or not word:
            known = (key for key, words in _KEYS.items() if re.search(words, plain))
            word = next(known, word if re.match("[a-z]{3}", word) else other)
        word = word if re.match("[a-z]", word) and not word.endswith("_used") else f"{other}_{word}"
        key, n = word.strip("_"), 2
        while key in self.taken:
            key, n = f"{word}_{n}", n + 1
        self.taken.add(key)
        return key


def _title(column: Column) -> str:
    """Return the words of a column that make a key: of a coded name, the end of its wording."""
    return column.wording.rpartition(" - ")[2] or column.name


def _label(key: str, said: str) -> str:
    text = NUMBERED.sub("", said, count=1).strip() or said
    return (
        ""
        if re.sub(r"\W|_", "", text.casefold()) == key.replace("_", "")
        else f", label: {quoted(text[:60])}"
    )


def survey(lines: Lines, table: Table, files: str) -> None:
    """Write the survey section."""
    lines.add(0, "survey:")
    _source(lines, table, files)
    _unfinished(lines, table)
    _survey_columns(lines, table)
    keys = _Keys()
    questions = Lines()
    for stem, block in blocks_of(table.rest()).items():
        _block(questions, stem, block, keys)
        table.used |= {column.name for column in block}
    rated: list[tuple[Column, Scale]] = []
    others: list[Column] = []
    for column in table.rest():
        scale = scale_of(column)
        words = RECOMMEND, SATISFIED, EFFORT, EASE, RATED
        asked = any(word.search(column.said) for word in words)
        if scale and (
            asked or scale.values or (scale.high > 4 and not _PERSON.search(column.name))
        ):
            rated.append((column, scale))
        else:
            others.append(column)
    _rated(lines, _harmonised(rated), keys)
    segments, left = Lines(), []
    opened = False
    for column in others:
        if {values.plain(t).casefold() for t in column.texts.unique()} <= GROUPS:
            left.append(column.name)
        elif _is_text(column):
            if not opened:
                lines.lines[table.comment_at : table.comment_at] = [
                    f"    comment: {quoted(column.name)}  # {column.distinct} different texts"
                ]
                opened = True
            else:
                key = keys.of(_title(column), "text")
                questions.add(2, f"{key}: {{column: {quoted(column.name)}, kind: open}}")
        elif mark := _several(column):
            key = keys.of(_title(column), "question")
            flow = f"column: {quoted(column.name)}, kind: multiple, separator: {json.dumps(mark)}"
            questions.add(
                2,
                f"{key}: {{{flow}{_label(key, column.wording or column.name)}}}",
                f"several choices in one cell, parted by {mark!r}",
            )
        elif 2 <= column.distinct <= 20 and len(column.texts) > 2 * column.distinct:
            key = keys.of(_title(column), "segment")
            head = column.texts.value_counts().head(5)
            told = ", ".join(f"{text!r} {n}" for text, n in head.items())
            coded = numbers(column.texts).notna().all()
            asks = (
                [
                    f"the groups of {column.name!r} are codes; write what they mean under "
                    '`values: {"1": …}`'
                ]
                if coded
                else []
            )
            flow = f"{{column: {quoted(column.name)}{_label(key, column.wording or column.name)}}}"
            segments.add(2, f"{key}: {flow}", f"{column.distinct} values: {told}", asks)
        else:
            left.append(column.name)
    for name, part in (("questions", questions), ("segments", segments)):
        if part.lines:
            lines.add(1, f"{name}:")
            lines.lines += part.lines
    left += sorted(table.used & table.dropped)
    if left:
        lines.add(1, f"# not used: {_shown(', '.join(map(repr, left)))}")


def _unfinished(lines: Lines, table: Table) -> None:
    """Offer to leave out answers that were not finished, or were tried out; `cx check` counts them."""
    kept = []
    for column in table.columns:
        plain = column.texts.str.casefold()
        odd = plain.isin(_UNFINISHED.get(column.name.casefold(), ()))
        if odd.any() and not odd.all():
            good = str(column.texts[~odd].value_counts().index[0])
            kept.append(f"{quoted(column.name)}: [{quoted(good)}]")
    if kept:
        lines.add(
            1, f"# where: {{{', '.join(kept)}}}", "would leave out unfinished answers and tests"
        )


_UNFINISHED = {
    "finished": ("false", "0"),
    "status": ("survey preview", "1", "survey test", "partial"),
    "清洗数据结果": ("无效", "异常"),
}


def _survey_columns(lines: Lines, table: Table) -> None:
    part, duplicates, missing = Lines(), 0, 0
    for column in table.columns:
        if column.called(_PERSONAL):
            table.used.add(column.name)
            table.dropped.add(column.name)
    for pattern in _WHEN:
        if found := _dated(table, pattern):
            column, when = found
            table.days = when.days
            part.add(2, f"date: {quoted(column.name)}", _range(when), when.asks)
            break
    for pattern in IDS:
        if column := table.take(pattern, lambda c: c.distinct > 0.5 * len(c.texts) > 5):
            duplicates = len(column.texts) - column.distinct
            missing = column.rows - len(column.texts)
            part.add(
                2,
                f"id: {quoted(column.name)}",
                f"{column.distinct} different in {column.rows} rows",
                [f"{missing} rows have no id: whose are they?"] if missing else (),
            )
            break
    if column := table.take(_WEIGHT, lambda c: (numbers(c.texts) > 0).all()):
        part.add(2, f"weight: {quoted(column.name)}", f"mean {numbers(column.texts).mean():.3g}")
    column = table.take(_WAVE, lambda c: 1 < c.distinct <= 60)
    if column is not None:
        listed = ", ".join(map(repr, column.texts.unique()[:4]))
        if table.days is None:
            part.add(2, f"period: {quoted(column.name)}", f"waves: {listed}")
        else:
            part.add(
                2,
                f"# period: {quoted(column.name)}",
                f"{listed}",
                ["does this column tell the period, or the date (as here)?"],
            )
    brand = table.take(_BRAND, lambda c: 1 < c.distinct <= 40)
    if brand is not None:
        first = str(brand.texts.value_counts().index[0])
        part.add(2, f"brand: {quoted(brand.name)}", f"{brand.distinct} values")
    for column in table.columns:
        if column.name not in table.used and column.called(_META):
            table.used.add(column.name)
            table.dropped.add(column.name)
    lines.add(1, "columns:" if part.lines else "columns: {}")
    table.comment_at = len(lines.lines)
    if not part.lines:  # a comment may yet come
        lines.lines[-1] = "  columns:"
        part.add(2, "id: null", "no column of ids")
    lines.lines += part.lines
    if brand is not None:
        lines.add(
            1,
            f"own_brand: {quoted(first)}",
            asks=["which brand is the client itself? Here, the most frequent"],
        )
    if duplicates:
        lines.add(
            1,
            "duplicates: last",
            asks=[
                f"{duplicates} ids come again: the same people in another wave (then `repeat_respondents: "
                "true`), or corrected answers? Within a period the last one counts here"
            ],
        )
    _formats(lines, table)


def _rated(lines: Lines, rated: list[tuple[Column, Scale]], keys: _Keys) -> None:
    """Write metrics and touchpoints, and ask where one runs against the others."""
    metrics, touchpoints = Lines(), Lines()
    overall = [
        c.name for c, _s in rated if SATISFIED.search(c.said) and not RECOMMEND.search(c.said)
    ]
    named = [c.name for c, _s in rated if c.name in overall and OVERALL.search(c.said)]
    bare = [
        name for name in overall if re.fullmatch(r"csat|satisfaction|满意度?", name, re.IGNORECASE)
    ]
    csat = (named or bare or (overall if len(overall) == 1 else []))[:1]
    against = _against(rated)
    rated = _common(lines, rated)
    for column, scale in rated:
        asks = [_asked_code(code, f"{n}×") for code, n in scale.codes.items()]
        asks += [*scale.asks, *against.get(column.name, [])]
        lower = _lower(column)
        kind = _metric(column, scale, csat)
        if kind == "mean" and RECOMMEND.search(column.said):
            asks.append(
                "NPS is defined on 0-10; was this asked on another scale? So it is a mean here"
            )
        if kind == "csat" and scale.high > 7:
            asks.append(f"satisfied: the best two of [{scale.low}, {scale.high}]; or `kind: mean`?")
        if kind == "ces":
            if lower or not EASE.search(column.said):
                asks.append(f"does a high answer mean {'hard work' if lower else 'little effort'}?")
        flow = f"column: {quoted(column.name)}, scale: [{scale.low}, {scale.high}]"
        if kind == "ces" or lower:
            flow += f", direction: {'lower' if lower else 'higher'}"
        if scale.values:
            flow += (
                ", values: {"
                + ", ".join(f"{quoted(t)}: {v}" for t, v in scale.values.items())
                + "}"
            )
        for name, codes in (
            ("missing", (*scale.codes, *scale.missing)),
            ("not_applicable", scale.not_applicable),
        ):
            if codes:
                listed = ", ".join(str(c) if isinstance(c, int) else quoted(str(c)) for c in codes)
                flow += f", {name}: [{listed}]"
        if kind:
            first = kind != "mean" and f"\n    {kind}:" not in "\n" + "\n".join(metrics.lines)
            key = kind if first else keys.of(_title(column), "rating")
            if not first and kind != "mean":
                asks.append(f"a further question of {kind}: which one is the client's?")
            flow += "" if first else f", kind: {kind}"
            flow += f", top: {1 if scale.high == 3 else 2}" if kind == "csat" else ""
            metrics.add(
                2, f"{key}: {{{flow}{_label(key, column.wording or column.name)}}}", scale.why, asks
            )
        else:
            key = keys.of(_title(column), "item")
            flow += ", top: 2" if scale.ends == (1, 5) else ""
            label = _label(key, column.wording or column.name)
            touchpoints.add(2, f"- {{key: {key}, {flow}{label}}}", scale.why, asks)
    if rated and not metrics.lines:
        asks = [
            "no question is worded as recommending, overall satisfaction or effort; if one below "
            "is, move it here as nps, csat or ces"
        ]
        lines.add(1, "# metrics: {nps: {column: …, scale: [0, 10]}}", asks=asks)
    elif metrics.lines:
        lines.add(1, "metrics:")
        lines.lines += metrics.lines
    if touchpoints.lines:
        lines.add(1, "touchpoints:", "rated alike; put them in journey order")
        lines.lines += touchpoints.lines


def _asked_code(code: int, often: str) -> str:
    return (
        f"what does {code} mean ({often})? It counts as no answer here; if it means 'did not use it', "
        "it belongs under not_applicable"
    )


def _common(lines: Lines, rated: list[tuple[Column, Scale]]) -> list[tuple[Column, Scale]]:
    """Write codes that several questions share once, for the whole survey."""
    far = Counter(code for _c, scale in rated for code in scale.codes)
    shared = {code for code, n in far.items() if n > 1}
    asks = []
    for code in sorted(shared):
        n = sum(scale.codes.get(code, 0) for _c, scale in rated)
        asks.append(_asked_code(code, f"{n}× in {far[code]} questions"))
    words: dict[str, list[str]] = {}
    for name in ("missing", "not_applicable"):
        found = Counter(c for _c, s in rated for c in getattr(s, name) if isinstance(c, str))
        words[name] = [word for word, n in found.items() if n > 1]
    words["not_applicable"] = [w for w in words["not_applicable"] if w not in words["missing"]]
    for name, codes in words.items():
        listed = [str(code) for code in sorted(shared)] if name == "missing" else []
        if listed or codes:
            flow = ", ".join([*listed, *map(quoted, codes)])
            lines.add(1, f"{name}: [{flow}]", asks=asks if name == "missing" else ())
    return [
        (
            column,
            replace(
                scale,
                codes={code: n for code, n in scale.codes.items() if code not in shared},
                missing=tuple(c for c in scale.missing if c not in words["missing"]),
                not_applicable=tuple(
                    c for c in scale.not_applicable if c not in words["not_applicable"]
                ),
            ),
        )
        for column, scale in rated
    ]


def _harmonised(rated: list[tuple[Column, Scale]]) -> list[tuple[Column, Scale]]:
    """Return items whose scale the others of the questionnaire settle."""
    ends = [s.ends for c, s in rated if not RECOMMEND.search(c.said)]
    found = []
    for column, scale in rated:
        settled = scale
        if scale.ends == (1, 10) and ends.count((0, 10)) > ends.count((1, 10)):
            settled = replace(
                scale,
                low=0,
                missing=tuple(c for c in scale.missing if c != 0),
                asks=tuple(a for a in scale.asks if not a.startswith("is 0 ")),
            )
        elif scale.ends == (1, 4) and (1, 5) in ends:
            settled = replace(scale, high=5, asks=())
        if settled is not scale:
            settled = replace(settled, why=f"{scale.why}; scale as of most other items")
        found.append((column, settled))
    return found


def _metric(column: Column, scale: Scale, csat: list[str]) -> str:
    """Return what kind of metric a rated question is, empty for a touchpoint."""
    if RECOMMEND.search(column.said):
        return "nps" if scale.ends == (0, 10) else "mean"
    if column.name in csat:
        return "csat"
    ease = EASE.search(column.said) and scale.high == 7
    return "ces" if EFFORT.search(column.said) or ease else ""


def _lower(column: Column) -> bool:
    hard = EFFORT.search(column.said) and HARD.search(column.said)
    return bool(hard or BEST_IS_ONE.search(column.said))


def _against(rated: list[tuple[Column, Scale]]) -> dict[str, list[str]]:
    """Return a question for each item whose answers run against those of all the others."""
    if len(rated) < 3:
        return {}
    answers = pd.DataFrame(
        {
            c.name: values.answers(
                c.texts,
                scale=s.ends,
                values=s.values,
                missing=(*s.codes, *s.missing),
                not_applicable=s.not_applicable,
            ).ratings
            * (-1 if _lower(c) else 1)
            for c, s in rated
        }
    )
    alike = answers.corr(min_periods=30)
    return {
        str(name): ["its answers run against the other items: is `direction:` right?"]
        for name in alike
        if alike[name].drop(name).median() < -0.25
    }


def _block(lines: Lines, stem: str, block: list[Column], keys: _Keys) -> None:
    key = keys.of(stem, "choices")
    names = ", ".join(quoted(column.name) for column in block)
    cells = {values.plain(t).casefold() for column in block for t in column.texts.unique()}
    flow = f"columns: [{names}], kind: multiple"
    asks = []
    if {"1", "2"} == cells:
        flow += ", chosen: [1]"
        asks = ["the cells are 1 and 2: does 1 mean chosen? So it is read"]
    n = sum(len(column.texts) for column in block)
    lines.add(
        2,
        f"{key}: {{{flow}{_label(key, stem)}}}",
        f"{len(block)} columns of one question, {n} cells filled",
        asks,
    )


def _several(column: Column) -> str:
    if numbers(column.texts).notna().any() or column.texts.str.len().mean() > 80:
        return ""
    mark = values.separator_of(column.texts)
    if column.texts.str.contains("┋", regex=False).any():
        mark = "┋"
    several = column.texts.str.contains(mark, regex=False).sum() if mark else 0
    return mark if several >= max(2, 0.1 * len(column.texts)) else ""


def _is_text(column: Column) -> bool:
    size = column.texts.str.len().mean() * (2 if _HAN.search(str(column.texts.iloc[0])) else 1)
    varied = column.distinct > 0.3 * len(column.texts)
    named = COMMENT.search(column.said) is not None
    if numbers(column.texts).notna().mean() > 0.5 or _several(column):
        return False
    return (named and (varied or column.distinct > 20)) or (varied and size > 20)


def tickets(lines: Lines, table: Table, files: str) -> None:
    """Write the tickets section."""
    lines.add(0, "tickets:")
    _source(lines, table, files)
    part, durations = Lines(), Lines()
    state: Column | None = None
    created = _dated(table, TICKETS["created"])
    if created is None or (ids := table.take(TICKETS["id"], lambda c: c.distinct > 1)) is None:
        del lines.lines[-2:]
        lines.add(
            0,
            "",
            asks=[
                f"{files} looks like a ticket log, but no column tells "
                f"{'the id' if created else 'when a ticket was created'}"
            ],
        )
        return
    table.days = created[1].days
    again = len(ids.texts) - ids.distinct
    part.add(
        2,
        f"id: {quoted(ids.name)}",
        f"{ids.distinct} different in {ids.rows} rows",
        [f"{again} ids come again: is a row an event of a ticket? Then `events: true`"]
        if again
        else (),
    )
    part.add(2, f"created: {quoted(created[0].name)}", _range(created[1]), created[1].asks)
    for key in ("first_response", "resolved", "closed"):
        found = _dated(table, TICKETS[key])
        if found is None:
            continue
        column, when = found
        early = int((when.days < table.days.reindex(when.days.index)).sum())
        asks = [*when.asks]
        if early > max(0.2 * len(column.texts), 5):
            asks.append(
                f"{early} tickets have {column.name!r} before they were created, so it is left "
                "out: another clock, or another meaning?"
            )
            part.add(2, f"# {key}: {quoted(column.name)}", asks=asks)
            continue
        part.add(
            2,
            f"{key}: {quoted(column.name)}",
            f"{len(column.texts)} of {column.rows} filled; {_range(when)}",
            asks,
        )
    for key, pattern in _DURATIONS.items():
        if column := table.take(pattern, lambda c: True):
            unit = next(
                (u for u, words in _UNITS.items() if re.search(words, column.name, re.I)), ""
            )
            bare = numbers(column.texts).notna().any()
            flow = f"{{column: {quoted(column.name)}, unit: {unit or 'minutes'}}}"
            asks = ["are these minutes?"] if bare and not unit else []
            strange = (
                values.by_value(
                    column.texts, lambda t, u=unit: values.seconds(t, u or "minutes"), "float64"
                )
                .isna()
                .sum()
            )
            if strange:
                asks.append(
                    f"{strange} cells of {column.name!r} are no durations, so it is left out"
                )
            durations.add(2, f"{'# ' if strange else ''}{key}: {flow}", asks=asks)
    for key, fits in _TICKET_FITS.items():
        column = table.take(TICKETS[key], fits)
        if column is not None:
            state = column if key == "state" else state
            part.add(2, f"{key}: {quoted(column.name)}", f"{column.distinct} values")
    lines.add(1, "columns:")
    lines.lines += part.lines
    _formats(lines, table)
    if any(not line.lstrip().startswith("#") for line in durations.lines):
        lines.add(1, "durations:")
    lines.lines += durations.lines
    if state is not None:
        _states(lines, state)
    lines.add(
        1, "# sla: {first_response: 4h, resolution: 2d}", "the contract's time limits, if any"
    )
    rest = [column.name for column in table.rest()]
    if rest:
        lines.add(1, f"# not used: {_shown(', '.join(map(repr, rest)))}")


_UNITS = {"seconds": r"sec|秒|\bs\b", "minutes": r"min|分", "hours": r"hour|hrs?\b|小时"}


def _is_flag(column: Column) -> bool:
    return not values.flags(column.texts)[1].any()


def _is_number(column: Column) -> bool:
    return bool(numbers(column.texts).notna().all())


def _always(column: Column) -> bool:
    return True


_TICKET_FITS: dict[str, Callable[[Column], bool]] = dict.fromkeys(
    ("state", "customer", "channel", "queue", "priority", "group", "agent"), _always
) | {
    "reopened": _is_number,
    "reassigned": _is_number,
    "csat": _is_number,
    "category": _always,
    "complaint": _is_flag,
    "upheld": _is_flag,
    "sla_met": _is_flag,
    "comment": _always,
}


def _states(lines: Lines, column: Column) -> None:
    found: dict[str, list[str]] = {}
    unknown = []
    for raw in map(str, column.texts.value_counts().index):
        word = values.plain(raw)
        state = next((s for s, p in _STATES.items() if re.fullmatch(p, word, re.IGNORECASE)), "")
        if not state:
            unknown.append(raw)
        found.setdefault(state or "open", []).append(raw)
    lines.add(1, "states:")
    asks = [f"what does the state {', '.join(map(repr, unknown))} mean? It stands under open"]
    for state, raws in found.items():
        lines.add(
            2,
            f"{state}: [{', '.join(map(quoted, raws))}]",
            asks=asks if state == "open" and unknown else (),
        )


def members(lines: Lines, table: Table, files: str) -> None:
    """Write the members section."""
    lines.add(0, "members:")
    _source(lines, table, files)
    lines.add(1, "columns:")
    column = table.take(MEMBERS["id"], lambda c: c.distinct == len(c.texts))
    if column is not None:
        lines.add(
            2, f"id: {quoted(column.name)}", f"{column.distinct} different in {column.rows} rows"
        )
    for key in ("joined", "left", "birthday"):
        if found := _dated(table, MEMBERS[key]):
            lines.add(2, f"{key}: {quoted(found[0].name)}", _range(found[1]), found[1].asks)
    if column := table.take(MEMBERS["tier"], lambda c: c.distinct <= 20):
        lines.add(2, f"tier: {quoted(column.name)}", f"{column.distinct} values")
    keys, attributes, left = _Keys(), Lines(), []
    keys.taken |= set(MEMBERS)
    for column in table.rest():
        if not column.called(_PERSONAL) and 2 <= column.distinct <= 20:
            attributes.add(
                2,
                f"{keys.of(_title(column), 'attribute')}: {quoted(column.name)}",
                f"{column.distinct} values",
            )
        else:
            left.append(column.name)
    if attributes.lines:
        lines.add(1, "attributes:")
        lines.lines += attributes.lines
    _formats(lines, table)
    if left:
        lines.add(1, f"# not used: {_shown(', '.join(map(repr, left)))}")


def transactions(lines: Lines, table: Table, files: str) -> None:
    """Write the transactions section."""
    lines.add(0, "transactions:")
    _source(lines, table, files)
    member, dated = table.take(TRANSACTIONS["member"], _always), _dated(table, TRANSACTIONS["date"])
    if member is None or dated is None:
        del lines.lines[-2:]
        lines.add(
            0, "", asks=[f"{files} looks like orders, but no column tells who bought, or when"]
        )
        return
    table.days = dated[1].days
    lines.add(1, "columns:")
    lines.add(
        2, f"member: {quoted(member.name)}", f"{member.distinct} customers, {member.rows} rows"
    )
    lines.add(2, f"date: {quoted(dated[0].name)}", _range(dated[1]), dated[1].asks)
    for key, fits in (
        ("order", _always),
        ("amount", _is_number),
        ("points", _is_number),
        ("category", _always),
    ):
        if column := table.take(TRANSACTIONS[key], fits):
            told = f"{column.distinct} values"
            if fits is _is_number:
                cells = numbers(column.texts)
                told = f"{cells.min():g} to {cells.max():g}"
            lines.add(2, f"{key}: {quoted(column.name)}", told)
    _formats(lines, table)
    rest = [column.name for column in table.rest()]
    if rest:
        lines.add(1, f"# not used: {_shown(', '.join(map(repr, rest)))}")


WRITERS: Mapping[str, Callable[[Lines, Table, str], None]] = {
    "survey": survey,
    "tickets": tickets,
    "members": members,
    "transactions": transactions,
}
"""What writes each section of the client file, in its order."""
