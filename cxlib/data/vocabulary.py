"""The words by which exports name their columns, answers and states, English and Chinese.

They stand in ``vocabulary.yaml``: regular expressions, whatever the case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_WORDS: Mapping[str, Any] = YAML(typ="safe", pure=True).load(
    Path(__file__).with_name("vocabulary.yaml").read_text(encoding="utf-8")
)


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_WORDS[name], re.IGNORECASE)


def _several(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in _WORDS[name])


def _by_key(name: str) -> dict[str, str]:
    who: str = _WORDS["ids"][0]
    return {key: pattern.replace("<who>", who) for key, pattern in _WORDS[name].items()}


RECOMMEND = _pattern("recommend")
SATISFIED = _pattern("satisfied")
EFFORT = _pattern("effort")
EASE = _pattern("ease")
HARD = _pattern("hard")
OVERALL = _pattern("overall")
RATED = _pattern("rated")
BEST_IS_ONE = _pattern("best_is_one")
NOT_USED = _pattern("not_used")
NO_ANSWER = _pattern("no_answer")
UNRATED = _pattern("unrated")
NUMBERED = _pattern("numbered")
BREACHED = _pattern("breached")
DATED = _pattern("dated")
PERSONAL = _pattern("personal")
META = _pattern("meta")
BIRTH = _pattern("birth")
ASKED = _pattern("asked")
ANSWERS = _pattern("answers")
ABANDONED = _pattern("abandoned")
ANSWERED = _pattern("answered")
PARTS_OF_CALL = _pattern("parts_of_call")
WEIGHT = _pattern("weight")
WAVE = _pattern("wave")
BRAND = _pattern("brand")
COMMENT = _pattern("comment")
DEMOGRAPHIC = _pattern("demographic")
SHARE = _pattern("share")
MEASURE = _pattern("measure")
BAD_FIGURE = _pattern("bad_figure")
GOOD_FIGURE = _pattern("good_figure")
IDS, DATE_NAMES = _several("ids"), _several("date_names")
KEY_WORDS = _by_key("key_words")
TICKETS = _by_key("tickets")
DURATION_NAMES = _by_key("duration_names")
TRANSACTIONS = _by_key("transactions")
MEMBERS = _by_key("members")
BENEFITS = _by_key("benefits")
POINTS = _by_key("points")
VOICE = _by_key("voice")
STATE_WORDS = _by_key("state_words")
UNIT_WORDS = _by_key("unit_words")
LIKERT: dict[int, str] = dict(_WORDS["likert"])
ANSWER_WORDS = {word: value for value, words in LIKERT.items() for word in words.split("|")}
GROUPS = frozenset(["promoter", "passive", "detractor", "推荐者", "被动者", "中立者", "贬损者"])
"""Words of a column that was made from NPS answers."""
THUMBS = {"good": 1, "goodwithcomment": 1, "bad": 0, "badwithcomment": 0, "好评": 1, "差评": 0}
"""A rating of two answers, as Zendesk's."""
SUB_NAMES = frozenset({"response", "open-ended response"})
"""What a second row of names says where it says nothing."""
STEM = re.compile(r"(.{2,}?)(?:\s*/\s.+|[\s_\-:：.#、]*[(（\[].+[)）\]]|[_\-:：.]\s*[^_:：]+|\d+)$")
YES_NO = frozenset(
    [
        *("0", "1", "2", "yes", "no", "true", "false", "y", "n", "是", "否"),
        *("checked", "unchecked", "selected", "not selected", "已选", "未选"),
    ]
)
UNFINISHED = {
    "finished": ("false", "0"),
    "status": ("survey preview", "1", "survey test", "partial"),
    "清洗数据结果": ("无效", "异常"),
}
HAN = re.compile(r"[\u4e00-\u9fff]+")
ISO_FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"),
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
)
