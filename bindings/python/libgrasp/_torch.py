# SPDX-License-Identifier: BSD-3-Clause
"""Any torch.nn.Module as a model of the library: per-sample gradients of chosen layers as factors, training by its
methods, and group DRO in PyTorch's own loop with the weights that the library returns.

A layer's gradient is sum_t delta_t (x) [a_t, 1]: a hook keeps a, what enters the layer, and autograd gives delta, the
gradient of the loss by what leaves it. Linear: t runs over all but the first and last dimension. Convolution: over the
places of its kernel, a being the unfolded patches. Where a layer is of another kind, is used in a way that a hook
cannot see, shares its parameters, or has so many positions that the factors would be larger than the gradient itself,
its part of the row is written out, and stands as a factor pair (row, 1). (Goodfellow 2015; Rochette, Manoel, Tramel
2019.)
"""
from __future__ import annotations

import copy
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import nn
from torch.utils._pytree import tree_map

from ._arrays import as_i64, as_rows, same_length
from ._context import Progress, telling
from ._custom import CustomModel, Hooks
from ._errors import ArgumentError, Cancelled, EmptyError, UnsupportedError
from ._gradients import Gradients
from ._models import gdro_step, train_rows
from ._report import Report

Layers = Union[None, str, nn.Module, Sequence[Union[str, nn.Module]]]
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)


class _Layer(NamedTuple):
    """A chosen module with parameters of its own."""

    name: str
    module: nn.Module
    own: Dict[str, nn.Parameter]
    factored: bool  # a hook sees its a and delta
    written: bool   # its row is written out all the same
    inputs: int
    outputs: int
    positions: int
    has_bias: bool

    @property
    def shape(self) -> Tuple[int, int, int, bool]:
        if self.written:
            return self.outputs * (self.inputs + self.has_bias), 1, 1, False
        return self.inputs, self.outputs, self.positions, self.has_bias


def _owners(module: nn.Module) -> List[Tuple[str, nn.Module, Dict[str, nn.Parameter]]]:
    """Modules inside that have trained parameters of their own, and which; shared ones belong to the first that has
    them."""
    seen: set = set()
    owners = []
    for name, inner in module.named_modules():
        own = {key: p for key, p in inner.named_parameters(recurse=False) if p.requires_grad and id(p) not in seen}
        seen.update(id(p) for p in own.values())
        if own:
            owners.append((name, inner, own))
    return owners


def _shaped_as_layer(module: nn.Module, own: Dict[str, nn.Parameter]) -> bool:
    """Whether these of its parameters are a weight (outputs x inputs, after the first dimension flat) and its bias, if
    any."""
    kinds = isinstance(module, nn.Linear) or (isinstance(module, _CONVOLUTIONS) and module.groups == 1)
    return kinds and set(own) == {"weight", "bias"} - (set() if module.bias is not None else {"bias"})


def _in_order(
    module: nn.Module, own: Dict[str, nn.Parameter], values: Sequence[torch.Tensor], lead: int = 0
) -> torch.Tensor:
    """One vector from a value for each of a module's parameters, after `lead` dimensions of samples: of a layer one row
    (weights, bias) per output."""
    if _shaped_as_layer(module, own):
        values = [torch.cat([v.flatten(lead + 1) if v.dim() > lead + 1 else v.unsqueeze(-1) for v in values], lead + 1)]
    return torch.cat([v.reshape(*v.shape[:lead], -1) for v in values], lead)


def _patches(module: nn.Module, a: torch.Tensor) -> torch.Tensor:
    """Inputs (n, T, d_in) of a convolution's kernel at each of its places."""
    if module.padding_mode != "zeros":
        a = nn.functional.pad(a, module._reversed_padding_repeated_twice, mode=module.padding_mode)
    elif isinstance(module.padding, str):
        a = nn.functional.pad(a, module._reversed_padding_repeated_twice)
    padding = (
        (0,) * len(module.kernel_size)
        if module.padding_mode != "zeros" or isinstance(module.padding, str)
        else module.padding
    )
    kernel, stride, dilation = module.kernel_size, module.stride, module.dilation
    if len(kernel) == 1:
        a, kernel, stride, dilation, padding = a.unsqueeze(2), (1, *kernel), (1, *stride), (1, *dilation), (0, *padding)
    return nn.functional.unfold(a, kernel, dilation, padding, stride).transpose(1, 2)


