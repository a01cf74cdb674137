# SPDX-License-Identifier: BSD-3-Clause
"""dbscan, silhouette, adjusted_rand, group_accuracy: against brute force, and against scikit-learn where it is."""
import unittest

import numpy as np

import libgrasp
from support import brute_dbscan, brute_silhouette, two_classes

try:
    from sklearn import cluster, metrics
except ImportError:
    cluster = metrics = None


class Dbscan(unittest.TestCase):
    def test_equals_brute_force(self):
        for seed in range(6):
            rng = np.random.default_rng(seed)
            x = rng.standard_normal((rng.integers(1, 120), rng.integers(1, 6)))
            for metric, eps in (("cosine", 0.05), ("cosine", 0.4), ("euclidean", 0.7)):
                for m in (1, 3, 8):
                    for center in (False, True) if metric == "cosine" and len(x) > 2 and x.shape[1] > 1 else (False,):
                        labels = libgrasp.dbscan(x, eps, m, metric, center)
                        np.testing.assert_array_equal(labels, brute_dbscan(x, eps, m, metric, center))
        self.assertEqual(labels.dtype, np.int64)

    def test_any_number_of_threads(self):
        x = two_classes(900)[0]
        one = libgrasp.dbscan(x, 0.2, 10)
        for n in (0, 2, 3):
            np.testing.assert_array_equal(one, libgrasp.dbscan(x, 0.2, 10, n_threads=n))

    @unittest.skipIf(cluster is None, "scikit-learn is missing")
    def test_equals_scikit_learn(self):
        for dtype in (np.float32, np.float64):
            x = two_classes(600)[0].astype(dtype)
            for metric, eps in (("cosine", 0.1), ("cosine", 0.5), ("euclidean", 0.4)):
                theirs = cluster.DBSCAN(eps=eps, min_samples=10, metric=metric).fit_predict(x)
                np.testing.assert_array_equal(libgrasp.dbscan(x, eps, 10, metric), theirs)


class Silhouette(unittest.TestCase):
    def test_equals_brute_force(self):
        x, _, groups = two_classes(150)
        for metric in ("cosine", "euclidean"):
            wanted = brute_silhouette(x, groups, metric)
            np.testing.assert_allclose(libgrasp.silhouette(x, groups, metric, per_sample=True), wanted, atol=1e-10)
            self.assertAlmostEqual(libgrasp.silhouette(x, groups, metric), wanted.mean(), 12)
            kept = groups >= 0
            inside = brute_silhouette(x[kept], groups[kept], metric).mean()
            self.assertAlmostEqual(libgrasp.silhouette(x, groups, metric, noise="exclude"), inside, 12)

    def test_labels_are_names(self):
        x, y, _ = two_classes(60)
        self.assertEqual(libgrasp.silhouette(x, y), libgrasp.silhouette(x, 17 * y - 1000))
        odd = np.where(y == 0, -1, -2)
        self.assertAlmostEqual(libgrasp.silhouette(x, odd), libgrasp.silhouette(x, y), 12)
        self.assertEqual(libgrasp.silhouette(x, odd, noise="exclude"), -1)  # one cluster is left

    @unittest.skipIf(metrics is None, "scikit-learn is missing")
    def test_equals_scikit_learn(self):
        x, _, groups = two_classes(500)
        for metric in ("cosine", "euclidean"):
            self.assertAlmostEqual(
                libgrasp.silhouette(x, groups, metric), metrics.silhouette_score(x, groups, metric=metric), 12
            )


class AdjustedRand(unittest.TestCase):
    def test_by_counting_pairs(self):
        rng = np.random.default_rng(1)
        for _ in range(20):
            a, b = rng.integers(-1, 4, 40), rng.integers(0, 3, 40)
            upper = np.triu_indices(40, 1)
            same_a, same_b = (a[:, None] == a)[upper], (b[:, None] == b)[upper]
            expected = same_a.sum() * same_b.sum() / len(same_a)
            wanted = ((same_a & same_b).sum() - expected) / ((same_a.sum() + same_b.sum()) / 2 - expected)
            self.assertAlmostEqual(libgrasp.adjusted_rand(a, b), wanted, 12)
            kept = a >= 0
            self.assertEqual(libgrasp.adjusted_rand(a, b, noise="exclude"), libgrasp.adjusted_rand(a[kept], b[kept]))

    def test_labels_of_any_kind(self):
        self.assertEqual(libgrasp.adjusted_rand(["x", "y", "x"], [2.5, 0.0, 2.5]), 1.0)
        with self.assertRaisesRegex(libgrasp.DimensionError, "b has 2 labels, expected 3"):
            libgrasp.adjusted_rand([0, 1, 2], [0, 1])

    @unittest.skipIf(metrics is None, "scikit-learn is missing")
    def test_equals_scikit_learn(self):
        rng = np.random.default_rng(2)
        a, b = rng.integers(-1, 9, 1000), rng.integers(0, 5, 1000)
        self.assertAlmostEqual(libgrasp.adjusted_rand(a, b), metrics.adjusted_rand_score(a, b), 14)


class GroupAccuracy(unittest.TestCase):
    def test_shares(self):
        accuracy = libgrasp.group_accuracy(
            [0, 0, 2, 2, -1], ["a", "b", "a", "a", "b"], ["a", "a", "a", "a", "a"], n_groups=4
        )
        np.testing.assert_array_equal(accuracy, [0.5, np.nan, 1.0, np.nan])


if __name__ == "__main__":
    unittest.main()
