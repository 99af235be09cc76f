"""What is wrong in a client file, where exactly, and what would be right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cxlib.errors import ParamsError, nearest

Path = tuple[str | int, ...]
"""Where a value stands in the client file: keys, and places in lists counted from 0."""

Severity = Literal["error", "warning"]

_LONGEST_SHOWN = 80


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a client's file or data.

    `file` is as the consultant knows it, relative to the workspace, `line` counted from 1, `key`
    dotted (``survey.metrics.nps.scale``; empty where the file as a whole is meant), `value` what
    stands there, `message` a sentence: what is wrong and what would be right; an error stops the
    work.
    """

    file: str
    line: int
    key: str
    value: object
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        return f"{self.file}:{self.line}:{key} {self.message}"


class InvalidParams(ParamsError):  # noqa: N818 - it names a state of the file
    """The client file is wrong; carries every fault in its order, and says one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        return InvalidParams, (self.faults,)


@dataclass(frozen=True)
class Problem:
    """A contradiction between values that are each well formed.

    `path` is the value to change, `rests_on` what else the judgement rests on: if one of those is
    itself at fault, nothing is said.
    """

    path: Path
    message: str
    rests_on: tuple[Path, ...] = ()
    severity: Severity = "error"


class At:
    """A place of the client file, and the problems of what stands below it.

    What is below is told as ``"columns.date"`` or as a tuple of keys; ``"/survey"`` begins anew.
    What a problem rests on is told so too, or as a whole path.
    """

    def __init__(self, *path: str | int) -> None:
        self.path: Path = path

    def below(self, key: str | Path) -> Path:
        """Return the path of something below."""
        if isinstance(key, tuple):
            return (*self.path, *key)
        above = () if key.startswith("/") else self.path
        return (*above, *filter(None, key.removeprefix("/").split(".")))

    def __call__(self, key: str | Path, message: str, *rests_on: str | Path) -> Problem:
        """Return a problem of what stands below."""
        about = (other if isinstance(other, tuple) else self.below(other) for other in rests_on)
        return Problem(self.below(key), message, tuple(about))

    def twice(self, values: Sequence[object]) -> Iterator[Problem]:
        """Yield what a list has said before."""
        for place, value in enumerate(values):
            if value in values[:place]:
                yield self((place,), f"{value!r} is listed twice.")

    def sorted_twice(self, groups: Mapping[str, Sequence[str]], how: str) -> Iterator[Problem]:
        """Yield raw texts that are sorted under two words, `how` as the message says it."""
        seen: dict[str, str] = {}
        for word, raws in groups.items():
            for place, raw in enumerate(raws):
                if raw in seen:
                    said = how.format(seen[raw])
                    yield self((word, place), f"{raw!r} stands under {said}; keep one.")
                seen.setdefault(raw, dotted((word, place)))

    def unknown(
        self, key: str | Path, name: str, what: str, known: Collection[str], *rests_on: str | Path
    ) -> Iterator[Problem]:
        """Yield that a name is not `what`, with the nearest that is."""
        if name not in known:
            hint = nearest(name, known) or "; there is none."
            yield self(key, f"{name!r} is {what}{hint}", *rests_on)


def dotted(path: Path) -> str:
    """Return a path as a message names it: ``survey.touchpoints[0].scale``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def show(value: object) -> str:
    """Return a value as a message shows it: as YAML would, on one line, shortened if long."""
    text = _yaml(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _yaml(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if value == float(f"{value:g}") else repr(value)
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_yaml(item)}' for key, item in value.items())}}}"
    return repr(value)
