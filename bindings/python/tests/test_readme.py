# SPDX-License-Identifier: BSD-3-Clause
"""The programs in README.md run as they stand, on small data."""
import os
import pathlib
import re
import sys
import unittest

import numpy as np

import libgrasp
from support import two_classes

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


class Readme(unittest.TestCase):
    def test_programs(self):
        if not README.is_file():
            self.skipTest("README.md is not beside the tests")
        blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
        self.assertGreater(len(blocks), 3)
        x, y, truth = two_classes(300)
        names = {
            "libgrasp": libgrasp,
            "X": x,
            "d": 8,
            "gradients": x,
            "labels": truth,
            "truth": truth,
            "new_gradients": x[:9],
            "train_rows": np.arange(200),
            "val_rows": np.arange(200, 300),
        }
        before, sys.stderr = sys.stderr, open(os.devnull, "w")  # tqdm's bars
        try:
            for block in blocks:
                if "TorchModel" in block:
                    try:
                        import torch
                    except ImportError:
                        continue
                    names.update(X=torch.tensor(x, dtype=torch.float32), module=torch.nn.Sequential())
                    names["module"].add_module("fc", torch.nn.Linear(8, 2))
                words = '"cat"' in block
                names["y"] = np.array(["cat", "dog"])[y] if words else y
                names["new_y"] = names["y"][:9]
                names["gradients"] = x
                exec(compile(block, str(README), "exec"), names)
        finally:
            sys.stderr.close()
            sys.stderr = before
        self.assertEqual(len(names["result"].labels), 300)


if __name__ == "__main__":
    unittest.main()
