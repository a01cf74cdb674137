#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_synthetic.py REFERENCE: writes the Synthetic fixtures of the tests beside this script.

REFERENCE is a directory with expected_synthetic.json, synth_seed123_*.csv and grad_seed123_*.csv: data, gradients at a fitted
softmax regression, and what numpy, PyTorch and scikit-learn made of them. Here they become plain text that C reads with fscanf;
numbers keep the digits that they have there. All clustering is of the rows whose split is train or val, in file order, per class y.

  synthetic_CASE.csv            x1,x2,y,a,g,split,outlier of every row; CASE is clean or contaminated
  synthetic_CASE_gradients.csv  f0..f5 of the train and val rows, in order
  expected_weights.txt          CASE w1 w2 b (output 0) w1 w2 b (output 1)
  expected_dbscan.txt           class metric eps min_samples clusters noise n, then n labels (gradients, clean)
  expected_grid.txt             CASE rows metric class eps min_samples clusters noise silhouette ari; silhouette: euclidean, noise one
                                cluster, -1 not defined; ari: against a within the class
  expected_chosen.txt           CASE rows metric, eps min_samples silhouette of class 0 and of class 1, ari4 ari6 n, then n merged labels
  expected_kmeans.txt           CASE rows k inertia of class 0 and of class 1, ari4 ari6
  rows is features or gradients; metric cosine or euclidean; ari4 against a + 2y, ari6 with outliers as groups of their own.
"""
import json
import os
import shutil
import sys

ROWS = {"feat": "features", "grad": "gradients"}
METRIC = {"eucl": "euclidean", "cos": "cosine"}


def write(name, lines):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w", encoding="ascii") as f:
        f.writelines(" ".join(v if isinstance(v, str) else repr(v) for v in line) + "\n" for line in lines)


def main(reference):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(reference, "expected_synthetic.json"), encoding="ascii") as f:
        expected = json.load(f)
    weights, grid, chosen, kmeans = [], [], [], []
    for case in ("clean", "contaminated"):
        shutil.copyfile(os.path.join(reference, f"synth_seed123_{case}.csv"), os.path.join(here, f"synthetic_{case}.csv"))
        shutil.copyfile(os.path.join(reference, f"grad_seed123_{case}.csv"), os.path.join(here, f"synthetic_{case}_gradients.csv"))
        stored = expected["cases"][f"seed123_{case}"]
        weights.append([case, *(w for row in stored["W"] for w in row)])
        for name, r in stored["res"].items():
            rows, algorithm = name.split("/")
            aris = [r["ari4"], r["ari6_outliers_own_group"]]
            if algorithm in METRIC:
                head = [case, ROWS[rows], METRIC[algorithm]]
                grid += [head + line for line in r["grid"]]
                chosen.append(head + r["chosen"]["0"] + r["chosen"]["1"] + aris + [len(r["labels_sil"])])
                chosen.append(r["labels_sil"])
            else:
                kmeans.append([case, ROWS[rows], int(algorithm[len("kmeans"):]), *r["inertia_per_class"], *aris])
    dbscan = []
    for f in expected["dbscan_fixed_seed123_clean_grad"]:
        dbscan.append([f["class"], METRIC[f["metric"]], f["eps"], f["min_samples"], f["n_clusters"], f["n_noise"], len(f["labels"])])
        dbscan.append(f["labels"])
    write("expected_weights.txt", weights)
    write("expected_dbscan.txt", dbscan)
    write("expected_grid.txt", grid)
    write("expected_chosen.txt", chosen)
    write("expected_kmeans.txt", kmeans)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
