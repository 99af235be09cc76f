"""Tables of the assessment."""

from __future__ import annotations

from cxlib.present.layout import Column, Layout
from cxlib.words import mark as _

_ESTIMATE = Column("value", "unit", _("Value (95 % interval)"), low="low", high="high")

LAYOUTS = {
    "Headline.table": Layout(
        (
            Column("metric", "key", _("Question")),
            Column("reach", "percent", _("Reach")),
            _ESTIMATE,
            Column("previous", "unit", _("Previous period")),
            Column(
                "change",
                "signed",
                _("Change (95 % interval)"),
                low="change_low",
                high="change_high",
            ),
            Column("p_adjusted", "p", _("p (adjusted)")),
            Column("n", "int", _("n")),
            Column("n_dropped", "int", _("No answer")),
        )
    ),
    "ScoreTable.table": Layout(
        (
            Column("segment", "key", _("Segment")),
            Column("level", "level", _("Group")),
            Column("touchpoint", "key", _("Touchpoint")),
            Column("period", "period", _("Period")),
            _ESTIMATE,
            Column(
                "difference",
                "signed",
                _("Against all others (95 % interval)"),
                low="difference_low",
                high="difference_high",
            ),
            Column("p_adjusted", "p", _("p (adjusted)")),
            Column("n", "int", _("n")),
        )
    ),
    "ChangeDecomposition.table": Layout(
        (
            Column("before", "unit", _("Before")),
            Column("after", "unit", _("After")),
            Column("share_before", "percent", _("Share before")),
            Column("share_after", "percent", _("Share after")),
            Column("rate", "signed", _("Judged differently")),
            Column("mix", "signed", _("Different mix")),
            Column("total", "signed", _("Together")),
        )
    ),
    "Distribution.table": Layout(
        (
            Column("rating", "int", _("Answer")),
            Column("count", "int", _("Answers")),
            Column("share", "percent", _("Share (95 % interval)"), low="low", high="high"),
        )
    ),
    "Raking.table": Layout(
        (
            Column("margin", "key", _("Segment")),
            Column("level", "level", _("Group")),
            Column("sample_share", "percent", _("Share of the sample")),
            Column("known_share", "percent", _("Share of all customers")),
            Column("weighted_share", "percent", _("Share after weighting")),
        )
    ),
    "FitnessForUse.questions": Layout(
        (
            Column("question", "key", _("Question")),
            Column("n", "int", _("Rows")),
            Column("answered", "int", _("Answered")),
            Column("share_no_answer", "percent", _("No answer")),
            Column("share_not_used", "percent", _("Did not use it")),
        )
    ),
    "FitnessForUse.bases": Layout(
        (
            Column("period", "period", _("Period")),
            Column("n", "int", _("n")),
            Column("n_effective", "int", _("Effective n")),
            Column("invited", "int", _("Invited")),
            Column("response_rate", "percent", _("Response rate")),
        )
    ),
    "FitnessForUse.representativeness": Layout(
        (
            Column("segment", "key", _("Segment")),
            Column("level", "level", _("Group")),
            Column("n", "int", _("n")),
            Column("sample_share", "percent", _("Share of the sample")),
            Column("known_share", "percent", _("Share of all customers")),
            Column("p_value", "p", _("p")),
        )
    ),
}
