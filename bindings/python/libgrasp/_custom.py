# SPDX-License-Identifier: BSD-3-Clause
"""A model of the caller's own, through callbacks: the library names samples by row and never sees the data.

The thunks are shared by all models; `user` is a model's number in a table that the library's destroy hook clears.
"""
from __future__ import annotations

import ctypes
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

import numpy as np

from . import _declarations as c
from ._arrays import address, as_rows
from ._context import Context, ModelHandle, _numbers, keep_exception
from ._errors import UnsupportedError
from ._models import Model

_hooks: Dict[int, "Hooks"] = {}


class Hooks:
    """What a model must answer. rows: (n,) int64, in any order, repeats allowed. Arrays are NumPy's, float64. An
    exception ends the library's call and comes out of it as itself. Methods marked optional may stay as they are."""

    def n_rows(self) -> int:
        """Samples."""
        raise NotImplementedError

    def n_classes(self) -> int:
        """Classes C."""
        raise NotImplementedError

    def n_params(self) -> int:
        """Parameters p."""
        raise NotImplementedError

    def labels(self, rows: np.ndarray) -> Any:
        """Class (n,) of each row, 0..C-1."""
        raise NotImplementedError

    def get_params(self) -> Any:
        """Parameters (p,)."""
        raise NotImplementedError

    def set_params(self, theta: np.ndarray) -> None:
        """Takes parameters (p,); a copy where they are kept."""
        raise NotImplementedError

    def loss(self, rows: np.ndarray) -> Any:
        """Loss (n,) of each row."""
        raise NotImplementedError

    def weighted_grad(self, rows: np.ndarray, weight: np.ndarray) -> Any:
        """sum_i weight_i * d loss_i / d theta (p,)."""
        raise NotImplementedError

    def predict(self, rows: np.ndarray) -> Any:
        """Class (n,) that the model says."""
        raise NotImplementedError

    def logits(self, rows: np.ndarray) -> Any:
        """Optional: (n, C)."""
        raise NotImplementedError

    def n_features(self) -> int:
        """Optional, with features: width of the penultimate layer."""
        raise NotImplementedError

    def features(self, rows: np.ndarray) -> Any:
        """Optional: (n, n_features)."""
        raise NotImplementedError

    def sample_grads(self, rows: np.ndarray) -> Any:
        """Optional: (n, p)."""
        raise NotImplementedError

    def layers(self) -> Sequence[Tuple[int, int, int, bool]]:
        """Optional: d_in, d_out, positions T, has_bias of each layer that is given as factors."""
        raise NotImplementedError

    def sample_factors(self, layer: int, rows: np.ndarray) -> Tuple[Any, Any]:
        """Optional, with layers: act (n, T, d_in) and delta (n, T, d_out)."""
        raise NotImplementedError

    def init(self, seed: int) -> None:
        """Optional: fresh parameters, a function of the seed."""
        raise NotImplementedError

    def clone(self) -> "Hooks":
        """Optional: an independent model on the same data."""
        raise NotImplementedError


def _view(pointer: int, shape: Sequence[int], kind: Any) -> np.ndarray:
    """The library's memory as an array."""
    count = int(np.prod(shape))
    return np.ctypeslib.as_array((kind * count).from_address(pointer)).reshape(shape) if count else np.empty(shape)


def _rows(n: int, pointer: int) -> np.ndarray:
    return _view(pointer, (n,), ctypes.c_int64).astype(np.int64)


def _guarded(answer: Callable[..., Any], failure: int) -> Callable[..., Any]:
    """Nothing that a hook raises may enter C: it is kept, and the call ends."""
    def thunk(user: int, *arguments: Any) -> Any:
        try:
            result = answer(_hooks[user], *arguments)
            return c.GRASP_CB_OK if result is None else result
        except BaseException as error:  # noqa: B902
            keep_exception(error)
            return failure
    return thunk


def _count(name: str) -> Callable[..., Any]:
    return _guarded(lambda h: int(getattr(h, name)()), -1)


def _fill(name: str, width: Optional[str], kind: Any) -> Callable[..., Any]:
    """A hook (user, n, rows, out): out is n values, or n rows of so many."""
    def answer(h: Hooks, n: int, rows: int, out: int) -> None:
        shape = (n,) if width is None else (n, int(getattr(h, width)()))
        _view(out, shape, kind)[...] = np.asarray(getattr(h, name)(_rows(n, rows))).reshape(shape)
    return _guarded(answer, c.GRASP_CB_STOP)


def _get_params(h: Hooks, out: int) -> None:
    _view(out, (h.n_params(),), ctypes.c_double)[...] = h.get_params()


def _set_params(h: Hooks, theta: int) -> None:
    h.set_params(_view(theta, (h.n_params(),), ctypes.c_double).copy())


