# SPDX-License-Identifier: BSD-3-Clause
"""Calls into the library: statuses become exceptions, Ctrl-C stops a long call, progress is shown, handles are freed.

Python runs signal handlers on its main thread only, and not while that thread is inside of C. So a long call from the
main thread is made by a helper thread while the main thread waits for it, interruptibly; whatever a signal handler
raises there (KeyboardInterrupt, or an alarm's exception) cancels the call, which ends at its next tick, within some 20
ms, and is then raised. Calls from other threads are made directly. Callbacks run on the thread that makes the call;
what they raise is kept, the call is cancelled, and it is raised from the call as itself.
"""
from __future__ import annotations

import contextlib
import contextvars
import ctypes
import itertools
import threading
import warnings
import weakref
from typing import Any, Callable, Dict, Iterator, List, Optional, Type, TypeVar, Union

from . import _declarations as c
from ._errors import ArgumentError, NotConvergedWarning, error_of
from ._library import lib

#: What may be given as `progress`: None, True for a bar by tqdm where it is installed, or a function of the stage's
#: name and the fraction done, in [0, 1], that may return False to stop the call.
Progress = Union[None, bool, Callable[[str, float], Any]]

_PROGRESS_INTERVAL = 0.05

# The one thunk of each kind gets the number of a context as `user`, so that no callback keeps a context alive.
_contexts: "weakref.WeakValueDictionary[int, Context]" = weakref.WeakValueDictionary()
_numbers = itertools.count(1)
_thread = threading.local()


@c.grasp_progress_fn
def _on_progress(user: int, what: bytes, fraction: float) -> int:
    try:
        context = _contexts[user]
        try:
            return c.GRASP_CB_STOP if context._tell(what.decode(), fraction) is False else c.GRASP_CB_OK
        except BaseException as error:  # noqa: B902 - an exception must not enter C; it is raised when the call is over
            context._raised = error
            return c.GRASP_CB_STOP
    except KeyError:
        return c.GRASP_CB_OK


@c.grasp_log_fn
def _on_log(user: int, level: int, line: bytes) -> None:
    context = _contexts.get(user)
    if context is not None and context._log is not None:
        try:
            context._log(level, line.decode("utf-8", "replace"))
        except BaseException as error:  # noqa: B902
            context._raised = error


class Handle:
    """A pointer that is freed once. Its holder exists before the call that fills it, so that nothing is lost whatever
    interrupts that call."""

    _free = "grasp_params_free"

    def __init__(self) -> None:
        # No property: it would be Python code inside of ctypes, which could be interrupted there.
        self._pointer = self._as_parameter_ = ctypes.c_void_p()
        self._free_function = getattr(lib, type(self)._free)

    def __del__(self) -> None:
        pointer = getattr(self, "_pointer", None)
        if pointer is not None and pointer.value:
            value, pointer.value = pointer.value, None
            self._free_function(value)


class ParamsHandle(Handle):
    """grasp_params."""


class MatrixHandle(Handle):
    """grasp_matrix."""

    _free = "grasp_matrix_free"


class GroupsHandle(Handle):
    """grasp_groups."""

    _free = "grasp_groups_free"


class ReportHandle(Handle):
    """grasp_report."""

    _free = "grasp_report_free"


class DistancesHandle(Handle):
    """grasp_distances."""

    _free = "grasp_distances_free"


class ClustererHandle(Handle):
    """grasp_clusterer."""

    _free = "grasp_clusterer_free"


class GradientsHandle(Handle):
    """grasp_gradients."""

    _free = "grasp_gradients_free"


class InferenceHandle(Handle):
    """grasp_inference."""

    _free = "grasp_inference_free"


class ModelHandle(Handle):
    """grasp_model."""

    _free = "grasp_model_free"


class ContextHandle(Handle):
    """grasp_context."""

    _free = "grasp_context_free"


H = TypeVar("H", bound=Handle)


