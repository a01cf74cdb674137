# SPDX-License-Identifier: BSD-3-Clause
"""The training steps of bench/train.c in PyTorch: one thread, float32, the plain loop that a user writes.

Reads lines "erm|gdro INPUTS STEPS", answers each with CPU microseconds a step. First says which PyTorch this is.
"""
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(0)

ROWS, BATCH, GROUPS = 8192, 128, 4


def network(inputs):
    sizes = [inputs, 50, 50, 50, 2]
    layers = []
    for i in range(4):
        layers += [torch.nn.Linear(sizes[i], sizes[i + 1]), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


class Job:
    def __init__(self, robust, inputs):
        self.robust = robust
        self.x = torch.randn(ROWS, inputs)
        self.y = torch.randint(0, 2, (ROWS,))
        self.group = torch.randint(0, GROUPS, (ROWS,))
        self.q = torch.full((GROUPS,), 1 / GROUPS)
        self.model = network(inputs)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.loss = torch.nn.CrossEntropyLoss(reduction="none" if robust else "mean")

    def robust_loss(self, loss, group):
        count = torch.zeros(GROUPS).index_add_(0, group, torch.ones(len(group)))
        mean = torch.zeros(GROUPS).index_add_(0, group, loss) / count.clamp(min=1)
        self.q = self.q * torch.exp(0.01 * mean.detach())
        self.q = self.q / self.q.sum()
        return (self.q * mean).sum()

    def steps(self, count):
        done = 0
        while done < count:
            order = torch.randperm(ROWS)
            for at in range(0, ROWS, BATCH):
                rows = order[at:at + BATCH]
                loss = self.loss(self.model(self.x[rows]), self.y[rows])
                if self.robust:
                    loss = self.robust_loss(loss, self.group[rows])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                done += 1
                if done == count:
                    break


torch.set_num_threads(1)
torch.manual_seed(1)
print("PyTorch", torch.__version__, flush=True)
jobs = {}
for line in sys.stdin:
    kind, inputs, count = line.split()
    key = (kind, inputs)
    if key not in jobs:
        jobs[key] = Job(kind == "gdro", int(inputs))
        jobs[key].steps(20)
    start = time.process_time()
    jobs[key].steps(int(count))
    print(1e6 * (time.process_time() - start) / int(count), flush=True)
