"""Arrays of numpy, torch or plain lists as safetensors files, by the standard library alone.

The format is a header of JSON behind its length in 8 bytes, then the numbers: https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import array
import ctypes
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Union
from collections.abc import Mapping

from ._refused import Refused

if TYPE_CHECKING:
    import numpy
    import torch

    Array = Union[numpy.ndarray, torch.Tensor, list[Any], tuple[Any, ...]]

# What a capture may hold, by numpy's and torch's names.
DTYPES = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64"}
ALIGNMENT = 8


class Tensor(NamedTuple):
    """Numbers in row-major order. `owner` keeps the memory of `data`."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview
    owner: Any


def tensor(x: Array, name: str) -> Tensor:
    """The numbers of an array, where possible without a copy; `name` is what a refusal calls it."""
    if type(x).__module__.partition(".")[0] == "torch":
        return _of_torch(x, name)
    if hasattr(x, "__array_interface__"):
        return _of_numpy(x, name)
    if isinstance(x, (list, tuple)):
        return _of_lists(x, name)
    raise Refused(f"{name}: expected an array of numpy or torch or nested lists of numbers, found {type(x).__name__}")


def _of_torch(x: torch.Tensor, name: str) -> Tensor:
    x = x.detach().cpu().contiguous()
    dtype = _dtype(str(x.dtype).removeprefix("torch."), name)
    n_bytes = x.numel() * x.element_size()
    if n_bytes == 0:
        return Tensor(dtype, tuple(x.shape), memoryview(b""), x)
    data = (ctypes.c_char * n_bytes).from_address(x.data_ptr())
    return Tensor(dtype, tuple(x.shape), memoryview(data).cast("B"), x)


def _of_numpy(x: numpy.ndarray, name: str) -> Tensor:
    import numpy

    dtype = _dtype(x.dtype.name, name)
    x = numpy.ascontiguousarray(x, dtype=x.dtype.newbyteorder("<"))
    return Tensor(dtype, x.shape, memoryview(x.tobytes()), x)


def _of_lists(x: Any, name: str) -> Tensor:
    shape, level = [], x
    while isinstance(level, (list, tuple)):
        shape.append(len(level))
        level = level[0] if level else None
    numbers = array.array("f")

    def fill(x: Any, axis: int) -> None:
        if axis == len(shape):
            try:
                numbers.append(x)
            except TypeError:
                raise Refused(f"{name}: expected numbers, found {type(x).__name__}") from None
        elif not isinstance(x, (list, tuple)) or len(x) != shape[axis]:
            raise Refused(f"{name}: its rows are not of equal length")
        else:
            for part in x:
                fill(part, axis + 1)

    fill(x, 0)
    if sys.byteorder == "big":
        numbers.byteswap()
    return Tensor("F32", tuple(shape), memoryview(numbers).cast("B"), numbers)


def _dtype(name: str, of: str) -> str:
    if name not in DTYPES:
        raise Refused(f"{of}: expected numbers of the type {', '.join(DTYPES)}, found {name}")
    return DTYPES[name]


def write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Writes a safetensors file whole or not at all, for its owner alone."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, x in tensors.items():
        begin, end = end, end + x.data.nbytes
        if math.prod(x.shape) == 0:
            raise Refused(f"{name}: it has no numbers, its shape is {list(x.shape)}")
        header[name] = {"dtype": x.dtype, "shape": x.shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    # Readable and writable by its owner alone, as mkstemp makes it.
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(len(text).to_bytes(8, "little"))
            file.write(text)
            for x in tensors.values():
                file.write(x.data)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
