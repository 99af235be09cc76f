"""What is withheld cannot be worked out from everything else that a run leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cxlib import Engagement
from cxlib.chapters.assessment import tables
from cxlib.envelope import decode, encode
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
