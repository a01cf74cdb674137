# SPDX-License-Identifier: BSD-3-Clause
"""Arrays go in as they lie in memory: strided, read-only, float32 and float64; and are let go of."""
import gc
import pickle
import sys
import unittest

import numpy as np

import libgrasp
from libgrasp import _arrays, _context
from support import two_classes


def lent_address(array):
    """Where the library reads an array from, and by which stride."""
    context = libgrasp.Context()
    matrix = _arrays.as_matrix(context, array, "x")
    return (_context.lib.grasp_matrix_data(matrix), _context.lib.grasp_matrix_row_stride(matrix))


class ZeroCopy(unittest.TestCase):
    def test_in_place(self):
        base = np.arange(1200.0).reshape(40, 30)
        frozen = base.copy()
        frozen.flags.writeable = False
        for x in (
            base,
            base.astype(np.float32),
            base[::3],
            base[:, 4:9],
            base[5::2, 2:],
            frozen,
            base[:1, :4],
            base[:, :1],
        ):
            address, stride = lent_address(x)
            self.assertEqual(address, x.ctypes.data)
            if len(x) > 1:
                self.assertEqual(stride * x.itemsize, x.strides[0])

    def test_copied_where_it_must_be(self):
        base = np.arange(1200.0).reshape(40, 30)
        unaligned = np.frombuffer(b"\0" + base.tobytes(), np.uint8)[1:].view(np.float64).reshape(40, 30)
        for x in (
            base.T,
            base[:, ::2],
            base[::-1],
            np.broadcast_to(base[0], (5, 30)),
            base.astype(">f8"),
            base.astype(int),
            np.asfortranarray(base),
            base.astype(np.float16),
            unaligned,
        ):
            self.assertNotEqual(lent_address(x)[0], x.ctypes.data)
            np.testing.assert_array_equal(libgrasp.Gradients.of(x).numpy(), np.asarray(x, np.float64))

    def test_same_labels_however_it_lies(self):
        x = two_classes(200)[0].astype(np.float32)
        wanted = libgrasp.dbscan(x, 0.2, 5)
        wide = np.zeros((400, 20), np.float32)
        wide[::2, 3:11] = x
        for y in (wide[::2, 3:11], np.asfortranarray(x), x.astype(">f4"), x.astype(np.float64), x.tolist()):
            np.testing.assert_array_equal(libgrasp.dbscan(y, 0.2, 5), wanted)

    def test_gradients_hold_nothing(self):
        x = np.ones((1000, 50))
        gradients = libgrasp.Gradients.of(x)
        self.assertLess(gradients.nbytes, 1000)
        x[0, 0] = 7.0  # the same memory
        self.assertEqual(gradients.numpy(0, 1)[0, 0], 7.0)
        self.assertEqual(gradients.dtype, np.float64)

    def test_factors_without_the_matrix(self):
        rng = np.random.default_rng(0)
        act, delta = rng.standard_normal((30, 4, 5)), rng.standard_normal((30, 4, 3))
        gradients = libgrasp.Gradients.factored([5], [3], [4], [True], np.float64)
        gradients.append_factors([act[:10]], [delta[:10]]).append_factors([act[10:]], [delta[10:]], lent=True).seal()
        one = np.concatenate([act, np.ones((30, 4, 1))], 2)
        np.testing.assert_allclose(gradients.numpy(), np.einsum("nto,nti->noi", delta, one).reshape(30, -1), rtol=1e-13)
        np.testing.assert_allclose(
            gradients.gram(0, 3, 5, 7), gradients.numpy()[:3] @ gradients.numpy()[5:12].T, rtol=1e-12
        )
        np.testing.assert_allclose(gradients.mean(), gradients.numpy().mean(0), atol=1e-14)
        again = pickle.loads(pickle.dumps(gradients))
        self.assertTrue(again.is_factored)
        np.testing.assert_array_equal(again.numpy(), gradients.numpy())
        np.testing.assert_array_equal(gradients.select([3, 3, 0]).numpy(), gradients.numpy()[[3, 3, 0]])


class Lifetime(unittest.TestCase):
    def setUp(self):
        gc.collect()
        self.lent = len(_context._lent)

    def test_arrays_are_let_go(self):
        x, y, _ = two_classes(200)
        before = sys.getrefcount(x)
        for _ in range(5):
            libgrasp.dbscan(x, 0.2, 5)
            libgrasp.infer_groups(x, y, eps=[0.1, 0.2], min_samples=5).labels_at(0, 0.1, 5)
        result = libgrasp.infer_groups(x, y, eps=0.2, min_samples=5)
        self.assertGreater(sys.getrefcount(x), before)  # it refers to x
        model = libgrasp.Softmax(8, 2).bind(x, y)
        del result
        self.assertGreater(sys.getrefcount(x), before)
        del model
        gc.collect()
        self.assertEqual(sys.getrefcount(x), before)
        self.assertEqual(len(_context._lent), self.lent)

    def test_arrays_outlive_their_name(self):
        gradients = libgrasp.Gradients.of(np.full((300, 300), 2.0))
        [np.zeros((300, 300)) for _ in range(20)]
        self.assertEqual(gradients.numpy().min(), 2.0)

    def test_failed_calls_keep_nothing(self):
        x = np.ones((10, 3))
        bad = np.full((10, 3), np.nan)
        before = sys.getrefcount(x), sys.getrefcount(bad)
        for _ in range(5):
            for call in (lambda: libgrasp.dbscan(x, -1.0, 5), lambda: libgrasp.dbscan(bad, 0.1, 5),
                         lambda: libgrasp.infer_groups(x, np.zeros(9, int)), lambda: libgrasp.Gradients.of(bad),
                         lambda: libgrasp.Softmax(4, 2).bind(x, np.zeros(10, int))):
                self.assertRaises(libgrasp.Error, call)
        gc.collect()
        self.assertEqual((sys.getrefcount(x), sys.getrefcount(bad)), before)
        self.assertEqual(len(_context._lent), self.lent)

    def test_nothing_is_left_in_the_library(self):
        context = libgrasp.Context()
        x = two_classes(300)[0]
        for _ in range(3):
            matrix = _arrays.as_matrix(context, x, "x")
            self.assertGreater(context.memory_used, 0)
            del matrix
            self.assertEqual(context.memory_used, 0)


if __name__ == "__main__":
    unittest.main()
