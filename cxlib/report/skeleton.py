"""A new chapter that works from the first minute: `cx new-chapter NN stem`."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from cxlib.errors import SetupError
from cxlib.workspace import Workspace

_STEM = re.compile(r"[a-z][a-z0-9-]*")

FINDINGS = '''"""What this chapter says, as data."""

from __future__ import annotations

from cxlib.present.findings import Rule
from cxlib.words import mark as _

# fmt: off
RULES = (
    Rule({"status": "missed"}, _("{kpi} stands at {value}, its target at {target}."), "warning",
         _("Name who answers for it.")),
    Rule({"status": "met"}, _("{kpi} stands at {value}, its target at {target}."), "good"),
)
# fmt: on
'''
TABLES = '''"""The rows of this chapter."""

from __future__ import annotations

from typing import Any


def rows(engagement: Any) -> Any:
    """Return one row a KPI, as every chapter reads it."""
    return engagement.standing("survey")
'''
COLUMNS = "name,kind,heading,meaning,interval,words\n"
FIGURES = '''"""The chapter drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cxlib.plots.forest import forest
from cxlib.words import Words
from cxlib.words import mark as _

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def kpis(standing: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw every KPI of one unit with its interval and target."""
    table = standing.table
    same = table[table["unit"] == table["unit"].iloc[0]]
    labels = [words.label(kpi) for kpi in same["kpi"]]
    title = words.say(_("Where each KPI stands; the stroke is its target"))
    return forest(same, labels=labels, title=title, reference="target", ax=ax)
'''
OPTIONS = '''"""The settings of this chapter in the client file: ``chapters: {STEM: {…}}``."""

from __future__ import annotations

from cxlib.params.base import Closed


class Options(Closed):
    """None yet: add a field with its default, and `cx check` knows it."""
'''
TEST = '''"""The chapter on the demo clients."""

from __future__ import annotations

from cxlib import Engagement
from cxlib.chapters.MODULE import findings, tables
from cxlib.present.findings import tell
from cxlib.workspace import Workspace


def test_it_says_what_the_verdicts_say(demo_workspace: Workspace) -> None:
    engagement = Engagement.open("nova-mall", chapter="STEM", workspace=demo_workspace)
    rows = tables.rows(engagement)
    told = {f.subject: f.severity for f in tell(rows, findings.RULES, chapter="STEM")}
    met = set(rows.table.loc[rows.table["status"] == "met", "kpi"])
    assert {kpi for kpi, severity in told.items() if severity == "good"} == met
'''
PARAMETERS = """client: str = "harbour-hotels"  # a file in params/, without .yaml
period: str = "latest"  # a period of that client: 2026Q3, 2026-09, or "latest"
language: str = "client"  # "en", "zh", or the client file's own"""
OPEN = 'engagement = Engagement.open(client, period=period, language=language, chapter="{stem}")'


def new_chapter(workspace: Workspace, number: int, stem: str) -> list[Path]:
    """Write a working chapter, and return its files.

    In a checkout of the kit: notebook, folder and test. In a workspace: a notebook that joins the
    kit's own chapters there.

    Raises
    ------
    SetupError
        If the name will not do, or a chapter of that name or number is there.
    """
    if not _STEM.fullmatch(stem):
        raise SetupError(f"{stem!r} is no name of a chapter: small letters, digits and '-'.")
    if not 0 <= number <= 99:
        raise SetupError(f"{number} is no number of a chapter: from 0 to 99.")
    root, name = workspace.root, f"{number:02d}-{stem}"
    notebooks = root / "notebooks"
    for path in sorted(notebooks.glob("*.ipynb")):
        if path.stem.startswith(f"{number:02d}-") or path.stem.partition("-")[2] == stem:
            raise SetupError(f"{path.name} is there already; nothing was changed.")
    kit = root / "cxlib" / "chapters"
    private = not kit.is_dir()
    files = {notebooks / f"{name}.ipynb": notebook(stem, private=private)}
    if not private:
        module = stem.replace("-", "_")
        folder = kit / module
        files |= {
            folder / "__init__.py": f'"""Chapter {number:02d}: {stem}."""\n',
            folder / "findings.py": FINDINGS,
            folder / "tables.py": TABLES,
            folder / "columns.csv": COLUMNS,
            folder / "figures.py": FIGURES,
            folder / "options.py": OPTIONS.replace("STEM", stem),
            root / "tests" / "chapters" / f"test_{module}.py": TEST.replace("STEM", stem).replace(
                "MODULE", module
            ),
        }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def notebook(stem: str, *, private: bool) -> str:
    """Return a chapter's notebook: a question, parameters, set-up, one section, results saved."""
    imports = "from cxlib import Engagement\n"
    tell = "engagement.tell(RULES, rows)"
    rows = 'engagement.standing("survey")'
    draw: list[tuple[str, str, list[str]]] = []
    if private:
        imports += "from cxlib.present.findings import Rule\n"
        opened = f"{imports}\n{OPEN.format(stem=stem)}\n" + (
            'RULES = (Rule({"status": "missed"}, "{kpi} stands at {value}.", "warning"),)'
        )
    else:
        module = stem.replace("-", "_")
        imports += f"from cxlib.chapters.{module} import figures, findings, tables\n"
        opened = f"{imports}\n{OPEN.format(stem=stem)}"
        tell, rows = "engagement.tell(findings.RULES, rows)", "tables.rows(engagement)"
        draw = [("code", "engagement.draw(figures.kpis, rows)", [])]
    cells = [
        ("markdown", f"# What does {stem} ask?\nOne sentence: what the reader will know.", []),
        ("code", PARAMETERS, ["parameters"]),
        ("code", opened, ["setup"]),
        ("markdown", "## Where it stands\nWhy the reader should care, in a sentence.", []),
        ("code", f'rows = {rows}\nengagement.show(rows, "kpi value target status n")\n{tell}', []),
        *draw,
        ("code", "engagement.save(rows=rows)", ["setup"]),
    ]
    about = {"cx": {"schema": 1, "needs": [["survey"]]}}
    about |= {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    about |= {"language_info": {"name": "python"}}
    book: dict[str, Any] = {"cells": [_cell(*c) for c in cells], "metadata": about}
    return (
        json.dumps(book | {"nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1) + "\n"
    )


def _cell(kind: str, text: str, tags: list[str]) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": sha256(text.encode("utf-8")).hexdigest()[:8],
        "metadata": {"tags": tags} if tags else {},
        "source": text.splitlines(keepends=True),
    }
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}
