"""Weighting to known margins: each period's own customers are brought to the client's shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from cxlib.analysis import weights
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client

MAXIMUM_WEIGHT = 5.0
"""No respondent counts for more than five; the usual cap, beyond which variance outgrows bias."""

Margins = dict[str, dict[str, float]]


def known_margins(own: pd.DataFrame, client: Client) -> tuple[Margins, tuple[Caveat, ...]]:
    """Return the client's margins as far as some answers (of one period) can be brought to them.

    A level that nobody answered for is left out, and the others keep their known shares among
    themselves; a level without a known share keeps its part of the sample; a margin of which
    nothing is left is skipped. Each is a caveat.
    """
    given: Mapping[str, Mapping[str, float]] = client.survey.margins if client.survey else {}
    margins: Margins = {}
    caveats: list[Caveat] = []
    for segment, known in given.items():
        counts = own[segment].value_counts() if segment in own else pd.Series(dtype="int64")
        levels = [str(level) for level in counts.index]
        shared = {level: size for level, size in known.items() if level in levels}
        if not shared:
            message = _("No answer has a known level of {segment}; it is not weighted.")
            caveats.append(Caveat(message, segment=segment))
            continue
        total, left = sum(known.values()), sum(shared.values())
        unknown = [level for level in levels if level not in known]
        extra = {level: total * int(counts[level]) / int(counts.sum()) for level in unknown}
        scale = (total - sum(extra.values())) / left
        margins[segment] = {level: size * scale for level, size in shared.items()} | extra
        absent = tuple(f"{segment}={level}" for level in known if level not in levels)
        if absent:
            message = _("{segment}: nobody of {levels} answered; the other groups are weighted to "
                        "their known shares among themselves.")  # fmt: skip
            caveats.append(Caveat(message, segment=segment, levels=absent))
        if unknown:
            message = _("{segment}: {levels} has no known share and keeps its part of the sample.")
            named = tuple(f"{segment}={level}" for level in unknown)
            caveats.append(Caveat(message, segment=segment, levels=named))
    return margins, tuple(caveats)


def rake(survey: pd.DataFrame, client: Client) -> weights.Raking:
    """Weight the own customers in `survey` (one period) to the margins of the client file."""
    own = survey[survey["brand"] == "own"]
    margins, caveats = known_margins(own, client)
    if not margins:
        raise DataError(f"{client.client} has no survey.margins to weight to.")
    raked = weights.rake(own, margins, cap=MAXIMUM_WEIGHT)
    return replace(raked, caveats=(*caveats, *raked.caveats))


def weighted(survey: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Return `survey` with each period's own customers weighted to the margins, if there are any.

    Answers about other brands keep the weight they came with: the margins are the client's.
    """
    if client.survey is None or not client.survey.margins:
        return survey
    weight = survey["weight"].astype(float)
    for _label, wave in survey[survey["brand"] == "own"].groupby("period"):
        if known_margins(wave, client)[0]:
            weight.loc[wave.index] = rake(wave, client).weights
    return survey.assign(weight=weight)
