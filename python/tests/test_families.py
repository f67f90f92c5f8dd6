"""Every golden family through the module and the program: baseline weights of every head beside `output_attentions`."""

import support
import attenuate
from attenuate import _program
from capture_families import families

TOLERANCE = 1e-5


@support.needs("torch", "transformers", "safetensors", "numpy")
class Families(support.InFolder):
    def test_every_head_of_every_family(self):
        import numpy
        from safetensors.numpy import load_file

        n_captured = 0
        for name, model, ids in families(support.FAMILIES):
            with self.subTest(name):
                own = load_file(support.FAMILIES / name / "golden.safetensors")["base.attn"]
                path = attenuate.capture(model, ids).save(self.folder / f"{name}.safetensors")
                output = self.folder / name / "{layer}-{head}.npz"
                output.parent.mkdir()
                _program.run(
                    ["weights", f"--output={output}", "--layer=all", "--head=all", "--rows=query", "--", str(path)]
                )
                files = sorted(output.parent.iterdir())
                self.assertEqual(len(files), own.shape[0] * own.shape[1])
                for file in files:
                    found = numpy.load(file)
                    expected = own[int(found["layer"]), int(found["head"])]
                    off = abs(found["baseline"].astype("f8") - expected).max()
                    self.assertLess(off, TOLERANCE, f"{name}: {file.stem}")
                n_captured += 1
        self.assertGreaterEqual(n_captured, 50)

    def test_a_model_that_is_read_by_hooks_is_left_as_it_was(self):
        for name, model, ids in families(support.FAMILIES, ["bloom", "falcon", "gpt_neo", "mpt"]):
            with self.subTest(name):
                before = model.config._attn_implementation
                attenuate.capture(model, ids)
                self.assertEqual(model.config._attn_implementation, before)
                self.assertFalse(any(module._forward_pre_hooks for module in model.modules()))

    def test_a_bias_that_depends_on_the_query_is_refused(self):
        for name, model, ids in families(support.FAMILIES, ["mpt"]):
            build = model.build_mpt_alibi_tensor
            model.build_mpt_alibi_tensor = lambda *given, **named: build(*given, **named).repeat(1, ids.shape[1], 1)
            with self.assertRaisesRegex(attenuate.Refused, "a bias that depends on the query"):
                attenuate.capture(model, ids)

    def test_the_model_is_left_as_it_was(self):
        _name, model, ids = next(families(support.FAMILIES, ["gpt_oss"]))
        model.set_attn_implementation("sdpa" if model._supports_sdpa else "eager")
        before = model.config._attn_implementation
        model.train()
        list(model.modules())[-1].training = False
        training = [module.training for module in model.modules()]
        attenuate.capture(model, ids)
        self.assertEqual(model.config._attn_implementation, before)
        self.assertEqual([module.training for module in model.modules()], training)

    def test_what_is_given_is_read_or_named(self):
        import numpy

        _name, model, ids = next(families(support.FAMILIES, ["llama_linear"]))
        plain = ids[0].tolist()
        expected = attenuate.capture(model, ids).metadata
        for given in (plain, numpy.array(plain), ids[0], {"input_ids": ids}):
            self.assertEqual(attenuate.capture(model, given).metadata, expected)
        named = attenuate.capture(model, plain, name="mine")
        self.assertEqual((named.metadata["model"], named.tokens), ("mine", []))
        for given, sentence in [
            (None, "expected a tokenizer and a prompt, or token ids"),
            ([plain, plain], "expected those of one prompt"),
            ([], "there are no token ids"),
            ([0.5], "expected integers"),
            (len, "expected a prompt for the tokenizer"),
        ]:
            with self.assertRaisesRegex(attenuate.Refused, sentence):
                attenuate.capture(model, given)
        with self.assertRaisesRegex(
            attenuate.Refused, "expected a model of transformers or an ActivationCache, found str"
        ):
            attenuate.capture("gpt2", plain)

    def test_a_tokenizer_reads_the_prompt(self):

        class Tokenizer:
            """With the two doors of transformers' tokenizers that are used."""

            def __call__(self, prompt):
                return type("BatchEncoding", (), {"input_ids": [len(word) for word in prompt.split()]})

            def convert_ids_to_tokens(self, ids):
                return [f"Ġ{number}" for number in ids]

        _name, model, _ids = next(families(support.FAMILIES, ["llama_linear"]))
        found = attenuate.capture(model, Tokenizer(), "one three five")
        self.assertEqual(found.tokens, ["Ġ3", "Ġ5", "Ġ4"])
        self.assertEqual(found.metadata["prompt"], "one three five")
        self.assertEqual(found.metadata["token_ids"], "[3, 5, 4]")
