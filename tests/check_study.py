# SPDX-License-Identifier: BSD-3-Clause
"""A minority is never deleted as noise: on every set of the study, two seeds each, the share of a true minority that the default calls
outliers hardly exceeds that of the majorities (study.py ends with an error otherwise); who the groups are, on made data."""
import json
import os
import subprocess
import sys

try:
    import numpy  # noqa: F401
except ImportError:
    print("skipped: this Python has no NumPy")
    sys.exit(77)

study = os.path.join("examples", "study", "study.py")
done = subprocess.run([sys.executable, study, "--library", os.environ["GRASP_LIBRARY"], "--who", "--json", "--quick"],
                      capture_output=True, text=True, timeout=600)
assert done.returncode == 0, done.stdout + done.stderr
runs = []
for line in done.stdout.splitlines():
    if line.startswith("skipped"):
        print(line)
    else:
        runs.append(json.loads(line))
assert {"synthetic", "synthetic flipped"} <= {r["set"] for r in runs}
for r in runs:
    assert 0 <= r["majority out"] <= 1 and 0 <= r["minority out"] <= 1, r
    if "flipped" in r["set"]:
        assert r["flips F1"] > 0.4 and r["majority out"] < 0.05, r
    else:
        assert r["majority out"] == r["minority out"] == 0, r
    if r["set"].startswith("synthetic"):
        assert r["ARI class 0"] > 0.7 and r["ARI class 1"] > 0.7, r
