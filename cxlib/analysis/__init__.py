"""The statistics: a frame in, a frozen result out; no files, no plots, no clients.

What all share: input that does not fit is a DataError that names column, row, value and nearest
fix; ``confidence`` is the coverage of intervals, ``seed`` that of random draws; the handbook
(`cxlib.report.handbook`) has each method's formula, assumptions and reference.
"""
