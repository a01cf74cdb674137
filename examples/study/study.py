# SPDX-License-Identifier: BSD-3-Clause
"""make study: does it help the worst group? Test accuracy of the worst true group on real and made data, over seeds.

Needs NumPy, and ../shared/data for the real sets, which are skipped aloud when absent. No group label is used before the
test but in the column of true groups. Every column of groups is followed by the same training: logistic regression on
standardised inputs in which classes count alike, and within a class its groups, l2 from .02 and .2 by the worst learned
group out of fold. The column fit is grasp_fit() as it comes. A second table says who the robust groups are: agreement
with the true groups within each class, on the training rows whose label is right; flipped labels found; and the share of
clean rows called outliers, of the true majorities and of the worst-off minority, which must not exceed it by more than
MARGIN. See README beside this file.
"""
import argparse
import csv
import ctypes
import gzip
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
try:
    import numpy as np
except ImportError:
    sys.exit("study: skipped: this Python has no NumPy; name one by make study STUDY_PYTHON=...")

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "..", "shared", "data")
I64, PTR = ctypes.c_int64, ctypes.c_void_p


# ---- the library -----------------------------------------------------------------------------------------------------

class Library:
    """The few calls that the study makes."""

    def __init__(self, path, seed):
        self.c = ctypes.CDLL(path)
        self.c.grasp_context_error.restype = ctypes.c_char_p
        self.c.grasp_groups_samples.restype = I64
        self.c.grasp_model_free.argtypes = self.c.grasp_context_free.argtypes = [PTR]
        self.ctx, self.kept = PTR(), []
        self.check(self.c.grasp_context_create(None, ctypes.byref(self.ctx)))
        self.check(self.c.grasp_context_set_seed(self.ctx, ctypes.c_uint64(seed)))
        self.check(self.c.grasp_context_set_threads(self.ctx, ctypes.c_int32(2)))

    def check(self, status):
        if status < 0:
            raise RuntimeError(self.c.grasp_context_error(self.ctx).decode())

    def matrix(self, x):
        x, out = np.ascontiguousarray(x, float), PTR()
        self.kept.append(x)
        self.check(self.c.grasp_matrix_wrap(self.ctx, 2, I64(x.shape[0]), I64(x.shape[1]), I64(x.shape[1]),
                                            x.ctypes.data_as(PTR), None, None, ctypes.byref(out)))
        return out

    def params(self, algorithm, text):
        out = PTR()
        self.check(self.c.grasp_params_create(self.ctx, algorithm.encode(), ctypes.byref(out)))
        self.check(self.c.grasp_params_parse(self.ctx, out, text.encode()))
        return out

    def model(self, x, y, hidden=()):
        out, y = PTR(), np.ascontiguousarray(y, np.int64)
        self.kept.append(y)
        if hidden:
            widths = np.array([x.shape[1], *hidden, 2], np.int64)
            self.check(self.c.grasp_model_create_mlp(self.ctx, widths.ctypes.data_as(PTR), I64(len(widths)), None,
                                                     ctypes.byref(out)))
        else:
            self.check(self.c.grasp_model_create_logistic(self.ctx, I64(x.shape[1]), ctypes.byref(out)))
        self.check(self.c.grasp_model_bind(self.ctx, out, self.matrix(x), y.ctypes.data_as(PTR), I64(len(y))))
        return out

    def predict(self, model, x):
        out = np.empty(len(x), np.int64)
        self.check(self.c.grasp_model_predict(self.ctx, model, self.matrix(x), out.ctypes.data_as(PTR), I64(len(x))))
        return out

    def erm(self, model, n):
        self.check(self.c.grasp_train_erm(self.ctx, model, None, I64(n), None, I64(0), None, None))

    def learn(self, method, model, n, algorithm=None, text=""):
        groups, label = PTR(), np.empty(n, np.int64)
        params = self.params(algorithm, text) if algorithm else None
        self.check(self.c.grasp_learn_groups(self.ctx, method.encode(), model, None, I64(n), None, I64(0), params, None,
                                             ctypes.byref(groups), None))
        self.check(self.c.grasp_groups_labels(self.ctx, groups, label.ctypes.data_as(PTR), I64(n)))
        return label

    def fit(self, model, train, val=(), final=None):
        inference = PTR()
        train, val = np.ascontiguousarray(train, np.int64), np.ascontiguousarray(val, np.int64)
        self.check(self.c.grasp_fit(self.ctx, model, final, train.ctypes.data_as(PTR), I64(len(train)),
                                    val.ctypes.data_as(PTR) if len(val) else None, I64(len(val)), None,
                                    ctypes.byref(inference), None))


