# SPDX-License-Identifier: BSD-3-Clause
"""How one exact DBSCAN grows: with n, p, eps and the share of outliers, one thread, beside scikit-learn while it can.

Each curve becomes <cache>/<curve>.csv and, where gnuplot is, .svg. The exponent is the slope of log time over log x by
least squares on the upper half of the points that take at least 5 ms.
"""
import csv
import math
import os
import shutil
import subprocess
import sys

import table
from measure import paired

# curve: (x axis, logarithmic, [(x, n, p, eps, outliers)])
CURVES = {
    "n": ("samples n (p 33, eps .2)", True,
          [(n, n, 33, 0.2, 0.03) for n in (1000, 3000, 10000, 30000, 100000, 300000, 1000000)]),
    "p": ("values a sample p (n 4000, eps .3)", True,
          [(p, 4000, p, 0.3, 0.03) for p in (3, 5, 9, 17, 33, 65, 129, 257, 513, 1025, 2049, 4097, 8193)]),
    "eps": ("eps (n 4000, p 2049)", False,
            [(e, 4000, 2049, e, 0.03) for e in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2)]),
    "outliers": ("share of outliers (n 10000, p 257, eps .3)", False,
                 [(s, 10000, 257, 0.3, s) for s in (0.0, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5)]),
}
FIELDS = ["x", "n", "p", "eps", "outliers", "who", "cpu", "cpu_min", "cpu_max", "wall", "memory", "pairs", "labels"]


def slope(points):
    """Exponent over the upper half of (x, seconds); None below three points."""
    points = [(math.log(x), math.log(s)) for x, s in points if s >= 0.005]
    points = points[len(points) // 2:] if len(points) >= 6 else points
    if len(points) < 3:
        return None
    mx, my = (sum(q[k] for q in points) / len(points) for k in (0, 1))
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


def measure_curve(name, o, machine, data):
    rows, gone = [], set()
    for x, n, p, eps, outliers in CURVES[name][2]:
        work = data.logistic(n, p, eps, outliers)
        entrants = [machine.ours("libgrasp", "dbscan", work.dbscan(), 1)] + \
            machine.peer("sklearn", "sklearn", ["dbscan", "cosine-f32"] + work.dbscan(), 1)
        entrants = [e for e in entrants if e.name not in gone]
        if not entrants:
            break
        print(f"curve {name}: {x}", file=sys.stderr, flush=True)
        paired(entrants, o.runs, o.limit, lambda i: os.path.join(o.cache, "labels", f"curve.{i}.i64"))
        first = entrants[0]
        for e in entrants:
            if not e.cpu:
                gone.add(e.name)
                continue
            cpu = table.spread(e.cpu)
            same = table.compare(first.labels, e.labels, 1) if first.labels and e.labels and e is not first else ""
            rows.append([x, n, p, eps, outliers, e.name, cpu["median"], cpu["min"], cpu["max"],
                         table.spread(e.wall)["median"], e.last["memory"],
                         e.last.get("pairs", n * (n - 1) / 2) / (n * (n - 1) / 2), same])
    return sorted(rows, key=lambda row: row[FIELDS.index("who")])  # each one's points together, as they came


def draw(name, path, who):
    """SVG by gnuplot from the .csv."""
    axis, logarithmic, _ = CURVES[name]
    text = [f"set terminal svg size 640,420; set output '{path}.svg'; set datafile separator ','",
            f"set xlabel '{axis}'; set ylabel 'CPU seconds, one thread'; set key top left; set grid",
            "set logscale " + ("xy" if logarithmic else "y")]
    plots = [f"'{path}.csv' using (stringcolumn(6) eq '{w}' ? $1 : NaN):7:8:9 with yerrorlines title '{w}'"
             for w in who]
    subprocess.run(["gnuplot"], input="\n".join(text + ["plot " + ", ".join(plots)]) + "\n", text=True, check=False)


def measure_all(o, machine, data):
    """One after another, each as it is done."""
    os.makedirs(os.path.join(o.cache, "labels"), exist_ok=True)
    for name, (axis, logarithmic, _) in CURVES.items():
        rows = measure_curve(name, o, machine, data)
        path = os.path.join(o.cache, name)
        with open(path + ".csv", "w", newline="") as f:
            csv.writer(f).writerows([FIELDS] + rows)
        who = sorted({r[5] for r in rows})
        if shutil.which("gnuplot") and rows:
            draw(name, path, who)
        said = []
        for w in who:
            points = [(r[0], r[6]) for r in rows if r[5] == w]
            exponent = slope(points) if logarithmic else None
            said.append(f"{w} {table.number(points[0][1])} s to {table.number(points[-1][1])} s" +
                        (f", exponent {exponent:.2f}" if exponent is not None else ""))
        text = f"growth with {axis}: " + ("; ".join(said) or "nothing was measured") + f" ({path}.csv)"
        yield {"curve": name, "rows": [dict(zip(FIELDS, r)) for r in rows], "text": text}
