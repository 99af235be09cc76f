"""The membership drawn: thin, on the kit's chart types."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from cxlib import periods
from cxlib.analysis.members.tiers import NONE
from cxlib.plots import theme
from cxlib.plots.bars import shares
from cxlib.plots.flow import flow as draw_flow
from cxlib.plots.forest import forest
from cxlib.plots.heat import heat
from cxlib.plots.lines import lines
from cxlib.words import Quantity, Said, Words, mark as _

WAYS = {"up": theme.GOOD, "joined": theme.GOOD, "down": theme.BAD, "left": theme.BAD}


def flow(movement: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw who moved from which tier to which."""
    table = movement.table
    hidden = set(table.loc[table["withheld"], "way"])
    told: dict[str, Any] = {}
    for way in ("up", "down", "left"):
        n = int(table.loc[table["way"] == way, "n"].sum())
        told[way] = Said(words.say(_("at least {n}"), n=n)) if way in hidden else n
    title = words.say(_("Members: {up} rose, {down} fell, {left} left"), **told)
    order = [*reversed(movement.order), NONE]
    names = {tier: words.label(f"tier={tier}") for tier in order[:-1]}
    ax = draw_flow(
        table,
        order=order,
        labels=names | {NONE: words.say(NONE)},
        colours=[WAYS.get(way, theme.QUIET) for way in table["way"]],
        heads=(words.say(_("A year ago")), words.say(_("Now"))),
        words=words,
        ax=ax,
    )
    return theme.title(ax, title)


