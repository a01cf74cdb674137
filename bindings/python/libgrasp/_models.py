# SPDX-License-Identifier: BSD-3-Clause
"""Models that the C library has, and training by any of its methods."""
from __future__ import annotations

import ctypes
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

from ._arrays import address, as_f64, as_groups, as_i64, as_matrix, as_rows, out_matrix, same_length
from ._bytes import from_bytes, to_bytes
from ._context import Context, GradientsHandle, ModelHandle, Progress, ReportHandle
from ._errors import StateError
from ._gradients import Gradients
from ._library import lib
from ._params import make_params
from ._report import Report


class Model:
    """What all models have. For one thread at a time. Pickled without the data. Parameters lie layer by layer, in a
    layer one row (weights, bias) per output."""

    _handle: ModelHandle

    def __init__(self) -> None:
        self._context = Context()

    @classmethod
    def load(cls, path: str) -> "Model":
        """A model that save() wrote, without data."""
        self = Model()
        self._handle = self._context.make(ModelHandle, "grasp_model_load_file", str(path).encode())
        kind = {"logistic": Logistic, "softmax": Softmax, "mlp": MLP}.get(self.kind)
        if kind is not None:
            self.__class__ = kind
        return self

    def save(self, path: str) -> None:
        """Writes kind, layers and parameters, not the data."""
        self._context.run("grasp_model_save_file", self._handle, str(path).encode())

    def __getstate__(self) -> Dict[str, Any]:
        return {"object": to_bytes("model", self._handle)}

    def __setstate__(self, saved: Dict[str, Any]) -> None:
        Model.__init__(self)
        self._handle = from_bytes("model", ModelHandle, saved["object"])

    def copy(self) -> "Model":
        """An independent model with the same parameters and data."""
        other = self.__class__.__new__(self.__class__)
        Model.__init__(other)
        other._handle = other._context.make(ModelHandle, "grasp_model_copy", self._handle)
        return other

    @property
    def kind(self) -> str:
        """"logistic", "softmax", "mlp" or "custom"."""
        return str(lib.grasp_model_kind(self._handle).decode())

    @property
    def n_params(self) -> int:
        """Parameters."""
        return int(lib.grasp_model_n_params(self._handle))

    @property
    def n_classes(self) -> int:
        """Classes C."""
        return int(lib.grasp_model_n_classes(self._handle))

    @property
    def n_rows(self) -> int:
        """Bound samples."""
        return int(lib.grasp_model_n_rows(self._handle))

    def bind(self, X: Any, y: Any) -> "Model":
        """Binds samples X (n x d; float32 or float64 are referred to and must not change meanwhile) and their classes y
        (n, 0..C-1)."""
        labels = as_i64(y, "y")
        matrix = as_matrix(self._context, X, "X")
        same_length(labels, lib.grasp_matrix_rows(matrix), "y", "X")
        self._context.run("grasp_model_bind", self._handle, matrix, address(labels), len(labels))
        return self

    def set_sample_weights(self, weights: Any = None) -> "Model":
        """Weights (n_rows, >= 0) of the bound samples in every training objective; None: all 1."""
        values = None if weights is None else as_f64(weights, "weights")
        self._context.call("grasp_model_set_sample_weights", self._handle, address(values), self.n_rows)
        return self

    @property
    def params(self) -> np.ndarray:
        """Parameters (n_params, float64): a copy. Can be set."""
        theta = np.empty(self.n_params)
        self._context.call("grasp_model_get_params", self._handle, address(theta), len(theta))
        return theta

    @params.setter
    def params(self, theta: Any) -> None:
        values = as_f64(theta, "params")
        self._context.call("grasp_model_set_params", self._handle, address(values), len(values))

    @property
    def torch_params(self) -> np.ndarray:
        """The same in PyTorch's order: per layer all weights (outputs x inputs), then all biases. Can be set."""
        theta, torch = self.params, np.empty(self.n_params)
        self._context.call("grasp_model_to_torch_order", self._handle, address(theta), address(torch), len(theta))
        return torch

    @torch_params.setter
    def torch_params(self, torch: Any) -> None:
        values, theta = as_f64(torch, "torch_params"), np.empty(self.n_params)
        self._context.call("grasp_model_from_torch_order", self._handle, address(values), address(theta), len(values))
        self.params = theta

    def init(self, seed: int = 0, stream: int = 0) -> "Model":
        """Fresh parameters, a function of seed and stream alone."""
        Context(seed=seed).call("grasp_model_init", self._handle, stream)
        return self

    # ---- what it says: of new samples X (n x d), or with None of the bound ones

    def _matrix_out(self, name: str, X: Any, cols: int, n_threads: int) -> np.ndarray:
        context = Context(n_threads)
        matrix = None if X is None else as_matrix(context, X, "X")
        rows = self.n_rows if matrix is None else lib.grasp_matrix_rows(matrix)
        array, out = out_matrix(context, rows, cols)
        context.run(name, self._handle, matrix, out)
        return array

    def predict(self, X: Any = None, n_threads: int = 1) -> np.ndarray:
        """Classes (n, int64)."""
        context = Context(n_threads)
        matrix = None if X is None else as_matrix(context, X, "X")
        labels = np.empty(self.n_rows if matrix is None else lib.grasp_matrix_rows(matrix), np.int64)
        context.run("grasp_model_predict", self._handle, matrix, address(labels), len(labels))
        return labels

    def predict_proba(self, X: Any = None, n_threads: int = 1) -> np.ndarray:
        """Probabilities (n x C)."""
        return self._matrix_out("grasp_model_predict_proba", X, self.n_classes, n_threads)

    def logits(self, X: Any = None, n_threads: int = 1) -> np.ndarray:
        """Logits (n x C)."""
        return self._matrix_out("grasp_model_logits", X, self.n_classes, n_threads)

    def features(self, X: Any = None, n_threads: int = 1) -> np.ndarray:
        """What the last layer sees (n x n_features)."""
        return self._matrix_out("grasp_model_features", X, int(lib.grasp_model_n_features(self._handle)), n_threads)

    def loss(self, rows: Any = None, n_threads: int = 1) -> np.ndarray:
        """Loss of each chosen bound row (None: all)."""
        numbers, n = train_rows(self, rows, "rows")
        values = np.empty(n)
        Context(n_threads).run("grasp_model_loss_rows", self._handle, address(numbers), n, address(values))
        return values

    def gradients(self, rows: Any = None, n_threads: int = 1, *, progress: Progress = None, **params: Any) -> Gradients:
        """Gradient of the loss of each chosen bound row (None: all) at the present parameters. params: form,
        first_layer, last_layer, dtype; parameters("gradients") lists them."""
        context = Context(n_threads, progress=progress)
        numbers, n = train_rows(self, rows, "rows")
        handle = context.make(GradientsHandle, "grasp_gradients_compute", self._handle, address(numbers), n,
                              make_params(context, "gradients", params), long=True)
        return Gradients._take(handle)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(params={self.n_params}, classes={self.n_classes}, rows={self.n_rows})"


