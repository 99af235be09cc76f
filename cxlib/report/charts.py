"""Native charts of a slide: what a chart type drew, as a chart that can be edited."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from cxlib.plots import theme, wrapping
from cxlib.plots.native import Chart
from cxlib.present.formats import RIGHT_TO_LEFT, legal

ACROSS = 7.5
"""Inches of a slide's chart between its first and its last period."""
LIGHT = 0.55
"""How far the colour of a bar is drawn towards white, so that its whiskers are seen."""


def add_chart(
    slide: Any, chart: Chart, box: Sequence[int], *, font: Any, stressed: str = ""
) -> Any:
    """Add a chart to a slide; `box` is left, top, width and height in EMU.

    `font` gives text properties the reader's fonts; `stressed` is the label of the bar that the
    slide is about.
    """
    from pptx.chart.data import CategoryChartData
    from pptx.util import Pt

    data = CategoryChartData(number_format=chart.shape)
    data.categories = [
        plain(wrapping.one_line(theme.fitted(label, width=24)))
        + (f"{_hold(label)}  {_said(value, chart.shape, sign=chart.zero)}"
           if _numbered(chart) and value is not None else "")
        for label, value in zip(chart.labels, chart.values, strict=True)
    ]  # fmt: skip
    build = {"trend": _trend, "waterfall": _waterfall}.get(chart.kind, _rows)
    kind, finish = build(chart, data, stressed)
    frame = slide.shapes.add_chart(kind, *box, data)
    made = frame.chart
    made.has_legend = False
    made.has_title = False
    made.font.size = Pt(12)
    made.font.color.rgb = rgb(theme.INK)
    finish(made)
    axis = made.value_axis
    axis.has_major_gridlines = True
    axis.major_gridlines.format.line.color.rgb = rgb(theme.RULE)
    axis.format.line.fill.background()
    axis.tick_labels.number_format = "0" if axis.major_unit == 1 else chart.shape
    axis.tick_labels.number_format_is_linked = False
    made.category_axis.format.line.color.rgb = rgb(theme.RULE)
    made.category_axis.tick_labels.font.size = Pt(12)
    made.category_axis._element.txPr.bodyPr.set(
        "rot", "1"
    )  # none aslant; at 0 LibreOffice lets them overlap
    made.category_axis.has_major_gridlines = False
    for axis_id in made._chartSpace.xpath(".//c:axId | .//c:crossAx"):
        axis_id.set("val", axis_id.get("val").lstrip("-"))  # the schema knows none below 0
    font(made.font._rPr)
    return frame


def _numbered(chart: Chart) -> bool:
    """Tell whether numbers stand beside the labels: a bar with whiskers has no room for one."""
    return chart.kind == "forest" and (chart.zero or bool(chart.low))


def _hold(label: str) -> str:
    """Return what holds a number after a label that runs from right to left in its place."""
    return "\u200e" if re.search(f"[{RIGHT_TO_LEFT}]", label) else ""


def plain(label: str) -> str:
    """Return a label that the chart's own workbook takes for text: no formula, no link."""
    told = legal(label)
    return f"\u200b{told}" if re.match(r"[={+@-]|[A-Za-z]+:", told) else told


def _rows(chart: Chart, data: Any, stressed: str) -> tuple[Any, Any]:
    """Return bars from left to right (a forest) or columns, with whiskers."""
    from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_TICK_LABEL_POSITION
    from pptx.util import Pt

    data.add_series(plain(chart.axis) or "–", chart.values)
    lying = chart.kind == "forest"
    strokes = any(v is not None for v in chart.earlier)
    if strokes:
        data.add_series("|", chart.earlier)

    def finish(made: Any) -> None:
        plot, axis = made.plots[0], made.category_axis
        plot.gap_width = 60
        plot.vary_by_categories = False
        series = plot.series[0]
        series.invert_if_negative = False
        for at, _value in enumerate(chart.values):
            colour = chart.colours[at] if chart.colours else theme.MAIN
            fill = series.points[at].format.fill
            fill.solid()
            own = bool(stressed) and chart.labels[at].endswith(stressed)
            fill.fore_color.rgb = rgb(_lighter(colour) if chart.low and not own else colour)
        if chart.low:
            _whiskers(series._element, chart)
        if strokes:  # a bar that is not seen, with the cap of a whisker at its end
            plot.overlap = 100
            plot.series[1].format.fill.background()
            caps = _points([0] * len(chart.values))  # an error bar of no length is its cap
            _error_bars(plot.series[1]._element, caps, caps, theme.ACCENT, 63_500)
        plot.has_data_labels = not _numbered(chart)
        if plot.has_data_labels:
            labels = plot.data_labels
            labels.number_format, labels.number_format_is_linked = chart.shape, False
            labels.font.size = Pt(12)
            labels.position = XL_LABEL_POSITION.INSIDE_BASE
            if strokes:
                plot.series[1].data_labels.show_value = False
            for at, label in enumerate(chart.labels):
                if chart.low and stressed and label.endswith(stressed) and chart.values[at]:
                    own = series.points[at].data_label
                    own.font.size, own.font.color.rgb = Pt(12), rgb(theme.PAPER)
                    own.position = XL_LABEL_POSITION.INSIDE_BASE
        axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        if lying:
            axis.reverse_order = True
            made.value_axis.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
        _around(made.value_axis, chart)

    kind = XL_CHART_TYPE.BAR_CLUSTERED if lying else XL_CHART_TYPE.COLUMN_CLUSTERED
    return kind, finish


