# SPDX-License-Identifier: BSD-3-Clause
"""Group inference with scikit-learn's conventions. scikit-learn is used where it is installed, and not needed."""
from __future__ import annotations

import inspect
from typing import Any, Dict, Optional, Sequence, Union

import numpy as np

from ._context import Progress
from ._errors import DimensionError, StateError
from ._gradients import Gradients
from ._infer import GroupInference, density_mode, infer_groups

try:
    from sklearn.base import BaseEstimator
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    class BaseEstimator:  # type: ignore[no-redef]
        """What of scikit-learn's class this package uses."""

        def get_params(self, deep: bool = True) -> Dict[str, Any]:
            """The constructor's arguments, by name."""
            return {
                name: getattr(self, name)
                for name in inspect.signature(type(self).__init__).parameters
                if name != "self"
            }

        def set_params(self, **params: Any) -> "BaseEstimator":
            """Sets some of them."""
            for name, value in params.items():
                if name not in self.get_params():
                    raise ValueError(f"Invalid parameter {name!r} for estimator {type(self).__name__}")
                setattr(self, name, value)
            return self

    def check_is_fitted(estimator: Any) -> None:  # type: ignore[misc]
        """Refuses an estimator that has learned nothing."""
        if not hasattr(estimator, "labels_"):
            raise StateError(f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' first.")

    def validate_data(  # type: ignore[misc]
        estimator: Any, X: Any, y: Any = "none", reset: bool = True, **_: Any
    ) -> Any:
        """Arrays of the right shape. NaN is found by the library."""
        X = np.asarray(X)
        if X.ndim != 2:
            raise DimensionError(f"Expected 2D array, got {X.ndim}D array instead")
        if reset:
            estimator.n_features_in_ = X.shape[1]
        elif X.shape[1] != estimator.n_features_in_:
            raise DimensionError(f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
                                 f"{estimator.n_features_in_} features as input")
        return X if isinstance(y, str) else (X, np.asarray(y))


class GRASP(BaseEstimator):
    """Groups and outliers by density clustering of each class's gradients (Zeng et al. 2022, Algorithm 1).

    Parameters
    ----------
    eps, min_samples : number, list of numbers or None
        The grid of settings; with several, each class takes the one with the highest score. None: the published lists,
        .10, .15, ..., .70 and 5, 10, 20, 30, 40, 50, 60, 100. min_samples counts the sample itself.
    metric : "cosine" or "euclidean"
    center : bool
        Subtract the class mean first; cosine only.
    criterion : "silhouette" (cosine, linear time) or "silhouette_euclidean" (published)
    select : "class" or "all"
        A setting for each class, or one for all.
    noise : "cluster" or "exclude"
        What outliers are to the score.
    mode : str or None
        None: density clustering, as above; or another value of the C library's parameter "mode", see
            parameters("infer").
    n_threads : int
        0: all processors. Results do not depend on it.
    progress : None, True or function(what, fraction)

    Attributes
    ----------
    labels_ : (n,) int64, global group of each sample, -1 an outlier
    classes_ : (C,) classes, ascending
    eps_, min_samples_ : (C,) the setting chosen for each class; NaN and 0 for a class that stayed one group
    scores_ : (C, n_eps, n_min_samples) score of every setting
    grid_eps_, grid_min_samples_ : axes of scores_
    n_groups_ : int
    inference_ : GroupInference

    >>> GRASP(eps=[0.1, 0.2], min_samples=10).fit(gradients, y).labels_  # doctest: +SKIP
    """

    def __init__(
        self,
        eps: Union[None, float, Sequence[float]] = None,
        min_samples: Union[None, int, Sequence[int]] = None,
        metric: str = "cosine",
        center: bool = True,
        criterion: str = "silhouette",
        select: str = "class",
        noise: str = "cluster",
        mode: Optional[str] = None,
        n_threads: int = 1,
        progress: Progress = None,
    ) -> None:
        self.eps = eps
        self.min_samples = min_samples
        self.metric = metric
        self.center = center
        self.criterion = criterion
        self.select = select
        self.noise = noise
        self.mode = mode
        self.n_threads = n_threads
        self.progress = progress

    def fit(self, gradients: Any, y: Any) -> "GRASP":
        """Infers groups. gradients: n x p, or Gradients; y: n classes of any kind."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if isinstance(gradients, Gradients):
            self.n_features_in_ = gradients.shape[1]
        else:
            gradients, y = validate_data(self, gradients, y, dtype=[np.float64, np.float32], reset=True)
        options: Dict[str, Any] = {"mode": self.mode}
        if self.mode in (None, density_mode(), "published"):
            options = {
                "mode": self.mode or density_mode(),
                "eps": self.eps,
                "min_samples": self.min_samples,
                "score": self.criterion,
                "metric": self.metric,
                "center": bool(self.center) if self.metric == "cosine" else None,
                "select": self.select,
                "noise": self.noise,
            }
        inference: GroupInference = infer_groups(
            gradients, y, n_threads=self.n_threads, progress=self.progress, **options
        )
        self.inference_ = inference
        self.labels_ = inference.labels
        self.classes_ = inference.classes
        self.eps_, self.min_samples_, self.scores_ = inference.eps, inference.min_samples, inference.scores
        self.grid_eps_, self.grid_min_samples_ = inference.grid_eps, inference.grid_min_samples
        self.n_groups_ = inference.n_groups
        return self

    def fit_predict(self, gradients: Any, y: Any) -> np.ndarray:
        """fit(gradients, y).labels_"""
        return self.fit(gradients, y).labels_

    def assign(self, gradients: Any, y: Any) -> np.ndarray:
        """Groups (n_new, int64) of new samples by their gradients and classes, -1 for outliers; the samples of fit()
        get their own labels back."""
        check_is_fitted(self)
        if not isinstance(gradients, Gradients):
            gradients = validate_data(self, gradients, dtype=[np.float64, np.float32], reset=False)
        return self.inference_.assign(gradients, y, self.n_threads, progress=self.progress)

    def labels_at(self, label: Any, eps: float, min_samples: int) -> np.ndarray:
        """Clusters of one class at a setting: see GroupInference.labels_at()."""
        check_is_fitted(self)
        return self.inference_.labels_at(label, eps, min_samples)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _more_tags(self) -> Dict[str, Any]:  # scikit-learn before 1.6
        return {"requires_y": True}
