"""The questionnaire that a client file calls for: order, wording and scales, with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import pandas as pd

from cxlib.params import Client
from cxlib.params.fieldwork import levels_of
from cxlib.words import Said, Words
from cxlib.words import mark as _

SECONDS = {"rating": 7.5, "single": 10.0, "multiple": 15.0, "open": 30.0}
"""How long a question takes, by kind: the length that people are told."""

SATISFIED = {
    5: (
        _("very dissatisfied"),
        _("dissatisfied"),
        _("neither"),
        _("satisfied"),
        _("very satisfied"),
    ),
}  # fmt: skip
ENDS = {
    "nps": (_("not at all likely"), _("extremely likely")),
    "csat": (_("very dissatisfied"), _("very satisfied")),
    "easy": (_("strongly disagree"), _("strongly agree")),
    "effort": (_("very little effort"), _("very much effort")),
    "rate": (_("very poor"), _("excellent")),
}
NOT_USED = _("I did not use it")

INTRO = _(
    "Thank you for giving {name} about {minutes} minutes. We ask in order to improve what you"
    " experience. Your answers are confidential and are only reported together with those of "
    "others."
)
WHY_INTRO = _(
    "Who asks, why, how long it takes, what happens to the answers: said first, it raises "
    "participation."
)
NPS = _("How likely are you to recommend {name} to a friend or colleague?")
WHY_NPS = _(
    "First: a judgement of the whole is coloured by details that are asked before it. The "
    "standard wording and 0 to 10 keep it comparable."
)
REASON = _("What is the main reason for your answer?")
WHY_REASON = _(
    "Right after the score and in people’s own words, before a list suggests answers to them."
)
CSAT = _("Overall, how satisfied are you with {name}?")
WHY_CSAT = _(
    "As many good as bad answers, and the same scale as before: a changed scale breaks the series."
)
EASY = _("{name} made it easy for me to get what I wanted.")
WHY_EASY = _("A statement to agree with (CES 2.0): a high answer means easy.")
EFFORT = _("How much effort did it take you to get what you wanted from {name}?")
WHY_EFFORT = _("Effort itself is asked (CES 1.0): a low answer is good.")
RATE = _("How do you rate {label}?")
WHY_RATE = _("The same scale as before, its ends in words.")
WHY_TOUCHPOINT = _(
    "In the order of the journey, which helps to remember; one at a time, since in a grid "
    "people answer all alike. “I did not use it” keeps out who cannot judge."
)
ONE, SEVERAL = _("{label} (choose one)"), _("{label} (choose all that apply)")
WHY_QUESTION = _("After the scores, so that it does not colour them.")
WHO = _("About you: {label}")
WHY_WHO = _(
    "Last, and only if the customer list does not tell it: personal questions at the start "
    "put people off."
)
OUTRO = _("Thank you. What you told us goes to those who can change it.")

COLUMNS_SAID = (_("rating"), _("one choice"), _("several choices"), _("in own words"), _("text"))


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question, the columns of the client file that its answer fills, what may stand there.

    `options` are (cell, text) in the order shown; `kind` is "rating", "single", "multiple", "open"
    or "text" (nothing is answered).
    """

    key: str
    kind: str
    text: str
    reason: str
    columns: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    numbered: bool = False


def questionnaire(client: Client, words: Words) -> list[Item]:
    """Return a client's questions in the order in which they are asked, in the words' language."""
    survey = client.survey
    if survey is None:
        return []
    name = Said(client.display_name(words.language))
    by_kind: dict[str, list[Any]] = {}
    once: set[tuple[str, ...]] = set()
    for metric in client.metrics:
        column = survey.metrics[metric.key].column
        if column not in once:  # one question may serve two metrics
            by_kind.setdefault(metric.kind, []).append(metric)
        once.add(column)
    items: list[Item] = []
    for kind in ("nps", "csat", "ces", "mean"):
        for metric in by_kind.get(kind, ()):
            items.append(_metric(client, words, metric, name))
            if kind == "nps" and metric is by_kind["nps"][0] and survey.columns.comment:
                items.append(_reason(client, words))
    if survey.columns.comment and "nps" not in by_kind:
        items.append(_reason(client, words))
    for touchpoint in survey.touchpoints:
        low, high = touchpoint.scale
        codes = [*touchpoint.not_applicable, *survey.not_applicable]
        scale = _scale(words, low, high, "rate", touchpoint.direction)
        unused = [(str(not_used(codes)), words.say(NOT_USED))] if codes else []
        items.append(Item(
            key=touchpoint.key, kind="rating", columns=touchpoint.column[:1], numbered=True,
            text=words.say(RATE, label=touchpoint.key), reason=words.say(WHY_TOUCHPOINT),
            options=(*scale, *unused),
        ))  # fmt: skip
    items += _questions(client, words)
    for key, segment in survey.segments.items():
        levels = levels_of(client, key)
        items.append(Item(
            key=key, kind="single" if levels else "open", columns=segment.column[:1],
            text=words.say(WHO, label=key), reason=words.say(WHY_WHO),
            options=tuple((raw, words.label(f"{key}={raw}")) for raw in levels),
        ))  # fmt: skip
    minutes = max(1, ceil(sum(SECONDS[item.kind] for item in items) / 60))
    first = Item(key="", kind="text", text=words.say(INTRO, name=name, minutes=minutes),
                 reason=words.say(WHY_INTRO))  # fmt: skip
    last = Item(key="", kind="text", text=words.say(OUTRO), reason="")
    return [first, *items, last]


