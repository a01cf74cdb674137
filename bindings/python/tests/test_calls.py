# SPDX-License-Identifier: BSD-3-Clause
"""Statuses become exceptions; Ctrl-C, signals and callbacks stop a call; threads do not meet."""
import os
import signal
import sys
import threading
import time
import unittest
import warnings

import numpy as np

import libgrasp
from libgrasp import _arrays
from libgrasp import _declarations as c
from libgrasp import _errors
from support import two_classes

LONG = np.random.default_rng(0).standard_normal((30000, 48)).astype(np.float32)
LABELS = np.arange(len(LONG)) % 50


def long_call(**options):
    """Several seconds by itself: a Euclidean silhouette looks at all pairs."""
    return libgrasp.silhouette(LONG, LABELS, "euclidean", **options)


class Statuses(unittest.TestCase):
    def test_each_has_its_own_class(self):
        statuses = {name: value for name, value in vars(c).items() if name.startswith("GRASP_E_")}
        self.assertGreater(len(statuses), 10)
        kinds = [_errors.BY_STATUS[value] for value in statuses.values()]
        self.assertEqual(len(set(kinds)), len(statuses))
        for value, kind in zip(statuses.values(), kinds):
            self.assertIs(type(_errors.error_of(value, "words")), kind)
            self.assertIs(getattr(libgrasp, kind.__name__), kind)
            self.assertEqual(kind.status, value)

    def test_messages(self):
        x = np.ones((20, 3))
        x[17, 2] = np.nan
        for kind, words, call in (
            (libgrasp.NumericError, "row 17 .*NaN.* column 2", lambda: libgrasp.Gradients.of(x)),
            (libgrasp.ParameterError, "eps", lambda: libgrasp.dbscan(x[:5], -0.1, 3)),
            (
                libgrasp.ArgumentError,
                "grasp_context_set_threads: argument 2",
                lambda: libgrasp.dbscan(x[:5], 1, 3, n_threads="a"),
            ),
            (
                libgrasp.ParameterError,
                '"epps"; the nearest is "eps"',
                lambda: libgrasp.infer_groups(x[:5], [0] * 5, epps=1),
            ),
            (
                libgrasp.ParameterError,
                "'manhattan', expected 'cosine' or",
                lambda: libgrasp.dbscan(x[:5], 1, 1, "manhattan"),
            ),
            (libgrasp.DimensionError, "X has 1 dimensions", lambda: libgrasp.dbscan([1.0, 2.0], 1, 1)),
            (libgrasp.DimensionError, "y has 4 values, expected 5", lambda: libgrasp.infer_groups(x[:5], [0] * 4)),
            (libgrasp.DTypeError, "complex", lambda: libgrasp.dbscan(x[:5] + 1j, 1, 1)),
            (libgrasp.StateError, "bind", lambda: libgrasp.Softmax(3, 2).loss()),
            (libgrasp.FileError, "nowhere", lambda: libgrasp.Model.load("nowhere")),
            (libgrasp.FormatError, "", lambda: libgrasp.Gradients.load(__file__)),
            (libgrasp.MemoryLimitError, "limit", lambda: libgrasp.infer_groups(x[:5], [0] * 5, memory_limit=100)),
            (
                libgrasp.ArgumentError,
                "nothing|method",
                lambda: libgrasp.train("nothing", libgrasp.Softmax(3, 2).bind(x[:5], [0] * 5)),
            ),
        ):
            with self.assertRaisesRegex(kind, words):
                call()

    def test_they_are_the_kinds_that_callers_expect(self):
        for kind, base in ((libgrasp.NumericError, ValueError), (libgrasp.OutOfMemoryError, MemoryError),
                           (libgrasp.FileError, OSError), (libgrasp.UnsupportedError, NotImplementedError)):
            self.assertTrue(issubclass(kind, base) and issubclass(kind, libgrasp.Error))

    def test_not_converged_warns(self):
        x, y, _ = two_classes(100)
        with self.assertWarns(libgrasp.NotConvergedWarning):
            libgrasp.train("erm", libgrasp.Softmax(8, 2).bind(x, y), optimizer="lbfgs", iterations=1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            libgrasp.train("erm", libgrasp.Softmax(8, 2).bind(x, y))


class Interrupts(unittest.TestCase):
    def interrupted(self, number, kind, call):
        """How long after a signal the call raised; the best of three, for the machine may be busy. Quick calls are
        repeated, so that the signal comes during one of them."""
        took = []
        for _ in range(3):
            sent = []

            def send():
                time.sleep(0.15)
                sent.append(time.perf_counter())
                os.kill(os.getpid(), number)

            sender = threading.Thread(target=send)
            sender.start()
            end = time.perf_counter() + 20
            with self.assertRaises(kind):
                while time.perf_counter() < end:
                    call()
            took.append(time.perf_counter() - sent[0])
            sender.join()
        return min(took)

    def test_control_c(self):
        x, y, _ = two_classes(3000, 40)
        model = libgrasp.MLP([40, 50, 50, 50, 2]).bind(x, y)
        # A shell's background job ignores the signal, and Python leaves it at that.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        for call in (long_call, lambda: libgrasp.train("erm", model, epochs=100000),
                     lambda: libgrasp.infer_groups(LONG, np.zeros(len(LONG), int), eps=np.linspace(0.5, 1.2, 9)),
                     lambda: libgrasp.dbscan(LONG, 1.0, 15000, n_threads=2)):  # half of all are within 1
            self.assertLess(self.interrupted(signal.SIGINT, KeyboardInterrupt, call), 0.1)

    def test_what_a_signal_handler_raises(self):
        def handler(number, frame):
            raise TimeoutError("an alarm of the caller's")

        before = signal.signal(signal.SIGUSR1, handler)
        try:
            self.assertLess(self.interrupted(signal.SIGUSR1, TimeoutError, long_call), 0.1)
        finally:
            signal.signal(signal.SIGUSR1, before)

    def test_a_handler_that_raises_nothing_does_not_stop(self):
        seen = []
        before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
        try:
            timer = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGUSR1))
            timer.start()
            value = libgrasp.silhouette(LONG[:6000], LABELS[:6000], "euclidean")
        finally:
            timer.join()
            signal.signal(signal.SIGUSR1, before)
        self.assertEqual(seen, [signal.SIGUSR1])
        self.assertEqual(value, libgrasp.silhouette(LONG[:6000], LABELS[:6000], "euclidean"))

    def test_many_at_once(self):
        """Whatever interrupts the interruption: the call has ended when KeyboardInterrupt comes out, and all is well
        after."""
        armed = []

        def handler(number, frame):
            if armed:
                raise KeyboardInterrupt

        def mash(pause):
            time.sleep(0.05)
            for _ in range(4):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(pause)

        def disarm():
            while armed:
                try:
                    armed.clear()
                except KeyboardInterrupt:
                    pass

        before = signal.signal(signal.SIGINT, handler)
        try:
            for pause in (0, 1e-5, 1e-4, 1e-3, 1e-2) * 2:
                masher = threading.Thread(target=mash, args=(pause,))
                masher.start()
                caught = 0
                armed.append(True)
                end = time.perf_counter() + 20
                try:
                    while time.perf_counter() < end:
                        long_call()
                except KeyboardInterrupt:
                    caught += 1
                disarm()
                masher.join()
                self.assertEqual(caught, 1)
        finally:
            signal.signal(signal.SIGINT, before)
        self.assertFalse([t for t in threading.enumerate() if t.name == "libgrasp"])

    def test_cancel_from_another_thread(self):
        context = libgrasp.Context()
        threading.Timer(0.1, context.cancel).start()
        gradients = libgrasp.Gradients.of(LONG)
        _, out = _arrays.out_matrix(context, len(LONG), len(LONG), np.float32)
        began = time.perf_counter()
        with self.assertRaises(libgrasp.Cancelled):
            while time.perf_counter() < began + 20:  # a quick machine is in its next call by then
                context.run("grasp_gradients_gram", gradients._handle, 0, len(LONG), 0, len(LONG), out)
        self.assertLess(time.perf_counter() - began, 5)


