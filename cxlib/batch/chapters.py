"""The chapters: what each notebook needs, asks and reads, from its own metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.analysis.results import Caveat
from cxlib.errors import RunError, nearest
from cxlib.words import Said, mark as _

if TYPE_CHECKING:
    from cxlib.params import Client, Fault
    from cxlib.workspace import Workspace

_NAME = re.compile(r"(?:(\d+)-)?([\w-]+)")
_COPY = re.compile(r".*-Copy\d+")
"""As JupyterLab names what it duplicates: no chapter."""
_KEYS = {"schema", "needs", "sections", "reads"}
SCHEMA = 1


@dataclass(frozen=True)
class Chapter:
    """One notebook that takes part in runs.

    `stem` is its name without number, `title` its one H1, English. Of the groups of tables that it
    `needs` any one suffices; it cannot do without its `sections` of the client file and the
    chapters that it `reads`, but without its `sections_if_there` (registers) and the chapters that
    it `reads_if_there` (``"stem?"`` in the metadata).
    """

    stem: str
    path: Path
    title: str
    needs: tuple[tuple[str, ...], ...] = ()
    sections: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    reads_if_there: tuple[str, ...] = ()
    sections_if_there: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name its report and executed notebook go by: ``02-assessment``."""
        return self.path.stem

    @property
    def every_section(self) -> tuple[str, ...]:
        """Sections that it reads, whether it needs them or not."""
        return (*self.sections, *self.sections_if_there)

    @property
    def every_read(self) -> tuple[str, ...]:
        """Chapters that it reads, whether it needs them or not."""
        return (*self.reads, *self.reads_if_there)

    def lacks(self, client: Client, silent: Sequence[str] = ()) -> str:
        """Return why this chapter does not apply to a client (a `Caveat`), or nothing if it does.

        `silent` tables hold nothing of the period.
        """
        given = {name for name in type(client).model_fields if getattr(client, name)}
        for section in self.sections:
            if section not in given:
                lacking = _("the client file has no section '{section}'")
                return Caveat(lacking, section=Said(section))
        survey = getattr(client, "survey", None)
        if survey is not None and survey.metrics:
            given.add("survey.metrics")
        if self.needs and not any(set(group) <= given for group in self.needs):
            wanted = Said("/".join("+".join(group) for group in self.needs))
            return Caveat(_("the client has no {wanted}"), wanted=wanted)
        if survey is not None and not survey.metrics and not survey.touchpoints:
            silent = (*silent, "survey")
            if not any(set(group) <= given - {*silent} for group in self.needs or ((),)):
                return Caveat(_("the survey asks for no KPI and no touchpoint"))
        if self.needs and not any(set(group) <= given - {*silent} for group in self.needs):
            none = Said("/".join(silent))
            return Caveat(_("there are no {tables} in this period"), tables=none)
        return ""


@dataclass(frozen=True)
class Chapters:
    """The chapters of a folder, each after those it reads; what is wrong with others, by file."""

    chapters: tuple[Chapter, ...]
    faults: Mapping[str, str] = field(default_factory=dict)


def discover(place: Workspace | Path) -> Chapters:
    """Return the chapters of a workspace or folder, each after those it reads, else by number.

    A notebook without ``cx`` metadata takes no part; a damaged one is a fault of its own. RunError
    if two share a stem, one reads an unknown chapter, or they read one another in a circle.
    """
    found: dict[str, Chapter] = {}
    faults: dict[str, str] = {}
    files = sorted(place.glob("*.ipynb")) if isinstance(place, Path) else place.chapter_files()
    for path in files:
        if _COPY.fullmatch(path.stem):
            continue
        try:
            chapter = _read(path)
        except RunError as error:
            faults[path.name] = str(error)
            continue
        if chapter is None:
            continue
        if chapter.stem in found:
            other = found[chapter.stem].path.name
            raise RunError(f"two notebooks are chapter {chapter.stem!r}: {other} and {path.name}.")
        found[chapter.stem] = chapter
    _without_readers_of_damaged(found, faults)
    return Chapters(tuple(found[stem] for stem in _sorted(found)), faults)


