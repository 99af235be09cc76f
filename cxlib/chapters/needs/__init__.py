"""Chapter 01: what customers and staff need, who said so, and what answers it."""

from cxlib.chapters import Findings

findings = Findings(__file__)
