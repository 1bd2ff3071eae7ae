"""One run of `cargo xtask record` by PyTorch: the same network and schedule, from start to the goal.

    record.py --data FOLDER --recipe JSON --threads N --seed N [--validate]
"""

import argparse
import gzip
import json
import pathlib

import numpy
import torch
from torch.nn import functional as F


def idx(folder, name, header):
    """The bytes of one of MNIST's files behind its header, plain or gzip."""
    plain = pathlib.Path(folder, name)
    data = plain.read_bytes() if plain.exists() else gzip.decompress(pathlib.Path(folder, name + ".gz").read_bytes())
    return numpy.frombuffer(data, numpy.uint8, offset=header)


def samples(folder, part):
    x = torch.from_numpy(idx(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 784).astype(numpy.float32))
    return x.div_(255), torch.from_numpy(idx(folder, f"{part}-labels-idx1-ubyte", 8).astype(numpy.int64))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--recipe", type=json.loads, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validate", action="store_true")
    options = parser.parse_args()
    recipe = options.recipe
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    torch.set_flush_denormal(True)

    x, y = samples(options.data, "train")
    if options.validate:
        x, y, test_x, test_y = x[:50000], y[:50000], x[50000:], y[50000:]
    else:
        test_x, test_y = samples(options.data, "t10k")

    widths = [784, *recipe["hidden"], 10]
    layers = []
    for number, (k, j) in enumerate(zip(widths, widths[1:]), 1):
        layer = torch.nn.Linear(k, j)
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        torch.nn.init.zeros_(layer.bias)
        layers += [layer] if number == len(widths) - 1 else [layer, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe["eta"], fused=True)
    batch, epochs = recipe["batch"], recipe["epochs"]
    steps = epochs * -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe["eta"], total_steps=steps + 1, cycle_momentum=False)

    accuracies = []
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for xs, ys in zip(x[order].split(batch), y[order].split(batch)):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(xs), ys, label_smoothing=recipe["smoothing"]).backward()
            optimizer.step()
            schedule.step()
        with torch.inference_mode():
            accuracies.append((model(test_x).argmax(dim=1) == test_y).double().mean().item())
        if accuracies[-1] >= recipe["goal"]:
            break
    print(json.dumps({"accuracies": accuracies}))


if __name__ == "__main__":
    main()
