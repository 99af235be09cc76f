"""Raw survey rows to the canonical survey table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.data import labels, values
from cxlib.data.answers import Maker, blanks, open_texts, questions, rated, segments
from cxlib.data.keys import canonical
from cxlib.data.ledger import NO_TIME, Ledger, Path, examples, places
from cxlib.data.pieces import Spool
from cxlib.data.readers import Raw
from cxlib.errors import Count, DataError, nearest
from cxlib.params.base import CANONICAL
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client

OWN = "own"
"""The client itself in the column ``brand``."""
ALL = "all"
"""The one period of a client that has none."""
FAR_WEIGHT = 100
"""A weight so many times the median is no weight: a decimal comma lost, or a count."""
MARKS = {"Status": ("Survey Preview", "Survey Test", "Spam", 1, 2, 8, 9), "Finished": ("False", 0)}
"""What Qualtrics writes of tests and unfinished answers, by its columns."""
AGE = pd.Timedelta(days=3653)
"""Dates so long before all others, of up to so large a share of the rows, are slips or zeros."""
MANY = 0.2
UNNAMED = "\x1frow "
"""Begins the id of a respondent who has none, so that it meets no real one."""


def given(rows: pd.DataFrame, key: str) -> set[str]:
    """Return the answers, as text, that were given to a question of one choice or of several."""
    several = {str(c).removeprefix(f"{key}=") for c in rows if str(c).startswith(f"{key}=")}
    return several or (set(rows[key].dropna().astype(str)) if key in rows else set())


def unheard(own: pd.DataFrame, client: Client, ledger: Ledger) -> None:
    """Refuse nets of the table book that name an answer which nobody ever gave."""
    for key, nets in client.tablebook.nets.items():
        item = client.survey.questions.get(key) if client.survey else None
        known = given(own, key) if item is not None else set()
        for name, net in nets.items():
            for choice in map(str, net.choices) if known else ():
                if choice not in known:
                    ledger.error(
                        ("tablebook", "nets", key, name),
                        f"nobody ever gave the answer {choice!r}{nearest(choice, known)}",
                        choice,
                    )


def own_of(survey: pd.DataFrame) -> pd.DataFrame:
    """Return the responses of the client's own customers, without a copy where all are."""
    own = survey["brand"] == OWN
    return survey if own.all() else survey[own]


def make_survey(raw: Raw, client: Client, ledger: Ledger, folder: FilePath) -> Survey:
    """Return the canonical survey table, its ids not yet pseudonyms.

    It has the columns of `cxlib.data.schema.survey_columns`, one row a response, in the order of
    the files. The ledger takes every fault, every row dropped and every value set aside; if it has
    failed, the table may lack columns. What stands aside of many rows stays there, in `folder`.
    """
    survey = client.survey
    if survey is None:
        raise DataError(f"{client.client} has no `survey:` section.")
    raw = ledger.chosen(raw, survey, ("survey",))
    _previews(raw, ledger, survey.where)
    maker = Maker(raw=raw, survey=survey, client=client, ledger=ledger)
    made = Survey() if raw.aside is None else _free(maker, folder)
    columns = {
        "respondent_id": _ids(maker),
        "date": _dates(maker),
        "weight": _weights(maker),
        "brand": _brands(maker),
        "comment": _comments(maker),
    }
    columns["period"] = _periods(maker, columns["date"])
    columns = {name: columns[name] for name in CANONICAL}
    columns |= rated(maker)
    columns |= segments(maker)
    columns |= questions(maker)
    made.kept = _kept(maker, columns)
    made.frame = pd.DataFrame(columns, copy=False)
    return made


@dataclass(kw_only=True)
class Survey:
    """A canonical survey table: its `frame`, and of many rows the texts that stand `aside`.

    The frame has then the hash of each respondent's id (an odd one for a respondent without any),
    and in place of texts whether there is one; the rows `kept` are those of the pieces aside.
    """

    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    kept: Any = None
    aside: Spool | None = None

    def parts(self) -> Iterator[pd.DataFrame]:
        """Yield the whole table, a piece at a time."""
        if self.aside is None:
            yield self.frame
        end = done = 0
        for texts in self.aside or ():
            start, end = end, end + len(texts)
            mine = texts[self.kept[start:end]].reset_index(drop=True)
            rows = self.frame.iloc[done : done + len(mine)].reset_index(drop=True)
            done += len(mine)
            yield rows.assign(**{str(name): mine[name] for name in mine})


