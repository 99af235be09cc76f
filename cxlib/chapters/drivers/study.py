"""One client's drivers: every model and result of the chapter, computed when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import drivers
from cxlib.analysis.drivers.odds import NoMaximumError
from cxlib.analysis.drivers.planning import STEP
from cxlib.analysis.targets.proposals import HAIRCUT
from cxlib.chapters.drivers import tables
from cxlib.present.withhold import is_empty

MODELLED = 200_000
"""Answers that models are fitted on at most: of more, so many are drawn at random."""
SURE = 0.8
"""Probability from which a touchpoint's side of the map is called sure: four in five."""


class Study:
    """The drivers of one client's outcome; every part is computed when it is asked for, once."""

    def __init__(self, engagement: Any) -> None:
        self.engagement = engagement
        self.options = engagement.settings
        self.metric = drivers.outcome_of(engagement.metrics, self.options.outcome)
        joined = f"last {self.options.periods}"
        self.share, self.n_answers = engagement.share_of(MODELLED, "answers", period=joined)
        columns = [*engagement.scored, *self.options.controls]
        survey = engagement.survey(period=joined, columns=columns, share=self.share)
        self.survey = drivers.oriented(survey, touchpoints=engagement.touchpoints)
        self.turned = {
            t.key: sum(t.scale) for t in engagement.touchpoints if t.direction == "lower"
        }

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
        said = self.choice.caveats  # the chapter's answer, which no severity makes
        rows = [{"case": c.message, "answers": True, **c.facts} for c in said]
        if self.share < 1:
            drawn = {"n_modelled": len(self.survey), "n_answers": self.n_answers}
            rows.append({"case": "some modelled", **drawn})
        return pd.DataFrame(rows)

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
    def importance(self) -> drivers.DriverImportance | None:
        """How what is explained divides over the touchpoints."""
        if not self.choice.possible:
            return None
        return drivers.importance(self.survey, **self.model)

    @cached_property
    def priorities(self) -> drivers.Priorities | None:
        """The map of importance and performance."""
        found = self.importance
        if found is None:
            return None
        ratings = self.published.reindex(found.table["driver"])[["value", "low", "high"]]
        known = (
            None if ratings.isna().any(axis=None) else ratings.rename_axis("driver").reset_index()
        )
        return drivers.priorities(found, known)

    @cached_property
    def map(self) -> drivers.Priorities | None:
        """The map, with a word of its own for what lies on the line."""
        found = self.priorities
        if found is None:
            return None
        low = found.table["p_fix_first"] + found.table["p_watch"]
        open_side = low.between(1 - SURE, SURE, inclusive="neither")
        matters = found.table["quadrant"].isin(["fix first", "keep up"])
        word = found.table["quadrant"].mask(matters & open_side, tables.ON_THE_LINE)
        table = found.table.assign(quadrant=word, p_low=low, p_well=1 - low)
        return replace(found, table=table)

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
        if not self.choice.possible or self.metric.kind not in drivers.UNITS:
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
    def scenario(self) -> drivers.Scenario | None:
        """The planned changes together, applied to the headline."""
        if self.capped is None or self.priorities is None:
            return None
        asked = self.options.changes
        asked = asked and {name: self._sign(name) * change for name, change in asked.items()}
        found = drivers.plan(self.capped, self.priorities, asked=asked, headline=self.headline)
        return self._as_published(found)

    @cached_property
    def tenth(self) -> drivers.Scenario | None:
        """A tenth of a point more at every touchpoint, all else as it is."""
        free = self._free
        if free is None:
            return None
        changes = dict.fromkeys(free.drivers, STEP)
        return self._as_published(free.predict(changes, headline=self.headline))

    def _as_published(self, scenario: drivers.Scenario) -> drivers.Scenario:
        """Apply the changes of ratings to the published means too."""
        table = scenario.table
        means = self.published["value"].reindex(table["driver"]).set_axis(table.index).astype(float)
        now = table["mean_now"]
        sign = table["driver"].map(self._sign)
        means = means.fillna(now)
        moved = {c: means + sign * (table[c] - now) for c in ("mean_asked", "mean_used", "cap")}
        return replace(scenario, table=table.assign(mean_now=means, **moved))

    def _sign(self, key: str) -> int:
        """Return −1 where lower is better, so that the models see the rating turned round."""
        return -1 if key in self.turned else 1

    @cached_property
    def losses(self) -> pd.DataFrame:
        """The touchpoints that got worse like for like in their latest clear move."""
        table: pd.DataFrame = self.engagement.compared().table
        keys = [touchpoint.key for touchpoint in self.choice.drivers]
        table = table[table["kpi"].isin(keys) & (table["turn"] == "worse")].copy()
        sign = table["kpi"].map(self._sign)
        since = (sign * (table["value"] - table["after"])).clip(lower=0)  # what has come back
        table["lost"] = -sign * table["like"].fillna(table["change"]) - since
        return table[table["lost"] > tables.TAKES_ROOM].reset_index(drop=True)

    @cached_property
    def recovery(self) -> drivers.Scenario | None:
        """Every proven touchpoint that lost ground back where it stood, applied to the headline."""
        free = self._free
        if free is None or self.priorities is None:
            return None
        table = self.priorities.table
        lost = self.losses[self.losses["kpi"].isin(table.loc[table["proven"], "driver"])]
        changes = dict(zip(lost["kpi"], lost["lost"].astype(float).tolist(), strict=True))
        if not changes:
            return None
        return self._as_published(free.predict(changes, headline=self.headline))

    @cached_property
    def segments(self) -> drivers.SegmentImportance | None:
        """Whether groups of customers have the same drivers."""
        if not self.choice.possible or not self.engagement.segments:
            return None
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
        if self.segments is None:
            return pd.DataFrame()
        tests, rows = self.segments.table, self.segments.by_level
        wanted = [self.options.segment] if self.options.segment else []
        if not wanted:
            clear = tests[tests["differs"] == "yes"].sort_values("p_value", kind="stable")
            wanted = clear["segment"].head(1).tolist()
        shown = rows[rows["segment"].isin(wanted)]
        return tables.relative(shown).sort_values(["driver", "level"], kind="stable")

    @property
    def competitor(self) -> str | None:
        """The competitor that is shown."""
        return str(self.competitors["competitor"].iloc[0]) if len(self.competitors) else None

    @cached_property
    def competitors(self) -> pd.DataFrame:
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
        if self.map is None:
            return pd.DataFrame()
        found = tables.relative(self.map.table)
        found = found.sort_values("relative", ascending=False, kind="stable", ignore_index=True)
        name = found["driver"]
        lost = self.losses.set_index("kpi")[["before", "at"]].reindex(name)
        regained = tables.steps_of(self.recovery).reindex(name).to_numpy()
        reachable = self.scenario if len(self.steps) else None
        planned = tables.steps_of(reachable).reindex(name).to_numpy()
        turns = (
            self.competitors.set_index("kpi")["turn"]
            if len(self.competitors)
            else pd.Series(dtype=object)
        )
        raw = self.published[["value", "low", "high"]].reindex(name).set_axis(found.index)
        own = found[["performance", "performance_low", "performance_high"]].set_axis(
            raw.columns, axis=1
        )
        raw = raw.fillna(own)
        return found.assign(
            **raw,
            performance=raw["value"],
            performance_low=raw["low"],
            performance_high=raw["high"],
            n=self.published["n"].reindex(name).fillna(found["n"].set_axis(name)).to_numpy(),
            kpi=name,
            period=self.engagement.period,
            unit="mean",
            source="touchpoint",
            outcome=self.metric.key,
            before=lost["before"].to_numpy(),
            at=lost["at"].to_numpy(),
            lost=np.where(np.isnan(regained), "no", "yes"),
            regain=regained,
            stake=HAIRCUT * np.nan_to_num(np.fmax(regained, planned)),
            competitor_turn=turns.reindex(name).to_numpy(),
            competitor=self.competitor,
        )

    @property
    def proven(self) -> tuple[str, ...]:
        """The touchpoints that are proven to go with the outcome."""
        table = self.table
        return tuple(table.loc[table["proven"], "driver"]) if len(table) else ()

    @cached_property
    def plan(self) -> pd.DataFrame:
        """What the planned changes together are worth, in one row."""
        return tables.plan(self.scenario)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The scenario as a waterfall; no row where no group shows room."""
        shown = len(self.plan) and self.plan["case"].iloc[0] in ("best group", "asked for")
        return tables.waterfall(self.scenario) if shown else pd.DataFrame()

    @property
    def planned(self) -> pd.DataFrame:
        """The planned changes; no row where no group shows how far a rating can rise."""
        told = len(self.plan) and self.plan["case"].iloc[0] != "a tenth of a point"
        return tables.worth(self.scenario) if told else pd.DataFrame()

    def results(self) -> Mapping[str, Any]:
        """Return what is saved for later chapters, by name."""
        named = {
            "importance": self.importance,
            "priorities": self.priorities,
            "tenth": self.tenth,
            "scenario": self.scenario,
            "recovery": self.recovery,
            "drivers": self.table,
            "competitors": self.competitors,
        }
        return {name: found for name, found in named.items() if not is_empty(found)}
