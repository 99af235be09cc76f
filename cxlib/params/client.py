"""One client, as its file describes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, Field, PrivateAttr

from cxlib.analysis.metrics import SCALES, Metric, Touchpoint
from cxlib.errors import SetupError
from cxlib.params.base import Closed, Key, Label, Languages, PeriodKind, Text, mapping_of
from cxlib.params.calendar import Calendar, Currency, Privacy
from cxlib.params.faults import Fault, Path, Problem, Severity
from cxlib.params.fieldwork import Fieldwork
from cxlib.params.members import Benefits, Members, Points, Transactions, attributes_of
from cxlib.params.registers import SECTIONS, Named
from cxlib.params.report import Report
from cxlib.params.source import Table
from cxlib.params.survey import Survey, Tablebook, kind_of
from cxlib.params.tables import Tickets
from cxlib.params.targets import Kpi, Target
from cxlib.params.voice import Coding, Events, Sources
from cxlib.params.yaml import Document
from cxlib.workspace import check_client_name


def _client_name(text: str) -> str:
    try:
        return check_client_name(text)
    except SetupError as error:
        raise ValueError(str(error)) from error


class Labelled(NamedTuple):
    """A key or a segment's raw value, with the label that the file gives it (empty: none)."""

    key: str
    path: Path
    label: Mapping[Any, str]
    segment: str = ""


class Client(Closed):
    """One client, as ``params/<client>.yaml`` describes it.

    A client has only the sections its contract calls for; the others are None or empty. Targets
    carry the direction and basis of what they are set on. `needs`, `actions`, `tools`,
    `training`, `obligations` and `visits` name registers. `chapters` holds free
    parameters of chapters by their stem.
    """

    client: Annotated[Text, AfterValidator(_client_name)]
    name: Label | None = None
    demo: bool = False
    languages: Annotated[Languages, Field(min_length=1)] = Field(default=("en",), alias="language")
    currency: Currency | None = None
    calendar: Calendar = Calendar()
    period: PeriodKind = "wave"
    privacy: Privacy = Privacy()
    report: Report = Report()
    survey: Survey | None = None
    tablebook: Tablebook = Tablebook()
    fieldwork: Fieldwork | None = None
    tickets: Tickets | None = None
    members: Members | None = None
    transactions: Transactions | None = None
    benefits: Benefits | None = None
    points: Points | None = None
    comments: Sources = Field(default_factory=dict)
    events: Events | None = None
    coding: Annotated[Coding, mapping_of("source")] | None = None
    kpis: Mapping[Key, Kpi] = {}
    targets: tuple[Target, ...] = ()
    needs: Named | None = None
    actions: Named | None = None
    tools: Named | None = None
    training: Named | None = None
    obligations: Named | None = None
    visits: Named | None = None
    chapters: Mapping[Text, Mapping[str, Any]] = {}

    _document: Document = PrivateAttr(default_factory=lambda: Document(""))

    def settle(self, document: Document, targets: tuple[Target, ...]) -> Client:
        """Return this client with the file it was read from, and its targets filled in."""
        settled = self.model_copy(update={"targets": targets})
        settled._document = document
        return settled

    @property
    def file(self) -> str:
        """The client file as messages name it."""
        return self._document.file

    @property
    def hash(self) -> str:
        """SHA-256 of what the file says; comments and layout do not count, order does."""
        said = json.dumps(self._document.content, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def registers(self) -> tuple[str, ...]:
        """The registers that the file names."""
        return tuple(name for name in SECTIONS if getattr(self, name) is not None)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The questions that scores are computed from, in the file's order."""
        items = self.survey.metrics.items() if self.survey else ()
        return tuple(
            Metric(
                key=key,
                kind=kind,
                scale=item.scale or SCALES.get(kind),
                top=item.top,
                direction=item.direction or "higher",
                cut_points=item.cut_points,
            )
            for key, item in items
            if (kind := kind_of(key, item)) is not None
        )

    @property
    def touchpoints(self) -> tuple[Touchpoint, ...]:
        """The rated steps, in journey order."""
        return tuple(
            Touchpoint(
                key=item.key,
                scale=item.scale,
                top=item.top,
                stage=item.stage,
                direction=item.direction,
            )
            for item in (self.survey.touchpoints if self.survey else ())
        )

    @property
    def segments(self) -> tuple[str, ...]:
        """The keys of the segments, in the file's order."""
        return tuple(self.survey.segments) if self.survey else ()

    @property
    def mix_segments(self) -> tuple[str, ...]:
        """The keys of the segments that may be held equal when groups are compared."""
        segments = self.survey.segments if self.survey else {}
        return tuple(key for key, segment in segments.items() if segment.mix)

    def display_name(self, language: str) -> str:
        """Return the client's name as readers of `language` know it."""
        return _said(self.name, language) or self.client

    def labels(self, language: str) -> dict[str, str]:
        """Return the client's own names in one language."""
        return {
            f"{name.segment}={name.key}" if name.segment else name.key: _said(name.label, language)
            for name in self.labelled()
            if name.label
        }

    def labelled(self) -> Iterator[Labelled]:
        """Yield everything the file gives a label; the survey's words come last, and count."""
        members, survey = self.members, self.survey
        if members is not None:
            yield from _attributes(members, ("members",))
            yield from _each(members.tiers, ("members", "tiers"), segment="tier")
        for key, comments in self.comments.items():
            at = ("comments", key)
            yield Labelled(key, (*at, "label"), comments.label or {}, segment="source")
            yield from _attributes(comments, at)
        if survey is not None:
            for stage, label in survey.stages.items():
                yield Labelled(stage, ("survey", "stages", stage), label)
            yield from _each(survey.metrics, ("survey", "metrics"))
            for place, item in enumerate(survey.touchpoints):
                path = ("survey", "touchpoints", place, "label")
                yield Labelled(item.key, path, item.label or {})
            yield from _each(survey.segments, ("survey", "segments"))
            yield from _each(survey.questions, ("survey", "questions"))
        for key, nets in self.tablebook.nets.items():
            for name, net in nets.items():
                yield Labelled(name, ("tablebook", "nets", key, name), net.label or {}, key)
        yield from _each(self.kpis, ("kpis",))

    def where(self, key_path: Path) -> int:
        """Return the line of a value in the client file, or of what it would stand in."""
        return self._document.where(key_path)

    def faults(self, problems: Iterable[Problem]) -> list[Fault]:
        """Return contradictions of the client file as faults, with what stands there."""
        told = self._document
        return [told.told(p.path, p.message, told.at(p.path), p.severity) for p in problems]

    def fault(
        self, key_path: Path, message: str, value: object = None, *, severity: Severity = "error"
    ) -> Fault:
        """Return a fault of the client's data at the value of the client file that it concerns."""
        return self._document.told(key_path, message, value, severity)


def _each(items: Mapping[str, Any], at: Path, segment: str = "") -> Iterator[Labelled]:
    """Yield the labels of a section's entries, and of the raw values that each names."""
    for key, item in items.items():
        yield Labelled(key, (*at, key, "label"), item.label or {}, segment)
        for name in ("values", "options"):
            for raw, label in getattr(item, name, {}).items():
                if isinstance(label, Mapping):  # else the number that a text stands for
                    yield Labelled(raw, (*at, key, name, raw), label, segment=key)


def _attributes(section: Table, at: Path) -> Iterator[Labelled]:
    for (name, key), attribute in attributes_of(section).items():
        yield from _each({key: attribute}, (*at, name))


def _said(label: Mapping[Any, str] | None, language: str) -> str:
    if not label:
        return ""
    return label.get(language) or next(iter(label.values()))
