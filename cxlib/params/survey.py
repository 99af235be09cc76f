"""The survey, its questions and the groups that answered it; what contradicts itself there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan
from typing import Annotated, Literal

from pydantic import Field

from cxlib.analysis.metrics import KINDS, NPS_CUT_POINTS, SCALES, Kind
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
    PeriodKind,
    PeriodLabel,
    Raws,
    Scale,
    Text,
    mapping_of,
)
from cxlib.params.calendar import Calendar
from cxlib.params.faults import At, Path, Problem, dotted, show
from cxlib.params.source import Read, Table, check_columns, check_source


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


# --- contradictions between values that are each well formed --------------------------------------

SHARES_SUM_WITHIN = 0.005
"""Published shares are rounded to a tenth of a percent or so; a larger gap is a slip."""


def kind_of(key: str, item: MetricItem) -> Kind | None:
    """Return what kind of score a metric is: as declared, else as its key says."""
    return item.kind or next((kind for kind in KINDS if kind == key), None)


def check_survey(survey: Survey, period: PeriodKind, calendar: Calendar) -> Iterator[Problem]:
    """Yield every contradiction in a survey section."""
    yield from check_source(survey.source, ("survey", "source"), calendar)
    yield from _columns(survey, period)
    for key, metric in survey.metrics.items():
        yield from _metric(key, metric)
    for place, touchpoint in enumerate(survey.touchpoints):
        at, stage = At("survey", "touchpoints", place), touchpoint.stage
        yield from _top_box(touchpoint.top, touchpoint.scale, at, "scale")
        if stage is not None and survey.stages:
            stages = (survey.stages, ("survey", "stages", stage))
            yield from at.unknown("stage", stage, "not under survey.stages", *stages)
    for key, question in survey.questions.items():
        yield from _question(question, At("survey", "questions", key))
    yield from _codes(survey)
    yield from _twins(survey)
    yield from _segments(survey)
    yield from _margins(survey)


def columns_of(survey: Survey) -> Iterator[Read]:
    """Yield every column that the survey section reads, with the path that names it."""
    for name in type(survey.columns).model_fields:
        yield ("survey", "columns", name), getattr(survey.columns, name)
    for key, metric in survey.metrics.items():
        yield ("survey", "metrics", key, "column"), metric.column
    for place, touchpoint in enumerate(survey.touchpoints):
        yield ("survey", "touchpoints", place, "column"), touchpoint.column
    for key, segment in survey.segments.items():
        yield ("survey", "segments", key, "column"), segment.column


def _columns(survey: Survey, period: PeriodKind) -> Iterator[Problem]:
    yield from check_columns(columns_of(survey))
    at, columns = At("survey"), survey.columns
    if columns.brand is not None and survey.own_brand is None:
        message = f"is missing: which value of column {columns.brand!r} is the client itself?"
        yield at("own_brand", message)
    if columns.brand is None and survey.own_brand is not None:
        message = f"{survey.own_brand!r} has no use without columns.brand."
        yield at("own_brand", message, "columns.brand")
    if period != "wave" and not (columns.date or columns.period or survey.source.period_from):
        yield at(
            "/period",
            f"is {period}, but nothing tells the period of an answer; name survey.columns.date or "
            "survey.columns.period, set survey.source.period_from, or write period: wave.",
            *("columns.date", "columns.period", "source.period_from"),
        )


def _metric(key: str, item: MetricItem) -> Iterator[Problem]:
    at, about, kind = At("survey", "metrics", key), ("kind", "scale"), kind_of(key, item)
    if kind is None:
        yield at("kind", f"is missing; say what {key!r} is: {', '.join(KINDS)}.")
        return
    if item.scale is None and kind != "nps":
        yield at("scale", "is missing; write [lowest, highest] of the questionnaire.")
    scale = item.scale or SCALES["nps"]
    if item.top is not None and kind != "csat":
        yield at("top", f"counts satisfied answers of a csat; {kind} has none.", *about)
    else:
        yield from _top_box(item.top, scale, at, *about)
    if kind == "ces" and item.direction is None:
        message = (
            "is missing; write higher if a high answer means easy, lower if it means hard work."
        )
        yield at("direction", message)
    if kind == "nps" and item.direction == "lower":
        yield at("direction", "'lower' contradicts nps: higher is better.", *about)
    wanted = "write [highest detractor, lowest promoter]."
    if kind != "nps":
        if item.cut_points is not None:
            yield at("cut_points", f"belongs to an nps, not to a {kind}.", *about)
    elif item.cut_points is not None:
        detractor, promoter = item.cut_points
        if not scale[0] <= detractor < promoter <= scale[1]:
            said = f"{show(item.cut_points)} does not fit the scale {show(scale)}"
            yield at("cut_points", f"{said}; {wanted}", *about)
    elif scale != SCALES["nps"]:
        said = f"is missing: NPS is defined on [0, 10], with {show(NPS_CUT_POINTS)}"
        yield at("cut_points", f"{said}; on {show(scale)} {wanted}", *about)


def _top_box(top: int | None, scale: tuple[int, int], at: At, *about: str) -> Iterator[Problem]:
    points = scale[1] - scale[0] + 1
    if top is None or 1 <= top < points:
        return
    if top < 1:
        message = f"{top} counts no answer; write 1 or more."
    elif top > points:
        message = f"{top} is wider than the scale {show(scale)}, which has {points} points."
    else:
        message = f"{top} counts every answer on {show(scale)} as satisfied."
    yield at("top", message, *about)


def _question(item: QuestionItem, at: At) -> Iterator[Problem]:
    both = ("column", "columns")
    if (item.column is None) == (item.columns is None):
        yield at("", "write column, or columns where each choice has one.", *both)
    if item.columns is not None and item.kind != "multiple":
        yield at("columns", f"are of a multiple question, not of a {item.kind} one.")
    if item.chosen and item.columns is None:
        yield at("chosen", "says which cell means chosen; it needs columns.", *both)
    if item.separator and (item.kind != "multiple" or item.column is None):
        yield at("separator", "parts the choices of a multiple question in one column.", *both)


def _codes(survey: Survey) -> Iterator[Problem]:
    """Yield codes that are answers, and codes that mean two things."""
    asked = list(_scales(survey))
    scales = [(path, scale) for path, _item, scale in asked]
    yield from _coded(survey, At("survey"), scales)
    for path, item, scale in asked:
        at = At(*path)
        yield from _coded(item, at, [(path, scale)])
        for text, value in item.values.items():
            if not scale[0] <= value <= scale[1]:
                message = f"{value:g} is off the scale {show(scale)}; what means no answer belongs "
                yield at(("values", text), f"{message}under missing or not_applicable.", "scale")


def _coded(
    item: Survey | Rated, at: At, asked: list[tuple[Path, tuple[int, int]]]
) -> Iterator[Problem]:
    """Yield codes that stand under both words, and those that are answers of what was asked."""
    missing = {str(code) for code in item.missing}
    for place, code in enumerate(item.not_applicable):
        if str(code) in missing:
            message = "is under missing as well: is it no answer, or did not use it?"
            yield at(("not_applicable", place), f"{show(code)} {message}", "missing")
    hint = "; write it under the questions where it is a code" if at.path == ("survey",) else ""
    for name in ("missing", "not_applicable"):
        for place, code in enumerate(getattr(item, name)):
            number = _number(code)
            for path, scale in asked:
                if scale[0] <= number <= scale[1]:
                    said = f"{show(code)} is an answer on the scale {show(scale)} of {dotted(path)}"
                    yield at((name, place), f"{said}{hint}.", (*path, "scale"))
                    break


def _scales(survey: Survey) -> Iterator[tuple[Path, Rated, tuple[int, int]]]:
    for key, metric in survey.metrics.items():
        if metric.scale or kind_of(key, metric) == "nps":
            yield ("survey", "metrics", key), metric, metric.scale or SCALES["nps"]
    for place, touchpoint in enumerate(survey.touchpoints):
        yield ("survey", "touchpoints", place), touchpoint, touchpoint.scale


def _twins(survey: Survey) -> Iterator[Problem]:
    """Yield metrics of one column that score it alike, or on different scales."""
    asked = [one for one in _scales(survey) if one[0][1] == "metrics"]
    scored = [(metric.top, kind_of(key, metric)) for key, metric in survey.metrics.items()]
    keys = list(survey.metrics)
    for place, (path, item, scale) in enumerate(asked):
        for other, before, its in asked[:place]:
            alike = scored[keys.index(str(path[-1]))] == scored[keys.index(str(other[-1]))]
            if set(item.column) & set(before.column) and (scale != its or alike):
                how = f"on the scale {show(its)}" if scale != its else "in the same way"
                said = f"column {item.column[0]!r} is already read {how} by {dotted(other)}."
                about = ((*other, "column"), (*other, "scale"), (*path, "scale"), (*path, "kind"))
                yield Problem((*path, "column"), said, about)
                break


def _number(code: object) -> float:
    try:
        return float(str(code))
    except ValueError:
        return nan


def _segments(survey: Survey) -> Iterator[Problem]:
    for key, segment in survey.segments.items():
        at = At("survey", "segments", key)
        yield from At(*at.path, "order").twice(segment.order)
        for value in segment.values if segment.order else ():
            yield from at.unknown(("values", value), value, "not under order", segment.order)


def _margins(survey: Survey) -> Iterator[Problem]:
    for key, margin in survey.margins.items():
        at, total = At("survey", "margins", key), sum(margin.values())
        known = survey.segments
        yield from at.unknown("", key, "not a segment", known, ("survey", "segments", key))
        low = [value for value, known in margin.items() if known <= 0]
        for value in low:
            message = f"{show(margin[value])} is not above 0; leave out a value that nobody has."
            yield at((value,), message)
        if low:
            continue
        if not margin:
            yield at("", "is empty; write shares that sum to 1, or counts.", "")
        elif all(share <= 1 for share in margin.values()):
            if abs(total - 1) > SHARES_SUM_WITHIN:
                yield at("", f"shares sum to {total:.4g}, not to 1.", "")
        elif any(share < 1 for share in margin.values()):
            yield at("", "mixes shares and counts; write all as one or all as the other.")


def check_tablebook(tablebook: Tablebook, survey: Survey | None) -> Iterator[Problem]:
    """Yield segments and questions that are none."""
    segments = survey.segments if survey is not None else {}
    touchpoints = [item.key for item in survey.touchpoints] if survey is not None else []
    asked = [*survey.metrics, *touchpoints, *survey.questions] if survey is not None else []
    for place, banner in enumerate(tablebook.banners):
        at = At("tablebook", "banners", place)
        yield from at.twice(banner)
        for n, key in enumerate(banner):
            yield from at.unknown((n,), key, "not a segment", segments)
    for key in tablebook.nets:
        yield from At("tablebook", "nets").unknown((key,), key, "not a question", asked)
