"""What one prompt left in a model's attention, ready to be handed over."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from collections.abc import Mapping, Sequence

from . import _tensors
from ._refused import Refused

if TYPE_CHECKING:
    from ._tensors import Array, Tensor


class Capture:
    """Query, key and value vectors of every layer and the rule by which they become weights, or the weights alone.

    `capture` and `attentions` make one. `docs/captures.md` describes the file that `save` writes.
    """

    def __init__(self, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
        self._tensors = dict(tensors)
        self._metadata = dict(metadata)

    @property
    def tokens(self) -> list[str]:
        """The tokens as the vocabulary writes them; empty where they are not known."""
        tokens: list[str] = json.loads(self._metadata.get("tokens", "[]"))
        return tokens

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each tensor: `q`, `k` and `v` are `[layers, heads, T, d]`, `attention` is `[layers, heads, T, T]`."""
        return {name: tuple(x.shape) for name, x in self._tensors.items()}

    @property
    def metadata(self) -> dict[str, str]:
        """The entries beside the tensors, as they are in the file."""
        return dict(self._metadata)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes a `.safetensors` file, whole or not at all, which `attenuate FILE` opens. Returns its path."""
        path = Path(path)
        if path.suffix != ".safetensors":
            raise Refused(f"{path}: expected a name that ends in .safetensors")
        _tensors.write(path, self._tensors, self._metadata)
        return path

    def __repr__(self) -> str:
        of = f" of {self._metadata['model']}" if "model" in self._metadata else ""
        shapes = ", ".join(f"{name} {list(shape)}" for name, shape in self.shapes.items())
        return f"<Capture{of}: {shapes}>"


def attentions(
    arrays: Array | Sequence[Array],
    tokens: Sequence[str] | None = None,
    *,
    causal: bool | None = None,
    model: str | None = None,
) -> Capture:
    """Attention patterns without the vectors that they come of, of numpy, torch, or nested lists.

    `arrays` is `[T, T]`, `[heads, T, T]`, `[layers, heads, T, T]`, with a batch of one behind the layers, or a sequence with
    an array for each layer, such as transformers' `output_attentions`. Rows are queries and sum to 1. `tokens` names the
    keys. Without `causal` a pattern is causal if every cell above the diagonal is 0. Query, key and value cannot be
    modified in them.

    >>> import attenuate
    >>> attenuate.attentions([[1.0, 0.0], [0.25, 0.75]], ["The", "cat"], causal=True)
    <Capture: attention [1, 2, 2]>
    """
    metadata = {}
    x = _one_array(arrays)
    if len(x.shape) == 2:
        x = x._replace(shape=(1, *x.shape))
    if tokens is not None:
        metadata["tokens"] = json.dumps(list(tokens))
    if causal is not None:
        metadata["causal"] = json.dumps(causal)
    if model is not None:
        metadata["model"] = model
    return Capture({"attention": x}, metadata)


def _one_array(arrays: Array | Sequence[Array]) -> Tensor:
    """Layers that are arrays of their own, one behind the other."""
    if not isinstance(arrays, (list, tuple)) or not all(hasattr(layer, "shape") for layer in arrays):
        return _tensors.tensor(arrays, "attention")
    if not arrays:
        raise Refused("attention: there are no layers")
    layers = [_tensors.tensor(layer, f"attention of layer {number}") for number, layer in enumerate(arrays)]
    first = layers[0]
    for number, layer in enumerate(layers):
        if (layer.dtype, layer.shape) != (first.dtype, first.shape):
            raise Refused(
                f"attention of layer {number} is {layer.dtype} {list(layer.shape)}, that of layer 0 {first.dtype} {list(first.shape)}"
            )
    data = memoryview(b"".join(layer.data for layer in layers))
    return _tensors.Tensor(first.dtype, (len(layers), *first.shape), data, None)
