# SPDX-License-Identifier: BSD-3-Clause
# %% [markdown]
# # Groups from gradients: a tour in pictures
#
# The Synthetic data of Zeng et al. 2022: in each of two classes a majority that a straight line gets right, and a
# minority that lies where the other class does; one training label in twenty is flipped. Nobody told us who is who. Run
# it as a script, or cell by cell as a notebook (`jupytext`, VS Code, Spyder): `python tour.py [FOLDER]` writes its
# pictures to FOLDER, by default here. Without matplotlib it prints what the pictures show.

# %%
import pathlib
import sys

import numpy as np

import libgrasp

try:
    import matplotlib
    if __name__ == "__main__" and not hasattr(sys, "ps1"):
        matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError:
    plt = None
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 and not hasattr(sys, "ps1") else ".")

# %% [markdown]
# ## The data
# Ten blobs of 100 points, 60 / 20 / 20 into training, validation and test rows.

# %%
rng = np.random.default_rng(7)
blobs = [(0, 5, 0, 0), (0, 3, 0, 0), (0, 2, 0, 0), (0, 1, 0, 0), (1, 5, 1, 0), (1, 3, 1, 0), (1, 2, 1, 0), (1, 1, 1, 0),
         (1, 4, 0, 1), (0, 4, 1, 1)]  # x1, x2, class, minority
x = np.concatenate([rng.normal(blob[:2], np.sqrt(0.1), (100, 2)) for blob in blobs])
truth, minority = np.repeat([blob[2] for blob in blobs], 100), np.repeat([blob[3] for blob in blobs], 100)
order = rng.permutation(len(x))
x, truth, minority = x[order], truth[order], minority[order]
train, val, test = np.arange(600), np.arange(600, 800), np.arange(800, 1000)
y, flipped = truth.copy(), np.zeros(len(x), bool)
flipped[rng.choice(train, 30, replace=False)] = True
y[flipped] = 1 - y[flipped]
groups = 2 * truth + minority  # what nobody knows

# %% [markdown]
# ## Gradients of a linear model, and the groups in them
# A converged softmax regression; every sample's gradient of the loss; DBSCAN within each class at every setting of a
# grid, chosen by its silhouette. Validation rows are clustered along. Noise counts as a cluster of its own in that
# score, and on these data the best score goes to settings that call nobody an outlier; `labels_at` shows what any other
# setting would have found.

# %%
known = np.concatenate([train, val])
linear = libgrasp.Softmax(2, 2).bind(x, y)
libgrasp.train("erm", linear, train=train)
gradients = linear.gradients(known)
result = libgrasp.infer_groups(gradients, y[known], score="silhouette")
found = flipped[known] & (result.labels == -1)
print(
    f"{result.n_groups} groups, {result.n_noise} outliers, which hold {found.sum()} of the {flipped.sum()} flipped "
    "labels"
)
print(f"adjusted Rand index with the true groups {libgrasp.adjusted_rand(result.labels, groups[known]):.3f}; "
      f"one group per class has {libgrasp.adjusted_rand(y[known], groups[known]):.3f}")

# %%
def principal(rows):
    """The first two principal components of the rows of one class."""
    rows = rows - rows.mean(0)
    return rows @ np.linalg.svd(rows, full_matrices=False)[2][:2].T


def scatter(axes, points, labels, crossed, title):
    colours = plt.get_cmap("tab10")
    for g in np.unique(labels[~crossed]):
        chosen = (labels == g) & ~crossed
        axes.scatter(
            *points[chosen].T,
            s=14,
            color=colours(int(g) % 10),
            label=f"group {g} ({chosen.sum()})",
            alpha=0.7,
            linewidths=0,
        )
    axes.scatter(
        *points[crossed].T, s=28, color="black", marker="x", linewidths=0.9, label=f"outliers ({crossed.sum()})"
    )
    axes.set_title(title)
    axes.legend(fontsize=8, framealpha=0.6)
    axes.set_xlabel("first principal component")


if plt is not None:
    dense = gradients.numpy()
    figure, axes = plt.subplots(2, 3, figsize=(15, 8.5), constrained_layout=True)
    for k in (0, 1):
        rows = y[known] == k
        points = principal(dense[rows])
        scatter(axes[k, 0], points, result.labels[rows], result.labels[rows] == -1,
                f"class {k}, learned (eps {result.eps[k]:.2f}, min_samples {result.min_samples[k]})")
        tight = result.labels_at(k, 0.10, 20)  # of this class alone, numbered from 0
        tight[tight >= 0] += 2 * k
        scatter(axes[k, 1], points, tight, tight == -1, f"class {k}, a tighter setting (eps 0.10, min_samples 20)")
        scatter(
            axes[k, 2], points, groups[known][rows], flipped[known][rows], f"class {k}, true (crossed: flipped labels)"
        )
        axes[k, 0].set_ylabel("second")
    figure.suptitle("Gradients of each class, by group")
    figure.savefig(folder / "gradients.png", dpi=110)

