"""Attention patterns alone, of every kind of array, by way of the program."""

import unittest

import support
import attenuate
from attenuate import _tensors

ROWS = [[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.5, 0.125, 0.375]]


@support.needs("numpy")
class Patterns(support.InFolder):
    def weights_of(self, arrays, **place):
        return attenuate.weights(attenuate.attentions(arrays, ["a", "b", "c"]), **place)

    def test_lists(self):
        found = self.weights_of(ROWS)
        self.assertEqual(found.baseline.tolist(), ROWS)
        self.assertEqual(found.tokens, ["a", "b", "c"])

    def test_numpy_of_every_type_and_order(self):
        import numpy

        for dtype in ("float16", "float32", "float64", ">f8"):
            x = numpy.asarray([ROWS, [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1]]], dtype=dtype)
            self.assertEqual(self.weights_of(x, head=1).baseline.tolist(), x[1].tolist(), dtype)
            turned = numpy.asfortranarray(x)
            self.assertEqual(self.weights_of(turned, head=0).baseline.tolist(), ROWS, dtype)

    @support.needs("torch")
    def test_torch_as_output_attentions_gives_them(self):
        import torch

        first = torch.tensor([[ROWS, ROWS]], requires_grad=True)
        second = torch.tensor([[ROWS, [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]]]).transpose(2, 3).transpose(2, 3)
        patterns = attenuate.attentions((first, second))
        self.assertEqual(patterns.shapes, {"attention": (2, 1, 2, 3, 3)})
        self.assertEqual(attenuate.weights(patterns, layer=1, head=1).baseline.tolist(), second[0, 1].tolist())
        half = first.detach().bfloat16()
        self.assertEqual(attenuate.weights(attenuate.attentions(half)).baseline.tolist(), ROWS)

    def test_a_figure_of_patterns_displays_and_carries_no_dead_path(self):
        patterns = attenuate.attentions(ROWS, ["a", "b", "c"])
        svg = attenuate.figure(patterns)
        self.assertTrue(svg._repr_svg_().startswith("<svg"))
        self.assertIsNone(svg._repr_png_())
        self.assertNotIn("capture.safetensors", svg._repr_svg_())
        png = attenuate.figure(patterns, format="png", dpi=72)
        self.assertTrue(png._repr_png_().startswith(b"\x89PNG"))
        self.assertEqual(png.save(self.folder / "x.png").read_bytes(), png.data)
        with self.assertRaisesRegex(attenuate.Refused, "the figure is PNG"):
            png.save(self.folder / "x.svg")


class Refusals(unittest.TestCase):
    def test_what_is_no_pattern_is_named(self):
        cases = [
            ("text", "expected an array of numpy or torch or nested lists of numbers, found str"),
            ([["a"]], "expected numbers, found str"),
            ([[1.0, 0.0], [1.0]], "its rows are not of equal length"),
        ]
        for arrays, sentence in cases:
            with self.assertRaisesRegex(attenuate.Refused, sentence):
                attenuate.attentions(arrays)
        with self.assertRaisesRegex(attenuate.Refused, "attention: there are no layers"):
            attenuate.attentions([])
        with self.assertRaisesRegex(attenuate.Refused, "attention: it has no numbers"):
            attenuate.figure(attenuate.attentions([[]]))

    @support.needs("numpy")
    def test_layers_of_other_shapes_and_types_are_named(self):
        import numpy

        with self.assertRaisesRegex(attenuate.Refused, "attention of layer 1 is F32 .* that of layer 0 F64"):
            attenuate.attentions([numpy.zeros((1, 2, 2)), numpy.zeros((1, 2, 2), "f4")])
        with self.assertRaisesRegex(attenuate.Refused, "expected numbers of the type .* found int64"):
            attenuate.attentions(numpy.zeros((2, 2), int))

    def test_what_the_program_refuses_it_says_itself(self):
        with self.assertRaisesRegex(attenuate.Refused, "sum"):
            attenuate.figure(attenuate.attentions([[1.0, 0.0], [0.25, 0.5]]))


@support.needs("safetensors", "numpy")
class Files(support.InFolder):
    def test_a_capture_is_a_file_for_its_owner(self):
        import numpy
        from safetensors.numpy import load_file

        x = numpy.random.default_rng(7).random((2, 3, 5), dtype="f4")
        path = self.folder / "x.safetensors"
        _tensors.write(path, {"q": _tensors.tensor(x, "q"), "k": _tensors.tensor(x[0, 0, :3], "k")}, {"note": "ε"})
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertTrue((load_file(path)["q"] == x).all())
        self.assertEqual([name.name for name in self.folder.iterdir()], ["x.safetensors"])

    def test_what_cannot_be_written_leaves_what_was_there(self):
        path = self.folder / "x.safetensors"
        path.write_bytes(b"before")
        with self.assertRaises(attenuate.Refused):
            _tensors.write(path, {"q": _tensors.tensor([], "q")}, {})
        self.assertEqual(path.read_bytes(), b"before")
        with self.assertRaisesRegex(attenuate.Refused, "ends in .safetensors"):
            attenuate.attentions(ROWS).save(self.folder / "x.npz")
