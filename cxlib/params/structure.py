"""Fit a document to the models, and say all that does not fit, not the first only.

What does not fit is cut out or stood in for, and the rest is tried again, so that contradictions
between well-formed values (a target on the wrong side of its baseline) are found in the same pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cxlib.errors import nearest
from cxlib.params.base import STAND_IN
from cxlib.params.faults import Path, dotted, show
from cxlib.params.yaml import Document

Model = TypeVar("Model", bound=BaseModel)

_STAND_INS: dict[str, Any] = {
    "client": "client",
    "scale": (1, 5),
    "direction": "higher",
    "target": 1.0,
    **dict.fromkeys(("due", "date", "until", "amount"), STAND_IN),
    "tickets.columns": {"id": "?", "created": "?"},
    "members.columns": {"id": "?"},
    "transactions.columns": {"member": "?", "date": "?"},
    "benefits.columns": {"member": "?", "date": "?"},
    "events.columns": {"customer": "?", "step": "?", "time": "?"},
    "events.steps": {},
    "points.columns": {"member": "?", "date": "?", "points": "?"},
}
"""What stands for a required value at fault while the rest is checked; other keys hold text."""

_ITEM_STAND_INS: dict[str, Any] = {
    "client": "client",
    "language": "en",
    "date_format": "%Y-%m-%d",
    "touchpoints": {"key": "unnamed", "column": "?", "scale": (1, 5)},
    "targets": {"metric": "?", "target": 1.0, "due": STAND_IN},
}
"""The same for an item of a list, which keeps its place."""

_NOT_NUMBER = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
}
_MAPPINGS = ("model_type", "mapping_type", "dict_type", "model_attributes_type")
_OPTION = re.compile(r"'([^']*)'")


def fit(model: type[Model], document: Document, *, context: dict[str, Any]) -> Model | None:
    """Fit a document to a model; the document's faults gain all that does not fit."""
    content = _thaw(document.content)
    stood_in: set[Path] = set()
    for _ in range(len(document.lines) + 8):
        try:
            return model.model_validate(_freeze(content), context=context)
        except ValidationError as error:
            details = error.errors(include_url=False)
        for detail in details:
            path, missing = _locate(detail, document.content)
            if not document.spoilt(path):
                message = _message(model, detail, path, document)
                document.fault(path, message, document.at(path))
            if path in stood_in:  # what holds it is cut next, and not a fault of its own
                document.broken.add(path[:-1])
            _repair(content, path, missing=missing, stood_in=stood_in)
    return None


def _thaw(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _thaw(item) for key, item in value.items()}
    return [_thaw(item) for item in value] if isinstance(value, tuple) else value


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _freeze(item) for key, item in value.items()}
    return tuple(map(_freeze, value)) if isinstance(value, list) else value


def _locate(detail: ErrorDetails, content: Any) -> tuple[Path, bool]:
    """Return where in the file an error stands, and whether a key is missing there."""
    steps = [step for step in detail["loc"] if step != "[key]"]
    path: Path = ()
    for step in steps:
        if not _holds(content, step):
            last = len(path) == len(steps) - 1 and isinstance(content, dict)
            missing = detail["type"] == "missing" and last
            return ((*path, step) if missing else path), missing
        content = content[step]
        path = (*path, step)
    return path, detail["type"] == "missing"


def _holds(content: Any, step: str | int) -> bool:
    if isinstance(content, dict):
        return step in content
    return isinstance(content, tuple) and isinstance(step, int) and step < len(content)


def _repair(content: dict[str, Any], path: Path, *, missing: bool, stood_in: set[Path]) -> None:
    """Cut what stands at `path`, or stand in for it; where neither helps, cut what holds it."""
    if not path:
        content.clear()
        return
    *way, last = path
    parent: Any = content
    for step in way:
        if isinstance(parent, dict) and step not in parent:
            return  # cut with something around it
        parent = parent[step]
    if path in stood_in:
        _repair(content, tuple(way), missing=False, stood_in=stood_in)
    elif isinstance(parent, dict) and not missing:
        parent.pop(last, None)
    elif isinstance(parent, dict):
        whole = f"{way[-1]}.{last}" if way else str(last)
        parent[last] = _thaw(_STAND_INS.get(whole, _STAND_INS.get(str(last), "?")))
        stood_in.add(path)
    elif isinstance(parent, list) and isinstance(last, int):
        parent[last] = _thaw(_ITEM_STAND_INS.get(str(way[-1]), "?"))
        stood_in.add(path)
    else:  # a bare value where a mapping may stand
        _repair(content, tuple(way), missing=False, stood_in=stood_in)


