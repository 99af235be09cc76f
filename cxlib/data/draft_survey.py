"""The survey section of a drafted client file."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import pandas as pd

from cxlib.data import values
from cxlib.data.draft_columns import guessed, once_a_period
from cxlib.data.guess import (
    HAN,
    OWN,
    WORDS,
    Column,
    ask,
    blocks_of,
    found,
    is_text,
    pattern,
    separator_of,
)
from cxlib.data.scales import ASSESSED, Scale, harmonised, scale_of
from cxlib.data.sections import (
    Keys,
    Lines,
    Table,
    flow,
    mapping,
    quoted,
    write_formats,
    write_scale,
    write_source,
    write_unused,
)

SHORT = 6
"""Characters of an answer on average, above which an open question's few answers are no groups."""


def survey(lines: Lines, table: Table, files: str) -> None:
    """Write the survey section."""
    lines.add(0, "survey:")
    write_source(lines, table, files)
    _unfinished(lines, table)
    table.drop("personal")
    columns = guessed(table)["columns"]
    table.drop("meta")
    keys, questions, segments, unused = Keys(), Lines(), Lines(), list[str]()
    for stem, block in blocks_of(table.rest()).items():
        _block(questions, stem, block, keys)
        table.used |= {column.name for column in block}
    rated = {c.name: (c, s) for c in table.rest() if (s := scale_of(c)) and _is_rated(c, s)}
    others = [column for column in table.rest() if column.name not in rated]
    comment = next((c for c in others if is_text(c)), None)
    lines.add(1, "columns:")
    if comment:
        told = f"{comment.distinct} different texts"
        lines.add(2, f"comment: {quoted(comment.name)}", told)
    if all(line.lstrip().startswith("#") for line in columns.lines):
        columns.add(2, "id: null", "no column of ids")
    lines.put(columns)
    if brand := table.found.get("brand"):
        first = str(brand.texts.value_counts().index[0])
        lines.add(1, f"own_brand: {quoted(first)}", asks=[ask("own_brand")])
    if (ids := table.found.get("id")) and ids.again:
        panel = once_a_period(ids, table)
        said = "repeat_respondents: true" if panel else "duplicates: last"
        lines.add(1, said, asks=[ask("panel" if panel else "duplicates", n=ids.again)])
    write_formats(lines, table)
    _rated(lines, harmonised(list(rated.values())), keys)
    for column in others:
        if column is not comment and not _question(column, questions, segments, keys):
            unused.append(column.name)
    lines.put(questions, "questions:")
    lines.put(segments, "segments:")
    free = [c for c in others if c.name in unused and c.is_number and c.again and c.distinct > 20]
    if rated and not ids and (again := [c for c in free if c.distinct >= 0.5 * c.numbers.max()]):
        listed = ", ".join(f"{c.name!r} ({c.distinct} different)" for c in again)
        lines.ask(1, ask("ids_again", listed=listed))
    write_unused(lines, unused + sorted(table.dropped))


def _unfinished(lines: Lines, table: Table) -> None:
    """Offer to leave out answers that were not finished, or were tried out."""
    kept = {}
    for column in table.columns:
        unfinished = WORDS["unfinished"].get(column.name.casefold(), ())
        odd = column.texts.str.casefold().isin(unfinished)
        if odd.any() and not odd.all():
            kept[column.name] = flow([column.texts[~odd].value_counts().index[0]])
    if kept:
        why = "would leave out unfinished answers and tests"
        lines.add(1, f"# where: {mapping(kept)}", why)


def _title(column: Column) -> str:
    """Return the words of a column that make a key: of a coded name, the end of its wording."""
    return column.wording.rpartition(" - ")[2] or column.name.rpartition(" / ")[2]


def _label(key: str, column: Column, said: str = "") -> dict[str, str]:
    """Return a question's words as its label, unless the key says the same."""
    said = said or column.wording or column.name.rpartition(" / ")[2]
    text = pattern("numbered").sub("", said, count=1).strip() or said
    alike = re.sub(r"\W|_", "", text.casefold()) == key.replace("_", "")
    return {} if alike else {"label": quoted(text[:60])}


