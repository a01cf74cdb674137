# SPDX-License-Identifier: BSD-3-Clause
"""The paper's experiment as its authors' script does it, with PyTorch and scikit-learn; bench/experiment.c does the same.

ERM by Adam in batches of 128; one backward call a sample for the gradients; for every setting of the 13 x 8 grid and
each class: centre, normalise, DBSCAN by cosine distance, Euclidean silhouette; the best setting's clusters are the
groups, noise is left out; group DRO (Sagawa et al. 2020, online) from ERM's parameters, the epoch with the best worst
validation group kept. The first 60 % of the rows train, the next 20 % validate, both are clustered; the rest test.

Steps repeat the same work, so few of each may be run and stand for the rest: run() says what each took.
"""
import time

import numpy as np
import torch
from sklearn.cluster import DBSCAN
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import normalize

WIDTHS = (12, 50, 50, 50, 2)
EPS = [0.1 + 0.05 * k for k in range(13)]
MIN_SAMPLES = (5, 10, 20, 30, 40, 50, 60, 100)
BATCH, RATE, DECAY, STEP = 128, 1e-3, 1e-3, 0.01


def network():
    layers = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def train(net, x, y, epochs, group=None, val=None):
    """ERM, or group DRO where groups are given; val: x, y and groups of the validation rows, by which an epoch is kept."""
    adam = torch.optim.Adam(net.parameters(), lr=RATE, weight_decay=DECAY)
    count = int(group.max()) + 1 if group is not None else 0
    weight = torch.full((max(count, 1),), 1 / max(count, 1))
    best, kept = -1.0, None
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for rows in order.split(BATCH):
            loss = torch.nn.functional.cross_entropy(net(x[rows]), y[rows], reduction="none")
            if count:
                here = group[rows]
                sizes = torch.bincount(here, minlength=count).clamp(min=1)
                means = torch.zeros(count).scatter_add(0, here, loss) / sizes
                weight = weight * torch.exp(STEP * means.detach())
                weight = weight / weight.sum()
                loss = (weight * means).sum()
            else:
                loss = loss.mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        if val is not None:
            worst = worst_group(net, *val)
            if worst > best:
                best, kept = worst, [p.detach().clone() for p in net.parameters()]
    if kept is not None:
        with torch.no_grad():
            for p, k in zip(net.parameters(), kept):
                p.copy_(k)


def accuracies(net, x, y, group):
    with torch.no_grad():
        right = (net(x).argmax(1) == y).double()
    return right, [float(right[group == g].mean()) for g in np.unique(group)]


def worst_group(net, x, y, group):
    return min(accuracies(net, x, y, group)[1])


def gradients(net, x, y):
    rows = []
    for i in range(len(x)):
        net.zero_grad()
        torch.nn.functional.cross_entropy(net(x[i:i + 1]), y[i:i + 1]).backward()
        rows.append(torch.cat([p.grad.reshape(-1) for p in net.parameters()]).numpy())
    return np.stack(rows)


def cluster(rows, settings):
    """Labels of the best of the settings, as the authors' loop finds them."""
    best, chosen = -2.0, None
    for s in settings:
        unit = normalize(rows - rows.mean(axis=0))
        label = DBSCAN(eps=round(EPS[s // 8], 10), min_samples=MIN_SAMPLES[s % 8], metric="cosine").fit(unit).labels_
        score = silhouette_score(unit, label) if 1 < len(set(label)) < len(label) else -1.0
        if score > best:
            best, chosen = score, label
    return chosen


class Experiment:
    """experiment VARIANT STEM n EPOCHS GROUPS.i8; variant: all, or few steps of each kind."""
    labels = None

    def __init__(self, variant, stem, n, epochs, groups):
        n = int(n)
        self.x = torch.from_numpy(np.fromfile(stem + ".x.f32", "<f4").reshape(-1, 12)[:n].copy())
        self.y = torch.from_numpy(np.fromfile(stem + ".y.i8", "i1")[:n].astype("i8"))
        self.group = np.fromfile(groups, "i1")[:n]
        self.n, self.train, self.val = n, n * 6 // 10, n * 2 // 10
        self.epochs = self.all_epochs = int(epochs)
        self.samples = self.train + self.val
        self.settings = list(range(104))
        if variant == "few":
            self.epochs, self.samples, self.settings = 2, 500, [26, 85]

    def run(self):
        times = [time.process_time()]
        walls = [time.perf_counter()]

        def lap():
            times.append(time.process_time())
            walls.append(time.perf_counter())
        used = self.train + self.val
        x, y = self.x[:self.train], self.y[:self.train]
        net = network()
        train(net, x, y, self.epochs)
        lap()
        rows = gradients(net, self.x[:self.samples], self.y[:self.samples])
        lap()
        if self.samples < used:  # the rest, untimed: as quick as may be
            params = {k: v.detach() for k, v in net.named_parameters()}

            def loss(params, x, y):
                return torch.nn.functional.cross_entropy(torch.func.functional_call(net, params, (x[None],)), y[None])
            made = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(params, self.x[:used], self.y[:used])
            rows = torch.cat([r.reshape(used, -1) for r in made.values()], 1).numpy()
            between = time.process_time(), time.perf_counter()
        else:
            between = times[-1], walls[-1]
        group, first = np.full(used, -1), 0
        classes = self.y[:used].numpy()
        for c in np.unique(classes):
            label = cluster(rows[classes == c], self.settings)
            group[classes == c] = np.where(label < 0, -1, label + first)
            first += label.max() + 1
        lap()
        sweep_cpu, sweep_wall = times[-1] - between[0], walls[-1] - between[1]
        seen = np.flatnonzero(group[:self.train] >= 0)
        held = self.train + np.flatnonzero(group[self.train:] >= 0)
        if len(seen) == 0 or len(held) == 0:
            seen, held = np.arange(self.train), np.arange(self.train, used)
            group[:] = 0
        train(net, self.x[seen], self.y[seen], self.epochs, torch.from_numpy(group[seen]),
              (self.x[held], self.y[held], group[held]))
        lap()
        right, groups = accuracies(net, self.x[used:], self.y[used:], self.group[used:])
        return {"average": round(float(right.mean()), 4), "worst": round(min(groups), 4),
                "cpu_steps": [times[1] - times[0], times[2] - times[1], sweep_cpu, times[4] - times[3]],
                "wall_steps": [walls[1] - walls[0], walls[2] - walls[1], sweep_wall, walls[4] - walls[3]],
                "factors": [self.all_epochs / self.epochs, used / self.samples, 104 / len(self.settings),
                            self.all_epochs / self.epochs]}
