"""Chapter 11: what is moving, and whether it is more than noise."""

from cxlib.chapters import Findings

findings = Findings(__file__)
