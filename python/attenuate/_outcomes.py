"""What the program computes of a source: figures and numbers."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union
from collections.abc import Iterator, Mapping, Sequence

from . import _program
from ._captured import Capture
from ._refused import Refused

if TYPE_CHECKING:
    import numpy

Source = Union[Capture, str, "os.PathLike[str]"]

FORMATS = ("svg", "png", "pdf")


class Figure:
    """A figure as the program drew it. In a notebook it displays itself, where it is SVG or PNG."""

    def __init__(self, data: bytes, format: str) -> None:
        self.data = data
        self.format = format

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the figure. Returns its path, whose ending has to be the figure's format."""
        path = Path(path)
        if path.suffix.lower() != f".{self.format}":
            raise Refused(f"{path}: the figure is {self.format.upper()}; ask figure() for another format")
        path.write_bytes(self.data)
        return path

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.format == "png" else None

    def __repr__(self) -> str:
        return f"<Figure: {self.format.upper()}, {len(self.data)} bytes>"


class Weights(Mapping[str, "numpy.ndarray"]):
    """Exact weights as numpy arrays, and what they are of.

    `baseline` is `[T, T]`; `query`, `key` and `value`, those rows that were asked for, are `[columns, T, T]`; `epsilon` is
    `[rows, columns]`. Rows of a pattern are queries, and a masked cell is 0. Every array of the file is there by its name,
    as `weights["query_rest"]`: `docs/command-line.md` has them.
    """

    def __init__(self, arrays: Mapping[str, numpy.ndarray]) -> None:
        self._arrays = dict(arrays)

    def __getitem__(self, name: str) -> numpy.ndarray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    @property
    def baseline(self) -> numpy.ndarray:
        """The unmodified weights, `[T, T]`."""
        return self["baseline"]

    @property
    def query(self) -> numpy.ndarray:
        """The weights when Query is modified, `[columns, T, T]`."""
        return self["query"]

    @property
    def key(self) -> numpy.ndarray:
        """The weights when Key is modified, `[columns, T, T]`."""
        return self["key"]

    @property
    def value(self) -> numpy.ndarray:
        """The weights when Value is modified, `[columns, T, T]`."""
        return self["value"]

    @property
    def epsilon(self) -> numpy.ndarray:
        """ε of every panel, `[rows, columns]`."""
        return self["epsilon"]

    @property
    def tokens(self) -> list[str]:
        """The tokens as the vocabulary writes them."""
        return [str(token) for token in self["tokens"]]

    @property
    def layer(self) -> int:
        """The layer's number."""
        return int(self["layer"])

    @property
    def head(self) -> int:
        """The query head's number."""
        return int(self["head"])

    def __repr__(self) -> str:
        rows = [name for name in ("query", "key", "value", "output") if name in self]
        n = len(self.baseline)
        return f"<Weights: layer {self.layer}, head {self.head}, T = {n}, {', '.join(['baseline', *rows])}>"


def figure(
    source: Source = "bundled:smollm2",
    *,
    format: str = "svg",
    layer: int | None = None,
    head: int | None = None,
    epsilon: Sequence[float] | None = None,
    prompt: str | None = None,
    **options: Any,
) -> Figure:
    """Draws the attention patterns of one head, its Query, Key or Value turned down, as SVG, PNG or PDF.

    `epsilon` are the columns. All other options of `attenuate export` are keyword arguments: `rows=["query"]`,
    `heads="all"`, `quantity="difference"`, `size="178x80"`. What the program refuses is raised as `Refused`.

    >>> import attenuate
    >>> drawn = attenuate.figure("bundled:austen", layer=5, head=1, epsilon=[0.5, 0.1, 0], rows=["query", "value"])
    >>> drawn._repr_svg_().startswith("<svg")
    True
    >>> attenuate.figure("bundled:austen", rows="nothing")
    Traceback (most recent call last):
    ...
    attenuate._refused.Refused: ...nothing...
    """
    if format not in FORMATS:
        raise Refused(f"format: expected {', '.join(FORMATS)}, found {format}")
    options = dict(layer=layer, head=head, epsilon=epsilon, prompt=prompt, **options)
    if isinstance(source, Capture):
        # Its file is gone when the figure is there.
        options["no_session"] = True
    with _made("export", source, f"figure.{format}", options) as file:
        return Figure(file.read_bytes(), format)


def weights(
    source: Source = "bundled:smollm2",
    *,
    layer: int | None = None,
    head: int | None = None,
    epsilon: Sequence[float] | None = None,
    prompt: str | None = None,
    **options: Any,
) -> Weights:
    """Computes the exact attention weights of one head, unmodified and with its Query, Key or Value turned down.

    They are evaluated in f64 and rounded once. Options are those of `attenuate weights`. Needs numpy.

    >>> import attenuate
    >>> found = attenuate.weights("bundled:austen", layer=5, head=1, epsilon=[1, 0], rows=["query"])
    >>> found
    <Weights: layer 5, head 1, T = 20, baseline, query>
    >>> bool((found.query[0] == found.baseline).all())
    True
    >>> found.query[1][3, :5].tolist()
    [0.25, 0.25, 0.25, 0.25, 0.0]
    """
    import numpy

    options = dict(layer=layer, head=head, epsilon=epsilon, prompt=prompt, **options)
    with _made("weights", source, "weights.npz", options) as file, numpy.load(file) as arrays:
        return Weights(dict(arrays))


@contextmanager
def _made(command: str, source: Source, name: str, options: Mapping[str, Any]) -> Iterator[Path]:
    """The file that a command writes, as long as it is looked at."""
    with tempfile.TemporaryDirectory(prefix="attenuate-") as folder:
        output = Path(folder) / name
        if isinstance(source, Capture):
            source = source.save(Path(folder) / "capture.safetensors")
        words = [command, f"--output={output}", *_program.arguments(options), *_program.source_argument(source)]
        _program.run(words)
        yield output
