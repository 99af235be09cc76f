"""Chapter 14: what the contract asks for, what was accepted, what is late and what is open."""

from cxlib.chapters import Findings

findings = Findings(__file__)
