#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_metrics.py: writes what scikit-learn says of pairs of partitions, beside this script.

  metrics_partitions.csv   case,y,a,b of every sample: class, and two labels, -1 for noise
  metrics_expected.csv     of every case: ari and nmi with noise as one more group, the same without the samples that are noise
                           in a or b, and the mean over classes of the ari inside the class (noise one more group)

Needs numpy and scikit-learn; the files it wrote are stored, so nobody needs it to run the tests.
"""
import os

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

HERE = os.path.dirname(os.path.abspath(__file__))


def problems():
    rng = np.random.default_rng(20221017)
    yield [0], [0], [0]                                       # one sample
    yield [0, 0], [0, 1], [1, 0]                              # all alone in both
    yield [0] * 6, [0] * 6, [3] * 6                           # one group in both
    yield [0] * 6, [0] * 6, [0, 1, 2, 3, 4, 5]                # one group against singletons
    yield [0, 0, 1, 1], [0, 0, 1, 1], [5, 5, -1, -1]          # equal up to names
    yield [0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1]            # independent
    yield [0, 0, 1, 1], [-1] * 4, [0, 0, 1, 1]                # all noise
    for case in range(40):
        n = int(rng.integers(2, 60))
        y = rng.integers(0, 1 + case % 3, n)
        a = rng.integers(-1 if case % 2 else 0, 1 + case % 6, n)
        copy = rng.random(n) < [0.0, 0.5, 0.9, 0.99][case % 4]
        b = np.where(copy, (a * 7 + 3) % 11 - 1, rng.integers(-1 if case % 5 < 2 else 0, 2 + case % 4, n))
        yield y, a, b


def row(y, a, b):
    y, a, b = (np.asarray(v) for v in (y, a, b))
    kept = (a != -1) & (b != -1)
    within = np.mean([adjusted_rand_score(a[y == c], b[y == c]) for c in np.unique(y)])
    return [f(a[m], b[m]) for m in (slice(None), kept)
            for f in (adjusted_rand_score, normalized_mutual_info_score)] + [within]


def main():
    with open(os.path.join(HERE, "metrics_partitions.csv"), "w", encoding="ascii") as samples, \
            open(os.path.join(HERE, "metrics_expected.csv"), "w", encoding="ascii") as expected:
        samples.write("case,y,a,b\n")
        expected.write("ari,nmi,ari_exclude,nmi_exclude,ari_within\n")
        for case, (y, a, b) in enumerate(problems()):
            samples.writelines(f"{case},{p},{q},{r}\n" for p, q, r in zip(y, a, b))
            expected.write(",".join(repr(float(v)) for v in row(y, a, b)) + "\n")


main()
