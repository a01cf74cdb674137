# SPDX-License-Identifier: BSD-3-Clause
"""The peers of bench/bench.py, each as its users would call it, obeying the same lines as the programs of bench/.

    peers.py probe                                which of the packages this Python has
    peers.py KIND VARIANT ARGUMENT ...            serves; see the classes below

Threads come from $OMP_NUM_THREADS, which the driver sets together with the others before any library is loaded.
"""
import ctypes
import json
import os
import resource
import sys
import time

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))


def read(path, kind, *shape):
    import numpy as np
    return np.fromfile(path, kind).reshape(*shape)


def centred(rows):
    """Rows less their mean in the rows' own type, as numpy's users write it, but with a float64 mean."""
    return rows - rows.mean(axis=0, dtype="f8").astype(rows.dtype)


def unit(rows):
    from sklearn.preprocessing import normalize
    return normalize(rows)


def quicker(run):
    """n_jobs that suits: scikit-learn's own threads, or the BLAS's alone. run(n_jobs) is a small piece of the work; its
    first time loads what is loaded late."""
    run(1)
    took = {1: 0}
    for jobs in (1, THREADS, 1, THREADS) if THREADS > 1 else ():
        began = time.perf_counter()
        run(jobs)
        took[jobs] = time.perf_counter() - began
    return min(took, key=took.get)


class Dbscan:
    """dbscan VARIANT ROWS.f32 n p eps min_samples: from raw rows to labels."""

    def __init__(self, variant, path, n, p, eps, min_samples):
        self.rows = read(path, "<f4", int(n), int(p))
        self.variant, self.eps, self.min_samples = variant, float(eps), int(min_samples)
        if variant == "cosine-f64":
            self.rows = self.rows.astype("f8")
        if variant == "faiss":
            import faiss
            faiss.omp_set_num_threads(THREADS)
        else:
            whole, self.rows = self.rows, self.rows[:2000]
            self.jobs = quicker(self.cluster)
            self.rows = whole

    def cluster(self, jobs):
        self.jobs = jobs
        return getattr(self, self.variant.replace("-", "_"))()

    def run(self):
        self.labels = self.cluster(getattr(self, "jobs", 1))
        return {"clusters": int(self.labels.max()) + 1, "noise": int((self.labels < 0).sum())}

    def sklearn(self, rows, eps, metric):
        from sklearn.cluster import DBSCAN
        return DBSCAN(eps=eps, min_samples=self.min_samples, metric=metric, algorithm="brute",
                      n_jobs=self.jobs).fit(rows).labels_

    def cosine_f32(self):
        return self.sklearn(centred(self.rows), self.eps, "cosine")

    cosine_f64 = cosine_f32

    def euclidean_f32(self):
        """On unit rows |u - v|^2 = 2 (1 - cos): scikit-learn's faster path."""
        return self.sklearn(unit(centred(self.rows)), (2 * self.eps) ** 0.5, "euclidean")

    def precomputed(self):
        from sklearn.metrics.pairwise import cosine_distances
        return self.sklearn(cosine_distances(centred(self.rows)), self.eps, "precomputed")

    def faiss(self):
        """Neighbours by a flat index, clusters from the lists: counts, then a search from core to core."""
        import faiss
        import numpy as np
        rows = centred(self.rows)
        faiss.normalize_L2(rows)
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(rows)
        start, _, near = index.range_search(rows, 1 - self.eps)
        core = np.diff(start) >= self.min_samples
        label = np.full(len(rows), -1)
        clusters = 0
        for seed in np.flatnonzero(core):
            if label[seed] >= 0:
                continue
            label[seed] = clusters
            front = [seed]
            while front:
                i = front.pop()
                found = near[start[i]:start[i + 1]]
                found = found[label[found] < 0]
                label[found] = clusters
                front.extend(found[core[found]])
            clusters += 1
        return label


