"""From a model, or what TransformerLens kept of one, to a capture."""

from __future__ import annotations

import json
from typing import Any
from collections.abc import Sequence

from ._captured import Capture
from ._refused import Refused


def capture(
    model: Any,
    tokenizer: Any = None,
    prompt: str | None = None,
    *,
    name: str | None = None,
) -> Capture:
    """Captures query, key and value of every layer for one prompt, and the rule by which they become weights.

    `model` is one of transformers (version 5), of any family whose attention goes through its `AttentionInterface`, or an
    `ActivationCache` of TransformerLens. `tokenizer` reads `prompt`; in its place may stand token ids, which are taken
    exactly as given, and for a cache the tokens' texts. `name` is the model's for people.

    The model runs twice and is left as it was. Vectors are taken after the rotary embedding. The weights that follow from
    what is captured are compared with the model's own (`output_attentions`, `hook_pattern`), and what a capture cannot
    say is raised as `Refused`, by name.

    >>> import attenuate, transformers
    >>> config = transformers.LlamaConfig(
    ...     vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    ...     num_key_value_heads=2)
    >>> model = transformers.LlamaModel(config)
    >>> attenuate.capture(model, [5, 41, 7, 3], name="a random Llama")
    <Capture of a random Llama: q [2, 4, 4, 8], k [2, 2, 4, 8], v [2, 2, 4, 8]>
    """
    from . import _lens

    if _lens.is_cache(model):
        return _of_cache(model, tokenizer, prompt, name)
    if not hasattr(getattr(model, "config", None), "model_type"):
        raise Refused(f"expected a model of transformers or an ActivationCache, found {type(model).__name__}")
    return _of_model(model, tokenizer, prompt, name)


def _of_model(model: Any, tokenizer: Any, prompt: str | None, name: str | None) -> Capture:
    from . import _rule, _transformers

    ids, tokens = _read(tokenizer, prompt)
    layers = _transformers.layers_of(model, ids.to(model.device))
    metadata = _metadata(ids, tokens, prompt, name or getattr(model, "name_or_path", "") or model.config.model_type)
    return _rule.captured(layers, metadata)


def _of_cache(cache: Any, tokenizer: Any, prompt: str | None, name: str | None) -> Capture:
    from . import _lens, _rule

    layers = _lens.layers_of(cache)
    if tokenizer is None and prompt is not None:
        tokenizer = _lens.tokenizer_of(cache)
    ids, tokens = _texts(tokenizer) or ((None, None) if tokenizer is None else _read(tokenizer, prompt))
    if ids is not None and tokens is None and (own := _lens.tokenizer_of(cache)) is not None:
        tokens = own.convert_ids_to_tokens(ids[0].tolist())
    n = layers[0].query.shape[1]
    found = len(tokens) if tokens is not None else n if ids is None else ids.shape[1]
    if found != n:
        raise Refused(f"the cache is of {n} tokens, and {found} were given: give the ids that the model was run on")
    return _rule.captured(layers, _metadata(ids, tokens, prompt, name or _lens.name_of(cache)))


def _texts(tokens: Any) -> tuple[None, list[str]] | None:
    """Tokens by their texts, where that is what is given."""
    is_texts = isinstance(tokens, (list, tuple)) and all(isinstance(token, str) for token in tokens) and len(tokens) > 0
    return (None, list(tokens)) if is_texts else None


def _read(tokenizer: Any, prompt: str | None) -> tuple[Any, list[str] | None]:
    """Token ids `[1, T]`, and the tokens' texts where a tokenizer knows them."""

    if tokenizer is None:
        raise Refused("expected a tokenizer and a prompt, or token ids")
    if callable(tokenizer):
        if prompt is None:
            raise Refused("expected a prompt for the tokenizer")
        ids = _ids(tokenizer(prompt).input_ids)
        return ids, tokenizer.convert_ids_to_tokens(ids[0].tolist())
    # What a tokenizer returns, a BatchEncoding, is a mapping.
    return _ids(tokenizer["input_ids"] if hasattr(tokenizer, "keys") else tokenizer), None


def _ids(ids: Sequence[int] | Any) -> Any:
    import torch

    ids = torch.as_tensor(ids)
    ids = ids.unsqueeze(0) if ids.ndim == 1 else ids
    if ids.ndim != 2 or ids.shape[0] != 1:
        raise Refused(f"the token ids have the shape {list(ids.shape)}, expected those of one prompt, [T]")
    if ids.shape[1] == 0:
        raise Refused("there are no token ids")
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise Refused(f"the token ids are numbers of {ids.dtype}, expected integers")
    return ids.long()


def _metadata(ids: Any, tokens: list[str] | None, prompt: str | None, name: str | None) -> dict[str, str]:
    metadata = {}
    if tokens is not None:
        metadata["tokens"] = json.dumps(tokens)
    if ids is not None:
        metadata["token_ids"] = json.dumps(ids[0].tolist())
    if name:
        metadata["model"] = name
    if prompt is not None:
        metadata["prompt"] = prompt
    return metadata
