"""What a column of an export most likely is: its name, its wording and its cells are weighed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cxlib import periods
from cxlib.data import dates, masking, values
from cxlib.data.answers import BLANKS
from cxlib.data.date_forms import EXCEL
from cxlib.data.labels import label
from cxlib.data.readers import Raw
from cxlib.errors import DataError

WORDS, pattern, found = values.WORDS, values.pattern, values.found
OWN = "choices"
"""What a question is called whose choices, as Typeform's, are columns named like their cells."""
MANY, LONG = 20, 60
"""Different cells from which a column of comments is no choice; characters that no date has."""
HAN = re.compile(r"[\u4e00-\u9fff]+")
_STEM = re.compile(
    r"(.{2,}?)(?:\s*/\s.+|[\s_\-:：.#、]*[(（\[].+[)）\]]|[_\-:：.]\s*[^_:：]+|\d+)$"
)


def ask(question: str, /, **facts: object) -> str:
    """Return a question of the vocabulary with its facts."""
    said: str = WORDS["asks"][question]
    return said.format_map(facts)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a source: its filled cells, and what a second row of names says of it."""

    name: str
    texts: pd.Series
    rows: int
    wording: str = ""

    @property
    def said(self) -> str:
        """Its name and the question's wording."""
        return f"{self.name.replace('_', ' ')} {self.wording}"

    def says(self, *words: str) -> bool:
        """Tell whether its name or wording holds one of several kinds of words."""
        return any(found(kind, self.said) for kind in words)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What it is called: whole, without a number before it, in each of two languages."""
        bare = pattern("numbered").sub("", self.name, count=1)
        return self.name, bare, HAN.sub("", bare).strip(), "".join(HAN.findall(bare))

    def called(self, *words: str) -> bool:
        """Tell whether one of its names matches one of several expressions as a whole."""
        return any(name and pattern(kind).fullmatch(name) for kind in words for name in self.names)

    @cached_property
    def personal(self) -> bool:
        """Whether it names or reaches people, by its name or by its cells."""
        return self.called("personal") or masking.are_people(self.texts)

    @cached_property
    def distinct(self) -> int:
        """How many different cells it has."""
        return int(self.texts.nunique())

    @cached_property
    def numbers(self) -> pd.Series:
        """The numbers of its cells, NaN where there is none."""
        sign = values.decimal_of(self.texts, "")
        return values.by_value(self.texts, lambda text: values.number(text, sign), "float64")

    @property
    def is_number(self) -> bool:
        """Whether all its cells are numbers."""
        return bool(self.numbers.notna().all())

    @property
    def mean(self) -> float:
        """The mean of its numbers."""
        return float(self.numbers.mean())

    @property
    def range(self) -> str:
        """Its lowest and highest number."""
        return f"{self.numbers.min():g} to {self.numbers.max():g}"

    @property
    def blank(self) -> int:
        """How many rows hold no cell."""
        return self.rows - len(self.texts)

    @property
    def again(self) -> int:
        """How many cells repeat another."""
        return len(self.texts) - self.distinct

    @cached_property
    def plain(self) -> set[str]:
        """Its different cells as they are compared."""
        return {values.plain(text).casefold() for text in self.texts.unique()}

    def among(self, name: str, rows: pd.Index) -> Column:
        """Return its cells in some rows, under another name."""
        return Column(name=name, texts=self.texts[self.texts.index.isin(rows)], rows=len(rows))

    @property
    def few(self) -> bool:
        """Whether its cells are so few that they name groups."""
        return 2 <= self.distinct <= 20 and len(self.texts) > 2 * self.distinct


def columns_of(raw: Raw) -> list[Column]:
    """Return the columns of a source, without cells in which its platform says "no answer"."""
    blanks = {str(code) for name in raw.platforms for code in BLANKS.get(name, ())}
    columns = []
    for name in raw.columns:
        texts = raw.frame[name].str.strip()
        texts = texts[(texts != "") & ~texts.isin(blanks)]
        wording = raw.wording.get(name, "")
        wording = "" if wording == name or wording.casefold() in WORDS["sub_names"] else wording
        columns.append(Column(name=name, texts=texts, rows=len(raw.frame), wording=wording))
    return columns


def blocks_of(columns: Sequence[Column]) -> dict[str, list[Column]]:
    """Return columns that hold the choices of one multiple-response question, by their stem."""
    groups: dict[str, list[Column]] = {}
    for column in columns:
        stem = _STEM.fullmatch(column.name)
        if stem and not column.name.upper().endswith("_TEXT"):
            groups.setdefault(stem[1].strip(" _-:：.、"), []).append(column)
    own = [c for c in columns if c.distinct == 1 and set(c.texts) == {c.name}]
    if not any(column in block for block in groups.values() for column in own):
        groups[OWN] = own
    return {
        stem: block
        for stem, block in groups.items()
        if len(block) > 1 and all(map(_is_choice, block)) and any(c.distinct for c in block)
    }


def _is_choice(column: Column) -> bool:
    said = column.texts.str.replace(r"〖.*〗$", "", regex=True)  # what 问卷星 adds to "other"
    cells = {values.plain(text).casefold().removesuffix(".0") for text in said.unique()}
    return (len(cells) == 1 and len(column.texts) < column.rows) or (
        len(cells) <= 2 and cells <= {*WORDS["yes_no"]}
    )


def separator_of(column: Column) -> str:
    """Return what parts several choices in the cells of a column, empty if nothing does."""
    if column.says("comment") and column.distinct > MANY:
        return ""
    if _is_dated(column) or column.numbers.notna().any() or column.texts.str.len().mean() > 80:
        return ""
    mark = values.separator_of(column.texts)
    if column.texts.str.contains("┋", regex=False).any():
        mark = "┋"
    several = column.texts.str.contains(mark, regex=False).sum() if mark else 0
    return mark if several >= max(2, 0.1 * len(column.texts)) else ""


def _is_dated(column: Column) -> bool:
    return bool(column.texts.str.match(r"\s*\d{1,4}\s?[-/.:年]\s?\d").mean() > 0.5)


def is_text(column: Column) -> bool:
    """Tell whether a column holds words of the respondents' own."""
    size = column.texts.str.len().mean() * (2 if HAN.search(str(column.texts.iloc[0])) else 1)
    varied = column.distinct > 0.3 * len(column.texts)
    if column.numbers.notna().mean() > 0.5 or _is_dated(column) or separator_of(column):
        return False
    text = (column.says("comment") and (varied or column.distinct > MANY)) or (varied and size > 20)
    return text and (size > LONG or when_of(column) is None)