def _free(maker: Maker, folder: FilePath) -> Survey:
    """Read ids and free texts piece by piece, so that the maker knows of each what it needs."""
    aside, row, columns = Spool(folder), 0, maker.survey.columns
    found: dict[str, list[Any]] = {"respondent_id": [], "damaged": []}
    for raw in maker.raw.pieces():
        here = replace(maker, raw=raw)
        texts = {"comment": _comments(here), **open_texts(here)}
        ids = maker.ledger.column(raw, columns.id, ("survey", "columns", "id"))
        rows = row + np.arange(len(raw.frame))
        own = pd.Series([f"{'' if ids is None else UNNAMED}{i + 1}" for i in rows], dtype="str")
        named = own if ids is None else canonical(ids)
        blank, named = named.isna().to_numpy(), named.where(named.notna(), own)
        aside.add(pd.DataFrame({"respondent_id": named, **texts}))
        marks = pd.util.hash_array(named.to_numpy(dtype=object)) >> np.uint64(1) << np.uint64(1)
        found["respondent_id"].append(marks | blank.astype(np.uint64))
        found["damaged"].append(named.set_axis(rows)[_damaged(named).to_numpy()])
        for name, cells in texts.items():
            there = np.where(cells.notna(), 0, -1).astype(np.int8)
            found.setdefault(name, []).append(there)
        row += len(named)
    maker.free["respondent_id"] = pd.Series(np.concatenate(found.pop("respondent_id")))
    maker.free["damaged"] = pd.concat(found.pop("damaged"))
    for name, parts in found.items():
        maker.free[name] = pd.Series(
            pd.Categorical.from_codes(np.concatenate(parts), pd.Index([""]))
        )
    return Survey(aside=aside)


def unnamed(ids: pd.Series) -> pd.Series:
    """Tell which respondents have no id."""
    text = isinstance(ids.dtype, pd.StringDtype)
    return ids.str.startswith(UNNAMED) if text else ids % 2 == 1


def _previews(raw: Raw, ledger: Ledger, where: Mapping[str, object]) -> None:
    """Warn of tests and unfinished answers that a platform marks and no ``where:`` takes out."""
    if "Qualtrics" not in raw.platforms:
        return
    wanted = {"Status": "[IP Address]", "Finished": '["True"]'}
    for name, codes in MARKS.items():
        if name in where or name not in raw.frame:
            continue
        found = values.is_code(raw.texts(name), codes)
        if found.any():
            shown = examples(raw, raw.texts(name), found)
            ledger.warn(
                ("survey", "source"),
                f"{(n := Count(found.sum()))} {n:row counts|rows count} whose {name} is {shown}: "
                f"tests, or unfinished? `where: {{{name}: {wanted[name]}}}` leaves them out.",
            )


def _ids(maker: Maker) -> pd.Series:
    """Return canonical ids; a row without one is a respondent of its own."""
    if "respondent_id" in maker.free:
        ids, damaged = maker.free["respondent_id"], maker.free["damaged"]
        blank = unnamed(ids)
    elif (own := maker.column("id")) is not None:
        ids = canonical(own)
        blank, damaged = ids.isna(), ids[_damaged(ids)]
    else:
        return pd.Series(np.arange(1, len(maker.raw.frame) + 1).astype(str), dtype="str")
    if blank.any():
        maker.ledger.warn(
            ("survey", "columns", "id"),
            f"{(n := Count(blank.sum()))} {n:row has|rows have} no respondent id, the first "
            f"{_first(maker, blank)}; each counts as a respondent of its own"
            + ("; it is the last row: a total?" if blank.sum() == 1 and blank.iloc[-1] else "."),
        )
    if len(damaged):
        texts = damaged.reindex(ids.index)
        maker.ledger.warn(
            ("survey", "columns", "id"),
            f"{(n := Count(len(damaged)))} {n:id was|ids were} damaged by a spreadsheet: "
            f"{examples(maker.raw, texts, texts.notna())}; export them as text.",
        )
    if blank.any() and "respondent_id" not in maker.free:
        ids[blank] = [f"{UNNAMED}{i + 1}" for i in np.flatnonzero(blank)]
    return ids