class _TorchHooks(Hooks):
    """The module as the library asks for it. Parameters: those trained, module by module; of a layer one row (weights,
    bias) per output, the library's order; of another module as PyTorch has them."""

    def __init__(self, module: nn.Module, dataset: Any, loss: Any, layers: Layers, batch_size: int, forward: Any,
                 collate: Any) -> None:
        self.module, self.dataset, self._loss, self._forward = module, dataset, loss, forward
        self._collate = collate or torch.utils.data.default_collate
        self.batch_size = batch_size
        self._pair = tuple(torch.as_tensor(part) for part in dataset) if isinstance(dataset, (tuple, list)) else None
        self._labels = self._read_labels()
        self._layout = self._read_layout()
        self._cached: Optional[Tuple[bytes, List[Tuple[torch.Tensor, torch.Tensor]]]] = None
        with self._evaluating(), torch.no_grad():
            self._classes = int(self._run(self._batch(np.zeros(1, np.int64))[0]).shape[1])
        self.chosen = self.choose(layers)

    # ---- data

    def _read_labels(self) -> np.ndarray:
        if self._pair is not None:
            labels = self._pair[1].cpu().numpy()
        elif isinstance(self.dataset, torch.utils.data.TensorDataset):
            labels = self.dataset.tensors[-1].cpu().numpy()
        elif hasattr(self.dataset, "targets"):
            labels = np.asarray(self.dataset.targets)
        else:
            labels = np.array([int(self.dataset[i][1]) for i in range(len(self.dataset))])
        labels = as_i64(labels, "labels of the dataset")
        if len(labels) == 0:
            raise EmptyError("libgrasp: TorchModel: the dataset has no sample")
        return labels

    def _device(self) -> torch.device:
        return next(self.module.parameters()).device

    def _batch(self, rows: np.ndarray) -> Tuple[Any, torch.Tensor]:
        """Inputs and classes of rows, where the module is."""
        if self._pair is not None:
            x = self._pair[0][torch.from_numpy(rows).to(self._pair[0].device)]
        else:
            x = self._collate([self.dataset[int(i)] for i in rows])[0]
        device = self._device()
        y = torch.from_numpy(self._labels[rows]).to(device)
        return tree_map(lambda t: t.to(device) if isinstance(t, torch.Tensor) else t, x), y

    def _parts(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        for first in range(0, len(rows), self.batch_size):
            yield rows[first:first + self.batch_size]

    # ---- the module

    def _evaluating(self) -> "_Evaluating":
        return _Evaluating(self.module)

    def _run(self, x: Any, module: Optional[Callable[..., Any]] = None) -> torch.Tensor:
        module = module or self.module
        if self._forward is not None:
            return self._forward(module, x)
        if isinstance(x, dict):
            return module(**x)
        return module(*x) if isinstance(x, (tuple, list)) else module(x)

    def losses(self, x: Any, y: torch.Tensor, module: Optional[Callable[..., Any]] = None) -> torch.Tensor:
        """Loss (n,) of each sample of a batch."""
        logits = self._run(x, module)
        return nn.functional.cross_entropy(logits, y, reduction="none") if self._loss is None else self._loss(logits, y)

    # ---- parameters

    def _read_layout(self) -> List[Tuple[nn.Module, Dict[str, nn.Parameter]]]:
        layout = [(module, own) for _, module, own in _owners(self.module)]
        if not layout:
            raise ArgumentError("libgrasp: TorchModel: the module has no parameter that is trained")
        return layout

    def _flat(self, values: Dict[int, torch.Tensor]) -> torch.Tensor:
        """One vector from a tensor for each parameter."""
        parts = [_in_order(module, own, [values[id(p)] for p in own.values()]) for module, own in self._layout]
        return torch.cat([part.detach().to("cpu", torch.float64) for part in parts])

    def get_params(self) -> np.ndarray:
        return self._flat({id(p): p for _, own in self._layout for p in own.values()}).numpy()

    def set_params(self, theta: np.ndarray) -> None:
        self._cached = None
        place, vector = 0, torch.from_numpy(theta)
        with torch.no_grad():
            for module, own in self._layout:
                count = sum(p.numel() for p in own.values())
                part, place = vector[place:place + count], place + count
                layer = _shaped_as_layer(module, own)
                part = part.reshape(len(own["weight"]), -1) if layer else part
                first = 0
                for p in own.values():
                    width = p[0].numel() if layer else p.numel()
                    p.copy_(part[..., first:first + width].reshape(p.shape))
                    first += width

    # ---- what the library asks

    def n_rows(self) -> int:
        return len(self._labels)

    def n_classes(self) -> int:
        return self._classes

    def n_params(self) -> int:
        return sum(p.numel() for _, own in self._layout for p in own.values())

    def labels(self, rows: np.ndarray) -> np.ndarray:
        return self._labels[rows]

    def loss(self, rows: np.ndarray) -> np.ndarray:
        with self._evaluating(), torch.no_grad():
            return np.concatenate(
                [self.losses(*self._batch(r)).double().cpu().numpy() for r in self._parts(rows)] or [np.empty(0)]
            )

    def logits(self, rows: np.ndarray) -> np.ndarray:
        with self._evaluating(), torch.no_grad():
            return np.concatenate([self._run(self._batch(r)[0]).double().cpu().numpy() for r in self._parts(rows)]
                                  or [np.empty((0, self._classes))])

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.logits(rows).argmax(1)

    def weighted_grad(self, rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
        everything = [p for _, own in self._layout for p in own.values()]
        total = np.zeros(self.n_params())
        with self._evaluating(), torch.enable_grad():
            for part in self._parts(np.arange(len(rows))):
                losses = self.losses(*self._batch(rows[part]))
                objective = (losses * torch.from_numpy(weight[part]).to(losses)).sum()
                grads = torch.autograd.grad(objective, everything, allow_unused=True)
                total += self._flat(
                    {id(p): torch.zeros_like(p) if g is None else g for p, g in zip(everything, grads)}
                ).numpy()
        return total

    def init(self, seed: int) -> None:
        self._cached = None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed % 2 ** 63)
            for module in self.module.modules():
                reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
                if callable(reset):
                    reset()

    def clone(self) -> "_TorchHooks":
        other = copy.copy(self)
        other.module = copy.deepcopy(self.module)
        other._layout, other._cached = other._read_layout(), None
        other.chosen = other.choose([layer.name for layer in self.chosen])
        return other

    def layers(self) -> List[Tuple[int, int, int, bool]]:
        return [layer.shape for layer in self.chosen]

    def sample_factors(self, layer: int, rows: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        key = rows.tobytes()
        # The library asks layer by layer; the module may have changed since it last asked for the first one.
        if layer == 0 or self._cached is None or self._cached[0] != key:
            self._cached = key, self.factors(self.chosen, rows)
        a, d = self._cached[1][layer]
        return a.double().cpu().numpy(), d.double().cpu().numpy()

    # ---- layers

    def choose(self, layers: Layers) -> List[_Layer]:
        """The modules named, or those inside of the modules named, that have parameters of their own; in their
        order."""
        wanted = [layers] if isinstance(layers, (str, nn.Module)) else layers
        owners, keep = _owners(self.module), []
        for name, module, own in owners:
            if wanted is None or any(
                w is module
                or w == name
                or (isinstance(w, str) and name.startswith(w + "."))
                or (isinstance(w, nn.Module) and any(m is module for m in w.modules()))
                for w in wanted
            ):
                keep.append((name, module, own))
        for w in wanted or ():
            if isinstance(w, str) and not any(name == w or name.startswith(w + ".") for name, _, _ in keep):
                raise ArgumentError(f"libgrasp: TorchModel: {w!r} is no layer with trained parameters; there are "
                                    f"{[name for name, _, _ in owners]}")
        if not keep:
            raise ArgumentError("libgrasp: TorchModel: no layer is chosen")
        return [self._examined(*each) for each in keep]

    def _examined(self, name: str, module: nn.Module, own: Dict[str, nn.Parameter]) -> _Layer:
        """How a layer's gradient is to be had: by factors only where, on two samples, they sum to what autograd
        says."""
        count = sum(p.numel() for p in own.values())
        aside = _Layer(name, module, own, False, True, count, 1, 1, False)
        if not _shaped_as_layer(module, own):
            return aside
        rows = np.array([0, len(self._labels) - 1])
        with self._evaluating(), torch.enable_grad():
            records, losses = self._recorded([module], rows)
            true = torch.autograd.grad(losses.sum(), list(own.values()), allow_unused=True, retain_graph=True)
            pairs = self._pairs([module], records, losses)
        if pairs[0] is None or any(g is None for g in true):
            return aside
        a, d = pairs[0]
        bias = module.bias is not None
        layer = _Layer(name, module, own, True, False, a.shape[2], d.shape[2], a.shape[1], bias)
        mine, theirs = _written(a, d, bias).sum(0), _in_order(module, own, true)
        if mine.shape != theirs.shape or not torch.allclose(
            mine, theirs, rtol=1e-3, atol=1e-5 * float(theirs.abs().max() + 1e-30)
        ):
            return aside
        return layer._replace(written=layer.positions * (layer.inputs + layer.outputs) > count)

    def _recorded(self, modules: Sequence[nn.Module], rows: np.ndarray) -> Tuple[Dict[int, list], torch.Tensor]:
        """A forward pass that keeps what enters and leaves some modules, each as often as it is used."""
        records: Dict[int, list] = {id(module): [] for module in modules}

        def keep(module: nn.Module, inputs: tuple, output: torch.Tensor) -> torch.Tensor:
            records[id(module)].append((inputs[0].detach(), output))
            return output.clone()  # so that what follows may change it in place

        handles = [module.register_forward_hook(keep) for module in modules]
        try:
            losses = self.losses(*self._batch(rows))
        finally:
            for handle in handles:
                handle.remove()
        if losses.shape != (len(rows),):
            raise ArgumentError(
                f"libgrasp: TorchModel: the loss has shape {tuple(losses.shape)}, expected one value for each of "
                f"{len(rows)} samples"
            )
        return records, losses

    @staticmethod
    def _pairs(modules: Sequence[nn.Module], records: Dict[int, list], losses: torch.Tensor) -> List[Optional[tuple]]:
        """(a, delta), n x T x d each, of every module; None where a hook did not see it with samples in front."""
        n = len(losses)
        outputs = [output for module in modules for _, output in records[id(module)]]
        if not outputs:
            return [None] * len(modules)
        deltas = list(torch.autograd.grad(losses.sum(), outputs, allow_unused=True))
        pairs: List[Optional[tuple]] = []
        for module in modules:
            acts: List[torch.Tensor] = []
            outs: List[torch.Tensor] = []
            for a, output in records[id(module)]:
                delta = deltas.pop(0)
                delta = torch.zeros_like(output) if delta is None else delta
                convolution = isinstance(module, _CONVOLUTIONS)
                whole = a.dim() == 2 + len(module.kernel_size) if convolution else a.dim() >= 2
                if not whole or len(a) != n:
                    acts = []
                    break
                if convolution:
                    acts.append(_patches(module, a))
                    outs.append(delta.flatten(2).transpose(1, 2))
                else:
                    acts.append(a.reshape(n, -1, a.shape[-1]))
                    outs.append(delta.reshape(n, -1, delta.shape[-1]))
            pairs.append((torch.cat(acts, 1), torch.cat(outs, 1)) if acts else None)
        return pairs

    def factors(self, chosen: Sequence[_Layer], rows: np.ndarray) -> List[Tuple[torch.Tensor, torch.Tensor]]:
        """act (n, T, d_in) and delta (n, T, d_out) of each layer, as its shape has them."""
        hooked = [layer for layer in chosen if layer.factored]
        found: Dict[int, Tuple[torch.Tensor, torch.Tensor]] = {}
        with self._evaluating(), torch.enable_grad():
            if hooked:
                records, losses = self._recorded([layer.module for layer in hooked], rows)
                pairs = self._pairs([layer.module for layer in hooked], records, losses)
                for layer, pair in zip(hooked, pairs):
                    if pair is None or pair[0].shape[1] != layer.positions:
                        seen = "none" if pair is None else pair[0].shape[1]
                        raise UnsupportedError(
                            f"libgrasp: TorchModel: layer {layer.name} has {seen} positions in a batch and "
                            f"{layer.positions} in another; pad the inputs to one length"
                        )
                    found[id(layer.module)] = (
                        _one_column(_written(pair[0], pair[1], layer.has_bias)) if layer.written else pair
                    )
            for layer in chosen:
                if not layer.factored:
                    found[id(layer.module)] = _one_column(self._written_aside(layer, rows))
        return [(a.detach(), d.detach()) for a, d in (found[id(layer.module)] for layer in chosen)]

    def _written_aside(self, layer: _Layer, rows: np.ndarray) -> torch.Tensor:
        """Gradient (n, p_layer) of each sample by a module's own parameters, by torch.func; where that cannot, one by
        one."""
        x, y = self._batch(rows)
        own = layer.own
        try:
            return _in_order(layer.module, own, self._by_vmap(own, x, y), 1)
        except RuntimeError:
            parts = []
            for i in range(len(rows)):
                loss = self.losses(
                    tree_map(lambda t: t[i : i + 1] if isinstance(t, torch.Tensor) else t, x), y[i : i + 1]
                ).sum()
                grads = torch.autograd.grad(loss, list(own.values()), allow_unused=True)
                values = [torch.zeros_like(p) if g is None else g for p, g in zip(own.values(), grads)]
                parts.append(_in_order(layer.module, own, values))
            return torch.stack(parts)

    def _by_vmap(self, own: Dict[str, nn.Parameter], x: Any, y: torch.Tensor) -> List[torch.Tensor]:
        names = {id(p): name for name, p in self.module.named_parameters()}
        chosen = {names[id(p)]: p.detach() for p in own.values()}

        def loss(params: Dict[str, torch.Tensor], x: Any, y: torch.Tensor) -> torch.Tensor:
            one = tree_map(lambda t: t.unsqueeze(0) if isinstance(t, torch.Tensor) else t, x)
            return self.losses(
                one, y.unsqueeze(0), lambda *a, **k: torch.func.functional_call(self.module, params, a, k)
            ).sum()

        grads = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))(chosen, x, y)
        return [grads[name] for name in chosen]


