# SPDX-License-Identifier: BSD-3-Clause
"""examples/tour.py runs, with pictures where matplotlib is installed and without, and says what its text says."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOUR = pathlib.Path(__file__).resolve().parents[1] / "examples" / "tour.py"


class Tour(unittest.TestCase):
    def test_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
            said = subprocess.run(
                [sys.executable, str(TOUR), folder], check=True, env=environment, stdout=subprocess.PIPE
            ).stdout.decode()
            pictures = sorted(path.name for path in pathlib.Path(folder).glob("*.png"))
        worst = [float(word) for word in re.findall(r"worst true group ([0-9.]+)", said)]
        self.assertEqual(len(worst), 4)
        self.assertGreater(min(worst[1:3]), worst[0])
        try:
            import matplotlib
            self.assertTrue(matplotlib)
            self.assertEqual(pictures, ["accuracy.png", "gradients.png", "settings.png"])
        except ImportError:
            self.assertEqual(pictures, [])


if __name__ == "__main__":
    unittest.main()
