"""How people and platforms write dates: what is read, and what is brought to what is read."""

from __future__ import annotations

import datetime as dt
import re

HALF = "上午|下午|凌晨|清晨|早上|早晨|中午|傍晚|晚上|오전|오후|AM|PM"
TIME = (
    rf"(?:(?:,?\s+(?:at|um)?\s*|T|(?<=[日号일])\s*)(?P<half>{HALF})?\s*(?P<hour>\d{{1,2}})[:时時点點]"
    r"(?P<minute>\d{1,2})(?:[:分](?P<second>\d{1,2})(?:\.\d+)?)?[分秒]?\s*"
    r"(?:(?P<after>AM|PM|上午|下午)|Uhr)?)?"
)
ZONE = re.compile(
    r"(.*\d:\d\d(?::\d\d)?(?:\.\d+)?(?:\s?(?:[AP]M|[上下]午))?)\s*"
    r"[(\[]?((?:Z|UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}:?\d{2})[)\]]?"
    r"(?:\s*(?:\([^()]*\)|\[[^\[\]]*\]))?",
    re.IGNORECASE,
)
LETTERS = {
    name: offset
    for offset, names in {
        "-1000": "HST", "-0900": "AKST", "-0800": "PST AKDT", "-0700": "MST PDT", "-0600": "MDT",
        "-0500": "CDT", "-0400": "EDT", "+0000": "WET", "+0100": "CET MEZ WEST",
        "+0200": "CEST MESZ EET SAST", "+0300": "EEST MSK", "+0500": "PKT", "+0700": "ICT WIB",
        "+0800": "HKT SGT AWST PHT", "+0900": "JST KST", "+1000": "AEST", "+1100": "AEDT",
        "+1200": "NZST", "+1300": "NZDT",
    }.items()
    for name in names.split()
}  # fmt: skip
"""Zones by letters that mean one offset, those of North America by RFC 5322, 4.3."""
ABBREVIATED = re.compile(r"(?:(?<=\d)|(?<=[AP]M))\s+\(?(?!AM|PM|UTC|GMT)[A-Z]{3,4}\)?$")
"""CST, IST and the like, which mean several zones; a declared `clock` says which."""
WEEKDAY = re.compile(
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[,.]?\s+"
    r"|\s*\(?(?:星期|周|週)[一二三四五六日天]\)?|\s*\([月火水木金土日월화수목금토일]\)",
    re.IGNORECASE,
)
ORDINAL = r"(?:st|nd|rd|th)?"
YEAR = r"\d{4}|\d{2}"
NAME = r"[^\W\d_]{3,10}"
EPOCH = {10: 1, 13: 1000, 16: 1_000_000}
"""Digits of a Unix time between 2001 and 2286, and its ticks a second."""
PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>\d{{4}})[-/.年년]\s*(?P<month>\d{{1,2}})[-/.月월]\s*(?P<day>\d{{1,2}})[日号일.]?{TIME}",
        r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
        r"(?:[ T]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?",
        rf"(?P<day>\d{{1,2}}){ORDINAL}[-/ .]{{1,2}}(?:(?:of|de) )?(?P<name>{NAME})\.?,?[-/ ]"
        rf"(?:de )?(?P<year>{YEAR}){TIME}",
        rf"(?P<name>{NAME})\.? (?P<day>\d{{1,2}}){ORDINAL},? (?P<year>\d{{4}}){TIME}",
        rf"(?P<one>\d{{1,2}})[-/.](?P<two>\d{{1,2}})[-/.](?P<year>{YEAR}){TIME}",
    )
)
SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
SERIALS = (20_000, 80_000)
"""Excel day numbers taken for dates: October 1954 to January 2119."""
EXCEL = {"excel": "1899-12-30", "excel 1904": "1904-01-01"}
"""Formats of day numbers, and the day before the first: old Macs count from 1904."""
ROC = "roc"
"""The format of dates of Taiwan's own years, 113/05/03: counted from 1911."""
ERAS = {"民國": 1911, "民国": 1911, "令和": 2018, "平成": 1988, "昭和": 1925}
ERA = re.compile(rf"(?:中華)?({'|'.join(ERAS)})\s*(\d{{1,3}}|元)\s*年|(?<!\d)()(1\d\d)年")
MIDNIGHT = re.compile(r"(?<=[T ])24(?=[:.]00(?:[:.]00)?(?![:.\d]))")
"""The end of a day, which is the beginning of the next (ISO 8601)."""
WEEK = re.compile(r"(\d{4})-?W(\d\d)(?:-?([1-7]))?", re.IGNORECASE)
FIRST_YEAR = 1900
LONG = ("january", "february", "march", "april", "may", "june", "july", "august",
                "september", "october", "november", "december")  # fmt: skip
