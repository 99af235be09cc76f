"""What every public column means: its heading, its format, its interval, said once.

Tables, spreadsheets, findings and docstrings refer to this registry; a chapter hands in the columns
that it alone has (``chapters/<stem>/tables.py``: ``COLUMNS``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cxlib.errors import CxError
from cxlib.words import mark as _

Kind = Literal[
    "key",  # a key of the client, shown as its label
    "level",  # a value of the segment that stands in the row's ``segment``
    "text",  # shown as it stands
    "word",  # a msgid of the kit
    "period",
    "date",
    "unit",  # a number in the unit of its row (or of the result)
    "signed",  # a change in that unit
    "int",
    "needed",  # a number of answers that is enough: rounded up
    "percent",  # a share 0 to 1 shown in percent
    "share_change",  # a change of such a share, in points
    "chance",  # a probability 0 to 1 in percent, never as 0% or 100%
    "points",  # a number with one decimal
    "number",  # a number with two decimals
    "p",
    "duration",  # seconds shown in the fitting unit
    "hours",  # seconds shown in hours
    "mark",  # a boolean shown as a tick
]
WORDS_KINDS = ("key", "level", "text", "word", "period", "date")
"""Kinds that are read, not compared: set flush left."""


@dataclass(frozen=True)
class Column:
    """One column of any public table.

    Parameters
    ----------
    heading : str
        A msgid.
    kind : Kind
        Its format.
    meaning : str
        Unit, range and definition, for whoever reads the table in Python.
    interval : (str, str), optional
        Columns of its interval, shown beside the number in brackets.
    """

    heading: str
    kind: Kind = "text"
    meaning: str = ""
    interval: tuple[str, str] | None = None


COLUMNS: dict[str, Column] = {
    # who, what, when
    "kpi": Column(_("KPI"), "key"),
    "metric": Column(_("KPI"), "key"),
    "touchpoint": Column(_("Touchpoint"), "key"),
    "driver": Column(_("Touchpoint"), "key"),
    "question": Column(_("Question"), "key"),
    "source": Column(_("Source"), "word", "survey, touchpoint, tickets or reported"),
    "stage": Column(_("Stage"), "key"),
    "period": Column(_("Period"), "period"),
    "segment": Column(_("Segment"), "key"),
    "margin": Column(_("Segment"), "key"),
    "level": Column(_("Group"), "level", "A value of the row's segment."),
    "brand": Column(_("Brand"), "key", "own, or a competitor."),
    "unit": Column(_("Unit"), "word"),
    "direction": Column(_("Better is"), "word"),
    "clause": Column(_("Clause"), "text", "Where the contract says so."),
    "due": Column(_("Due"), "period"),
    # a KPI
    "value": Column(_("Value"), "unit", "The estimate, in the KPI's unit.", ("low", "high")),
    "low": Column(_("From"), "unit", "Lower end of the interval."),
    "high": Column(_("To"), "unit", "Upper end of the interval."),
    "standard_error": Column(_("Standard error"), "unit"),
    "n": Column(_("Answers"), "int", "Unweighted answers, or tickets, behind the row."),
    "n_effective": Column(_("Effective answers"), "int", "Kish: (Σw)²/Σw²."),
    "n_star": Column(_("n*"), "int", "What tests use: min(Kish, S²/v)."),
    "n_dropped": Column(_("No answer"), "int"),
    "reach": Column(_("Reach"), "percent", "Share who used the touchpoint."),
    "worth": Column(_("Worth of one unit"), "number", "Points of the first KPI."),
    # its verdict
    "target": Column(_("Target"), "unit", "What the contract asks for."),
    "baseline": Column(_("Baseline"), "period", "The period or number a target starts from."),
    "start": Column(_("Start"), "unit", "The value of the baseline."),
    "gap": Column(_("To go"), "signed", "Value less target."),
    "expected": Column(_("Expected now"), "unit", "Where the trajectory stands this period."),
    "reached": Column(_("Reached"), "mark", "The point estimate is on the target's better side."),
    "status": Column(_("Verdict"), "word", "met, missed or too close to call."),
    "course": Column(
        _("Course"), "word", "on course, behind, too close to call, no trajectory or due."
    ),
    "p_met": Column(_("Chance that it is met"), "chance", "Φ(z) in the target's direction."),
    "p_adjusted": Column(_("p (adjusted)"), "p"),
    "verdict_p": Column(_("p of the verdict (adjusted)"), "p"),
    "p_value": Column(_("p"), "p"),
    "p_missed": Column(_("p (missed)"), "p", "How often a KPI on target looks this much worse."),
    "needs": Column(_("Needed to prove it"), "unit", "True value called met in 4 of 5 samples."),
    # its change
    "to": Column(_("Compared with"), "period"),
    "at": Column(_("Moved in"), "period", "The later period of the step."),
    "before": Column(_("Before"), "unit"),
    "after": Column(_("After"), "unit"),
    "n_before": Column(_("Answers before"), "int"),
    "previous": Column(_("Previous period"), "unit"),
    "change": Column(_("Change"), "signed", "Raw.", ("change_low", "change_high")),
    "difference": Column(_("Difference"), "signed", "", ("difference_low", "difference_high")),
    "like": Column(_("Like for like"), "signed", "At equal mix.", ("like_low", "like_high")),
    "mix": Column(_("Other customers"), "signed", "Change less like.", ("mix_low", "mix_high")),
    "like_p_adjusted": Column(_("p like for like (adjusted)"), "p"),
    "at_before": Column(_("At the earlier mix"), "signed"),
    "at_after": Column(_("At the later mix"), "signed"),
    "moved": Column(_("Moved"), "word", "rose, fell or unclear: the raw change."),
    "cause": Column(_("Why"), "word", "like for like, mix, both, unclear or not split."),
    "turn": Column(_("Judged"), "word", "better, worse or unclear, like for like."),
    "mix_segment": Column(_("Mix of"), "key", "The segment whose margin moved the KPI most."),
    "mix_level": Column(_("Group"), "text"),
    "share_before": Column(_("Share before"), "percent"),
    "share_after": Column(_("Share after"), "percent"),
    "stake": Column(_("At stake"), "points", "Points of the first KPI that are missing."),
    "stake_moved": Column(_("Lost"), "points", "Points of the first KPI that moved."),
    "typical": Column(_("Others typically"), "unit", "Median of the touchpoints."),
    "last_year": Column(_("A year ago"), "unit"),
    "competitor": Column(_("Competitor"), "key"),
    "competitor_value": Column(_("Competitor's value"), "unit"),
    "since": Column(_("Since"), "period", "First period of the present signal."),
    "usual": Column(
        _("Usual level"), "unit", "Of a chart, or before a shift.", ("usual_low", "usual_high")
    ),
    "fell_with": Column(_("Fell with"), "key", "The touchpoint that got worse in the same step."),
    "case": Column(_("Case"), "word"),
    "action": Column(_("Action"), "text"),
    "owner": Column(_("Owner"), "text"),
    "decision": Column(_("Decision: who, what, by when"), "text", "Filled in by hand."),
    # a cross table
    "choice": Column(_("Answer"), "level", "Of a choice, or of a rating; empty: its score."),
    "column": Column(_("Column"), "text", "Its letter."),
    "letters": Column(_("Above column"), "text", "Columns that it lies significantly above."),
    "against_rest": Column(_("Against all others"), "word", "higher, lower or empty."),
    "other": Column(_("Against"), "level", "A value of the row's segment."),
    # counts and shares
    "rank": Column(_("Rank"), "int"),
    "count": Column(_("Answers"), "int"),
    "share": Column(_("Share"), "percent", "0 to 1", ("share_low", "share_high")),
    "rating": Column(_("Answer"), "int"),
    "answered": Column(_("Answered"), "int"),
    "share_no_answer": Column(_("No answer"), "percent"),
    "share_not_used": Column(_("Did not use it"), "percent"),
    "invited": Column(_("Invited"), "int"),
    "response_rate": Column(_("Response rate"), "percent"),
    "sample_share": Column(_("Share of the sample"), "percent"),
    "known_share": Column(_("Share of all customers"), "percent"),
    "weighted_share": Column(_("Share after weighting"), "percent"),
    # single numbers of a result
    "r_squared": Column(_("Explained (R²)"), "number", "", ("r_squared_low", "r_squared_high")),
    "p_any": Column(_("p of the whole model"), "p"),
    "design_effect": Column(_("Design effect"), "number", "Kish: n over effective n."),
    "variance": Column(_("Variance of one answer"), "number"),
    "statistic": Column(_("Test statistic"), "number"),
    "correlation": Column(_("Correlation"), "number"),
    "centre": Column(_("Centre line"), "unit"),
    "lower": Column(_("Lower limit"), "unit"),
    "upper": Column(_("Upper limit"), "unit"),
    "power": Column(_("Power"), "percent"),
    "n_a": Column(_("Answers, first"), "int"),
    "n_b": Column(_("Answers, second"), "int"),
    "p_wait": Column(_("Share who wait"), "percent"),
    "p_abandon": Column(_("Share who hang up"), "percent"),
    "occupancy": Column(_("Occupancy"), "percent"),
    "load": Column(_("Load"), "number", "Offered calls in agents (erlang)."),
    "agents": Column(_("Agents at their desks"), "int"),
    "positions": Column(_("Positions on the roster"), "int"),
    "consistency_ratio": Column(_("Consistency ratio"), "number", "AHP; up to 0.1 will do."),
    "n_units": Column(_("Units rated"), "int"),
    "n_coders": Column(_("Coders"), "int"),
    "invitations": Column(_("Invitations"), "int"),
    "n_started": Column(_("Begun"), "int"),
    "n_finished": Column(_("Finished"), "int"),
    "completion": Column(_("Completed"), "percent"),
    "median_seconds": Column(_("Median time"), "duration"),
    "n_speeders": Column(_("Speeders"), "int"),
    "n_straight_liners": Column(_("Straight-liners"), "int"),
    "care": Column(_("Care"), "mark", "Fewer than 30 independent answers."),
}
INTERVALS = {
    end: column.kind for column in COLUMNS.values() if column.interval for end in column.interval
}
"""Columns that only stand as ends of an interval, with the format of what they enclose."""

SAID = (_("points"), _("percent"), _("mean"), _("higher"), _("lower"))
"""Words that results use as values."""


def register(columns: Mapping[str, Column]) -> None:
    """Take in the columns that a chapter alone has.

    Raises
    ------
    CxError
        If a name means something else already.
    """
    for name, column in columns.items():
        if COLUMNS.get(name, column) != column:
            raise CxError(
                f"column {name!r} would mean two things: {column.heading!r} and "
                f"{COLUMNS[name].heading!r}; give one of them another name."
            )
        COLUMNS[name] = column
        if column.interval:
            INTERVALS.update(dict.fromkeys(column.interval, column.kind))


def kind_of(name: str) -> Kind | None:
    """Return the format of a column; None if no one has said it."""
    if name in COLUMNS:
        return COLUMNS[name].kind
    inner = INTERVALS.get(name)
    return "unit" if inner == "signed" and not name.startswith(_CHANGES) else inner


_CHANGES = ("change", "like", "mix", "difference", "brand_gap")
