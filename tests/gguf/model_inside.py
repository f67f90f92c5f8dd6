"""PyTorch's attention and next tokens of the model inside the program, in f64, for prompts that it is not shown on.

    python tests/gguf/model_inside.py

Needs torch, transformers, gguf, safetensors and numpy. Writes `tests/goldens/model_inside.safetensors`: of each prompt its
token ids, the weights of one head of every layer (head `layer % 9`), and KL(baseline ‖ modified) of the next token with
Query, Key or Value of one head times 1e-5. The weights are those of the GGUF file, dequantized; the rotation is
transformers' own, in f32 as everywhere.
"""

from pathlib import Path

import numpy as np
import torch
from long_prompt import model
from safetensors.numpy import save_file
from transformers import AutoTokenizer

ROOT = Path(__file__).parents[2]
FILE = ROOT / "assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
PROMPTS = [
    "The capital of France is Paris. The capital of Germany is Berlin. The capital of Italy is",
    "def area(radius):\n    return 3.14159 * radius ** 2\n\nprint(area(",
]
EPSILON = 1e-5
# Component, layer, head.
CHANGES = [("q", 18, 8), ("q", 14, 3), ("k", 18, 8), ("k", 5, 2), ("v", 18, 8), ("v", 0, 0), ("v", 29, 8), ("q", 1, 5)]
# What the code of the paper (SafetyHeadAttribution at 6203a04) was run on.
PAPERS_IDS = [504, 1573, 33059, 40061, 17288, 260, 7761, 971, 9053, 28, 284]
PAPERS_HEADS = [(18, 0), (18, 7), (18, 8), (1, 5), (0, 0), (14, 3), (29, 8), (5, 2)]


def next_tokens(made, ids, change=None):
    """Logarithms of the probabilities of the next token."""
    hook = None
    if change:
        component, layer, head = change
        attention = made.model.layers[layer].self_attn
        # A query head reads the key and value of its group: one copy of it is changed, for this head alone.
        n_rep = 1 if component == "q" else attention.num_key_value_groups
        if n_rep == 1:
            def scale(_module, _inputs, output):
                output = output.clone()
                output[..., head * 64:(head + 1) * 64] *= EPSILON
                return output
            hook = attention.q_proj.register_forward_hook(scale)
        else:
            # Scaling one head's keys is scaling its query; scaling its values is scaling what it puts out.
            def scale_query(_module, _inputs, output):
                output = output.clone()
                output[..., head * 64:(head + 1) * 64] *= EPSILON
                return output

            def scale_output(_module, inputs):
                out = inputs[0].clone()
                out[..., head * 64:(head + 1) * 64] *= EPSILON
                return (out,)
            if component == "k":
                hook = attention.q_proj.register_forward_hook(scale_query)
            else:
                hook = attention.o_proj.register_forward_pre_hook(scale_output)
    with torch.no_grad():
        found = made(torch.tensor([ids]), output_attentions=change is None)
    if hook:
        hook.remove()
    return torch.log_softmax(found.logits[0, -1].double(), -1), found.attentions


def kl(p, q):
    return float((p.exp() * (p - q)).sum())


def main():
    made = model(str(FILE)).double()
    tokenizer = AutoTokenizer.from_pretrained(str(FILE.parent), gguf_file=FILE.name)
    tensors = {}
    for number, prompt in enumerate(PROMPTS):
        ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        before, attentions = next_tokens(made, ids)
        heads = [attentions[layer][0, layer % 9] for layer in range(30)]
        tensors[f"{number}.token_ids"] = np.array(ids, dtype=np.uint32)
        tensors[f"{number}.weights"] = torch.stack(heads).float().numpy()
        tensors[f"{number}.kl"] = np.array([kl(before, next_tokens(made, ids, change)[0]) for change in CHANGES])
        tensors[f"{number}.top"] = before.exp().topk(3).values.numpy()
        print(prompt, len(ids), [tokenizer.decode(int(i)) for i in before.topk(3).indices], before.topk(3).values.exp())
        print(dict(zip(CHANGES, tensors[f"{number}.kl"])))
    before, _ = next_tokens(made, PAPERS_IDS)
    for layer, head in PAPERS_HEADS:
        print(layer, head, kl(before, next_tokens(made, PAPERS_IDS, ("q", layer, head))[0]))
    changes = np.array([["qkv".index(c), layer, head] for c, layer, head in CHANGES], dtype=np.uint32)
    save_file(tensors | {"changes": changes}, ROOT / "tests/goldens/model_inside.safetensors", {"prompts": "\0".join(PROMPTS)})


main()
