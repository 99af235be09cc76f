"""The chapter's rows: a client's drivers, what is said of each, and what changes would be worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import drivers
from cxlib.analysis.drivers.planning import BEST_GROUP, STEP
from cxlib.analysis.drivers.prediction import NoMaximumError
from cxlib.columns import Column
from cxlib.plots.waterfall import STEP as BAR
from cxlib.plots.waterfall import TOTAL
from cxlib.words import mark as _

SURE = 0.8
"""Probability from which a place in the order or on the map is called sure: four in five."""

LITTLE = 0.25
"""R² below which the questionnaire misses most of what moves the outcome (Cohen 1988 calls .26 a
large effect)."""

ON_THE_LINE = _("fix first or keep up")
"""The place of a touchpoint that matters and is rated neither clearly low nor clearly well."""

TAKES_ROOM = 0.01
"""Points of a rating below which nothing is to be raised."""

COLUMNS = {
    "outcome": Column(_("KPI explained"), "key"),
    "drivers": Column(_("Touchpoints"), "key"),
    "first": Column(_("First"), "key"),
    "importance": Column(_("Contribution to total variance"), "percent", "A part of R²."),
    "relative": Column(
        _("Relative importance"),
        "percent",
        "Share of what all touchpoints explain, 0 to 1.",
        ("relative_low", "relative_high"),
    ),
    "relative_johnson": Column(_("By Johnson's weights"), "percent"),
    "rank_johnson": Column(_("Rank by Johnson's weights"), "int"),
    "p_top3": Column(_("Chance to be in the first three"), "percent"),
    "p_unique": Column(_("p (adjusted)"), "p", "Beyond all other touchpoints, Holm-adjusted."),
    "proven": Column(_("Proven"), "mark", "p_unique below 5%."),
    "performance": Column(_("Mean rating"), "number", "", ("performance_low", "performance_high")),
    "quadrant": Column(
        _("Place"), "word", "fix first, keep up, watch (or not proven), maintain, or on the line."
    ),
    "p_fix_first": Column(_("fix first"), "percent"),
    "p_keep_up": Column(_("keep up"), "percent"),
    "explained": Column(_("Explained"), "percent", "R².", ("explained_low", "explained_high")),
    "case": Column(_("Case"), "word"),
    "lost": Column(_("Lost ground"), "word", "yes where it got worse like for like and is proven."),
    "regain": Column(_("Worth winning back"), "points", "Points of the outcome."),
    "own": Column(_("Own value"), "unit"),
    "most": Column(_("Differs most"), "key"),
    "rival": Column(_("Against the competitor"), "word", "better, worse or unclear, equal mix."),
    "reason": Column(_("Why not"), "word"),
    "kept": Column(_("In the model"), "mark"),
    "levels": Column(_("Groups"), "int"),
    "statistic": Column(_("F"), "number"),
    "p_driver": Column(_("p of that touchpoint (adjusted)"), "p"),
    "differs": Column(_("Differs"), "word"),
    "mean_now": Column(_("Mean today"), "number"),
    "mean_used": Column(_("In the scenario"), "number"),
    "mean_asked": Column(_("Asked for"), "number"),
    "cap": Column(_("Best group reaches"), "number"),
    "ground": Column(_("Because"), "word"),
    "step": Column(_("Worth"), "signed", "Of the outcome.", ("step_low", "step_high")),
}


@dataclass(frozen=True)
class Nothing:
    """A result without a row, and why."""

    caveats: tuple[Any, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """No row."""
        return pd.DataFrame()


class Study:
    """The drivers of one client's outcome; every part is computed when it is asked for, once.

    Parameters
    ----------
    engagement : Engagement
    """

    def __init__(self, engagement: Any) -> None:
        self.engagement = engagement
        self.options = engagement.settings
        self.metric = drivers.outcome_of(engagement.metrics, self.options.outcome)
        history = engagement.survey(period="history")
        self.survey = drivers.recent(history, periods=self.options.periods)

    @cached_property
    def choice(self) -> drivers.DriverChoice:
        """Which touchpoints the answers allow to model."""
        return drivers.choose(
            self.survey,
            outcome=self.metric,
            touchpoints=self.engagement.touchpoints,
            only=self.options.drivers,
            minimum_base=self.engagement.minimum_base,
        )

    @cached_property
    def against(self) -> pd.DataFrame:
        """What stands against a model, one row a reason."""
        return pd.DataFrame([{"case": c.message, **c.facts} for c in self.choice.caveats])

    @property
    def model(self) -> dict[str, Any]:
        """What every model of this chapter is fitted on."""
        return {
            "outcome": self.metric,
            "drivers": self.choice.drivers,
            "weights": "weight",
            "cluster": self.engagement.design.cluster,
            "controls": self.options.controls,
        }

    @cached_property
    def importance(self) -> drivers.DriverImportance | Nothing:
        """How what is explained divides over the touchpoints."""
        if not self.choice.possible:
            return Nothing(self.choice.caveats)
        return drivers.importance(self.survey, **self.model)

    @cached_property
    def priorities(self) -> drivers.Priorities | Nothing:
        """The map of importance and performance."""
        found = self.importance
        if isinstance(found, Nothing):
            return found
        ratings = self.published.reindex(found.table["driver"])[["value", "low", "high"]]
        known = (
            None if ratings.isna().any(axis=None) else ratings.rename_axis("driver").reset_index()
        )
        return drivers.priorities(found, known)

    @cached_property
    def map(self) -> drivers.Priorities | Nothing:
        """The map, with a word of its own for what lies on the line."""
        found = self.priorities
        if isinstance(found, Nothing):
            return found
        likely = found.table[["p_fix_first", "p_keep_up"]].max(axis=1)
        matters = found.table["quadrant"].isin(["fix first", "keep up"])
        word = found.table["quadrant"].mask(matters & (likely < SURE), ON_THE_LINE)
        return replace(found, table=found.table.assign(quadrant=word))

    @cached_property
    def published(self) -> pd.DataFrame:
        """The period's KPIs and touchpoints by key, as every chapter has them."""
        table: pd.DataFrame = self.engagement.standing("survey", "touchpoint").table
        return table.set_index("kpi")

    @property
    def headline(self) -> float | None:
        """The published score, to which changes are applied; None where there is none."""
        found = self.published["value"].get(self.metric.key)
        return None if found is None or np.isnan(found) else float(found)

    @cached_property
    def capped(self) -> drivers.ScenarioModel | None:
        """The model in which no rating rises above what the best group reaches.

        None where nothing can be predicted: of a mean, or of groups too small for a model.
        """
        if not self.choice.possible or self.metric.kind not in UNITS:
            return None
        segments = self.engagement.mix_segments
        try:
            return drivers.scenario_model(self.survey, segments=segments, **self.model)
        except NoMaximumError:
            return None

    @property
    def _free(self) -> drivers.ScenarioModel | None:
        """The same model without caps."""
        capped = self.capped
        return None if capped is None else replace(capped, caps=(np.nan,) * len(capped.caps))

    @cached_property
    def scenario(self) -> drivers.Scenario | Nothing:
        """The planned changes together, applied to the headline."""
        if self.capped is None or isinstance(self.priorities, Nothing):
            return Nothing(self.choice.caveats)
        asked = self.options.changes
        found = drivers.plan(self.capped, self.priorities, asked=asked, headline=self.headline)
        return self._as_published(found)

    @cached_property
    def tenth(self) -> drivers.Scenario | Nothing:
        """A tenth of a point more at every touchpoint, all else as it is."""
        free = self._free
        if free is None:
            return Nothing(self.choice.caveats)
        changes = dict.fromkeys(free.drivers, STEP)
        return self._as_published(free.predict(changes, headline=self.headline))

    def _as_published(self, scenario: drivers.Scenario) -> drivers.Scenario:
        """Apply the changes of ratings to the published means too."""
        table = scenario.table
        means = self.published["value"].reindex(table["driver"]).to_numpy(dtype=float)
        shift = (means - table["mean_now"]).fillna(0.0)
        moved = {c: table[c] + shift for c in ("mean_now", "mean_asked", "mean_used", "cap")}
        return replace(scenario, table=table.assign(**moved))

    @cached_property
    def losses(self) -> pd.DataFrame:
        """The touchpoints that got worse like for like in their latest clear move."""
        table: pd.DataFrame = self.engagement.compared().table
        keys = [touchpoint.key for touchpoint in self.choice.drivers]
        table = table[table["kpi"].isin(keys) & (table["turn"] == "worse")].copy()
        since = (table["value"] - table["after"]).clip(lower=0)  # what has come back already
        table["lost"] = -table["like"].fillna(table["change"]) - since
        return table[table["lost"] > TAKES_ROOM].reset_index(drop=True)

    @cached_property
    def recovery(self) -> drivers.Scenario | Nothing:
        """Every proven touchpoint that lost ground back where it stood, applied to the headline."""
        free = self._free
        if free is None or isinstance(self.priorities, Nothing):
            return Nothing(self.choice.caveats)
        table = self.priorities.table
        lost = self.losses[self.losses["kpi"].isin(table.loc[table["proven"], "driver"])]
        changes = dict(zip(lost["kpi"], lost["lost"].astype(float).tolist(), strict=True))
        if not changes:
            return Nothing()
        return self._as_published(free.predict(changes, headline=self.headline))

    @cached_property
    def segments(self) -> drivers.SegmentImportance | Nothing:
        """Whether groups of customers have the same drivers."""
        if not self.choice.possible or not self.engagement.segments:
            return Nothing()
        options = self.model | {"bootstrap": 0, "permutations": 0}
        found = drivers.by_segment(self.survey, segment=list(self.engagement.segments), **options)
        differs = np.where(found.table["p_adjusted"] < 0.05, "yes", "no")
        table = found.table.rename(columns={"driver": "most"})
        return replace(
            found,
            table=table.assign(differs=differs, outcome=self.metric.key),
            caveats=tuple(c for c in found.caveats if "segment" in c.facts),
        )

    @cached_property
    def levels(self) -> pd.DataFrame:
        """Relative importance by group, of the segment asked for or of one that clearly differs."""
        if isinstance(self.segments, Nothing):
            return pd.DataFrame()
        tests, rows = self.segments.table, self.segments.by_level
        wanted = [self.options.segment] if self.options.segment else []
        if not wanted:
            clear = tests[tests["differs"] == "yes"].sort_values("p_value", kind="stable")
            wanted = clear["segment"].head(1).tolist()
        shown = rows[rows["segment"].isin(wanted)]
        return _relative(shown).sort_values(["driver", "level"], kind="stable")

    @property
    def rival_name(self) -> str | None:
        """The competitor that is shown."""
        return str(self.rivals["competitor"].iloc[0]) if len(self.rivals) else None

    @cached_property
    def rivals(self) -> pd.DataFrame:
        """The client against one competitor at equal mix, touchpoint by touchpoint."""
        table: pd.DataFrame = self.engagement.competitors().table
        keys = [touchpoint.key for touchpoint in self.choice.drivers]
        table = table[table["kpi"].isin(keys)] if len(table) else table
        if table.empty:
            return table
        most = str(table.groupby("brand")["n_before"].max().idxmax())
        brand = str(self.options.competitor or most)
        table = table[table["brand"] == brand]
        table = table.assign(competitor=brand, own=table["after"], competitor_value=table["before"])
        return table.reset_index(drop=True)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All that is said of each touchpoint, one row each, the most important first."""
        if isinstance(self.map, Nothing):
            return pd.DataFrame()
        found = _relative(self.map.table)
        found = found.sort_values("relative", ascending=False, kind="stable", ignore_index=True)
        name = found["driver"]
        lost = self.losses.set_index("kpi")[["before", "at"]].reindex(name)
        regained = _steps_of(self.recovery).reindex(name).to_numpy()
        planned = _steps_of(self.scenario).reindex(name).to_numpy()
        turns = (
            self.rivals.set_index("kpi")["turn"] if len(self.rivals) else pd.Series(dtype=object)
        )
        return found.assign(
            value=found["performance"],
            low=found["performance_low"],
            high=found["performance_high"],
            n=self.published["n"].reindex(name).fillna(found["n"].set_axis(name)).to_numpy(),
            unit="mean",
            source="touchpoint",
            outcome=self.metric.key,
            before=lost["before"].to_numpy(),
            at=lost["at"].to_numpy(),
            lost=np.where(np.isnan(regained), "no", "yes"),
            regain=regained,
            stake=np.nan_to_num(np.fmax(regained, planned)),
            rival=turns.reindex(name).to_numpy(),
            competitor=self.rival_name,
        )

    @property
    def proven(self) -> tuple[str, ...]:
        """The touchpoints that are proven to go with the outcome."""
        table = self.table
        return tuple(table.loc[table["proven"], "driver"]) if len(table) else ()

    @cached_property
    def leading(self) -> pd.DataFrame:
        """What carries most of the outcome, in one row: its case, share, and what is explained."""
        found = self.importance
        if isinstance(found, Nothing):
            return pd.DataFrame()
        first = found.table.sort_values("rank", kind="stable").iloc[0]
        told = found.leading()
        row: dict[Any, Any] = {"first": first["driver"], "count": 0}
        row |= told.iloc[0].to_dict() if len(told) else {}
        few = {0: "none", 1: "one"}.get(int(row["count"]), "several")
        return pd.DataFrame(
            [
                row
                | {
                    "kpi": self.metric.key,
                    "case": "chance" if found.p_any >= 1 - found.confidence else few,
                    "little": "yes" if found.r_squared_high < LITTLE else "no",
                    "relative": row.get("share", first["share"]),
                    "explained": found.r_squared,
                    "explained_low": found.r_squared_low,
                    "explained_high": found.r_squared_high,
                    "n": found.n_used,
                }
            ]
        )

    @cached_property
    def plan(self) -> pd.DataFrame:
        """What the planned changes together are worth, in one row."""
        scenario = self.scenario
        if isinstance(scenario, Nothing) or scenario.table.empty:
            return pd.DataFrame()
        table = scenario.table
        rises = table["mean_used"] - table["mean_now"]
        ground = str(table["ground"].iloc[0])
        if ground == BEST_GROUP and rises.max() < TAKES_ROOM:
            case = "no room"
        elif ground == BEST_GROUP and rises.max() < STEP:
            case = "little room"
        else:
            case = {BEST_GROUP: "best group"}.get(ground, ground)
        row = {
            "subject": "plan",
            "kpi": scenario.outcome,
            "case": case,
            "drivers": tuple(table["driver"]),
            "before": scenario.baseline,
            "after": scenario.predicted,
            "change": scenario.change,
            "change_low": scenario.change_low,
            "change_high": scenario.change_high,
            "unit": UNITS[scenario.kind],
            "n": scenario.n_used,
        }
        return pd.DataFrame([row])

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The scenario as a waterfall; no row where no group shows room."""
        drawn = len(self.plan) and self.plan["case"].iloc[0] not in ("no room", "little room")
        return waterfall(self.scenario) if drawn else pd.DataFrame()

    @cached_property
    def way_back(self) -> pd.DataFrame:
        """The recovery as a waterfall."""
        return waterfall(self.recovery)

    def results(self) -> Mapping[str, Any]:
        """Return what is saved for later chapters, by name."""
        named = {
            "importance": self.importance,
            "priorities": self.priorities,
            "tenth": self.tenth,
            "scenario": self.scenario,
            "recovery": self.recovery,
            "drivers": self.table,
        }
        return {name: found for name, found in named.items() if not _empty(found)}


