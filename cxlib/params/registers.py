"""Registers: the lists of rows that a consultant keeps (actions, obligations …), as closed models.

A chapter declares its own as a `Register` of `Row` lists (``chapters/<stem>/register.py``); the
client file's section names the file that holds it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, PlainValidator

from cxlib import periods
from cxlib.errors import nearest
from cxlib.params.base import STAND_IN, Closed, Label, Text, mapping_of
from cxlib.params.faults import Path, Problem, show

if TYPE_CHECKING:
    import pandas as pd

SECTIONS = ("needs", "actions", "tools", "training", "obligations", "visits")
"""Sections of the client file that name a register."""

SUFFIXES = (".yaml", ".yml", ".xlsx")


def _file(text: str) -> str:
    if not text.lower().endswith(SUFFIXES):
        raise ValueError(f"{text!r} is no register; write a file below the data folder, .yaml.")
    return text


class RegisterFile(Closed):
    """Where a register lies, below the client's data folder: ``registers/actions.yaml``."""

    file: Annotated[Text, AfterValidator(_file)]


Named = Annotated[RegisterFile, mapping_of("file")]


class Row(Closed):
    """One row of a register: cells are texts, numbers, days, flags, labels or lists of texts.

    `KEY` names the fields that tell a row from every other of its list; none: there is one row.
    `WITHIN` says of a field which list of the register holds the ids in it, `REFERS` which list of
    which other section. `DAYS` are fields in the order of time. `MASKED` names fields that hold
    what people said: at intake they are masked as comments are.
    """

    KEY: ClassVar[tuple[str, ...]] = ("id",)
    WITHIN: ClassVar[Mapping[str, str]] = {}
    REFERS: ClassVar[Mapping[str, tuple[str, str]]] = {}
    DAYS: ClassVar[tuple[str, ...]] = ()
    MASKED: ClassVar[tuple[str, ...]] = ()


class Register(Closed):
    """A register: each field a list of one kind of `Row`, or a single one."""

    def problems(self, client: Any) -> Iterator[Problem]:
        """Yield what contradicts itself or the client file, each at its path in the register."""
        for name in type(self).model_fields:
            for field, listed in row_type(type(self), name).WITHIN.items():
                yield from self.unknown(name, field, listed[:-1], self._ids(listed))
            for place, row in enumerate(self._rows(name)):
                days = [(f, day) for f in row.DAYS if (day := getattr(row, f)) is not None]
                for (before, first), (after, then) in pairwise(days):
                    if then < first:
                        message = f"{after} on {then} is before {before} on {first}; change one."
                        yield Problem((name, place, after), message, ((name, place, before),))

    def unknown(
        self, name: str, field: str, what: str, known: Collection[str]
    ) -> Iterator[Problem]:
        """Yield every id in a field of a list that is not `known`."""
        for place, row in enumerate(self._rows(name)):
            given = getattr(row, field)
            several = isinstance(given, tuple)
            for n, one in enumerate(given if several else (given,)):
                if one is not None and one not in known:
                    at: Path = (name, place, field, n) if several else (name, place, field)
                    yield Problem(at, f"{one!r} is no {what}{nearest(one, known)}")

    def astray(self, ids: Callable[[str, str], Collection[str] | None]) -> Iterator[Problem]:
        """Yield what rows refer to and no register holds; `ids` are those of a section's list."""
        for name in type(self).model_fields:
            for field, (section, listed) in row_type(type(self), name).REFERS.items():
                for place, row in enumerate(self._rows(name)):
                    for one in getattr(row, field):
                        if (known := ids(section, listed)) is None:
                            message = f"{one!r} stands in no register: the client file names none "
                            message += f"under {section}."
                            yield Problem((name, place, field), message, severity="warning")
                        elif one not in known:
                            message = f"{one!r} is not in {section}: {listed}{nearest(one, known)}"
                            yield Problem((name, place, field), message)

    def frame(self, name: str) -> pd.DataFrame:
        """Return one list as a table, a row a row; a label stands as its key, see `labels`."""
        import pandas as pd

        fields = row_type(type(self), name).model_fields
        told = [
            {n: key if n in said else getattr(row, n) for n, key in said.items()}
            | {n: getattr(row, n) for n in fields if n not in said}
            for row in self._rows(name)
            for said in (_label_keys(name, row),)
        ]
        table = pd.DataFrame(told, columns=list(fields))
        texts: pd.DataFrame = table.select_dtypes("str").astype(object)
        table[texts.columns] = texts.where(texts.notna(), None)
        return table

    def labels(self, language: str) -> dict[str, str]:
        """Return what the register's labels say in one language.

        The key of a title is ``<list>.<id>``, of any other label ``<list>.<id>.<field>``; so
        tables, findings and saved results stay free of any language.
        """
        told = {}
        for name in type(self).model_fields:
            for row in self._rows(name):
                for field, key in _label_keys(name, row).items():
                    label = getattr(row, field)
                    told[key] = label.get(language) or next(iter(label.values()), "")
        return told

    def _ids(self, name: str) -> list[str]:
        return [str(getattr(row, "id")) for row in self._rows(name)]  # noqa: B009

    def _rows(self, name: str) -> tuple[Row, ...]:
        found = getattr(self, name)
        return found if isinstance(found, tuple) else () if found is None else (found,)


