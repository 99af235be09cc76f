"""Chapter 10: who the members are, who stays, what they are worth, and whether it pays."""

from cxlib.chapters import Findings

findings = Findings(__file__)