def _without_readers_of_damaged(found: dict[str, Chapter], faults: dict[str, str]) -> None:
    """Move chapters that read a damaged one to the faults, and those that read these."""
    damaged = {match.group(2) for name in faults if (match := _NAME.fullmatch(Path(name).stem))}
    while readers := [c for c in found.values() if damaged & {*c.every_read}]:
        for chapter in readers:
            stem = next(s for s in chapter.every_read if s in damaged)
            faults[chapter.path.name] = (
                f"{chapter.path.name} reads {stem!r}, whose notebook is damaged."
            )
            damaged.add(found.pop(chapter.stem).stem)


def _sorted(found: Mapping[str, Chapter]) -> list[str]:
    for chapter in found.values():
        for stem in chapter.every_read:
            if stem not in found:
                raise RunError(
                    f"{chapter.path.name} reads {stem!r}, no chapter{nearest(stem, found)}"
                )
    sorter = TopologicalSorter({c.stem: c.every_read for c in found.values()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise RunError(f"chapters read one another in a circle: {circle}.") from None
    ordered: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda stem: found[stem].file)
        ordered += ready
        sorter.done(*ready)
    return ordered


def choose(chapters: Iterable[Chapter], asked: Iterable[str]) -> tuple[Chapter, ...]:
    """Return the chapters that were asked for, by stem or file name; all of them if none was."""
    every = tuple(chapters)
    names = {name: c for c in every for name in (c.stem, c.file)}
    wanted = set()
    for name in asked:
        if name not in names:
            raise RunError(f"no chapter {name!r}{nearest(name, [c.stem for c in every])}")
        wanted.add(names[name].stem)
    return tuple(c for c in every if not wanted or c.stem in wanted)


def stray_settings(client: Client, chapters: Iterable[Chapter]) -> list[Fault]:
    """Return a fault for each chapter that a client file sets something for and nobody has."""
    known = [chapter.stem for chapter in chapters]
    return [
        client.fault(("chapters", stem), f"there is no chapter {stem!r}{nearest(stem, known)}")
        for stem in client.chapters
        if stem not in known
    ]


def settings_faults(client: Client, chapters: Iterable[Chapter]) -> list[Fault]:
    """Return a fault for all that a client file sets and no chapter, or not that one, knows."""
    from cxlib.chapters import chapter_faults, options_of

    faults = stray_settings(client, chapters)
    for stem in client.chapters:
        model = options_of(stem)
        faults += [] if model is None else chapter_faults(client, stem, model)
    return faults


def _read(path: Path) -> Chapter | None:
    """Return the chapter of a notebook; None for one that does not take part."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        metadata, cells = data["metadata"], data["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path.name} is not a notebook: {error}.") from None
    about = metadata.get("cx") if isinstance(metadata, dict) else None
    if about is None:
        return None
    if not isinstance(about, dict):
        raise RunError(f"{path.name}: its cx metadata is not a mapping.")
    unknown = set(about) - _KEYS
    if unknown:
        name = sorted(unknown)[0]
        raise RunError(
            f"{path.name}: unknown key {name!r} in its cx metadata{nearest(name, _KEYS)}"
        )
    if about.get("schema") != SCHEMA:
        raise RunError(
            f"{path.name}: cx metadata of schema {about.get('schema')!r}; this kit knows {SCHEMA}."
        )
    reads = [str(stem) for stem in about.get("reads", ())]
    sections = [str(name) for name in about.get("sections", ())]
    stem = _NAME.fullmatch(path.stem)
    if stem is None:
        raise RunError(f"{path.name}: a chapter's file name is letters, digits and '-'.")
    return Chapter(
        stem=stem.group(2),
        path=path,
        title=_title(cells) or stem.group(2),
        needs=tuple(tuple(group) for group in about.get("needs", ())),
        sections=tuple(name for name in sections if not name.endswith("?")),
        sections_if_there=tuple(name[:-1] for name in sections if name.endswith("?")),
        reads=tuple(stem for stem in reads if not stem.endswith("?")),
        reads_if_there=tuple(stem[:-1] for stem in reads if stem.endswith("?")),
    )


def _title(cells: list[dict[str, Any]]) -> str:
    for cell in cells:
        found = re.match(r"\s*# (.+)", "".join(cell.get("source", "")))
        if cell.get("cell_type") == "markdown" and found:
            return found.group(1).strip()
    return ""
