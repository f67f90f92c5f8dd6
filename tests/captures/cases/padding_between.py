"""Writes padding_between.safetensors, a capture with padding between its tokens, and padding_between.expected.safetensors,
the weights that transformers gives them in eager mode, in f64.

    python padding_between.py

A tiny random Llama reads one batch entry whose `attention_mask` is 0 in two places between tokens and behind the last.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import AttentionInterface, LlamaConfig, LlamaModel
from transformers.masking_utils import AttentionMaskInterface, eager_mask
from transformers.models.llama.modeling_llama import eager_attention_forward

MASK = [1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0]
HERE = pathlib.Path(__file__).parent

torch.manual_seed(7)
config = LlamaConfig(
    vocab_size=64, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=32,
)
model = LlamaModel(config).double().eval()
for weights in model.parameters():
    if weights.dim() == 2:
        torch.nn.init.normal_(weights, std=0.4)
vectors = []


def record(module, query, key, value, attention_mask, **arguments):
    vectors.append([x[0].float() for x in (query, key, value)])
    return eager_attention_forward(module, query, key, value, attention_mask, **arguments)


AttentionInterface.register("record", record)
AttentionMaskInterface.register("record", eager_mask)
ids = torch.randint(3, 64, (1, len(MASK)))
mask = torch.tensor([MASK])
positions = (mask.cumsum(-1) - 1).clamp(min=0)
with torch.no_grad():
    model.set_attn_implementation("record")
    model(ids, attention_mask=mask, position_ids=positions, use_cache=False)
    model.set_attn_implementation("eager")
    own = model(ids, attention_mask=mask, position_ids=positions, use_cache=False, output_attentions=True).attentions
tensors = {name: torch.stack([layer[index] for layer in vectors]).contiguous() for index, name in enumerate("qkv")}
metadata = {"token_ids": json.dumps(ids[0].tolist()), "attention_mask": json.dumps(MASK), "causal": "true"}
save_file(tensors, HERE / "padding_between.safetensors", metadata)
# Rows of padding are none.
kept = torch.tensor(MASK, dtype=torch.float64).reshape(1, -1, 1)
expected = {f"l{layer}": (weights[0] * kept).contiguous() for layer, weights in enumerate(own)}
save_file(expected, HERE / "padding_between.expected.safetensors")
