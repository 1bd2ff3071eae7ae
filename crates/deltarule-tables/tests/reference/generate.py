"""Computes what scikit-learn makes of a few tables; `prepare.rs` compares.

Usage: python generate.py > expected.json    (numpy, scikit-learn; versions are written into the file)
"""

import json
import math
import random

import numpy
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.class_weight import compute_class_weight


def table(seed, rows):
    """Numbers (one with gaps, one with ties), a category with gaps, a binary one, and two targets."""
    draw = random.Random(seed)
    columns = {
        "plain": [draw.gauss(3, 10) for _ in range(rows)],
        "gaps": [draw.gauss(-1, 0.01) if draw.random() < 0.8 else None for _ in range(rows)],
        "ties": [float(draw.choice([0, 0, 0, 0, 1, 7])) for _ in range(rows)],
        "colour": [draw.choice(["red", "green", "blue", "Blue", None]) for _ in range(rows)],
        "switch": [draw.choice(["on", "off"]) for _ in range(rows)],
    }
    columns["amount"] = [draw.expovariate(0.1) for _ in range(rows)]
    columns["class"] = [draw.choice("aaaab") for _ in range(rows)]
    return columns


def one_hot(values):
    categories = sorted({value for value in values if value is not None})
    encoder = OneHotEncoder(categories=[categories], handle_unknown="ignore", sparse_output=False)
    known = [[value] for value in values if value is not None]
    encoder.fit(known)
    # A missing value is a category that the encoder does not know.
    return encoder.transform([[value if value is not None else "<missing>"] for value in values])


def robust(x):
    """Median and quartiles by NumPy; the recipe's fall-backs; the smooth bend into (-3, 3)."""
    out = numpy.zeros_like(x)
    for j in range(x.shape[1]):
        column = x[:, j]
        q25, median, q75 = numpy.quantile(column, [0.25, 0.5, 0.75])
        scale = q75 - q25
        if scale == 0:
            scale = 0.5 * (column.max() - column.min())
        if scale != 0:
            z = (column - median) / scale
            out[:, j] = z / numpy.sqrt(1 + (z / 3) ** 2)
    return out


def prepared(columns):
    number = lambda name: numpy.array([[math.nan if v is None else v] for v in columns[name]])
    impute = SimpleImputer(strategy="mean", add_indicator=True)
    numbers = {name: impute.fit_transform(number(name)) for name in ["plain", "gaps", "ties"]}
    hot = one_hot(columns["colour"])
    switch = numpy.array([[1.0 if v == "on" else -1.0] for v in columns["switch"]])
    standard = []
    for name in ["plain", "gaps", "ties"]:
        scaled = StandardScaler().fit_transform(numbers[name][:, :1])
        standard += [scaled, numbers[name][:, 1:]]
    plain = numpy.hstack(standard + [hot, switch])
    tabular = robust(numpy.hstack(list(numbers.values()) + [hot, switch]))
    return plain, tabular


def case(seed, rows):
    columns = table(seed, rows)
    plain, tabular = prepared(columns)
    amount = numpy.array(columns["amount"]).reshape(-1, 1)
    labels = sorted(set(columns["class"]))
    weights = compute_class_weight("balanced", classes=numpy.array(labels), y=numpy.array(columns["class"]))
    return {
        "columns": columns,
        "plain": plain.tolist(),
        "tabular": tabular.tolist(),
        "amount": StandardScaler().fit_transform(amount)[:, 0].tolist(),
        "balanced": weights.tolist(),
    }


if __name__ == "__main__":
    versions = {"numpy": numpy.__version__, "scikit-learn": sklearn.__version__}
    print(json.dumps({"versions": versions, "cases": [case(seed, rows) for seed, rows in [(0, 12), (1, 61), (2, 200)]]}))
