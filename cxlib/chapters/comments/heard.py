"""What is heard: the comments of a period from every source, coded, with the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import comments
from cxlib.analysis.metrics import Metric
from cxlib.analysis.results import Result
from cxlib.chapters.comments.codebooks import read
from cxlib.chapters.rows import READ
from cxlib.params import Client
from cxlib.words import mark as _

SURVEY = "survey"
"""The source of survey verbatims."""
OUTER = 0.3
"""Share of a rating's scale at either end that is praise, or complaint: 4 and 5 of 1 to 5."""
EARLIER = 50_000
"""Comments of earlier periods that complaint and praise are learnt and judged on, at most."""
SEED = 20240601


class Study(Result):
    """The comments of this period, coded, with the period before.

    Parameters
    ----------
    rows : pandas.DataFrame
        The survey's comments of own customers (``source`` survey) and those of all other sources,
        this period, with their ``tone``: -1 a low rating, 1 a high one, 0 between, NaN without; and
        the survey's ``row``.
    n_heard : int
        Comments of this period, of which `rows` are all, or a share drawn at random.
    share : float
        That of the survey's rows, and of the comments, that is read: 1 up to `READ` comments.
    n_earlier, n_drawn : int
        Comments of the periods before, and those of them that `mood` is learnt and judged on.
    found : Themes or None
        Of this period, None where there is no comment.
    before : pandas.DataFrame
        The comments of the period before by their source, and which themes they name.
    mood : Sentiment or None
        Of this period, and of the comments drawn from those before.
    score : Metric or None
        What goes with a theme: the survey's first KPI, else the rating of one other source.
    judged : pandas.DataFrame
        The rows of `rows` that hold it.
    mix : tuple of str
        Segments held equal there.
    """

    rows: pd.DataFrame
    n_heard: int = 0
    share: float = 1.0
    n_earlier: int = 0
    n_drawn: int = 0
    found: comments.Themes | None = None
    before: pd.DataFrame = field(default_factory=pd.DataFrame)
    mood: comments.Sentiment | None = None
    score: Any = None
    judged: pd.DataFrame = field(default_factory=pd.DataFrame)
    mix: tuple[str, ...] = ()


def study(engagement: Any) -> Study:
    """Code the comments of this period and of the one before it."""
    book = read(engagement.settings)
    share, n_heard = engagement.share_of(READ)
    rows = heard(engagement, engagement.period, engagement.scored, share=share)
    if rows.empty:
        return Study(rows=rows)
    told = ["source", "comment", "tone"]
    earlier, n_earlier = _earlier(engagement)
    every = pd.concat([earlier[told], rows[told]], ignore_index=True)
    tones = every["tone"]
    asked = {key: section.asked for key, section in engagement.client.comments.items()}
    asked[SURVEY] = engagement.settings.asked
    mood = comments.sentiment(
        every["comment"],
        codebook=book,
        ratings=tones if tones.eq(-1).any() and tones.eq(1).any() else None,
        negative_to=-1,
        positive_from=1,
        asked=every["source"].map(asked),
    )
    then, before = rows.head(0), engagement.previous
    if before:
        then = heard(engagement, before, share=engagement.share_of(READ, period=before)[0])
    named = comments.themes(then["comment"], codebook=book).matrix.set_axis(then["source"])
    found = comments.themes(rows["comment"], codebook=book)
    return Study(
        rows=rows, n_heard=n_heard, share=share, n_earlier=n_earlier, n_drawn=len(earlier),
        found=found, before=named, mood=mood, **_judged(engagement, rows),
    )  # fmt: skip


def _earlier(engagement: Any) -> tuple[pd.DataFrame, int]:
    """Return comments of the periods before, at most `EARLIER`, drawn at random; and how many."""
    kept, n = pd.DataFrame({"source": [], "comment": [], "tone": []}), 0
    rng = np.random.default_rng(SEED)
    for period in engagement.periods[: engagement.periods.index(engagement.period)]:
        share, every = engagement.share_of(READ, period=period)
        rows = heard(engagement, period, share=share)[["source", "comment", "tone"]]
        n += every if share < 1 else len(rows)
        lots = share * rng.random(len(rows))  # as if all had been there
        kept = pd.concat([kept, rows.assign(lot=lots)], ignore_index=True)
        if len(kept) > EARLIER:  # whoever has the lowest lots of all stays
            lowest = np.argpartition(kept["lot"].to_numpy(), EARLIER)[:EARLIER]
            kept = kept.iloc[np.sort(lowest)].reset_index(drop=True)
    return kept, n


def heard(
    engagement: Any, period: str, columns: Sequence[str] = (), *, share: float = 1.0
) -> pd.DataFrame:
    """Return the comments of a period, their source and tone, the survey's with more `columns`.

    All of them, or a `share` drawn at random: `row` counts the survey's rows that are drawn.
    """
    parts = []
    if engagement.client.survey is not None:
        first = [question.key for question in engagement.questions[:1]]
        named = ["comment", *first, *columns]
        rows = engagement.survey(period=period, columns=named, share=share)
        if "comment" in rows:
            text = rows["comment"].astype("string").str.strip()
            kept = rows[(text.notna() & (text != "")).to_numpy(dtype=bool)]
            kept = kept.assign(source=SURVEY, tone=np.nan, row=kept.index)
            if engagement.questions:
                question = engagement.questions[0]
                kept["tone"] = tones(kept[question.key], question)
            parts.append(kept)
    others = engagement.client.comments
    rows = pd.DataFrame()
    if others:
        rows = engagement.rows("comments", period=period, share=share)
    for source in others:
        kept = rows[rows["source"] == source].assign(tone=np.nan, weight=1.0)
        rating = rating_of(engagement.client, source)
        parts.append(kept if rating is None else kept.assign(tone=tones(kept["rating"], rating)))
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame({"source": [], "comment": [], "tone": []})
    whole: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return whole.assign(comment=whole["comment"].astype(object))


def tones(ratings: pd.Series, question: Any) -> pd.Series:
    """Return -1 for low ratings, 1 for high ones: the KPI's cut points, else the outer 30%."""
    x = ratings.astype(float)
    low, high = question.scale or (x.min(), x.max())
    cuts = getattr(question, "cut_points", None)
    if cuts is None:
        cuts = (low + OUTER * (high - low), high - OUTER * (high - low))
    x, cuts = (-x, (-cuts[1], -cuts[0])) if question.direction == "lower" else (x, cuts)
    told = np.select([x.isna(), x <= cuts[0], x >= cuts[1]], [np.nan, -1.0, 1.0], 0.0)
    return pd.Series(told, index=ratings.index)


def rating_of(client: Client, source: str) -> Metric | None:
    """Return what the ratings of a source are, None if it has none."""
    section = client.comments[source]
    if section.scale is None:
        return None
    return Metric(key=_("rating"), kind="mean", scale=section.scale, direction=section.direction)


def _judged(engagement: Any, rows: pd.DataFrame) -> dict[str, Any]:
    """Return what goes with a theme, where it stands, and which segments are held equal."""
    if engagement.questions:
        mine = rows[rows["source"] == SURVEY]
        return {"score": engagement.questions[0], "judged": mine, "mix": engagement.mix_segments}
    rated = rows[rows["tone"].notna()]
    if rated.empty:
        return {}
    source = rated["source"].value_counts().index[0]
    segments = tuple(engagement.client.comments[source].segments)
    score = rating_of(engagement.client, source)
    return {"score": score, "judged": rated[rated["source"] == source], "mix": segments}
