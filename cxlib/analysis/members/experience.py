"""What a better experience goes with: what members spend, and whether they stay, afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cxlib.analysis import validate
from cxlib.analysis.compare import adjust
from cxlib.analysis.estimation import z_of
from cxlib.analysis.members.purchases import coded, p_of, wald
from cxlib.analysis.results import CARE_BASE, Caveat, Tabled, counted
from cxlib.errors import DataError, nearest
from cxlib.words import mark as _

CLASSES = (_("detractor"), _("passive"), _("promoter"))
STEPS = (("detractor", "passive"), ("passive", "promoter"))
PAST = ("past_spend", "past_purchases", "tenure")


class Experience(Tabled):
    """What detractors, passives and promoters did within a horizon after their first answer.

    ``table``: a row a step ("detractor to passive", "passive to promoter") and ``outcome``
    ("spend", "stay"): ``value`` with its interval (money a member, or a share, adjusted), ``raw``
    (unadjusted), ``p_value, p_adjusted, n`` (the smaller class), ``n_from, n_to, gain`` (money, if
    all asked of the lower class took the step), ``turn`` ("more", "less", "unclear"). ``groups``: a
    row a class (``level``), its raw means, and ``spend_adjusted`` with its interval.
    """

    groups: pd.DataFrame
    members: pd.DataFrame
    horizon: int
    n: int
    adjusted: tuple[str, ...]


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
    horizon, until = validate.count(horizon, "horizon"), validate.moment(as_of)
    back = horizon if look_back is None else validate.count(look_back, "look_back")
    if not horizon:
        raise DataError("horizon is 0 days; spend after the answer needs some.")
    people = _asked(survey, metric, adjust_for, cut_points, until)
    people, caveats = _members_that_day(people, members)
    elapsed = people["at"] + pd.Timedelta(days=horizon) <= until
    message = _(
        "{n} answered less than {days} days before the records end and {n:does|do} not count."
    )
    caveats += counted(((~elapsed).sum(), message), days=horizon)
    people = people[elapsed].reset_index(drop=True)
    counts = people["level"].value_counts().reindex(CLASSES, fill_value=0)
    if (counts < CARE_BASE).any():
        why = _(
            "{n} of the class {few} {n:is a member|are members} whose {days} days have elapsed; "
            "each class needs {least}. Take a shorter horizon, or wait."
        )
        few = {"n": int(counts.min()), "few": str(counts.idxmin())}
        raise DataError(Caveat(why, **few, days=horizon, least=CARE_BASE))
    people = people.join(_spent(people, transactions, horizon, back, gap))
    left = people["left"] if "left" in people else pd.Series(pd.NaT, index=people.index)
    over = left <= people["at"] + pd.Timedelta(days=horizon)
    people["stay"] = (~over.fillna(False)).astype(float)
    design = _covariates(people, adjust_for)
    z = z_of(validate.check_confidence(confidence))
    outcomes = ("spend", "stay") if over.any() else ("spend",)
    fits = {name: _fit(people, design, name) for name in outcomes}
    table = pd.DataFrame(
        [row for name, fit in fits.items() for row in _steps(people, fit, name, counts, z)]
    )
    table["p_adjusted"] = adjust(table["p_value"].to_numpy())
    clear = table["p_adjusted"] < 1 - confidence
    table["turn"] = np.where(~clear, "unclear", np.where(table["value"] > 0, "more", "less"))
    return Experience(
        table=table,
        groups=_groups(people, fits["spend"], z),
        members=people,
        horizon=horizon,
        n=len(people),
        adjusted=(*PAST, *adjust_for),
        caveats=caveats,
    )


def _refuse(
    members: Any, survey: Any, metric: str, adjust_for: Sequence[str], answer: str, gap: int
) -> None:
    if answer != "first":
        raise DataError(
            f"answer is {answer!r}: who was ever, or last, a promoter had to stay long enough to "
            "say so; members are classed by their first answer."
        )
    if validate.count(gap, "gap") < 1:
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
    survey: pd.DataFrame,
    metric: str,
    adjust_for: Sequence[str],
    cut_points: tuple[int, int],
    until: pd.Timestamp,
) -> pd.DataFrame:
    """Return who answered, as of their first answer, with their class."""
    told = {"member_id": validate.column(survey, "respondent_id")}
    told["at"] = validate.dates_of(validate.column(survey, "date")).dt.normalize()
    told["rating"] = pd.Series(
        validate.numbers(validate.column(survey, metric)), index=survey.index
    )
    answers = pd.DataFrame(told | {name: survey[name] for name in adjust_for})
    answers = answers[answers["at"].notna() & (answers["at"] <= until)]
    answers = answers.dropna(subset=["member_id", "rating"]).sort_values("at", kind="stable")
    people = answers.drop_duplicates("member_id")
    cases = [people["rating"] <= cut_points[0], people["rating"] >= cut_points[1]]
    return people.assign(level=np.select(cases, [CLASSES[0], CLASSES[2]], default=CLASSES[1]))


def _members_that_day(
    people: pd.DataFrame, members: pd.DataFrame | None
) -> tuple[pd.DataFrame, tuple[Caveat, ...]]:
    """Return those who were members on the day they answered, and who was not."""
    about = Caveat(_("An association: who is content may have meant to stay anyway."))
    if members is None:
        return people, (about,)
    dated = {
        name: validate.dates_of(members[name]) for name in ("joined", "left") if name in members
    }
    listed = pd.DataFrame({"member_id": validate.column(members, "member_id"), **dated})
    if listed["member_id"].dtype != people["member_id"].dtype:  # numbers and texts do not merge
        listed, people = (rows.astype({"member_id": object}) for rows in (listed, people))
    joined = people.merge(listed.drop_duplicates("member_id"), on="member_id", how="inner")
    if joined.empty:
        raise DataError("no respondent is among the members: are ids written alike in both tables?")
    there = pd.Series(True, index=joined.index)
    if "joined" in joined:
        there &= ~(joined["joined"] > joined["at"])
    if "left" in joined:
        there &= ~(joined["left"] <= joined["at"])
    absent, gone = len(people) - len(joined), (~there).sum()
    return joined[there], (
        about,
        *counted(
            (
                absent,
                _(
                    "{n} {n:respondent is|respondents are} in no list of members and "
                    "{n:does|do} not count."
                ),
            )
        ),
        *counted(
            (
                gone,
                _(
                    "{n} {n:was|were} no {n:member|members} on the day {n:of the "
                    "answer|they answered} and {n:does|do} not count."
                ),
            )
        ),
    )


def _spent(
    people: pd.DataFrame, transactions: pd.DataFrame, horizon: int, back: int, gap: int
) -> pd.DataFrame:
    """Return what each spent before and after their answer."""
    codes, names = coded(validate.column(transactions, "member_id"))
    code = np.append(pd.Index(people["member_id"]).get_indexer(pd.Index(names)), -1)[codes]
    known = code >= 0
    code, n = code[known], len(people)
    day = validate.dates_of(validate.column(transactions, "date")[known]).dt.normalize().to_numpy()
    money = np.nan_to_num(validate.numbers(validate.column(transactions, "amount")[known]))
    since = (day - people["at"].to_numpy()[code]) / np.timedelta64(1, "D")
    before = (since <= -1) & (since >= -back)
    first = np.full(n, 0.0)
    np.minimum.at(first, code, np.nan_to_num(since))
    tenure = pd.Series(-first, index=people.index)
    if "joined" in people:
        tenure = (people["at"] - people["joined"]).dt.days.fillna(tenure).astype(float)
    return pd.DataFrame(
        {
            "spend": np.bincount(code, money * ((since >= gap) & (since <= horizon)), n),
            "past_spend": np.bincount(code, money * before, n),
            "past_purchases": np.bincount(code, before & (money > 0), n),
            "tenure": tenure,
        },
        index=people.index,
    )


def _covariates(people: pd.DataFrame, adjust_for: Sequence[str]) -> validate.Floats:
    spend, purchases, tenure = (people[name].to_numpy(float) for name in PAST)
    parts = [spend, np.sqrt(purchases), np.log1p(tenure.clip(min=0))]
    for name in adjust_for:
        cells = people[name].astype(object).where(people[name].notna(), "–")
        parts += list(pd.get_dummies(cells, drop_first=True, dtype=float).to_numpy().T)
    kept = [part for part in parts if np.ptp(part) > 0]
    return np.column_stack(kept) if kept else np.empty((len(people), 0))


def _fit(people: pd.DataFrame, covariates: validate.Floats, outcome: str) -> Any:
    """Fit class dummies (passives are the base) and centred covariates, robust (HC3)."""
    from statsmodels.regression.linear_model import OLS

    centred = covariates - covariates.mean(axis=0)
    scale = centred.std(axis=0)
    classes = [(people["level"] == level).to_numpy(float) for level in (CLASSES[0], CLASSES[2])]
    design = np.column_stack([np.ones(len(people)), *classes, centred / scale])
    return OLS(people[outcome].to_numpy(float), design).fit(cov_type="HC3")


def _estimate(fit: Any, *classes: float) -> tuple[float, float]:
    """Return a sum of intercept and classes, all else at its mean, with its error."""
    at = np.concatenate([classes, np.zeros(len(fit.params) - 3)])
    return float(at @ fit.params), float(np.sqrt(at @ fit.cov_params() @ at))


def _steps(
    people: pd.DataFrame, fit: Any, outcome: str, counts: pd.Series, z: float
) -> list[dict[str, Any]]:
    means = people.groupby("level")[outcome].mean()
    rows = []
    for (start, end), contrast in zip(STEPS, ((0, -1, 0), (0, 0, 1)), strict=True):
        value, error = _estimate(fit, *contrast)
        n_from, n_to = int(counts[start]), int(counts[end])
        row = {"step": f"{start} to {end}", "outcome": outcome, **wald("value", value, error, z)}
        row |= {"raw": float(means[end] - means[start]), "p_value": p_of(value, error)}
        row |= {"n": min(n_from, n_to), "n_from": n_from, "n_to": n_to}
        rows.append(row | {"gain": value * n_from if outcome == "spend" else np.nan})
    return rows


def _groups(people: pd.DataFrame, fit: Any, z: float) -> pd.DataFrame:
    """Return each class as it was, and at everybody's mean past."""
    table = people.groupby("level")[["spend", "stay"]].mean().reindex(CLASSES)
    table.insert(0, "n", people["level"].value_counts())
    for level, dummies in zip(CLASSES, ((1, 1, 0), (1, 0, 0), (1, 0, 1)), strict=True):
        told = wald("spend_adjusted", *_estimate(fit, *dummies), z)
        table.loc[level, list(told)] = list(told.values())
    return table.rename_axis("level").reset_index().assign(segment="class")
