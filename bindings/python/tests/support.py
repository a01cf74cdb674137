# SPDX-License-Identifier: BSD-3-Clause
"""What several tests use: data, and an independent DBSCAN by brute force in float64."""
import numpy as np


def two_classes(n=400, p=8, seed=0):
    """Gradients (n x p) of two classes with two directions each, one sample in twenty going its own way; classes;
    groups."""
    rng = np.random.default_rng(seed)
    y, kind = rng.integers(0, 2, n), rng.integers(0, 2, n)
    x = rng.standard_normal((n, p)) * 0.1
    x[np.arange(n), 2 * y + kind] += 1.0
    stray = rng.random(n) < 0.05
    x[stray] = rng.standard_normal((stray.sum(), p))
    return x, y, np.where(stray, -1, 2 * y + kind)


def distances(x, metric, center=False):
    x = np.asarray(x, np.float64)
    if metric == "euclidean":
        return np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    x = x - x.mean(0) if center else x
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    d = 1 - u @ u.T
    np.fill_diagonal(d, 0)
    return d


def brute_dbscan(x, eps, min_samples, metric, center=False):
    """Components of the cores, numbered by their lowest core; a border sample joins the lowest cluster."""
    near = distances(x, metric, center) <= eps
    core = near.sum(1) >= min_samples
    labels = np.full(len(core), -1)
    cluster = 0
    for i in np.flatnonzero(core):
        if labels[i] >= 0:
            continue
        labels[i], stack = cluster, [i]
        while stack:
            for j in np.flatnonzero(near[stack.pop()] & core & (labels < 0)):
                labels[j] = cluster
                stack.append(j)
        cluster += 1
    for i in np.flatnonzero(~core):
        around = labels[near[i] & core]
        if len(around):
            labels[i] = around.min()
    return labels


def brute_silhouette(x, labels, metric):
    d, s = distances(x, metric), []
    for i, own in enumerate(labels):
        same = labels == own
        if same.sum() == 1:
            s.append(0.0)
            continue
        a = d[i, same].sum() / (same.sum() - 1)
        b = min(d[i, labels == other].mean() for other in np.unique(labels) if other != own)
        s.append((b - a) / max(a, b))
    return np.array(s)
