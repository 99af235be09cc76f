"""Do two people see the same: agreement of coders and raters beyond chance."""

from __future__ import annotations

import re
from math import nan
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.estimation import percentiles, times_drawn
from cxlib.analysis.metrics import one_of
from cxlib.analysis.results import Interval, Tabled, said
from cxlib.analysis.validate import count, generator
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS = ("nominal", "ordinal", "interval", "ratio")


class Agreement(Tabled, Interval):
    """How far coders or raters agree.

    ``value, low, high``: the coefficient (1 perfect, 0 as by chance) and its interval; NaN where
    nothing varies. ``measure``: ``"alpha (ordinal)"`` or ``"ICC(2,1)"``. ``n_units, n_coders``:
    units that count, and coders. ``n_dropped``: units left out: judged by one coder only (alpha),
    or not by all of them (ICC). ``table``: units on which coders differ, most first: ``unit,
    disagreement`` and a column a coder.
    """

    measure: str
    n_units: int
    n_coders: int
    n_dropped: int


def krippendorff_alpha(
    ratings: Any,
    *,
    level: Level = "nominal",
    bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 20240601,
) -> Agreement:
    """Return Krippendorff's alpha: agreement of any number of coders, with gaps.

    Parameters
    ----------
    ratings : pandas.DataFrame or array of units by coders
        One row a unit, one column a coder; a missing value means not judged. Labels for nominal
        codes, numbers otherwise.
    level : {"nominal", "ordinal", "interval", "ratio"}
        How far apart two values are.
    bootstrap : int
        Resamples of units for the interval; 0 for none.
    confidence : float
        Coverage of the interval.
    seed : int
        Of the resamples.

    Raises
    ------
    DataError
        If fewer than two coders judged a common unit, a value is no number where one is needed,
        or is not positive or zero on a ratio scale.

    References
    ----------
    .. [1] Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability.
    """
    one_of(level, LEVELS, f"unknown level {level!r}")
    draws = count(bootstrap, "bootstrap")
    frame = _units_by_coders(ratings)
    codes, values = _codes(frame, level)
    judged = codes >= 0
    kept = judged.sum(axis=1) >= 2
    if not kept.any():
        raise DataError("no unit was judged by two coders: agreement needs a second judgement.")
    counts = np.zeros((int(kept.sum()), len(values)))
    for coder in range(codes.shape[1]):
        rows = np.flatnonzero(judged[kept, coder])
        np.add.at(counts, (rows, codes[kept, coder][rows]), 1)
    value, apart = _alpha(counts, np.ones((1, len(counts))), values, level)
    resampled = np.array([])
    if draws and len(counts) > 1:  # one unit says nothing of the next
        times = times_drawn(generator(seed), len(counts), draws).astype(float)
        resampled = _alpha(counts, times, values, level)[0]
    ends = percentiles(resampled[:, None], validate.check_confidence(confidence))[:, 0]
    differ = _differing(frame[kept], apart)
    leading = ["unit", "disagreement"]
    return Agreement(
        **_told(value[0], *ends),
        measure=f"alpha ({level})",
        n_units=int(kept.sum()),
        n_coders=int(judged.any(axis=0).sum()),
        n_dropped=int((~kept).sum()),
        table=differ[[*leading, *differ.columns.difference(leading, sort=False)]],
    )


def icc(ratings: Any, *, form: str = "ICC(2,1)", confidence: float = 0.95) -> Agreement:
    """Return an intraclass correlation: agreement of raters who score every unit.

    Parameters
    ----------
    ratings : pandas.DataFrame or array of units by raters
        One row a unit, one column a rater, numbers; units that a rater left out are left out.
    form : str
        ``"ICC(1,1)"`` (raters differ from unit to unit), ``"ICC(2,1)"`` (raters are a sample,
        absolute agreement), ``"ICC(3,1)"`` (these raters, consistency), or with ``k`` for the mean
        of all raters: ``"ICC(2,k)"``.
    confidence : float
        Coverage of the interval.

    Raises
    ------
    DataError
        If the form is unknown, a rating is no number, or fewer than two units or raters are whole.

    References
    ----------
    .. [1] Shrout, P. E., Fleiss, J. L. (1979). Intraclass correlations. Psychological Bulletin 86.
    .. [2] McGraw, K. O., Wong, S. P. (1996). Psychological Methods 1, 30-46.
    """
    read = re.fullmatch(r"(?:icc)?\(?([123])[,.]?([1k])?\)?", str(form).replace(" ", "").lower())
    if read is None:
        known = [f"ICC({model},{of})" for model in "123" for of in "1k"]
        raise DataError(f"unknown form {form!r}{nearest(str(form), known)}")
    model, mean_of_all = int(read[1]), read[2] == "k"
    frame = _units_by_coders(ratings)
    numbers = np.column_stack([validate.numbers(frame[rater]) for rater in frame.columns])
    whole = np.asarray(~np.isnan(numbers).any(axis=1))
    x = numbers[whole]
    n, k = x.shape
    if n < 2 or k < 2:
        raise DataError(
            f"{n} units are scored by all {k} raters: an intraclass correlation needs two of each."
        )
    between = k * ((x.mean(axis=1) - x.mean()) ** 2).sum() / (n - 1)
    raters = n * ((x.mean(axis=0) - x.mean()) ** 2).sum() / (k - 1)
    rest = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum() / (n * (k - 1))
    single = _single(
        model, (between, raters, error, within), n, k, validate.check_confidence(confidence)
    )
    shown = [k * r / (1 + (k - 1) * r) if mean_of_all else r for r in single]
    return Agreement(
        **_told(shown[0], shown[1], shown[2]),
        measure=f"ICC({model},{'k' if mean_of_all else 1})",
        n_units=n,
        n_coders=k,
        n_dropped=int((~whole).sum()),
        table=_differing(frame[whole], x.max(axis=1) - x.min(axis=1)),
    )


