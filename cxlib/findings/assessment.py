"""What the assessment found: where the client stands, what changed and why, which step hurts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import pandas as pd

from cxlib.analysis.compare import Benchmark, ChangeDecomposition
from cxlib.analysis.scores import Headline
from cxlib.findings._assessment_parts import data, journey, segments
from cxlib.findings.finding import ALPHA, Finding, Severity, change_facts
from cxlib.words import Quantity
from cxlib.words import mark as _

__all__ = ["change", "data", "headline", "journey", "segments"]


class Target(Protocol):
    """A target as the client file states it."""

    @property
    def metric(self) -> str:
        """The KPI's key."""

    @property
    def target(self) -> float:
        """What is to be reached, in the KPI's unit."""

    @property
    def direction(self) -> str:
        """Which way is better."""


def headline(headline: Headline, *, targets: Sequence[Target] = ()) -> list[Finding]:
    """Say of every KPI how it stands against its target and how it moved.

    Parameters
    ----------
    headline : Headline
    targets : sequence of Target
        Those of other KPIs are passed over.
    """
    from cxlib.analysis.compare import benchmark

    found: list[Finding] = []
    rows = headline.table.set_index("metric")
    for target in targets:
        score = headline.scores.get(target.metric)
        if score is not None:
            test = benchmark(score, target.target, direction=target.direction)  # type: ignore[arg-type]
            found.append(_against_target(target, test, score.unit, score.n))
    for metric, row in rows.iterrows():
        if pd.notna(row["change"]):
            found.append(_movement(str(metric), row, headline.previous or ""))
        elif str(metric) not in {target.metric for target in targets}:
            found.append(_level(str(metric), row))
    return found


def _against_target(target: Target, test: Benchmark, unit: str, n: int) -> Finding:
    facts = {
        "metric": target.metric,
        "value": Quantity(test.value, unit),
        "low": Quantity(test.low, unit),
        "high": Quantity(test.high, unit),
        "target": Quantity(target.target, unit),
        "gap": Quantity(abs(test.value - target.target), "pp" if unit == "percent" else unit),
        "n": n,
    }
    severity: Severity
    worse = test.high < target.target if target.direction == "higher" else test.low > target.target
    if test.p_value < ALPHA:
        message = _("{metric} meets its target of {target}: {value} ({low} to {high}, n = {n}).")
        step, severity = _("Hold what made it so, and consider a more ambitious target."), "good"
    elif worse:
        message = _("{metric} misses its target of {target}: {value} ({low} to {high}, n = {n}).")
        step, severity = _("The gap is {gap}: start with the weakest touchpoints below."), "serious"
    else:
        message = _(
            "{metric} is {value} ({low} to {high}, n = {n}): too close to its target of {target} "
            "to tell."
        )
        step, severity = (
            _("Treat the target as open, and collect more answers before it is judged."),
            "warning",
        )
    return Finding(
        id=f"assessment.{target.metric}.target",
        message=message,
        facts=facts,
        severity=severity,
        consequence=100 + abs(test.value - target.target),
        base=n,
        next_step=step,
    )


def _movement(metric: str, row: pd.Series, previous: str) -> Finding:
    facts = {"metric": metric, **change_facts(row, previous)}
    clear = row["p_value"] < ALPHA
    better = (row["change"] > 0) == (row["direction"] == "higher")
    severity: Severity = "note"
    step = None
    if clear and better:
        message, severity = (
            _(
                "{metric} improved since {previous}: {change} ({low} to {high}), "
                "now {value}, n = {n}."
            ),
            "good",
        )
    elif clear:
        message, severity = (
            _(
                "{metric} worsened since {previous}: {change} ({low} to {high}), "
                "now {value}, n = {n}."
            ),
            "serious",
        )
        step = _("See below whether the same customers judge worse, or other customers answered.")
    else:
        message = _(
            "{metric} shows no clear change since {previous}: {change} ({low} to {high}), now "
            "{value}, n = {n}."
        )
    return Finding(
        id=f"assessment.{metric}.change",
        message=message,
        facts=facts,
        severity=severity,
        consequence=50 + abs(float(row["change"])),
        base=int(row["n"]),
        next_step=step,
    )


def _level(metric: str, row: pd.Series) -> Finding:
    unit = row["unit"]
    return Finding(
        id=f"assessment.{metric}.level",
        message=_("{metric} stands at {value} ({low} to {high}, n = {n})."),
        facts={
            "metric": metric,
            "value": Quantity(row["value"], unit),
            "low": Quantity(row["low"], unit),
            "high": Quantity(row["high"], unit),
            "n": int(row["n"]),
        },
        base=int(row["n"]),
        consequence=40,
    )


def change(changes: Iterable[ChangeDecomposition]) -> list[Finding]:
    """Say whether a change is the same customers judging differently, or different customers.

    Parameters
    ----------
    changes : iterable of ChangeDecomposition
        Of one metric, one a segment. The segment whose mix moved the score most gives the account;
        silent where neither the mix nor the whole change is clear of nothing.
    """
    parts = list(changes)
    if not parts:
        return []
    mixed = [part for part in parts if _clear(part.mix_low, part.mix_high)]
    told = max(mixed or parts, key=lambda part: abs(part.mix))
    if not mixed and not _clear(told.total_low, told.total_high):
        return []
    return [_account(told)]


def _clear(low: float, high: float) -> bool:
    return low > 0 or high < 0


def _account(part: ChangeDecomposition) -> Finding:
    facts: dict[str, object] = {
        name: Quantity(getattr(part, name), part.unit, sign=True)
        for name in ("total", "rate", "rate_low", "rate_high", "mix", "mix_low", "mix_high")
    }
    facts |= {"metric": part.metric, "segment": part.by[0], "n": part.n_used}
    if abs(part.mix) > abs(part.rate):
        message = _(
            "{metric} changed by {total} because other customers answered: {mix} ({mix_low} to "
            "{mix_high}) is a different mix of {segment}; within its groups judgement moved by "
            "{rate} ({rate_low} to {rate_high}), n = {n} in both periods."
        )
        step = _("Ask why the mix of customers changed before changing the service.")
    else:
        message = _(
            "{metric} changed by {total} because customers judge differently: {rate} ({rate_low} "
            "to {rate_high}) within groups; a different mix of {segment} explains {mix} "
            "({mix_low} to {mix_high}), n = {n} in both periods."
        )
        step = _("The experience itself changed: look at the touchpoints that moved with it.")
    return Finding(
        id=f"assessment.{part.metric}.change.cause",
        message=message,
        facts=facts,
        severity="warning" if part.total < 0 else "note",
        consequence=75 + max(abs(part.rate), abs(part.mix)),
        base=int(part.table[["n_before", "n_after"]].sum().min()),
        next_step=step,
    )
