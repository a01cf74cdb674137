# SPDX-License-Identifier: BSD-3-Clause
"""Who the groups are: from gradients (infer_groups), or from a trained model by any method (learn_groups)."""
from __future__ import annotations

import ctypes
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

import numpy as np

from ._arrays import address, as_f64, as_groups, as_i64, as_matrix, as_rows, coded, labels_of, same_length
from ._bytes import from_bytes, to_bytes
from ._cluster import dbscan
from ._context import Context, GroupsHandle, InferenceHandle, Progress, ReportHandle
from ._errors import ArgumentError, StateError
from ._gradients import Gradients
from ._library import lib
from ._models import Model, train_rows
from ._params import make_params, parameters
from ._report import Report

_density: List[str] = []
_PARAMETERS = {"jtt": "errors"}  # methods whose parameters have another name: that of the trainer is taken


def density_mode() -> str:
    """The value of "mode" by which classes are clustered by density over the grid, whatever the default is."""
    if not _density:
        (words,) = [p["range"].split("|") for p in parameters("infer") if p["name"] == "mode"]
        _density.append("density" if "density" in words else "default")
    return _density[0]


class GroupInference:
    """Learned groups, and what they were chosen by.

    labels           (n,) int64: group of each sample, ids global over the classes, -1 an outlier
    classes          (C,) the classes, ascending
    eps              (C,) chosen radius; NaN where a class stayed one group, and where there was no grid (mode "robust")
    min_samples      (C,) chosen min_samples; 0 likewise
    score            (C,) score of the choice
    scores           (C, n_eps, n_min_samples) score of every setting; NaN: not reached
    grid_eps, grid_min_samples   the grid's axes, ascending
    n_groups, n_noise            how many groups and outliers there are
    report           what the C library says of the call

    It can be pickled, and then assigns as before; the gradients do not go along, so that labels_at() is lost.
    """

    def __init__(self, context: Context, handle: InferenceHandle, report: Report, classes: Optional[np.ndarray] = None,
                 gradients: Optional[Gradients] = None, y: Optional[np.ndarray] = None, metric: str = "cosine",
                 center: bool = True) -> None:
        self._handle, self._gradients, self._code, self._metric, self._center = handle, gradients, y, metric, center
        self.report = report
        groups = context.make(GroupsHandle, "grasp_inference_groups", handle)
        self.labels: np.ndarray = labels_of(context, groups)
        self.n_groups = int(lib.grasp_groups_count(groups))
        self.n_noise = int(lib.grasp_groups_noise(groups))
        self._read_choices(context, classes)
        self._read_grid(context)

    def _read_choices(self, context: Context, classes: Optional[np.ndarray]) -> None:
        label, eps, least, score = ctypes.c_int64(), ctypes.c_double(), ctypes.c_int64(), ctypes.c_double()
        rows = []
        for i in range(lib.grasp_inference_n_classes(self._handle)):
            context.call(
                "grasp_inference_class",
                self._handle,
                i,
                ctypes.byref(label),
                ctypes.byref(eps),
                ctypes.byref(least),
                ctypes.byref(score),
                None,
                None,
                None,
            )
            rows.append((label.value, eps.value, least.value, score.value))
        codes = np.array([r[0] for r in rows], np.int64)
        self.classes: np.ndarray = codes if classes is None else classes[codes]
        self.eps: np.ndarray = np.array([r[1] for r in rows], float)
        self.min_samples: np.ndarray = np.array([r[2] for r in rows], np.int64)
        self.score: np.ndarray = np.array([r[3] for r in rows], float)

    def _read_grid(self, context: Context) -> None:
        count = lib.grasp_inference_n_settings(self._handle)
        eps, least, score = ctypes.c_double(), ctypes.c_int64(), ctypes.c_double()
        values = np.empty((len(self.classes), count))
        settings = []
        for k in range(len(self.classes)):
            for i in range(count):
                context.call("grasp_inference_setting", self._handle, k, i, ctypes.byref(eps), ctypes.byref(least),
                             ctypes.byref(score))
                values[k, i] = score.value
                if k == 0:
                    settings.append((eps.value, least.value))
        self.grid_min_samples: np.ndarray = np.unique(np.array([s[1] for s in settings], np.int64))
        self.grid_eps: np.ndarray = np.unique(np.array([s[0] for s in settings], float))
        self.scores: np.ndarray = values.reshape(len(self.classes), len(self.grid_eps), len(self.grid_min_samples))

    def labels_at(self, label: Any, eps: float, min_samples: int) -> np.ndarray:
        """Clusters (n_class,) that one class falls into at a setting, on the grid or off it: its samples in their
        order, numbered from 0, -1 noise. Computed when asked."""
        if self._gradients is None or self._code is None:
            raise StateError(
                "libgrasp: labels_at: the gradients are not at hand: this inference was loaded, or made by fit()"
            )
        (place,) = np.nonzero(self.classes == label)
        if len(place) == 0:
            raise ArgumentError(f"libgrasp: labels_at: {label!r} is no class; the classes are {self.classes.tolist()}")
        rows = self._gradients.select(self._code == place[0])
        return dbscan(rows, eps, min_samples, self._metric, self._center)

    def assign(self, gradients: Any, y: Any, n_threads: int = 1, *, progress: Progress = None) -> np.ndarray:
        """Groups (n_new, int64) of new samples: the lowest-numbered cluster of the class with a core within eps, else
        -1. The samples inferred from get their own groups back. A class that was not seen gives -1.

        gradients: n_new x p, at the same parameters, same form and element type. y: their n_new classes.
        """
        context = Context(n_threads, progress=progress)
        handle = Gradients.of(gradients)
        y = np.asarray(y)
        same_length(y, len(handle), "y", "gradients")
        code = np.full(len(y), -1, np.int64)
        for i, value in enumerate(self.classes):
            code[y == value] = i
        labels = self._codes()
        code = np.where(code >= 0, labels[np.maximum(code, 0)], _unseen(labels))
        code = np.ascontiguousarray(code, np.int64)
        groups = context.make(
            GroupsHandle, "grasp_assign", self._handle, handle._handle, address(code), len(code), long=True
        )
        return labels_of(context, groups)

    def _codes(self) -> np.ndarray:
        """The number by which the library knows each class."""
        context, label = Context(), ctypes.c_int64()
        found = []
        for i in range(len(self.classes)):
            context.call(
                "grasp_inference_class", self._handle, i, ctypes.byref(label), None, None, None, None, None, None
            )
            found.append(label.value)
        return np.array(found, np.int64)

    def save(self, path: str) -> None:
        """Writes what assigning needs. Classes that are not whole numbers are saved as their place among the
        classes."""
        Context().run("grasp_inference_save_file", self._handle, str(path).encode())

    @classmethod
    def load(cls, path: str) -> "GroupInference":
        """What save() wrote."""
        context = Context()
        return cls(context, context.make(InferenceHandle, "grasp_inference_load_file", str(path).encode()), Report({}))

    def __getstate__(self) -> Dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name not in ("_handle", "_gradients", "_code")}
        return {"object": to_bytes("inference", self._handle), "state": state}

    def __setstate__(self, saved: Dict[str, Any]) -> None:
        self.__dict__.update(saved["state"], _gradients=None, _code=None)
        self._handle = from_bytes("inference", InferenceHandle, saved["object"])

    def __repr__(self) -> str:
        return (
            f"GroupInference(n={len(self.labels)}, groups={self.n_groups}, outliers={self.n_noise}, "
            f"eps={self.eps.tolist()}, min_samples={self.min_samples.tolist()})"
        )