def not_used(codes: Any) -> object:
    """Return the code of "did not use it" that a person can read, else the first."""
    worded = [c for c in codes if isinstance(c, str) and any(x.isalpha() for x in c)]
    return (worded or list(codes))[0]


def _metric(client: Client, words: Words, metric: Any, name: Said) -> Item:
    low, high = metric.scale or (0, 10)
    item = client.survey.metrics[metric.key] if client.survey else metric
    easy = item.direction != "lower"
    text, why, ends = {
        "nps": (NPS, WHY_NPS, "nps"),
        "csat": (CSAT, WHY_CSAT, "csat"),
        "ces": (EASY, WHY_EASY, "easy") if easy else (EFFORT, WHY_EFFORT, "effort"),
    }.get(metric.kind, (RATE, WHY_RATE, "rate"))
    direction = "higher" if ends == "effort" or easy else "lower"
    return Item(
        key=metric.key, kind="rating", columns=item.column[:1], numbered=True,
        text=words.say(text, name=name, label=metric.key), reason=words.say(why),
        options=_scale(words, low, high, ends, direction),
    )  # fmt: skip


def _scale(
    words: Words, low: int, high: int, ends: str, direction: str
) -> tuple[tuple[str, str], ...]:
    """Return a scale's answers with the words that stand beside them, at its ends or each point."""
    said = SATISFIED.get(high - low + 1) if ends == "csat" else None
    worst, best = ENDS[ends]
    texts = list(said or (worst, *[""] * (high - low - 1), best))
    if direction == "lower":
        texts.reverse()
    points = zip(range(low, high + 1), texts, strict=True)
    return tuple((str(at), words.say(text) if text else "") for at, text in points)


def _reason(client: Client, words: Words) -> Item:
    column = client.survey.columns.comment if client.survey else None
    return Item(
        key="comment", kind="open", columns=(column,) if column else (), text=words.say(REASON),
        reason=words.say(WHY_REASON),
    )  # fmt: skip


def _questions(client: Client, words: Words) -> list[Item]:
    items = []
    for key, question in client.survey.questions.items() if client.survey else ():
        text = {"single": ONE, "multiple": SEVERAL}.get(question.kind)
        options = tuple((raw, words.label(f"{key}={raw}")) for raw in question.options)
        columns = (question.column or ())[:1]
        if question.columns is not None:
            columns = tuple(raw for raw, _label in options)
        items.append(Item(
            key=key, kind=question.kind if options or question.kind == "open" else "open",
            columns=columns, text=words.say(text, label=key) if text else words.label(key),
            reason=words.say(WHY_QUESTION), options=options,
        ))  # fmt: skip
    return items


def shown(items: list[Item], words: Words) -> pd.DataFrame:
    """Return the questionnaire as a table: number, text, answers, why."""
    rows, number, before = [], 0, ""
    for item in items:
        number += item.kind != "text"
        rows.append(
            {"number": number if item.kind != "text" else None, "wording": item.text}
            | {"may_answer": answers(item, words)}
            | {"why_so": "" if item.reason == before else item.reason}
        )
        before = item.reason
    return pd.DataFrame(rows).astype({"number": "Int64"}) if rows else pd.DataFrame()


def answers(item: Item, words: Words) -> str:
    """Return what may be answered, in a line."""
    if item.kind in ("open", "text"):
        return words.say("in own words") if item.kind == "open" else ""
    if not item.numbered:
        return " / ".join(text for _cell, text in item.options)
    points = [(cell, text) for cell, text in item.options if cell.lstrip("-").isdigit()]
    middle = [(c, t) for c, t in points[1:-1] if t]
    ends = [points[0], *middle, points[-1]]
    line = " … ".join((f"{c} {t}".strip() for c, t in (points[0], points[-1])))
    line = " · ".join(f"{c} {t}" for c, t in ends) if middle else line
    beside = [text for cell, text in item.options if (cell, text) not in points]
    return " · ".join([line, *beside])
