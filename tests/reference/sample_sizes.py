"""Independent sample sizes a group, two-sided, alpha 5 %, power 80 %.

Shares: n = (z + z)² (p1 q1 + p2 q2) / (p1 − p2)², as in R's TrialSize (after Chow, Shao, Wang,
Sample Size Calculations in Clinical Research), TwoSampleProportion.Equality(0.05, 0.2, 0.65, 0.85,
k = 1), rounded up. Means: Lehr, R. (1992). Sixteen s-squared over d-squared. Statistics in
Medicine 11, 1099-1102, before he rounds 2 (1.95996 + 0.84162)² up to 16.
"""

SHARES_65_85 = 70
LEHR_UNROUNDED = 15.698
