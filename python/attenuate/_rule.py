"""One layer's vectors and the rule by which they become weights, as a capture can say it.

Imported only where torch is there already.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from collections.abc import Sequence

import torch

from . import _tensors
from ._captured import Capture
from ._refused import Refused

# How far a weight may be from the model's own: rounding of its numbers, nothing more.
TOLERANCE = {torch.float16: 4e-3, torch.bfloat16: 3e-2}
EXACT = 1e-5


@dataclasses.dataclass
class Layer:
    """Vectors `[heads, T, d]`, of which key and value may have fewer heads, and their rule."""

    query: torch.Tensor
    key: torch.Tensor
    value: torch.Tensor
    scale: float
    causal: bool
    # A query sees |i - j| < window; 0 is none.
    window: int = 0
    # Scores s become c·tanh(s/c); 0 is none.
    softcap: float = 0.0
    # Logits that take part in the softmax and belong to no token, [heads].
    sinks: torch.Tensor | None = None
    # What is added to the scores of each key, [heads, T].
    alibi: torch.Tensor | None = None
    # What the model calls it; None where it does not say.
    number: int | None = None

    def weights(self) -> torch.Tensor:
        """The weights that follow from what is captured, `[heads, T, T]`, in f64: to compare with the model's own."""
        group = self.query.shape[0] // self.key.shape[0]
        key = self.key.double().repeat_interleave(group, dim=0)
        scores = self.scale * self.query.double() @ key.transpose(1, 2)
        if self.alibi is not None:
            scores = scores + self.alibi.double().unsqueeze(1)
        if self.softcap:
            scores = self.softcap * torch.tanh(scores / self.softcap)
        scores = scores.masked_fill(~mask_of_rule(scores.shape[-1], self.causal, self.window), -torch.inf)
        if self.sinks is None:
            return torch.softmax(scores, dim=-1)
        sinks = self.sinks.double().reshape(-1, 1, 1).expand(-1, scores.shape[1], 1)
        return torch.softmax(torch.cat([scores, sinks], dim=-1), dim=-1)[..., :-1]

    def check(self, own: torch.Tensor, called: str) -> None:
        """Refuses the layer where its weights are not the model's `own`, `[heads, T, T]`."""
        tolerance = TOLERANCE.get(own.dtype, EXACT)
        off = float((self.weights() - own.detach().cpu().double()).abs().max())
        if not off <= tolerance:
            raise Refused(f"{called}: the weights by the captured rule differ by {off:.1e} from the model's own")


def visible_keys(mask: torch.Tensor | None, n_positions: int) -> torch.Tensor:
    """Which keys each query sees, `[T, T]`, from the mask that an attention function is given."""
    if mask is None:
        return torch.ones(n_positions, n_positions, dtype=torch.bool)
    mask = mask[0].detach().cpu()
    if mask.dtype == torch.bool:
        visible = mask
    else:
        visible = mask == 0
        if not (visible | (mask <= torch.finfo(mask.dtype).min / 2)).all():
            raise Refused("the mask adds a bias to the scores; open the model's folder instead of a capture")
    if not (visible == visible[:1]).all():
        raise Refused("the heads of a layer have different masks")
    return visible[0, -n_positions:, -n_positions:]


def mask_of_rule(n_positions: int, causal: bool, window: int) -> torch.Tensor:
    """The keys that a rule shows each query, `[T, T]`."""
    distance = torch.arange(n_positions).unsqueeze(1) - torch.arange(n_positions)
    visible = distance.abs() < (window or n_positions)
    return visible & (distance >= 0) if causal else visible


def rule_of_mask(visible: torch.Tensor, called: str) -> tuple[bool, int]:
    """Whether a mask is causal, and its window (0: none)."""
    n_positions = visible.shape[-1]
    causal = n_positions == 1 or not bool(visible.triu(1).any())
    query, key = visible.nonzero(as_tuple=True)
    window = int((query - key).abs().max()) + 1
    window = 0 if window >= n_positions else window
    if not (mask_of_rule(n_positions, causal, window) == visible).all():
        raise Refused(f"{called}: its mask is neither causal, nor bidirectional, nor a window of one width")
    return causal, window


def captured(layers: Sequence[Layer], metadata: dict[str, str]) -> Capture:
    """The capture of all layers; `metadata` says what is not of a layer."""
    _same("shapes", [tuple(tuple(x.shape) for x in (layer.query, layer.key, layer.value)) for layer in layers])
    stacked = {
        "q": torch.stack([layer.query for layer in layers]),
        "k": torch.stack([layer.key for layer in layers]),
        "v": torch.stack([layer.value for layer in layers]),
    }
    rule = {
        "scale": json.dumps([layer.scale for layer in layers]),
        "causal": json.dumps(bool(_same("masks", [layer.causal for layer in layers]))),
    }
    if any(layer.softcap for layer in layers):
        rule["softcap"] = json.dumps([layer.softcap for layer in layers])
    if any(layer.window for layer in layers):
        rule["window"] = json.dumps([layer.window for layer in layers])
    if any(layer.sinks is not None for layer in layers):
        none = torch.full((layers[0].query.shape[0],), -torch.inf)
        stacked["sinks"] = torch.stack([none if layer.sinks is None else layer.sinks for layer in layers])
    biases = [layer.alibi for layer in layers if layer.alibi is not None]
    if biases:
        if len(biases) != len(layers) or not all(torch.equal(bias, biases[0]) for bias in biases):
            raise Refused("the layers have different biases of their keys")
        stacked["alibi"] = biases[0]
    numbers = [layer.number for layer in layers]
    if None not in numbers and numbers != list(range(len(layers))):
        rule["layers"] = json.dumps(numbers)
    return Capture({name: _tensors.tensor(x, name) for name, x in stacked.items()}, rule | metadata)


def _same(what: str, values: Sequence[Any]) -> Any:
    """The one value of all layers, for what a capture says once."""
    if len(set(values)) > 1:
        raise Refused(f"the layers have different {what}: {', '.join(str(value) for value in dict.fromkeys(values))}")
    return values[0]
