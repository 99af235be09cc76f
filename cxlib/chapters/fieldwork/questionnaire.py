"""The questionnaire that a client file calls for: order, wording and scales, with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import pandas as pd

from cxlib.chapters import held
from cxlib.params import Client
from cxlib.params.fieldwork import levels_of
from cxlib.words import Said, Words

TEXTS: dict[str, Any] = held(__file__, "texts.yaml")
"""The wording, as messages: ``questions`` by kind, ``heads`` of sheets, ``guides``."""
SECONDS = {"rating": 7.5, "single": 10.0, "multiple": 15.0, "open": 30.0}
"""How long a question takes, by kind: the length that people are told."""
Options = tuple[tuple[str, str], ...]


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
    options: Options = ()
    numbered: bool = False


def questionnaire(client: Client, words: Words) -> list[Item]:
    """Return a client's questions in the order in which they are asked, in the words' language."""
    survey = client.survey
    if survey is None:
        return []
    name = Said(client.display_name(words.language))

    def asked(like: str, key: str, kind: str, **of: Any) -> Item:
        told = TEXTS["questions"][like]
        text = words.say(told["says"], name=name, label=key) if "says" in told else words.label(key)
        return Item(key=key, kind=kind, text=text, reason=words.say(told["why"]), **of)

    by_kind: dict[str, list[Any]] = {}
    once: set[tuple[str, ...]] = set()
    for metric in client.metrics:
        column = survey.metrics[metric.key].column
        if column not in once:  # one question may serve two metrics
            by_kind.setdefault(metric.kind, []).append(metric)
        once.add(column)
    items: list[Item] = []
    comment = survey.columns.comment
    reason = asked("reason", "comment", "open", columns=(comment,)) if comment else None
    for metric in [m for kind in ("nps", "csat", "ces", "mean") for m in by_kind.get(kind, ())]:
        item = survey.metrics[metric.key]
        easy = item.direction != "lower"
        like = {"nps": "nps", "csat": "csat", "ces": "easy" if easy else "effort"}
        wording = like.get(metric.kind, "rate")
        direction = "higher" if wording == "effort" or easy else "lower"
        scale = _scale(words, metric.scale or (0, 10), wording, direction)
        of = {"columns": item.column[:1], "numbered": True, "options": scale}
        items.append(asked(wording, metric.key, "rating", **of))
        if reason is not None and metric is by_kind.get("nps", [None])[0]:
            items.append(reason)
    if reason is not None and "nps" not in by_kind:
        items.append(reason)
    for touchpoint in survey.touchpoints:
        codes = [*touchpoint.not_applicable, *survey.not_applicable]
        scale = _scale(words, touchpoint.scale, "rate", touchpoint.direction)
        unused = ((str(not_used(codes)), words.say(TEXTS["not_used"])),) if codes else ()
        of = {"columns": touchpoint.column[:1], "numbered": True, "options": (*scale, *unused)}
        items.append(asked("touchpoint", touchpoint.key, "rating", **of))
    for key, question in survey.questions.items():
        options = tuple((raw, words.label(f"{key}={raw}")) for raw in question.options)
        columns = (question.column or ())[:1]
        if question.columns is not None:
            columns = tuple(raw for raw, _label in options)
        kind = question.kind if options else "open"
        items.append(asked(question.kind, key, kind, columns=columns, options=options))
    for key, segment in survey.segments.items():
        options = tuple((raw, words.label(f"{key}={raw}")) for raw in levels_of(client, key))
        of = {"columns": segment.column[:1], "options": options}
        items.append(asked("segment", key, "single" if options else "open", **of))
    minutes = max(1, ceil(sum(SECONDS[item.kind] for item in items) / 60))
    intro, outro = TEXTS["questions"]["intro"], TEXTS["questions"]["outro"]
    text = words.say(intro["says"], name=name, minutes=minutes)
    first = Item(key="", kind="text", text=text, reason=words.say(intro["why"]))
    return [first, *items, Item(key="", kind="text", text=words.say(outro["says"]), reason="")]


def not_used(codes: Any) -> object:
    """Return the code of "did not use it" that a person can read, else the first."""
    worded = [c for c in codes if isinstance(c, str) and any(x.isalpha() for x in c)]
    return (worded or list(codes))[0]


def _scale(words: Words, ends: tuple[int, int], wording: str, direction: str) -> Options:
    """Return a scale's answers with the words that stand beside them, at its ends or each point."""
    told, (low, high) = TEXTS["questions"][wording], ends
    worst, best = told["ends"]
    said = told.get("points", ())
    texts = [*said] if len(said) == high - low + 1 else [worst, *[""] * (high - low - 1), best]
    points = zip(range(low, high + 1), texts[:: -1 if direction == "lower" else 1], strict=True)
    return tuple((str(at), words.say(text) if text else "") for at, text in points)


def shown(items: list[Item], words: Words) -> pd.DataFrame:
    """Return the questionnaire as a table: number, text, answers, why."""
    table = pd.DataFrame(
        {"number": item.kind != "text", "wording": item.text, "may_answer": answers(item, words),
         "why_so": item.reason} for item in items
    )  # fmt: skip
    if table.empty:
        return table
    repeated = table["why_so"] == table["why_so"].shift()
    number = table["number"].cumsum().where(table["number"]).astype("Int64")
    return table.assign(number=number, why_so=table["why_so"].mask(repeated, ""))


def answers(item: Item, words: Words) -> str:
    """Return what may be answered, in a line."""
    if item.kind in ("open", "text"):
        return words.say(TEXTS["in_words"]) if item.kind == "open" else ""
    if not item.numbered:
        return " / ".join(text for _cell, text in item.options)
    points = [(cell, text) for cell, text in item.options if cell.lstrip("-").isdigit()]
    middle = [(c, t) for c, t in points[1:-1] if t]
    ends = [points[0], *middle, points[-1]]
    line = " … ".join((f"{c} {t}".strip() for c, t in (points[0], points[-1])))
    line = " · ".join(f"{c} {t}" for c, t in ends) if middle else line
    beside = [text for cell, text in item.options if (cell, text) not in points]
    return " · ".join([line, *beside])