def _block(lines: Lines, stem: str, block: list[Column], keys: Keys) -> None:
    """Write the columns of one multiple-response question."""
    key = keys.of(stem, "choices")
    names = ", ".join(quoted(column.name) for column in block)
    told = {"columns": f"[{names}]", "kind": "multiple"}
    asks = [ask("whose_choices")] if stem == OWN else []
    if set().union(*(column.plain for column in block)) == {"1", "2"}:
        told["chosen"], asks = "[1]", [ask("one_or_two")]
    why = f"{len(block)} columns of one question, {sum(len(c.texts) for c in block)} cells filled"
    lines.add(2, f"{key}: {mapping(told | _label(key, block[0], stem))}", why, asks)


def _question(column: Column, questions: Lines, segments: Lines, keys: Keys) -> bool:
    """Write a question that is not rated, or a segment; tell whether the column is one."""
    told = {"column": quoted(column.name)}
    if column.plain <= {*WORDS["groups"]}:
        return False
    size = float(column.texts.str.len().mean()) * (2 if HAN.search(column.texts.iloc[0]) else 1)
    if is_text(column) or (column.says("comment") and column.distinct > 3 and size > SHORT):
        key = keys.of(_title(column), "text")
        questions.add(2, f"{key}: {mapping(told | {'kind': 'open'})}")
    elif mark := separator_of(column):
        key = keys.of(_title(column), "question")
        told |= {"kind": "multiple", "separator": json.dumps(mark)} | _label(key, column)
        why = f"several choices in one cell, parted by {mark!r}"
        questions.add(2, f"{key}: {mapping(told)}", why)
    elif column.few and not column.personal and not column.called("identity"):
        key = keys.of(_title(column), "segment")
        head = column.texts.value_counts().head(5)
        listed = ", ".join(f"{text!r} {n}" for text, n in head.items())
        asks = [ask("groups", name=column.name)] if column.is_number else []
        why = f"{column.distinct} values: {listed}"
        segments.add(2, f"{key}: {mapping(told | _label(key, column))}", why, asks)
    else:
        return False
    return True


def _is_rated(column: Column, scale: Scale) -> bool:
    """Tell whether a column on a scale is an assessment: by its words, or by its answers."""
    asked = column.says(*ASSESSED)
    other = scale.high > 4 and not found("demographic", column.name)
    return asked or bool(scale.answers) or other


def _rated(lines: Lines, rated: list[tuple[Column, Scale]], keys: Keys) -> None:
    """Write metrics and touchpoints, and ask where one runs against the others."""
    metrics, touchpoints = Lines(), Lines()
    csat, against = _overall([column for column, _s in rated]), _against(rated)
    for column, scale in _common(lines, rated):
        lower, kind = _lower(column), _metric(column, scale, csat)
        asks = [ask("code", code=code, often=f"{n}×") for code, n in scale.codes.items()]
        asks += [*scale.asks, *([ask("against")] if column.name in against else [])]
        if kind == "mean":
            asks.append(ask("not_nps" if column.says("recommend") else "slider_mean"))
        if kind == "csat" and scale.high > 7:
            asks.append(ask("best_two", low=scale.low, high=scale.high))
        if kind == "ces" and (lower or not column.says("ease")):
            asks.append(ask("effort", what="hard work" if lower else "little effort"))
        told = {"column": quoted(column.name), "scale": f"[{scale.low}, {scale.high}]"}
        if kind == "ces" or lower:
            told["direction"] = "lower" if lower else "higher"
        told |= write_scale(scale)
        if not kind:
            key = keys.of(_title(column), "item")
            told |= {"top": "2"} if scale.ends == (1, 5) else {}
            told = {"key": key, **told, **_label(key, column)}
            touchpoints.add(2, f"- {mapping(told)}", scale.why, asks)
            continue
        first = kind != "mean" and f"{kind}:" not in metrics
        key = kind if first else keys.of(_title(column), "rating")
        if not first and kind != "mean":
            asks.append(ask("further", kind=kind))
        told |= {} if first else {"kind": kind}
        told |= {"top": "1" if scale.high == 3 else "2"} if kind == "csat" else {}
        told |= {} if first else _label(key, column)  # the first keeps the KPI's own name
        asked = f"“{column.wording[:60]}”; " if first and column.wording else ""
        metrics.add(2, f"{key}: {mapping(told)}", asked + scale.why, asks)
    if not rated:
        lines.ask(1, ask("no_ratings"))
    elif not metrics.lines:
        example = "# metrics: {nps: {column: …, scale: [0, 10]}}"
        lines.add(1, example, asks=[ask("no_metric")])
    lines.put(metrics, "metrics:")
    lines.put(touchpoints, "touchpoints:", "rated alike; put them in journey order")


