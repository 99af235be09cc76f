"""Did it move, and why: like for like first, then mix, then chance."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import nan
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis.compare import adjust
from cxlib.analysis.compare.difference import gap_test
from cxlib.analysis.kpis.equal_mix import DRAWS, SPLIT, equal_mix
from cxlib.analysis.kpis.estimates import OWN, Estimates, estimate
from cxlib.analysis.metrics import Metric, Questions, SurveyDesign, Touchpoint, one_of
from cxlib.analysis.validate import column, levels_of, member_of
from cxlib.columns import records
from cxlib.words import mark as _

To = Literal["previous", "last_year", "baseline", "latest_move"]
ALPHA = 0.05
STEPS = 4
"""How many steps back the latest move is looked for."""
ROSE, FELL, UNCLEAR = _("rose"), _("fell"), _("unclear")
LIKE, MIX, BOTH, NOT_SPLIT = _("like for like"), _("mix"), _("both"), _("not split")
BETTER, WORSE = _("better"), _("worse")


def compare(
    estimates: Estimates,
    data: pd.DataFrame | None,
    *,
    to: To | str = "previous",
    segments: Sequence[str] = (),
    period: str | None = None,
    draws: int = DRAWS,
    seed: int = 20250101,
) -> Estimates:
    """Say of every KPI of a period whether it moved, and why.

    Parameters
    ----------
    estimates : Estimates
        Of all periods.
    data : pandas.DataFrame or None
        The survey behind them; without it nothing is split into like for like and mix.
    to : {"previous", "last_year", "baseline", "latest_move"} or str
        What is compared with: the period before, the same one a year ago, the period from which
        each KPI's target starts (its column ``baseline``, as `judge` adds it), the latest of four
        steps that is clear like for like (else the period before), or a period by name.
    segments : sequence of str
        Columns held equal, all together (DiNardo, Fortin, Lemieux 1996, Econometrica 64).
    period : str, optional
        By default the latest.
    draws, seed : int
        Bootstrap resamples of customers, and their seed.

    Returns
    -------
    Estimates
        The period's totals with ``to, at`` (the later period of the step), ``before, after,
        n_before, change, change_low, change_high, p_value, p_adjusted`` (raw), ``like, like_low,
        like_high, like_p, like_p_adjusted, mix, mix_low, mix_high, at_before, at_after`` (like for
        like at either mix), ``apart`` (whether they differ: groups moved differently), ``moved,
        cause, turn`` (better, worse or unclear, like for like), ``alike`` ("yes" where
        comparable customers are known to judge no worse, or no better, by half the change),
        with ``"latest_move"`` ``breaks_at`` (the later periods of all steps with a clear `turn`),
        ``mix_segment, mix_level, share_before, share_after``. p-values are adjusted
        (Benjamini-Hochberg) within KPIs and within touchpoints; like for like also over all steps
        that were looked at.

    Raises
    ------
    DataError
        If a period or column is not there.
    """
    own = estimates.own
    known = periods.order(own["period"].unique())
    period = known[-1] if period is None and known else str(period)
    one_of(period, known, f"there are no estimates of {period!r}")
    now = estimates.at(period)
    steps = _steps(now.table, known, period, to)
    sampled = own["basis"] == "sample"
    mine = data if segments and steps else None
    if mine is not None and "brand" in mine and not (mine["brand"] == OWN).all():
        mine = mine[mine["brand"].astype(str) == OWN]
    when = None if mine is None else mine["period"].astype(str)
    tables = []
    for (before, at), kpis in steps.items():
        pair = own[own["period"].isin((before, at)) & own["kpi"].isin(kpis)]
        tables.append(_step(pair, before, at))
        if mine is None or when is None:
            continue
        asked = [q for q in estimates.questions if q.key in set(pair.loc[sampled, "kpi"])]
        inside = when.isin((before, at))
        rows, late = mine[inside], (when[inside] == at).to_numpy()
        both = _on_both(rows, asked, late, ~late)
        split = equal_mix(rows, late, both, segments, estimates.design, draws, seed)
        tables[-1] = _joined(tables[-1], split)
    found = _judged(pd.concat(tables, ignore_index=True) if tables else _step(own[:0], "", ""))
    if to == "latest_move":
        found = _latest(found, known)
    table = now.table.merge(found.drop(columns=_GIVEN), on="kpi", how="left")
    for name, word in (("moved", UNCLEAR), ("turn", UNCLEAR), ("cause", NOT_SPLIT)):
        table[name] = table[name].fillna(word)
    table["alike"] = table["alike"].fillna("open")
    if "breaks_at" in table:
        table["breaks_at"] = [b if isinstance(b, tuple) else () for b in table["breaks_at"]]
    return replace(now, table=table)


_GIVEN = ["source", "kind", "direction"]


def _on_both(
    rows: pd.DataFrame, questions: Questions, one: Any, other: Any
) -> list[Metric | Touchpoint]:
    """Return the questions that either sample answered."""
    sides = [rows.loc[side, [q.key for q in questions]].notna().any() for side in (one, other)]
    return [q for q in questions if all(bool(there[q.key]) for there in sides)]


def _steps(
    now: pd.DataFrame, known: list[str], period: str, to: str
) -> dict[tuple[str, str], list[str]]:
    """Return the steps to look at, each with its KPIs."""
    at, kpis = known.index(period), list(now["kpi"])
    if to == "latest_move":
        upto = known[: at + 1][-STEPS - 1 :]
        return dict.fromkeys(reversed(list(itertools.pairwise(upto))), kpis)
    if to == "previous":
        return {(known[at - 1], period): kpis} if at else {}
    if to == "last_year":
        kind = periods.kind_of(period)
        if kind is None:
            return {}
        back = periods.parse(period) - periods.PER_YEAR[kind]
        return {(str(back), period): kpis} if str(back) in known else {}
    if to == "baseline":
        starts = now.get("baseline", pd.Series(index=now.index, dtype=object))
        named = [(str(s), k) for s, k in zip(starts, kpis, strict=True) if str(s) in known]
        return {(s, period): [k for x, k in named if x == s] for s, _k in named if s != period}
    one_of(to, known, f"there are no estimates of {to!r}")
    return {(to, period): kpis}


def _step(pair: pd.DataFrame, before: str, at: str) -> pd.DataFrame:
    """Return the raw change of every KPI that is there in both periods."""
    was = pair[pair["period"] == before].set_index("kpi")
    rows = []
    now: Any = records(pair[pair["period"] == at])
    for row in now:
        if row["kpi"] in was.index:
            old = was.loc[row["kpi"]]
            told = {name: row[name] for name in ("kpi", *_GIVEN)} | {"to": before, "at": at}
            told |= {"before": old["value"], "after": row["value"], "n_before": old["n"]}
            told |= {"change": row["value"] - old["value"]}
            if "census" not in (row["basis"], old["basis"]):  # else nothing to test
                told |= gap_test(row, old, 0.95)
                told |= {"change_low": told["low"], "change_high": told["high"]}
            rows.append(told)
    columns = ["kpi", *_GIVEN, "to", "at", "before", "after", "n_before", *_RAW]
    blank = dict.fromkeys(SPLIT, nan) | {"mix_segment": None, "mix_level": None}
    floats: dict[str, Any] = dict.fromkeys(("before", "after", *_RAW), "float64")
    return pd.DataFrame(rows, columns=columns).astype(floats).assign(**blank)


_RAW = ("change", "change_low", "change_high", "p_value")


def _joined(table: pd.DataFrame, split: list[dict[str, Any]]) -> pd.DataFrame:
    if not split:
        return table
    parts = pd.DataFrame(split).set_index("kpi")
    for name in parts.columns:
        table[name] = table["kpi"].map(parts[name])
    return table


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Adjust the p-values, and put what they say into words.

    Raw: within the KPIs, or the touchpoints, of one step. Like for like: of all steps looked at.
    """
    table = table.assign(p_adjusted=nan, like_p_adjusted=nan)
    for rows in table.groupby(["source", "to", "at"]).groups.values():
        table.loc[rows, "p_adjusted"] = adjust(table.loc[rows, "p_value"].astype(float))
    for rows in table.groupby("source").groups.values():
        table.loc[rows, "like_p_adjusted"] = adjust(table.loc[rows, "like_p"].astype(float))
    return worded(table)


