"""A column that a table does not have, told in one line where a notebook asks for it."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import Any

import pandas as pd
from pandas.errors import UndefinedVariableError

from cxlib.errors import DataError, nearest
from cxlib.workspace import JOB_VARIABLE


def told_kindly() -> None:
    """Have the notebook say a wrong column's name in a line, as the kit says its own errors."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and not os.environ.get(JOB_VARIABLE):
        shell.set_custom_exc((UndefinedVariableError, KeyError), _show)


def _show(shell: Any, kind: Any, error: Any, trace: Any, tb_offset: int | None = None) -> None:
    told = mistake(error, trace)
    raised = (kind, error, trace) if told is None else (type(told), told, trace)
    shell.showtraceback(raised, tb_offset=tb_offset)


def mistake(error: Exception, trace: TracebackType | None) -> DataError | None:
    """Return the line for an error that a table raised for want of a column; None for another."""
    asked = str(error.args[0]) if error.args else ""
    if isinstance(error, UndefinedVariableError):
        asked = asked.partition("'")[2].partition("'")[0]
    table = None
    while trace is not None:
        own = trace.tb_frame.f_locals.get("self")
        inside = trace.tb_frame.f_globals.get("__name__", "").startswith("pandas.")
        if inside and isinstance(own, pd.DataFrame):
            table = own
        trace = trace.tb_next
    if table is None or not asked or asked in table:
        return None
    known = [str(name) for name in table.columns]
    return DataError(f"this table has no column {asked!r}{nearest(asked, known)}")
