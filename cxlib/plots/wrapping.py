"""Text in lines: Chinese breaks anywhere, Latin between words."""

from __future__ import annotations

import re
from collections.abc import Iterator

SIGNS = frozenset("·“”‘’…—")
"""What a Chinese font draws one em wide, beside Chinese, and a Latin font narrower."""


def wrap(text: str, *, width: float) -> str:
    """Break `text` into lines of at most `width` em: Chinese one em each, Latin half."""
    lines, line, used = [], "", 0.0
    for word in _words(text):
        size = em(word)
        if used + size > width and line:
            lines.append(line.rstrip())
            line, used = "", 0.0
            word = word.lstrip()  # noqa: PLW2901 - a space does not begin a line
            size = em(word)
        line, used = line + word, used + size
    return "\n".join([*lines, line.rstrip()]) if line.strip() else "\n".join(lines)


def em(text: str, latin: float = 0.52) -> float:
    """Return the width of a text in em: Chinese one each, Latin about half."""
    wide = [ord(c) > 0x2E7F for c in text]
    signs = SIGNS if any(wide) else ""
    return sum(1.0 if a or c in signs else latin for a, c in zip(wide, text, strict=True))


_PIECE = re.compile(r"第?\d+(?:年|季度|月|日)|[\s\S]")
"""A character, or a part of a date, which stays on one line: 第4季度."""


def _words(text: str) -> Iterator[str]:
    """Yield what must stay together: Latin words with their space, single Chinese characters."""
    closing = "，。；：！？、）》」％%"
    word = ""
    for c in _PIECE.findall(text):
        wide = ord(c[-1]) > 0x2E7F
        if word and (c == " " or wide) and c not in closing:
            yield word
            word = ""
        word += c
    if word:
        yield word


def one_line(text: str) -> str:
    """Return a wrapped text as one line: Chinese runs on without a space."""
    joined, *lines = text.split("\n")
    for line in lines:
        wide = ord(joined[-1]) > 0x2E7F or ord(line[0]) > 0x2E7F
        joined += line if wide else " " + line
    return joined
