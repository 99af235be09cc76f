"""Tables of the drivers chapter."""

from __future__ import annotations

from cxlib.present.layout import Column, Layout
from cxlib.words import mark as _

_DRIVER = Column("driver", "key", _("Touchpoint"))
_SHARE = Column(
    "share",
    "percent",
    _("Share of what all explain (95 % interval)"),
    low="share_low",
    high="share_high",
)

LAYOUTS = {
    "DriverImportance.table": Layout(
        (
            _DRIVER,
            Column("reach", "percent", _("Reach")),
            Column("importance", "percent", _("Part of all differences")),
            _SHARE,
            Column("rank", "int", _("Rank (95 % range)"), low="rank_low", high="rank_high"),
            Column("p_top3", "percent", _("Probability of the first three")),
            Column("p_unique", "p", _("p (adjusted)")),
            Column("n", "int", _("n")),
        )
    ),
    "OrderCertainty.table": Layout(
        (
            _DRIVER,
            Column("share", "percent", _("Share (Shapley)")),
            Column("share_johnson", "percent", _("Share (Johnson)")),
            Column("rank", "int", _("Rank (Shapley)")),
            Column("rank_johnson", "int", _("Rank (Johnson)")),
        )
    ),
    "Priorities.table": Layout(
        (
            _DRIVER,
            Column("share", "percent", _("Share of what all explain")),
            Column(
                "performance",
                "number",
                _("Mean rating (95 % interval)"),
                low="performance_low",
                high="performance_high",
            ),
            Column("quadrant", "word", _("Place")),
            Column("p_fix_first", "percent", _("fix first")),
            Column("p_keep_up", "percent", _("keep up")),
            Column("p_watch", "percent", _("watch")),
            Column("p_maintain", "percent", _("maintain")),
        ),
        caption=_("Where each touchpoint stands, with the probability of each place"),
    ),
    "RivalGaps.table": Layout(
        (
            _DRIVER,
            Column("share", "percent", _("Share of what all explain")),
            Column("own", "number", _("Own mean")),
            Column("competitor", "number", _("Competitor's mean")),
            Column("gap", "number", _("Gap (95 % interval)"), low="low", high="high"),
            Column("n_own", "int", _("n own")),
            Column("n", "int", _("n")),
        )
    ),
    "SegmentComparison.table": Layout(
        (
            Column("segment", "key", _("Segment")),
            Column("levels", "int", _("Groups")),
            Column("statistic", "number", _("F")),
            Column("p_value", "p", _("p")),
            Column("p_adjusted", "p", _("p (adjusted)")),
            Column("driver", "key", _("Differs most")),
            Column("p_driver", "p", _("its p (adjusted)")),
            Column("n", "int", _("n")),
            Column("reason", "word", _("Why not")),
        ),
        caption=_("Do the drivers differ between groups? Interaction tests, by segment"),
    ),
    "SegmentImportance.interactions": Layout(
        (
            _DRIVER,
            Column("statistic", "number", _("F")),
            Column("df", "int", _("Degrees of freedom")),
            Column("p_value", "p", _("p")),
            Column("p_adjusted", "p", _("p (adjusted)")),
        )
    ),
    "Scenario.table": Layout(
        (
            _DRIVER,
            Column("mean_now", "number", _("Mean today")),
            Column("mean_asked", "number", _("Asked for")),
            Column("mean_used", "number", _("In the scenario")),
            Column("cap", "number", _("Best group reaches")),
            Column("step", "points", _("Step (95 % interval)"), low="step_low", high="step_high"),
        )
    ),
    "ChangePlan.table": Layout(
        (
            _DRIVER,
            Column("quadrant", "word", _("Place")),
            Column("mean_now", "number", _("Mean today")),
            Column("cap", "number", _("Best group reaches")),
            Column("change", "number", _("Planned rise")),
            Column("ground", "word", _("Because")),
        )
    ),
    "LostGround.table": Layout(
        (
            _DRIVER,
            Column("period", "period", _("Best earlier period")),
            Column("before", "number", _("Mean then")),
            Column("now", "number", _("Mean today")),
            Column("lost", "number", _("Lost (95 % interval)"), low="low", high="high"),
            Column("n_before", "int", _("n then")),
            Column("n", "int", _("n")),
        ),
        caption=_("Against each touchpoint's own best earlier period, on today's mix of customers"),
    ),
    "DriverChoice.table": Layout(
        (
            Column("touchpoint", "key", _("Touchpoint")),
            Column("n", "int", _("n")),
            Column("kept", "mark", _("In the model")),
            Column("reason", "word", _("Why not")),
        )
    ),
}
