"""Captures of models whose attention does not go through transformers' interface, by hooks on its modules.

Imported only where torch and transformers are there already. Each reader repeats what its module does to the hidden state
that it is given, up to the scores; what follows from that is compared with the model's own weights.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any
from collections.abc import Callable

import torch

from ._refused import Refused
from ._rule import Layer, rule_of_mask, visible_keys

Arguments = dict[str, Any]


def is_read(model: Any) -> bool:
    """Whether the attention of `model` is one that is read here."""
    return any(_reader(module) for module in model.modules())


def layers_of(model: Any, ids: torch.Tensor) -> list[Layer]:
    """The layers of one forward pass over `ids` `[1, T]`, whose attention is eager."""
    layers: list[Layer] = []

    def hook(module: Any, positional: tuple[Any, ...], named: Arguments) -> None:
        reader = _reader(module)
        if reader is not None:
            layers.append(reader(module, inspect.signature(module.forward).bind(*positional, **named).arguments))

    handles = [
        module.register_forward_pre_hook(hook, with_kwargs=True) for module in model.modules() if _reader(module)
    ]
    try:
        model(ids, use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    return layers


def _reader(module: Any) -> Callable[[Any, Arguments], Layer] | None:
    """By the name of the module's class, or of one that it is derived from."""
    return next((_READERS[kind.__name__] for kind in type(module).__mro__ if kind.__name__ in _READERS), None)


def _bloom(module: Any, given: Arguments) -> Layer:
    query, key, value = module._reshape(module.query_key_value(given["hidden_states"]))
    alibi = _by_key(given["alibi"], module.num_heads) * module.beta
    return _layer(module, (query, key, value), module.inv_norm_factor, given.get("attention_mask"), alibi)


def _falcon(module: Any, given: Arguments) -> Layer:
    split = module._split_heads(module.query_key_value(given["hidden_states"]))
    query, key, value = (x.transpose(1, 2) for x in split)
    mask, alibi = given.get("attention_mask"), given.get("alibi")
    if alibi is None:
        rotated = sys.modules[type(module).__module__].apply_rotary_pos_emb
        query, key = rotated(query, key, *given["position_embeddings"])
    else:
        # It is scaled as q·k is, and eager attention adds it once more, in the mask.
        mask, in_mask = _without_bias(mask)
        alibi = _by_key(alibi, module.num_heads) * module.inv_norm_factor + in_mask
    # Heads of keys that were repeated for each query that reads them.
    repeated = key.shape[1] // module.num_kv_heads
    key, value = key[:, ::repeated], value[:, ::repeated]
    return _layer(module, (query, key, value), module.inv_norm_factor, mask, alibi)


def _mpt(module: Any, given: Arguments) -> Layer:
    mixed = module.Wqkv(given["hidden_states"])
    if module.clip_qkv:
        mixed = mixed.clamp(min=-module.clip_qkv, max=module.clip_qkv)
    shape = (*mixed.shape[:2], module.n_heads, module.head_dim)
    vectors = tuple(x.reshape(shape).transpose(1, 2) for x in mixed.chunk(3, dim=2))
    bias = given.get("position_bias")
    alibi = None if bias is None else _by_key(bias[..., -shape[1] :], module.n_heads)
    mask = given.get("attention_mask")
    # True is what is not seen, where other models' masks say what is.
    mask = ~mask if mask is not None and mask.dtype == torch.bool else mask
    return _layer(module, vectors, module.softmax_scale, mask, alibi)


def _gpt_neo(module: Any, given: Arguments) -> Layer:
    hidden = given["hidden_states"]
    projections = (module.q_proj, module.k_proj, module.v_proj)
    vectors = tuple(module._split_heads(project(hidden), module.num_heads, module.head_dim) for project in projections)
    n_positions = hidden.shape[1]
    # Global or of a window: the module's own mask, which it puts under the model's.
    own = module.bias[:, :, :n_positions, :n_positions].bool()
    mask = given.get("attention_mask")
    visible = own if mask is None else own & visible_keys(mask, n_positions).to(own.device)
    return _layer(module, vectors, 1.0, visible, None, number=module.layer_id)


_READERS = {
    "BloomAttention": _bloom,
    "FalconAttention": _falcon,
    "MptAttention": _mpt,
    "GPTNeoSelfAttention": _gpt_neo,
}


def _by_key(bias: torch.Tensor, n_heads: int) -> torch.Tensor:
    """A bias that depends on head and key alone, `[heads, T]`."""
    bias = bias.reshape(n_heads, -1, bias.shape[-1])
    if bias.shape[1] != 1:
        raise Refused("the scores have a bias that depends on the query")
    return bias[:, 0].detach().cpu().float()


def _without_bias(mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What a mask `[1, heads, T, T]` lets see, and the bias of each key that stands in it, `[heads, T]`."""
    visible = mask > torch.finfo(mask.dtype).min / 2
    bias = mask.diagonal(dim1=-2, dim2=-1).unsqueeze(-2)
    if not (visible.diagonal(dim1=-2, dim2=-1).all() and ((mask == bias) | ~visible).all()):
        raise Refused("the mask adds a bias to the scores that depends on the query")
    return visible, bias[0, :, 0].detach().cpu().float()


def _layer(
    module: Any,
    vectors: tuple[torch.Tensor, ...],
    scale: float,
    mask: torch.Tensor | None,
    alibi: torch.Tensor | None,
    number: int | None = None,
) -> Layer:
    number = getattr(module, "layer_idx", None) if number is None else number
    query, key, value = (x[0].detach().cpu().contiguous() for x in vectors)
    causal, window = rule_of_mask(visible_keys(mask, query.shape[1]), f"layer {number}")
    return Layer(query, key, value, scale=float(scale), causal=causal, window=window, alibi=alibi, number=number)
