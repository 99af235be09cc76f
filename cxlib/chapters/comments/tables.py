"""The comments' rows: themes with what goes with them, telling words, quotes, what is missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from cxlib.analysis import comments
from cxlib.analysis.compare import adjust
from cxlib.analysis.kpis import contrast
from cxlib.chapters.comments.codebooks import read
from cxlib.columns import Column
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client

ALPHA = 0.05
QUOTES = 2
"""Quotes a theme: enough to hear the tone, too few to be mistaken for a count."""
QUOTED = (6, 160)
"""Characters a quote may have."""

COLUMNS = {
    "theme": Column(_("Theme"), "key"),
    "complaints": Column(_("Complain of it"), "int", "Comments that speak ill of the theme."),
    "praises": Column(_("Praise it"), "int", "Comments that speak well of the theme."),
    "tone": Column(_("Tone"), "word", "complaint, praise or both: which clearly prevails."),
    "mentioned": Column(
        _("Named by"), "percent", "Share of comments, 0 to 1.", ("mentioned_low", "mentioned_high")
    ),
    "mentioned_before": Column(_("Period before"), "percent"),
    "mentioned_change": Column(
        _("Change"),
        "share_change",
        "Of the share.",
        ("mentioned_change_low", "mentioned_change_high"),
    ),
    "term": Column(_("Word"), "text"),
    "said_by": Column(_("Said by"), "word"),
    "in_group": Column(_("In their comments"), "percent"),
    "in_others": Column(_("In the others'"), "percent"),
    "terms": Column(_("Words that go together"), "text"),
    "topic": Column(_("Topic"), "int"),
    "comment": Column(_("Comment"), "text"),
    "judged_by": Column(_("Method"), "word"),
    "accuracy": Column(
        _("Right"), "percent", "Share of rated comments.", ("accuracy_low", "accuracy_high")
    ),
    "balanced": Column(_("Right, both groups alike"), "percent"),
    "uncoded": Column(_("Without a theme"), "percent"),
}
SAID = (_("complaint"), _("praise"), _("both"), _("detractors"), _("promoters"))


def labels(client: Client, language: str) -> Mapping[str, str]:
    """Return the themes' labels in a language: the chapter's words, and of whoever quotes it."""
    from cxlib.chapters.comments.options import Options

    book = read(Options(**client.chapters.get("comments", {})))
    return {key: theme.label.get(language, key) for key, theme in book.themes.items()}


@dataclass(frozen=True, kw_only=True)
class Study:
    """The comments of this period, coded, with the period before.

    Parameters
    ----------
    rows : pandas.DataFrame
        Own customers' answers that hold a comment, this period.
    found, before : Themes or None
        Of this period and of the one before it, None where there is no comment.
    mood : Sentiment or None
        Over all periods up to this one.
    """

    rows: pd.DataFrame
    found: comments.Themes | None
    before: comments.Themes | None
    mood: comments.Sentiment | None


def study(engagement: Any) -> Study:
    """Code the comments of this period and of the one before it."""
    settings, book = engagement.settings, read(engagement.settings)
    rows = _commented(engagement, engagement.period)
    if rows.empty:
        return Study(rows=rows, found=None, before=None, mood=None)
    earlier = [p for p in engagement.periods if p != engagement.period]
    earlier = earlier[: engagement.periods.index(engagement.period)]
    every = pd.concat([*(_commented(engagement, p) for p in earlier), rows], ignore_index=True)
    question = engagement.questions[0]
    ratings = every[question.key].astype(float)
    low, high = question.scale or (ratings.min(), ratings.max())
    cuts = getattr(question, "cut_points", None) or (low + (high - low) * 0.4, high - 0.75)
    down = question.direction == "lower"
    both = ratings.le(cuts[0]).any() and ratings.ge(cuts[1]).any()
    mood = comments.sentiment(
        every["comment"],
        codebook=book,
        ratings=(low + high - ratings if down else ratings) if both else None,
        negative_to=cuts[0],
        positive_from=cuts[1],
        asked=settings.asked,
    )
    found = comments.themes(rows["comment"], codebook=book)
    before = _commented(engagement, engagement.previous) if engagement.previous else rows.head(0)
    return Study(
        rows=rows,
        found=found,
        before=comments.themes(before["comment"], codebook=book) if len(before) else None,
        mood=mood,
    )


def themes(engagement: Any, study: Study) -> pd.DataFrame:
    """Return each theme: how many name it, in what tone, what goes with it, and how it moved."""
    if study.found is None:
        return pd.DataFrame()
    table = study.found.table[study.found.table["n"] > 0]
    table = table.rename(
        columns={"share": "mentioned", "low": "mentioned_low", "high": "mentioned_high"}
    )
    table = table.rename(columns={"positive": "praises", "negative": "complaints"})
    table["tone"] = [
        _tone(c, p) for c, p in zip(table["complaints"], table["praises"], strict=True)
    ]
    table["share"] = table["complaints"] / table["n"]
    table = table.merge(_moved(study), on="theme", how="left")
    table = table.merge(_gaps(engagement, study, table), on="theme", how="left")
    table["turn"] = table["turn"].fillna("unclear")
    table["moved"] = table["moved"].fillna("unclear")
    table["unit"] = "points" if engagement.questions[0].kind == "nps" else "mean"
    # what goes with a theme, times how many name it: an association, not what mending it brings
    table["stake"] = (table["mentioned"] * table["like"].abs()).where(table["turn"] == "worse", 0.0)
    top = table["complaints"].eq(table["complaints"].max()) & table["tone"].eq("complaint")
    table["case"] = np.where(top & ~top.duplicated(), "most complained of", "")
    return table.drop(columns="parent")


def page(study: Study) -> pd.DataFrame:
    """Return what is said of the comments as a whole, one row a case."""
    if study.found is None:
        return pd.DataFrame({"case": ["none"]})
    share = len(study.found.uncoded) / max(1, study.found.n_used)
    case = "much uncoded" if share > 0.4 else ""
    return pd.DataFrame({"case": [case], "uncoded": [share], "n": [study.found.n_used]})


def telling(engagement: Any, study: Study) -> pd.DataFrame:
    """Return the words that detractors and promoters use more than the others do."""
    question = engagement.questions[0]
    cuts = getattr(question, "cut_points", None)
    if study.found is None or cuts is None:
        return pd.DataFrame()
    rated = study.rows[question.key].astype(float)
    rows, floor = [], engagement.minimum_base
    for said_by, inside, others in (
        ("detractors", rated <= cuts[0], rated >= cuts[1]),
        ("promoters", rated >= cuts[1], rated <= cuts[0]),
    ):
        if min(inside.sum(), others.sum()) < floor:
            continue
        group = inside.where(inside | others)
        table = comments.keyness(study.rows["comment"], group=group, minimum=floor).table
        keep = (table["p_adjusted"] < ALPHA) & (table["log_odds"] > 0) & (table["n"] >= floor)
        most = table[keep].head(8)
        rows.append(most.assign(said_by=said_by, in_group=most["share"]))
    if not rows:
        return pd.DataFrame()
    found = pd.concat(rows, ignore_index=True).rename(columns={"share_others": "in_others"})
    told: pd.DataFrame = found[["said_by", "term", "n", "in_group", "in_others"]]
    return told


def quotes(engagement: Any, study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return a few comments of the themes most complained of, chosen by rule."""
    columns = ["theme", "comment"]
    if study.found is None or table.empty:
        return pd.DataFrame(columns=columns)
    shown = table[(table["tone"] == "complaint") & (table["n"] >= engagement.minimum_base)]
    hits, rows, told = study.found.hits, [], set()
    text = study.rows["comment"].str.strip()
    for theme in shown.nlargest(3, "complaints")["theme"]:
        mine = hits[(hits["theme"] == theme) & (hits["score"] < 0)]
        worst = mine.sort_values("score", kind="stable").drop_duplicates("comment")["comment"]
        fit = [c for c in worst if QUOTED[0] <= len(text[c]) <= QUOTED[1] and text[c] not in told]
        rows += [{"theme": theme, "comment": text[c]} for c in fit[:QUOTES]]
        told |= {row["comment"] for row in rows}
    return pd.DataFrame(rows, columns=columns)


