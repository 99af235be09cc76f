"""The comments' rows: themes with what goes with them, telling words, quotes, what is missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest, norm
from statsmodels.stats.proportion import confint_proportions_2indep

from cxlib.analysis import comments, drivers
from cxlib.analysis.compare import adjust
from cxlib.analysis.drivers.model import ROWS_PER_DRIVER
from cxlib.analysis.kpis import contrast
from cxlib.analysis.kpis.changes import MIX
from cxlib.analysis.results import CARE_BASE
from cxlib.analysis.validate import used
from cxlib.chapters.comments import Options
from cxlib.chapters.comments.codebooks import read
from cxlib.chapters.comments.heard import Study, study
from cxlib.chapters.rows import quotes as quoted
from cxlib.params import Client

__all__ = ["Study", "study"]

ALPHA = 0.05
QUICK = 15
"""Ratings and themes in one model up to which a thousand resamples are divided in seconds; beyond
it Johnson's weights stand in for Shapley's shares."""


def labels(client: Client, language: str) -> Mapping[str, str]:
    """Return the themes' labels in a language: the chapter's words, and of whoever quotes it."""
    book = read(Options(**client.chapters.get("comments", {})))
    return {key: theme.label.get(language, key) for key, theme in book.themes.items()}


def sources(study: Study) -> pd.DataFrame:
    """Return where the comments come from: how many, how many are rated, praise and complain."""
    if study.mood is None:
        return pd.DataFrame()
    mood = study.mood.table["label"].tail(len(study.rows)).set_axis(study.rows.index)
    counts = pd.DataFrame({"heard_in": "source=" + study.rows["source"], "n": 1, "n_said": 1})
    counts["rated"] = study.rows["tone"].notna()
    counts["complaints"], counts["praises"] = mood == "negative", mood == "positive"
    table: pd.DataFrame = counts.groupby("heard_in", sort=False, as_index=False).sum()
    return table.sort_values("n", ascending=False, kind="stable", ignore_index=True)


def themes(engagement: Any, study: Study) -> pd.DataFrame:
    """Return each theme: how many name it, in what tone, what goes with it, and how it moved."""
    if study.found is None:
        return pd.DataFrame()
    table = study.found.table[study.found.table["n"] > 0]
    names = {"share": "mentioned", "low": "mentioned_low", "high": "mentioned_high"}
    names |= {"positive": "praises", "negative": "complaints"}
    table = table.rename(columns=names)
    table["tone"] = _tones(table["complaints"], table["praises"])
    table["share"] = table["complaints"] / table["n"]
    table = table.merge(_moved(study), on="theme", how="left")
    table = table.merge(_gaps(engagement, study, table), on="theme", how="left")
    table = table.merge(beside(engagement, study, table), on="theme", how="left")
    table["beyond"] = table["added_p"] < ALPHA
    table["outcome"] = getattr(study.score, "key", None)
    table["turn"] = table["turn"].fillna("unclear")
    table["moved"] = table["moved"].fillna("")  # nothing came before
    table["unit"] = "points" if study.score is not None and study.score.kind == "nps" else "mean"
    table["others_answered"] = _others_answered(engagement)
    # what goes with a theme, times how many name it: an association, not what mending it brings
    table["stake"] = (table["mentioned"] * table["like"].abs()).where(table["turn"] == "worse", 0.0)
    top = table["complaints"].eq(table["complaints"].max()) & table["tone"].eq("complaint")
    table["case"] = np.where(top & ~top.duplicated(), "most complained of", "")
    return table.drop(columns="parent")


def _others_answered(engagement: Any) -> bool:
    """Tell whether the survey's first KPI moved in this period because other customers answered."""
    if engagement.client.survey is None or not engagement.metrics:
        return False
    stands = engagement.standing("survey").table
    first = stands[stands["kpi"] == engagement.metrics[0].key]
    return bool((first["cause"].eq(MIX) & first["at"].eq(engagement.period)).any())


def page(study: Study) -> pd.DataFrame:
    """Return what is said of the comments as a whole, one row a case."""
    if study.found is None:
        return pd.DataFrame({"case": ["none"], "answers": True})  # stands first
    share = len(study.found.uncoded) / max(1, study.found.n_used)
    told = {"much uncoded": share > 0.4, "raw": study.score is not None and not study.mix}
    told["drawn"] = study.n_drawn < study.n_earlier
    told["some read"] = study.share < 1
    cases = [case for case, fits in told.items() if fits]
    n = {"n": study.found.n_used, "n_heard": study.n_heard}
    n |= {"n_earlier": study.n_earlier, "n_drawn": study.n_drawn}
    return pd.DataFrame({"case": cases, "uncoded": share, **n})


