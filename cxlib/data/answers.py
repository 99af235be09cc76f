"""What was asked, column by column: metrics, touchpoints, segments and further questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.data import values
from cxlib.data.ledger import Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.data.values import Answers
from cxlib.errors import Count

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.survey import QuestionItem, Rated, Survey

BLANKS: dict[str, tuple[values.Code, ...]] = {
    "问卷星": ("(空)", "(跳过)", "（空）", "（跳过）", -2, -3)
}
"""What a platform writes where a question was left open or not shown."""
TRACE = 0.01
"""The largest share of a question's answers that may be called stray: more are codes."""
THOUSANDS = 500
"""Among so many answers a scale's end that nobody chose is remarkable."""
SHORT, SOME = 5, 30
"""Where no answer is above this end, among so many, a longer scale is in doubt."""

_SATISFIED = re.compile(r"satisf|满意|滿意|zufrieden|content", re.IGNORECASE)
_RECOMMEND = re.compile(r"recommend|推荐|推薦|推介|empfehl|介绍给|refer", re.IGNORECASE)
_UNCHOSEN = frozenset({"0", "false", "no", "n", "否", "未选", "unchecked", "not selected", "-"})


@dataclass(frozen=True, kw_only=True)
class Maker:
    """One survey in the making: its rows, what the client file says of them, what has been met.

    `free` holds what is known of texts that stand aside: columns of whether there is one.
    """

    raw: Raw
    survey: Survey
    client: Client
    ledger: Ledger
    free: dict[str, pd.Series] = field(default_factory=dict)

    def column(self, name: str) -> pd.Series | None:
        """Return a column that ``survey.columns`` names."""
        path = ("survey", "columns", name)
        return self.ledger.column(self.raw, getattr(self.survey.columns, name), path)


def rated(maker: Maker) -> dict[str, pd.Series]:
    """Return metrics and touchpoints by key, each touchpoint with its ``<key>_used``."""
    columns: dict[str, pd.Series] = {}
    for metric in maker.client.metrics:
        path: Path = ("survey", "metrics", metric.key)
        item = maker.survey.metrics[metric.key]
        read = _answers(maker, item, metric.key, metric.scale, path, whole=metric.kind != "mean")
        if read is None:
            continue
        columns[metric.key] = read.ratings
        if read.ratings.isna().all():
            maker.ledger.error(
                (*path, "column"),
                f"column {item.column[0]!r} holds no answer in {(n := Count(len(read.ratings)))} "
                f"{n:row|rows}; {metric.key!r} cannot be scored.",
                item.column[0],
            )
        elif metric.kind == "nps":
            _check_nps(maker, item, read.ratings, metric.scale or (0, 10), (*path, "column"))
    for place, touchpoint in enumerate(maker.survey.touchpoints):
        where: Path = ("survey", "touchpoints", place)
        read = _answers(maker, touchpoint, touchpoint.key, touchpoint.scale, where, whole=True)
        if read is None:
            continue
        columns[touchpoint.key] = read.ratings
        columns[f"{touchpoint.key}_used"] = read.used
        if read.ratings.isna().all():
            maker.ledger.warn(
                (*where, "column"),
                f"column {touchpoint.column[0]!r} holds no rating in "
                f"{(n := Count(len(read.ratings)))} {n:row|rows}.",
                touchpoint.column[0],
            )
    return columns


