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

from cxlib.analysis import service, service_course, service_groups, service_staffing
from cxlib.analysis.service_terms import Terms
from cxlib.plots import service as plots
from cxlib.plots import theme
from cxlib.present.withhold import withhold
from cxlib.words import Words
from tests.analysis.test_service_review import TERMS, calls, log

LONG = {
    "queue=a": "个人网上银行与手机银行登录问题处理专席",
    "queue=b": "Cards, limits and disputed charges desk",
}


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


def split() -> service_groups.Groups:
    parts = [log(n=100, late=30, queue="a"), log("2026-03", n=60, late=4, queue="b")]
    tickets = pd.concat(parts).assign(ticket_id=range(160))
    return service_groups.groups(tickets, terms=TERMS, by=["queue"], period="2026-03")


def planned() -> service_staffing.Staffing:
    return service_staffing.staff(
        calls(100), terms=Terms(as_of="2026-03-31"), period="2026-03", channels=["phone"]
    )


def drawn(language: str) -> dict[str, Axes]:
    words = Words.load(language, labels=LONG)
    whole = months()
    with theme.applied():
        found = {
            "course": plots.course(
                service_course.course(whole, terms=TERMS, period="2026-09"),
                words=words,
                targets={"resolution_sla": 0.9},
            ),
            "late": plots.late(split(), words=words),
            "backlog": plots.backlog(
                service.backlog(
                    whole.assign(resolved_at=pd.NaT, state="open"),
                    as_of="2026-09-30",
                    each="month",
                ),
                words=words,
            ),
            "rhythm": plots.rhythm(
                service_staffing.rhythm(
                    calls(20), terms=Terms(as_of="2026-03-31"), period="2026-03"
                ),
                words=words,
            ),
            "staff": plots.staff(planned(), words=words),
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
                flat = [label for label in axis.get_ticklabels() if not label.get_rotation()]
                boxes = [label.get_window_extent() for label in flat]
                assert not overlaps(boxes), name
        titles = [axes.title.get_window_extent() for axes in figure.axes]
        titles += [axes._left_title.get_window_extent() for axes in figure.axes]  # type: ignore[attr-defined]
        assert not overlaps(titles), name


def test_every_figure_says_what_it_shows(figures: dict[str, Axes]) -> None:
    for ax in figures.values():
        assert any(c.isdigit() for c in ax.get_label())
        assert "{" not in ax.get_label()


def test_the_title_names_what_left_its_range() -> None:
    course = service_course.course(months(), terms=TERMS, period="2026-09")
    quiet = plots.course(course, words=Words())
    assert figure_of(quiet)._suptitle.get_text() == "None of 5 KPIs leaves its usual range"  # type: ignore[attr-defined]
    latest = course.latest.copy()
    latest.loc[latest["metric"] == "fcr", "variation"] = "concerning"
    moved = plots.course(replace(course, latest=latest), words=Words())
    assert "1 of 5 KPIs left their usual range: First-contact resolution" in moved.get_label()


def test_a_single_kpi_fills_the_axes_it_is_given() -> None:
    course = service_course.course(months(), terms=TERMS, period="2026-09", metrics=["fcr"])
    given = Figure().subplots()
    assert plots.course(course, words=Words(), ax=given) is given


def test_withheld_months_leave_a_gap() -> None:
    course = service_course.course(months(), terms=TERMS, period="2026-09", metrics=["fcr"])
    table = course.table.copy()
    table.loc[table.index[5], "n"] = 4
    ax = plots.course(withhold(replace(course, table=table), 10), words=Words())
    values = next(line for line in ax.lines if line.get_marker() == "o").get_ydata()
    assert np.isnan(np.asarray(values, dtype=float)[5])


def test_the_late_groups_are_drawn_beside_their_size() -> None:
    ax = plots.late(split(), words=Words())
    widths = [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([100 * 30 / 34, 100 * 4 / 34])
    assert "a make up 88.2 % of the late tickets, but 62.5 % of all" in ax.get_label()


def test_no_late_ticket_is_said() -> None:
    parts = [log(n=60, late=0, queue="a"), log("2026-03", n=60, late=0, queue="b")]
    tickets = pd.concat(parts).assign(ticket_id=range(120))
    none = service_groups.groups(tickets, terms=TERMS, by=["queue"], period="2026-03")
    assert "No ticket is late" in plots.late(none, words=Words()).get_label()


def test_the_pile_is_as_high_as_its_open_tickets() -> None:
    pile = service.backlog(
        log().assign(resolved_at=pd.NaT, state="open"), as_of="2026-03-31", each="month"
    )
    ax = plots.backlog(pile, words=Words())
    assert sum(bar.get_height() for bar in ax.patches) == 20  # type: ignore[attr-defined]
    cleared = service.backlog(log(), as_of="2026-03-31", each="month")
    assert "No ticket is open" in plots.backlog(cleared, words=Words()).get_label()