def scored(table: pd.DataFrame) -> pd.DataFrame:
    """Return the themes that enough rated comments name, and enough do not."""
    return table.dropna(subset=["like"]) if len(table) else table


def added(study: Study, beside: pd.DataFrame) -> pd.DataFrame:
    """Return the case of what themes add to the ratings; no row where a theme's finding says it."""
    case = "beside" if len(beside) else "not beside"
    proven = len(beside) > 0 and bool(beside["beyond"].any())
    none = study.found is None  # without comments nothing else is said of them
    return pd.DataFrame(
        {"case": [] if proven or none else [case], "outcome": getattr(study.score, "key", "")}
    )


def telling(engagement: Any, study: Study) -> pd.DataFrame:
    """Return the words that those who rate low, and high, use more than the others do."""
    rows, floor = study.judged, engagement.minimum_base
    if study.score is None or rows.empty:
        return pd.DataFrame()
    nps = study.score.kind == "nps"
    found = []
    for said_by, sign in (
        ("detractors" if nps else "low ratings", -1),
        ("promoters" if nps else "high ratings", 1),
    ):
        inside, others = rows["tone"] == sign, rows["tone"] == -sign
        if min(inside.sum(), others.sum()) < floor:
            continue
        group = inside.where(inside | others)
        table = comments.keyness(rows["comment"], group=group, minimum=floor).table
        keep = (table["p_adjusted"] < ALPHA) & (table["log_odds"] > 0) & (table["n"] >= floor)
        most = table[keep].head(8)
        found.append(most.assign(said_by=said_by, in_group=most["share"]))
    if not found:
        return pd.DataFrame()
    whole = pd.concat(found, ignore_index=True).rename(columns={"share_others": "in_others"})
    told: pd.DataFrame = whole[["said_by", "term", "n", "in_group", "in_others"]]
    return told