def _answers(
    maker: Maker, item: Rated, key: str, scale: tuple[int, int] | None, path: Path, *, whole: bool
) -> Answers | None:
    path, ledger = (*path, "column"), maker.ledger
    missing = (*maker.survey.missing, *item.missing, *blanks(maker, scale))
    unused = (*maker.survey.not_applicable, *item.not_applicable)
    texts = ledger.column(maker.raw, item.column, path, codes=(*missing, *unused))
    if texts is None:
        return None
    lowest, highest = scale or (-np.inf, np.inf)
    read = values.answers(
        texts,
        scale=(lowest, highest),
        missing=missing,
        not_applicable=unused,
        whole=whole,
        values=item.values,
        decimal=maker.raw.decimal,
    )
    if read.read:
        text, value = next(iter(read.read.items()))
        ledger.notes.append(f"{key}: the number in a text is its answer, {text!r} = {value:g}")
    if scale:
        said = dict(item.values) | dict(read.read)
        _check_direction(maker, item, key, said, sum(scale) / 2, path)
        _check_reach(ledger, item, key, read.ratings, scale, path)
    n = int(read.stray.sum())
    if not n:
        return read
    told = (
        f"column {item.column[0]!r} holds {n} {Count(n):value|values} off its scale "
        f"{lowest}-{highest}"
    )
    shown = examples(maker.raw, texts, read.stray)
    given = int(read.ratings.notna().sum()) + n
    if maker.survey.off_scale == "missing":
        ledger.off_scale[key] = n
        share = f" ({n / given:.0%} of its answers)" if n > TRACE * given else ""
        ledger.warn(path, f"{told}, counted as missing{share}: {shown}.", item.column[0])
    else:
        way_out = _way_out(texts[read.stray], read.ratings, n / given, (lowest, highest))
        numbers = values.by_value(texts[read.stray], values.number, "float64")
        if read.stray.iloc[:2].sum() == n <= 0.2 * given and numbers.isna().all():
            way_out = (
                "if that row is one of names or units, write `header_rows: 2` under `source:`."
            )
        ledger.error(path, f"{told}: {shown}; {way_out}", item.column[0])
    return read


def _check_reach(
    ledger: Ledger, item: Rated, key: str, ratings: pd.Series, scale: tuple[int, int], path: Path
) -> None:
    """Warn where a long scale was answered as a short one: 1-5 under [0, 10] is all detractors."""
    n, top = int(ratings.notna().sum()), ratings.max()
    if scale[1] > SHORT >= top and n >= SOME and getattr(item, "direction", None) != "lower":
        ledger.warn(
            path,
            f"none of {n} {Count(n):answer|answers} to {key!r} is above {top:g} on its scale "
            f"{scale[0]}-{scale[1]}: was it asked on a scale up to {SHORT}?",
            item.column[0],
        )


def _check_direction(
    maker: Maker, item: Rated, key: str, told: Mapping[str, float], mid: float, path: Path
) -> None:
    """Warn where the words of the answers say that the other end of the scale is the best."""
    lean, first = 0.0, ""
    for text, value in told.items():
        word = " ".join(re.sub(r"[\d\W_]+", " ", values.plain(text)).casefold().split())
        praise = values.LIKERT.get(word, 3) - 3
        first = first or (f"{text!r} = {value:g}" if praise else "")
        lean += praise * (value - mid)
    if lean and (lean > 0) == (getattr(item, "direction", None) == "lower"):
        best = "higher" if lean > 0 else "lower"
        maker.ledger.warn(
            path,
            f"{first}: the {best} answers of {key!r} sound better; is `direction: {best}` right?",
        )


def blanks(maker: Maker, scale: tuple[int, int] | None = None) -> tuple[values.Code, ...]:
    """Return the platform's own words for no answer, without what is an answer on the scale."""
    codes = [code for name in maker.raw.platforms for code in BLANKS.get(name, ())]
    low, high = scale or (1, 0)
    return tuple(c for c in codes if isinstance(c, str) or not low <= c <= high)


def _way_out(
    strays: pd.Series, ratings: pd.Series, share: float, scale: tuple[float, float]
) -> str:
    """Return what a consultant should do about answers off their scale."""
    numbers = values.by_value(strays, values.number, "float64")
    codes = "under `missing:` or `not_applicable:` of this question if they mean that"
    if numbers.isna().all():
        words = ", ".join(f"{text!r}: …" for text in strays.unique()[:2])
        return f"say which answer each text is by `values: {{{words}}}`, or declare them {codes}."
    low, high = (float(end) for end in scale)
    if numbers.between(low, high).all():
        return "they are no whole answers, as averages are: `kind: mean` reads them."
    for shift, end, lacking in ((1, high + 1, low), (-1, low - 1, high)):
        if share > TRACE and set(numbers) == {end} and not (ratings == lacking).any():
            pairs = [f"{low + i + shift:g}: {low + i:g}" for i in (0, 1)]
            return (
                f"there is no {lacking:g}, and {end:g} in {share:.0%} of the answers: it looks "
                f"like {low:g}-{high:g} stored as {low + shift:g}-{high + shift:g}; if so, write "
                f"`values: {{{', '.join(pairs)}, …, {high + shift:g}: {high:g}}}`."
            )
    if share > TRACE:
        return (
            f"they are {share:.0%} of the answers, so they look like codes of the options: say "
            f"which answer each is by `values:`, correct the scale, or declare them {codes}."
        )
    if numbers.notna().all():
        return f"declare them {codes}, or set `off_scale: missing`."
    return f"declare them {codes}, or correct them."


