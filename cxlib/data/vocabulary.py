"""The words by which exports name their columns, answers and states, English and Chinese."""

from __future__ import annotations

import re

RECOMMEND = re.compile(r"recommend|\bnps\b|推荐|推薦|推介|介绍给|empfehl|推奨", re.IGNORECASE)
SATISFIED = re.compile(r"satisf|\bcsat\b|满意|滿意|満足|zufrieden", re.IGNORECASE)
EFFORT = re.compile(
    r"\bces\b|effort|省力|费力|費力|轻松|輕鬆|(easy|ease).{0,60}(issue|problem|resolv|handle|do business)|(made it|how) easy|容易.{0,20}(解决|办理|完成)|(解决|办理|完成).{0,30}容易",
    re.IGNORECASE,
)
EASE = re.compile(r"\beas[ey]\b|容易|方便|便捷|省力|轻松", re.IGNORECASE)
HARD = re.compile(
    r"how much effort|effort.{0,30}(put|expend|required)|费力|費力|花费.{0,8}精力|difficult|困难",
    re.IGNORECASE,
)
OVERALL = re.compile(
    r"overall|总体|整体|總體|整體|总的|in general|general satisfaction|insgesamt", re.IGNORECASE
)
RATED = re.compile(
    r"rate|rating|quality|how (well|good|would)|评价|評價|评分|打分|得分|质量|体验", re.IGNORECASE
)
BEST_IS_ONE = re.compile(
    r"\b1\s*[=＝:：]\s*(非常满意|很满意|最好|非常同意|very satisf|extremely satisf|excellent|best|strongly agree)",
    re.IGNORECASE,
)
GROUPS = frozenset({"promoter", "passive", "detractor", "推荐者", "被动者", "中立者", "贬损者"})
"""Words of a column that was made from NPS answers."""
NOT_USED = re.compile(
    r"n/?a|not applicable|(did|have) not used?|never used|不适用|未使用|没用过|没有使用|未体验|不涉及",
    re.IGNORECASE,
)
NO_ANSWER = re.compile(
    r"-+|null|none|nan|\?|refused|don.?t know|dk|no (answer|opinion)|[(（](空|跳过)[)）]|不知道|不清楚|说不清|拒答|未作答",
    re.IGNORECASE,
)
LIKERT = {
    5: "非常满意|很满意|十分满意|非常同意|非常容易|非常好|很好|非常愿意|very satisfied|extremely satisfied|completely satisfied|strongly agree|very easy|excellent|very good|very likely|extremely likely|very happy|extremely happy",
    4: "满意|比较满意|较满意|同意|比较同意|容易|比较容易|好|较好|愿意|satisfied|somewhat satisfied|agree|somewhat agree|easy|good|likely|happy",
    3: "一般|中立|普通|neutral|neither|average|fair|ok|neither satisfied nor dissatisfied|neither agree nor disagree",
    2: "不满意|比较不满意|较不满意|不太满意|不同意|不太同意|比较不同意|困难|比较困难|差|较差|不愿意|dissatisfied|somewhat dissatisfied|unsatisfied|disagree|somewhat disagree|difficult|poor|unlikely|unhappy",
    1: "非常不满意|很不满意|非常不同意|非常困难|非常差|很差|非常不愿意|very dissatisfied|very unsatisfied|extremely dissatisfied|strongly disagree|very difficult|very poor|very unlikely|extremely unlikely|very unhappy|extremely unhappy",
}
THUMBS = {"good": 1, "goodwithcomment": 1, "bad": 0, "badwithcomment": 0, "好评": 1, "差评": 0}
"""A rating of two answers, as Zendesk's."""
UNRATED = re.compile(r"(not |un)?offered|未评价?|not (yet )?rated|无", re.IGNORECASE)
ANSWER_WORDS = {word: value for value, words in LIKERT.items() for word in words.split("|")}
NUMBERED = re.compile(
    r"^(?:(?:Q\d+[a-z]?|\d+)\s*[.、:：_)） -]\s*|(?!no\.)[a-z]\w*(?:\[\w+\])?\. )(?=\D)",
    re.IGNORECASE,
)
"""The number or code before a question."""
BREACHED = re.compile(
    r"(is |has[ _])?(sla[ _])?(breach(ed)?|violated|overdue)( sla)?|是否(超时|逾期|违约)",
    re.IGNORECASE,
)
"""A flag that says the opposite of `sla_met`."""
SUB_NAMES = frozenset({"response", "open-ended response"})
"""What a second row of names says where it says nothing."""
DATED = re.compile(
    r"date|time|created|opened|resolved|closed|solved|joined|complet|submit|finish|日期|时间|時間|日|月份|day",
    re.IGNORECASE,
)
STEM = re.compile(r"(.{2,}?)(?:\s*/\s.+|[\s_\-:：.#、]*[(（\[].+[)）\]]|[_\-:：.]\s*[^_:：]+|\d+)$")
YES_NO = frozenset(
    {
        "0",
        "1",
        "2",
        "yes",
        "no",
        "true",
        "false",
        "是",
        "否",
        "y",
        "n",
        "checked",
        "unchecked",
        "已选",
        "未选",
        "selected",
        "not selected",
    }
)
PERSONAL = re.compile(
    r"(first|last|full|recipient ?\w*|customer|user)? ?name|姓名|昵称|微信.*|e-?mail.*|邮箱.*|(cell|mobile|tele)? ?phone( ?no\.?| ?number)?|mobile( number)?|手机号?|电话.*|联系方式|来自ip|ip|((e-?mail|home|ip|postal|street) ?)?address|地址.*|location(lat|long)itude|recipient\w+|latitude|longitude|requester( email)?|身份证.*",
    re.IGNORECASE,
)
META = re.compile(
    r"duration.*|progress|finished|status|start ?(date|time)( \(utc\))?|开始(答题)?时间|所用时间|答题时长|来源(详情)?|总分|collector id|distribution ?channel|user ?language|seed|last ?page|start ?language|external ?reference|清洗数据结果|network id|response type",
    re.IGNORECASE,
)
IDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(customer|client|member|user|account|guest|subscriber)[ _]?(id|no\.?|number|code)|uid|(会员|客户|用户|顾客)(号|编号|id|代码|号码)",
        r"(response|respondent|resp|answer|record|case)[ _]?(id|no\.?)|答卷编号|答题序号|问卷编号|#",
        r"id|序号|编号|編號|序號|番号|no\.?",
    )
)
BIRTH = re.compile(r"birth|生日|出生|生年月日|geburt|naissance|nacimiento", re.IGNORECASE)
DATE_NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"recorded ?date|提交答卷时间|结束答题时间|submitdate|date submitted|submit date.*|timestamp|submitted([ _](at|on))?|时间戳记?|(提交|填写|答题|完成|结束|评价|调查)(时间|日期)",
        r"end ?(date|time)|date modified|completed.*|.*(response|survey|interview).*date",
        rf"(?!.*({BIRTH.pattern})).*(date|time|日期|日付|时间|day|month|月份|datum).*",
    )
)
ASKED = re.compile(
    r"(survey[ _])?(question|item|measure|metric|variable)s?([ _]?(text|name|id|code|label))?|题目|问题|题号|指标",
    re.IGNORECASE,
)
"""A column of questions, of an export with a row for each answer."""
ANSWERS = re.compile(r"answer|response|value|score|rating|答案|回答|得分|分值", re.IGNORECASE)
WEIGHT = re.compile(
    r"(survey )?weight|wt|wgt|weighting|gewicht(ung)?|加权|权重|权数", re.IGNORECASE
)
WAVE = re.compile(r"wave|批次|期次|波次|期数|quarter|季度|(\w+ )?period|期间|round", re.IGNORECASE)
BRAND = re.compile(r"brand|品牌", re.IGNORECASE)
COMMENT = re.compile(
    r"comment|feedback|verbatim|suggest|\bwhy\b|please explain|留言|建议|意见|评论|反馈|吐槽|备注",
    re.IGNORECASE,
)
DEMOGRAPHIC = re.compile(
    r"\bage\b|gender|sex|income|region|tenure|年龄|性别|收入|学历", re.IGNORECASE
)
KEY_WORDS = {
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
    "region": "地区|区域|省份|地區|區域|地域",
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
    "id": r"(ticket|case|issue|request|incident|unique|interaction|call|conversation|session)[ _]?(id|no\.?|number|key)|number|key|id|ticket|case|工单(编?号|id)|呼叫(编?号|id)|流水号|单号|编号",
    "created": r"(call )?start(ed)?[ _]?(time|at)|call[ _](date|time)|呼入时间|created?( ?at| ?time| ?date| ?on)?|(sys_)?created_(on|at|date|time)|opened(_at| at)?|open(ed)? (date|time)|创建(时间|日期)|提交时间|建单时间|受理时间|来电时间",
    "first_response": r"first[ _]res?po?n[sd].*(at|time|date)|first repl\w+ at|first (response|reply)|initial response time|answer(ed)?[ _]?(time|at)|应答时间|首次(响应|回复)时间|首响时间",
    "resolved": r"resolved( ?at| ?time| ?date)?|resolved_(at|date)|solved at|resolution date|solved|解决(时间|日期)|完成时间|办结时间",
    "closed": r"closed( ?at| ?time| ?date)?|closed_(at|date|time)|close date|(call )?(end|hang ?up)[ _]?time|挂机时间|关闭(时间|日期)|结单时间",
    "state": r"status|state|incident_state|状态|工单状态",
    "customer": IDS[0].pattern
    + r"|caller(_id)?|opened_for|(contact|requester)[ _]id|requester id|customer|客户",
    "channel": r".*channel.*|contact[ _]type|media[ _]type|source|via|渠道|来源渠道|来源|受理渠道",
    "queue": r"queue|队列|技能组",
    "priority": r"priority|优先级|紧急程度",
    "group": r"(assignment[ _])?group|team|agency|department|班组|部门|处理组",
    "agent": r"agent|assignee|assigned[ _]to|owner|(agent|operator)[ _](id|name)|坐席(工号|姓名)?|客服|处理人|受理人",
    "reopened": r"reopen(s|ed)?([ _]count)?|重开次数",
    "reassigned": r"reassign(ed|ment)?( ?_?count| stations)?|转派次数",
    "csat": r"csat|satisfaction( score| rating)?|满意度(评分|评价)?|评分|评价结果|(customer )?satisfaction.*|survey results?",
    "category": r"category|(issue|complaint|request|ticket)[ _]?type|type|topic|reason|主题|原因|问题类型|工单类型|类别|(问题|工单)?分类",
    "complaint": r"(is )?complaint|是否投诉",
    "upheld": r"upheld|投诉成立",
    "fcr_survey": r"first[ _](contact|call|time)[ _]resol\w*|fcr|(resolved|solved)[ _](at|on|in)[ _]first[ _](contact|call)|(是否)?(首次|一次性?)解决",
    "sla_met": r"(within|met|in|made)[ _]sla|sla([ _](met|status))?\??|service[ _]level([ _]met)?|resolution status|(是否)?(达标|按时)(完成)?",
    "comment": r"(short )?description|comments?|summary|subject|备注|描述|问题描述",
}
DURATION_NAMES = {
    "first_response": r"(first (reply|response)|首次?响应)\s*(time|时长|耗时).*|wait(ing)?(\s*time)?\s*([(\[].*)?|(ring|queue)\s*time.*|(average )?(time to|speed of) answer.*|(排队|等待|振铃)(时长|耗时).*",
    "resolution": r"(full resolution|resolution|解决|处理)\s*(time|时长|耗时).*",
    "handle": r"(handle|handling|talk|通话|处理)\s*(time|时长|耗时).*|talk",
}
ABANDONED = re.compile(
    r"(is[ _])?abandon(ed)?([ _]call)?|((is|was)[ _])?answered|是否(放弃|应答|接听|接通)",
    re.IGNORECASE,
)
"""A flag that says whether somebody answered a call."""
ANSWERED = re.compile(r"answer|应答|接听|接通", re.IGNORECASE)
PARTS_OF_CALL = re.compile(r".*(hold|wrap|after[ -]?call|acw|话后|保持|事后).*", re.IGNORECASE)
"""What belongs to the handling of a call beside the talk."""
_WHO = IDS[0].pattern + r"|master[ _]?id|household[ _]?(id|key|number)"
TRANSACTIONS = {
    "member": _WHO,
    "date": r".*date|(order|purchase|transaction|invoice)?[ _]?time(stamp)?|created at|下单(时间|日期)|交易(时间|日期)|日期|.*(日期|时间)",
    "amount": r".*(amount|revenue|sales|total|price|spend|value)|.*金额.*|实付.*|总价",
    "order": r"(order|transaction|invoice|basket)[ _]?(id|no\.?|number)|订单(编?号|id)|交易号|小票号",
    "points": r".*points?|.*积分.*",
    "category": r".*category|product[ _]?(type|line)|品类|类别|商品分类",
}
MEMBERS = {
    "id": _WHO + r"|id|卡号",
    "joined": r"(join(ed|ing)?|enrol\w*|regist\w+|signup|sign up|member since|start)[ _]?(date|at|on)?|入会(日期|时间)|注册(日期|时间)|开卡(日期|时间)",
    "left": r"(left|leave|cancel\w*|end|churn)[ _]?(date|at|on)|退会(日期|时间)|注销(日期|时间)",
    "tier": r"(member(ship)?[ _])?(tier|level|status)|会员等级|等级|级别",
    "status": r"churn(ed)?|(member(ship)?[ _])?active|会员状态|是否(流失|退会)",
    "tenure": r"(member[ _])?tenure([ _]?(months|days|years))?|会龄|在网时长",
    "birthday": r"birth(day|[ _]?date)|date of birth|dob|生日|出生日期",
}
BENEFITS = {
    "member": _WHO,
    "date": TRANSACTIONS["date"],
    "benefit": r"(benefit|perk|privilege|coupon|reward)s?([ _]?(name|type|id|upc))?|权益(名称)?|优惠券.*",
    "cost": r"(benefit[ _]?)?costs?|权益成本|成本|费用",
}
POINTS = {
    "member": _WHO,
    "date": TRANSACTIONS["date"],
    "points": r"points?([ _]?(change|amount))?|积分(变动|数)?|变动积分",
    "kind": r"(entry|points?)?[ _]?(kind|type|direction)|变动类型|类型|收支",
}
VOICE = {
    "rating": r".*(rating|stars?|score|rate)|.*(星级|评分|打分|得分|星数|评级)|label|sentiment",
    "id": r"(review|comment|post|complaint|feedback)[ _]?(id|no\.?|number)|(评[价论]|投诉|留言)(单?编?号|id)",
    "channel": r".*(channel|platform|site|source)|via|medium|.*(渠道|来源|网站|平台|受理方式)",
}
STATE_WORDS = {
    "open": r"open|new|pending|in ?progress|to ?do|waiting.*|on ?hold|assigned|started|hold|active|新建|处理中|待.*|未(处理|解决|完成).*|进行中|受理中|挂起",
    "resolved": r"resolved|solved|done|completed?|fixed|已(解决|完成|处理|办结)",
    "closed": r"closed?|已?关闭|已结单|结案",
    "cancelled": r"cancel+ed|rejected|withdrawn|deleted|spam|已?取消|作废|已撤销",
    "merged": r"merged|duplicate|已?合并|重复",
    "abandoned": r"abandoned|no answer|missed|未接通|放弃|漏接",
}
UNFINISHED = {
    "finished": ("false", "0"),
    "status": ("survey preview", "1", "survey test", "partial"),
    "清洗数据结果": ("无效", "异常"),
}
SHARE = re.compile(
    r"percent|%|\bpct\b|rate$|share|ratio|占比|比例|[率度]$|百分比|box$", re.IGNORECASE
)
MEASURE = re.compile(r"measure|metric|indicator|\bkpi\b|指标", re.IGNORECASE)
BAD_FIGURE = re.compile(
    r"breach|late\b|fail|error|complain|\bmiss|delay|abandon|lost|overdue|bottom|wait|超时|失败|投诉|逾期|差错|不满|等待",
    re.IGNORECASE,
)
GOOD_FIGURE = re.compile(r"top|positive|within|on[ _-]?time|满意|达标|按时|好评", re.IGNORECASE)
UNIT_WORDS = {"seconds": r"sec|秒|\bs\b", "minutes": r"min|分", "hours": r"hour|hrs?\b|小时"}

HAN = re.compile(r"[\u4e00-\u9fff]+")
ISO_FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"),
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
)
