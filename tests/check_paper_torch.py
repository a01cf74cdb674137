# SPDX-License-Identifier: BSD-3-Clause
"""examples/torch_gradients.py on a small network: the gradients are autograd's, one sample at a time, and the program paper takes the
files. Needs PyTorch."""
import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
except ImportError:
    print("no PyTorch")
    sys.exit(77)
sys.path.insert(0, "examples")
import torch_gradients

torch.set_num_threads(1)
torch.manual_seed(2)
head = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
model = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.ReLU(), torch.nn.Dropout(0.5), head)
batches = []
for split, n in (("train", 120), ("train", 60), ("val", 60), ("test", 60)):
    group = torch.randint(0, 2, (n,))
    label = torch.randint(0, 2, (n,))
    inputs = torch.randn(n, 3) + 2 * torch.stack([label, group, label * group], 1)
    batches.append((inputs, label, group, split))
with tempfile.TemporaryDirectory() as work:
    torch_gradients.save(work, model, head, batches)
    gradients = np.load(os.path.join(work, "gradients.npy"))
    embedding = np.load(os.path.join(work, "x.npy"))
    inputs, label = (torch.cat([b[k] for b in batches]) for k in (0, 1))
    assert gradients.shape == (300, sum(p.numel() for p in head.parameters())) and embedding.shape == (300, 6)
    for i in (0, 119, 120, 299):
        loss = torch.nn.functional.cross_entropy(model(inputs[i : i + 1]), label[i : i + 1])
        expected = torch.cat([v.flatten() for v in torch.autograd.grad(loss, list(head.parameters()))]).numpy()
        assert np.abs(gradients[i] - expected).max() < 1e-6, i
    program = os.path.join(os.path.dirname(os.environ["GRASP_LIBRARY"]), "bin", "paper")
    text = subprocess.run([program, "--json", "--seeds", "1", "--only", "files,table3", "--x", work + "/x.npy", "--meta", work + "/meta.csv",
                           "--gradients", work + "/gradients.npy"], capture_output=True, text=True, check=True).stdout
    assert -1 <= json.loads(text)["table3"]["files"]["clean"]["grasp"] <= 1