class Callbacks(unittest.TestCase):
    def test_exceptions_come_out_as_themselves(self):
        class Mine(Exception):
            pass

        error = Mine("as itself")

        def raises(what, fraction):
            raise error

        for where in ("main", "other"):
            caught = []

            def call():
                try:
                    long_call(progress=raises)
                except BaseException as e:
                    caught.append(e)

            if where == "main":
                call()
            else:
                thread = threading.Thread(target=call)
                thread.start()
                thread.join()
            self.assertIs(caught[0], error)

        def leaves(what, fraction):
            sys.exit(3)

        self.assertRaises(SystemExit, long_call, progress=leaves)

    def test_progress(self):
        seen = []
        libgrasp.silhouette(LONG[:12000], LABELS[:12000], "euclidean", progress=lambda *a: seen.append(a))
        self.assertGreater(len(seen), 1)
        fractions = [f for _, f in seen]
        self.assertEqual(fractions, sorted(fractions))
        self.assertTrue(all(isinstance(what, str) and 0 <= f <= 1 for what, f in seen))
        with self.assertRaises(libgrasp.Cancelled):
            long_call(progress=lambda what, fraction: False)
        with open(os.devnull, "w") as nowhere:
            before, sys.stderr = sys.stderr, nowhere
            try:  # a bar where tqdm is installed, nothing where it is not
                libgrasp.silhouette(LONG[:6000], LABELS[:6000], "euclidean", progress=True)
            finally:
                sys.stderr = before

    def test_log(self):
        lines = []
        context = libgrasp.Context(log=lambda level, line: lines.append((level, line)))
        with self.assertRaises(libgrasp.ArgumentError):
            context.call("grasp_context_set_threads", -1)
        self.assertEqual(lines[0][0], c.GRASP_LOG_ERROR)
        self.assertIn("grasp_context_set_threads", lines[0][1])


