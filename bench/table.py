# SPDX-License-Identifier: BSD-3-Clause
"""Medians, comparison of labels, and the one table."""
import array
import statistics
from collections import Counter


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": len(values)}


# ---- labels ----------------------------------------------------------------------------------------------------------

def read_labels(path):
    values = array.array("q")
    with open(path, "rb") as f:
        values.frombytes(f.read())
    return values


def adjusted_rand(a, b):
    """Noise is one more group."""
    def pairs(counts):
        return sum(c * (c - 1) // 2 for c in counts.values())
    both, left, right = pairs(Counter(zip(a, b))), pairs(Counter(a)), pairs(Counter(b))
    total = len(a) * (len(a) - 1) // 2
    most, expected = (left + right) / 2, left * right / total if total else 0
    return 1.0 if most == expected else (both - expected) / (most - expected)


def compare(ours, theirs, blocks):
    """"equal", or what differs. blocks: as many labellings one after another."""
    a, b = read_labels(ours), read_labels(theirs)
    if a == b:
        return "equal" if blocks == 1 else f"equal in {blocks} of {blocks}"
    if len(a) != len(b):
        return "of another length"
    if blocks > 1:
        n = len(a) // blocks
        same = sum(a[k * n:(k + 1) * n] == b[k * n:(k + 1) * n] for k in range(blocks))
        return f"equal in {same} of {blocks}"
    return f"no: {sum(x != y for x, y in zip(a, b))} differ, ARI {adjusted_rand(a, b):.6f}"


# ---- rows of the table -----------------------------------------------------------------------------------------------

def rows_of(task, by_threads):
    """by_threads: {threads: entrants}, ours first. One row for each entrant."""
    rows = []
    for k, first in enumerate(by_threads[min(by_threads)]):
        row = {"part": task["part"], "workload": task["workload"], "what": task["what"], "who": first.name,
               "ours": first.ours, "threads": {}, "note": first.note}
        for threads, entrants in by_threads.items():
            e, ours = entrants[k], entrants[0]
            if not e.cpu:
                row["threads"][str(threads)] = {"gone": e.gone}
                continue
            part = {"cpu": spread(e.cpu), "wall": spread(e.wall), "memory": e.last["memory"]}
            if e is not ours and ours.cpu:
                for of in ("cpu", "wall"):
                    part["ratio_" + of] = spread([x / max(y, 1e-9) for x, y in zip(getattr(e, of), getattr(ours, of))])
            row["threads"][str(threads)] = part
            row["said"] = {k: v for k, v in e.last.items() if k not in ("cpu", "wall", "memory")}
        row["labels"] = labels_of(task, by_threads, k)
        rows.append(row)
    return rows


def labels_of(task, by_threads, k):
    """Ours: the same at each number of threads; a peer's: equal to ours."""
    reference = by_threads[min(by_threads)][0].labels
    if not reference:
        return ""
    said = [compare(reference, entrants[k].labels, task.get("blocks", 1))
            for entrants in by_threads.values() if entrants[k].labels]
    if k == 0:
        return "same" if all(s.startswith("equal") for s in said) else "DIFFER BY THREADS"
    return sorted(said)[-1] if said else ""


def clock(threads):
    """What ratios are of: CPU time of one thread; with more, the time that passes."""
    return "cpu" if threads == "1" else "wall"


def best_peer(rows, threads, clock):
    found = [(r["threads"][threads]["ratio_" + clock]["median"], r["who"]) for r in rows
             if not r["ours"] and "ratio_" + clock in r["threads"].get(threads, {})]
    return min(found) if found else None


# ---- text ------------------------------------------------------------------------------------------------------------

def number(x):
    if x == 0:
        return "0"
    return f"{x:.0f}" if x >= 1000 else f"{x:.3g}"


def with_spread(s):
    return number(s["median"]) + (f" ({number(s['min'])}-{number(s['max'])})" if "min" in s else "")


def cells(row, all_threads):
    out = [row["workload"], row["what"], row["who"]]
    for t in all_threads:
        part = row["threads"].get(t, {})
        if "cpu" not in part:
            out += [part.get("gone") or "-", "", ""]
            continue
        ratio, best = part.get("ratio_" + clock(t)), part.get("best_peer")
        text = f"{number(ratio['median'])}x" if ratio else f"best {number(best['ratio'])}x" if best else ""
        out += [with_spread(part["cpu"]), with_spread(part["wall"]) if "wall" in part else "", text]
    parts = [p for p in row["threads"].values() if "memory" in p]
    out.append(number(max(p["memory"] for p in parts) / 1e6) if parts else "")
    out += [row["labels"], row["note"]]
    return out


def show(rows, all_threads):
    head = ["data", "what", "who"]  # a peer's "to ours": its time over ours; ours: the best peer's
    for t in all_threads:
        head += [f"CPU s, {t} thread" + "s" * (t != "1"), "wall s", "to ours"]
    lines = [head + ["MB more", "labels", "note"]]
    previous = None
    for row in rows:
        line = cells(row, all_threads)
        key = (row["workload"], row["what"])
        if key == previous:
            line[0] = line[1] = ""
        elif previous:
            lines.append(None)
        previous = key
        lines.append(line)
    width = [max(len(line[k]) for line in lines if line) for k in range(len(lines[0]))]
    for line in lines:
        print("  ".join(c.ljust(w) for c, w in zip(line, width)).rstrip() if line else "")
