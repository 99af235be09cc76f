"""Weighting to known margins: each period's own customers are brought to the client's shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxlib.analysis import weights
from cxlib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.params import Client

MAXIMUM_WEIGHT = 5.0
"""No respondent counts for more than five; the usual cap, beyond which variance outgrows bias."""


def rake(survey: pd.DataFrame, client: Client) -> weights.Raking:
    """Weight the own customers in `survey` (one period) to the margins of the client file.

    Raises
    ------
    DataError
        If the client file knows no margins.
    """
    if client.survey is None or not client.survey.margins:
        raise DataError(f"{client.client} has no survey.margins to weight to.")
    own = survey[survey["brand"] == "own"]
    return weights.rake(own, client.survey.margins, cap=MAXIMUM_WEIGHT)


def weighted(survey: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Return `survey` with each period's own customers weighted to the margins, if there are any.

    Answers about other brands keep the weight they came with: the margins are the client's.
    """
    if client.survey is None or not client.survey.margins:
        return survey
    weight = survey["weight"].astype(float)
    for _label, wave in survey[survey["brand"] == "own"].groupby("period"):
        weight.loc[wave.index] = rake(wave, client).weights
    return survey.assign(weight=weight)
