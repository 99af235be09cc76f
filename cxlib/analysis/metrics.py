"""What is measured, in surveys and tickets, and how the survey was drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from cxlib.errors import DataError, nearest

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["nps", "csat", "ces", "mean"]
Direction = Literal["higher", "lower"]
Scale: TypeAlias = tuple[int, int]


class Declared(TypedDict, total=False):
    """What `resolve` takes beside a question, and every function that passes it on."""

    kind: Kind | None
    scale: Scale | None
    top: int | None
    direction: Direction | None
    cut_points: Scale | None


KINDS: tuple[Kind, ...] = ("nps", "csat", "ces", "mean")
UNITS: dict[Kind, str] = {"nps": "points", "csat": "percent", "ces": "mean", "mean": "mean"}
SCALES: dict[Kind, Scale] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
"""The scale each question is usually asked on; a mean has none."""

NPS_CUT_POINTS = (6, 9)
"""Highest detractor and lowest promoter on 0-10 (Reichheld 2003); no other scale has a standard."""

TOP_BOXES = 2
"""Answers that count as satisfied: the usual "top two" of five."""


@dataclass(frozen=True, kw_only=True)
class SurveyDesign:
    """How a survey was drawn, as one value.

    Parameters
    ----------
    weights : str or None
        Column of weights; an absent ``weight`` column means unweighted.
    cluster : str or None
        Column that says who answered, where customers answer more than once.
    confidence : float
        Coverage of intervals, between 0 and 1.
    """

    weights: str | None = "weight"
    cluster: str | None = None
    confidence: float = 0.95


@dataclass(frozen=True)
class Metric:
    """One KPI question.

    Parameters
    ----------
    key : str
        Its column in the survey table.
    kind : {"nps", "csat", "ces", "mean"}
        What is computed from the answers.
    scale : (int, int), optional
        Lowest and highest answer; by default 0-10 for NPS, 1-5 for CSAT, 1-7 for CES, none for a
        mean.
    top : int, optional
        CSAT: how many of the best answers count as satisfied (2 by default).
    direction, best : {"higher", "lower"}
        Which way the score is better. For a share of answers (NPS, CSAT) it is always ``"higher"``;
        ``"lower"`` then says which answers are best, and is kept in `best`.
    cut_points : (int, int), optional
        NPS: highest detractor and lowest promoter; required on any scale but 0-10.

    Raises
    ------
    DataError
        If the parts do not fit one another.
    """

    key: str
    kind: Kind
    scale: Scale | None = None
    top: int | None = None
    direction: Direction = "higher"
    cut_points: Scale | None = None
    best: Direction | None = None

    def __post_init__(self) -> None:
        """Fill in the defaults of the kind, then check that the parts fit."""
        one_of(self.kind, KINDS, f"{self.kind!r} is no kind of score")
        check_direction(self.direction)
        share = self.kind in ("nps", "csat")
        object.__setattr__(self, "best", (self.best if share else None) or self.direction)
        check_direction(self.best or "")
        if share:
            object.__setattr__(self, "direction", "higher")
        scale = check_scale(self.scale if self.scale is not None else SCALES.get(self.kind))
        object.__setattr__(self, "scale", scale)
        if self.kind == "csat":
            object.__setattr__(self, "top", check_top(self.top, scale))
        if self.kind == "nps":
            object.__setattr__(self, "cut_points", check_cut_points(self.cut_points, scale))

    @property
    def unit(self) -> str:
        """Unit of the score: ``"points"``, ``"percent"`` or ``"mean"``."""
        return UNITS[self.kind]

    def satisfied(self, answers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return which answers are among the best `top` of the scale (CSAT)."""
        lowest, highest = self.scale or SCALES["csat"]
        boxes = self.top or TOP_BOXES
        return answers < lowest + boxes if self.best == "lower" else answers > highest - boxes


