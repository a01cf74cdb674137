# SPDX-License-Identifier: BSD-3-Clause
"""grasp-fit as a user runs it: the built-in data, a table, an array; its figures, its files, its words for mistakes. The program stands
beside the shared library in bin/. Real data are read from ../shared/data when they are there."""
import csv
import gzip
import json
import os
import random
import subprocess
import tempfile

program = os.path.join(os.path.dirname(os.environ["GRASP_LIBRARY"]), "bin", "grasp-fit")
shared = os.path.join("..", "shared", "data")
work = tempfile.TemporaryDirectory()
groups_csv = os.path.join(work.name, "groups.csv")


def run(*arguments, status=0):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=600)
    assert done.returncode == status, (arguments, done.returncode, done.stderr)
    return done


def study(*arguments):
    text = run("--json", "--output", groups_csv, *arguments).stdout
    assert text.count("\n") == 1 and text.endswith("\n"), text
    return json.loads(text)


def share(x):
    return isinstance(x, (int, float)) and 0 <= x <= 1


def plausible(s, rows, truth=True):
    assert s["rows"] == rows and share(s["noise"]), s
    for method in ("erm", "gdro_learned") + (("gdro_true",) if truth else ()):
        assert share(s[method]["worst"]) and share(s[method]["average"]) and s[method]["worst"] <= s[method]["average"] + 1e-12, s
    for key in ("ari", "ari_within", "floor_class", "floor_error"):
        assert (-1 <= s[key] <= 1) if truth else s[key] is None, (key, s)
    with open(groups_csv, newline="") as f:
        table = list(csv.DictReader(f))
    assert list(table[0]) == ["row", "split", "label", "group", "outlier"] and len(table) == rows
    assert [int(r["row"]) for r in table] == list(range(rows))
    assert all((r["outlier"] == "1") == (r["group"] == "-1") for r in table)
    seen = [r for r in table if r["split"] != "test"]
    assert abs(sum(r["outlier"] == "1" for r in seen) / len(seen) - s["noise"]) < 1e-12
    return table


# The built-in data: GRASP beats the class floor, group DRO on what it learned beats ERM on the worst group; the same on any threads.
s = study("--threads", "1")
plausible(s, 1000)
assert len(s["classes"]) == 2 and s["groups"] >= 3 and s["floor_class"] > 0.6, s
assert s["gdro_learned"]["worst"] > s["erm"]["worst"] - 0.05, s
assert study("--threads", "3") == s
text = run("--output", "-").stdout
for words in ("floors: class alone", "group DRO, learned groups", "noise", "within-class ARI"):
    assert words in text, (words, text)

# A table with text labels, a text feature, a quoted name, no group and no split.
random.seed(3)
path = os.path.join(work.name, "t.csv")
with open(path, "w") as f:
    f.write('"height, cm",colour,kind\r\n')
    for i in range(300):
        kind = random.choice(("oak", "elm"))
        f.write("%.3f,%s,%s\r\n" % (random.gauss(170 if kind == "oak" else 160, 5), random.choice(("red", "blue")), kind))
s = study(path, "--label", "kind")
plausible(s, 300, truth=False)
assert s["features"] == 3 and s["gdro_true"]["worst"] is None
assert {c["label"] for c in s["classes"]} == {"oak", "elm"}
assert s["train"] + s["val"] + s["test"] == 300 and abs(s["train"] - 180) <= 2

# Mistakes are told apart and explained.
for arguments, status, words in (
    (["--label", "kind"], 2, "no table is given"),
    ([path], 2, "--label"),
    ([path, "--label", "kid"], 1, "kind"),
    ([path, "--label", "kind", "--features", "colour,heigth"], 1, "heigth"),
    ([path, "--label", "height, cm"], 1, "height, cm"),
    ([path + ".not", "--label", "kind"], 1, "t.csv.not"),
    (["--set", "infer.epps=1"], 1, "infer.eps"),
    (["--set", "gdro.step=-1"], 1, "step"),
    (["--model", "forest"], 2, "logistic, softmax or mlp"),
    (["--output", os.path.join(work.name, "no", "such", "folder.csv"), "--set", "gdro.epochs=1;gdro.rate=0.01;gdro.step=0.1"], 1, "cannot write"),
):
    error = run("--quiet", *arguments, status=status).stderr
    assert words in error, (arguments, error)
assert "infer.eps" in run("--params").stdout and "usage" in run("--help").stdout and "libgrasp" in run("--version").stdout

# Real data.
compas = os.path.join(shared, "compas", "compas.csv")
if os.path.exists(compas):
    s = study(compas, "--label", "is_recid", "--group", "a", "--split", "split_seq", "--features",
              "juv_fel_count,juv_misd_count,juv_other_count,priors_count,age,charge_felony")
    plausible(s, 7214)
    assert abs(s["floor_class"] - 0.2849) < 5e-4, s  # class alone on training and validation rows
else:
    print("skipped: no ../shared/data/compas")
features = os.path.join(shared, "waterbirds", "mnv2_pca64_f32.npy")
if os.path.exists(features):
    meta = os.path.join(work.name, "meta.csv")
    with gzip.open(os.path.join(shared, "waterbirds", "meta.csv.gz"), "rb") as source, open(meta, "wb") as target:
        target.write(source.read())
    s = study("--x", features, "--meta", meta, "--label", "y", "--group", "place", "--split", "split")
    plausible(s, 11788)
    (split,) = s["splits"]
    assert split["accepted"] == 1 and split["worst_low"] < split["worst"] < split["worst_high"], split
    assert all(-1 <= split[k + ".stability"] <= 1 for k in "ab") and split["outliers"] == s["noise_rows"], split
    assert 0 <= s["gap"] <= s["objective"], s
    words = run("--x", features, "--meta", meta, "--label", "y", "--split", "split", "--output", "-").stdout
    assert "look like class 0's background; balanced training lifts their accuracy from" in words and "stability" in words
    assert abs(s["floor_class"] - 0.6898) < 5e-4, s
else:
    print("skipped: no ../shared/data/waterbirds")