def _unseen(labels: np.ndarray) -> int:
    """A number that no class has."""
    value = -1
    while value in labels:
        value -= 1
    return value


def infer_groups(
    gradients: Any,
    y: Any,
    eps: Union[None, float, Sequence[float]] = None,
    min_samples: Union[None, int, Sequence[int]] = None,
    score: Optional[str] = None,
    truth: Any = None,
    *,
    metric: Optional[str] = None,
    center: Optional[bool] = None,
    mode: Optional[str] = None,
    n_threads: int = 1,
    seed: int = 0,
    memory_limit: int = 0,
    progress: Progress = None,
    **options: Any,
) -> GroupInference:
    """Groups within classes, from the samples' gradients.

    With a grid, or anything else of density clustering given, it is GRASP, Algorithm 1 of Zeng et al. 2022: each
    class's gradients are clustered by DBSCAN at every setting of the grid, the best setting by score is taken, and the
    clusters of all classes get one numbering. With gradients and classes alone it is the C library's default, mode
    "robust": what the misclassified samples of one class have in common with samples of another, a class being split on
    evidence only, which the report states; it needs gradients of a last linear layer, such as models give, and clusters
    others by density.

    gradients: n x p, float32 or float64 (read in place; not to be changed while the result is in use), or Gradients.
    y: n classes of any kind.
    eps, min_samples: the grid, numbers or lists; where one is missing, the published one, .10, .15, ..., .70 and 5, 10,
        20, 30, 40, 50, 60, 100. min_samples counts the sample itself.
    score: "silhouette" (cosine, linear time, the default), "silhouette_euclidean" (published), or "ari", which needs
        truth.
    truth: n known groups (whole numbers, -1 left out), for score="ari" only.
    metric: "cosine" (default) or "euclidean"; center: whether the class mean is subtracted first (cosine only; default
        True).
    mode: what the C library's parameter "mode" may be; parameters("infer") lists it and the other options.

    >>> result = infer_groups(gradients, y, eps=[0.1, 0.3], min_samples=[5, 10])  # doctest: +SKIP
    >>> result.labels, result.eps, result.scores                                  # doctest: +SKIP
    """
    context = Context(n_threads, seed, memory_limit, progress)
    rows = Gradients.of(gradients)
    distinct, code = coded(y, "y")
    same_length(code, len(rows), "y", "gradients")
    names: Optional[np.ndarray] = distinct
    if np.can_cast(distinct.dtype, np.int64):  # the library's own classes, as they will be saved
        names, code = None, as_i64(y, "y")
    given = {"eps": eps, "min_samples": min_samples, "score": score, "metric": metric, "center": center, **options}
    if mode is None and (truth is not None or any(value is not None for value in given.values())):
        mode = density_mode()
    params = make_params(context, "infer", {**given, "mode": mode})
    groups = None if truth is None else as_groups(context, truth, "truth")
    report = ReportHandle()
    handle = context.make(InferenceHandle, "grasp_infer", rows._handle, address(code), len(code), params, groups,
                          last=(ctypes.byref(report._pointer),), long=True)
    _, places = np.unique(code, return_inverse=True)
    return GroupInference(
        context,
        handle,
        Report._read(context, report),
        names,
        rows,
        places.reshape(-1),
        metric or "cosine",
        center is not False,
    )


