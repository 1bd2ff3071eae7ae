"""What scikit-learn says of a few dozen predictions, for `tests/metrics.rs` to agree with.

    python -m venv env && env/bin/pip install scikit-learn==1.9.1
    env/bin/python crates/deltarule/tests/reference/metrics.py

Writes `metrics.json` beside itself and prints the version used. A value of null means that scikit-learn calls the
metric undefined (an error, a warning, or NaN).
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq
from scipy.special import log_softmax, softmax
from sklearn import metrics as sk

OUT = Path(__file__).with_name("metrics.json")


def value(function, *args, **kwargs):
    """The metric, or None where it is undefined."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = float(function(*args, **kwargs))
    except ValueError:
        return None
    return None if math.isnan(result) else result


def calibration_error(y, p, w, bins=15):
    """Expected calibration error as `deltarule` defines it; scikit-learn has none.

    Bin m of M holds the confidences in ((m - 1)/M, m/M].
    """
    w = np.ones(len(y)) if w is None else w
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    of = np.digitize(confidence, np.arange(1, bins) / bins, right=True)
    error = 0.0
    for m in range(bins):
        inside = of == m
        if w[inside].sum() > 0:
            error += abs((w * right)[inside].sum() - (w * confidence)[inside].sum())
    return error / w.sum()


