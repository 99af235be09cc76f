"""A report on paper: printed by the system's Chromium, without a network, its Chinese font inside.

What is printed is the sealed page that a browser shows, after the gate has seen it. Chromium gets a
folder of its own as its home, a line to nowhere, and a page whose policy lets nothing run or load.
"""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import signal
import subprocess
import tempfile
from functools import lru_cache
from html import unescape
from pathlib import Path

from cxlib.errors import RunError, SetupError
from cxlib.report.html import CONTENT_POLICY
from cxlib.report.saved import made_at

VARIABLE = "CX_CHROMIUM"
"""Names the browser where it is none of the usual ones."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 180.0
"""Seconds that a browser may take for one document."""
_FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--disable-dev-shm-usage", "--disable-quic"),
    *("--proxy-server=127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND"),
    *("--no-pdf-header-footer", "--generate-pdf-document-outline"),
)
_OUTSIDE = re.compile(r'(<a\b[^>]*?) href="(?!#)[^"]*"')
_CHINESE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_FONT = "cx zh"


def browser() -> str:
    """Return the Chromium of this machine; SetupError if there is none."""
    named = os.environ.get(VARIABLE)
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise SetupError(
            f"no PDF: {VARIABLE} is {named!r}, which is no program."
            if named
            else "no PDF: this machine has no Chromium; install one (apt install chromium) or "
            f"name it in {VARIABLE}."
        )
    return found


def print_pdf(html: str, *, pages: bool = False) -> bytes:
    """Return a sealed page of the kit's as PDF.

    With `pages` it is printed twice: the second time each ``<span data-page="anchor">`` says on
    which page its anchor came to stand. SetupError if there is no Chromium, RunError if it fails,
    takes too long, or its PDF names a place on this machine.
    """
    program, page = browser(), printable(html)
    printed = _print(program, page)
    if pages:
        at = destinations(printed)
        filled = re.sub(
            r'(<span data-page="([^"]*)">)',
            lambda found: f"{found[1]}{at.get(unescape(found[2]), '')}",
            page,
        )
        printed = _print(program, filled)
    if b"file:" in printed:
        raise RunError("its PDF names a file of this machine; it is not kept.")
    return _dated(printed)


def printable(html: str) -> str:
    """Return the copy that is printed: links that lead out of it gone, a Chinese font inside."""
    page = _OUTSIDE.sub(r"\1", html)
    text = unescape(re.sub(r"<style.*?</style>|<[^>]+>", "", page, flags=re.DOTALL))
    if not _CHINESE.search(text):
        return page
    chinese = '<html lang="zh' in page  # its digits and quotes are the font's own too
    letters = "".join(sorted({c for c in text if ord(c) >= (0x20 if chinese else 0x2E80)}))
    held = base64.b64encode(_subset(letters)).decode("ascii")
    face = (
        f'@font-face{{font-family:"{_FONT}";font-weight:100 900;'
        f'src:url(data:font/woff;base64,{held}) format("woff")}}\n'
        f'html{{--last:"{_FONT}"}}html:lang(zh){{--first:"{_FONT}"}}\n'
    )
    policy = CONTENT_POLICY.replace("img-src data:;", "img-src data:; font-src data:;")
    page = page.replace(_escaped(CONTENT_POLICY), _escaped(policy), 1)
    return page.replace("<style>\n", f"<style>\n{face}", 1)


def _escaped(policy: str) -> str:
    return policy.replace("'", "&#39;")


@lru_cache(maxsize=4)
def _subset(letters: str) -> bytes:
    """Return the bundled Chinese font with some letters only, as TrueType outlines in WOFF.

    As CFF it would print as Type 3, without hinting or search.
    """
    import pylopdf_fonts_zh_cn
    from fontTools import subset
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    options = subset.Options(
        layout_features=[], hinting=False, name_IDs=[], notdef_outline=True, recalc_timestamp=False
    )
    options.drop_tables += ["VORG", "vhea", "vmtx", "GPOS", "GSUB", "GDEF", "BASE", "DSIG"]
    folder = Path(pylopdf_fonts_zh_cn.__file__).parent
    font = subset.load_font(str(folder / "NotoSansSC-Regular.otf"), options)
    chooser = subset.Subsetter(options)
    chooser.populate(unicodes=[ord(c) for c in letters])
    chooser.subset(font)
    drawn, order, table = font.getGlyphSet(), font.getGlyphOrder(), newTable("glyf")
    table.glyphs, table.glyphOrder = {}, order
    for name in order:
        pen = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        table.glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), table
    del font["CFF "]
    widths = font["hmtx"]
    for name in order:
        table[name].recalcBounds(table)
        left = table[name].xMin if table[name].numberOfContours else 0
        widths[name] = (widths[name][0], left)
    limits = font["maxp"]
    limits.tableVersion = 0x00010000
    counted = "Points Contours CompositePoints CompositeContours ComponentDepth ComponentElements"
    told = (*(f"max{name}" for name in counted.split()), "maxTwilightPoints", "maxStorage")
    for name in (*told, "maxFunctionDefs", "maxInstructionDefs", "maxStackElements"):
        setattr(limits, name, 0)
    limits.maxZones, limits.maxSizeOfInstructions = 1, 0
    font["post"].formatType, font["head"].glyphDataFormat = 3.0, 0
    font.sfntVersion, font.flavor = "\x00\x01\x00\x00", "woff"
    font.recalcTimestamp = False
    held = io.BytesIO()
    font.save(held)
    font.close()
    return held.getvalue()


def _print(program: str, page: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="cx-print-", ignore_cleanup_errors=True) as home:
        folder = Path(home)
        source, target = folder / "report.html", folder / "report.pdf"
        source.write_text(page, encoding="utf-8")
        command = [program, *_FLAGS, f"--user-data-dir={folder / 'profile'}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium's own refuses to be set up by root
        command += [f"--print-to-pdf={target}", source.as_uri()]
        kept = {k: os.environ[k] for k in ("PATH", "LANG", "SYSTEMROOT") if k in os.environ}
        places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), home)
        process = subprocess.Popen(
            command,
            env=kept | places,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise RunError(f"no PDF: Chromium was not done after {PATIENCE:.0f} s.") from None
        finally:
            _end(process)
        if not target.is_file():
            raise RunError(f"no PDF: Chromium ended with status {status} and wrote none.")
        return target.read_bytes()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a browser and all that it started."""
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    elif process.poll() is None:
        process.kill()
    process.wait()


