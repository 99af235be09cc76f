"""Chapter 03: what customers say in their own words, and what it is worth listening to."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from cxlib.chapters import Findings
from cxlib.chapters.comments.codebooks import Trade, read
from cxlib.errors import DataError
from cxlib.params.base import Closed

findings = Findings(__file__)


class Options(Closed):
    """Settings of the comments chapter.

    Parameters
    ----------
    codebook : str
        The starter: ``general``, or a trade's, read on top of it.
    themes : mapping
        The client's own: key → ``{label: {en, zh}, terms: […], parent: key}`` or a list of terms; a
        theme of the starter with the same key is replaced, one set to null is left out.
    positive, negative, neutral : list of str
        Words of praise and complaint, and phrases that hide one, added to the kit's own.
    asked : {"open", "complaints", "praise"}
        What the question asked for: "nothing" to one that asks for complaints is praise.
    topics : int
        How many topics are sought in what the codebook leaves over.
    """

    codebook: Trade = "general"
    themes: dict[str, Any] = Field(default_factory=dict)
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    asked: Literal["open", "complaints", "praise"] = "open"
    topics: int = Field(default=6, ge=2, le=20)

    @model_validator(mode="after")
    def _readable(self) -> Options:
        try:
            read(self)
        except DataError as error:
            raise ValueError(str(error)) from None
        return self
