"""The simulator as a process: says where it listens, ends on a signal, names a wrong setting."""

import os
import signal
import subprocess
import sys
from urllib.request import urlopen

from tests.support.eventually import PATIENCE_S


def start(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "headchef.simulator"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_listens_until_it_is_told_to_stop() -> None:
    with start(HEADCHEF_SIMULATOR_PORT="0") as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().split()[-1]
        with urlopen(f"{base_url}/models") as response:
            assert b"simulated" in response.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_a_wrong_setting_is_named() -> None:
    with start(HEADCHEF_SIMULATOR_PORT="70000") as process:
        _, error = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 2
        assert "HEADCHEF_SIMULATOR_PORT" in error


def test_a_port_that_is_taken_is_named() -> None:
    with start(HEADCHEF_SIMULATOR_PORT="0") as first:
        assert first.stdout is not None
        port = first.stdout.readline().rsplit(":", 1)[1].split("/")[0]
        with start(HEADCHEF_SIMULATOR_PORT=port) as second:
            _, error = second.communicate(timeout=PATIENCE_S)
            assert second.returncode == 1
            assert f"127.0.0.1:{port}" in error
        first.terminate()
        assert first.wait(PATIENCE_S) == 0
