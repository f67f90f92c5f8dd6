"""What the tests of the Python module share. `python -m unittest discover python/tests` runs them all.

ATTENUATE_PROGRAM names the program that is tested; without it the one on the path is.
"""

import importlib.util
import os
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAMILIES = ROOT / "tests" / "goldens" / "families"

# The checkout's module, unless a wheel is tested.
if "ATTENUATE_WHEEL" not in os.environ:
    sys.path.insert(0, str(ROOT / "python"))


def needs(*packages):
    """Skips a test where a package is missing, and says so."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    return unittest.skipIf(missing, f"{', '.join(missing)} not installed")


class InFolder(unittest.TestCase):
    """A test with a folder of its own, in which the program's state is too."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.set("XDG_STATE_HOME", str(self.folder / "state"))

    def set(self, variable, value):
        """Sets an environment variable for the test; None removes it."""
        before = os.environ.get(variable)

        def put(value):
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value

        put(value)
        self.addCleanup(put, before)
