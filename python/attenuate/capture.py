"""Capture what a transformers model's attention is given for one prompt, as a file that Attenuate opens.

    python capture.py MODEL "Some text." [-o capture.safetensors]

Needs transformers 5 and safetensors. Every layer's query, key and value are taken after the rotary embedding, and beside
them the rule by which they become weights: scale, soft cap, window, sink logits, causal or not. Before anything is
written, the weights that follow from the file are compared with those of the model's own eager attention
(`output_attentions`). What the file cannot say is refused by name.
"""

import argparse
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AttentionInterface, AutoModel, AutoTokenizer
from transformers.masking_utils import AttentionMaskInterface, eager_mask

NAME = "attenuate_capture"
# How far a weight may be from the model's own: rounding of its numbers, nothing more.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}


class Refused(Exception):
    """A model or a rule that a capture cannot carry."""


class Layer:
    """One layer's vectors, `[heads, T, d]`, and its rule."""

    def __init__(self, module, query, key, value, mask, scaling, arguments):
        self.number = getattr(module, "layer_idx", None)
        self.query, self.key, self.value = (x[0].detach().cpu() for x in (query, key, value))
        self.scale = float(query.shape[-1] ** -0.5 if scaling is None else scaling)
        self.softcap = float(arguments.get("softcap") or 0.0)
        sinks = arguments.get("s_aux")
        self.sinks = None if sinks is None else sinks.detach().cpu().float().reshape(-1)
        n_positions = query.shape[2]
        self.causal, self.window = rule_of_mask(visible_keys(mask, n_positions), f"layer {self.number}")

    def weights(self):
        """The weights that follow from what is written, `[heads, T, T]`, in f64."""
        group = self.query.shape[0] // self.key.shape[0]
        key = self.key.double().repeat_interleave(group, dim=0)
        scores = self.scale * self.query.double() @ key.transpose(1, 2)
        if self.softcap:
            scores = self.softcap * torch.tanh(scores / self.softcap)
        scores = scores.masked_fill(~mask_of_rule(scores.shape[-1], self.causal, self.window), -torch.inf)
        if self.sinks is None:
            return torch.softmax(scores, dim=-1)
        sinks = self.sinks.double().reshape(-1, 1, 1).expand(-1, scores.shape[1], 1)
        return torch.softmax(torch.cat([scores, sinks], dim=-1), dim=-1)[..., :-1]


def visible_keys(mask, n_positions):
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


def mask_of_rule(n_positions, causal, window):
    """The keys that a rule shows each query, `[T, T]`: a window of w is |i - j| < w."""
    distance = torch.arange(n_positions).unsqueeze(1) - torch.arange(n_positions)
    visible = distance.abs() < (window or n_positions)
    return visible & (distance >= 0) if causal else visible


def rule_of_mask(visible, layer):
    """Whether a mask is causal, and its window (0: none)."""
    n_positions = visible.shape[-1]
    causal = n_positions == 1 or not visible.triu(1).any()
    query, key = visible.nonzero(as_tuple=True)
    window = int((query - key).abs().max()) + 1
    window = 0 if window >= n_positions else window
    if not (mask_of_rule(n_positions, causal, window) == visible).all():
        raise Refused(f"{layer}: its mask is neither causal, nor bidirectional, nor a window of one width")
    return causal, window


