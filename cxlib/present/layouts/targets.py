"""Tables of the targets."""

from __future__ import annotations

from cxlib.present.layout import Column, Layout
from cxlib.words import mark as _

_CLAUSE, _KPI = Column("clause", "text", _("Clause")), Column("metric", "key", _("KPI"))

LAYOUTS = {
    "Review.table": Layout(
        (
            _CLAUSE,
            _KPI,
            Column("target", "unit", _("Target")),
            Column("due", "period", _("Due")),
            Column(
                "baseline",
                "unit",
                _("Baseline (95 % interval)"),
                low="baseline_low",
                high="baseline_high",
            ),
            Column("start", "period", _("Measured in")),
            Column("value", "unit", _("Now (95 % interval)"), low="low", high="high"),
            Column(
                "change",
                "signed",
                _("Since the baseline (95 % interval)"),
                low="change_low",
                high="change_high",
            ),
            Column("n", "int", _("n")),
            Column("reached", "mark", _("Point estimate reaches it")),
            Column("status", "word", _("Verdict")),
            Column("p_met", "percent", _("Chance that it is met")),
            Column("n_to_settle", "needed", _("Answers to settle it")),
            Column("p_value", "p", _("p (met)")),
            Column("p_adjusted", "p", _("p (met, Holm)")),
            Column("p_missed", "p", _("p (missed)")),
            Column("p_missed_adjusted", "p", _("p (missed, Holm)")),
            Column("asked", "signed", _("Asks for")),
            Column("design", "word", _("Compared with")),
            Column("detectable_change", "signed", _("Smallest change to be seen")),
            Column("n_next", "int", _("Answers a wave")),
            Column("n_needed", "int", _("Answers needed")),
            Column("detectable", "mark", _("Told from noise")),
        )
    ),
    "Proposed.table": Layout(
        (
            Column("level", "word", _("Level")),
            Column("target", "unit", _("Target")),
            Column("change", "signed", _("Change")),
            Column("per_period", "signed", _("A period")),
            Column("reason", "word", _("Grounds")),
            Column("detectable", "mark", _("Told from noise")),
            Column("n_needed", "int", _("Answers needed")),
            Column("n", "int", _("n now")),
        )
    ),
    "Outlook.table": Layout(
        (
            Column("step", "key", _("Step")),
            Column("rating_now", "number", _("Rating now")),
            Column("rating_planned", "number", _("Rating planned")),
            Column(
                "change",
                "signed",
                _("Adds (95 % interval)"),
                low="change_low",
                high="change_high",
            ),
            Column("end", "unit", _("Leads to (95 % interval)"), low="end_low", high="end_high"),
            Column("capped", "mark", _("Held at the best group")),
        )
    ),
}