class LearnedGroups(NamedTuple):
    """labels: (n_train + n_val,) int64, the training rows' groups and then the validation rows', -1 an outlier;
    report."""

    labels: np.ndarray
    report: Report


def learn_groups(
    method: str,
    model: Model,
    train: Any = None,
    val: Any = None,
    truth: Any = None,
    *,
    n_threads: int = 1,
    seed: int = 0,
    memory_limit: int = 0,
    progress: Progress = None,
    **params: Any,
) -> LearnedGroups:
    """Groups by any method that the library has ("class", "grasp", "feasp", "jtt", "eiil", ...), from a bound model,
    which is left as it was.

    train, val: bound rows (numbers or a mask); None: all, and none. truth: known groups of the same samples in the same
    order, for the report. params: parameters of the method, such as infer__eps=[.1, .2]; parameters(method) lists them
    (those of "jtt" under "errors").
    """
    context = Context(n_threads, seed, memory_limit, progress)
    (rows, n), (others, m) = train_rows(model, train), as_rows(val, "val")
    known = None if truth is None else as_groups(context, truth, "truth")
    report = ReportHandle()
    groups = context.make(
        GroupsHandle,
        "grasp_learn_groups",
        method.encode(),
        model._handle,
        address(rows),
        n,
        address(others),
        m,
        make_params(context, _PARAMETERS.get(method, method), params),
        known,
        last=(ctypes.byref(report._pointer),),
        long=True,
    )
    return LearnedGroups(labels_of(context, groups), Report._read(context, report))


