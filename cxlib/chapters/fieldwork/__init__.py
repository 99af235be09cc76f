"""Chapter 00: whom to ask, what, and how the field is doing."""

from cxlib.chapters import Findings

findings = Findings(__file__)
