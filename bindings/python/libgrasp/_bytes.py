# SPDX-License-Identifier: BSD-3-Clause
"""Objects of the library as bytes, for pickle: its files, written to and read from memory."""
from __future__ import annotations

import ctypes
import io
from typing import Any, Type, TypeVar

from . import _declarations as c
from ._context import Context, Handle

H = TypeVar("H", bound=Handle)


def to_bytes(name: str, handle: Any) -> bytes:
    """What the function grasp_<name>_save writes."""
    stream, failed = io.BytesIO(), []

    @c.grasp_write_fn
    def write(user: Any, data: int, size: int) -> int:
        try:
            stream.write(ctypes.string_at(data, size))
            return c.GRASP_CB_OK
        except BaseException as error:  # noqa: B902 - raised below, outside of C
            failed.append(error)
            return c.GRASP_CB_STOP

    try:
        Context().run(f"grasp_{name}_save", handle, write, None)
    finally:
        if failed:
            raise failed[0]
    return stream.getvalue()


def from_bytes(name: str, kind: Type[H], data: bytes) -> H:
    """What the function grasp_<name>_load reads."""
    stream = io.BytesIO(data)

    @c.grasp_read_fn
    def read(user: Any, into: int, size: int) -> int:
        part = stream.read(size)
        ctypes.memmove(into, part, len(part))
        return len(part)

    return Context().make(kind, f"grasp_{name}_load", read, None, long=True)
