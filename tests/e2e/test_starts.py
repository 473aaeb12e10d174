"""What the tests start by a fork, to spare its imports, says and ends as what is started from nothing."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.cli.desk import Desk
from tests.support.eventually import PATIENCE_S, eventually
from tests.support.services import ServiceProcess
from tests.support.warm_commands import AFRESH, at_hand

NOWHERE = {"HEADCHEF_KAFKA": "127.0.0.1:1"}


def ended(folder: Path, *, afresh: bool) -> tuple[int, str]:
    """Run a service with a wrong setting to its end."""
    folder.mkdir()
    service = ServiceProcess("cache", "cache", {**NOWHERE, "HEADCHEF_SESSION_TIMEOUT_S": "0.1"}, folder, afresh=afresh)
    service.start()
    return service.wait(), service.log()


def test_a_service_ends_with_the_same_code_and_words(tmp_path: Path) -> None:
    forked, started = (ended(tmp_path / str(afresh), afresh=afresh) for afresh in (False, True))
    assert forked == started
    assert forked[0] == 2


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_service_takes_signals(tmp_path: Path, number: signal.Signals) -> None:
    settings = {**NOWHERE, "HEADCHEF_LOCK_DIR": str(tmp_path / "locks")}
    service = ServiceProcess("validator", "validator", settings, tmp_path)
    service.start()
    try:
        service.wait_for_output("trying again")
        service.signal(number)
        assert service.wait() == (-number if number == signal.SIGKILL else 0)
    finally:
        service.kill()


def typed(desk: Desk, starting: Sequence[str], *arguments: str) -> tuple[int, str, str]:
    process = desk.start(*arguments, starting=starting)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, err


@pytest.mark.parametrize("arguments", [("version",), ("workflow", "check", "none.yaml"), ("submit", "--nonsense")])
def test_a_command_ends_with_the_same_code_and_words(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    desk = Desk(tmp_path, NOWHERE)
    assert typed(desk, at_hand(), *arguments) == typed(desk, AFRESH, *arguments)


def at_work_in(folder: Path, but: int) -> list[psutil.Process]:
    """Give the processes in a folder but one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != but and process.cwd() == str(folder):
                found.append(process)
    return found


async def test_a_command_ends_when_what_has_typed_it_is_killed(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    environment = Desk(tmp_path, NOWHERE).environment
    typist = subprocess.Popen([*at_hand(), "submit", "-"], cwd=tmp_path, stdin=reads, env=environment)
    os.close(reads)
    try:
        [command] = await eventually(lambda: at_work_in(tmp_path, typist.pid))
    finally:
        typist.kill()
        typist.wait()
    assert psutil.wait_procs([command], timeout=PATIENCE_S)[1] == []
    os.close(writes)