def _common(lines: Lines, rated: list[tuple[Column, Scale]]) -> list[tuple[Column, Scale]]:
    """Write codes that several questions share once, for the whole survey."""
    tally = Counter(code for _c, scale in rated for code in scale.codes)
    far = sorted(code for code, n in tally.items() if n > 1)
    shared: dict[str, list[str]] = {}
    for name in ("missing", "not_applicable"):
        words = Counter(c for _c, s in rated for c in getattr(s, name) if isinstance(c, str))
        known = shared.get("missing", [])
        shared[name] = [word for word, n in words.items() if n > 1 and word not in known]
    asks = []
    for code in far:
        n = sum(scale.codes.get(code, 0) for _c, scale in rated)
        asks.append(ask("code", code=code, often=f"{n}× in {tally[code]} questions"))
    if far or shared["missing"]:
        lines.add(1, f"missing: {flow([*far, *shared['missing']])}", asks=asks)
    if shared["not_applicable"]:
        lines.add(1, f"not_applicable: {flow(shared['not_applicable'])}")

    def without(scale: Scale, name: str) -> tuple[values.Code, ...]:
        return tuple(code for code in getattr(scale, name) if code not in shared[name])

    return [
        (
            column,
            replace(
                scale,
                codes={code: n for code, n in scale.codes.items() if code not in far},
                missing=without(scale, "missing"),
                not_applicable=without(scale, "not_applicable"),
            ),
        )
        for column, scale in rated
    ]


def _overall(rated: list[Column]) -> str:
    """Return the one question of how satisfied people are with the whole, empty if none is."""
    asked = [c for c in rated if c.says("satisfied") and not c.says("recommend")]
    named = [c.name for c in asked if c.says("overall")]
    bare = [c.name for c in asked if pattern("csat|satisfaction|满意度?").fullmatch(c.name)]
    alone = [asked[0].name] if len(asked) == 1 else []
    return next(iter((*named, *bare, *alone)), "")


def _metric(column: Column, scale: Scale, csat: str) -> str:
    """Return what kind of metric a rated question is, empty for a touchpoint."""
    if column.says("recommend"):
        return "nps" if scale.ends == (0, 10) else "mean"
    if scale.high > 10:
        return "mean" if column.name == csat or column.says("effort") else ""
    if column.name == csat:
        return "csat"
    return "ces" if column.says("effort") or (column.says("ease") and scale.high == 7) else ""


def _lower(column: Column) -> bool:
    return column.says("best_is_one") or (column.says("effort") and column.says("hard"))


def _against(rated: list[tuple[Column, Scale]]) -> set[str]:
    """Return the items whose answers run against those of all the others."""
    if len(rated) < 3:
        return set()
    answers = {
        c.name: values.answers(
            c.texts,
            scale=s.ends,
            values=s.answers,
            missing=(*s.codes, *s.missing),
            not_applicable=s.not_applicable,
        ).ratings
        * (-1 if _lower(c) else 1)
        for c, s in rated
    }
    alike = pd.DataFrame(answers).corr(min_periods=30)
    return {str(name) for name in alike if alike[name].drop(name).median() < -0.25}