class _Evaluating:
    """eval() for a while: samples must not see each other, as in batch normalisation, and nothing be drawn."""

    def __init__(self, module: nn.Module) -> None:
        self._modules = [(m, m.training) for m in module.modules()]
        self._module = module

    def __enter__(self) -> None:
        self._module.eval()

    def __exit__(self, *_: Any) -> None:
        for module, training in self._modules:
            module.training = training


def _written(a: torch.Tensor, d: torch.Tensor, bias: bool) -> torch.Tensor:
    """Rows (n, d_out (d_in + bias)) from factors: one row (weights, bias) per output."""
    if bias:
        a = torch.cat([a, a.new_ones(*a.shape[:2], 1)], 2)
    return torch.einsum("nto,nti->noi", d, a).reshape(len(a), -1)


def _one_column(rows: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """Written rows as factors: (row, 1)."""
    return rows.unsqueeze(1), rows.new_ones(len(rows), 1, 1)


class TorchModel(CustomModel):
    """A torch.nn.Module with its data as a model of the library: train(), learn_groups() and fit() take it, gradients()
    gives factors of chosen layers, retrain() is group DRO in a loop of PyTorch.

    module: takes a batch of inputs and gives logits (n, C); its trained parameters are those with requires_grad. It is
        used in eval mode, and left as it was.
    dataset: a pair (X, y) of tensors or arrays, or a map-style torch Dataset of (x, y); y classes 0..C-1. x may be a
        tensor, a tuple (called as module(*x)) or a dict (module(**x)); forward(module, x) replaces that.
    loss: a function (logits, y) giving one loss per sample; default cross-entropy.
    layers: whose gradients are taken: names as in module.named_modules() (a container's name means all inside), or
        modules; default all. batch_size: samples at a time. collate: as DataLoader's collate_fn.

    >>> model = TorchModel(module, (X, y), layers="fc")                       # doctest: +SKIP
    >>> result = libgrasp.infer_groups(model.gradients(), y)                  # doctest: +SKIP
    >>> model.retrain(result.labels, epochs=10)                               # doctest: +SKIP
    """

    hooks: _TorchHooks

    def __init__(
        self,
        module: nn.Module,
        dataset: Any,
        loss: Optional[Callable[..., torch.Tensor]] = None,
        layers: Layers = None,
        batch_size: int = 256,
        forward: Optional[Callable[..., torch.Tensor]] = None,
        collate: Optional[Callable[..., Any]] = None,
    ) -> None:
        super().__init__(_TorchHooks(module, dataset, loss, layers, batch_size, forward, collate))

    @property
    def module(self) -> nn.Module:
        """The module itself."""
        return self.hooks.module

    @property
    def layers(self) -> Dict[str, Tuple[int, int, int, bool]]:
        """Of each chosen layer: d_in, d_out, positions and has_bias of its factors; (p, 1, 1, False) where its gradient
        is written out."""
        return {layer.name: layer.shape for layer in self.hooks.chosen}

    def gradients(self, rows: Any = None, n_threads: int = 1, *,  # type: ignore[override]
                  layers: Layers = None, dtype: Any = np.float32, progress: Progress = None) -> Gradients:
        """Gradients of chosen rows (None: all) by the parameters of chosen layers (None: those of the constructor), as
        factors that are appended batch by batch: no n x p matrix is ever written. n_threads is PyTorch's own affair."""
        numbers, n = train_rows(self, rows, "rows")
        numbers = np.arange(n) if numbers is None else numbers
        hooks = self.hooks
        chosen = hooks.chosen if layers is None else hooks.choose(layers)
        inputs, outputs, positions, bias = zip(*(layer.shape for layer in chosen))
        gradients = Gradients.factored(inputs, outputs, positions, bias, dtype, capacity=n)
        with telling(progress) as tell:
            for first, part in enumerate(hooks._parts(numbers)):
                pairs = hooks.factors(chosen, part)
                gradients.append_factors([a.cpu().numpy() for a, _ in pairs], [d.cpu().numpy() for _, d in pairs])
                if tell("gradients", min(1.0, (first + 1) * hooks.batch_size / n)) is False:
                    raise Cancelled("libgrasp: TorchModel.gradients: stopped by its progress function")
        return gradients.seal()

    def retrain(
        self,
        groups: Any,
        train: Any = None,
        val: Any = None,
        *,
        optimizer: Optional[torch.optim.Optimizer] = None,
        rate: float = 1e-3,
        weight_decay: float = 0.0,
        step: float = 0.01,
        adjustment: float = 0.0,
        epochs: int = 10,
        batch_size: int = 128,
        balanced: bool = False,
        seed: int = 0,
        progress: Progress = None,
    ) -> Report:
        """Group DRO (Sagawa et al. 2020) of the module, in train mode, by PyTorch's optimisers; the groups' weights are
        taken by the library's step: log q_g += step (L_g + adjustment / sqrt(n_g)), before each batch's loss sum_g q_g
        L_g.

        groups: a label for each row, -1 (an outlier) left out. train, val: rows (numbers or a mask); None: all, and
            none.
        optimizer: default SGD(rate, momentum .9, weight_decay). balanced: rows drawn so that groups come equally often.
        With validation rows, the epoch with the most accurate worst validation group is kept, the first of equals.

        Returns series "loss" (worst group's mean loss of every epoch), "val_worst", "weight.<g>" (after every epoch),
        and values "epochs", "best_epoch" (from 1), "best_val_worst".
        """
        labels = same_length(as_i64(groups, "groups"), self.n_rows, "groups", "the dataset")
        rows, n = train_rows(self, train)
        rows = np.arange(n) if rows is None else rows
        rows = rows[labels[rows] >= 0]
        if len(rows) == 0:
            raise EmptyError("libgrasp: TorchModel.retrain: every training row is an outlier")
        others, _ = as_rows(val, "val")
        others = np.empty(0, np.int64) if others is None else others[labels[others] >= 0]
        present, place = np.unique(labels[rows], return_inverse=True)
        run = _Retraining(
            self.hooks, rows, place.reshape(-1), len(present), step, adjustment, batch_size, balanced, seed
        )
        chosen = optimizer or torch.optim.SGD([p for p in self.module.parameters() if p.requires_grad], rate, 0.9,
                                              weight_decay=weight_decay)
        loss, worst, weights, best, kept = [], [], [], -1.0, None
        best_epoch = epochs
        try:
            with telling(progress) as tell:
                for epoch in range(epochs):
                    loss.append(run.epoch(chosen))
                    weights.append(np.exp(run.log_q))
                    if len(others):
                        worst.append(self._worst(others, labels))
                        if worst[-1] > best:
                            best, best_epoch, kept = worst[-1], epoch + 1, copy.deepcopy(self.module.state_dict())
                    if tell("group DRO", (epoch + 1) / epochs) is False:
                        raise Cancelled("libgrasp: TorchModel.retrain: stopped by its progress function")
        finally:
            if kept is not None:
                self.module.load_state_dict(kept)
            self.hooks._cached = None
        entries: Dict[str, Any] = {"loss": np.array(loss), "val_worst": np.array(worst)}
        entries.update({f"weight.{g}": np.array([w[i] for w in weights]) for i, g in enumerate(present)})
        entries.update(
            epochs=float(epochs), best_epoch=float(best_epoch), best_val_worst=best if len(others) else np.nan
        )
        return Report(entries)

    def _worst(self, rows: np.ndarray, labels: np.ndarray) -> float:
        right = self.hooks.predict(rows) == self.hooks._labels[rows]
        return min(float(right[labels[rows] == g].mean()) for g in np.unique(labels[rows]))


class _Retraining:
    """Epochs of group DRO."""

    def __init__(
        self,
        hooks: _TorchHooks,
        rows: np.ndarray,
        group: np.ndarray,
        count: int,
        step: float,
        adjustment: float,
        batch_size: int,
        balanced: bool,
        seed: int,
    ) -> None:
        self._hooks, self._rows, self._group, self._step, self._batch_size = hooks, rows, group, step, batch_size
        self._sizes = np.bincount(group, minlength=count)
        self._adjustment = adjustment / np.sqrt(self._sizes)
        self._drawn = 1.0 / self._sizes[group] / count if balanced else None
        self._random = np.random.default_rng(seed)
        self.log_q = np.full(count, -np.log(count))

    def epoch(self, optimizer: torch.optim.Optimizer) -> float:
        """One pass; the worst group's mean loss as the batches went by."""
        n, count = len(self._rows), len(self.log_q)
        order = self._random.permutation(n) if self._drawn is None else self._random.choice(n, n, p=self._drawn)
        total, seen = np.zeros(count), np.zeros(count)
        with self._hooks._evaluating():  # puts the modules' modes back
            self._hooks.module.train()
            for first in range(0, n, self._batch_size):
                chosen = order[first:first + self._batch_size]
                losses = self._hooks.losses(*self._hooks._batch(self._rows[chosen]))
                here = torch.from_numpy(self._group[chosen]).to(losses.device)
                sizes = torch.bincount(here, minlength=count).to(losses)
                means = losses.new_zeros(count).index_add(0, here, losses) / sizes.clamp(min=1)
                found = sizes.cpu().numpy()
                values = means.detach().double().cpu().numpy()
                self.log_q = gdro_step(self.log_q, values + self._adjustment, self._step)
                optimizer.zero_grad()
                (means * torch.from_numpy(np.exp(self.log_q)).to(means)).sum().backward()
                optimizer.step()
                total += values * found
                seen += found
        return float(np.max(total[seen > 0] / seen[seen > 0]))
