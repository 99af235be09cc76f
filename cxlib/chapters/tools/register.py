"""The register of a choice of tool: criteria, comparisons, options, scores, costs, rollout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator

from cxlib.chapters import held
from cxlib.params import Client
from cxlib.params.base import Label
from cxlib.params.faults import Path, Problem, show
from cxlib.params.registers import Day, Id, Money, Positive, Rate, Register as Base, Row, Titled

if TYPE_CHECKING:
    import pandas as pd

SECTION = "tools"
RECIPROCAL = 0.02
"""How far a comparison and the one the other way round may be from reciprocal: 0.33 and 3 are."""

Kind = Literal["feedback", "crm", "service-desk"]


def _ratio(value: object) -> float:
    try:
        number = float(Fraction(str(value).strip().replace(" ", "")))
    except (ValueError, ZeroDivisionError):
        number = 0.0
    if isinstance(value, bool) or not 1 / 9.1 <= number <= 9:
        raise ValueError(f"{show(value)} is no comparison; write 1 to 9, or 1/2 to 1/9.")
    return number


Ratio = Annotated[float, PlainValidator(_ratio)]
_PAIR = (("comparisons", "criterion"), ("comparisons", "other"))


class Choice(Row):
    """What is chosen, for how many users and years; scores go from 1 to `best`."""

    KEY: ClassVar[tuple[str, ...]] = ()

    kind: Kind = "feedback"
    title: Label | None = None
    years: Annotated[int, Field(ge=1, le=10)] = 3
    users: Annotated[int, Field(ge=1)] = 1
    best: Annotated[int, Field(ge=2, le=100)] = 5
    price_rise: Rate = 0.0


class Criterion(Row):
    """One criterion; without any here, the starter set of the kind holds.

    `knock_out` is the least mean score that an option must have.
    """

    id: Id
    title: Label | None = None
    weight: Positive | None = None
    knock_out: Positive | None = None


class Comparison(Row):
    """How much more a criterion counts than the other: 1 as much, 9 at most, 1/9 at least."""

    KEY: ClassVar[tuple[str, ...]] = ("criterion", "other")

    criterion: Id
    other: Id
    value: Ratio


class Must(Titled):
    """What an option must have, whatever its scores."""


class Option(Titled):
    """One option, the musts it fails, and its costs: a year, once, once, a user and year."""

    WITHIN: ClassVar[Mapping[str, str]] = {"fails": "musts"}

    fails: tuple[Id, ...] = ()
    licence: Money | None = None
    set_up: Money | None = None
    training: Money | None = None
    per_user: Money | None = None


class Assessor(Titled):
    """Who scores, by role."""


class Score(Row):
    """One assessor's score of an option on a criterion."""

    KEY: ClassVar[tuple[str, ...]] = ("option", "criterion", "assessor")
    WITHIN: ClassVar[Mapping[str, str]] = {"option": "options", "assessor": "assessors"}

    option: Id
    criterion: Id
    assessor: Id
    score: Positive


class Step(Titled):
    """One step of the rollout; without any here, the starter list of the kind holds."""

    kind: Literal["configuration", "training"] = "configuration"
    owner: Label | None = None
    due: Day | None = None
    done: Day | None = None


def starter(kind: str) -> dict[str, list[dict[str, Any]]]:
    """Return the starter set of a kind: ``criteria`` and ``rollout``."""
    found: dict[str, list[dict[str, Any]]] = held(__file__, "starters.yaml")[kind]
    return found


