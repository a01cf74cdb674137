# SPDX-License-Identifier: BSD-3-Clause
"""Options by name. The tables of the C library say what there is, of which type, and in which range."""
from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

import numpy as np

from . import _declarations as c
from ._arrays import as_f64, as_i64
from ._context import Context, ParamsHandle
from ._errors import ParameterError
from ._library import lib

_TYPES = {c.GRASP_PARAM_F64: "float", c.GRASP_PARAM_I64: "int", c.GRASP_PARAM_BOOL: "bool", c.GRASP_PARAM_STR: "str",
          c.GRASP_PARAM_F64S: "floats", c.GRASP_PARAM_I64S: "ints"}
_types_of: Dict[str, Dict[str, int]] = {}


def algorithms() -> List[str]:
    """Names of all algorithms that have parameters."""
    return [lib.grasp_algorithm_name(i).decode() for i in range(lib.grasp_algorithm_count())]


def parameters(algorithm: str) -> List[Dict[str, str]]:
    """What an algorithm can be told: for each parameter its name, type, default, range and help.

    >>> [p["name"] for p in parameters("dbscan")]
    ['eps', 'min_samples']
    """
    handle = Context().make(ParamsHandle, "grasp_params_create", algorithm.encode())
    return [
        {
            "name": lib.grasp_params_name(handle, i).decode(),
            "type": _TYPES[lib.grasp_params_type(handle, i)],
            "default": lib.grasp_params_default(handle, i).decode(),
            "range": lib.grasp_params_range(handle, i).decode(),
            "help": lib.grasp_params_help(handle, i).decode(),
        }
        for i in range(lib.grasp_params_count(handle))
    ]


def flat(options: Mapping[str, Any]) -> Dict[str, Any]:
    """{"infer": {"eps": .1}}, infer__eps=.1 and {"infer.eps": .1} are one; what is None keeps its default."""
    result: Dict[str, Any] = {}
    for key, value in options.items():
        key = key.replace("__", ".")
        if isinstance(value, Mapping):
            result.update({f"{key}.{inner}": v for inner, v in flat(value).items()})
        elif value is not None:
            result[key] = value
    return result


def make_params(context: Context, algorithm: str, options: Mapping[str, Any]) -> Optional[ParamsHandle]:
    """Parameters of an algorithm with these options set; None, the defaults, where there are none."""
    options = flat(options)
    if not options:
        return None
    handle = context.make(ParamsHandle, "grasp_params_create", algorithm.encode())
    types = _types_of.get(algorithm)
    if types is None:
        types = _types_of[algorithm] = {lib.grasp_params_name(handle, i).decode(): lib.grasp_params_type(handle, i)
                                        for i in range(lib.grasp_params_count(handle))}
    for key, value in options.items():
        _set(context, handle, key, types.get(key), value)
    return handle


def _set(context: Context, handle: ParamsHandle, key: str, kind: Optional[int], value: Any) -> None:
    name = key.encode()
    if kind is None:
        context.call("grasp_params_set_f64", handle, name, 0.0)  # no such key: the library's message names the nearest
    elif kind == c.GRASP_PARAM_STR:
        if not isinstance(value, str):
            raise ParameterError(f"libgrasp: {key} is {value!r}, expected a word")
        context.call("grasp_params_set_str", handle, name, value.encode())
    elif isinstance(value, str):
        context.call("grasp_params_parse", handle, name + b"=" + value.encode())
    elif kind == c.GRASP_PARAM_F64S:
        values = as_f64(np.atleast_1d(value), key)
        context.call("grasp_params_set_f64s", handle, name, values.ctypes.data, len(values))
    elif kind == c.GRASP_PARAM_I64S:
        whole = as_i64(_whole(np.atleast_1d(value)), key)
        context.call("grasp_params_set_i64s", handle, name, whole.ctypes.data, len(whole))
    elif np.ndim(value) != 0 or np.asarray(value).dtype.kind not in "biuf":
        raise ParameterError(f"libgrasp: {key} is {value!r}, expected a number")
    elif kind in (c.GRASP_PARAM_I64, c.GRASP_PARAM_BOOL):
        context.call("grasp_params_set_i64", handle, name, int(_whole(np.asarray(value))))
    else:
        context.call("grasp_params_set_f64", handle, name, float(value))


def _whole(values: np.ndarray) -> np.ndarray:
    """Numbers as whole ones where nothing is lost, as 1e6 for 1000000; else as they are, and refused later."""
    if values.dtype.kind == "f" and np.all(values == np.floor(values)) and np.all(np.abs(values) < 2.0 ** 63):
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        raise ParameterError(f"libgrasp: {values} is not whole")
    return values
