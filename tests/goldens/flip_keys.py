"""Flips configuration keys of tiny models against transformers: obeyed, refused by name, or wrong.

    python flip_keys.py path/to/attenuate [FAMILY ...]

For each family of FLIPS and each variant of its configuration, a tiny model of random weights is made by transformers 5
and its patterns of all heads (`output_attentions`, eager) are compared with those that the program writes. Prints a line
for each: `ok` with the largest difference, `refused` with the program's words, or WRONG, which also is the exit status.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM

T, VOCAB, D, H, KV, LAYERS = 12, 96, 32, 4, 2, 3
TOLERANCE = 2e-5
BASE = dict(vocab_size=VOCAB, hidden_size=D, intermediate_size=48, num_hidden_layers=LAYERS, num_attention_heads=H,
            max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
LLAMA = dict(BASE, num_key_value_heads=KV)
GPT2 = dict(vocab_size=VOCAB, n_positions=64, n_embd=D, n_layer=LAYERS, n_head=H, bos_token_id=1, eos_token_id=2)
TYPES = ["sliding_attention", "full_attention", "sliding_attention"]
FULL = ["full_attention"] * LAYERS
MLA = dict(BASE, num_key_value_heads=H, n_routed_experts=4, q_lora_rank=16, kv_lora_rank=16, qk_rope_head_dim=4,
           qk_nope_head_dim=8, v_head_dim=12, n_group=1, topk_group=1, num_experts_per_tok=2, moe_intermediate_size=16,
           first_k_dense_replace=1, n_shared_experts=1)


def rope(**entries):
    return dict(rope_parameters=dict({"rope_theta": 10000.0, "rope_type": "default"}, **entries))


YARN = rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=8, mscale=0.7, mscale_all_dim=0.4)
NEO = dict(vocab_size=VOCAB, hidden_size=D, num_layers=4, num_heads=H, attention_types=[[["global", "local"], 2]],
           window_size=4, max_position_embeddings=64, intermediate_size=48, bos_token_id=1, eos_token_id=2)
OPT = dict(vocab_size=VOCAB, hidden_size=D, ffn_dim=48, num_hidden_layers=LAYERS, num_attention_heads=H,
           max_position_embeddings=64, word_embed_proj_dim=D, bos_token_id=1, eos_token_id=2, pad_token_id=0)
FALCON = dict(vocab_size=VOCAB, hidden_size=D, num_hidden_layers=LAYERS, num_attention_heads=H, bos_token_id=1, eos_token_id=2)
MPT = dict(vocab_size=VOCAB, d_model=D, n_layers=LAYERS, n_heads=H, max_seq_len=64, expansion_ratio=2, bos_token_id=1, eos_token_id=2)
BLOOM = dict(vocab_size=VOCAB, hidden_size=D, n_layer=LAYERS, n_head=H, bos_token_id=1, eos_token_id=2)
GEMMA = dict(LLAMA, head_dim=16)
GEMMA2 = dict(GEMMA, query_pre_attn_scalar=24, sliding_window=4, layer_types=TYPES, attn_logit_softcapping=2.0, final_logit_softcapping=3.0)
GEMMA3 = dict(GEMMA, query_pre_attn_scalar=24, sliding_window=4, layer_types=TYPES)
MOE = dict(num_experts_per_tok=2)

# Model type: configuration, variants.
FLIPS = {
    "llama": (LLAMA, [dict(attention_bias=True), dict(mlp_bias=True), dict(hidden_act="gelu"), dict(hidden_act="relu"),
                      dict(rms_norm_eps=0.05), dict(tie_word_embeddings=True), dict(head_dim=16), rope(rope_theta=500.0),
                      dict(num_key_value_heads=1), dict(num_key_value_heads=4), dict(pretraining_tp=2),
                      rope(rope_type="linear", factor=2.0), rope(partial_rotary_factor=0.5),
                      rope(rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16),
                      YARN, dict(rope(rope_type="dynamic", factor=2.0), max_position_embeddings=8)]),
    "mistral": (dict(LLAMA, sliding_window=4), [dict(sliding_window=None), dict(head_dim=16), dict(hidden_act="gelu"),
                                                dict(attention_bias=True), dict(tie_word_embeddings=True)]),
    "qwen2": (LLAMA, [dict(use_sliding_window=True, sliding_window=4, max_window_layers=1), dict(sliding_window=4),
                      dict(layer_types=TYPES, sliding_window=4, use_sliding_window=True), dict(layer_types=TYPES, sliding_window=4),
                      dict(rms_norm_eps=0.05), dict(tie_word_embeddings=True), dict(hidden_act="gelu"), dict(attention_bias=False)]),
    "qwen3": (dict(LLAMA, head_dim=16), [dict(attention_bias=True), dict(use_sliding_window=True, sliding_window=4, max_window_layers=1),
                                         dict(rms_norm_eps=0.05), dict(hidden_act="relu")]),
    "gemma": (GEMMA, [dict(hidden_act="gelu"), dict(hidden_activation="gelu"), dict(hidden_activation="relu"), dict(attention_bias=True),
                      dict(rms_norm_eps=0.05), dict(tie_word_embeddings=False), dict(use_bidirectional_attention=True)]),
    "gemma2": (GEMMA2, [dict(attn_logit_softcapping=None), dict(final_logit_softcapping=None), dict(query_pre_attn_scalar=64),
                        dict(attention_bias=True), dict(layer_types=FULL), dict(sliding_window=6), dict(hidden_activation="relu"),
                        dict(use_bidirectional_attention=True), dict(tie_word_embeddings=False)]),
    "gemma3_text": (GEMMA3, [dict(use_bidirectional_attention=True), dict(attn_logit_softcapping=2.0), dict(final_logit_softcapping=2.0),
                             dict(query_pre_attn_scalar=64), dict(attention_bias=True), dict(layer_types=FULL),
                             dict(rope_parameters=dict(sliding_attention=dict(rope_type="default", rope_theta=500.0), full_attention=dict(rope_type="linear", factor=4.0, rope_theta=3000.0)))]),
    "olmo": (LLAMA, [dict(clip_qkv=1.0), dict(attention_bias=True), dict(tie_word_embeddings=True), dict(hidden_act="gelu")]),
    "olmo2": (LLAMA, [dict(attention_bias=True), dict(rms_norm_eps=0.05), dict(hidden_act="gelu")]),
    "olmo3": (dict(LLAMA, sliding_window=4, layer_types=TYPES), [dict(layer_types=FULL), dict(attention_bias=True), YARN, dict(sliding_window=6)]),
    "phi": (dict(LLAMA, num_key_value_heads=H, partial_rotary_factor=0.5), [dict(qk_layernorm=True), dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=1.0)),
            dict(hidden_act="relu"), dict(tie_word_embeddings=True), dict(num_key_value_heads=2), dict(layer_norm_eps=0.05)]),
    "phi3": (LLAMA, [dict(sliding_window=4), rope(partial_rotary_factor=0.5), dict(tie_word_embeddings=True), dict(hidden_act="gelu"), dict(rms_norm_eps=0.05)]),
    "gpt_neo": (NEO, [dict(window_size=6), dict(activation_function="relu"), dict(attention_types=[[["local"], 4]]), dict(intermediate_size=None), dict(tie_word_embeddings=False)]),
    "granite": (LLAMA, [dict(embedding_multiplier=2.0), dict(attention_multiplier=0.2), dict(residual_multiplier=0.5), dict(logits_scaling=3.0), dict(attention_bias=True), dict(mlp_bias=True)]),
    "smollm3": (LLAMA, [dict(no_rope_layers=[1, 0, 1]), dict(no_rope_layer_interval=2), dict(use_sliding_window=True, sliding_window=4, max_window_layers=1), dict(use_sliding_window=True, sliding_window=4, layer_types=TYPES), dict(attention_bias=True), dict(mlp_bias=True)]),
    "opt": (OPT, [dict(do_layer_norm_before=False), dict(_remove_final_layer_norm=True), dict(layer_norm_elementwise_affine=False),
                  dict(activation_function="gelu"), dict(enable_bias=False), dict(tie_word_embeddings=False), dict(word_embed_proj_dim=20)]),
    "gptj": (dict(GPT2, rotary_dim=4), [dict(rotary_dim=None), dict(rotary_dim=8), dict(activation_function="relu"), dict(n_inner=40), dict(tie_word_embeddings=True), dict(layer_norm_epsilon=0.05)]),
    "bloom": (BLOOM, [dict(apply_residual_connection_post_layernorm=True), dict(slow_but_exact=True), dict(pretraining_tp=2), dict(layer_norm_epsilon=0.05), dict(n_head=8), dict(tie_word_embeddings=False)]),
    "falcon": (FALCON, [dict(parallel_attn=False), dict(bias=True), dict(alibi=True), dict(multi_query=False), dict(new_decoder_architecture=True, num_kv_heads=2),
                        dict(new_decoder_architecture=True, num_kv_heads=2, num_ln_in_parallel_attn=1), dict(ffn_hidden_size=40), dict(activation="relu"),
                        dict(alibi=True, multi_query=False, parallel_attn=False, bias=True), dict(layer_norm_epsilon=0.05), dict(tie_word_embeddings=False),
                        rope(rope_theta=500.0), dict(num_attention_heads=8, alibi=True)]),
    "mpt": (MPT, [dict(attn_config=dict(clip_qkv=0.5)), dict(attn_config=dict(softmax_scale=0.1)), dict(attn_config=dict(alibi=False)), dict(attn_config=dict(alibi_bias_max=4)),
                  dict(attn_config=dict(qk_ln=True)), dict(attn_config=dict(prefix_lm=True)), dict(no_bias=False), dict(n_heads=8), dict(layer_norm_epsilon=0.05), dict(learned_pos_emb=False), dict(logit_scale=2.0),
                  dict(attn_config=dict(attn_type="multiquery_attention"))]),
    "gpt_bigcode": (GPT2, [dict(multi_query=False), dict(scale_attn_weights=False), dict(attention_softmax_in_fp32=False), dict(scale_attention_softmax_in_fp32=False), dict(activation_function="relu"), dict(n_inner=40), dict(tie_word_embeddings=False)]),
    "gpt2": (GPT2, [dict(scale_attn_weights=False), dict(scale_attn_by_inverse_layer_idx=True), dict(reorder_and_upcast_attn=True), dict(activation_function="relu"), dict(n_inner=40), dict(tie_word_embeddings=False), dict(add_cross_attention=True), dict(layer_norm_epsilon=0.05)]),
    "gpt_neox": (BASE, [dict(use_parallel_residual=False), rope(partial_rotary_factor=0.5), rope(partial_rotary_factor=1.0), dict(rotary_pct=0.5), dict(attention_bias=False), dict(hidden_act="relu"), dict(tie_word_embeddings=True), dict(layer_norm_eps=0.05)]),
    "starcoder2": (LLAMA, [dict(sliding_window=4), dict(use_bias=False), dict(hidden_act="relu"), dict(norm_epsilon=0.05), dict(tie_word_embeddings=False)]),
    "cohere": (LLAMA, [dict(use_qk_norm=True), dict(logit_scale=0.5), dict(attention_bias=True), dict(layer_norm_eps=0.05), dict(tie_word_embeddings=False)]),
    "cohere2": (dict(LLAMA, sliding_window=4, layer_types=TYPES), [dict(layer_types=FULL), dict(logit_scale=0.5), dict(attention_bias=True), dict(sliding_window_pattern=2), dict(sliding_window=6)]),
    "nemotron": (dict(LLAMA, partial_rotary_factor=0.5), [dict(attention_bias=True), dict(mlp_bias=True), dict(hidden_act="gelu"), dict(norm_eps=0.05), dict(head_dim=16)]),
    "glm4": (dict(LLAMA, head_dim=8), [dict(attention_bias=True), rope(partial_rotary_factor=1.0), dict(hidden_act="gelu"), dict(rms_norm_eps=0.05)]),
    "helium": (dict(LLAMA, head_dim=8), [dict(attention_bias=True), dict(mlp_bias=True), dict(hidden_act="gelu")]),
    "exaone4": (dict(LLAMA, sliding_window=4, layer_types=TYPES), [dict(layer_types=FULL), dict(sliding_window=None, layer_types=None), dict(rms_norm_eps=0.05), dict(hidden_act="gelu")]),
    "ernie4_5": (dict(LLAMA, head_dim=8), [dict(use_bias=True), dict(tie_word_embeddings=False), dict(hidden_act="gelu")]),
    "hunyuan_v1_dense": (dict(LLAMA, head_dim=8), [dict(attention_bias=True), dict(hidden_act="gelu"), rope(rope_type="dynamic", alpha=100.0, factor=1.0)]),
    "apertus": (LLAMA, [dict(attention_bias=True), dict(mlp_bias=True), dict(hidden_act="gelu"), dict(rms_norm_eps=0.05)]),
    "mixtral": (dict(LLAMA, num_local_experts=4, sliding_window=None, **MOE), [dict(num_experts_per_tok=1), dict(sliding_window=4), dict(hidden_act="gelu"), dict(head_dim=16)]),
    "qwen2_moe": (dict(LLAMA, num_experts=4, moe_intermediate_size=24, shared_expert_intermediate_size=24, **MOE), [dict(norm_topk_prob=True), dict(decoder_sparse_step=2), dict(qkv_bias=False), dict(mlp_only_layers=[0]), dict(use_sliding_window=True, sliding_window=4, max_window_layers=1)]),
    "qwen3_moe": (dict(LLAMA, head_dim=16, num_experts=4, moe_intermediate_size=24, **MOE), [dict(norm_topk_prob=True), dict(norm_topk_prob=False), dict(decoder_sparse_step=2), dict(attention_bias=True), dict(mlp_only_layers=[1])]),
    "olmoe": (dict(LLAMA, num_experts=4, **MOE), [dict(norm_topk_prob=True), dict(clip_qkv=0.5), dict(attention_bias=True)]),
    "gpt_oss": (dict(LLAMA, num_local_experts=4, head_dim=16, sliding_window=4, layer_types=TYPES, **MOE, **rope()), [dict(attention_bias=False), dict(swiglu_limit=0.5), dict(num_experts_per_tok=1), dict(layer_types=FULL), rope(rope_type="yarn", factor=8.0, truncate=True, original_max_position_embeddings=8)]),
    "stablelm": (dict(BASE, num_key_value_heads=H, partial_rotary_factor=0.5), [dict(qk_layernorm=True), dict(use_parallel_residual=True), dict(use_qkv_bias=True), dict(num_key_value_heads=2), dict(layer_norm_eps=0.05), dict(hidden_act="gelu")]),
    "deepseek_v2": (MLA, [dict(q_lora_rank=None), dict(n_group=2, topk_group=1, topk_method="group_limited_greedy", n_routed_experts=8), dict(norm_topk_prob=True), dict(routed_scaling_factor=2.0), dict(attention_bias=True), YARN, dict(first_k_dense_replace=0), dict(mlp_bias=True)]),
    "deepseek_v3": (MLA, [dict(q_lora_rank=None), dict(n_group=2, topk_group=1, n_routed_experts=8), dict(norm_topk_prob=False), dict(routed_scaling_factor=1.0), dict(attention_bias=True), YARN, dict(rope_interleave=False), dict(first_k_dense_replace=0)]),
    "bert": (BASE, [dict(hidden_act="relu"), dict(type_vocab_size=3), dict(layer_norm_eps=0.05), dict(tie_word_embeddings=False), dict(is_decoder=True)]),
    "roberta": (dict(BASE, type_vocab_size=1, pad_token_id=1, bos_token_id=0), [dict(hidden_act="relu"), dict(type_vocab_size=2), dict(pad_token_id=3), dict(is_decoder=True)]),
    "electra": (dict(BASE, embedding_size=D), [dict(embedding_size=16), dict(hidden_act="relu"), dict(is_decoder=True)]),
    "distilbert": (dict(vocab_size=VOCAB, dim=D, hidden_dim=48, n_layers=LAYERS, n_heads=H, max_position_embeddings=64), [dict(sinusoidal_pos_embds=True), dict(activation="relu")]),
    "modernbert": (dict(BASE, local_attention=8, global_attn_every_n_layers=2, cls_token_id=1, sep_token_id=2), [dict(global_attn_every_n_layers=1), dict(norm_bias=True), dict(attention_bias=True), dict(mlp_bias=True), dict(hidden_activation="relu"), dict(local_attention=6), dict(norm_eps=0.05), dict(layer_types=FULL), dict(decoder_bias=False), dict(classifier_bias=True)]),
}
ENCODERS = {"bert", "roberta", "electra", "distilbert", "modernbert"}


def initialise(model):
    """Weights by which every part of the model matters."""
    random = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, weight in sorted(model.named_parameters()):
            noise = torch.randn(weight.shape, generator=random)
            if weight.dim() >= 2:
                is_embedding = any(part in name.lower() for part in ("embed", "wte", "wpe"))
                weight.copy_(noise * (0.6 if is_embedding else 1.5 / weight.shape[-1] ** 0.5))
            elif "norm" in name.lower() or "ln_" in name:
                weight.copy_(float(name.endswith("weight")) * 0.8 + 0.2 * noise)
            else:
                weight.copy_(0.4 * noise)
    model.tie_weights()


def check(program, kind, configuration, folder):
    """What the program does with a model of this configuration: `(verdict, detail)`."""
    config = AutoConfig.for_model(kind, **configuration)
    auto = AutoModelForMaskedLM if kind in ENCODERS else AutoModelForCausalLM
    model = auto.from_config(config, attn_implementation="eager").eval().float()
    initialise(model)
    model.save_pretrained(folder)
    random = torch.Generator().manual_seed(8)
    ids = torch.randint(4, VOCAB, (1, T), generator=random)
    with torch.no_grad():
        output = model(input_ids=ids, output_attentions=True)
    own = [attention[0].double() for attention in output.attentions]
    command = [program, "weights", str(folder), "--token-ids", ",".join(map(str, ids[0].tolist())), "--layer", "all",
               "--head", "all", "-o", str(folder / "{layer}-{head}.safetensors")]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        return "refused", run.stderr.strip().splitlines()[0]
    largest = 0.0
    for layer, heads in enumerate(own):
        for head, weights in enumerate(heads):
            ours = load_file(folder / f"{layer}-{head}.safetensors")["baseline"].double().nan_to_num()
            largest = max(largest, float((ours - weights).abs().max()))
    return ("ok" if largest < TOLERANCE else "WRONG"), f"{largest:.1e}"


def main():
    program, chosen = sys.argv[1], sys.argv[2:]
    counts = collections.Counter()
    for kind, (base, variants) in FLIPS.items():
        if chosen and kind not in chosen:
            continue
        for variant in [{}, *variants]:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    verdict, detail = check(program, kind, {**base, **variant}, pathlib.Path(folder))
                except Exception as error:  # transformers itself cannot make it
                    verdict, detail = "impossible", f"{type(error).__name__}: {str(error)[:90]}"
            counts[verdict] += 1
            print(f"{verdict:10} {kind:18} {json.dumps(variant)[:110]:60} {detail.replace(folder, 'MODEL')}", flush=True)
    print(dict(counts))
    sys.exit(bool(counts["WRONG"]))


if __name__ == "__main__":
    main()
