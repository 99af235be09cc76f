"""Analysis room: how a competitor's customers rate the same touchpoints, on the client's mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.analysis._driver_data import Names
from cxlib.analysis._mix import to_mix
from cxlib.analysis._score_table import score_table
from cxlib.analysis.metrics import Touchpoint
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _


@dataclass(frozen=True, kw_only=True)
class RivalRatings:
    """A competitor's mean rating of each touchpoint.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a touchpoint: ``touchpoint``; ``value`` with ``low`` and ``high``; ``n`` ratings.
    brand : str
        The competitor.
    matched : tuple of str
        Segments in which its customers are weighted to the client's mix.
    n_used : int
        Its answers.
    caveats : tuple of Caveat
        Whether the mix was evened out.
    """

    table: pd.DataFrame
    brand: str
    matched: tuple[str, ...]
    n_used: int
    caveats: tuple[Caveat, ...]


def ratings(
    data: pd.DataFrame,
    *,
    touchpoints: Sequence[Touchpoint],
    brand: str | None = None,
    match: Sequence[str] = (),
    own: str = "own",
    weights: str = "weight",
) -> RivalRatings | None:
    """Return how a competitor's customers rate the touchpoints; None where nobody else was asked.

    Its customers are weighted to the client's mix in every segment that both brands share, level
    by level: a bank with fewer card holders is not better for that.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response, of all brands (column ``brand``).
    touchpoints : sequence of Touchpoint
    brand : str, optional
        The competitor; by default the one with the most answers.
    match : sequence of str
        Segment columns.
    own : str
        The client in the column ``brand``.
    weights : str
        Column of survey weights.

    Raises
    ------
    DataError
        If `brand` answered nothing.
    """
    counts = data.loc[data["brand"] != own, "brand"].value_counts()
    if brand is None and counts.empty:
        return None
    chosen = str(counts.index[0]) if brand is None else brand
    if chosen not in counts.index:
        raise DataError(
            f"no answers about brand {chosen!r}{nearest(chosen, map(str, counts.index))}"
        )
    theirs, ours = data[data["brand"] == chosen], data[data["brand"] == own]
    theirs, shared = to_mix(theirs, ours, match=match, weights=weights)
    told = score_table(theirs, metric=list(touchpoints), weights=weights)
    return RivalRatings(
        table=told.table[["touchpoint", "value", "low", "high", "n"]],
        brand=chosen,
        matched=shared,
        n_used=len(theirs),
        caveats=(_how_matched(chosen, shared),),
    )


def _how_matched(brand: str, shared: tuple[str, ...]) -> Caveat:
    if shared:
        message = _("{brand}: its customers are weighted to the client's mix of {segments}.")
        return Caveat(message, brand=brand, segments=Names(shared))
    return Caveat(_("{brand}: its customers may be of another mix than the client's."), brand=brand)
