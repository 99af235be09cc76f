"""A Jupyter kit for customer-experience consultants: from a client's data to the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Engagement", "__version__"]

if TYPE_CHECKING:
    from cxlib.engagement import Engagement


def __getattr__(name: str) -> Any:
    """Import `Engagement` when it is first asked for: `import cxlib` itself loads nothing heavy."""
    if name == "Engagement":
        from cxlib.engagement import Engagement

        return Engagement
    raise AttributeError(f"module 'cxlib' has no attribute {name!r}")
