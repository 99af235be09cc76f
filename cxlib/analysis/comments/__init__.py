"""What customers say in their own words: themes, praise and complaint, what sets groups apart."""

from __future__ import annotations

from cxlib.analysis.comments.codebook import Codebook, Theme, codebook
from cxlib.analysis.comments.learned import Keyness, Sentiment, Topics, keyness, sentiment, topics
from cxlib.analysis.comments.themes import Themes, agreement_with, themes

__all__ = ["Codebook", "Keyness", "Sentiment", "Theme", "Themes", "Topics", "agreement_with",
           "codebook", "keyness", "sentiment", "themes", "topics"]  # fmt: skip
