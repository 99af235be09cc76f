"""What a notebook puts on the page, and what it saves: every output withholds small bases here."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cxlib import __version__
from cxlib.chapters import labels_of, register
from cxlib.chapters.rows import recorded
from cxlib.data.tables import provenance
from cxlib.envelope import Envelope, Part, encode, read, write
from cxlib.errors import DataError
from cxlib.params import Client
from cxlib.plots.theme import NothingToDrawError
from cxlib.present import conclusions, figures, sketches, tables
from cxlib.present.findings import Finding, Rule, in_order, on_record, tell
from cxlib.present.glance import glance
from cxlib.present.linked import Printed
from cxlib.present.sheets import grid
from cxlib.present.tables import TableView
from cxlib.present.tiles import kpi_tiles
from cxlib.present.withhold import is_empty, is_withheld, withhold
from cxlib.present.workbooks import workbook_of
from cxlib.words import Words
from cxlib.workspace import JOB_VARIABLE, Workspace, as_name, write_whole


class Page(ABC):
    """The half of an engagement that speaks: shows, draws, tells, saves and reads back."""

    client: Client
    workspace: Workspace
    period: str
    words: Words
    chapter: str

    def __init__(self) -> None:
        self._results: dict[str, Any] = {}
        self._findings: dict[str, Any] = {}
        self._parts: list[Part] = []
        self._unwritten = False

    @property
    @abstractmethod
    def minimum_base(self) -> int:
        """Fewer answers than this are withheld."""

    def show(
        self,
        result: Any,
        columns: str | Sequence[str] | None = None,
        *,
        table: str = "table",
        caption: str = "",
        each_language: bool = False,
    ) -> None:
        """Show a result as a table: localised labels and formats, small bases withheld.

        Parameters
        ----------
        result : result or DataFrame
        columns : str or sequence of str, optional
            Only these, in this order; one text names them with spaces between.
        table : str
            Which frame of a result that has several.
        caption : str
        each_language : bool
            Once in each of the client's languages, the reader's first, as a contract has it.
        """
        if is_empty(result, table):
            return
        shown = self.withheld(result)
        told: dict[str, Any] = {"columns": columns, "table": table, "caption": caption}
        others = sorted({*self.client.languages} - {self.words.language}) if each_language else ()
        for other in ({}, *({"language": o} for o in others)):
            above = {"caption": ""} if each_language and not other else {}  # its section's heading
            _display(self._viewed(shown, **told | above, **other))
            self._note("table", shown, **told, **other)

    @abstractmethod
    def spoken(self, language: str) -> Words:
        """Return the client's words in one of its languages."""

    def view(
        self,
        result: Any,
        columns: str | Sequence[str] | None = None,
        *,
        table: str = "table",
        caption: str = "",
        language: str = "",
    ) -> TableView:
        """Return what `show` shows."""
        told: dict[str, Any] = {"columns": columns, "table": table, "caption": caption}
        return self._viewed(self.withheld(result), language=language, **told)

    def _viewed(self, shown: Any, *, language: str = "", **told: Any) -> TableView:
        words = self.spoken(language or self.words.language)
        return tables.view(shown, words=words, minimum_base=self.minimum_base, **told)

    def glance(self, result: Any) -> TableView:
        """Return a result as the last line of a cell shows it: summary, table, what else it has."""
        return glance(self.withheld(result), words=self.words, minimum_base=self.minimum_base)

    def draw(self, plot: Callable[..., Any] | str, result: Any, **options: Any) -> None:
        """Draw a result; small bases are withheld.

        Parameters
        ----------
        plot : callable or str
            ``plot(result, *, words, ax=None, …) -> Axes``; ``"forest"`` or ``"trend"`` draws any
            table of scores.
        result : result or DataFrame
        **options
            For the plot.

        Raises
        ------
        DataError
            If the plot cannot draw such a result.
        """
        plot, shown = sketches.named(plot, options), self.withheld(result)
        if is_empty(shown):
            return
        if is_withheld(shown):
            _display(conclusions.nothing_to_show(words=self.words, minimum_base=self.minimum_base))
        else:
            try:
                view = figures.draw(plot, shown, words=self.words, **options)
            except NothingToDrawError:
                return
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise sketches.mistaken(plot, result, error) from error
            _display(view)
            self._note("figure", shown, plot, **options)

    def tiles(self, result: Any) -> None:
        """Show one tile a KPI; the report begins with them.

        Parameters
        ----------
        result : Estimates
            As `Engagement.standing` gives it.
        """
        shown = self.withheld(result)
        _display(kpi_tiles(shown, words=self.words))
        self._note("tiles", shown)

    def tell(
        self, rules: Iterable[Rule], result: Any, *, about: str = "kpi", evidence: str = ""
    ) -> None:
        """State what rules say of a table's rows; the report lifts the gravest to its top.

        Parameters
        ----------
        rules : iterable of Rule
            The chapter's, in order.
        result : result or DataFrame
            One row a subject; small bases are withheld and nothing is said of them.
        about : str
            The column that names the subject.
        evidence : str, optional
            A msgid for the line beneath, instead of interval and base.
        """
        shown = self.withheld(result)
        if is_empty(shown):
            return
        told = tell(shown, rules, chapter=self.chapter, about=about, evidence=evidence)
        kept = [f for f in told if f.base is None or f.base >= self.minimum_base]
        if any(f.seeks for f in kept):
            kept = [on_record(f, recorded(self)) for f in kept]
        self._findings |= {f.id: f for f in kept}
        if kept:
            self._note("findings", [f.id for f in kept])
        if not self._owed():
            self._write()
        _display(conclusions.view_findings(kept, words=self.words))

    def recall(self, findings: Iterable[Any]) -> None:
        """State again what other chapters found; each leads back to its chapter."""
        told = list(findings)
        for chapter in dict.fromkeys(finding.chapter for finding in told):
            self.learn(chapter)
        _display(conclusions.view_findings(told, words=self.words))

    def learn(self, chapter: str) -> None:
        """Take in the columns and labels that another chapter alone has."""
        register(chapter)
        labels = labels_of(chapter, self.client, self.words.language)
        self.words = replace(self.words, labels={**labels, **self.words.labels})

    def conclude(self, *_findings: Any) -> None:
        """Say what took its place: a notebook of an earlier kit is told in one line."""
        raise DataError(
            "engagement.conclude(findings) is gone: write rules and call "
            "engagement.tell(RULES, table); see notebooks/02-assessment.ipynb."
        )

    def withheld(self, result: Any) -> Any:
        """Return a result (or several, jointly) with small bases blanked, as every output has it.

        What the notebook put out before, and what any chapter may show of the KPIs' groups and
        their crossings, is known: together they give no small group away.
        """
        return withhold(
            result, self.minimum_base, by=self._groupings, period=self.period, printed=self._printed
        )

    @cached_property
    def _printed(self) -> Printed:
        return Printed(self.minimum_base, self.grouped)

    @property
    def _groupings(self) -> tuple[str, ...]:
        """Columns of the client's tables by which people are grouped."""
        asked, tickets = self.client.survey, self.client.tickets
        questions = asked.questions if asked else ()
        return (*self.client.segments, *questions, *(tickets.segments if tickets else ()))

    @abstractmethod
    def grouped(self, deep: int, told: set[tuple[str, str]]) -> list[pd.DataFrame]:
        """Return the answers of every group of `deep` segments, of some KPIs and periods."""

    def export(
        self,
        result: Any,
        path: str | Path,
        columns: str | Sequence[str] | None = None,
        *,
        table: str = "table",
        caption: str = "",
    ) -> Path:
        """Write a result to a spreadsheet: numbers as numbers, small bases withheld.

        Parameters
        ----------
        result : result or DataFrame
            Or a list of them, one table each.
        path : str or Path
            A file name ending in ``.xlsx``; what stood there is replaced.
        columns, table, caption
            As for `show`; intervals and bases join the columns that are named.

        Raises
        ------
        CxError
            If the name does not end so, or there is nothing to write.
        """
        target = Path(path).expanduser()
        if target.suffix.lower() != ".xlsx":
            raise DataError(f"{target.name!r} is no spreadsheet: name a file ending in .xlsx.")
        laid: dict[str, Any] = {"words": self.words, "minimum_base": self.minimum_base}
        laid["title"] = self.words.say(caption) if caption else ""
        shown = self.withheld(result)
        several = shown if isinstance(shown, list) else [shown]
        grids = [grid(one, columns=columns, table=table, **laid) for one in several]
        about = (self.client.display_name(self.words.language), self.words.period(self.period))
        write_whole(target, workbook_of(grids, words=self.words, subject=" · ".join(about)))
        return target

    def _note(self, kind: str, shown: Any, plot: Any = None, **options: Any) -> None:
        """Keep what was shown, for the spreadsheet and the deck; what no file can hold is not."""
        named = f"{getattr(plot, '__module__', '')}:{getattr(plot, '__qualname__', '')}"
        try:
            data, told = encode(shown), encode(options)
        except DataError:
            return
        kernel = _kernel()
        cell = 0 if kernel is None else len(kernel.history_manager.input_hist_parsed) - 1
        held = named if plot is not None else ""
        self._parts.append(Part(kind=kind, data=data, options=told, plot=held, cell=cell))
        self._owed()

    def _owed(self) -> bool:
        """Have what a cell did written once, when it ends; False where no cell is running."""
        kernel = _kernel()
        if kernel is not None and not self._unwritten:
            kernel.events.register("post_run_cell", self._cell_ended)
        self._unwritten = True
        return kernel is not None

    def _cell_ended(self, *_result: Any) -> None:
        """Write what the cell that has just ended showed."""
        _kernel().events.unregister("post_run_cell", self._cell_ended)
        if self._unwritten:
            self._write()

    # --- results out and in --------------------------------------------------------------------

    def save(self, **results: Any) -> Path | None:
        """Save results by name for later chapters, small bases withheld.

        In a job of `cx run` they are kept with the client's results; interactively they go to
        scratch, where nothing reads them by itself.

        Parameters
        ----------
        **results
            ``engagement.save(headline=headline)``.
        """
        self._results |= self.withheld(results)
        path = self._write()
        return None if os.environ.get(JOB_VARIABLE) else path  # a job's folder is not for keeping

    def _write(self) -> Path:
        told = (self.client.client, self.period, self.words.language, self.chapter)
        path = self.workspace.result(*told)
        if not os.environ.get(JOB_VARIABLE):
            scratch = self.workspace.state(self.client.client) / "scratch"
            path = scratch / path.relative_to(self.workspace.results(self.client.client))
        envelope = Envelope(
            client=self.client.client,
            chapter=self.chapter,
            period=self.period,
            kit=__version__,
            results=dict(self._results),
            findings=tuple(self._findings.values()),
            provenance=provenance(self.workspace, self.client),
            parts=tuple(self._parts),
        )
        write(path, envelope)
        self._unwritten = False
        return path

    def saved(self, *, but: Iterable[str] = ()) -> list[Envelope]:
        """Return what every chapter that applies to the client saved for this period, bar some."""
        folder = self.workspace.results(self.client.client) / as_name(self.period)
        stems = {path.stem for path in folder.glob("*/*.json")} - {self.chapter, *but}
        return [self.read(stem) for stem in sorted(stems) if self.kept(stem)]

    def kept(self, chapter: str) -> Path | None:
        """Return where a chapter's results lie: of this language, or of another of the client's."""
        folder, spoken = self.workspace.result, (self.words.language, *self.client.languages)
        places = (folder(self.client.client, self.period, each, chapter) for each in spoken)
        return next((path for path in places if path.is_file()), None)

    def gathered(self, *, but: Iterable[str] = ()) -> list[Finding]:
        """Return all chapters' findings, gravest first: each subject and each step once."""
        envelopes = self.saved(but=but)
        for envelope in envelopes:
            register(envelope.chapter)
        every = [f for envelope in envelopes for f in envelope.findings if isinstance(f, Finding)]
        told = [f for f in every if not f.desk]
        once: dict[str, Finding] = {}
        steps: set[str] = set()
        for finding in in_order(told):
            step = finding.step(self.words)
            small = finding.base is not None and finding.base < self.minimum_base
            if small or finding.subject in once or (step and step in steps):
                continue
            once[finding.subject] = finding
            steps.add(step)
        return list(once.values())

    def result(self, chapter: str, name: str) -> Any:
        """Return one thing that another chapter saved for this period; None if it did not."""
        try:
            return self.read(chapter).results.get(name)
        except DataError:  # that chapter has not run
            return None

    def read(self, chapter: str) -> Envelope:
        """Return what another chapter saved for this client and period.

        Raises
        ------
        DataError
            If that chapter has not run.
        """
        path = self.kept(chapter)
        if path is None:
            raise DataError(
                f"chapter {chapter!r} has no results for {self.client.client} in {self.period}; "
                f"run `cx run {self.client.client} --chapter {chapter} "
                f"--period {self.period}` first."
            )
        self.learn(chapter)
        return read(path)


def _kernel() -> Any:
    """Return the shell whose cell is running; None in a plain process."""
    shell = sys.modules.get("IPython")
    return shell.get_ipython() if shell else None


def _display(view: Any) -> None:
    from IPython.display import display

    display(view)
