"""Functions of a user's package in processes of their own: good ones, and those that fail in any way."""

import asyncio
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from headchef.extensions import NoSuchExtension
from headchef.functions import GROUP, CallFailed, Workshop, functions

INSTALLED = Path(__file__).with_name("installed")


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """A workshop where the package is installed, for this process and for those that it starts."""
    monkeypatch.syspath_prepend(str(INSTALLED))
    monkeypatch.setenv("PYTHONPATH", str(INSTALLED), prepend=":")
    workshop = Workshop(1)
    yield workshop
    workshop.close()


async def test_a_function_gets_json_by_name_and_gives_json(workshop: Workshop) -> None:
    assert await workshop.call("kitchen.join", {"parts": ["a", "b"]}, 60) == {"text": "a, b"}
    assert await workshop.call("kitchen.join", {"parts": ["a", "b"], "sign": "-"}, 60) == {"text": "a-b"}


@pytest.mark.parametrize(
    ("name", "arguments", "reason", "message"),
    [
        ("kitchen.fail", {"word": "x"}, "raised", "kitchen.fail raised KeyError: 'x'"),
        ("kitchen.fail", {"wort": "x"}, "raised", "unexpected keyword argument 'wort'"),
        ("kitchen.end", {}, "crashed", "kitchen.end ended its process with exit code 3"),
        ("kitchen.block", {}, "timeout", "kitchen.block took more than 0.5 s, and was ended"),
        ("kitchen.no_json", {}, "not_json", "kitchen.no_json gave what is no JSON"),
        ("kitchen.gone", {}, "raised", "the function 'kitchen.gone' of kitchen-tools cannot be loaded"),
        ("kitchen.jion", {}, "raised", "there is no function 'kitchen.jion'; did you mean kitchen.join?"),
    ],
)
async def test_one_that_fails_is_told_of_and_harms_no_other(
    workshop: Workshop, name: str, arguments: dict[str, str], reason: str, message: str
) -> None:
    with pytest.raises(CallFailed) as failed:
        # The time counts from when a process is ready for the call.
        await workshop.call(name, arguments, 0.5 if reason == "timeout" else 60)
    assert failed.value.reason == reason
    assert message in failed.value.message
    assert await workshop.call("kitchen.join", {"parts": ["a"]}, 60) == {"text": "a"}


async def test_calls_wait_for_their_turn(workshop: Workshop) -> None:
    calls = [workshop.call("kitchen.join", {"parts": [str(number)]}, 60) for number in range(20)]
    assert await asyncio.gather(*calls) == [{"text": str(number)} for number in range(20)]


def test_a_workshop_that_was_never_used_is_closed() -> None:
    Workshop(1).close()


def test_what_is_no_function_is_none() -> None:
    found = functions([EntryPoint("kitchen.page", f"{__name__}:INSTALLED", GROUP)])
    with pytest.raises(NoSuchExtension, match="is no function"):
        found.named("kitchen.page")
