# SPDX-License-Identifier: BSD-3-Clause
"""Clustering and scores of one set of samples."""
from __future__ import annotations

import ctypes
from typing import Any, Optional, Tuple, Union

import numpy as np

from . import _declarations as c
from ._arrays import address, as_groups, as_matrix, coded, labels_of, same_length
from ._context import ClustererHandle, Context, DistancesHandle, GroupsHandle, Progress
from ._errors import DimensionError, ParameterError
from ._gradients import Gradients
from ._library import lib
from ._params import make_params


def make_distances(context: Context, x: Any, metric: str, center: bool) -> DistancesHandle:
    """Distances among the rows of an array or of gradients."""
    if metric not in ("cosine", "euclidean"):
        raise ParameterError(f"libgrasp: metric is {metric!r}, expected 'cosine' or 'euclidean'")
    params = make_params(
        context, "distances", {"metric": metric, "center": bool(center) if metric == "cosine" else None}
    )
    if isinstance(x, Gradients):
        return context.make(DistancesHandle, "grasp_distances_create", x.seal()._handle, params, long=True)
    return context.make(
        DistancesHandle, "grasp_distances_create_from_points", as_matrix(context, x, "X"), params, long=True
    )


def dbscan(X: Any, eps: float, min_samples: int, metric: str = "cosine", center: bool = False, n_threads: int = 1, *,
           progress: Progress = None) -> np.ndarray:
    """DBSCAN with scikit-learn's labels, exact, in memory that grows with n and not with n x n.

    X: n x p, float32 or float64 (read in place), or Gradients. eps: radius, inclusive. min_samples: neighbours that
    make a core sample, itself included. metric: "cosine" (1 - cos) or "euclidean". center: the mean of all rows is
    subtracted first; cosine only. n_threads: 0: all processors; the labels do not depend on it.

    Returns labels (n, int64): clusters 0, 1, ... numbered by their lowest core sample; -1 for noise.

    >>> dbscan([[0.0, 1], [0, 2], [0, 3], [1, 0]], eps=0.1, min_samples=2)
    array([ 0,  0,  0, -1])
    """
    context = Context(n_threads, progress=progress)
    distances = make_distances(context, X, metric, center)
    params = make_params(context, "dbscan", {"eps": eps, "min_samples": min_samples})
    clusterer = context.make(ClustererHandle, "grasp_clusterer_create", b"dbscan", params)
    context.run("grasp_clusterer_fit_distances", clusterer, distances)
    return labels_of(context, context.make(GroupsHandle, "grasp_clusterer_groups", clusterer))


def silhouette(X: Any, labels: Any, metric: str = "cosine", noise: str = "cluster", center: bool = False,
               n_threads: int = 1, *, per_sample: bool = False, progress: Progress = None) -> Union[float, np.ndarray]:
    """Mean silhouette, as scikit-learn's silhouette_score; by cosine distance in O(n K p).

    X: n x p, or Gradients. labels: n whole numbers, -1 for noise, which is one more cluster (noise="cluster", as
    published) or left out (noise="exclude"). metric, center, n_threads: as in dbscan().

    Returns the mean, or with per_sample=True the n values (NaN for samples left out). With fewer than 2 clusters, or as
    many as samples, it is not defined, and -1 (or NaN) is returned.
    """
    context = Context(n_threads, progress=progress)
    distances = make_distances(context, X, metric, center)
    groups, n = partition(context, labels, "labels", noise)
    params = make_params(context, "silhouette", {"noise": noise})
    values = np.empty(n) if per_sample else None
    mean = ctypes.c_double()
    context.run("grasp_metric_silhouette", distances, groups, params, ctypes.byref(mean), address(values))
    return mean.value if values is None else values


def adjusted_rand(a: Any, b: Any, noise: str = "cluster") -> float:
    """Adjusted Rand index of two labellings (n values each, of any kind), from exact integers: scikit-learn's
    adjusted_rand_score. noise: what -1 is: one more cluster, or with "exclude" left out where either side has it."""
    context = Context()
    (first, n), (second, m) = partition(context, a, "a", noise), partition(context, b, "b", noise)
    if n != m:
        raise DimensionError(f"libgrasp: b has {m} labels, expected {n}, as many as a")
    out = ctypes.c_double()
    how = c.GRASP_NOISE_EXCLUDE if noise == "exclude" else c.GRASP_NOISE_GROUP
    context.call("grasp_metric_ari", first, second, how, ctypes.byref(out))
    return out.value


def partition(context: Context, labels: Any, name: str, noise: str) -> Tuple[GroupsHandle, int]:
    """Groups from labels of any kind, and how many samples they have; with noise="exclude" -1 stays noise."""
    if noise not in ("cluster", "exclude"):
        raise ParameterError(f"libgrasp: noise is {noise!r}, expected 'cluster' or 'exclude'")
    distinct, code = coded(labels, name)
    if noise == "exclude" and distinct.dtype.kind in "if":
        (place,) = np.nonzero(distinct == c.GRASP_NOISE)
        if len(place):
            code = np.where(code == place[0], c.GRASP_NOISE, code - (code > place[0]))
    return context.make(GroupsHandle, "grasp_groups_create", address(code), len(code)), len(code)


def group_accuracy(groups: Any, y: Any, predicted: Any, n_groups: Optional[int] = None) -> np.ndarray:
    """Share of predicted == y in each group (NaN for an empty one); samples of group -1 are left out.

    groups: n whole numbers from -1. y, predicted: n classes. Returns (n_groups,) float64.
    """
    context = Context()
    handle = as_groups(context, groups, "groups")
    n = lib.grasp_groups_samples(handle)
    both = [same_length(np.asarray(y), n, "y", "groups"), same_length(np.asarray(predicted), n, "predicted", "groups")]
    _, code = coded(np.concatenate(both), "y and predicted")
    count = lib.grasp_groups_count(handle)
    accuracy = np.full(max(count, n_groups or 0), np.nan)
    context.call("grasp_metric_group_accuracy", handle, address(code), address(code[n:]), n, address(accuracy), count)
    return accuracy
