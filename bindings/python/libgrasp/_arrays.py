# SPDX-License-Identifier: BSD-3-Clause
"""NumPy arrays in and out. float32 and float64 whose rows lie whole in memory go in without a copy, whatever their row
stride and whether or not they may be written; all else is copied once."""
from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np

from . import _declarations as c
from ._context import Context, GroupsHandle, MatrixHandle, lend
from ._errors import DimensionError, DTypeError, SizeError
from ._library import lib

_TAGS: Dict[Any, int] = {np.dtype(np.float32): c.GRASP_F32, np.dtype(np.float64): c.GRASP_F64}
_DTYPES: Dict[int, Any] = {tag: dtype for dtype, tag in _TAGS.items()}


def dtype_tag(dtype: Any, name: str = "dtype") -> int:
    """GRASP_F32 or GRASP_F64 for what names a NumPy type."""
    try:
        return _TAGS[
            np.dtype({"f32": "float32", "f64": "float64"}.get(dtype, dtype) if isinstance(dtype, str) else dtype)
        ]
    except (KeyError, TypeError):
        raise DTypeError(f"libgrasp: {name} is {dtype!r}, expected float32 or float64") from None


def dtype_of(tag: int) -> np.dtype:
    """The NumPy type of a tag."""
    return np.dtype(_DTYPES[tag])


def as_real(x: Any, name: str, ndim: int = 2) -> np.ndarray:
    """An array of float32 or float64 with `ndim` dimensions; others of numbers become float64."""
    array = np.asarray(x)
    if array.dtype not in _TAGS or not array.dtype.isnative:
        if array.dtype.kind == "c":
            raise DTypeError(f"libgrasp: {name} is complex, expected real numbers. Complex data not supported")
        if array.dtype.kind == "f" and array.dtype.itemsize == 4:
            array = array.astype(np.float32)
        else:
            try:
                array = array.astype(np.float64)
            except (TypeError, ValueError) as error:
                raise DTypeError(f"libgrasp: {name} holds {array.dtype}, expected numbers: {error}") from None
    if array.ndim != ndim:
        raise DimensionError(f"libgrasp: {name} has {array.ndim} dimensions {array.shape}, expected {ndim}")
    return array


def as_matrix(context: Context, x: Any, name: str) -> MatrixHandle:
    """A matrix over x (n x p), copied only where the library could not read it in place. Complex numbers and text are
    refused."""
    array = as_real(x, name)
    rows, cols = array.shape
    size = array.itemsize
    in_place = array.flags.aligned and (cols <= 1 or array.strides[1] == size) and (
        rows <= 1 or (array.strides[0] >= cols * size and array.strides[0] % size == 0))
    if not in_place:
        array = array.copy(order="C")
    stride = array.strides[0] // size if rows > 1 and in_place else cols
    return lend(context, array, _TAGS[array.dtype], rows, cols, stride)


def out_matrix(context: Context, rows: int, cols: int, dtype: Any = np.float64) -> Tuple[np.ndarray, MatrixHandle]:
    """A new array and the matrix through which the library fills it."""
    array = np.empty((rows, cols), dtype)
    return array, lend(context, array, _TAGS[array.dtype], rows, cols, cols)


def as_f64(x: Any, name: str) -> np.ndarray:
    """A contiguous vector of float64."""
    return np.ascontiguousarray(as_real(x, name, 1), np.float64)


def as_i64(x: Any, name: str) -> np.ndarray:
    """A contiguous vector of int64 from whole numbers or truth values."""
    array = np.asarray(x)
    if array.ndim != 1:
        raise DimensionError(f"libgrasp: {name} has {array.ndim} dimensions {array.shape}, expected 1")
    if array.dtype.kind not in "biu" and array.size:
        raise DTypeError(f"libgrasp: {name} holds {array.dtype}, expected whole numbers")
    if array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        raise SizeError(f"libgrasp: {name} holds {array.max()}, expected int64")
    return np.ascontiguousarray(array, np.int64)


def as_rows(rows: Any, name: str) -> Tuple[Optional[np.ndarray], int]:
    """Row numbers and their count from row numbers, a mask, or None (all)."""
    if rows is None:
        return None, 0
    array = np.asarray(rows)
    if array.dtype == bool:
        array = np.flatnonzero(array)
    array = as_i64(array, name)
    return array, len(array)


def address(array: Optional[np.ndarray]) -> Optional[int]:
    """Where an array's values lie; None for None."""
    return None if array is None else array.ctypes.data


def coded(values: Any, name: str) -> Tuple[np.ndarray, np.ndarray]:
    """Distinct values, ascending, and each one's place among them: labels of any kind become 0, 1, ..."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise DimensionError(f"libgrasp: {name} has {array.ndim} dimensions {array.shape}, expected 1")
    distinct, code = np.unique(array, return_inverse=True)
    return distinct, np.ascontiguousarray(code.reshape(-1), np.int64)


def same_length(array: np.ndarray, n: int, name: str, of: str) -> np.ndarray:
    """The array, if it has a value for each of n samples."""
    if len(array) != n:
        raise DimensionError(f"libgrasp: {name} has {len(array)} values, expected {n}, one for each row of {of}")
    return array


def as_groups(context: Context, labels: Any, name: str) -> GroupsHandle:
    """Groups from labels 0, 1, ... and -1 for noise."""
    array = as_i64(labels, name)
    return context.make(GroupsHandle, "grasp_groups_create", address(array), len(array))


def labels_of(context: Context, groups: GroupsHandle) -> np.ndarray:
    """Labels (n, int64) of groups."""
    labels = np.empty(lib.grasp_groups_samples(groups), np.int64)
    context.call("grasp_groups_labels", groups, address(labels), len(labels))
    return labels
