"""How far the codes can be trusted: what people found in a sample, against the codebook."""

from __future__ import annotations

from itertools import combinations
from math import nan
from typing import Any

import pandas as pd

from cxlib.analysis import comments
from cxlib.analysis.agreement import krippendorff_alpha
from cxlib.analysis.results import Tabled
from cxlib.chapters.comments.codebooks import read
from cxlib.chapters.comments.heard import Study, heard
from cxlib.columns import records
from cxlib.data.coding import coded_of, key_of
from cxlib.errors import DataError

WEAK = 0.7
"""A share of right codes below which a theme should be worded anew."""
SHOWN = 20
"""Disagreements listed; the whole stands in the coders' own files."""

_OURS = ("codes_alpha_low", "codes_alpha_high")
_THEIRS = ("coders_alpha_low", "coders_alpha_high")
_TABLE = ["theme", "n", "case", "precision", "precision_low", "precision_high", "recall",
          "recall_low", "recall_high", "codes_alpha", *_OURS, "coders_alpha", *_THEIRS]  # fmt: skip


class Coded(Tabled):
    """A hand-coded sample.

    ``table``, a row a theme: ``precision, recall`` and ``codes_alpha`` of the codebook against what
    people agree on, ``coders_alpha`` of people among themselves, and ``case``. ``apart``: what
    coders differ on. ``page``: what is said of the sample as a whole, one row a case.
    """

    apart: pd.DataFrame
    page: pd.DataFrame


def coded(engagement: Any, study: Study) -> Coded:
    """Compare the codebook with the sample that people coded, and people with one another."""
    none = pd.DataFrame({"case": ["not coded"]})
    if study.found is None or engagement.client.coding is None:
        return Coded(table=pd.DataFrame(), apart=pd.DataFrame(), page=none)
    codes = coded_of(engagement.rows("coding"))
    book = read(engagement.settings)
    texts = _coded_texts(engagement, set(codes["comment_key"]))
    strange = sorted(set(codes["theme"]) - set(book.themes))
    lost = set(codes["comment_key"]) - set(texts.index)
    mine = codes[codes["theme"].isin(book.themes) & codes["comment_key"].isin(texts.index)]
    told = [{"case": "unknown code", "theme": theme} for theme in strange]
    told += [{"case": "not among them", "n": len(lost)}] if lost else []
    if mine.empty:
        return Coded(table=pd.DataFrame(), apart=pd.DataFrame(), page=pd.DataFrame(told or none))
    found = comments.themes(texts[mine["comment_key"].unique()], codebook=book).matrix
    rows, apart = [], []
    for theme, of in mine.groupby("theme", sort=False):
        hands = of.set_index(["comment_key", "coder"])["yes"].unstack().astype("boolean")  # noqa: PD010
        agreed = hands.min(axis=1).astype("boolean")
        differ = hands.min(axis=1) != hands.max(axis=1)
        row = _against(str(theme), agreed.mask(differ), found, engagement.minimum_base)
        rows.append(row | _among(hands))
        for key, line in hands[differ].iterrows():
            apart.append({"theme": theme, "comment": texts.loc[str(key)], **_who(line)})
    table = pd.DataFrame(rows).reindex(columns=_TABLE)
    order = {key: at for at, key in enumerate(book.themes)}
    table = table.sort_values("theme", key=lambda keys: keys.map(order), ignore_index=True)
    listed = pd.DataFrame(apart, columns=["theme", "comment", "said_yes", "said_no"])
    return Coded(table=table, apart=listed.head(SHOWN), page=pd.DataFrame(told))


def _coded_texts(engagement: Any, keys: set[str]) -> pd.Series:
    """Return the comments up to this period that were coded, by their key."""
    parts = []
    for period in engagement.periods[: engagement.periods.index(engagement.period) + 1]:
        said = heard(engagement, period)["comment"]
        said = said.set_axis(said.map(key_of))
        parts.append(said[said.index.isin(keys)])
    texts: pd.Series = pd.concat(parts)
    return texts[~texts.index.duplicated()]


def _against(theme: str, hand: pd.Series, found: pd.DataFrame, floor: int) -> dict[str, Any]:
    """Return how far the codebook agrees with what people agree on; nothing on small bases."""
    row: dict[str, Any] = {"theme": theme, "n": int(hand.notna().sum()), "case": ""}
    if not row["n"]:
        return row
    (got,) = records(comments.agreement_with(hand.to_frame(theme), found=found))
    for name, base in (("precision", "found"), ("recall", "coded")):
        ends = (name, f"{name}_low", f"{name}_high")
        row |= {end: got[end] if got[base] >= floor else nan for end in ends}
    if min(got["found"], got["coded"]) >= floor:
        row |= dict(
            zip(("codes_alpha", *_OURS), (got["alpha"], got["low"], got["high"]), strict=True)
        )
    if row["precision_high"] < WEAK:
        row["case"] = "finds too much"
    elif row["recall_high"] < WEAK:
        row["case"] = "misses much"
    return row


def _among(hands: pd.DataFrame) -> dict[str, float]:
    if not any((hands[list(two)].notna().all(axis=1)).any() for two in combinations(hands, 2)):
        return {}
    try:
        got = krippendorff_alpha(hands.astype("float64"), level="nominal")
    except DataError:
        return {}
    return dict(zip(("coders_alpha", *_THEIRS), (got.value, got.low, got.high), strict=True))


def _who(line: pd.Series) -> dict[str, str]:
    """Return who coded a theme in a comment, and who did not."""
    said = line.dropna().astype(bool)
    sides = {"said_yes": said, "said_no": ~said}
    return {name: ", ".join(map(str, said.index[side])) for name, side in sides.items()}
