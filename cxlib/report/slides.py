"""Slides: how a deck's title, summary, findings and closing page are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from cxlib.columns import COLUMNS
from cxlib.data.face import Face
from cxlib.plots import theme
from cxlib.plots.native import Chart, first_lines, fitted, lines_of
from cxlib.present import formats
from cxlib.present.conclusions import SEVERITY_WORDS
from cxlib.present.findings import Finding, facts
from cxlib.present.tiles import kpi_tiles
from cxlib.report.charts import add_chart, rgb
from cxlib.report.saved import FIRST, Saved, made_at, steady
from cxlib.words import Said, Words, mark as _

if TYPE_CHECKING:
    from cxlib.engagement import Engagement

WIDE, HIGH, EDGE = 13.333, 7.5, 0.6
"""Inches: 16:9, and its margin."""
COLOURS = {"serious": theme.BAD, "warning": theme.ACCENT, "good": theme.GOOD, "note": theme.MUTED}
STATES = {"good": theme.GOOD, "bad": theme.BAD, "open": theme.ACCENT}
FONTS = {"latin": "Calibri", "ea": "Microsoft YaHei"}
TAGS = {"en": "en-GB", "zh": "zh-CN"}
FACTS = (
    *("value", "target", "expected", "status", "before", "change", "like", "last_year"),
    *("competitor_value", "share", "reach", "n"),
)
RIVAL = ("value", "rated_brand", "competitor_value", "brand_gap")
"""What a slide tells of a finding, or of a competitor, that no figure shows."""
PLAIN = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""The table style without colours of its own: they would be neither the kit's nor a client's."""
TILE = 1.55
"""Inches that the lines of a tile take."""
PICTURE, BESIDE, SMALLEST = (EDGE, 1.95, 8.5, 4.95), 9.4, 0.7
"""Where a slide's figure stands, and what follows from it; how much smaller a picture may be."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A figure for a slide: a chart that can be edited, else a picture of so many inches.

    `about` says in words what it shows, `text` how it is read.
    """

    chart: Chart | None
    png: bytes = b""
    size: tuple[float, float] = (1.0, 1.0)
    about: str = ""
    text: str = ""


