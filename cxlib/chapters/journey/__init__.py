"""Chapter 05: the journey as customers live it, drawn from data."""

from cxlib.chapters import Findings

findings = Findings(__file__)
