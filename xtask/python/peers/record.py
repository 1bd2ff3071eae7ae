"""One run of `cargo xtask record` by PyTorch: the same network and schedule, from start to accuracy.

    record.py --data FOLDER --recipe JSON --threads N --seed N [--validate]
"""

import argparse
import gzip
import json
import pathlib
import time

START = time.perf_counter()

import numpy  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional as F  # noqa: E402

ACTIVATIONS = {"relu": torch.nn.ReLU, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU}


def idx(folder, name, header):
    """The bytes of one of MNIST's files behind its header, plain or gzip."""
    plain = pathlib.Path(folder, name)
    data = plain.read_bytes() if plain.exists() else gzip.decompress(pathlib.Path(folder, name + ".gz").read_bytes())
    return numpy.frombuffer(data, numpy.uint8, offset=header)


def samples(folder, part):
    x = torch.from_numpy(idx(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 784).astype(numpy.float32))
    return x.div_(255), torch.from_numpy(idx(folder, f"{part}-labels-idx1-ubyte", 8).astype(numpy.int64))


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--recipe", type=json.loads, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validate", action="store_true")
    return parser.parse_args()


def network(recipe):
    widths = [784, *recipe.pop("hidden"), 10]
    activation = ACTIVATIONS[recipe.pop("activation")]
    layers = []
    for number, (k, j) in enumerate(zip(widths, widths[1:]), 1):
        layer = torch.nn.Linear(k, j)
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        torch.nn.init.zeros_(layer.bias)
        layers += [layer] if number == len(widths) - 1 else [layer, activation()]
    return torch.nn.Sequential(*layers)


def optimizer(recipe, parameters):
    name, eta = recipe.pop("optimizer"), recipe.pop("eta")
    if name == "adam":
        betas = recipe.pop("beta1", 0.9), recipe.pop("beta2", 0.999)
        return torch.optim.Adam(parameters, lr=eta, betas=betas, fused=True), eta
    if name == "adamw":
        return torch.optim.AdamW(parameters, lr=eta, weight_decay=recipe.pop("decay"), fused=True), eta
    if name == "nesterov":
        return torch.optim.SGD(parameters, lr=eta, momentum=recipe.pop("momentum", 0.9), nesterov=True, fused=True), eta
    raise ValueError(f"optimizer {name}")


def main():
    options = arguments()
    recipe = options.recipe
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    torch.set_flush_denormal(True)

    x, y = samples(options.data, "train")
    if options.validate:
        x, y, judged_x, judged_y = x[:50000], y[:50000], x[50000:], y[50000:]
    else:
        judged_x, judged_y = samples(options.data, "t10k")
    loaded = time.perf_counter() - START

    model = network(recipe)
    rule, eta = optimizer(recipe, model.parameters())
    batch, epochs = recipe.pop("batch"), recipe.pop("epochs")
    name, _, smoothing = recipe.pop("cost", "softmax-cross-entropy").partition(":")
    if name != "softmax-cross-entropy" or recipe.pop("schedule") != "one-cycle" or recipe:
        raise ValueError(f"not known to this script: {name}, {recipe}")
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(rule, eta, total_steps=steps + 1, cycle_momentum=False)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for xs, ys in zip(x[order].split(batch), y[order].split(batch)):
            rule.zero_grad(set_to_none=True)
            F.cross_entropy(model(xs), ys, label_smoothing=float(smoothing or 0)).backward()
            rule.step()
            schedule.step()
    with torch.inference_mode():
        accuracy = (model(judged_x).argmax(dim=1) == judged_y).double().mean().item()
    print(json.dumps({"accuracy": accuracy, "loaded": loaded}))


if __name__ == "__main__":
    main()
