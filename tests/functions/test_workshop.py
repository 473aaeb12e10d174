"""Functions of a user's package in processes of their own: good ones, and those that fail in any way."""

import asyncio
import os
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
import pytest

from headchef.extensions import NoSuchExtension
from headchef.functions import GROUP, CallFailed, Workshop, functions
from tests.support.eventually import eventually

HELLO = {"parts": ["a", "b"]}


async def test_a_function_gets_json_by_name_and_gives_json(workshop: Workshop) -> None:
    assert await workshop.call("kitchen.join", HELLO, 60) == {"text": "a, b"}
    assert await workshop.call("kitchen.join", {**HELLO, "sign": "-"}, 60) == {"text": "a-b"}
    assert await workshop.call("kitchen.write", {"characters": 998}, 60) == "x" * 998
    assert await workshop.call("kitchen.nest", {"levels": 64}, 60)


@pytest.mark.parametrize(
    ("name", "arguments", "reason", "message"),
    [
        ("kitchen.fail", {"word": "x"}, "raised", "kitchen.fail raised KeyError: 'x'"),
        ("kitchen.fail", {"wort": "x"}, "raised", "unexpected keyword argument 'wort'"),
        ("kitchen.raise_oddly", {}, "raised", "kitchen.raise_oddly raised kitchen_tools.Odd: ab"),
        ("kitchen.raise_mutely", {}, "raised", "kitchen.raise_mutely raised kitchen_tools.Mute"),
        ("kitchen.complain", {"characters": 1_000_000}, "raised", "kitchen.complain raised ValueError: xxx"),
        ("kitchen.leave", {}, "raised", "kitchen.leave raised SystemExit: 5"),
        ("kitchen.end", {}, "crashed", "kitchen.end ended its process with exit code 3"),
        ("kitchen.block", {}, "timeout", "kitchen.block took more than 0.5 s, and was ended"),
        ("kitchen.no_json", {}, "not_json", "kitchen.no_json gave what is no JSON"),
        ("kitchen.write", {"characters": 999}, "too_large", "gave 1,001 bytes of JSON; at most 1,000 are taken"),
        ("kitchen.nest", {"levels": 65}, "too_deep", "nested deeper than 64 levels"),
        ("kitchen.fail", {"word": 2**70}, "bad_arguments", "kitchen.fail cannot be given its arguments"),
        ("kitchen.gone", {}, "unknown_function", "the function 'kitchen.gone' of kitchen-tools cannot be loaded"),
        ("kitchen.leaving", {}, "unknown_function", "kitchen.leaving cannot be loaded: SystemExit: 1"),
        ("kitchen.jion", {}, "unknown_function", "there is no function 'kitchen.jion'; did you mean kitchen.join?"),
    ],
)
async def test_one_that_fails_is_told_of_and_harms_no_other(
    workshop: Workshop, name: str, arguments: dict[str, Any], reason: str, message: str
) -> None:
    with pytest.raises(CallFailed) as failed:
        # The time counts from when a process is ready for the call.
        await workshop.call(name, arguments, 0.5 if reason == "timeout" else 60)
    assert failed.value.reason == reason
    assert message in failed.value.message
    assert len(failed.value.message) <= 2_000
    assert await workshop.call("kitchen.join", HELLO, 60) == {"text": "a, b"}


async def test_calls_wait_for_their_turn(workshop: Workshop) -> None:
    calls = [workshop.call("kitchen.join", {"parts": [str(number)]}, 60) for number in range(20)]
    assert await asyncio.gather(*calls) == [{"text": str(number)} for number in range(20)]


async def test_a_call_that_is_given_up_makes_room_for_the_next(workshop: Workshop, tmp_path: Path) -> None:
    call = asyncio.ensure_future(workshop.call("kitchen.wait_for", waiting(tmp_path), 60))
    pid = await begun(tmp_path)
    call.cancel()
    assert await workshop.call("kitchen.join", HELLO, 60) == {"text": "a, b"}
    assert has_ended(pid)


async def test_processes_that_were_ended_from_outside_are_replaced(workshop: Workshop) -> None:
    killed = await workshop.call("kitchen.whoami", {}, 60)
    os.kill(killed, signal.SIGKILL)
    assert await workshop.call("kitchen.whoami", {}, 60) != killed
    assert await workshop.call("kitchen.join", HELLO, 60) == {"text": "a, b"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_all_processes_of_a_service_ends_no_call(
    workshop: Workshop, tmp_path: Path, number: signal.Signals
) -> None:
    call = asyncio.ensure_future(workshop.call("kitchen.wait_for", waiting(tmp_path), 60))
    os.kill(await begun(tmp_path), number)
    (tmp_path / "go").write_text("done")
    assert await call == "done"


@pytest.mark.usefixtures("installed")
async def test_functions_end_with_a_service_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio\nfrom headchef.functions import Workshop\nif __name__ == '__main__':\n"
        f"    asyncio.run(Workshop(1).call('kitchen.wait_for', {waiting(tmp_path)!r}, 60))\n"
    )
    script = tmp_path / "service.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, script]) as service:
        pid = await begun(tmp_path)
        service.kill()
    await eventually(lambda: has_ended(pid))


def waiting(folder: Path) -> dict[str, str]:
    return {"path": str(folder / "go"), "begun": str(folder / "begun")}


async def begun(folder: Path) -> int:
    """Give the process in which `kitchen.wait_for` has begun."""
    found = folder / "begun"
    return int(await eventually(lambda: found.exists() and found.read_text()))


def has_ended(pid: int) -> bool:
    """Say whether a process is no more, or only waits for somebody to note its end."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_workshop_that_was_never_used_is_closed() -> None:
    Workshop(1).close()


def test_what_is_no_function_is_none() -> None:
    found = functions([EntryPoint("kitchen.page", f"{__name__}:HELLO", GROUP)])
    with pytest.raises(NoSuchExtension, match="is no function"):
        found.named("kitchen.page")
