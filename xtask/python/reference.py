"""Figures of an independent implementation: PyTorch's automatic differentiation and optimizers, in f64.

For each network below: initial weights, samples, the cost of all samples with its gradient, and the cost of each of
20 mini-batches along the way of every optimizer, before that mini-batch's step. The file is read by
crates/deltarule/tests/reference.rs, which repeats all of it with the library.

    reference.py FILE            compute and write FILE
    reference.py FILE --check    compute and compare with FILE
"""

import json
import sys

import torch
from torch.nn import functional as F

SAMPLES = 12
BATCH = 4
STEPS = 20

ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": F.relu,
    "leaky-relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu-tanh": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "exp": torch.exp,
    "softmax": lambda z: F.softmax(z, dim=1),
}


def softmax_cross_entropy(z, a, y, smoothing=0.0):
    classes = y.shape[1]
    smooth = (1 - smoothing) * y + smoothing / classes
    return -(smooth * F.log_softmax(z, dim=1)).sum(dim=1)


# Cost of each sample from the weighted inputs z and the activations a of the last layer, the targets y, and the cost's
# parameter where it has one.
COSTS = {
    "quadratic": lambda z, a, y: 0.5 * ((a - y) ** 2).sum(dim=1),
    "mean-squared": lambda z, a, y: F.mse_loss(a, y, reduction="none").mean(dim=1),
    "binary-cross-entropy": lambda z, a, y: F.binary_cross_entropy_with_logits(z, y, reduction="none").sum(dim=1),
    "softmax-cross-entropy": softmax_cross_entropy,
    "absolute": lambda z, a, y: F.l1_loss(a, y, reduction="none").sum(dim=1),
    "huber": lambda z, a, y, delta: F.huber_loss(a, y, reduction="none", delta=delta).sum(dim=1),
    "quantile": lambda z, a, y, q: torch.maximum(q * (y - a), (q - 1) * (y - a)).sum(dim=1),
    "poisson": lambda z, a, y: F.poisson_nll_loss(z, y, log_input=True, reduction="none").sum(dim=1),
}

