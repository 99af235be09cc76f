"""What goes out on paper: a blind sample of comments to code, the journey for the wall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib import params
from cxlib.analysis.comments.codebook import fold
from cxlib.batch.gate import Gate
from cxlib.chapters.comments.codebooks import read
from cxlib.chapters.comments.heard import heard
from cxlib.chapters.rows import READ
from cxlib.data.coding import workbook
from cxlib.engagement import Engagement
from cxlib.errors import CxError
from cxlib.params.voice import Coding
from cxlib.workspace import Workspace, as_name, report_folder, write_whole

FOLDER = "coding"


def sample(
    workspace: Workspace,
    client: str,
    *,
    n: int = 200,
    coders: Sequence[str] = (),
    period: str = "latest",
    seed: int = 20240601,
) -> Iterator[str]:
    """Draw comments, write a workbook a coder, and yield what is said of it.

    Strata are the source, the rating and whether the codebook finds a theme, each with its share of
    the sample, so that shares of the sample are shares of the comments. Nothing of this shows.
    No workbook is replaced: it may hold a coder's work.
    """
    engagement = Engagement.open(client, period=period, chapter="comments", workspace=workspace)
    book = read(engagement.settings)
    earlier = engagement.periods[: engagement.periods.index(engagement.period) + 1]
    share, _n = engagement.share_of(READ, period="history")
    rows = pd.concat([heard(engagement, each, share=share) for each in earlier], ignore_index=True)
    rows = rows.drop_duplicates("comment", ignore_index=True)
    if rows.empty:
        raise CxError(f"{client} has no comments up to {engagement.period}.")
    found = [any(book.themes_in(fold(text))) for text in rows["comment"]]
    strata = rows["source"] + rows["tone"].map(str) + pd.Series(found).map(str)
    chosen = drawn(strata, n, seed=seed)
    themes = {key: theme.label for key, theme in book.themes.items()}
    section = engagement.client.coding or Coding.model_validate({"source": f"{FOLDER}/*.xlsx"})
    for coder in coders or ("",):
        parts = ("comments", engagement.period, *([coder.casefold()] if coder else ()))
        stem = "-".join(map(as_name, parts))
        path = workspace.data(client) / FOLDER / f"{stem}.xlsx"
        if path.exists():
            raise CxError(
                f"{workspace.shown(path)} is there already, and may hold a coder's work; nothing "
                "was changed. Move it away first."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        said = [str(text).strip() for text in rows["comment"].iloc[chosen]]
        write_whole(path, workbook(section, said, themes, coder=coder))
        yield f"{workspace.shown(path)}: {len(chosen)} of {len(rows)} different comments."
    if engagement.client.coding is None:
        line = f'coding: "{FOLDER}/*.xlsx"'
        yield f"When it is filled in, add the line `{line}` to {engagement.client.file}."
    yield f"`cx check {client}` says what cannot be read, chapter 03 how far the codes are right."


def drawn(strata: pd.Series, n: int, *, seed: int) -> np.ndarray:
    """Return positions of `n` rows in random order, each stratum by its share."""
    rng = np.random.default_rng(seed)
    sizes = strata.value_counts().sort_index()
    n = min(n, len(strata))
    exact = n * sizes / len(strata)
    quota = pd.Series(np.floor(exact), sizes.index).astype(int)
    rest = (exact - quota).sort_values(ascending=False, kind="stable").index[: n - quota.sum()]
    quota[rest] += 1
    chosen = [
        rng.choice(np.flatnonzero((strata == stratum).to_numpy()), size, replace=False)
        for stratum, size in zip(sizes.index, quota.to_numpy(), strict=True)
    ]
    return rng.permutation(np.concatenate(chosen))


def wall_maps(
    workspace: Workspace,
    client: str,
    *,
    period: str,
    languages: Sequence[str],
    kind: str = "pdf",
    out: Path | None = None,
) -> Iterator[str]:
    """Write a client's journey on one A3 sheet a language, beside its reports; yield where."""
    from cxlib.chapters.journey import figures, tables
    from cxlib.present.figures import printed

    read_from = params.load(client, workspace)
    gate = Gate(workspace, {client: read_from})
    for language in languages or read_from.languages:
        engagement = Engagement.open(
            client, period=period, language=language, chapter="journey", workspace=workspace
        )
        table = tables.wall(engagement)
        if table.empty:
            asked = engagement.words.period(engagement.period)
            raise CxError(f"no touchpoint of {client} is rated ({asked}).")
        folder = (out or workspace.reports) / report_folder(client, engagement.period, language)
        about = f"{engagement.name} · {engagement.words.period(engagement.period)}"
        told, words = engagement.withheld(table), engagement.words
        seen = told.to_json(orient="records", force_ascii=False, date_format="iso")
        if leaks := gate.check(client, {"results": seen.encode()}):
            raise CxError(leaks)
        path = folder / f"journey-map.{kind}"
        write_whole(path, printed(figures.wall, told, kind=kind, words=words, about=about))
        yield workspace.shown(path)
