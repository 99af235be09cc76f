"""Chapter 02: where the experience stands."""

from cxlib.chapters import Findings

findings = Findings(__file__)
