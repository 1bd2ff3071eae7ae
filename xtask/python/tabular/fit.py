"""A method of others, trained on FOLDER/SET/SEED/train.csv and asked about test.csv.

    fit.py METHOD FOLDER SET SEED

Writes METHOD.csv beside the two, in the form that `deltarule predict --probabilities` has, and METHOD.json with the
seconds from the first line read to the trained model. Everything that is not named here is the package's default.

mlp       scikit-learn's MLPClassifier or MLPRegressor. Categories one-hot, a missing one a category of its own, an
          unknown one all zeros; numbers standardised, a missing one the mean; the target of a regression standardised.
boosting  scikit-learn's HistGradientBoostingClassifier or -Regressor, categories as categories, missing as missing.
realmlp   RealMLP-TD-S of its authors' package pytabkit; missing numbers the mean.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy
import pandas
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def mlp(about, seed):
    columns = ColumnTransformer(
        [
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), about["categorical"]),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), about["numeric"]),
        ]
    )
    if about["classes"]:
        return make_pipeline(columns, MLPClassifier(random_state=seed))
    network = make_pipeline(columns, MLPRegressor(random_state=seed))
    return TransformedTargetRegressor(network, transformer=StandardScaler())


def boosting(about, seed):
    kind = HistGradientBoostingClassifier if about["classes"] else HistGradientBoostingRegressor
    return kind(random_state=seed)


def realmlp(about, seed):
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor

    kind = RealMLP_TD_S_Classifier if about["classes"] else RealMLP_TD_S_Regressor
    return kind(device="cpu", random_state=seed, n_threads=1)


METHODS = {"mlp": mlp, "boosting": boosting, "realmlp": realmlp}


def inputs(method, about, train, test):
    """The columns as the method wants them, by what the training rows hold."""
    train, test = (part[about["categorical"] + about["numeric"]].copy() for part in (train, test))
    if method != "mlp":
        for column in about["categorical"]:
            kind = pandas.CategoricalDtype(sorted(train[column].dropna().unique()))
            train[column], test[column] = train[column].astype(kind), test[column].astype(kind)
    if method == "realmlp":
        means = train[about["numeric"]].mean()
        train, test = train.fillna(means), test.fillna(means)
    return train, test


def main():
    method, folder, name, seed = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    about = json.loads((folder / name / "about.json").read_text())
    place = folder / name / str(seed)
    model = METHODS[method](about, seed)
    start = time.perf_counter()
    train, test = (pandas.read_csv(place / f"{part}.csv") for part in ("train", "test"))
    x, x_test = inputs(method, about, train, test)
    with warnings.catch_warnings():
        # That the default number of iterations was not enough is part of the default's result.
        warnings.simplefilter("ignore")
        model.fit(x, train[about["target"]])
    seconds = time.perf_counter() - start
    predicted = numpy.asarray(model.predict(x_test)).ravel()
    table = pandas.DataFrame({"prediction": predicted})
    if about["classes"]:
        probabilities = model.predict_proba(x_test)
        for at, label in enumerate(model.classes_):
            table[f"probability_{label}"] = probabilities[:, at]
    table.to_csv(place / f"{method}.csv", index=False)
    (place / f"{method}.json").write_text(json.dumps({"seconds": seconds}) + "\n")


if __name__ == "__main__":
    main()
