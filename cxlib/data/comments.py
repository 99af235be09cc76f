"""Comments from anywhere to one canonical table: rated, placed in time, told from repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.data import values
from cxlib.data.ledger import NO_TIME, Ledger, Path, examples
from cxlib.data.readers import Raw
from cxlib.data.schema import TABLES, TEXT
from cxlib.data.survey import periods_in
from cxlib.errors import Count
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client

LONG = 30
"""Letters, Chinese characters twice, from which the same words again are the same comment: short
ones recur by chance."""


def settle(raw: Raw, client: Client, at: Path, frame: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return one source's comments with all columns of the table, each comment once."""
    section, source = client.comments[str(at[1])], str(at[1])
    when = frame.get("date", pd.Series(NO_TIME, index=frame.index))
    texts = ledger.column(raw, section.columns.rating, (*at, "columns", "rating"))
    if texts is not None and section.scale is not None:
        frame["rating"] = _ratings(raw, texts, source, client, at, ledger)
    frame["period"] = periods_in(raw, section, at, client, ledger, when)
    frame["source"] = pd.Series(source, index=frame.index, dtype="str")
    segments = [key for each in client.comments.values() for key in each.segments]
    dtypes = {column.name: column.dtype for column in TABLES["comments"]} | dict.fromkeys(
        segments, TEXT
    )
    for name, dtype in dtypes.items():
        if name not in frame:
            frame[name] = pd.Series(None, index=frame.index, dtype=dtype)
    frame = frame[list(dtypes)]
    again = _again(frame, ledger)
    ledger.drop(_("repeats a comment word for word"), int(again.sum()))
    return frame[~again]


def _ratings(
    raw: Raw, texts: pd.Series, source: str, client: Client, at: Path, ledger: Ledger
) -> pd.Series:
    section = client.comments[source]
    low, high = section.scale or (0, 0)
    read = values.answers(
        texts,
        scale=(low, high),
        missing=section.missing,
        not_applicable=(),
        whole=False,
        values=section.values,
        decimal=raw.decimal,
    )
    n = int(read.stray.sum())
    if n:
        ledger.error(
            (*at, "columns", "rating"),
            f"column {texts.name!r} holds {n} {Count(n):value|values} off its scale {low}-{high}: "
            f"{examples(raw, texts, read.stray)}; correct the scale, say which rating a text is by "
            "`values:`, or declare what means none under `missing:`.",
            texts.name,
        )
    return read.ratings


def _again(frame: pd.DataFrame, ledger: Ledger) -> pd.Series:
    """Return which rows repeat a comment met before: its id, or all of it where it is long."""
    same = ["source", "comment", "date", "rating", "channel", "customer_id"]
    told = frame[same].astype("str").fillna("")
    size = frame["comment"].str.len() + frame["comment"].str.count("[\u4e00-\u9fff]")
    told = told.where(size.ge(LONG).fillna(False), None)
    named = frame["comment_id"].notna()
    told[same] = told[same].mask(named, None)
    told["id"] = (frame["source"] + "\x1f" + frame["comment_id"]).where(named)
    digests = pd.util.hash_pandas_object(told, index=False).to_numpy()
    counts = (named | told["comment"].notna()).to_numpy()
    first = ~pd.Series(digests).duplicated().to_numpy()
    old = np.fromiter((int(d) in ledger.seen for d in digests), dtype=bool, count=len(digests))
    ledger.seen.update(map(int, digests[counts & first]))
    return pd.Series(counts & (old | ~first), index=frame.index)