UNITS = {"nps": "points", "csat": "percent", "share": "percent"}
"""Units of what a scenario predicts."""


def _empty(found: Any) -> bool:
    return bool(getattr(found, "table", found).empty)


def _relative(table: pd.DataFrame) -> pd.DataFrame:
    names = {"share": "relative", "share_low": "relative_low", "share_high": "relative_high"}
    return table.rename(columns=names)


def _steps_of(scenario: drivers.Scenario | Nothing) -> pd.Series:
    if _empty(scenario):
        return pd.Series(dtype=float)
    return scenario.table.set_index("driver")["step"]


def methods(importance: drivers.DriverImportance | Nothing) -> pd.DataFrame:
    """Return each touchpoint's relative importance and rank by both methods."""
    if isinstance(importance, Nothing):
        return pd.DataFrame()
    table = _relative(importance.table)
    other = table["johnson"] / table["johnson"].sum()
    ranks = other.rank(ascending=False, method="first").astype(int)
    return table.assign(relative_johnson=other, rank_johnson=ranks).sort_values("rank")


def worth(scenario: drivers.Scenario | Nothing, only: Any = None) -> pd.DataFrame:
    """Return what each touchpoint's step is worth (of those in `only`), the largest first."""
    if isinstance(scenario, Nothing):
        return pd.DataFrame()
    table = scenario.table.assign(unit=UNITS[scenario.kind], n=scenario.n_used)
    table = table if only is None else table[table["driver"].isin(only)]
    return table.sort_values("step", ascending=False, kind="stable", ignore_index=True)


def waterfall(scenario: drivers.Scenario | Nothing) -> pd.DataFrame:
    """Return a scenario as rows that add up: the headline, each step, and all together."""
    if isinstance(scenario, Nothing) or scenario.table.empty:
        return pd.DataFrame()
    steps = scenario.table.rename(columns={"step": "value", "step_low": "low", "step_high": "high"})
    totals = pd.DataFrame({"role": TOTAL, "value": [scenario.baseline, scenario.predicted]})
    parts = [totals.iloc[:1], steps.assign(role=BAR), totals.iloc[1:]]
    return pd.concat(parts, ignore_index=True).assign(
        outcome=scenario.outcome,
        unit=UNITS[scenario.kind],
        change=scenario.change,
        n=scenario.n_used,
    )