class _Bar:
    """A tqdm bar that lives for one call; nothing where tqdm is missing."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            tqdm = None
        self._make: Any = tqdm
        self._bar: Any = None

    def __call__(self, what: str, fraction: float) -> None:
        if self._make is None:
            return
        if self._bar is None:
            self._bar = self._make(
                total=1.0, bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}", leave=False
            )
        self._bar.set_description_str(what, refresh=False)
        self._bar.n = fraction
        self._bar.refresh()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


@contextlib.contextmanager
def telling(progress: Progress) -> Iterator[Callable[[str, float], Any]]:
    """What to tell of the progress of work that Python does."""
    bar = _Bar() if progress is True else None
    try:
        yield bar or (progress if callable(progress) else _nobody)
    finally:
        if bar is not None:
            bar.close()


class Context:
    """Threads, seed, memory limit, progress and log of the calls made with it. One call at a time.

    n_threads: 0: as many as usable processors. Results do not depend on it, to the last bit.
    seed: of everything random. memory_limit: bytes that may be held at once, 0: any.
    progress: None, True (a bar by tqdm, where it is installed), or a function (what, fraction) that may return False to
    stop the call, which then raises Cancelled. What it raises comes out of the call as itself.
    log: a function (level, line), level 1 (error) to 4 (debug); log_level: the highest that is wanted.
    """

    def __init__(self, n_threads: int = 1, seed: int = 0, memory_limit: int = 0, progress: Progress = None,
                 log: Optional[Callable[[int, str], Any]] = None, log_level: int = c.GRASP_LOG_INFO) -> None:
        self._handle = ContextHandle()
        self._as_parameter_ = self._handle._pointer
        self._raised: Optional[BaseException] = None
        self._bar = _Bar() if progress is True else None
        self._tell: Callable[[str, float], Any] = self._bar or (progress if callable(progress) else _nobody)
        self._log = log
        self._number = next(_numbers)
        _contexts[self._number] = self
        status = lib.grasp_context_create(None, ctypes.byref(self._handle._pointer))
        if status != c.GRASP_OK:
            raise error_of(status, lib.grasp_status_text(status).decode())
        if n_threads != 1:
            self.call("grasp_context_set_threads", n_threads)
        if seed:
            self.call("grasp_context_set_seed", seed)
        if memory_limit:
            self.call("grasp_context_set_memory_limit", memory_limit)
        if progress:
            self.call(
                "grasp_context_set_progress", _PROGRESS_INTERVAL, _on_progress, self._number, c.grasp_destroy_fn(0)
            )
        if log is not None:
            self.call("grasp_context_set_log", log_level, _on_log, self._number, c.grasp_destroy_fn(0))

    def cancel(self) -> None:
        """Stops the running call of this context, or else its next long one. From any thread."""
        lib.grasp_context_cancel(self)

    @property
    def memory_peak(self) -> int:
        """The most bytes ever held by the calls made with this context and the objects they made."""
        return int(lib.grasp_context_memory_peak(self))

    @property
    def memory_used(self) -> int:
        """Bytes held now by the calls made with this context and the objects they made."""
        return int(lib.grasp_context_memory_used(self))

    # ---- calls

    def call(self, name: str, *arguments: Any) -> None:
        """A call too short to be interrupted."""
        self._conclude(self._enter(getattr(lib, name), arguments))

    def run(self, name: str, *arguments: Any) -> None:
        """A call that may take long: Ctrl-C stops it."""
        function = getattr(lib, name)
        if threading.current_thread() is threading.main_thread():
            status = self._run_beside(function, arguments)
        else:
            status = self._enter(function, arguments)
        if self._bar is not None:
            self._bar.close()
        self._conclude(status)

    def make(self, kind: Type[H], name: str, *arguments: Any, last: tuple = (), long: bool = False) -> H:
        """A new handle by the function `name`, whose arguments are those given, the handle's address, and `last`."""
        handle = kind()
        (self.run if long else self.call)(name, *arguments, ctypes.byref(handle._pointer), *last)
        return handle

    def _enter(self, function: Callable[..., int], arguments: tuple) -> int:
        """The call itself; callbacks that get no context find this one in the thread that makes the call."""
        outer = getattr(_thread, "context", None)
        _thread.context = self
        try:
            return function(self, *arguments)
        except ctypes.ArgumentError as error:
            raise ArgumentError(f"{function.__name__}: {error}") from None
        finally:
            _thread.context = outer

    def _run_beside(self, function: Callable[..., int], arguments: tuple) -> int:
        """On a helper thread, while this one waits and can be interrupted."""
        outcome: List[Any] = []
        ticket = [None]  # taken by the helper as it begins, or by us when nothing is to begin any more
        done = threading.Lock()
        done.acquire()
        surroundings = contextvars.copy_context()

        def work() -> None:
            try:
                ticket.pop()
                outcome.append(surroundings.run(self._enter, function, arguments))
            except BaseException as error:  # noqa: B902 - of the conversion of an argument: raised by who called
                outcome.append(error)
            finally:
                done.release()

        try:
            threading.Thread(target=work, name="libgrasp", daemon=True).start()
            while not done.acquire(timeout=0.5):  # a signal on the verge of the wait does not end it
                pass
        except BaseException:
            self._abandon(ticket, outcome, done)
            raise
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    def _abandon(self, ticket: list, outcome: list, done: Any) -> None:
        """Cancels the helper's call and waits for its end, whatever interrupts: until then its memory is in use."""
        try:
            ticket.pop()
            return
        except IndexError:
            pass
        lib.grasp_context_cancel(self)
        while not outcome:
            try:
                done.acquire(timeout=1)
            except BaseException:  # noqa: B902 - again: the first one is raised, when C has returned
                continue
        lib.grasp_context_clear_cancel(self)
        self._raised = None

    def _conclude(self, status: int) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        if status == c.GRASP_OK:
            return
        if status == c.GRASP_NOT_CONVERGED:
            warnings.warn(lib.grasp_status_text(status).decode(), NotConvergedWarning, stacklevel=4)
            return
        message = (lib.grasp_context_error(self) or lib.grasp_status_text(status)).decode("utf-8", "replace")
        raise error_of(status, message)


def keep_exception(error: BaseException) -> None:
    """What a callback of the call on this thread raised: it is raised when the call is over."""
    context = getattr(_thread, "context", None)
    if context is not None and context._raised is None:
        context._raised = error


def _nobody(what: str, fraction: float) -> None:
    pass


# ---- memory of the caller's that the library refers to

_lent: Dict[int, Any] = {}


@c.grasp_release_fn
def _on_release(user: int, data: int) -> None:
    if _lent is not None:  # None: the interpreter is going down
        _lent.pop(user, None)


def lend(context: Context, array: Any, dtype: int, rows: int, cols: int, stride: int) -> MatrixHandle:
    """A matrix over a NumPy array, which stays alive until the library lets go of it."""
    number = next(_numbers)
    _lent[number] = array
    try:
        return context.make(
            MatrixHandle, "grasp_matrix_wrap", dtype, rows, cols, stride, array.ctypes.data, _on_release, number
        )
    except BaseException:
        _lent.pop(number, None)
        raise
