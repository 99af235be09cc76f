"""The layouts of the kit's results, one file a stem: which columns a reader sees."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from cxlib.present.layout import Layout


def layout_of(result: Any, table: str) -> Layout | None:
    """Return the layout of one frame of a result, by the result's class, or None."""
    return _layouts().get(f"{type(result).__name__}.{table}")


@lru_cache(maxsize=1)
def _layouts() -> Mapping[str, Layout]:
    found: dict[str, Layout] = {}
    for module in iter_modules(__path__):
        found |= import_module(f"{__name__}.{module.name}").LAYOUTS
    return found
