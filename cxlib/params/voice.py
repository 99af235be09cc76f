"""What customers say and do outside the survey: comments from anywhere, steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cxlib.params.base import (
    Closed,
    Columns,
    Direction,
    Key,
    Label,
    MomentColumn,
    Number,
    Raws,
    Scale,
    Text,
    mapping_of,
)
from cxlib.params.calendar import Calendar
from cxlib.params.faults import At, Problem
from cxlib.params.members import Attribute, check_table
from cxlib.params.source import Table
from cxlib.params.survey import Survey


class CommentColumns(Closed):
    """The columns of a file of comments; of several texts or ratings the first filled counts."""

    text: Columns
    date: MomentColumn | None = None
    period: Text | None = None
    rating: Columns | None = None
    channel: Text | None = None
    customer: Text | None = None
    id: Text | None = None


class Comments(Table):
    """Comments of one source (complaints, reviews, posts), in Chinese, English or both.

    `scale` and `direction` are of the ratings that came with them, `values` turns texts into
    ratings; `asked` says what the source is for: of complaints, "nothing" is praise; `segments` are
    further columns by key, the survey's own where they mean the same.
    """

    columns: Annotated[CommentColumns, mapping_of("text")]
    scale: Scale | None = None
    direction: Direction = "higher"
    values: Mapping[Text, Number] = {}
    asked: Literal["open", "complaints", "praise"] = "open"
    segments: Mapping[Key, Annotated[Attribute, mapping_of("column")]] = Field(default_factory=dict)
    label: Label | None = None


def _by_key(value: Any) -> Any:
    if isinstance(value, dict) and {"source", "columns"} & value.keys():
        raise ValueError(
            "is one source without a key: what is it called? Write such as reviews: "
            "{source: …, columns: {text: …}}."
        )
    return value


Sources = Annotated[Mapping[Key, Comments], BeforeValidator(_by_key)]
"""Sources of comments by the key under which they are shown."""


class CodingColumns(Closed):
    """The columns of a coded sample, as `cx sample comments` heads them; then a column a theme."""

    id: Text = "id 编号"
    text: Text = "comment 评论"
    coder: Text = "coder 编码员"
    done: Text = "done 已读"


class Coding(Table):
    """Samples of comments that people coded by hand: how far the codes are right is read off it."""

    columns: CodingColumns = CodingColumns()


class EventColumns(Closed):
    """The columns of a log of steps: who, or which order, took which step, and when."""

    customer: Text
    step: Text
    time: MomentColumn


class Events(Table):
    """What customers did, a row a step; `steps` says which touchpoint or stage each raw step is.

    Who takes no later step for so many `days` went no further.
    """

    columns: EventColumns
    steps: Mapping[Text, Raws]
    days: Annotated[int, Field(ge=1)] = 30


def check_events(events: Events, survey: Survey | None, calendar: Calendar) -> Iterator[Problem]:
    """Yield every contradiction in a log of steps."""
    yield from check_table(events, ("events",), calendar)
    known = [t.key for t in survey.touchpoints] if survey else []
    known += [*dict.fromkeys(t.stage for t in survey.touchpoints if t.stage)] if survey else []
    at = At("events", "steps")
    for key in events.steps if known else ():
        yield from at.unknown((key,), key, "no touchpoint and no stage", known)
    seen: dict[str, str] = {}
    for key, raws in events.steps.items():
        for place, raw in enumerate(raws):
            if raw in seen:
                yield at((key, place), f"{raw!r} stands under {seen[raw]} too; keep one.")
            seen.setdefault(raw, key)


def check_comments(
    comments: Mapping[str, Comments], period: str, calendar: Calendar
) -> Iterator[Problem]:
    """Yield every contradiction in the sources of comments."""
    for key, section in comments.items():
        at, columns = At("comments", key), section.columns
        yield from check_table(section, at.path, calendar)
        rated = ("columns.rating", "scale")
        if columns.rating is not None and section.scale is None:
            message = "is missing: from where to where do the ratings go? Write such as [1, 5]."
            yield at("scale", message, *rated)
        if columns.rating is None and section.scale is not None:
            yield at("columns", "name no rating, though there is a scale.", *rated)
        placed = columns.date or columns.period or section.source.period_from
        if period != "wave" and placed is None:
            message = f"is missing, and so is period: to which {period} does a comment belong?"
            yield at("columns.date", message, "columns", "/period")