def _weighted_grad(h: Hooks, n: int, rows: int, weight: int, grad: int) -> None:
    values = h.weighted_grad(_rows(n, rows), _view(weight, (n,), ctypes.c_double).copy())
    _view(grad, (h.n_params(),), ctypes.c_double)[...] = values


def _layer_shape(h: Hooks, layer: int, inputs: int, outputs: int, positions: int, has_bias: int) -> None:
    d_in, d_out, t, bias = h.layers()[layer]
    for pointer, value in ((inputs, d_in), (outputs, d_out), (positions, t)):
        ctypes.c_int64.from_address(pointer).value = int(value)
    ctypes.c_int32.from_address(has_bias).value = int(bias)


def _sample_factors(h: Hooks, layer: int, n: int, rows: int, act: int, delta: int) -> None:
    d_in, d_out, t, _ = h.layers()[layer]
    a, d = h.sample_factors(layer, _rows(n, rows))
    _view(act, (n, t, d_in), ctypes.c_double)[...] = np.asarray(a).reshape(n, t, d_in)
    _view(delta, (n, t, d_out), ctypes.c_double)[...] = np.asarray(d).reshape(n, t, d_out)


def _clone(h: Hooks, out: int) -> None:
    ctypes.c_void_p.from_address(out).value = _register(h.clone())


def _register(hooks: Hooks) -> int:
    number = next(_numbers)
    _hooks[number] = hooks
    return number


def _destroy(user: int) -> None:
    if _hooks is not None:  # None: the interpreter is going down
        _hooks.pop(user, None)


_THUNKS = {
    "n_rows": _count("n_rows"),
    "n_classes": _count("n_classes"),
    "n_params": _count("n_params"),
    "labels": _fill("labels", None, ctypes.c_int64),
    "get_params": _guarded(_get_params, 0),
    "set_params": _guarded(_set_params, 0),
    "loss": _fill("loss", None, ctypes.c_double),
    "weighted_grad": _guarded(_weighted_grad, 0),
    "predict": _fill("predict", None, ctypes.c_int64),
    "logits": _fill("logits", "n_classes", ctypes.c_double),
    "n_features": _count("n_features"),
    "features": _fill("features", "n_features", ctypes.c_double),
    "sample_grads": _fill("sample_grads", "n_params", ctypes.c_double),
    "n_layers": _guarded(lambda h: len(h.layers()), -1),
    "layer_shape": _guarded(_layer_shape, 0),
    "sample_factors": _guarded(_sample_factors, 0),
    "init": _guarded(lambda h, seed: h.init(seed), 0),
    "clone": _guarded(_clone, 0),
    "destroy": _destroy,
}
_TYPES: Dict[str, Any] = {field[0]: field[1] for field in c.grasp_model_ops._fields_}
_FUNCTIONS = {name: _TYPES[name](thunk) for name, thunk in _THUNKS.items()}
_NEEDS = {
    "n_features": "features",
    "n_layers": "layers",
    "layer_shape": "layers",
    "sample_factors": "layers",
    "destroy": "labels",
}


def _has(hooks: Hooks, name: str) -> bool:
    return getattr(type(hooks), name, None) is not getattr(Hooks, name)


class CustomModel(Model):
    """A model whose data and computation are the caller's: see Hooks. Everything that takes a model takes it."""

    def __init__(self, hooks: Hooks) -> None:
        super().__init__()
        ops = c.grasp_model_ops(size=ctypes.sizeof(c.grasp_model_ops))
        for name, function in _FUNCTIONS.items():
            if _has(hooks, _NEEDS.get(name, name)):
                setattr(ops, name, function)
        number = _register(hooks)
        try:
            self._handle = self._context.make(ModelHandle, "grasp_model_create_custom", ctypes.byref(ops), number)
        except BaseException:
            _hooks.pop(number, None)
            raise
        self.hooks = hooks

    def copy(self) -> "CustomModel":
        """An independent model, by the hook clone."""
        other = self.__class__.__new__(self.__class__)
        CustomModel.__init__(other, self.hooks.clone())
        return other

    def __getstate__(self) -> Dict[str, Any]:
        raise UnsupportedError(f"libgrasp: {type(self).__name__} cannot be pickled: its computation is the caller's")

    def check_gradients(self, rows: Any = None, n: int = 8, step: float = 0.0) -> float:
        """Largest relative difference of every kind of gradient from central differences of the loss, on the rows given
        or the first n: for authors of hooks; below 1e-6 in float64."""
        numbers, count = as_rows(rows, "rows")
        worst = ctypes.c_double()
        Context().run("grasp_model_check_grad", self._handle, address(numbers), n if numbers is None else count, step,
                      ctypes.byref(worst))
        return worst.value
