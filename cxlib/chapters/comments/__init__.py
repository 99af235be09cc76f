"""Chapter 03: what customers say in their own words, and what it is worth listening to."""

from cxlib.chapters import Findings

findings = Findings(__file__)