def quotes(engagement: Any, study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return a few comments of the themes most complained of, chosen by rule."""
    columns = ["theme", "heard_in", "comment"]
    if study.found is None or table.empty:
        return pd.DataFrame(columns=columns)
    shown = table[(table["tone"] == "complaint") & (table["n"] >= engagement.minimum_base)]
    hits, text = study.found.hits, study.rows["comment"].str.strip()
    rows: list[dict[str, Any]] = []
    for theme in shown.nlargest(3, "complaints")["theme"]:
        mine = hits[(hits["theme"] == theme) & (hits["score"] < 0)]
        worst = mine.sort_values("score", kind="stable")["comment"].drop_duplicates()
        fit = quoted(text[worst], [row["comment"] for row in rows])
        heard = "source=" + study.rows["source"][fit.index]
        both = zip(heard, fit, strict=True)
        rows += [{"theme": theme, "heard_in": of, "comment": said} for of, said in both]
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


def _tones(complaints: pd.Series, praises: pd.Series) -> NDArray[Any]:
    """Return which clearly prevails, by two-sided sign tests, adjusted over the themes."""
    pairs = zip(complaints, complaints + praises, strict=True)
    p = [float(binomtest(int(bad), int(all_)).pvalue) if all_ else 1.0 for bad, all_ in pairs]
    prevails = np.where(complaints > praises, "complaint", "praise")
    return np.where(adjust(np.array(p)) < ALPHA, prevails, "both")


def _moved(study: Study) -> pd.DataFrame:
    """Return how each theme's share moved since the period before, within each source alike.

    Sources are held equal: a theme is not named more often because more complaints were filed.
    """
    ends = [f"mentioned_change{end}" for end in ("", "_low", "_high")]
    columns = ["theme", "mentioned_before", *ends]
    if study.found is None or study.before.empty:
        return pd.DataFrame(columns=[*columns, "moved"])
    here, then = study.rows["source"], study.before.index
    shared = [source for source in here.unique() if (then == source).any()]
    if not shared:
        return pd.DataFrame(columns=[*columns, "moved"])
    now, was = study.found.matrix.groupby(here), study.before.groupby(level=0)
    sizes = [(int((here == s).sum()), int((then == s).sum())) for s in shared]
    rows = []
    for theme in study.found.table.query("n > 0")["theme"]:
        hits = now[theme].sum().loc[shared], was[theme].sum().loc[shared]
        cells = [(int(a), n, int(b), m) for a, b, (n, m) in zip(*hits, sizes, strict=True)]
        before = float(study.before[theme].mean())
        rows.append((theme, before, *change_of_share(cells)))
    table = pd.DataFrame(rows, columns=[*columns, "p"])
    clear = adjust(table.pop("p").fillna(1.0).to_numpy()) < ALPHA
    raw = study.found.table.set_index("theme")["share"].loc[table["theme"]].to_numpy()
    up, down = raw > table["mentioned_before"], raw < table["mentioned_before"]
    table["moved"] = "unclear"
    table.loc[clear & up & (table["mentioned_change"] > 0), "moved"] = "rose"
    table.loc[clear & down & (table["mentioned_change"] < 0), "moved"] = "fell"
    return table


def change_of_share(cells: list[tuple[int, int, int, int]]) -> tuple[float, float, float, float]:
    """Return the difference of shares over strata, its interval and p (Cochran-Mantel-Haenszel).

    One stratum: Newcombe's interval and the pooled z. Several: their intervals put together by
    MOVER (Zou and Donner 2008). A cell is hits and comments now, then before.
    """
    weights = np.array([n * m / (n + m) for _a, n, _b, m in cells])
    weights /= weights.sum()
    gaps = np.array([a / n - b / m for a, n, b, m in cells])
    ends = np.array(
        [confint_proportions_2indep(a, n, b, m, method="newcomb") for a, n, b, m in cells]
    )
    change = float((weights * gaps).sum())
    below, above = (
        float(np.sqrt((weights**2 * (gaps - ends[:, side]) ** 2).sum())) for side in (0, 1)
    )
    surplus = sum(a - n * (a + b) / (n + m) for a, n, b, m in cells)
    spread = sum(n * m * (a + b) * (n + m - a - b) / (n + m) ** 3 for a, n, b, m in cells)
    p = 2 * norm.sf(abs(surplus) / np.sqrt(spread)) if spread else np.nan
    return change, change - below, change + above, float(p)


def _gaps(engagement: Any, study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return how those who name a theme judge against comparable others who commented."""
    columns = ["like", "like_low", "like_high", "like_p_adjusted", "turn"]
    rows, floor = study.judged, engagement.minimum_base
    matrix = study.found.matrix.loc[rows.index]  # type: ignore[union-attr]
    named = [k for k in table["theme"] if floor <= matrix[k].sum() <= len(matrix) - floor]
    if not named or study.score is None:
        return pd.DataFrame(columns=["theme", *columns])
    flags = matrix[named].map({True: "yes", False: "no"}.get)
    data = pd.concat([rows, flags.add_prefix("theme ")], axis=1)
    found = contrast(
        data,
        questions=[study.score],
        by=[f"theme {key}" for key in named],
        segments=study.mix,
        design=engagement.design,
    ).table
    found = found[found["level"] == "yes"]
    if not study.mix:  # nothing to hold equal
        raw = ("change", "change_low", "change_high", "p_adjusted")
        found = found.assign(**dict(zip(columns, (found[name] for name in raw), strict=False)))
    return found.assign(theme=found["segment"].str.removeprefix("theme "))[["theme", *columns]]


def beside(engagement: Any, study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Return the part of themes in what explains the survey's KPI beside the rated touchpoints.

    One driver model: who did not comment is to the themes what who did not use it is to a
    touchpoint. A theme needs `CARE_BASE` who name it, and as many who comment without naming it.
    """
    names = ["driver", "share", "share_low", "share_high", "p_unique"]
    columns = ["theme", "added", "added_low", "added_high", "added_p"]
    none = pd.DataFrame(columns=columns)
    if "row" not in study.judged or not engagement.touchpoints:
        return none
    answers = engagement.survey(columns=engagement.scored, share=study.share)
    data = drivers.oriented(answers, touchpoints=engagement.touchpoints)
    choice = drivers.choose(
        data,
        outcome=study.score,
        touchpoints=engagement.touchpoints,
        minimum_base=engagement.minimum_base,
    )
    open_ended = [used(data, t.key) & data[t.key].isna() for t in choice.drivers]
    complete = data[study.score.key].notna() & ~np.any(open_ended, axis=0)
    matrix = study.found.matrix.loc[study.judged.index].set_axis(study.judged["row"])  # type: ignore[union-attr]
    flags = matrix[table["theme"]].astype(float).reindex(data.index[complete]).dropna()
    named = [k for k in flags if CARE_BASE <= flags[k].sum() <= len(flags) - CARE_BASE]
    named = named[: max(0, choice.n_used // ROWS_PER_DRIVER - len(choice.drivers))]
    if not choice.possible or not named:
        return none
    flags = flags[named].add_prefix("theme ").reindex(data.index)
    commented = flags.notna().add_suffix("_used")
    asked = [*(t.key for t in choice.drivers), *flags]
    found = drivers.importance(
        pd.concat([data[complete], flags[complete], commented[complete]], axis=1),
        outcome=study.score,
        drivers=asked,
        method="shapley" if len(asked) <= QUICK else "johnson",
        weights=engagement.design.weights,
        cluster=engagement.design.cluster,
        permutations=0,
    ).table
    found = found[found["driver"].str.startswith("theme ")][names].set_axis(columns, axis=1)
    return found.assign(theme=found["theme"].str.removeprefix("theme "))
