"""PyTorch: a hand-written loop over slices of the shuffled data, without a loader; eager or compiled.

Of the optimizer's implementations (fused, foreach, one by one) the fastest on the case at hand is taken.
"""

import sys
import time

import protocol
import torch
from torch.nn import functional as F

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "identity": lambda z: z, "softmax": lambda z: z}


def quadratic(a, y):
    return 0.5 * ((a - y) ** 2).sum(dim=1).mean()


COSTS = {"softmax-cross-entropy": F.cross_entropy, "quadratic": quadratic}


def optimizer(case, parameters, **implementation):
    if case.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=case.eta, **implementation)
    if case.optimizer == "momentum":
        return torch.optim.SGD(parameters, lr=case.eta, momentum=0.9, **implementation)
    if case.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=case.eta, **implementation)
    return torch.optim.AdamW(parameters, lr=case.eta, weight_decay=case.decay, **implementation)


class Training:
    """One network with its data, one epoch a call."""

    def __init__(self, case, x, y, implementation, compiled):
        torch.manual_seed(case.seed)
        self.case, self.x, self.y = case, x, y
        self.layers = [torch.nn.Linear(k, j) for k, j in case.layers]
        self.optimizer = optimizer(case, [p for layer in self.layers for p in layer.parameters()], **implementation)
        self.cost = torch.compile(self.eager_cost) if compiled else self.eager_cost
        self.update = torch.compile(self.optimizer.step) if compiled else self.optimizer.step

    def eager_cost(self, x, y):
        case = self.case
        for number, layer in enumerate(self.layers, 1):
            x = ACTIVATIONS[case.output if number == len(self.layers) else case.hidden](layer(x))
        return COSTS[case.cost](x, y)

    def epoch(self, samples=None):
        order = torch.randperm(len(self.x))[:samples]
        cost = None
        for x, y in zip(self.x[order].split(self.case.batch), self.y[order].split(self.case.batch)):
            self.optimizer.zero_grad(set_to_none=True)
            cost = self.cost(x, y)
            cost.backward()
            self.update()
        return cost.item()


def fastest(case, x, y):
    """The optimizer's implementation that takes least time on some mini-batches."""
    choices = {"fused": {"fused": True}, "foreach": {"foreach": True}, "one by one": {"foreach": False}}
    times = {}
    for name, implementation in choices.items():
        training = Training(case, x, y, implementation, compiled=False)
        # A wide network takes long over its steps, and a few tell.
        steps = 20 if sum(k * j for k, j in case.layers) < 1_000_000 else 4
        few = min(len(x), steps * case.batch)
        training.epoch(few)
        start = time.perf_counter()
        training.epoch(few)
        times[name] = time.perf_counter() - start
    name = min(times, key=times.get)
    return name, choices[name]


def targets(case, y):
    """Classes as they are, or as ones and zeros where the cost needs them so."""
    y = torch.from_numpy(y)
    if case.cost == "quadratic" and y.dtype == torch.int64:
        return F.one_hot(y, case.widths[-1]).float()
    return y


def predictor(case, x, compiled):
    torch.manual_seed(case.seed)
    last = len(case.widths) - 2
    parts = []
    for number, (k, j) in enumerate(case.layers):
        parts.append(torch.nn.Linear(k, j))
        parts += [torch.nn.ReLU()] if number < last else [torch.nn.Softmax(dim=1)]
    model = torch.nn.Sequential(*parts).eval()
    model = torch.compile(model) if compiled else model
    batches = x.split(case.batch)

    def predict():
        with torch.inference_mode():
            for batch in batches:
                model(batch)

    return predict


def prepare(case, compiled):
    torch.set_num_threads(case.threads)
    torch.set_flush_denormal(True)
    x, y = case.load()
    x = torch.from_numpy(x)
    if case.task == "predict":
        return predictor(case, x, compiled), "inference mode"
    y = targets(case, y)
    name, implementation = ("foreach", {"foreach": True}) if compiled else fastest(case, x, y)
    return Training(case, x, y, implementation, compiled).epoch, f"optimizer {name}"


if __name__ == "__main__":
    compiled = sys.argv[1:] == ["--compile"]
    protocol.serve("PyTorch compiled" if compiled else "PyTorch", torch.__version__, lambda c: prepare(c, compiled))