def worded(table: pd.DataFrame) -> pd.DataFrame:
    """Say of every row ``moved, cause, turn, alike`` from its adjusted p-values and intervals."""
    split = table["like"].notna()
    clear = table["p_adjusted"] < ALPHA
    like = split & (table["like_p_adjusted"] < ALPHA)
    mix = split & clear & ((table["mix_low"] > 0) | (table["mix_high"] < 0))
    sign = np.where(table["direction"] == "lower", -1.0, 1.0)
    moved = np.where(clear, np.where(table["change"] > 0, ROSE, FELL), UNCLEAR)
    heard = np.where(split, table["like"], table["change"])
    sure, half = np.where(split, like, clear), table["change"] / 2
    alike = np.where(table["change"] < 0, table["like_low"] > half, table["like_high"] < half)
    return table.assign(
        moved=moved,
        cause=np.select([~split, like & mix, like, mix], [NOT_SPLIT, BOTH, LIKE, MIX], UNCLEAR),
        turn=np.where(sure, np.where(sign * heard > 0, BETTER, WORSE), UNCLEAR),
        alike=np.where(split & ~like & alike, "yes", "open"),
    )


def _latest(found: pd.DataFrame, known: list[str]) -> pd.DataFrame:
    """Keep of every KPI the latest step that is clear, else the latest step; name all breaks."""
    clear = (found["turn"] != UNCLEAR) | found["cause"].isin((MIX, BOTH))
    order = found.assign(_dull=~clear, _back=-found["at"].map(known.index))
    order = order.sort_values(["_dull", "_back"], kind="stable")
    turned = found[found["turn"] != UNCLEAR][::-1].groupby("kpi")["at"].agg(tuple)
    latest = order.drop_duplicates("kpi").drop(columns=["_dull", "_back"])
    return latest.assign(breaks_at=[turned.get(kpi, ()) for kpi in latest["kpi"]])


