"""An executed notebook to one HTML file: sealed, without script, everything foreign escaped."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from cxlib.data.face import Face
from cxlib.errors import DataError
from cxlib.present import mime
from cxlib.present.findings import MOST, SEVERITIES
from cxlib.present.formats import RIGHT_TO_LEFT
from cxlib.report.markdown import Heading, render_markdown, translate_markdown
from cxlib.report.svg import inline
from cxlib.words import Words, mark as _

CONTENT_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
TEMPLATES = Path(__file__).parent / "templates"
HIDDEN_TAGS = {"parameters", "injected-parameters", "setup", "interactive"}


class Link(NamedTuple):
    """Another chapter's report: its file, and the question that it answers."""

    file: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What stands on a report beside its cells, as the reader's language writes it.

    `face` is the client's own logo, colours and footer, `provenance` what the report ends with.
    """

    client: str
    period: str
    confidential: str
    face: Face = field(default_factory=Face)
    provenance: Sequence[tuple[str, str]] = ()

    def style(self) -> Markup:
        """Return the style sheet of a page: the kit's own, the client's face, running headers."""
        dark = "@media screen and (prefers-color-scheme: dark)"
        colours = ((":root{%s}", self.face.colours), (dark + "{:root{%s}}", self.face.dark))
        boxes = {
            "top-left": f"{_alone(self.client)} · {self.period}",
            "top-right": self.confidential,
            "bottom-left": self.face.footer,
        }
        running = "".join(f"@{at}{{content:{_quoted(text)}}}" for at, text in boxes.items() if text)
        told = [
            style(),
            *(
                form % "".join(f"--{k}:{v};" for k, v in has.items())
                for form, has in colours
                if has
            ),
            f'@page{{{running}@bottom-right{{content:counter(page) " / " counter(pages);'
            "white-space:nowrap}}",
        ]
        return Markup("\n".join(told))


def _alone(text: str) -> str:
    """Return a text that may run from right to left as one that leaves its neighbours alone."""
    return f"\u2068{text}\u2069" if re.search(f"[{RIGHT_TO_LEFT}]", text) else text


def _quoted(text: str) -> str:
    """Return any text as a CSS string, whatever stands in it."""
    plain = "".join(c if c.isalnum() else f"\\{ord(c):x} " for c in text)
    return f'"{plain}"'


def render(
    notebook: Any,
    *,
    words: Words,
    cover: Cover,
    links: Mapping[str, Link] = MappingProxyType({}),
    methods: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the report of an executed notebook: one document that loads and runs nothing.

    Its markdown is translated here. `links` say by stem where other chapters stand: what is
    repeated from one leads there; `methods` where the handbook has what it rests on, and the title.
    """
    cells = [c for c in notebook.cells if not HIDDEN_TAGS & set(c.metadata.get("tags", []))]
    texts = [c for c in cells if c.cell_type == "markdown"]
    method = [c for c in cells if "method" in c.metadata.get("tags", [])]
    sections = [c for c in cells if c not in method]
    evidence = _without_empty_sections(sections)
    empty = {name for c in sections if c not in evidence for name in _SECTION.findall(c.source)}
    for c in method:
        c.source = _OF_SECTION.sub(
            lambda item: "" if item[2] in empty else item[1] + item[3], c.source
        )
    for c in texts:
        c.source = translate_markdown(c.source, words)
    title, lead = _take_title(texts)
    outputs = [o.get("data", {}) for c in cells if c.cell_type == "code" for o in c.outputs]
    for c in cells:
        c.metadata["leads"] = _leads_to(c) if _shows(c) else ""
    headings: list[Heading] = []
    told = (i for d in outputs for i in d.get(mime.FINDINGS, {}).get("items", []))
    top, more = in_order(i for i in told if not i.get("desk"))
    _step_once((*top, *more), words)
    _say_once(outputs)
    for at, data in enumerate(data for data in outputs if "image/svg+xml" in data):
        about = data.get(mime.FIGURE, {})
        data[mime.FIGURE] = about | {"prefix": f"f{at + 1}"}
    page = {
        "lang": lang_of(words),
        "cover": cover,
        "links": links,
        "client": cover.client,
        "period": cover.period,
        "confidential": cover.confidential,
        "title": title,
        "lead": lead,
        "tiles": [t for d in outputs for t in d.get(mime.TILES, {}).get("tiles", [])],
        "tiles_lead": next((_leads_to(c) for c in cells if _has(c, mime.TILES)), ""),
        "findings": top,
        "more": more,
        "contents": _contents(evidence, headings, words, bool(method)),
        "evidence": evidence,
        "brief": any("brief" in c.metadata.get("tags", []) for c in cells),
        "method": method,
        "methods": methods,
        "provenance": cover.provenance,
        "style": cover.style(),
        "policy": CONTENT_POLICY,
    }
    template = _environment().get_template("index.html.j2")
    return _RUNS.sub(_apart, str(template.render(page=page, mime=mime, say=words.say)))


