"""Whom to ask, how many, and who visits where and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, gcd, inf, isfinite, nan, sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxlib.analysis.estimation import z_of
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.results import CARE_BASE, Caveat, Tabled, counted
from cxlib.analysis.targets import detectable_change, sample_size
from cxlib.analysis.validate import check_confidence
from cxlib.columns import records
from cxlib.errors import DataError
from cxlib.words import mark as _

SPREAD = ("variance", "share", "sd", "score")
AIMS = ("margin", "change")
ASKED = ("kpi", "metric", *AIMS, "design", "sides", "alpha", "power", *SPREAD)
DAYPARTS = (_("morning"), _("afternoon"), _("evening"))


class SamplePlan(Tabled):
    """How many to ask; caveats say what cannot be reached, and what the budget cannot show.

    ``table``: a row a KPI, over all (``level`` empty) and for each level of each segment: ``kpi,
    segment, level, aim`` ("margin" or "change"), ``size`` (of it, in the KPI's unit), ``answers,
    invitations, population``; with a budget also ``answers_affordable, size_affordable`` (what
    those can show) and ``enough``. ``quotas``: ``segment, level, answers, invitations``, the
    largest demand of any KPI; a segment's levels are asked for so many each. ``answers,
    invitations``: over all, the largest of the whole's own demand and each segment's sum.
    """

    quotas: pd.DataFrame
    answers: int
    invitations: int
    response_rate: float
    design_effect: float
    confidence: float


def sample_plan(
    targets: pd.DataFrame | Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]],
    *,
    segments: Mapping[str, Mapping[Any, float]] | None = None,
    response_rate: float | Mapping[Any, float] = 1.0,
    design_effect: float = 1.0,
    population: float | None = None,
    budget: float | None = None,
    confidence: float = 0.95,
) -> SamplePlan:
    """How many answers and invitations each KPI, segment and target needs.

    Parameters
    ----------
    targets : list of mappings, mapping of KPI to mapping, or pandas.DataFrame
        What each KPI is to show: ``kpi``; its spread by exactly one of ``variance`` (NPS on −1…1),
        ``share`` (percent) and ``sd``; and one of ``margin`` (± that the interval may have) and
        ``change`` (to be seen with 80% power against a fixed target, or ``design="two waves"``),
        both in the KPI's unit; ``metric`` ("nps", "share", "mean") where a variance is given.
    segments : mapping of segment to mapping of level to share, optional
        Groups that are to be reported each by itself, with their part of the customers.
    response_rate : float or mapping of level to float
        Part of those invited who answer, 0 to 1.
    design_effect : float
        Factor on every variance for weights and clusters.
    population : float, optional
        Customers there are: finite population correction, and the most that can be invited.
    budget : float, optional
        Invitations that can be paid for, sent in proportion to the shares.
    confidence : float
        Of the margins.

    Raises
    ------
    DataError
        If a target lacks its spread or aim, shares do not sum to 1, or a number is out of range.

    Notes
    -----
    Margin: n₀ = z² v · deff / margin². Change: `targets.sample_size`. Finite population:
    n = n₀ / (1 + (n₀ − 1)/N), each group with its own N (Cochran 1977, Sampling Techniques, ch. 4).
    """
    effect = number(design_effect, "design_effect")
    if not (isfinite(effect) and effect > 0):
        raise DataError(f"design_effect is {effect:g}; it is a positive factor, 1 for none.")
    z, asked = z_of(check_confidence(confidence)), _read_targets(targets)
    groups = _read_groups(segments, response_rate, population)
    sent = None if budget is None else number(budget, "budget")
    if sent is not None and not sent > 0:
        raise DataError(f"budget is {sent:g} invitations; it is a positive number.")
    rows = []
    for target in asked:
        for group in groups:
            size = group["population"]
            raw = _needed(target, z, effect)
            answers = ceil(round(raw / (1 + (raw - 1) / size), 9))
            row = {"kpi": target["kpi"], "segment": group["segment"], "level": group["level"]}
            row |= {"aim": "margin" if "margin" in target else "change"}
            row |= {"size": target.get("margin", target.get("change")), "answers": answers}
            row |= {"invitations": ceil(round(answers / group["rate"], 9)), "population": size}
            if sent is not None:
                invited = min(sent * group["share"], size)
                reached = invited * group["rate"]
                row |= {"answers_affordable": reached}
                row |= {"size_affordable": _shown(target, reached, size, z, effect)}
                row |= {"enough": bool(reached >= answers - 1e-9)}
            rows.append(row)
    table, needs = pd.DataFrame(rows), ["answers", "invitations"]
    quotas = table.groupby(["segment", "level"], sort=False, dropna=False)[needs].max()
    whole = quotas.groupby("segment", sort=False)[needs].sum().max()
    return SamplePlan(
        table=table,
        quotas=quotas.reset_index(),
        answers=int(whole["answers"]),
        invitations=int(whole["invitations"]),
        response_rate=groups[0]["rate"],
        design_effect=effect,
        confidence=confidence,
        caveats=_beyond(table),
    )


def _read_targets(targets: Any) -> list[dict[str, Any]]:
    """Return one checked mapping a target, without what was left empty."""
    if isinstance(targets, pd.DataFrame):
        targets = records(targets)
    elif isinstance(targets, Mapping):
        targets = [{"kpi": kpi} | dict(aim) for kpi, aim in targets.items()]
    read = []
    for at, target in enumerate(targets, 1):
        told = {str(k): v for k, v in dict(target).items() if not pd.isna(v)}
        name = repr(told.get("kpi", f"target {at}"))
        for key in told:
            one_of(key, ASKED, f"{name} has {key!r}")
        if sum(key in told for key in AIMS) != 1:
            raise DataError(f"{name} needs one aim: margin (±, of the interval) or change.")
        if sum(key in told for key in SPREAD) != 1:
            raise DataError(f"{name} needs its spread: exactly one of {', '.join(SPREAD)}.")
        if "margin" in told and not number(told["margin"], f"margin of {name}") > 0:
            raise DataError(f"margin of {name} is {told['margin']:g}; it is above 0.")
        told.setdefault("kpi", str(at))
        if "change" in told:
            told.setdefault("design", "fixed target")
        read.append(told)
    if not read:
        raise DataError("no target to plan for: name at least one KPI with its margin or change.")
    return read


def _read_groups(
    segments: Mapping[str, Mapping[Any, float]] | None,
    response_rate: float | Mapping[Any, float],
    population: float | None,
) -> list[dict[str, Any]]:
    """Return the whole and each level, with share, response rate and population."""
    size = inf if population is None else number(population, "population")
    if not size >= 1:
        raise DataError(f"population is {size:g}; it counts customers.")
    rates, overall = {}, nan
    if isinstance(response_rate, Mapping):
        rates = {str(level): rate for level, rate in response_rate.items()}
    else:
        overall = number(response_rate, "response_rate")
    known = [str(level) for levels in (segments or {}).values() for level in levels]
    for level in rates:
        one_of(level, known, f"response_rate names {level!r}, no level")
    groups: list[dict[str, Any]] = []
    for segment, levels in (segments or {}).items():
        shares = [number(share, f"share of {level!r}") for level, share in levels.items()]
        if any(share <= 0 for share in shares) or abs(sum(shares) - 1) > 0.005:
            raise DataError(
                f"shares of {segment!r} are positive and sum to 1, not {sum(shares):g}."
            )
        reply = [number(rates.get(str(k), overall), f"response rate of {k!r}") for k in levels]
        for level, share, rate in zip(levels, shares, reply, strict=True):
            group = {"segment": segment, "level": level, "share": share, "rate": rate}
            groups.append(group | {"population": size * share})
        if rates and all(str(level) in rates for level in levels):
            overall = sum(share * rate for share, rate in zip(shares, reply, strict=True))
    whole = {"segment": "", "level": "", "share": 1.0, "rate": overall, "population": size}
    for group in (groups := [whole, *groups]):
        if not 0 < group["rate"] <= 1:
            place = f" of {group['level']!r}" if group["level"] != "" else ""
            raise DataError(f"response_rate{place} is {group['rate']:g}; it lies above 0, up to 1.")
    return groups


def _variance(target: Mapping[str, Any]) -> float:
    """Return the variance of one answer, in the KPI's own unit squared."""
    if "share" in target:
        share = number(target["share"], "share")
        if not 0 <= share <= 100:
            raise DataError(f"share is {share:g}; it is in percent, 0 to 100.")
        return share * (100 - share)
    spread = {key: target[key] for key in (*SPREAD, "metric") if key in target}
    planned = sample_size(change=1.0, **spread)
    return planned.variance * (1 if planned.metric == "mean" else 100) ** 2


def _needed(target: Mapping[str, Any], z: float, effect: float) -> float:
    if "margin" in target:
        return max(1.0, z**2 * _variance(target) * effect / float(target["margin"]) ** 2)
    options = {k: v for k, v in target.items() if k != "kpi"}
    return float(sample_size(design_effect=effect, **options).n)


def _shown(target: Mapping[str, Any], n: float, size: float, z: float, effect: float) -> float:
    """Return the margin or the change that `n` answers of `size` customers can show."""
    if n < 1:
        return inf
    if n >= size:
        return 0.0
    alike = n if size == inf else n * (size - 1) / (size - n)
    if "margin" in target:
        return z * sqrt(_variance(target) * effect / alike)
    options = {k: v for k, v in target.items() if k not in ("kpi", "change")}
    way: Literal["higher", "lower"] = "higher" if target["change"] > 0 else "lower"
    return detectable_change(n=alike, direction=way, design_effect=effect, **options).change


def _beyond(table: pd.DataFrame) -> tuple[Caveat, ...]:
    short = (table["invitations"] > table["population"]).sum()
    unseen = (~table["enough"]).sum() if "enough" in table else 0
    few = CARE_BASE if (table["answers"] < CARE_BASE).any() else 0
    many = _(
        "{n} of {all} needs {n:is|are} more than the customers there are, at this response rate."
    )
    poor = _("The budget does not show {n} of {all} things the plan asks for.")
    rough = _("Below {n} answers an interval is rough: ask at least so many.")
    return counted((short, many), (unseen, poor), all=len(table)) + counted((few, rough))


class VisitPlan(Tabled):
    """A round of visits: ``date, daypart, location, visitor``, one row a visit, in time order."""


def visit_plan(
    locations: Sequence[str],
    *,
    visitors: Sequence[str],
    each: int,
    start: dt.date,
    end: dt.date,
    seed: int = 0,
) -> VisitPlan:
    """Plan who visits which location when, so that a strict visitor makes no location weak.

    Loads differ by one visit at most; nobody returns to a location before all others were there; a
    location's visits (`each`) are spread over the days, `start` and `end` included, and differ by
    one at most by daypart; nobody has two visits on one day, where there are days enough.

    Visits are dealt in rounds, visitor after visitor; after V / gcd(L, V) rounds, when all have the
    same load, the deal is shifted by one, so that each location meets all V visitors.
    """
    if not locations or not visitors or each < 1:
        raise DataError("nothing to plan: name locations, visitors and at least one visit each.")
    if end < start:
        raise DataError(f"end is {end}, before the start, {start}.")
    rng = np.random.default_rng(seed)
    places, people = (list(rng.permutation(list(names))) for names in (locations, visitors))
    n, v = len(places), len(people)
    days = (end - start).days + 1
    cycle = v // gcd(n, v)
    busy: set[tuple[str, int]] = set()
    rows = []
    for turn in range(each):
        for at, place in enumerate(places):
            who = str(people[(turn * n + at + turn // cycle) % v])
            span = (turn * days // each, max((turn + 1) * days // each, turn * days // each + 1))
            wanted = [day for day in rng.permutation(np.arange(*span)).tolist() if day < days]
            anywhere = rng.permutation(days).tolist()
            free = [day for day in (*wanted, *anywhere) if (who, day) not in busy]
            day = (free or wanted or anywhere)[0]
            busy.add((who, day))
            part = DAYPARTS[(turn + at) % len(DAYPARTS)]
            rows.append((start + dt.timedelta(days=day), part, str(place), who))
    table = pd.DataFrame(rows, columns=["date", "daypart", "location", "visitor"])
    table = table.sort_values(["date", "location"], kind="stable", ignore_index=True)
    seen = table.groupby("visitor")["location"].nunique()
    message = _(
        "{n} of {all} visitors {n:sees|see} one location only: send fewer people, or more often."
    )
    alone = counted(((seen < 2).sum() if n > 1 else 0, message), all=len(seen))
    return VisitPlan(table=table, caveats=alone)