def _damaged(ids: pd.Series) -> pd.Series:
    known = ids.fillna("")
    if "+" not in "".join(known):
        return pd.Series(False, index=ids.index)
    return known.str.fullmatch(r"\d(?:\.\d+)?[eE]\+\d+").astype(bool)


def _dates(maker: Maker) -> pd.Series:
    read = maker.ledger.moments(
        maker.raw,
        maker.survey.columns.date,
        maker.survey,
        ("survey", "columns", "date"),
        maker.client.calendar.timezone,
    )
    if read is None:
        return pd.Series(NO_TIME, index=maker.raw.frame.index)
    return read


def _periods(maker: Maker, when: pd.Series) -> pd.Series:
    return periods_in(maker.raw, maker.survey, ("survey",), maker.client, maker.ledger, when)


def periods_in(
    raw: Raw, section: Any, at: Path, client: Client, ledger: Ledger, when: pd.Series
) -> pd.Series:
    """Return each row's period: as its column or file name tells it, else by its date."""
    path: Path = (*at, "columns", "period")
    texts = ledger.column(raw, section.columns.period, path)
    if texts is None and raw.period is not None:
        texts, path = raw.period, (*at, "source", "period_from")
    kind = client.period
    if texts is not None:
        named = values.texts_or_missing(texts, missing=section.missing)
        found = labels.labels(named.fillna(""), kind)
        stray = found.isna() & named.notna()
        if stray.any():
            ledger.error(
                path,
                f"{(n := Count(stray.sum()))} {n:row names|rows name} no {kind}: "
                f"{examples(raw, texts, stray)}; write such as 2026Q3, 2026-09 or 2026, no longer "
                "than the client's `period:` (weeks are dates, half years are `period: wave`).",
            )
        return found
    if section.columns.date is not None and kind != "wave":
        return periods.label_dates(when, kind)
    return pd.Series(ALL, index=raw.frame.index, dtype="str")


def _weights(maker: Maker) -> pd.Series:
    texts = maker.column("weight")
    if texts is None:
        return pd.Series(1.0, index=maker.raw.frame.index)
    path = ("survey", "columns", "weight")
    weights = maker.ledger.numbers(maker.raw, texts, maker.survey, path, lowest=0)
    if weights.max() > FAR_WEIGHT * weights[weights > 0].median():
        far = weights > FAR_WEIGHT * weights[weights > 0].median()
        maker.ledger.warn(
            path,
            f"{(n := Count(far.sum()))} {n:weight is|weights are} over {FAR_WEIGHT} times the "
            f"usual: {examples(maker.raw, texts, far)}; is `decimal:` right?",
            texts.name,
        )
    return weights


def _brands(maker: Maker) -> pd.Series:
    texts = maker.column("brand")
    if texts is None:
        return pd.Series(OWN, index=maker.raw.frame.index, dtype="str")
    brands = values.texts_or_missing(texts, missing=maker.survey.missing)
    own = brands.map(values.plain, na_action="ignore") == values.plain(maker.survey.own_brand or "")
    if not own.any():
        near = nearest(maker.survey.own_brand or "", brands.dropna().unique())
        maker.ledger.error(
            ("survey", "own_brand"),
            f"{maker.survey.own_brand!r} is not in column {texts.name!r}{near}",
            maker.survey.own_brand,
        )
    _near_brands(maker, brands[~own])
    return brands.mask(own, OWN)


def _near_brands(maker: Maker, others: pd.Series) -> None:
    """Say where another brand could be taken for the client itself, or may be it."""
    named = maker.survey.own_brand or ""
    plain = others.map(lambda text: values.plain(text).casefold(), na_action="ignore")
    if (others == OWN).any():
        maker.ledger.error(
            ("survey", "columns", "brand"),
            f"{(n := Count((others == OWN).sum()))} {n:row names|rows name} the brand {OWN!r}, "
            f"which is what the kit calls {named!r}; write that brand's name another way.",
            OWN,
        )
    same = plain == values.plain(named).casefold()
    if same.any():
        maker.ledger.warn(
            ("survey", "own_brand"),
            f"{(n := Count(same.sum()))} {n:row names|rows name} {others[same].iloc[0]!r}, which "
            f"counts as a competitor; write {named!r} if it is the client itself.",
            named,
        )


def _comments(maker: Maker) -> pd.Series:
    if "comment" in maker.free:
        return maker.free["comment"]
    texts = maker.column("comment")
    if texts is None:
        return pd.Series(np.nan, index=maker.raw.frame.index, dtype="str")
    codes = (*maker.survey.missing, *blanks(maker))
    said = values.texts_or_missing(texts, missing=codes)
    return maker.ledger.hidden(said)


