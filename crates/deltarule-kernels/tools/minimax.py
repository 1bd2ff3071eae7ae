#!/usr/bin/env python3
"""Derives the polynomials of src/math and writes them as Rust.

    python3 tools/minimax.py > src/math/coefficients.rs && rustfmt src/math/coefficients.rs

Each is a minimax polynomial by Remez' exchange on a dense grid, at 200 bits (package mpmath), its coefficients rounded: all
at once, or the lowest one, two or three first and the rest fitted anew to make up for that, whichever is best. The
error printed beside each is that of the rounded polynomial, evaluated exactly.
"""

import struct

import mpmath as mp

mp.mp.prec = 200


def remez(f, weight, degree, xs):
    """The polynomial p of `degree` whose largest |weight (p - f)| over the grid `xs` is least."""
    fs, ws = [f(x) for x in xs], [weight(x) for x in xs]
    n = degree + 2
    picked = [round((len(xs) - 1) * i / (n - 1)) for i in range(n)]
    for _ in range(40):
        system, right = mp.matrix(n, n), mp.matrix(n, 1)
        for row, i in enumerate(picked):
            for power in range(degree + 1):
                system[row, power] = xs[i] ** power
            system[row, degree + 1] = (-1) ** row / ws[i]
            right[row] = fs[i]
        solution = mp.lu_solve(system, right)
        p = [solution[i] for i in range(degree + 1)]
        errors = [w * (mp.polyval(p[::-1], x) - y) for x, y, w in zip(xs, fs, ws)]
        if max(map(abs, errors)) < abs(solution[degree + 1]) * mp.mpf("1.001"):
            break
        peaks = []
        for i, e in enumerate(errors):
            if not peaks or (e > 0) != (errors[peaks[-1]] > 0):
                peaks.append(i)
            elif abs(e) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        while len(peaks) > n:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        if len(peaks) < n:
            break
        picked = peaks
    return p


def rounded(x, bits):
    """The nearest f32 or f64 to x."""
    with mp.workprec(24 if bits == 32 else 53):
        return +x


def fit(bits, f, weight, degree, a, b):
    """The rounded coefficients, lowest first, and log2 of the largest weighted error."""
    count = 40 * (degree + 2)
    a, b = mp.mpf(a), mp.mpf(b)
    xs = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / count) for i in range(count)]

    def error(p):
        return max(abs(weight(x) * (mp.polyval(p[::-1], x) - f(x))) for x in xs)

    candidates, fixed = [], []
    for k in range(min(4, degree)):
        rest = lambda x: (f(x) - mp.polyval(fixed[::-1] or [0], x)) / x**k
        p = [rounded(c, bits) for c in remez(rest, lambda x: weight(x) * abs(x) ** k, degree - k, xs)]
        candidates.append(fixed + p)
        fixed = fixed + p[:1]
    best = min(candidates, key=error)
    return best, float(mp.log(error(best), 2))


def shortest(x, bits):
    """The shortest decimal that reads back as x."""
    if bits == 64:
        return repr(float(x))
    value = float(x)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            return repr(float(text))


def odd(f):
    """f(√z)/√z, the even factor of an odd function."""
    return lambda z: f(mp.sqrt(z)) / mp.sqrt(z)


TINY = mp.mpf(10) ** -25
half_ln2 = mp.mpf("0.3466")
exp_tail = lambda r: (mp.exp(r) - 1 - r) / r**2 if r else mp.mpf(1) / 2
tanh_tail = lambda z: (odd(mp.tanh)(z) - 1) / z
log_tail = lambda z: (2 * odd(mp.atanh)(z) - 2) / z

POLYNOMIALS = [
    # name, what it is, function, weight that makes the error the result's relative one, (f32, f64) degrees, ranges
    ("EXP", "(eʳ − 1 − r)/r² for |r| ≤ ½ ln 2, to the relative error of eʳ",
     exp_tail, lambda r: r**2 / mp.exp(r), (4, 9), [(-half_ln2, half_ln2)] * 2),
    ("EXPM1", "(eʳ − 1 − r)/r² for |r| ≤ ½ ln 2, to the relative error of eʳ − 1",
     exp_tail, lambda r: r**2 / abs(mp.expm1(r)), (5, 10), [(-half_ln2, half_ln2)] * 2),
    ("TANH", "(tanh(√z)/√z − 1)/z for √z ≤ 0.55",
     tanh_tail, lambda z: z / odd(mp.tanh)(z), (4, 10), [(TINY, "0.3026")] * 2),
    ("ERF", "erf(√z)/√z − 1 for √z ≤ 1",
     lambda z: odd(mp.erf)(z) - 1, lambda z: 1 / odd(mp.erf)(z), (6, 12), [(TINY, 1)] * 2),
    ("ERF_TAIL", "−ln(1 − erf(2 + u)) from 1 to where erf rounds to 1, to the relative error of erf",
     lambda u: -mp.log(mp.erfc(2 + u)), lambda u: mp.erfc(2 + u) / mp.erf(2 + u), (6, 18), [(-1, 2), (-1, 4)]),
    ("LN", "(2 artanh(√z)/√z − 2)/z for √z ≤ (√2 − 1)/(√2 + 1)",
     log_tail, lambda z: z / 2, (2, 6), [(TINY, "0.02945")] * 2),
    ("LN_TO_TWO", "(2 artanh(√z)/√z − 2)/z for √z ≤ 1/3",
     log_tail, lambda z: z / 2, (4, 9), [(TINY, mp.mpf(1) / 9)] * 2),
]


def main():
    results = {
        bits: [fit(bits, f, w, degrees[i], *ranges[i]) for _, _, f, w, degrees, ranges in POLYNOMIALS]
        for i, bits in enumerate((32, 64))
    }
    print("//! The polynomials of the elementary functions, written by `tools/minimax.py`; lowest coefficient first.")
    print("//!")
    print("//! Minimax by Remez' exchange, then rounded; the error of each is that of the rounded polynomial.\n")
    print("/// The polynomials of one precision.")
    print("pub trait Coefficients: Sized + 'static {")
    for i, (name, what, *_) in enumerate(POLYNOMIALS):
        errors = " and ".join(f"2^{results[bits][i][1]:.1f}" for bits in (32, 64)).replace("-", "−")
        print(f"    /// {what}; at most {errors}.")
        print(f"    const {name}: &'static [Self];")
    print("}\n")
    for bits in (32, 64):
        print(f"impl Coefficients for f{bits} {{")
        for (name, *_), (p, _) in zip(POLYNOMIALS, results[bits]):
            print(f"    const {name}: &'static [f{bits}] = &[{', '.join(shortest(c, bits) for c in p)}];")
        print("}\n")


main()
