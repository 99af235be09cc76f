"""Results written down for later chapters: language-neutral, and equal when read back."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.present.findings import Finding
from cxlib.workspace import write_whole

SCHEMA = 3
_OURS = ("cxlib.analysis.", "cxlib.chapters.", "cxlib.present.findings:", "cxlib.words:Quantity")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing that a chapter's page holds, as the spreadsheet and the deck make it again.

    Parameters
    ----------
    kind : {"tiles", "table", "figure", "findings"}
    data : object
        What is shown, small bases withheld, as `encode` returns it; of findings their ids.
    options : mapping
        Of a table what `page.Page.show` was asked for; of a figure the plot's options.
    plot : str
        Of a figure the function that draws it, ``module:name``.
    cell : int
        The number of the notebook's cell that shows it, 0 if unknown.
    """

    kind: str
    data: Any
    options: Any = None
    plot: str = ""
    cell: int = 0

    def result(self) -> Any:
        """Return what is shown."""
        return decode(self.data)

    @cached_property
    def text(self) -> str:
        """What is shown as JSON, written once however often the page grows."""
        return _json(self.data)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What one chapter leaves for later ones.

    Parameters
    ----------
    client, chapter, period, kit : str
        Whose, which chapter's, of which period, written by which version.
    results : mapping of str to object
        Results by name, small bases already withheld.
    findings : tuple of Finding
        What the chapter found.
    provenance : mapping
        Parameter and data hashes, rows used and dropped.
    parts : tuple of Part
        What its page holds, in order.
    """

    client: str
    chapter: str
    period: str
    kit: str
    results: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    def __getitem__(self, name: str) -> Any:
        """Return the result that was saved as `name`."""
        from cxlib.errors import nearest

        if name not in self.results:
            raise DataError(
                f"chapter {self.chapter!r} saved no {name!r}{nearest(name, self.results)}"
            )
        return self.results[name]


def write(path: Path, envelope: Envelope) -> None:
    """Write an envelope whole or not at all; the same envelope gives the same bytes."""
    data = {
        "schema": SCHEMA,
        "client": envelope.client,
        "chapter": envelope.chapter,
        "period": envelope.period,
        "kit": envelope.kit,
        "results": {name: encode(result) for name, result in envelope.results.items()},
        "findings": [encode(finding) for finding in envelope.findings],
        "provenance": encode(dict(envelope.provenance)),
    }
    held: dict[str, int] = {}  # what several parts show stands once
    parts = [
        {**{f.name: getattr(part, f.name) for f in fields(part)}, "data": at}
        for part in envelope.parts
        for at in (held.setdefault(part.text, len(held)),)
    ]
    told = {name: _json(part) for name, part in data.items()}
    _write_whole(path, {**told, "shown": f"[{', '.join(held)}]", "parts": _json(parts)})


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


def _write_whole(path: Path, told: Mapping[str, str]) -> None:
    lines = [f"{json.dumps(name)}: {text}" for name, text in told.items()]
    write_whole(path, ("{\n" + ",\n".join(lines) + "\n}").encode("utf-8"))


def read(path: Path, *, only: Collection[str] | None = None) -> Envelope:
    """Read an envelope back; `only` names results, where the others are not asked for.

    Raises
    ------
    DataError
        If the file is missing, damaged, or of a schema this kit does not know.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path.name} is not there yet; run the chapter that makes it first."
        raise DataError(message) from None
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); {_anew(path)}") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise DataError(f"{path} is not of schema {SCHEMA}; {_anew(path)}")
    try:
        return _opened(data, only)
    except (DataError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} was saved by another kit ({error}); {_anew(path)}") from None


def _anew(path: Path) -> str:
    """Say which command makes a chapter's saved results anew; they lie by client and period."""
    period, client = path.parent.name, path.parents[2].name
    return f"run `cx run {client} --chapter {path.stem} --period {period} --force`."


def _opened(data: dict[str, Any], only: Collection[str] | None) -> Envelope:
    kept = {n: v for n, v in data["results"].items() if only is None or n in only}
    return Envelope(
        client=data["client"],
        chapter=data["chapter"],
        period=data["period"],
        kit=data["kit"],
        results={name: decode(value) for name, value in kept.items()},
        findings=tuple(decode(value) for value in data["findings"]),
        provenance=decode(data["provenance"]),
        parts=tuple(Part(**{**p, "data": data["shown"][p["data"]]}) for p in data["parts"]),
    )


