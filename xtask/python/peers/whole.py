"""Case F, a whole process: load the digits, train 64-100-10 on all of them, evaluate, save.

    whole.py data FOLDER                             write FOLDER/digits.npz, which the others read; print their versions
    whole.py torch|sklearn FOLDER EPOCHS THREADS
"""

import importlib.metadata
import json
import pickle
import sys

import numpy


def sklearn(x, y, epochs, folder):
    from sklearn.neural_network import MLPClassifier

    # tol=0 with no end to patience: all epochs are run, as by the others.
    model = MLPClassifier((100,), activation="relu", solver="adam", learning_rate_init=0.001, alpha=0.0, batch_size=200,
                          max_iter=epochs, tol=0.0, n_iter_no_change=epochs, random_state=0)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Maximum iterations reached" is what is asked for
        model.fit(x, y)
    print(model.score(x, y))
    with open(f"{folder}/sklearn.pickle", "wb") as file:
        pickle.dump(model, file)


def torch(x, y, epochs, folder, threads):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    model = torch.nn.Sequential(torch.nn.Linear(64, 100), torch.nn.ReLU(), torch.nn.Linear(100, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for xs, ys in zip(x[order].split(200), y[order].split(200)):
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(xs), ys).backward()
            optimizer.step()
    with torch.inference_mode():
        print((model(x).argmax(dim=1) == y).double().mean().item())
    torch.save(model.state_dict(), f"{folder}/torch.pt")


def main():
    framework, folder = sys.argv[1:3]
    if framework == "data":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        numpy.savez(f"{folder}/digits.npz", x=(x / 16).astype("float32"), y=y)
        packages = {"PyTorch": "torch", "scikit-learn": "scikit-learn"}
        print(json.dumps({name: importlib.metadata.version(package) for name, package in packages.items()}))
        return
    epochs, threads = int(sys.argv[3]), int(sys.argv[4])
    with numpy.load(f"{folder}/digits.npz") as digits:
        x, y = digits["x"], digits["y"]
    if framework == "torch":
        torch(x, y, epochs, folder, threads)
    else:
        sklearn(x, y, epochs, folder)


if __name__ == "__main__":
    main()