def _label_keys(name: str, row: Row) -> dict[str, str]:
    """Return the key of each label of a row, by field."""
    whose = ".".join([name, *(str(getattr(row, key)) for key in row.KEY)])
    labels = [n for n in type(row).model_fields if isinstance(getattr(row, n), dict)]
    return {n: whose if n == "title" else f"{whose}.{n}" for n in labels}


def row_type(register: type[Register], name: str) -> type[Row]:
    """Return the model of the rows of one of a register's lists."""
    (found,) = _rows_in(register.model_fields[name].annotation)
    return found


def masked(
    content: Mapping[str, Any], model: type[Register], hide: Callable[[str], str]
) -> dict[str, Any]:
    """Return what a register says, plain, with `hide` applied to what people said."""
    told = dict(content)
    for name in model.model_fields:
        fields = row_type(model, name).MASKED
        if fields and name in told:
            told[name] = [
                {key: hide(text) if key in fields else text for key, text in row.items()}
                for row in told[name]
            ]
    return told


def _rows_in(annotation: Any) -> list[type[Row]]:
    if isinstance(annotation, type) and issubclass(annotation, Row):
        return [annotation]
    inner = getattr(annotation, "__args__", ())
    return list(dict.fromkeys(row for part in inner for row in _rows_in(part)))


def _id(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise ValueError(f"{show(value)} is not an id; write a short text, such as a1.")
    return str(value).strip()


def _day(value: object) -> dt.date:
    if value == STAND_IN:
        return dt.date(2000, 1, 4)
    try:
        return dt.date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{show(value)} is not a day; write such as 2026-10-31.") from None


def moment_in(value: object) -> str | None:
    """Return a period's own label, or a day as ``2026-10-31``; None for what is neither."""
    text = str(value).strip() if type(value) in (str, int) else ""
    if periods.kind_of(text):
        return str(periods.parse(text))
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _due(value: object) -> str:
    found = STAND_IN if value == STAND_IN else moment_in(value)
    if found is None:
        raise ValueError(
            f"{show(value)} is neither a day nor a period; write such as 2026-10-31 or 2026Q4."
        )
    return found


def _rate(value: object) -> float:
    number: object = value
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            number = None
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number < 0:
        raise ValueError(f"{show(value)} is not a rate; write such as 0.05 or 5%.")
    if number > 1:
        raise ValueError(
            f"{show(value)} would be {100 * number:g}%: is {number / 100:g} ({number:g}%) meant? "
            f"Write {number / 100:g}, or {100 * number:g}% if it is really that much."
        )
    return float(number)


def _amount(value: object) -> float:
    if value == STAND_IN:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"{show(value)} is not an amount of 0 or more.")
    return float(value)


Id = Annotated[str, PlainValidator(_id)]
Day = Annotated[dt.date, PlainValidator(_day)]
Due = Annotated[str, PlainValidator(_due)]
"""A period, whose last day counts, or a day; as text."""
Rate = Annotated[float, PlainValidator(_rate)]
"""A share of 1: 0.05 or ``5%``; what looks like percent without its sign is asked about."""
Money = Annotated[float, PlainValidator(_amount)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class Titled(Row):
    """A row with an id and what it is called."""

    id: Id
    title: Label
