"""How far the client lies ahead of its competitors, or behind them, at an equal mix."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cxlib.analysis.kpis import Estimates, contrast
from cxlib.analysis.kpis.estimates import OWN
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint, resolve
from cxlib.analysis.validate import column
from cxlib.errors import DataError, nearest


def compare_competitors(
    data: pd.DataFrame,
    *,
    metrics: Sequence[str | Metric | Touchpoint],
    segments: Sequence[str],
    brand: str = "brand",
    own: str = OWN,
    design: SurveyDesign | None = None,
) -> Estimates:
    """Compare the client's KPIs and touchpoints with each competitor's, at an equal mix.

    The same comparison as `Engagement.competitors`: `kpis.contrast` by brand, so that a brand with
    more members, or more web customers, is not ahead for that.

    Parameters
    ----------
    data : pandas.DataFrame
        One row a response of one period; rows that name no brand are left out.
    metrics : sequence of Metric, Touchpoint or str
        What is compared; a touchpoint is a mean.
    segments : sequence of str
        Columns held equal, all together; an empty sequence compares raw figures.
    brand : str
        Column that names the brand of each response.
    own : str
        The client's own brand in it.
    design : SurveyDesign, optional
        Weights, customers, confidence.

    Returns
    -------
    Estimates
        One row a KPI and competitor (``brand``): ``after`` the client's value, ``before`` the
        competitor's, ``change`` the raw gap, ``like`` that at equal mix with its interval, ``turn``
        (``better``: ahead, ``worse``: behind).

    Raises
    ------
    DataError
        If a column is missing, the client's brand or any competitor has no rows, or there is no
        metric.

    References
    ----------
    .. [1] Kalton, G. and Flores-Cervantes, I. (2003). Weighting methods. J. Off. Stat. 19, 81-97.
    """
    questions = [each if isinstance(each, Touchpoint) else resolve(each) for each in metrics]
    if not questions:
        raise DataError("there is no metric to compare; give compare_competitors at least one.")
    for name in (*segments, *(question.key for question in questions)):
        column(data, name)
    names = column(data, brand)
    present = [str(name).strip() for name in pd.unique(names.dropna())]
    if own not in present:
        raise DataError(f"no row of column {brand!r} is {own!r}{nearest(own, present)}")
    if len(present) == 1:
        raise DataError(f"column {brand!r} holds only {own!r}: there is no competitor to compare.")
    rows = data[names.notna().to_numpy()].reset_index(drop=True)
    named = rows[brand].astype(object).map(lambda name: str(name).strip())
    others = named.where(named != OWN, "own brand")  # where another is compared as the own one
    rows = rows.assign(brand=others.mask(named == own, OWN))
    return contrast(rows, questions=questions, by="brand", segments=segments, design=design)
