"""The functions that steps of simulated workflows call: a few, fixed by name, which run in the process itself.

What one gives, or why it fails, follows from its name and arguments alone; only how long it takes is left to chance.
"""

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from headchef.functions import CallFailed

_MEAN_S = 0.05


def _join(parts: list[Any], sign: str = " ") -> str:
    return sign.join(map(str, parts))


def _count(items: list[Any]) -> dict[str, int]:
    return {"count": len(items)}


def _same(value: Any) -> Any:
    return value


def _fail(word: str = "") -> None:
    raise CallFailed("raised", f"fail raised ValueError: {word}")


def _end() -> None:
    raise CallFailed("crashed", "end ended its process with exit code 3")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "join": _join,
    "count": _count,
    "same": _same,
    "fail": _fail,
    "end": _end,
}


class SimulatedWorkshop:
    """Stands in for the processes that call functions.

    Args:
        chance: says how long a call takes, twice the mean at most; `block` takes longer than any may.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    async def call(self, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:
        """Call a function by its name, and give the JSON that it gave. Raises CallFailed where there is none."""
        if name == "block":
            await asyncio.sleep(timeout_s)
            raise CallFailed("timeout", f"block took more than {timeout_s:g} s, and was ended")
        if (function := FUNCTIONS.get(name)) is None:
            raise CallFailed("unknown_function", f"there is no function {name!r}")
        await asyncio.sleep(self._chance.uniform(0, 2 * _MEAN_S))
        return function(**arguments)
