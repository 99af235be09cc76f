"""Chapter 06, what moves the score and where to begin."""

from cxlib.chapters import Findings

findings = Findings(__file__)
