"""The command line with nothing set: the embedded broker and the simulator, as a newcomer has them."""

import json
import re
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.desk import Desk
from tests.support.eventually import PATIENCE_S
from tests.support.ports import free_ports

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, {"HEADCHEF_CACHE_FOLDER": str(tmp_path / "answers")})


def test_the_demo_needs_nothing(desk: Desk) -> None:
    demo = desk.start("demo", "--jobs", "20", "--json")
    out, err = demo.communicate(timeout=2 * PATIENCE_S)
    assert demo.returncode == 0, err
    told = json.loads(out)
    assert sum(told["statuses"].values()) == 22
    assert told["hits"] >= 1
    assert Path(told["page"]).read_text().count("<article") == 22
    assert "in memory, at least once, for trying out" in err


def test_a_demo_that_is_interrupted_says_how_far_it_came(desk: Desk) -> None:
    demo = desk.start("demo")
    assert demo.stderr is not None
    while "embedded broker" not in demo.stderr.readline():
        assert demo.poll() is None
    demo.send_signal(signal.SIGINT)
    _, err = demo.communicate(timeout=2 * PATIENCE_S)
    assert demo.returncode == 1
    found = re.search(r"interrupted: (\d+) results came, (\d+) jobs are left out", err)
    assert found is not None, err
    came, left_out = map(int, found.groups())
    assert came + left_out == 667
    assert left_out > 0


def test_a_taken_port_is_named(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = desk.start("up", "--port", str(port), "--no-simulator")
        _, err = up.communicate(timeout=PATIENCE_S)
    assert up.returncode == 2
    assert f"port {port} is taken" in err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_nothing_is_left_behind_by_an_up_that_is_killed(desk: Desk) -> None:
    [port] = free_ports(1)
    up = desk.start("up", "--port", str(port))
    assert up.stderr is not None
    while "Ready" not in up.stderr.readline():
        assert up.poll() is None
    children = psutil.Process(up.pid).children(recursive=True)
    assert len(children) == 2, "the broker and the simulator"
    up.kill()
    up.communicate(timeout=PATIENCE_S)
    _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not alive