class Logistic(Model):
    """Logistic regression with one sigmoid output: classes 0 and 1, n_features + 1 parameters, starts at zero."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self._handle = self._context.make(ModelHandle, "grasp_model_create_logistic", n_features)


class Softmax(Model):
    """Softmax regression: n_classes (n_features + 1) parameters, starts at zero."""

    def __init__(self, n_features: int, n_classes: int) -> None:
        super().__init__()
        self._handle = self._context.make(ModelHandle, "grasp_model_create_softmax", n_features, n_classes)


class MLP(Model):
    """Multilayer perceptron with ReLU: widths are inputs, hidden layers, classes; the paper's is [d, 50, 50, 50, C].
    params: init="torch" or "he"."""

    def __init__(self, widths: Sequence[int], seed: int = 0, **params: Any) -> None:
        super().__init__()
        sizes = as_i64(widths, "widths")
        context = Context(seed=seed)
        self._handle = context.make(ModelHandle, "grasp_model_create_mlp", address(sizes), len(sizes),
                                    make_params(context, "mlp", params))


def train_rows(model: Model, rows: Any, name: str = "train") -> Tuple[Optional[np.ndarray], int]:
    """Row numbers and their count; None is all bound rows."""
    if rows is None:
        if model.n_rows == 0:
            raise StateError("libgrasp: the model has no data; bind() comes first")
        return None, model.n_rows
    return as_rows(rows, name)


def train(method: str, model: Model, groups: Any = None, train: Any = None, val: Any = None, *, n_threads: int = 1,
          seed: int = 0, memory_limit: int = 0, progress: Progress = None, **params: Any) -> Report:
    """Trains a bound model in place by the method of that name: "erm", "gdro", and what else the library has.

    groups: a label for each bound row (n_rows whole numbers, -1: left out). Methods that need groups refuse None; the
    others then select by the worst validation group. train, val: bound rows (numbers or a mask); None: all, and none.
    params: parameters of the algorithm named like the method: rate, weight_decay, epochs, ...; rate, weight_decay and
    step may be lists, of which the best combination on the validation rows is kept. parameters(method) lists them.
    """
    context = Context(n_threads, seed, memory_limit, progress)
    (rows, n), (others, m) = train_rows(model, train), as_rows(val, "val")
    known = None if groups is None else as_groups(context, groups, "groups")
    report = ReportHandle()
    context.run("grasp_train", method.encode(), model._handle, known, address(rows), n, address(others), m,
                make_params(context, method, params), ctypes.byref(report._pointer))
    return Report._read(context, report)


def train_erm(model: Model, train: Any = None, val: Any = None, **params: Any) -> Report:
    """Minimises the mean loss: train("erm", ...)."""
    return _train("erm", model, None, train, val, **params)


def train_gdro(model: Model, groups: Any, train: Any = None, val: Any = None, **params: Any) -> Report:
    """Group DRO, the worst group's mean loss, by Sagawa et al.'s online algorithm: train("gdro", ...). groups: a label
    for each bound row, -1: left out."""
    return _train("gdro", model, groups, train, val, **params)


def gdro_step(log_q: Any, group_loss: Any, step: float) -> np.ndarray:
    """The group weights' step alone, for a training loop of your own: log_q + step * group_loss, normalised so that
    sum exp = 1. (G,) float64; starts at -log(G)."""
    weights = as_f64(log_q, "log_q").copy()
    losses = same_length(as_f64(group_loss, "group_loss"), len(weights), "group_loss", "log_q")
    Context().call("grasp_gdro_step", len(weights), address(losses), step, address(weights))
    return weights


_train = train  # what the parameter named train hides