def _trend(chart: Chart, data: Any, stressed: str) -> tuple[Any, Any]:
    """Return a line with its interval as thin lines, and its target."""
    from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_TICK_LABEL_POSITION
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Pt

    data.add_series(plain(chart.axis) or "–", chart.values)
    for end in (chart.low, chart.high):
        if any(v is not None for v in end):
            data.add_series("95%", end)
    if chart.target is not None:
        data.add_series(plain(chart.target_label), [chart.target] * len(chart.values))

    def finish(made: Any) -> None:
        import numpy as np

        from cxlib.plots.trend import turning_points

        series = list(made.plots[0].series)
        for one in series:
            one.smooth = False
        for at, one in enumerate(series):
            line = one.format.line
            line.width = Pt(2.5 if at == 0 else 1)
            colour = theme.MAIN if at == 0 else theme.QUIET
            if chart.target is not None and at == len(series) - 1:
                colour, line.dash_style = theme.ACCENT, MSO_LINE.DASH
                clear, over = _clear_of(chart)
                _label(one, clear, chart.target_label, colour)
                one.points[clear].data_label.position = (
                    XL_LABEL_POSITION.ABOVE if over else XL_LABEL_POSITION.BELOW
                )
            line.color.rgb = rgb(colour)
            _marker(one, colour if at == 0 else "")
        values = np.array([np.nan if v is None else v for v in chart.values], dtype=float)
        for at in turning_points(values):
            label = series[0].points[at].data_label
            label.position = XL_LABEL_POSITION.ABOVE
            _label(series[0], at, _said(values[at], chart.shape), theme.INK)
        made.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        wide = max(wrapping.em(label, 0.6) for label in chart.labels) * 11 / 72 + 0.2
        _skip(made.category_axis, math.ceil(len(chart.labels) * wide / ACROSS))
        _from_below(made.value_axis, chart)

    return XL_CHART_TYPE.LINE_MARKERS, finish


def _clear_of(chart: Chart) -> tuple[int, bool]:
    """Return the point, and whether above it, where a target's label is farthest from the line."""
    import numpy as np

    target, n = float(chart.target or 0.0), len(chart.values)
    lines = [np.array(line, dtype=float) for line in (chart.values, chart.low, chart.high) if line]
    reach = min(max(1, round(0.65 * n / ACROSS)), (n - 1) // 2)
    room: dict[tuple[int, bool], float] = {}
    for at in range(reach, n - reach):
        near = np.concatenate([line[at - reach : at + reach + 1] for line in lines])
        near = near[~np.isnan(near)]
        room[at, True] = target - near.max() if near.size else 0.0
        room[at, False] = near.min() - target if near.size else 0.0
    return max(room, key=lambda place: room[place])


def _skip(axis: Any, every: int) -> None:
    """Label only every so many periods: months in full would stand aslant."""
    from lxml import etree

    space = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
    last = axis._element.find(f"{space}noMultiLvlLbl")
    for tag in ("tickLblSkip", "tickMarkSkip") if every > 1 and last is not None else ():
        element = etree.Element(f"{space}{tag}")
        element.set("val", str(every))
        last.addprevious(element)


def _waterfall(chart: Chart, data: Any, stressed: str) -> tuple[Any, Any]:
    """Return stacked columns: what lies beneath each step is there but not seen."""
    from pptx.enum.chart import XL_CHART_TYPE, XL_TICK_LABEL_POSITION

    reached, spans = 0.0, []
    for value, total in zip(chart.values, chart.totals, strict=True):
        start = 0.0 if total else reached
        reached = start + (value or 0.0)
        spans.append((min(start, reached), max(start, reached)))
    above = [(max(a, 0.0), max(b, 0.0)) for a, b in spans]
    below = [(min(b, 0.0), min(a, 0.0)) for a, b in spans]
    for name, pairs in (("", above), (" ", below)):
        data.add_series(f"–{name}", [start for start, _end in pairs])
        data.add_series(f"{plain(chart.axis) or '–'}{name}", [end - start for start, end in pairs])

    def finish(made: Any) -> None:
        plot = made.plots[0]
        plot.gap_width, plot.overlap = 40, 100
        for at, series in enumerate(plot.series):
            series.invert_if_negative = False
            series.format.fill.background()
            for n, value in enumerate(chart.values):
                if at % 2 == 0:
                    continue
                colour = theme.GOOD if (value or 0.0) >= 0 else theme.BAD
                fill = series.points[n].format.fill
                fill.solid()
                fill.fore_color.rgb = rgb(theme.MAIN if chart.totals[n] else colour)
                if at == 1 + 2 * (spans[n][1] <= 0):
                    text = _said(value or 0.0, chart.shape, sign=not chart.totals[n])
                    _label(series, n, text, theme.PAPER)
        made.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW

    return XL_CHART_TYPE.COLUMN_STACKED, finish


# --- parts ------------------------------------------------------------------------------------


def rgb(colour: str) -> Any:
    """Return a colour as python-pptx takes it."""
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(colour.removeprefix("#").upper())


def _lighter(colour: str) -> str:
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (255 - p) * LIGHT):02x}" for p in parts)


