"""A codebook: the words that stand for a theme, for praise and for complaint, and how to find them.

Nothing is learnt here: every hit is a stretch of the comment's own words, and every word stands in
a list that a consultant can read and change: the kit's own in ``lexicon.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from cxlib.analysis.metrics import one_of
from cxlib.errors import DataError
from cxlib.workspace import kit_yaml

ROLES = ("positive", "negative", "neutral", "negation", "strong", "weak")
LANGUAGES = ("en", "zh")
WIDE = {i: i - 0xFEE0 for i in range(0xFF01, 0xFF5F)} | {0x2019: "'", 0x3000: " ", 0x00A0: " "}
BREAK = re.compile(r"[,.;:!?\n，。；：！？、…()（）]+")
REACH = {"en": 4, "zh": 5}
"""Words (English) or characters (Chinese) that may stand between a negation and what it turns."""
THEME = ("label", "terms", "parent")


def _entries(block: str) -> list[str]:
    return [entry.replace("_", " ") for entry in dict.fromkeys(block.split())]


_LEXICON = kit_yaml(Path(__file__).with_name("lexicon.yaml"))
NOTHING = frozenset(_entries(_LEXICON["nothing"]))
"""Answers that say "nothing": to a question that asks for complaints they are praise."""
COMMON = frozenset(_entries(_LEXICON["common"]))
"""Words that say nothing by themselves."""
_SIMPLER = str.maketrans(*("".join(_LEXICON[key].split()) for key in ("traditional", "simplified")))


class Hit(NamedTuple):
    """Words found in a comment: where, and which entries they are."""

    start: int
    end: int
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Theme:
    """One theme: its label in each language, its words, and the theme it belongs to."""

    key: str
    label: Mapping[str, str]
    terms: tuple[str, ...]
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class Codebook:
    """Themes with their words, and the words of praise, complaint, negation and degree.

    Attributes
    ----------
    themes : mapping of str to Theme
        In the codebook's order.
    words : mapping of str to tuple of str
        By role (see `codebook`; "neutral" is a phrase that hides a word): the kit's own lists, then
        those of the codebook.
    """

    themes: Mapping[str, Theme]
    words: Mapping[str, tuple[str, ...]] = field(repr=False)

    @cached_property
    def themes_in(self) -> Callable[[str], Iterator[Hit]]:
        """What yields the themes' words in a folded text."""
        return finder({key: theme.terms for key, theme in self.themes.items()})

    @cached_property
    def words_in(self) -> Callable[[str], Iterator[Hit]]:
        """What yields words of praise, complaint, negation, degree and contrast in such a text."""
        contrast = [word for language in LANGUAGES for word in kit_words(language, "contrast")]
        return finder({**self.words, "contrast": contrast})

    def chain(self, key: str) -> list[str]:
        """Return a theme's key and those of the themes above it; refuse a chain without an end."""
        chain = [key]
        while (parent := self.themes[chain[-1]].parent) is not None:
            message = f"codebook: theme {key!r} has the parent {parent!r}, which is no theme"
            one_of(parent, self.themes, message)
            if parent in chain:
                raise DataError(f"codebook: theme {key!r} stands below itself.")
            chain.append(parent)
        return chain


def codebook(given: Mapping[str, Any] | Codebook | None = None) -> Codebook:
    """Read a codebook from the mapping that its YAML holds; without one, just the kit's own words.

    ``themes``: key → ``{label: {en, zh}, terms: […], parent: key}`` or just the list of terms;
    and, added to the kit's own words, ``positive, negative, neutral, negation, strong, weak``:
    lists. ``*`` at the end of an English word stands for any ending. Refused: an unknown section or
    parent, parents in a circle, a theme without terms, an empty term, a word that is both praise
    and complaint.
    """
    if isinstance(given, Codebook):
        return given
    told = dict(given or {})
    for name in told:
        one_of(name, (*ROLES, "themes"), f"codebook: {name!r} is no section")
    themes = {str(key): _theme(str(key), each) for key, each in (told.get("themes") or {}).items()}
    own = {role: _terms(f"codebook: {role}", told.get(role) or ()) for role in ROLES}
    if both := sorted({*own["positive"]} & {*own["negative"]}):
        raise DataError(f"codebook: {both[0]!r} is both positive and negative; leave one.")
    opposite = {"positive": own["negative"], "negative": own["positive"]}
    words = {}
    for role in ROLES:  # what the codebook says of a word replaces what the kit says
        kit = [word for language in LANGUAGES for word in kit_words(language, role)]
        every = dict.fromkeys([*own[role], *kit])
        words[role] = tuple(word for word in every if word not in opposite.get(role, ()))
    book = Codebook(themes=themes, words=words)
    for key in themes:
        book.chain(key)
    return book


