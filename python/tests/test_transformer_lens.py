"""Caches of TransformerLens, by a stand-in with its names and shapes."""

import types

import support
import attenuate
from capture_families import families


class ActivationCache(dict):
    """A mapping from hook names to activations, and the model that they are of."""

    def __init__(self, activations, **config):
        super().__init__(activations)
        self.model = types.SimpleNamespace(cfg=types.SimpleNamespace(**config), tokenizer=None)


def cache_of(layers, patterns, rotary, **config):
    """What TransformerLens would have kept: `[batch, T, heads, d]`."""
    activations = {"hook_embed": None}
    for number, (layer, pattern) in enumerate(zip(layers, patterns)):
        prefix = f"blocks.{number}.attn."
        query, key, value = (x.transpose(0, 1).unsqueeze(0) for x in (layer.query, layer.key, layer.value))
        if rotary:
            # Before the rotation: whoever takes these for the vectors gets other weights.
            activations |= {prefix + "hook_q": query.flip(1), prefix + "hook_k": key.flip(1)}
            activations |= {prefix + "hook_rot_q": query, prefix + "hook_rot_k": key}
        else:
            activations |= {prefix + "hook_q": query, prefix + "hook_k": key}
        activations |= {prefix + "hook_v": value, prefix + "hook_pattern": pattern.unsqueeze(0)}
    return ActivationCache(activations, **config)


def kept(model, ids, rotary, **config):
    """A cache of a model of transformers, and the model's own weights of each layer, `[heads, T, T]`."""
    import torch
    from attenuate import _transformers

    layers = _transformers.layers_of(model, ids)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        own = [weights[0] for weights in model(ids, output_attentions=True).attentions]
    return cache_of(layers, own, rotary, **config), own


@support.needs("torch", "transformers", "safetensors", "numpy")
class TransformerLens(support.InFolder):
    def of_family(self, family, rotary=True, **config):
        """A cache with the vectors and weights of a golden model, its token ids, and the weights."""
        _, model, ids = next(families(support.FAMILIES, [family]))
        cache, own = kept(model, ids, rotary, **config)
        return cache, ids, own

    def agrees(self, cache, ids, own):
        found = attenuate.capture(cache, ids)
        self.assertEqual(found.shapes["q"][0], len(own))
        for layer, head in ((0, 0), (len(own) - 1, own[0].shape[0] - 1)):
            weights = attenuate.weights(found, layer=layer, head=head)
            off = abs(weights.baseline - own[layer][head].numpy()).max()
            self.assertLess(off, 1e-5)

    def test_rotary_vectors_with_fewer_key_heads(self):
        self.agrees(
            *self.of_family("llama_linear", positional_embedding_type="rotary", use_attn_scale=True, attn_scale=-1.0)
        )

    def test_learned_positions(self):
        # Its query is scaled before the attention function has it.
        self.agrees(*self.of_family("opt", rotary=False, positional_embedding_type="standard", use_attn_scale=False))

    def test_without_a_batch_and_without_a_model(self):
        cache, ids, own = self.of_family("llama_linear")
        plain = {name: x[0] for name, x in cache.items() if name.startswith("blocks.")}
        self.agrees(plain, ids, own)

    def test_windows_and_soft_caps(self):
        cache, ids, own = self.of_family(
            "gemma2",
            positional_embedding_type="rotary",
            attn_scale=None,
            use_local_attn=True,
            attn_types=["local", "global"] * 8,
        )
        from attenuate import _transformers

        _, model, _ = next(families(support.FAMILIES, ["gemma2"]))
        layers = _transformers.layers_of(model, ids)
        self.assertTrue(any(layer.window for layer in layers) and all(layer.softcap for layer in layers))
        config = cache.model.cfg
        config.attn_types = ["local" if layer.window else "global" for layer in layers]
        config.window_size = max(layer.window for layer in layers)
        config.attn_scores_soft_cap = layers[0].softcap
        config.attn_scale = 1 / layers[0].scale
        self.agrees(cache, ids, own)
        config.attn_scores_soft_cap = -1.0
        with self.assertRaisesRegex(attenuate.Refused, "layer 0: the weights by the captured rule differ"):
            attenuate.capture(cache, ids)

    def test_a_scale_by_layer(self):
        import torch
        import transformers

        config = transformers.GPT2Config(
            vocab_size=32, n_positions=16, n_embd=24, n_layer=3, n_head=3, scale_attn_by_inverse_layer_idx=True
        )
        torch.manual_seed(7)
        model = transformers.GPT2Model(config).eval()
        for parameter in model.parameters():
            parameter.data *= 4
        ids = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
        cache, own = kept(model, ids, rotary=False, scale_attn_by_inverse_layer_idx=True)
        self.agrees(cache, ids, own)

    def test_tokens_by_their_texts_and_of_the_models_tokenizer(self):
        cache, ids, _ = self.of_family("llama_linear")
        texts = [f"t{number}" for number in ids[0].tolist()]
        self.assertEqual(attenuate.capture(cache, texts).tokens, texts)
        self.assertEqual(attenuate.capture(cache).tokens, [])
        cache.model.tokenizer = types.SimpleNamespace(
            convert_ids_to_tokens=lambda ids: [f"t{number}" for number in ids]
        )
        self.assertEqual(attenuate.capture(cache, ids).tokens, texts)

    def test_what_cannot_be_carried_is_named(self):
        import torch

        def refused(sentence, change, **config):
            cache, ids, _ = self.of_family("llama_linear", **config)
            ids = change(cache, ids) if change else ids
            with self.assertRaisesRegex(attenuate.Refused, sentence):
                attenuate.capture(cache, ids)

        def doubled(cache, ids):
            for name in [name for name in cache if name.startswith("blocks.")]:
                cache[name] = torch.cat([cache[name], cache[name]])
            return ids

        def filtered(cache, ids):
            del cache["blocks.1.attn.hook_v"]
            return ids

        refused("positions by alibi add a bias", None, positional_embedding_type="alibi")
        refused("is of 2 prompts, expected one", doubled)
        refused("the cache has no blocks.1.attn.hook_v: was it made with a names_filter", filtered)
        refused("the cache is of .* tokens, and 1 were given", lambda cache, ids: ids[:, :1])
        refused("layer 0: the weights by the captured rule differ", None, attn_scale=3.0)
        refused("layer 0: .* differ", None, attention_dir="bidirectional")
