"""See a transformer's attention while its Query, Key or Value is turned down.

The functions of this module hand things over to the program `attenuate`, which was installed with it, and hand back what
it computes; no number is computed here. numpy, torch and transformers are needed only where what is handed over is theirs.

- `capture` takes query, key and value of every layer of a model of yours, or out of a TransformerLens cache;
- `attentions` takes attention patterns alone;
- `figure` draws, in a notebook into the page;
- `weights` computes, as numpy arrays;
- `show` opens a window, or renews the one that is open.

`figure`, `weights` and `show` take what `capture` and `attentions` return, and whatever the program opens by name or path:
`"bundled:smollm2"`, a model folder, a GGUF file, a capture, a session.
"""

TYPE_CHECKING = False  # typing's own would have to import it
if TYPE_CHECKING:
    from ._captured import Capture, attentions
    from ._capturing import capture
    from ._outcomes import Figure, Weights, figure, weights
    from ._refused import Refused
    from ._window import Shown, show

__all__ = ["Capture", "Figure", "Refused", "Shown", "Weights", "attentions", "capture", "figure", "show", "weights"]

# Where each name is: a module is read when it is first used, so that importing this one costs next to nothing.
_HOMES = {
    "Capture": "_captured",
    "Figure": "_outcomes",
    "Refused": "_refused",
    "Shown": "_window",
    "Weights": "_outcomes",
    "attentions": "_captured",
    "capture": "_capturing",
    "figure": "_outcomes",
    "show": "_window",
    "weights": "_outcomes",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
