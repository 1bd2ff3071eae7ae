"""Packs the embedded data sets from scikit-learn's package:

    python -m venv env && env/bin/pip install scikit-learn==1.9.1
    env/bin/python crates/deltarule-tables/tools/pack_builtin.py

Writes `digits.deflate` and `iris.csv` into `src/builtin/`.
"""

import zlib
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_digits, load_iris

OUT = Path(__file__).resolve().parent.parent / "src" / "builtin"


def digits() -> bytes:
    """64 columns of 1,797 pixels, then the 1,797 labels, one byte each, as a raw deflate stream.

    Column by column because pixels of one place resemble each other.
    """
    pixels, labels = load_digits(return_X_y=True)
    assert pixels.shape == (1797, 64) and pixels.min() == 0 and pixels.max() == 16
    raw = pixels.T.astype(np.uint8).tobytes() + labels.astype(np.uint8).tobytes()
    packer = zlib.compressobj(level=9, wbits=-15, memLevel=9, strategy=zlib.Z_DEFAULT_STRATEGY)
    return packer.compress(raw) + packer.flush()


def iris() -> str:
    """The flowers as text: nothing packed is smaller by enough to be worth not being readable."""
    data = load_iris()
    assert data.data.shape == (150, 4)
    lines = ["sepal_length,sepal_width,petal_length,petal_width,species"]
    for row, label in zip(data.data, data.target):
        lines.append(",".join(f"{value:.1f}" for value in row) + f",{data.target_names[label]}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (OUT / "digits.deflate").write_bytes(digits())
    (OUT / "iris.csv").write_text(iris(), encoding="ascii", newline="\n")
    for name in ["digits.deflate", "iris.csv"]:
        print(f"{name}: {(OUT / name).stat().st_size} bytes, from scikit-learn {sklearn.__version__}")
