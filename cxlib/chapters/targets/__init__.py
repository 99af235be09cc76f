"""Targets: are they met, is the KPI on its way, can a plan get it there, and what to agree next."""

from cxlib.chapters import Findings

findings = Findings(__file__)
