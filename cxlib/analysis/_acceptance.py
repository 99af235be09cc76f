"""A contract's verdicts together: what goes before the client for acceptance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from cxlib.analysis._evidence import evidence
from cxlib.analysis._plan import ALPHA
from cxlib.analysis._verdict import NOT_MET, OPEN, Verdict, check_alpha, settling, status_of
from cxlib.analysis.compare import adjust
from cxlib.analysis.results import Caveat
from cxlib.errors import DataError
from cxlib.words import mark as _

COLUMNS = (
    "clause",
    "metric",
    "baseline",
    "target",
    "direction",
    "basis",
    "value",
    "low",
    "high",
    "n",
    "reached",
    "p_met",
    "p_value",
    "p_adjusted",
    "p_missed",
    "p_missed_adjusted",
    "status",
    "n_to_settle",
)


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """A contract's targets, as they go before the client for acceptance.

    ``table``, a row a target: ``clause, metric, baseline, target, direction, basis, value, low,
    high, n, reached, p_met, p_value, p_adjusted, p_missed, p_missed_adjusted, status,
    n_to_settle`` (as in `Verdict`). ``all_met`` is True if every target is met, False if one is
    not, and None while one cannot be told.
    """

    table: pd.DataFrame
    all_met: bool | None
    all_required: bool
    alpha: float
    items: tuple[Verdict, ...]
    caveats: tuple[Caveat, ...]


def verdicts(
    items: Iterable[Verdict] | Verdict, *, all_required: bool = False, alpha: float = ALPHA
) -> Verdicts:
    """Judge a contract's targets together.

    Parameters
    ----------
    items : Verdict or iterable of Verdict
        One `verdict` a target.
    all_required : bool
        Acceptance needs every target. Then none is adjusted: to declare all of them met by chance,
        each must pass at alpha (intersection–union).
    alpha : float
        Error rate of the contract's verdicts as a whole: the chance that any missed target is
        called met, and the chance that any met one is called missed, are each at most this.

    Returns
    -------
    Verdicts
        The table with Holm-adjusted p-values and the statuses that follow from them.

    Raises
    ------
    DataError
        If there is no target, or something is no `Verdict`.

    References
    ----------
    .. [1] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
       Journal of Statistics 6, 65-70.
    .. [2] Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
       Technometrics 24, 295-300.
    """
    given = tuple(items) if isinstance(items, Iterable) else (items,)
    if not given:
        raise DataError("there is no target to judge.")
    wrong = [type(item).__name__ for item in given if not isinstance(item, Verdict)]
    if wrong:
        raise DataError(f"{wrong[0]} is no verdict; call targets.verdict on each target first.")
    alpha = check_alpha(alpha)
    met, missed = [item.p_value for item in given], [item.p_missed for item in given]
    holm_missed = _holm(missed)
    if not all_required:
        met, missed = _holm(met), holm_missed
    judged = tuple(
        replace(
            item,
            alpha=alpha,
            p_adjusted=p,
            p_missed_adjusted=q,
            status=status_of(item.basis, item.reached, p, q, alpha),
            n_to_settle=_resettled(item, alpha),
        )
        for item, p, q in zip(given, met, missed, strict=True)
    )
    caveats = [caveat for item in judged for caveat in item.caveats]
    samples = sum(item.basis == "sample" for item in judged)
    chance = [q for q, item in zip(holm_missed, judged, strict=True) if item.status == NOT_MET]
    if all_required and samples > 1 and chance and all(q > alpha for q in chance):
        caveats.append(
            Caveat(
                _("With {n} targets one may look missed by chance; none does after adjustment."),
                n=samples,
            )
        )
    return Verdicts(
        table=pd.DataFrame(
            [{name: getattr(item, name) for name in COLUMNS} for item in judged]
        ).astype({"baseline": "float64", "n": "Int64"}),
        all_met=_all_met(judged),
        all_required=all_required,
        alpha=alpha,
        items=judged,
        caveats=tuple(dict.fromkeys(caveats)),
    )


def _resettled(item: Verdict, alpha: float) -> float:
    if item.basis == "census" or isinstance(item.measured, (int, float)):
        return item.n_to_settle
    return settling(evidence(item.measured), item.target, alpha)


def _holm(p_values: Sequence[float]) -> list[float]:
    """Holm-adjust the p-values that are there; a missing one (census) is no part of the family."""
    return [float(p) for p in adjust(list(p_values), method="holm")]


def _all_met(judged: Sequence[Verdict]) -> bool | None:
    statuses = {item.status for item in judged}
    if NOT_MET in statuses:
        return False
    return None if OPEN in statuses else True
