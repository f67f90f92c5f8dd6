"""Importing the module, finding the program, and `python -m attenuate`."""

import os
import subprocess
import sys
import unittest

import support
import attenuate
from attenuate import _program


def python(code, **environment):
    path = os.path.dirname(os.path.dirname(attenuate.__file__))
    environment = {**os.environ, "PYTHONPATH": path, **environment}
    return subprocess.run([sys.executable, *code], env=environment, capture_output=True, text=True, check=False)


class Module(support.InFolder):
    def test_importing_reads_nothing_else(self):
        code = "import sys; before = set(sys.modules); import attenuate; print(sorted(set(sys.modules) - before))"
        self.assertEqual(python(["-c", code]).stdout.strip(), "['attenuate']")

    def test_python_m_is_the_command(self):
        ran = python(["-m", "attenuate", "--version"])
        self.assertRegex(ran.stdout, r"^attenuate \d+\.\d+\.\d+")
        ran = python(["-m", "attenuate", "export", "--rows", "nothing", "-o", "x.svg"])
        self.assertEqual(ran.returncode, 2)
        self.assertIn("nothing", ran.stderr)

    def test_a_missing_program_is_one_sentence(self):
        ran = python(["-m", "attenuate"], ATTENUATE_PROGRAM="", PATH=str(self.folder))
        if ran.returncode == 0 or "not installed" not in ran.stderr:
            self.skipTest("the program is installed with this interpreter")
        self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)

    def test_names_are_those_of_the_documentation(self):
        self.assertEqual(set(attenuate.__all__) - set(dir(attenuate)), set())
        with self.assertRaises(AttributeError):
            getattr(attenuate, "nothing")


class Options(unittest.TestCase):
    def test_keyword_arguments_are_the_programs_options(self):
        given = dict(layer=3, epsilon=[0.5, 1e-10, 0], per_panel=True, no_bos=False, prompt="--x y", norm=None)
        expected = ["--layer=3", "--epsilon=0.5,1e-10,0", "--per-panel", "--prompt=--x y"]
        self.assertEqual(_program.arguments(given), expected)

    def test_what_the_program_refuses_is_its_own_sentence(self):
        with self.assertRaises(attenuate.Refused) as refused:
            attenuate.figure("bundled:austen", layer=99)
        self.assertNotIn("attenuate:", str(refused.exception))
        self.assertIn("99", str(refused.exception))
        with self.assertRaisesRegex(attenuate.Refused, "(?i)no such file"):
            attenuate.figure("-nowhere.safetensors")
        with self.assertRaisesRegex(attenuate.Refused, "format: expected svg, png, pdf, found gif"):
            attenuate.figure(format="gif")