_OBJECT = re.compile(rb"(?m)^(\d+) 0 obj\s*(.*?)\s*endobj", re.DOTALL)


def destinations(pdf: bytes) -> dict[str, int]:
    """Return on which page each anchor of a PDF stands, pages counted from 1.

    Chromium writes its page tree and its named destinations uncompressed; what is not found is
    left out.
    """
    objects = {int(n): body for n, body in _OBJECT.findall(pdf)}
    root = next((n for n, b in objects.items() if b"/Type /Pages" in b and b"/Parent" not in b), 0)
    order: dict[int, int] = {}

    def walk(number: int) -> None:
        body = objects.get(number, b"")
        kids = re.search(rb"/Kids\s*\[(.*?)\]", body, re.DOTALL)
        if kids is None:
            order[number] = len(order) + 1
            return
        for child in re.findall(rb"(\d+) 0 R", kids[1]):
            walk(int(child))

    walk(root)
    named = re.findall(rb"/([\w.~-]+) \[(\d+) 0 R /XYZ", pdf)
    return {name.decode("ascii"): order[int(at)] for name, at in named if int(at) in order}


def _dated(pdf: bytes) -> bytes:
    """Return a PDF that says it was made when the report was; same inputs, same bytes."""
    stamp = f"D:{made_at():%Y%m%d%H%M%S}+00'00'".encode("ascii")
    return re.sub(rb"D:\d{14}\+00'00'", stamp, pdf)
