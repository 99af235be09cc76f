"""The chapters: one folder each, with what that chapter alone has.

``__init__.py`` (its question; ``class Options``: its settings in the client file),
``findings.yaml`` (rules, as data), ``figures.py`` (thin), ``tables.py`` (its frames),
``columns.csv``, ``register.py`` (``SECTION``, ``class Register``: the rows that the consultant
keeps), ``zh.po``. All but the first are optional; a folder is found by its name, the stem.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from cxlib.errors import CxError, nearest
from cxlib.words import Words, as_words
from cxlib.workspace import kit_yaml

FOLDER = Path(__file__).parent


class Findings:
    """What a chapter says: the rules and sentences of its ``findings.yaml``, read when asked for.

    A name there is a sentence (a line of evidence), a `Rule` (its parameters), or a list of rules;
    in a list a name stands for the rules of that name, or of ``verdicts``, what every chapter says
    of a target. ``like: verdicts.MISSES`` takes over what the rule does not say itself.

    Parameters
    ----------
    package : str
        The ``__file__`` of the chapter's package.

    Raises
    ------
    CxError
        If a rule there has a key that no rule has, or names what is not there.
    """

    def __init__(self, package: str) -> None:
        self._path = Path(package).with_name("findings.yaml")

    def __getattr__(self, name: str) -> Any:
        """Return what stands under a name."""
        if not name.isupper():  # what Jupyter looks for in anything that it shows
            raise AttributeError(name)
        self.whole()
        return self._named(name)

    def __dir__(self) -> list[str]:
        """Return the names, for completion in a notebook."""
        return [*self.whole()]

    def whole(self) -> dict[str, Any]:
        """Return all that the file says, by name."""
        content = held(str(self._path), self._path.name)
        for name in content:
            vars(self)[name] = self._made(content[name])
        return {name: vars(self)[name] for name in content}

    def _named(self, name: str) -> Any:
        from cxlib.present import verdicts

        whole = {f"verdicts.{n}": told for n, told in vars(verdicts).items()} | vars(self)
        return whole[name] if name in whole else self._lacks(f"has no {name!r}", name, whole)

    def _lacks(self, what: str, name: str, known: Iterable[str]) -> NoReturn:
        raise CxError(f"{self._path.parent.name}/{self._path.name} {what}{nearest(name, known)}")

    def _made(self, content: Any) -> Any:
        from cxlib.present.findings import Rule

        if isinstance(content, str):
            return content
        if isinstance(content, list):
            made = [self._named(x) if isinstance(x, str) else self._made(x) for x in content]
            return tuple(r for one in made for r in (one if isinstance(one, tuple) else (one,)))
        told = vars(self._named(content["like"])) if "like" in content else {}
        told = told | {name: value for name, value in content.items() if name != "like"}
        for name in told.keys() - Rule.__match_args__:
            self._lacks(f"has a rule with {name!r}, which no rule has", name, Rule.__match_args__)
        when = told.get("when", {})
        cases = {name: tuple(x) if isinstance(x, list) else x for name, x in when.items()}
        return Rule(**{**told, "when": cases})


@cache
def held(beside: str, name: str) -> Any:
    """Return what a YAML file beside a module (its ``__file__``) holds, read once."""
    return kit_yaml(Path(beside).with_name(name))


def messages(content: Any) -> Iterator[str]:
    """Yield the texts of a YAML file that are translated; of rules not the cases and the names."""
    if isinstance(content, dict):
        said = ("says", "next_step", "also", "who") if {"when", "like"} & set(content) else content
        content = [content[name] for name in said if name in content]
    if isinstance(content, str) and content and not content.rpartition(".")[2].isupper():
        yield content
    for one in content if isinstance(content, list) else ():
        yield from messages(one)


def part(stem: str, name: str = "") -> Any | None:
    """Return a chapter's package or a module of it (``tables``, ``register``); None without it."""
    package = f"{__name__}.{stem.replace('-', '_')}"
    module = f"{package}.{name}" if name else package
    try:
        known = find_spec(module)
    except ModuleNotFoundError:
        return None
    return import_module(module) if known else None


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
    return getattr(part(stem), "Options", None)


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
    labels = {at.key: as_words(at.key) for at in client.labelled() if not at.segment}
    labels |= client.labels(language)
    for section, model in registers_of(client).items():
        if workspace.register(client.client, section).is_file():
            labels |= taken_in(client, section, model, workspace).labels(language)
    segments = (*client.segments, *own)
    words = Words.load(language, labels=labels, beside=beside, segments=segments)
    return replace(words, day=client.calendar.working_day or words.day)
