# SPDX-License-Identifier: BSD-3-Clause
"""TorchModel: gradients against autograd sample by sample, for layers of every kind; training; group DRO."""
import unittest
import warnings
from unittest import mock

import numpy as np

import libgrasp

try:
    import torch
    from torch import nn
except ImportError:
    torch = None
    nn = None


# Parameters that are no layer's: an attention's, an embedding's, a grouped convolution's.
AS_THEY_ARE = [(24, 8), (11, 8), (6, 20, 1, 1)]


def by_autograd(module, x, y, owners):
    """Rows (n, p): one backward pass a sample; of a weight and a bias one row (weights, bias) per output."""
    module.eval()
    rows = []
    for i in range(len(y)):
        inputs = tuple(t[i:i + 1] for t in x) if isinstance(x, tuple) else (x[i:i + 1],)
        loss = nn.functional.cross_entropy(module(*inputs), y[i:i + 1])
        parts = []
        for own in owners:
            grads = [g if g is not None else torch.zeros_like(p) for g, p in
                     zip(torch.autograd.grad(loss, own, retain_graph=True, allow_unused=True), own)]
            if own[0].dim() > 1 and len(own) == 1 + (own[-1].dim() == 1) and own[0].shape not in AS_THEY_ARE:
                parts.append(torch.cat([g.reshape(len(g), -1) for g in grads], 1).reshape(-1))
            else:
                parts += [g.reshape(-1) for g in grads]
        rows.append(torch.cat(parts).numpy())
    return np.stack(rows)


