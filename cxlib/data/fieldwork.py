"""The field of a survey: every interview that was begun, finished or not, as a canonical table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cxlib.data import values
from cxlib.data.answers import Maker, questions, rated, segments
from cxlib.data.keys import canonical
from cxlib.data.ledger import NO_TIME, Ledger, examples
from cxlib.data.readers import Raw
from cxlib.data.schema import FIELDWORK
from cxlib.errors import Count
from cxlib.params.base import Moment
from cxlib.params.survey import Survey
from cxlib.words import mark as _

if TYPE_CHECKING:
    from cxlib.params import Client


def section_of(client: Client) -> Survey | None:
    """Return how the log of interviews is read: as the survey is, but with the rows it leaves out.

    None where nothing tells when an interview began.
    """
    field, survey = client.fieldwork, client.survey
    if field is None or survey is None:
        return None
    if field.columns.started is None and survey.columns.date is None:
        return None
    source = field.source or survey.source
    columns = survey.columns.model_copy(
        update={"date": field.columns.started or survey.columns.date, "comment": None}
    )
    return survey.model_copy(update={"source": source, "columns": columns, "where": {}})


def has_begun(client: Client, folder: Path) -> bool:
    """Tell whether the log of interviews is there; its own file comes only once the field began."""
    own = client.fieldwork.source if client.fieldwork else None
    if own is None or own.files is None or not folder.is_dir():
        return True
    literal = folder / own.files
    return literal.exists() or next(folder.glob(own.files), None) is not None


def nobody() -> pd.DataFrame:
    """Return the log of a field that has not begun."""
    return pd.DataFrame({c.name: pd.Series(dtype=c.dtype) for c in FIELDWORK})


def make_fieldwork(raw: Raw, client: Client, section: Survey, ledger: Ledger) -> pd.DataFrame:
    """Return the log of interviews, one row a respondent and day of the client's own brand."""
    field, survey = client.fieldwork, client.survey
    raw = ledger.chosen(raw, section, ("fieldwork",))
    if field is None or survey is None:
        return pd.DataFrame()
    path = ("fieldwork", "columns")
    zone = client.calendar.timezone

    def moments(name: str, column: str | Moment | None) -> pd.Series:
        told = ledger.moments(raw, column, section, (*path, name), zone)
        return pd.Series(NO_TIME, index=raw.frame.index) if told is None else told

    began = moments("started", section.columns.date)
    ended = moments("ended", field.columns.ended)
    known = section.columns.id if section.columns.id and raw.find(section.columns.id) else None
    ids = canonical(raw.frame[raw.find(known)]) if known else None
    frame = pd.DataFrame(
        {
            "respondent_id": pd.Series(np.nan, raw.frame.index, dtype="str")
            if ids is None
            else ids,
            "date": began,
            "finished": _finished(raw, client, ended, ledger),
            "seconds": _seconds(raw, client, began, ended, ledger),
        }
    )
    asked = _asked(raw, client, section)
    aside = Ledger(names=ledger.names)  # what is wrong with answers, the survey's own intake says
    maker = Maker(raw=raw, survey=asked.survey or survey, client=asked, ledger=aside)
    frame = pd.concat(
        [frame, pd.DataFrame(rated(maker) | segments(maker) | questions(maker))], axis=1
    )
    if field.source is not None:
        for issue in aside.issues:
            if issue.severity == "error" and len(raw.frame):
                ledger.warn(("fieldwork", "source"), issue.message, issue.value)
    return _kept(raw, frame, client, ledger)


def _finished(raw: Raw, client: Client, ended: pd.Series, ledger: Ledger) -> pd.Series:
    """Return whether each interview was finished: as a column says, else if it has an end."""
    field = client.fieldwork
    name = field.columns.finished if field else None
    path = ("fieldwork", "columns", "finished")
    if field is None or name is None:
        known = field is not None and field.columns.ended is not None
        return (ended.notna() if known else pd.Series(True, raw.frame.index)).astype("boolean")
    texts = ledger.column(raw, name, path)
    if texts is None:
        return pd.Series(True, raw.frame.index, dtype="boolean")
    if field.finished:
        done = values.is_code(texts, field.finished)
        if len(texts) and not done.any():
            shown = ", ".join(map(repr, texts.value_counts().index[:3]))
            ledger.warn(
                ("fieldwork", "finished"),
                f"no interview was finished: column {name!r} holds {shown}.",
            )
        return done.astype("boolean")
    told, stray = values.flags(texts)
    if stray.any():
        ledger.error(
            path,
            f"column {name!r} says neither yes nor no in {(n := Count(stray.sum()))} {n:row|rows}: "
            f"{examples(raw, texts, stray)}; write which cells mean finished: `finished: […]`.",
            name,
        )
    return told.fillna(False).astype("boolean")


