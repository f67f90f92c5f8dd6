#!/usr/bin/env python3
"""Ships of every head by PyTorch, on the model of ../../goldens/llama.

    python make_ships.py             writes ships.json beside itself, the same bytes each time

One head alone is changed in one run: its query, or its own copy of the value after GQA repetition, times eps. Ships is
KL(baseline || modified) of the next token's distribution after the last position, in nats, evaluated in f64 from f32
logits. transformers' AttentionInterface hands our function the query and key after RoPE and the projected value.
"""
import json, os
import torch, transformers
from safetensors.torch import load_file
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
HERE = os.path.dirname(os.path.abspath(__file__))
CASE = None


def attention(module, query, key, value, attention_mask, scaling=None, **kw):
    groups = query.shape[1] // key.shape[1]
    x = {"query": query, "key": key.repeat_interleave(groups, 1), "value": value.repeat_interleave(groups, 1)}
    if CASE and module.layer_idx == CASE["layer"]:
        changed = x[CASE["component"]].clone()
        changed[:, CASE["head"]] *= CASE["eps"]
        x[CASE["component"]] = changed
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    scores = x["query"] @ x["key"].transpose(2, 3) * scale
    if attention_mask is not None:
        scores = scores + attention_mask[..., : key.shape[-2]]
    pattern = scores.softmax(-1)
    return (pattern @ x["value"]).transpose(1, 2).contiguous(), pattern


AttentionInterface.register("ships", attention)
AttentionMaskInterface.register("ships", eager_mask)


def main():
    global CASE
    folder = f"{HERE}/../../goldens/llama"
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="ships", dtype=torch.float32)
    model.eval()
    golden = load_file(f"{folder}/golden.safetensors")
    ids = golden["input_ids"][None]
    log_probabilities = lambda: model(input_ids=ids).logits[0, -1].double().log_softmax(-1)
    cases = []
    with torch.no_grad():
        CASE = None
        baseline = log_probabilities()
        attentions = torch.stack(model(input_ids=ids, output_attentions=True).attentions)[:, 0]
        assert (attentions - golden["base.attn"]).abs().max() < 1e-6
        for component, eps in [("query", 1e-3), ("key", 1e-3), ("value", 0.0)]:
            for layer in range(model.config.num_hidden_layers):
                for head in range(model.config.num_attention_heads):
                    CASE = dict(component=component, eps=eps, layer=layer, head=head)
                    kl = (baseline.exp() * (baseline - log_probabilities())).sum().item()
                    cases.append(dict(CASE, ships=kl))
    stored = dict(torch=torch.__version__, transformers=transformers.__version__, token_ids=ids[0].tolist(), cases=cases)
    with open(f"{HERE}/ships.json", "w") as file:
        json.dump(stored, file, indent=1)
        file.write("\n")


main()
