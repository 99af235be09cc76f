"""One look for every figure: fonts that know Chinese, colours that survive a grey printer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxlib.columns import records
from cxlib.errors import CxError, SetupError
from cxlib.plots.wrapping import em, one_line, wrap

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cxlib.words import Words

INK, MUTED, RULE, PAPER = "#1c2733", "#5f6b7a", "#d5dbe2", "#ffffff"
MAIN, ACCENT, GOOD, BAD, QUIET = "#1f5f99", "#c8691c", "#2e7d5b", "#b3372f", "#a9b4c0"
VIOLET = "#7a5195"
STATES = {"good": GOOD, "bad": BAD, "open": ACCENT}
"""Colours of verdicts: at least 3 to 1 on white and on a dark page alike."""
SERIES = (MAIN, ACCENT, GOOD, VIOLET, BAD, MUTED)
"""Colours of series, apart in lightness too (Okabe–Ito's idea, darker for print)."""

WIDTH = 7.2
"""Inches: the text width of an A4 page, so that a figure is printed at the size it was drawn."""

_SYSTEM_CJK = (
    *("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC"),
    *("WenQuanYi Micro Hei", "SimHei", "Hiragino Sans GB"),
)


@lru_cache(maxsize=1)
def font_family() -> tuple[str, ...]:
    """Return the font chain of the figures: Latin first, then whatever here can write Chinese.

    Raises SetupError if nothing on this machine can, before any work is done.
    """
    from matplotlib import font_manager

    chinese: list[str] = []
    packaged = packaged_font()
    if packaged is not None:
        font_manager.fontManager.addfont(str(packaged))
        chinese.append(font_manager.FontProperties(fname=str(packaged)).get_name())
    known = set(font_manager.get_font_names())
    chinese += [name for name in _SYSTEM_CJK if name in known]
    if not chinese:
        raise SetupError(
            "no font on this machine can write Chinese in figures; "
            "install one with `pip install pylopdf-fonts-zh-cn`."
        )
    return ("DejaVu Sans", *dict.fromkeys(chinese))


def packaged_font() -> Path | None:
    """Return the Chinese font that comes as a package; None without it."""
    try:
        import pylopdf_fonts_zh_cn as package
    except ImportError:
        return None
    path = Path(package.__file__).parent / "NotoSansSC-Regular.otf"
    return path if path.is_file() else None


def settings() -> Any:
    """Return the theme as matplotlib's rc settings."""
    return {
        "font.family": list(font_family()),
        "font.size": 9,
        "text.parse_math": False,  # a client's $ is a dollar
        "axes.unicode_minus": True,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.titleweight": "normal",
        "axes.titlecolor": INK,
        "axes.titlepad": 10,
        "axes.labelcolor": MUTED,
        "axes.labelsize": 9,
        "axes.edgecolor": RULE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "axes.axisbelow": True,
        "grid.color": RULE,
        "grid.linewidth": 0.7,
        "xtick.color": MUTED,
        "ytick.color": INK,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 9,
        "ytick.major.size": 0,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "figure.facecolor": PAPER,
        "figure.constrained_layout.use": True,
        "figure.dpi": 200,  # as it is saved, so that text is measured once
        "savefig.dpi": 200,
        "svg.hashsalt": "cx",
        "svg.fonttype": "none",  # text stays text
    }


LINES, MANY = 2, 26
"""Lines of a row's label (more would run into the next row's), and rows that leave it but one."""


@contextmanager
def applied() -> Iterator[None]:
    """Apply the theme within a ``with`` block, and leave the consultant's own settings alone."""
    import matplotlib as mpl

    with mpl.rc_context(settings()):
        yield


def axes(ax: Axes | None = None, *, height: float = 3.2, width: float = WIDTH) -> Axes:
    """Return `ax`, or the axes of a new figure of the given size in inches."""
    if ax is not None:
        return ax
    made = _AHEAD.pop() if _AHEAD else _blank()
    figure: Any = made.figure
    figure.set_size_inches(width, height)
    return made


_AHEAD: list[Axes] = []


def make_ahead(figures: int, ticks: int) -> None:
    """Make empty figures for `axes` to take, with so many ticks an axis: a quarter of drawing.

    Processes that are forked from this one then need not.
    """
    with applied():
        for _figure in range(figures):
            made = _blank()
            for axis in (made.xaxis, made.yaxis):
                axis.get_major_ticks(ticks)
            _AHEAD.append(made)


def _blank() -> Axes:
    from matplotlib.figure import Figure

    return Figure().subplots()


def named(ax: Axes) -> Axes:
    """Give both axes a name for now: to find one, seaborn would make every tick of a bare axis."""
    ax.set(xlabel=" ", ylabel=" ")
    return ax


class NothingToDrawError(CxError):
    """A figure's values are all missing or withheld: what shows it leaves the figure out."""


def known(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return the rows whose columns all hold a value; `NothingToDrawError` if there is none."""
    rows = table.dropna(subset=list(columns))
    if rows.empty:
        raise NothingToDrawError(f"no row has {', '.join(columns)}.")
    return rows


def row_axes(ax: Axes | None, rows: int, *, extra: float = 1.3) -> Axes:
    """Return axes tall enough for `rows` labelled rows; many stand closer, to fit one page."""
    return axes(ax, height=extra + max(rows, 1) * (0.32 if rows <= MANY else 0.22))


def grid(count: int, columns: int, *, top: float, each: float) -> tuple[Figure, list[Axes]]:
    """Return a figure of `count` small charts, `each` inches high below `top` inches of title."""
    from matplotlib.figure import Figure

    deep = -(-count // columns)
    figure = Figure(figsize=(WIDTH, top + each * deep))
    cells = list(figure.subplots(deep, columns, squeeze=False).flat)
    for spare in cells[count:]:
        spare.set_axis_off()
    return figure, cells[:count]


def note(
    ax: Axes,
    text: str,
    at: Any,
    *,
    shift: tuple[float, float] = (0, 0),
    frame: Any = "data",
    colour: str = INK,
    backed: float = 0.0,
    **look: Any,
) -> None:
    """Write `text` beside a point, `shift` points away from it.

    `frame` says in what `at` is measured (matplotlib's ``xycoords``), `backed` how opaque the paper
    behind the text is, **look its ``ha, va`` and ``size``.
    """
    box = {"facecolor": PAPER, "edgecolor": "none", "alpha": backed, "pad": 0.6} if backed else None
    usual: dict[str, Any] = {"ha": "center", "va": "bottom", "size": 8}
    look = usual | {"color": colour, "bbox": box} | look
    ax.annotate(text, at, xycoords=frame, xytext=shift, textcoords="offset points", **look)


def above_or_below(ax: Axes, text: str, at: Any, *, above: bool, size: float = 8) -> None:
    """Write a point's value over or under it, legible on the lines that it covers."""
    shift, va = ((0, 7), "bottom") if above else ((0, -7), "top")
    note(ax, text, at, shift=shift, va=va, size=size, backed=0.75)


def beside(ax: Axes, text: str, y: float, *, size: float = 8, colour: str = ACCENT) -> None:
    """Write `text` right of the axes, level with `y`."""
    where = ("axes fraction", "data")
    note(ax, text, (1.01, y), frame=where, ha="left", va="center", size=size, colour=colour)


def on_top(ax: Axes, text: str, x: float, *, size: float = 8, colour: str = ACCENT) -> None:
    """Write `text` above the axes, over `x`."""
    note(ax, text, (x, 1), shift=(0, 2), frame=("data", "axes fraction"), size=size, colour=colour)


def dot(
    ax: Axes,
    x: Any,
    y: float,
    *,
    colour: str,
    filled: bool = True,
    marker: str = "o",
    size: float = 6,
) -> None:
    """Draw a point, hollow where what it shows is not certain."""
    face = colour if filled else PAPER
    ax.plot(x, y, marker, markersize=size, color=colour, markerfacecolor=face)


def title(ax: Axes, text: str, *, alt: str = "") -> Axes:
    """Give `ax` its title (the finding, wrapped to the figure) and its alternative text."""
    figure = ax.get_figure(root=True)
    width = (figure.get_figwidth() if figure is not None else WIDTH) * 72 / 10.5
    ax.set_xlabel(wrap(ax.get_xlabel(), width=width * 0.75))
    if figure is None or len(figure.axes) > 1:
        ax.set_title(wrap(text, width=width * 0.98), loc="left", x=0)
    else:
        ax.set_title("", loc="left")
        headline(figure, text)
    told = str(ax.get_label())
    chinese = any(em(c) == 1.0 for c in text)
    if chinese and told and all(em(c) < 1.0 for c in told):  # nothing but numbers and Latin names
        told = told.replace("; ", "；").replace(", ", "，").removesuffix(".") + "。"
    ax.set_label(alt or (f"{text}{'。' if chinese else '. '}{told}" if told else text))
    ax.set_gid(text)
    return ax


_SPACED = re.compile("(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])")


def tells(ax: Axes, shown: Iterable[tuple[str | tuple[str, str], str]]) -> None:
    """Note what a chart shows, name by value, for its alternative text: the title goes before."""
    told = [((name,) if isinstance(name, str) else name, value) for name, value in shown]
    chinese = any(em(c) == 1.0 for names, value in told for c in "".join((*names, value)))
    comma = "，" if chinese else ", "
    said = [" ".join(f"{comma.join(names)} {value}".split()) for names, value in told]
    said = [_SPACED.sub("", one) for one in said]
    ax.set_label(f"{'；' if chinese else '; '}".join(said) + ("。" if chinese else "."))


def headline(figure: Figure, text: str) -> None:
    """Set a figure's title at its left edge, not at the axes', so that it has room."""
    lines = wrap(text, width=figure.get_figwidth() * 72 / 10.5 * 0.98).split("\n")
    text = "\n".join(lines[:4]) + ("…" if len(lines) > 4 else "")  # pages say it whole above
    figure.suptitle(text, x=0.01, ha="left", fontsize=10.5, color=INK)


def fit(figure: Figure) -> None:
    """Lay the figure out, and wrap titles and axis labels that leave it by their measured width.

    The layout then stands, so that drawing does not work it out again.
    """
    engine = figure.get_layout_engine()
    if engine is None or not engine.get():  # it stands: a title wrapped now would find no room
        return
    engine.execute(figure)
    if any([*map(_fit_label, figure.axes), _fit_title(figure)]):
        engine.execute(figure)
    figure.set_layout_engine("none")


def _fit_label(ax: Axes) -> bool:
    label, frame = ax.xaxis.label, ax.figure.bbox
    if not label.get_text():
        return False
    box = label.get_window_extent(_renderer(ax.figure))
    if box.x0 >= frame.x0 and box.x1 <= frame.x1:
        return False
    middle = (box.x0 + box.x1) / 2
    room = 2 * min(middle - frame.x0, frame.x1 - middle)
    label.set_text(_narrower(label.get_text(), room / box.width))
    return True


def _fit_title(figure: Figure) -> bool:
    title = figure._suptitle  # type: ignore[attr-defined]
    if title is None:
        return False
    box = title.get_window_extent(_renderer(figure))
    if box.x1 <= figure.bbox.x1:
        return False
    title.set_text(_narrower(title.get_text(), (figure.bbox.x1 - box.x0) / box.width))
    return True


def _renderer(figure: Any) -> Any:
    """Return what measures a figure now; a text's own may be of an earlier resolution."""
    return figure.get_figure(root=True)._get_renderer()


def _narrower(text: str, share: float) -> str:
    """Wrap `text` anew to a share of the width of its longest line."""
    width = 0.97 * share * max(map(em, text.split("\n")))
    return "\n".join(_cut(line, width) for line in wrap(one_line(text), width=width).split("\n"))


def _cut(line: str, width: float) -> str:
    """Return a line that has no space to break at as far as it fits; capitals are wider."""
    if em(line) <= width + 2:
        return line
    reach = accumulate(0.75 if c.isupper() else em(c) for c in line)
    return f"{line[: max(1, sum(wide < width for wide in reach) - 1)]}…"


def by_turn(turns: Iterable[Any]) -> list[str]:
    """Return a colour a row: better, worse, or neither clearly."""
    return [{"better": GOOD, "worse": BAD}.get(turn, QUIET) for turn in turns]


def listed(
    table: pd.DataFrame, words: Words, *, key: str = "kpi", value: str = "value", unit: str = ""
) -> tuple[str, ...]:
    """Return the label and the number of every row, as an alternative text lists them."""
    return tuple(
        f"{words.label(row[key])} {words.quantity(row[value], unit or row['unit'])}"
        for row in records(table)
    )


def label_rows(ax: Axes, labels: list[str], *, width: float = 22) -> None:
    """Label the rows of a horizontal chart from top to bottom, in two lines each at most."""
    most = LINES if len(labels) <= MANY else 1
    told = [fitted(label, width=width + 8 * (most == 1), most=most) for label in labels]
    ax.set_yticks(range(len(labels)), told)
    ax.set_ylim(len(labels) - 0.4, -0.6)


def fitted(label: str, *, width: float, most: int = LINES) -> str:
    """Return a label in so many lines at most; what is cut from a longer one stands in the table.

    A group's name after its segment's (``Channel · Email``) has lines of its own: else rows of a
    segment with a long name would all read alike.
    """
    lines = wrap(label, width=width).split("\n")
    of, within, name = label.partition(" · ")
    if len(lines) > most > 1 and within:
        return (
            f"{fitted(of, width=width - 1, most=1)} ·\n{fitted(name, width=width, most=most - 1)}"
        )
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]}…"]
    return "\n".join(_cut(line, width) for line in lines)


def legend(ax: Axes, **look: Any) -> None:
    """Add a legend right of the axes, its names shortened as rows' labels are."""
    made = ax.legend(**{"bbox_to_anchor": (1.0, 0.5), "loc": "center left"} | look)
    for text in made.get_texts():
        text.set_text(fitted(text.get_text(), width=16))


def label_periods(ax: Axes, labels: list[str]) -> list[int]:
    """Label the periods along the foot of a chart, as many as fit; return which, the latest too."""
    widest = max((em(label) for label in labels), default=1.0)
    fit = max(2, int(WIDTH * 72 / 8.5 / (widest + 1.5)))
    step = max(1, -(-len(labels) // fit))
    at = list(range(len(labels) - 1, -1, -step))[::-1]
    ax.set_xticks(at, [labels[i] for i in at])
    room = max(0.4, 0.04 * len(labels))  # the first value stands on no mark of the axis
    ax.set_xlim(-room, len(labels) - 1 + room)
    return at
