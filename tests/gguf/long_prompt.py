"""PyTorch's attention of SmolLM2-135M-Instruct in f64 for a prompt of 3000 tokens: some rows of every head.

    python tests/gguf/long_prompt.py assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf TEXT long_prompt.safetensors

Needs torch, transformers, gguf and safetensors; TEXT is a file of at least 3000 tokens. The weights are those of the GGUF
file, dequantized. The rotation is transformers' own, in f32 also where everything else is in f64.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from safetensors.numpy import save_file
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

N_TOKENS = 3000
ROWS = [1, 2, 3, 10, 100, 500, 999, 1500, 1999, 2250, 2500, 2600, 2750, 2900, 2950, 2999]
NAMES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}
OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}


def model(path):
    reader = GGUFReader(path)

    def key(name):
        field = reader.fields[f"llama.{name}"]
        return field.parts[field.data[0]][0].item()

    heads = {"attn_q": key("attention.head_count"), "attn_k": key("attention.head_count_kv")}
    config = LlamaConfig(
        hidden_size=key("embedding_length"), intermediate_size=key("feed_forward_length"),
        num_hidden_layers=key("block_count"), num_attention_heads=heads["attn_q"], num_key_value_heads=heads["attn_k"],
        vocab_size=49152, max_position_embeddings=key("context_length"),
        rms_norm_eps=key("attention.layer_norm_rms_epsilon"), tie_word_embeddings=True, attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": key("rope.freq_base")},
    )
    weights = {}
    for tensor in reader.tensors:
        values = torch.tensor(dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
        name = tensor.name.removesuffix(".weight")
        if name in OUTSIDE:
            weights[f"{OUTSIDE[name]}.weight"] = values
            continue
        _, layer, part = name.split(".")
        if part in heads:
            n_rows, d_model = values.shape
            pairs = n_rows // heads[part] // 2
            values = values.reshape(heads[part], pairs, 2, d_model).swapaxes(1, 2).reshape(n_rows, d_model)
        weights[f"model.layers.{layer}.{NAMES[part]}.weight"] = values
    weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    made = LlamaForCausalLM(config)
    made.load_state_dict(weights)
    return made.eval()


def attentions(of, ids):
    rows = []
    for layer in of.model.layers:
        layer.self_attn.register_forward_hook(lambda _, __, output: rows.append(output[1][0][:, ROWS].numpy().copy()))
    with torch.no_grad():
        of.model(torch.tensor([ids]), use_cache=False)
    return np.stack(rows)


if __name__ == "__main__":
    gguf, text, out = sys.argv[1:]
    tokenizer = AutoTokenizer.from_pretrained(Path(gguf).parent, gguf_file=Path(gguf).name)
    ids = tokenizer(Path(text).read_text(), add_special_tokens=False)["input_ids"][:N_TOKENS]
    assert len(ids) == N_TOKENS
    found = attentions(model(gguf).double(), ids)
    save_file({
        "token_ids": np.array(ids, dtype=np.int64), "rows": np.array(ROWS, dtype=np.int64),
        "attentions": found.astype(np.float32),
    }, out)