@unittest.skipIf(torch is None, "torch is missing")
class Gradients(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        torch.set_num_threads(1)

    def compare(self, module, x, y, kinds=None, **options):
        """Of all layers at once; kinds: the shapes that are expected."""
        module = module.double()
        before = {m: m.training for m in module.modules()}
        model = libgrasp.TorchModel(
            module, (x, y) if not isinstance(x, tuple) else Pairs(x, y), batch_size=7, **options
        )
        gradients = model.gradients(dtype=np.float64)
        own = [m for m in module.modules() if any(True for _ in m.parameters(recurse=False))]
        seen = set()
        own = [[p for p in m.parameters(recurse=False) if not (id(p) in seen or seen.add(id(p)))] for m in own]
        self.assertEqual(before, {m: m.training for m in module.modules()})
        wanted = by_autograd(module, x, y, own)
        np.testing.assert_allclose(gradients.numpy(), wanted, atol=1e-10 * max(1, abs(wanted).max()))
        self.assertTrue(gradients.is_factored)
        if kinds is not None:
            self.assertEqual(list(model.layers.values()), kinds)
        np.testing.assert_allclose(
            model.hooks.weighted_grad(np.arange(len(y)), np.ones(len(y))), wanted.sum(0), atol=1e-9
        )
        theta = model.params
        model.params = theta * 1.5
        np.testing.assert_allclose(model.params, theta * 1.5, rtol=1e-15)
        self.assertLess(model.check_gradients(n=3), 1e-5)
        return model

    def test_perceptron(self):
        x, y = torch.randn(20, 6, dtype=torch.float64), torch.randint(0, 3, (20,))
        module = nn.Sequential(nn.Linear(6, 9), nn.Tanh(), nn.Linear(9, 4, bias=False), nn.Softplus(), nn.Linear(4, 3))
        self.compare(module, x, y, [(6, 9, 1, True), (9, 4, 1, False), (4, 3, 1, True)])

    def test_convolutions(self):
        x, y = torch.randn(12, 2, 9, 8, dtype=torch.float64), torch.randint(0, 3, (12,))
        module = nn.Sequential(
            nn.Conv2d(2, 3, 3, padding=1, stride=2),
            nn.Softplus(),
            nn.Conv2d(3, 40, (2, 3), dilation=(2, 1)),
            nn.Tanh(),
            nn.Conv2d(40, 6, 1, groups=2),
            nn.Flatten(),
            nn.LazyLinear(3),
        )
        module.double()(x)
        model = self.compare(module, x, y)
        self.assertEqual(model.layers["2"], (18, 40, 6, True))       # factors are smaller
        self.assertEqual(model.layers["0"], (3 * 19, 1, 1, False))   # the gradient itself is smaller
        line = nn.Sequential(
            nn.Conv1d(2, 5, 3, padding="same", padding_mode="circular"),
            nn.Tanh(),
            nn.Conv1d(5, 4, 4),
            nn.Flatten(),
            nn.LazyLinear(3),
        )
        line.double()(x[:, :, 0])
        self.compare(line, x[:, :, 0], y)

    def test_other_layers(self):
        x, y = torch.randint(0, 11, (15, 5)), torch.randint(0, 3, (15,))

        class Sequence(nn.Module):
            def __init__(self):
                super().__init__()
                self.words = nn.Embedding(11, 8)
                self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
                self.norm = nn.LayerNorm(8)
                self.shared = nn.Linear(8, 8)
                self.scale = nn.Parameter(torch.ones(8))
                self.head = nn.Linear(8, 3)
                self.twin = nn.Linear(8, 8)
                self.twin.weight = self.shared.weight  # its bias is its own

            def forward(self, x):
                e = self.twin(self.words(x))
                e = self.norm(e + self.attention(e, e, e, need_weights=False)[0])
                e = torch.tanh(self.shared(torch.tanh(self.shared(e))))  # used twice
                return self.head((e * self.scale).mean(1))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch, about its own speed
            model = self.compare(Sequence(), x, y)
        self.assertEqual(model.layers["head"], (8, 3, 1, True))

    def test_changes_in_place_and_ties(self):
        x, y = torch.randn(10, 6, dtype=torch.float64), torch.randint(0, 6, (10,))

        class Tied(nn.Module):
            def __init__(self):
                super().__init__()
                self.one = nn.Linear(6, 6)
                self.relu = nn.ReLU(inplace=True)

            def forward(self, x):
                return nn.functional.linear(
                    self.relu(self.one(x)) * 2, self.one.weight
                )  # a hook sees but one of two uses

        model = self.compare(Tied(), x, y)
        self.assertEqual(model.layers["one"], (42, 1, 1, False))

    def test_two_inputs(self):
        x, y = (torch.randn(9, 4, dtype=torch.float64), torch.randn(9, 3, dtype=torch.float64)), torch.randint(
            0, 2, (9,)
        )

        class Both(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Linear(4, 2), nn.Linear(3, 2)

            def forward(self, u, v):
                return self.a(u) + self.b(v)

        self.compare(Both(), x, y)

    def test_chosen_layers(self):
        x, y = torch.randn(8, 5), torch.randint(0, 2, (8,))
        module = nn.Sequential()
        module.add_module("body", nn.Sequential(nn.Linear(5, 6), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(6, 4)))
        module.add_module("fc", nn.Linear(4, 2))
        module.body[0].weight.requires_grad_(False)
        model = libgrasp.TorchModel(module, (x, y), layers="fc")
        self.assertEqual(model.gradients().shape, (8, 10))
        self.assertEqual(list(model.layers), ["fc"])
        self.assertEqual(model.gradients([3, 3], layers=["body.3", "fc"]).shape, (2, 28 + 10))
        self.assertEqual(model.gradients(layers=[module.body]).shape, (8, 6 + 28))
        with self.assertRaisesRegex(libgrasp.ArgumentError, "'tail' is no layer .*'fc'"):
            model.gradients(layers="tail")
        self.assertEqual(model.n_params, 6 + 28 + 10)

    def test_errors_of_the_callers(self):
        x, y = torch.randn(8, 5), torch.randint(0, 2, (8,))
        model = libgrasp.TorchModel(nn.Linear(5, 2), (x, y))
        model.module.weight.data[0, 0] = float("nan")
        self.assertRaises(libgrasp.NumericError, model.gradients)
        model.hooks._loss = lambda z, y: 1 / 0
        self.assertRaises(ZeroDivisionError, model.loss)
        with self.assertRaisesRegex(libgrasp.ArgumentError, "one value for each"):
            libgrasp.TorchModel(nn.Linear(5, 2), (x, y), loss=nn.functional.cross_entropy)


class Pairs:
    """A data set whose inputs are tuples."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return tuple(t[i] for t in self.x), int(self.y[i])


def planted(n=1500, seed=0):
    """A shortcut that is right for 95 % of the samples, and a core feature."""
    rng = np.random.default_rng(seed)
    y, minority = rng.integers(0, 2, n), rng.random(n) < 0.05
    core, short = 2 * y - 1 + rng.standard_normal(n), 3.0 * (
        2 * np.where(minority, 1 - y, y) - 1
    ) + rng.standard_normal(n)
    return np.stack([core, short], 1).astype(np.float32), y, 2 * y + minority


@unittest.skipIf(torch is None, "torch is missing")
class Training(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        torch.set_num_threads(1)

    def test_retrain_lifts_the_worst_group(self):
        x, y, groups = planted()
        model = libgrasp.TorchModel(nn.Linear(2, 2), (x, y))
        rows = np.arange(1000)
        worst = []
        for given in (np.zeros(len(y), int), groups):
            model.init(1)
            report = model.retrain(given, rows, np.arange(1000, 1500), rate=0.05, epochs=8, step=0.1)
            worst.append(np.nanmin(libgrasp.group_accuracy(groups, y, model.predict())))
        self.assertGreater(worst[1], worst[0] + 0.15)
        self.assertEqual(len(report["weight.3"]), 8)
        self.assertEqual(report["best_val_worst"], report["val_worst"][int(report["best_epoch"]) - 1])
        self.assertFalse(model.module.eval().training)
        model.retrain(groups, epochs=1)
        self.assertFalse(model.module.training)
        sums = sum(report[f"weight.{g}"] for g in range(4))
        np.testing.assert_allclose(sums, 1, rtol=1e-12)

    def test_retrain_is_the_librarys_group_dro(self):
        """On whole batches, where the order of rows does not matter; and in batches that lack a group."""
        x, y, groups = planted(400)
        x = x.astype(np.float64)
        sorted_rows = np.argsort(groups[:300], kind="stable")
        for rows, batch in ((np.arange(400), 400), (sorted_rows, 60)):
            own, theirs = libgrasp.Softmax(2, 2).bind(x, y), libgrasp.TorchModel(nn.Linear(2, 2).double(), (x, y))
            theirs.params = own.params
            report = libgrasp.train("gdro", own, groups, rows, optimizer="sgd", rate=0.05, weight_decay=0.001, step=0.1,
                                    adjustment=2.0, epochs=3, batch=batch, shuffle=False)
            with mock.patch("numpy.random.default_rng", lambda seed: mock.Mock(permutation=np.arange)):  # row order
                mine = theirs.retrain(groups, rows, rate=0.05, weight_decay=0.001, step=0.1, adjustment=2.0, epochs=3,
                                      batch_size=batch)
            np.testing.assert_allclose(theirs.params, own.params, rtol=1e-9)
            np.testing.assert_allclose(mine["loss"], report["loss"], rtol=1e-9)
            for g in range(4):
                np.testing.assert_allclose(mine[f"weight.{g}"], report[f"group.weight.{g}"], rtol=1e-9)

    def test_outliers_leave_no_trace(self):
        x, y, groups = planted(300)
        dropped = np.where(np.arange(300) % 3 == 0, -1, groups)
        results = []
        for poison in (0.0, 1e3):
            data = x.copy()
            data[dropped == -1] += poison
            model = libgrasp.TorchModel(nn.Linear(2, 2), (data, y))
            model.init(0)
            model.retrain(dropped, epochs=2)
            results.append(model.params)
        np.testing.assert_array_equal(*results)

    def test_the_librarys_methods_take_it(self):
        x, y, groups = planted(600)
        model = libgrasp.TorchModel(nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2)), (x, y))
        same = libgrasp.Softmax(2, 2).bind(x, y)
        linear = libgrasp.TorchModel(nn.Linear(2, 2).double(), (x.astype(np.float64), y))
        linear.params = same.params
        for options in ({"optimizer": "adam", "rate": 0.01, "epochs": 2},):
            one, two = (libgrasp.train("gdro", m, groups, **options) for m in (same, linear))
            np.testing.assert_allclose(one["loss"], two["loss"], rtol=1e-6)
            np.testing.assert_allclose(same.params, linear.params, rtol=1e-5, atol=1e-7)
        libgrasp.train("erm", model, rate=0.01, epochs=3)
        labels, _ = libgrasp.learn_groups("grasp", model, infer__eps=[0.1, 0.3], infer__min_samples=10)
        by_hand = libgrasp.infer_groups(model.gradients(), y, [0.1, 0.3], 10).labels
        self.assertGreater(libgrasp.adjusted_rand(labels, by_hand), 0.98)
        result, report = libgrasp.fit(
            model,
            np.arange(400),
            np.arange(400, 600),
            erm__epochs=2,
            erm__rate=0.01,
            infer__eps=0.2,
            infer__min_samples=10,
            gdro__epochs=2,
            gdro__rate=0.01,
        )
        self.assertEqual(len(result.labels), 600)
        twin = model.copy()
        libgrasp.train("erm", twin, rate=0.1, epochs=1)
        self.assertFalse(np.array_equal(twin.params, model.params))

    def test_no_matrix_is_written(self):
        """Factors of a wide layer take what they take, not n x p."""
        x, y = torch.randn(600, 300), torch.randint(0, 10, (600,))
        model = libgrasp.TorchModel(nn.Linear(300, 10), (x, y))
        gradients = model.gradients()
        self.assertLess(gradients.nbytes, 2 * 600 * 310 * 4)
        self.assertEqual(gradients.shape[1], 3010)


if __name__ == "__main__":
    unittest.main()