class Slides:
    """A presentation in the making, in the client's face, with its `footer` on each slide."""

    def __init__(self, words: Words, face: Face) -> None:
        from pptx import Presentation
        from pptx.util import Inches

        self.words, self.face = words, face
        self.main = face.colours.get("main", theme.MAIN)
        self.deck = Presentation()
        wide = Inches(WIDE)
        ratio = wide / self.deck.slide_width
        self.deck.slide_width, self.deck.slide_height = wide, Inches(HIGH)
        master = self.deck.slide_masters[0]
        for shape in (
            *master.placeholders,
            *(s for each in master.slide_layouts for s in each.shapes),
        ):
            shape.left, shape.width = int(shape.left * ratio), int(shape.width * ratio)
        about = self.deck.core_properties
        about.title, about.author = formats.legal(face.footer)[:250], ""
        about.created = about.modified = made_at().replace(tzinfo=None)

    def font(self, element: Any) -> None:
        """Give text properties the fonts of the reader's script."""
        from lxml import etree

        space = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
        element.set("lang", TAGS.get(self.words.language, "en-GB"))
        for tag, family in FONTS.items():
            for old in element.findall(space + tag):
                element.remove(old)
            etree.SubElement(element, space + tag).set("typeface", family)

    def text(
        self,
        shape: Any,
        said: str,
        box: tuple[float, float, float, float],
        *,
        sizes: Sequence[int],
        colour: str = theme.INK,
        bold: bool = False,
        most: int = 99,
    ) -> None:
        """Set a text in a box (inches) as large as it fits, in `most` lines; else it is cut."""
        from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
        from pptx.util import Inches, Pt

        left, top, width, height = box
        shape.left, shape.top = Inches(left), Inches(top)
        shape.width, shape.height = Inches(width), Inches(height)
        frame = shape.text_frame
        frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
        frame.vertical_anchor = MSO_ANCHOR.TOP
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        size, told = fitted(said, width, height, sizes, most)
        for at, line in enumerate(told.split("\n")):
            paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
            run = paragraph.add_run()
            run.text = formats.legal(line)
            run.font.size, run.font.bold = Pt(size), bold
            run.font.color.rgb = rgb(colour)
            paragraph.line_spacing, paragraph.alignment = 1.1, PP_ALIGN.LEFT
            self.font(run.font._rPr)

    def box(
        self, slide: Any, said: str, place: tuple[float, float, float, float], **look: Any
    ) -> None:
        """Add a text box."""
        self.text(slide.shapes.add_textbox(0, 0, 0, 0), said, place, **look)

    def slide(
        self, headline: str, notes: Iterable[str], *, kicker: str = "", colour: str = ""
    ) -> Any:
        """Add a slide: kicker, headline, footer, number, notes."""
        slide = self.deck.slides.add_slide(self.deck.slide_layouts[5])
        self.text(slide.shapes.title, headline, (EDGE, 0.75, WIDE - 2 * EDGE, 1.15),
                  sizes=(24, 20, 16, 14), most=3)  # fmt: skip
        self._band(slide, colour or self.main)
        if kicker:
            self.box(slide, kicker, (EDGE, 0.38, WIDE - 2 * EDGE, 0.3), sizes=(13,),
                     colour=theme.MUTED)  # fmt: skip
        number = len(self.deck.slides)
        self.box(slide, self.face.footer, (EDGE, 7.05, 10.5, 0.25), sizes=(10,), colour=theme.MUTED)
        self.box(slide, str(number), (WIDE - EDGE - 0.5, 7.05, 0.5, 0.25), sizes=(10,),
                 colour=theme.MUTED)  # fmt: skip
        self._notes(slide, notes)
        return slide

    def _band(self, slide: Any, colour: str) -> None:
        from pptx.enum.shapes import MSO_SHAPE
        from pptx.util import Inches

        band = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, 0, 0, Inches(WIDE), Inches(0.12))
        band.fill.solid()
        band.fill.fore_color.rgb = rgb(colour)
        band.line.fill.background()
        band.shadow.inherit = False

    def _notes(self, slide: Any, notes: Iterable[str]) -> None:
        frame = slide.notes_slide.notes_text_frame
        frame.text = "\n".join(formats.legal(note) for note in notes if note)
        for paragraph in frame.paragraphs:
            for run in paragraph.runs:
                self.font(run._r.get_or_add_rPr())

    def title(self, engagement: Engagement, questions: Sequence[str]) -> None:
        """Add the first slide."""
        from pptx.util import Inches

        words, face = self.words, self.face
        slide = self.slide("", [words.say(NOTES)])
        self.text(slide.shapes.title, engagement.name, (EDGE, 1.7, WIDE - 2 * EDGE, 1.2),
                  sizes=(44, 40, 36, 32, 28, 24, 20, 16))  # fmt: skip
        period = Said(words.period(engagement.period))
        about = words.say(_("Customer experience, {period}"), period=period)
        self.box(slide, about, (EDGE, 2.95, WIDE - 2 * EDGE, 0.6), sizes=(24, 20),
                 colour=self.main)  # fmt: skip
        self.box(slide, "\n".join(questions), (EDGE, 3.75, WIDE - 2 * EDGE, 3.2),
                 sizes=(14, 13, 12, 11, 10, 9), colour=theme.MUTED)  # fmt: skip
        if face.kind in ("image/png", "image/jpeg"):  # slides hold no SVG
            logo = slide.shapes.add_picture(BytesIO(face.logo), Inches(EDGE), Inches(0.6))
            scale = min(Inches(0.9) / logo.height, Inches(4) / logo.width)
            logo.width, logo.height = (max(1, int(n * scale)) for n in (logo.width, logo.height))

    def summary(
        self, engagement: Engagement, made: Sequence[Saved], told: Sequence[Finding]
    ) -> None:
        """Add the KPIs and what matters most."""
        words = self.words
        first = sorted(made, key=lambda c: (c.stem != FIRST, c.file))
        headline = told[0].headline(words) if told else words.say(_("Nothing calls for action."))
        slide = self.slide(headline, [f.proof(words) for f in told],
                           kicker=words.say(_("In short")))  # fmt: skip
        tiles = next((p for c in first if c.envelope for p in c.envelope.parts
                      if p.kind == "tiles"), None)  # fmt: skip
        rows = kpi_tiles(tiles.result(), words=words).data["tiles"][:6] if tiles else ()
        wide = (WIDE - 2 * EDGE) / max(len(rows), 1)
        texts = [first_lines(tile["lines"], wide - 0.2, TILE, 11) for tile in rows]
        even = min((fitted(t, wide - 0.2, TILE, (14, 13, 12, 11))[0] for t in texts), default=11)
        for at, (tile, text) in enumerate(zip(rows, texts, strict=True)):
            left = EDGE + at * wide
            self.box(slide, tile["label"], (left, 2.05, wide - 0.2, 0.5), sizes=(13, 12, 11),
                     colour=theme.MUTED)  # fmt: skip
            self.box(slide, tile["value"], (left, 2.5, wide - 0.2, 0.55), sizes=(26, 22, 18),
                     colour=STATES.get(tile["state"], theme.INK))  # fmt: skip
            self.box(slide, text, (left, 3.05, wide - 0.2, TILE), sizes=(even,))
        others = told[1:] if told else ()
        high = 2.25 / max(len(others), 1)
        for at, finding in enumerate(others):
            top = 4.7 + at * min(high, 0.8)
            mark = words.say(SEVERITY_WORDS[finding.severity])
            self.box(slide, mark, (EDGE, top, 1.1, 0.4), sizes=(13, 11, 10), bold=True,
                     colour=COLOURS[finding.severity])  # fmt: skip
            self.box(slide, finding.headline(words), (EDGE + 1.15, top, WIDE - 2 * EDGE - 1.15,
                     min(high, 0.8)), sizes=(17, 16, 15, 14, 13, 12, 11))  # fmt: skip

    def finding(self, chapter: Saved, told: Sequence[Finding], shown: Shown | None) -> None:
        """Add a finding with the figure that shows it, or the facts it rests on.

        What the same picture shows besides stands beneath what follows from it.
        """
        from pptx.util import Inches

        words, finding = self.words, told[0]
        headline = finding.headline(words)
        notes = [
            *(line for each in told for line in (each.headline(words), each.proof(words))),
            *((shown.about, shown.text) if shown else ()),
            words.say(_("Chapter: {title}"), title=chapter.title),
            words.say(NOTES),
        ]
        slide = self.slide(headline, notes, kicker=chapter.title, colour=COLOURS[finding.severity])
        left, top, wide, high = PICTURE
        scale = min(wide / shown.size[0], high / shown.size[1]) if shown else 0.0
        if shown is None or (shown.chart is None and scale < SMALLEST):
            self._facts(slide, finding)
        elif shown.chart is not None:
            axis = shown.chart.axis
            self.box(
                slide, axis, (left, top, wide, 0.3), sizes=(13, 12, 11, 10), colour=theme.MUTED
            )
            below = (left, top + 0.3, wide, high - 0.3)
            place = [int(Inches(at)) for at in below]
            label = words.label(finding.subject)
            whole = f"{words.label(finding.subject.partition('=')[0])} · {label}"
            label = whole if whole in shown.chart.labels else label  # “6” ends many a row
            frame = add_chart(slide, shown.chart, place, font=self.font, stressed=label)
            _describe(frame, shown.about)
        else:
            at = (Inches(n) for n in (left, top, shown.size[0] * scale))
            _describe(slide.shapes.add_picture(BytesIO(shown.png), *at), shown.about)
        self._beside(slide, told)

    def _beside(self, slide: Any, told: Sequence[Finding]) -> None:
        words, left, wide = self.words, BESIDE, WIDE - EDGE - BESIDE
        (finding, *others), high = told, 2.9 if len(told) == 1 else 1.3
        mark = words.say(SEVERITY_WORDS[finding.severity])
        self.box(slide, mark, (left, 2.0, wide, 0.35), sizes=(16,), bold=True,
                 colour=COLOURS[finding.severity])  # fmt: skip
        step = finding.step(words)
        if step:
            self.box(slide, words.say(_("What follows")), (left, 2.55, wide, 0.3), sizes=(14,),
                     colour=theme.MUTED)  # fmt: skip
            self.box(
                slide, step, (left, 2.9, wide, high), sizes=(20, 18, 16, 15, 14, 13, 12, 11, 10)
            )
        if others:
            top = 3.0 + high if step else 2.55
            marked = [(words.say(SEVERITY_WORDS[f.severity]), f.headline(words)) for f in others]
            texts = [" · ".join(pair) for pair in marked]
            room = (6.95 - top) / sum(lines_of(said, wide, 12) + 1 for said in texts)
            for said, other in zip(texts, others, strict=True):
                high = room * (lines_of(said, wide, 12) + 1)
                self.box(slide, said, (left, top, wide, high),
                         sizes=(14, 13, 12, 11, 10), colour=COLOURS[other.severity])  # fmt: skip
                top += high
            return
        self.box(slide, finding.proof(words), (left, 5.9, wide, 1.0),
                 sizes=(14, 13, 12, 11), colour=theme.MUTED)  # fmt: skip

    def findings(self, chapter: Saved, told: Sequence[Finding]) -> None:
        """Add what a chapter found and no figure shows, on one slide under the gravest headline."""
        words = self.words
        notes = [line for f in told for line in (f.headline(words), f.proof(words))]
        slide = self.slide(
            told[0].headline(words),
            [*notes, words.say(_("Chapter: {title}"), title=chapter.title), words.say(NOTES)],
            kicker=chapter.title,
            colour=COLOURS[told[0].severity],
        )
        wide, rows = WIDE - 2 * EDGE - 1.3, []
        for finding in told:
            first = finding is told[0]
            said = "\n".join(
                filter(None, ("" if first else finding.headline(words), finding.step(words)))
            )
            small = finding.proof(words)
            if said or small:
                rows.append((finding, said or small, small if said else ""))
        for even in (20, 18, 16, 15, 14, 13, 12, 11):
            highs = [
                sum(lines_of(line, wide, even) for line in said.split("\n")) * even * 1.32 / 72
                for _finding, said, _small in rows
            ]
            highs = [high + 0.3 * bool(row[2]) for high, row in zip(highs, rows, strict=True)]
            if sum(highs) + 0.1 * len(rows) <= 4.8:
                break
        free = min((4.8 - sum(highs)) / max(len(rows), 1), 0.5)
        place = 2.1
        for (finding, said, small), high in zip(rows, highs, strict=True):
            mark, colour = words.say(SEVERITY_WORDS[finding.severity]), COLOURS[finding.severity]
            self.box(slide, mark, (EDGE, place, 1.2, 0.4), sizes=(even,), bold=True, colour=colour)
            under = 0.3 * bool(small)
            self.box(slide, said, (EDGE + 1.3, place, wide, high - under), sizes=(even,))
            if small:
                self.box(slide, small, (EDGE + 1.3, place + high - under, wide, under),
                         sizes=(13, 12, 11, 10), colour=theme.MUTED)  # fmt: skip
            place += high + free

    def known(self, finding: Finding) -> dict[str, str]:
        """Return what is known of a finding, as it is said."""
        said = facts(finding.row, self.words)
        names = RIVAL if "{rated_brand}" in finding.rules[0].says else FACTS
        return {n: said[n] for n in names if said.get(n, formats.DASH) not in ("", formats.DASH)}

    def _facts(self, slide: Any, finding: Finding) -> None:
        """Tell a finding's facts in a table that fills the room of a figure."""
        from pptx.oxml.ns import qn
        from pptx.util import Inches, Pt

        told = list(self.known(finding).items())[:7]
        left, top, wide, high = PICTURE
        box = (Inches(at) for at in (left, top, wide, min(0.9 * len(told), high)))
        table = slide.shapes.add_table(len(told), 2, *box).table
        table.first_row = table.horz_banding = False
        table._tbl.tblPr.find(qn("a:tableStyleId")).text = PLAIN
        for at, (name, value) in enumerate(told):
            for column, text in enumerate((self.words.label(COLUMNS[name].heading), value)):
                table.cell(at, column).text = formats.legal(text)
                font = table.cell(at, column).text_frame.paragraphs[0].runs[0].font
                font.size, font.color.rgb = Pt(20), rgb((theme.MUTED, theme.INK)[column])
                self.font(font._rPr)

    def about(self, engagement: Engagement, missing: Sequence[str]) -> None:
        """Add the last slide: what the numbers are."""
        words = self.words
        slide = self.slide(words.say(_("About these numbers")), [words.say(NOTES)])
        lines = [
            words.say(_("Missing: “{title}” could not be made in this run."), title=title)
            for title in missing
        ]
        lines += [words.say(NOTES), words.say(BASES, n=engagement.minimum_base),
                  words.say(WORDING)]  # fmt: skip
        self.box(slide, "\n".join(lines), (EDGE, 2.0, WIDE - 2 * EDGE, 4.7),
                 sizes=(18, 16, 14, 12))  # fmt: skip

    @property
    def content(self) -> bytes:
        """The file, the same bytes for the same slides."""
        buffer = BytesIO()
        self.deck.save(buffer)
        return steady(buffer.getvalue())


NOTES = _(
    "Intervals are 95% intervals; the chapters' reports say how each number is made, and hold the "
    "tables behind it."
)
BASES = _("Numbers on fewer than {n} answers are withheld, and what would give one away.")
WORDING = _(
    "“Act” and “watch” mark what is missed, lost or at risk; “goes with” does not mean “is caused "
    "by”."
)


def _describe(shape: Any, text: str) -> None:
    shape._element.xpath(".//p:cNvPr")[0].set("descr", formats.legal(text))
