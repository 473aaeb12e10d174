"""Functions as a user's package has them: good ones, and such as fail in every way."""

import os
import sys
import time
from pathlib import Path
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


class Odd(Exception):
    """An error that no other process can make again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def raise_oddly() -> None:
    """Raise that."""
    raise Odd("a", "b")


class Mute(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError


def raise_mutely() -> None:
    """Raise that."""
    raise Mute


def leave() -> None:
    """Ask for the end of the program."""
    sys.exit(5)


def write(characters: int) -> str:
    """Give a long text."""
    return "x" * characters


def complain(characters: int) -> None:
    """Raise with a long text."""
    raise ValueError("x" * characters)


def nest(levels: int) -> Any:
    """Give lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def whoami() -> int:
    """Give the number of the process."""
    return os.getpid()


def wait_for(path: str, begun: str) -> str:
    """Write down that it has begun, in which process, and wait for a file; give its text."""
    Path(begun).write_text(str(os.getpid()))
    found = Path(path)
    # One that is empty is still being written.
    while not (found.exists() and (text := found.read_text())):
        time.sleep(0.01)
    return text


def note(path: str, word: str, pause_s: float = 0) -> dict[str, str]:
    """Write a word into a file behind all others, and give it."""
    time.sleep(pause_s)
    with Path(path).open("a") as out:
        out.write(f"{word}\n")
    return {"word": word}