class Threads(unittest.TestCase):
    def test_calls_from_many_threads(self):
        x, y, _ = two_classes(300)
        shared = libgrasp.Gradients.of(x)
        wanted = libgrasp.infer_groups(x, y, eps=[0.1, 0.2], min_samples=[5, 10])
        wrong = []

        def work():
            try:
                for _ in range(5):
                    result = libgrasp.infer_groups(shared, y, eps=[0.1, 0.2], min_samples=[5, 10])
                    if not (
                        np.array_equal(result.labels, wanted.labels)
                        and np.array_equal(wanted.assign(shared, y), wanted.labels)
                        and np.array_equal(shared.numpy(), x)
                    ):
                        wrong.append("labels")
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        self.assertEqual(wrong, [])

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_after_a_fork(self):
        x, y, _ = two_classes(300)
        wanted = libgrasp.infer_groups(x, y, eps=0.2, min_samples=5, n_threads=2).labels
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forks beside threads
            child = os.fork()
        if child == 0:
            try:
                model = libgrasp.MLP([8, 5, 2]).bind(x, y)
                libgrasp.train("erm", model, epochs=1)
                os._exit(
                    0
                    if np.array_equal(libgrasp.infer_groups(x, y, eps=0.2, min_samples=5, n_threads=2).labels, wanted)
                    else 1
                )
            finally:
                os._exit(2)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_the_interpreter_goes_on(self):
        """The lock is let go: this thread counts on while another is inside of the library."""
        done = threading.Event()

        def work():
            long_call()
            done.set()

        thread = threading.Thread(target=work)
        began = time.perf_counter()
        thread.start()
        counted = 0
        while not done.is_set():
            time.sleep(0.001)
            counted += 1
        thread.join()
        # With the lock held there would be one or two, whatever else the machine does.
        self.assertGreater(counted, 20 * (time.perf_counter() - began))


if __name__ == "__main__":
    unittest.main()
