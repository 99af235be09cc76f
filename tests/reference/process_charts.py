"""Published values of process charts and their rules."""

from __future__ import annotations

# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 "Individuals Control Charts":
# flow rates of ten batches, centre line and limits (with 3/1.128 instead of the rounded 2.66).
NIST_FLOW = (49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1)
NIST_CENTRE, NIST_MOVING_RANGE = 50.81, 1.8778
NIST_LOWER, NIST_UPPER = 45.8159, 55.8041

# NHSRplotthedots (R, MIT licence), tests of ptd_two_in_three with ptd_part_of_two_in_three:
# (close to limits, side of the mean) → points flagged.
TWO_IN_THREE = (
    ((1, 0, 1), (1, 1, 1), (1, 0, 1)),
    ((0, 1, 1), (1, 1, 1), (0, 1, 1)),
    ((1, 1, 0), (1, 1, 1), (1, 1, 0)),
    ((0, 0, 1, 0, 1, 0, 0), (1, 1, 1, 1, 1, 1, 1), (0, 0, 1, 0, 1, 0, 0)),
    ((0, 0, 1, 1, 0, 0, 0), (1, 1, 1, 1, 1, 1, 1), (0, 0, 1, 1, 0, 0, 0)),
    ((1, 0, 1), (1, -1, 1), (0, 0, 0)),
    ((0, 1, 1), (1, -1, 1), (0, 0, 0)),
    ((0, 0, 1, 1, 0, 0, 0), (-1, 1, -1, 1, -1, 1, -1), (0, 0, 0, 0, 0, 0, 0)),
)
# The same package, tests of ptd_seven_point_trend: values → whether a trend is complete at the end.
SEVEN_POINT_TREND = (
    ((1, 2, 3, 4, 5, 6, 7), 1),
    ((7, 6, 5, 4, 3, 2, 1), -1),
    ((1, 2, 3, 4, 5, 6), 0),
    ((1, 2, 3, 3, 5, 6, 7), 0),
)
