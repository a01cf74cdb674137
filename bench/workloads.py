# SPDX-License-Identifier: BSD-3-Clause
"""Data of the measurements, made once and kept under build/bench/.

W1 to W6 have fixed shapes. Where ../shared/bench/gen.py and a NumPy are, it makes them; else bench/workload.c does,
with the same structure from its own numbers. Everything else (small ones, curves) is workload.c's.
"""
import os
import subprocess
import sys

GENERATOR = os.path.join("..", "shared", "bench", "gen.py")

# name: (kind, n, p, seed, eps, min_samples, what it resembles)
NAMED = {
    "W1": ("logistic", 4000, 2049, 101, 0.4, 20, "logistic regression on 2,048 image features"),
    "W2": ("logistic", 20000, 2049, 102, 0.4, 20, "the same, larger"),
    "W3": ("logistic", 100000, 257, 103, 0.3, 20, "the same, text-sized features"),
    "W4": ("logistic", 1000000, 33, 104, 0.2, 20, "tabular at scale"),
    "W5": ("mlp", 7214, 5852, 105, 0.2, 20, "all layers of a 12-50-50-50-2 perceptron"),
    "W6": ("logistic", 1000000, 3, 106, 0.01, 20, "two features"),
    "S1": ("logistic", 1000, 257, 107, 0.3, 20, "small"),
    "S5": ("mlp", 1000, 5852, 108, 0.2, 20, "small perceptron"),
    "S6": ("logistic", 8000, 3, 109, 0.01, 20, "two features, small"),
    "N1": ("normal", 20000, 33, 110, 0.3732, 2, "no structure, half of it noise"),
    "N2": ("normal", 20000, 257, 111, 0.7548, 2, "the same"),
    "N3": ("normal", 8000, 2049, 112, 0.9174, 2, "the same"),
    "N4": ("normal", 20000, 33, 110, 0.7132, 1000, "no structure, eps in the bulk, half of it core"),
    "N5": ("normal", 20000, 257, 111, 0.8974, 1003, "the same"),
    "N6": ("normal", 8000, 2049, 112, 0.9638, 401, "the same"),
}


class Workload:
    def __init__(self, name, stem, n, p, eps, min_samples, maker):
        self.name, self.stem, self.n, self.p, self.eps, self.min_samples, self.maker = \
            name, stem, n, p, eps, min_samples, maker
        self.rows = stem + ".f32"

    def arguments(self):
        return [self.rows, str(self.n), str(self.p)]

    def dbscan(self):
        return self.arguments() + [repr(self.eps), str(self.min_samples)]


class Workloads:
    def __init__(self, programs, cache, env, numpy=None, generator=GENERATOR):
        self.programs, self.cache, self.env, self.numpy, self.generator = programs, cache, env, numpy, generator
        os.makedirs(cache, exist_ok=True)

    def named(self, name):
        kind, n, p, seed, eps, min_samples, _ = NAMED[name]
        maker = "gen.py" if name[0] == "W" and self.numpy and os.path.isfile(self.generator) else "workload.c"
        folder = os.path.join(self.cache, maker)
        os.makedirs(folder, exist_ok=True)
        work = Workload(name, os.path.join(folder, name), n, p, eps, min_samples, maker)
        if maker == "gen.py":
            self.make(work, [self.numpy, self.generator, folder, name])
        else:
            self.make(work, self.command(kind, work.stem, n, p, seed))
        return work

    def logistic(self, n, p, eps, outliers=0.03, min_samples=20, seed=1000):
        """Rows of any size, for curves."""
        folder = os.path.join(self.cache, "curves")
        os.makedirs(folder, exist_ok=True)
        name = f"n{n}-p{p}-o{round(100 * outliers)}"
        work = Workload(name, os.path.join(folder, name), n, p, eps, min_samples, "workload.c")
        self.make(work, self.command("logistic", work.stem, n, p, seed) + [repr(outliers)])
        return work

    def command(self, kind, stem, n, p, seed):
        program = [os.path.join(self.programs, "bench-workload"), kind, stem, str(n)]
        return program + ([] if kind == "mlp" else [str(p)]) + [str(seed)]

    def make(self, work, command):
        """The file of rows that is there and has its size was whole: it is the last to get its name."""
        done = work.stem + ".done"
        if os.path.isfile(done) and os.path.isfile(work.rows) and os.path.getsize(work.rows) == 4 * work.n * work.p:
            return
        print(f"making {work.name}: {work.n} x {work.p} ({work.maker})", file=sys.stderr)
        subprocess.run(command, env=self.env, check=True, stdout=subprocess.DEVNULL)
        open(done, "w").close()