OPTIMIZERS = [
    {"name": "sgd", "eta": 0.05},
    {"name": "momentum", "eta": 0.05, "mu": 0.9},
    {"name": "nesterov", "eta": 0.05, "mu": 0.9},
    {"name": "adam", "eta": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    {"name": "adamw", "eta": 0.02, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "decay": 0.1},
]


def network(name, widths, activations, cost, targets, weighted=False, l2=0.0, l1=0.0):
    """One network: `cost` is a name, or name:parameter, and `targets` makes the rows of y."""
    return dict(name=name, widths=widths, activations=activations, cost=cost, targets=targets, weighted=weighted,
                l2=l2, l1=l1)


def classes(count):
    return lambda n, generator: F.one_hot(torch.arange(n) * 7 % count, count).double()


def bits(count):
    return lambda n, generator: (torch.rand(n, count, generator=generator) < 0.5).double()


def reals(count):
    return lambda n, generator: torch.randn(n, count, generator=generator)


def counts(count):
    return lambda n, generator: torch.poisson(2 * torch.ones(n, count), generator=generator)


NETWORKS = [
    network("the book's", [4, 5, 3], ["sigmoid", "sigmoid"], "quadratic", classes(3)),
    network("line", [3, 1], ["identity"], "mean-squared", reals(1)),
    network("two tanh layers with sample weights", [4, 7, 6, 2], ["tanh", "tanh", "identity"], "mean-squared",
            reals(2), weighted=True),
    network("classes", [6, 9, 4], ["relu", "softmax"], "softmax-cross-entropy", classes(4)),
    network("smoothed labels, weights and decay of the book", [5, 8, 8, 3], ["gelu", "gelu-tanh", "softmax"],
            "softmax-cross-entropy:0.1", classes(3), weighted=True, l2=0.6),
    network("labels that do not exclude each other", [5, 6, 3], ["silu", "sigmoid"], "binary-cross-entropy",
            bits(3), weighted=True),
    network("absolute error with L1", [4, 6, 2], ["elu", "identity"], "absolute", reals(2), l1=0.3),
    network("Huber", [4, 6, 5, 2], ["selu", "leaky-relu", "identity"], "huber:0.7", reals(2)),
    network("quantile", [3, 5, 2], ["mish", "identity"], "quantile:0.8", reals(2)),
    network("counts", [4, 6, 2], ["softplus", "exp"], "poisson", counts(2)),
    network("deep", [3, 4, 5, 4, 5, 4, 2], ["tanh", "sigmoid", "silu", "gelu", "mish", "tanh"], "quadratic",
            reals(2), l2=0.2, l1=0.1),
    network("softmax with quadratic cost", [5, 7, 4], ["elu", "softmax"], "quadratic", classes(4)),
    network("wider than a vector", [19, 37, 18, 1], ["relu", "tanh", "identity"], "mean-squared", reals(1)),
    network("logistic regression, strongly regularised", [6, 1], ["sigmoid"], "binary-cross-entropy", bits(1),
            l2=2.0),
]


def forward(layers, activations, x):
    """z and a of the last layer."""
    a = x
    for (w, b), activation in zip(layers, activations):
        z = a @ w.T + b
        a = ACTIVATIONS[activation](z)
    return z, a


def cost(spec, layers, x, y, s):
    """The mean over the batch of the samples' costs, weighted by s where given, plus the regularisation."""
    z, a = forward(layers, spec["activations"], x)
    name, *parameters = spec["cost"].split(":")
    each = COSTS[name](z, a, y, *map(float, parameters))
    mean = each.mean() if s is None else (s * each).sum() / s.sum()
    squares = sum((w ** 2).sum() for w, _ in layers)
    sizes = sum(w.abs().sum() for w, _ in layers)
    return mean + spec["l2"] / (2 * SAMPLES) * squares + spec["l1"] / SAMPLES * sizes


def optimizer(settings, layers):
    """PyTorch's optimizer; only weights decay."""
    weights, biases = [w for w, _ in layers], [b for _, b in layers]
    both = weights + biases
    eta, name = settings["eta"], settings["name"]
    if name in ("sgd", "momentum", "nesterov"):
        return torch.optim.SGD(both, lr=eta, momentum=settings.get("mu", 0), nesterov=name == "nesterov",
                               foreach=False)
    options = dict(lr=eta, betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"], foreach=False)
    if name == "adam":
        return torch.optim.Adam(both, **options)
    groups = [{"params": weights, "weight_decay": settings["decay"]}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, **options)


def costs_along(spec, start, settings, x, y, s):
    layers = [(w.clone().requires_grad_(), b.clone().requires_grad_()) for w, b in start]
    rule, costs = optimizer(settings, layers), []
    for step in range(STEPS):
        rows = slice(step * BATCH % SAMPLES, step * BATCH % SAMPLES + BATCH)
        c = cost(spec, layers, x[rows], y[rows], None if s is None else s[rows])
        rule.zero_grad()
        c.backward()
        rule.step()
        costs.append(c.item())
    return costs


def figures(number, spec):
    generator = torch.Generator().manual_seed(1000 + number)
    widths = spec["widths"]
    start = [(torch.randn(j, k, generator=generator) / k ** 0.5, 0.5 * torch.randn(j, generator=generator))
             for k, j in zip(widths, widths[1:])]
    x = torch.randn(SAMPLES, widths[0], generator=generator)
    y = spec["targets"](SAMPLES, generator)
    s = 0.25 + 2 * torch.rand(SAMPLES, generator=generator) if spec["weighted"] else None

    layers = [(w.clone().requires_grad_(), b.clone().requires_grad_()) for w, b in start]
    c = cost(spec, layers, x, y, s)
    c.backward()
    return {
        "name": spec["name"],
        "cost": spec["cost"],
        "l2": spec["l2"],
        "l1": spec["l1"],
        "x": x.tolist(),
        "y": y.tolist(),
        "weights": None if s is None else s.tolist(),
        "layers": [
            {"activation": f, "w": w.tolist(), "b": b.tolist(), "grad_w": lw.grad.tolist(), "grad_b": lb.grad.tolist()}
            for f, (w, b), (lw, lb) in zip(spec["activations"], start, layers)
        ],
        "value": c.item(),
        "runs": [{"optimizer": o, "costs": costs_along(spec, start, o, x, y, s)} for o in OPTIMIZERS],
    }


def differences(found, stored, where=""):
    """Places where the two disagree by more than rounding."""
    if isinstance(found, dict):
        if found.keys() != stored.keys():
            return [f"{where}: other keys"]
        return [d for key in found for d in differences(found[key], stored[key], f"{where}.{key}")]
    if isinstance(found, list):
        if len(found) != len(stored):
            return [f"{where}: another length"]
        return [d for i, (f, s) in enumerate(zip(found, stored)) for d in differences(f, s, f"{where}[{i}]")]
    if isinstance(found, float) and isinstance(stored, float):
        return [] if abs(found - stored) <= 1e-12 * max(1, abs(stored)) else [f"{where}: {found}, stored {stored}"]
    return [] if found == stored else [f"{where}: {found}, stored {stored}"]


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    path = sys.argv[1]
    found = {"batch": BATCH, "networks": [figures(i, spec) for i, spec in enumerate(NETWORKS)]}
    if "--check" in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            wrong = differences(found, json.load(file))
        if wrong:
            sys.exit("\n".join(wrong[:20] + [f"{len(wrong)} figures differ from {path}"]))
        print(f"{path}: {len(NETWORKS)} networks agree")
        return
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file, separators=(",", ":"))
        file.write("\n")
    print(f"{path}: {len(NETWORKS)} networks, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
