# SPDX-License-Identifier: BSD-3-Clause
"""One class of exception for each status of the C library, with the message that its context had."""
from __future__ import annotations

from typing import Dict, Type

from . import _declarations as c


class Error(Exception):
    """Base of all errors of libgrasp. `status` is the number that the C function returned."""

    status: int = 0


class Cancelled(Error):
    """The call was stopped: by a progress callback that returned False, or by Context.cancel()."""

    status = c.GRASP_CANCELLED


class ArgumentError(Error, ValueError):
    """An argument is missing, out of range, inconsistent or of another kind."""

    status = c.GRASP_E_ARG


class OutOfMemoryError(Error, MemoryError):
    """There is no more memory."""

    status = c.GRASP_E_NOMEM


class MemoryLimitError(Error, MemoryError):
    """The context's memory limit would be passed."""

    status = c.GRASP_E_MEMLIMIT


class SizeError(Error, OverflowError):
    """A size does not fit the integers that have to hold it."""

    status = c.GRASP_E_OVERFLOW


class DimensionError(Error, ValueError):
    """Shapes do not agree."""

    status = c.GRASP_E_DIM


class DTypeError(Error, TypeError):
    """The element type is unknown, or not supported here."""

    status = c.GRASP_E_DTYPE


class ParameterError(Error, ValueError):
    """There is no parameter of this name (the message names the nearest), or its value is out of range."""

    status = c.GRASP_E_PARAM


class NumericError(Error, ValueError):
    """NaN or infinity where it cannot be used; the message has row and column."""

    status = c.GRASP_E_NUMERIC


class EmptyError(Error, ValueError):
    """No sample, group or cluster is left to work on."""

    status = c.GRASP_E_EMPTY


class CallbackError(Error, RuntimeError):
    """A callback returned what it must not. (An exception that it raises comes out as itself.)"""

    status = c.GRASP_E_CALLBACK


class UnsupportedError(Error, NotImplementedError):
    """This object, or this build of the library, cannot do that."""

    status = c.GRASP_E_UNSUPPORTED


class FileError(Error, OSError):
    """Reading or writing failed."""

    status = c.GRASP_E_IO


class FormatError(Error, ValueError):
    """Not a file of this kind, damaged, or newer than this library."""

    status = c.GRASP_E_FORMAT


class StateError(Error, RuntimeError):
    """Calls in the wrong order, or a second call in a busy context."""

    status = c.GRASP_E_STATE


class InternalError(Error, RuntimeError):
    """A fault in libgrasp itself."""

    status = c.GRASP_E_INTERNAL


class NotConvergedWarning(UserWarning):
    """A limit of iterations was met before the tolerance; the result is the best so far."""

    status = c.GRASP_NOT_CONVERGED


BY_STATUS: Dict[int, Type[Error]] = {kind.status: kind for kind in Error.__subclasses__()}


def error_of(status: int, message: str) -> Error:
    """The exception for a status."""
    kind = BY_STATUS.get(status, Error)
    error = kind(message)
    error.status = status
    return error
