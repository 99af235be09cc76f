"""Chapter 08: what is done about the findings: by whom, by when, and what came of it."""

from cxlib.chapters import Findings

findings = Findings(__file__)
