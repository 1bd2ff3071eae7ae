"""The training of RealMLP-TD-S written down with PyTorch, for `tests/recipe.rs` to agree with.

    python -m venv env && env/bin/pip install torch==2.15.0
    env/bin/python crates/deltarule/tests/reference/recipe.py

Writes `recipe.json` beside itself: the samples, the parameters at the start as they are drawn (w and b from N(0, 1), the
last layer 0, the factors of the inputs 1), the cost before each of the steps, each on all samples, and the parameters
after the last. Layers are in the NTK form x·w / sqrt(inputs) + b, and so are the weights of the file.
"""

import json
import math
from pathlib import Path

import torch
from torch.nn import functional as F

OUT = Path(__file__).with_name("recipe.json")
SAMPLES, INPUTS, HIDDEN, STEPS = 40, 6, [9, 8, 7], 32


def train(task, outputs, generator):
    classes = task == "classes"
    widths = [INPUTS, *HIDDEN, outputs]
    x = torch.randn(SAMPLES, INPUTS, generator=generator)
    score = torch.sin(2 * x[:, :outputs]) + 0.5 * x[:, -outputs:] + 0.3 * torch.randn(SAMPLES, outputs, generator=generator)
    # A mean other than 0: where it is 0, so is the last bias's first gradient, and Adam makes steps of what rounding left.
    y = F.one_hot(score.argmax(dim=1), outputs).double() if classes else score - score.mean(dim=0) + 0.25
    scale = torch.ones(INPUTS)
    weights = [torch.randn(m, n, generator=generator) for n, m in zip(widths, widths[1:])]
    biases = [torch.randn(m, generator=generator) for m in widths[1:]]
    weights[-1].zero_()
    biases[-1].zero_()
    start = {"scale": scale.tolist(), "w": [w.tolist() for w in weights], "b": [b.tolist() for b in biases]}

    groups = [([scale], 6.0), (weights, 1.0), (biases, 0.1)]
    for parameter in [scale, *weights, *biases]:
        parameter.requires_grad_()
    adam = torch.optim.Adam([{"params": of, "factor": factor} for of, factor in groups], betas=(0.9, 0.95), eps=1e-8)
    costs = []
    for step in range(STEPS):
        rate = (0.04 if classes else 0.07) * 0.5 * (1 - math.cos(2 * math.pi * math.log2(1 + 15 * step / STEPS)))
        for group in adam.param_groups:
            group["lr"] = rate * group["factor"]
        a = x * scale
        for number, (w, b) in enumerate(zip(weights, biases)):
            z = a @ w.T / math.sqrt(w.shape[1]) + b
            a = z if number == len(HIDDEN) else F.selu(z) if classes else F.mish(z)
        cost = F.cross_entropy(a, y.argmax(dim=1), label_smoothing=0.1) if classes else F.mse_loss(a, y)
        adam.zero_grad()
        cost.backward()
        adam.step()
        costs.append(cost.item())
    end = {"scale": scale.tolist(), "w": [w.tolist() for w in weights], "b": [b.tolist() for b in biases]}
    return {"task": task, "x": x.tolist(), "y": y.tolist(), "start": start, "costs": costs, "end": end}


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(2407)
    runs = [train("classes", 3, generator), train("regression", 1, generator)]
    OUT.write_text(json.dumps(runs, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
