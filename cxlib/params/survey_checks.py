"""Contradictions within a survey section whose values are each well formed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cxlib.analysis.metrics import KINDS, NPS_CUT_POINTS, SCALES, Kind
from cxlib.errors import nearest
from cxlib.params.base import PeriodKind
from cxlib.params.calendar import Calendar
from cxlib.params.faults import Path, Problem, dotted, show
from cxlib.params.source import Read, check_columns, check_source
from cxlib.params.survey import MetricItem, QuestionItem, Rated, Survey, Tablebook, TouchpointItem

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
        yield from _touchpoint(touchpoint, ("survey", "touchpoints", place), survey)
    for key, question in survey.questions.items():
        yield from _question(question, ("survey", "questions", key))
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
    columns = survey.columns
    if columns.brand is not None and survey.own_brand is None:
        yield Problem(
            ("survey", "own_brand"),
            f"is missing: which value of column {columns.brand!r} is the client itself?",
        )
    if columns.brand is None and survey.own_brand is not None:
        yield Problem(
            ("survey", "own_brand"),
            f"{survey.own_brand!r} has no use without columns.brand.",
            (("survey", "columns", "brand"),),
        )
    told = (columns.date, columns.period, survey.source.period_from)
    if period != "wave" and not any(told):
        yield Problem(
            ("period",),
            f"is {period}, but nothing tells the period of an answer; name survey.columns.date or "
            "survey.columns.period, set survey.source.period_from, or write period: wave.",
            (
                ("survey", "columns", "date"),
                ("survey", "columns", "period"),
                ("survey", "source", "period_from"),
            ),
        )


def _metric(key: str, item: MetricItem) -> Iterator[Problem]:
    path: Path = ("survey", "metrics", key)
    kind = kind_of(key, item)
    about = ((*path, "kind"), (*path, "scale"))
    if kind is None:
        yield Problem((*path, "kind"), f"is missing; say what {key!r} is: {', '.join(KINDS)}.")
        return
    if item.scale is None and kind != "nps":
        yield Problem((*path, "scale"), "is missing; write [lowest, highest] of the questionnaire.")
    scale = item.scale or SCALES["nps"]
    yield from _top_box(item.top, scale, path, about, allowed=kind == "csat", kind=kind)
    if kind == "ces" and item.direction is None:
        yield Problem(
            (*path, "direction"),
            "is missing; write higher if a high answer means easy, lower if it means hard work.",
        )
    if kind == "nps" and item.direction == "lower":
        yield Problem((*path, "direction"), "'lower' contradicts nps: higher is better.", about)
    if kind != "nps":
        if item.cut_points is not None:
            yield Problem((*path, "cut_points"), f"belongs to an nps, not to a {kind}.", about)
    elif item.cut_points is not None:
        detractor, promoter = item.cut_points
        if not scale[0] <= detractor < promoter <= scale[1]:
            yield Problem(
                (*path, "cut_points"),
                f"{show(item.cut_points)} does not fit the scale {show(scale)}; write "
                "[highest detractor, lowest promoter].",
                about,
            )
    elif scale != SCALES["nps"]:
        yield Problem(
            (*path, "cut_points"),
            f"is missing: NPS is defined on [0, 10], with {show(NPS_CUT_POINTS)}; on "
            f"{show(scale)} write [highest detractor, lowest promoter].",
            about,
        )


def _top_box(
    top: int | None,
    scale: tuple[int, int],
    path: Path,
    about: tuple[Path, ...],
    *,
    allowed: bool = True,
    kind: str = "touchpoint",
) -> Iterator[Problem]:
    if top is None:
        return
    where = (*path, "top")
    points = scale[1] - scale[0] + 1
    if not allowed:
        yield Problem(where, f"counts satisfied answers of a csat; {kind} has none.", about)
    elif top < 1:
        yield Problem(where, f"{top} counts no answer; write 1 or more.", about)
    elif top > points:
        yield Problem(
            where, f"{top} is wider than the scale {show(scale)}, which has {points} points.", about
        )
    elif top == points:
        yield Problem(where, f"{top} counts every answer on {show(scale)} as satisfied.", about)


def _touchpoint(item: TouchpointItem, path: Path, survey: Survey) -> Iterator[Problem]:
    yield from _top_box(item.top, item.scale, path, ((*path, "scale"),))
    if item.stage is not None and survey.stages and item.stage not in survey.stages:
        yield Problem(
            (*path, "stage"),
            f"{item.stage!r} is not under survey.stages{nearest(item.stage, survey.stages)}",
            (("survey", "stages", item.stage),),
        )


def _question(item: QuestionItem, path: Path) -> Iterator[Problem]:
    both = ((*path, "column"), (*path, "columns"))
    if (item.column is None) == (item.columns is None):
        yield Problem(path, "write column, or columns where each choice has one.", both)
    if item.columns is not None and item.kind != "multiple":
        yield Problem((*path, "columns"), f"are of a multiple question, not of a {item.kind} one.")
    if item.chosen and item.columns is None:
        yield Problem((*path, "chosen"), "says which cell means chosen; it needs columns.", both)
    if item.separator and (item.kind != "multiple" or item.column is None):
        yield Problem(
            (*path, "separator"), "parts the choices of a multiple question in one column.", both
        )


def _codes(survey: Survey) -> Iterator[Problem]:
    """Yield codes that are answers, and codes that mean two things."""
    asked = list(_scales(survey))
    yield from _both(survey, ("survey",))
    for name in ("missing", "not_applicable"):
        for place, code in enumerate(getattr(survey, name)):
            yield from _answer(code, ("survey", name, place), ((p, s) for p, _, s in asked))
    for path, item, scale in asked:
        yield from _both(item, path)
        for name in ("missing", "not_applicable"):
            for place, code in enumerate(getattr(item, name)):
                yield from _answer(code, (*path, name, place), ((path, scale),))
        for text, value in item.values.items():
            if not scale[0] <= value <= scale[1]:
                yield Problem(
                    (*path, "values", text),
                    f"{value:g} is off the scale {show(scale)}; what means no answer belongs under "
                    "missing or not_applicable.",
                    ((*path, "scale"),),
                )


def _both(item: Survey | Rated, path: Path) -> Iterator[Problem]:
    missing = {str(code) for code in item.missing}
    for place, code in enumerate(item.not_applicable):
        if str(code) in missing:
            yield Problem(
                (*path, "not_applicable", place),
                f"{show(code)} is under missing as well: is it no answer, or did not use it?",
                ((*path, "missing"),),
            )


def _answer(
    code: object, where: Path, asked: Iterable[tuple[Path, tuple[int, int]]]
) -> Iterator[Problem]:
    number = _number(code)
    for path, scale in asked:
        if number is not None and scale[0] <= number <= scale[1]:
            hint = _ONE_QUESTION if len(where) == 3 else ""
            yield Problem(
                where,
                f"{show(code)} is an answer on the scale {show(scale)} of {dotted(path)}{hint}.",
                ((*path, "scale"),),
            )
            return


_ONE_QUESTION = "; write it under the questions where it is a code"


def _scales(survey: Survey) -> Iterator[tuple[Path, Rated, tuple[int, int]]]:
    for key, metric in survey.metrics.items():
        if metric.scale or kind_of(key, metric) == "nps":
            yield ("survey", "metrics", key), metric, metric.scale or SCALES["nps"]
    for place, touchpoint in enumerate(survey.touchpoints):
        yield ("survey", "touchpoints", place), touchpoint, touchpoint.scale


def _twins(survey: Survey) -> Iterator[Problem]:
    """Yield metrics of one column that score it alike, or on different scales."""
    asked = [(path, item, scale) for path, item, scale in _scales(survey) if path[1] == "metrics"]
    for place, (path, item, scale) in enumerate(asked):
        for other, before, its in asked[:place]:
            kinds = [kind_of(str(p[-1]), survey.metrics[str(p[-1])]) for p in (path, other)]
            scored = [(survey.metrics[str(p[-1])].top, kind) for p, kind in
                      zip((path, other), kinds, strict=True)]  # fmt: skip
            if not set(item.column) & set(before.column):
                continue
            if scale != its or scored[0] == scored[1]:
                how = f"on the scale {show(its)}" if scale != its else "in the same way"
                yield Problem(
                    (*path, "column"),
                    f"column {item.column[0]!r} is already read {how} by {dotted(other)}.",
                    ((*other, "column"), (*other, "scale"), (*path, "scale"), (*path, "kind")),
                )
                break


def _number(code: object) -> float | None:
    try:
        return float(str(code))
    except ValueError:
        return None


def _segments(survey: Survey) -> Iterator[Problem]:
    for key, segment in survey.segments.items():
        path: Path = ("survey", "segments", key, "order")
        yield from _twice(segment.order, path)
        for value in segment.values:
            if segment.order and value not in segment.order:
                yield Problem(
                    ("survey", "segments", key, "values", value),
                    f"{value!r} is not under order{nearest(value, segment.order)}",
                )


def _twice(values: Iterable[str], path: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, value in enumerate(values):
        if value in seen:
            yield Problem((*path, place), f"{value!r} is listed twice.")
        seen.add(value)


def _margins(survey: Survey) -> Iterator[Problem]:
    for key, margin in survey.margins.items():
        path: Path = ("survey", "margins", key)
        if key not in survey.segments:
            yield Problem(
                path,
                f"{key!r} is not a segment{nearest(key, survey.segments) or '; there is none.'}",
                (("survey", "segments", key),),
            )
        yield from _shares(margin, path)


def _shares(margin: Mapping[str, float], path: Path) -> Iterator[Problem]:
    low = [value for value, known in margin.items() if known <= 0]
    for value in low:
        yield Problem(
            (*path, value),
            f"{show(margin[value])} is not above 0; leave out a value that nobody has.",
        )
    total = sum(margin.values())
    if low:
        return
    if not margin:
        yield Problem(path, "is empty; write shares that sum to 1, or counts.", (path,))
    elif all(known <= 1 for known in margin.values()):
        if abs(total - 1) > SHARES_SUM_WITHIN:
            yield Problem(path, f"shares sum to {total:.4g}, not to 1.", (path,))
    elif any(known < 1 for known in margin.values()):
        yield Problem(path, "mixes shares and counts; write all as one or all as the other.")


def check_tablebook(tablebook: Tablebook, survey: Survey | None) -> Iterator[Problem]:
    """Yield segments and questions that are none."""
    segments = survey.segments if survey is not None else {}
    touchpoints = [item.key for item in survey.touchpoints] if survey is not None else []
    asked = [*survey.metrics, *touchpoints, *survey.questions] if survey is not None else []
    for place, banner in enumerate(tablebook.banners):
        path: Path = ("tablebook", "banners", place)
        yield from _twice(banner, path)
        for at, key in enumerate(banner):
            if key not in segments:
                message = f"{key!r} is not a segment{nearest(key, segments) or '; there is none.'}"
                yield Problem((*path, at), message)
    for key in tablebook.nets:
        if key not in asked:
            message = f"{key!r} is not a question{nearest(key, asked) or '; there is none.'}"
            yield Problem(("tablebook", "nets", key), message)
