"""The tables that methods are compared on, and their rows for training and test: made once, in files that all read.

    sets.py FOLDER TABLES SEEDS SET...

For each set and seed it writes FOLDER/SET/SEED/train.csv and test.csv: a fifth of the rows for the test, the shares of
the classes kept, but for adult, which has a test file of its own and the same rows for every seed. FOLDER/SET/about.json
says what the columns are. Rows without a target are left out. TABLES is where the files of the large tables lie.
"""

import json
import sys
from pathlib import Path

import pandas
from sklearn import datasets
from sklearn.model_selection import train_test_split

TEST_SHARE = 0.2


def adult(tables):
    read = lambda part: pandas.read_csv(tables / f"adult-{part}.csv", skipinitialspace=True, na_values="?")
    return "income", (read("train"), read("test"))


def abalone(tables):
    return "rings", pandas.read_csv(tables / "abalone.csv")


def beijing(tables):
    # The row number is the hour that the row was measured in, hence next to a copy of its neighbours in the other part.
    return "pm2.5", pandas.read_csv(tables / "beijing-pm25.csv").drop(columns="No")


def bundled(load, names=None):
    def made(_):
        loaded = load(as_frame=True)
        table = loaded.frame
        if names:
            table["target"] = loaded.target_names[loaded.target]
        return "target", table

    return made


SETS = {
    "adult": adult,
    "abalone": abalone,
    "beijing-pm25": beijing,
    "iris": bundled(datasets.load_iris, names=True),
    "wine": bundled(datasets.load_wine, names=True),
    "breast-cancer": bundled(datasets.load_breast_cancer, names=True),
    "digits": bundled(datasets.load_digits),
    "diabetes": bundled(datasets.load_diabetes),
}
# Whole numbers that are labels all the same.
LABELS = {"digits"}


def parts(table, classes, seed):
    """Training and test rows, in the order of the table."""
    labels = table.iloc[:, -1] if classes else None
    train, test = train_test_split(range(len(table)), test_size=TEST_SHARE, random_state=seed, stratify=labels)
    return table.iloc[sorted(train)], table.iloc[sorted(test)]


def write(folder, name, tables, seeds):
    target, table = SETS[name](tables)
    given = table if isinstance(table, tuple) else None
    whole = pandas.concat(given) if given else table
    last = lambda part: part[[column for column in part if column != target] + [target]].dropna(subset=[target])
    text = [column for column in whole if not pandas.api.types.is_numeric_dtype(whole[column])]
    classes = target in text or name in LABELS
    for seed in range(seeds):
        train, test = map(last, given) if given else parts(last(whole), classes, seed)
        place = folder / name / str(seed)
        place.mkdir(parents=True, exist_ok=True)
        train.to_csv(place / "train.csv", index=False)
        test.to_csv(place / "test.csv", index=False)
    about = {
        "set": name,
        "target": target,
        "classes": classes,
        "training": len(train),
        "test": len(test),
        "categorical": [column for column in text if column != target],
        "numeric": [column for column in whole if column not in text and column != target],
    }
    (folder / name / "about.json").write_text(json.dumps(about, indent=1) + "\n")
    return about


def main():
    folder, tables, seeds, names = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    unknown = [name for name in names if name not in SETS]
    if unknown:
        sys.exit(f"no set {', '.join(unknown)}; there are {', '.join(SETS)}")
    print(json.dumps([write(folder, name, tables, seeds) for name in names or SETS]))


if __name__ == "__main__":
    main()