# %% [markdown]
# ## Which setting, and how flat the hill is
# -1 stands for a setting that leaves one cluster, or none.

# %%
if plt is not None:
    figure, axes = plt.subplots(1, 2, figsize=(12, 5.6), constrained_layout=True, sharey=True)
    scores = np.where(result.scores <= -1, np.nan, result.scores)
    low, high = np.nanmin(scores), np.nanmax(scores)
    for k in (0, 1):
        image = axes[k].imshow(scores[k], cmap="viridis", aspect="auto", origin="lower", vmin=low, vmax=high)
        axes[k].set_facecolor("0.85")
        for i, eps in enumerate(result.grid_eps):
            for j, m in enumerate(result.grid_min_samples):
                chosen = eps == result.eps[k] and m == result.min_samples[k]
                if np.isfinite(scores[k, i, j]):
                    bright = scores[k, i, j] > low + 0.6 * (high - low)
                    axes[k].text(j, i, f"{scores[k, i, j]:.2f}", ha="center", va="center", fontsize=8,
                                 color="black" if bright else "white", weight="bold" if chosen else "normal")
                if chosen:
                    axes[k].add_patch(
                        plt.Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor="red", linewidth=2.5)
                    )
        axes[k].set_xticks(range(len(result.grid_min_samples)), result.grid_min_samples)
        axes[k].set_yticks(range(len(result.grid_eps)), [f"{eps:.2f}" for eps in result.grid_eps])
        axes[k].set_xlabel("min_samples")
        axes[k].set_title(f"class {k}")
    axes[0].set_ylabel("eps")
    figure.colorbar(image, ax=axes, label="silhouette (grey: one cluster, or none)")
    figure.suptitle("Score of every setting; the one taken is framed")
    figure.savefig(folder / "settings.png", dpi=110)
else:
    for k in (0, 1):
        print(f"class {k}: eps {result.eps[k]:.2f}, min_samples {result.min_samples[k]}, score {result.score[k]:.3f}")

# %% [markdown]
# ## The library's default
# Without a grid the library looks for what the misclassified samples of one class have in common with samples of the
# other (`mode=robust`), and splits a class only on evidence, which the report states.

# %%
default = libgrasp.infer_groups(gradients, y[known])
agreement = libgrasp.adjusted_rand(default.labels, groups[known])
print(f"default: {default.n_groups} groups, adjusted Rand index {agreement:.3f}")
for name in default.report:
    if name.endswith(".sentence"):
        print(f"  {default.report[name]}")

# %% [markdown]
# ## Training for the worst group
# The paper's perceptron, by empirical risk minimisation and by group DRO on the groups of either kind, without
# outliers; learning rate and step size are chosen by the worst learned validation group. True groups, which nobody has,
# are the ceiling. No group label is used before the test rows are looked at. This is one seed; the smallest group has
# about twenty test samples.

# %%
clustered, robust = np.full(len(x), -1), np.full(len(x), -1)
clustered[known], robust[known] = result.labels, default.labels
accuracy = {}
for name, given in (("ERM", None), ("clusters", clustered), ("default", robust), ("true groups", groups)):
    model = libgrasp.MLP([2, 50, 50, 50, 2], seed=1).bind(x, y)
    method = "erm" if given is None else "gdro"
    libgrasp.train(method, model, given, train, val, rate=[0.001, 0.01], epochs=50, n_threads=0)
    said = model.predict()[test]
    accuracy[name] = libgrasp.group_accuracy(groups[test], truth[test], said)
    print(f"{name:15s} worst true group {accuracy[name].min():.3f}, mean {(said == truth[test]).mean():.3f}")

# %%
if plt is not None:
    figure, axes = plt.subplots(figsize=(10, 4.8), constrained_layout=True)
    names = [
        f"class {g // 2}, {'minority' if g % 2 else 'majority'}\n({(groups[test] == g).sum()} test samples)"
        for g in range(4)
    ]
    for i, (name, values) in enumerate(accuracy.items()):
        bars = axes.bar(np.arange(4) + 0.22 * (i - 1.5), values, 0.2, label=f"{name} (worst {values.min():.2f})",
                        color=("0.6", "tab:blue", "tab:orange", "tab:green")[i])
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
    axes.set_xticks(range(4), names)
    axes.set_ylim(0, 1.19)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.set_ylabel("accuracy on the test rows")
    axes.set_title("Accuracy of the true groups, before and after")
    axes.legend(loc="upper center", ncols=4, frameon=False)
    figure.savefig(folder / "accuracy.png", dpi=110)
    print(f"pictures: {', '.join(str(folder / f'{name}.png') for name in ('gradients', 'settings', 'accuracy'))}")
