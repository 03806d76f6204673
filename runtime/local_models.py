"""Names of models that llama.cpp runs on this machine: ``smollm2``, and ``gguf:PATH`` for any file of weights."""

from typing import Final

PREFIX: Final = "gguf:"
"""Before the path of a file of weights."""
NAME: Final = "smollm2"
"""The model whose weights ``surefoot models --fetch`` gets."""


def is_local(model: str) -> bool:
    """Return whether a model's name stands for weights that are run on this machine by llama.cpp."""
    return model == NAME or model.startswith(PREFIX)
