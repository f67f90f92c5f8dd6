#!/usr/bin/env python3
"""What every head writes by PyTorch's hooks in f64, on models of ../../goldens: llama, gpt2 and gemma2.

    python make_writes.py            writes writes.json beside itself, the same bytes each time

Hooks keep what enters each output projection, what each feed-forward block adds and what enters the norms. A norm is taken
at the scale that it has there: as a diagonal of PyTorch's own output over its input (RMS norm), or around the mean (layer
norm). A part's logits are the unembedding times what the final norm makes of it; all parts and biases together are the
logit in front of the final soft cap, which is asserted here. Numbers are of the last position.
"""
import json, os
import torch, transformers
from safetensors.torch import load_file

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
GOLDENS = f"{HERE}/../../goldens"


def linear_norm(norm, x):
    """The norm as a linear map at its scale for `x`, and what it adds."""
    y = norm(x)
    if isinstance(norm, torch.nn.LayerNorm):
        scale = norm.weight / (x.var(unbiased=False) + norm.eps).sqrt()
        return lambda part: (part - part.mean()) * scale, norm.bias
    diagonal = y / x
    return lambda part: part * diagonal, torch.zeros_like(x)


def writes(folder, layout):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float64).eval()
    ids = load_file(f"{folder}/golden.safetensors")["input_ids"][None]
    body, config = model.base_model, model.config
    layers, final = layout["layers"](body), layout["final"](body)
    kept = {}

    def keep(name):
        def hook(module, inputs, output=None):
            value = inputs[0] if output is None else output
            kept[name] = (value[0] if isinstance(value, tuple) else value)[0, -1].clone()
        return hook

    hooks = [layers[0].register_forward_pre_hook(keep("embeddings")), final.register_forward_pre_hook(keep("final"))]
    for index, layer in enumerate(layers):
        hooks.append(layout["output"](layer).register_forward_pre_hook(keep(f"z{index}")))
        hooks.append(layout["writes"](layer).register_forward_hook(keep(f"ff{index}")))
        if "behind" in layout:
            hooks.append(layout["behind"](layer).register_forward_pre_hook(keep(f"behind{index}")))
    logits = model(input_ids=ids).logits[0, -1]
    for hook in hooks:
        hook.remove()

    unembed = model.get_output_embeddings().weight
    read, of_final = linear_norm(final, kept["final"])
    to_logits = lambda part: unembed @ read(part)
    n_heads = config.num_attention_heads
    heads, biases, blocks = [], unembed @ of_final, []
    for index, layer in enumerate(layers):
        projection = layout["output"](layer)
        weight = projection.weight.T if isinstance(projection, transformers.pytorch_utils.Conv1D) else projection.weight
        behind, of_behind = (lambda part: part), torch.zeros_like(kept["final"])
        if "behind" in layout:
            behind, of_behind = linear_norm(layout["behind"](layer), kept[f"behind{index}"])
        z = kept[f"z{index}"].view(n_heads, -1)
        columns = weight.view(weight.shape[0], n_heads, -1)
        heads.append([to_logits(behind(columns[:, head] @ z[head])) for head in range(n_heads)])
        if projection_bias(projection) is not None:
            biases = biases + to_logits(behind(projection_bias(projection)))
        biases = biases + to_logits(of_behind)
        blocks.append(to_logits(kept[f"ff{index}"]))
    embeddings = to_logits(kept["embeddings"])
    total = embeddings + biases + sum(blocks) + sum(sum(layer) for layer in heads)
    cap = getattr(config, "final_logit_softcapping", None)
    capped = cap * (total / cap).tanh() if cap else total
    assert (capped - logits).abs().max() < 1e-12, (capped - logits).abs().max()
    first, second = logits.topk(2).indices.tolist()
    return {
        "target": first,
        "rival": second,
        "logits": total.tolist(),
        "heads": [[[head[first].item(), head[second].item()] for head in layer] for layer in heads],
        "feed_forwards": [[block[first].item(), block[second].item()] for block in blocks],
        "embeddings": [embeddings[first].item(), embeddings[second].item()],
        "biases": [biases[first].item(), biases[second].item()],
        "promoted": [[head.topk(5).indices.tolist() for head in layer] for layer in heads],
        "suppressed": [[(-head).topk(5).indices.tolist() for head in layer] for layer in heads],
    }


def projection_bias(projection):
    return getattr(projection, "bias", None)


LLAMA = {
    "layers": lambda body: body.layers,
    "final": lambda body: body.norm,
    "output": lambda layer: layer.self_attn.o_proj,
    "writes": lambda layer: layer.mlp,
}
GPT2 = {
    "layers": lambda body: body.h,
    "final": lambda body: body.ln_f,
    "output": lambda layer: layer.attn.c_proj,
    "writes": lambda layer: layer.mlp,
}
GEMMA2 = LLAMA | {
    "behind": lambda layer: layer.post_attention_layernorm,
    "writes": lambda layer: layer.post_feedforward_layernorm,
}


def main():
    found = {}
    with torch.no_grad():
        for folder, layout in [("llama", LLAMA), ("gpt2", GPT2), ("families/gemma2", GEMMA2)]:
            found[folder] = writes(f"{GOLDENS}/{folder}", layout)
    with open(f"{HERE}/writes.json", "w") as file:
        json.dump(found, file, indent=1)
        file.write("\n")


main()
