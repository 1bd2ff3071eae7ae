"""The figures of every method's predictions, all by the same functions of scikit-learn.

    score.py FOLDER SEEDS SET,... METHOD,...

Prints a JSON list with one object for each set, seed and method: accuracy and log loss, or the root mean squared error.
"""

import json
import sys
from pathlib import Path

import pandas
from sklearn import metrics


def figures(about, truth, predicted):
    if not about["classes"]:
        return {"rmse": metrics.root_mean_squared_error(truth, predicted["prediction"])}
    labels = sorted(truth.unique())
    probabilities = predicted[[f"probability_{label}" for label in labels]].to_numpy(dtype=float)
    # What was written with eight digits need not sum to 1 to the last of them.
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return {
        "accuracy": metrics.accuracy_score(truth.astype(str), predicted["prediction"].astype(str)),
        "log-loss": metrics.log_loss(truth, probabilities, labels=labels),
    }


def main():
    folder, seeds = Path(sys.argv[1]), int(sys.argv[2])
    scores = []
    for name in sys.argv[3].split(","):
        about = json.loads((folder / name / "about.json").read_text())
        for seed in range(seeds):
            place = folder / name / str(seed)
            truth = pandas.read_csv(place / "test.csv")[about["target"]]
            for method in sys.argv[4].split(","):
                if not (place / f"{method}.csv").is_file():
                    continue
                predicted = pandas.read_csv(place / f"{method}.csv")
                scores.append(
                    {
                        "set": name,
                        "seed": seed,
                        "method": method,
                        "seconds": json.loads((place / f"{method}.json").read_text())["seconds"],
                        "figures": figures(about, truth, predicted),
                    }
                )
    print(json.dumps(scores))


if __name__ == "__main__":
    main()
