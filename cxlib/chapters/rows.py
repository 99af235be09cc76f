"""What the rows of several chapters share: blank and missing cells, quotes, sheets to sign."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

import pandas as pd

from cxlib.words import mark as _

BLANK = "\u2007" * 16
"""A cell to be filled in by hand."""


def given(make: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Have a function of a chapter's results return no row where one of them is None."""

    @wraps(make)
    def made(*results: Any, **options: Any) -> pd.DataFrame:
        nothing = any(result is None for result in results)
        return pd.DataFrame() if nothing else make(*results, **options)

    return made


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose missing cells are None, as rules read them."""
    told: pd.DataFrame = table.astype(object)
    return told.where(told.notna(), None)


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one beneath the other; no row where there is none."""
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


QUOTED = (6, 160)
"""Characters a quote may have."""
QUOTES = 2
"""Quotes of one thing: enough to hear the tone, too few to be mistaken for a count."""


def quotes(said: pd.Series, told: Collection[str] = ()) -> pd.Series:
    """Return the first few of what people said that are short enough and not told already."""
    fit = said[said.str.len().between(*QUOTED) & ~said.isin(list(told))]
    return fit.drop_duplicates().head(QUOTES)  # two who write the same are quoted once


def signatures() -> pd.DataFrame:
    """Return the lines on which both sides sign."""
    parties = [_("For the client"), _("For the consultants")]
    names = ("signatory", "signature", "signed_on")
    return pd.DataFrame({"party": parties} | dict.fromkeys(names, BLANK))