class Grid:
    """grid VARIANT ROWS.f32 n p SETTING ...: settings as places in the published 13 x 8 grid; scores and labels.

    authors      the authors' loop: for each setting centre, normalise, DBSCAN(cosine), Euclidean silhouette
    precomputed  cosine distances once, then for each setting DBSCAN(precomputed), silhouette(precomputed)
    """
    MIN_SAMPLES = (5, 10, 20, 30, 40, 50, 60, 100)

    def __init__(self, variant, path, n, p, *settings):
        import sklearn.cluster  # noqa: F401
        self.rows = read(path, "<f4", int(n), int(p))
        self.variant = variant
        self.settings = [(0.1 + 0.05 * (int(s) // 8), self.MIN_SAMPLES[int(s) % 8]) for s in settings]
        few = unit(centred(self.rows[:2000]))
        self.jobs = quicker(lambda jobs: sklearn.cluster.DBSCAN(eps=0.4, metric="cosine", n_jobs=jobs).fit(few))
        from sklearn.metrics import silhouette_score
        silhouette_score(few, [i % 2 for i in range(len(few))])

    def run(self):
        import numpy as np
        from sklearn.cluster import DBSCAN
        from sklearn.metrics import silhouette_score
        from sklearn.metrics.pairwise import cosine_distances
        labels, scores = [], []
        distances = cosine_distances(centred(self.rows)) if self.variant == "precomputed" else None
        common = time.perf_counter() - self.started, time.process_time() - self.started_cpu
        for eps, min_samples in self.settings:
            data, metric, score = distances, "precomputed", "precomputed"
            if distances is None:
                data, metric, score = unit(centred(self.rows)), "cosine", "euclidean"
            label = DBSCAN(eps=round(eps, 10), min_samples=min_samples, metric=metric,
                           n_jobs=self.jobs).fit(data).labels_
            labels.append(label)
            count = len(set(label))
            scores.append(float(silhouette_score(data, label, metric=score)) if 1 < count < len(label) else -1.0)
        self.labels = np.concatenate(labels)
        return {"scores": scores, "once_wall": common[0], "once_cpu": common[1]}


class Silhouette:
    """silhouette VARIANT ROWS.f32 n p LABELS.i64: one score of rows centred (and for euclidean unit) before."""
    labels = None

    def __init__(self, variant, path, n, p, labels):
        import sklearn.metrics  # noqa: F401
        self.rows = centred(read(path, "<f4", int(n), int(p)))
        self.label = read(labels, "<i8", int(n))
        self.metric = variant
        if variant == "euclidean":
            self.rows = unit(self.rows)
        sklearn.metrics.silhouette_score(self.rows[:200], [i % 2 for i in range(200)], metric=variant)

    def run(self):
        from sklearn.metrics import silhouette_score
        return {"scores": [float(silhouette_score(self.rows, self.label, metric=self.metric))]}


class Gradients:
    """gradients VARIANT STEM n: per-sample gradients of the 12-50-50-50-2 perceptron, or all their inner products.

    numpy-factors, numpy-dense  a batched backward pass, without and with the n x p rows
    loop, vmap                  PyTorch: one backward call a sample; torch.func.vmap(grad)
    numpy-gram, numpy-gram-dense  products of gradients that are there, from factors and by SGEMM of the rows
    """
    labels = None
    WIDTHS = (12, 50, 50, 50, 2)
    BLOCK = 512

    def __init__(self, variant, stem, n):
        self.variant = variant
        n = int(n)
        self.x = read(stem + ".x.f32", "<f4", -1, 12)[:n].copy()
        self.y = read(stem + ".y.i8", "i1", -1)[:n].astype("i8")
        stored = read(stem + ".params.f32", "<f4", -1)
        self.weight, self.bias, at = [], [], 0
        for inputs, outputs in zip(self.WIDTHS, self.WIDTHS[1:]):
            self.weight.append(stored[at:at + inputs * outputs].reshape(outputs, inputs).copy())
            at += inputs * outputs
            self.bias.append(stored[at:at + outputs].copy())
            at += outputs
        if variant in ("loop", "vmap"):
            self.build()
            whole, self.tensors = self.tensors, tuple(t[:64] for t in self.tensors)
            self.run()
            self.tensors = whole
        elif variant == "numpy-gram":
            self.made = self.factors()
        elif variant == "numpy-gram-dense":
            self.made = self.dense()

    def build(self):
        import torch
        torch.set_num_threads(THREADS)
        layers = []
        for weight, bias in zip(self.weight, self.bias):
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weight))
                layer.bias.copy_(torch.from_numpy(bias))
            layers += [layer, torch.nn.ReLU()]
        self.net = torch.nn.Sequential(*layers[:-1])
        self.tensors = torch.from_numpy(self.x), torch.from_numpy(self.y)

    def run(self):
        {"loop": self.loop, "vmap": self.vmap, "numpy-factors": self.factors, "numpy-dense": self.dense,
         "numpy-gram": self.gram, "numpy-gram-dense": self.gram_dense}[self.variant]()
        return {}

    def factors(self):
        import numpy as np
        act = [self.x]
        for k, (weight, bias) in enumerate(zip(self.weight, self.bias)):
            z = act[-1] @ weight.T + bias
            act.append(np.maximum(z, 0) if k < 3 else z)
        delta = np.exp(act[-1] - act[-1].max(1, keepdims=True))
        delta /= delta.sum(1, keepdims=True)
        delta[np.arange(len(delta)), self.y] -= 1
        deltas = [delta]
        for k in (3, 2, 1):
            deltas.insert(0, (deltas[0] @ self.weight[k]) * (act[k] > 0))
        return act[:4], deltas

    def dense(self):
        import numpy as np
        rows, at = np.empty((len(self.x), 5852), "f4"), 0
        for act, delta in zip(*self.factors()):
            size = act.shape[1] * delta.shape[1]
            np.multiply(delta[:, :, None], act[:, None, :],
                        out=rows[:, at:at + size].reshape(len(rows), delta.shape[1], act.shape[1]))
            at += size
            rows[:, at:at + delta.shape[1]] = delta
            at += delta.shape[1]
        return rows

    def loop(self):
        import torch
        rows = []
        for x, y in zip(*self.tensors):
            self.net.zero_grad()
            torch.nn.functional.cross_entropy(self.net(x)[None], y[None]).backward()
            rows.append(torch.cat([p.grad.reshape(-1) for p in self.net.parameters()]))
        return torch.stack(rows)

    def vmap(self):
        import torch
        params = {k: v.detach() for k, v in self.net.named_parameters()}

        def loss(params, x, y):
            return torch.nn.functional.cross_entropy(torch.func.functional_call(self.net, params, (x[None],)), y[None])
        rows = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))(params, *self.tensors)
        return torch.cat([r.reshape(len(r), -1) for r in rows.values()], 1)

    def gram(self):
        import numpy as np
        n = len(self.x)
        block = np.empty((self.BLOCK, n), "f4")
        for i in range(0, n, self.BLOCK):
            out = block[:min(self.BLOCK, n - i)]
            out[:] = 0
            for act, delta in zip(*self.made):
                out += (delta[i:i + self.BLOCK] @ delta.T) * (act[i:i + self.BLOCK] @ act.T + 1)

    def gram_dense(self):
        import numpy as np
        n = len(self.x)
        block = np.empty((self.BLOCK, n), "f4")
        for i in range(0, n, self.BLOCK):
            np.matmul(self.made[i:i + self.BLOCK], self.made.T, out=block[:min(self.BLOCK, n - i)])