def _seconds(
    raw: Raw, client: Client, began: pd.Series, ended: pd.Series, ledger: Ledger
) -> pd.Series:
    """Return how long each interview took; an end before the start is no duration."""
    field = client.fieldwork
    name = field.columns.seconds if field else None
    if name is not None:
        texts = ledger.column(raw, name, ("fieldwork", "columns", "seconds"))
        if texts is None:
            return pd.Series(np.nan, raw.frame.index)
        took = values.by_value(texts, lambda text: values.seconds(text, "seconds"), "float64")
        return took.where(took >= 0)
    took = (ended - began).dt.total_seconds().astype("float64")
    back = (took < 0).fillna(False)
    if back.any():
        shown = examples(raw, ended.dt.strftime("%Y-%m-%d %H:%M").fillna(""), back)
        ledger.warn(
            ("fieldwork", "columns", "ended"),
            f"{(n := Count(back.sum()))} {n:interview ends|interviews end} before "
            f"{n:it starts|they start}: {shown}; no duration is known.",
        )
    return took.where(took >= 0)


def _asked(raw: Raw, client: Client, section: Survey) -> Client:
    """Return the client with the questions that the log has."""

    def there(column: object) -> bool:
        return any(raw.find(name) or raw.matching(name) for name in column or ())  # type: ignore[attr-defined]

    def kept(items: object) -> dict[str, object]:
        return {
            key: item
            for key, item in items.items()  # type: ignore[attr-defined]
            if there(item.column) or there(getattr(item, "columns", None))
        }

    asked = section.model_copy(
        update={name: kept(getattr(section, name)) for name in ("metrics", "segments", "questions")}
        | {"touchpoints": tuple(t for t in section.touchpoints if there(t.column))}
    )
    return client.model_copy(update={"survey": asked})


def _kept(raw: Raw, frame: pd.DataFrame, client: Client, ledger: Ledger) -> pd.DataFrame:
    """Leave out competitors' customers, rows without a start, and second starts of a day."""
    survey = client.survey
    keep = pd.Series(True, index=frame.index)
    brand = survey.columns.brand if survey else None
    if survey is not None and brand is not None and raw.find(brand):
        own = raw.frame[raw.find(brand)].map(values.plain) == values.plain(survey.own_brand or "")
        ledger.drop(_("of another brand"), int((~own).sum()))
        keep &= own
    undated = frame["date"].isna() & keep
    ledger.drop(_("no start"), int(undated.sum()))
    keep &= ~undated
    frame = frame[keep]
    if frame["respondent_id"].notna().any():  # who began twice counts once, finished if ever
        order = frame.assign(day=frame["date"].dt.normalize()).sort_values(
            ["finished", "date"], kind="stable"
        )
        named = order["respondent_id"].notna()
        again = order[named].duplicated(["respondent_id", "day"], keep="last")
        ledger.drop(_("began again on the same day"), int(again.sum()))
        frame = frame.drop(index=again.index[again])
    return frame.sort_values("date", kind="stable").reset_index(drop=True)


def warn_of_gaps(client: Client, frame: pd.DataFrame | None, ledger: Ledger) -> None:
    """Warn of all that the chapter could tell if the client file, or the log, said more."""
    field, survey = client.fieldwork, client.survey
    if field is None or survey is None:
        return
    if field.response_rate is None and not survey.invited:
        ledger.warn(
            ("fieldwork",),
            "nothing tells how many of those invited answer: write `response_rate:`, or the "
            "invitations of each period under `survey: {invited: …}`.",
        )
    if field.budget is None and field.population is None:
        ledger.warn(
            ("fieldwork",),
            "nothing limits the plan: write `budget:` (invitations that can be paid for) or "
            "`population:`, and the chapter says what they cannot show.",
        )
    for label, wave in field.waves.items():
        where = ("fieldwork", "waves", label)
        mine = None if frame is None else in_wave(frame, wave.start, wave.end)
        known = wave.invited or label in survey.invited
        if not known and mine is not None and len(mine):
            ledger.warn(
                where,
                f"nobody is counted as invited to {label!r}, so it has no response rate; write "
                "`invited: …`.",
            )
        for segment, quotas in wave.quotas.items():
            if mine is None or mine.empty or segment not in mine:
                continue
            found = set(mine[segment].dropna())
            for level in [one for one in quotas if quotas[one] and one not in found]:
                ledger.warn(
                    (*where, "quotas", segment, level),
                    f"nobody of {level!r} began an interview; the data hold "
                    f"{', '.join(map(repr, sorted(found)[:4]))}.",
                )
    if frame is not None and len(frame) and frame["seconds"].isna().all():
        ledger.warn(
            ("fieldwork", "columns"),
            "nothing tells how long an interview took, so nobody is found who rushed through: name "
            "`started` and `ended`, or `seconds`.",
        )


def in_wave(frame: pd.DataFrame, start: object, end: object) -> pd.DataFrame:
    """Return the interviews that began from `start` to `end`, either of which may be open."""
    keep = pd.Series(True, index=frame.index)
    if start is not None:
        keep &= frame["date"] >= pd.Timestamp(start)  # type: ignore[arg-type]
    if end is not None:
        keep &= frame["date"] < pd.Timestamp(end) + pd.Timedelta(days=1)  # type: ignore[arg-type]
    return frame[keep]