def curves(table: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw the share still there by months since joining."""
    name = str(table["segment"].iloc[0])
    whole = name == "all"
    series = {
        words.say(_("All members")) if whole else words.label(f"{name}={level}"): rows
        for level, rows in table.groupby("level", sort=False)
    }
    ends = table.groupby("level", sort=False).last()["survival"]
    if whole or len(ends) < 2:
        message = _("{share} are still members after {months} months")
        last = table.iloc[-1]
        facts = {"share": Quantity(float(last["survival"]), "share"), "months": int(last["months"])}
    else:
        message = _("Who leaves soonest: {level}")
        facts = {"level": f"{name}={ends.idxmin()}"}
    ax = lines(
        series,
        x="months",
        y="survival",
        steps=True,
        percent=True,
        xlabel=words.say(_("Months since joining; the band is the 95% interval")),
        ylabel=words.say(_("Still members, %")),
        words=words,
        ax=ax,
    )
    return theme.title(ax, words.say(message, **facts))


def cohorts(found: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each cohort's share still there, period by period."""
    grid = 100 * found.grid()
    grid.index = [words.period(str(label)) for label in grid.index]
    lowest: Any = theme.known(found.table, "retention")
    first = lowest[lowest["age"] == 2] if (lowest["age"] == 2).any() else lowest
    worst = first.loc[first["retention"].idxmin()]
    if found.kind == "retention":
        message = _("Of those who joined in {cohort}, {share} are still members after {span}")
        label = _("Periods since joining; cells: still members, %")
    else:
        message = _("Of those who first bought in {cohort}, {share} bought again {span} later")
        label = _("Periods since the first purchase; cells: bought again, %")
    share = Quantity(float(worst["retention"]), "share")
    span = Said(_span(str(worst["cohort"]), int(worst["age"]), words))
    title = words.say(message, cohort=str(worst["cohort"]), share=share, span=span)
    ax = heat(grid, words=words, label=words.say(label), digits=0, ax=ax)
    latest = lowest.sort_values("age").drop_duplicates("cohort", keep="last").sort_index()
    told = [words.quantity(float(share), "share") for share in latest["retention"]]
    ends = [
        (words.period(cohort), _span(cohort, int(age), words))
        for cohort, age in zip(latest["cohort"].astype(str), latest["age"], strict=True)
    ]
    theme.tells(ax, zip(ends, told, strict=True))
    return theme.title(ax, title)


_SPANS = {
    "month": _("{n} {n:month|months}"),
    "quarter": _("{n} {n:quarter|quarters}"),
    "year": _("{n} {n:year|years}"),
}


def _span(cohort: str, age: int, words: Words) -> str:
    """Say how long so many periods of a cohort's kind are."""
    return words.say(_SPANS[periods.kind_of(cohort) or "month"], n=age)


def worth(found: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw each tier's share of the value beside its share of the members."""
    table: Any = theme.known(found.table, "worth_share")
    top = table.loc[(table["worth_share"] - table["share_of_members"]).idxmax()]
    label = words.say(_("Share of value (bar) and of members who have bought (stroke), %"))
    ax = shares(
        table,
        value="worth_share",
        beside="share_of_members",
        heavy=[False] * len(table),
        labels=[words.label(f"tier={level}") for level in table["level"]],
        label=label,
        ax=ax,
    )
    of = {"members": "share_of_members", "worth": "worth_share"}
    facts = {name: Quantity(float(top[column]), "share") for name, column in of.items()}
    text = _("{level}: {members} of those who have bought, {worth} of the value")
    return theme.title(ax, words.say(text, level=words.label(f"tier={top['level']}"), **facts))


def holdout(table: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw purchases held out against those that the model expected."""
    ratio = float(table["ratio"].iloc[0])
    message = _("Held against later purchases the model expected {ratio} of what came")
    ax = lines(
        {
            words.say(_("Expected")): table.assign(y=table["bought_expected"]),
            words.say(_("Actually made")): table.assign(y=table["bought_actual"]),
        },
        x="bought_before",
        y="y",
        xlabel=words.say(_("Repeat purchases before; the last: so many or more")),
        ylabel=words.say(_("Purchases afterwards")),
        words=words,
        ax=ax,
    )
    return theme.title(ax, words.say(message, ratio=Quantity(ratio, "share")))


def steps(found: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what each step goes with in money."""
    table = found.table[found.table["outcome_key"] == "spend"]
    clear = table[table["turn"] != "unclear"]
    if len(clear):
        first = clear.iloc[0]
        amount = Quantity(first["step_value"], first["unit"], sign=True)
        title = words.say(_("From {step}: {amount}"), step=first["step_key"], amount=amount)
    else:
        title = words.say(_("No step clearly goes with more spend"))
    days = int(table["days"].iloc[0])
    ax = forest(
        table,
        labels=words.labelled(table["step_key"]),
        value="step_value",
        xlabel=words.say(
            _("Spend within {days} days against comparable members, with 95% interval"), days=days
        ),
        colours=[theme.GOOD if turn == "more" else theme.QUIET for turn in table["turn"]],
        zero=True,
        ax=ax,
    )
    return theme.title(ax, title)


def joining(found: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what members and comparable others spent before joining and after."""
    row, table = found.table.iloc[0], found.windows
    label = _("Windows of {days} days; alike by design in the first; the month of joining left out")
    says = {
        "more": _("Members' spend rises after joining, against comparable customers"),
        "less": _("Members' spend falls after joining, against comparable customers"),
        "unclear": _(
            "Members' spend does not clearly move after joining, against comparable customers"
        ),
    }.get(
        str(row["turn"]).partition(",")[0],
        _("Members' spend already went another way before they joined"),
    )
    ax = lines(
        {
            words.say(_("Members")): table.assign(y=table["mean"]),
            words.say(_("Comparable customers")): table.assign(y=table["mean_others"]),
        },
        x="place",
        y="y",
        xlabel=words.say(label, days=int(row["days"])),
        ylabel=words.say(_("Spend a customer")),
        words=words,
        ax=ax,
    )
    theme.title(ax, words.say(says))  # fmt: skip
    ax.set_xticks(table["place"], [words.say(name) for name in table["window"]])
    return ax


def effects(found: Any, *, words: Words, ax: Axes | None = None) -> Axes:
    """Draw what each tier leaves over at its threshold."""
    table = theme.known(found.table, "net")
    colour = {"pays": theme.GOOD, "costs more": theme.BAD}
    title = words.say(_("No tier clearly brings in less than its benefits cost"))
    for level in table.loc[table["pays"] == "costs more", "level"][:1]:
        text = _("{level} brings in less than its benefits cost")
        title = words.say(text, level=words.label(f"tier={level}"))
    ax = forest(
        table,
        labels=[words.label(f"tier={level}") for level in table["level"]],
        value="net",
        xlabel=words.say(
            _("Margin less benefits' cost, a member and year at the threshold, 95% interval")
        ),
        colours=[colour.get(pays, theme.QUIET) for pays in table["pays"]],
        zero=True,
        ax=ax,
    )
    return theme.title(ax, title)
