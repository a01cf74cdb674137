# SPDX-License-Identifier: BSD-3-Clause
"""infer_groups, learn_groups, fit: against the same steps by hand, and against planted groups."""
import pickle
import tempfile
import unittest

import numpy as np

import libgrasp
from support import brute_dbscan, brute_silhouette, two_classes

GRID = {"eps": [0.05, 0.2, 0.5], "min_samples": [3, 10]}


class InferGroups(unittest.TestCase):
    def test_equals_the_steps_by_hand(self):
        x, y, _ = two_classes(240)
        result = libgrasp.infer_groups(x, y, **GRID)
        self.assertEqual(result.scores.shape, (2, 3, 2))
        offset = 0
        for k in (0, 1):
            rows = x[y == k]
            for i, eps in enumerate(GRID["eps"]):
                for j, m in enumerate(GRID["min_samples"]):
                    labels = brute_dbscan(rows, eps, m, "cosine", True)
                    np.testing.assert_array_equal(result.labels_at(k, eps, m), labels)
                    count = len(np.unique(labels))
                    score = (
                        brute_silhouette(rows - rows.mean(0), labels, "cosine").mean() if 1 < count < len(rows) else -1
                    )
                    self.assertAlmostEqual(result.scores[k, i, j], score, 9)
            best = np.unravel_index(result.scores[k].argmax(), (3, 2))
            self.assertEqual(
                (result.eps[k], result.min_samples[k]), (GRID["eps"][best[0]], GRID["min_samples"][best[1]])
            )
            self.assertEqual(result.score[k], result.scores[k].max())
            chosen = result.labels_at(k, result.eps[k], result.min_samples[k])
            np.testing.assert_array_equal(result.labels[y == k], np.where(chosen < 0, -1, chosen + offset))
            offset += chosen.max() + 1
        self.assertEqual(result.n_groups, offset)
        self.assertEqual(result.n_noise, (result.labels == -1).sum())
        np.testing.assert_array_equal(result.grid_eps, GRID["eps"])
        np.testing.assert_array_equal(result.grid_min_samples, GRID["min_samples"])

    def test_finds_planted_groups(self):
        x, y, groups = two_classes(1000)
        result = libgrasp.infer_groups(x, y, eps=[0.1, 0.2, 0.3], min_samples=[10, 20])
        kept = groups >= 0
        self.assertGreater(libgrasp.adjusted_rand(result.labels[kept], groups[kept]), 0.95)

    def test_truth_and_scores(self):
        x, y, groups = two_classes(300)
        by_truth = libgrasp.infer_groups(x, y, score="ari", truth=groups, **GRID)
        for score in ("silhouette", "silhouette_euclidean"):
            other = libgrasp.infer_groups(x, y, score=score, **GRID)
            within = [
                [libgrasp.adjusted_rand(r.labels[y == k], groups[y == k]) for k in (0, 1)] for r in (by_truth, other)
            ]
            self.assertGreaterEqual(min(within[0]) + 1e-12, min(within[1]))
        with self.assertRaises(libgrasp.Error):
            libgrasp.infer_groups(x, y, score="ari", **GRID)

    def test_classes_of_any_kind(self):
        x, y, _ = two_classes(200)
        wanted = libgrasp.infer_groups(x, y, **GRID)
        for classes in (
            np.array(["cat", "dog"])[y],
            y * 0.5,
            y.astype(bool),
            (y * 7 - 100).astype(np.int32),
            y.astype(np.uint64) + 2**63,
        ):
            result = libgrasp.infer_groups(x, classes, **GRID)
            np.testing.assert_array_equal(result.labels, wanted.labels)
            np.testing.assert_array_equal(result.classes, np.unique(classes))
            np.testing.assert_array_equal(result.assign(x, classes), wanted.labels)
            np.testing.assert_array_equal(result.labels_at(np.unique(classes)[1], 0.2, 3), wanted.labels_at(1, 0.2, 3))

    def test_assign(self):
        x, y, _ = two_classes(400)
        result = libgrasp.infer_groups(x[:300], y[:300], **GRID)
        np.testing.assert_array_equal(result.assign(x[:300], y[:300]), result.labels)
        new = result.assign(x[300:], y[300:])
        for i, label in enumerate(new, 300):  # the lowest cluster with a core within eps
            k = y[i]
            rows = x[:300][y[:300] == k]
            mean = rows.mean(0)
            own = result.labels[y[:300] == k]
            u = (rows - mean) / np.linalg.norm(rows - mean, axis=1, keepdims=True)
            near = 1 - u @ ((x[i] - mean) / np.linalg.norm(x[i] - mean)) <= result.eps[k]
            cores = (1 - u @ u.T <= result.eps[k]).sum(1) >= result.min_samples[k]
            around = own[near & cores]
            self.assertEqual(label, around.min() if len(around) else -1)
        np.testing.assert_array_equal(result.assign(x[300:], np.full(100, 99)), -1)

    def test_saved_and_pickled(self):
        x, y, _ = two_classes(200)
        names = np.array(["a", "b"])[y]
        result = libgrasp.infer_groups(x, names, **GRID)
        with tempfile.TemporaryDirectory() as folder:
            result.save(folder + "/groups")
            loaded = libgrasp.GroupInference.load(folder + "/groups")
        np.testing.assert_array_equal(loaded.assign(x, y), result.labels)
        again = pickle.loads(pickle.dumps(result))
        np.testing.assert_array_equal(again.assign(x, names), result.labels)
        np.testing.assert_array_equal(again.scores, result.scores)
        with self.assertRaisesRegex(libgrasp.StateError, "gradients are not at hand"):
            again.labels_at("a", 0.1, 3)

    def test_a_grid_means_density_clustering(self):
        """Whatever the library's default is; and without one the default it is."""
        (mode,) = [p for p in libgrasp.parameters("infer") if p["name"] == "mode"]
        density = "density" if "density" in mode["range"].split("|") else "default"
        x, y, _ = two_classes(200)
        for given in (
            GRID,
            {"eps": 0.2},
            {"score": "silhouette"},
            {"metric": "cosine"},
            {"center": True},
            {"noise": "exclude"},
        ):
            np.testing.assert_array_equal(libgrasp.infer_groups(x, y, **given).scores,
                                          libgrasp.infer_groups(x, y, mode=density, **given).scores)
        np.testing.assert_array_equal(
            libgrasp.infer_groups(x, y).labels, libgrasp.infer_groups(x, y, mode=mode["default"]).labels
        )

    def test_hardly_any_samples(self):
        for n in range(4):
            x, y = np.eye(3)[:n], np.arange(n) % 2
            for given in ({}, GRID):
                with self.subTest(n=n, **given):
                    self.assertEqual(len(libgrasp.infer_groups(x, y, **given).labels), n)


