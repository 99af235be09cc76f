"""What the chapter reads: members with what they spent, and every method's result, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from cxlib import periods
from cxlib.analysis import lifetime, members, retention
from cxlib.analysis.results import TableResult
from cxlib.errors import DataError
from cxlib.params.members import design_of
from cxlib.words import mark as _

T = TypeVar("T")
YEAR = pd.Timedelta(days=365)
SPELL: dict[str, Any] = {"duration": "time", "event": "left", "entry": "entry"}
"""Columns of `Study.stays` as survival reads them."""
MOST_LEVELS = 8
"""An attribute with more values is no group."""


class Study:
    """A client's programme as of the end of a period; what cannot be told is in `refused`."""

    def __init__(self, engagement: Any) -> None:
        self.engagement = engagement
        self.refused: dict[str, str] = {}

    @property
    def options(self) -> Any:
        """The chapter's settings."""
        return self.engagement.settings

    @property
    def currency(self) -> str:
        """The unit of money."""
        return self.engagement.client.currency or "count"

    def tried(self, what: str, method: Callable[..., T], *rows: Any, **asked: Any) -> T | None:
        """Return what a method makes of rows; None without them, or where it refuses (see why)."""
        if any(row is None for row in rows):
            return None
        try:
            return method(*rows, **asked)
        except DataError as error:
            self.refused[what] = error.args[0]  # a Caveat is said in the reader's language
            return None

    def of_members(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return rows with their base under the name of members, and the unit of their money."""
        return table.assign(members=table["n"], unit=self.currency)

    def by_tier(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return rows in the order of their tiers, the lowest first."""
        survey = self.engagement.client.survey
        asked = survey.segments.get("tier") if survey else None
        tiers = list(self.thresholds) or getattr(asked, "order", None) or []
        rank = {tier: at for at, tier in enumerate(tiers)}
        order = table["level"].map(rank).fillna(len(rank)).sort_values(kind="stable")
        return table.loc[order.index].reset_index(drop=True)

    def _entries(self, name: str, *columns: str) -> pd.DataFrame | None:
        from cxlib.data.tables import read_entries

        engagement = self.engagement
        if getattr(engagement.client, name) is None:
            return None
        return read_entries(engagement.workspace, engagement.client.client, name, columns)

    @cached_property
    def bought(self) -> pd.DataFrame | None:
        """Purchases, ids as a category."""
        frame = self._entries("transactions", "date", "amount")
        if frame is not None and "amount" not in frame:
            self.refused["spend"] = _("the transactions have no amount.")
            return None
        return frame

    @property
    def own(self) -> pd.DataFrame | None:
        """Purchases of members, of today and former; of all customers without a list of members.

        A list of attributes alone, which says of nobody since when or of which tier, is none. Not
        kept: of millions of purchases a second copy is large.
        """
        bought, listed = self.bought, self.listed
        told = {"joined", "left", "tenure", "tier", "status"} & set(listed)
        if bought is None or listed.empty or not told:
            return bought
        ids = bought["member_id"].cat.categories
        mine = np.append(pd.Index(ids).isin(listed["member_id"]), False)
        if mine[:-1].all():
            return bought
        kept = bought[mine[bought["member_id"].cat.codes]]
        return kept.assign(member_id=kept["member_id"].cat.remove_unused_categories())

    @cached_property
    def as_of(self) -> pd.Timestamp:
        """The last day: of the period, or of the records where periods have no dates."""
        if self.engagement.last_day is not None:
            return pd.Timestamp(self.engagement.last_day)
        days = [t["date"].max() for t in (self.bought,) if t is not None]
        listed = self.listed
        if not listed.empty and "joined" in listed:
            days += [listed[name].max() for name in ("joined", "left") if name in listed]
        known = [day for day in days if not pd.isna(day)]
        return max(known).normalize() if known else pd.Timestamp("2000-01-01")

    @cached_property
    def listed(self) -> pd.DataFrame:
        """The list of members; empty without one."""
        if self.engagement.client.members is None:
            return pd.DataFrame(columns=["member_id"])
        frame: pd.DataFrame = self.engagement.table("members")
        return frame

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row a member: ``tier, there, spend, spend_before, last`` and their attributes.

        `spend` is of the last year, `spend_before` of the year before it; who buys without a list
        of members is one.
        """
        frame = self.listed
        if frame.empty and self.bought is not None:
            ids = self.bought["member_id"].cat.categories
            frame = pd.DataFrame({"member_id": ids})
        people = frame.assign(there=_there(frame, self.as_of))
        for name in ("spend", "spend_before"):
            start = self.as_of - YEAR * (1 if name == "spend" else 2)
            people[name] = self.spent(people["member_id"], start, start + YEAR)
        return people.assign(last=self._last(people["member_id"]))

    def spent(self, ids: pd.Series, after: pd.Timestamp, upto: pd.Timestamp) -> Any:
        """Return what members spent after one day and up to the end of another."""
        if self.bought is None:
            return np.nan
        day = self.bought["date"]
        inside = (day >= after + pd.Timedelta(days=1)) & (day < upto + pd.Timedelta(days=1))
        who = self.bought["member_id"]
        return _summed(who[inside], self.bought.loc[inside, "amount"], ids)

    def _last(self, ids: pd.Series) -> Any:
        if self.bought is None:
            return pd.NaT
        kept = self.bought[self.bought["date"] < self.as_of + pd.Timedelta(days=1)]
        last = kept.groupby("member_id", observed=True)["date"].max()
        return last.reindex(ids).to_numpy()

    # --- who stays -------------------------------------------------------------------------------

    @cached_property
    def stays(self) -> pd.DataFrame:
        """One row a member for survival: ``time, left, entry`` (days), groups and ``cohort``."""
        section, frame = self.engagement.client.members, self.listed
        if section is None or not ({"joined", "tenure"} & set(frame)):
            return pd.DataFrame(columns=["time"])
        groups = [name for name in ("tier", *section.attributes) if name in frame]
        if "joined" not in frame:
            rows = frame[groups].assign(
                time=frame["tenure"], left=frame["status"].eq("left"), entry=0.0, cohort=None
            )
            return rows[rows["time"].notna()]
        joined = frame["joined"]
        gone = frame.get("left", pd.Series(pd.NaT, index=frame.index))
        end = gone.where(gone <= self.as_of, self.as_of)
        begin = pd.Timestamp(section.records_begin) if section.records_begin else None
        entry = _days(begin - joined) if begin is not None else pd.Series(0.0, frame.index)
        rows = frame[groups].assign(
            time=_days(end - joined),
            left=gone <= self.as_of,
            entry=entry.clip(lower=0.0).fillna(0.0),
            cohort=periods.label_dates(joined, self.cohort_period),
        )
        old = joined < begin if begin is not None else pd.Series(False, index=frame.index)
        rows.loc[old, "cohort"] = None  # their early leavers are in no record
        seen = (joined <= self.as_of) & (rows["time"] > rows["entry"])
        return rows[seen]

    @property
    def cohort_period(self) -> Any:
        """The kind of period by which members are grouped: quarters, years for a yearly client."""
        return "year" if self.engagement.client.period == "year" else "quarter"

    def survival(self, by: str | None) -> retention.Survival | None:
        """Return how long members stay, by a column of `stays`."""
        rows = self.stays if by is None else self.stays[self.stays[by].notna()]
        return self.tried(
            _("who stays"), retention.survival, None if rows.empty else rows, by=by, **SPELL
        )

    @cached_property
    def cohorts(self) -> retention.Cohorts | None:
        """Who joined together and is still there, or who buys again where there is no list."""
        section = self.engagement.client.members
        asked: dict[str, Any] = {"as_of": self.as_of, "period": self.cohort_period}
        joined = section is not None and "joined" in self.listed
        if joined:
            asked["records_begin"] = section.records_begin
        rows = self.listed if joined else self.bought
        return self.tried(_("cohorts"), retention.cohorts, rows, **asked)

    @cached_property
    def renewals(self) -> lifetime.ShiftedBetaGeometric | None:
        """The share left of those who joined, age by age, with its projection."""
        found = self.cohorts
        if found is None or found.kind != "retention" or found.table.empty:
            return None
        table = found.table
        ages = table.groupby("age")["n"].sum()
        most = int(ages[ages >= 100].index.max()) if (ages >= 100).any() else 0
        whole = table.groupby("cohort")["age"].transform("max") >= most
        pooled = table[whole & (table["age"] <= most)].groupby("age")[["stayed", "n"]].sum()
        share = (100 * pooled["stayed"] / pooled["n"]).tolist()
        return self.tried(_("renewals"), lifetime.sbg, share if most >= 3 else None)

    # --- what they are worth ---------------------------------------------------------------------

    @cached_property
    def summary(self) -> lifetime.Summary | None:
        """Members as lifetime value sees them, in weeks: former ones too, who teach it."""
        return self.tried(_("worth"), lifetime.summary, self.own, as_of=self.as_of, unit="weeks")

    @cached_property
    def purchases(self) -> lifetime.BgNbd | None:
        """The model of repeat purchases."""
        return self.tried("worth", lifetime.bg_nbd, self.summary)

    @cached_property
    def money(self) -> lifetime.GammaGamma | None:
        """The model of money a purchase."""
        return self.tried("worth", lifetime.gamma_gamma, self.summary)

    @cached_property
    def worth(self) -> lifetime.Value | None:
        """What members are worth over the coming year, by tier."""
        told, asked = self.summary, self.options
        if told is None:
            return None
        here = self.people[self.people["there"]].set_index("member_id")
        rows = told.table[told.table["member_id"].isin(here.index)]
        tier = here.get("tier", pd.Series("all", index=here.index))
        rows = rows.assign(tier=rows["member_id"].map(tier).fillna("all"))
        terms = {"horizon": asked.value_weeks, "margin": asked.margin, "discount": asked.discount}
        return self.tried(
            "worth", lifetime.value, rows, self.purchases, self.money,
            unit="weeks", by="tier", **terms,
        )  # fmt: skip

    @cached_property
    def holdout(self) -> lifetime.Holdout | None:
        """The model fitted on all but the last half year (or third), held against that."""
        if self.purchases is None or (bought := self.own) is None:
            return None
        span = (self.as_of - bought["date"].min()).days
        asked = {"split": self.as_of - pd.Timedelta(days=min(182, span // 3)), "as_of": self.as_of}
        return self.tried(_("holdout"), lifetime.holdout, bought, unit="weeks", **asked)

    # --- what experience is worth ----------------------------------------------------------------

    @cached_property
    def experience(self) -> members.Experience | None:
        """What members spend and whether they stay after their first answer."""
        engagement, asked = self.engagement, self.options
        metric = next((m for m in engagement.metrics if m.kind == "nps"), None)
        if metric is None or self.bought is None:
            return None
        held = engagement.mix_segments if asked.adjust_for is None else asked.adjust_for
        return self.tried(
            _("experience"), members.value_of_experience,
            members=self.listed if len(self.listed) and "joined" in self.listed else None,
            survey=engagement.survey(
                period="history", columns=["respondent_id", "date", metric.key, *held]
            ), transactions=self.bought,
            horizon=asked.horizon, as_of=self.as_of, metric=metric.key, adjust_for=list(held),
            cut_points=metric.cut_points or (6, 9),
        )  # fmt: skip

    @cached_property
    def joining(self) -> members.Joining | None:
        """What members spend more once they have joined than comparable customers who had not."""
        listed = self.listed if "joined" in self.listed else None
        asked = {"as_of": self.as_of, "horizon": self.options.joining_days}
        return self.tried(_("joining"), members.effect_of_joining, listed, self.bought, **asked)

    # --- tiers -----------------------------------------------------------------------------------

    @cached_property
    def thresholds(self) -> dict[str, float]:
        """Tier to the spend from which it is held; empty without rules."""
        section = self.engagement.client.members
        found = section.thresholds if section is not None and self.bought is not None else {}
        return found if len(found) > 1 else {}

    @cached_property
    def launched(self) -> pd.Timestamp:
        """The day from which the tiers hold."""
        return pd.Timestamp(self.options.launched or self.as_of - YEAR + pd.Timedelta(days=1))

    @cached_property
    def benefits(self) -> members.Benefits | None:
        """What benefits and points cost."""
        used = self._entries("benefits", "date", "cost")
        ledger = self._entries("points", "date", "points", "kind")
        if used is None and ledger is None:
            return None
        people = self.listed if "tier" in self.listed else self.listed.assign(tier="all")
        upto = self.as_of + pd.Timedelta(days=1)
        empty = pd.DataFrame({"member_id": [], "date": pd.to_datetime([]), "cost": []})
        uses = empty if used is None else used
        kept = None if ledger is None else ledger[ledger["date"] < upto]
        uses = uses[uses["date"] < upto]
        return self.tried(_("benefits"), members.benefit_use, uses, people, points=kept)

    @cached_property
    def effects(self) -> TableResult | None:
        """What each tier keeps at its threshold, against what its benefits cost."""
        used = self._entries("benefits", "date", "cost")
        if not self.thresholds or used is None or "joined" not in self.listed:
            return None
        eve = self.launched - pd.Timedelta(days=1)
        here = self.listed[_there(self.listed, eve)]
        inside = used[(used["date"] >= self.launched) & (used["date"] <= self.as_of)]
        cost = inside.get("cost", pd.Series(0.0, index=inside.index))
        years = max((self.as_of - eve) / YEAR, 1e-9)
        rows = pd.DataFrame(
            {
                "spend_before": self.spent(here["member_id"], eve - YEAR, eve),
                "margin": self.options.margin
                * self.spent(here["member_id"], eve, self.as_of) / years,
                "cost": _summed(inside["member_id"], cost, here["member_id"]) / years,
            }
        )  # fmt: skip
        return self.tried(_("effects"), members.at_thresholds, rows, thresholds=self.thresholds)

    @cached_property
    def designs(self) -> members.Designs | None:
        """Today's tiers and the client file's other designs, on the members of today."""
        if not self.thresholds:
            return None
        others = {name: design_of(other.tiers) for name, other in self.options.designs.items()}
        return self.tried(_("designs"), self.simulated, {"today": self.rules} | others)

    @property
    def rules(self) -> dict[str, dict[str, float]]:
        """Today's tiers; empty without thresholds."""
        return design_of(self.engagement.client.members.tiers) if self.thresholds else {}

    def simulated(self, designs: Any) -> members.Designs:
        """Return what designs cost on the members of today."""
        asked, here = self.options, self.people[self.people["there"]]
        return members.simulate_tiers(
            here, designs=designs, point_value=asked.point_value, breakage=asked.breakage
        )


def _there(frame: pd.DataFrame, day: pd.Timestamp) -> Any:
    """Return who was a member on a day."""
    joined = frame.get("joined", pd.Series(pd.NaT, index=frame.index))
    left = frame.get("left", pd.Series(pd.NaT, index=frame.index))
    gone = frame["status"].eq("left") & left.isna() if "status" in frame else False
    return ~(joined > day) & ~(left <= day) & ~pd.Series(gone, index=frame.index)


def _days(spans: Any) -> Any:
    return spans.dt.total_seconds() / 86_400


def _summed(who: pd.Series, amounts: pd.Series, ids: pd.Series) -> Any:
    """Return sums by member, in the order of `ids`; 0 for who has none."""
    codes = who.cat.codes.to_numpy()
    sums = np.bincount(codes, amounts.fillna(0.0), len(who.cat.categories))
    at = pd.Index(who.cat.categories).get_indexer(pd.Index(ids))
    return np.where(at >= 0, np.append(sums, 0.0)[at], 0.0)