# ---- the same training for all groups --------------------------------------------------------------------------------

def logistic(x, y, w, l2):
    """min mean w loss + l2/2 |theta|^2, the last column an unpenalised 1, by damped Newton steps."""
    w = w / w.mean()
    ridge, theta = np.full(x.shape[1], l2), np.zeros(x.shape[1])
    ridge[-1] = 1e-6

    def value(t):
        z = x @ t
        return (w * (np.logaddexp(0, z) - y * z)).mean() + .5 * (ridge * t * t).sum()

    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ theta, -30, 30)))
        g = x.T @ (w * (p - y)) / len(y) + ridge * theta
        if np.abs(g).max() < 1e-6:
            break
        h = (x * (w * p * (1 - p) + 1e-9)[:, None]).T @ x / len(y) + np.diag(ridge)
        step, length, here = np.linalg.solve(h, g), 1., value(theta)
        while value(theta - length * step) > here - 1e-4 * length * (g @ step) and length > 1e-3:
            length /= 2
        theta = theta - length * step
    return theta


def balanced(y, g):
    """Classes count alike, and within a class its groups; noise (-1) not at all."""
    w = np.zeros(len(y))
    for c in np.unique(y):
        cells = [k for k in np.unique(g[y == c]) if k >= 0]
        for k in cells:
            w[(y == c) & (g == k)] = 1 / len(cells) / ((y == c) & (g == k)).sum()
    return w


def worst(right, g):
    return min(right[g == k].mean() for k in np.unique(g) if k >= 0)


def retrain(x, y, g, rng, penalties=(.02, .2)):
    w, fold, scores = balanced(y, g), np.empty(len(y), int), []
    for k in np.unique(g):
        i = np.flatnonzero(g == k)
        fold[rng.permutation(i)] = np.arange(len(i)) % 4
    for l2 in penalties:
        z = np.zeros(len(y))
        for k in range(4):
            z[fold == k] = x[fold == k] @ logistic(x[fold != k], y[fold != k], w[fold != k], l2)
        scores.append(worst((z > 0) == y, g))
    return logistic(x, y, w, penalties[int(np.argmax(scores))])


# ---- data ------------------------------------------------------------------------------------------------------------

