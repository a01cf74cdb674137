# SPDX-License-Identifier: BSD-3-Clause
"""Finds the shared library and declares its functions as they are first used.

Looked for, in this order: what GRASP_LIBRARY in the environment names; the copy inside of this package (a wheel has
one); the build of the source tree that this package lies in; the system's. ctypes lets go of the interpreter lock in
every call.
"""
from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
import sys
from typing import Any, Iterator

from . import _declarations as c
from ._errors import UnsupportedError

NAME = "libgrasp.0.dylib" if sys.platform == "darwin" else "libgrasp.so.0"


def candidates() -> Iterator[str]:
    """Where the library may be, best first."""
    here = pathlib.Path(__file__).resolve().parent
    if os.environ.get("GRASP_LIBRARY"):
        yield os.environ["GRASP_LIBRARY"]
        return
    for path in (here / NAME, here.parents[2] / "build" / "release" / NAME):
        if path.is_file():
            yield str(path)
    yield NAME
    found = ctypes.util.find_library("grasp")
    if found:
        yield found


class Library:
    """The functions of the C library as attributes."""

    def __init__(self) -> None:
        reasons = []
        for path in candidates():
            try:
                self._dll = ctypes.CDLL(path)
                break
            except OSError as error:
                reasons.append(str(error))
        else:
            raise ImportError("libgrasp: the shared library was not found; install this package with pip, or name the "
                              "library in GRASP_LIBRARY: " + "; ".join(reasons))
        self.path = path
        version = self.grasp_version_number()
        if version // 1000000 != c.GRASP_VERSION_NUMBER // 1000000 or version < c.GRASP_VERSION_NUMBER:
            raise ImportError(
                f"libgrasp: {path} is version {self.grasp_version_string().decode()}, expected {c.VERSION} "
                "or a later one with the same major number"
            )

    def __getattr__(self, name: str) -> Any:
        try:
            declared = c.FUNCTIONS[name]
        except KeyError:
            raise AttributeError(name) from None
        try:
            function = getattr(self._dll, name)
        except AttributeError:
            raise UnsupportedError(f"{self.path} has no {name}: it is older than this package") from None
        function.restype, function.argtypes = declared[0], declared[1:]
        setattr(self, name, function)
        return function


lib = Library()
