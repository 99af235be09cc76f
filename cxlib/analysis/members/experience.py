"""What a better experience goes with: what members spend, and whether they stay, afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.analysis.compare import adjust
from cxlib.analysis.members.purchases import coded, dates_of, moment
from cxlib.analysis.metrics import number
from cxlib.analysis.results import CARE_BASE, Caveat, Result
from cxlib.analysis.validate import Floats, column, count, numbers
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

CLASSES = (_("detractor"), _("passive"), _("promoter"))
STEPS = (("detractor", "passive"), ("passive", "promoter"))
_LATER = ("tier", "status", "left", "tier_now", "current_tier")


@dataclass(frozen=True, kw_only=True)
class Experience(Result):
    """What detractors, passives and promoters did within a horizon after their first answer.

    ``table``: one row a step and outcome: ``step`` ("detractor to passive", "passive to
    promoter"), ``outcome`` ("spend", "stay"), ``value, value_low, value_high`` (money a member, or
    a share of members, adjusted), ``raw`` (the same unadjusted), ``p_value, p_adjusted``, ``n``
    (the smaller class), ``n_from, n_to``, ``gain`` (money, if all asked members of the lower class
    took the step), ``turn`` ("more", "less", "unclear").
    ``groups``: ``level`` (class), ``n, spend, stay`` (raw means) and ``spend_adjusted,
    spend_adjusted_low, spend_adjusted_high``.
    """

    table: pd.DataFrame
    groups: pd.DataFrame
    members: pd.DataFrame
    horizon: int
    n: int
    adjusted: tuple[str, ...]
    caveats: tuple[Caveat, ...] = ()


def value_of_experience(
    members: pd.DataFrame | None,
    survey: pd.DataFrame,
    transactions: pd.DataFrame,
    *,
    horizon: int,
    as_of: Any,
    metric: str = "nps",
    cut_points: tuple[int, int] = (6, 9),
    adjust_for: Sequence[str] = (),
    answer: str = "first",
    look_back: int | None = None,
    gap: int = 1,
    confidence: float = 0.95,
) -> Experience:
    """Compare what promoters, passives and detractors spend, and how many stay, afterwards.

    Time zero is a member's first answer. Only members of that day count; what they are compared at
    (`adjust_for`, tenure, past spend and purchases) ends the day before, what they spend starts the
    day after, and the horizon is the same for all and must have elapsed by `as_of`. An association,
    not an effect: who is content may have meant to stay anyway.

    Parameters
    ----------
    members : pandas.DataFrame or None
        ``member_id, joined, left``, one row a member; None where there is no list of them.
    survey : pandas.DataFrame
        ``respondent_id, date`` and the answers, one row a response.
    transactions : pandas.DataFrame
        ``member_id, date, amount``; refunds are below 0.
    horizon : int
        Days after the answer.
    as_of : date
        The last day of the records.
    metric : str
        Column of the survey: the rating by which members are classed.
    cut_points : (int, int)
        Highest detractor and lowest promoter.
    adjust_for : sequence of str
        Columns of the *survey*: what was known when they answered, such as the tier of that day.
    answer : {"first"}
        Anything else is refused.
    look_back : int, optional
        Days of past spend; the horizon if not given.
    gap : int
        Days between the answer and the spend that counts, at least 1.

    Raises
    ------
    DataError
        If classes depend on what happened later ("ever a promoter", a tier of today), the answered
        purchase itself would count, nobody can be matched, or a class has fewer than 30 members.
    """
    _refuse(members, survey, metric, adjust_for, answer, gap)
    horizon = count(horizon, "horizon")
    back = horizon if look_back is None else count(look_back, "look_back")
    if not horizon:
        raise DataError("horizon is 0 days; spend after the answer needs some.")
    until = moment(as_of)
    people, caveats = _asked(members, survey, metric, tuple(adjust_for), cut_points, until)
    elapsed = people["at"] + pd.Timedelta(days=horizon) <= until
    if not elapsed.all():
        message = _("{n} answered less than {days} days before the records end; they do not count.")
        caveats.append(Caveat(message, n=int((~elapsed).sum()), days=horizon))
    people = people[elapsed].reset_index(drop=True)
    counts = people["level"].value_counts().reindex(CLASSES, fill_value=0)
    if (counts < CARE_BASE).any():
        few = counts.idxmin()
        raise DataError(
            f"{int(counts.min())} {few}s are members whose {horizon} days have elapsed; each class "
            f"needs {CARE_BASE}. Take a shorter horizon, or wait."
        )
    people = people.join(_spent(people, transactions, horizon, back, gap))
    left = people["left"] if "left" in people else pd.Series(pd.NaT, index=people.index)
    over = left <= people["at"] + pd.Timedelta(days=horizon)
    people["stay"] = (~over.fillna(False)).astype(float)
    design, named = _covariates(people, tuple(adjust_for))
    outcomes = ["spend"] + (["stay"] if over.any() else [])
    z = norm.ppf(0.5 + number(confidence, "confidence") / 2)
    fits = {name: _fit(people, design, name) for name in outcomes}
    rows = [row for name in outcomes for row in _steps(people, fits[name], name, counts, z)]
    table = pd.DataFrame(rows)
    table["p_adjusted"] = adjust(table["p_value"].to_numpy())
    clear = table["p_adjusted"] < 1 - confidence
    table["turn"] = np.where(~clear, "unclear", np.where(table["value"] > 0, "more", "less"))
    return Experience(
        table=table,
        groups=_groups(people, fits["spend"], z),
        members=people,
        horizon=horizon,
        n=len(people),
        adjusted=named,
        caveats=tuple(caveats),
    )


def _refuse(
    members: Any, survey: Any, metric: str, adjust_for: Sequence[str], answer: str, gap: int
) -> None:
    if answer != "first":
        raise DataError(
            f"answer is {answer!r}: who was ever, or last, a promoter had to stay long enough to "
            "say so; members are classed by their first answer."
        )
    if count(gap, "gap") < 1:
        raise DataError("gap is 0: the purchase that was asked about would count as its outcome.")
    if isinstance(adjust_for, str):
        raise DataError(f"adjust_for takes a list of columns: [{adjust_for!r}].")
    known = survey.columns if isinstance(survey, pd.DataFrame) else ()
    for name in adjust_for:
        if name in known:
            continue
        if members is not None and name in members.columns:
            raise DataError(
                f"{name!r} stands in the members' list, as it is today: measured after the answer, "
                "it may itself be a consequence. Give the survey's own column of that day."
            )
        raise DataError(f"{name!r} is not a column of the survey{nearest(name, known)}")
    if metric not in known:
        raise DataError(
            f"{metric!r} is not a column of the survey{nearest(metric, known)} Respondents are "
            "compared by what they answered, never with those who did not answer."
        )


def _asked(
    members: pd.DataFrame | None,
    survey: pd.DataFrame,
    metric: str,
    adjust_for: tuple[str, ...],
    cut_points: tuple[int, int],
    until: pd.Timestamp,
) -> tuple[pd.DataFrame, list[Caveat]]:
    """Return who answered, as of their first answer, and was a member that day."""
    low, high = cut_points
    answers = pd.DataFrame(
        {
            "member_id": column(survey, "respondent_id"),
            "at": dates_of(column(survey, "date")).dt.normalize(),
            "rating": numbers(column(survey, metric)),
            **{name: survey[name] for name in adjust_for},
        }
    )
    answers = answers[answers["at"].notna() & (answers["at"] <= until)]
    answers = answers.dropna(subset=["member_id", "rating"]).sort_values("at", kind="stable")
    people = answers.drop_duplicates("member_id")
    rating = people["rating"]
    people = people.assign(level=np.select([rating <= low, rating >= high], [CLASSES[0],
                           CLASSES[2]], default=CLASSES[1]))  # fmt: skip
    caveats = [Caveat(_("An association: who is content may have meant to stay anyway."))]
    if members is None:
        return people, caveats
    dated = {name: dates_of(members[name]) for name in ("joined", "left") if name in members}
    listed = pd.DataFrame({"member_id": column(members, "member_id"), **dated})
    joined = people.merge(listed.drop_duplicates("member_id"), on="member_id", how="inner")
    if joined.empty:
        raise DataError("no respondent is among the members: are ids written alike in both tables?")
    there = pd.Series(True, index=joined.index)
    if "joined" in joined:
        there &= ~(joined["joined"] > joined["at"])
    if "left" in joined:
        there &= ~(joined["left"] <= joined["at"])
    if len(joined) < len(people):
        message = _("{n} respondents are in no list of members; they do not count.")
        caveats.append(Caveat(message, n=len(people) - len(joined)))
    if not there.all():
        message = _("{n} were no members on the day they answered; they do not count.")
        caveats.append(Caveat(message, n=int((~there).sum())))
    return joined[there], caveats


def _spent(
    people: pd.DataFrame, transactions: pd.DataFrame, horizon: int, back: int, gap: int
) -> pd.DataFrame:
    """Return what each spent before and after their answer."""
    who = column(transactions, "member_id")
    codes, names = coded(who)
    code = np.append(pd.Index(people["member_id"]).get_indexer(pd.Index(names)), -1)[codes]
    known = code >= 0
    code = code[known]
    day = dates_of(column(transactions, "date")[known]).dt.normalize().to_numpy()
    money = numbers(column(transactions, "amount")[known])
    money = np.nan_to_num(money)
    since = (day - people["at"].to_numpy()[code]) / np.timedelta64(1, "D")
    after = (since >= gap) & (since <= horizon)
    before = (since <= -1) & (since >= -back)
    n = len(people)
    first = np.full(n, 0.0)
    np.minimum.at(first, code, np.nan_to_num(since))
    tenure = -first
    if "joined" in people:
        days = (people["at"] - people["joined"]).dt.days
        tenure = days.fillna(pd.Series(tenure, index=people.index)).to_numpy(float)
    return pd.DataFrame(
        {
            "spend": np.bincount(code, money * after, n),
            "past_spend": np.bincount(code, money * before, n),
            "past_purchases": np.bincount(code, before & (money > 0), n),
            "tenure": tenure,
        },
        index=people.index,
    )


def _covariates(
    people: pd.DataFrame, adjust_for: tuple[str, ...]
) -> tuple[Floats, tuple[str, ...]]:
    parts = [
        people["past_spend"].to_numpy(float),
        np.sqrt(people["past_purchases"].to_numpy(float)),
        np.log1p(people["tenure"].clip(lower=0).to_numpy(float)),
    ]
    for name in adjust_for:
        cells = people[name].astype(object).where(people[name].notna(), "–")
        dummies = pd.get_dummies(cells, drop_first=True, dtype=float)
        parts += [dummies[column_].to_numpy() for column_ in dummies]
    kept = [part for part in parts if np.ptp(part) > 0]
    return np.column_stack(kept) if kept else np.empty((len(people), 0)), (
        "past_spend", "past_purchases", "tenure", *adjust_for)  # fmt: skip


def _fit(people: pd.DataFrame, covariates: Floats, outcome: str) -> Any:
    """Fit class dummies (passives are the base) and centred covariates, robust (HC3)."""
    import statsmodels.api as sm

    centred = covariates - covariates.mean(axis=0)
    scale = centred.std(axis=0)
    classes = [(people["level"] == level).to_numpy(float) for level in (CLASSES[0], CLASSES[2])]
    design = np.column_stack([np.ones(len(people)), *classes, centred / scale])
    return sm.OLS(people[outcome].to_numpy(float), design).fit(cov_type="HC3")


def _steps(
    people: pd.DataFrame, fit: Any, outcome: str, counts: pd.Series, z: float
) -> list[dict[str, Any]]:
    means = people.groupby("level")[outcome].mean()
    contrasts = (np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    rows = []
    for (start, end), contrast in zip(STEPS, contrasts, strict=True):
        weights = np.concatenate([contrast, np.zeros(len(fit.params) - 3)])
        value = float(weights @ fit.params)
        error = float(np.sqrt(weights @ fit.cov_params() @ weights))
        rows.append(
            {
                "step": f"{start} to {end}",
                "outcome": outcome,
                "value": value,
                "value_low": value - z * error,
                "value_high": value + z * error,
                "raw": float(means[end] - means[start]),
                "p_value": float(2 * norm.sf(abs(value / error))) if error > 0 else 1.0,
                "n": int(min(counts[start], counts[end])),
                "n_from": int(counts[start]),
                "n_to": int(counts[end]),
                "gain": value * int(counts[start]) if outcome == "spend" else np.nan,
            }
        )
    return rows


def _groups(people: pd.DataFrame, fit: Any, z: float) -> pd.DataFrame:
    """Return each class as it was, and at everybody's mean past."""
    table = people.groupby("level")[["spend", "stay"]].mean().reindex(CLASSES)
    table.insert(0, "n", people["level"].value_counts())
    rest = np.zeros(len(fit.params) - 3)
    covariance = fit.cov_params()
    for level, dummies in zip(CLASSES, ((1.0, 1, 0), (1.0, 0, 0), (1.0, 0, 1)), strict=True):
        at = np.concatenate([np.array(dummies), rest])
        value, error = float(at @ fit.params), float(np.sqrt(at @ covariance @ at))
        names = ["spend_adjusted", "spend_adjusted_low", "spend_adjusted_high"]
        table.loc[level, names] = [value, value - z * error, value + z * error]
    return table.rename_axis("level").reset_index().assign(segment="class")