def kit_words(language: str, role: str) -> list[str]:
    """Return the kit's own words of a role, as a text is searched for them."""
    return [fold(entry) for entry in _entries(_LEXICON[language][role])]


def fold(text: str) -> str:
    """Return a text as it is searched: lower case, half-width, simplified, of the same length."""
    text = text.translate(WIDE).translate(_SIMPLER)
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return low


def clauses(text: str) -> list[tuple[int, int]]:
    """Return where each clause of a folded text begins and ends."""
    edges = [0, *(edge for found in BREAK.finditer(text) for edge in found.span()), len(text)]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(start, stop) for start, stop in pairs if start < stop]


def finder(lists: Mapping[str, Iterable[str]]) -> Callable[[str], Iterator[Hit]]:
    """Return what yields the entries of several lists in a text's order, the longest first."""
    whole: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    trie: dict[str, Any] = {}
    for name, terms in lists.items():
        for term in terms:
            table = stems if term.endswith("*") else whole
            key = term.removesuffix("*")
            table[key] = (*table.get(key, ()), name)
            node = trie
            for atom in _atoms(term):
                node = node.setdefault(atom, {})
            node[""] = {}
    pattern = re.compile(_pattern(trie)) if trie else None

    def find(text: str) -> Iterator[Hit]:
        for found in pattern.finditer(text) if pattern else ():
            words = re.sub(r"\s+", " ", found[0])
            names = whole.get(words)
            if names is None:
                stem = next(words[:n] for n in range(len(words), 0, -1) if words[:n] in stems)
                names = stems[stem]
            yield Hit(found.start(), found.end(), names)

    return find


def _theme(key: str, entry: Any) -> Theme:
    told = dict(entry) if isinstance(entry, Mapping) else {"terms": entry}
    for name in told:
        one_of(name, THEME, f"codebook: theme {key!r} has {name!r}")
    label, parent = told.get("label") or key, told.get("parent")
    terms = tuple(_terms(f"codebook: theme {key!r}", told.get("terms") or ()))
    if not terms:
        raise DataError(f"codebook: theme {key!r} has no terms.")
    labels = label if isinstance(label, Mapping) else dict.fromkeys(LANGUAGES, label)
    above = None if parent is None else str(parent)
    return Theme(key=key, label={k: str(v) for k, v in labels.items()}, terms=terms, parent=above)


def _terms(where: str, given: Any) -> list[str]:
    if isinstance(given, Mapping):  # by language: {en: […], zh: […]}
        given = [term for terms in given.values() for term in terms]
    if isinstance(given, str):
        given = [given]
    terms = [" ".join(fold(str(term)).split()) for term in given]
    if any(not term.strip("* ") for term in terms):
        raise DataError(f"{where} has an empty term.")
    inner = next((term for term in terms if "*" in term[:-1]), None)
    if inner is not None:
        raise DataError(f"{where}: {inner!r} has a * within; only the end of a word may vary.")
    return list(dict.fromkeys(terms))


def _atoms(term: str) -> list[str]:
    """Return a term as a row of patterns: Latin words stand alone, Chinese ones anywhere."""
    atoms = [r"\s+" if c == " " else re.escape(c) for c in term.removesuffix("*")]
    latin = re.compile(r"[a-z0-9]")
    if latin.match(term[0]):
        atoms.insert(0, r"(?<![a-z0-9])")
    if term.endswith("*"):
        atoms.append(r"[a-z'-]*")
    elif latin.match(term[-1]):
        atoms.append(r"(?![a-z0-9])")
    return atoms


def _pattern(node: Mapping[str, Any]) -> str:
    """Return the pattern of a trie: longer entries before shorter ones, a wild ending last."""
    branches = [
        atom + _pattern(child)
        for atom, child in sorted(node.items(), key=lambda pair: (len(pair[0]) > 3, pair[0]))
        if atom
    ]
    if not branches:
        return ""
    inner = branches[0] if len(branches) == 1 and "" not in node else f"(?:{'|'.join(branches)})"
    return f"{inner}?" if "" in node else inner
