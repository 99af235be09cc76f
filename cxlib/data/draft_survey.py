"""The survey section of a drafted client file."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace

import pandas as pd

from cxlib.data import values
from cxlib.data.guess import (
    OWN,
    Column,
    Scale,
    blocks_of,
    harmonised,
    is_text,
    numbers,
    scale_of,
    separator_of,
)
from cxlib.data.guess_dates import date_like, is_day, starts_of
from cxlib.data.sections import (
    Keys,
    Lines,
    Table,
    dated,
    quoted,
    shown_range,
    write_formats,
    write_source,
    write_unfinished,
    write_unused,
)
from cxlib.data.vocabulary import (
    BEST_IS_ONE,
    BRAND,
    DATE_NAMES,
    DEMOGRAPHIC,
    EASE,
    EFFORT,
    GROUPS,
    HARD,
    IDS,
    META,
    NUMBERED,
    OVERALL,
    PERSONAL,
    RATED,
    RECOMMEND,
    SATISFIED,
    WAVE,
    WEIGHT,
)


def _title(column: Column) -> str:
    """Return the words of a column that make a key: of a coded name, the end of its wording."""
    return column.wording.rpartition(" - ")[2] or column.name.rpartition(" / ")[2]


def _label(key: str, column: Column, said: str = "") -> str:
    said = said or column.wording or column.name.rpartition(" / ")[2]
    text = NUMBERED.sub("", said, count=1).strip() or said
    alike = re.sub(r"\W|_", "", text.casefold()) == key.replace("_", "")
    return "" if alike else f", label: {quoted(text[:60])}"


def survey(lines: Lines, table: Table, files: str) -> None:  # noqa: PLR0912 - a kind each
    """Write the survey section."""
    lines.add(0, "survey:")
    write_source(lines, table, files)
    write_unfinished(lines, table)
    _survey_columns(lines, table)
    keys = Keys()
    questions = Lines()
    for stem, block in blocks_of(table.rest()).items():
        _block(questions, stem, block, keys)
        table.used |= {column.name for column in block}
    rated: list[tuple[Column, Scale]] = []
    others: list[Column] = []
    for column in table.rest():
        scale = scale_of(column)
        words = RECOMMEND, SATISFIED, EFFORT, EASE, RATED
        asked = any(word.search(column.said) for word in words)
        if scale and (
            asked or scale.answers or (scale.high > 4 and not DEMOGRAPHIC.search(column.name))
        ):
            rated.append((column, scale))
        else:
            others.append(column)
    _rated(lines, harmonised(rated), keys)
    segments, left = Lines(), []
    opened = False
    for column in others:
        if {values.plain(t).casefold() for t in column.texts.unique()} <= GROUPS:
            left.append(column.name)
        elif is_text(column):
            if not opened:
                lines.lines[table.comment_at : table.comment_at] = [
                    f"    comment: {quoted(column.name)}  # {column.distinct} different texts"
                ]
                opened = True
            else:
                key = keys.of(_title(column), "text")
                questions.add(2, f"{key}: {{column: {quoted(column.name)}, kind: open}}")
        elif mark := separator_of(column):
            key = keys.of(_title(column), "question")
            flow = f"column: {quoted(column.name)}, kind: multiple, separator: {json.dumps(mark)}"
            questions.add(
                2,
                f"{key}: {{{flow}{_label(key, column)}}}",
                f"several choices in one cell, parted by {mark!r}",
            )
        elif 2 <= column.distinct <= 20 and len(column.texts) > 2 * column.distinct:
            key = keys.of(_title(column), "segment")
            head = column.texts.value_counts().head(5)
            told = ", ".join(f"{text!r} {n}" for text, n in head.items())
            coded = numbers(column.texts).notna().all()
            asks = (
                [
                    f"the groups of {column.name!r} are codes; write what they mean under "
                    '`values: {"1": …}`'
                ]
                if coded
                else []
            )
            flow = f"{{column: {quoted(column.name)}{_label(key, column)}}}"
            segments.add(2, f"{key}: {flow}", f"{column.distinct} values: {told}", asks)
        else:
            left.append(column.name)
    for name, part in (("questions", questions), ("segments", segments)):
        if part.lines:
            lines.add(1, f"{name}:")
            lines.lines += part.lines
    left += sorted(table.used & table.dropped)
    write_unused(lines, left)


def _survey_columns(lines: Lines, table: Table) -> None:  # noqa: PLR0912 - a column each
    part, duplicates, missing = Lines(), 0, 0
    for column in table.columns:
        if column.called(PERSONAL):
            table.used.add(column.name)
            table.dropped.add(column.name)
    by_cells: list[re.Pattern[str] | str] = [re.escape(c.name) for c in table.rest() if is_day(c)]
    for pattern in (*DATE_NAMES, *by_cells):
        if found := dated(table, pattern):
            table.days = found[1].days
            said = f"date: {quoted(found[0].name)}"
            which = f"is {found[0].name!r} the day of the answer?" if pattern in by_cells else ""
            part.add(2, said, shown_range(found[1]), [*found[1].asks, *filter(None, [which])])
            break
    for pattern in IDS:
        if ids := table.take(pattern, lambda c: c.distinct > 0.5 * len(c.texts) > 5):
            duplicates = len(ids.texts) - ids.distinct
            missing = ids.rows - len(ids.texts)
            part.add(
                2,
                f"id: {quoted(ids.name)}",
                f"{ids.distinct} different in {ids.rows} rows",
                [f"{missing} rows have no id: whose are they?"] if missing else (),
            )
            break
    if weight := table.take(WEIGHT, lambda c: (numbers(c.texts) > 0).all()):
        part.add(2, f"weight: {quoted(weight.name)}", f"mean {numbers(weight.texts).mean():.3g}")
    wave = table.take(WAVE, lambda c: 1 < c.distinct <= 60)
    for pattern in DATE_NAMES if table.days is None else ():
        wave = wave or table.take(pattern, starts_of)
    if wave is not None:
        named = starts_of(wave) if table.days is None else None
        listed = ", ".join(map(repr, wave.texts.unique()[:4]))
        if table.days is None:
            part.add(2, f"period: {quoted(wave.name)}", f"waves: {listed}")
            table.days, table.labelled = named or (None, "")
        else:
            part.add(
                2,
                f"# period: {quoted(wave.name)}",
                listed,
                ["does this column tell the period, or the date (as here)?"],
            )
    for column in table.rest() if table.days is None else ():
        if any(column.called(pattern) for pattern in DATE_NAMES) and date_like(column):
            table.used.add(column.name)
            table.dropped.add(column.name)
            asked = f"{column.name!r} is named like a date and not read as one: how is"
            part.add(
                2,
                f"# date: {quoted(column.name)}",
                asks=[f"{asked} {column.texts.iloc[0]!r} written? Declare `date_format:`"],
            )
    brand = table.take(BRAND, lambda c: 1 < c.distinct <= 40)
    if brand is not None:
        first = str(brand.texts.value_counts().index[0])
        part.add(2, f"brand: {quoted(brand.name)}", f"{brand.distinct} values")
    for column in table.columns:
        if column.name not in table.used and column.called(META):
            table.used.add(column.name)
            table.dropped.add(column.name)
    lines.add(1, "columns:")
    table.comment_at = len(lines.lines)
    if all(line.lstrip().startswith("#") for line in part.lines):
        part.add(2, "id: null", "no column of ids")
    lines.lines += part.lines
    if brand is not None:
        lines.add(
            1,
            f"own_brand: {quoted(first)}",
            asks=["which brand is the client itself? Here, the most frequent"],
        )
    if duplicates:
        lines.add(
            1,
            "duplicates: last",
            asks=[
                f"{duplicates} ids come again: the same people in another wave (then "
                "`repeat_respondents: true`), or corrected answers? Within a period the last one "
                "counts here"
            ],
        )
    write_formats(lines, table)


def _rated(  # noqa: PLR0912 - a clause each
    lines: Lines, rated: list[tuple[Column, Scale]], keys: Keys
) -> None:
    """Write metrics and touchpoints, and ask where one runs against the others."""
    metrics, touchpoints = Lines(), Lines()
    overall = [
        c.name for c, _s in rated if SATISFIED.search(c.said) and not RECOMMEND.search(c.said)
    ]
    named = [c.name for c, _s in rated if c.name in overall and OVERALL.search(c.said)]
    bare = [
        name for name in overall if re.fullmatch(r"csat|satisfaction|满意度?", name, re.IGNORECASE)
    ]
    csat = (named or bare or (overall if len(overall) == 1 else []))[:1]
    against = _against(rated)
    rated = _common(lines, rated)
    for column, scale in rated:
        asks = [_asked_code(code, f"{n}×") for code, n in scale.codes.items()]
        asks += [*scale.asks, *against.get(column.name, [])]
        lower = _lower(column)
        kind = _metric(column, scale, csat)
        if kind == "mean" and RECOMMEND.search(column.said):
            asks.append(
                "NPS is defined on 0-10; was this asked on another scale? So it is a mean here"
            )
        if kind == "csat" and scale.high > 7:
            asks.append(f"satisfied: the best two of [{scale.low}, {scale.high}]; or `kind: mean`?")
        if kind == "ces" and (lower or not EASE.search(column.said)):
            asks.append(f"does a high answer mean {'hard work' if lower else 'little effort'}?")
        flow = f"column: {quoted(column.name)}, scale: [{scale.low}, {scale.high}]"
        if kind == "ces" or lower:
            flow += f", direction: {'lower' if lower else 'higher'}"
        if scale.answers:
            flow += (
                ", values: {"
                + ", ".join(f"{quoted(t)}: {v}" for t, v in scale.answers.items())
                + "}"
            )
        for name, codes in (
            ("missing", (*scale.codes, *scale.missing)),
            ("not_applicable", scale.not_applicable),
        ):
            if codes:
                listed = ", ".join(str(c) if isinstance(c, int) else quoted(str(c)) for c in codes)
                flow += f", {name}: [{listed}]"
        if kind:
            first = kind != "mean" and f"\n    {kind}:" not in "\n" + "\n".join(metrics.lines)
            key = kind if first else keys.of(_title(column), "rating")
            if not first and kind != "mean":
                asks.append(f"a further question of {kind}: which one is the client's?")
            flow += "" if first else f", kind: {kind}"
            flow += f", top: {1 if scale.high == 3 else 2}" if kind == "csat" else ""
            metrics.add(2, f"{key}: {{{flow}{_label(key, column)}}}", scale.why, asks)
        else:
            key = keys.of(_title(column), "item")
            flow += ", top: 2" if scale.ends == (1, 5) else ""
            label = _label(key, column)
            touchpoints.add(2, f"- {{key: {key}, {flow}{label}}}", scale.why, asks)
    if rated and not metrics.lines:
        asks = [
            "no question is worded as recommending, overall satisfaction or effort; if one below "
            "is, move it here as nps, csat or ces"
        ]
        lines.add(1, "# metrics: {nps: {column: …, scale: [0, 10]}}", asks=asks)
    elif metrics.lines:
        lines.add(1, "metrics:")
        lines.lines += metrics.lines
    if touchpoints.lines:
        lines.add(1, "touchpoints:", "rated alike; put them in journey order")
        lines.lines += touchpoints.lines


def _asked_code(code: int, often: str) -> str:
    return (
        f"what does {code} mean ({often})? It counts as no answer here; if it means 'did not use "
        "it', it belongs under not_applicable"
    )


def _common(lines: Lines, rated: list[tuple[Column, Scale]]) -> list[tuple[Column, Scale]]:
    """Write codes that several questions share once, for the whole survey."""
    far = Counter(code for _c, scale in rated for code in scale.codes)
    shared = {code for code, n in far.items() if n > 1}
    asks = []
    for code in sorted(shared):
        n = sum(scale.codes.get(code, 0) for _c, scale in rated)
        asks.append(_asked_code(code, f"{n}× in {far[code]} questions"))
    words: dict[str, list[str]] = {}
    for name in ("missing", "not_applicable"):
        found = Counter(c for _c, s in rated for c in getattr(s, name) if isinstance(c, str))
        words[name] = [word for word, n in found.items() if n > 1]
    words["not_applicable"] = [w for w in words["not_applicable"] if w not in words["missing"]]
    for name, codes in words.items():
        listed = [str(code) for code in sorted(shared)] if name == "missing" else []
        if listed or codes:
            flow = ", ".join([*listed, *map(quoted, codes)])
            lines.add(1, f"{name}: [{flow}]", asks=asks if name == "missing" else ())
    return [
        (
            column,
            replace(
                scale,
                codes={code: n for code, n in scale.codes.items() if code not in shared},
                missing=tuple(c for c in scale.missing if c not in words["missing"]),
                not_applicable=tuple(
                    c for c in scale.not_applicable if c not in words["not_applicable"]
                ),
            ),
        )
        for column, scale in rated
    ]


def _metric(column: Column, scale: Scale, csat: list[str]) -> str:
    """Return what kind of metric a rated question is, empty for a touchpoint."""
    if RECOMMEND.search(column.said):
        return "nps" if scale.ends == (0, 10) else "mean"
    if column.name in csat:
        return "csat"
    ease = EASE.search(column.said) and scale.high == 7
    return "ces" if EFFORT.search(column.said) or ease else ""


def _lower(column: Column) -> bool:
    hard = EFFORT.search(column.said) and HARD.search(column.said)
    return bool(hard or BEST_IS_ONE.search(column.said))


def _against(rated: list[tuple[Column, Scale]]) -> dict[str, list[str]]:
    """Return a question for each item whose answers run against those of all the others."""
    if len(rated) < 3:
        return {}
    answers = pd.DataFrame(
        {
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
    )
    alike = answers.corr(min_periods=30)
    return {
        str(name): ["its answers run against the other items: is `direction:` right?"]
        for name in alike
        if alike[name].drop(name).median() < -0.25
    }


def _block(lines: Lines, stem: str, block: list[Column], keys: Keys) -> None:
    key = keys.of(stem, "choices")
    names = ", ".join(quoted(column.name) for column in block)
    cells = {values.plain(t).casefold() for column in block for t in column.texts.unique()}
    flow = f"columns: [{names}], kind: multiple"
    asks = ["to which question do these choices belong?"] if stem == OWN else []
    if {"1", "2"} == cells:
        flow += ", chosen: [1]"
        asks = ["the cells are 1 and 2: does 1 mean chosen? So it is read"]
    n = sum(len(column.texts) for column in block)
    lines.add(
        2,
        f"{key}: {{{flow}{_label(key, block[0], stem)}}}",
        f"{len(block)} columns of one question, {n} cells filled",
        asks,
    )
