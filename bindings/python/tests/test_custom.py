# SPDX-License-Identifier: BSD-3-Clause
"""A model through callbacks: softmax regression in NumPy beside the library's own."""
import gc
import unittest

import numpy as np

import libgrasp
from libgrasp import _custom
from support import two_classes


class Regression(libgrasp.Hooks):
    def __init__(self, x, y):
        self.x, self.y = np.concatenate([x, np.ones((len(x), 1))], 1), y
        self.w = np.zeros((2, self.x.shape[1]))

    def proba(self, rows):
        z = self.x[rows] @ self.w.T
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def delta(self, rows):
        return self.proba(rows) - np.eye(2)[self.y[rows]]

    def n_rows(self):
        return len(self.y)

    def n_classes(self):
        return 2

    def n_params(self):
        return self.w.size

    def labels(self, rows):
        return self.y[rows]

    def get_params(self):
        return self.w.ravel()

    def set_params(self, theta):
        self.w = theta.reshape(self.w.shape)

    def loss(self, rows):
        return -np.log(self.proba(rows)[np.arange(len(rows)), self.y[rows]])

    def weighted_grad(self, rows, weight):
        return ((self.delta(rows) * weight[:, None]).T @ self.x[rows]).ravel()

    def predict(self, rows):
        return self.proba(rows).argmax(1)

    def logits(self, rows):
        return self.x[rows] @ self.w.T

    def layers(self):
        return [(self.x.shape[1] - 1, 2, 1, True)]

    def sample_factors(self, layer, rows):
        return self.x[rows][:, :-1], self.delta(rows)

    def clone(self):
        other = Regression(self.x[:, :-1], self.y)
        other.w = self.w.copy()
        return other


class Callbacks(unittest.TestCase):
    def test_equals_the_librarys_own(self):
        x, y, groups = two_classes(300)
        one, two = libgrasp.CustomModel(Regression(x, y)), libgrasp.Softmax(8, 2).bind(x, y)
        self.assertLess(one.check_gradients(), 1e-6)
        for model in (one, two):
            libgrasp.train("erm", model, optimizer="lbfgs")
        np.testing.assert_allclose(one.logits(), two.logits(), atol=1e-5)
        two.params = one.params
        np.testing.assert_allclose(one.gradients().numpy(), two.gradients().numpy(), atol=1e-12)
        np.testing.assert_array_equal(libgrasp.learn_groups("grasp", one, infer__eps=0.2, infer__min_samples=10).labels,
                                      libgrasp.learn_groups("grasp", two, infer__eps=0.2, infer__min_samples=10).labels)
        libgrasp.train("gdro", one, groups, epochs=1)

    def test_exceptions_come_out_as_themselves(self):
        x, y, _ = two_classes(50)
        model = libgrasp.CustomModel(Regression(x, y))
        before = model.params
        model.hooks.delta = lambda rows: 1 / 0
        for call in (lambda: libgrasp.train("erm", model), model.gradients):
            self.assertRaises(ZeroDivisionError, call)
        np.testing.assert_array_equal(model.params, before)
        model.hooks.proba = lambda rows: {}["nothing"]
        self.assertRaises(KeyError, model.loss)
        with self.assertRaises(libgrasp.NumericError):
            model.hooks.loss = lambda rows: np.full(len(rows), np.nan)
            model.loss()
        with self.assertRaises(ValueError):
            model.hooks.loss = lambda rows: np.zeros(len(rows) + 1)
            model.loss()

    def test_missing_hooks_are_named(self):
        with self.assertRaisesRegex(libgrasp.UnsupportedError, "features"):
            libgrasp.CustomModel(Regression(*two_classes(50)[:2])).features()

    def test_hooks_are_let_go(self):
        count = len(_custom._hooks)
        models = [libgrasp.CustomModel(Regression(*two_classes(50)[:2])) for _ in range(3)]
        models.append(models[0].copy())
        self.assertEqual(len(_custom._hooks), count + 4)
        del models
        gc.collect()
        self.assertEqual(len(_custom._hooks), count)


if __name__ == "__main__":
    unittest.main()
