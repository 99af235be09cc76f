"""What customers and staff need: from scattered evidence to a list that the client confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.metrics import number, one_of
from cxlib.analysis.results import Tabled, counted
from cxlib.errors import DataError
from cxlib.words import mark as _

STATES = (_("collected"), _("sorted"), _("confirmed"), _("fed back"))
"""The way of a need, in its order."""

_COLUMNS = [
    *("need", "kind", "n", "people", "sources", "weight", "first", "last"),
    *("state", "confirmed_by", "confirmed_on", "actions", "against"),
]


class NeedRegister(Tabled):
    """Needs with their evidence.

    ``table``: a row a need, weightiest first: ``need, kind, n`` (pieces of evidence), ``people,
    sources`` (distinct), ``weight`` (over sources, people times the source's weight), ``first,
    last, state, confirmed_by, confirmed_on, actions, against`` (pieces that say the opposite).
    ``evidence``: what names a need; ``unsorted``: the rest. ``coverage``: by customer group, if
    told: ``group, people, needs, named_only_here``. ``saturation``: by person as heard: ``position,
    who, new`` (needs named for the first time), ``known``. ``unheard``: listed needs without
    evidence. ``unanswered``: confirmed needs that no action answers. ``sources``: people by need
    and source as chapter 01 shows them, weightiest first: ``need, title, kind, state, voices``, a
    column a source, and ``weight``, empty where they rest on too few people.
    """

    evidence: pd.DataFrame
    unsorted: pd.DataFrame
    coverage: pd.DataFrame
    saturation: pd.DataFrame
    unheard: tuple[str, ...]
    unanswered: tuple[str, ...]
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)


def register(
    evidence: pd.DataFrame,
    *,
    needs: pd.DataFrame | None = None,
    weights: Mapping[str, float] | None = None,
) -> NeedRegister:
    """Bring evidence and needs together.

    Parameters
    ----------
    evidence : pandas.DataFrame
        One row a piece: ``need`` (missing if not sorted yet), ``source`` (questionnaire, interview,
        focus group …), ``quote``, ``who``, ``when``; and, if known, ``group`` (of the customer) and
        ``stance`` ("for", or "against" if the person says the opposite).
    needs : pandas.DataFrame, optional
        One row a need: ``need``, and ``kind, state, confirmed_by, confirmed_on, actions`` as far as
        they are known. A need of the evidence that is not listed is "sorted".
    weights : mapping of source to float, optional
        What one person counts in each source; 1 unless told.

    Raises
    ------
    DataError
        If a column is absent, a need is listed twice, a state is unknown, a confirmed need names
        nobody or no day, or a weight names an unknown source.
    """
    for name in ("need", "source", "quote", "who", "when"):
        validate.column(evidence, name)
    listed = _listed(needs)
    sources = evidence["source"].astype(str)
    counts = {
        str(source): number(w, f"weight of {source!r}") for source, w in (weights or {}).items()
    }
    for source in counts:
        one_of(source, sorted(set(sources)), f"weights name {source!r}, no source")
    given = evidence["need"].notna() & evidence["need"].astype("string").str.strip().ne("")
    told = evidence[given.to_numpy(dtype=bool)].copy()
    told["need"] = told["need"].astype(str).str.strip()
    stance = told.get("stance", pd.Series("for", told.index)).fillna("for")
    wrong = sorted(set(stance) - {"for", "against"})
    if wrong:
        raise DataError(f"stance is {wrong[0]!r}; it is 'for' or 'against'.")
    against = stance.eq("against")
    table = _table(told, against, listed, counts)
    held = table["state"].isin(("confirmed", "fed back"))
    idle = table.loc[held & table["actions"].fillna("").eq(""), "need"]
    unheard = table.loc[table["n"] == 0, "need"]
    split = int(((table["against"] > 0) & (table["n"] > table["against"])).sum())
    message = _(
        "Evidence contradicts itself on {n} {n:need:|needs:} ask again before {n:it "
        "is|they are} confirmed."
    )
    unheard_of = _("{n} listed {n:need was|needs were} heard from nobody.")
    return NeedRegister(
        table=table,
        evidence=told,
        unsorted=evidence[~given.to_numpy(dtype=bool)],
        coverage=_coverage(told),
        saturation=_saturation(told),
        unheard=tuple(unheard),
        unanswered=tuple(idle),
        caveats=counted((split, message), (len(unheard), unheard_of)),
    )


def _listed(needs: pd.DataFrame | None) -> pd.DataFrame:
    if needs is None:
        return pd.DataFrame(index=pd.Index([], dtype=object))
    keys = validate.column(needs, "need").astype(str)
    validate.once(keys, "need {} is listed twice.")
    listed = needs.assign(need=keys).set_index("need")
    listed = listed.astype(object).where(listed.notna(), "")
    for need, row in listed.iterrows():
        state = row.get("state") or "sorted"
        one_of(state, STATES, f"need {need!r} has the state {state!r}")
        if state in STATES[2:] and not (row.get("confirmed_by") and row.get("confirmed_on")):
            raise DataError(
                f"need {need!r} is {state}: say by whom (confirmed_by) and when (confirmed_on)."
            )
    return listed


def _table(
    told: pd.DataFrame, against: pd.Series, listed: pd.DataFrame, counts: dict[str, float]
) -> pd.DataFrame:
    """Return a row a need: what was heard of it, and what the list says."""
    heard = told[~against].drop_duplicates(["need", "source", "who"])
    weighed = (
        heard["source"]
        .astype(str)
        .map(pd.Series(counts, dtype=float))
        .fillna(1.0)
        .groupby(heard["need"])
        .sum()
    )
    table = told.assign(against=against).groupby("need", sort=False).agg(
        n=("need", "size"), people=("who", "nunique"), sources=("source", "nunique"),
        first=("when", "min"), last=("when", "max"), against=("against", "sum"),
    )  # fmt: skip
    table = table.reindex(list(dict.fromkeys([*table.index, *listed.index])))
    whole = ["n", "people", "sources", "against"]
    table[whole] = table[whole].fillna(0).astype(int)
    table["weight"] = weighed.reindex(table.index).fillna(0.0)
    for name in ("kind", "state", "confirmed_by", "confirmed_on", "actions"):
        known = listed[name] if name in listed else pd.Series(dtype=object)
        table[name] = known.reindex(table.index).fillna("").tolist()
    table["state"] = table["state"].replace("", "sorted")
    table = table.rename_axis("need").reset_index()[_COLUMNS]
    return table.sort_values(["weight", "n"], ascending=False, ignore_index=True)


def _coverage(told: pd.DataFrame) -> pd.DataFrame:
    columns = ["group", "people", "needs", "named_only_here"]
    if "group" not in told:
        return pd.DataFrame(columns=columns)
    groups = told.groupby("need")["group"].nunique()
    alone = told[told["need"].map(groups).eq(1)]
    rows: list[dict[str, Any]] = [
        {"group": group, "people": mine["who"].nunique(), "needs": mine["need"].nunique()}
        | {"named_only_here": alone.loc[alone["group"] == group, "need"].nunique()}
        for group, mine in told.groupby("group", sort=False, observed=True)
    ]
    return pd.DataFrame(rows, columns=columns)


def _saturation(told: pd.DataFrame) -> pd.DataFrame:
    known: set[str] = set()
    rows = []
    order = told.sort_values("when", kind="stable").groupby("who", sort=False)["need"]
    for position, (who, needs) in enumerate(order, 1):
        new = set(needs) - known
        known |= new
        rows.append({"position": position, "who": who, "new": len(new), "known": len(known)})
    return pd.DataFrame(rows, columns=["position", "who", "new", "known"])
