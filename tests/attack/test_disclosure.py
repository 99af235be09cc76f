"""What is withheld cannot be worked out from everything else that a run leaves."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxlib import Engagement
from cxlib.analysis import scores
from cxlib.chapters.assessment import tables
from cxlib.envelope import decode, encode, read
from cxlib.present.linked import Printed
from cxlib.present.withhold import withhold
from cxlib.workspace import Workspace

CLIENT = """client: few
name: Few
language: en
period: wave
survey:
  source: few.csv
  metrics: {nps: {column: nps, scale: [0, 10]}}
  touchpoints: [{key: desk, column: desk, scale: [1, 5], label: Desk}]
  segments: {tier: tier, region: region, size: size}
"""


def place(folder: Path) -> tuple[Workspace, pd.DataFrame]:
    rng = np.random.default_rng(2)
    n = 160
    data = pd.DataFrame(
        {
            "nps": rng.integers(0, 11, n),
            "desk": rng.integers(1, 6, n),
            "tier": ["gold"] * 6 + ["basic"] * (n - 6),
            "region": rng.choice(["north", "south", "west", "isle"], n, p=[0.5, 0.3, 0.17, 0.03]),
            "size": ["one"] * 4 + ["two"] * 9 + ["three"] * 20 + ["four"] * (n - 33),
        }
    )
    (folder / "params").mkdir(parents=True)
    (folder / "data" / "few").mkdir(parents=True)
    (folder / "params" / "few.yaml").write_text(CLIENT, encoding="utf-8")
    data.to_csv(folder / "data" / "few" / "few.csv", index=False)
    return Workspace(folder.resolve()), data


def test_no_withheld_group_can_be_solved_for(tmp_path: Path) -> None:
    """Each shown group's mean and base, and the whole's, are equations; the rest are unknowns."""
    workspace, data = place(tmp_path)
    e = Engagement.open("few", language="en", chapter="assessment", workspace=workspace)
    saved = decode(encode(e.withheld(tables.groups(e)))).table
    kept = decode(encode(e.withheld(e.kpis()))).table
    assert saved["withheld"].any()
    for shown in (saved, kept[kept["segment"].notna() & (kept["kpi"] == "nps")]):
        for segment, rows in shown.groupby("segment"):
            sizes = data[str(segment)].value_counts()
            n = sizes.reindex(rows["level"]).to_numpy(float)
            hidden = rows["value"].isna().to_numpy()
            assert hidden[n < e.minimum_base].all()
            if not hidden.any():
                continue
            # unknowns: the sum of answers in each group; known: the total, and each shown group's
            equations = np.vstack([np.ones(len(n)), np.eye(len(n))[~hidden]])
            _u, spread, basis = np.linalg.svd(equations)
            free = basis[(spread > 1e-9).sum() :]
            assert len(free) >= 1
            assert (np.abs(free[:, hidden]).max(axis=0) > 1e-9).all()  # none is determined
            assert n[hidden].sum() >= e.minimum_base
            for name in ("n", "change", "like", "difference", "share"):
                if name in rows:
                    assert rows.loc[hidden, name].isna().all(), name


Groups = list[tuple[dict[str, str], bool, float]]
"""Of every printed row: its segments with their levels, whether it is withheld, its answers."""


def unsolved(data: pd.DataFrame, rows: Groups) -> bool:
    """Tell whether no small group follows from what is printed: totals, bases, differences.

    The finest groups' sums of answers are the unknowns. A shown row (and a shown difference from
    all others, by its complement) is an equation; a withheld row must not be a combination of them.
    """
    fine = data.groupby(["tier", "region", "size"], observed=True).ngroup().to_numpy()
    known, hidden = [np.ones(fine.max() + 1)], []
    for levels, withheld, n in rows:
        within = np.ones(len(data), dtype=bool)
        for segment, level in levels.items():
            within &= (data[segment] == level).to_numpy()
        parts = (np.bincount(fine[within], minlength=fine.max() + 1) > 0).astype(float)
        assert withheld or n >= 10, (levels, n)
        if withheld and parts.any():
            hidden += [parts] if within.sum() < 10 else []
        else:
            known += [parts, 1 - parts]
    rank = np.linalg.matrix_rank(np.array(known))
    return all(np.linalg.matrix_rank(np.array([*known, each])) > rank for each in hidden)


def rows_of(frame: pd.DataFrame, by: tuple[str, ...]) -> Groups:
    told = frame.to_dict("records")
    return [({b: str(r[b]) for b in by}, bool(r["withheld"]), r["n"]) for r in told]


BY = (("tier",), ("region",), ("tier", "region"), ("region", "size"), ("tier", "region", "size"))


def crossed(data: pd.DataFrame, by: tuple[str, ...], answer: str = "nps") -> pd.DataFrame:
    found = data.groupby(list(by), observed=True)[answer].agg(n="count", value="mean")
    return found.reset_index()


def test_no_small_group_can_be_solved_for_from_a_notebooks_crossings(tmp_path: Path) -> None:
    """A chapter's groups, and what a consultant crosses in the notebook, read together."""
    workspace, _data = place(tmp_path)
    e = Engagement.open("few", language="en", chapter="assessment", workspace=workspace)
    survey = e.survey()
    rows: Groups = []
    groups = e.withheld(tables.groups(e)).table
    for by in BY[2:]:
        e.save(**{"_".join(by): crossed(survey, by)})
    named = scores.score_table(survey, metric="nps", by=["tier", "region"])
    e.save(named=named)
    path = next((workspace.state("few") / "scratch").rglob("assessment.json"))
    saved = read(path).results
    for by in BY[2:]:
        rows += rows_of(saved["_".join(by)], by)
    for table in (groups, saved["named"].table):
        for row in table.to_dict("records"):
            rows.append(({row["segment"]: row["level"]}, row["withheld"], row["n"]))
    assert any(withheld for _levels, withheld, _n in rows)
    assert unsolved(survey, rows)
    assert sum(not withheld for _levels, withheld, _n in rows) >= 5  # and much can still be said