@dataclass(frozen=True)
class Touchpoint:
    """One step of the journey that customers rate, and the `stage` it belongs to.

    `key`, `scale`, `top` and `direction` are those of a `Metric`; parts that do not fit one another
    are an error.
    """

    key: str
    scale: Scale = (1, 5)
    top: int | None = None
    stage: str | None = None
    direction: Direction = "higher"

    def __post_init__(self) -> None:
        """Check that the parts fit."""
        check_direction(self.direction)
        scale = check_scale(self.scale)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "top", check_top(self.top, scale))


Questions: TypeAlias = Sequence[Metric | Touchpoint]
Question: TypeAlias = str | Metric | Touchpoint


def resolve(
    question: str | Metric | Touchpoint,
    *,
    kind: Kind | None = None,
    scale: Scale | None = None,
    top: int | None = None,
    direction: Direction | None = None,
    cut_points: Scale | None = None,
) -> Metric:
    """Return `question` as a metric; what is given here overrides what the question declares.

    A plain column called nps, csat or ces needs no `kind`, and any other cannot do without: it is
    never guessed from the answers. A touchpoint is a mean unless told otherwise.
    """
    declared: Any = None, "higher"
    if isinstance(question, Metric):
        declared = question.kind, question.best or question.direction
    elif isinstance(question, Touchpoint):
        declared = "mean", question.direction
    elif question in KINDS:
        declared = question, "higher"
    chosen = kind or declared[0]
    if chosen is None:
        raise DataError(f"say what {question!r} is: kind='nps', 'csat', 'ces' or 'mean'.")
    same_kind = isinstance(question, Metric) and question.kind == chosen
    own_cuts = question.cut_points if isinstance(question, Metric) and same_kind else None
    return Metric(
        key=getattr(question, "key", str(question)),
        kind=chosen,
        scale=scale or getattr(question, "scale", None),
        top=top if top is not None else getattr(question, "top", None),
        direction=direction or declared[1],
        cut_points=cut_points or (own_cuts if scale is None else None),
    )


_BOUNDS: dict[str, tuple[Any, str]] = {"above": (gt, "above"), "least": (ge, "at least")}
_BOUNDS |= {"below": (lt, "below"), "most": (le, "at most")}


