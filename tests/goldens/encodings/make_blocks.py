"""Writes blocks.safetensors: random blocks of every encoding of weights, and what the references make of them.

    pip install gguf torch safetensors
    python make_blocks.py

GGUF's formats: gguf.quants.dequantize of the gguf package (0.19.0). F8 and bf16: PyTorch. F4 and powers of two: the
table of the OCP specification of MX formats, written out.
"""

from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize
from safetensors.numpy import save_file

N_BLOCKS = 6
IN_GGUF = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
IN_GGUF += ["IQ4_NL", "IQ4_XS", "MXFP4"]
E2M1 = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]

random = np.random.default_rng(15)
tensors = {}


def add(name, data, numbers):
    tensors[f"{name}.bytes"] = np.ascontiguousarray(data, dtype=np.uint8)
    tensors[f"{name}.numbers"] = np.ascontiguousarray(numbers, dtype=np.float32)


for name in IN_GGUF:
    kind = GGMLQuantizationType[name]
    n_numbers, n_bytes = GGML_QUANT_SIZES[kind]
    n_blocks = N_BLOCKS if n_numbers > 1 else 64
    blocks = []
    # Random bytes, but for blocks with scales that are not finite.
    while len(blocks) < n_blocks:
        block = random.integers(0, 256, size=(1, n_bytes), dtype=np.uint8)
        if np.isfinite(dequantize(block, kind)).all():
            blocks.append(block)
    data = np.concatenate(blocks)
    add(name, data, dequantize(data, kind).reshape(n_blocks, n_numbers))

every_byte = np.arange(256, dtype=np.uint8)
f8 = torch.from_numpy(every_byte.copy()).view(torch.float8_e4m3fn).to(torch.float32)
add("F8_E4M3", every_byte, f8.numpy())
powers = np.array([2.0**-127 * 2.0**n for n in range(255)] + [np.nan])
add("F8_E8M0", every_byte, powers)
add("F4_E2M1", every_byte, [[E2M1[byte & 15], E2M1[byte >> 4]] for byte in range(256)])

save_file(tensors, Path(__file__).with_name("blocks.safetensors"))
