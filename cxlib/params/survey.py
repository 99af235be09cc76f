"""The survey, its questions and the groups that answered it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from cxlib.analysis.metrics import Kind
from cxlib.params.base import (
    Cells,
    Closed,
    Codes,
    Columns,
    CutPoints,
    Direction,
    Key,
    Label,
    MomentColumn,
    Number,
    Options,
    PeriodLabel,
    Raws,
    Scale,
    Text,
    mapping_of,
)
from cxlib.params.source import Table


class SurveyColumns(Closed):
    """The columns every survey may have, by the names they bear in the file."""

    id: Text | None = None
    date: MomentColumn | None = None
    comment: Text | None = None
    weight: Text | None = None
    period: Text | None = None
    brand: Text | None = None


class Rated(Closed):
    """A question answered on a scale.

    Of several columns the first that holds an answer counts; `values` turns texts into answers;
    `missing` and `not_applicable` are codes of this question beside the survey's own.
    """

    column: Columns
    values: Mapping[Text, Number] = {}
    missing: Codes = ()
    not_applicable: Codes = ()
    label: Label | None = None


class MetricItem(Rated):
    """One question that a score is computed from.

    `kind` follows from the keys nps, csat and ces and is said otherwise; `scale` is what the
    questionnaire allows; `top` (csat) how many of the best answers are satisfied; `direction` which
    answers are best; `cut_points` (nps) highest detractor and lowest promoter.
    """

    kind: Kind | None = None
    scale: Scale | None = None
    top: int | None = None
    direction: Direction | None = None
    cut_points: CutPoints | None = None


class TouchpointItem(Rated):
    """One step of the journey that customers rate; the list is in journey order."""

    key: Key
    scale: Scale
    top: int | None = None
    direction: Direction = "higher"
    stage: Text | None = None


class SegmentItem(Closed):
    """One way to split the customers: a column, the order of its values, and their labels.

    `mix: false` says that it follows from the experience: it is shown, and never held equal.
    """

    column: Columns
    label: Label | None = None
    order: Raws = ()
    values: Mapping[Text, Label] = {}
    mix: bool = True


class QuestionItem(Closed):
    """Anything else that was asked: one choice (single), several (multiple), or a text (open).

    Several choices stand in one `column`, apart by `separator`, or one in each of `columns` (where
    ``*`` stands for any text), whose cells hold `chosen` where it was chosen. `options` lists the
    choices as the data write them, or labels them.
    """

    column: Columns | None = None
    columns: Columns | None = None
    kind: Literal["single", "multiple", "open"] = "single"
    chosen: Raws = ()
    separator: Text | None = None
    options: Options = Field(default={})
    missing: Codes = ()
    label: Label | None = None


class Survey(Table):
    """One survey: where it lies, what its columns mean, which answers are none.

    `missing` codes mean "no answer", `not_applicable` codes "did not use it"; `off_scale` and
    `duplicates` say what to do with answers off a scale and with rows that repeat an id within a
    period; `repeat_respondents` that ids recur across periods; `margins` are known shares or counts
    of the population by raw segment value, `invited` the invitations by period.
    """

    columns: SurveyColumns = SurveyColumns()
    own_brand: Text | None = None
    not_applicable: Codes = ()
    off_scale: Literal["error", "missing"] = "error"
    duplicates: Literal["first", "last", "error"] = "error"
    repeat_respondents: bool = False
    metrics: Mapping[Key, MetricItem] = {}
    stages: Mapping[Text, Label] = {}
    touchpoints: tuple[TouchpointItem, ...] = ()
    questions: Mapping[Key, Annotated[QuestionItem, mapping_of("column")]] = {}
    segments: Mapping[Key, Annotated[SegmentItem, mapping_of("column")]] = {}
    margins: Mapping[Text, Mapping[Text, Number]] = {}
    invited: Mapping[PeriodLabel, Annotated[int, Field(ge=1)]] = {}


class Net(Closed):
    """Answers that the table book tells together."""

    choices: Annotated[Cells, Field(min_length=1)]
    label: Label | None = None


class Tablebook(Closed):
    """What the table book of the spreadsheet has beyond every question by every segment.

    `banners` nest segments: the last within the others. `nets` are by question: answers told
    together, a rating's as well.
    """

    banners: tuple[Annotated[tuple[Key, ...], Field(min_length=2, max_length=3)], ...] = ()
    nets: Mapping[Key, Mapping[Text, Annotated[Net, mapping_of("choices")]]] = {}
