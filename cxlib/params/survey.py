"""Ask room: the survey, its questions and the groups that answered it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from cxlib.analysis.metrics import Kind
from cxlib.params.base import (
    Closed,
    Codes,
    CutPoints,
    Direction,
    Key,
    Label,
    Number,
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
    date: Text | None = None
    comment: Text | None = None
    weight: Text | None = None
    period: Text | None = None
    brand: Text | None = None


class MetricItem(Closed):
    """One question that a score is computed from.

    `kind` follows from the keys nps, csat and ces and is said otherwise; `scale` is what the
    questionnaire allows; `top` (csat) how many of the highest answers are satisfied; `direction`
    which way is better; `cut_points` (nps) highest detractor and lowest promoter.
    """

    column: Text
    kind: Kind | None = None
    scale: Scale | None = None
    top: int | None = None
    direction: Direction | None = None
    cut_points: CutPoints | None = None
    label: Label | None = None


class TouchpointItem(Closed):
    """One step of the journey that customers rate; the list is in journey order."""

    key: Key
    column: Text
    scale: Scale
    top: int | None = None
    direction: Direction = "higher"
    stage: Text | None = None
    label: Label | None = None


class SegmentItem(Closed):
    """One way to split the customers: a column, the order of its values, and their labels."""

    column: Text
    label: Label | None = None
    order: Raws = ()
    values: Mapping[Text, Label] = {}


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
    segments: Mapping[Key, Annotated[SegmentItem, mapping_of("column")]] = {}
    margins: Mapping[Text, Mapping[Text, Number]] = {}
    invited: Mapping[PeriodLabel, Annotated[int, Field(ge=1)]] = {}
