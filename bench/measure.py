# SPDX-License-Identifier: BSD-3-Clause
"""Children that run one thing each, and runs of them in turn.

A child loads its data, says a line of JSON, and obeys lines (bench/harness.h). Runs are paired: ours, each peer, ours,
each peer, ..., so that whatever else the machine does falls on all alike; ratios are taken within a round.
"""
import json
import os
import resource
import select
import subprocess
import tempfile
import time

# Of OpenBLAS: kernels for processors without AVX. One that does not know a new processor falls back to them.
OLD_KERNELS = {"Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Athlon", "Opteron", "Barcelona", "Bobcat"}


class Gone(Exception):
    """A child that will not answer any more, and why."""


def environment(base, threads):
    """The same for ours and for the peers: so many threads in every library, nothing that picks an older kernel."""
    env = dict(base)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
        env[name] = str(threads)
    return env


def available_memory():
    try:
        with open("/proc/meminfo") as f:
            for line in f:
                if line.startswith("MemAvailable:"):
                    return 1024 * int(line.split()[1])
    except OSError:
        pass
    return None


class Child:
    def __init__(self, argv, env, memory=None, patience=600):
        def limit():
            if memory:
                resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        self.errors = tempfile.TemporaryFile()
        self.text = b""
        self.process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, preexec_fn=limit)
        self.ready = self.answer(patience)

    def answer(self, seconds):
        out, end = self.process.stdout.fileno(), time.monotonic() + seconds
        while b"\n" not in self.text:
            if not select.select([out], [], [], max(0, end - time.monotonic()))[0]:
                self.close()
                raise Gone(f"over {seconds:.0f} s")
            more = os.read(out, 65536)
            if not more:
                raise Gone(self.last_words())
            self.text += more
        line, _, self.text = self.text.partition(b"\n")
        said = json.loads(line)
        if "error" in said:
            self.close()
            raise Gone(said["error"])
        return said

    def ask(self, line, seconds):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Gone(self.last_words()) from None
        return self.answer(seconds)

    def last_words(self):
        code = self.process.wait()
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace").strip().splitlines()
        text = said[-1] if said else f"ended with {code}"
        words = ("MemoryError", "bad_alloc", "allocate", "out of memory")
        return "out of memory" if code == -9 or any(w in text for w in words) else text

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Entrant:
    """One who takes part: name, command, what it is (ours, or a peer), and how a part's figures become the whole's."""

    def __init__(self, name, argv, env, ours=False, kept=True, scale=None, note=""):
        self.name, self.argv, self.env, self.ours, self.scale, self.note = name, argv, env, ours, scale, note
        self.kept = kept and not name.startswith("libgrasp,")  # its labels are compared
        self.gone = None if argv else "-"  # why it does not take part any more
        self.child, self.cpu, self.wall, self.last, self.labels = None, [], [], {}, None

    def start(self, memory):
        if self.gone:
            return
        try:
            self.child = Child(self.argv, self.env, memory)
        except Gone as why:
            self.gone = str(why)

    def run(self, limit, count):
        if self.gone:
            return
        try:
            said = self.child.ask("run", limit)
        except Gone as why:
            self.gone = str(why)
            return
        self.last = said
        if count:
            self.count(said)

    def count(self, said):
        whole = self.scale(said) if self.scale else said
        self.cpu.append(whole["cpu"])
        self.wall.append(whole["wall"])

    def finish(self, path):
        if self.child and not self.gone and self.kept and path:
            try:
                self.child.ask("labels " + path, 60)
                self.labels = path
            except Gone:
                pass
        if self.child:
            self.child.close()
            self.child = None


def paired(entrants, runs, limit, labels=None):
    """Runs all in turn: once to warm up, which counts when it is long, then until each has `runs`, three times as many
    where all are short. labels(i): where entrant i's go. A peer whose run takes more than a third of the limit runs
    once; ours has ten times the limit."""
    memory = available_memory()
    try:
        for e in entrants:
            e.start(None if e.ours or not memory else int(0.8 * memory))
        for e in entrants:
            e.run(limit * (10 if e.ours else 1), False)
            took = e.took = e.last.get("cpu", 0)
            e.goal = 1 if took > limit / 3 and not e.ours else runs
            if not e.gone and (took > 2 or e.goal == 1):
                e.count(e.last)
        if all(e.took < 0.2 for e in entrants):
            for e in entrants:
                e.goal = 3 * runs
        while any(len(e.cpu) < e.goal and not e.gone for e in entrants):
            for e in entrants:
                if len(e.cpu) < e.goal:
                    e.run(limit * 10, True)
    finally:
        for i, e in enumerate(entrants):
            e.finish(labels(i) if labels else None)
    return entrants
