"""Chapter 12: which tool to choose, how firm the choice is, and what its rollout needs."""

from cxlib.chapters import Findings

findings = Findings(__file__)
