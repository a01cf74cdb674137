# SPDX-License-Identifier: BSD-3-Clause
"""Per-sample gradients: dense rows, or layer factors that never become an n x p matrix."""
from __future__ import annotations

import ctypes
from typing import Any, Dict, Optional, Sequence, Tuple

import numpy as np

from ._arrays import address, as_i64, as_matrix, as_real, as_rows, dtype_of, dtype_tag, out_matrix
from ._bytes import from_bytes, to_bytes
from ._context import Context, GradientsHandle, MatrixHandle
from ._errors import ArgumentError
from ._library import lib


class Gradients:
    """One gradient of the loss per sample: n rows of p values (or any other vectors), filled in batches and then
    sealed.

    Gradients(p) takes dense rows; Gradients.factored() takes a layer's inputs and output gradients, from which a row is
    sum_t delta_t (x) [a_t, 1] per layer; Gradients.of(x) refers to an array without a copy.

    p: values per row. dtype: float32 or float64. capacity: rows to make room for, a hint. Filled by one thread; once
    sealed read by any number.
    """

    _sealed = False

    def __init__(self, p: int, dtype: Any = np.float32, capacity: int = 0) -> None:
        self._handle = Context().make(GradientsHandle, "grasp_gradients_create_dense", dtype_tag(dtype), p, capacity)

    @classmethod
    def _take(cls, handle: GradientsHandle) -> "Gradients":
        self = cls.__new__(cls)
        self._handle = handle
        return self

    @classmethod
    def factored(cls, inputs: Sequence[int], outputs: Sequence[int], positions: Optional[Sequence[int]] = None,
                 has_bias: Optional[Sequence[bool]] = None, dtype: Any = np.float32, capacity: int = 0) -> "Gradients":
        """Empty, for factors of len(inputs) layers: d_in, d_out, positions T (default 1) and has_bias (default True) of
        each. p is the sum of d_out (d_in + has_bias)."""
        n = len(inputs)
        d_in, d_out = as_i64(inputs, "inputs"), as_i64(outputs, "outputs")
        t = None if positions is None else as_i64(positions, "positions")
        bias = None if has_bias is None else np.asarray(has_bias, np.int32)
        if len(d_out) != n or (t is not None and len(t) != n) or (bias is not None and len(bias) != n):
            raise ArgumentError("libgrasp: inputs, outputs, positions and has_bias must have one value per layer")
        return cls._take(
            Context().make(
                GradientsHandle,
                "grasp_gradients_create_factored",
                dtype_tag(dtype),
                n,
                address(d_in),
                address(d_out),
                address(t),
                address(bias),
                capacity,
            )
        )

    @classmethod
    def of(cls, x: Any) -> "Gradients":
        """Sealed gradients over an array (n x p), without a copy where it is float32 or float64 with whole rows. The
        array must not change while they are in use. A Gradients object is given back, sealed."""
        if isinstance(x, Gradients):
            return x.seal()
        array = as_real(x, "gradients")
        self = cls(max(array.shape[1], 1), array.dtype)
        if array.shape[1] == 0:
            raise ArgumentError(
                f"libgrasp: gradients have 0 values per sample (shape {array.shape}), a minimum of 1 is required"
            )
        if len(array):
            self.append(array, lent=True)
        return self.seal()

    @classmethod
    def load(cls, path: str) -> "Gradients":
        """What save() wrote."""
        return cls._take(Context().make(GradientsHandle, "grasp_gradients_load_file", str(path).encode(), long=True))

    @classmethod
    def open_npy(cls, path: str) -> "Gradients":
        """Sealed gradients over a mapped .npy file of float32 or float64 (n x p); nothing is read ahead but to refuse
        NaN."""
        return cls._take(Context().make(GradientsHandle, "grasp_gradients_open_npy", str(path).encode(), long=True))

    def append(self, rows: Any, lent: bool = False) -> "Gradients":
        """Appends rows (k x p): copied, or with lent=True by reference (same dtype; must not change meanwhile)."""
        matrix = as_matrix(Context(), rows, "rows")
        Context().run("grasp_gradients_append_lent" if lent else "grasp_gradients_append", self._handle, matrix)
        return self

    def append_factors(self, act: Sequence[Any], delta: Sequence[Any], lent: bool = False) -> "Gradients":
        """Appends k samples as factors: for each layer act (k x T d_in, or k x T x d_in) and delta (k x T d_out, or k x
        T x d_out). With lent=True by reference."""
        if len(act) != len(delta):
            raise ArgumentError(f"libgrasp: act has {len(act)} layers, delta {len(delta)}")
        inputs = [self._factor(a, "act") for a in act]
        outputs = [self._factor(d, "delta") for d in delta]
        n = len(inputs)
        first = (ctypes.c_void_p * n)(*[m._pointer.value for m in inputs])
        second = (ctypes.c_void_p * n)(*[m._pointer.value for m in outputs])
        name = "grasp_gradients_append_factors_lent" if lent else "grasp_gradients_append_factors"
        Context().run(name, self._handle, first, second, n)
        return self

    def _factor(self, x: Any, name: str) -> MatrixHandle:
        array = np.asarray(x)
        return as_matrix(Context(), array.reshape(len(array), -1) if array.ndim == 3 else array, name)

    def seal(self) -> "Gradients":
        """Ends appending; needed before use. Sealing twice is fine."""
        if not self._sealed:  # others may be reading already
            Context().call("grasp_gradients_seal", self._handle)
            self._sealed = True
        return self

    def select(self, rows: Any) -> "Gradients":
        """A view of chosen rows (numbers in any order, or a mask) of sealed gradients, without a copy."""
        numbers, n = as_rows(rows, "rows")
        return self._take(Context().make(GradientsHandle, "grasp_gradients_select", self._handle, address(numbers), n))

    @property
    def shape(self) -> Tuple[int, int]:
        """(n, p)."""
        return lib.grasp_gradients_count(self._handle), lib.grasp_gradients_dim(self._handle)

    def __len__(self) -> int:
        return int(lib.grasp_gradients_count(self._handle))

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""
        return dtype_of(lib.grasp_gradients_dtype(self._handle))

    @property
    def is_factored(self) -> bool:
        """Whether the rows are kept as layer factors."""
        return bool(lib.grasp_gradients_is_factored(self._handle))

    @property
    def nbytes(self) -> int:
        """Bytes that this object holds; lent rows are not counted."""
        return int(lib.grasp_gradients_bytes(self._handle))

    def numpy(self, first: int = 0, n: Optional[int] = None, dtype: Any = None) -> np.ndarray:
        """Rows [first, first + n) densely (n x p)."""
        n = len(self) - first if n is None else n
        array, matrix = out_matrix(Context(), n, self.shape[1], self.dtype if dtype is None else dtype)
        Context().run("grasp_gradients_rows", self._handle, first, n, matrix)
        return array

    def mean(self) -> np.ndarray:
        """Mean row (p), compensated float64."""
        mean = np.empty(self.shape[1])
        Context().run("grasp_gradients_mean", self._handle, address(mean), len(mean))
        return mean

    def gram(self, i: int = 0, ni: Optional[int] = None, j: int = 0, nj: Optional[int] = None) -> np.ndarray:
        """Inner products (ni x nj, float64) of rows [i, i + ni) and [j, j + nj); by default of all."""
        ni = len(self) - i if ni is None else ni
        nj = len(self) - j if nj is None else nj
        array, matrix = out_matrix(Context(), ni, nj)
        Context().run("grasp_gradients_gram", self._handle, i, ni, j, nj, matrix)
        return array

    def save(self, path: str) -> None:
        """Writes them to a file, in their form and element type."""
        Context().run("grasp_gradients_save_file", self._handle, str(path).encode())

    def __getstate__(self) -> Dict[str, Any]:
        return {"object": to_bytes("gradients", self._handle)}

    def __setstate__(self, saved: Dict[str, Any]) -> None:
        self._handle = from_bytes("gradients", GradientsHandle, saved["object"])

    def __repr__(self) -> str:
        n, p = self.shape
        return f"Gradients(n={n}, p={p}, dtype={self.dtype}{', factored' if self.is_factored else ''})"
