"""Chapter 15: the two pages that a managing director reads, from what all chapters saved."""

from cxlib.chapters import Findings

findings = Findings(__file__)