def number(value: Any, what: str, **bounds: float) -> float:
    """Return an option as a float; refuse text, nothing, true or false, and what is off bounds.

    Bounds are ``above, least, below, most``; with any of them it must be finite, too.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise DataError(f"{what} is {value!r}; it must be a number.")
    asked, rules = float(value), [(*_BOUNDS[name], end) for name, end in bounds.items()]
    if rules and not (isfinite(asked) and all(holds(asked, end) for holds, _word, end in rules)):
        ends = [f"{word} {end:g}" for _holds, word, end in rules if isfinite(end)]
        raise DataError(f"{what} is {asked:g}; it must be {' and '.join(ends) or 'finite'}.")
    return asked


def one_of(value: Any, known: Collection[Any], message: str) -> None:
    """Refuse what is not among the known words, with a `message` and the nearest of them."""
    if value not in tuple(known):
        raise DataError(f"{message}{nearest(str(value), known)}")


def check_options(given: Collection[str], known: Collection[str]) -> None:
    """Refuse an option that is none: what a function passes on is read by name."""
    for name in given:
        one_of(name, known, f"there is no option {name!r}")


def check_direction(direction: str) -> None:
    """Refuse a direction other than higher or lower."""
    if direction not in ("higher", "lower"):
        raise DataError(f"direction is 'higher' or 'lower' (which is better), not {direction!r}.")


def _whole(pair: Any, error: str) -> Scale:
    """Return two whole numbers; refuse anything else with `error`."""
    try:
        first, second = (float(end) for end in pair)
    except (TypeError, ValueError):
        raise DataError(error) from None
    if not (first.is_integer() and second.is_integer()):
        raise DataError(error)
    return int(first), int(second)


def check_scale(scale: Scale | None) -> Scale | None:
    """Return a scale as two whole numbers, the lower first; None stays None."""
    if scale is None:
        return None
    lowest, highest = _whole(scale, f"a scale is two whole numbers such as (1, 5), not {scale!r}.")
    if lowest >= highest:
        raise DataError(f"a scale is two whole numbers, the lower first, not {scale!r}.")
    return lowest, highest


def check_top(top: int | None, scale: Scale | None) -> int:
    """Return how many answers count as satisfied, if the scale has that many and one to spare."""
    boxes = TOP_BOXES if top is None else number(top, "top")
    steps = 1 if scale is None else scale[1] - scale[0]
    if top is None:
        boxes = min(boxes, steps)
    if not 1 <= boxes <= steps or boxes != int(boxes):
        raise DataError(f"top={top} does not fit the scale {scale}: from 1 to {steps} boxes.")
    return int(boxes)


def check_cut_points(cut_points: Scale | None, scale: Scale | None) -> Scale:
    """Return highest detractor and lowest promoter; only 0-10 has a default."""
    scale = scale or SCALES["nps"]
    if cut_points is None:
        if scale != SCALES["nps"]:
            raise DataError(
                f"NPS on the scale {scale[0]}-{scale[1]} has no standard cut points; declare "
                "cut_points=(highest detractor, lowest promoter)."
            )
        return NPS_CUT_POINTS
    error = f"cut points are two whole numbers, not {cut_points!r}."
    detractor, promoter = _whole(cut_points, error)
    if not scale[0] <= detractor < promoter <= scale[1]:
        raise DataError(
            f"cut points {cut_points!r} do not fit the scale {scale[0]}-{scale[1]}: "
            "the highest detractor lies below the lowest promoter, both on the scale."
        )
    return detractor, promoter


STATES = ("open", "resolved", "closed", "cancelled", "merged", "abandoned")
DONE = ("resolved", "closed")
EXCLUDED = ("cancelled", "merged")
"""What a ticket may be; over; and no case of its own."""


@dataclass(frozen=True)
class TicketKpi:
    """One KPI of a ticket log, and the keys under ``tickets.columns``, one of which it cannot lack.

    `kpi` and `statistic` say where it stands in :func:`cxlib.analysis.service.ticket_kpis`; the
    `unit` is a share from 0 to 1, seconds, or a mean rating.
    """

    kpi: str
    statistic: str
    unit: Literal["share", "seconds", "mean"]
    direction: Direction
    needs: tuple[str, ...]


_SHARES: tuple[tuple[str, Direction, tuple[str, ...]], ...] = (
    ("fcr", "higher", ("customer", "reopened", "fcr_survey")),
    ("first_response_sla", "higher", ("first_response",)),
    ("resolution_sla", "higher", ("resolved", "closed")),
    ("sla_met", "higher", ("sla_met",)),
    ("abandonment_rate", "lower", ("state",)),
    ("reopen_rate", "lower", ("reopened",)),
    ("reassign_rate", "lower", ("reassigned",)),
)
_TIMES = (
    ("handle_time", "handle_time", "mean", ("handle_seconds", "handle_minutes")),
    ("first_response", "first_response", "median", ("first_response",)),
    ("first_response_p90", "first_response", "p90", ("first_response",)),
    ("resolution", "resolution", "median", ("resolved", "closed")),
    ("resolution_p90", "resolution", "p90", ("resolved", "closed")),
)

TICKET_KPIS: Mapping[str, TicketKpi] = MappingProxyType(
    {"ticket_csat": TicketKpi("csat", "mean", "mean", "higher", ("csat",))}
    | {key: TicketKpi(key, "share", "share", way, needs) for key, way, needs in _SHARES}
    | {key: TicketKpi(kpi, name, "seconds", "lower", needs) for key, kpi, name, needs in _TIMES}
)
"""By the key that a target names: the KPIs that a contract on service usually holds."""
