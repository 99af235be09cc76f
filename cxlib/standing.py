"""How a client's KPIs stand: estimated, judged and compared once, and kept for every chapter."""

from __future__ import annotations

import hashlib
import json
import os
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pandas as pd

from cxlib import periods
from cxlib.analysis import kpis
from cxlib.analysis.kpis import Estimates
from cxlib.analysis.kpis.changes import STEPS
from cxlib.analysis.kpis.estimates import worth
from cxlib.analysis.metrics import Metric, SurveyDesign, Touchpoint
from cxlib.analysis.results import Caveat
from cxlib.data.figures import reported_figures, ticket_figures
from cxlib.data.survey import own_of
from cxlib.data.tables import columns_of, opened_in, provenance
from cxlib.envelope import is_kept, read_kept, write_kept
from cxlib.page import Page
from cxlib.words import mark as _
from cxlib.workspace import JOB_VARIABLE, as_name, kit_digest

SOURCES = ("survey", "tickets", "reported")
"""KPIs; touchpoints are their parts."""
TOGETHER = 500_000
"""Answers whose KPIs are estimated together; of more, each period's are in memory alone."""


class Standing(Page):
    """The half of an engagement that knows each KPI's number, verdict and change.

    Every chapter, tile, figure and finding reads them here; nothing else decides them. They are
    computed once for a client, period and kit, and kept beside the client's tables.
    """

    survey: Any
    metrics: Any
    touchpoints: Any
    segments: Any
    periods: Any

    @abstractmethod
    def rows(self, name: str, *, period: str | int | None = None) -> pd.DataFrame:
        """Return a canonical table; empty where nothing is of that period."""

    @abstractmethod
    def tickets(self) -> pd.DataFrame:
        """Return the ticket log as the service's questions read it."""

    @property
    def questions(self) -> tuple[Metric | Touchpoint, ...]:
        """The survey's KPIs and touchpoints, in the client file's order."""
        return (*self.metrics, *self.touchpoints)

    @property
    def design(self) -> SurveyDesign:
        """How the survey was drawn."""
        asked = self.client.survey
        repeat = asked is not None and asked.repeat_respondents
        return SurveyDesign(cluster="respondent_id" if repeat else None)

    @property
    def closed(self) -> tuple[str, ...]:
        """The columns of the survey without comments, free texts and (unless people repeat) ids."""
        asked = self.client.survey.questions if self.client.survey else {}
        free = {"comment", *(key for key, item in asked.items() if item.kind == "open")}
        free |= set() if self.design.cluster else {"respondent_id"}
        known = columns_of(self.workspace, self.client.client, "survey")
        return tuple(name for name in known if name not in free)

    @property
    def scored(self) -> tuple[str, ...]:
        """The columns of the survey that scores are computed from: ratings and segments."""
        asked = [name for q in self.questions for name in (q.key, f"{q.key}_used")]
        return (*asked, *self.segments, *filter(None, [self.design.cluster]))

    @property
    def mix_segments(self) -> tuple[str, ...]:
        """The segments that are held equal when groups of people are compared."""
        return tuple(getattr(self.client, "mix_segments", self.segments))

    @property
    def targets(self) -> tuple[Any, ...]:
        """The contract's targets, and those that reported figures carry themselves."""
        held = {target.metric for target in self.client.targets}
        own = [
            SimpleNamespace(
                metric=key, target=kpi.target, direction=kpi.direction, due=None, baseline=None
            )
            for key, kpi in self.client.kpis.items()
            if kpi.target is not None and key not in held
        ]
        return (*self.client.targets, *own)

    def kpis(self) -> Estimates:
        """Return every KPI up to this period: all sources, groups and brands."""
        return self._kept("kpis", self._estimated)

    def judged(self) -> Estimates:
        """Return this period's KPIs against every target of the contract; see `kpis.judge`."""
        return self._judged

    def compared(self, to: str = "latest_move") -> Estimates:
        """Return this period's KPIs with their change and its cause; see `kpis.compare`.

        Parameters
        ----------
        to : str
            ``"latest_move"``, ``"previous"``, ``"last_year"``, ``"baseline"`` or a period.
        """
        return self._kept(f"compared-{to}", lambda: self._moved(to))

    def series(self, kpi: str) -> Estimates:
        """Return a KPI of the client over all periods up to this one."""
        found = self.kpis()
        own = found.own
        return replace(found, table=own[own["kpi"] == kpi].reset_index(drop=True))

    def groups(self) -> Estimates:
        """Return the first KPI of every segment's levels against all others, at equal mix."""
        return self._kept("groups", lambda: self._contrasted(list(self.segments)))

    def competitors(self) -> Estimates:
        """Return every KPI and touchpoint against each competitor, at equal mix."""
        return self._kept("competitors", lambda: self._contrasted("brand"))

    def standing(self, *sources: str) -> Estimates:
        """Return one row a KPI of this period: estimate, verdict, change and what is at stake.

        Parameters
        ----------
        *sources : str
            ``survey``, ``touchpoint``, ``tickets``, ``reported``; all but touchpoints if none.

        Returns
        -------
        Estimates
            The columns of `kpis.judge` (of the KPI's first target; its ``p_adjusted`` is
            ``verdict_p`` here) and `kpis.compare` (``latest_move``), ``history`` (values so far),
            ``broken`` (places in it before which the level broke), ``last_year``, ``competitor,
            competitor_value``, ``stake`` and ``stake_moved`` (points of the first KPI that are
            missing, or moved).
        """
        asked = sources or SOURCES
        known = self._known.setdefault("standing", {})
        if asked not in known:
            known[asked] = self._standing(asked)
        found: Estimates = known[asked]
        return replace(found, table=found.table.copy(deep=False))

    def _standing(self, sources: tuple[str, ...]) -> Estimates:
        moved = self.compared()
        table = moved.table[moved.table["source"].isin(sources)]
        judged = self.judged().table.rename(columns={"p_adjusted": "verdict_p"})
        added = [name for name in judged.columns if name not in table.columns]
        table = table.reindex(
            columns=list(dict.fromkeys([*table.columns, *sorted(_CHANGES), *_TOLD]))
        )
        first = judged.drop_duplicates("kpi")[["kpi", *added]]
        table = table.merge(first, on="kpi", how="left").reset_index(drop=True)
        for name in ("status", "course", "clause", "due", "baseline"):
            table[name] = table[name].astype(object).where(table[name].notna(), None)
        points = table["worth"].fillna(0.0)
        gap = table["gap"].astype(float)
        short = gap.where(table["direction"] == "lower", -gap).clip(lower=0).fillna(0.0)
        table["stake"] = short * points.abs()
        heard = (
            table["like"].fillna(table["change"]).where(table["turn"] != "unclear", table["mix"])
        )
        told = (table["turn"] != "unclear") | table["cause"].isin(("mix", "both"))
        table["stake_moved"] = heard.abs().where(told, 0.0).fillna(0.0) * points.abs()
        return replace(moved, table=self._beside(table), caveats=self._silent(sources))

    def _silent(self, sources: tuple[str, ...]) -> tuple[Any, ...]:
        """Say which questions nobody answered in this period."""
        heard = set(self.kpis().at(self.period).table["kpi"])
        asked = [
            question
            for question in self.questions
            if ("touchpoint" if isinstance(question, Touchpoint) else "survey") in sources
        ]
        message = _("{metric} has no answers in this period.")
        return tuple(Caveat(message, metric=q.key) for q in asked if q.key not in heard)

    def prime(self) -> None:
        """Make and keep what chapters will ask for: a step of a run's plan, before any chapter."""
        for make in self._unprimed.values():
            make()

    @property
    def primed(self) -> bool:
        """Whether all of that is kept already."""
        return not self._unprimed

    @property
    def _unprimed(self) -> dict[str, Callable[[], Any]]:
        folder = self.workspace.kpis(self.client.client) / as_name(self.period)
        steps: dict[str, Callable[[], Any]] = {
            "kpis": self.kpis,
            "compared-latest_move": self.compared,
            "compared-previous": lambda: self.compared("previous"),
            "groups": self.groups,
            "competitors": self.competitors,
        }
        kept = {n for n in steps if is_kept(folder / f"{n}.json", self._fingerprint)}
        return {name: make for name, make in steps.items() if name not in kept}

    def grouped(self, deep: int, told: set[tuple[str, str]]) -> list[pd.DataFrame]:
        """Return the answers of every group of `deep` segments, of some KPIs and periods.

        What is withheld in every chapter alike is settled on these, whatever a chapter shows.

        Parameters
        ----------
        deep : int
            Of how many segments at once.
        told : set of (KPI, period)
            Without a name: of every KPI, and of all answers and tickets.
        """
        if deep == 1:
            every = self.kpis().table
            open_ = {when for about, when in told if not about}
            pairs = zip(every["kpi"], every["period"], strict=True)
            return [every[[pair in told or pair[1] in open_ for pair in pairs]]]
        found = []
        for when in sorted({when for _about, when in told}):
            for rows, segments, asked in self._answering(when):
                for by in map(list, combinations(segments, deep)):
                    groups = rows.groupby(by, observed=True)
                    counts = [(name, groups[name].count()) for name in asked]
                    found += [
                        n.rename("n").reset_index().assign(kpi=name, period=when)
                        for name, n in (*counts, ("", groups.size()))
                        if not {(name, when), ("", when)}.isdisjoint(told)
                    ]
        return found

    # --- how they are made -----------------------------------------------------------------------

    def _beside(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return standing rows with their history, last year's value and the competitor's."""
        total = self.kpis().table.loc[lambda every: every["segment"].isna()]
        own = total[total["brand"] == "own"]
        enough = own["n"].fillna(self.minimum_base) >= self.minimum_base
        after = own[enough & enough.groupby(own["kpi"]).shift(fill_value=False)]
        steps, own = {*zip(after["kpi"], after["period"], strict=True)}, own[enough]
        series = {kpi: rows.set_index("period")["value"] for kpi, rows in own.groupby("kpi")}
        told = dict(zip(table["kpi"], table.pop("breaks_at"), strict=True))
        shown = {kpi: tuple(at for at in told[kpi] if (kpi, at) in steps) for kpi in told}
        kind = periods.kind_of(self.period)
        ago = str(periods.parse(self.period) - periods.PER_YEAR[kind]) if kind else None
        others = total[(total["brand"] != "own") & (total["period"] == self.period)]
        others = others[others["n"] >= self.minimum_base].drop_duplicates("kpi").set_index("kpi")
        added: dict[str, list[Any]] = {
            "history": [tuple(series.get(key, ())) for key in table["kpi"]],
            "breaks_at": [shown[key] for key in table["kpi"]],
            "broken": [tuple(series[k].index.get_loc(at) for at in shown[k]) for k in table["kpi"]],
            "last_year": [series[k].get(ago) if k in series else None for k in table["kpi"]],
            "competitor": [others["brand"].get(key) for key in table["kpi"]],
            "competitor_value": [others["value"].get(key) for key in table["kpi"]],
        }
        beside = pd.DataFrame(added, index=table.index)
        floats = {"last_year": "float64", "competitor_value": "float64"}
        return pd.concat([table, beside.astype(floats)], axis=1)

    def _answering(
        self, when: str
    ) -> Iterator[tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]]:
        """Yield a period's own answers and its tickets, their segments and what was asked."""
        tickets = self.client.tickets
        if self.client.survey is not None and when in self.periods:
            every = self._answers(when, self.scored)
            own = every[every["brand"] == "own"]
            yield own, tuple(self.segments), tuple(question.key for question in self.questions)
        if tickets is not None and tickets.segments:
            log = self.tickets()
            yield log[opened_in(log, when)], tuple(tickets.segments), ()

    @abstractmethod
    def _answers(self, period: str | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Return the survey's answers about all brands in a period, weighted; maybe none."""

    def _of_survey(self) -> Iterator[pd.DataFrame]:
        """Yield what the survey's KPIs are up to this period: of many answers, wave by wave."""
        told = provenance(self.workspace, self.client)["tables"].get("survey", {"kept": 0})
        asked: dict[str, Any] = {"questions": self.questions, "design": self.design}
        upto = self.periods[: self.periods.index(self.period) + 1]
        for when in upto if told["kept"] > TOGETHER else ["history"]:
            rows = self._answers(when, self.scored) if self.client.survey else pd.DataFrame()
            if len(rows) and self.questions:
                yield kpis.estimate(rows, segments=self.segments, **asked).table

    def _estimated(self) -> Estimates:
        figures = list(self._of_survey())
        if self.client.tickets is not None:
            log = self.tickets()
            if opened_in(log, self.period, or_before=True).any():
                figures += ticket_figures(self.client, log, self.period)
        if self.client.kpis and len(rows := self.rows("kpis", period="history")):
            figures += reported_figures(self.client, rows)
        found = kpis.estimate(
            None,
            questions=self.questions,
            figures=pd.concat(figures, ignore_index=True) if figures else None,
            design=self.design,
        )
        if self.client.survey is None or not self.questions:
            return found
        now = self._answers(self.period, self.scored)
        now = own_of(now)
        if now.empty:
            return found
        points = found.table["kpi"].map(worth(now, self.questions))
        return replace(found, table=found.table.assign(worth=points.astype("float64")))

    @cached_property
    def _judged(self) -> Estimates:
        required = self.client.chapters.get("targets", {}).get("all_required", False)
        estimates = self.kpis()
        if not (estimates.table["period"] == self.period).any():
            return kpis.judge(estimates, ())
        return kpis.judge(estimates, self.targets, period=self.period, all_required=bool(required))

    def _moved(self, to: str) -> Estimates:
        estimates = self.kpis()
        if to == "baseline":
            starts = self.judged().table.drop_duplicates("kpi").set_index("kpi")["baseline"]
            table = estimates.table
            estimates = replace(estimates, table=table.assign(baseline=table["kpi"].map(starts)))
        if not (estimates.table["period"] == self.period).any():
            return estimates.at(self.period)
        back = _BACK.get(to, "history")
        data = self._answers(back, self.scored) if self.client.survey else None
        found = kpis.compare(estimates, data, to=to, segments=self.mix_segments, period=self.period)
        table = found.table
        small = table["n_before"].fillna(0).astype(float).between(1, self.minimum_base - 1)
        blank = [n for n in table if table[n].dtype == "float64" and n in _CHANGES]
        table.loc[small, blank] = float("nan")
        for name, word in (("moved", "unclear"), ("turn", "unclear"), ("cause", "not split")):
            table.loc[small, name] = word
        return replace(found, table=table.drop(columns="n_before"))

    def _contrasted(self, by: Any) -> Estimates:
        questions = self.questions if by == "brand" else self.metrics[:1]
        if self.client.survey is None:
            return self.kpis().at("")
        brand = None if by == "brand" else "own"
        rows = self.survey(brand=brand, columns=self.scored)
        return kpis.contrast(
            rows, questions=questions, by=by, segments=self.mix_segments, design=self.design
        )

    def _kept(self, name: str, make: Callable[[], Estimates]) -> Estimates:
        """Return what was made before from the same inputs, else make it and keep it.

        Inside a job nothing is kept: what the run prepared lies there to be read.
        """
        if name in self._known:
            known: Estimates = self._known[name]
            return known
        path = self.workspace.kpis(self.client.client) / as_name(self.period) / f"{name}.json"
        kept = read_kept(path, self._fingerprint)
        found: Estimates = make() if kept is None else kept
        if kept is None and not os.environ.get(JOB_VARIABLE):
            write_kept(path, self._fingerprint, found)
        self._known[name] = found
        return found

    @cached_property
    def _known(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _fingerprint(self) -> str:
        """Digest of all that the estimates depend on."""
        tables = provenance(self.workspace, self.client)
        told = [kit_digest(), self.client.hash, self.period, tables]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode("utf-8")).hexdigest()


_BACK = {"previous": "last 2", "latest_move": f"last {STEPS + 1}"}
"""The periods of which a comparison may need the answers; of others, all."""
_TOLD = ("to", "at", "moved", "turn", "cause", "breaks_at")
_CHANGES = frozenset(
    [
        *("before", "change", "change_low", "change_high", "p_value", "p_adjusted"),
        *("like", "like_low", "like_high", "like_p", "like_p_adjusted"),
        *("mix", "mix_low", "mix_high", "at_before", "at_after", "share_before", "share_after"),
    ]
)