def some(seed: int) -> tuple[pd.DataFrame, np.random.Generator]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 300))
    data = pd.DataFrame({"nps": rng.integers(0, 11, n)})
    for name in ("tier", "region", "size"):
        levels = int(rng.integers(2, 5))
        data[name] = rng.choice(levels, n, p=rng.dirichlet(np.ones(levels))).astype(str)
    return data, rng


def test_no_small_group_can_be_solved_for_from_what_chapters_cross_unknown_to_one_another() -> None:
    vain = shown = 0
    for seed in range(30):
        data, rng = some(seed)

        def before(deep: int, _told: Any, data: pd.DataFrame = data) -> list[pd.DataFrame]:
            return [crossed(data, by) for by in combinations(BY[-1], deep)]

        rows: Groups = []
        every = [by for deep in (1, 2, 3) for by in combinations(BY[-1], deep)]
        for _chapter in range(4):  # each shows other tables, in another order
            printed = Printed(10, before)
            for at in rng.permutation(len(every))[:3]:
                frame = withhold(crossed(data, every[at]), 10, by=BY[-1], printed=printed)
                rows += rows_of(frame, every[at])
                vain += len(crossed(data, every[at]))
        assert unsolved(data, rows), seed
        shown += sum(not withheld for _levels, withheld, _n in rows)
        told = {}
        for levels, withheld, _n in rows:  # and a group is withheld everywhere or nowhere
            assert told.setdefault(tuple(levels.items()), withheld) == withheld
    assert shown > 0.2 * vain


def test_no_small_group_can_be_solved_for_in_whatever_order_linked_tables_come() -> None:
    vain = shown = 0
    for seed in range(20):
        data, rng = some(seed)
        frames = [crossed(data, by) for by in BY]
        out: list[pd.DataFrame] = [pd.DataFrame()] * len(BY)
        if seed % 2:
            printed = Printed(10)
            for at in rng.permutation(len(BY)):
                out[at] = withhold(frames[at], 10, by=BY[-1], printed=printed)
        else:
            out = withhold(frames, 10, by=BY[-1])
        rows = [row for frame, by in zip(out, BY, strict=True) for row in rows_of(frame, by)]
        assert unsolved(data, rows), seed
        shown += sum(not withheld for _levels, withheld, _n in rows)
        vain += len(rows)
    assert shown > 0.2 * vain


def test_tables_that_hide_nothing_stay_whole() -> None:
    data = pd.DataFrame({"tier": ["a", "b"] * 60, "region": ["x"] * 60 + ["y"] * 60, "nps": 9})
    frames = [crossed(data, by) for by in BY[:3]]
    assert not any(frame["withheld"].any() for frame in withhold(frames, 10, by=BY[-1]))
