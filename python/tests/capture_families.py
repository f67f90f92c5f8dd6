"""Captures every golden model, for `tests/captures/families.rs`.

    python python/tests/capture_families.py tests/goldens/families tests/captures/families

Needs torch and transformers, which the ordinary tests do without: they read what this wrote.
"""

import sys
from pathlib import Path

import support  # noqa: F401
import attenuate


def families(folder, names=None):
    """The name, the model and the token ids `[1, T]` of every golden family, or of those that are named."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel
    from transformers.utils import logging

    # Of heads that an AutoModel leaves out, and bars while it loads.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for path in sorted(folder.iterdir()):
        if (path / "golden.safetensors").exists() and (names is None or path.name in names):
            ids = load_file(path / "golden.safetensors")["input_ids"].reshape(1, -1)
            yield path.name, AutoModel.from_pretrained(path, dtype=torch.float32).eval(), ids


def main():
    goldens, output = map(Path, sys.argv[1:])
    for name, model, ids in families(goldens):
        attenuate.capture(model, ids, name=name).save(output / f"{name}.safetensors")


if __name__ == "__main__":
    main()
