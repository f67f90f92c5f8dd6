"""The baseline of docs/benchmarks.md: PyTorch eager at what `benches/model.rs` measures. Nobody needs this to use Attenuate.

    python benches/pytorch_eager.py [--rounds 10] [--dtype float32|bfloat16] [--write FOLDER]

Needs torch and transformers. A Llama of SmolLM2-135M's shape with random weights, 64 tokens, two threads, no gradients:

- one full forward, logits at every position;
- one forward that ends with the pattern of the shown layer, the middle one;
- the nine interventions of the grid in scope "all layers": Query, Key or Value of every head of every layer scaled by
  5e-1, 1e-3 and 1e-10, Query and Key behind the rotary embedding, each in one forward. Reported twice: with the whole
  forward (`nine forwards`), as a notebook with hooks does it, and without what lies behind the shown layer
  (`nine forwards up to layer 15`), which is all that the grid shows.

`eager` is the attention that returns weights; `sdpa` is given for comparison. `--write` saves the model as BF16 for
`ATTENUATE_BENCH_FOLDER`.
"""

import argparse
import statistics
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.llama import modeling_llama

N_POSITIONS, SHOWN_LAYER = 64, 15
EPSILONS = (5e-1, 1e-3, 1e-10)
factors = {"query": 1.0, "key": 1.0, "value": 1.0}


class BehindShownLayer(Exception):
    """Thrown where the shown layer's pattern is known."""


stop_at = None


def scaled_eager(module, query, key, value, *args, **kwargs):
    if factors["query"] != 1.0:
        query = query * factors["query"]
    if factors["key"] != 1.0:
        key = key * factors["key"]
    if factors["value"] != 1.0:
        value = value * factors["value"]
    result = modeling_llama.eager_attention_forward(module, query, key, value, *args, **kwargs)
    if stop_at == module.layer_idx:
        raise BehindShownLayer
    return result


def model(dtype, attention):
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3,
        vocab_size=49152, max_position_embeddings=8192, tie_word_embeddings=True, rms_norm_eps=1e-5,
        rope_theta=100000.0, attn_implementation=attention,
    )
    return LlamaForCausalLM(config).to(dtype).eval()


def timed(name, rounds, run):
    run()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - start))
    print(f"{name:42} best {min(times):8.1f} ms   median {statistics.median(times):8.1f} ms", flush=True)


def main():
    global stop_at
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--write")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    torch.set_grad_enabled(False)
    ALL_ATTENTION_FUNCTIONS["scaled_eager"] = scaled_eager
    dtype = getattr(torch, arguments.dtype)
    if arguments.write:
        model(torch.bfloat16, "eager").save_pretrained(arguments.write)
    ids = torch.randint(0, 49152, (1, N_POSITIONS))
    print(f"torch {torch.__version__}, {arguments.dtype}, {torch.get_num_threads()} threads, T = {N_POSITIONS}")
    for attention in ("sdpa", "eager"):
        network = model(dtype, attention)
        timed(f"one full forward, {attention}", arguments.rounds, lambda: network(ids, use_cache=False))
    network = model(dtype, "scaled_eager")

    def nine():
        for component in factors:
            for epsilon in EPSILONS:
                factors[component] = epsilon
                try:
                    network(ids, use_cache=False)
                except BehindShownLayer:
                    pass
                factors[component] = 1.0

    timed("nine forwards", max(3, arguments.rounds // 3), nine)
    stop_at = SHOWN_LAYER

    def one():
        try:
            network(ids, use_cache=False)
        except BehindShownLayer:
            pass

    timed(f"one forward up to layer {SHOWN_LAYER}", arguments.rounds, one)
    timed(f"nine forwards up to layer {SHOWN_LAYER}", max(3, arguments.rounds // 3), nine)


if __name__ == "__main__":
    main()