def _message(model: type[BaseModel], detail: ErrorDetails, path: Path, document: Document) -> str:
    """Say in plain words what pydantic found."""
    kind, value = detail["type"], detail["input"]
    if kind == "missing":
        return "is missing."
    if kind == "extra_forbidden":
        return _unknown(model, detail["loc"])
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    if kind == "literal_error":
        options = _OPTION.findall(str(detail["ctx"]["expected"]))
        return f"{show(value)} is not valid here{nearest(str(value), options)}"
    if value is None:
        return "is empty; fill it in or delete the key."
    if kind == "string_type":
        return _not_text(value, document.written.get(path, show(value)))
    if kind == "bool_type":
        return f"{show(value)} is not a yes or no to YAML; write true or false."
    if kind in _NOT_NUMBER:
        quoted = "; take the quotes off" if isinstance(value, str) and _numeric(value) else ""
        return f"{show(value)} is not {_NOT_NUMBER[kind]}{quoted}."
    if kind in _MAPPINGS:
        return f"{show(value)} is not `key: value` lines."
    if kind == "tuple_type":
        return f"{show(value)} is not a list; begin each item with '- ', or write [a, b]."
    if kind == "greater_than_equal":
        return f"{show(value)} is too small; write {detail['ctx']['ge']} or more."
    if kind in ("too_short", "string_too_short"):
        return f"{show(value)} is empty; fill it in or delete the key."
    return f"{show(value)}: {detail['msg'][0].lower()}{detail['msg'][1:]}."


def _not_text(value: object, written: str) -> str:
    if isinstance(value, bool):
        return f"{written} is read as a yes or no; quote it: '{written}'."
    if isinstance(value, (int, float)):
        return f"{written} is read as a number; quote it: '{written}'."
    return f"{show(value)} is not one text."


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unknown(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """Say of a key that does not belong where it stands which is meant, or where it belongs."""
    name = str(loc[-1])
    reached: list[Any] = [model]
    way: list[tuple[Path, list[type[BaseModel]]]] = [((), [model])]
    for end, step in enumerate(loc[:-1], start=1):
        reached = [inner for annotation in reached for inner in _into(annotation, step)]
        owners = [owner for annotation in reached for owner in models_in(annotation)]
        way += [(loc[:end], owners)] if owners else []
    hint = nearest(name, _keys(way[-1][1]))
    places = (
        list(_inside(*way[-1], name))
        or [
            f"`{dotted(at)}`" if at else "no section: it begins a line"
            for at, owners in reversed(way[:-1])
            if name in _keys(owners)
        ][:1]
    )
    if not places and len(way) > 1:
        places = list(_inside(*way[-2], name))
    if places:
        told = f"`{name}` stands under {' or '.join(places[:3])}{', …' if places[3:] else ''}."
        hint = f"{hint} {told}" if "did you mean" in hint else f"; {told}"
    return f"{name!r} is not a key here{hint}"


def _keys(owners: list[type[BaseModel]]) -> dict[str, Any]:
    """Return the keys that models know, with what each holds."""
    fields = [item for owner in owners for item in owner.model_fields.items()]
    return {field.alias or name: field.annotation for name, field in fields}


def _inside(at: Path, owners: list[type[BaseModel]], name: str) -> Iterator[str]:
    """Yield what within some models has a key of that name itself, or in each of its entries."""
    for key, annotation in _keys(owners).items():
        entries = [item for part in parts_of(annotation) for item in get_args(part)]
        if name in _keys(models_in(annotation)):
            yield f"`{dotted((*at, key))}`"
        elif any(name in _keys(models_in(item)) for item in entries):
            yield f"each of `{dotted((*at, key))}`"


def _into(annotation: Any, step: int | str) -> list[Any]:
    found = [
        field.annotation
        for owner in models_in(annotation)
        for name, field in owner.model_fields.items()
        if step in (name, field.alias)
    ]
    return found or [argument for part in parts_of(annotation) for argument in get_args(part)]


def parts_of(annotation: Any) -> Iterator[Any]:
    """Yield an annotation, and the parts of a union or of an annotated type."""
    yield annotation
    if get_origin(annotation) not in (tuple, Mapping, dict):
        for argument in get_args(annotation):
            yield from parts_of(argument)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models among the parts of an annotation."""
    return [
        part
        for part in parts_of(annotation)
        if isinstance(part, type) and issubclass(part, BaseModel)
    ]