def _told(value: float, low: float, high: float) -> dict[str, Any]:
    """Return a coefficient as fields, with a caveat where nothing varies."""
    alike = _("All judgements are equal: agreement cannot be told from chance.")
    facts = {"value": float(value), "low": float(low), "high": float(high)}
    return facts | {"caveats": said(np.isnan(value), alike)}


def _differing(units: pd.DataFrame, apart: np.ndarray) -> pd.DataFrame:
    """Return the units on which coders differ, most first."""
    table = units.assign(disagreement=apart).rename_axis("unit").reset_index()
    table = table[table["disagreement"] > 0]
    return table.sort_values("disagreement", ascending=False, kind="stable", ignore_index=True)


def _single(
    model: int, squares: tuple[float, float, float, float], n: int, k: int, confidence: float
) -> list[float]:
    """Return the coefficient of one rater and its ends, from the mean squares."""
    from scipy.stats import f as fisher

    (between, raters, error, within), tail = squares, (1 + confidence) / 2
    noise = within if model == 1 else error
    extra = k * (raters - error) / n if model == 2 else 0.0
    whole = between + (k - 1) * noise + extra
    if whole <= 0:
        return [nan, nan, nan]
    value = (between - noise) / whole
    if model == 2:
        if error <= 0:
            return [value, nan, nan]
        part, shift = raters / error, n * (1 + (k - 1) * value) - k * value
        df = (k - 1) * (n - 1) * (k * value * part + shift) ** 2
        df /= (n - 1) * (k * value * part) ** 2 + shift**2
        up, down = fisher.ppf(tail, n - 1, df), fisher.ppf(tail, df, n - 1)
        base = k * raters + (k * n - k - n) * error
        low = n * (between - up * error) / (up * base + n * between)
        high = n * (down * between - error) / (base + n * down * between)
        return [value, float(low), float(high)]
    if noise <= 0:
        return [value, nan, nan]
    df = n * (k - 1) if model == 1 else (n - 1) * (k - 1)
    ratio = between / noise
    ends = ratio / fisher.ppf(tail, n - 1, df), ratio * fisher.ppf(tail, df, n - 1)
    return [value, *(float((end - 1) / (end + k - 1)) for end in ends)]


def _units_by_coders(ratings: Any) -> pd.DataFrame:
    if np.ndim(ratings) != 2:
        raise DataError("the ratings are no table: a row is a unit, a column a coder.")
    frame = ratings if isinstance(ratings, pd.DataFrame) else pd.DataFrame(np.asarray(ratings))
    if frame.shape[1] < 2:
        raise DataError(
            f"agreement needs two coders, one column each; there is {frame.shape[1]} column."
        )
    return frame


def _codes(frame: pd.DataFrame, level: str) -> tuple[np.ndarray, np.ndarray]:
    """Return each judgement as a code (-1: none) and the values in their order."""
    if level == "nominal":
        flat, known = pd.factorize(frame.astype(object).to_numpy().ravel(), sort=False)
        return flat.reshape(frame.shape), np.arange(len(known), dtype=float)
    scales = {str(dtype) for dtype in frame.dtypes}
    if level == "ordinal" and all(isinstance(d, pd.CategoricalDtype) and d.ordered
                                  for d in frame.dtypes) and len(scales) == 1:  # fmt: skip
        frame = frame.apply(lambda coder: coder.cat.codes.where(coder.notna()))
    numbers = np.column_stack([validate.numbers(frame[coder]) for coder in frame.columns])
    flat, known = pd.factorize(numbers.ravel(), sort=True)
    if level == "ratio" and len(known) and known.min() < 0:
        raise DataError(f"a ratio scale starts at 0; there is {known.min():g}.")
    return flat.reshape(frame.shape), np.asarray(known, dtype=float)


def _distances(values: np.ndarray, totals: np.ndarray, level: str) -> np.ndarray:
    """Return the squared distance of each pair of values."""
    if level == "nominal":
        apart: np.ndarray = 1 - np.eye(len(values))
    elif level == "ordinal":
        middle = np.cumsum(totals) - totals / 2
        apart = (middle[:, None] - middle) ** 2
    elif level == "interval":
        apart = (values[:, None] - values) ** 2
    else:
        both = values[:, None] + values
        apart = ((values[:, None] - values) / np.where(both == 0, 1, both)) ** 2
    return apart


def _alpha(
    counts: np.ndarray, times: np.ndarray, values: np.ndarray, level: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return alpha of each resample (draws by units), and each unit's disagreement in the last."""
    per_pair = 1 / (counts.sum(axis=1) - 1)
    alphas = np.full(len(times), np.nan)
    units = np.zeros(len(counts))
    for draw, drawn in enumerate(times):
        totals = drawn @ counts
        apart = _distances(values, totals, level)
        expected = totals @ apart @ totals
        units = ((counts @ apart) * counts).sum(axis=1) * per_pair
        if expected > 0:
            alphas[draw] = 1 - (totals.sum() - 1) * (drawn @ units) / expected
    return alphas, units
