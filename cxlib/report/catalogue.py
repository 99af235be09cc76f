"""Which messages the kit says, and the catalogues that say them in other languages.

``python -m cxlib.report.catalogue`` (``make catalogue``) brings every ``.po`` file up to date: new
messages are added untranslated, stale ones go, translations stay. Each chapter has a catalogue of
its own in its folder (``cxlib/chapters/<stem>/<language>.po``); all else is in
``cxlib/locale/<language>/kit.po``.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from cxlib import chapters, columns
from cxlib.report.markdown import code_messages, messages
from cxlib.words import LANGUAGES, Words, read_catalogue
from cxlib.workspace import Workspace, kit_file, kit_yaml

PACKAGE = Path(__file__).resolve().parent.parent
KIT = "kit"
LEARN = "learn"
"""The stem of the lessons and of `cxlib.learn`; only the course reads their catalogue."""
_SAID = re.compile(r"""\bsay\('((?:[^'\\]|\\.)+)'[,)]""")


def extract(notebooks: Path | None = None) -> dict[str, list[str]]:
    """Return the kit's messages by stem, each once, in the order they are met, ``kit`` first."""
    notebook_of = {
        re.sub(r"^\d+-", "", path.stem): path
        for path in sorted((notebooks or kit_file("notebooks")).glob("*.ipynb"))
    }
    found: dict[str, list[str]] = {KIT: [], **{stem: [] for stem in notebook_of}, LEARN: []}
    for path in sorted(PACKAGE.rglob("*.py")):
        found[_stem(path)] += _of_python(path)
    for path in sorted(PACKAGE.rglob("columns.csv")):
        found[_stem(path)] += columns.messages(path)
    for path in sorted((*PACKAGE.rglob("findings.yaml"), *PACKAGE.rglob("texts.yaml"))):
        found[_stem(path)] += chapters.messages(chapters.held(str(path), path.name))
    for path in sorted(PACKAGE.rglob("*.j2")):
        found[KIT] += _SAID.findall(path.read_text(encoding="utf-8"))
    for stem, path in notebook_of.items():
        found[stem] += of_notebook(path)
    said = kit_yaml(PACKAGE / LEARN / "questions.yaml")
    for asked in said.values():
        hints = asked.get("wrong") or asked.get("rules") or {}
        found[LEARN] += [asked["praise"], *hints.values()]
    for path in sorted((kit_file("notebooks") / "lessons").glob("*.ipynb")):
        found[LEARN] += of_notebook(path, lesson=True)
    once: set[str] = set()
    result: dict[str, list[str]] = {}
    for stem, every in found.items():
        result[stem] = [m for m in dict.fromkeys(every) if m not in once]
        once.update(result[stem])
    return result


def catalogue_of(stem: str, language: str) -> Path:
    """Return where a stem's messages are translated: its chapter's folder, or the kit's own."""
    if stem == LEARN:
        return PACKAGE / LEARN / f"{language}.po"
    chapter = PACKAGE / "chapters" / stem.replace("-", "_")
    if chapter.is_dir():
        return chapter / f"{language}.po"
    return PACKAGE / "locale" / language / f"{stem}.po"


def _stem(path: Path) -> str:
    """Return whose a file is: its chapter's, the course's, else the kit's."""
    if path.parent == PACKAGE / LEARN:
        return LEARN
    inside = path.parent.parent == PACKAGE / "chapters"
    return path.parent.name.replace("_", "-") if inside else KIT


def _of_python(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        match node.args[0]:
            case ast.Constant(value=str(message)) if name in ("_", "mark"):
                yield message


def of_notebook(path: Path, *, lesson: bool = False) -> Iterator[str]:
    """Yield the messages of a notebook: its markdown by paragraph, what its cells mark, rules.

    Of a `lesson` also the comments and sentences in its code.
    """
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield from messages(source)
            continue
        if lesson:
            yield from code_messages(source)
        try:
            tree = ast.parse(re.sub(r"(?m)^\s*[%!].*$", "", source))
        except SyntaxError:
            continue  # a cell of another language, or not finished
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _of_call(node)


def _of_call(node: ast.Call) -> Iterator[str]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    said = [k.value for k in node.keywords if k.arg in ("caption", "says", "next_step", "also")]
    if name in ("_", "mark"):
        said += node.args[:1]
    if name == "Rule":  # case, sentence, severity, next step
        said += [arg for at, arg in enumerate(node.args) if at in (1, 3)]
    for arg in said:
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str) and arg.value:
            yield arg.value


def bring(workspace: Workspace, *, write: bool = True) -> list[tuple[Path, int, list[str]]]:
    """Bring the catalogues beside a workspace's own notebooks up to date.

    Returns each with how many messages it holds, and those that neither it nor the kit translates.
    """
    found = []
    for path in workspace.chapter_files():
        if path.parent == kit_file("notebooks"):
            continue
        for language in LANGUAGES[1:]:
            beside = path.with_name(f"{path.stem}.{language}.po")
            kit, known = Words.load(language).catalogue, {}
            if beside.is_file():
                known = read_catalogue(beside)
            wanted = [m for m in dict.fromkeys(of_notebook(path)) if m not in kit]
            if write:
                update(beside, wanted, language)
            found.append((beside, len(wanted), [m for m in wanted if not known.get(m)]))
    return found


def update(
    path: Path,
    wanted: list[str],
    language: str,
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, int]:
    """Bring one catalogue up to date; return how many messages it holds and how many lack a word.

    A message that moves from a catalogue `elsewhere` keeps its translation.
    """
    from babel.messages.catalog import Catalog, Message
    from babel.messages.pofile import write_po

    known = read_catalogue(path) if path.is_file() else {}
    known = {**elsewhere, **known}
    catalogue = Catalog(locale=language, fuzzy=False)
    for message in sorted(wanted):
        entry = Message(message, known.get(message, ""))
        entry.flags.discard("python-format")  # "95 % interval" is no format
        entry.flags.discard("python-brace-format")
        catalogue[message] = entry
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        file.write(f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n'.encode())
        file.write(b'"Content-Type: text/plain; charset=utf-8\\n"\n\n')
        write_po(file, catalogue, width=0, omit_header=True)
    beside.replace(path)
    return len(wanted), sum(not known.get(message) for message in wanted)


def main() -> None:
    """Bring all catalogues up to date and say what lacks a translation."""
    for language in LANGUAGES[1:]:
        folder = PACKAGE / "locale" / language
        every = extract()
        elsewhere = Words.load(language).catalogue
        for stem, wanted in every.items():
            held, lacking = update(catalogue_of(stem, language), wanted, language, elsewhere)
            print(f"{language}/{stem}: {held} messages, {lacking} untranslated")
        for path in folder.glob("*.po"):
            if path.stem not in every or path != catalogue_of(path.stem, language):
                path.unlink()


if __name__ == "__main__":
    main()