def _check_nps(
    maker: Maker, item: Rated, ratings: pd.Series, scale: tuple[int, int], path: Path
) -> None:
    """Warn of what hardly is the question whether one would recommend."""
    names = [
        *item.column,
        *(maker.raw.wording.get(maker.raw.find(c) or "", "") for c in item.column),
    ]
    words = " ".join(names)
    asks = "satisfaction" if _SATISFIED.search(words) else ""
    asks = asks or (
        "effort" if values.found("effort", words) or values.found("ease", words) else ""
    )
    if asks and not _RECOMMEND.search(words):
        maker.ledger.warn(
            path,
            f"the question {item.column[0]!r} asks about {asks}, and NPS about recommending; a "
            f"{'csat' if asks == 'satisfaction' else 'ces'} or a mean may be meant.",
            item.column[0],
        )
    counts = ratings.value_counts()
    lowest = scale[0] == 0 and 0 not in counts and counts.get(1, 0) >= 10
    if lowest and counts.sum() >= THOUSANDS:
        maker.ledger.warn(
            path,
            f"nobody answered 0 among {int(counts.sum()):,}: is it a question on 1-{scale[1]}?",
            item.column[0],
        )


def segments(maker: Maker) -> dict[str, pd.Series]:
    """Return segments by key, as raw text; no answer and not applicable are missing."""
    columns: dict[str, pd.Series] = {}
    codes = (*maker.survey.missing, *maker.survey.not_applicable, *blanks(maker))
    for key, segment in maker.survey.segments.items():
        path = ("survey", "segments", key, "column")
        texts = maker.ledger.column(maker.raw, segment.column, path, codes=codes)
        if texts is None:
            continue
        columns[key] = values.texts_or_missing(texts, missing=codes)
        _check_segment(maker, columns[key], str(texts.name), path)
    return columns


def _check_segment(maker: Maker, cells: pd.Series, name: str, path: Path) -> None:
    mark = values.separator_of(cells)
    several = int(cells.str.contains(mark, regex=False).sum()) if mark else 0
    if several >= 0.1 * cells.notna().sum() and several > 1:
        first = cells[cells.str.contains(mark, regex=False).fillna(False).astype(bool)].iloc[0]
        maker.ledger.warn(
            path,
            f"column {name!r} holds several answers in one cell ({several} times, such as "
            f"{first!r}): each mixture is a group of its own; `questions: {{kind: multiple}}` "
            "splits them.",
            name,
        )
    filled = cells.notna()
    sparse = len(cells) > 10 and 1 < filled.sum() < 0.34 * len(cells) and bool(filled.iloc[0])
    if sparse and cells[filled].is_unique:
        maker.ledger.warn(
            path,
            f"column {name!r} is blank in {int((~filled).sum())} of {len(cells)} rows, and each "
            "value stands once, above blanks: merged cells? Fill it down in the file.",
            name,
        )


def questions(maker: Maker) -> dict[str, pd.Series]:
    """Return further questions: one text column each, or a yes-or-no column for each choice."""
    columns: dict[str, pd.Series] = {}
    for key, item in maker.survey.questions.items():
        path: Path = ("survey", "questions", key)
        missing = (*maker.survey.missing, *item.missing, *blanks(maker))
        if key in maker.free:
            columns[key] = maker.free[key]
            continue
        if item.columns is not None:
            columns |= _one_column_each(maker, key, item, path, missing)
            continue
        texts = maker.ledger.column(maker.raw, item.column, (*path, "column"), codes=missing)
        if texts is None:
            continue
        cells = values.texts_or_missing(texts, missing=missing)
        if item.kind == "multiple":
            columns |= _in_one_cell(maker, key, item, cells, path)
        elif item.kind == "open":
            columns[key] = maker.ledger.hidden(cells)
        else:
            columns[key] = cells
    return columns


