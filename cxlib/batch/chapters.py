"""The chapters: what each notebook needs, asks and reads, from its own metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.errors import RunError, nearest

if TYPE_CHECKING:
    from cxlib.params import Client

_NAME = re.compile(r"(?:(\d+)-)?([\w-]+)")
_KEYS = {"schema", "needs", "sections", "reads"}
SCHEMA = 1


@dataclass(frozen=True)
class Chapter:
    """One notebook that takes part in runs.

    Parameters
    ----------
    stem : str
        Its name without number: ``assessment``.
    path : Path
    title : str
        Its one H1, English.
    needs : tuple of tuple of str
        Groups of tables; any one group suffices.
    sections : tuple of str
        Sections of the client file it cannot do without.
    reads : tuple of str
        Chapters whose results it reads.
    """

    stem: str
    path: Path
    title: str
    needs: tuple[tuple[str, ...], ...] = ()
    sections: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name its report and executed notebook go by: ``02-assessment``."""
        return self.path.stem

    def lacks(self, client: Client) -> str:
        """Return why this chapter does not apply to a client, or nothing if it does."""
        given = {name for name in type(client).model_fields if getattr(client, name)}
        for section in self.sections:
            if section not in given:
                return f"the client file has no section {section!r}"
        if self.needs and not any(set(group) <= given for group in self.needs):
            wanted = " or ".join("+".join(group) for group in self.needs)
            return f"the client has no {wanted}"
        return ""


def discover(folder: Path) -> tuple[Chapter, ...]:
    """Return the chapters in `folder`, each after those it reads, else by number.

    Raises
    ------
    RunError
        If a notebook is damaged, two share a stem, one reads an unknown chapter, or they read
        one another in a circle.
    """
    found: dict[str, Chapter] = {}
    for path in sorted(folder.glob("*.ipynb")):
        chapter = _read(path)
        if chapter is None:
            continue
        if chapter.stem in found:
            other = found[chapter.stem].path.name
            raise RunError(f"two notebooks are chapter {chapter.stem!r}: {other} and {path.name}.")
        found[chapter.stem] = chapter
    for chapter in found.values():
        for stem in chapter.reads:
            if stem not in found:
                raise RunError(
                    f"{chapter.path.name} reads {stem!r}, no chapter{nearest(stem, found)}"
                )
    sorter = TopologicalSorter({c.stem: c.reads for c in found.values()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise RunError(f"chapters read one another in a circle: {circle}.") from None
    ordered: list[Chapter] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda stem: found[stem].file)
        ordered += [found[stem] for stem in ready]
        sorter.done(*ready)
    return tuple(ordered)


def choose(chapters: Iterable[Chapter], asked: Iterable[str]) -> tuple[Chapter, ...]:
    """Return the chapters that were asked for, by stem or file name; all of them if none was.

    Raises
    ------
    RunError
        If one is unknown; names the nearest.
    """
    every = tuple(chapters)
    names = {name: c for c in every for name in (c.stem, c.file)}
    wanted = set()
    for name in asked:
        if name not in names:
            raise RunError(f"no chapter {name!r}{nearest(name, [c.stem for c in every])}")
        wanted.add(names[name].stem)
    return tuple(c for c in every if not wanted or c.stem in wanted)


def _read(path: Path) -> Chapter | None:
    """Return the chapter of a notebook; None for one that does not take part."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        metadata, cells = data["metadata"], data["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path.name} is not a notebook: {error}.") from None
    about = metadata.get("cx")
    if about is None:
        return None
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
    stem = _NAME.fullmatch(path.stem)
    if stem is None:
        raise RunError(f"{path.name}: a chapter's file name is letters, digits and '-'.")
    return Chapter(
        stem=stem.group(2),
        path=path,
        title=_title(cells) or stem.group(2),
        needs=tuple(tuple(group) for group in about.get("needs", ())),
        sections=tuple(about.get("sections", ())),
        reads=tuple(about.get("reads", ())),
    )


def _title(cells: list[dict[str, Any]]) -> str:
    for cell in cells:
        found = re.match(r"\s*# (.+)", "".join(cell.get("source", "")))
        if cell.get("cell_type") == "markdown" and found:
            return found.group(1).strip()
    return ""
