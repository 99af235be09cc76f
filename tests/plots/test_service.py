"""The figures of the service: what they say, and that nothing in them overlaps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cxlib.analysis import service
from cxlib.analysis.service import Terms
from cxlib.chapters import register
from cxlib.chapters.service import figures as plots, findings, subjects, tables
from cxlib.plots import theme
from cxlib.present.findings import tell
from cxlib.present.withhold import withhold
from cxlib.words import Words
from tests.analysis.test_service_parts import TERMS, calls, log

LONG = {
    "queue=a": "个人网上银行与手机银行登录问题处理专席",
    "queue=b": "Cards, limits and disputed charges desk",
}
SHOWN = ["fcr", "handle_time", "first_response_sla", "resolution_sla", "first_response"]


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    if figure is None:
        raise AssertionError("an axes without a figure")
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
    return figure


def months(n: int = 24) -> pd.DataFrame:
    labels = [str(p) for p in pd.period_range("2024-10", periods=n, freq="M")]
    parts = [log(label, n=30, late=3 + at % 4) for at, label in enumerate(labels)]
    return pd.concat(parts)


def course(kpis: list[str] | None = None) -> service.Course:
    targets = {"resolution_sla": 90.0}
    return service.course(
        months(), terms=TERMS, period="2026-09", kpis=kpis or SHOWN, targets=targets
    )


def split() -> pd.DataFrame:
    parts = [log(n=100, late=30, queue="a"), log("2026-03", n=60, late=4, queue="b")]
    tickets = pd.concat(parts).assign(ticket_id=range(160))
    return tables.late(service.groups(tickets, terms=TERMS, by=["queue"], period="2026-03"))


def drawn(language: str) -> dict[str, Axes]:
    words = Words.load(language, labels=LONG)
    open_ = months().assign(resolved_at=pd.NaT, state="open")
    terms = Terms(as_of="2026-03-31")
    with theme.applied():
        found = {
            "course": plots.course(course(), words=words),
            "late": plots.late(split(), words=words),
            "backlog": plots.backlog(
                service.backlog(open_, as_of="2026-09-30", each="month"), words=words
            ),
            "rhythm": plots.rhythm(
                tables.rhythm(calls(20), terms=terms, period="2026-03"), words=words
            ),
        }
        for ax in found.values():
            figure_of(ax)
    return found


@pytest.fixture(scope="module", params=["en", "zh"])
def figures(request: pytest.FixtureRequest) -> dict[str, Axes]:
    return drawn(request.param)


def overlaps(boxes: list[Any]) -> bool:
    shown = [box for box in boxes if box.width > 1 and box.height > 1]
    return any(
        a.shrunk(0.95, 0.9).overlaps(b.shrunk(0.95, 0.9))
        for at, a in enumerate(shown)
        for b in shown[at + 1 :]
    )


def test_no_label_lies_on_another(figures: dict[str, Axes]) -> None:
    for name, ax in figures.items():
        figure = figure_of(ax)
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
                assert not overlaps(boxes), name
        titles = [axes.title.get_window_extent() for axes in figure.axes]
        titles += [axes._left_title.get_window_extent() for axes in figure.axes]  # type: ignore[attr-defined]
        assert not overlaps(titles), name


def test_every_figure_says_what_it_shows(figures: dict[str, Axes]) -> None:
    for ax in figures.values():
        assert any(c.isdigit() for c in ax.get_label())
        assert "{" not in ax.get_label()


def test_no_text_is_below_eight_points(figures: dict[str, Axes]) -> None:
    from matplotlib.text import Text

    for name, ax in figures.items():
        texts = figure_of(ax).findobj(Text)
        assert min(t.get_fontsize() for t in texts if t.get_text()) >= 8, name  # type: ignore[attr-defined]


def test_the_title_names_what_left_its_range() -> None:
    quiet = course()
    said = plots.course(quiet, words=Words()).get_label()
    assert said.startswith("None of 5 KPIs leaves its usual range")
    latest = quiet.latest.copy()
    latest.loc[latest["kpi"] == "fcr", "variation"] = "concerning"
    moved = plots.course(replace(quiet, latest=latest), words=Words())
    assert "1 of 5 KPIs left its usual range: First-contact resolution" in moved.get_label()


def test_withheld_months_leave_a_gap() -> None:
    one = course(["fcr"])
    table = one.table.copy()
    table.loc[table.index[5], "n"] = 4
    ax = plots.course(withhold(replace(one, table=table), 10), words=Words())
    values = next(line for line in ax.lines if line.get_marker() == "o").get_ydata()
    assert np.isnan(np.asarray(values, dtype=float)[5])


def test_a_shift_of_level_is_marked_and_no_usual_is_drawn_across_it() -> None:
    whole = months()
    slow = whole["created_at"] >= "2026-07-01"
    wait = pd.Timedelta(minutes=30)
    noise = pd.to_timedelta(np.random.default_rng(3).integers(0, 90, len(whole)), unit="s")
    answered = (whole["first_response_at"] + noise).mask(slow, whole["created_at"] + wait + noise)
    tickets = whole.assign(first_response_at=answered)
    found = service.course(tickets, terms=TERMS, period="2026-09", kpis=["first_response"])
    row = found.latest.iloc[0]
    assert (row["variation"], row["since"]) == ("concerning", "2026-07")
    assert np.isnan(row["centre"])
    assert row["before"] == pytest.approx(600 + 45, abs=20)
    ax = plots.course(found, words=Words())
    assert any(line.get_linestyle() == ":" for line in ax.lines)


def test_the_late_groups_are_drawn_beside_their_size() -> None:
    ax = plots.late(split(), words=Words())
    widths = [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([100 * 30 / 34, 100 * 4 / 34])
    assert "A: 88.2% of the late tickets" in ax.get_label()
    assert "62.5% of the volume" in ax.get_label()


def test_a_title_names_a_group_only_if_it_clearly_has_more_than_its_share() -> None:
    alike = split().assign(p_adjusted=0.4)
    assert (
        "No group clearly has more than its share" in plots.late(alike, words=Words()).get_label()
    )


def test_where_no_ticket_is_late_there_is_nothing_to_draw() -> None:
    parts = [log(n=60, late=0, queue="a"), log("2026-03", n=60, late=0, queue="b")]
    tickets = pd.concat(parts).assign(ticket_id=range(120))
    groups = service.groups(tickets, terms=TERMS, by=["queue"], period="2026-03")
    assert tables.late(groups).empty
    assert subjects.lost_in(groups).empty


def test_the_backlog_is_as_high_as_its_open_tickets() -> None:
    open_ = log().assign(resolved_at=pd.NaT, state="open")
    pile = service.backlog(open_, as_of="2026-03-31", each="month")
    ax = plots.backlog(pile, words=Words())
    assert sum(bar.get_height() for bar in ax.patches) == 20  # type: ignore[attr-defined]
    cleared = service.backlog(log(), as_of="2026-03-31", each="month")
    assert "No ticket was open on" in plots.backlog(cleared, words=Words()).get_label()


def test_a_log_that_ends_within_its_month_tells_the_backlog_of_its_last_day() -> None:
    open_ = log().assign(resolved_at=pd.NaT, state="open")
    pile = service.backlog(open_, as_of="2026-03-10 12:00", each="month")
    assert "open on 10 March 2026, half" in str(plots.backlog(pile, words=Words()).get_label())
    register("service")
    row = subjects.backlog(pile)
    (told,) = tell(row, findings.BACKLOG, chapter="service", about="subject")
    assert told.headline(Words()).startswith("On 10 March 2026 ")
