#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_train.py: writes the fixtures of check_train beside this script, from synthetic_clean.csv. Needs numpy and scikit-learn.

  expected_trajectory.txt  method weight_decay step adjustment normalize epoch, then theta (w1 w2 b) after so many epochs, and for gdro
                           the four group weights (else zeros). Logistic regression from zero on the first 30 rows in order, batches of
                           7. method: 0 adam, 1 sgd, 2 adam on sums, 3 gdro with sgd. Rates .05, momentum .9. Plain Python, after the
                           formulas in the documentation of torch.optim.Adam and torch.optim.SGD, and algorithm 1 of Sagawa et al. 2020.
  expected_optimum.txt     outputs l2, then w1 w2 b of each of three outputs (zeros where there are fewer), of scikit-learn's
                           LogisticRegression on the training rows, C = 1 / (l2 n). outputs 1: y; 3: g mod 3, biases centred.
"""
import csv
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def read():
    with open(os.path.join(HERE, "synthetic_clean.csv"), encoding="ascii") as f:
        rows = list(csv.DictReader(f))
    return [([float(r["x1"]), float(r["x2"])], int(r["y"]), int(r["g"]), r["split"]) for r in rows]


def write(name, lines):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as f:
        f.writelines(" ".join(repr(v) for v in line) + "\n" for line in lines)


def loss_and_gradient(theta, x, y):
    z = theta[0] * x[0] + theta[1] * x[1] + theta[2]
    loss = max(z, 0) - z * y + math.log1p(math.exp(-abs(z)))
    residual = 1 / (1 + math.exp(-z)) - y
    return loss, [residual * x[0], residual * x[1], residual]


class Adam:
    def __init__(self, rate, weight_decay):
        self.rate, self.decay, self.t, self.m, self.v = rate, weight_decay, 0, [0.0] * 3, [0.0] * 3

    def step(self, theta, grad):
        self.t += 1
        for j in range(3):
            g = grad[j] + self.decay * theta[j]
            self.m[j] = 0.9 * self.m[j] + 0.1 * g
            self.v[j] = 0.999 * self.v[j] + 0.001 * g * g
            m = self.m[j] / (1 - 0.9 ** self.t)
            v = self.v[j] / (1 - 0.999 ** self.t)
            theta[j] -= self.rate * m / (math.sqrt(v) + 1e-8)


class Sgd:
    def __init__(self, rate, weight_decay):
        self.rate, self.decay, self.b = rate, weight_decay, None

    def step(self, theta, grad):
        g = [grad[j] + self.decay * theta[j] for j in range(3)]
        self.b = g if self.b is None else [0.9 * self.b[j] + g[j] for j in range(3)]
        for j in range(3):
            theta[j] -= self.rate * self.b[j]


def trajectory(data, method, decay, step=0.0, adjustment=0.0, normalize=0, epochs=5):
    theta, q = [0.0] * 3, [0.25] * 4
    optimizer = Adam(0.05, decay) if method in (0, 2) else Sgd(0.05, decay)
    size = [sum(g == k for _, _, g, _ in data) for k in range(4)]
    for epoch in range(1, epochs + 1):
        for at in range(0, len(data), 7):
            batch = data[at:at + 7]
            found = [loss_and_gradient(theta, x, y) for x, y, _, _ in batch]
            if method == 3:
                mean, count = [0.0] * 4, [0] * 4
                for (loss, _), (_, _, g, _) in zip(found, batch):
                    mean[g] += loss
                    count[g] += 1
                mean = [m / c if c else 0.0 for m, c in zip(mean, count)]
                adjusted = [m + adjustment / math.sqrt(n) for m, n in zip(mean, size)]
                if normalize:
                    adjusted = [a / sum(adjusted) for a in adjusted]
                q = [a * math.exp(step * b) for a, b in zip(q, adjusted)]
                q = [a / sum(q) for a in q]
                weight = [q[g] / count[g] for _, _, g, _ in batch]
            else:
                weight = [1.0 if method == 2 else 1 / len(batch)] * len(batch)
            optimizer.step(theta, [sum(w * f[1][j] for w, f in zip(weight, found)) for j in range(3)])
        yield [method, decay, step, adjustment, normalize, epoch, *theta, *(q if method == 3 else [0.0] * 4)]


def optima(data):
    import numpy
    from sklearn.linear_model import LogisticRegression
    train = [d for d in data if d[3] == "train"]
    x = numpy.array([d[0] for d in train])
    for outputs in (1, 3):
        y = numpy.array([d[1] if outputs == 1 else d[2] % 3 for d in train])
        for l2 in (0.1 / len(train), 0.01, 1.0):
            fit = LogisticRegression(C=1 / (l2 * len(train)), tol=1e-13, max_iter=100000,
                                     solver="newton-cholesky" if outputs == 1 else "newton-cg").fit(x, y)
            intercept = fit.intercept_ - (fit.intercept_.mean() if outputs == 3 else 0)
            line = [float(v) for w, b in zip(fit.coef_, intercept) for v in (*w, b)]
            yield [outputs, l2, *line, *([0.0] * (9 - len(line)))]


def main():
    try:
        import numpy, sklearn  # noqa: F401
    except ImportError as missing:
        print(f"skipped: {missing}")
        return 0
    data = read()
    few = data[:30]
    lines = [*trajectory(few, 0, 0.0), *trajectory(few, 0, 0.1), *trajectory(few, 1, 0.0), *trajectory(few, 1, 0.1),
             *trajectory(few, 2, 0.01), *trajectory(few, 3, 0.01, 0.1), *trajectory(few, 3, 0.01, 0.5, 2.0),
             *trajectory(few, 3, 0.0, 0.5, 1.0, 1)]
    write("expected_trajectory.txt", lines)
    write("expected_optimum.txt", list(optima(data)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