def contrast(
    data: pd.DataFrame,
    *,
    questions: Questions,
    by: str | Sequence[str] = "brand",
    segments: Sequence[str] = (),
    design: SurveyDesign | None = None,
    draws: int = DRAWS,
    seed: int = 20250101,
) -> Estimates:
    """Compare groups of people at equal mix: segments with all others, or brands with the own.

    `data` are the survey's rows of one period; `by` is ``"brand"`` (the own customers against each
    competitor's) or segments, each of whose levels stands against all others; `segments` are held
    equal (one is never raked on itself). One row a question and group (``segment, level``, or
    ``brand``: the competitor) with the columns of `compare`: ``after`` the group or the own
    customers, ``before`` the others, ``change`` the raw gap and ``like`` that at equal mix. One
    family for the whole table; all else as in `estimate` and `compare`.
    """
    design = design or SurveyDesign()
    rows: list[pd.DataFrame] = []
    wanted: set[str | None] = {by} if isinstance(by, str) else {*by}
    wanted |= {"period", "brand", design.weights, design.cluster, *segments}
    wanted |= {name for q in questions for name in (q.key, f"{q.key}_used")}
    data = data[[name for name in data if name in wanted]]  # of which every group is a copy
    for name in [by] if isinstance(by, str) else list(by):
        held = [other for other in segments if other != name]
        rows += _contrasts(data, name, questions, held, design, (draws, seed))
    if not rows:
        none = estimate(None, questions=questions, design=design).table
        rows = [pd.concat([none, _step(none, "", "").drop(columns=["kpi", *_GIVEN])], axis=1)]
    table = pd.concat(rows, ignore_index=True)
    table["p_adjusted"] = adjust(table["p_value"].astype(float))
    table["like_p_adjusted"] = adjust(table["like_p"].astype(float))
    return Estimates(table=worded(table), questions=tuple(questions), design=design)


def _contrasts(
    data: pd.DataFrame,
    by: str,
    questions: Questions,
    held: Sequence[str],
    design: SurveyDesign,
    times: tuple[int, int],
) -> Iterable[pd.DataFrame]:
    values = column(data, by)
    brands = by == "brand"
    if brands:
        design = replace(design, cluster=None)  # a respondent may judge several brands
    own = (values.astype(str) == OWN).to_numpy()
    period = str(data["period"].iloc[-1]) if "period" in data else "all"
    for level in levels_of(values):
        member = member_of(values, level)
        if brands and level == OWN:
            continue
        inside, outside = (own, member) if brands else (member, values.notna().to_numpy() & ~member)
        both = _on_both(data, questions, inside, outside)
        within = inside | outside
        rows = (data if within.all() else data[within]).assign(period="", brand=OWN)
        late = inside[within]
        first, other = (
            estimate(rows[side], questions=both, design=design).table.assign(period=name)
            for name, side in (("in", late), ("out", ~late))
        )
        if first.empty:
            continue
        table = _step(pd.concat([first, other]), "out", "in").drop(columns=["to", "at", *_GIVEN])
        if held:
            table = _joined(table, equal_mix(rows, late, both, held, design, *times))
        named = {"brand": level} if brands else {"segment": by, "level": str(level)}
        first = first.drop(columns=[*named, "period"]).assign(period=period, **named)
        yield first.merge(table, on="kpi")
