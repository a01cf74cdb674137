# SPDX-License-Identifier: BSD-3-Clause
"""Models and training: against NumPy."""
import pickle
import tempfile
import unittest

import numpy as np

import libgrasp
from support import two_classes


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


class Models(unittest.TestCase):
    def test_softmax_by_hand(self):
        x, y, _ = two_classes(100)
        model = libgrasp.Softmax(8, 2).bind(x, y)
        theta = np.random.default_rng(0).standard_normal(18)
        model.params = theta
        np.testing.assert_array_equal(model.params, theta)
        weights = theta.reshape(2, 9)
        proba = softmax(x @ weights[:, :8].T + weights[:, 8])
        np.testing.assert_allclose(model.predict_proba(), proba, rtol=1e-12)
        np.testing.assert_allclose(model.predict_proba(x[::3].astype(np.float32)), proba[::3], rtol=1e-5)
        np.testing.assert_array_equal(model.predict(), proba.argmax(1))
        np.testing.assert_allclose(model.loss([5, 5, 7]), -np.log(proba[[5, 5, 7], y[[5, 5, 7]]]), rtol=1e-11)
        delta = proba - np.eye(2)[y]
        rows = (delta[:, :, None] * np.concatenate([x, np.ones((100, 1))], 1)[:, None]).reshape(100, 18)
        for form in ("dense", "factored"):
            np.testing.assert_allclose(model.gradients(form=form).numpy(), rows, atol=1e-14)
        np.testing.assert_array_equal(model.torch_params, np.concatenate([weights[:, :8].ravel(), weights[:, 8]]))
        model.torch_params = model.torch_params * 2
        np.testing.assert_array_equal(model.params, theta * 2)

    def test_mlp_and_logistic(self):
        x, y, _ = two_classes(60)
        mlp = libgrasp.MLP([8, 7, 5, 2], seed=3).bind(x, y)
        self.assertEqual(mlp.n_params, 7 * 9 + 5 * 8 + 2 * 6)
        self.assertEqual(mlp.features().shape, (60, 5))
        np.testing.assert_array_equal(mlp.params, libgrasp.MLP([8, 7, 5, 2], seed=3).params)
        logistic = libgrasp.Logistic(8).bind(x, y)
        libgrasp.train("erm", logistic)
        self.assertGreater((logistic.predict() == y).mean(), 0.8)

    def test_copies_files_pickles(self):
        x, y, _ = two_classes(60)
        model = libgrasp.MLP([8, 5, 2]).bind(x, y)
        other = model.copy()
        libgrasp.train("erm", other, epochs=1, rate=0.01)
        self.assertFalse(np.array_equal(other.params, model.params))
        with tempfile.TemporaryDirectory() as folder:
            model.save(folder + "/m")
            loaded = libgrasp.Model.load(folder + "/m")
        self.assertIsInstance(loaded, libgrasp.MLP)
        for again in (loaded, pickle.loads(pickle.dumps(model))):
            np.testing.assert_array_equal(again.params, model.params)
            np.testing.assert_array_equal(again.predict(x), model.predict())


class Training(unittest.TestCase):
    def test_group_dro_lifts_the_worst_group(self):
        rng = np.random.default_rng(0)
        n = 2000
        y, minority = rng.integers(0, 2, n), rng.random(n) < 0.05
        x = np.stack(
            [2 * y - 1 + rng.standard_normal(n), 3.0 * (2 * np.where(minority, 1 - y, y) - 1) + rng.standard_normal(n)],
            1,
        )
        groups = 2 * y + minority
        worst = {}
        for method in ("erm", "gdro"):
            model = libgrasp.Softmax(2, 2).bind(x, y)
            report = libgrasp.train(method, model, groups, n_threads=2, rate=0.01, epochs=20, **(
                {"optimizer": "adam"} if method == "erm" else {}))
            worst[method] = np.nanmin(libgrasp.group_accuracy(groups, y, model.predict()))
            self.assertEqual(len(report["loss"]), 20)
        self.assertGreater(worst["gdro"], worst["erm"] + 0.2)

    def test_train_gdro_is_train(self):
        x, y, groups = two_classes(200)
        one, two = (libgrasp.Softmax(8, 2).bind(x, y) for _ in range(2))
        libgrasp.train_gdro(one, groups, epochs=2, seed=5)
        libgrasp.train("gdro", two, groups, epochs=2, seed=5)
        np.testing.assert_array_equal(one.params, two.params)
        with self.assertRaises(libgrasp.ArgumentError):
            libgrasp.train("gdro", one)

    def test_the_weights_step(self):
        log_q = np.log([0.5, 0.25, 0.25])
        loss = np.array([1.0, 3.0, 0.0])
        q = np.exp(log_q + 0.1 * loss)
        np.testing.assert_allclose(np.exp(libgrasp.gdro_step(log_q, loss, 0.1)), q / q.sum(), rtol=1e-14)
        np.testing.assert_array_equal(log_q, np.log([0.5, 0.25, 0.25]))

    def test_parameters(self):
        for algorithm in libgrasp.algorithms():
            for entry in libgrasp.parameters(algorithm):
                self.assertTrue(entry["help"] and entry["name"], entry)
        model = libgrasp.Softmax(8, 2).bind(*two_classes(50)[:2])
        for options, words in (({"rate": "quick"}, "rate"), ({"epochs": 2.5}, "whole"), ({"optimizer": 3}, "word"),
                               ({"epochs": -1}, "epochs")):
            with self.assertRaisesRegex(libgrasp.ParameterError, words):
                libgrasp.train("erm", model, **options)
        libgrasp.train("erm", model, rate="0.1,0.2", epochs=np.int32(2), optimizer="adam", shuffle=True)


if __name__ == "__main__":
    unittest.main()
