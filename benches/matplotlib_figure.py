"""The default figure drawn by matplotlib: nine panels with labels, titles and a colour bar to PNG at 300 dpi, warm.

The baseline of `cargo bench --bench export -- figure/png`, to be run on the same quiet machine:

    python benches/matplotlib_figure.py

Needs matplotlib and numpy. Prints the median of 10 figures in milliseconds.
"""

import io
import statistics
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

T = 24
WORDS = (
    "<|endoftext|> Attention weights describe how strongly each token in a sentence looks at the earlier tokens "
    "before the model predicts the next word ."
).split()[:T]


def draw(panels):
    figure, axes = plt.subplots(3, 3, figsize=(178 / 25.4, 171 / 25.4), layout="constrained")
    for axis, weights in zip(axes.flat, panels):
        picture = axis.imshow(weights, cmap="coolwarm", vmin=0, vmax=1, interpolation="nearest")
        axis.set_title("Modifying Query with ε = 5e-1", fontsize=8)
        axis.set_xticks([])
        axis.set_yticks([])
    for axis in axes[:, 0]:
        axis.set_yticks(range(T), WORDS, fontsize=4)
    for axis in axes[-1]:
        axis.set_xticks(range(T), WORDS, fontsize=4, rotation=90)
    figure.suptitle("The Attention Weight after Modifying Query, Key and Value", fontsize=11)
    figure.supxlabel("Key position", fontsize=8)
    figure.supylabel("Query position", fontsize=8)
    figure.colorbar(picture, ax=axes, label="Attention Weight")
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=300)
    plt.close(figure)
    return len(out.getvalue())


def main():
    random = np.random.default_rng(0)
    scores = random.normal(size=(9, T, T))
    scores[:, np.triu(np.ones((T, T), bool), 1)] = -np.inf
    weights = np.exp(scores)
    weights = np.ma.masked_equal(weights / weights.sum(-1, keepdims=True), 0)
    draw(weights)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        size = draw(weights)
        times.append(1000 * (time.perf_counter() - start))
    print(f"matplotlib {matplotlib.__version__}: {statistics.median(times):.0f} ms, {size} bytes")


if __name__ == "__main__":
    main()