def _said(value: float, shape: str, *, sign: bool = False) -> str:
    digits = len(shape.partition(".")[2].rstrip('"%'))
    return f"{value:{'+' if sign else ''},.{digits}f}".replace("-", "−") + "%" * ("%" in shape)


def _label(series: Any, at: int, text: str, colour: str) -> None:
    from pptx.util import Pt

    frame = series.points[at].data_label.text_frame
    frame.text = text
    run = frame.paragraphs[0].runs[0]
    run.font.size, run.font.color.rgb = Pt(12), rgb(colour)


def _marker(series: Any, colour: str) -> None:
    from pptx.enum.chart import XL_MARKER_STYLE

    series.marker.style = XL_MARKER_STYLE.CIRCLE if colour else XL_MARKER_STYLE.NONE
    if colour:
        series.marker.size = 7
        series.marker.format.fill.solid()
        series.marker.format.fill.fore_color.rgb = rgb(colour)
        series.marker.format.line.color.rgb = rgb(colour)


def _around(axis: Any, chart: Chart) -> None:
    """Let an axis hold zero, as a bar tells by its length, and every whisker whole.

    Of answers on a scale it is the scale: none is less than its least, which need not be 0.
    """
    if chart.scale:
        axis.minimum_scale, axis.maximum_scale = chart.scale
        axis.major_unit = 1
        return
    ends = [v for v in (*chart.values, *chart.low, *chart.high, *chart.earlier) if v is not None]
    low, high = min((0.0, *ends)), max((0.0, *ends))
    if high > low:
        step = 10.0 ** math.floor(math.log10(high - low)) / 2
        axis.minimum_scale = round(math.floor(low / step) * step, 6)
        axis.maximum_scale = round(math.ceil(high / step) * step, 6)


def _from_below(axis: Any, chart: Chart) -> None:
    """Let an axis begin a little below its lowest number, if that is far from 0."""
    every = (*chart.values, *chart.low, *chart.high, *chart.earlier, chart.target)
    known = [v for v in every if v is not None]
    if not known:
        return
    low, high = min(known), max(known)
    step = 10.0 ** (math.floor(math.log10(max(high - low, 1e-6))))
    start = math.floor((low - 0.5 * (high - low)) / step) * step
    if start > 0:
        axis.minimum_scale = round(start, 6)


_WHISKER = (
    '<c:errBars xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<c:errBarType val="both"/><c:errValType val="cust"/><c:noEndCap val="0"/>'
    "<c:plus><c:numLit><c:formatCode>General</c:formatCode>{plus}</c:numLit></c:plus>"
    "<c:minus><c:numLit><c:formatCode>General</c:formatCode>{minus}</c:numLit></c:minus>"
    '<c:spPr><a:ln w="{width}"><a:solidFill><a:srgbClr val="{colour}"/></a:solidFill></a:ln>'
    "</c:spPr>"
    "</c:errBars>"
)


def _whiskers(element: Any, chart: Chart) -> None:
    """Add the intervals as error bars, which python-pptx does not know."""

    def gaps(ends: tuple[float | None, ...], sign: float) -> str:
        known = zip(ends, chart.values, strict=True)
        far = (None if e is None or v is None else sign * (e - v) for e, v in known)
        return _points([max(gap or 0.0, 0.0) for gap in far])

    _error_bars(element, gaps(chart.high, 1.0), gaps(chart.low, -1.0), theme.INK, 15_875)


def _points(lengths: Sequence[float]) -> str:
    told = "".join(f'<c:pt idx="{i}"><c:v>{each!r}</c:v></c:pt>' for i, each in enumerate(lengths))
    return f'<c:ptCount val="{len(lengths)}"/>{told}'


def _error_bars(element: Any, plus: str, minus: str, colour: str, width: int) -> None:
    from lxml import etree

    colour = colour.removeprefix("#")
    text = _WHISKER.format(plus=plus, minus=minus, colour=colour, width=width)
    before = element.find("{http://schemas.openxmlformats.org/drawingml/2006/chart}cat")
    before.addprevious(etree.fromstring(text))
