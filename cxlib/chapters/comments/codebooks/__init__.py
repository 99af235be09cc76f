"""The starter codebooks: what customers of a trade speak of, as files to read and to add to."""

from __future__ import annotations

from typing import Any, Literal

from cxlib.analysis.comments import Codebook, codebook
from cxlib.chapters import held

Trade = Literal["general", "hotel", "bank", "retail", "contact-centre", "public-service"]


def read(options: Any) -> Codebook:
    """Return the codebook of a client: the starter, the trade's, then what its file adds.

    Raises
    ------
    DataError
        If what the file adds is no codebook.
    """
    themes = dict(_starter("general"))
    if options.codebook != "general":
        themes |= _starter(options.codebook)
    themes |= options.themes
    words = {role: getattr(options, role) for role in ("positive", "negative", "neutral")}
    return codebook({"themes": {k: v for k, v in themes.items() if v is not None}, **words})


def _starter(trade: str) -> dict[str, Any]:
    themes: dict[str, Any] = held(__file__, f"{trade}.yaml")["themes"]
    return themes
