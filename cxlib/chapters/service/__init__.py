"""Chapter 09: whether the service is as good as promised."""

from cxlib.chapters import Findings

findings = Findings(__file__)
