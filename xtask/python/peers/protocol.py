"""What every peer of the benchmark speaks on its standard input and output: one JSON object a line.

The driver sends {"prepare": CASE} once, with the fields of Case, and gets {"ready": DETAIL} or {"skipped": REASON}.
It then sends {"run": true} for each repetition and gets {"seconds": S, "samples": N, "cost": C}; C is the mean cost of
the last mini-batch, or null. So the driver can let the peers take turns. The peer ends with its standard input.
"""

import json
import os
import sys
import time
from dataclasses import dataclass


class Skip(Exception):
    """Why this peer has no part in a case."""


@dataclass
class Case:
    """What to train or to predict with."""

    name: str
    task: str  # train, or predict
    precision: str  # f32, or f64
    widths: list
    hidden: str  # activation of the hidden layers
    output: str  # activation of the output
    cost: str
    optimizer: str
    eta: float
    decay: float
    batch: int
    samples: int  # in one repetition
    x: str  # .npy, f32, a sample a row
    y: str  # .npy, u32 classes in one column, or f32 targets
    threads: int
    seed: int

    def load(self):
        """The samples and their targets; classes as a vector of int64."""
        import numpy

        x, y = numpy.load(self.x), numpy.load(self.y)
        if y.dtype == numpy.uint32:
            y = y[:, 0].astype(numpy.int64)
        return x[: self.samples], y[: self.samples]

    @property
    def layers(self):
        """Inputs and outputs of each layer."""
        return list(zip(self.widths, self.widths[1:]))


def restrict(threads):
    """Keeps this process, and every pool it will start, on the first `threads` processors."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(allowed[:threads]))


def serve(peer, version, prepare):
    """Answers the driver; `prepare(case)` gives a function that does one repetition, and a word on how it is set up."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get between the answers

    def say(**answer):
        out.write(json.dumps(answer) + "\n")

    say(peer=peer, version=version)
    repetition = samples = None
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            case = Case(**request["prepare"])
            try:
                if case.precision != "f32":
                    raise Skip("measured in f32 alone")
                repetition, detail = prepare(case)
                repetition()
                samples = case.samples
                say(ready=detail)
            except Skip as reason:
                repetition = None
                say(skipped=str(reason))
        elif repetition is None:
            say(error="run before prepare")
        else:
            start = time.perf_counter()
            cost = repetition()
            say(seconds=time.perf_counter() - start, samples=samples, cost=cost)
