"""The index of a run: one page with a link to every report, for the consultancy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from cxlib.report.html import CONTENT_POLICY, style


@dataclass(frozen=True)
class Entry:
    """One report, or why there is none.

    Parameters
    ----------
    client, title, period, language, state : str
    link : str
        Relative to the index; empty if there is no report.
    note : str
        What went wrong, or why it does not apply.
    """

    client: str
    title: str
    period: str
    language: str
    state: str
    link: str = ""
    note: str = ""


def render_index(entries: Sequence[Entry]) -> str:
    """Return the index page; as sealed as the reports it links to."""
    rows = "".join(
        "<tr>"
        + f'<th scope="row">{escape(e.client)}</th>'
        + f"<td>{_link(e)}</td><td>{escape(e.period)}</td><td>{escape(e.language)}</td>"
        + f"<td>{escape(e.state)}</td><td>{escape(e.note)}</td></tr>\n"
        for e in entries
    )
    head = "".join(
        f'<th scope="col">{text}</th>'
        for text in ("Client", "Chapter", "Period", "Language", "State", "Note")
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Reports of this run</title><style>{style()}</style></head>\n<body>"
        '<header><p class="mark">For the consultancy only</p><h1>Reports of this run</h1></header>'
        f'<main><div class="table"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></main></body></html>\n"
    )


def _link(entry: Entry) -> str:
    title = escape(entry.title)
    return f'<a href="{escape(entry.link)}">{title}</a>' if entry.link else title


def write_index(folder: Path, entries: Sequence[Entry]) -> Path:
    """Write ``index.html`` into the folder of the reports."""
    path = folder / "index.html"
    folder.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(".index.html.part")
    beside.write_text(render_index(entries), encoding="utf-8")
    beside.replace(path)
    return path
