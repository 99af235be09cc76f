"""The chapters: one folder each, with what that chapter alone has.

``findings.py`` (rules), ``figures.py`` (thin), ``tables.py`` (its frames), ``columns.csv``,
``options.py`` (``class Options``: its settings in the client file), ``register.py`` (``SECTION``,
``class Register``: the rows that the consultant keeps), ``zh.po``. All but the folder itself are
optional; a folder is found by its name, the chapter's stem.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cxlib.errors import nearest
from cxlib.words import Words

FOLDER = Path(__file__).parent


def part(stem: str, name: str) -> Any | None:
    """Return a module of a chapter's folder (``tables``, ``options``, …); None if it has none."""
    module = f"{__name__}.{stem.replace('-', '_')}"
    try:
        known = find_spec(f"{module}.{name}")
    except ModuleNotFoundError:
        return None
    return import_module(f"{module}.{name}") if known else None


def every() -> list[str]:
    """Return the stems of the chapters that have a folder."""
    return sorted(path.parent.name.replace("_", "-") for path in FOLDER.glob("*/__init__.py"))


@cache
def register(stem: str) -> None:
    """Hand a chapter's own columns to the registry."""
    from cxlib import columns

    path = FOLDER / stem.replace("-", "_") / "columns.csv"
    columns.register(columns.read(path) if path.is_file() else {})


def labels_of(stem: str, client: Any, language: str) -> dict[str, str]:
    """Return labels that only a chapter knows (its themes, its tiers) in a language."""
    labels = getattr(part(stem, "tables"), "labels", None)
    return dict(labels(client, language)) if labels else {}


def options_of(stem: str) -> Any | None:
    """Return the model of a chapter's settings; None if it declares none."""
    return getattr(part(stem, "options"), "Options", None)


@cache
def _registers() -> dict[str, Any]:
    stems = sorted(path.parent.name for path in FOLDER.glob("*/register.py"))
    found = [part(stem, "register") for stem in stems]
    return {module.SECTION: module.Register for module in found if module is not None}


def registers_of(client: Any) -> dict[str, Any]:
    """Return the model of each register that a client file names, by its section."""
    return {name: model for name, model in _registers().items() if getattr(client, name)}


def chapter_faults(client: Any, stem: str, model: Any) -> list[Any]:
    """Return a fault for everything that a client file sets for a chapter and that will not do."""
    from pydantic import ValidationError

    try:
        model(**client.chapters.get(stem, {}))
    except ValidationError as error:
        return [_fault(client, stem, model, problem) for problem in error.errors()]
    return []


def _fault(client: Any, stem: str, model: Any, problem: Any) -> Any:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    where = ("chapters", stem, *problem["loc"])
    if problem["type"] == "extra_forbidden":
        return client.fault(where, f"unknown key{nearest(name, model.model_fields)}")
    told = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    return client.fault(where, f"{told}.", problem.get("input"))


def words_of(client: Any, workspace: Any, language: str) -> Words:
    """Return a client's words in one language: its labels, its registers' and its catalogues."""
    from cxlib.data.registers import taken_in

    beside = tuple(sorted(workspace.notebooks.glob(f"*.{language}.po")))
    own = ("tier", *client.members.attributes) if client.members is not None else ()
    own += ("source", *(key for each in client.comments.values() for key in each.segments))
    labels = dict(client.labels(language))
    for section, model in registers_of(client).items():
        if workspace.register(client.client, section).is_file():
            labels |= taken_in(client, section, model, workspace).labels(language)
    segments = (*client.segments, *own)
    words = Words.load(language, labels=labels, beside=beside, segments=segments)
    return replace(words, day=client.calendar.working_day or words.day)
