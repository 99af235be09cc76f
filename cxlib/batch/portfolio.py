"""Every client at a glance: what the index of the reports shows, from saved results."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.batch.state import records
from cxlib.report.index import ClientEntry, Entry, Kpi
from cxlib.workspace import Workspace, report_folder

if TYPE_CHECKING:
    from cxlib.batch.run import Run
    from cxlib.envelope import Envelope

_FIELDS = ("metric", "unit", "value", "low", "high", "n", "change", "change_low", "change_high")


def glance_of(envelope: Envelope) -> dict[str, Any]:
    """Return what the index shows of a chapter's saved results, as plain JSON.

    The KPIs come from a result named ``headline``, the verdicts on the contract's targets from one
    named ``verdicts``.
    """
    saved = envelope.results
    glance: dict[str, Any] = {}
    headline = getattr(saved.get("headline"), "table", None)
    if headline is not None and {"metric", "value"} <= set(headline.columns):
        glance["kpis"] = [
            {name: _plain(row[name]) for name in _FIELDS if name in row}
            for row in headline.to_dict("records")
        ]
    verdicts = getattr(saved.get("verdicts"), "table", None)
    if verdicts is not None and {"metric", "status"} <= set(verdicts.columns):
        glance["verdicts"] = [
            {
                name: _plain(row[name])
                for name in ("metric", "clause", "target", "status")
                if name in row
            }
            for row in verdicts.to_dict("records")
        ]
    return glance


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def portfolio(workspace: Workspace, out: Path, run: Run) -> list[ClientEntry]:
    """Return all clients of a workspace with their reports, those of earlier runs included.

    The index will lie in `out`; what is told of the run's jobs overrides what is recorded.
    """
    names = sorted({*workspace.clients(), *(e.job.client for e in run.ended)})
    return [_client(workspace, out, run, name) for name in names]


def _client(workspace: Workspace, out: Path, run: Run, name: str) -> ClientEntry:
    entries: dict[tuple[str, str, str], Entry] = {}
    glances: dict[str, dict[str, Any]] = {}
    for record in records(workspace, name):
        path = record.path(workspace, "report")
        report = out / report_folder(name, record.period, record.language)
        entries[record.period, record.language, record.chapter] = Entry(
            chapter=record.chapter,
            title=record.title or record.chapter,
            period=record.period,
            language=record.language,
            state="failed" if record.error else "done",
            link=_link(report / path.name, out) if path else "",
            note=record.error,
        )
        glances.setdefault(record.period, {}).update(record.glance)
    for ended in run.ended:
        job = ended.job
        if job.client != name:
            continue
        entries[job.period, job.language, job.chapter.stem] = Entry(
            chapter=job.chapter.stem,
            title=job.chapter.title,
            period=job.period,
            language=job.language,
            state=ended.state,
            link=_link(ended.report, out) if ended.report else "",
            note=ended.error or (job.reason if ended.state == "not applicable" else ""),
        )
    latest = max(glances, default="")
    seen = glances.get(latest, {})
    return ClientEntry(
        name=name,
        entries=tuple(entries[key] for key in sorted(entries, key=_newest_first)),
        period=latest,
        kpis=_kpis(seen.get("kpis", ())),
        verdicts=tuple((v["metric"], v["status"]) for v in seen.get("verdicts", ())),
        fault=run.faults.get(name, ""),
    )


def _newest_first(key: tuple[str, str, str]) -> tuple[tuple[int, ...], str, str]:
    period, language, stem = key
    return tuple(-ord(c) for c in period), language, stem


def _kpis(rows: Iterable[dict[str, Any]]) -> tuple[Kpi, ...]:
    return tuple(
        Kpi(row["metric"], row.get("value"), row.get("unit") or "", row.get("change"))
        for row in rows
    )


def _link(path: Path, out: Path) -> str:
    return Path(os.path.relpath(path, out)).as_posix() if path.is_file() else ""