def missed(engagement: Any, study: Study) -> pd.DataFrame:
    """Return what goes together in the comments that no theme fits: new entries to consider."""
    if study.found is None or not len(study.found.uncoded):
        return pd.DataFrame()
    left = study.rows.loc[study.found.uncoded, "comment"]
    floor = engagement.minimum_base
    table: pd.DataFrame = comments.topics(left, n=engagement.settings.topics, minimum=floor).table
    enough: pd.DataFrame = table[table["n"] >= floor]
    return enough


def accuracy(study: Study) -> pd.DataFrame:
    """Return how often each way of telling praise from complaint is right."""
    if study.mood is None or study.mood.accuracy.empty:
        return pd.DataFrame()
    names = {"low": "accuracy_low", "high": "accuracy_high", "method": "judged_by"}
    judged: pd.DataFrame = study.mood.accuracy.rename(columns=names)
    return judged


def _commented(engagement: Any, period: str) -> pd.DataFrame:
    rows: pd.DataFrame = engagement.survey(period=period)
    if "comment" not in rows:
        return rows.head(0).assign(comment=pd.Series(dtype=object))
    text = rows["comment"].astype("string").str.strip()
    kept = rows[(text.notna() & (text != "")).to_numpy(dtype=bool)]
    return kept.assign(comment=kept["comment"].astype(object)).reset_index(drop=True)


