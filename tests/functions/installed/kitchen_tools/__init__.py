"""Functions as a user's package has them: good ones, and such as fail in every way."""

import os
from typing import Any


def join(parts: list[str], sign: str = ", ") -> dict[str, str]:
    """Join texts."""
    return {"text": sign.join(parts)}


def fail(word: str) -> None:
    """Raise."""
    raise KeyError(word)


def end() -> None:
    """End the process."""
    os._exit(3)


def block() -> None:
    """Never come back."""
    while True:
        pass


def no_json() -> Any:
    """Give what is no JSON."""
    return {1, 2}