_UNBROKEN = re.compile(r"[^\s\u2e80-\uffff-]{25}|[\u2e80-\uffff].{24}")
"""More letters than a column of a table should have to hold, or a sentence in Chinese."""
_WORD, _GAP = f"[{RIGHT_TO_LEFT}]+", r"[^\w<>&()（）\[\]]+"
_RUNS = re.compile(
    r"<(svg|style|title)\b.*?</\1>|<[^>]*>"
    rf"|(?P<run>{_WORD}(?:[^\w<>&]*[(（\[]{_WORD}(?:{_GAP}{_WORD})*[)）\]]|{_GAP}{_WORD})*)",
    re.DOTALL,
)


def _apart(found: re.Match[str]) -> str:
    """Set words written from right to left apart, so that a number after them stays after them."""
    return f"<bdi>{found['run']}</bdi>" if found["run"] else found[0]


_SECTION = re.compile(r"^## (.+?)\s*$", re.MULTILINE)
_OF_SECTION = re.compile(r"^(- )<!-- (.+?) --> (.*(?:\n|$))", re.MULTILINE)
"""A note on the method of one section: it goes where that section had nothing to show."""


def lang_of(words: Words) -> str:
    """Return the reader's language as a page declares it."""
    return {"zh": "zh-Hans"}.get(words.language, words.language)


def _take_title(texts: list[Any]) -> tuple[str, str]:
    """Take the H1 and what stands beneath it out of the cells: they belong to the cover."""
    for c in texts:
        found = re.match(r"\s*# (.+?)(?:\n|$)", c.source)
        if found:
            lead, c.source = c.source[found.end() :].strip(), ""
            return found.group(1).strip(), lead
    return "", ""


def _step_once(items: Iterable[Any], words: Words) -> None:
    """Say a next step once: where another finding has led to it above, it is only pointed to."""
    said: set[str] = set()
    for item in items:
        if item["next"] in said:
            item["next"] = words.say(_("As above."))
        elif item["next"]:
            said.add(item["next"])


def _say_once(outputs: list[Any]) -> None:
    """Leave out remarks that stand under an earlier table already; keys to signs stay with each."""
    said: set[str] = set()
    for data in outputs:
        if mime.TABLE in data:
            table = data[mime.TABLE]
            table["notes"] = [n for n in table["notes"] if n[:1] in "–*" or n not in said]
            said.update(table["notes"])


def _without_empty_sections(cells: list[Any]) -> list[Any]:
    """Leave out paragraphs, then sections, whose code had nothing to show: they tell nothing."""
    for begins, only in ((r"\s*", r"\s*[^\s#]"), (r"\s*## ", "")):
        parts: list[list[Any]] = [[]]
        for c in cells:
            if c.cell_type == "markdown" and re.match(begins, c.source):
                parts.append([])
            parts[-1].append(c)
        cells = [c for part in parts if not _empty(part, only) for c in part]
    return cells


def _empty(part: list[Any], only: str) -> bool:
    """Tell whether there is code beneath a text of some kind, and none of it shows anything."""
    code = any(c.cell_type == "code" for c in part)
    return code and bool(re.match(only, part[0].source)) and not any(map(_shows, part))


def _shows(cell: Any) -> bool:
    """Tell whether a cell has output that stands where it was made (findings are lifted)."""
    lifted = {mime.FINDINGS, mime.TILES}
    outputs = cell.outputs if cell.cell_type == "code" else []
    return any(not lifted & set(out.get("data", {})) for out in outputs)


def _has(cell: Any, kind: str) -> bool:
    return any(kind in out.get("data", {}) for out in cell.get("outputs", ()))


def _leads_to(cell: Any) -> str:
    """Return the stem of the chapter that a cell repeats: its tag ``leads-<stem>``; or nothing."""
    tags = cell.metadata.get("tags", [])
    return next((tag.removeprefix("leads-") for tag in tags if tag.startswith("leads-")), "")