def open_texts(maker: Maker) -> dict[str, pd.Series]:
    """Return the answers to open questions of one column each, what identifies people masked."""
    asked = maker.survey.questions.items()
    free = {key: item for key, item in asked if item.kind == "open" and item.columns is None}
    survey = maker.survey.model_copy(update={"questions": free})
    return questions(replace(maker, survey=survey, free={}))


def _in_one_cell(
    maker: Maker, key: str, item: QuestionItem, cells: pd.Series, path: Path
) -> dict[str, pd.Series]:
    mark = item.separator or values.separator_of(cells, tuple(item.options))
    if not mark and cells.nunique() > 20:
        maker.ledger.warn(
            (*path, "column"), "nothing parts the choices; declare `separator:` if it is multiple."
        )
    parts = cells.map(
        lambda text: tuple(
            p for part in (text.split(mark) if mark else [text]) if (p := part.strip())
        ),
        na_action="ignore",
    )
    found = dict.fromkeys(part for chosen in parts.dropna().drop_duplicates() for part in chosen)
    options = [*item.options, *(part for part in found if part not in item.options)]
    unlisted = [part for part in found if item.options and part not in item.options]
    if unlisted:
        maker.ledger.warn(
            (*path, "options"), f"the data hold {', '.join(map(repr, unlisted[:5]))} as well."
        )
    shown = cells.notna()
    maker.ledger.notes.append(
        f"{key}: {len(options)} choices, base {int(shown.sum())} who chose any"
    )
    return {
        f"{key}={option}": parts.map(lambda chosen, o=option: o in chosen, na_action="ignore")
        .astype("boolean")
        .where(shown)
        for option in options
    }


def _one_column_each(
    maker: Maker, key: str, item: QuestionItem, path: Path, missing: tuple[values.Code, ...]
) -> dict[str, pd.Series]:
    raw, names = maker.raw, list[str]()
    for pattern in item.columns or ():
        found = raw.matching(pattern)
        if not found:
            maker.ledger.column(raw, pattern, (*path, "columns"))
        names += [name for name in found if name not in names]
    if not names:
        return {}
    cells = {name: values.texts_or_missing(raw.texts(name), missing=missing) for name in names}
    shown = pd.Series(False, index=raw.frame.index)
    for column in cells.values():
        shown |= column.notna()
    labels = _option_names(cells, item.options)
    zeros = any(c.dropna().map(lambda t: values.plain(t).casefold() in _UNCHOSEN).any()
                for c in cells.values())  # fmt: skip
    base = "who were shown it" if zeros else "who chose any"
    maker.ledger.notes.append(f"{key}: {len(names)} choices, base {int(shown.sum())} {base}")
    chosen = item.chosen

    def is_chosen(column: pd.Series) -> pd.Series:
        filled = column.fillna("")
        if chosen:
            return values.is_code(filled, chosen)
        plain = filled.map(lambda text: values.plain(text).casefold())
        return (plain != "") & ~plain.isin(_UNCHOSEN)

    return {
        f"{key}={labels[name]}": is_chosen(column).astype("boolean").where(shown)
        for name, column in cells.items()
    }


def _option_names(cells: Mapping[str, pd.Series], options: Mapping[str, object]) -> dict[str, str]:
    """Return what each choice is called: by its own text in the cells, else by its header's end."""
    common = values.common_start(list(cells)) if len(cells) > 1 else ""
    within = {name: told[1] for name in cells if (told := re.search(r"\[([^][]+)\]$", name))}
    names: dict[str, str] = {}
    for name, column in cells.items():
        texts = column.dropna().unique()
        own = str(texts[0]) if len(texts) == 1 else ""
        if name in options:
            names[name] = name
        elif own and len(own) > 1 and not own.isdigit() and values.plain(own).casefold() not in (
            "yes", "true", "checked", "selected", "是", "已选"
        ):  # fmt: skip
            names[name] = own
        else:
            own = within.get(name, "") if len(set(within.values())) == len(cells) else ""
            names[name] = own or name[len(common) :].strip(" /:：()（）[]_-") or name
        if list(names.values()).count(names[name]) > 1:
            names[name] = name
    return names
