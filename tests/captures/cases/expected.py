"""Writes each case's right weights (transformers in eager mode, f64, `expected.npz`) as NAME.expected.safetensors.

    python expected.py FOLDER-OF-CASES
"""

import pathlib
import sys

import numpy
from safetensors.numpy import save_file

CASES = {
    "gpt2_scale_by_layer": "capture_gpt2_scale_by_layer",
    "mistral_window": "capture_mistral_window",
    "gpt_oss_sinks": "capture_gpt_oss_sinks",
    "bert": "capture_bert",
    "padding_left": "padding_left",
}
for name, folder in CASES.items():
    expected = numpy.load(pathlib.Path(sys.argv[1]) / folder / "expected.npz")
    save_file({key: expected[key] for key in expected}, f"{name}.expected.safetensors")