def _kept(maker: Maker, columns: dict[str, pd.Series]) -> Any:
    """Leave out rows that no analysis can place, each counted by its reason; return which are kept.

    A weight of 0 says that the row should not count, so it has none. One column is cut at a time.
    """
    keep = pd.Series(True, index=columns["date"].index)
    for reason, mistyped in _far_off(maker, columns["date"]).items():
        maker.ledger.drop(reason, int(mistyped.sum()))
        keep &= ~mistyped
    reasons = {"period": _("no date or period"), "brand": _("no brand"), "weight": _("no weight")}
    for column, reason in reasons.items():
        cells = columns[column]
        gone = (~(cells > 0) if column == "weight" else cells.isna()) & keep
        maker.ledger.drop(reason, int(gone.sum()))
        keep &= ~gone
    repeated = _repeated(maker, columns, keep)
    maker.ledger.drop(_("repeats a respondent within a period"), int(repeated.sum()))
    kept = (keep & ~repeated).to_numpy(dtype=bool)
    for name in () if kept.all() else list(columns):
        columns[name] = columns[name][kept].reset_index(drop=True)
    return kept


def _far_off(maker: Maker, dates: pd.Series) -> dict[str, pd.Series]:
    """Return, by reason, the rows whose date lies far from all others: slips of the hand."""
    known, far = dates.dropna(), dict[str, pd.Series]()
    days = pd.Series(sorted(known.unique()))
    gaps = days.diff() > pd.Timedelta(days=366)
    if not gaps.any():
        return far
    few = max(2, 0.01 * len(known))
    texts = dates.dt.strftime("%Y-%m-%d").fillna("")

    def say(told: str, rows: pd.Series) -> None:
        named = f"{told.format(n=Count(rows.sum()))}: {examples(maker.raw, texts, rows)}; "
        maker.ledger.warn(("survey", "columns", "date"), named + way_out)

    since = days[gaps].iloc[0]
    ages = days[days.diff() > AGE]
    old: pd.Series = (dates < (ages.iloc[0] if len(ages) else days.iloc[0])).fillna(False)
    if 0 < old.sum() <= max(few, MANY * len(known)):
        way_out = f"the first other date is {dates[~old].min():%Y-%m-%d}."
        say("left out: {n} {n:row has|rows have} a date from another age", old)
        far[_("date far in the past")] = old
    elif 0 < (dates < since).sum() <= few and len(known) > 20:
        way_out = "correct it, or write it under `missing:`."
        say("{n} {n:row has|rows have} a date over a year before all others", dates < since)
    first = days[gaps].iloc[-1]
    beyond: pd.Series = (dates >= first).fillna(False)
    if beyond.sum() <= few and first > pd.Timestamp.now() + pd.Timedelta(days=366):
        way_out = f"the last other date is {days[days < first].iloc[-1]:%Y-%m-%d}."
        say("left out: {n} {n:row has|rows have} a date far in the future", beyond)
        far[_("date far in the future")] = beyond
    return far


def _repeated(maker: Maker, columns: Mapping[str, pd.Series], keep: pd.Series) -> pd.Series:
    """Return the rows to leave out since their respondent has another in the period."""
    who = pd.DataFrame({name: columns[name] for name in ("respondent_id", "period", "brand")})[keep]
    rule = maker.survey.duplicates
    if rule != "error":
        return who.duplicated(keep=rule).reindex(keep.index, fill_value=False)
    repeated = who.duplicated(keep="first")
    if n := Count(repeated.sum()):
        positions = who.index.to_numpy()
        second = int(repeated.to_numpy().argmax())
        same = (who == who.iloc[second]).all(axis=1).to_numpy()
        pair = places(maker.raw, [int(positions[same.argmax()]), int(positions[second])])
        way_out = "set `duplicates: last` (or first) to keep one row each."
        told = f"{n} {n:row repeats|rows repeat} a respondent id within a period"
        maker.ledger.error(("survey", "duplicates"), f"{told}, the first two {pair}; {way_out}")
    return pd.Series(False, index=keep.index)


def _first(maker: Maker, mask: pd.Series) -> str:
    return maker.raw.at(int(np.flatnonzero(mask)[0]))