def classes(name, y, p, w=None):
    """A case of classification: labels y, one row of probabilities a sample."""
    y, p = np.asarray(y), np.asarray(p, dtype=float)
    k = p.shape[1]
    labels = list(range(k))
    guess = p.argmax(axis=1)
    hot = np.eye(k)[y]
    found = {
        "accuracy": value(sk.accuracy_score, y, guess, sample_weight=w),
        "balanced-accuracy": value(sk.balanced_accuracy_score, y, guess, sample_weight=w),
        "f1-macro": value(sk.f1_score, y, guess, average="macro", sample_weight=w),
        "f1-weighted": value(sk.f1_score, y, guess, average="weighted", sample_weight=w),
        "log-loss": value(sk.log_loss, y, p, labels=labels, sample_weight=w),
        "brier": value(sk.brier_score_loss, y, p, labels=labels, sample_weight=w),
        "calibration-error": calibration_error(y, p, w),
    }
    if k == 2:
        found["f1"] = value(sk.f1_score, y, guess, sample_weight=w)
        found["roc-auc"] = value(sk.roc_auc_score, y, p[:, 1], sample_weight=w)
        found["average-precision"] = value(sk.average_precision_score, y, p[:, 1], sample_weight=w)
    else:
        found["roc-auc"] = value(sk.roc_auc_score, y, p, multi_class="ovr", labels=labels, sample_weight=w)
        found["average-precision"] = value(sk.average_precision_score, hot, p, average="macro", sample_weight=w)
        if w is None:
            found["roc-auc-ovo"] = value(sk.roc_auc_score, y, p, multi_class="ovo", labels=labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precision, recall, f1, _ = sk.precision_recall_fscore_support(y, guess, labels=labels, sample_weight=w)
        confusion = sk.confusion_matrix(y, guess, labels=labels, sample_weight=w)
    return {
        "name": name,
        "labels": y.tolist(),
        "probabilities": p.tolist(),
        "weights": None if w is None else w.tolist(),
        "metrics": found,
        "confusion": confusion.astype(float).tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
    }


def values(name, y, p, w=None):
    """A case of regression: one row of targets and one of predictions a sample."""
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    found = {
        "mae": value(sk.mean_absolute_error, y, p, sample_weight=w),
        "mse": value(sk.mean_squared_error, y, p, sample_weight=w),
        "rmse": value(sk.root_mean_squared_error, y, p, sample_weight=w),
        "r2": value(sk.r2_score, y, p, sample_weight=w),
        "quantile-loss:0.9": value(sk.mean_pinball_loss, y, p, alpha=0.9, sample_weight=w),
        "quantile-loss:0.25": value(sk.mean_pinball_loss, y, p, alpha=0.25, sample_weight=w),
    }
    if y.shape[1] == 1:
        found["poisson-deviance"] = value(sk.mean_poisson_deviance, y[:, 0], p[:, 0], sample_weight=w)
    return {
        "name": name,
        "targets": y.tolist(),
        "predictions": p.tolist(),
        "weights": None if w is None else w.tolist(),
        "metrics": found,
    }


def threshold(name, y, p, w=None):
    """The best value of each metric over all thresholds, by trying every distinct one."""
    candidates = np.concatenate([np.unique(p), [np.inf]])
    scores = {
        "accuracy": lambda g: sk.accuracy_score(y, g, sample_weight=w),
        "balanced-accuracy": lambda g: sk.balanced_accuracy_score(y, g, sample_weight=w),
        "f1": lambda g: sk.f1_score(y, g, sample_weight=w, zero_division=0),
        "f1-macro": lambda g: sk.f1_score(y, g, average="macro", sample_weight=w, zero_division=0),
        "f1-weighted": lambda g: sk.f1_score(y, g, average="weighted", sample_weight=w, zero_division=0),
    }
    best = {key: max(float(score((p >= t).astype(int))) for t in candidates) for key, score in scores.items()}
    return {
        "name": name,
        "labels": y.tolist(),
        "probabilities": p.tolist(),
        "weights": None if w is None else w.tolist(),
        "best": best,
    }


def temperature(name, y, z, w=None):
    """The root of the derivative of the log loss of softmax(beta z) by beta."""
    weights = np.ones(len(y)) if w is None else w
    rows = np.arange(len(y))

    def slope(beta):
        return float((weights * ((softmax(beta * z, axis=1) * z).sum(axis=1) - z[rows, y])).sum())

    def loss(beta):
        return float(-(weights * log_softmax(beta * z, axis=1)[rows, y]).sum() / weights.sum())

    beta = brentq(slope, 0.01, 100, xtol=1e-14, rtol=1e-14)
    return {
        "name": name,
        "labels": y.tolist(),
        "logits": z.tolist(),
        "weights": None if w is None else w.tolist(),
        "temperature": 1 / beta,
        "before": loss(1.0),
        "after": loss(beta),
    }


def main():
    rng = np.random.default_rng(2026)

    def case(n, k, sharp=2.0, digits=None):
        y = rng.integers(k, size=n)
        p = softmax(rng.normal(size=(n, k)) + sharp * np.eye(k)[y] * rng.random((n, 1)), axis=1)
        if digits is not None:
            # Ties among the scores, still summing to one.
            p = np.round(p, digits)
            p[:, -1] = 1 - p[:, :-1].sum(axis=1)
            p = np.clip(p, 0, 1)
        return y, p

    weights = lambda n: rng.uniform(0.1, 3, size=n).round(3)
    y2, p2 = case(40, 2)
    t2, q2 = case(50, 2, digits=1)
    y4, p4 = case(60, 4)
    t3, q3 = case(50, 3, digits=1)
    w2, w4 = weights(40), weights(60)
    zeroed = weights(50)
    zeroed[::7] = 0.0
    sure = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    absent_truth = np.where(y4 == 3, 0, y4)
    never_guessed = p4.copy()
    never_guessed[:, 2] *= 1e-3
    never_guessed /= never_guessed.sum(axis=1, keepdims=True)

    regression = rng.normal(size=(30, 1)) * 3 + 1
    fitted = regression + rng.normal(size=(30, 1))
    three = rng.normal(size=(25, 3)) * [1, 10, 100]
    three_fitted = three + rng.normal(size=(25, 3)) * [0.5, 2, 120]
    counts = rng.poisson(2.0, size=(40, 1)).astype(float)
    rates = rng.gamma(2.0, 1.0, size=(40, 1)) + 0.05
    three_constant = three.copy()
    three_constant[:, 1] = 0.5

    z3 = rng.normal(size=(50, 3)) * 4
    l3 = np.array([rng.choice(3, p=row) for row in softmax(z3 / 2.5, axis=1)])
    z2 = rng.normal(size=(40, 2))
    l2 = np.array([rng.choice(2, p=row) for row in softmax(z2 * 3, axis=1)])

    cases = {
        "made with": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, scipy {scipy.__version__}",
        "classes": [
            classes("two classes", y2, p2),
            classes("two classes, weighted", y2, p2, w2),
            classes("two classes, tied scores", t2, q2),
            classes("two classes, tied scores, some weights zero", t2, q2, zeroed),
            classes("four classes", y4, p4),
            classes("four classes, weighted", y4, p4, w4),
            classes("three classes, tied scores", t3, q3),
            classes("a class missing from the truth", absent_truth, p4),
            classes("a class that does not occur at all", t3, np.c_[q3, np.zeros(50)]),
            classes("a class that is never predicted", y4, never_guessed),
            classes("sure and right", [0, 1, 0, 1], sure),
            classes("sure and wrong", [1, 0, 1, 0], sure),
            classes("sure, one wrong", [0, 1, 0, 0], sure),
            classes("only the first class", np.zeros(40, dtype=int), p2),
            classes("only the second class", np.ones(40, dtype=int), p2),
            classes("all scores equal", y2, np.full((40, 2), 0.5)),
            classes("confidence on the edges of bins", y2, np.c_[np.arange(40) / 40, 1 - np.arange(40) / 40]),
        ],
        "values": [
            values("one target", regression, fitted),
            values("one target, weighted", regression, fitted, weights(30)),
            values("three targets", three, three_fitted),
            values("three targets, weighted", three, three_fitted, weights(25)),
            values("one of three targets constant", three_constant, three_fitted),
            values("counts", counts, rates),
            values("counts, weighted", counts, rates, weights(40)),
            values("a rate of zero", counts, np.where(np.arange(40)[:, None] == 3, 0.0, rates)),
            values("a negative count", np.where(np.arange(40)[:, None] == 3, -1.0, counts), rates),
            values("constant target", np.full((10, 1), 2.0), np.arange(10.0)[:, None]),
            values("constant target, met", np.full((10, 1), 2.0), np.full((10, 1), 2.0)),
            values("all met", regression, regression),
            values("one sample", [[3.0]], [[2.5]]),
        ],
        "thresholds": [
            threshold("two classes", y2, p2[:, 1]),
            threshold("two classes, weighted", y2, p2[:, 1], w2),
            threshold("tied scores", t2, q2[:, 1]),
        ],
        "temperatures": [
            temperature("too sure", l3, z3),
            temperature("too sure, weighted", l3, z3, weights(50)),
            temperature("not sure enough", l2, z2),
        ],
    }
    OUT.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes, {cases['made with']}")


if __name__ == "__main__":
    main()
