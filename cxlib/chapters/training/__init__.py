"""Chapter 13: was the training held, did it teach, and is it seen at work."""

from cxlib.chapters import Findings

findings = Findings(__file__)
