"""What `cx form` writes: questionnaire, guides, and the forms that come back by the client file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from cxlib.analysis.fieldwork import visit_plan
from cxlib.chapters import labels_of, part
from cxlib.chapters.fieldwork import platforms
from cxlib.chapters.fieldwork.questionnaire import TEXTS, Item, answers, questionnaire
from cxlib.columns import records
from cxlib.data.register_excel import new_book, workbook
from cxlib.data.registers import read_register
from cxlib.params import Client
from cxlib.params.base import Moment
from cxlib.params.source import Source
from cxlib.params.survey import Survey
from cxlib.words import Words, mark as _
from cxlib.workspace import Workspace, write_whole

Sheet = tuple[str, Sequence[str], Sequence[Sequence[Any]]]

GUIDES = (_("Interview"), _("Focus group"))
TITLES = (_("Questionnaire"), _("Mystery visit"), _("Visit plan"))
"""What the sheets are called."""


def write(client: Client, workspace: Workspace, *, replace: bool = False) -> Iterator[str]:
    """Write a client's forms to ``forms/<client>``; yield what is said of each.

    A file that is there already and says something else stays, unless it is to be replaced; then
    it is kept beside the new one as ``.bak``.
    """
    folder = workspace.forms(client.client)
    for name, content in _files(client, workspace).items():
        path = folder / name
        shown = workspace.shown(path)
        if path.is_file() and path.read_bytes() != content:
            if not replace:
                yield f"{shown} is there already and stays; --replace writes it anew."
                continue
            write_whole(path.with_name(f"{name}.bak"), path.read_bytes())
        write_whole(path, content)
        yield shown
    yield from _told(client, workspace)


def _files(client: Client, workspace: Workspace) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    asked: dict[str, tuple[list[Item], Words]] = {}
    for language in client.languages:
        words = _words(client, workspace, language)
        items = questionnaire(client, words)
        if items:
            files[f"questionnaire.{language}.xlsx"] = _book([_questions(items, words)], words)
            asked[language] = items, words
        guides = [_guide(client, words, name) for name in GUIDES]
        files[f"guides.{language}.xlsx"] = _book(guides, words)
    files |= platforms.texts(asked) if asked else {}
    if client.survey is not None and client.survey.source.files is not None:
        items, _said = asked[client.languages[0]]
        files |= _answers(client.survey.source, _columns(client, client.survey, items))
    for section in ("needs", "visits"):
        files |= _register(client, workspace, section)
    return files


def _words(client: Client, workspace: Workspace, language: str) -> Words:
    labels = dict(client.labels(language))
    for section in ("needs", "visits"):
        found = _read(client, workspace, section)
        labels |= found.labels(language) if found is not None else {}
    labels |= labels_of("fieldwork", client, language)
    return Words.load(language, labels=labels, segments=client.segments)


def _model(section: str) -> Any:
    return part(section, "register").Register  # type: ignore[union-attr]


def _read(client: Client, workspace: Workspace, section: str) -> Any:
    if getattr(client, section) is None:
        return None
    return read_register(client, section, _model(section), workspace).register


def _questions(items: list[Item], words: Words) -> Sheet:
    number = count(1)
    rows = [
        (next(number) if item.kind != "text" else "", item.text, answers(item, words),
         ", ".join(item.columns), item.reason) for item in items
    ]  # fmt: skip
    return "Questionnaire", TEXTS["heads"]["questionnaire"], rows


def _guide(client: Client, words: Words, name: str) -> Sheet:
    stages = [words.label(stage) for stage in (client.survey.stages if client.survey else ())]
    facts = {"name": client.display_name(words.language)}
    facts["stages"] = ("、" if words.language == "zh" else ", ").join(stages) or "…"
    rows = []
    for title, minutes, *texts in TEXTS["guides"][name]:
        said = [words.say(text, **facts) if text else "" for text in (title, *texts)]
        rows.append((said[0], minutes, *said[1:], ""))
    return name, TEXTS["heads"]["guide"], rows


def _columns(client: Client, survey: Survey, items: list[Item]) -> dict[str, list[str]]:
    """Return the columns of a table of answers, with the cells that each may hold."""
    held: dict[str, list[str]] = {}
    field = client.fieldwork
    fixed: list[Any] = [survey.columns.id, survey.columns.date, survey.columns.period,
                        survey.columns.brand, survey.columns.weight]  # fmt: skip
    if field is not None and field.source is None:
        fixed += [field.columns.started, field.columns.ended, field.columns.seconds]
        if field.columns.finished:
            held[field.columns.finished] = [*map(str, field.finished)]
    for one in fixed:
        held |= {name: [] for name in (one if isinstance(one, Moment) else (one,)) if name}
    held |= {name: [str(cell) for cell in cells] for name, cells in survey.where.items()}
    for item in items:
        for column in item.columns:
            several = item.kind == "multiple" and len(item.columns) > 1
            cells = ["1"] if several else [cell for cell, _text in item.options]
            held[column] = [] if item.kind == "multiple" and not several else cells
    return held


def _answers(source: Source, columns: dict[str, list[str]]) -> dict[str, bytes]:
    """Return a table of answers to be filled in, as the client file reads it back."""
    above, head = (source.header_row or 1) - 1, list(columns)
    if str(source.files).lower().endswith(("xlsx", "xls")):
        name = source.sheet if source.sheet and "*" not in source.sheet else "Answers"
        book = _book([(name, head, [])], None, at=above, lists=list(columns.values()))
        return {"answers.xlsx": book}
    made = io.StringIO()
    writer = csv.writer(made, delimiter=source.separator or ",", lineterminator="\n")
    writer.writerows([*[[]] * above, head])
    return {"answers.csv": made.getvalue().encode(source.encoding or "utf-8-sig")}


def _book(
    sheets: Sequence[Sheet], words: Words | None, *, at: int = 0, lists: Sequence[Any] = ()
) -> bytes:
    """Return sheets of texts as a workbook; a client's text is never a formula or a link."""
    made = io.BytesIO()
    with new_book(made) as book:
        text = book.add_format({"text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        for name, head, rows in sheets:
            sheet = book.add_worksheet(words.say(name)[:31] if words else name[:31])
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.freeze_panes(at + 1, 0)
            for column, title in enumerate(head):
                cells = [str(row[column]) for row in rows]
                wide = max([len(title), *map(len, cells)]) if words else 14
                sheet.set_column(column, column, min(max(wide + 2, 8), 48))
                sheet.write_string(at, column, words.say(title) if words else title, bold)
                for line, row in enumerate(rows, start=at + 1):
                    sheet.write(line, column, row[column], text)
            for column, cells in enumerate(lists):
                if cells and sum(map(len, cells)) + len(cells) < 255:
                    rule = {"validate": "list", "source": cells, "error_type": "warning"}
                    sheet.data_validation(at + 1, column, at + 2000, column, rule)
    return made.getvalue()


def _register(client: Client, workspace: Workspace, section: str) -> dict[str, bytes]:
    """Return a register as the workbook that comes back, and visits as form and plan."""
    named, model = getattr(client, section), _model(section)
    if named is None:
        return {"needs.xlsx": workbook({}, model, languages=client.languages)} if (
            section == "needs") else {}  # fmt: skip
    read = read_register(client, section, model, workspace)
    content = dict(read.content)
    if read.register is None or section == "needs":
        return {f"{section}.xlsx": workbook(content, model, languages=client.languages)}
    files: dict[str, bytes] = {}
    plan = _plan(client, read.register)
    if plan is not None:
        new = records(plan.table)
        ids = [f"p{row['date']:%m%d}-{at:02d}" for at, row in enumerate(new, start=1)]
        visits = [{"id": i, "location": r["location"], "visitor": r["visitor"],
                   "date": r["date"].isoformat()}
                  for i, r in zip(ids, new, strict=True)]  # fmt: skip
        scores = [{"visit": i, "standard": s.id} for i in ids for s in read.register.standards]
        content["visits"] = (*content.get("visits", ()), *visits)
        content["scores"] = (*content.get("scores", ()), *scores)
    made = workbook(content, model, languages=client.languages, base=read.content)
    files["visits.xlsx"] = made
    for language in client.languages:
        words = _words(client, workspace, language)
        files[f"visit-form.{language}.xlsx"] = _book([_visit(read.register, words)], words)
        if plan is not None:
            rows = [(f"{r['date']:%Y-%m-%d}", words.say(r["daypart"]), _place(client, words, r),
                     r["visitor"]) for r in records(plan.table)]  # fmt: skip
            sheet: Sheet = ("Visit plan", TEXTS["heads"]["plan"], rows)
            files[f"visit-plan.{language}.xlsx"] = _book([sheet], words)
    return files


def _plan(client: Client, register: Any) -> Any:
    """Return the next round of visits; None where none is asked for, or no place is known."""
    given = client.fieldwork.visits if client.fieldwork else None
    if given is None:
        return None
    places = given.locations or tuple(dict.fromkeys(v.location for v in register.visits))
    if not places:
        return None
    return visit_plan(places, visitors=given.visitors, each=given.each, start=given.start,
                      end=given.end, seed=given.start.toordinal())  # fmt: skip


def _place(client: Client, words: Words, row: Any) -> str:
    place = str(row["location"])
    named = [words.labels.get(f"{key}={place}") for key in client.segments]
    return next((text for text in named if text), place)


def _visit(register: Any, words: Words) -> Sheet:
    rows = []
    for section in register.sections:
        for one in register.standards:
            if one.section == section.id:
                titles = (words.label(f"sections.{section.id}"), words.label(f"standards.{one.id}"))
                rows.append((*titles, one.maximum, "●" if one.critical else "", "", "", ""))
    return "Mystery visit", TEXTS["heads"]["visit"], rows


def _told(client: Client, workspace: Workspace) -> Iterator[str]:
    """Say how what was written comes back, and what the client file lacks for it."""
    survey = client.survey
    folder = workspace.shown(workspace.data(client.client))
    if survey is not None and survey.source.files is not None:
        yield (
            f"Answers: fill answers.* and save it in {folder} as {survey.source.files} asks; where "
            "that file is there already, add the rows below its own."
        )
        yield (
            "Qualtrics: import questionnaire.*.txt (Advanced Format) in the first language, the "
            "others as its translation; export choice text."
        )
        yield (
            "问卷星: paste questionnaire.*.wjx.txt (文本导入); export answers as text (按选项文本)."
        )
        yield (
            "LimeSurvey: import questionnaire.limesurvey.txt, all languages in one; export full "
            "answers in the first language."
        )
        for key, question in survey.questions.items():
            if question.kind == "multiple":
                one = question.columns is None
                yield (
                    f"{key}: several choices come back from {'LimeSurvey' if one else '问卷星'} in "
                    f"{'a column each' if one else 'one column'}, which the client file does not "
                    f"name: {'columns' if one else 'column'}: would."
                )
        for touchpoint in survey.touchpoints:
            codes = [*touchpoint.not_applicable, *survey.not_applicable]
            if not any(isinstance(c, str) and any(x.isalpha() for x in c) for c in codes):
                yield (
                    "The client file has no words for “did not use it”, so it cannot come back: "
                    "name them under survey.not_applicable."
                )
                break
    for section in ("needs", "visits"):
        named = getattr(client, section)
        if named is not None:
            copy = f"{folder}/{named.file.rsplit('.', 1)[0]}.xlsx"
            yield f"{section}.xlsx: fill it, save it as {copy}, then `cx register {client.client}`."
    if client.needs is None:
        yield (
            f"needs.xlsx: save it as {folder}/registers/needs.xlsx and name it in the client file: "
            "`needs: registers/needs.xlsx`."
        )
    if client.visits is None:
        yield "No visit form: the client file names no register of visits (`visits: …`)."