def _tone(complaints: int, praises: int) -> str:
    """Return which clearly prevails, by a two-sided sign test."""
    both = complaints + praises
    if not both or binomtest(complaints, both).pvalue >= ALPHA:
        return "both"
    return "complaint" if complaints > praises else "praise"


def _moved(study: Study) -> pd.DataFrame:
    """Return how each theme's share moved since the period before: two independent shares."""
    columns = [
        "theme",
        "mentioned_before",
        "mentioned_change",
        "mentioned_change_low",
        "mentioned_change_high",
    ]
    if study.found is None or study.before is None:
        return pd.DataFrame(columns=[*columns, "moved"])
    now, then = study.found, study.before
    counts = now.table.merge(then.table, on="theme", suffixes=("", "_then"))
    counts = counts[(counts["n"] > 0) & (counts["n"] + counts["n_then"] > 0)]
    rows, sizes = [], (now.n_used, then.n_used)
    for theme, n, was in counts[["theme", "n", "n_then"]].itertuples(index=False):
        low, high = confint_proportions_2indep(n, sizes[0], was, sizes[1], method="newcomb")
        change = n / sizes[0] - was / sizes[1]
        p = proportions_ztest([n, was], sizes)[1]
        rows.append((theme, was / sizes[1], change, float(low), float(high), float(p)))
    table = pd.DataFrame(rows, columns=[*columns, "p"])
    clear = adjust(table.pop("p").fillna(1.0).to_numpy()) < ALPHA
    table["moved"] = "unclear"
    table.loc[clear & (table["mentioned_change"] > 0), "moved"] = "rose"
    table.loc[clear & (table["mentioned_change"] < 0), "moved"] = "fell"
    return table


def _gaps(engagement: Any, study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return how those who name a theme judge against comparable others who commented."""
    columns = ["like", "like_low", "like_high", "like_p_adjusted", "turn"]
    matrix, floor = study.found.matrix, engagement.minimum_base  # type: ignore[union-attr]
    named = [k for k in table["theme"] if floor <= matrix[k].sum() <= len(matrix) - floor]
    if not named:
        return pd.DataFrame(columns=["theme", *columns])
    flags = matrix[named].map({True: "yes", False: "no"}.get)
    data = pd.concat([study.rows, flags.add_prefix("theme ")], axis=1)
    found = contrast(
        data,
        questions=engagement.questions[:1],
        by=[f"theme {key}" for key in named],
        segments=engagement.mix_segments,
        design=engagement.design,
    ).table
    found = found[found["level"] == "yes"]
    return found.assign(theme=found["segment"].str.removeprefix("theme "))[["theme", *columns]]
