"""Writes experts.safetensors: experts of gpt-oss as openai publishes them, in MXFP4, and what transformers makes of them.

    pip install torch transformers safetensors
    python make_experts.py

4 experts of a model of width 32 with 64 inner numbers, as the tiny model families/gpt_oss has but for its 48.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

N_EXPERTS, WIDTH, INNER = 4, 32, 64

random = torch.Generator().manual_seed(15)
tensors = {}
for name, n_out, n_in in [("gate_up_proj", 2 * INNER, WIDTH), ("down_proj", WIDTH, INNER)]:
    shape = (N_EXPERTS, n_out, n_in // 32)
    blocks = torch.randint(0, 256, (*shape, 16), dtype=torch.uint8, generator=random)
    # From 1/128 to 1/8.
    scales = torch.randint(120, 125, shape, dtype=torch.uint8, generator=random)
    tensors[f"{name}_blocks"], tensors[f"{name}_scales"] = blocks, scales
    tensors[name] = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32).contiguous()

save_file(tensors, Path(__file__).with_name("experts.safetensors"))
