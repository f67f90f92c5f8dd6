"""What commands of the program take: seconds from start to exit, and the most memory that they had at once.

    cargo build --release && python benches/program.py [PROGRAM]

Needs Python alone. With a GGUF file in ATTENUATE_REAL_MODEL that model's table of heads is measured too. Each command
runs three times; the median counts.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 3


def measured(program, arguments, folder):
    """Seconds and megabytes of one run."""
    start = time.perf_counter()
    process = subprocess.Popen([program, *arguments], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"failed: {' '.join(arguments)}")
    scale = 1 if platform.system() == "Darwin" else 1024  # macOS counts bytes, Linux kilobytes
    return seconds, usage.ru_maxrss * scale / 1e6


def main():
    program = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/attenuate")
    commands = {
        "the default figure, PNG at 300 dpi": ["export", "-o", "figure.png"],
        "99 figures in one run": ["export", "-o", "{layer}-{head}.png", "--layer", "0..=10", "--head", "all"],
        "a figure of 20 000 × 20 000 pixels": ["export", "-o", "large.png", "--size", "20000x20000px"],
        "weights of one head, JSON": ["weights", "-o", "weights.json"],
        "a sweep of the live model, all layers": ["sweep", "bundled:austen", "-o", "sweep.csv", "--layers", "all", "--heads", "all"],
        "Ships of all heads of the live model": ["heads", "bundled:austen", "--ships", "--json"],
    }
    if model := os.environ.get("ATTENUATE_REAL_MODEL"):
        commands["table of heads of a GGUF file, one token"] = ["heads", os.path.abspath(model), "--token-ids", "1", "--json"]
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in commands.items():
            runs = [measured(program, arguments, folder) for _ in range(RUNS)]
            seconds, megabytes = (statistics.median(values) for values in zip(*runs))
            print(f"{name:45} {seconds:8.3f} s {megabytes:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
