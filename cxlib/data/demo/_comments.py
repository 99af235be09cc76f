"""What demo customers write: a small grammar, its sentiment taken from their own ratings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from ruamel.yaml import YAML

from cxlib.data.demo._survey import Floats, Model, Touchpoint

LOW, HIGH = 3, 4
"""A rating of at most `LOW` is something to complain about, of at least `HIGH` to praise."""


class Phrases(SimpleNamespace):
    """The sentences of one client in one language, with ``{slots}`` and without full stops.

    By touchpoint what is praised and blamed; whole sentences of promoters (`glad`), detractors
    (`sad`) and passives (`plain`); joints of two minds (`but`: ``"{0}, but {1}"``) and of one
    (`also`); closing sentences (`thanks`, `demand`); `contact` with an address (never a real one),
    for privacy to find.
    """

    stop: str
    gap: str


def planted(client: str) -> tuple[Model, dict[str, Phrases]]:
    """Return a demo client's planted model, and its customers' phrases by language."""
    text = Path(__file__).with_name(f"{client}.yaml").read_text(encoding="utf-8")
    read = YAML(typ="safe").load(text)
    points = tuple(Touchpoint(**point) for point in read["model"].pop("touchpoints"))
    words = {language: Phrases(**said) for language, said in read["phrases"].items()}
    return Model(touchpoints=points, **read["model"]), words


def comments(
    rng: np.random.Generator,
    answers: Mapping[str, Floats],
    phrases: Sequence[Phrases],
    *,
    share: float,
    contact_share: float = 0.012,
) -> list[str]:
    """Write a comment for `share` of the passives, more of the others; empty for the silent.

    `phrases` are each customer's own, shape (n,).
    """
    nps = answers["nps"]
    eager = np.where(nps <= 6, 1.7, np.where(nps >= 9, 1.1, 1.0))
    writes = rng.random(len(nps)) < share * eager
    keys = list(phrases[0].praise)
    ratings = np.column_stack([answers[key] for key in keys])
    out = []
    for i in range(len(nps)):
        if not writes[i]:
            out.append("")
            continue
        own = {
            key: r for key, r in zip(keys, ratings[i].tolist(), strict=True) if not math.isnan(r)
        }
        text = _body(rng, phrases[i], own, nps[i]) + _close(rng, phrases[i], nps[i])
        if rng.random() < contact_share:
            text += phrases[i].gap + _fill(rng, phrases[i], _one(rng, phrases[i].contact))
        out.append(_capital(text))
    return out


def _body(rng: np.random.Generator, words: Phrases, own: dict[str, float], nps: float) -> str:
    bad = _pick(rng, {k: r for k, r in own.items() if r <= LOW}, lowest=True)
    good = _pick(rng, {k: r for k, r in own.items() if r >= HIGH}, lowest=False)
    blames = [_fill(rng, words, _one(rng, words.blame[k])) for k in bad]
    praises = [_fill(rng, words, _one(rng, words.praise[k])) for k in good]
    general = words.glad if nps >= 9 else words.sad if nps <= 6 else words.plain
    first, second = (blames, praises) if nps <= 6 else (praises, blames)
    luck = rng.random()
    if not first or luck < 0.12:
        return _fill(rng, words, _one(rng, general)) + words.stop
    if second and luck > (0.6 if 7 <= nps <= 8 else 0.85):
        return _one(rng, words.but).format(praises[0], blames[0]) + words.stop
    if len(first) > 1 and luck > 0.55:
        return _one(rng, words.also).format(first[0], first[1]) + words.stop
    if luck < 0.3:
        opening = _fill(rng, words, _one(rng, general)) + words.stop
        return words.gap.join((opening, _capital(first[0]) + words.stop))
    return first[0] + words.stop


def _close(rng: np.random.Generator, words: Phrases, nps: float) -> str:
    if rng.random() > 0.3 or 7 <= nps <= 8:
        return ""
    return words.gap + _one(rng, words.thanks if nps >= 9 else words.demand) + words.stop


def _pick(rng: np.random.Generator, own: dict[str, float], *, lowest: bool) -> list[str]:
    order = rng.permutation(len(own)).tolist()
    keys = list(own)
    return sorted((keys[i] for i in order), key=lambda key: own[key] if lowest else -own[key])[:2]


def _one(rng: np.random.Generator, texts: Sequence[str]) -> str:
    return texts[int(rng.integers(len(texts)))]


def _fill(rng: np.random.Generator, words: Phrases, text: str) -> str:
    for name, choices in words.slots.items():
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", _one(rng, choices))
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
