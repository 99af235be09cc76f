"""Chapter 04: what mystery visitors found."""

from cxlib.chapters import Findings

findings = Findings(__file__)
