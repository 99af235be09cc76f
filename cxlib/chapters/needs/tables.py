"""The rows of this chapter: the register of needs, who was heard, and what answers each need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import needs
from cxlib.analysis.agreement import krippendorff_alpha
from cxlib.analysis.needs import NeedRegister
from cxlib.chapters.rows import BLANK, QUOTED, plain
from cxlib.columns import records
from cxlib.words import mark as _

SOURCES = (_("questionnaire"), _("interview"), _("focus group"))
FIRST, LAST, NEW = 4, 3, 0.05
"""Saturation: needs of the first conversations, against which new ones of the last are held."""
RELIABLE, TENTATIVE = 0.8, 0.667
"""Alpha from which coding can be relied on, and below which it cannot (Krippendorff 2004)."""
MOST = 12
"""Quotes of one kind."""


def study(engagement: Any) -> NeedRegister:
    """Bring the register's needs and evidence together; of `sources` small bases are withheld."""
    kept = engagement.register("needs")
    evidence = kept.frame("evidence")
    listed = kept.frame("needs").rename(columns={"id": "need"})
    listed["actions"] = listed["actions"].map(", ".join)
    weights = engagement.settings.weights
    given = {source: weights[source] for source in weights if source in set(evidence["source"])}
    found = needs.register(evidence, needs=listed, weights=given)
    return replace(found, sources=_by_source(engagement, found))


def _by_source(engagement: Any, found: NeedRegister) -> pd.DataFrame:
    heard = found.evidence[found.evidence["stance"] == "for"]
    people = heard.groupby(["need", "source"])["who"].nunique().rename("n").reset_index()
    total = people.groupby("need", as_index=False)["n"].sum().assign(source=None)
    cells = pd.concat([people, total], ignore_index=True)
    cells = cells.rename(columns={"need": "question", "source": "level"}).assign(segment="source")
    shown = engagement.withheld(cells)
    n = shown["n"].astype(float).where(~shown["withheld"])
    cells = shown.assign(level=shown["level"].fillna("voices"), n=n)
    grid = cells.pivot_table(index="question", columns="level", values="n").reindex(
        index=found.table["need"], columns=["voices", *SOURCES]
    )
    table = found.table[["need", "kind", "state", "sources", "weight"]].set_index("need")
    table["kind"] = table["kind"].replace("", None)
    hidden = shown.groupby("question")["withheld"].any()
    whole = ~hidden.reindex(table.index, fill_value=True).astype(bool)
    table["weight"] = table["weight"].where(whole)  # it would tell what is withheld
    table = table.join(grid).reset_index()
    return table.assign(title="needs." + table["need"])


def told(study: NeedRegister) -> pd.DataFrame:
    """Return each need with what is to be said of it."""
    table, sources = study.table, study.sources
    idle = table["actions"].eq("") & ~table["need"].isin(study.unheard)
    top = pd.Series(sources["voices"].notna() & (sources.index == 0), sources.index)
    confirmed = table["need"].isin(study.unanswered)
    by_source = study.evidence.groupby("need")["source"].agg(set)
    asked = "questionnaire" in set(study.evidence["source"])
    talked = [
        asked and "questionnaire" not in by_source.get(n, {"questionnaire"}) for n in table["need"]
    ]
    return pd.DataFrame(
        {
            "need": table["need"],
            "title": sources["title"],
            "unanswered": np.where(idle & top, "weightiest", np.where(confirmed, "confirmed", "")),
            "against_itself": (table["against"] > 0) & (table["n"] > table["against"]),
            "unheard": table["need"].isin(study.unheard),
            "unasked": talked,
        }
    )


def page(engagement: Any, study: NeedRegister) -> pd.DataFrame:
    """Return what is to be said of the fieldwork as a whole: groups, saturation, what is left."""
    heard = set(engagement.register("needs").frame("evidence")["group"])
    groups = engagement.register("needs").frame("groups")
    rows = [
        {"subject": group, "case": "unheard", "title": title}
        for group, title in zip(groups["id"], groups["title"], strict=True)
        if group not in heard
    ]
    rows.append({"subject": "saturation", "case": saturated(saturation(study))})
    if len(study.unsorted):
        rows.append({"subject": "unsorted", "case": "unsorted"})
    return pd.DataFrame(rows)


def saturation(study: NeedRegister) -> pd.DataFrame:
    """Return needs known after each conversation: an interview, or all of a group on its day."""
    talks = study.evidence[study.evidence["source"] != "questionnaire"]
    whole = talks["source"] == "focus group"
    talks = talks.assign(who=talks["who"].mask(whole, "group of " + talks["when"].astype(str)))
    return needs.register(talks).saturation.drop(columns="who")


def saturated(course: pd.DataFrame) -> str:
    """Tell whether the last conversations brought little new, by Guest, Namey and Chen (2020)."""
    if len(course) < FIRST + LAST:
        return "too few"
    new = course["new"].tail(LAST).sum() / course["known"].iloc[FIRST - 1]
    return "reached" if new <= NEW else "not reached"


def groups(engagement: Any, study: NeedRegister) -> pd.DataFrame:
    """Return who was heard of each group; one of which nobody was heard is told, not withheld."""
    listed = engagement.register("needs").frame("groups")
    table = study.coverage.set_index("group").reindex(listed["id"]).fillna(0).astype(int)
    table = table.rename(columns={"people": "n", "needs": "needs_named"}).sort_values(
        "n", ascending=False, kind="stable"
    )
    table = table[table["n"] > 0]
    return table.assign(customer_group="groups." + table.index, voices=table["n"]).reset_index()


