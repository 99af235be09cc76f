"""The data room: in which encoding a text file is written, tried strictly and never guessed."""

from __future__ import annotations

import codecs
from pathlib import Path

from cxlib.errors import DataError, nearest

ENCODINGS = ("utf-8-sig", "gb18030")
"""Tried in this order, strictly: right on every file met, where detectors were not."""

_CONTROL = frozenset(range(32)) - {9, 10, 11, 12, 13, 27}
_END_OF_FILE = b"\x1a"
"""What DOS programs write behind the last row."""
_KNOWN = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "gb18030",
    "gbk",
    "big5",
    "latin-1",
    "cp1252",
    "shift_jis",
)


def decode(content: bytes, *, file: str, encoding: str | None = None) -> str:
    """Return the text of a file.

    Parameters
    ----------
    content : bytes
        The whole file.
    file : str
        What a message calls the file.
    encoding : str, optional
        The encoding that the client file declares; without it, UTF-8 and then GB18030.

    Returns
    -------
    str
        The text, without a byte-order mark.

    Raises
    ------
    DataError
        If the file is empty, is no text, ends in the middle of a character, or is in none of the
        encodings; with the line where the first wrong byte stands.
    """
    if not content.strip():
        raise DataError(f"{file} is empty.")
    if encoding is not None:
        return _declared(content, file, encoding)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(
            f"{file} is not in a known encoding: it begins like UTF-16; "
            "declare `encoding: utf-16` under `source:`, or save it as UTF-8."
        )
    content = content.removesuffix(_END_OF_FILE)
    _check_control(content, file)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf8 = error
    if _cut_short(content, utf8):
        raise DataError(
            f"{file} is truncated: line {_line(content, utf8.start)}, its last, ends in the middle "
            "of a character."
        )
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("gb18030")
    except UnicodeDecodeError:
        line = _line(content, utf8.start)
        raise DataError(
            f"{file} is not in a known encoding: line {line} is neither UTF-8 nor GB18030; "
            "declare `encoding:` under `source:`, or save the file as UTF-8."
        ) from None


def _check_control(content: bytes, file: str) -> None:
    at = content.find(b"\x00")
    if at < 0:
        at = next((i for i, byte in enumerate(content[:4096]) if byte in _CONTROL), -1)
    if at < 0:
        return
    if b"\n" not in content[:at]:
        raise DataError(f"{file} is not text, whatever its name says.")
    raise DataError(
        f"{file} is damaged or not text: line {_line(content, at)} holds the byte "
        f"0x{content[at]:02x}; save it anew, as text."
    )


def _declared(content: bytes, file: str, encoding: str) -> str:
    try:
        text = content.decode(codecs.lookup(encoding).name)
    except LookupError:
        raise DataError(
            f"{file}: there is no encoding {encoding!r}{nearest(encoding, _KNOWN)}"
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{file} is not in {encoding}, which its client file declares: line "
            f"{_line(content, error.start)} cannot be read so."
        ) from None
    return text.removeprefix("\ufeff")


def _cut_short(content: bytes, error: UnicodeDecodeError) -> bool:
    """Whether all of a UTF-8 file is right but an unfinished last character."""
    unfinished = error.reason == "unexpected end of data"
    return unfinished and any(byte >= 0x80 for byte in content[: error.start])


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def read_text(path: Path, *, file: str, encoding: str | None = None) -> str:
    """Return the text of the file at `path`; see `decode`."""
    return decode(path.read_bytes(), file=file, encoding=encoding)
