"""Captures out of TransformerLens' activation caches, by the names of its hooks.

`blocks.N.attn.hook_q`, `hook_k`, `hook_v` are `[batch, T, heads, d]`, `hook_rot_q` and `hook_rot_k` the same behind a rotary
embedding, `hook_pattern` is `[batch, heads, T, T]`. Scale, mask and soft cap are those of the model's `cfg`. The package
itself is not needed: whatever has these names will do.
"""

from __future__ import annotations

from typing import Any

import torch

from ._refused import Refused
from ._rule import Layer

NEEDED = "hook_q"


def is_cache(x: Any) -> bool:
    """Whether `x` has activations by TransformerLens' names."""
    keys = getattr(x, "keys", None)
    return callable(keys) and any(f".attn.{NEEDED}" in str(key) for key in keys())


def layers_of(cache: Any) -> list[Layer]:
    """The layers that the cache holds, checked against its patterns where it has them."""
    names = set(cache.keys())
    numbers = sorted(int(name.split(".")[1]) for name in names if _is_query(name))
    config = getattr(getattr(cache, "model", None), "cfg", None)
    layers = []
    for number in numbers:
        layer = _layer(cache, names, config, number)
        pattern = f"blocks.{number}.attn.hook_pattern"
        if pattern in names:
            layer.check(_single(cache[pattern], pattern, 3), f"layer {number}")
        layers.append(layer)
    return layers


def _is_query(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and parts[0] == "blocks" and parts[1].isdecimal() and parts[2:] == ["attn", NEEDED]


def _layer(cache: Any, names: set[str], config: Any, number: int) -> Layer:
    def vectors(*hooks: str) -> torch.Tensor:
        for hook in hooks:
            name = f"blocks.{number}.attn.{hook}"
            if name in names:
                return _single(cache[name], name, 3).transpose(0, 1)
        raise Refused(f"the cache has no blocks.{number}.attn.{hooks[-1]}: was it made with a names_filter?")

    position = _of(config, "positional_embedding_type", None)
    if position in ("alibi", "relative_positional_bias"):
        raise Refused(f"positions by {position} add a bias to the scores, which a capture of this kind does not carry")
    is_rotary = position == "rotary" or f"blocks.{number}.attn.hook_rot_q" in names
    query = vectors("hook_rot_q") if is_rotary else vectors("hook_q")
    key = vectors("hook_rot_k") if is_rotary else vectors("hook_k")
    is_local = _of(config, "use_local_attn", False) and config.attn_types[number] == "local"
    return Layer(
        query,
        key,
        vectors("hook_v"),
        scale=1.0 / _divisor(config, query.shape[-1], number),
        causal=_of(config, "attention_dir", "causal") == "causal",
        window=int(config.window_size) if is_local and config.window_size < query.shape[1] else 0,
        softcap=max(float(_of(config, "attn_scores_soft_cap", 0.0)), 0.0),
        number=number,
    )


def _divisor(config: Any, d: int, number: int) -> float:
    """What the scores are divided by."""
    if not _of(config, "use_attn_scale", True):
        divisor = 1.0
    else:
        # Negative where it is the square root of the head's dimensions.
        own = float(_of(config, "attn_scale", -1.0))
        divisor = own if own > 0 else d**0.5
    return divisor * (number + 1) if _of(config, "scale_attn_by_inverse_layer_idx", False) else divisor


def _of(config: Any, name: str, default: Any) -> Any:
    found = getattr(config, name, None)
    return default if found is None else found


def _single(x: torch.Tensor, name: str, n_axes: int) -> torch.Tensor:
    """The one prompt of a batch, or what has no batch any more."""
    x = x.detach().cpu()
    if x.ndim == n_axes + 1:
        if x.shape[0] != 1:
            raise Refused(f"{name} is of {x.shape[0]} prompts, expected one: cache a single prompt")
        x = x[0]
    if x.ndim != n_axes:
        raise Refused(f"{name} has the shape {list(x.shape)}, expected {n_axes} axes behind the batch")
    return x


def tokenizer_of(cache: Any) -> Any | None:
    """The tokenizer of the cache's model, if it is there."""
    return getattr(getattr(cache, "model", None), "tokenizer", None)


def name_of(cache: Any) -> str | None:
    """The name of the cache's model, if it has one."""
    name = _of(getattr(getattr(cache, "model", None), "cfg", None), "model_name", None)
    return None if name is None else str(name)
