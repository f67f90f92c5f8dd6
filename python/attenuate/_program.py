"""The program `attenuate`: where it is, and running it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from collections.abc import Mapping, Sequence

from ._refused import Refused

# Names another program than the one that was installed with this module.
VARIABLE = "ATTENUATE_PROGRAM"


def program() -> str:
    """The path of the program: the one that was installed with this module, else the one on the path."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    name = "attenuate.exe" if sys.platform == "win32" else "attenuate"
    for folder in _folders():
        if os.access(folder / name, os.X_OK):
            return str(folder / name)
    found = shutil.which("attenuate")
    if found is None:
        raise Refused(
            f"the program attenuate is not installed: `pip install .` in a checkout brings it, or {VARIABLE} names it"
        )
    return found


def _folders() -> list[Path]:
    """Where an installer puts the programs of this package."""
    import sysconfig

    scripts = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))]
    # `pip install --target FOLDER` puts them beside the package.
    beside = Path(__file__).parent.parent / "bin"
    return [*(Path(folder) for folder in scripts if folder), beside]


def arguments(options: Mapping[str, Any]) -> list[str]:
    """Keyword arguments as the program's options: `compare_head="3:1"` is `--compare-head=3:1`, and a sequence is a list."""
    words = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        words.append(option if value is True else f"{option}={_text(value)}")
    return words


def _text(value: Any) -> str:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value)
    return ",".join(str(part) for part in value)


def source_argument(source: str | os.PathLike[str]) -> list[str]:
    """A source's name or path; what begins with `-` is no option."""
    return ["--", os.fspath(source)]


def run(words: Sequence[str]) -> None:
    """Runs the program and waits for it.

    What it says on standard error when it fails is raised as `Refused`.
    """
    finished = subprocess.run([program(), *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if finished.returncode != 0:
        raise Refused(complaint(finished.stderr) or f"the program ended with status {finished.returncode}")


def complaint(stderr: bytes) -> str:
    """The program's own sentence, without its name."""
    return stderr.decode(errors="replace").strip().removeprefix("attenuate: ")