def infer_outputs(method: str, logits: Any, y: Any, truth: Any = None, *, n_threads: int = 1, seed: int = 0,
                  memory_limit: int = 0, progress: Progress = None, **params: Any) -> LearnedGroups:
    """Groups from what a model says alone: method "jtt" (right and wrong), "eiil" or "spare" (early in training).

    logits: n x C, or n x 1, which stands for the columns 0, z. y: n classes, 0..C-1. truth, params: as in
        learn_groups().
    """
    context = Context(n_threads, seed, memory_limit, progress)
    labels = as_i64(y, "y")
    matrix = as_matrix(context, logits, "logits")
    same_length(labels, lib.grasp_matrix_rows(matrix), "y", "logits")
    known = None if truth is None else as_groups(context, truth, "truth")
    report = ReportHandle()
    groups = context.make(GroupsHandle, "grasp_infer_outputs", method.encode(), matrix, address(labels), len(labels),
                          make_params(context, _PARAMETERS.get(method, method), params), known,
                          last=(ctypes.byref(report._pointer),), long=True)
    return LearnedGroups(labels_of(context, groups), Report._read(context, report))


def learn_groups_points(method: str, points: Any, y: Any, losses: Any = None, n_val: int = 0, truth: Any = None, *,
                        n_threads: int = 1, seed: int = 0, memory_limit: int = 0, progress: Progress = None,
                        **params: Any) -> LearnedGroups:
    """Groups from an embedding of one's own, such as UMAP's: method "george" or "feasp".

    points: n x d, the last n_val rows of them validation samples. y: n classes. losses: one for each training row, for
        george, whose parts stand alone only where their mean loss is at least their cluster's; None: all alike.
    truth, params: as in learn_groups().
    """
    context = Context(n_threads, seed, memory_limit, progress)
    matrix = as_matrix(context, points, "points")
    n = lib.grasp_matrix_rows(matrix)
    classes = same_length(coded(y, "y")[1], n, "y", "points")
    loss = None if losses is None else same_length(as_f64(losses, "losses"), n - n_val, "losses", "the training rows")
    known = None if truth is None else as_groups(context, truth, "truth")
    report = ReportHandle()
    groups = context.make(GroupsHandle, "grasp_learn_groups_points", method.encode(), matrix, address(classes),
                          address(loss), n - n_val, n_val,
                          make_params(context, _PARAMETERS.get(method, method), params), known,
                          last=(ctypes.byref(report._pointer),), long=True)
    return LearnedGroups(labels_of(context, groups), Report._read(context, report))


class Fit(NamedTuple):
    """inference: groups of the training rows followed by the validation rows; report of all parts."""

    inference: GroupInference
    report: Report


def fit(model: Model, train: Any = None, val: Any = None, final_model: Optional[Model] = None, *, n_threads: int = 1,
        seed: int = 0, memory_limit: int = 0, progress: Progress = None, **params: Any) -> Fit:
    """The whole paper in one call: empirical risk minimisation, gradients, groups, outliers dropped, group DRO with its
    learning rate, weight decay and step size chosen by the worst learned validation group.

    model: bound; afterwards it holds the group DRO parameters, or with a final_model those of empirical risk
        minimisation.
    train, val: bound rows (numbers or a mask); None: all, and none. params: parameters of "fit", such as
    erm__epochs=20, infer__eps=[.1, .2], gdro__rate=[.001, .01]; parameters("fit") lists them.
    """
    context = Context(n_threads, seed, memory_limit, progress)
    (rows, n), (others, m) = as_rows(train, "train"), as_rows(val, "val")
    if rows is None:
        rows = np.arange(model.n_rows)
        n = len(rows)
    report = ReportHandle()
    handle = context.make(
        InferenceHandle,
        "grasp_fit",
        model._handle,
        None if final_model is None else final_model._handle,
        address(rows),
        n,
        address(others),
        m,
        make_params(context, "fit", params),
        last=(ctypes.byref(report._pointer),),
        long=True,
    )
    words = Report._read(context, report)
    return Fit(GroupInference(context, handle, words), words)
