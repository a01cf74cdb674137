# SPDX-License-Identifier: BSD-3-Clause
"""GRASP with scikit-learn's conventions, and without scikit-learn."""
import os
import pickle
import subprocess
import sys
import unittest

import numpy as np

import libgrasp
from support import two_classes

try:
    import sklearn
    from sklearn.base import clone
    from sklearn.utils.estimator_checks import check_estimator
    VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
except ImportError:
    VERSION = (0, 0)

# Checks of scikit-learn that do not apply, with reasons: none.
EXPECTED_FAILURES = {}


class Estimator(unittest.TestCase):
    def test_is_infer_groups(self):
        x, y, _ = two_classes(300)
        estimator = libgrasp.GRASP(eps=[0.1, 0.3], min_samples=[5, 10], n_threads=2).fit(x, y)
        result = libgrasp.infer_groups(x, y, [0.1, 0.3], [5, 10])
        np.testing.assert_array_equal(estimator.labels_, result.labels)
        np.testing.assert_array_equal(estimator.eps_, result.eps)
        np.testing.assert_array_equal(estimator.min_samples_, result.min_samples)
        np.testing.assert_array_equal(estimator.scores_, result.scores)
        np.testing.assert_array_equal(estimator.assign(x, y), estimator.labels_)
        np.testing.assert_array_equal(estimator.labels_at(1, 0.3, 5), result.labels_at(1, 0.3, 5))
        self.assertEqual(estimator.n_features_in_, 8)
        again = pickle.loads(pickle.dumps(estimator))
        np.testing.assert_array_equal(again.assign(x, y), estimator.labels_)
        np.testing.assert_array_equal(libgrasp.GRASP(eps=0.3, min_samples=5).fit_predict(libgrasp.Gradients.of(x), y),
                                      libgrasp.GRASP(eps=0.3, min_samples=5).fit(x.tolist(), y.tolist()).labels_)

    @unittest.skipIf(VERSION < (1, 6), "scikit-learn 1.6 or newer is missing")
    def test_scikit_learns_checks(self):
        results = check_estimator(
            libgrasp.GRASP(), expected_failed_checks=EXPECTED_FAILURES, on_skip=None, on_fail=None
        )
        failed = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
        self.assertEqual(failed, [])
        self.assertGreater(sum(r["status"] == "passed" for r in results), 35)
        self.assertEqual(clone(libgrasp.GRASP(eps=0.3)).get_params()["eps"], 0.3)

    def test_without_scikit_learn(self):
        """And nothing of scikit-learn, torch or tqdm is imported before it is asked for."""
        script = (
            "import sys\nimport libgrasp\n"
            "found = {'sklearn', 'torch', 'tqdm'} & set(sys.modules)\nassert not found, found\n"
            "sys.modules['sklearn'] = sys.modules['sklearn.base'] = None\n"
            "from support import two_classes\nx, y, _ = two_classes(200)\n"
            "e = libgrasp.GRASP(eps=.2, min_samples=5).set_params(min_samples=10).fit(x, y)\n"
            "assert (e.assign(x, y) == e.labels_).all() and e.get_params()['min_samples'] == 10\n"
            "try: libgrasp.GRASP().assign(x, y)\nexcept libgrasp.StateError: pass\nelse: raise SystemExit('fitted?')\n"
        )
        path = os.pathsep.join([os.path.dirname(__file__)] + sys.path)
        subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ, PYTHONPATH=path))


if __name__ == "__main__":
    unittest.main()
