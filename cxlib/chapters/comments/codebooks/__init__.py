"""The starter codebooks: what customers of a trade speak of, as files to read and to add to."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from ruamel.yaml import YAML

from cxlib.analysis.comments import Codebook, codebook

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


@cache
def _starter(trade: str) -> dict[str, Any]:
    text = (files(__name__) / f"{trade}.yaml").read_text(encoding="utf-8")
    themes: dict[str, Any] = YAML(typ="safe").load(text)["themes"]
    return themes
