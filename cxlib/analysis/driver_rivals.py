"""Analysis room: how a competitor's customers rate the same touchpoints, on the client's mix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.analysis._driver_data import Names
from cxlib.analysis._importance import DriverImportance
from cxlib.analysis._mix import to_mix
from cxlib.analysis._score_table import score_table
from cxlib.analysis.metrics import Touchpoint
from cxlib.analysis.priorities import Priorities
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


@dataclass(frozen=True, kw_only=True)
class RivalGaps:
    """The client against a competitor, touchpoint by touchpoint, the most important first.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a driver that the competitor's customers rated: ``driver``; ``share`` (of what all
        drivers explain); ``proven``; ``own`` and ``competitor`` (mean ratings); ``gap`` (own less
        the competitor's) with ``low`` and ``high``; ``n_own``; ``n`` (the competitor's ratings).
    brand : str
        The competitor.
    caveats : tuple of Caveat
        Whether the mix was evened out.
    """

    table: pd.DataFrame
    brand: str
    caveats: tuple[Caveat, ...]


def gaps(priorities: Priorities, rival: RivalRatings, *, importance: DriverImportance) -> RivalGaps:
    """Set what matters beside how a competitor is rated for it.

    Parameters
    ----------
    priorities : Priorities
        Made with ``competitor=rival``.
    rival : RivalRatings
        Small bases withheld, so that a gap to them is not shown either.
    importance : DriverImportance
    """
    ratings_of = rival.table.set_index("touchpoint")["n"]
    tests = importance.table.set_index("driver")
    table = priorities.table.sort_values("share", ascending=False, kind="stable")
    table = table[table["gap"].notna()].reset_index(drop=True)
    names = table["driver"]
    return RivalGaps(
        table=pd.DataFrame(
            {
                "driver": names,
                "share": table["share"],
                "proven": names.map(tests["p_unique"]).astype(float) < 1 - importance.confidence,
                "own": table["performance"],
                "competitor": table["competitor"],
                "gap": table["gap"],
                "low": table["gap_low"],
                "high": table["gap_high"],
                "n_own": names.map(tests["n"]).astype("int64"),
                "n": names.map(ratings_of).astype("int64"),
            }
        ),
        brand=rival.brand,
        caveats=rival.caveats,
    )