def write_kept(path: Path, fingerprint: str, value: Any) -> None:
    """Keep a result under the digest of what it was made from."""
    data = {"schema": SCHEMA, "fingerprint": fingerprint, "value": encode(value)}
    _write_whole(path, {name: _json(part) for name, part in data.items()})


def is_kept(path: Path, fingerprint: str) -> bool:
    """Tell whether something made from these inputs is kept, without reading it."""
    try:
        with path.open(encoding="utf-8") as file:
            return fingerprint in file.read(400)
    except OSError:
        return False


def read_kept(path: Path, fingerprint: str) -> Any | None:
    """Return what was kept; None where it is missing, damaged or made from something else."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA or data["fingerprint"] != fingerprint:
            return None
        return decode(data["value"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, DataError):
        return None


def encode(value: Any) -> Any:  # noqa: PLR0912 - one branch a type
    """Return `value` as JSON can hold it, without loss.

    Raises
    ------
    DataError
        If it holds something that a result does not hold (a function, a file, …).
    """
    if type(value) in _AS_IS:
        return value
    if isinstance(value, Caveat):
        return {"$caveat": value.message, "facts": encode(value.facts)}
    if isinstance(value, np.generic):
        return encode(value.item())
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    if value is pd.NA or value is pd.NaT:
        return {"$missing": "NA" if value is pd.NA else "NaT"}
    if isinstance(value, (tuple, list)):
        items = [encode(item) for item in value]
        return {"$tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        return {"$map": [[encode(k), encode(v)] for k, v in value.items()]}
    if isinstance(value, pd.Timestamp):
        return {"$time": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$date": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"$delta": value.total_seconds()}
    if isinstance(value, np.ndarray):
        flat = encode(value.ravel().tolist())
        return {"$array": flat, "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, pd.DataFrame):
        index = encode(_index(value.index))
        return {"$frame": _encode_columns(value), "index": index, "rows": len(value)}
    if isinstance(value, pd.Series):
        return {**_encode_series(value), "index": encode(_index(value.index))}
    if is_dataclass(value) and not isinstance(value, type):
        kind = f"{type(value).__module__}:{type(value).__qualname__}"
        if kind.startswith(_OURS):
            stored = {f.name: encode(getattr(value, f.name)) for f in fields(value) if f.init}
            return {"$result": kind, "fields": stored}
    raise DataError(f"a result cannot hold a {type(value).__name__}; it could not be read back.")


def _index(index: pd.Index[Any]) -> Any:
    plain = isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1
    return None if plain and index.name is None else pd.Series(index, name=index.name)


_AS_IS = (str, int, bool, type(None))
"""What JSON holds as Python does."""


def _encode_columns(frame: pd.DataFrame) -> list[Any]:
    """Return names and columns; of plain ones, a thousand on a page, no Series is made."""
    every = frame.to_numpy(dtype=object).T.tolist()
    columns = zip(frame.columns, frame.dtypes, every, strict=True)
    return [
        [name, {"$series": name, "dtype": str(dtype), "values": _plain(values, dtype)}]
        if _is_plain(dtype)
        else [name, _encode_series(frame.iloc[:, at])]
        for at, (name, dtype, values) in enumerate(columns)
    ]


def _is_plain(dtype: Any) -> bool:
    plain = isinstance(dtype, np.dtype) and dtype.kind in "biufO"
    return plain or isinstance(dtype, (pd.StringDtype, pd.Int64Dtype, pd.BooleanDtype))


def _plain(values: list[Any], dtype: Any) -> list[Any]:
    if not isinstance(dtype, np.dtype):  # then nothing is missing in more than one way
        values = [v if type(v) in _AS_IS or not pd.isna(v) else None for v in values]
    return [v if type(v) in _AS_IS else encode(v) for v in values]


def _encode_series(series: pd.Series[Any]) -> dict[str, Any]:
    dtype: Any = series.dtype
    stored: dict[str, Any] = {"$series": series.name, "dtype": str(dtype)}
    if _is_plain(dtype):
        return stored | {"values": _plain(series.astype(object).tolist(), dtype)}
    if isinstance(dtype, pd.CategoricalDtype):
        stored |= {"dtype": "category", "categories": encode(pd.Series(dtype.categories))}
        stored |= {"ordered": bool(dtype.ordered)}
    elif isinstance(dtype, pd.PeriodDtype):
        stored["values"] = [None if pd.isna(v) else str(v) for v in series]
        return stored
    if pd.api.types.is_datetime64_any_dtype(dtype):
        empty = series.isna().to_numpy()
        stored["values"] = [None if no else str(v) for v, no in zip(series, empty, strict=True)]
    elif isinstance(dtype, pd.CategoricalDtype):
        stored["values"] = [int(code) for code in series.cat.codes]
    elif isinstance(dtype, np.dtype) and dtype.kind == "m":
        stored["values"] = [None if pd.isna(v) else v.value for v in series]
    else:
        stored["values"] = [None if pd.isna(v) else encode(v) for v in series]
    return stored


def decode(value: Any) -> Any:
    """Return what `encode` was given."""
    if isinstance(value, list):
        return _decoded(value)
    if not isinstance(value, dict):
        return value
    if "$result" in value:
        return _decode_result(value)
    if "$frame" in value:
        return _decode_frame(value)
    if "$series" in value:
        series = _decode_series(value)
        index = decode(value.get("index"))
        return series if index is None else series.set_axis(pd.Index(index))
    if "$caveat" in value:
        return Caveat(value["$caveat"], **decode(value["facts"]))
    if "$array" in value:
        return np.array(decode(value["$array"]), dtype=value["dtype"]).reshape(value["shape"])
    ((tag, content), *_rest) = value.items()
    return _SIMPLE[tag](content)


_SIMPLE: dict[str, Callable[[Any], Any]] = {
    "$float": float,
    "$missing": lambda name: pd.NA if name == "NA" else pd.NaT,
    "$tuple": lambda items: tuple(decode(item) for item in items),
    "$map": lambda pairs: {decode(k): decode(v) for k, v in pairs},
    "$time": pd.Timestamp,
    "$date": dt.date.fromisoformat,
    "$delta": lambda seconds: dt.timedelta(seconds=seconds),
}


def _decode_result(value: dict[str, Any]) -> Any:
    module, _, name = value["$result"].partition(":")
    if not value["$result"].startswith(_OURS):
        raise DataError(
            f"a saved result names {value['$result']!r}, which is not one of the kit's."
        )
    try:
        kind: Any = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        kind = None
    if not (is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module):
        raise DataError(f"a saved result is a {name}, which this kit does not know.") from None
    try:
        return kind(**{field: decode(content) for field, content in value["fields"].items()})
    except TypeError:
        raise DataError(f"a saved {name} has other fields than this kit's.") from None


def _decode_frame(value: dict[str, Any]) -> pd.DataFrame:
    """Return a frame; its objects as one block, since pandas would guess at each column anew."""
    stored, rows = dict(value["$frame"]), pd.RangeIndex(value["rows"])
    things = [name for name, column in stored.items() if column["dtype"] == "object"]
    block = np.empty((len(rows), len(things)), dtype=object)
    for at, name in enumerate(things):
        block[:, at] = np.fromiter(_decoded(stored[name]["values"]), dtype=object, count=len(rows))
    others = {name: _decode_column(c) for name, c in stored.items() if c["dtype"] != "object"}
    objects = pd.DataFrame(block, columns=pd.Index(things), index=rows, dtype=object)
    frame = pd.concat([objects, pd.DataFrame(others, index=rows)], axis=1)[list(stored)]
    index = decode(value["index"])
    if index is not None:
        frame.index = pd.Index(index)
    return frame


def _decode_column(value: dict[str, Any]) -> Any:
    """Return a frame's column, as an array where it is one of plain numbers."""
    dtype = value["dtype"]
    if not (dtype.startswith(("float", "int", "uint")) or dtype == "bool"):
        return _decode_series(value)
    return np.fromiter(_decoded(value["values"]), dtype=dtype, count=len(value["values"]))


def _decoded(values: list[Any]) -> list[Any]:
    return [v if type(v) in _AS_IS or type(v) is float else decode(v) for v in values]


def _decode_series(value: dict[str, Any]) -> pd.Series[Any]:
    name, dtype, values = value["$series"], value["dtype"], value["values"]
    if dtype == "category":
        categories = pd.Index(decode(value["categories"]))
        codes = pd.Categorical.from_codes(values, categories=categories, ordered=value["ordered"])
        return pd.Series(codes, name=name)
    if dtype.startswith("timedelta"):
        return (
            pd.Series(
                np.array([np.iinfo(np.int64).min if v is None else v for v in values]), name=name
            )
            .astype("timedelta64[ns]")
            .astype(dtype)
        )
    decoded = _decoded(values)
    if dtype == "object":
        return pd.Series(decoded, name=name, dtype=object)
    if dtype.startswith("datetime64"):
        return pd.Series(pd.to_datetime(decoded, format="ISO8601"), name=name).astype(dtype)
    restored: pd.Series[Any] = pd.Series(decoded, name=name, dtype=dtype)
    return restored
