#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_gmm.py: writes expected_gmm.txt beside this script from synthetic_clean.csv. Needs numpy and scikit-learn.

Lines: class, number of components, mean log likelihood of a training or validation sample, samples of each component in
ascending order (zeros where there are fewer than 3), of scikit-learn's GaussianMixture, run to convergence.
"""
import csv
import os

import numpy as np
from sklearn.mixture import GaussianMixture

HERE = os.path.dirname(os.path.abspath(__file__))

with open(os.path.join(HERE, "synthetic_clean.csv"), encoding="ascii") as f:
    rows = [r for r in csv.DictReader(f) if r["split"] != "test"]
with open(os.path.join(HERE, "expected_gmm.txt"), "w", encoding="ascii") as f:
    for y in "01":
        x = np.array([[float(r["x1"]), float(r["x2"])] for r in rows if r["y"] == y])
        for k in (1, 2, 3):
            m = GaussianMixture(k, n_init=5, random_state=0, tol=1e-9, max_iter=5000).fit(x)
            sizes = sorted(np.bincount(m.predict(x), minlength=3).tolist())
            f.write(" ".join(str(v) for v in [int(y), k, float(m.lower_bound_), *sizes]) + "\n")
