#!/usr/bin/env python3
"""Patches from another prompt and means over prompts by PyTorch, on models of ../../goldens (llama, gpt2, gemma2).

    python make_others.py        writes {family}.safetensors and cases.json beside itself, the same bytes each time

The other prompts run through the unmodified model first. Of each layer are kept query and key in front of the rotary
embedding and behind it, the value, and the output of the heads (pattern @ value, before the output projection). A prompt of
the same length is patched in as it was; one of another length is aligned at the end, its query and key turned to where they
are put. A mean is that of query and key behind the rotary embedding, over all tokens of all prompts but the first of each.
"""
import json, os
import torch, transformers
from safetensors.torch import save_file, load_file
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = {"llama": "llama", "gpt2": "gpt2", "gemma2": "families/gemma2"}
CHANGES, SEEN, TURNLESS = [], None, {}

def put(whole, change):
    """The vectors of all heads [1, heads, T, d] with those of some moved towards what the change brings in."""
    (kind, what), = change["operation"].items() if isinstance(change["operation"], dict) else [("scale", None)]
    eps, positions, length, result = change["eps"], change["positions"], whole.shape[2], whole.clone()
    for layer, head in change["heads"]:
        if layer != change["at"]:
            continue
        for position in range(length) if positions is None else positions:
            if kind == "scale":
                other = 0.0
            elif kind == "mean-prompts":
                other = change["brings"][layer][:, head]
            else:
                place = position - (length - change["brings"][layer].shape[2])
                if place < 0:
                    continue
                other = change["brings"][layer][:, head, place]
            result[:, head, position] = eps * whole[:, head, position] + (1 - eps) * other
    return result

def changed(layer, component, whole):
    if SEEN is not None:
        SEEN.setdefault(component, {})[layer] = whole
    for change in CHANGES:
        if change["component"] == component:
            whole = put(whole, dict(change, at=layer))
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
    pattern = scores.softmax(-1)
    return changed(layer, "output", pattern @ value).transpose(1, 2).contiguous(), pattern

AttentionInterface.register("others", attention)
AttentionMaskInterface.register("others", eager_mask)

def seen(model, ids):
    """What each component of each layer is in the unmodified run of another prompt."""
    global SEEN
    SEEN, found = {}, {}
    model(input_ids=torch.tensor([ids]))
    found, SEEN = SEEN, None
    return found

def donated(model, component, ids, length):
    """Vectors by layer for the end of a text of `length`, [1, heads, n, d]."""
    vectors, n = seen(model, ids)[component], min(length, len(ids))
    if len(ids) != length and component in ("query", "key") and hasattr(model.model if hasattr(model, "model") else model, "rotary_emb"):
        positions = torch.arange(length - n, length)[None]
        for layer, whole in vectors.items():
            plain = TURNLESS[component][layer]
            plain = plain.view(1, len(ids), -1, whole.shape[-1]).transpose(1, 2)[:, :, -n:]
            cos, sin = model.model.rotary_emb(plain, positions)
            vectors[layer] = apply_rotary_pos_emb(plain, plain, cos, sin)[0].repeat_interleave(whole.shape[1] // plain.shape[1], 1)
    return {layer: whole[:, :, -n:] for layer, whole in vectors.items()}

def mean(model, component, over):
    """One vector for each head of each layer, [1, heads, d]."""
    runs = [seen(model, ids)[component] for ids in over["prompts"]]
    skipped = 0 if over["first"] == "counted" else 1
    return {layer: torch.cat([run[layer][:, :, skipped:] for run in runs], 2).double().mean(2).float() for layer in runs[0]}

def watch(model):
    """Keeps query and key in front of the rotary embedding."""
    for layer, block in enumerate(getattr(model.model, "layers", []) if hasattr(model, "model") else []):
        for component, linear in [("query", block.self_attn.q_proj), ("key", block.self_attn.k_proj)]:
            def keep(_, __, output, layer=layer, component=component):
                if SEEN is not None:
                    TURNLESS.setdefault(component, {})[layer] = output
            linear.register_forward_hook(keep)

def cases(n_layers, n_heads, ids):
    every = [[layer, head] for layer in range(n_layers) for head in range(n_heads)]
    last, n = n_layers - 1, len(ids)
    same, longer, shorter = ids[::-1], ids[3:5] + ids[::-1], ids[2:][::-1][:-2]
    prompts = [ids[::-1], ids[1:4], [ids[5]], ids[4:] + ids[:2]]
    of = {"equal": {"patch": {"from": same}}, "longer": {"patch": {"from": longer}}, "shorter": {"patch": {"from": shorter}},
          "mean": {"mean-prompts": {"prompts": prompts, "first": "left-out"}},
          "mean-first": {"mean-prompts": {"prompts": prompts, "first": "counted"}}}
    of = {name: {"mean-prompts": {"over": what["mean-prompts"]}} if "mean-prompts" in what else what for name, what in of.items()}
    change = lambda component, operation, eps, heads, positions=None: dict(
        component=component, operation=operation, eps=eps, heads=heads, positions=positions)
    for component in ["query", "key", "value", "output"]:
        for name, operation in of.items():
            yield f"{name}.{component}.one", [change(component, operation, 0.0, [[0, 1]])]
            yield f"{name}.{component}.every", [change(component, operation, 0.25, every, [0, 2, n - 1])]
    yield "patch-then-scale", [change("key", of["shorter"], 0.0, [[0, 1], [last, 2]]), change("key", "scale", 0.25, [[0, 1]])]
    yield "scale-then-patch", [change("key", "scale", 0.25, every), change("key", of["longer"], 0.5, [[0, 1], [last, 2]])]
    yield "all-over", [
        change("query", of["equal"], 0.0, [[0, 0]]), change("value", of["mean"], 0.25, [[0, 1], [last, 0]]),
        change("output", of["shorter"], 0.0, every), change("key", of["longer"], 0.5, [[last, 1]], [1, 3])]

def main():
    global CHANGES
    listed = []
    for family, folder in FOLDERS.items():
        folder = f"{HERE}/../../goldens/{folder}"
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="others", dtype=torch.float32).eval()
        watch(model)
        golden = load_file(f"{folder}/golden.safetensors")
        ids = golden["input_ids"].tolist()
        def run():
            found = model(input_ids=torch.tensor([ids]), output_attentions=True)
            return torch.stack(found.attentions)[:, 0], found.logits[0, -1].double().log_softmax(-1)
        with torch.no_grad():
            CHANGES = []
            base, before = run()
            assert (base - golden["base.attn"]).abs().max() < 1e-6
            tensors = {}
            for name, changes in cases(model.config.num_hidden_layers, model.config.num_attention_heads, ids):
                CHANGES = []
                for change in changes:
                    what = change["operation"] if isinstance(change["operation"], dict) else {}
                    if "patch" in what:
                        change["brings"] = donated(model, change["component"], what["patch"]["from"], len(ids))
                    if "mean-prompts" in what:
                        change["brings"] = mean(model, change["component"], what["mean-prompts"]["over"])
                CHANGES = changes
                pattern, after = run()
                tensors[f"{family}.{name}.attn"] = pattern.contiguous()
                kl = (before.exp() * (before - after)).sum().item()
                plain = [{key: value for key, value in change.items() if key != "brings"} for change in changes]
                listed.append(dict(name=f"{family}.{name}", family=family, kl=kl, changes=plain))
        save_file(tensors, f"{HERE}/{family}.safetensors")
    json.dump(dict(torch=torch.__version__, transformers=transformers.__version__, cases=listed),
              open(f"{HERE}/cases.json", "w"), separators=(",", ":"))

main()
