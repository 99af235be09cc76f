"""What a review meeting has before it: headline tiles, the sheet it signs, the advice it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cxlib.findings import Finding, ranked
from cxlib.present.conclusions import SEVERITY_WORDS, Tile, TilesView
from cxlib.words import Quantity, Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.analysis.investigation import WarningList
    from cxlib.analysis.pages import ChartPage
    from cxlib.analysis.splits import PeriodChanges

BLANK = "\u2007"
"""A cell to be filled in by hand."""
PARTIES = (_("For the client"), _("For the consultants"))
_STATES = {"improving": "good", "concerning": "bad"}


@dataclass(frozen=True, kw_only=True)
class ReviewSheet:
    """The table that the review meeting fills in and signs.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a KPI, and each touchpoint that warns: ``metric, unit, value, target, variation,
        assurance, since`` (of its warning), ``measure``, ``decision`` (blank).
    signatures : pandas.DataFrame
        ``party, name, signature, date`` (blank).
    """

    table: pd.DataFrame
    signatures: pd.DataFrame


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to do in the next stage, in order, each once, already in the reader's language.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rank, mark`` (how urgent), ``step``, ``about`` (the KPIs or places it rests on).
    """

    table: pd.DataFrame


def page_tiles(
    page: ChartPage, *, words: Words, metrics: Sequence[str], changes: PeriodChanges | None = None
) -> TilesView:
    """Return one tile a KPI of a page of charts.

    Parameters
    ----------
    page : ChartPage
    words : Words
    metrics : sequence of str
        The KPIs shown.
    changes : PeriodChanges, optional
        Their change against last period.
    """
    rows = page.table[page.table["metric"].isin(list(metrics))]
    moved: dict[str, pd.Series] = {}
    if changes is not None:
        last = changes.table[changes.table["against"] == "last period"].dropna(subset=["change"])
        moved = {str(row["metric"]): row for _label, row in last.iterrows()}
    tiles = [_tile(row, moved.get(str(row["metric"])), words) for _label, row in rows.iterrows()]
    return TilesView(tiles=tuple(tiles))


def _tile(row: pd.Series, moved: pd.Series | None, words: Words) -> Tile:
    unit = str(row["unit"])
    lines = []
    if pd.notna(row["low"]):
        facts: dict[str, Any] = {"low": Quantity(row["low"], unit), "n": int(row["base"])}
        facts["high"] = Quantity(row["high"], unit)
        lines.append(words.say(_("{low} to {high}, n = {n}"), **facts))
    if moved is not None:
        change = Quantity(moved["change"], unit, sign=True)
        message = _("{change} since {previous}")
        if pd.notna(moved["p_value"]) and moved["p_value"] >= 0.05:
            message = _("{change} since {previous}, within noise")
        lines.append(words.say(message, change=change, previous=moved["reference"]))
    if pd.notna(row["target"]):
        lines.append(words.say(_("Target {target}"), target=Quantity(row["target"], unit)))
    state = ""
    if row["variation"] is not None and pd.notna(row["variation"]):
        lines.append(words.say(_("Trend: {verdict}"), verdict=str(row["variation"])))
        state = _STATES.get(str(row["variation"]), "")
    if not state and row["assurance"] == "misses":
        state = "bad"
    return Tile(
        label=words.label(row["metric"]),
        value=words.quantity(float(row["value"]), unit),
        lines=tuple(lines),
        state=state,
    )


def review_sheet(
    page: ChartPage,
    *,
    warnings: WarningList,
    metrics: Sequence[str],
    measures: Mapping[str, str] | None = None,
) -> ReviewSheet:
    """Return the sheet of a review meeting: every KPI, and every touchpoint that warns.

    Parameters
    ----------
    page : ChartPage
    warnings : WarningList
    metrics : sequence of str
        The KPIs; other charts are on the sheet only where they warn.
    measures : mapping of str to str, optional
        What is being done and by whom, by key.
    """
    raised = warnings.table.set_index("metric")
    wanted = page.table["metric"].isin([*metrics, *raised.index])
    table = page.table[wanted].reset_index(drop=True)
    known = {str(key): str(text) for key, text in raised["measure"].items()}
    known = dict(measures or {}) | known
    keys = table["metric"].tolist()
    sheet = table[["metric", "unit", "value", "target", "variation", "assurance"]].assign(
        since=pd.Series([raised["since"].get(key) for key in keys], dtype=object),
        measure=[known.get(key, "") for key in keys],
        decision=BLANK * 16,
    )
    blank = BLANK * 12
    signatures = pd.DataFrame(
        {"party": list(PARTIES), "name": blank, "signature": blank, "date": blank}
    )
    return ReviewSheet(table=sheet, signatures=signatures)


def advice(findings: Iterable[Finding], *, words: Words, minimum_base: int) -> Advice:
    """Return the findings' next steps in order of consequence, each said once.

    Parameters
    ----------
    findings : iterable of Finding
    words : Words
    minimum_base : int
        Findings on fewer answers give no advice.
    """
    about: dict[str, list[str]] = {}
    urgent: dict[str, str] = {}
    for finding in ranked(findings):
        small = finding.base is not None and finding.base < minimum_base
        if small or finding.next_step is None:
            continue
        step = words.say(finding.next_step, **finding.facts)
        urgent.setdefault(step, words.say(SEVERITY_WORDS[finding.severity]))
        named = _about(finding, words)
        about.setdefault(step, []).extend(n for n in named if n not in about.get(step, []))
    comma = "、" if words.language == "zh" else ", "
    return Advice(
        table=pd.DataFrame(
            {
                "rank": range(1, len(about) + 1),
                "mark": list(urgent.values()),
                "step": list(about),
                "about": [comma.join(names) for names in about.values()],
            }
        )
    )


def _about(finding: Finding, words: Words) -> list[str]:
    for name in ("touchpoint", "metrics", "metric", "competitor"):
        fact = finding.facts.get(name)
        if fact:
            return [words.label(f) for f in (fact if isinstance(fact, tuple) else (fact,))]
    return []
