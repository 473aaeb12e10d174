"""A key that is rotated in its file is used from the next call on, and a file that is broken changes nothing."""

import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from headchef.catalogue import Endpoint
from headchef.executor.calling import open_provider
from headchef.executor.credential import Credential
from headchef.executor.provider import Answered, Faulted
from headchef.executor.settings import Settings
from headchef.simulator.server import Simulator
from headchef.simulator.settings import Settings as SimulatorSettings
from tests.executor.fakes import ACCOUNT
from tests.executor.simulated import ask
from tests.support.manual_clock import ManualClock

FIRST, SECOND = SecretStr("first"), SecretStr("second")


def credential(file: Path, clock: ManualClock) -> Credential:
    return Credential(Endpoint("http://x.test", SecretStr(file.read_text()), file), clock)


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    file, clock = tmp_path / "key", ManualClock()
    file.write_text("first")
    key = credential(file, clock)
    file.write_text("second\n")
    assert key.current() == FIRST, "it is looked at once a second"
    clock.advance(1)
    assert key.current() == SECOND


@pytest.mark.parametrize("content", [None, b"", b"  \n", b"caf\xe9", b"a\nb"])
def test_a_broken_file_changes_nothing_and_is_named(
    tmp_path: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    file, clock = tmp_path / "key", ManualClock()
    file.write_text("first")
    key = credential(file, clock)
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.advance(1)
            assert key.current() == FIRST
    assert caplog.text.count(f"{file} holds no API key any more") == 1
    assert "first" not in caplog.text
    file.write_text("second")
    clock.advance(1)
    assert key.current() == SECOND


def test_a_key_of_the_environment_stays() -> None:
    clock = ManualClock()
    key = Credential(Endpoint("http://x.test", SecretStr("first")), clock)
    clock.advance(100)
    assert key.current() == FIRST
    assert Credential(Endpoint("http://x.test", None), clock).current() is None


async def test_the_next_call_uses_the_new_key_and_hides_it(tmp_path: Path) -> None:
    file, clock = tmp_path / "key", ManualClock()
    file.write_text("sk-old-key-0123456789")
    async with Simulator(SimulatorSettings(port=0, api_key=SecretStr("new-key-0123456789"))) as simulator:
        endpoint = Endpoint(simulator.base_url, SecretStr(file.read_text()), file)
        async with open_provider(endpoint, ACCOUNT, Settings(), clock) as provider:
            refused = await ask(provider)
            file.write_text("new-key-0123456789")
            clock.advance(1)
            reply = await ask(provider)
            assert isinstance(refused, Faulted)
            assert refused.outcome == "credentials"
            assert isinstance(reply, Answered)
            assert "new-key" not in repr(vars(provider)["_headers"])
