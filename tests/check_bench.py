# SPDX-License-Identifier: BSD-3-Clause
"""The reckoning of `make bench`: does it see labels that differ, and are its indices, ratios and exponents right?"""
import array
import math
import os
import random
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import curves  # noqa: E402
import measure  # noqa: E402
import table  # noqa: E402


def rand_by_pairs(a, b):
    """The adjusted Rand index from its definition over pairs."""
    n = len(a)
    pairs = [(a[i] == a[j], b[i] == b[j]) for i in range(n) for j in range(i)]
    both, left, right = sum(x and y for x, y in pairs), sum(x for x, _ in pairs), sum(y for _, y in pairs)
    expected = left * right / len(pairs)
    return (both - expected) / ((left + right) / 2 - expected)


def labels_are_compared(folder):
    def file(name, values):
        path = os.path.join(folder, name)
        with open(path, "wb") as f:
            array.array("q", values).tofile(f)
        return path
    a = file("a", [0, 0, 1, 1, -1, -1])
    assert table.compare(a, file("b", [0, 0, 1, 1, -1, -1]), 1) == "equal"
    said = table.compare(a, file("c", [0, 0, 1, 1, 1, -1]), 1)
    assert said.startswith("no: 1 differ"), said
    assert table.compare(a, file("d", [0, 0, 1, 1, 0, -1]), 3) == "equal in 2 of 3"
    assert table.compare(a, file("e", [0, 0, 1, 1, -1]), 1) != "equal"


def rand_is_right():
    draw = random.Random(1)
    for _ in range(20):
        a = [draw.randrange(3) for _ in range(40)]
        b = [x if draw.random() < 0.7 else draw.randrange(4) for x in a]
        assert math.isclose(table.adjusted_rand(a, b), rand_by_pairs(a, b), abs_tol=1e-12)


def ratios_are_of_a_round():
    ours, peer = (measure.Entrant(name, ["true"], {}, ours=name == "libgrasp") for name in ("libgrasp", "peer"))
    for e, cpu in (ours, [1.0, 2.0, 4.0]), (peer, [3.0, 6.0, 12.0]):
        e.cpu = e.wall = cpu
        e.last = {"memory": 0}
    task = {"part": "x", "workload": "x", "what": "x"}
    rows = table.rows_of(task, {1: [ours, peer]})
    assert rows[1]["threads"]["1"]["ratio_cpu"] == {"median": 3.0, "min": 3.0, "max": 3.0, "runs": 3}
    assert table.best_peer(rows, "1", "cpu") == (3.0, "peer")


def children_answer_end_and_are_ended():
    child = measure.Child(["sh", "-c", "echo '{}'; read x; echo '{\"cpu\": 1}'; read x; sleep 60"], dict(os.environ))
    assert child.ask("run", 10) == {"cpu": 1}
    try:
        child.ask("run", 0.2)
        raise AssertionError("a run over its time was waited for")
    except measure.Gone as why:
        assert "over" in str(why)
    assert child.process.poll() is not None
    try:
        measure.Child(["sh", "-c", "echo MemoryError >&2; exit 1"], dict(os.environ))
        raise AssertionError("a child that ended was not missed")
    except measure.Gone as why:
        assert str(why) == "out of memory"


rand_is_right()
ratios_are_of_a_round()
children_answer_end_and_are_ended()
with tempfile.TemporaryDirectory() as scratch:
    labels_are_compared(scratch)
assert math.isclose(curves.slope([(x, 0.01 * x ** 1.7) for x in (1, 3, 10, 30, 100, 300)]), 1.7)
print("bench: 5 checks")
