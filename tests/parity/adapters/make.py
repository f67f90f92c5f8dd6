"""Writes an adapter and golden.safetensors for each case: the patterns of the merged model and of its base
(transformers 5, eager, f32).

    python make.py      in this folder

Weights are merged as peft does (`get_delta_weight` of its tuners/lora/layer.py), W + (B @ A) * scaling, transposed where
fan_in_fan_out says so; where peft itself is installed, its `merge_and_unload` must give the same patterns within 1e-6.
"""

import json
import math
import pathlib

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

GOLDENS = pathlib.Path("../../goldens")
IDS = [0, 5, 17, 40, 99, 250, 5, 17]
CASES = {
    "plain": ("llama", {"r": 4, "lora_alpha": 8}, ["q_proj", "v_proj"], []),
    "stabilized": ("llama", {"r": 4, "lora_alpha": 8, "use_rslora": True}, ["k_proj", "down_proj"], []),
    "patterns": ("llama", {"r": 4, "lora_alpha": 8, "rank_pattern": {"layers.1.self_attn.q_proj": 2},
                           "alpha_pattern": {"layers.1.self_attn.q_proj": 3}}, ["q_proj", "o_proj"], []),
    "saved": ("llama", {"r": 2, "lora_alpha": 2, "modules_to_save": ["embed_tokens", "model.norm"]}, ["q_proj"],
              ["model.embed_tokens", "model.norm"]),
    "turned": ("gpt2", {"r": 4, "lora_alpha": 16, "fan_in_fan_out": True}, ["c_attn"], []),
}


def patterns(model):
    with torch.no_grad():
        output = model(torch.tensor([IDS]), output_attentions=True)
    return torch.stack([attention[0] for attention in output.attentions]).float()


def main():
    for seed, (name, (base, settings, targets, saved)) in enumerate(CASES.items()):
        torch.manual_seed(seed)
        folder = pathlib.Path(name)
        folder.mkdir(exist_ok=True)
        config = {"peft_type": "LORA", "base_model_name_or_path": f"org/{base}", "target_modules": targets,
                  "task_type": "CAUSAL_LM", "bias": "none", "fan_in_fan_out": False, "inference_mode": True,
                  "lora_dropout": 0.0, "use_dora": False, "init_lora_weights": True, **settings}
        model = AutoModelForCausalLM.from_pretrained(GOLDENS / base, attn_implementation="eager", dtype=torch.float32).eval()
        before = patterns(model)
        tensors = {}
        for module_name, module in model.named_modules():
            if module_name.split(".")[-1] in targets:
                ends = lambda key: module_name.endswith("." + key)
                rank = next((r for key, r in settings.get("rank_pattern", {}).items() if ends(key)), settings["r"])
                alpha = next((a for key, a in settings.get("alpha_pattern", {}).items() if ends(key)), settings["lora_alpha"])
                turned = settings.get("fan_in_fan_out", False)
                width_out, width_in = reversed(module.weight.shape) if turned else module.weight.shape
                down, up = torch.randn(rank, width_in) * 0.3, torch.randn(width_out, rank) * 0.3
                scaling = alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)
                delta = (up @ down).T * scaling if turned else (up @ down) * scaling
                module.weight.data += delta
                tensors[f"base_model.model.{module_name}.lora_A.weight"] = down
                tensors[f"base_model.model.{module_name}.lora_B.weight"] = up
        for module_name in saved:
            module = model.get_submodule(module_name)
            module.weight.data = module.weight.data + torch.randn_like(module.weight) * 0.1
            tensors[f"base_model.model.{module_name}.weight"] = module.weight.data.clone()
        golden = patterns(model)
        assert (golden - before).abs().max() > 0.01, name
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=1) + "\n")
        save_file(tensors, folder / "adapter_model.safetensors")
        save_file({"attn": golden.contiguous(), "base": before.contiguous()}, folder / "golden.safetensors")
        try:
            from peft import PeftModel
        except ImportError:
            continue
        fresh = AutoModelForCausalLM.from_pretrained(GOLDENS / base, attn_implementation="eager", dtype=torch.float32).eval()
        merged = patterns(PeftModel.from_pretrained(fresh, str(folder)).merge_and_unload())
        assert (merged - golden).abs().max() < 1e-6, (name, float((merged - golden).abs().max()))
        print(f"{name}: as peft merges it")


if __name__ == "__main__":
    main()