def in_order(
    items: Iterable[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return at most five findings for the top, one a subject, gravest first; and the rest.

    What answers the chapter's question (tier -1) stands before all.
    """
    once = {item["id"]: item for item in items}
    rank = {severity: at for at, severity in enumerate(SEVERITIES)}
    top: list[Mapping[str, Any]] = []
    more: list[Mapping[str, Any]] = []

    def order(item: Mapping[str, Any]) -> tuple[Any, ...]:
        return item["tier"] >= 0, rank[item["severity"]], item["tier"], -item["stake"]

    for item in sorted(once.values(), key=order):
        said = any(other["subject"] == item["subject"] for other in top)
        aside = item["severity"] == "note" and item["tier"] >= 0
        (more if said or aside or len(top) == MOST else top).append(item)
    return top, more


def _contents(
    cells: list[Any], headings: list[Heading], words: Words, has_method: bool
) -> list[tuple[str, str]]:
    for c in cells:
        if c.cell_type == "markdown":
            headings += render_markdown(c.source).headings
    shown = [(h.id, h.text) for h in headings if h.level == 2]
    if has_method:
        shown.append(("method", words.say(_("Method and data notes"))))
    shown.append(("provenance", words.say(_("Where these numbers come from"))))
    return shown


def _inlined(svg: str | list[str], about: Mapping[str, Any]) -> Any:
    """Return a figure as the page holds it; one that will not do is told in words."""
    alt = str(about.get("alt", ""))
    try:
        options: dict[str, Any] = {"prefix": about.get("prefix", "f"), "alt": alt}
        drawn = inline("".join(svg), **options, top=float(about.get("top", 0.0)))
    except DataError as error:
        return Markup('<p class="remark">{}</p>').format(f"{alt} {error}".strip())
    title = str(about.get("title", ""))
    caption = Markup("<figcaption>{}</figcaption>").format(title) if title else ""
    scrolls = Markup('role="group" tabindex="0" aria-label="{}"')  # by the keyboard too
    return (
        Markup('<figure class="drawn">{}<div {}>{}</div></figure>').format(
            caption, scrolls.format(title or alt), Markup(drawn)
        )
        if drawn
        else escape("")
    )


MOST_COLUMNS = 8
"""What a page holds in letters of 8 pt; a wider table goes on beneath itself."""


def _parted(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a table in parts of a page's width; each begins with the words its rows begin with."""
    count, numeric = len(table["headings"]), table["numeric"]
    named = next((at for at in range(count) if numeric[at]), count) or 1
    rest = range(named, count)
    if count <= MOST_COLUMNS or named >= MOST_COLUMNS - 1:
        return [table]
    parts = math.ceil(len(rest) / (MOST_COLUMNS - named))
    size = math.ceil(len(rest) / parts)
    shown = [[*range(named), *rest[at : at + size]] for at in range(0, len(rest), size)]
    several = [
        {k: [table[k][at] for at in columns] for k in ("headings", "numeric")}
        | {"rows": [[row[at] for at in columns] for row in table["rows"]]}
        for columns in shown
    ]
    last = len(several) - 1
    return [
        {**table, **part, "notes": table["notes"] if at == last else []}
        for at, part in enumerate(several)
    ]


def page_of(template: str, words: Words, **facts: Any) -> str:
    """Return a page from one of the kit's templates, all of its facts escaped."""
    made = _plain_environment().get_template(template)
    page: str = made.render(lang=lang_of(words), words=words, say=words.say, **facts)
    return page


@lru_cache(maxsize=1)
def _plain_environment() -> Any:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


@lru_cache(maxsize=1)
def style() -> Any:
    """Return the style sheet of every page the kit makes."""
    return Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _environment() -> Any:
    """Return nbconvert's template environment with the kit's template and autoescape on."""
    from nbconvert.exporters.templateexporter import TemplateExporter

    class ReportExporter(TemplateExporter):
        """nbconvert's exporter with the kit's template."""

        file_extension = ".html"

    exporter = ReportExporter(
        template_name="cx", extra_template_basedirs=[str(TEMPLATES)], template_file="index.html.j2"
    )
    environment = exporter.environment
    environment.autoescape = True
    environment.filters["parted"] = _parted
    environment.filters["inlined"] = _inlined
    environment.filters["rendered"] = lambda source: Markup(render_markdown(source).html)
    environment.filters["unbroken"] = lambda text: text.replace("n = ", "n\u00a0=\u00a0")
    environment.filters["joined"] = lambda text: "".join(text) if isinstance(text, list) else text
    environment.tests["long"] = _UNBROKEN.search
    environment.filters["nospace"] = lambda text: re.sub(r"\s+", "", text)
    return environment