def quotes(study: NeedRegister) -> pd.DataFrame:
    """Return up to two quotes of each need, by two people and from two sources where there are."""
    heard = study.evidence
    heard = heard[(heard["stance"] == "for") & heard["quote"].str.len().between(*QUOTED)]
    order = heard.assign(
        place=heard["need"].map({need: at for at, need in enumerate(study.table["need"])}),
        turn=heard["source"].map(SOURCES.index),
    ).sort_values(["place", "turn", "when", "id"], kind="stable")
    one = order.drop_duplicates(["need", "source"]).drop_duplicates(["need", "quote"])
    chosen = one.groupby("need", sort=False).head(2)
    return chosen.assign(title="needs." + chosen["need"])


def contradictions(study: NeedRegister) -> pd.DataFrame:
    """Return what is said for and against each need on which people contradict each other."""
    table = study.table
    split = table.loc[(table["against"] > 0) & (table["n"] > table["against"]), "need"]
    said = study.evidence[study.evidence["need"].isin(split)]
    said = said.drop_duplicates(["need", "stance", "quote"]).sort_values(
        ["need", "stance", "when"], ascending=[True, False, True], kind="stable"
    )
    both = said.groupby(["need", "stance"], sort=False).head(2)
    return both.assign(title="needs." + both["need"]).head(MOST)


def unsorted(study: NeedRegister) -> pd.DataFrame:
    """Return pieces of evidence that name no need yet."""
    return study.unsorted.sort_values("when", kind="stable").head(MOST)


def agreement(engagement: Any) -> Any:
    """Return how far two coders agree; None where no piece was judged by both."""
    evidence = engagement.register("needs").frame("evidence").set_index("id")
    codes = evidence[["need", "second"]].dropna(how="all")
    if not codes.notna().all(axis=1).any():
        return None
    return krippendorff_alpha(
        codes.rename(columns={"need": "first_coder", "second": "second_coder"})
    )


def coders(found: Any) -> pd.DataFrame:
    """Return the two coders' agreement as one row."""
    if found is None:
        return pd.DataFrame()
    case = "unclear"
    if found.low >= RELIABLE:
        case = "reliable"
    elif found.high < TENTATIVE:
        case = "unreliable"
    row = {"subject": "coders", "case": case, "partial": found.n_dropped > found.n_units}
    row |= {"alpha": found.value, "alpha_low": found.low, "alpha_high": found.high}
    row |= {"n": found.n_units, "judged_twice": found.n_units, "judged_once": found.n_dropped}
    return pd.DataFrame([row])


def disagreements(engagement: Any, found: Any) -> pd.DataFrame:
    """Return every piece on which the coders differ, to be settled between them."""
    if found is None:
        return pd.DataFrame()
    evidence = engagement.register("needs").frame("evidence").set_index("id")
    names = ["first_coder", "second_coder"]
    codes = found.table[names].apply(lambda column: "needs." + column.astype(str))
    quote = evidence["quote"].reindex(found.table["unit"]).to_numpy()
    told: pd.DataFrame = codes.assign(quote=quote)
    return told


def trace(engagement: Any, study: NeedRegister) -> pd.DataFrame:
    """Return what answers each need: an action or a deliverable a row, with its state."""
    rows: list[dict[str, Any]] = []
    answers = _answers(engagement)
    listed = engagement.register("needs").frame("needs").set_index("id")
    for need, title in study.sources[["need", "title"]].itertuples(index=False):
        mine = listed.loc[need] if need in listed.index else {"actions": (), "deliverables": ()}
        ids = [(name, one) for name in ("actions", "deliverables") for one in mine[name]]
        rows += [{"title": title} | answers[one] for one in ids] or [{"title": title}]
    columns = ["title", "answer", "answer_kind", "answer_state"]
    return plain(pd.DataFrame(rows, columns=columns))


def _answers(engagement: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """Return actions and deliverables by list and id."""
    answers = {}
    for section, listed, kind in (
        ("actions", "actions", _("action")),
        ("obligations", "deliverables", _("deliverable")),
    ):
        kept = engagement.register(section)
        for row in () if kept is None else records(kept.frame(listed)):
            done = "delivered" if row.get("delivered") else "not delivered"
            state = row.get("state", done)
            told = {"answer": row["title"], "answer_kind": kind, "answer_state": state}
            answers[listed, row["id"]] = told
    return answers


def confirmed(study: NeedRegister) -> pd.DataFrame:
    """Return the needs that the client has confirmed: who did, and when."""
    table = study.table
    held = table["state"].isin(needs.STATES[2:])
    return table[held].assign(title="needs." + table.loc[held, "need"])


def sheet(study: NeedRegister) -> pd.DataFrame:
    """Return the sheet by which the client confirms what is not confirmed yet."""
    table = study.sources
    rest = table[~table["state"].isin(needs.STATES[2:])]
    return rest.assign(agreed_need=BLANK, remarks=BLANK)


def drawn(study: NeedRegister) -> pd.DataFrame:
    """Return the needs that enough people named to be drawn."""
    return study.sources[study.sources["voices"].notna()]
