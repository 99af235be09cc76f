"""The data room: raw survey rows to the canonical survey table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.data import labels, masking, values
from cxlib.data.columns import Maker, questions, read_dates, read_numbers, segments
from cxlib.data.keys import canonical
from cxlib.data.ledger import Ledger, examples, places
from cxlib.data.readers import Raw
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client

OWN = "own"
"""The client itself in the column ``brand``."""
ALL = "all"
"""The one period of a client that has none."""
UNNAMED = "\x1frow "
"""Begins the id of a respondent who has none, so that it meets no real one."""


def make_survey(raw: Raw, client: Client, ledger: Ledger) -> pd.DataFrame:
    """Return the canonical survey table, its ids not yet pseudonyms.

    Parameters
    ----------
    raw : Raw
        The rows of the survey's source.
    client : Client
        Whose survey it is.
    ledger : Ledger
        Takes every fault, every row dropped and every value set aside.

    Returns
    -------
    pandas.DataFrame
        The columns of `cxlib.data.schema.survey_columns`, one row a response, in the order of the
        files. If the ledger has failed it may lack columns.
    """
    survey = client.survey
    if survey is None:
        raise DataError(f"{client.client} has no `survey:` section.")
    maker = Maker(raw=raw, survey=survey, client=client, ledger=ledger)
    ledger.rows_read += len(raw.frame) + raw.empty
    ledger.drop(_("empty row"), raw.empty)
    parts = {
        "respondent_id": _ids(maker),
        "date": _dates(maker),
        "weight": _weights(maker),
        "brand": _brands(maker),
        "comment": _comments(maker),
    }
    parts["period"] = _periods(maker, parts["date"])
    order = ("respondent_id", "date", "period", "weight", "brand", "comment")
    columns = {name: parts[name] for name in order}
    columns |= questions(maker)
    columns |= segments(maker)
    return _kept(maker, pd.DataFrame(columns))


def _ids(maker: Maker) -> pd.Series:
    """Return canonical ids; a row without one is a respondent of its own."""
    numbers = pd.Series(np.arange(1, len(maker.raw.frame) + 1).astype(str), dtype="str")
    own = maker.column("id")
    if own is None:
        return numbers
    ids = canonical(own)
    blank = ids.isna()
    if blank.any():
        maker.ledger.warn(
            ("survey", "columns", "id"),
            f"{int(blank.sum())} rows have no respondent id, the first "
            f"{_first(maker, blank)}; each counts as a respondent of its own.",
        )
    damaged = ids.fillna("").str.fullmatch(r"\d(?:\.\d+)?[eE]\+\d+").astype(bool)
    if damaged.any():
        maker.ledger.warn(
            ("survey", "columns", "id"),
            f"{int(damaged.sum())} ids were damaged by a spreadsheet: "
            f"{examples(maker.raw, ids, damaged)}; export them as text.",
        )
    return ids.where(~blank, UNNAMED + numbers)


def _dates(maker: Maker) -> pd.Series:
    texts = maker.column("date")
    if texts is None:
        return pd.Series(np.datetime64("NaT", "us"), index=maker.raw.frame.index)
    zone = maker.client.calendar.timezone
    path = ("survey", "columns", "date")
    return read_dates(maker.raw, texts, maker.survey, maker.ledger, path, timezone=zone)


def _periods(maker: Maker, when: pd.Series) -> pd.Series:
    texts, path = maker.column("period"), ("survey", "columns", "period")
    if texts is None and maker.raw.period is not None:
        texts, path = maker.raw.period, ("survey", "source", "period_from")
    kind = maker.client.period
    if texts is not None:
        named = values.texts_or_missing(texts, missing=maker.survey.missing)
        found = labels.labels(named.fillna(""), kind)
        stray = found.isna() & named.notna()
        if stray.any():
            maker.ledger.error(
                path,
                f"{int(stray.sum())} rows name no {kind}: {examples(maker.raw, texts, stray)}; "
                "write such as 2026Q3, 2026-09 or 2026, no longer than the client's `period:`.",
            )
        return found
    if maker.survey.columns.date is not None and kind != "wave":
        return periods.label_dates(when, kind)
    return pd.Series(ALL, index=maker.raw.frame.index, dtype="str")


def _weights(maker: Maker) -> pd.Series:
    texts = maker.column("weight")
    if texts is None:
        return pd.Series(1.0, index=maker.raw.frame.index)
    path = ("survey", "columns", "weight")
    return read_numbers(maker.raw, texts, maker.survey, maker.ledger, path, lowest=0)


def _brands(maker: Maker) -> pd.Series:
    texts = maker.column("brand")
    if texts is None:
        return pd.Series(OWN, index=maker.raw.frame.index, dtype="str")
    brands = values.texts_or_missing(texts, missing=maker.survey.missing)
    own = brands.map(values.plain, na_action="ignore") == values.plain(maker.survey.own_brand or "")
    if not own.any():
        near = nearest(maker.survey.own_brand or "", brands.dropna().unique())
        maker.ledger.error(
            ("survey", "own_brand"),
            f"{maker.survey.own_brand!r} is not in column {texts.name!r}{near}",
            maker.survey.own_brand,
        )
    _near_brands(maker, brands[~own])
    return brands.mask(own, OWN)


def _near_brands(maker: Maker, others: pd.Series) -> None:
    """Say where another brand could be taken for the client itself, or may be it."""
    named = maker.survey.own_brand or ""
    plain = others.map(lambda text: values.plain(text).casefold(), na_action="ignore")
    if (others == OWN).any():
        maker.ledger.error(
            ("survey", "columns", "brand"),
            f"{int((others == OWN).sum())} rows name the brand {OWN!r}, which is what the kit "
            f"calls {named!r}; write that brand's name another way.",
            OWN,
        )
    same = plain == values.plain(named).casefold()
    if same.any():
        maker.ledger.warn(
            ("survey", "own_brand"),
            f"{int(same.sum())} rows name {others[same].iloc[0]!r}, which counts as a competitor; "
            f"write {named!r} if it is the client itself.",
            named,
        )


def _comments(maker: Maker) -> pd.Series:
    texts = maker.column("comment")
    if texts is None:
        return pd.Series(np.nan, index=maker.raw.frame.index, dtype="str")
    said = values.texts_or_missing(texts, missing=maker.survey.missing)
    comments, masked = masking.mask(said, maker.client.privacy.names)
    for marker, n in masked.items():
        maker.ledger.masked[marker] = maker.ledger.masked.get(marker, 0) + n
    return comments


def _kept(maker: Maker, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows that no analysis can place, each counted by its reason.

    A weight of 0 says that the row should not count, so it has none.
    """
    keep = pd.Series(True, index=frame.index)
    reasons = {
        "period": _("no date or period"),
        "brand": _("no brand"),
        "weight": _("no weight"),
    }
    empty = frame.assign(weight=frame["weight"].where(frame["weight"] > 0))
    for column, reason in reasons.items():
        gone = empty[column].isna() & keep
        maker.ledger.drop(reason, int(gone.sum()))
        keep &= ~gone
    repeated = _repeated(maker, frame, keep)
    maker.ledger.drop(_("repeats a respondent within a period"), int(repeated.sum()))
    return frame[keep & ~repeated].reset_index(drop=True)


def _repeated(maker: Maker, frame: pd.DataFrame, keep: pd.Series) -> pd.Series:
    """Return the rows to leave out since their respondent has another in the period."""
    who = frame.loc[keep, ["respondent_id", "period", "brand"]]
    rule = maker.survey.duplicates
    if rule != "error":
        return who.duplicated(keep=rule).reindex(frame.index, fill_value=False)
    repeated = who.duplicated(keep="first")
    if repeated.any():
        positions = who.index.to_numpy()
        second = int(repeated.to_numpy().argmax())
        same = (who == who.iloc[second]).all(axis=1).to_numpy()
        pair = places(maker.raw, [int(positions[same.argmax()]), int(positions[second])])
        maker.ledger.error(
            ("survey", "duplicates"),
            f"{int(repeated.sum())} rows repeat a respondent id within a period, the first two "
            f"{pair}; set `duplicates: last` (or first) to keep one row each.",
        )
    return pd.Series(False, index=frame.index)


def _first(maker: Maker, mask: pd.Series) -> str:
    return maker.raw.at(int(np.flatnonzero(mask)[0]))