def table(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", newline="") as f:
        rows = list(csv.reader(f))
    return {name: np.array([r[j] for r in rows[1:]]) for j, name in enumerate(rows[0])}


def numbers(t, *names):
    return np.column_stack([t[n].astype(float) for n in names])


def standardised(x, train):
    s = x[train].std(0)
    ok = s > 1e-9
    return ((x - x[train].mean(0)) / np.where(ok, s, 1))[:, ok]


def halves(x, y, a, rng, most=None):
    p = rng.permutation(len(y))
    return x, y, a, p[:len(y) // 2][:most], p[len(y) // 2:], np.zeros(0, int)


def waterbirds(rng, flips=0.):
    m = table(os.path.join(DATA, "waterbirds", "meta.csv.gz"))
    x = np.load(os.path.join(DATA, "waterbirds", "mnv2_pca64_f32.npy")).astype(float)
    y, a, split = m["y"].astype(int), m["place"].astype(int), m["split"].astype(int)
    train, test = np.flatnonzero(split == 0), np.flatnonzero(split == 2)
    train = np.sort(rng.permutation(train)[:int(.9 * len(train))])
    flipped = train[rng.rand(len(train)) < flips]
    y = y.copy()
    y[flipped] = 1 - y[flipped]
    return x, y, a, train, test, flipped


def adult(rng, thin=None):
    t = table(os.path.join(DATA, "adult", "adult_coded.csv.gz"))
    hot = [np.unique(t[n], return_inverse=True) for n in ("workclass", "marital", "occupation", "relationship")]
    x = np.column_stack([numbers(t, "age", "education_num", "hours"), np.log1p(numbers(t, "capital_gain", "capital_loss")),
                         *[np.eye(len(u))[i] for u, i in hot]])
    x, y, a, train, test, flipped = halves(x, t["y"].astype(int), t["group"].astype(int) % 2, rng,
                                           8000 if thin is None else None)
    if thin is not None:  # the minority of each class thinned to a share of its majority; the test rows are not
        keep = []
        for c in (0, 1):
            most = train[(a[train] == y[train]) & (y[train] == c)][:2500]
            few = train[(a[train] != y[train]) & (y[train] == c)]
            keep += [most, few[:max(20, int(thin * len(most)))]]
        train = rng.permutation(np.concatenate(keep))
    return x, y, a, train, test, flipped


def compas(rng):
    t = table(os.path.join(DATA, "compas", "compas.csv"))
    x = numbers(t, "age", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count", "charge_felony")
    return halves(x, t["two_year_recid"].astype(int), 2 * t["sex_male"].astype(int) + (t["race3"].astype(int) == 1), rng)


def synthetic(rng, flips=0.):
    """The paper's blobs; the model bends: bumps around 100 training rows beside the two columns."""
    blobs = [(0, 0, c) for c in ((0, 5), (0, 3), (0, 2), (0, 1))] + [(1, 0, c) for c in ((1, 5), (1, 3), (1, 2), (1, 1))]
    blobs += [(0, 1, (1, 4)), (1, 1, (0, 4))]
    x = np.concatenate([rng.randn(100, 2) * np.sqrt(.1) + c for _, _, c in blobs])
    y, a = np.repeat([b[0] for b in blobs], 100), np.repeat([b[1] for b in blobs], 100)
    p = rng.permutation(1000)
    x, y, a = x[p], y[p].copy(), a[p]
    train, test = np.arange(600), np.arange(600, 1000)
    flipped = rng.permutation(600)[:int(600 * flips)]
    y[flipped] = 1 - y[flipped]
    return x, y, a, train, test, flipped


def bumps(x, train, rng):
    at = x[rng.permutation(train)[:100]]
    d = ((x[:, None] - at[None]) ** 2).sum(-1)
    return np.column_stack([x, np.exp(-2 * d / np.median(d[train]))])


SETS = {
    "waterbirds": waterbirds,
    "waterbirds flipped": lambda rng: waterbirds(rng, .02),
    "adult95": lambda rng: adult(rng, .05),
    "adult90": lambda rng: adult(rng, .10),
    "adult": adult,
    "compas": compas,
    "synthetic": synthetic,
    "synthetic flipped": lambda rng: synthetic(rng, .05),
}
COLUMNS = ["ERM", "classes", "published", "error set", "robust", "fit", "true"]
WHO = ["ARI class 0", "ARI class 1", "flips F1", "majority out", "minority out"]
MARGIN = .03  # by which the share of a true minority called outliers may exceed that of the majorities, mean over seeds


# ---- one run ---------------------------------------------------------------------------------------------------------

def adjusted_rand(a, b):
    """Hubert and Arabie's index of two partitions."""
    table = np.array([[((a == i) & (b == j)).sum() for j in np.unique(b)] for i in np.unique(a)], float)

    def pairs(n):
        return (n * (n - 1) / 2).sum()

    both, rows, columns = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
    chance = rows * columns / pairs(np.array([len(a)], float))
    return (both - chance) / ((rows + columns) / 2 - chance) if rows + columns > 2 * chance else 1.


def who(groups, y, a, flipped):
    """What the second table says of learned groups (-1 an outlier) of the training rows."""
    out, noise, clean, majority, minorities = {}, groups < 0, ~flipped, [], []
    for c in (0, 1):
        mine = clean & (y == c)
        out["ARI class %d" % c] = adjusted_rand(a[mine], groups[mine])
        of = np.array([(mine & (a == k)).sum() for k in range(a.max() + 1)])
        majority.append(mine & (a == of.argmax()))
        minorities += [noise[mine & (a == k)].mean() for k in range(a.max() + 1) if of[k] > 0 and k != of.argmax()]
    out["flips F1"] = 2 * (noise & flipped).sum() / (noise.sum() + flipped.sum()) if flipped.any() else float("nan")
    out["majority out"] = noise[majority[0] | majority[1]].mean()
    out["minority out"] = max(minorities)
    return out


def run(path, name, seed, only_who):
    rng = np.random.RandomState(1000 + seed)
    x, y, a, train, test, flipped = SETS[name](rng)
    x = standardised(x, train)
    n, grasp = len(train), Library(path, seed)
    model = grasp.model(x[train], y[train])
    grasp.erm(model, n)
    robust = grasp.learn("robust", model, n)
    out = who(robust, y[train], a[train], np.isin(train, flipped))
    if only_who:
        return out
    wide = standardised(bumps(x, train, rng), train) if name.startswith("synthetic") else x
    wide = np.column_stack([wide, np.ones(len(x))])
    truth = y * (a.max() + 1) + a

    def judge(theta):
        return worst((wide[test] @ theta > 0) == y[test], truth[test])

    groups = {
        "classes": y[train],
        "published": grasp.learn("grasp", model, n, "grasp", "infer.mode=published;infer.score=silhouette_euclidean"),
        "error set": grasp.learn("jtt", model, n),
        "robust": robust,
        "true": truth[train],
    }
    out["ERM"] = judge(logistic(wide[train], y[train], np.ones(n), .02))
    for column, g in groups.items():
        out[column] = judge(retrain(wide[train], y[train], g, rng)) if len(np.unique(g[g >= 0])) > 1 else out["ERM"]
    out["split"] = float(len(np.unique(groups["robust"])) > 2)
    out["kept"] = float((groups["robust"] >= 0).mean())
    if name.startswith("synthetic"):  # grasp_fit() ends in the paper's network
        both = np.concatenate([train, test[:100]])
        m = grasp.model(x[both], y[both])
        f = grasp.model(x[both], y[both], (50, 50, 50))
        grasp.fit(m, np.arange(n), np.arange(n, n + 100), f)
        rest = test[100:]
        out["fit"] = worst(grasp.predict(f, x[rest]) == y[rest], truth[rest])
    else:
        m = grasp.model(x[train], y[train])
        grasp.fit(m, np.arange(n))
        out["fit"] = worst(grasp.predict(m, x[test]) == y[test], truth[test])
    return out


def main():
    p = argparse.ArgumentParser(prog="make study STUDY_FLAGS=...", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--library", default=os.environ.get("GRASP_LIBRARY", "build/release/libgrasp.so"))
    p.add_argument("--seeds", type=int, default=10)
    p.add_argument("--quick", action="store_true", help="two seeds")
    p.add_argument("--only", default="", help="of " + ",".join(SETS))
    p.add_argument("--who", action="store_true", help="the second table alone")
    p.add_argument("--json", action="store_true", help="every run, one JSON object a line")
    o = p.parse_args()
    begin, seeds, tables, bad = time.time(), 2 if o.quick else o.seeds, {}, []
    if not o.json and not o.who:
        print("Test accuracy of the worst true group, mean (and deviation) over %d seeds\n" % seeds)
        print("%-20s" % "" + "".join("%13s" % c for c in COLUMNS) + "   robust/true  fit/true  split")
    for name in o.only.split(",") if o.only else SETS:
        folder = name.split()[0].replace("95", "").replace("90", "")
        if folder != "synthetic" and not os.path.isdir(os.path.join(DATA, folder)):
            print("skipped: %s: no ../shared/data/%s" % (name, folder))
            continue
        runs = [run(os.path.abspath(o.library), name, seed, o.who) for seed in range(seeds)]
        v = tables[name] = {c: np.array([r[c] for r in runs]) for c in runs[0]}
        if v["minority out"].mean() > v["majority out"].mean() + MARGIN:
            bad.append(name)
        if o.json:
            for seed, r in enumerate(runs):
                print(json.dumps({"set": name, "seed": seed, **{k: x if x == x else None for k, x in r.items()}}), flush=True)
        elif not o.who:
            print("%-20s" % name + "".join("%7.3f (%.2f)" % (v[c].mean(), v[c].std()) for c in COLUMNS) +
                  "  %9.0f %%  %6.0f %%   %.1f" % (100 * v["robust"].mean() / v["true"].mean(),
                                                  100 * v["fit"].mean() / v["true"].mean(), v["split"].mean()), flush=True)
    if not o.json:
        print("\nWho the robust groups are, mean (and deviation) over %d seeds\n" % seeds)
        print("%-20s" % "" + "".join("%15s" % c for c in WHO))
        for name, v in tables.items():
            print("%-20s" % name + "".join("%15s" % "-" if np.isnan(v[c]).any() else "%8.3f (%.3f)" % (v[c].mean(), v[c].std())
                                           for c in WHO))
        print("\n%.0f s" % (time.time() - begin))
    if bad:
        sys.exit("study: a minority is deleted as outliers: " + ", ".join(bad))


if __name__ == "__main__":
    main()