def experiment(*arguments):
    import torch
    from experiment_torch import Experiment
    torch.set_num_threads(THREADS)
    return Experiment(*arguments)


KINDS = {"dbscan": Dbscan, "grid": Grid, "silhouette": Silhouette, "gradients": Gradients, "experiment": experiment}


# ---- what the driver asks --------------------------------------------------------------------------------------------

def probe():
    """Versions of the packages, the kernel that numpy's BLAS chose, and that a product runs at all."""
    import importlib
    found = {"python": sys.executable}
    for name in ("numpy", "sklearn", "torch", "faiss"):
        try:
            found[name] = importlib.import_module(name).__version__
        except Exception:
            pass
    if "numpy" in found:
        import numpy as np
        a = np.ones((256, 256), "f4")
        assert (a @ a == 256).all()
        found["blas"] = blas()
    print(json.dumps(found), flush=True)


def blas():
    try:
        import threadpoolctl
    except ImportError:
        return "kernel unknown, threadpoolctl is missing"
    said = sorted({f"{p.get('internal_api')} {p.get('version')} {p.get('architecture', '')}".strip()
                   for p in threadpoolctl.threadpool_info() if p.get("user_api") == "blas"})
    return ", ".join(said)


def resident(key):
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith(key):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_peak():
    """What the trial left behind goes back to the system, and the peak starts anew."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        pass
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5\n")
    except OSError:
        pass


def serve(peer):
    memory = None
    print("{}", flush=True)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "labels":
            peer.labels.astype("<i8").tofile(rest)
            print("{}", flush=True)
            continue
        if memory is None:
            forget_peak()
            before = resident("VmRSS:")
        cpu, wall = peer.started_cpu, peer.started = time.process_time(), time.perf_counter()
        try:
            extra = peer.run()
        except MemoryError:
            print(json.dumps({"error": "out of memory"}), flush=True)
            return
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        if memory is None:
            memory = resident("VmHWM:") - before
        print(json.dumps({"cpu": cpu, "wall": wall, "memory": memory, **extra}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "probe":
        probe()
    else:
        serve(KINDS[sys.argv[1]](*sys.argv[2:]))
