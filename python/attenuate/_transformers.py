"""Captures of transformers' models, through the library's own interface for attention functions, else by hooks.

Imported only where torch and transformers are there already.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any
from collections.abc import Iterator

import torch

from . import _hooked
from ._refused import Refused
from ._rule import Layer, rule_of_mask, visible_keys

NAME = "attenuate_capture"


def layers_of(model: Any, ids: torch.Tensor) -> list[Layer]:
    """The layers of one forward pass over `ids` `[1, T]`, checked against the model's own attention."""
    kind = model.config.model_type
    if model.config.is_encoder_decoder:
        raise Refused(f"{kind} is an encoder-decoder")
    with torch.no_grad(), _as_it_was(model):
        if _hooked.is_read(model):
            # Such a model does not let its attention be set, and takes what its configuration says.
            model.config._attn_implementation = "eager"
            layers = _hooked.layers_of(model, ids)
        else:
            layers = _recorded(model, ids, kind)
            model.set_attn_implementation("eager")
        own = model(ids, use_cache=False, output_attentions=True).attentions
    own = [weights for weights in own or () if weights is not None]
    if len(own) != len(layers):
        raise Refused(f"{len(layers)} layers were captured and {len(own)} have weights of the model's own")
    for index, (layer, weights) in enumerate(zip(layers, own)):
        layer.check(weights[0], f"layer {index}")
    return layers


def _recorded(model: Any, ids: torch.Tensor, kind: str) -> list[Layer]:
    """What the attention function of each layer is given: vectors after the rotary embedding, scale, mask and the rest."""
    try:
        from transformers import AttentionInterface
        from transformers.masking_utils import AttentionMaskInterface, eager_mask
    except ImportError:
        raise Refused("this transformers has no AttentionInterface: expected version 5") from None
    layers: list[Layer] = []

    def record(
        module: Any, query: Any, key: Any, value: Any, attention_mask: Any, scaling: Any = None, **arguments: Any
    ) -> Any:
        layers.append(_layer(module, query, key, value, attention_mask, scaling, arguments))
        eager = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
        if eager is None:
            raise Refused(f"{type(module).__name__} has no eager attention to compare with")
        if scaling is not None:
            arguments["scaling"] = scaling
        return eager(module, query, key, value, attention_mask, **arguments)

    AttentionInterface.register(NAME, record)
    # Without a mask function under the same name the forward pass itself loses its windows.
    AttentionMaskInterface.register(NAME, eager_mask)
    elsewhere = f"the attention of {kind} does not go through transformers' AttentionInterface: Attenuate opens the folder of such a model itself"
    try:
        model.set_attn_implementation(NAME)
        model(ids, use_cache=False)
    except ValueError as error:
        raise Refused(elsewhere) from error
    if not layers:
        raise Refused(elsewhere)
    # The registered function lives on, and would keep every vector.
    taken = layers.copy()
    layers.clear()
    return taken


@contextmanager
def _as_it_was(model: Any) -> Iterator[None]:
    """Dropout is off meanwhile; afterwards the model trains and attends as before."""
    training = [module for module in model.modules() if module.training]
    attention = model.config._attn_implementation
    model.eval()
    try:
        yield
    finally:
        if _hooked.is_read(model):
            model.config._attn_implementation = attention
        else:
            model.set_attn_implementation(attention)
        for module in training:
            module.training = True


def _layer(module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: Any, arguments: dict[str, Any]) -> Layer:
    number = getattr(module, "layer_idx", None)
    causal, window = rule_of_mask(visible_keys(mask, query.shape[2]), f"layer {number}")
    sinks = arguments.get("s_aux")
    query, key, value = (x[0].detach().cpu() for x in (query, key, value))
    return Layer(
        query,
        key,
        value,
        scale=float(query.shape[-1] ** -0.5 if scaling is None else scaling),
        causal=causal,
        window=window,
        softcap=float(arguments.get("softcap") or 0.0),
        sinks=None if sinks is None else sinks.detach().cpu().float().reshape(-1),
        number=number,
    )
