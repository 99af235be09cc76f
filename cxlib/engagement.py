"""The one door a notebook goes through: a client's tables, words, page and results."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from cxlib import params, periods
from cxlib.analysis.metrics import Metric, Touchpoint
from cxlib.analysis.results import Result
from cxlib.analysis.weights import Raking
from cxlib.chapters import (
    chapter_faults,
    every,
    options_of,
    register,
    registers_of,
    words_of,
)
from cxlib.data.registers import take_in, taken_in
from cxlib.data.schema import TABLES
from cxlib.data.tables import count_periods, ordered, periods_of, read_periods, read_tickets
from cxlib.data.weighting import known_margins, rake, weighted
from cxlib.errors import CxError, DataError, nearest
from cxlib.params import Client
from cxlib.plots import theme
from cxlib.present.glance import card
from cxlib.present.mistakes import told_kindly
from cxlib.standing import Standing
from cxlib.words import Words
from cxlib.workspace import JOB_VARIABLE, Workspace

SCRATCH = "scratch"
"""What is explored outside all chapters: it knows the words of every one."""


_FEW = 100_000
"""Answers that are kept in memory once they have been read."""


class Engagement(Standing):
    """One client in one period and one language, as a notebook sees it.

    Use `Engagement.open`. Tables are canonical and pseudonymised; outputs withhold small bases.
    """

    def __init__(
        self, *, client: Client, workspace: Workspace, period: str, words: Words, chapter: str
    ) -> None:
        super().__init__()
        self.client = client
        self.workspace = workspace
        self.period = period
        self.words = words
        self.chapter = chapter

    @classmethod
    def open(
        cls,
        client: str | int,
        *,
        period: str | int = "latest",
        language: str = "client",
        chapter: str = SCRATCH,
        workspace: Workspace | None = None,
    ) -> Engagement:
        """Open a client's engagement; reads its raw data first if the kit has not yet done so.

        Parameters
        ----------
        client : str
            A file in params/, without .yaml.
        period : str or int
            A period of that client (``2026Q3``, ``2026-09``, ``2026``), or ``"latest"``. One of
            another kind than the client's own (a month, for a client that reports by quarter)
            counts the rows by their dates; ``"month"`` alone is the latest month.
        language : str
            ``"en"``, ``"zh"``, or ``"client"``: the first language of the client file.
        chapter : str
            The stem under which results are saved.
        workspace : Workspace, optional
            Found from ``CX_HOME`` or the working directory if not given.

        Raises
        ------
        CxError
            If the client, its file, its data, the period or the language will not do.
        """
        place = workspace or Workspace.find()
        opened = params.load(str(client), place)
        spoken = opened.languages[0] if language == "client" else language
        register(chapter)
        theme.font_family()
        if not os.environ.get(JOB_VARIABLE):
            from cxlib.data.ingest import ingest

            ingest(opened, place)
            take_in(opened, place, registers_of(opened))
        words = words_of(opened, place, spoken)
        engagement = cls(
            client=opened, workspace=place, period=str(period), words=words, chapter=chapter
        )
        for stem in [chapter] if chapter != SCRATCH else every():
            engagement.learn(stem)
        engagement.period = periods.choose(str(period), engagement.periods)
        Result._shown = engagement.glance
        told_kindly()
        return engagement

    def _repr_mimebundle_(self, **_options: object) -> dict[str, Any]:
        """Show what there is: periods, tables, KPIs, touchpoints, groups with their answers."""
        every = self.kpis().table
        now = every[(every["period"] == self.period) & (every["brand"] == "own")]
        now = self.withheld(now.reset_index(drop=True))
        split = now[now["segment"].notna()]
        folder = self.workspace.tables(self.client.client)
        view = card(
            name=self.name,
            period=self.period,
            periods=self.periods,
            kpis=now[now["segment"].isna()],
            groups=split[split["kpi"] == split["kpi"].iloc[0]] if len(split) else split,
            words=self.words,
            named=tuple(name for name in TABLES if (folder / f"{name}.parquet").is_file()),
        )
        bundle: dict[str, Any] = view._repr_mimebundle_()
        return bundle

    # --- who, when -----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The client's name in the reader's language."""
        return self.client.display_name(self.words.language)

    @property
    def language(self) -> str:
        """The language of what is shown."""
        return self.words.language

    @cached_property
    def periods(self) -> tuple[str, ...]:
        """Every period the client's tables hold, in time order."""
        return tuple(periods_of(self.workspace, self.client, self.period))

    @property
    def previous(self) -> str | None:
        """The period before this one, if the client has data of it."""
        at = self.periods.index(self.period)
        return self.periods[at - 1] if at else None

    @property
    def last_day(self) -> dt.date | None:
        """The last day of the period; None of a wave without a place in time."""
        return periods.parse(self.period).end if periods.kind_of(self.period) else None

    # --- what was asked ------------------------------------------------------------------------

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The KPIs of the survey section."""
        return self.client.metrics

    @property
    def touchpoints(self) -> tuple[Touchpoint, ...]:
        """The touchpoints in journey order."""
        return self.client.touchpoints

    @property
    def segments(self) -> tuple[str, ...]:
        """The keys of the segments."""
        return self.client.segments

    @property
    def margins(self) -> Mapping[str, Mapping[str, float]] | None:
        """Known shares of the customer base by segment, to which the survey is weighted."""
        if self.client.survey is None or not self.client.survey.margins:
            return None
        rows = self.table("survey", columns=self.closed)
        return known_margins(rows[rows["brand"] == "own"], self.client)[0] or None

    @property
    def invited(self) -> Mapping[str, int] | None:
        """Invitations of this period."""
        invited = self.client.survey.invited if self.client.survey else {}
        return {self.period: invited[self.period]} if self.period in invited else None

    @property
    def minimum_base(self) -> int:
        """Fewer answers than this are withheld."""
        return self.client.privacy.minimum_base

    def options(self, **defaults: Any) -> dict[str, Any]:
        """Return a notebook's own parameters of the client file (``chapters: {stem: …}``).

        Parameters
        ----------
        **defaults
            Every parameter the chapter knows, with its default.

        Raises
        ------
        CxError
            If the client file names one that the chapter does not know.
        """
        given: Mapping[str, Any] = self.client.chapters.get(self.chapter, {})
        for name in given:
            if name not in defaults:
                where = ("chapters", self.chapter, name)
                raise CxError(
                    str(self.client.fault(where, f"unknown key{nearest(name, defaults)}"))
                )
        return {**defaults, **given}

    @cached_property
    def settings(self) -> Any:
        """The chapter's settings (``chapters: {stem: …}``), as its ``Options`` declare them.

        Raises
        ------
        CxError
            If the client file sets something that will not do; `cx check` says the same.
        """
        model = options_of(self.chapter)
        faults = [] if model is None else chapter_faults(self.client, self.chapter, model)
        if faults:
            raise CxError(" ".join(str(fault) for fault in faults))
        return None if model is None else model(**self.client.chapters.get(self.chapter, {}))

    # --- tables in -----------------------------------------------------------------------------

    def survey(
        self,
        *,
        period: str | int | None = None,
        brand: str | None = "own",
        columns: Sequence[str] | None = None,
        share: float = 1.0,
    ) -> pd.DataFrame:
        """Return the survey's canonical table, a row a response.

        Parameters
        ----------
        period : str, optional
            This engagement's period if not given; ``"previous"``; a label; ``"last 2"`` for this
            period and the one before; or ``"history"`` for every period up to this one.
        brand : str or None
            ``"own"``, a competitor, or None for all brands.
        columns : sequence of str, optional
            Only these, as far as the table has them, beside ``period, brand, weight``: of millions
            of answers, ids and comments take most of the memory. ``engagement.closed`` names all
            the others.
        share : float
            Of the rows, above 0 to 1: so many are drawn at random, the same ones at each call.

        Raises
        ------
        DataError
            If there is no survey, or none of it is of that period.
        """
        table = self._answers(period, columns, share)
        if table.empty:
            self.table("survey", period=period)  # says so
        if brand is None or (table["brand"] == brand).all():
            return table
        chosen = table[table["brand"] == brand]
        if chosen.empty:
            when, brands = period or self.period, sorted(set(table["brand"].dropna()))
            raise DataError(f"no answers about {brand!r} in {when}{nearest(brand, brands)}")
        return chosen.reset_index(drop=True)

    def share_of(
        self, most: int, of: str = "comments", *, period: str | int | None = None
    ) -> tuple[float, int]:
        """Return which share `most` are of a period's comments, or answers; and how many it has."""
        n, who, wanted = 0, self.client.client, self._wanted(period)
        told = {"survey": self.client.survey, "comments": of == "comments" and self.client.comments}
        for name in [name for name, section in told.items() if section]:
            n += count_periods(self.workspace, who, name, wanted,
                               kind_of=self.period, said=of == "comments")  # fmt: skip
        return min(1.0, most / max(n, 1)), n

    def _answers(
        self, period: str | int | None, columns: Sequence[str] | None, share: float = 1.0
    ) -> pd.DataFrame:
        margins = self.client.survey.margins if self.client.survey else ()
        named = None if columns is None else ("brand", "weight", *margins, *columns)
        asked = () if self.client.survey is None else (self._wanted(period), named, share)
        if asked not in self._heard:
            rows = self.rows("survey", period=period, columns=named, share=share)
            table = ordered(weighted(rows, self.client), self.client)
            if len(table) > _FEW:
                return table
            self._heard[asked] = table
        return self._heard[asked].copy(deep=False)

    @cached_property
    def _heard(self) -> dict[tuple[Any, ...], pd.DataFrame]:
        """The survey by what was asked for, read and weighted once, if that is few answers."""
        return {}

    def raking(self, *, period: str | int | None = None) -> Raking:
        """Return how the own customers' answers of a period were weighted to the known margins.

        Raises
        ------
        DataError
            If the client file knows no margins.
        """
        return rake(self.table("survey", period=period, columns=self.closed), self.client)

    def table(
        self,
        name: str,
        *,
        period: str | int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return a canonical table: survey, tickets, members, transactions, benefits, points, kpis.

        Parameters
        ----------
        name : str
        period : str, optional
            As for `survey`; tables without a period come whole.
        columns : sequence of str, optional
            As for `survey`.
        """
        rows = self.rows(name, period=period, columns=columns)
        if rows.empty and "period" in rows:
            when, known = ", ".join(self._wanted(period)[-3:]), ", ".join(self.periods)
            raise DataError(f"{self.client.client} has no {name} rows in {when}, only in {known}.")
        return rows

    def rows(
        self,
        name: str,
        *,
        period: str | int | None = None,
        columns: Sequence[str] | None = None,
        share: float = 1.0,
    ) -> pd.DataFrame:
        """Return a canonical table as `table` does; empty where nothing is of that period."""
        wanted, who = self._wanted(period), self.client.client
        return read_periods(self.workspace, who, name, wanted, kind_of=self.period,
                            columns=columns, share=share)  # fmt: skip

    def tickets(self) -> pd.DataFrame:
        """Return the ticket log as the service's questions read it: narrow, all periods.

        Texts are categoricals, pseudonyms numbers, and there are no comments; `table` has it all.
        """
        return self._log.copy(deep=False)

    @cached_property
    def _log(self) -> pd.DataFrame:
        return read_tickets(self.workspace, self.client.client)

    def spoken(self, language: str) -> Words:
        """Return the client's words in one of its languages."""
        if language == self.words.language:
            return self.words
        return words_of(self.client, self.workspace, language)

    def register(self, section: str) -> Any:
        """Return a register of the client as last taken in; None if the client file names none.

        Parameters
        ----------
        section : str
            ``actions``, ``obligations`` …; the notebook's metadata lists it under ``sections``.

        Returns
        -------
        Register or None
            Its lists as frozen rows; ``.frame(name)`` is one as a table, its labels as keys that
            `words` and every table and finding know.
        """
        model = registers_of(self.client).get(section)
        return model and taken_in(self.client, section, model, self.workspace)

    def _wanted(self, period: str | int | None) -> tuple[str, ...]:
        if period in (None, "current"):
            return (self.period,)
        if period == "history":
            return self.periods[: self.periods.index(self.period) + 1]
        if last := re.fullmatch(r"last ([1-9]\d*)", str(period)):
            return self._wanted("history")[-int(last[1]) :]
        if period == "previous":
            if self.previous is None:
                raise DataError(f"{self.period} is the first period of {self.client.client}.")
            return (self.previous,)
        return (periods.choose(str(period), self.periods),)
