"""Tables of monitoring."""

from __future__ import annotations

from cxlib.present.layout import Column, Layout
from cxlib.words import mark as _

VALUES = (
    _("common cause"),
    _("improving"),
    _("concerning"),
    _("neither high"),
    _("neither low"),
    _("reaches"),
    _("misses"),
    _("may or may not"),
    _("open while it changes"),
    _("outside"),
    _("trend"),
    _("two in three"),
    _("shift"),
    _("worsening"),
    _("rising"),
    _("falling"),
    _("ahead"),
    _("behind"),
    _("no clear difference"),
    _("last period"),
    _("last year"),
)
"""Words that results of this chapter use as values."""

_VALUE = Column("value", "unit", _("Value (95 % interval)"), low="low", high="high")

LAYOUTS = {
    "ChartPage.table": Layout(
        (
            Column("metric", "key", _("KPI")),
            _VALUE,
            Column("centre", "unit", _("Usual (limits)"), low="lower", high="upper"),
            Column("target", "unit", _("Target")),
            Column("variation", "word", _("Variation")),
            Column("assurance", "word", _("Assurance of the target")),
            Column("points", "int", _("Periods")),
            Column("base", "int", _("n")),
        )
    ),
    "WarningList.table": Layout(
        (
            Column("metric", "key", _("KPI")),
            Column("direction", "word", _("Signal")),
            Column("since", "period", _("Since")),
            Column("value", "unit", _("Now")),
            Column("centre", "unit", _("Usual")),
            Column("p_value", "p", _("Chance in a stable process")),
            Column("where", "key", _("Where")),
            Column("group", "key", _("Group")),
        )
    ),
    "WarningList.comments": Layout(
        (
            Column("touchpoint", "key", _("Where")),
            Column("group", "key", _("Group")),
            Column("rating", "int", _("Rating")),
            Column("comment", "text", _("Comment")),
        )
    ),
    "Drilldown.overall": Layout(
        (
            Column("question", "key", _("Question")),
            Column("before", "unit", _("Before, at the same mix")),
            Column("after", "unit", _("Now")),
            Column("change", "signed", _("Change (95 % interval)"), low="low", high="high"),
            Column("p_adjusted", "p", _("p (adjusted)")),
            Column("n", "int", _("n")),
        )
    ),
    "FigureSplit.table": Layout(
        (
            Column("place", "text", _("Unit of the client")),
            Column("before", "number", _("Before")),
            Column("after", "number", _("Now")),
            Column("share_after", "percent", _("Share of all cases")),
            Column("total", "number", _("Part of the change")),
        )
    ),
    "PeriodChanges.table": Layout(
        (
            Column("metric", "key", _("KPI")),
            Column("against", "word", _("Against")),
            Column("reference", "period", _("Period")),
            Column("reference_value", "unit", _("Then")),
            Column("value", "unit", _("Now")),
            Column("change", "signed", _("Change (95 % interval)"), low="low", high="high"),
            Column("p_adjusted", "p", _("p (adjusted)")),
            Column("base", "int", _("n")),
        )
    ),
    "ChangeSplits.table": Layout(
        (
            Column("metric", "key", _("KPI")),
            Column("against", "word", _("Against")),
            Column("segment", "key", _("Segment")),
            Column("total", "signed", _("Change")),
            Column("rate", "signed", _("Like for like (95 %)"), low="rate_low", high="rate_high"),
            Column("mix", "signed", _("Different mix (95 %)"), low="mix_low", high="mix_high"),
            Column("n", "int", _("n")),
        )
    ),
    "Competition.table": Layout(
        (
            Column("competitor", "text", _("Competitor")),
            Column("metric", "key", _("Question")),
            Column("own", "unit", _("Own")),
            Column("competitor_value", "unit", _("Theirs")),
            Column("gap", "signed", _("Gap (95 % interval)"), low="low", high="high"),
            Column("standing", "word", _("Standing")),
            Column("n", "int", _("n (smaller)")),
        )
    ),
    "Competition.mix": Layout(
        (
            Column("brand", "key", _("Brand")),
            Column("margin", "key", _("Segment")),
            Column("level", "text", _("Group")),
            Column("n", "int", _("n")),
            Column("sample_share", "percent", _("Share of the sample")),
            Column("weighted_share", "percent", _("Share once matched")),
        )
    ),
    "ReviewSheet.table": Layout(
        (
            Column("metric", "key", _("KPI")),
            Column("value", "unit", _("Now")),
            Column("target", "unit", _("Target")),
            Column("variation", "word", _("Variation")),
            Column("assurance", "word", _("Assurance of the target")),
            Column("since", "period", _("Warned since")),
            Column("measure", "word", _("Measure on record")),
            Column("decision", "text", _("Decision: who, what, by when")),
        )
    ),
    "ReviewSheet.signatures": Layout(
        (
            Column("party", "word", _("Reviewed and agreed")),
            Column("name", "text", _("Name")),
            Column("signature", "text", _("Signature")),
            Column("date", "text", _("Date")),
        )
    ),
    "Advice.table": Layout(
        (
            Column("rank", "int", _("Number")),
            Column("mark", "text", _("Urgency")),
            Column("step", "text", _("Next step")),
            Column("about", "text", _("About")),
        )
    ),
}