class FromModels(unittest.TestCase):
    def setUp(self):
        x, self.y, self.groups = two_classes(400)
        x[self.groups == 3] *= -1
        self.x = x
        self.model = libgrasp.Softmax(8, 2).bind(x, self.y)
        libgrasp.train("erm", self.model)

    def test_learn_groups(self):
        before = self.model.params
        labels, report = libgrasp.learn_groups("grasp", self.model, infer={"eps": [0.1, 0.3], "min_samples": 10},
                                               truth=self.groups)
        np.testing.assert_array_equal(self.model.params, before)
        by_hand = libgrasp.infer_groups(self.model.gradients(), self.y, [0.1, 0.3], 10)
        np.testing.assert_array_equal(labels, by_hand.labels)
        self.assertAlmostEqual(report["ari"], libgrasp.adjusted_rand(labels, self.groups), 12)
        train, val = np.arange(0, 400, 2), np.arange(1, 400, 2)
        labels, _ = libgrasp.learn_groups("class", self.model, train, val)
        np.testing.assert_array_equal(labels, np.concatenate([self.y[train], self.y[val]]))

    def test_every_method(self):
        """All that the library has, by one call; those of the error set agree with it."""
        errors = 2 * self.y + (self.model.predict() != self.y)
        for method in ("class", "grasp", "feasp", "jtt", "eiil"):
            labels, report = libgrasp.learn_groups(method, self.model, truth=self.groups)
            self.assertEqual(len(labels), 400)
            self.assertAlmostEqual(report["ari"], libgrasp.adjusted_rand(labels, self.groups), 12)
        for labels, _ in (
            libgrasp.learn_groups("jtt", self.model),
            libgrasp.infer_outputs("jtt", self.model.logits(), self.y),
        ):
            self.assertEqual(libgrasp.adjusted_rand(labels, errors), 1.0)
        one, two = libgrasp.infer_outputs("eiil", self.model.logits(), self.y, steps=50), libgrasp.learn_groups(
            "eiil", self.model, steps=50)
        np.testing.assert_array_equal(one.labels, two.labels)

    def test_points(self):
        """The model's own features and losses, or inputs, as points: the same groups as from the model."""
        train, val = np.arange(0, 400, 2), np.arange(1, 400, 2)
        order = np.concatenate([train, val])
        own = libgrasp.learn_groups("george", self.model, train, val, k=4)
        points = libgrasp.learn_groups_points("george", self.model.features()[order], self.y[order].astype(str),
                                              self.model.loss(train), len(val), k=4)
        np.testing.assert_array_equal(points.labels, own.labels)
        np.testing.assert_array_equal(
            libgrasp.learn_groups_points("feasp", self.x, self.y, truth=self.groups).labels,
            libgrasp.learn_groups("feasp", self.model).labels,
        )
        for wrong, error in (
            ({"losses": [1.0]}, libgrasp.DimensionError),
            ({"n_val": 401}, libgrasp.ArgumentError),
            ({"n_val": 400}, libgrasp.EmptyError),
            ({"reduction": "hardness"}, libgrasp.UnsupportedError),
        ):
            with self.subTest(wrong), self.assertRaises(error):
                libgrasp.learn_groups_points("george", self.x, self.y, **wrong)

    def test_fit(self):
        mask = np.arange(400) < 300
        result, report = libgrasp.fit(
            self.model, mask, ~mask, infer__eps=[0.1, 0.3], infer__min_samples=10, gdro__epochs=3
        )
        self.assertEqual(len(result.labels), 400)
        self.assertIn("gdro.rate", report)
        self.assertEqual(result.scores.shape, (2, 2, 1))


if __name__ == "__main__":
    unittest.main()
