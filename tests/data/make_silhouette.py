#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_silhouette.py: writes expected_silhouette.txt: silhouettes of every sample as scikit-learn gives them.

Small problems with clusters, noise (-1), an only sample in a cluster, duplicates and, for cosine, zero rows. Columns: problem, label, the
row, then silhouette_samples by cosine, by Euclidean distance, and by Euclidean distance of the unit rows (a zero row stays
zero), first with noise as one more cluster, then with noise left out (nan for noise).
"""
import os
import sys

try:
    import numpy as np
    from scipy.spatial.distance import cdist
    from sklearn.metrics import silhouette_samples
    from sklearn.metrics.pairwise import cosine_distances
    from sklearn.preprocessing import normalize
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)


def problem(rng, n, p, clusters, noise, zeros, duplicates):
    centres = 3 * rng.standard_normal((clusters, p))
    label = rng.integers(0, clusters, n)
    label[:clusters] = np.arange(clusters)
    x = centres[label] + rng.standard_normal((n, p))
    label[rng.random(n) < noise] = -1
    label[-1] = clusters  # alone
    x[rng.choice(n, zeros, replace=False)] = 0
    for i in range(duplicates):
        x[n // 2 + i] = x[i]
    return x, label


def samples(x, label, metric):
    # Euclidean distances by differences: by products, as scikit-learn has them, duplicates are 1e-8 apart.
    d = cosine_distances(x) if metric == "cosine" else cdist(x, x)
    out = np.full(len(label), np.nan)
    for_all = silhouette_samples(d, label, metric="precomputed")
    kept = label >= 0
    out[kept] = silhouette_samples(d[np.ix_(kept, kept)], label[kept], metric="precomputed")
    return for_all, out


rng = np.random.default_rng(7)
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected_silhouette.txt"), "w") as f:
    f.write("problem label x0 x1 x2 cosine euclidean unit cosine_kept euclidean_kept unit_kept\n")
    for k, (n, c, noise, zeros, duplicates) in enumerate(
            [(40, 3, .2, 0, 0), (150, 4, .3, 0, 5), (60, 2, .1, 3, 4), (300, 6, .1, 5, 20)]):
        x, label = problem(rng, n, 3, c, noise, zeros, duplicates)
        columns = [samples(x, label, "cosine"), samples(x, label, "euclidean"), samples(normalize(x), label, "euclidean")]
        for i in range(n):
            values = [c[0][i] for c in columns] + [c[1][i] for c in columns]
            f.write(" ".join([str(k), str(label[i])] + [repr(float(v)) for v in [*x[i], *values]]) + "\n")
