#!/usr/bin/env python3
"""Several changes one after the other, and head sets, by PyTorch, on models of ../../goldens (llama, gpt2, gemma2).

    python make_changes.py        writes {family}.safetensors and cases.json beside itself, the same bytes each time

Each change hooks one component: query and key behind the rotary embedding, value repeated to all query heads, or the output
of the heads (pattern @ value, before the output projection). Hooks of one component run in the order of the list. A set of
heads is a hook for each of its heads, one after the other, but for the mean over heads, which is that of what all heads
were before. Blocked edges are masked scores: a query without any key left has no weights, and an output of 0.
"""
import json, os
import torch, transformers
from safetensors.torch import save_file, load_file
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = {"llama": "llama", "gpt2": "gpt2", "gemma2": "families/gemma2"}
CASE = None

def hook(whole, heads, change):
    """The vectors of all heads [1, heads, T, d], with those of `heads` changed at once."""
    eps, operation, positions = change["eps"], change["operation"], change["positions"]
    mean = 0.0 if operation == "scale" else whole.mean(1 if operation == "mean-heads" else 2, keepdim=True)
    moved, result = eps * whole + (1 - eps) * mean, whole.clone()
    for head in heads:
        for position in range(whole.shape[2]) if positions is None else positions:
            result[:, head, position] = moved[:, head, position]
    return result

def changed(layer, component, whole):
    for change in CASE["changes"] if CASE else []:
        heads = [head for at, head in change.get("heads", []) if at == layer]
        if change.get("component") != component:
            continue
        for group in [heads] if change["operation"] == "mean-heads" else [[head] for head in heads]:
            whole = hook(whole, group, change)
    return whole

def attention(module, query, key, value, attention_mask, scaling=None, softcap=None, **kw):
    layer, groups = module.layer_idx, query.shape[1] // key.shape[1]
    query = changed(layer, "query", query)
    key, value = [changed(layer, of, x.repeat_interleave(groups, 1)) for of, x in [("key", key), ("value", value)]]
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    scores = query @ key.transpose(2, 3) * scale
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    if attention_mask is not None:
        scores = scores + attention_mask[..., : key.shape[-2]]
    for change in CASE["changes"] if CASE else []:
        for at, head in change["heads"] if "block" in change else []:
            for query_at, key_at in change["block"] if at == layer else []:
                scores[:, head, query_at, key_at] = float("-inf")
    # Masks hold the lowest finite number: a row of nothing else is no row.
    scores = scores.masked_fill(scores <= torch.finfo(scores.dtype).min, float("-inf"))
    pattern = scores.softmax(-1).nan_to_num(0.0)
    return changed(layer, "output", pattern @ value).transpose(1, 2).contiguous(), pattern

AttentionInterface.register("changes", attention)
AttentionMaskInterface.register("changes", eager_mask)

def change(component, operation, eps, heads, positions=None):
    return dict(component=component, operation=operation, eps=eps, heads=heads, positions=positions)

def cases(n_layers, n_heads, n_positions):
    last, all_heads = n_layers - 1, list(range(n_heads))
    here_and_there = [[0, 1], [0, n_heads - 1]] + [[last, head] for head in all_heads if head % 2 == 0]
    layer = lambda at: [[at, head] for head in all_heads]
    for component in ["query", "key", "value", "output"]:
        for operation in ["scale", "mean-heads", "mean-positions"]:
            yield f"set.{component}.{operation}", [change(component, operation, 0.25, here_and_there)]
            yield f"twice.{component}.{operation}", [
                change(component, "mean-positions", 0.5, [[0, 1]]), change(component, operation, 0.25, layer(0)[1:], [0, 2])]
    yield "scale-then-mean", [change("key", "scale", 0.25, [[0, 0]]), change("key", "mean-heads", 0.5, layer(0))]
    yield "mean-then-scale", [change("key", "mean-heads", 0.5, layer(0)), change("key", "scale", 0.25, [[0, 0]])]
    yield "output-of-changed", [
        change("output", "mean-heads", 0.0, [[0, 1]]), change("query", "scale", 0.25, layer(0)),
        change("value", "scale", 0.5, [[0, 2]])]
    yield "outputs-in-turn", [
        change("output", "scale", 0.5, [[0, 1]], [1, 2]), change("output", "mean-heads", 0.25, [[0, 1], [0, 3]]),
        change("output", "mean-positions", 0.5, [[0, 3]])]
    yield "all-over", [
        change("value", "scale", 0.5, layer(0)), change("query", "mean-positions", 0.0, [[last, 1]]),
        change("key", "scale", 0.25, [[last, 1], [last, 2]], [0]), change("output", "scale", 0.0, [[last, 0]])]
    yield "block", [dict(block=[[n_positions - 1, 0], [3, 0], [3, 2]], heads=[[0, 1], [last, 0]])]
    yield "block-first", [dict(block=[[query, 0] for query in range(n_positions)], heads=layer(0) + [[last, 2]])]
    yield "block-and-scale", [
        dict(block=[[query, 0] for query in range(1, n_positions)], heads=layer(0)), change("query", "scale", 0.25, layer(0)),
        change("output", "mean-heads", 0.5, [[0, 1]])]

def main():
    global CASE
    listed = []
    for family, folder in FOLDERS.items():
        folder = f"{HERE}/../../goldens/{folder}"
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="changes", dtype=torch.float32).eval()
        golden = load_file(f"{folder}/golden.safetensors")
        ids = golden["input_ids"][None]
        def run():
            found = model(input_ids=ids, output_attentions=True)
            return torch.stack(found.attentions)[:, 0], found.logits[0, -1]
        with torch.no_grad():
            CASE = None
            assert (run()[0] - golden["base.attn"]).abs().max() < 1e-6
            tensors = {}
            shape = model.config.num_hidden_layers, model.config.num_attention_heads, ids.shape[1]
            for name, changes in cases(*shape):
                CASE = dict(name=f"{family}.{name}", family=family, changes=changes)
                pattern, logits = run()
                tensors[f"{CASE['name']}.attn"], tensors[f"{CASE['name']}.logits"] = pattern.contiguous(), logits.contiguous()
                listed.append(CASE)
        save_file(tensors, f"{HERE}/{family}.safetensors")
    json.dump(dict(torch=torch.__version__, transformers=transformers.__version__, cases=listed),
              open(f"{HERE}/cases.json", "w"), separators=(",", ":"))

main()
