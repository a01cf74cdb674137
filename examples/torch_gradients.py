# SPDX-License-Identifier: BSD-3-Clause
"""Per-sample gradients of a PyTorch classifier's last layers, as files that grasp-paper --x --meta --gradients reads."""
import csv

import numpy as np
import torch
from torch.func import functional_call, grad, vmap


def save(folder, model, head, batches):
    """head: the module whose parameters the gradients are of, and whose input is the embedding. batches: (inputs, label, group, split)
    with split "train", "val" or "test". Writes x.npy, gradients.npy and meta.csv; a batch at a time is in memory, and the results."""
    fixed = {name: p.detach() for name, p in head.named_parameters()}
    loss = lambda p, h, y: torch.nn.functional.cross_entropy(functional_call(head, p, h[None]), y[None])
    seen, x, g, rows = [], [], [], [("label", "group", "split")]
    hook = head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
    with torch.no_grad():
        for inputs, label, group, split in batches:
            seen.clear()
            model.eval()(inputs)
            each = vmap(grad(loss), in_dims=(None, 0, 0))(fixed, seen[0], label)
            x.append(seen[0].numpy(force=True))
            g.append(torch.cat([v.flatten(1) for v in each.values()], 1).numpy(force=True))
            rows += [(int(a), int(b), split) for a, b in zip(label, group)]
    hook.remove()
    np.save(f"{folder}/x.npy", np.concatenate(x).astype("float32"))
    np.save(f"{folder}/gradients.npy", np.concatenate(g).astype("float32"))
    with open(f"{folder}/meta.csv", "w", newline="") as f:
        csv.writer(f).writerows(rows)
