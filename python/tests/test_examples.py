"""The example of every docstring runs."""

import doctest
import importlib
import pkgutil

import support
import attenuate


class Examples(support.InFolder):
    def setUp(self):
        super().setUp()
        # The example of `show` is of a machine without a display.
        for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
            self.set(variable, None)

    def run_example_of(self, name):
        found = getattr(attenuate, name)
        home = importlib.import_module(found.__module__)
        (example,) = doctest.DocTestFinder(recurse=False).find(found, name, globs={"__name__": home.__name__})
        self.assertTrue(example.examples, f"{name} has no example")
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
        self.assertEqual(result.failed, 0, name)

    def test_attentions(self):
        self.run_example_of("attentions")

    def test_figure(self):
        self.run_example_of("figure")

    def test_show(self):
        self.run_example_of("show")

    @support.needs("numpy")
    def test_weights(self):
        self.run_example_of("weights")

    @support.needs("torch", "transformers")
    def test_capture(self):
        self.run_example_of("capture")

    def test_every_public_name_is_documented(self):
        for name in attenuate.__all__:
            self.assertTrue((getattr(attenuate, name).__doc__ or "").strip(), name)

    def test_every_module_says_what_it_is(self):
        for module in pkgutil.iter_modules(attenuate.__path__):
            text = (support.Path(attenuate.__path__[0]) / f"{module.name}.py").read_text(encoding="utf-8")
            self.assertTrue(text.startswith('"""'), module.name)
