"""Results in, findings out: what matters, how bad, on what evidence, what next."""

from cxlib.findings.finding import SEVERITIES, Finding, ranked

__all__ = ["SEVERITIES", "Finding", "ranked"]
