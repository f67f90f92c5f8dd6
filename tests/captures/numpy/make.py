"""Writes stored.npz and deflated.npz as numpy itself does (made with numpy 2.4.6)."""
import numpy

def counting(*shape):
    return numpy.arange(numpy.prod(shape)).reshape(shape)

arrays = dict(
    q=counting(2, 4, 3, 2).astype("<f2"),
    k=numpy.asfortranarray(counting(2, 2, 3, 2).astype(">f8")),
    v=counting(2, 2, 3, 5).astype("<f4"),
    tokens=numpy.array(["<s>", "Ġé", "😀"]),
    token_ids=counting(3),
    scale=0.25,
    causal=False,
    model="numpy’s own",
)
numpy.savez("stored.npz", **arrays)
numpy.savez_compressed("deflated.npz", **arrays)
