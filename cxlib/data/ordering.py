"""The order of segments' values: as the client file declares it, for every table and figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from cxlib.params import Client


def ordered(survey: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Return `survey` with its segments in the declared order, the values not listed after them.

    Segments without an ``order:`` stay as they are.
    """
    segments = client.survey.segments if client.survey is not None else {}
    columns = {}
    for key, segment in segments.items():
        if segment.order and key in survey:
            present = list(survey[key].dropna().unique())
            listed = [value for value in segment.order if value in present]
            others = sorted(set(present) - set(listed))
            columns[key] = pd.Categorical(survey[key], categories=[*listed, *others])
    return survey.assign(**columns)
