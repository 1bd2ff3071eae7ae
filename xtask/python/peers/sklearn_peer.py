"""scikit-learn's MLP, where it has the cost and the optimizer; one epoch is one partial_fit."""

import protocol
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic"}
# With plain gradient descent and momentum, η and the momentum are given; Adam's constants are the usual ones.
SOLVERS = {
    "sgd": {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False},
    "momentum": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False},
    "adam": {"solver": "adam"},
}


def prepare(case):
    if case.task == "train" and case.optimizer not in SOLVERS:
        raise protocol.Skip(f"no {case.optimizer}")
    classes = case.cost == "softmax-cross-entropy"
    if not classes and (case.cost != "quadratic" or case.output != "identity"):
        raise protocol.Skip(f"no {case.cost} cost of a {case.output} output")
    # For the life of the process: the limit is lifted when the object goes.
    prepare.limit = threadpool_limits(case.threads)
    x, y = case.load()
    model = (MLPClassifier if classes else MLPRegressor)(
        hidden_layer_sizes=case.widths[1:-1],
        activation=ACTIVATIONS[case.hidden],
        learning_rate_init=case.eta,
        batch_size=case.batch,
        alpha=0.0,
        random_state=case.seed,
        **SOLVERS.get(case.optimizer, {}),
    )
    if classes:
        known = list(range(case.widths[-1]))
        model.partial_fit(x[: case.batch], y[: case.batch], classes=known)
    else:
        y = y[:, 0] if y.shape[1] == 1 else y
    if case.task == "predict":
        batches = [x[i : i + case.batch] for i in range(0, len(x), case.batch)]

        def predict():
            for batch in batches:
                model.predict_proba(batch)

        return predict, "predict_proba"

    def epoch():
        model.partial_fit(x, y)
        return float(model.loss_)

    return epoch, "partial_fit"


if __name__ == "__main__":
    protocol.serve("scikit-learn", sklearn.__version__, prepare)
