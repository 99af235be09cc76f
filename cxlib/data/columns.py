"""The data room: raw columns to typed ones; what does not fit goes to the ledger with its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.data import dates, values
from cxlib.data.ledger import Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.errors import DataError

if TYPE_CHECKING:
    from cxlib.params import Client
    from cxlib.params.source import Table
    from cxlib.params.survey import Survey

NO_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True, kw_only=True)
class Maker:
    """One survey in the making.

    Parameters
    ----------
    raw : Raw
        Its rows.
    survey : Survey
        What the client file says of them.
    client : Client
        Whose they are.
    ledger : Ledger
        What has been met so far.
    """

    raw: Raw
    survey: Survey
    client: Client
    ledger: Ledger

    def column(self, name: str) -> pd.Series | None:
        """Return a column that ``survey.columns`` names."""
        path = ("survey", "columns", name)
        return self.ledger.column(self.raw, getattr(self.survey.columns, name), path)


def read_dates(
    raw: Raw,
    texts: pd.Series,
    section: Table,
    ledger: Ledger,
    path: Path,
    *,
    timezone: str | None = None,
) -> pd.Series:
    """Return a column's dates (datetime64[us], without zone)."""
    name = str(texts.name)
    blank = values.is_code(texts, section.missing)
    try:
        read = dates.parse(
            texts.mask(blank, ""),
            name=name,
            formats=section.date_format,
            timezone=timezone,
            at=raw.at,
        )
    except DataError as error:
        ledger.error(path, str(error), name)
        return pd.Series(NO_TIME, index=texts.index)
    if read.unread.any():
        ledger.error(
            path,
            f"column {name!r} holds {int(read.unread.sum())} values that are no date: "
            f"{examples(raw, texts, read.unread)}; declare `date_format:`, or `missing:` if they "
            "mean none.",
            name,
        )
    return read.days


def read_numbers(
    raw: Raw,
    texts: pd.Series,
    section: Table,
    ledger: Ledger,
    path: Path,
    *,
    lowest: float = -np.inf,
) -> pd.Series:
    """Return a column's numbers (float64), none of which may lie below `lowest`."""
    numbers, stray = values.numbers(texts, missing=section.missing)
    bad = stray | (numbers < lowest)
    if bad.any():
        wanted = f"a number from {lowest:g} up" if lowest > -np.inf else "a number"
        way_out = "declare `missing:` if they mean none."
        if values.decimal_commas(texts[stray]):
            way_out = "write decimals with a point, 1.25."
        ledger.error(
            path,
            f"column {texts.name!r} holds {int(bad.sum())} values that are not {wanted}: "
            f"{examples(raw, texts, bad)}; {way_out}",
            texts.name,
        )
    return numbers


def read_flags(raw: Raw, texts: pd.Series, section: Table, ledger: Ledger, path: Path) -> pd.Series:
    """Return a column's yes and no (nullable boolean)."""
    flags, stray = values.flags(texts, missing=section.missing)
    if stray.any():
        ledger.error(
            path,
            f"column {texts.name!r} holds {int(stray.sum())} values that are neither yes nor no: "
            f"{examples(raw, texts, stray)}; write 1 and 0, or declare `missing:` if they mean "
            "none.",
            texts.name,
        )
    return flags


def questions(maker: Maker) -> dict[str, pd.Series]:
    """Return metrics and touchpoints by key, each touchpoint with its ``<key>_used``."""
    columns: dict[str, pd.Series] = {}
    raw_metrics = maker.survey.metrics
    for metric in maker.client.metrics:
        path = ("survey", "metrics", metric.key, "column")
        whole = metric.kind != "mean"
        read = _answers(
            maker, raw_metrics[metric.key].column, metric.key, metric.scale, path, whole
        )
        if read is None:
            continue
        columns[metric.key] = read.ratings
        if read.ratings.isna().all():
            maker.ledger.error(
                path,
                f"column {raw_metrics[metric.key].column!r} holds no answer in "
                f"{len(read.ratings)} rows; {metric.key!r} cannot be scored.",
                raw_metrics[metric.key].column,
            )
    for place, touchpoint in enumerate(maker.survey.touchpoints):
        where = ("survey", "touchpoints", place, "column")
        read = _answers(maker, touchpoint.column, touchpoint.key, touchpoint.scale, where, True)
        if read is None:
            continue
        columns[touchpoint.key] = read.ratings
        columns[f"{touchpoint.key}_used"] = read.used
        if read.ratings.isna().all():
            maker.ledger.warn(
                where,
                f"column {touchpoint.column!r} holds no rating in {len(read.ratings)} rows.",
                touchpoint.column,
            )
    return columns


def _answers(
    maker: Maker,
    column: str,
    key: str,
    scale: tuple[int, int] | None,
    path: tuple[str | int, ...],
    whole: bool,
) -> values.Answers | None:
    texts = maker.ledger.column(maker.raw, column, path)
    if texts is None:
        return None
    lowest, highest = scale or (-np.inf, np.inf)
    read = values.answers(
        texts,
        scale=(lowest, highest),
        missing=maker.survey.missing,
        not_applicable=maker.survey.not_applicable,
        whole=whole,
    )
    n = int(read.stray.sum())
    if n and maker.survey.off_scale == "missing":
        maker.ledger.off_scale[key] = n
        maker.ledger.warn(
            path,
            f"column {column!r} holds {n} values off its scale {lowest}-{highest}, counted as "
            f"missing: {examples(maker.raw, texts, read.stray)}.",
            column,
        )
    elif n:
        way_out = (
            "declare them under `missing:` or `not_applicable:` if they mean that, or set "
            "`off_scale: missing`."
        )
        if values.decimal_commas(texts[read.stray]):
            way_out = "write decimals with a point, 7.0."
        maker.ledger.error(
            path,
            f"column {column!r} holds {n} values off its scale {lowest}-{highest}: "
            f"{examples(maker.raw, texts, read.stray)}; {way_out}",
            column,
        )
    return read


def segments(maker: Maker) -> dict[str, pd.Series]:
    """Return segments by key, as raw text; no answer and not applicable are missing."""
    columns: dict[str, pd.Series] = {}
    codes = (*maker.survey.missing, *maker.survey.not_applicable)
    for key, segment in maker.survey.segments.items():
        texts = maker.ledger.column(
            maker.raw, segment.column, ("survey", "segments", key, "column")
        )
        if texts is not None:
            columns[key] = values.texts_or_missing(texts, missing=codes)
    return columns
