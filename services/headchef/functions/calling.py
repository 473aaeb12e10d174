"""Calls a function, inside a process of the workshop, and says in plain values what came of it.

No error of a user's package leaves the process as an object: who reads it could not make it again, or would end by it.
"""

import signal
import traceback
from typing import NamedTuple

import orjson

from headchef.extensions import NoSuchExtension
from headchef.functions.named import installed
from headchef.runtime.children import END_WITH_PARENT
from headchef.schema import MAX_DEPTH, depth_of

_MAX_MESSAGE_CHARACTERS = 2_000


class Came(NamedTuple):
    """What came of a call.

    Attributes:
        reason: as that of `CallFailed`; None where the function gave JSON.
        given: that JSON, or the message; UTF-8.
    """

    reason: str | None
    given: bytes


def begin() -> None:
    """Prepare a new process: it ends when its parent is killed, and when its parent says so, but by no signal to all.

    A supervisor may send its signal to every process of a service, which then finishes what it has begun.
    """
    if END_WITH_PARENT is not None:
        END_WITH_PARENT()
    # Not ignored: that would be handed down to the programs that a function runs.
    signal.signal(signal.SIGTERM, lambda *_: None)


def called(name: str, arguments: bytes, max_output_bytes: int) -> Came:
    """Call a function by its name.

    Args:
        name: of an entry point.
        arguments: a JSON object, UTF-8.
        max_output_bytes: of the JSON that it may give.
    """
    try:
        function = installed().named(name)
    except NoSuchExtension as error:
        return _failed("unknown_function", str(error))
    except BaseException as error:  # noqa: BLE001 - its package may even try to end the process while it is loaded
        return _failed("unknown_function", f"{name} cannot be loaded: {_in_words(error)}")
    try:
        output = function(**orjson.loads(arguments))
    except BaseException as error:  # noqa: BLE001 - whatever it raises is a failure of this call alone
        return _failed("raised", f"{name} raised {_in_words(error)}")
    try:
        given = orjson.dumps(output)
    except TypeError as error:
        return _failed("not_json", f"{name} gave what is no JSON: {error}")
    if len(given) > max_output_bytes:
        return _failed("too_large", f"{name} gave {len(given):,} bytes of JSON; at most {max_output_bytes:,} are taken")
    if depth_of(output, MAX_DEPTH) > MAX_DEPTH:
        return _failed("too_deep", f"{name} gave what is nested deeper than {MAX_DEPTH} levels")
    return Came(None, given)


def _failed(reason: str, message: str) -> Came:
    return Came(reason, message[:_MAX_MESSAGE_CHARACTERS].encode(errors="replace"))


def _in_words(error: BaseException) -> str:
    """Say what an error is; also where it cannot say so itself."""
    return "".join(traceback.format_exception_only(error)).strip()