def capture(model, ids):
    """The layers of one forward pass over `ids` `[1, T]`, checked against the model's own attention."""
    layers = []

    def record(module, query, key, value, attention_mask, scaling=None, **arguments):
        layers.append(Layer(module, query, key, value, attention_mask, scaling, arguments))
        eager = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
        if eager is None:
            raise Refused(f"{type(module).__name__} has no eager attention to compare with")
        if scaling is not None:
            arguments["scaling"] = scaling
        return eager(module, query, key, value, attention_mask, **arguments)

    AttentionInterface.register(NAME, record)
    # Without a mask function under the same name the forward pass itself loses its windows.
    AttentionMaskInterface.register(NAME, eager_mask)
    kind = model.config.model_type
    if model.config.is_encoder_decoder:
        raise Refused(f"{kind} is an encoder-decoder")
    elsewhere = f"the attention of {kind} does not go through transformers' AttentionInterface: Attenuate opens the folder of such a model itself"
    with torch.no_grad():
        try:
            model.set_attn_implementation(NAME)
            model(ids, use_cache=False)
        except ValueError as error:
            raise Refused(elsewhere) from error
        if not layers:
            raise Refused(elsewhere)
        model.set_attn_implementation("eager")
        own = model(ids, use_cache=False, output_attentions=True).attentions
    own = [weights for weights in own or () if weights is not None]
    if len(own) != len(layers):
        raise Refused(f"{len(layers)} layers were captured and {len(own)} have weights of the model's own")
    tolerance = TOLERANCE.get(model.dtype, 1e-5)
    for index, (layer, weights) in enumerate(zip(layers, own)):
        off = float((layer.weights() - weights[0].cpu().double()).abs().max())
        if not off <= tolerance:
            raise Refused(f"layer {index}: the weights by the captured rule differ by {off:.1e} from the model's own")
    return layers


def same(what, values):
    """The one value of all layers, for what a capture says once."""
    if len(set(values)) > 1:
        raise Refused(f"the layers have different {what}: {', '.join(str(value) for value in dict.fromkeys(values))}")
    return values[0]


def contents(layers):
    """Tensors and metadata of the capture's file."""
    same("shapes", [tuple(tuple(x.shape) for x in (layer.query, layer.key, layer.value)) for layer in layers])
    tensors = {
        "q": torch.stack([layer.query for layer in layers]),
        "k": torch.stack([layer.key for layer in layers]),
        "v": torch.stack([layer.value for layer in layers]),
    }
    metadata = {
        "scale": json.dumps([layer.scale for layer in layers]),
        "causal": json.dumps(bool(same("masks", [layer.causal for layer in layers]))),
    }
    if any(layer.softcap for layer in layers):
        metadata["softcap"] = json.dumps([layer.softcap for layer in layers])
    if any(layer.window for layer in layers):
        metadata["window"] = json.dumps([layer.window for layer in layers])
    if any(layer.sinks is not None for layer in layers):
        none = torch.full((layers[0].query.shape[0],), -torch.inf)
        tensors["sinks"] = torch.stack([none if layer.sinks is None else layer.sinks for layer in layers])
    numbers = [layer.number for layer in layers]
    if None not in numbers and numbers != list(range(len(layers))):
        metadata["layers"] = json.dumps(numbers)
    return {name: tensor.contiguous() for name, tensor in tensors.items()}, metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", help="a folder or a name on the Hugging Face Hub")
    parser.add_argument("prompt")
    parser.add_argument("-o", "--output", default="capture.safetensors")
    parser.add_argument("--dtype", default="float32", help="of the model's weights (default: float32)")
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = AutoModel.from_pretrained(arguments.model, dtype=getattr(torch, arguments.dtype)).eval()
    ids = tokenizer(arguments.prompt, return_tensors="pt").input_ids
    try:
        tensors, metadata = contents(capture(model, ids))
    except Refused as refused:
        sys.exit(f"{arguments.model}: {refused}")
    metadata |= {
        "tokens": json.dumps(tokenizer.convert_ids_to_tokens(ids[0])),
        "token_ids": json.dumps(ids[0].tolist()),
        "model": folder.name if (folder := pathlib.Path(arguments.model).absolute()).is_dir() else arguments.model,
        "prompt": arguments.prompt,
    }
    save_file(tensors, arguments.output, metadata)
    print(f"{arguments.output}: {len(tensors['q'])} layers, {tensors['q'].shape[1]} heads, {ids.shape[1]} tokens")


if __name__ == "__main__":
    main()