class Register(Base):
    """A choice of a tool, and its rollout."""

    choice: Choice = Choice()
    criteria: tuple[Criterion, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    musts: tuple[Must, ...] = ()
    options: tuple[Option, ...] = ()
    assessors: tuple[Assessor, ...] = ()
    scores: tuple[Score, ...] = ()
    rollout: tuple[Step, ...] = ()

    @property
    def counted(self) -> tuple[Criterion, ...]:
        """The criteria that count: those given, else the starter set."""
        return self.criteria or tuple(
            Criterion(id=one["id"], weight=one["weight"])
            for one in starter(self.choice.kind)["criteria"]
        )

    def matrix(self) -> pd.DataFrame:
        """Return the comparisons as a square of criteria; NaN where a pair is not compared."""
        import numpy as np
        import pandas as pd

        ids = [one.id for one in self.counted]
        square = pd.DataFrame(np.where(np.eye(len(ids)), 1.0, np.nan), index=ids, columns=ids)
        for one in self.comparisons:
            square.loc[one.criterion, one.other] = one.value
            square.loc[one.other, one.criterion] = 1 / one.value
        return square

    def problems(self, client: Client) -> Iterator[Problem]:
        """Yield names that are not there, gaps in scores and weights, and contradictions."""
        criteria = [one.id for one in self.counted]
        unknown = [*super().problems(client)]
        for name, end in (("scores", "criterion"), *_PAIR):
            unknown += self.unknown(name, end, "criterion", criteria)
        yield from unknown
        for place, score in enumerate(self.scores):
            if not 1 <= score.score <= self.choice.best:
                message = f"{score.score:g} is off the scale; scores go from 1 to "
                yield Problem(("scores", place, "score"), f"{message}{self.choice.best}.")
        if not unknown:
            yield from self._gaps(criteria)
            yield from self._weights(criteria)

    def _gaps(self, criteria: Sequence[str]) -> Iterator[Problem]:
        """Yield options without a score on a criterion, and assessors who scored a part."""
        given = {(one.option, one.criterion) for one in self.scores}
        for place, option in enumerate(self.options):
            if gaps := [c for c in criteria if (option.id, c) not in given]:
                message = f"{option.id} has no score on {', '.join(gaps)}; score it, or leave it "
                yield Problem(("options", place), message + "out.")
        asked = len(self.options) * len(criteria)
        for place, assessor in enumerate(self.assessors):
            scored = sum(one.assessor == assessor.id for one in self.scores)
            if scored < asked:
                message = (
                    f"{assessor.id} gave {scored} of {asked} scores; the others' mean stands for "
                    "the rest, so complete them, or leave this assessor out."
                )
                yield Problem(("assessors", place), message, severity="warning")

    def _weights(self, criteria: Sequence[str]) -> Iterator[Problem]:
        """Yield weights given in two ways or in part, and comparisons that contradict."""
        weighed = [one.weight is not None for one in self.criteria]
        if self.comparisons and any(weighed):
            place = weighed.index(True)
            message = "weights come from the comparisons; take this out, or the comparisons."
            yield Problem(("criteria", place, "weight"), message)
        elif any(weighed) and not all(weighed):
            message = "the other criteria have a weight; give one here too."
            yield Problem(("criteria", weighed.index(False)), message)
        if not self.comparisons:
            return
        given: dict[tuple[str, str], tuple[int, float]] = {}
        for place, one in enumerate(self.comparisons):
            at: Path = ("comparisons", place, "value")
            back = given.get((one.other, one.criterion))
            if one.criterion == one.other:
                yield Problem(at, f"{one.criterion} is compared with itself; take the row out.")
                return
            if back is not None and abs(one.value * back[1] - 1) > RECIPROCAL:
                message = (
                    f"{one.criterion} against {one.other} is {one.value:.3g}, and the other way "
                    f"round {back[1]:.3g}; {1 / back[1]:.3g} would be its reciprocal."
                )
                yield Problem(at, message, (("comparisons", back[0], "value"),))
                return
            given[one.criterion, one.other] = place, one.value
        missing = [
            f"{a} with {b}"
            for a, b in combinations(criteria, 2)
            if (a, b) not in given and (b, a) not in given
        ]
        if missing:
            message = f"not compared: {', '.join(missing[:5])}; {len(missing)} in all."
            yield Problem(("comparisons",), message)
            return
        yield from self._consistency(given)

    def _consistency(self, given: dict[tuple[str, str], tuple[int, float]]) -> Iterator[Problem]:
        from cxlib.analysis.selection import CONSISTENT, ahp

        found = ahp(self.matrix(), tolerance=RECIPROCAL)
        if found.consistency_ratio <= CONSISTENT:
            return
        worst = found.table.iloc[0]
        a, b = str(worst["criterion"]), str(worst["other"])
        place = given[(a, b) if (a, b) in given else (b, a)][0]
        message = (
            f"the comparisons contradict one another (consistency ratio "
            f"{found.consistency_ratio:.2f}, at most {CONSISTENT:g}): {a} against {b} is "
            f"{worst['given']:.3g}, the rest imply {worst['implied']:.2g}; compare them once more."
        )
        yield Problem(("comparisons", place, "value"), message, severity="warning")
