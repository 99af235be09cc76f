"""Expected value of the largest of k standard normal values.

Source: Harter, H. L. (1961). Expected values of normal order statistics. Biometrika 48, 151-165,
table 1 (five decimals).
"""

EXPECTED_LARGEST = {2: 0.56419, 3: 0.84628, 4: 1.02938, 5: 1.16296, 10: 1.53875, 20: 1.86748}
