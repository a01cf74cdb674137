# SPDX-License-Identifier: BSD-3-Clause
"""A stranger's first use over FFI: load the shared library with ctypes, append NumPy gradients, get labels, and survive callbacks that
raise. The path of the shared library is in GRASP_LIBRARY; status 77 says skipped."""
import ctypes
import os
import sys

try:
    import numpy as np
except ImportError:
    print("this Python has no NumPy")
    sys.exit(77)

OK, CANCELLED, E_ARG, E_CALLBACK, E_NUMERIC = 0, 2, -1, -12, -8
F32, F64 = 1, 2
lib = ctypes.CDLL(os.environ["GRASP_LIBRARY"])
ptr, i32, i64, f64 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_double
out = ctypes.POINTER(ctypes.c_void_p)


def declare(name, result, *arguments):
    function = getattr(lib, name)
    function.restype, function.argtypes = result, arguments
    return function


context_create = declare("grasp_context_create", i32, ptr, out)
context_free = declare("grasp_context_free", None, ptr)
context_error = declare("grasp_context_error", ctypes.c_char_p, ptr)
PROGRESS = ctypes.CFUNCTYPE(i32, ptr, ctypes.c_char_p, f64)
set_progress = declare("grasp_context_set_progress", i32, ptr, f64, PROGRESS, ptr, ptr)
matrix_wrap = declare("grasp_matrix_wrap", i32, ptr, i32, i64, i64, i64, ptr, ptr, ptr, out)
matrix_free = declare("grasp_matrix_free", None, ptr)
gradients_create = declare("grasp_gradients_create_dense", i32, ptr, i32, i64, i64, out)
gradients_append = declare("grasp_gradients_append", i32, ptr, ptr, ptr)
gradients_seal = declare("grasp_gradients_seal", i32, ptr, ptr)
gradients_count = declare("grasp_gradients_count", i64, ptr)
gradients_free = declare("grasp_gradients_free", None, ptr)
params_create = declare("grasp_params_create", i32, ptr, ctypes.c_char_p, out)
params_parse = declare("grasp_params_parse", i32, ptr, ptr, ctypes.c_char_p)
params_free = declare("grasp_params_free", None, ptr)
distances_create = declare("grasp_distances_create", i32, ptr, ptr, ptr, out)
distances_free = declare("grasp_distances_free", None, ptr)
clusterer_create = declare("grasp_clusterer_create", i32, ptr, ctypes.c_char_p, ptr, out)
clusterer_fit = declare("grasp_clusterer_fit_distances", i32, ptr, ptr, ptr)
clusterer_groups = declare("grasp_clusterer_groups", i32, ptr, ptr, out)
clusterer_free = declare("grasp_clusterer_free", None, ptr)
groups_labels = declare("grasp_groups_labels", i32, ptr, ptr, ptr, i64)
groups_free = declare("grasp_groups_free", None, ptr)


def new(function, *arguments):
    handle = ctypes.c_void_p()
    check(function(*arguments, ctypes.byref(handle)))
    return handle


def check(status, expected=OK):
    assert status == expected, (status, expected, context_error(ctx).decode())


handle = ctypes.c_void_p()
assert context_create(None, ctypes.byref(handle)) == OK
ctx = handle

# Three directions from the origin, and two samples that go their own way; float32, every second row and more columns than are used.
rng = np.random.default_rng(7)
directions = np.eye(6)[:3]
rows = np.concatenate([d + 0.05 * rng.standard_normal((40, 6)) for d in directions] + [-np.ones((1, 6)), [[0, 0, 0, 1, 1, -1]]])
storage = np.zeros((2 * len(rows), 9), np.float32)
storage[::2, :6] = rows
view = storage[::2, :6]


def wrap(a):
    dtype = F32 if a.dtype == np.float32 else F64
    return new(matrix_wrap, ctx, dtype, a.shape[0], a.shape[1], a.strides[0] // a.itemsize, a.ctypes.data, None, None)


gradients = new(gradients_create, ctx, F64, 6, len(view))
for first in range(0, len(view), 25):
    batch = wrap(view[first:first + 25])
    check(gradients_append(ctx, gradients, batch))
    matrix_free(batch)

bad = np.ones((3, 6))
bad[2, 4] = np.nan
batch = wrap(bad)
check(gradients_append(ctx, gradients, batch), E_NUMERIC)
message = context_error(ctx).decode()
assert "row 2" in message and "column 4" in message, message
matrix_free(batch)
assert gradients_count(gradients) == len(view)
check(gradients_seal(ctx, gradients))

params = new(params_create, ctx, b"distances")
check(params_parse(ctx, params, b"metric=cosine;center=0"))
distances = new(distances_create, ctx, gradients, params)
params_free(params)
params = new(params_create, ctx, b"dbscan")
check(params_parse(ctx, params, b"eps=0.2;min_samples=10"))
clusterer = new(clusterer_create, ctx, b"dbscan", params)
params_free(params)


@PROGRESS
def raises(user, what, fraction):
    raise RuntimeError("an exception in a callback")


@PROGRESS
def stops(user, what, fraction):
    return 0


@PROGRESS
def nonsense(user, what, fraction):
    return 4711


sys.unraisablehook = lambda unraisable: None  # ctypes reports what a callback raised and returns 0, or what lay around
for callback, expected in ((raises, {CANCELLED, E_CALLBACK}), (stops, {CANCELLED}), (nonsense, {E_CALLBACK})):
    check(set_progress(ctx, 0.0, callback, None, None))
    status = clusterer_fit(ctx, clusterer, distances)
    assert status in expected, (status, expected)
check(set_progress(ctx, 0.0, PROGRESS(0), None, None))

check(clusterer_fit(ctx, clusterer, distances))
groups = new(clusterer_groups, ctx, clusterer)
labels = np.empty(len(view), np.int64)
check(groups_labels(ctx, groups, labels.ctypes.data, len(labels)))
expected = np.concatenate([np.repeat(np.arange(3), 40), [-1, -1]])
assert (labels == expected).all(), labels

# The context may go first.
context_free(ctx)
for free, what in ((groups_free, groups), (clusterer_free, clusterer), (distances_free, distances), (gradients_free, gradients)):
    free(what)
print("check_ffi.py: labels as expected, callbacks survived")
