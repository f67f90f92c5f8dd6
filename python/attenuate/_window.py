"""The window: started with what is handed over, or renewed.

What is handed over lies in the folder where the program keeps its state, a file for each name, readable for its owner alone.
An open window of that name looks at its file and takes what is new; a program that is started for it finds that one open and
ends.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import _program
from ._captured import Capture
from ._outcomes import Source
from ._refused import Refused

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
# Asks the program to say when its window is on screen, and how that line begins.
TIMINGS = "ATTENUATE_TIMINGS"
ON_SCREEN = b"first frame after "

# Windows that were started here, so that each process is looked after when it ends.
_started: list[subprocess.Popen[bytes]] = []


class Shown:
    """What became of `show`: a window, or the sentence why there is none and the file that would be in it."""

    def __init__(self, sentence: str, path: Path | None, is_open: bool) -> None:
        self.sentence = sentence
        # What was handed over; None where the source is no capture of this module.
        self.path = path
        self.is_open = is_open

    def __repr__(self) -> str:
        return self.sentence


def show(source: Source = "bundled:smollm2", *, name: str = "python", **options: Any) -> Shown:
    """Shows a source in a window, and returns while that is open.

    A capture that is shown again under the same `name` renews the window's source in place: what is pinned, ε and the view
    stay where they fit. What is handed over is gone with the window; `Capture.save` keeps it. A source that the program
    opens by name or path gets a window of its own, which follows its file. `options` are those of `attenuate`, for a window
    that is started: `layer=3`, `head=1`, `operation="mean-heads"`.

    Where there is no display the answer is a sentence that says so, with the path of the file.

    >>> import attenuate
    >>> patterns = attenuate.attentions([[1.0, 0.0], [0.25, 0.75]], ["The", "cat"])
    >>> attenuate.show(patterns, name="example")
    No window: ... what was to be shown is ...example.safetensors
    """
    path = None
    if isinstance(source, Capture):
        source = path = _handed_over(source, name)
    if Path(source).exists():
        options["follow"] = True
    said = _window([*_program.arguments(options), *_program.source_argument(source)])
    if said is None:
        return Shown(f"{name}: in a window", path, True)
    where = "" if path is None else f"; what was to be shown is {path}"
    return Shown(f"No window: {said}{where}", path, False)


def _handed_over(capture: Capture, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise Refused(f"name: expected up to 64 letters, digits, points, hyphens and underscores, found {name!r}")
    folder = state_folder() / "shown"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return capture.save(folder / f"{name}.safetensors")


def _window(words: list[str]) -> str | None:
    """Waits until there is a window, of this program or of one before; else what the program says."""
    process = subprocess.Popen(
        [_program.program(), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, TIMINGS: "1"},
        # Neither an interrupted cell nor a closed terminal ends the window.
        start_new_session=True,
    )
    _started[:] = [window for window in _started if window.poll() is None] + [process]
    assert process.stderr is not None
    said = b""
    with process.stderr:
        for line in process.stderr:
            if line.startswith(ON_SCREEN):
                return None
            said += line
    # It has ended: in vain, or because another window has what was handed over.
    return None if process.wait() == 0 else _program.complaint(said)


def state_folder() -> Path:
    """Where the program keeps what it remembers by itself: `src/base/state_folder.rs` says the same."""
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        folder = str(Path.home() / "Library" / "Application Support")
    else:
        folder = os.environ.get("XDG_STATE_HOME", "")
    return (Path(folder) if os.path.isabs(folder) else Path.home() / ".local" / "state") / "attenuate"
