"""A client's copies of notebooks to explore in, with a page to start from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from cxlib import params
from cxlib.batch.chapters import Chapter
from cxlib.chapters import words_of
from cxlib.params import Client
from cxlib.report.markdown import translate_markdown
from cxlib.words import Said, Words, mark as _
from cxlib.workspace import Workspace, make_private, write_whole

START = "00-start.ipynb"
LOCALES = {"zh": "zh_CN"}
"""JupyterLab's names of its languages."""


def explore(workspace: Workspace, client: str, chapters: Iterable[Chapter]) -> list[Path]:
    """Lay out a start page and the client's copies of the chapters that apply; return their paths.

    Copies are in the client's language, its name filled in, outputs left out. One that somebody
    has changed since is that person's work and stays; the others follow the kit.
    """
    opened = params.load(client, workspace)
    language, folder = opened.languages[0], workspace.explored(client)
    words = words_of(opened, workspace, language)
    every = sorted(chapters, key=lambda chapter: chapter.file)
    apply = [chapter for chapter in every if not chapter.lacks(opened)]
    make_private(folder)
    _lay(folder / START, start_page(opened, every, words, workspace))
    for chapter in apply:
        notebook = json.loads(chapter.path.read_text(encoding="utf-8"))
        _lay(folder / chapter.path.name, _filled(notebook, client, words))
    return [folder / START, *(folder / chapter.path.name for chapter in apply)]


def lab_settings(workspace: Workspace, client: str) -> Path:
    """Write what JupyterLab begins with (language; no news from the network); return its folder.

    These are defaults: what a user has set in JupyterLab itself goes first.
    """
    language = params.load(client, workspace).languages[0]
    told = {
        "@jupyterlab/translation-extension:plugin": {"locale": LOCALES.get(language, "default")},
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false", "checkForUpdates": False
        },
    }  # fmt: skip
    folder = workspace.root / ".cx" / "lab"
    path = folder / "labconfig" / "default_setting_overrides.json"
    write_whole(path, json.dumps(told, indent=1).encode("utf-8"))
    return folder


def _filled(notebook: dict[str, Any], client: str, words: Words) -> dict[str, Any]:
    """Return a chapter as it is explored: translated, parameters filled in, without outputs."""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        else:
            source = translate_markdown(source, words)
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            source = re.sub(
                r"(?m)^(client\b[^=\n]*=\s*)(?:\"[^\"]*\"|'[^']*')",
                lambda found: found[1] + json.dumps(client, ensure_ascii=False),
                source,
            )
        cell["source"] = source.splitlines(keepends=True)
    return notebook


def _lay(path: Path, notebook: dict[str, Any]) -> None:
    """Write a notebook, unless what lies there is somebody's work or says the same already."""
    wanted = _digest(notebook)
    if path.exists():
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
            found = _digest(there), there["metadata"].get("cx_copy")
        except (ValueError, KeyError, TypeError):
            return  # damaged, and not ours to repair
        if found[0] != found[1] or found[0] == wanted:
            return
    notebook["metadata"]["cx_copy"] = wanted
    write_whole(path, json.dumps(notebook, ensure_ascii=False, indent=1).encode("utf-8"))


def _digest(notebook: dict[str, Any]) -> str:
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    return sha256(json.dumps(cells).encode("utf-8")).hexdigest()


def start_page(
    client: Client, chapters: Iterable[Chapter], words: Words, workspace: Workspace
) -> dict[str, Any]:
    """Return the notebook that a client's exploration starts from."""
    name, say = client.client, words.say
    opens = f"engagement = Engagement.open({name!r}, language={words.language!r})"
    top = f"from cxlib import Engagement\nfrom cxlib.analysis import drivers, scores\n\n{opens}"
    texts = [
        f"# {_plain(client.display_name(words.language))}",
        say(_("Shift+Enter runs a cell. Tab completes a name, ? after it explains it.")),
    ]
    links = [
        f"[{say(_('Client file'))}](../../params/{name}.yaml)",
        f"[{say(_('Reports'))}](../../reports/index.html)",
    ]
    reports = (workspace.reports / "index.html").is_file()
    shown = [c for c in chapters if not c.lacks(client)]
    left = [c.file for c in chapters if c.lacks(client)]
    rows = [f"| [{c.file}]({c.path.name}) | {_title(c, words)} |" for c in shown]
    heads = f"| {say(_('Chapter'))} | {say(_('Its question'))} |\n|:--|:--|"
    table = "\n".join([heads, *rows])
    silent = say(_("Without data for them: {chapters}. `cx list` says what is missing."),
                 chapters=Said(", ".join(left)))  # fmt: skip
    cells = [
        ("markdown", "\n\n".join([*texts, " · ".join(links[: 1 + reports])])),
        ("code", f"{top}\nengagement"),
        ("markdown", f"## {say(_('The chapters'))}\n{table}" + (f"\n\n{silent}" if left else "")),
        ("markdown", f"## {say(_('Ideas to try'))}\n{say(_TRY)}"),
        *_ideas(client, words),
        ("markdown", say(_DEBUG)),
    ]
    about = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": [_cell(at, *cell) for at, cell in enumerate(cells)], "metadata": about,
            "nbformat": 4, "nbformat_minor": 5}  # fmt: skip


_TRY = _("The last line of a cell shows itself; small groups are withheld, here as in the reports.")
_DEBUG = _(
    "A mistake is told in one line; `%env CX_TRACEBACK=1` shows where it arose. "
    '`engagement.export(result, "x.xlsx")` writes what a result shows to a spreadsheet.'
)


def _ideas(client: Client, words: Words) -> Iterator[tuple[str, str]]:
    """Yield ideas that this client's data bear, each a sentence and two or three lines."""
    ideas = []
    keys, parts = [m.key for m in client.metrics], [t.key for t in client.touchpoints]
    segments = list(client.segments)
    recent = 'recent = engagement.survey(period="last 2")\n'
    if keys and segments:
        cross = segments[:2]
        lines = (
            f"{recent}table = scores.score_table(recent, metric=engagement.metrics[0], "
            f"by={cross!r}, cross=True)\ntable"
        )
        ideas.append((_("The first KPI by two groups crossed, over the last two periods."), lines))
    if keys and len(parts) > 1 and segments:
        lines = (
            f"largest = recent[{segments[0]!r}].mode()[0]\n"
            f"drivers.importance(recent[recent[{segments[0]!r}] == largest], "
            f"outcome={keys[0]!r}, drivers=engagement.touchpoints)"
        )
        ideas.append((_("What goes with it in one group alone."), lines))
    if keys and segments:
        ideas.append((_("Any table of scores as a forest."), 'engagement.draw("forest", table)'))
    first = next(iter([*keys, *client.kpis]), None)
    if first:
        lines = f'engagement.draw("trend", engagement.series({first!r}))'
        ideas.append((_("A KPI over all periods."), lines))
    if client.tickets is not None:
        lines = 'kpis = engagement.standing("tickets")\nengagement.draw("forest", kpis)'
        ideas.append((_("The ticket KPIs of this period."), lines))
    for text, code in ideas[:4]:
        yield from (("markdown", words.say(text)), ("code", code))


def _title(chapter: Chapter, words: Words) -> str:
    return _plain(words.catalogue.get(chapter.title) or chapter.title)


def _plain(text: str) -> str:
    """Return a client's text as markdown that is nothing but text."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$~&])", r"\\\1", " ".join(text.split()))


def _cell(at: int, kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind, "id": f"start-{at}", "metadata": {},
        "source": text.splitlines(keepends=True),
    }  # fmt: skip
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}
