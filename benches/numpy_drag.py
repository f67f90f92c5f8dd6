"""What numpy and PyTorch take for softmax(mask(ε·S)) of nine panels, without any pixels: the baseline of drag.rs.

python benches/numpy_drag.py [T …]        needs numpy; PyTorch where it is installed
"""

import sys
import time

import numpy as np

EPSILONS = [0.9, 0.5, 0.3, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-10]
HEAD_DIM = 64


def best(run, repeats):
    """Shortest and median time of a run in milliseconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - start))
    return min(times), sorted(times)[len(times) // 2]


def numpy_softmax(scores, masked, epsilon):
    scaled = scores * np.float32(epsilon)
    scaled[masked] = -np.inf
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled


def main():
    lengths = [int(text) for text in sys.argv[1:]] or [512, 1024, 4096]
    try:
        import torch

        torch.set_num_threads(2)
    except ImportError:
        torch = None
    for length in lengths:
        rng = np.random.default_rng(0)
        query, key = rng.uniform(-1, 1, (2, length, HEAD_DIM)).astype(np.float32)
        scores = query @ key.T / np.float32(np.sqrt(HEAD_DIM))
        masked = np.triu(np.ones((length, length), bool), 1)
        repeats = max(3, 2000 * 512 * 512 // (length * length * 40))
        shortest, median = best(lambda: [numpy_softmax(scores, masked, epsilon) for epsilon in EPSILONS], repeats)
        print(f"T = {length}: numpy   nine panels {shortest:8.2f} ms (median {median:.2f}), one {shortest / 9:7.3f} ms")
        if torch is not None:
            tensor, mask = torch.from_numpy(scores), torch.from_numpy(masked)

            def run():
                for epsilon in EPSILONS:
                    torch.softmax((tensor * epsilon).masked_fill_(mask, float("-inf")), dim=-1)

            with torch.no_grad():
                shortest, median = best(run, repeats)
            print(f"T = {length}: PyTorch nine panels {shortest:8.2f} ms (median {median:.2f}), one {shortest / 9:7.3f} ms")


if __name__ == "__main__":
    main()