@dataclass(frozen=True, kw_only=True)
class When:
    """A column of dates: its days, the format it needs, doubts, texts that say "no answer"."""

    days: pd.Series
    format: str = ""
    asks: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """Its first and last day."""
        return f"{self.days.min():%Y-%m-%d} to {self.days.max():%Y-%m-%d}"


def when_of(column: Column, formats: Iterable[str] = ()) -> When | None:
    """Return what dates a column holds, None where it does not hold dates."""
    no_answer = pattern("no_answer")
    none = [t for t in column.texts.unique() if no_answer.fullmatch(values.plain(str(t)))]
    kept = column.texts[~column.texts.isin(none)]
    texts = kept.reset_index(drop=True)
    bare = texts.str.fullmatch(r"\d+(\.\d+)?")
    if texts.empty or (bare.mean() > 0.1 and not found("dated", column.name)):
        return None
    asks: list[str] = []
    way: list[str] = []
    try:
        read = dates.parse(texts, name=column.name, formats=tuple(formats))
    except DataError as error:
        way = re.findall(r'"(%[^"]+)"', str(error))
        if not way:
            return None
        tried = [dates.parse(texts, name=column.name, formats=(each,)) for each in way]
        spans = [(r.days.isna().sum(), r.days.max() - r.days.min()) for r in tried]
        best = min(range(len(way)), key=lambda i: spans[i])
        read, way = tried[best], [way[best], way[1 - best]]
        asks.append(
            ask("day_or_month", name=column.name, cell=texts.iloc[0], one=way[0], two=way[1])
        )
    if read.unread.mean() > 0.1 or read.days.notna().sum() == 0:
        return None
    if read.counted:
        one, other = (dates.counted(pd.Series([read.counted]), o).iloc[0] for o in EXCEL)
        way = ["excel"]
        asks.append(
            ask(
                "day_numbers",
                name=column.name,
                cell=read.counted,
                one=f"{one:%Y-%m-%d}",
                other=f"{other:%Y-%m-%d}",
            )
        )
    if unread := int(read.unread.sum()):
        asks.append(ask("no_dates", n=unread, name=column.name, cell=texts[read.unread].iloc[0]))
    return When(
        days=read.days.set_axis(kept.index),
        format=way[0] if way else next(iter(formats), ""),
        asks=tuple(asks),
        none=tuple(map(str, none)),
    )


def starts_of(column: Column) -> tuple[pd.Series, str] | None:
    """Return the first days of the periods that a column names (Jan-24, 2022.0), and their kind."""
    known = values.by_value(column.texts, label, "str")
    if known.isna().any() or known.empty:
        return None
    first = known.map(lambda name: periods.parse(name).start)
    kinds = {periods.kind_of(name) for name in known.unique()}
    longest = next(kind for kind in ("year", "quarter", "month") if kind in kinds)
    return pd.to_datetime(first).astype("datetime64[us]"), longest


def is_day(column: Column) -> bool:
    """Tell whether nearly all cells can only be days, whatever the name, and not of birth."""
    years = column.texts.str.contains(r"(?<!\d)(?:19|20)\d\d(?!\d)").mean()
    return bool(years > 0.9) and not found("birth", column.name)
