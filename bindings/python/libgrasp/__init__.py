# SPDX-License-Identifier: BSD-3-Clause
"""libgrasp: finds the groups a model fails on, and trains for the worst of them.

    result = libgrasp.infer_groups(gradients, y, eps=[.1, .2, .3], min_samples=[5, 10, 20])
    result.labels                                   # global group of each sample, -1 an outlier

    model = libgrasp.MLP([d, 50, 50, 50, 2]).bind(X, y)
    libgrasp.train("erm", model, val=val_rows)
    groups, report = libgrasp.learn_groups("grasp", model)
    libgrasp.train_gdro(model, groups, val=val_rows)

    libgrasp.GRASP(eps=.2, min_samples=20).fit(gradients, y).labels_
    libgrasp.TorchModel(module, dataset).gradients(["fc"])

A thin layer over the C library of the same name: `man grasp` has the concepts, `man grasp_infer` and the like every
detail.
"""
from __future__ import annotations

from typing import Any, List

from ._cluster import adjusted_rand, dbscan, group_accuracy, silhouette
from ._context import Context
from ._custom import CustomModel, Hooks
from ._declarations import VERSION as __version__
from ._errors import (ArgumentError, CallbackError, Cancelled, DimensionError, DTypeError, EmptyError, Error, FileError,
                      FormatError, InternalError, MemoryLimitError, NotConvergedWarning, NumericError, OutOfMemoryError,
                      ParameterError, SizeError, StateError, UnsupportedError)
from ._gradients import Gradients
from ._infer import (Fit, GroupInference, LearnedGroups, fit, infer_groups, infer_outputs, learn_groups,
                     learn_groups_points)
from ._library import lib as _lib
from ._models import MLP, Logistic, Model, Softmax, gdro_step, train, train_erm, train_gdro
from ._params import algorithms, parameters
from ._report import Report

__all__ = ["ArgumentError", "CallbackError", "Cancelled", "Context", "CustomModel", "DTypeError", "DimensionError",
           "EmptyError", "Error", "FileError", "Fit", "FormatError", "GRASP", "Gradients", "GroupInference",
           "Hooks", "InternalError", "LearnedGroups", "Logistic", "MLP", "MemoryLimitError", "Model",
           "NotConvergedWarning", "NumericError", "OutOfMemoryError", "ParameterError", "Report", "SizeError",
           "Softmax", "StateError", "TorchModel", "UnsupportedError", "__version__", "adjusted_rand", "algorithms",
           "build_info", "dbscan", "fit", "gdro_step", "group_accuracy", "infer_groups", "infer_outputs",
           "learn_groups", "learn_groups_points", "parameters", "silhouette", "train", "train_erm", "train_gdro"]


def build_info() -> str:
    """The shared library in use: its path, version, BLAS and kernels."""
    return f"{_lib.path} version={_lib.grasp_version_string().decode()} {_lib.grasp_build_info().decode()}"


def __getattr__(name: str) -> Any:
    # What rests on other packages is imported when it is first named: scikit-learn where it is there, torch in any
    # case.
    if name == "GRASP":
        from ._estimator import GRASP
        return GRASP
    if name == "TorchModel":
        from ._torch import TorchModel
        return TorchModel
    raise AttributeError(f"module 'libgrasp' has no attribute {name!r}")


def __dir__() -> List[str]:
    return __all__