_NAMED = [
    (name[:end], i + 1)
    for language in (
        " ".join(LONG),
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
        "dicembre",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    )
    for i, name in enumerate(language.split())
    for end in range(3, len(name) + 1)
]
_MEANT: dict[str, set[int]] = {}
for _name, _month in _NAMED:
    _MEANT.setdefault(_name, set()).add(_month)
MONTHS = {name: month for name, (month, *others) in _MEANT.items() if not others}
"""Names of months in eight languages, whole or cut where that leaves no doubt."""
AFTERNOON = frozenset({"PM", "下午", "傍晚", "晚上", "오후"})
MORNING = frozenset({"AM", "上午", "凌晨", "清晨", "早上", "早晨", "오전"})
ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?")
DAY = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\w{1,9}[-/.](?:\d{4}|\d{2}))"
CLOCK = r"\d{1,2}:\d\d(?::\d\d)?(?:\s?[AP]M)?"
ODD = re.compile(
    r"/Date|\d{8}T|[A-Z]{3} \d{4}$|[ap]\.|à|\d\s*h|\d\.\d\d|^\d{1,2}:|^[上下]午|年| [@|-] "
    r"|г\.?$|^1er|^\d{4}-?W\d",
    re.IGNORECASE,
)
"""What a cell has that is written in one of the manners below."""
REWRITTEN = tuple((re.compile(pattern, re.IGNORECASE), plain) for pattern, plain in (
    (r"/Date\((\d{13})(?:[+-]\d{4})?\)/", r"\1"),  # .NET
    (ERA.pattern, lambda m: f"{int((m[2] or m[4]).replace('元', '1')) + ERAS[m[1] or '民國']}年"),
    (r"(?<=\d) [@|-] (?=\d)", " "),
    (r"(?<=\d)\s*г\.?$", ""),  # Russian
    (r"^1er\b", "1"),
    (r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?(?=$|Z|[+-]\d)",
     lambda m: f"{m[1]}-{m[2]}-{m[3]} {m[4]}:{m[5]}:{m[6] or '00'}"),
    (r"\w{3} (\w{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) ([A-Z]{3,4}) (\d{4})", r"\2 \1 \5 \3 \4"),  # Java
    (r"(\d)\s*([ap])\.\s?m\.?", r"\1 \2M"),
    (r"(?<=\d)\s+à\s+(?=\d)", " "),
    (r"(?<=\d)\s*h\s*(?=\d\d\b)", ":"),
    (rf"({DAY})[ -](\d{{1,2}})\.(\d\d)(?:\.(\d\d)(?:\.\d+)?)?(?=$| ?[AP]M)",  # Oracle, DB2
     lambda m: f"{m[1]} {m[2]}:{m[3]}:{m[4] or '00'}"),
    (rf"((?:上午|下午)?{CLOCK}),? ({DAY})", r"\2 \1"),
    (WEEK.pattern, lambda m: _day_of(int(m[1]), int(m[2]), int(m[3] or 4)) or m[0]),
))  # fmt: skip
"""Manners of writing that are brought to one of those that `PATTERNS` read."""
FIELDS = ("year", "month", "day", "hour", "minute", "second")


def _day_of(year: int, week: int, day: int) -> str:
    try:
        return dt.date.fromisocalendar(year, week, day).isoformat()
    except ValueError:
        return ""


def with_offset(word: str) -> str:
    """Return a cell with the offset that its zone's letters mean, if they mean one."""
    zone = ABBREVIATED.search(word)
    offset = zone and LETTERS.get(zone[0].strip(" ()"))
    return f"{word[: zone.start()]} {offset}" if zone and offset else word


def usual(word: str) -> str:
    """Return a cell as most would write it."""
    if not ODD.search(word):
        return word
    for pattern, plain in REWRITTEN:
        word = pattern.sub(plain, word)
    return word


def match_of(word: str) -> re.Match[str] | None:
    """Return how a cell is read, in whatever manner."""
    return next((m for pattern in PATTERNS if (m := pattern.fullmatch(word))), None)
