"""A client's own face: its logo is a picture that only draws, its colours can be read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from cxlib import params
from cxlib.data.check import examine
from cxlib.data.face import LARGEST, Face, face_of
from cxlib.params.faults import InvalidParams
from cxlib.params.report import DARK, contrast, readable
from cxlib.workspace import Workspace

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


def face(root: Path, report: str, logo: bytes | None = None, language: str = "en") -> Face:
    (root / "params").mkdir(exist_ok=True)
    (root / "data" / "own").mkdir(parents=True, exist_ok=True)
    (root / "params" / "own.yaml").write_text(
        f"client: own\nlanguage: [en, zh]\nreport: {report}\n", encoding="utf-8"
    )
    if logo is not None:
        (root / "data" / "own" / "logo").write_bytes(logo)
    workspace = Workspace(root)
    return face_of(params.load("own", workspace), workspace, language)


def picture(kind: str, **options: object) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (40, 20), "navy").save(held, format=kind, **options)  # type: ignore[arg-type]
    return held.getvalue()


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#ffffff") == pytest.approx(1)
    assert contrast("#777777") == pytest.approx(4.48, abs=0.005)  # WebAIM's table, WCAG 2
    assert contrast("#767676") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("colour", ["#ffd400", "#ff0000", "#777777", "#00ffff", "#abc"])
def test_an_unreadable_colour_is_refused_with_the_nearest_that_can_be_read(
    tmp_path: Path, colour: str
) -> None:
    with pytest.raises(InvalidParams, match=r"own.yaml:3: report.colours.main: .*contrast") as told:
        face(tmp_path, f'{{colours: {{main: "{colour}"}}}}')
    nearest = str(told.value).rpartition("'")[0].rpartition("'")[2]
    assert 4.5 <= contrast(nearest) < 5
    worn = face(tmp_path, f'{{colours: {{main: "{nearest}"}}}}')
    assert worn.colours == {"main": nearest}


def test_the_dark_has_a_shade_of_its_own(tmp_path: Path) -> None:
    worn = face(tmp_path, '{colours: {main: "#0b4f6c", accent: "#840"}}')
    assert worn.colours == {"main": "#0b4f6c", "accent": "#884400"}
    assert all(contrast(shade, DARK) >= 4.5 for shade in worn.dark.values())
    assert readable("#ffffff", DARK) == "#ffffff"


@pytest.mark.parametrize("accent", ["#0b4f6c", "#104b70"])
def test_two_colours_that_look_alike_are_refused(tmp_path: Path, accent: str) -> None:
    with pytest.raises(InvalidParams, match=r"report.colours: .*cannot be told apart"):
        face(tmp_path, f'{{colours: {{main: "#0b4f6c", accent: "{accent}"}}}}')


def test_what_is_no_colour_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParams, match="is not a colour"):
        face(tmp_path, "{colours: {main: 'red;} body{display:none'}}")
    with pytest.raises(InvalidParams, match=r"report.colours.mian: .*main"):
        face(tmp_path, "{colours: {mian: '#000000'}}")


def test_its_words_are_in_every_language_of_its_reports(tmp_path: Path) -> None:
    report = "{footer: {en: Office, zh: 办公室}, confidential: {en: Board only, zh: 仅供董事会}}"
    worn = face(tmp_path, report, language="zh")
    assert (worn.footer, worn.confidential) == ("办公室", "仅供董事会")
    with pytest.raises(InvalidParams, match="has no zh"):
        face(tmp_path, "{footer: {en: Office}}")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_is_worn_without_its_metadata(tmp_path: Path, kind: str) -> None:
    about = Image.Exif()
    about[315] = "Li Lei of the secret address"  # Artist
    logo = picture(kind, exif=about, comment=b"Li Lei") if kind == "JPEG" else picture(kind)
    worn = face(tmp_path, "{logo: logo}", logo)
    assert worn.kind == f"image/{kind.lower()}"
    assert b"Li Lei" not in worn.logo
    with Image.open(io.BytesIO(worn.logo)) as image:
        assert image.size == (40, 20)
    assert worn.source.startswith(f"data:image/{kind.lower()};base64,")


def test_an_svg_that_only_draws_is_worn_as_it_is(tmp_path: Path) -> None:
    logo = SVG.format('<path id="a" d="M0 0h9"/><use href="#a"/>').encode()
    assert face(tmp_path, "{logo: logo}", logo).logo == logo


@pytest.mark.parametrize(
    ("logo", "why"),
    [
        (b"not a picture", "is no picture"),
        (b"", "is no picture"),
        (picture("PNG")[:60], "is no picture"),
        (picture("GIF"), "is no picture"),
        (b"<html><body>logo</body></html>", "is no picture"),
        (SVG.format("<script>alert(1)</script>").encode(), "<script>"),
        (SVG.format('<path onload="alert(1)"/>').encode(), "script"),
        (SVG.format('<foreignObject width="9"/>').encode(), "<foreignObject>"),
        (SVG.format('<image href="http://x.test/a.png"/>').encode(), "<image>"),
        (SVG.format('<use href="http://x.test/a.svg#a"/>').encode(), "loads"),
        (SVG.format("<style>@import 'http://x.test/a.css';</style>").encode(), "loads"),
        (SVG.format('<rect style="fill:url(http://x.test)"/>').encode(), "loads"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;").encode(), "DOCTYPE"),
        (
            SVG.format('<x:script xmlns:x="http://www.w3.org/1999/xhtml">1</x:script>').encode(),
            "<script>",
        ),
        (b"\x89PNG" + bytes(LARGEST), "larger than"),
    ],
)
def test_what_is_no_picture_or_more_than_one_is_refused(
    tmp_path: Path, logo: bytes, why: str
) -> None:
    with pytest.raises(InvalidParams, match=r"own.yaml:3: report.logo: logo ") as told:
        face(tmp_path, "{logo: logo}", logo)
    assert why in str(told.value)


@pytest.mark.parametrize("side", [2_100, 9_600, 14_000])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_drawn(
    tmp_path: Path, side: int
) -> None:
    held = io.BytesIO()
    Image.new("1", (side, side)).save(held, format="PNG")
    with pytest.raises(InvalidParams, match="pixels"):
        face(tmp_path, "{logo: logo}", held.getvalue())


@pytest.mark.parametrize("name", ["../own.yaml", "/etc/passwd", "gone.png"])
def test_a_logo_lies_in_the_clients_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidParams, match=r"report\.logo"):
        face(tmp_path, f"{{logo: {name}}}")


def test_check_tells_of_a_bad_logo_beside_everything_else(tmp_path: Path) -> None:
    face(tmp_path, "{}")
    workspace = Workspace(tmp_path)
    file = tmp_path / "params" / "own.yaml"
    file.write_text(file.read_text("utf-8").replace("{}", "{logo: gone.png}"), encoding="utf-8")
    faults = examine(params.load("own", workspace), workspace).faults
    assert any(fault.key == "report.logo" and "gone.png" in fault.message for fault in faults)
