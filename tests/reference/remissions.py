"""Weeks in remission of 21 leukaemia patients on 6-mercaptopurine, the textbook case of censoring.

Freireich, E. J. et al. (1963). The effect of 6-mercaptopurine on the duration of steroid-induced
remissions in acute leukemia. Blood 21, 699-716; survival as in Cox, D. R., Oakes, D. (1984).
Analysis of Survival Data, chapter 1: the share still in remission after each relapse.
"""

WEEKS = (6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35)
RELAPSED = (1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)
SURVIVAL = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
MEDIAN = 23
