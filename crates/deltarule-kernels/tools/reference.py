#!/usr/bin/env python3
"""Writes correctly rounded values of the elementary functions for tests/math.rs.

    python3 tools/reference.py > tests/math_f64.bin

For every function, in the order below: how many points (u32), then each point as x (f64), f(x) correctly rounded
(f64), and how far f(x) is from that, in 1/254 units in the last place (i8); all little-endian. Computed at 300 bits
(package mpmath) on points from all magnitudes, from the ranges where something happens, from beside every threshold
of the formulas, and where large errors were once seen.
"""

import math
import random
import struct
import sys

import mpmath as mp

mp.mp.prec = 300
LN2 = math.log(2)

FUNCTIONS = {  # name: function, ranges to sample evenly, thresholds to surround, worst points seen
    "exp": (mp.exp, [(-746, 710), (-1, 1), (-746, -707)], [-745.1332191019412, -708.3964185322641, 709.782712893384], []),
    "expm1": (mp.expm1, [(-40, 40), (-1, 1.5), (700, 710)], [-38, -37.42994775023705, 709.782712893384, LN2 / 2, -LN2 / 2], []),
    "ln": (mp.log, [(0.5, 2.5), (0.99, 1.01), (0, 1000)], [math.sqrt(0.5), math.sqrt(2), 1, 2, 2**-1022], []),
    "ln_1p": (mp.log1p, [(-1, 0), (-0.5, 1.5), (-0.01, 0.01), (0, 1000)], [-1 + 2**-53, -0.5, math.sqrt(2) - 1, math.sqrt(0.5) - 1, 1, 2**53], []),
    "tanh": (mp.tanh, [(-1, 1), (0.5, 3), (-22, -0.5)], [0.55, 19.06154746539849], []),
    "erf": (mp.erf, [(-1, 1), (0.9, 3), (-6.5, -0.9)], [1, 2, 5.92, 6], []),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), [(-4, 4), (-40, 40), (-746, -40)], [-745.13, -708.4, 36.7], []),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), [(-4, 4), (-40, 40), (-746, -40)], [-745.13, -708.4, 36.7, 0], []),
}


def points(ranges, thresholds, worst, positive, generator):
    for a, b in ranges:
        yield from (generator.uniform(a, b) for _ in range(300))
    for exponent in range(-1074, 1024, 7):
        x = math.ldexp(generator.uniform(1, 2), exponent)
        yield x if positive or generator.random() < 0.5 else -x
    for _ in range(300):
        x = math.ldexp(generator.uniform(1, 2), generator.randrange(-60, 12))
        yield x if positive or generator.random() < 0.5 else -x
    for x in thresholds + [5e-324, 2.0**-1022, sys.float_info.max]:
        below = above = x
        for _ in range(4):
            yield from (below, above)
            below, above = math.nextafter(below, -math.inf), math.nextafter(above, math.inf)
    for n in range(-60, 60):
        x = (n + 0.5) * LN2
        yield abs(x) if positive else x
    yield from worst


def rounded(value):
    """The nearest f64 and what is left over, in units in the last place."""
    if value == 0:
        return 0.0, 0
    exponent = max(mp.frexp(value)[1] - 53, -1074)
    units = mp.ldexp(value, -exponent)
    nearest = int(mp.nint(units))
    try:
        return math.ldexp(nearest, exponent), round(float(units - nearest) * 254)
    except OverflowError:
        return math.copysign(math.inf, nearest), 0


def main():
    for name, (f, ranges, thresholds, worst) in FUNCTIONS.items():
        generator = random.Random(name)
        least = {"ln": 0, "ln_1p": -1}.get(name, -math.inf)
        xs = [x for x in points(ranges, thresholds, worst, name == "ln", generator) if x > least and math.isfinite(x)]
        sys.stdout.buffer.write(struct.pack("<I", len(xs)))
        for x in xs:
            # Beyond these the result is an infinity, a zero or x, and the arbitrary exponents would take for ever.
            value = f(mp.mpf(max(min(x, 1e6), -1e6) if name not in ("ln", "ln_1p", "softplus") else max(x, -1e6)))
            if name == "softplus" and x > 1e6:
                value = mp.mpf(x)
            y, tail = rounded(value)
            sys.stdout.buffer.write(struct.pack("<ddb", x, y, max(-127, min(127, tail))))


main()
