#!/usr/bin/env python3
"""Mean operations, and scaling of a head's output, by PyTorch, on the models of the folders in ../../goldens (llama, gpt2, bert).

    python make_operations.py        writes {family}.safetensors and cases.json beside itself, the same bytes each time

transformers' AttentionInterface hands our function the query and key after RoPE and the projected value; we repeat K and V
to all query heads (as the mean over heads is defined after GQA repetition), replace the chosen vectors X by
eps*X + (1-eps)*mean (0 in place of the mean for scaling), and evaluate softmax(mask(QK^T*scale)) ourselves. The output of a
head is pattern @ value, before the output projection.
"""
import json, os
import torch, transformers
from safetensors.torch import save_file, load_file
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
HERE = os.path.dirname(os.path.abspath(__file__))
CASE = None

def attention(module, query, key, value, attention_mask, scaling=None, **kw):
    groups = query.shape[1] // key.shape[1]
    repeated = lambda x: x.repeat_interleave(groups, 1)
    under = lambda component, x: changed(x) if CASE and module.layer_idx in CASE["layers"] and CASE["component"] == component else x
    query, key, value = under("query", query), under("key", repeated(key)), under("value", repeated(value))
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    scores = query @ key.transpose(2, 3) * scale
    if attention_mask is not None:
        scores = scores + attention_mask[..., : key.shape[-2]]
    pattern = scores.softmax(-1)
    return under("output", pattern @ value).transpose(1, 2).contiguous(), pattern

def changed(whole):
    """The vectors of all heads [1, heads, T, d], with those that CASE names changed."""
    operation, heads, positions = CASE["operation"], CASE["heads"], CASE["positions"]
    mean = 0.0 if operation == "scale" else whole.mean(1 if operation == "mean-heads" else 2, keepdim=True)
    moved, result = CASE["eps"] * whole + (1 - CASE["eps"]) * mean, whole.clone()
    for head in heads or range(whole.shape[1]):
        for position in positions or range(whole.shape[2]):
            result[:, head, position] = moved[:, head, position]
    return result

AttentionInterface.register("operations", attention)
AttentionMaskInterface.register("operations", eager_mask)

def main():
    global CASE
    listed = []
    for family in ["llama", "gpt2", "bert"]:
        cls = transformers.AutoModelForMaskedLM if family == "bert" else transformers.AutoModelForCausalLM
        model = cls.from_pretrained(f"{HERE}/../../goldens/{family}", attn_implementation="operations", dtype=torch.float32).eval()
        golden = load_file(f"{HERE}/../../goldens/{family}/golden.safetensors")
        ids = golden["input_ids"][None]
        layers = list(range(model.config.num_hidden_layers))
        run = lambda: torch.stack(model(input_ids=ids, output_attentions=True).attentions)[:, 0]
        with torch.no_grad():
            CASE = None
            assert (run() - golden["base.attn"]).abs().max() < 1e-6
            tensors = {}
            for component in ["query", "key", "value", "output"]:
                for operation in ["mean-heads", "mean-positions"] + ["scale"] * (component == "output"):
                    for scope, where, heads, positions in [
                        ("all", layers, None, None),
                        ("head", [1], [2], None),
                        ("first", layers, None, [0]),
                    ]:
                        for eps in [0.0, 0.5]:
                            CASE = dict(name=f"{family}.{component}.{operation}.{scope}.{eps:g}", family=family,
                                        component=component, operation=operation, eps=eps, layers=where, heads=heads,
                                        positions=positions)
                            tensors[CASE["name"]] = run().contiguous()
                            listed.append(CASE)
        save_file(tensors, f"{HERE}/{family}.safetensors")
    json.dump(dict(torch=torch.__version__, transformers=transformers.__version__, cases=listed),
              open(f"{HERE}/cases.json", "w"), indent=1)

main()
