# SPDX-License-Identifier: BSD-3-Clause
"""make bench: one table of libgrasp beside the peers that are found. See bench/README.

Needs Python's standard library alone. Peers are asked of every Python named by --python or in $BENCH_PYTHON (separated
by colons), of `python3` and `python` on the path and of this one; R's dbscan of Rscript; none is needed.
"""
import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True  # nothing is written in the tree but build/
import curves  # noqa: E402
import table  # noqa: E402
from measure import OLD_KERNELS, Child, Entrant, Gone, environment, paired  # noqa: E402
from workloads import NAMED, Workloads  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers.py")
SETTINGS = 104  # of the published grid
TRAINING_LINE = re.compile(
    r"(.*\S)\s+([\d.]+) us(?:\s+PyTorch\s+([\d.]+) us\s+ratio ([\d.]+) \(([\d.]+) to ([\d.]+)\))?$")
BRUTE = {"W1", "W5", "N1", "N2", "N3", "N4", "N5", "N6"}  # beside a brute force of our own
DBSCAN_PEERS = [("sklearn", "cosine-f32"), ("sklearn", "cosine-f64"), ("sklearn", "euclidean-f32"),
                ("sklearn", "precomputed"), ("faiss", "faiss")]


def options():
    p = argparse.ArgumentParser(prog="make bench BENCH_FLAGS=...", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--full", action="store_true", help="also W2, W3, W4, W6, every peer, and the curves: hours")
    p.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    p.add_argument("--only", default="", help="of dbscan,grid,silhouette,gradients,train,experiment,cancel,curves")
    p.add_argument("--workloads", default="", help="of " + ",".join(NAMED))
    p.add_argument("--runs", type=int, default=3, help="paired runs (3)")
    p.add_argument("--threads", default="1,2", help="1,2")
    p.add_argument("--limit", type=float, default=0, help="seconds a peer's run may take (40; --full: 600)")
    p.add_argument("--python", action="append", default=[], help="a Python that may have peers; may come several times")
    p.add_argument("--no-peers", action="store_true", help="libgrasp alone")
    p.add_argument("--programs", default="build/release/bin", help=argparse.SUPPRESS)
    p.add_argument("--cache", default="build/bench", help="where data and curves are kept")
    o = p.parse_args()
    o.limit = o.limit or (600 if o.full else 40)
    o.only = o.only.split(",") if o.only else ["dbscan", "grid", "silhouette", "gradients", "train"] + \
        ["experiment", "cancel", "curves"] * o.full
    o.threads = [int(t) for t in o.threads.split(",")]
    return o


# ---- who is there ----------------------------------------------------------------------------------------------------

class Machine:
    """Where each package was found, and the environment that all children share."""

    def __init__(self, o):
        self.found, self.python, self.kernels = {}, {}, []
        self.env = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        self.programs = o.programs
        self.check(o)
        for python in [] if o.no_peers else self.pythons(o):
            self.ask(python)
        self.r = None if o.no_peers else self.find_r()
        if self.r:
            self.kernels.append("R dbscan " + self.r[1])

    def check(self, o):
        """The BLAS runs with the kernel that it takes by itself; if not, with the one that the environment asks for."""
        try:
            child = Child([os.path.join(o.programs, "bench-roofline")], environment(self.env, 1))
            child.ask("run", 60)
            child.close()
        except Gone:
            self.env = dict(os.environ)

    @staticmethod
    def pythons(o):
        names = o.python + os.environ.get("BENCH_PYTHON", "").split(":") + ["python3", "python"]
        paths = [shutil.which(n) for n in names if n] + [sys.executable]
        seen = []
        for path in paths:
            if path and path not in seen:
                seen.append(path)
        return seen

    def probe(self, python, env):
        done = subprocess.run([python, PEERS, "probe"], env=environment(env, 1), capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def ask(self, python):
        env = self.env
        said = self.probe(python, env)
        if not said:  # the BLAS of this NumPy does not run with its own choice
            env = dict(os.environ)
            said = self.probe(python, env)
        blas = said.get("blas", "")
        known = re.findall(r"openblas \S+ (\w+)", blas)
        if set(known) & OLD_KERNELS:  # an old copy that does not know this processor takes what the newest one took
            better = [k for k in known if k not in OLD_KERNELS] or ["Haswell"]
            again = dict(env, OPENBLAS_CORETYPE=better[-1])
            second = self.probe(python, again)
            if second:
                env, said, blas = again, second, second["blas"] + " (OPENBLAS_CORETYPE=" + better[-1] + ")"
        for name in ("numpy", "sklearn", "torch", "faiss"):
            if name in said and name not in self.python:
                self.python[name], self.found[name] = (python, env), said[name]
                self.kernels.append(f"{name} {said[name]}" + (f", {blas}" if name != "torch" else ""))

    @staticmethod
    def find_r():
        program = shutil.which("Rscript")
        if program:
            done = subprocess.run([program, "-e", 'cat(as.character(packageVersion("dbscan")))'], capture_output=True,
                                  text=True)
            if done.returncode == 0:
                return program, done.stdout.strip()
        return None

    # ---- entrants

    def ours(self, name, program, arguments, threads, **more):
        return Entrant(name, [os.path.join(self.programs, "bench-" + program)] + arguments,
                       environment(self.env, threads), ours=True, **more)

    def peer(self, package, label, arguments, threads, **more):
        if package not in self.python:
            return []
        python, env = self.python[package]
        return [Entrant(label, [python, PEERS] + arguments, environment(env, threads), **more)]

    def brute(self, arguments, threads):
        return [Entrant("brute force, float32 tiles", [os.path.join(self.programs, "bench-brute")] + arguments,
                        environment(self.env, threads))]

    def r_peer(self, arguments, threads):
        if not self.r or threads != 1:
            return [Entrant("R dbscan", None, self.env)] if self.r else []
        return [Entrant("R dbscan", [self.r[0], os.path.join(HERE, "peer_dbscan.R")] + arguments,
                        environment(self.env, 1))]


# ---- what is measured ------------------------------------------------------------------------------------------------

def dbscan_task(machine, work, peers, with_r):
    def entrants(threads):
        out = [machine.ours("libgrasp", "dbscan", work.dbscan(), threads)]
        if work.name in BRUTE:
            out += machine.brute(work.dbscan(), threads)
        for package, variant in peers:
            label = "faiss range search" if package == "faiss" else f"sklearn {variant}"
            out += machine.peer(package, label, ["dbscan", variant] + work.dbscan(), threads)
        return out + (machine.r_peer(work.dbscan(), threads) if with_r else [])
    return {"part": "dbscan", "workload": work.name, "work": work, "entrants": entrants,
            "what": f"DBSCAN eps {work.eps:g}, {work.n} x {work.p}"}


def grid_tasks(machine, work, count):
    """count of the 104 settings are run by the peers, spread over eps and min_samples, and stand for the rest."""
    chosen = [str(s) for s in (range(SETTINGS) if count >= SETTINGS else
                               [(2 * k + 1) * 13 // (2 * count) * 8 + 3 * k % 8 for k in range(count)])]
    factor = SETTINGS / len(chosen)

    def whole(said):
        return dict(said, cpu=said["once_cpu"] + (said["cpu"] - said["once_cpu"]) * factor,
                    wall=said["once_wall"] + (said["wall"] - said["once_wall"]) * factor)

    note = "" if factor == 1 else f"extrapolated from {len(chosen)} settings"

    def make(score, variant, label, others):
        def entrants(threads):
            out = [machine.ours("libgrasp", "grid", work.arguments() + ["score=" + score] + chosen, threads)]
            out += machine.peer("sklearn", label, ["grid", variant] + work.arguments() + chosen, threads, scale=whole,
                                note=note)
            return out + [machine.ours(name, "grid", work.arguments() + [f"score={score};{more}"], threads)
                          for name, more in others]
        return {"part": "grid", "workload": work.name, "work": work, "entrants": entrants, "blocks": len(chosen),
                "what": f"{SETTINGS} settings, {'Euclidean' if 'eu' in score else 'cosine'} silhouettes"}
    one = [("libgrasp, one setting", f"eps={work.eps!r};min_samples={work.min_samples}")]
    return [make("silhouette", "precomputed", "sklearn, distances once", one),
            make("silhouette_euclidean", "authors", "sklearn, authors' loop", one)]


def silhouette_tasks(machine, work, labels):
    def make(metric):
        def entrants(threads):
            arguments = work.arguments() + [labels]
            return [machine.ours("libgrasp", "silhouette", arguments + [metric], threads, kept=False)] + \
                machine.peer("sklearn", "sklearn " + metric, ["silhouette", metric] + arguments, threads, kept=False)
        return {"part": "silhouette", "workload": work.name, "work": work, "entrants": entrants,
                "what": f"{metric} silhouette of one labelling"}
    return [make("cosine"), make("euclidean")]


def gradient_tasks(machine, work, few):
    def ours(kind, threads, name="libgrasp"):
        return machine.ours(name, "gradients", [work.stem, str(work.n), kind], threads, kept=False)

    def peer(package, variant, label, threads, n=work.n):
        def whole(said):
            return dict(said, cpu=said["cpu"] * work.n / n, wall=said["wall"] * work.n / n)
        return machine.peer(package, label, ["gradients", variant, work.stem, str(n)], threads, kept=False, scale=whole,
                            note=f"extrapolated from {n} samples" if n < work.n else "")

    def make(what, entrants):
        return {"part": "gradients", "workload": work.name, "work": work, "entrants": entrants, "what": what}
    return [
        make("per-sample gradients, factors", lambda t: [ours("factors", t)] +
             peer("numpy", "numpy-factors", "NumPy", t)),
        make("per-sample gradients, rows", lambda t: [ours("dense", t)] + peer("numpy", "numpy-dense", "NumPy", t) +
             peer("torch", "vmap", "torch.func vmap", t) + peer("torch", "loop", "torch loop", t, min(few, work.n))),
        make("Gram of gradients", lambda t: [ours("gram", t)] + peer("numpy", "numpy-gram", "NumPy, factors", t) +
             peer("numpy", "numpy-gram-dense", "NumPy, rows", t) + [ours("gram-dense", t, "libgrasp, rows")]),
    ]


def experiment_task(machine, work, epochs, whole):
    """The paper's experiment; of the peer's steps few are run, unless `whole`, and stand for the rest."""
    arguments = [work.stem, str(work.n), str(epochs), work.stem + ".group.i8"]

    def scale(said):
        def total(clock):
            return sum(s * f for s, f in zip(said[clock + "_steps"], said["factors"]))
        return dict(said, cpu=total("cpu"), wall=total("wall"))

    def entrants(threads):
        peers = machine.peer("sklearn", "torch and sklearn", ["experiment", "all" if whole else "few"] + arguments,
                             threads, scale=scale, kept=False,
                             note="" if whole else "extrapolated from 2 epochs, 500 samples, 2 settings")
        return [machine.ours("libgrasp", "experiment", arguments, threads, kept=False)] + \
            (peers if "torch" in machine.python else [])
    return {"part": "experiment", "workload": work.name, "work": work, "entrants": entrants,
            "what": f"ERM {epochs} epochs, gradients, 104 settings a class, group DRO {epochs} epochs"}


def training(machine):
    """Rows and other lines of bench/train.c, which measures beside PyTorch by itself and prints
    "what   x us   PyTorch y us   ratio r (a to b)"."""
    program = os.path.join(machine.programs, "bench-train")
    if not os.path.isfile(program):
        return [], []
    print("measuring training steps", file=sys.stderr, flush=True)
    env = environment(machine.env, 1)
    if "torch" in machine.python:
        env["PYTHON3"] = machine.python["torch"][0]
    done = subprocess.run([program], env=env, capture_output=True, text=True)
    if done.returncode:
        return [], ["bench-train: " + done.stderr.strip()]
    rows, others = [], []
    for line in done.stdout.splitlines():
        m = TRAINING_LINE.match(line)
        if not m:
            others.append(line)
            continue
        ours, theirs, ratio, least, most = (float(x) if x else None for x in m.groups()[1:])

        def row(who, seconds, **more):
            return {"part": "train", "workload": "-", "what": m[1], "who": who, "ours": not more, "labels": "",
                    "note": "", "threads": {"1": {"cpu": {"median": seconds}, **more}}}
        rows.append(row("libgrasp", 1e-6 * ours))
        if theirs:
            rows[-1]["threads"]["1"]["best_peer"] = {"ratio": ratio, "who": "torch"}
            rows.append(row("torch", 1e-6 * theirs, ratio_cpu={"median": ratio, "min": least, "max": most}))
    return rows, others


def cancelling(machine, samples):
    """Lines of bench/cancel.c."""
    print("measuring cancels", file=sys.stderr, flush=True)
    done = subprocess.run([os.path.join(machine.programs, "bench-cancel"), str(samples)],
                          env=environment(machine.env, 1), capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else ["bench-cancel: " + done.stderr.strip()]


# ---- running ---------------------------------------------------------------------------------------------------------

def annotate(rows, task, roofline, threads):
    """What a reader wants beside our figures."""
    work, first = task["work"], rows[0]
    notes = []
    for t in threads:
        best = table.best_peer(rows, t, table.clock(t))
        if best and t in first["threads"]:
            first["threads"][t]["best_peer"] = {"ratio": best[0], "who": best[1]}
    if task["part"] == "dbscan" and roofline.get("1"):
        floor = work.n ** 2 * work.p / roofline["1"]["ssyrk"]["median"]
        notes.append(f"SSYRK alone {table.number(floor)} s")
        said = first.get("said", {})
        if said:
            share = said["pairs"] / (work.n * (work.n - 1) / 2)
            notes.append(f"pairs {share:.3g}, exact {said['exact']}, ties {said['ties']}")
    if task["what"].startswith("per-sample"):
        for row in rows:
            if "cpu" in row["threads"].get("1", {}):
                rate = f"{work.n / row['threads']['1']['cpu']['median']:,.0f} samples/s"
                row["note"] = ", ".join(x for x in (rate, row["note"]) if x)
    if task["part"] in ("grid", "silhouette"):
        for row in rows[1:]:
            ours, theirs = first.get("said", {}).get("scores"), row.get("said", {}).get("scores")
            if ours and theirs and len(ours) == len(theirs):
                apart = max(abs(a - b) for a, b in zip(ours, theirs))
                row["note"] = ", ".join(x for x in (row["note"], f"scores within {apart:.1g}") if x)
    if task["part"] == "experiment":
        for row in rows:
            said = row.get("said", {})
            if "worst" in said:
                told = f"test accuracy {said['average']:.3f}, worst group {said['worst']:.3f}"
                row["note"] = ", ".join(x for x in (row["note"], told) if x)
    if task["part"] == "grid" and first.get("said"):
        notes.append(f"best {first['said']['eps']:.3g}, {first['said']['min_samples']}")
    first["note"] = ", ".join(x for x in [first["note"]] + notes if x)
    return rows


def measure(task, o, roofline):
    print(f"measuring {task['workload']}: {task['what']}", file=sys.stderr, flush=True)
    stem = os.path.join(o.cache, "labels")
    os.makedirs(stem, exist_ok=True)
    done = {}
    for t in o.threads:
        def labels(i, t=t):
            return os.path.join(stem, f"{task['part']}.{task['workload']}.{t}.{i}.i64")
        done[t] = paired(task["entrants"](t), o.runs, o.limit, labels)
        for e in done[t]:
            if e.ours and e.gone:
                print(f"{e.name}: {e.gone}", file=sys.stderr)
    return annotate(table.rows_of(task, done), task, roofline, [str(t) for t in o.threads])


def measure_roofline(machine, threads):
    out = {}
    for t in threads:
        child = Child([os.path.join(machine.programs, "bench-roofline")], environment(machine.env, t))
        said = [child.ask("run", 60) for _ in range(3)]
        child.close()
        out[str(t)] = {k: table.spread([s[k] for s in said]) for k in said[0]
                       if isinstance(said[0][k], float) and k not in ("cpu", "wall")}
        out[str(t)].update(child.ready, core=said[0]["core"], sketch=said[0]["sketch"])
    return out


def all_tasks(o, machine, data):
    names = o.workloads.split(",") if o.workloads else ["W1", "W5", "S1", "S6"] + ["W2", "W3", "W4", "W6", "N1", "N2", "N3", "N4", "N5", "N6"] * o.full
    everything = DBSCAN_PEERS
    for name in names if set(o.only) - {"train", "cancel", "curves"} else []:
        work = data.named(name)
        large = work.n * work.p > 2e7
        if "dbscan" in o.only:
            yield dbscan_task(machine, work, everything if o.full or not large else [everything[0], everything[3]],
                              o.full or work.n * work.p < 1e6)
        if "grid" in o.only and name in ("W1", "W5", "S1"):
            grids = grid_tasks(machine, work, SETTINGS if o.full and name == "S1" else 13 if o.full else 4)
            yield from grids if o.full or name != "W5" else grids[:1]
        if "silhouette" in o.only and name in ("W1", "S1"):
            yield from silhouette_tasks(machine, work, own_labels(o, machine, work))
        if "experiment" in o.only and NAMED[name][0] == "mlp":
            yield experiment_task(machine, work, 300, False)
        if "gradients" in o.only and NAMED[name][0] == "mlp":
            yield from gradient_tasks(machine, work, 2000 if o.full else 500)


def own_labels(o, machine, work):
    path = os.path.join(o.cache, work.name + ".labels.i64")
    child = Child([os.path.join(machine.programs, "bench-dbscan")] + work.dbscan(), environment(machine.env, 1))
    child.ask("run", 600)
    child.ask("labels " + path, 60)
    child.close()
    return path


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def heading(machine, roofline, load, o):
    first = roofline[str(o.threads[0])]
    print(f"libgrasp {first['version']}, kernels {first['kernel']}, {first['build']}")
    print(f"{processor()}, {os.cpu_count()} processors, load {load:.2f}" +
          (": NOISY, other work is running; read the ratios, not the seconds" if load > 1 else ""))
    for t in o.threads:
        r = roofline[str(t)]
        said = [f"{k.upper()} {table.with_spread({m: v[m] / 1e9 for m in ('median', 'min', 'max')})}"
                for k, v in r.items() if isinstance(v, dict)]
        print(f"roofline at {t}, 10^9 operations or bytes/s: {', '.join(said)} (INT8: {r['sketch']}, one thread); "
              f"OpenBLAS {r['core'] or '-'}")
    for line in machine.kernels:
        print("peer " + line)
    if not machine.kernels:
        print("peers: none found")
    print(f"Medians of {o.runs} paired runs (least-most). To ours: CPU at 1 thread, wall time above, within a round. "
          "MB more: resident peak beyond the data.\n")


def main():
    o = options()
    machine = Machine(o)
    load = os.getloadavg()[0]
    data = Workloads(o.programs, o.cache, environment(machine.env, 1), machine.python.get("numpy", (None,))[0])
    roofline = measure_roofline(machine, o.threads)
    if not o.json:
        heading(machine, roofline, load, o)
        sys.stdout.flush()
    rows, training_lines, cancel_lines, grown = [], [], [], []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for task in all_tasks(o, machine, data):
            rows += measure(task, o, roofline)
        if "train" in o.only:
            steps, training_lines = training(machine)
            rows += steps
        if "cancel" in o.only:
            cancel_lines = cancelling(machine, 1000000)
        if "curves" in o.only:
            for curve in curves.measure_all(o, machine, data):
                grown.append(curve)
    except KeyboardInterrupt:
        print("interrupted: what follows is what was measured until then", file=sys.stderr)
    if o.json:
        print(json.dumps({"load": load, "processor": processor(), "roofline": roofline, "found": machine.found,
                          "kernels": machine.kernels, "rows": rows, "training": training_lines, "cancel": cancel_lines, "curves": grown}))
        return
    if rows:
        table.show(rows, [str(t) for t in o.threads])
    for lines in (training_lines, cancel_lines, [c["text"] for c in grown]):
        if lines:
            print()
            print("\n".join(lines))


if __name__ == "__main__":
    main()
